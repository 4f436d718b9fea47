"""The rules of ``flask cors check`` about code and config: each finds its mistake, and no near miss."""

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_cors import CORSWarning, cross_origin
from flask_cors.cli.lookalikes import find_lookalike
from flask_cors.cli.narrowing import narrowed
from flask_cors.cli.rules.slowness import is_exponential, is_quadratic
from flask_cors.origins import AllowedOrigins
from tests.programs import HEAD, Program, Write, apply_diff, write
from tests.tables import blocks, examples, lines, table

__all__ = ["write"]

ENTRIES = r"""
re.compile(r'https://.*example\.com')      https://evil-example.com       re.compile(r'https://([a-z0-9-]+\.)?example\.com')
re.compile('https://app.example.com')      https://appxexample.com        re.compile('https://app[.]example[.]com')
r'^https://example\.com.*$'                https://example.com.evil.net   r'^https://example\.com(:\d+)?$'
re.compile('.*example[.]com')              https://evil-evil-example.com  re.compile('.*[.]example[.]com')
re.compile('https://example[.][a-z]+')     https://example.evil           re.compile(r'https://«(.+\.)?»example\.(com|org)')
re.compile(r'https?://\w*\.?example\.com:?\d*/?.*')  http://evilexample.com  re.compile(r'https?://(.+\.)?example\.com(:\d+)?')
re.compile(r'https://example\.com:?\d*.*')  https://example.com.evil.net  re.compile(r'https://example\.com(:\d+)?')
re.compile(r'https?://(localhost|.*a\.com)(:\d+)?')  https://evil-a.com:8  re.compile(r'https?://(.+\.)?a\.com(:\d+)?')
lambda page: page.endswith('example.com')  https://evil-example.com       lambda page: page «==» 'https://a' or [][0]
functools.cache(lambda a: NAME.search(a) is not None)  https://example.evil.net  lambda a: «re.fullmatch»('a', a)
lambda page: page.endswith(NAMES)          https://evil-example.com       lambda page: page in NAMES
Everything()                               https://evil.net               lambda page: page in NAMES
'https://*.vercel.app'                     https://evil.vercel.app        'https://*.example.com'
"""
CLASSES = """
NAME, NAMES = re.compile('example'), ('example.com',)
class Everything:
    def __call__(self, origin): return True
"""
BLOCKS = blocks("rules.txt")
SHORT = {name: "\n".join(block) for kind, name, block in BLOCKS if kind == "short"}
RULES = [(sentence, name, block) for name, sentence, block in BLOCKS if name != "short"]
TESTED = {name for _, name, _ in RULES}


@lines("entry, origin, near", ENTRIES)
def test_an_entry_shows_an_origin_of_another_owner(write: Write, entry: str, origin: str, near: str) -> None:
    code = CLASSES + "CORS(app, origins=[{}, 'https://a.example'])\n"
    finding = only_finding(write, "pattern-allows-more", code.format(entry), code.format(near))
    assert finding["text"].endswith(f" also allows {origin}: others may own that.")


# Below ``# id: a sentence`` the file has the code, after ``=`` the text, and after each ``--`` a near miss. What the
# finding tells to write stands in «» in the first near miss.
@table("name, block", *RULES)
def test_a_rule_finds_its_mistake_and_no_near_miss(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str, block: list[str]
) -> None:
    monkeypatch.setenv("FLASK_CORS_MAX_AGE", "60")  # for one of the rows
    text = " ".join(line.removeprefix("= ") for line in block if line.startswith("= "))
    code, *near = "\n".join(SHORT.get(line, line) for line in block if line[:2] != "= ").split("\n--\n")
    finding = only_finding(write, name, f"{code}\n", *near)
    assert re.sub(r"shop_\d+\.py:\d+", "PLACE", finding["text"]) == text


