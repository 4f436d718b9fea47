"""Which origins a policy allows: how they may be written, what is corrected, and that no near miss of one passes."""

import ast
import functools
import ipaddress
import re
import sys
import time
import timeit
from typing import Any

import idna
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_cors.origins import ANY_ORIGIN, AllowedOrigins, OriginRule, is_origin
from tests import strategies
from tests.entries import KINDS, near_misses

APP = "https://app.example.com"
API = "https://api.example.com"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
UNICODE = """
    bücher.example BÜCHER.example bu\u0308cher.example faß.de βόλος.βόλος ΒΌΛΟΣ.ΒΌΛΟΣ 例え.テスト ﾃｽﾄ.jp
    \uff21\uff42.example उदाहरण.परीक्षा مثال.إختبار İstanbul.example ﬃ.example \u212a.example \U0001d400pp.example
    例え\u3002jp 例え\uff0ejp 例え\uff61jp
"""


def words(text: str) -> list[str]:
    return text.split()


def cases(text: str) -> list[Any]:
    """Read a table: a line a case, which is its own id, with columns two or more spaces apart."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    return [pytest.param(*row, id=" ".join(row)) for row in rows]


def is_app(origin: str) -> bool:
    return origin == APP


async def is_app_later(origin: str) -> bool:
    return origin == APP


class Allowed:
    def __call__(self, origin: str) -> bool:
        return origin == APP


class AllowedLater:
    async def __call__(self, origin: str) -> bool:
        return origin == APP


def warning(value: object) -> str:
    (sentence,) = AllowedOrigins.parse(value).warnings
    return sentence


def remedy(sentence: str) -> Any:
    """Evaluate what a message says to write, as a user would paste it into a program."""
    text = sentence.rpartition("write ")[2].removeprefix("for example ")
    if text.startswith("re.compile("):
        return re.compile(ast.literal_eval(text.removeprefix("re.compile(").removesuffix(")")))
    return ast.literal_eval(text)


# The grammar of an origin --------------------------------------------------------------------------------------------

ORIGINS = words("""
    https://app.example http://localhost:3000 http://127.0.0.1 http://[::1]:8080 https://a_b.example https://app.example.
    https://xn--fa-hia.example wss://a.example null
""")
SHELLS = words("""
    app://. app://obsidian.md app://Obsidian.md capacitor://localhost ionic://localhost tauri://localhost file://
    moz-extension://3b1c5d9a-7a51-4a0f-9ab1-0f6a0c1c2d3e x-a.b+c://a:80
""")
SHELLS.append(EXTENSION)
NO_ORIGINS = words("""
    * app.example https:// https://. http://.app.example https://a..example Null https://a.example/ https://A.example ://a
    https://a.example: https://a.example:100000 https://ü.a https://a.example:٣ https://a%2f.example https://a~ app://a/b
    app://a,b App://a app:a file:///x app://a: app://a:65536 app://ü https://[::1 https://[::A]
