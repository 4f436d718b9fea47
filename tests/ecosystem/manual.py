"""The code in the manual that needs packages which the manual's own tests do not have."""

from pathlib import Path
from typing import Any

from flask import Flask

from tests.transcripts.pages import Block, blocks

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
PAGES = ("with-other-extensions.rst", "logins.rst")


def not_run() -> list[Block]:
    """The Python blocks that stand in these pages and are not run there."""
    found = [block for page in PAGES for block in blocks(HOW_TO / page, (HOW_TO / page).read_text())]
    return [block for block in found if block.language == "python" and not block.runs]


def app_in_manual(package: str) -> Flask:
    """Run the one block that imports *package*, and return its app."""
    [block] = [block for block in not_run() if f"from {package} import" in block.source]
    namespace: dict[str, Any] = {"__name__": "page"}
    exec(compile(block.source, package, "exec", dont_inherit=True), namespace)  # noqa: S102  # this project's own
    app: Flask = namespace["app"]
    return app
