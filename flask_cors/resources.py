"""Resources: the paths that a policy covers, and which of several patterns decides.

A pattern is a regular expression, matched from the start of the path. The most precise one decides: the one
that spells out the most of the path before its first special character.

Pure: paths and patterns in, policies out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import accumulate, takewhile

from .policy import Policy

EVERYTHING = re.compile("")
_REMEMBERED = 1024  # paths; a bound, since strangers can ask for any number of them

# One piece of a regular expression: an escape, a set of characters, or one character.
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def literal_beginning(pattern: str) -> str:
    r"""Say with which text everything that *pattern* matches begins.

    >>> literal_beginning(r"^/api/v\d+/users")
    '/api/v'
    >>> literal_beginning(r"/a|/b")
    ''
    """
    pieces = _PIECE.findall(pattern.removeprefix("^"))
    depths = accumulate((piece == "(") - (piece == ")") for piece in pieces)
    if ("|", 0) in zip(pieces, depths, strict=True) or re.search(r"\(\?(#|\w*x)", pattern):  # comments
        return ""
    literal = list(takewhile(re.compile(r"[^.\[()^$*+?{\\]|\\[^0-9A-Za-z]").fullmatch, pieces))
    if pieces[len(literal) :][:1] in (["*"], ["?"], ["{"]):  # the last letter may be there no times at all
        literal = literal[:-1]
    return "".join(piece[-1] for piece in literal)


def precision(pattern: re.Pattern[str]) -> tuple[int, int]:
    """How precise *pattern* is; the greater wins."""
    return len(literal_beginning(pattern.pattern)), len(pattern.pattern)


class Resources:
    """Patterns and their policies. Their one question is which policy covers a path."""

    def __init__(self, rules: Iterable[tuple[re.Pattern[str], Policy]]) -> None:
        # sorted() is stable: of equals, the earlier stays first.
        self.rules: list[tuple[re.Pattern[str], Policy]] = sorted(
            rules, key=lambda rule: precision(rule[0]), reverse=True
        )
        self._by_beginning: dict[str, list[int]] = {}
        for rank, (pattern, _) in enumerate(self.rules):
            # Flags can change how letters are read; then nothing is known of the beginning.
            letters = not pattern.flags & (re.IGNORECASE | re.VERBOSE)
            beginning = literal_beginning(pattern.pattern) if letters else ""
            self._by_beginning.setdefault(beginning, []).append(rank)
        self._lengths = sorted(set(map(len, self._by_beginning)))
        self.policy: Callable[[str], Policy | None] = lru_cache(_REMEMBERED)(self._policy)

    def _policy(self, path: str) -> Policy | None:
        """The policy of the most precise pattern that matches *path*, if any does.

        Only patterns whose literal beginning the path shares are tried, however many there are.
        """
        candidates = (self._by_beginning.get(path[:length], ()) for length in self._lengths)
        matching = (rank for ranks in candidates for rank in ranks if self.rules[rank][0].match(path))
        best = min(matching, default=None)
        return None if best is None else self.rules[best][1]