""")
NO_ORIGINS += [
    "",
    "null\n",
    "https://a.example\n",
    "https://a https://b",
    "app://a b",
    "app://a\x00",
    "https://" + "a" * 293,
]
LONGEST = ["https://" + "a" * 292, "app://" + "a" * 294]


@pytest.mark.parametrize("value", ORIGINS + SHELLS + LONGEST)
def test_an_origin_as_programs_send_it_is_one(value: str) -> None:
    assert is_origin(value)


@pytest.mark.parametrize("value", NO_ORIGINS, ids=lambda value: repr(value[:40]))
def test_any_other_text_is_not_an_origin(value: str) -> None:
    assert not is_origin(value)


def test_ports_go_to_65535() -> None:
    for start in ("https://a:", "app://a:"):
        assert [port for port in range(100_000) if is_origin(f"{start}{port}")] == [*range(65536)]


# Every form of the option --------------------------------------------------------------------------------------------

FORMS: list[tuple[str, Any, list[str], list[str]]] = [
    ("a string is one origin", APP, [APP], [API]),
    ("commas separate", f" {APP} , {API},, ", [APP, API], ["", "https://b.example"]),
    ("a list", [APP, API], [APP, API], [f"{APP},{API}"]),
    ("a set", {APP, API}, [APP, API], ["https://b.example"]),
    ("a generator", (origin for origin in [APP, API]), [APP, API], ["https://b.example"]),
    ("the wildcard is any origin, and nothing else", "*", [APP, "null", EXTENSION], ["", "anything", f"{APP}\n"]),
    ("the wildcard among others", [APP, " *"], [API], [""]),
    ("an empty string", "", [], [APP, ""]),
    ("an empty list", [], [], [APP, ""]),
    (
        "any subdomain at any depth, not the domain itself",
        "https://*.example.com",
        [APP, "https://a.b.c.example.com"],
        ["https://example.com", "https://.example.com", "http://app.example.com", f"{APP}:8443", "https://x.evil.com"],
    ),
    ("subdomains on one port", "https://*.example.com:8443", [f"{APP}:8443"], [APP, f"{APP}:84430"]),
    (
        "any port, and none",
        "http://localhost:*",
        ["http://localhost", "http://localhost:65535"],
        [
            "https://localhost",
            "http://a.localhost:1",
            "http://localhost:",
            "http://localhost:*",
            "http://localhost:65536",
        ],
    ),
    (
        "both wildcards",
        "https://*.example.com:*",
        [APP, f"{APP}:1"],
        ["https://example.com:1", "http://a.example.com:1"],
    ),
    ("any port of an IPv6 address", "http://[::1]:*", ["http://[::1]:3000"], ["http://[::2]:3000"]),
    ("any port of a shell", "app://localhost:*", ["app://localhost:1"], ["app://localhost.x:1"]),
    ("a pattern matches whole", re.compile("https://[ab]"), ["https://a"], ["https://c", "https://a.b", "xhttps://a"]),
    ("a pattern gets origins only", re.compile("(?i)HTTPS://A|.*\n"), ["https://a"], ["HTTPS://A", "https://b\n"]),
    ("a string with ^ is a pattern with commas", r"^https://a{1,2}$", ["https://aa"], ["https://aaa", "https://a{1"]),
    ("a string with ^ matches whole", "^https://a", ["https://a"], ["https://a.evil.test"]),
    (
        "strings with ^ in a list",
        ["^https://(b|c)$", " ^https://d", APP],
        ["https://b", "https://d", APP],
        ["https://e"],
    ),
    ("a function", is_app, [APP], [API]),
    ("an object that can be called", Allowed(), [APP], [API]),
    ("a partial of a function", functools.partial(is_app), [APP], [API]),
    (
        "all kinds mixed",
        [is_app, "http://b", re.compile("https://c"), "https://*.d"],
        [APP, "https://x.d"],
        [API, "https://b"],
    ),
    *((f"the shell {origin}", [origin], [origin], [f"{origin}x", f"x{origin}", APP]) for origin in SHELLS),
]


@pytest.mark.parametrize(("value", "allowed", "denied"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_the_option_may_be(value: object, allowed: list[str], denied: list[str]) -> None:
    origins = AllowedOrigins.parse(value)
    assert [origin for origin in allowed if not origins.allow(origin)] == []
    assert [origin for origin in denied if origins.allow(origin)] == []
    assert origins.warnings == ()


SINGLES: list[tuple[Any, str | None]] = [(APP, APP), ("HTTPS://App.Example.com/", APP), ([APP, APP, "x"], APP)]
SINGLES += [(value, None) for value in ("*", "http://a:*", [], [APP, API], [APP, is_app], [APP, "*"], ["https://a, *"])]
SINGLES += [(value, None) for value in (re.compile("https://a"), [APP, "^x"], [APP, "https://*.b"], is_app)]


@pytest.mark.parametrize(("value", "single"), SINGLES, ids=[str(row[0]) for row in SINGLES])
def test_the_single_origin_is_known_if_only_one_can_match(value: object, single: str | None) -> None:
    assert AllowedOrigins.parse(value).single == single


def test_what_is_parsed_is_frozen_and_keeps_the_entries_as_written() -> None:
    mine = ["HTTPS://A.example", API]
    origins = AllowedOrigins.parse(mine)
    mine.append(APP)
    assert origins.entries == ("HTTPS://A.example", API)
    assert not origins.allow(APP)
    assert hash(origins) == hash(AllowedOrigins.parse(f" HTTPS://A.example,{API}"))
    assert AllowedOrigins.parse("*") == AllowedOrigins() == ANY_ORIGIN
    for name in origins._fields:
        with pytest.raises(AttributeError):
            setattr(origins, name, ())


# Corrections ---------------------------------------------------------------------------------------------------------

CORRECTED = cases(r"""
    HTTPS://app.example           https://app.example
    https://App.EXAMPLE/          https://app.example
    https://app.example/*         https://app.example
    https://app.example:443       https://app.example
    http://app.example:080        http://app.example
    https://app.example:08443     https://app.example:8443
    https://app.example:          https://app.example
    ws://a.example:80             ws://a.example
    wss://a.example:443           wss://a.example
    HTTP://LOCALHOST:*/           http://localhost:*
    HTTPS://*.App.example:443/*   https://*.app.example
    https://*.ü.example:*         https://*.xn--tda.example:*
    http://0xFF000000             http://255.0.0.0
    http://127.1:80               http://127.0.0.1
    http://0177.0.0.1.            http://127.0.0.1
    http://[0:0:0:0:0:0:0:1]:80   http://[::1]
    http://[::FFFF:1.2.3.4]       http://[::ffff:102:304]
    http://[1:0:0:2:0:0:0:3]:*    http://[1:0:0:2::3]:*
    http://[1:0:2:3:4:5:6:7]/     http://[1:0:2:3:4:5:6:7]
    App://Obsidian.md/            app://Obsidian.md
    file:///                      file://
