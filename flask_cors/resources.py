"""Resources: the paths that a policy covers, and which of several patterns decides.

A pattern is a regular expression, matched from the start of the path. The most precise one decides: the one
that spells out the most of the path before its first special character.

Pure: paths and patterns in, policies out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, takewhile

from .origins import Origins
from .policy import Policy

EVERYTHING = re.compile("")
_LONGEST = 4096  # of a path, in characters: a stranger chooses it, and some patterns take its square in time
_NOBODY = Policy(origins=Origins.parse(()))
_MOST_JOINED = 32  # patterns; of these, the one that matches has to be looked for
_REMEMBERED = 1024  # paths; a bound, since strangers can ask for any number of them

Choice = Callable[[str], Policy | None]  # the policy for a path
# What any of some patterns matches, if they are joined, and their ranks.
Chunk = tuple[re.Pattern[str] | None, list[int]]

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
        self.asks: bool = any(policy.origins.callables for _, policy in self.rules)  # a function in `origins`
        by_beginning: dict[str, list[int]] = {}
        for rank, (pattern, _) in enumerate(self.rules):
            # Flags can change how letters are read; then nothing is known of the beginning.
            letters = not pattern.flags & (re.IGNORECASE | re.VERBOSE)
            by_beginning.setdefault(literal_beginning(pattern.pattern) if letters else "", []).append(rank)
        self._by_beginning = {beginning: [*self._chunks(ranks)] for beginning, ranks in by_beginning.items()}
        self._lengths = sorted(set(map(len, by_beginning)))
        self.policy: Choice = lru_cache(_REMEMBERED)(self._policy)
        if [pattern for pattern, _ in self.rules] == [EVERYTHING]:
            covers_all = self.rules[0][1]
            self.policy = lambda _: covers_all

    def _policy(self, path: str) -> Policy | None:
        """The policy of the most precise pattern that matches *path*, if any does.

        Only patterns whose literal beginning the path shares are tried, however many there are. On a path that is too
        long to be tried, nobody is let in: a broader policy must not stand in for the one that cannot be found.
        """
        if len(path) > _LONGEST:
            return _NOBODY
        chunks = (chunk for length in self._lengths for chunk in self._by_beginning.get(path[:length], ()))
        ranks = (rank for joined, ranks in chunks if joined is None or joined.match(path) for rank in ranks)
        best = min((rank for rank in ranks if self.rules[rank][0].match(path)), default=None)
        return None if best is None else self.rules[best][1]

    def _chunks(self, ranks: list[int]) -> Iterator[Chunk]:
        """Join patterns that can stand beside each other, so that trying many in vain costs little more than one."""
        joinable = [rank for rank in ranks if len(ranks) > 1 and _joins(self.rules[rank][0])]
        yield None, sorted(set(ranks).difference(joinable))
        for start in range(0, len(joinable), _MOST_JOINED):
            chunk = joinable[start : start + _MOST_JOINED]
            yield re.compile("|".join(f"(?:{self.rules[rank][0].pattern})" for rank in chunk)), chunk


def _joins(pattern: re.Pattern[str]) -> bool:
    """Whether a pattern means the same beside others: it sets no flag, and names or counts no group."""
    return pattern.flags == re.UNICODE and not re.search(r"\\[0-9]|\(\?[^:=!<]|\(\?<[^=!]", pattern.pattern)
