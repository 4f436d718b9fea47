"""Who is let in: how origins may be written, what is corrected, and what no near miss of one gets past."""

import functools
import re
import sys
import types
from typing import Any

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_cors.origins import EVERYONE, OriginRule, Origins, is_origin
from tests import strategies

APP = "https://app.example.com"
API = "https://api.example.com"


def is_app(origin: str) -> bool:
    return origin == APP


class Allowed:
    """A function that is an object."""

    def __call__(self, origin: str) -> bool:
        return origin == APP


# What a browser may send ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("https://app.example", id="a domain"),
        pytest.param("http://localhost:3000", id="a port"),
        pytest.param("http://127.0.0.1", id="an IPv4 address"),
        pytest.param("http://[::1]:8080", id="an IPv6 address"),
        pytest.param("https://xn--fa-hia.example", id="a Unicode domain in ASCII"),
        pytest.param("https://my_app.example", id="an underscore"),
        pytest.param("https://app.example.", id="a trailing dot, another host than without"),
        pytest.param("chrome-extension://abcdefgh", id="an extension"),
        pytest.param("null", id="null"),
        pytest.param("https://" + "a" * 292, id="300 characters"),
    ],
)
def test_what_a_browser_may_send_is_an_origin(value: str) -> None:
    assert is_origin(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="nothing"),
        pytest.param("*", id="a wildcard"),
        pytest.param("app.example", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://.", id="a dot for a host"),
        pytest.param("https://.app.example", id="a leading dot"),
        pytest.param("https://app..example", id="two dots"),
        pytest.param("https://app.example/", id="a slash"),
        pytest.param("https://App.example", id="a capital"),
        pytest.param("https://app.example:", id="an empty port"),
        pytest.param("https://app.example:100000", id="a port of six digits"),
        pytest.param("https://app.example:٣", id="a digit that is not ASCII"),
        pytest.param("https://ü.example", id="Unicode"),
        pytest.param("https://app.example\n", id="a line feed behind"),
        pytest.param("https://app.example https://b.example", id="two origins"),
        pytest.param("Null", id="null with a capital"),
        pytest.param("https://" + "a" * 293, id="301 characters"),
    ],
)
def test_what_no_browser_sends_is_none(value: str) -> None:
    assert not is_origin(value)


def test_ports_go_to_65535() -> None:
    assert [port for port in range(100_000) if is_origin(f"https://a:{port}")] == [*range(65536)]


