r"""The patterns that a visitor may type: few enough to be quick on every path.

A pattern that backtracks can keep a server busy for hours. Here it has letters, digits, ``/ . - _ :``, ``\.``, ``\d``,
``[^/]``, the anchors ``^`` and ``$``, and at most three of ``* + ?``; it has no groups.

>>> pattern_mistake(r"^https://[^/]+\.example$"), pattern_mistake("*")
('', '')
>>> print(pattern_mistake("(a+)+"))
The pattern '(a+)+' is not for the playground: write letters, digits, / . - _ : [^/] \d \. and at most three of * + ?
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LONGEST_PATTERN = 100
MOST_REPEATS = 3
_PATTERN = re.compile(r"\^?(?:(?:[\w/.:-]|\\[.d/-]|\[\^/\])[*+?]?)*\$?", re.ASCII)
_ALLOWED = r"write letters, digits, / . - _ : [^/] \d \. and at most three of * + ?"


def pattern_mistake(pattern: str) -> str:
    """Say why a pattern is not allowed here; nothing if it is."""
    if pattern == "*":
        return ""
    if len(pattern) > LONGEST_PATTERN:
        return f"A pattern of {len(pattern)} characters is not for the playground: write {LONGEST_PATTERN} at most"
    repeats = sum(map(pattern.count, "*+?"))
    if repeats > MOST_REPEATS or not _PATTERN.fullmatch(pattern):
        return f"The pattern {pattern!r} is not for the playground: {_ALLOWED}"
    return ""


def typed_patterns(options: dict[str, Any]) -> Iterator[str]:
    """Yield what the extension would compile: the keys of ``resources``, and origins that begin with ``^``."""
    yield from (origin for origin in _texts(options.get("origins")) if origin.lstrip().startswith("^"))
    resources = options.get("resources")
    yield from _texts(resources)
    for own in resources.values() if isinstance(resources, dict) else ():
        yield from typed_patterns(own) if isinstance(own, dict) else ()


def _texts(value: Any) -> list[str]:
    """Return the text in a value; of an object, its names."""
    items = [value] if isinstance(value, str) else value
    return [item for item in items if isinstance(item, str)] if isinstance(items, list | dict) else []