""")
CORRECTED += [pytest.param(text, APP, id=repr(text)) for text in (f" {APP}", f"{APP}\n", f"\t{APP} ")]
CORRECTED += [pytest.param("http://\uff12130706433", "http://127.0.0.1", id="a number in wide digits")]
AS_IT_IS = [
    "http://app.example:443",
    "https://app.example:80",
    "https://app.example:0",
    f"{EXTENSION}:80",
    *ORIGINS[:7],
]


@pytest.mark.parametrize(("written", "corrected"), CORRECTED)
def test_an_origin_whose_meaning_is_plain_is_corrected(written: str, corrected: str) -> None:
    origins = AllowedOrigins.parse([written])
    assert origins.exact | origins.wildcards == {corrected}
    assert warning([written]).startswith(f"{written!r} is corrected to {corrected!r}: browsers send ")
    assert "white space" in warning([written])
    assert AllowedOrigins.parse([remedy(warning([written]))]).warnings == ()


@pytest.mark.parametrize("written", AS_IT_IS)
def test_an_origin_as_programs_send_it_is_not_corrected(written: str) -> None:
    assert AllowedOrigins.parse([written]) == AllowedOrigins((written,), False, frozenset([written]))


@given(
    st.text(
        [*"abcxyzäöüßéñçøå", *map(chr, range(0x3B1, 0x3CA)), *map(chr, range(0x430, 0x450))], min_size=1, max_size=12
    )
)
def test_a_unicode_host_is_written_as_browsers_write_it(word: str) -> None:
    """UTS 46, with the letters that IDNA 2008 brought back."""
    for host in (f"example.{word}", f"{word.upper()}.example", *UNICODE.split()):
        expected = idna.encode(host, uts46=True, transitional=False).decode()
        assert AllowedOrigins.parse([f"https://{host}"]).exact == {f"https://{expected}"}


PIECES = st.lists(st.sampled_from([0, 0, 0, 1, 0xAB, 0xFFFF]), min_size=8, max_size=8)


@given(PIECES)
def test_an_ipv6_address_is_written_as_the_url_standard_does(pieces: list[int]) -> None:
    text = ":".join(f"{piece:04X}" for piece in pieces)
    (origin,) = AllowedOrigins.parse([f"http://[{text}]"]).exact
    runs = [":".join("0" * size) for size in range(8, 1, -1)]
    plain = ":".join(f"{piece:x}" for piece in pieces)
    longest = next((run for run in runs if f":{run}:" in f":{plain}:"), None)
    start, _, end = f":{plain}:".partition(f":{longest}:")
    short = plain if longest is None else f"{start[1:]}::{end[:-1]}"
    assert origin == f"http://[{short}]"
    assert ipaddress.IPv6Address(short) == ipaddress.IPv6Address(text)
    assert AllowedOrigins.parse([origin]).warnings == ()


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
    st.lists(st.sampled_from(["{}", "0{:o}", "0x{:x}", "0X{:X}"]), min_size=4, max_size=4),
)
def test_an_ipv4_address_is_written_in_decimals(number: int, count: int, forms: list[str]) -> None:
    first = [number >> shift & 0xFF for shift in (24, 16, 8)][: count - 1]
    numbers = [*first, number & (1 << 8 * (5 - count)) - 1]
    host = ".".join(map(str.format, forms, numbers)) if count > 1 else forms[0].format(number)
    assert AllowedOrigins.parse([f"http://{host}"]).exact == {f"http://{ipaddress.IPv4Address(number)}"}


def test_an_item_with_several_origins_is_split() -> None:
    for text in (f"{APP}, {API},", f"{APP} {API}", f"{APP},\n{API}/"):
        origins = AllowedOrigins.parse([text])
        assert origins.exact == {APP, API}
        assert origins.warnings[0].startswith(f"{text!r} is one item with several origins and is split; write [")
        assert AllowedOrigins.parse(remedy(origins.warnings[0])).exact == {APP, API}


def test_an_empty_item_is_named_and_changes_nothing() -> None:
    assert warning(f"{APP},".split(",")) == "'' is empty and matches no origin; remove it"
    assert AllowedOrigins.parse(f"{APP},".split(",")).single == APP


# What can never match ------------------------------------------------------------------------------------------------

# As written, then the page that its author has in mind, then the remedy if it matters.
NEVER = cases(r"""
    localhost:3000                    http://localhost:3000           'http://localhost:3000'
    127.0.0.1:5500                    http://127.0.0.1:5500           'http://127.0.0.1:5500'
    0.0.0.0:5000                      http://0.0.0.0:5000             'http://0.0.0.0:5000'
    192.168.0.5                       http://192.168.0.5              'http://192.168.0.5'
    172.31.0.1                        http://172.31.0.1               'http://172.31.0.1'
    172.32.0.1                        https://172.32.0.1              'https://172.32.0.1'
    10.0.0.1:8080                     http://10.0.0.1:8080            'http://10.0.0.1:8080'
    10.example:8080                   https://10.example:8080         'https://10.example:8080'
    [::1]:3000                        http://[::1]:3000               'http://[::1]:3000'
    myhost.local                      http://myhost.local             'http://myhost.local'
    App.example                       https://app.example             'https://app.example'
    //app.example                     https://app.example             'https://app.example'
    app.example/path                  https://app.example             'https://app.example'
    *.app.example                     https://x.app.example           'https://*.app.example'
    localhost:*/                      http://localhost:1              'http://localhost:*'
    http//x                           http://x                        'http://x'
    https:/app.example                https://app.example             'https://app.example'
    https:app.example                 https://app.example             'https://app.example'
    http://x/app                      http://x                        'http://x'
    https://app.example/api/*         https://app.example             'https://app.example'
    https://app.example/(a|b)         https://app.example             'https://app.example'
    https://app.example?x             https://app.example             'https://app.example'
    https://app.example#x             https://app.example             'https://app.example'
    https://ann:pw@app.example:8443/  https://app.example:8443        'https://app.example:8443'
    https://app .example              https://app.example             'https://app.example'
    https://app.example,              https://app.example             'https://app.example'
    file:///index.html                file://                         'file://'
    capacitor://localhost/app         capacitor://localhost           'capacitor://localhost'
    https://shop-*-team.vercel.app    https://shop-b1-team.vercel.app  re.compile(r"https://shop-[^.:/]*-team\.vercel\.app")
    shop-*.example.com/*              https://shop-1.example.com      re.compile(r"https://shop-[^.:/]*\.example\.com")
    https://*example.com              https://a.b.example.com         re.compile(r"https://([^:/]+\.)?example\.com")
    https://*example.com              https://example.com
    *example.com                      https://example.com
    *://app.example                   http://app.example
    https://*.*.example.com           https://a.b.example.com
    https://app.*.example             https://app.x.example
    http://192.168.*.*:3000           http://192.168.1.5:3000         re.compile(r"http://192\.168\.[0-9]*\.[0-9]*:3000")
    https://app.example:30*           https://app.example:3001
    chrome-extension://*              chrome-extension://abc
    .*\.example\.com                  https://app.example.com         re.compile(r"https://.*\.example\.com")
    https://(a|b).example             https://b.example               re.compile(r"https://(a|b).example")
    https://[ab].example              https://b.example
    https?://x                        http://x                        re.compile(r"https?://x")
    https://shop-.*.example.com       https://shop-1.example.com
    (http|https)://app\.example       http://app.example
    /^https:\/\/.*\.example\.com$/    https://x.example.com           re.compile(r"https:\/\/.*\.example\.com$")
    '["https://a.example"]'           https://a.example               'https://a.example'
    "https://a.example"               https://a.example               'https://a.example'
""")
NEVER = [pytest.param(*(*case.values, "")[:3], id=case.id) for case in NEVER]


@pytest.mark.parametrize(("written", "meant", "shown"), NEVER)
def test_the_remedy_for_an_entry_that_can_never_match_allows_what_is_meant(
    written: str, meant: str, shown: str
) -> None:
    origins = AllowedOrigins.parse([written])
    assert origins == AllowedOrigins((written,), False, warnings=(warning([written]),))
    assert warning([written]).startswith(f"{written!r} can never match: ")
    assert warning([written]).endswith(f"; write {shown}" * bool(shown))
    mended = AllowedOrigins.parse([remedy(warning([written]))])
    assert mended.allow(meant)
    assert mended.warnings == ()
    for other in (
        "https://evil.test",
        "https://evilexample.com",
        "http://192.168.a.com:3000",
        "https://shop-a.evil-team.vercel.app",
    ):
        assert not mended.allow(other)


def test_a_json_list_stays_whole_and_becomes_a_string_with_commas() -> None:
    for text in ('["https://a.example","https://b.example"]', " [ 'https://a.example', 'https://b.example' ]\n"):
        assert AllowedOrigins.parse(text).entries == (text,)
        assert "JSON" in warning(text)
        assert AllowedOrigins.parse(remedy(warning(text))).exact == {"https://a.example", "https://b.example"}


@pytest.mark.parametrize(
    "written", [".*", "https://.*", "https?://.+", "https://*", "**", "/*", "*://*", "http://*:*", "https://*.*"]
)
def test_a_text_that_stands_for_every_site_gets_no_pattern(written: str) -> None:
    assert "as a pattern it would allow every site; write your page's origin" in warning([written])
    assert "re.compile" not in warning([written])


INVALID = words(r"""
    http://256.0.0.1 http://1.2.3.4.5 http://1..2 http://09 http://[::1::2] https://a..b https:// https://a:65536 https://a:http
    https://( https://a.* foo.*:80 ( https://[[a https://a%20b
""")
INVALID += ["https://a\u200bb.example", "https://a\ufeff.b", "https://" + "a." * 200, "https://" + "(a*)*" * 100]


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@pytest.mark.parametrize("written", INVALID, ids=lambda value: value[:30])
def test_a_host_or_port_that_cannot_be_gets_the_rules_and_an_example(written: str) -> None:
    sentence = warning([written])
    assert sentence.startswith(
        f"{written!r} can never match: its host or its port is invalid (a port is at most 65535, "
    )
    assert AllowedOrigins.parse(remedy(sentence)).warnings == ()
    assert not AllowedOrigins.parse([written]).allow(written)


def test_null_is_allowed_if_it_is_listed_with_a_warning() -> None:
    assert AllowedOrigins.parse(["null", APP]).allow("null")
    assert warning(" null ") == (
        "'null' is the origin of every sandboxed page and local file, whoever wrote it; remove it"
    )


# Errors --------------------------------------------------------------------------------------------------------------

TYPES = (
    "must be a string, a compiled re.Pattern of text, a function (not async) of one origin, or an iterable of these; "
    'write for example origins=["https://app.example"]'
)
WRONG = [5, True, b"https://a", None, 1.5, re.compile(b"https://a"), is_app_later, AllowedLater()]
WRONG += [functools.partial(is_app_later), [APP]]


@pytest.mark.parametrize("entry", WRONG, ids=repr)
def test_an_entry_of_another_type_is_shown_with_the_rule(entry: object) -> None:
    message = f" {TYPES}; {entry!r} is not one of these"  # the option's name comes before it
    for value in [[entry]] if entry == [APP] else [entry, [APP, entry]]:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            AllowedOrigins.parse(value)


@pytest.mark.parametrize(
    "text", ["^(", "^a**", "^[z-a]", "^a{1," + "9" * 20 + "}", "^" + "(" * 5000 + ")" * 5000], ids=len
)
def test_a_pattern_that_does_not_compile_is_shown_with_the_reason_and_a_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(f": {text!r} is not a valid regular expression: ")) as caught:
        AllowedOrigins.parse(text)
    assert str(caught.value).endswith(r"; write a backslash before a character that stands for itself, as in r'\('")


def test_all_mistakes_come_in_one_message() -> None:
    with pytest.raises(ValueError, match="not one of these") as caught:
        AllowedOrigins.parse([5, APP, b"x", "^("])
    assert [part in text for part, text in zip(["; 5 is", "; b'x' is", "'^('"], caught.value.args, strict=True)] == [
        True
    ] * 3


# Functions -----------------------------------------------------------------------------------------------------------


def test_functions_come_last_in_turn_and_get_only_origins() -> None:
    calls: list[str] = []

    def record(result: bool, origin: str) -> bool:
        calls.append(f"{origin} {result}")
        return result

    functions = [functools.partial(record, result) for result in (False, True, True)]
    origins = AllowedOrigins.parse([*functions, APP, "https://*.example.org", "^https://b$"])
    assert all(map(origins.allow, [APP, "https://a.example.org", "https://b"]))
    assert not any(map(origins.allow, ["", "x", f"{API}\n", "https://" + "a" * 300, f"https://{'a.' * 10**6}"]))
    assert calls == []
    assert origins.allow("null")
    assert calls == ["null False", "null True"]


@pytest.mark.parametrize("result", [1, 0, None, "yes", "", [APP]], ids=repr)
def test_a_function_that_returns_anything_but_a_bool_is_an_error_that_names_it(result: Any) -> None:
    def lookup(_: str) -> Any:
        return result

    for function, name in ((lookup, r"\S+lookup"), (functools.partial(lookup), "functools.partial.*")):
        message = rf"^origins={name} must return True or False; for '{APP}' it returned {re.escape(repr(result))}$"
        with pytest.raises(TypeError, match=message):
            AllowedOrigins.parse(function).allow(APP)


def test_what_a_function_raises_propagates() -> None:
    with pytest.raises(KeyError):
        AllowedOrigins.parse({}.__getitem__).allow(APP)


# Everyone, in any spelling -------------------------------------------------------------------------------------------

EVERYONE = words(r"""
    * ^.*$ ^(?i:HTTPS?)://.*$ ^https?://[\w.]+ ^.+\.[a-z]{2,3} ^https?://.* ^http://.* ^https://\w+\.\w+
    ^https://[a-z.]+ ^https://[a-z0-9-]+\.[a-z]{4,} ^https?://([a-z0-9]+\.)+[a-z]+(:\d+)?
    ^https://[^.]+\.com|https://[^.]+\.net ^https://[^.]+\.(co\.uk|org\.uk) ^https://([a-z]\.)(com|org)
    ^https://\d+\.com ^https://[a-z]+-[a-z]+\.dev ^https://[a-z]{8,}\.io ^https://www\.[^.]+\.de
    ^https://\w+\.\w+\.\w+\.fr ^http://.*:\d+ ^https?://.*:3000 ^https?://[^:]+ ^(null|https?://.+\..+)
    ^https://shop\.example|https://.*\.shop
""")
NOT_EVERYONE = words(r"""
    ^https://([a-z0-9-]+\.)*example\.com ^https://shop-[^.]*-team\.vercel\.app ^https://[a-z0-9-]+\.vercel\.app
    ^http://localhost:\d+ ^https?://(.+\.)?localhost(:\d+)? ^http://192\.168\.\d+\.\d+(:\d+)?
    ^https://evil\.(com|net|org|de) ^https://(www\.)?evil\.com ^chrome-extension://.*
    ^(https?://(.*\.)?example\.com(:\d+)?|null) ^ https://*.com http://localhost:* null
""")


@pytest.mark.parametrize("value", EVERYONE)
def test_any_origin_is_recognised_in(value: str) -> None:
    assert AllowedOrigins.parse(value).matches_any_origin
    assert AllowedOrigins.parse([APP, value]).matches_any_origin


@pytest.mark.parametrize(
    "value", [*NOT_EVERYONE, pytest.param(is_app, id="a function"), pytest.param([], id="nothing")]
)
def test_any_origin_is_not_suspected_in(value: object) -> None:
    assert not AllowedOrigins.parse(value).matches_any_origin


def test_a_pattern_that_takes_exponential_time_is_tried_in_bounded_time() -> None:
    began = time.process_time()
    assert not AllowedOrigins.parse(r"^https://([\w-]+\.?)+example\.com").matches_any_origin
    assert time.process_time() - began < 10


# Laws ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_near_miss_of_an_allowed_origin_is_allowed(kind: str) -> None:
    entry = KINDS[kind]("https", "shop.example.com", ":8443")
    origins = AllowedOrigins.parse([entry.written])
    assert origins.allow(entry.sample)
    passed = {name for name, attack in near_misses(entry).items() if origins.allow(attack) and not entry.admits(attack)}
    assert passed == set()


def naively_allows(entry: OriginRule, origin: str) -> bool:
    """Compare one entry with one origin, slowly and plainly."""
    if isinstance(entry, re.Pattern):
        return re.match(f"(?:{entry.pattern})\\Z", origin) is not None
    if not isinstance(entry, str):
        return entry(origin)
    if entry.startswith("^"):
        return naively_allows(re.compile(entry), origin)
    (scheme, host, port), (its_scheme, its_host, its_port) = map(apart, (entry, origin))
    below = its_host[: -len(host) + 1] if its_host.endswith(host[1:]) else ""
    same_host = below != "" if host[0] == "*" else host == its_host
    return scheme == its_scheme and same_host and port in ("*", its_port)


def apart(origin: str) -> tuple[str, str, str]:
    scheme, _, rest = origin.partition("://")
    host, _, port = rest.partition(":")
    return scheme, host, "" if (scheme, port) == ("http", "80") and "*" not in rest else port


@example(["https://foo.com", "https://bar.com"], "https://barfoo.com")  # GHSA-vhxv-fg4m-p2w8
@example(["https://*.a.com", "https://a.com"], "https://a.com")
@given(st.lists(strategies.origin_rules, max_size=6), strategies.origins)
def test_the_fast_lookup_allows_what_the_slow_one_does(listed: list[OriginRule], origin: str) -> None:
    as_sent = origin.removesuffix(":80") if origin.startswith("http://") else origin
    assert AllowedOrigins.parse(listed).allow(as_sent) == any(naively_allows(entry, as_sent) for entry in listed)


@given(st.lists(strategies.origin_rules, max_size=6), strategies.hostile_texts)
def test_what_is_not_an_origin_is_denied_by_every_policy(listed: list[OriginRule], text: str) -> None:
    assert is_origin(text) or not AllowedOrigins.parse([*listed, "*"]).allow(text)


@given(
    st.one_of(strategies.hostile_texts, st.text("htps:/.*[(,'\"^@ 0x9Aü"), st.builds("https://{}".format, st.text()))
)
def test_any_text_is_parsed_and_a_correction_needs_no_other(text: str) -> None:
    try:
        origins = AllowedOrigins.parse([text])
    except ValueError:
        assert text.strip().startswith("^")
        return
    corrected = AllowedOrigins.parse(origins.exact | origins.wildcards)
    assert corrected.warnings == () or "null" in corrected.exact
    assert (corrected.exact, corrected.wildcards) == (origins.exact, origins.wildcards)
    assert all(map(is_origin, origins.exact))


@pytest.mark.parametrize("piece", ["a", "a.", "*", "ü", "(a", "0", "https://a,", "[", "a:/", "@", "\n"])
def test_a_very_long_text_is_parsed_and_denied_in_bounded_time(piece: str) -> None:
    pattern = re.compile("https://((a|a)*|(a.|a.)*|(,|,)*)b")  # would take exponential time
    began = time.process_time()
    for text in (piece * 10**4, f"https://{piece * 10**4}"):
        assert not AllowedOrigins.parse([text, pattern]).allow(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("form", ["https://a{}.example", "https://*.a{}.example", "http://a{}:*"])
def test_many_origins_cost_what_one_costs(form: str) -> None:
    def seconds(count: int) -> float:
        origins = AllowedOrigins.parse(map(form.format, range(count)))
        return min(timeit.repeat(lambda: origins.allow("https://other.example"), number=300, repeat=3))

    assert seconds(20_000) < 10 * seconds(1)


# Credentials ---------------------------------------------------------------------------------------------------------

INSECURE = "others on the network can change it; write 'https://"
OPEN = "anyone can get a name below "
RISKS = cases(f"""
    http://app.example                {INSECURE}app.example'
    http://app.example:8080           {INSECURE}app.example:8080'
    http://app.example:*              {INSECURE}app.example:*'
    http://*.app.example              {INSECURE}*.app.example'
    http://127.0.0.1.app.example      {INSECURE}127.0.0.1.app.example'
    http://notlocalhost               {INSECURE}notlocalhost'
    http://localhost.app.example      {INSECURE}localhost.app.example'
    http://[::11]                     {INSECURE}[::11]'
    https://*.com                     {OPEN}'com'; write your own domain
    https://*.com:8443                {OPEN}'com'; write your own domain
    https://*.com:*                   {OPEN}'com'; write your own domain
    https://*.xn--q9jyb4c             {OPEN}'xn--q9jyb4c'; write your own domain
""")
SAFE = words("""
    https://a.example https://*.a.example http://localhost:3000 http://localhost:* http://a.localhost:* http://*.localhost
    http://127.0.0.1:5000 http://[::1]:* ^http://app[.]example$ https://com
""")


@pytest.fixture(params=[True, False], ids=["with the list", "without the list"])
def with_list(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    return bool(request.param)


def risks(value: object) -> list[str]:
    return list(AllowedOrigins.parse(value).credential_warnings())


@pytest.mark.usefixtures("with_list")
@pytest.mark.parametrize(("value", "risk"), RISKS)
def test_a_risk_with_credentials_is_one_sentence(value: str, risk: str) -> None:
    assert risks(value) == [f"{value!r} with credentials: {risk}"]


@pytest.mark.usefixtures("with_list")
@pytest.mark.parametrize("value", SAFE + SHELLS)
def test_without_a_risk_there_is_no_sentence(value: str) -> None:
    assert risks([value]) == []


@pytest.mark.usefixtures("with_list")
def test_two_risks_of_one_entry_are_two_sentences_and_entries_come_sorted() -> None:
    subjects = [sentence.split()[0] for sentence in risks(["http://z.example", "http://*.com"])]
    assert subjects == ["'http://*.com'", "'http://*.com'", "'http://z.example'"]


@pytest.mark.parametrize("value", ["https://*.co.uk", "https://*.github.io", "https://*.vercel.app:*"])
def test_a_public_suffix_of_several_labels_is_known_from_the_list(value: str, with_list: bool) -> None:
    assert bool(risks(value)) == with_list