# Every form ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [
        pytest.param(APP, [APP], [API], id="a string is one origin, compared whole"),
        pytest.param(f"{APP},{API}", [APP, API], ["https://b.example"], id="commas separate"),
        pytest.param(f" {APP} , {API} ,, ", [APP, API], [""], id="spaces and empty pieces do not count"),
        pytest.param([APP, API], [APP, API], [f"{APP},{API}"], id="a list"),
        pytest.param((APP,), [APP], [API], id="a tuple"),
        pytest.param({APP, API}, [APP, API], ["https://b.example"], id="a set"),
        pytest.param((origin for origin in [APP, API]), [APP, API], ["https://b.example"], id="a generator"),
        pytest.param("*", [APP, "null", "anything at all"], [], id="the wildcard is everyone"),
        pytest.param(["*"], [APP], [], id="the wildcard in a list"),
        pytest.param(f"{APP}, *", [API], [], id="the wildcard among others"),
        pytest.param("", [], [APP, ""], id="an empty string is nobody"),
        pytest.param([], [], [APP, ""], id="an empty list is nobody"),
        pytest.param(
            "https://*.example.com",
            [APP, "https://a.b.c.example.com"],
            ["https://example.com", "https://.example.com", "http://app.example.com", f"{APP}:8443"],
            id="a wildcard is any subdomain at any depth, and not the domain",
        ),
        pytest.param(
            "https://*.example.com:8443",
            [f"{APP}:8443"],
            [APP, "https://example.com:8443", f"{APP}:84430"],
            id="a wildcard with a port is for that port",
        ),
        pytest.param(
            "http://localhost:*",
            ["http://localhost", "http://localhost:3000", "http://localhost:65535"],
            ["https://localhost:3000", "http://a.localhost:3000", "http://localhost:", "http://localhost:*"],
            id="a wildcard for ports is any port, and none",
        ),
        pytest.param(
            "https://*.example.com:*",
            [APP, f"{APP}:8443", "https://a.b.example.com:1"],
            ["https://example.com:8443", "http://app.example.com:8443"],
            id="both wildcards at once",
        ),
        pytest.param("http://[::1]:*", ["http://[::1]:3000"], ["http://[::2]:3000"], id="an IPv6 address, any port"),
        pytest.param(
            re.compile(r"https://[ab]\.example"),
            ["https://a.example", "https://b.example"],
            ["https://c.example", "https://a.example.org", "xhttps://a.example"],
            id="a compiled pattern matches whole",
        ),
        pytest.param(
            re.compile(r"HTTPS://A\.EXAMPLE", re.IGNORECASE),
            ["https://a.example"],
            ["HTTPS://A.EXAMPLE"],
            id="a pattern keeps its flags, and sees only what is an origin",
        ),
        pytest.param(
            r"^https://a{1,2}\.example$",
            ["https://a.example", "https://aa.example"],
            ["https://aaa.example", "https://a{1"],
            id="a string that begins with ^ is a pattern, and its commas are its own",
        ),
        pytest.param(
            r"^https://a\.example",
            ["https://a.example"],
            ["https://a.example.evil.test"],
            id="a string that begins with ^ matches whole, with or without $",
        ),
        pytest.param([r"^https://a\.(b|c)$", APP], ["https://a.b", APP], ["https://a.d"], id="^ strings in a list"),
        pytest.param(is_app, [APP], [API], id="a function"),
        pytest.param(Allowed(), [APP], [API], id="an object that can be called"),
        pytest.param(Allowed().__call__, [APP], [API], id="a bound method"),
        pytest.param(functools.partial(is_app), [APP], [API], id="a partial"),
        pytest.param(
            [is_app, "http://b.example", re.compile("https://c[.]example"), "https://*.d.example", "^https://e$"],
            [APP, "http://b.example", "https://c.example", "https://x.d.example", "https://e"],
            [API, "https://b.example", "https://d.example"],
            id="everything mixed",
        ),
    ],
)
def test_origins_are_written_as(value: object, inside: list[str], outside: list[str]) -> None:
    origins = Origins.parse(value)
    assert [origin for origin in inside if not origins.admit(origin)] == []
    assert [origin for origin in outside if origins.admit(origin)] == []
    assert origins.remarks == ()


def test_the_default_is_everyone_and_equals_what_the_wildcard_makes() -> None:
    assert Origins.parse("*") == Origins() == EVERYONE
    assert EVERYONE.everyone


@pytest.mark.parametrize(
    ("value", "only"),
    [
        pytest.param(APP, APP, id="one exact origin"),
        pytest.param("HTTPS://App.Example.com/", APP, id="one that was corrected"),
        pytest.param(f"{APP}, {API}", None, id="two"),
        pytest.param([APP, is_app], None, id="one and a function"),
        pytest.param([APP, "https://*.example.com"], None, id="one and a wildcard"),
        pytest.param("https://*.example.com", None, id="a wildcard"),
        pytest.param("http://localhost:*", None, id="any port"),
        pytest.param(re.compile("https://a"), None, id="a pattern"),
        pytest.param("*", None, id="everyone"),
        pytest.param([APP, "*"], None, id="one and everyone"),
        pytest.param([], None, id="nobody"),
    ],
)
def test_the_only_origin_is_known_where_exactly_one_can_match(value: object, only: str | None) -> None:
    assert Origins.parse(value).only == only


def test_what_is_parsed_is_frozen_and_keeps_nothing_of_the_users_list() -> None:
    mine = [APP]
    origins = Origins.parse(mine)
    mine.append(API)
    assert not origins.admit(API)
    assert hash(origins) == hash(Origins.parse([APP]))
    for name in origins._fields:
        with pytest.raises(AttributeError, match="set"):
            setattr(origins, name, ())


