"""Resources: the paths that a policy covers, and which of several patterns decides.

A pattern is a regular expression, matched from the start of the path. The most precise one decides: the one with the
longest literal prefix, then the longer pattern, then the earlier one.

Pure: paths and patterns in, policies out.
"""

import re
from collections.abc import Iterable
from itertools import compress

from .origins import Pattern
from .policy import DENY_ALL, Policy

Rule = tuple[Pattern, Policy]
ANY_PATH = re.compile("")
_MAX_PATH_LENGTH = 4096  # The client chooses the path, and some patterns need quadratic time for it.
_ESCAPES_AND_SETS = r"(?s)\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"
_INNERMOST_GROUP = r"\([^()]*\)"
# A character that one of *?{ follows can be absent.
_LITERAL_PREFIX = r"\A(?:\^|\\A)?((?:(?:[^.\[()^$*+?{\\]|\\[^0-9A-Za-z])(?![*?{]))*)"


def literal_prefix(pattern: Pattern) -> str:
    r"""Return the text with which every match of *pattern* begins.

    >>> literal_prefix(re.compile(r"^/api/v\d+/users"))
    '/api/v'
    >>> literal_prefix(re.compile(r"/a|/b"))
    ''
    """
    if pattern.flags & re.VERBOSE:
        return ""
    outside = re.sub(_ESCAPES_AND_SETS, "", pattern.pattern)
    while re.search(_INNERMOST_GROUP, outside):
        outside = re.sub(_INNERMOST_GROUP, "", outside)
    if "|" in outside:
        return ""
    [literal] = re.findall(_LITERAL_PREFIX, pattern.pattern)
    return re.sub(r"(?s)\\(.)", r"\1", literal)


def precision(pattern: Pattern) -> tuple[int, int]:
    """Return how precise *pattern* is: the greater tuple decides."""
    return len(literal_prefix(pattern)), len(pattern.pattern)


class Resources:
    """Patterns and their policies, the most precise first."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        # sorted() is stable: of two that are as precise, the earlier one stays first.
        self.rules: list[Rule] = sorted(rules, key=lambda rule: precision(rule[0]), reverse=True)
        self._prefixes = ["" if pattern.flags & re.IGNORECASE else literal_prefix(pattern) for pattern, _ in self.rules]

    def policy(self, path: str) -> Policy | None:
        """Return the policy of the most precise pattern that matches *path*, if any does.

        A path that is too long is not matched. It is denied if the literal prefix of any pattern but ``"*"`` begins it:
        a less precise pattern must not decide.
        """
        for pattern, policy in compress(self.rules, map(path.startswith, self._prefixes)):
            if pattern.pattern and len(path) > _MAX_PATH_LENGTH:
                return DENY_ALL
            if pattern.match(path):
                return policy
        return None
