"""Which pattern covers a path, and which of several decides."""

import itertools
import re
import tracemalloc
import warnings
from random import Random
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_cors.origins import Origins
from flask_cors.policy import Policy
from flask_cors.resources import EVERYTHING, Resources, _any_of, literal_beginning, precision


def numbered(*patterns: str | re.Pattern[str]) -> list[tuple[re.Pattern[str], Policy]]:
    """Give each pattern a policy by which it is known again: its number."""
    return [(re.compile(pattern), Policy(max_age=number)) for number, pattern in enumerate(patterns)]


def decides(rules: list[tuple[re.Pattern[str], Policy]], path: str) -> str | None:
    """Return the pattern whose policy covers the path."""
    policy = Resources(rules).policy(path)
    return None if policy is None else next(pattern.pattern for pattern, own in rules if own is policy)


# The literal beginning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "beginning"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("/api/", "/api/", id="a path"),
        pytest.param("^/api/", "/api/", id="an anchor says nothing new"),
        pytest.param("^^/api/", "", id="two anchors are not looked through"),
        pytest.param("/api/$", "/api/", id="an end"),
        pytest.param("/api/.*", "/api/", id="a dot"),
        pytest.param(r"/v\d+", "/v", id="a class of characters"),
        pytest.param(r"/v\D+", "/v", id="a class of characters, with a capital"),
        pytest.param(r"/v\.1", "/v.1", id="a dot that is escaped"),
        pytest.param(r"/a\-b\_c\/d\ e", "/a-b_c/d e", id="other signs that are escaped"),
        pytest.param(r"/a\nb", "/a", id="an escape that is another character"),
        pytest.param(r"/a\x41", "/a", id="an escape by number"),
        pytest.param(r"/a\\b", "/a\\b", id="a backslash"),
        pytest.param("/[ab]c", "/", id="a set"),
        pytest.param("/[^]|]c", "/", id="a set that is the other way round, with a bracket and a bar"),
        pytest.param("/(a|b)", "/", id="a group"),
        pytest.param("/a(?=b)", "/a", id="a look ahead"),
        pytest.param("(?i)/api", "", id="a flag"),
        pytest.param("/ab+", "/ab", id="the last letter once or more"),
        pytest.param("/ab*", "/a", id="the last letter any number of times"),
        pytest.param("/ab?", "/a", id="the last letter perhaps"),
        pytest.param("/ab{0,2}", "/a", id="the last letter a number of times"),
        pytest.param("/ab{2}", "/a", id="the last letter twice, which is not looked at"),
        pytest.param(r"/a\.?", "/a", id="an escaped letter perhaps"),
        pytest.param("/a{", "/", id="a brace that is a letter is taken for a number"),
        pytest.param("{tenant}/a", "", id="a brace at the beginning"),
        pytest.param("^{tenant}/a", "", id="a brace behind an anchor"),
        pytest.param("/a|/b", "", id="alternatives have none in common"),
        pytest.param("/aa|/ab", "", id="alternatives are not compared"),
        pytest.param("|/a", "", id="an empty alternative"),
        pytest.param("/a(b|c)|/d", "", id="alternatives behind a group"),
        pytest.param("/a(b|(c|d))e", "/a", id="alternatives in groups only"),
        pytest.param("/a[|]b", "/a", id="a bar in a set"),
        pytest.param(r"/a[\]|]b", "/a", id="a bar in a set, behind a bracket"),
        pytest.param("/a[]|]b", "/a", id="a bar in a set that begins with a bracket"),
        pytest.param(r"/a\|b", "/a|b", id="a bar that is escaped"),
        pytest.param(r"/a\(b|/c", "", id="alternatives behind a parenthesis that is none"),
        pytest.param(r"/a[(]b|/c", "", id="alternatives behind a parenthesis in a set"),
        pytest.param("/a(?#()|/b", "", id="alternatives behind a parenthesis in a comment"),
        pytest.param("/a(?x: # (\n)|/b", "", id="alternatives behind a parenthesis in a comment of another kind"),
        pytest.param("/a\nb", "/a\nb", id="a line feed"),
        pytest.param("/café", "/café", id="Unicode"),
    ],
)
def test_the_literal_beginning_is(pattern: str, beginning: str) -> None:
    re.compile(pattern)
    assert literal_beginning(pattern) == beginning