def test_entries_are_kept_as_written_for_messages() -> None:
    assert Origins.parse(f"HTTPS://A.example, {API}").written == ("HTTPS://A.example", API)


# What is corrected ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "corrected"),
    [
        pytest.param("HTTPS://app.example", "https://app.example", id="a scheme in capitals"),
        pytest.param("https://App.EXAMPLE", "https://app.example", id="a host in capitals"),
        pytest.param("https://app.example/", "https://app.example", id="a trailing slash"),
        pytest.param("https://app.example:443", "https://app.example", id="the default port of https"),
        pytest.param("http://app.example:80", "http://app.example", id="the default port of http"),
        pytest.param("http://app.example:443", None, id="the default port of the other scheme is kept"),
        pytest.param("https://app.example:80", None, id="and so is this one"),
        pytest.param("https://app.example:08443", "https://app.example:8443", id="a port with leading zeros"),
        pytest.param("https://app.example:", "https://app.example", id="an empty port"),
        pytest.param("https://app.example:0", None, id="port 0 is a port"),
        pytest.param("HTTP://LOCALHOST:*/", "http://localhost:*", id="any port, in capitals, with a slash"),
        pytest.param("https://*.App.example:443/", "https://*.app.example", id="a wildcard with the default port"),
        pytest.param("HTTPS://*.app.example:*", "https://*.app.example:*", id="both wildcards"),
        pytest.param("http://[::FFFF]:80", "http://[::ffff]", id="an IPv6 address in capitals"),
        pytest.param("Chrome-Extension://ABC", "chrome-extension://abc", id="an extension in capitals"),
        pytest.param("chrome-extension://abc:80", None, id="a scheme without default port keeps every port"),
        pytest.param("https://Faß.example", "https://xn--fa-hia.example", id="a Unicode host"),
        pytest.param("https://*.ü.example:*", "https://*.xn--tda.example:*", id="a Unicode host among wildcards"),
    ],
)
def test_an_origin_whose_meaning_is_plain_is_corrected(written: str, corrected: str | None) -> None:
    origins = Origins.parse([written])
    assert origins.exact | origins.wildcards == {corrected or written}
    if corrected is None:
        assert origins.remarks == ()
    else:
        (remark,) = origins.remarks
        assert repr(written) in remark
        assert repr(corrected) in remark


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("bücher.example", id="an umlaut"),
        pytest.param("BÜCHER.example", id="an umlaut in capitals"),
        pytest.param("bu\N{COMBINING DIAERESIS}cher.example", id="an umlaut in two pieces"),
        pytest.param("faß.de", id="a sharp s"),
        pytest.param("βόλος.gr", id="a final sigma"),
        pytest.param("βόλος.βόλος", id="a final sigma at the end"),
        pytest.param("ΒΌΛΟΣ.ΒΌΛΟΣ", id="a final sigma in capitals is no final one"),
        pytest.param("例え.テスト", id="Japanese"),
        pytest.param("ﾃｽﾄ.jp", id="halfwidth letters"),
        pytest.param(
            "\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{FULLWIDTH LATIN SMALL LETTER B}.example", id="fullwidth letters"
        ),
        pytest.param("пример.испытание", id="Cyrillic"),
        pytest.param("उदाहरण.परीक्षा", id="Devanagari"),
        pytest.param("مثال.إختبار", id="Arabic"),
        pytest.param("İstanbul.example", id="a capital with a dot that stays"),
        pytest.param("ﬃ.example", id="a ligature"),
        pytest.param("\N{KELVIN SIGN}.example", id="a sign that is a letter"),
        pytest.param("\N{MATHEMATICAL BOLD CAPITAL A}pp.example", id="a letter that becomes a capital"),
        pytest.param("例え\N{IDEOGRAPHIC FULL STOP}jp", id="a full stop that is a dot"),
        pytest.param("例え\N{FULLWIDTH FULL STOP}jp", id="a wide full stop"),
    ],
)
def test_a_unicode_host_is_corrected_to_what_browsers_make_of_it(host: str) -> None:
    """Browsers go by UTS 46, with the letters that IDNA 2008 brought back."""
    expected = idna.encode(host, uts46=True, transitional=False).decode()
    assert Origins.parse([f"https://{host}"]).admit(f"https://{expected}")


