"""The rule about patterns that can take long: with the length of a text, the time grows with its square, or doubles.

A backtracking matcher tries every way in which a pattern can match a text, before it says that none does. So a
pattern is slow if there are many ways: if two repeats can share a text between them. That is decided by the automaton
of the pattern, of which each *position* is one of its characters (Weber and Seidl, 1991, "On the degree of ambiguity
of finite automata").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from itertools import product
from typing import Any

from ..finding import Finding, covers, entries, finding_at
from ..site import Site
from ..source import as_path, as_python
from ..writing import Fix

_PARSER: Any = import_module("re._parser")
_ALPHABET = [*map(chr, range(128)), "\u00e9"]
_MOST_POSITIONS, _MOST_STEPS = 400, 50_000


def slow_pattern(site: Site) -> Iterator[Finding]:
    """Patterns that can take quadratic time or worse. Origins are short, so that there only exponential time counts."""
    for cover in entries(site):
        pattern = cover.entry.pattern
        if is_quadratic(pattern):
            text = f"{as_path(pattern)} can take quadratic time or worse: a long path can keep the app busy."
            fix = Fix(text="Do not let two repeats match the same text: write [^/]* for .* between slashes.")
            yield finding_at(cover, "slow-pattern", "warning", text, fix)
    for cover in covers(site):
        for pattern in cover.policy.origins.patterns:
            if is_exponential(pattern):
                text = f"{as_python(pattern)} can take exponential time: one long Origin can keep the app busy."
                fix = Fix(text=r"Do not repeat a repeat: write [a-z0-9.-]+ for ([a-z0-9-]+\.?)+.")
                yield finding_at(cover, "slow-pattern", "error", text, fix)


def is_exponential(pattern: re.Pattern[str]) -> bool:
    """Whether there can be exponentially many ways to match a text: two ways round one loop.

    >>> is_exponential(re.compile(r"(a+)+b")), is_exponential(re.compile(r"(a+c)+b"))
    (True, False)
    """
    return _ask(pattern, lambda automaton: automaton.has_two_ways_round())


def is_quadratic(pattern: re.Pattern[str]) -> bool:
    """Whether the number of ways can grow with the text, while something follows that may not match.

    >>> [is_quadratic(re.compile(text)) for text in ("/.*/x/.*/y", "/[^/]*/x/[^/]*/y", "/.*/x/.*")]
    [True, False, False]
    """
    return _ask(pattern, lambda automaton: automaton.has_two_ways_round() or automaton.has_shared_loops())


# -- The automaton -----------------------------------------------------------------------------------------


@dataclass
class _Part:
    """A part of a pattern: whether it may be empty, and with which positions it begins and ends."""

    is_optional: bool = True
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


class _Unknown(Exception):
    """A pattern that this module does not understand, or that takes too long."""


class _Automaton:
    """The positions of a pattern: the characters that each takes, and the positions that follow, one for each way."""

    def __init__(self) -> None:
        self.characters: list[frozenset[str]] = []
        self.following: list[list[int]] = []
        self.whole = _Part()
        self.steps = 0

    # Reading a pattern

    def read(self, nodes: Iterable[Any], flags: int) -> _Part:
        """Read parts that follow each other."""
        whole = _Part()
        for kind, value in nodes:
            whole = self._join(whole, self._read_one(str(kind), value, flags))
        return whole

    def _read_one(self, kind: str, value: Any, flags: int) -> _Part:
        if kind in ("AT", "ASSERT", "ASSERT_NOT"):
            return _Part()
        if kind == "SUBPATTERN":
            _, added, removed, nodes = value
            return self.read(nodes, (flags | added) & ~removed)
        if kind == "BRANCH":
            parts = [self.read(nodes, flags) for nodes in value[1]]
            firsts, lasts = ([one for part in parts for one in getattr(part, name)] for name in ("first", "last"))
            return _Part(any(part.is_optional for part in parts), firsts, lasts)
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(value, flags)
        if kind in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._add(_characters(kind, value, flags))
        raise _Unknown(kind)

    def _repeat(self, value: Any, flags: int) -> _Part:
        least, most, nodes = value
        part = self.read(nodes, flags)
        if most == _PARSER.MAXREPEAT:
            self._connect(part.last, part.first)
        return _Part(part.is_optional or least == 0, part.first, part.last)

    def _add(self, characters: frozenset[str]) -> _Part:
        self.characters.append(characters)
        self.following.append([])
        number = len(self.characters) - 1
        if number == _MOST_POSITIONS:
            raise _Unknown
        return _Part(False, [number], [number])

    def _join(self, left: _Part, right: _Part) -> _Part:
        self._connect(left.last, right.first)
        first = [*left.first, *(right.first if left.is_optional else ())]
        last = [*right.last, *(left.last if right.is_optional else ())]
        return _Part(left.is_optional and right.is_optional, first, last)

    def _connect(self, starts: list[int], ends: list[int]) -> None:
        for start in starts:
            self.following[start] += ends

    # Its results

    def loop_of(self, position: int) -> frozenset[int]:
        """Return the positions on the way from a position back to itself."""
        return frozenset(one for one in self._ahead[position] if position in self._ahead[one])

    @cached_property
    def _ahead(self) -> list[set[int]]:
        """The positions that each position can reach."""
        return [_reached([position], self.following.__getitem__) for position in range(len(self.following))]

    def has_two_ways_round(self) -> bool:
        """Whether the same text leads round a loop in two ways."""
        for position in range(len(self.following)):
            loop = self.loop_of(position)
            inside = [[one for one in self.following[start] if one in loop] for start in loop]
            if any(len(ways) > len({*ways}) for ways in inside):
                return True
            parted = {pair for pair in self._tuples((position, position), (loop, loop)) if pair[0] != pair[1]}
            if any((position, position) in self._tuples(pair, (loop, loop)) for pair in parted):
                return True
        return False

    def has_shared_loops(self) -> bool:
        """Whether two loops, one after the other, share a text, and something must follow the second one."""
        loops = {one: loop for one in range(len(self.following)) if (loop := self.loop_of(one))}
        everything = frozenset(range(len(self.following)))
        for one, other in product(loops, loops):
            must_go_on = not loops[other] & {*self.whole.last}
            if one != other and must_go_on and other in self._ahead[one]:
                allowed = (loops[one], everything, loops[other])
                if (one, other, other) in self._tuples((one, one, other), allowed):
                    return True
        return False

    def _tuples(self, start: tuple[int, ...], allowed: tuple[frozenset[int], ...]) -> set[tuple[int, ...]]:
        """Return where one text can lead from several positions at once."""

        def following(positions: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
            choices = [{*self.following[one]} & where for one, where in zip(positions, allowed, strict=True)]
            for step in product(*choices):
                self.steps += 1
                if self.steps > _MOST_STEPS:
                    raise _Unknown
                if frozenset.intersection(*(self.characters[one] for one in step)):
                    yield step

        return _reached([start], following)


def _reached(starts: Iterable[Any], following: Callable[[Any], Iterable[Any]]) -> set[Any]:
    """Return all that is reached from somewhere in one step or more."""
    found: set[Any] = set()
    waiting = [*starts]
    while waiting:
        new = {*following(waiting.pop())} - found
        found |= new
        waiting += new
    return found


def _ask(pattern: re.Pattern[str], question: Callable[[_Automaton], bool]) -> bool:
    """Judge the automaton of a pattern. It knows nothing of one with parts such as a reference to a group."""
    automaton = _Automaton()
    flags = pattern.flags & ~re.DEBUG
    try:
        automaton.whole = automaton.read(_PARSER.parse(pattern.pattern, flags), flags)
        return question(automaton)
    except _Unknown:
        return False


def _characters(kind: str, value: Any, flags: int) -> frozenset[str]:
    """Return the characters that one position takes, of an alphabet that stands for all."""
    compiler: Any = import_module("re._compiler")
    state = _PARSER.State()
    state.flags, state.str = flags, ""
    one = _PARSER.SubPattern(state, [(getattr(import_module("re._constants"), kind), value)])
    matcher = compiler.compile(one, flags)
    return frozenset(filter(matcher.fullmatch, _ALPHABET))
