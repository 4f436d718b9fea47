"""The options that the page offers: each with the first sentence of its documentation, and its default."""

from __future__ import annotations

import re
from typing import Any

from flask_cors.options import CORSOptions, Options

# Of the other names of options, the page offers none.
_ALIASES = {"allow_headers", "intercept_exceptions"}
_ATTRIBUTE = re.compile(r"\.\. attribute:: (\w+)\n(.*?)(?=\.\. attribute::|\Z)", re.DOTALL)
_DEFAULT = re.compile(r"Default: ``(\"\*\"|True|False)``")
_VALUES = {'"*"': "*", "True": True, "False": False}


def offered_options() -> list[dict[str, Any]]:
    """Return each option as the page shows it."""
    documented = dict(_ATTRIBUTE.findall(f"{Options.__doc__}{CORSOptions.__doc__}"))
    names = [name for name in (*Options.__annotations__, "resources") if name not in _ALIASES]
    return [
        {"name": name, "help": _sentence(documented[name]), "default": _default(documented[name])} for name in names
    ]


def _sentence(text: str) -> str:
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return paragraph.replace("``", "")


def _default(text: str) -> Any:
    found = _DEFAULT.search(text)
    return _VALUES[found[1]] if found else None