EUROPEAN = [*"abcdefghijklmnopqrstuvwxyzäöüßéñçøå", *map(chr, range(0x3B1, 0x3CA)), *map(chr, range(0x430, 0x450))]


@given(st.text(EUROPEAN, min_size=1, max_size=12))
def test_every_european_word_is_corrected_to_what_browsers_make_of_it(word: str) -> None:
    for spelling in (word, word.upper()):
        expected = idna.encode(spelling, uts46=True, transitional=False).decode()
        assert Origins.parse([f"https://example.{spelling}"]).exact == {f"https://example.{expected}"}


def test_each_correction_is_remarked_on_once_and_in_order() -> None:
    remarks = Origins.parse(["HTTPS://b.example", API, "https://a.example/"]).remarks
    assert [re.findall("'(.*?)'", remark) for remark in remarks] == [
        ["HTTPS://b.example", "https://b.example"],
        ["https://a.example/", "https://a.example"],
    ]


# What can never match ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("app.example", "'https://app.example'", id="no scheme"),
        pytest.param("//app.example", "'https://app.example'", id="no scheme but slashes"),
        pytest.param("localhost:3000", "'https://localhost:3000'", id="no scheme but a port"),
        pytest.param("*.app.example", "'https://*.app.example'", id="a wildcard without a scheme"),
        pytest.param("https://app.example/path", "no path", id="a path"),
        pytest.param("https://app.example/*", "wildcards are", id="a path that is a wildcard"),
        pytest.param("https://app.example?x", "no path", id="a query"),
        pytest.param("https://ann@app.example", "or user", id="a user"),
        pytest.param("https://app .example", "no path", id="a space"),
        pytest.param("https://app.example, https://b.example", "no path", id="two in one entry"),
        pytest.param("https://app..example", "no path", id="two dots"),
        pytest.param("https://", "no path", id="no host"),
        pytest.param("https://app.example:65536", "port", id="a port beyond the last"),
        pytest.param("https://app.example:http", "no path", id="a port that is a name"),
        pytest.param("https://app.example:0*", "wildcards are", id="a wildcard for some ports"),
        pytest.param("https://" + "a." * 200 + "example", "no path", id="longer than any origin"),
        pytest.param("https://app.*.example", "wildcards are", id="a wildcard in the middle"),
        pytest.param("https://app*.example", "wildcards are", id="a wildcard inside a name"),
        pytest.param("https://*.*.example", "wildcards are", id="two wildcards for subdomains"),
        pytest.param("https://*", "wildcards are", id="a wildcard for a host"),
        pytest.param("/*", "scheme", id="a wildcard for a path"),
        pytest.param("**", "scheme", id="two wildcards that are no better than one"),
        pytest.param("*://app.example", "wildcards are", id="a wildcard for a scheme"),
        pytest.param(r"https://.*\.example\.com", "re.compile", id="a regular expression as text"),
        pytest.param("https?://app.example$", "re.compile", id="a regular expression with a dollar"),
        pytest.param("https://(a|b).example", "re.compile", id="a regular expression with a group"),
        pytest.param("https://[ab].example", "re.compile", id="a regular expression with a set"),
        pytest.param("https://.*", "re.compile", id="a regular expression that is a dot and a star"),
        pytest.param(".*", "re.compile", id="a regular expression for everyone"),
        pytest.param("NULL", "scheme", id="null in capitals"),
        pytest.param("https://a\N{SOFT HYPHEN}b.example", "scheme, host", id="a soft hyphen, which is invisible"),
        pytest.param("https://a\N{ZERO WIDTH JOINER}b.example", "scheme, host", id="another invisible letter"),
        pytest.param("https://ü\N{ZERO WIDTH NO-BREAK SPACE}.example", "scheme, host", id="an invisible blank"),
        pytest.param("", "scheme", id="an empty entry"),
    ],
)
def test_an_entry_that_can_never_match_is_kept_and_remarked_on(written: str, reason: str) -> None:
    origins = Origins.parse([written])
    (remark,) = origins.remarks
    assert remark.startswith(repr(written))
    assert reason in remark
    assert origins.written == (written,)
    assert not origins.admit(written)
    assert (origins.exact, origins.wildcards, origins.patterns) == (frozenset(), frozenset(), ())


