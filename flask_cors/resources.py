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
NOBODY = Policy(origins=Origins.parse(()))
_REMEMBERED = 1024  # paths; a bound, since strangers can ask for any number of them

Choice = Callable[[str], Policy | None]  # the policy for a path
Rule = tuple[re.Pattern[str], Policy]
# The rank of a pattern, and the pattern. Or the least rank of many, one pattern that matches what any of them does, and
# the many in handfuls: the last group of a match is named like the handful that has the first of them that matches.
Chunk = tuple[int, re.Pattern[str], dict[str, "list[Chunk]"]]


def literal_beginning(pattern: str) -> str:
    r"""Say with which text everything that *pattern* matches begins.

    >>> literal_beginning(r"^/api/v\d+/users")
    '/api/v'
    >>> literal_beginning(r"/a|/b")
    ''
    """
    if ("|", 0) in _pieces(pattern) or re.search(r"\(\?(#|\w*x)", pattern):  # comments
        return ""
    # A letter that is followed by one of *?{ may be there no times at all.
    [literal] = re.findall(r"\A\^?((?:(?:[^.\[()^$*+?{\\]|\\[^0-9A-Za-z])(?![*?{]))*)", pattern)
    return re.sub(r"(?s)\\(.)", r"\1", literal)


def _pieces(pattern: str) -> list[tuple[str, int]]:
    """Escapes, sets of characters, and single characters, each with the number of groups that are open behind it."""
    pieces = re.findall(r"(?s)\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", pattern)
    return [*zip(pieces, accumulate((piece == "(") - (piece == ")") for piece in pieces), strict=True)]


def precision(pattern: re.Pattern[str]) -> tuple[int, int]:
    """How precise *pattern* is; the greater wins."""
    return len(literal_beginning(pattern.pattern)), len(pattern.pattern)


class Resources:
    """Patterns and their policies. Their one question is which policy covers a path."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        # sorted() is stable: of equals, the earlier stays first.
        self.rules: list[Rule] = sorted(rules, key=lambda rule: precision(rule[0]), reverse=True)
        self.asks: bool = any(policy.origins.callables for _, policy in self.rules)  # a function in `origins`
        by_beginning: dict[str, list[int]] = {}
        for rank, (pattern, _) in enumerate(self.rules):
            # Flags can change how letters are read; then nothing is known of the beginning. And to try a few patterns
            # at once costs less than to look for beginnings of every length.
            letters = len(self.rules) > 64 and not pattern.flags & (re.IGNORECASE | re.VERBOSE)
            by_beginning.setdefault(literal_beginning(pattern.pattern) if letters else "", []).append(rank)
        self._by_beginning = {beginning: [*self._chunks(ranks)] for beginning, ranks in by_beginning.items()}
        self._lengths = sorted(set(map(len, by_beginning)), reverse=True)
        self.policy: Choice = _alone(*self.rules[0]) if len(self.rules) == 1 else lru_cache(_REMEMBERED)(self._policy)

    def _policy(self, path: str) -> Policy | None:
        """The policy of the most precise pattern that matches *path*, if any does.

        Of many patterns, only those are tried whose literal beginning the path shares. On a path that is too long to be
        tried, nobody is let in: a broader policy must not stand in for the one that cannot be found.
        """
        if len(path) > _LONGEST:
            return NOBODY
        best = len(self.rules)
        for length in self._lengths:
            if chunks := self._by_beginning.get(path[:length]):
                best = _best(chunks, path, best)
        return self.rules[best][1] if best < len(self.rules) else None

    def _chunks(self, ranks: list[int]) -> Iterator[Chunk]:
        """Join patterns that can stand beside each other, so that trying many in vain costs little more than one."""
        apart: dict[int, Chunk] = {rank: (rank, self.rules[rank][0], {}) for rank in ranks}
        joinable = [apart.pop(rank) for rank in ranks if len(ranks) > 1 and _joins(self.rules[rank][0])]
        yield from apart.values()
        if joinable:
            size = int(len(joinable) ** 0.5) // 2 or 1  # in a handful, the one that matches has to be looked for
            handfuls = {f"_{start}": joinable[start : start + size] for start in range(0, len(joinable), size)}
            joined = (f"{_any_of([one.pattern for _, one, _ in some])}(?P<{name}>)" for name, some in handfuls.items())
            yield joinable[0][0], re.compile("|".join(joined)), handfuls


def _best(chunks: Iterable[Chunk], path: str, best: int) -> int:
    """The least rank of a pattern among *chunks* that matches *path*, if it is less than the *best* so far."""
    for rank, pattern, handfuls in chunks:
        if rank < best and (found := pattern.match(path)):
            best = _best(handfuls[found.lastgroup or ""], path, best) if handfuls else rank
    return best


def _any_of(patterns: list[str]) -> str:
    r"""Join patterns. What they all begin with, up to a slash outside groups, is written once, and tried once.

    >>> print(_any_of([r"/v\d/users", r"/v\d/user/me"]))
    /v\d(?:/users|/user/me)
    """
    each = [_pieces(pattern) for pattern in patterns]
    alike = takewhile(lambda places: len({*places}) == 1, zip(*each, strict=False))
    slashes = [0, *(place for place, pieces in enumerate(alike) if pieces[0] == ("/", 0))]
    same = "" if any(("|", 0) in pieces for pieces in each) else "".join(text for text, _ in each[0][: slashes[-1]])
    return f"{same}(?:{'|'.join(pattern[len(same) :] for pattern in patterns)})"


def _alone(pattern: re.Pattern[str], policy: Policy) -> Choice:
    """Choose between one policy and none. To try one pattern costs no more than to remember what came of it."""
    if pattern == EVERYTHING:
        return lambda _: policy
    return lambda path: NOBODY if len(path) > _LONGEST else policy if pattern.match(path) else None


def _joins(pattern: re.Pattern[str]) -> bool:
    """Whether a pattern means the same beside others: it sets no flag, and names or counts no group."""
    return pattern.flags == re.UNICODE and not re.search(r"\\[0-9]|\(\?[^:=!<]|\(\?<[^=!]", pattern.pattern)
