"""The origins that two ports make. Browsers resolve ``localhost`` and ``127.0.0.1`` to this computer alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Addresses:
    """Where the page and the shop are."""

    page_port: int
    shop_port: int

    @property
    def page(self) -> str:
        """The origin of the page. It has the same site as the shop, so that cookies work."""
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def other_page(self) -> str:
        """The origin of the same page at another site."""
        return f"http://localhost:{self.page_port}"

    @property
    def shop(self) -> str:
        """The origin of the shop."""
        return f"http://127.0.0.1:{self.shop_port}"

    @property
    def other(self) -> str:
        """The origin of another server, where redirects lead."""
        return f"http://localhost:{self.shop_port}"

    @property
    def origins(self) -> dict[str, str]:
        """The origins that a call can come from, by their names; a sandboxed page has the origin ``null``."""
        return {"127.0.0.1": self.page, "localhost": self.other_page, "null": "null"}

    def fill(self, value: Any) -> Any:
        """Write the origins of this start for ``{page}`` and ``{other-page}``, in all text of a JSON value."""
        if isinstance(value, str):
            return value.replace("{page}", self.page).replace("{other-page}", self.other_page)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self.fill(item) for name, item in value.items()}
        return value