@pytest.mark.parametrize("written", ["app.example", "*.app.example", "localhost:3000", "//a.example", "example.com/*"])
def test_what_a_remark_says_to_write_can_be_written(written: str) -> None:
    (remark,) = Origins.parse([written]).remarks
    (advice,) = re.findall(r"write '(.*?)'", remark)
    assert Origins.parse([advice]).remarks == ()


def test_null_is_let_in_where_it_is_listed_and_remarked_on() -> None:
    origins = Origins.parse(["null", APP])
    assert origins.admit("null")
    (remark,) = origins.remarks
    assert "'null'" in remark
    assert "anybody" in remark


def test_no_text_is_taken_for_a_pattern_by_its_punctuation() -> None:
    assert not Origins.parse(["https://.*example.com", "https://evil.example.com"]).admit("https://evil-example.com")
    assert not Origins.parse(["http.://a"]).admit("httpx://a")


# What is wrong -------------------------------------------------------------------------------------------------------


async def is_app_some_day(origin: str) -> bool:
    return origin == APP


class AllowedSomeDay:
    """An object that can be called, and answers later."""

    async def __call__(self, origin: str) -> bool:
        return origin == APP


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(5, id="a number"),
        pytest.param(True, id="a bool"),
        pytest.param(b"https://app.example", id="bytes"),
        pytest.param([b"https://app.example"], id="bytes in a list"),
        pytest.param([5], id="a number in a list"),
        pytest.param([None], id="None in a list"),
        pytest.param([[APP]], id="a list in a list"),
        pytest.param(re.compile(b"https://app"), id="a pattern of bytes"),
        pytest.param(is_app_some_day, id="an async function"),
        pytest.param(functools.partial(is_app_some_day), id="a partial of an async function"),
        pytest.param(AllowedSomeDay(), id="an object with an async call"),
        pytest.param([APP, is_app_some_day], id="an async function in a list"),
    ],
)
def test_what_is_no_origin_is_refused_with_the_rule_and_an_example(value: object) -> None:
    with pytest.raises(ValueError, match=r"must be a string, .*re\.Pattern.*function.*iterable.*write.*https://"):
        Origins.parse(value)


def test_bytes_are_one_wrong_value_and_not_many() -> None:
    with pytest.raises(ValueError, match="must be a string") as caught:
        Origins.parse(b"https://app.example")
    assert "none of them" not in str(caught.value)


def test_what_is_wrong_in_a_list_is_shown_and_said_once() -> None:
    with pytest.raises(ValueError, match=r"5 is none of them.*b'x' is none of them") as caught:
        Origins.parse([5, APP, b"x", 5])
    assert str(caught.value).count("5 is none of them") == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("^(", id="an open group"),
        pytest.param("^a**", id="a double repeat"),
        pytest.param("^[z-a]", id="a range that is backwards"),
        pytest.param("^a{1," + "9" * 20 + "}", id="a repeat too often"),
        pytest.param("^" + "(" * 5000 + ")" * 5000, id="groups too deep"),
    ],
)
def test_a_pattern_that_does_not_compile_is_shown_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is not a valid regular expression: ")):
        Origins.parse(text)


# Functions -----------------------------------------------------------------------------------------------------------


def test_a_function_is_asked_only_what_is_not_known_without_it_and_only_about_origins() -> None:
    asked: list[str] = []

    def note(origin: str) -> bool:
        asked.append(origin)
        return False

    origins = Origins.parse([note, APP, "https://*.example.org", "^https://b$"])
    for origin in (APP, "https://a.example.org", "https://b", "", "not an origin", f"{API}\n", "https://" + "a" * 300):
        assert origins.admit(origin) == (origin in {APP, "https://a.example.org", "https://b"})
    assert asked == []
    assert not origins.admit(API)
    assert not origins.admit("null")
    assert asked == [API, "null"]