BEGINNINGS = st.sampled_from(["", "/", "/a", "/ab", "^/a", r"/a\.", "^", "{", "/{a", "(/a)"])
PIECES = st.sampled_from(
    ["/", "/a", "b", "A", ".", r"\.", r"\d", r"\|", r"\(", "[ab]", "[^/]", "[]a]", "[|(]", r"[\]|]", "[^]|]", "-", " "]
)
QUANTIFIERS = st.sampled_from(["", "", "", "", "*", "?", "+", "{2}", "{0,1}", "*?", "+?", "??"])
SEQUENCES = st.lists(st.builds("{}{}".format, PIECES, QUANTIFIERS), max_size=3).map("".join)


def grow(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds("{}{}){}".format, st.sampled_from(["(", "(?:", "(?#("]), parts, QUANTIFIERS)
    return st.one_of(st.builds("{}|{}".format, parts, parts), st.builds("{}{}{}".format, parts, groups, parts))


@st.composite
def path_patterns(draw: st.DrawFn, beginnings: st.SearchStrategy[str] = BEGINNINGS) -> re.Pattern[str]:
    """Draw a regular expression of a few pieces."""
    text = draw(beginnings) + draw(QUANTIFIERS) + draw(st.recursive(SEQUENCES, grow, max_leaves=3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of sets that may mean something else one day
        try:
            return re.compile(text)
        except re.error:  # a quantifier too many
            return re.compile(re.escape(text))


@given(path_patterns(), st.data())
def test_all_that_a_pattern_matches_begins_with_its_literal_beginning(
    pattern: re.Pattern[str], data: st.DataObject
) -> None:
    path = data.draw(st.from_regex(pattern, fullmatch=True))
    assert path.startswith(literal_beginning(pattern.pattern))
    assert Resources([(pattern, Policy())]).policy(f"{path}x") == Policy()


# Which of several decides --------------------------------------------------------------------------------------------

# The pattern that decides for a path, and others that match it as well.
PRECEDENCE = [
    pytest.param("/a/b", "/a/bc", ["/a/", "/a", "/", ""], id="the longest literal beginning"),
    pytest.param(
        "/admin", "/admin/x", ["/a.*[a-z]*[a-z]*/?.*"], id="CVE-2024-6839: a short precise one, a long broad one"
    ),
    pytest.param("/api/secret", "/api/secret", ["/api/[a-z]+(/[a-z]+)*/?"], id="CVE-2024-6839: not the longer pattern"),
    pytest.param("/private", "/private", ["/public|/private|/else|/where"], id="a longer alternation does not win"),
    pytest.param("/a.*", "/ab", ["/a."], id="then the longer pattern"),
    pytest.param("/a[b]", "/ab", ["/a.*", "/a."], id="then the longer pattern of three"),
    pytest.param(r"/a\.b", "/a.b", ["/a.[a-z]*", "/a"], id="an escaped letter counts once"),
    pytest.param("^/ab", "/abc", ["/ab", "/a[a-z]*"], id="an anchor makes a pattern longer, and no more precise"),
    pytest.param("/a/", "/a/b", [".*", ".+", "/.*/.*"], id="all others have no beginning"),
]


@pytest.mark.parametrize(("winner", "path", "others"), PRECEDENCE)
def test_the_most_precise_pattern_decides_in_whatever_order_they_stand(
    winner: str, path: str, others: list[str]
) -> None:
    for order in itertools.permutations([winner, *others]):
        assert decides(numbered(*order), path) == winner
    assert all(decides(numbered(other), path) == other for other in others)


def test_of_equals_the_earlier_decides() -> None:
    for first, second in (("/a.", "/a?"), ("/a?", "/a."), ("/(a|b)", "/[a-b]")):
        assert decides(numbered(first, second), "/ab") in (first, second)
    for order in itertools.permutations(["/ab.", "/ab?", "/ab+"]):
        assert precision(re.compile(order[0]))[1] == 4
        same = [pattern for pattern in order if pattern != "/ab?"]
        assert decides(numbered(*order), "/abb") == same[0]


def test_of_the_same_pattern_twice_the_earlier_decides() -> None:
    assert Resources(numbered("/a", "/a", "/a")).policy("/a") == Policy(max_age=0)


def test_where_the_most_precise_does_not_match_the_next_decides() -> None:
    rules = numbered("/a/b$", "/a/", "/")
    assert [decides(rules, path) for path in ("/a/b", "/a/bc", "/a/", "/a", "a")] == ["/a/b$", "/a/", "/a/", "/", None]


def test_where_nothing_matches_there_is_no_policy() -> None:
    assert Resources([]).policy("/") is None
    assert Resources(numbered("/a")).policy("/b") is None


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        pytest.param("/a", "/a", True, id="the path itself"),
        pytest.param("/a", "/abc", True, id="what begins so"),
        pytest.param("/a", "/x/a", False, id="not what contains it"),
        pytest.param("^/a$", "/a", True, id="both anchors"),
        pytest.param("^/a$", "/a/", False, id="both anchors and more"),
        pytest.param("/admin", "/Admin", False, id="CVE-2024-6866: capitals are other letters"),
        pytest.param(re.compile("/admin", re.IGNORECASE), "/ADMIN", True, id="unless a flag says that they are not"),
        pytest.param("(?i)/admin", "/ADMIN", True, id="or a flag inside"),
        pytest.param(re.compile("/ad min", re.VERBOSE), "/admin", True, id="a flag by which blanks do not count"),
        pytest.param(re.compile("/a.b", re.DOTALL), "/a\nb", True, id="a flag by which a dot is anything"),
        pytest.param("/admin", "/%61dmin", False, id="CVE-2020-25032: nothing is decoded here"),
        pytest.param("/a b", "/a+b", False, id="CVE-2024-6844: a plus is a plus"),
        pytest.param(r"/a\+b", "/a+b", True, id="CVE-2024-6844: and is matched as one"),
        pytest.param("/a%20b", "/a b", False, id="Flask-Cors 6.0.5: nor is a pattern decoded"),
        pytest.param("/a/b", "/a/../a/b", False, id="dots are no way up"),
        pytest.param("/a", "//a", False, id="slashes are not merged"),
        pytest.param("/café", "/café", True, id="Unicode"),
        pytest.param("", "", True, id="the empty path"),
        pytest.param("", "\x00\udcff", True, id="a path that is no text"),
        pytest.param("/a/*", "/a-internal", True, id="a glob is none"),
    ],
)
def test_a_pattern_covers_a_path_from_its_start(pattern: str | re.Pattern[str], path: str, covered: bool) -> None:
    assert (decides(numbered(pattern), path) is not None) is covered


def test_everything_is_a_pattern_that_covers_every_path_and_is_the_least_precise() -> None:
    assert precision(EVERYTHING) == (0, 0)
    assert decides([(EVERYTHING, Policy()), *numbered("/a.*", ".")], "/ab") == "/a.*"
    assert decides([(EVERYTHING, Policy()), *numbered("/a.*")], "x") == ""


def naive(rules: list[tuple[re.Pattern[str], Policy]], path: str) -> Policy | None:
    """Sort by precision, take the first that matches."""
    return first(by_precision(rules), path)


def by_precision(rules: list[tuple[re.Pattern[str], Policy]]) -> list[tuple[re.Pattern[str], Policy]]:
    return sorted(rules, key=lambda rule: [-part for part in precision(rule[0])])


def first(rules: list[tuple[re.Pattern[str], Policy]], path: str) -> Policy | None:
    return next((policy for pattern, policy in rules if pattern.match(path)), None)


POOL = [
    *(
        "",
        "/",
        "/a",
        "/a/",
        "/a/b",
        "/a.",
        "/a.*",
        "/ab?",
        "/a|/b",
        "/[ab]",
        r"/a\.b",
        "^/a",
        "/a/.*/c",
        "/(a|b)/",
        ".*a",
    ),
    *(re.compile("/A", re.IGNORECASE), re.compile("/ a b", re.VERBOSE), re.compile("(?i)/ab")),
]


@example(["/a|/b", "/"], "/b")
@example([re.compile("/A", re.IGNORECASE)], "/a")
@given(
    st.lists(st.one_of(st.sampled_from(POOL), path_patterns()), max_size=8),
    st.one_of(st.text("/ab.A", max_size=8), st.text(max_size=4)),
)
def test_the_fast_look_up_finds_what_the_slow_one_does(patterns: list[Any], path: str) -> None:
    rules = numbered(*patterns)
    covering = Resources(rules)
    assert covering.policy(path) is naive(rules, path)
    assert covering.policy(path) is naive(rules, path), "asked again"


@given(st.builds("{}{}{}".format, BEGINNINGS, SEQUENCES, st.sampled_from(["/", "/(a|b)/", "/[^/]*/", ""])), st.data())
def test_the_fast_look_up_tells_patterns_apart_that_begin_alike(beginning: str, data: st.DataObject) -> None:
    patterns = data.draw(st.lists(path_patterns(st.just(beginning)), min_size=1, max_size=6))
    others = [f"{beginning}{number:0{length}}" for number in range(5) for length in range(1, 10)]
    rules = numbered(*patterns, *others)
    for path in (data.draw(st.from_regex(patterns[0], fullmatch=True)), data.draw(st.text("/ab.A", max_size=8))):
        assert Resources(rules).policy(path) is naive(rules, path)


# Some of them begin alike, with what can match in more than one way; their slashes stand in groups and sets, behind
# bars, and in front of quantifiers; and some cannot stand beside others.
HUNDREDS = [
    *map(
        re.compile,
        map(
            "".join,
            itertools.product(
                ["/", "/a", "^/a", "/ab?", "/[ab]+", "/.*", "/(a|b)*", "/(?:a|ab)", "(/a)?", r"/(?=a)\w"],
                ["", "/a", "/?b", "/+a", "/{1,2}b", "/[^/]*", "(/a|/b)?", "/(?:a/b|b)", "|/b/a", "/[/a]b", r"\/a"],
                ["", "$", "/", "/a$", "b+", "|/a/b"],
            ),
        ),
    ),
    *map(re.compile, [r"/(a)\1", r"/a/(b)\1", "(?P<x>/a)/b", "(?P<x>/b)+", "(?i)/A/b", "(?:)", "/a/b/(?P<x>a)"]),
    *(re.compile("/A/[AB]", re.IGNORECASE), re.compile("/ [ab] /", re.VERBOSE), re.compile("/B.*/.", re.IGNORECASE)),
]


def test_hundreds_of_patterns_are_told_apart_on_every_short_path() -> None:
    rules = numbered(*HUNDREDS)
    covering = Resources(rules)
    in_order = by_precision(rules)
    for path in map("".join, itertools.chain(*(itertools.product("/ab", repeat=length) for length in range(7)))):
        assert covering.policy(path) is first(in_order, path)


@given(st.randoms(use_true_random=False), st.integers(2, 300), st.lists(st.text("/abB", max_size=9), max_size=20))
def test_among_hundreds_the_fast_look_up_finds_what_the_slow_one_does(
    random: Random, count: int, paths: list[str]
) -> None:
    rules = numbered(*random.sample(HUNDREDS, count))
    covering = Resources(rules)
    in_order = by_precision(rules)
    for path in paths:
        assert covering.policy(path) is first(in_order, path)


GROUPS = [
    "/(a|b)+",
    "/(?:a)(b)?",
    "/(?=(a))a",
    "/((a)|(b)){1,2}",
    r"/(a)\1",
    "/(?P<x>a)b?",
    "/(?!b).",
    "/(a)|/(b)",
    "/.",
]


@given(st.lists(st.sampled_from(GROUPS), min_size=2, max_size=8), st.text("/ab", max_size=6))
def test_patterns_that_are_tried_together_keep_their_groups_apart(patterns: list[str], path: str) -> None:
    rules = numbered(*patterns)
    assert Resources(rules).policy(f"/{path}") is naive(rules, f"/{path}")


@pytest.mark.parametrize(
    ("pattern", "path"), [(r"/(a)\1", "/aa"), (r"/(?P<x>a)(?P=x)", "/aa"), ("/(a)?b(?(1)c|d)", "/bd")]
)
def test_a_pattern_that_counts_or_names_its_groups_still_does_beside_others(pattern: str, path: str) -> None:
    assert decides(numbered("/(.).(.).(.).(.).(.)", "/(a).(.).(.).(.).(.)", pattern, "/."), path) == pattern


@pytest.mark.parametrize("path", ["/a", "/b", "/B", "/c"])
def test_patterns_with_flags_keep_them_when_there_are_several(path: str) -> None:
    rules = numbered(re.compile("/A", re.IGNORECASE), re.compile("/B", re.IGNORECASE), re.compile("/ c", re.VERBOSE))
    assert Resources(rules).policy(path) is naive(rules, path) is not None


def test_thousands_of_patterns_that_begin_alike_are_told_apart() -> None:
    rules = numbered(*(rf"/t/\d+/(x){number}/(y)?" for number in range(2500)), "/t/(a)|/t/.*9/z")
    covering = Resources(rules)
    for path in (
        "/t/1/x0/",
        "/t/12/x999/y",
        "/t/1/x1000/",
        "/t/1/x2499/",
        "/t/a",
        "/t/b",
        "/t/1/x24999/z",
        "/t/1/x9/z",
    ):
        assert covering.policy(path) is naive(rules, path)


def test_thousands_of_paths_are_each_answered_for_themselves() -> None:
    covering = Resources(numbered("/a", "/b"))
    for number, letter in itertools.product(range(2000), "abc"):
        found = covering.policy(f"/{letter}{number}")
        assert (found and found.max_age) == {"a": 0, "b": 1, "c": None}[letter]


def test_on_a_path_that_is_too_long_to_be_tried_nobody_is_let_in() -> None:
    slow = numbered("/a/.*/.*/.*/b", "/")
    longest = f"/{'a' * 4095}"
    assert Resources(slow).policy(longest) == Policy(max_age=1)
    assert Resources(slow).policy(f"{longest}a") == Policy(origins=Origins.parse(()))
    assert Resources(slow).policy("/a" + "/" * 60_000) == Policy(origins=Origins.parse(()))
    assert Resources(numbered("/a")).policy(longest) == Policy(max_age=0)
    assert Resources(numbered("/a")).policy(f"{longest}a") == Policy(origins=Origins.parse(()))
    assert Resources(numbered("")).policy(f"{longest}a") == Policy(max_age=0), "there is nothing to try"


@pytest.mark.parametrize("patterns", [["/a"], ["/a", "/b"]], ids=["one pattern", "two patterns"])
def test_strangers_who_ask_for_many_paths_do_not_fill_the_memory(patterns: list[str]) -> None:
    covering = Resources(numbered(*patterns))
    tracemalloc.start()
    try:
        for number in range(5000):
            covering.policy(f"/{number:01000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000


class Counted:
    """What looks like a pattern, and counts how often one of its kind is tried."""

    tried = 0
    flags = re.compile("").flags
    groups = 0

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def match(self, path: str) -> re.Match[str] | None:
        Counted.tried += 1
        return re.match(self.pattern, path)


def counted(*patterns: str) -> Resources:
    """Number the patterns, and count how often they are tried from now on."""
    rules = [
        (cast(re.Pattern[str], Counted(pattern)), Policy(max_age=number)) for number, pattern in enumerate(patterns)
    ]
    Counted.tried = 0
    return Resources(rules)


def test_only_patterns_that_begin_like_the_path_are_tried() -> None:
    covering = counted(*(f"/{number}/" for number in range(1000)))
    assert covering.policy("/500/users") == Policy(max_age=500)
    assert covering.policy("/none/users") is None
    assert Counted.tried == 1


def test_less_precise_patterns_than_the_one_that_is_found_are_not_tried() -> None:
    covering = counted(*(f"/{number}/" for number in range(100)), "/", ".*")
    assert covering.policy("/50/users") == Policy(max_age=50)
    assert Counted.tried == 1


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_of_many_patterns_whose_beginning_says_nothing_only_a_few_are_tried_one_by_one(count: int) -> None:
    covering = counted(*(rf"/t/[a-z]+/{number:03}/" for number in range(count)))
    assert covering.policy("/t/x/none/") is None
    assert Counted.tried == 0
    assert covering.policy(f"/t/x/{count - 1:03}/") == Policy(max_age=count - 1)
    assert Counted.tried <= count**0.5


@pytest.mark.parametrize(
    ("patterns", "joined"),
    [
        pytest.param([r"/v\d/users", r"/v\d/user/me"], r"/v\d(?:/users|/user/me)", id="up to a slash"),
        pytest.param(["/[/]a/b", "/[/]a/b/c", "/[/]a/b"], "/[/]a(?:/b|/b/c|/b)", id="but to none in a set"),
        pytest.param(["/(a/b)+/c", "/(a/b)+/d"], "/(a/b)+(?:/c|/d)", id="up to a slash behind a group"),
        pytest.param(["/.(a/b)", "/.(a/c)"], "(?:/.(a/b)|/.(a/c))", id="but to none in a group"),
        pytest.param([".a/b?", ".a/?b"], ".a(?:/b?|/?b)", id="whatever stands behind the slash"),
        pytest.param(["./a|/b", "./c"], "(?:./a|/b|./c)", id="but not of alternatives"),
        pytest.param(["^/a/b", "/a/b"], "(?:^/a/b|/a/b)", id="but not of what begins otherwise"),
    ],
)
def test_what_patterns_begin_with_alike_is_tried_once(patterns: list[str], joined: str) -> None:
    assert _any_of(patterns) == joined


@pytest.mark.parametrize(("count", "tried"), [(2, 0), (64, 0), (65, 1)])
def test_few_patterns_are_tried_together_and_many_by_their_beginning(count: int, tried: int) -> None:
    covering = counted(*(rf"/{'x' * number}/\d" for number in range(count)))
    assert covering.policy("/xx/none") is None
    assert Counted.tried == tried


def test_the_rules_are_taken_once_and_the_users_list_is_not_kept() -> None:
    rules = numbered("/a")
    covering = Resources(rule for rule in rules)
    rules.clear()
    assert covering.policy("/a") == Policy(max_age=0)
    assert [pattern.pattern for pattern, _ in covering.rules] == ["/a"]