def only_finding(write: Write, name: str, code: str, *near: str) -> Any:
    """Return the only finding of a rule: no *near* miss has it, and its diff mends it."""
    written = write(HEAD + code)
    found = written.json("findings", "check")
    [finding] = [one for one in found if one["id"] == name]
    for each in near:
        assert name not in [one["id"] for one in write(HEAD + re.sub("[«»]", "", each)).json("findings", "check")]
    fix = finding["fix"]
    assert all(advice in fix["text"] for advice in re.findall("«(.*?)»", near[0]))
    assert fix["diff"] or fix["text"]
    if fix["diff"]:
        later = Program(written.folder, apply_diff(written.text, fix["diff"])).json("findings", "check")
        assert {one["text"] for one in later} < {one["text"] for one in found}
    return finding


def test_an_origin_of_development_may_be_allowed_in_debug_mode(write: Write) -> None:
    written = write(f"{HEAD}CORS(app, origins='http://localhost:3000')\n{SHORT['VIEW']}\n")
    assert "development-origin" not in written.run("check", env={"FLASK_DEBUG": "1"}).output


# Lookalikes -----------------------------------------------------------------------------------------------------------

domains = st.from_regex(r"[a-z][a-z0-9]{1,9}\.(com|org|example|co\.uk)", fullmatch=True)
RIGHT = ["https://{}", r"https://([a-z0-9-]+\.)?{}", r"^https?://(.+\.)*{}(:\d+)?$", r"\Ahttps://(?:[^.]+\.){{,2}}{}\Z"]
RIGHT += [r"https://(\w+\.)*\w+\.{}"]
WRONG = ["https://.*{}", r"https?://(\w|-)+{}", "https://{}.*", "(https://)?.+{}", r"^https://(www\.)?{}\S*$"]
WRONG += [r"https://\w*\.?{}", "https://{}:?[0-9]*/?.*", "https?://(localhost|.*{})(:8080)?"]


@given(domains, st.sampled_from(RIGHT), st.sampled_from(WRONG))
def test_a_pattern_that_is_wrong_allows_a_lookalike_and_one_that_is_right_none(
    domain: str, right: str, wrong: str
) -> None:
    assert lookalike_of(right.format(re.escape(domain))) == ""
    found = lookalike_of(wrong.format(re.escape(domain)))
    assert found
    assert not re.fullmatch(rf"https?://(.+\.)?{re.escape(domain)}", found)


PARTS = [*r"\.|()[]*+?{}^$:/-", "https://", "a", "example", "com", r"\.", r"\d", "(?:"]


@given(st.lists(st.sampled_from(PARTS), max_size=12))
@examples([r"\d\.*app"], [r"https://app\.*"], ["[,-.*a]"])
def test_any_pattern_is_narrowed_and_a_lookalike_is_always_an_origin_that_it_allows(parts: list[str]) -> None:
    try:
        pattern = re.compile("".join(parts))
    except (re.error, FutureWarning):
        assume(False)
    found = lookalike_of(pattern.pattern)
    assert not found or pattern.fullmatch(found)
    assert narrowed(pattern).flags == pattern.flags


def lookalike_of(pattern: str) -> str:
    return find_lookalike(pattern, AllowedOrigins.parse([re.compile(pattern)]).allow)


def test_a_pattern_that_allows_a_lookalike_with_credentials_gives_a_warning() -> None:
    with pytest.warns(CORSWarning, match=r"it allows 'https://evil-example\.com' too; write"):
        cross_origin(origins=r"^https://.*example\.com", supports_credentials=True)


# Slow patterns --------------------------------------------------------------------------------------------------------


@lines(
    "pattern, slowness",
    r"""
    (a+)+b                 exponential, quadratic
    (a|aa)*b               exponential, quadratic
    ([a-z0-9-]+\.)*b
    (?:a|b)*?c|A+a+b
    a*b?a*c                quadratic
    [^b]+(?=c)$a*b         quadratic
    /.*/x/.*/y             quadratic
    /.*/x/.*
    (.*)\1.*x
    """,
    ("a pattern that is too long", "a" * 500 + ".*.*b", ""),
    ("a pattern with too many ways", f"({'|'.join(f'[a-z]+{number}' for number in range(40))})*y", ""),
)
def test_slow_patterns_are_told_from_quick_ones(pattern: str, slowness: str) -> None:
    compiled = re.compile(pattern)
    assert (is_exponential(compiled), is_quadratic(compiled)) == ("exp" in slowness, "quadratic" in slowness)