def test_functions_are_asked_in_turn_until_one_says_yes() -> None:
    asked: list[str] = []

    def says(name: str, answer: bool, _: str) -> bool:
        asked.append(name)
        return answer

    answers = {"first": False, "second": True, "third": True}
    assert Origins.parse([functools.partial(says, name, answer) for name, answer in answers.items()]).admit(APP)
    assert asked == ["first", "second"]


@pytest.mark.parametrize("answer", [1, 0, None, "yes", "", [APP]], ids=repr)
def test_a_function_that_answers_anything_but_a_bool_is_an_error_that_names_it(answer: object) -> None:
    def lookup(_: str) -> Any:
        return answer

    with pytest.raises(TypeError, match=rf"lookup must return True or False.*{APP}.*{re.escape(repr(answer))}"):
        Origins.parse(lookup).admit(APP)


def test_an_object_without_a_name_that_answers_no_bool_is_shown() -> None:
    with pytest.raises(TypeError, match=r"origins=functools\.partial.*must return True or False"):
        Origins.parse(functools.partial(lambda _: 1)).admit(APP)


def test_what_a_function_raises_comes_through() -> None:
    def fail(origin: str) -> bool:
        raise LookupError(origin)

    with pytest.raises(LookupError):
        Origins.parse(fail).admit(APP)


# Everyone, in any spelling -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("*", id="the wildcard"),
        pytest.param(["*"], id="the wildcard in a list"),
        pytest.param(f"{APP},*", id="the wildcard behind a comma"),
        pytest.param(re.compile(".*"), id="a pattern of anything"),
        pytest.param([APP, re.compile(".*")], id="a pattern of anything in a list"),
        pytest.param(re.compile(".+", re.DOTALL), id="a pattern of at least something"),
        pytest.param(re.compile("HTTPS?://.*", re.IGNORECASE), id="a pattern without case"),
        pytest.param("^.*$", id="anything as a string"),
        pytest.param(r"^https?://.*$", id="any web page as a string"),
        pytest.param(r"^https://.*$", id="any page on https"),
        pytest.param(r"^http://.*$", id="any page on http"),
        pytest.param(r"^https?://[^/]+$", id="any host"),
        pytest.param(r"^https?://[a-z0-9.-]+(:\d+)?$", id="any host by its letters"),
        pytest.param(r"^https://[^:]+$", id="any host on https without a port"),
        pytest.param(r"^http://[^:]+$", id="any host on http without a port"),
        pytest.param(r"^http://.*:\d+$", id="any host on any port on http"),
        pytest.param(r"^https://.*:\d+$", id="any host on any port on https"),
        pytest.param(r"^(null|https?://.+\..+)$", id="any host with a dot, and null"),
    ],
)
def test_everyone_is_recognised_written_as(value: object) -> None:
    assert Origins.parse(value).anyone


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="nobody"),
        pytest.param(APP, id="one origin"),
        pytest.param("null", id="null"),
        pytest.param("https://*.com", id="a wildcard over a top-level domain"),
        pytest.param("http://localhost:*", id="any port"),
        pytest.param(re.compile(r"https?://(.*\.)?example\.com(:\d+)?"), id="subdomains by a pattern"),
        pytest.param(re.compile(r"https://nobody[^.]*\.test"), id="a pattern that takes one stranger"),
        pytest.param(re.compile(""), id="a pattern that takes nothing"),
        pytest.param(is_app, id="a function, of which nothing is known"),
    ],
)
def test_everyone_is_not_suspected_in(value: object) -> None:
    assert not Origins.parse(value).anyone


# The fast look-up and the slow one -----------------------------------------------------------------------------------


def naively_lets_in(entry: OriginRule, origin: str) -> bool:
    """Compare one entry with one origin, slowly and plainly."""
    if isinstance(entry, re.Pattern):
        return re.match(f"(?:{entry.pattern})\\Z", origin) is not None
    if not isinstance(entry, str):
        return entry(origin)
    if entry.startswith("^"):
        return naively_lets_in(re.compile(entry), origin)
    scheme, host, port = apart(entry)
    origin_scheme, origin_host, origin_port = apart(origin)
    below = origin_host[: -len(host) + 1] if origin_host.endswith(host[1:]) else ""
    same_host = below != "" if host[0] == "*" else host == origin_host
    return scheme == origin_scheme and same_host and port in ("*", origin_port)


