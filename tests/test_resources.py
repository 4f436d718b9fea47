"""Resources: which pattern covers a path, and which of several decides."""

import itertools
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.policy import DENY_ALL, Policy
from flask_cors.resources import ANY_PATH, Resources, literal_prefix
from tests.tables import table, words

Pattern = str | re.Pattern[str]


def numbered(*patterns: Pattern) -> list[tuple[re.Pattern[str], Policy]]:
    """Give each pattern a policy by which it is known again: its number."""
    return [(re.compile(pattern), Policy(max_age=number)) for number, pattern in enumerate(patterns)]


def deciding(path: str, *patterns: Pattern) -> str | None:
    """Return the pattern whose policy covers the path."""
    policy = Resources(numbered(*patterns)).policy(path)
    return None if policy is None or policy.max_age is None else re.compile(patterns[policy.max_age]).pattern


# Patterns with the same literal prefix, a line each: the prefix, and the patterns.
PREFIXES = r"""
/api/      /api/  ^/api/  \A/api/  /api/$  /api/.*  /api/[ab]  /api/(a|b)  /api/(a|(b|c))d  /api/\d+  /api/(?=b)
/a         /ab*  /ab?  /ab{0,2}  /ab{2}  /a\.?  /a\x41  /a\nb  /a[|]b  /a[\]|]b  /a[]|]b  /a[^]|]b
/ab        /ab+
/v.1       /v\.1
/a-b_c/d   /a\-b\_c\/d
/a|b       /a\|b
/café      /café
/          /[ab]c  /a{
"""
NO_PREFIX = r"""
^^/api/  (?i)/api  {tenant}/a  ^{tenant}/a  /a|/b  /aa|/ab  |/a  /a(b|c)|/d  /a\(b|/c  /a[(]b|/c  /a(?#()|/b  .*  [/]a
"""


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [(pattern, line.split()[0]) for line in PREFIXES.strip().splitlines() for pattern in line.split()[1:]]
    + [(pattern, "") for pattern in ["", "/a(?x: # (\n)|/b", *NO_PREFIX.split()]]
    + [("/a\nb", "/a\nb"), (r"/a\ b", "/a b"), (r"/a\\b", "/a\\b")],
)
def test_the_literal_prefix(pattern: str, prefix: str) -> None:
    assert literal_prefix(re.compile(pattern)) == prefix


BEGINNINGS = st.sampled_from(["", "/", "/a", "/ab", "^/a", r"/a\.", "^", "{", "/{a", "(/a)"])
PIECES = [*words(r"/ b A . - /a \. \d \| \( [ab] [^/] []a] [|(] [\]|] [^]|] (a|b)* (?:/|b) (?#(|)) |"), "", "", ""]
QUANTIFIERS = st.sampled_from(["", "", "", "", *words("* ? + {2} {0,1} *? +? ??")])
SEQUENCES = st.lists(st.builds("{}{}".format, st.sampled_from(PIECES), QUANTIFIERS), max_size=5).map("".join)


def compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error:  # a quantifier too many
        return re.compile(re.escape(text))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of sets that may mean something else one day
@given(st.builds("{}{}{}".format, BEGINNINGS, QUANTIFIERS, SEQUENCES).map(compiled), st.data())
def test_all_that_a_pattern_matches_begins_with_its_literal_prefix(pattern: Any, data: st.DataObject) -> None:
    path = data.draw(st.from_regex(pattern, fullmatch=True))
    assert path.startswith(literal_prefix(pattern))
    assert Resources([(pattern, Policy())]).policy(f"{path}x") == Policy()


@table(
    "winner, path, others",
    ("the longest literal prefix", "/a/b", "/a/bc", ["/a/", "/a", "/", ""]),
    ("CVE-2024-6839: a short precise one, not a long broad one", "/admin", "/admin/x", ["/a.*[a-z]*[a-z]*/?.*"]),
    ("not a longer pattern with alternatives", "/private", "/private", ["/public|/private|/else|/where"]),
    ("then the longer pattern", "/a[b]", "/ab", ["/a.*", "/a."]),
    ("an anchor makes a pattern longer, and no more precise", "^/ab", "/abc", ["/ab", "/a[a-z]*"]),
    ("also the other anchor", r"\A/ab", "/abc", ["/a[a-z]*", "/"]),
    ("comments do not count", "/ab", "/abc", [re.compile("/    # all", re.VERBOSE)]),
)
def test_the_most_precise_pattern_decides_in_whatever_order_they_stand(winner: str, path: str, others: Any) -> None:
    for order in itertools.permutations([winner, *others]):
        assert deciding(path, *order) == winner
    assert all(deciding(path, other) is not None for other in others)


def test_of_equally_precise_patterns_the_earlier_decides() -> None:
    for order in itertools.permutations(["/ab.", "/a.b", "/ab+"]):
        assert deciding("/abb", *order) == next(pattern for pattern in order if pattern != "/a.b")
    assert Resources(numbered("/a", "/a")).policy("/a") == Policy(max_age=0)


def test_where_the_most_precise_does_not_match_the_next_decides() -> None:
    found = [deciding(path, "/a/b$", "/a/", "/") for path in ("/a/b", "/a/bc", "/a", "a")]
    assert found == ["/a/b$", "/a/", "/", None]
    assert [deciding(path, ANY_PATH, "/a.*", ".") for path in ("/ab", "x", "")] == ["/a.*", ".", ""]
    assert Resources([]).policy("/") is None


@table(
    "pattern, path, covered",
    ("what begins so", "/a", "/abc", True),
    ("CVE-2024-6866: capitals are other letters", "/admin", "/Admin", False),
    ("unless a flag says that they are not", re.compile("/admin", re.IGNORECASE), "/ADMIN", True),
    ("or a flag inside", "(?i)/admin", "/ADMIN", True),
    ("a flag by which white space does not count", re.compile("/ad min", re.VERBOSE), "/admin", True),
    ("the same, inside a group", "/a(?x: b)", "/ab", True),
    ("alternatives", "/a|/b", "/b", True),
    ("CVE-2020-25032, Flask-Cors 6.0.5: nothing is decoded here", "/a%20b", "/a b", False),
    ("dots are no way up", "/a/b", "/a/../a/b", False),
    ("a glob is none", "/a/*", "/a-internal", True),
)
def test_a_pattern_covers_a_path_from_its_start(pattern: Pattern, path: str, covered: bool) -> None:
    assert (deciding(path, pattern) is not None) is covered


def test_on_an_overlong_path_no_origin_is_allowed_unless_no_pattern_is_tried() -> None:
    """Some patterns need quadratic time; a less precise one must not decide instead."""
    longest = f"/{'a' * 4095}"
    for patterns in (["/a/.*/.*/.*/b", "/"], ["/a"], ["", "/a+"]):
        assert Resources(numbered(*patterns)).policy(longest) not in (None, DENY_ALL)
        assert Resources(numbered(*patterns)).policy(f"{longest}a") is DENY_ALL
        assert Resources(numbered(*patterns)).policy("/a" + "/" * 60_000) is DENY_ALL
    for others in ([], ["/b"]):
        assert Resources(numbered("", *others)).policy(f"{longest}a") == Policy(max_age=0)
    assert Resources(numbered("/b")).policy(f"{longest}a") is None