def apart(origin: str) -> tuple[str, str, str]:
    scheme, _, rest = origin.partition("://")
    host, _, port = rest.partition(":")
    return scheme, host, "" if (scheme, port) == ("http", "80") and "*" not in rest else port


@example(["https://foo.com", "https://bar.com"], "https://barfoo.com")  # GHSA-vhxv-fg4m-p2w8
@example(["https://*.a.com", "https://a.com"], "https://a.com")
@given(st.lists(strategies.origin_rules, max_size=6), strategies.origins)
def test_the_fast_look_up_lets_in_whom_the_slow_one_does_and_nobody_else(listed: list[OriginRule], origin: str) -> None:
    as_sent = origin.removesuffix(":80") if origin.startswith("http://") else origin
    assert Origins.parse(listed).admit(as_sent) == any(naively_lets_in(entry, as_sent) for entry in listed)


@given(st.lists(strategies.origin_rules, max_size=6), strategies.hostile_texts)
def test_what_no_browser_sends_is_let_in_by_nothing(listed: list[OriginRule], text: str) -> None:
    assert is_origin(text) or not Origins.parse(listed).admit(text)


class Counting(str):
    """A string that counts how often one is compared with another."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        type(self).comparisons += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


@pytest.mark.parametrize(
    "form", ["https://a{}.example", "https://*.a{}.example", "http://a{}:*"], ids=["exact", "subdomains", "ports"]
)
def test_many_origins_cost_what_one_costs(form: str) -> None:
    origins = Origins.parse(map(form.format, range(5000)))
    Counting.comparisons = 0
    assert Counting("https://stranger.example") not in origins
    assert Counting.comparisons < 10


@pytest.mark.parametrize("piece", ["a", "a.", ","])
def test_a_very_long_text_meets_no_pattern_and_no_function(piece: str) -> None:
    asked: list[str] = []
    pattern = re.compile("https://((a|a)*|(a.|a.)*|(,|,)*)b")  # would take for ever

    def note(origin: str) -> bool:
        asked.append(origin)
        return True

    assert not Origins.parse([pattern, note]).admit(f"https://{piece * 10**6}")
    assert asked == []


# Risks with credentials ----------------------------------------------------------------------------------------------


def public_suffixes(known: set[str]) -> types.ModuleType:
    """Make a stand-in for the package, which knows a few."""
    package = types.ModuleType("publicsuffixlist")
    vars(package)["PublicSuffixList"] = lambda: types.SimpleNamespace(is_public=known.__contains__)
    return package


def risks(value: object) -> list[str]:
    return list(Origins.parse(value).risks_with_credentials())


@pytest.mark.parametrize(
    ("value", "risky"),
    [
        pytest.param("http://app.example", "http", id="plain http"),
        pytest.param("http://app.example:8080", "http", id="plain http on a port"),
        pytest.param("http://app.example:*", "http", id="plain http on any port"),
        pytest.param("http://*.app.example", "http", id="plain http on subdomains"),
        pytest.param("http://127.0.0.1.app.example", "http", id="a host that only begins like this machine"),
        pytest.param("http://notlocalhost", "http", id="a host that only ends like this machine"),
        pytest.param("http://localhost.app.example", "http", id="a host that only begins like localhost"),
        pytest.param("http://[::11]", "http", id="another IPv6 address"),
        pytest.param("https://app.example", "", id="https"),
        pytest.param("https://*.app.example", "", id="https on subdomains"),
        pytest.param("http://localhost", "", id="localhost"),
        pytest.param("http://localhost:3000", "", id="localhost on a port"),
        pytest.param("http://localhost:*", "", id="localhost on any port"),
        pytest.param("http://app.localhost:*", "", id="below localhost"),
        pytest.param("http://*.localhost", "", id="anything below localhost"),
        pytest.param("http://127.0.0.1:5000", "", id="this machine by its number"),
        pytest.param("http://[::1]", "", id="this machine by its IPv6 number"),
        pytest.param("http://[::1]:*", "", id="this machine by its IPv6 number, any port"),
        pytest.param("https://*.com", "anyone can register", id="a top-level domain"),
        pytest.param("https://*.com:8443", "anyone can register", id="a top-level domain on a port"),
        pytest.param("https://*.com:*", "anyone can register", id="a top-level domain on any port"),
        pytest.param("^http://app[.]example$", "", id="a pattern, of which nothing is known"),
    ],
)
@pytest.mark.parametrize("installed", [False, True], ids=["without the list", "with the list"])
def test_an_entry_is_risky_with_credentials(
    value: str, risky: str, installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "publicsuffixlist", public_suffixes({"com", "localhost"}) if installed else None)
    found = risks(value)
    assert len(found) == bool(risky)
    assert all(sentence.startswith(repr(value)) and risky in sentence for sentence in found)


def test_two_risks_of_one_entry_are_two_sentences_and_entries_come_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    assert [(s.split()[0], "https" in s) for s in risks(["http://z.example", "http://*.com"])] == [
        ("'http://*.com'", True),
        ("'http://*.com'", False),
        ("'http://z.example'", True),
    ]


@pytest.mark.parametrize(
    ("value", "with_the_list", "without"),
    [
        pytest.param("https://*.co.uk", True, False, id="a suffix of two labels"),
        pytest.param("https://*.github.io", True, False, id="a site where anyone gets a name"),
        pytest.param("https://*.xn--q9jyb4c", True, True, id="a Unicode top-level domain"),
        pytest.param("https://*.example.com", False, False, id="a domain of one's own"),
    ],
)
def test_the_public_suffix_list_is_asked_where_it_is_installed(
    value: str, with_the_list: bool, without: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bool(risks(value)) == with_the_list
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    assert bool(risks(value)) == without


# Said to the letter ---------------------------------------------------------------------------------------------------

FORMS = (
    "must be a string, a compiled re.Pattern of text, a function (not async) of one origin, or an iterable of these; "
    'write for example origins=["https://app.example"]'
)


@pytest.mark.parametrize(
    ("written", "remark"),
    [
        pytest.param("null", "'null' is the origin of every sandboxed page, of anybody; remove it", id="null"),
        pytest.param(
            "https://x+",
            "'https://x+' can never match: a regular expression as text is not taken for one; "
            "write re.compile(...) around it",
            id="a regular expression",
        ),
        pytest.param(
            "X.example",
            "'X.example' can never match: an origin has a scheme; write 'https://X.example'",
            id="no scheme, and a first letter that stays",
        ),
        pytest.param(
            "https://a*.example",
            "'https://a*.example' can never match: the two wildcards are 'https://*.example.com' and "
            "'http://localhost:*'",
            id="a wildcard elsewhere",
        ),
        pytest.param(
            "https://a.example/path",
            "'https://a.example/path' can never match: an origin is scheme, host and port, with no path or user; "
            "write for example 'https://app.example'",
            id="a path",
        ),
    ],
)
def test_a_remark_says_what_is_wrong_and_what_to_write(written: str, remark: str) -> None:
    assert Origins.parse([written]).remarks == (remark,)


def test_every_entry_of_a_wrong_form_is_named() -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{FORMS}; 1 is none of them; {FORMS}; 2 is none of them')}$"):
        Origins.parse([1, 2])


def test_a_pattern_that_does_not_compile_is_answered_with_the_remedy() -> None:
    remedy = r"write a backslash before a character that stands for itself, as in r'\('"
    with pytest.raises(ValueError, match=f"{re.escape(f'; {remedy}')}$"):
        Origins.parse("^(")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        pytest.param("ws://a.example:80", "ws://a.example", id="ws"),
        pytest.param("wss://a.example:443", "wss://a.example", id="wss"),
    ],
)
def test_the_default_port_of_a_web_socket_is_left_out(written: str, sent: str) -> None:
    assert Origins.parse([written]).exact == {sent}
