"""Which origins a policy allows: how they may be written, what is corrected, and that no near miss of one passes."""

import ast
import functools
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any
from unittest import mock

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.cli.advice import credential_risks
from flask_cors.origins import AllowedOrigins, is_origin
from tests.tables import examples, lines, table, words

parse = AllowedOrigins.parse

APP, API, B = "https://app.example.com", "https://api.example.com", "https://b.example"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
UNICODE = words("""
    bücher.example BÜCHER.example bu\u0308cher.example faß.de βόλος.βόλος ΒΌΛΟΣ.ΒΌΛΟΣ 例え.テスト ﾃｽﾄ.jp
    \uff21\uff42.example उदाहरण.परीक्षा مثال.إختبار İstanbul.example ﬃ.example \u212a.example \U0001d400pp.example
    例え\u3002jp 例え\uff0ejp 例え\uff61jp ශ්\u200dරී.com J\u030c.example
""")

LETTERS = words("äöüß éñçøå αβγδεζηθικλμ νξοπρςστυφχψω абвгдежзийклмно прстуфхцчшщъыьэюя")


is_app = APP.__eq__


async def is_app_later(origin: str) -> bool:
    return origin == APP


AllowedLater = type("AllowedLater", (), {"__call__": is_app_later})


def warning(value: object) -> str:
    (sentence,) = parse(value).warnings
    return sentence


def remedy(sentence: str) -> Any:
    """Evaluate what a message says to write, as a user would paste it into a program."""
    text = re.sub(".*for example ", "", sentence.rpartition("write ")[2])
    if text.startswith("re.compile("):
        return re.compile(ast.literal_eval(text.removeprefix("re.compile(").removesuffix(")")))
    return ast.literal_eval(text)


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
    app://a,b App://a app:a file:///x app://a: app://a:65536 app://a:00 https://a:080 app://ü https://[::1 https://[::A]
    http://a:80 https://a:443 ws://a.b:80 wss://[::1]:443
""")
NO_ORIGINS += ["", "null\n", "https://a.example\n", "https://a https://b", "app://a b", "app://a\x00"]
LONGEST = ["https://" + "a" * 292, "app://" + "a" * 294]


def test_an_origin_as_programs_send_it_is_one_and_any_other_text_is_not() -> None:
    assert [value for value in ORIGINS + SHELLS + LONGEST if not is_origin(value)] == []
    assert [value for value in [*NO_ORIGINS, *(one + "a" for one in LONGEST)] if is_origin(value)] == []
    for start in ("https://a:", "app://a:"):
        ports = [*range(0, 65_000, 7), *range(65_000, 66_000), 99_999]
        assert [port for port in ports if is_origin(f"{start}{port}")] == [port for port in ports if port < 65_536]


BELOW = [APP, "https://a.b.c.example.com"]
NOT_BELOW = words(f"https://example.com https://.example.com http://app.example.com {APP}:8443 https://x.evil.com")
NOT_LOCAL = words("https://localhost http://a.localhost:1 http://localhost: http://localhost:* http://localhost:65536")
MIXED = [is_app, "http://b", re.compile("https://c"), "https://*.d"]
TEXTS = ["^https://(b|c)$", " ^https://d", APP]
WITH_COMMA = r"^https://a{1,2}$"


@table(
    "value, allowed, denied",
    ("a string is one origin", APP, [APP], [API]),
    ("commas separate", f" {APP} , {API},, ", [APP, API], ["", B]),
    ("a generator", (origin for origin in [APP, API]), [APP, API], [f"{APP},{API}"]),
    ("the wildcard is any origin, and nothing else", "*", [APP, "null", EXTENSION], ["", "anything", f"{APP}\n"]),
    ("the wildcard among others", [APP, " *"], [API], [""]),
    ("an empty string", "", [], [APP, ""]),
    ("any subdomain at any depth, not the domain itself", "https://*.example.com", BELOW, NOT_BELOW),
    ("any port, and none", "http://localhost:*", ["http://localhost", "http://localhost:65535"], NOT_LOCAL),
    ("both wildcards", "https://*.example.com:*", [APP, f"{APP}:1"], ["https://example.com:1", "http://a.example.com"]),
    ("a pattern matches whole", re.compile("https://[ab]"), ["https://a"], ["https://c", "https://a.b", "xhttps://a"]),
    ("a pattern gets origins only", re.compile("(?i)HTTPS://A|.*\n"), ["https://a"], ["HTTPS://A", "https://b\n"]),
    ("a string with ^ is a pattern with commas", WITH_COMMA, ["https://aa"], ["https://aaa", "https://a{1"]),
    ("also after white space", f"\n{WITH_COMMA}", ["https://aa"], ["https://aaa", "https://a{1"]),
    ("strings with ^ in a list", TEXTS, ["https://b", "https://d", APP], ["https://e"]),
    ("a function", is_app, [APP], [API]),
    ("all kinds mixed", MIXED, [APP, "https://x.d"], [API, "https://b"]),
    *((f"the shell {origin}", [origin], [origin], [f"{origin}x", f"x{origin}", APP]) for origin in SHELLS),
)
def test_the_option_may_be(value: object, allowed: list[str], denied: list[str]) -> None:
    origins = parse(value)
    assert [origin for origin in allowed if not origins.allow(origin)] == []
    assert [origin for origin in denied if origins.allow(origin)] == []
    assert origins.warnings == ()


SHORT = words(
    "HTTPS://app.example https://App.EXAMPLE/ https://app.example/* https://app.example:443 https://app.example:"
)


@lines(
    "written, corrected",
    r"""
    http://app.example:080        http://app.example
    https://app.example:08443     https://app.example:8443
    ws://a.example:80             ws://a.example
    HTTPS://*.App.example:443/*   https://*.app.example
    https://*.ü.example:*         https://*.xn--tda.example:*
    http://0xFF000000             http://255.0.0.0
    http://0177.0.0.1.            http://127.0.0.1
    http://[0:0:0:0:0:0:0:1]:80   http://[::1]
    http://[::FFFF:1.2.3.4]       http://[::ffff:102:304]
    http://[1:0:0:2:0:0:0:3]:*    http://[1:0:0:2::3]:*
    file:///                      file://
""",
    *((text, text, "https://app.example") for text in SHORT),
    *((f"white space: {text!r}", text, APP) for text in (f" {APP}", f"{APP}\n", f"\t{APP} ")),
    ("a number in wide digits", "http://\uff12130706433", "http://127.0.0.1"),
)
def test_an_origin_whose_meaning_is_plain_is_corrected(written: str, corrected: str) -> None:
    origins = parse([written])
    assert origins.exact | origins.wildcards == {corrected}
    assert warning([written]).startswith(f"{written!r} is corrected to {corrected!r}: browsers send ")
    assert "white space" in warning([written])
    assert parse([remedy(warning([written]))]).warnings == ()


def test_an_origin_as_programs_send_it_is_not_corrected() -> None:
    ports = ["http://app.example:443", "https://app.example:80", "https://app.example:0", f"{EXTENSION}:80"]
    for written in [*ports, *ORIGINS[:7]]:
        assert parse([written]) == AllowedOrigins((written,), False, frozenset([written]))


def test_a_unicode_host_is_written_as_browsers_write_it() -> None:
    """UTS 46, with the letters that IDNA 2008 brought back."""
    for host in [*UNICODE, *(f"example.{word}" for word in LETTERS), *(f"{word.upper()}.example" for word in LETTERS)]:
        expected = idna.encode(host, uts46=True, transitional=False).decode()
        assert parse([f"https://{host}"]).exact == {f"https://{expected}"}


def test_an_item_with_several_origins_is_split_and_an_empty_one_and_null_are_named() -> None:
    for text in (f"{APP}, {API},", f"{APP} {API}", f"{APP},\n{API}/"):
        origins = parse([text])
        assert origins.exact == {APP, API}
        assert origins.warnings[0].startswith(f"{text!r} is one item with several origins and is split; write [")
        assert parse(remedy(origins.warnings[0])).exact == {APP, API}
    for joined in (r"^https://a\.example$, ^https://b\.example$", rf"^https://a\.example$,{B}"):
        assert parse(remedy(warning(joined))).allow(B)
    unset = "(perhaps an environment variable is not set)"
    assert warning([APP, ""]) == f"'' is empty and matches no origin {unset}; remove it"
    assert warning(" null ") == "'null' is the origin of every sandboxed page, so any site can have it; remove it"
    assert parse(["null", APP]).allow("null")


EVIL = words(
    "https://evil.test https://evilexample.com https://xexample.com http://192.168.a.com:3000 https://shop-a.evil-team.vercel.app"
)
PRIVATE = words("localhost:3000 127.0.0.1:5500 0.0.0.0:5 10.0.0.1:8080 [::1]:3000")
WITHOUT_PORT = words("localhost 127.0.0.1 192.168.0.5 172.31.0.1 [::1] myhost.local")
APP_EXAMPLE = words("""
    App.example //app.example app.example/path https:/app.example https://app.example/api/* https://app.example/(a|b)
    https://app.example?x https://app.example#x https://app.example, https://app.example" {https://app.example}
    [https://app.example https://app.example] ["app.example"]
""")


# As written, then the page that its author has in mind, then the remedy if it matters.
@lines(
    "written, meant, shown",
    r"""
    172.32.0.1                        https://172.32.0.1              'https://172.32.0.1'
    10.example:8080                   https://10.example:8080         'https://10.example:8080'
    *.app.example                     https://x.app.example           'https://*.app.example'
    localhost:*/                      http://localhost:1              'http://localhost:*'
    http//x                           http://x                        'http://x'
    https://ann:pw@app.example:8443/  https://app.example:8443        'https://app.example:8443'
    https://app .example              https://app.example             'https://app.example'
    file:///index.html                file://                         'file://'
    https://shop-*-team.vercel.app    https://shop-b1-team.vercel.app  re.compile(r"https://shop-[^.:/]*-team\.vercel\.app")
    shop-*.example.com/*              https://shop-1.example.com      re.compile(r"https://shop-[^.:/]*\.example\.com")
    .app.example                      https://x.app.example           'https://*.app.example'
    https://.app.example/             https://x.app.example           'https://*.app.example'
    192.168.*                         http://192.168.1.7:3000         re.compile(r"http://192\.168\.[0-9.]*(:[0-9]+)?")
    10.*                              http://10.1.2.3:3000
    http://10.0.*                     http://10.0.2.3:3000
    http://localhost*                 http://localhost:3000           'http://localhost:*'
    http://127.0.0.1.*                http://127.0.0.1:5000           'http://127.0.0.1:*'
    https:\/\/(.)*\.b\.example         https://a.b.example             re.compile(r"https://(.)*\.b\.example")
    localhost:30*                     http://localhost:3000           re.compile(r"http://localhost:30[^.:/]*")
    https?://\w*\.?example\.com:?\d*/?.*  http://a.example.com:1    re.compile(r"https?://(.+\.)?example\.com(:\d+)?")
    https://*example.com              https://a.b.example.com         re.compile(r"https://([^:/]+\.)?example\.com")
    *://app.example                   http://app.example
    https://*.*.example.com           https://a.b.example.com
    http://192.168.*.*:3000           http://192.168.1.5:3000         re.compile(r"http://192\.168\.[0-9.]*\.[0-9.]*:3000")
    https://app.example:30*           https://app.example:3001
    chrome-extension://*              chrome-extension://abc
    .*\.example\.com                  https://app.example.com         re.compile(r"https://.*\.example\.com")
    https?://x                        http://x                        re.compile(r"https?://x")
    https://shop-.*.example.com       https://shop-1.example.com
    /^https:\/\/.*\.example\.com$/i   https://x.example.com           re.compile(r"https://.*\.example\.com$")
    https?://*.example.com$           http://a.example.com            re.compile(r"https?://[^:/]+\.example\.com$")
    http(s)?://*.example.(com|net):*  https://a.example.net:1
    (http|https)://(*.)?example.com   http://a.example.com
    https://*.example.com|https://*.example.org  https://a.example.org
    app.example|b.example             https://b.example               re.compile(r"https://(app\.example|b\.example)")
    (localhost|devbox)                http://devbox:3000              re.compile(r"http://(localhost|devbox)(:[0-9]+)?")
    re.compile(r"https://.*\.b.example")  https://a.b.example         re.compile(r"https://.*\.b\.example")
    https://app-[0-9a-f]{8}.b.example  https://app-0123cdef.b.example
    "https://a.example"               https://a.example               'https://a.example'
""",
    *((text, text, f"http://{text}", f"'http://{text}'") for text in PRIVATE),
    *((text, text, f"http://{text}:5173", f"'http://{text}:*'") for text in WITHOUT_PORT),
    *((text, text, "https://app.example", "'https://app.example'") for text in APP_EXAMPLE),
)
def test_the_remedy_for_what_can_never_match_allows_what_is_meant(written: str, meant: str, shown: str) -> None:
    origins = parse([written])
    assert origins == AllowedOrigins((written,), False, warnings=(warning([written]),))
    assert warning([written]).startswith(f"{written!r} can never match: ")
    assert warning([written]).endswith(f"; write {shown}" * bool(shown))
    mended = parse([remedy(warning([written]))])
    assert mended.allow(meant)
    assert mended.warnings == ()
    assert [other for other in EVIL if mended.allow(other)] == []


def test_a_json_list_or_one_with_semicolons_becomes_a_string_with_commas() -> None:
    for text in ('["https://a.example","https://b.example"]', " [ 'https://a.example', 'https://b.example' ]\n"):
        assert parse(text).entries == (text,)
        assert "it is JSON as text" in warning(text)
        assert parse(remedy(warning(text))).exact == {"https://a.example", B}
    many = [f"https://tenant{number}.example" for number in range(40)]
    assert parse(remedy(warning(";".join(many)))).exact == {*many}
    assert parse(remedy(warning("app.example;localhost:1"))).exact == {"https://app.example", "http://localhost:1"}


EVERY_SITE = words('https?://* https://* ** *.com *://* http://*:* https://*.* re.compile("https?://.+")')


@lines(
    "text, reason",
    r"""
    .*                as a pattern it would allow every site; that is '*', and not possible with credentials
    https://[a-z]*app.example      as a pattern it would allow 'https://evilapp.example' too
    https://{app;api}.example.com  as a pattern it would match no page
    https://a.example|b.example    as a pattern it would match no page
    https://([\w-]+\.?)+example\.com  as a pattern it would match no page, or take very long
""",
    *((text, text, "as a pattern it would allow every site") for text in EVERY_SITE),
    *((text, text, "it is not an origin") for text in words('NULL None any /api/* / ( ""')),
)
def test_what_stands_for_every_site_or_for_no_page_becomes_no_pattern(text: str, reason: str) -> None:
    assert warning([text]).startswith(f"{text!r} can never match: {reason}")
    assert remedy(warning([text])) == "https://app.example"


INVALID = words(r"""
    http://256.0.0.1 http://1.2.3.4.5 http://1..2 http://09 http://[::1::2] https://a..b https:// https://a:65536 https://a:http
    https://( https://a.* foo.*:80 https://[[a https://a%20b
""")
INVALID += [*words("https://\uff0a.example http://localhost\uff1a\uff0a")]
INVALID += ["https://a\u200bb.example", "https://a\ufeff.b", "https://" + "a." * 200, "https://" + "(a*)*" * 100]


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_host_or_port_that_cannot_be_gets_the_rules_and_an_example() -> None:
    for written in words("http://*.1.2.3.4 http://*.168.1 http://*.1:* https://*.[::1]"):
        assert "can never match: an IP address has no subdomains; write" in warning([written])
        assert not parse([written]).wildcards
    for written in INVALID:
        begin = f"{written!r} can never match: its host or its port is invalid (a port is at most 65535, "
        assert warning([written]).startswith(begin)
        assert parse(remedy(warning([written]))).warnings == ()
        assert not parse([written]).allow(written)


TYPES = (
    "must be a string, a compiled re.Pattern of text, a function (not async) of one origin, or an iterable of these; "
    'write for example origins=["https://app.example"]'
)


def mistakes(value: object) -> tuple[str, ...]:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(value)
    return caught.value.args


def test_every_entry_of_another_type_is_shown_with_the_rule_in_one_error() -> None:
    wrong: list[Any] = [5, True, b"https://a", None, re.compile(b"https://a"), is_app_later, AllowedLater()]
    wrong += [functools.partial(is_app_later), [APP]]
    messages = [f" {TYPES}; {entry!r} is not one of these" for entry in wrong]
    messages[3] += " (perhaps an environment variable is not set)"
    assert mistakes([APP, *wrong]) == tuple(messages)
    assert [mistakes(entry) for entry in wrong[:-1]] == [(message,) for message in messages[:-1]]


def test_every_pattern_that_does_not_compile_is_shown_with_the_reason_and_a_remedy() -> None:
    broken = ["^(", "^a**", "^[z-a]", "^a{1," + "9" * 20 + "}", "^" + "(" * 5000 + ")" * 5000]
    for text, message in zip(broken, mistakes(broken), strict=True):
        assert message.startswith(f": {text!r} is not a valid regular expression: ")
        assert message.endswith(r"; write a backslash before a character that stands for itself, as in r'\('")


def test_functions_come_last_in_turn_and_get_only_origins() -> None:
    functions = [mock.Mock(return_value=result) for result in (False, True, True)]
    origins = parse([*functions, APP, "https://*.example.org", "^https://b$"])
    assert all(map(origins.allow, [APP, "https://a.example.org", "https://b"]))
    assert not any(map(origins.allow, ["", "x", f"{API}\n", "https://" + "a" * 300, f"https://{'a.' * 10**6}"]))
    assert origins.allow("null")
    assert [function.call_args_list for function in functions] == [[mock.call("null")]] * 2 + [[]]


def lookup(origin: str) -> Any:
    return {APP: 1, API: "yes"}.get(origin)


@table("origin, result", ("a number", APP, "1"), ("a text", API, "'yes'"), ("nothing", B, "None"))
def test_a_function_that_returns_anything_but_a_bool_is_an_error_that_names_it(origin: str, result: str) -> None:
    for function, name in ((lookup, "lookup"), (functools.partial(lookup), r"functools.partial\(.*lookup.*\)")):
        rule = f"origins={name} must return True or False; for '{origin}' it returned {result}"
        with pytest.raises(TypeError, match=f"^{rule}$"):
            parse(function).allow(origin)


EVERYONE = words(r"""
    * ^.*$ ^(?i:HTTPS?)://.*$ ^https?://[\w.]+ ^.+\.[a-z]{2,3} ^http://.* ^https://\w+\.\w+ ^https://[a-z0-9-]+\.[a-z]{4,}
    ^https?://([a-z0-9]+\.)+[a-z]+(:\d+)? ^https://[^.]+\.com|https://[^.]+\.net ^https://[^.]+\.(co\.uk|org\.uk)
    ^https://([a-z]\.)(com|org) ^https://\d+\.com ^https://[a-z]+-[a-z]+\.dev ^https://[a-z]{8,}\.io ^https?://.*:3000
    ^https?://.*:(3000|8080) ^https?://[^/]+:300\d ^https?://.+:[38]000 ^https?://[^/:]+:\d{2} ^https?://.+:4\d\d\d
    ^https://www\.[^.]+\.de ^https://\w+\.\w+\.\w+\.fr ^(null|https?://.+\..+) ^https://shop\.example|https://.*\.shop
    ^https://[a-z]+\.de:\d+
""")
NOT_EVERYONE = words(r"""
    ^https://([a-z0-9-]+\.)*example\.com ^https://shop-[^.]*-team\.vercel\.app ^https://[a-z0-9-]+\.vercel\.app
    ^http://localhost:\d+ ^https?://(.+\.)?localhost(:\d+)? ^http://192\.168\.\d+\.\d+(:\d+)?
    ^https://(evil|x)\.(com|net|org|de) ^https://(www\.)?(163|360)\.com ^chrome-extension://.*
    ^(https?://(.*\.)?example\.com(:\d+)?|null) ^ https://*.com http://localhost:* null
""")


def test_any_origin_is_recognised_in_a_pattern_that_allows_unrelated_domains_and_in_no_other() -> None:
    assert [value for value in EVERYONE if not parse([APP, value]).matches_any_origin] == []
    assert [value for value in [*NOT_EVERYONE, is_app, []] if parse(value).matches_any_origin] == []


@pytest.mark.usefixtures("ten_seconds")
def test_a_pattern_with_many_numbers_is_judged_quickly() -> None:
    hosts = "|".join(rf"https?://shop{number}\.example\.com(?::[0-9]+)?" for number in range(300))
    assert not parse(re.compile(hosts)).matches_any_origin


@pytest.fixture
def ten_seconds() -> Iterator[None]:
    """End the test after ten seconds of the processor: a pattern could go on for hours, and no test would fail."""

    def stop(*_: object) -> None:
        raise TimeoutError("this takes more than ten seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.usefixtures("ten_seconds")
def test_a_pattern_that_takes_exponential_time_is_tried_in_bounded_time() -> None:
    assert not parse(r"^https://([\w-]+\.?)+example\.com").matches_any_origin


ENDS = [*"/?# \n", ".", "\x00", "%00", ".evil.test", "@evil.test", ":80", ":8443", ", https://a"]
origins_with_ends = st.builds("https://xn--a.{}{}".format, st.sampled_from(["b", "com"]), st.sampled_from(ENDS))
PIECES = [
    *r"\|()[]*+?{}^$.:/;,-@'" + '\x00ü"',
    *words(r"https:// // *. .* \. \d localhost 10.1 app example.com {2} (?: [^/]"),
]
patterns = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
any_texts = st.text(max_size=40) | st.text("ahtps:/.*,@%\\ \t\r\n\x00[('\"^0x9Aü", max_size=40)


@given(origins_with_ends | any_texts | patterns)
@examples(r"https://\.*app", r"https?://\w*\.*example.com", r"https://.*app.example\.*")
def test_any_text_is_parsed_and_what_the_message_says_to_write_needs_no_other(text: str) -> None:
    try:
        origins = parse([text])
    except ValueError:
        assert text.strip().startswith("^")
        return
    corrected = parse(origins.exact | origins.wildcards)
    assert corrected.warnings == () or "null" in corrected.exact
    assert (corrected.exact, corrected.wildcards) == (origins.exact, origins.wildcards)
    assert all(map(is_origin, origins.exact))
    for sentence in [one for one in origins.warnings if " can never match: " in one]:
        mended = parse(remedy(sentence))
        assert (mended.warnings, mended.matches_any_origin, list(credential_risks(origins))) == ((), False, [])
        assert [other for other in EVIL if "evil" not in text and mended.allow(other)] == []


@pytest.mark.usefixtures("ten_seconds")
@pytest.mark.parametrize("piece", ["a", "a.", "*", "ü", "(a", "0", "https://a,", "[", "a:/", "@", "\n"])
def test_a_very_long_text_is_parsed_and_denied_in_bounded_time(piece: str) -> None:
    pattern = re.compile("https://((a|a)*|(a.|a.)*|(,|,)*)b")  # would take exponential time
    for text in (piece * 10**4, f"https://{piece * 10**4}"):
        assert not parse([text, pattern]).allow(text)


INSECURE = words("""
    http://app.example http://app.example:8080 http://app.example:* http://*.app.example http://127.0.0.1.app.example
    http://notlocalhost http://localhost.app.example http://[::11]
""")
OPEN = ["https://*.com", "https://*.com:8443", "https://*.com:*", "https://*.xn--q9jyb4c"]
SAFE = words("""
    https://a.example https://*.a.example http://localhost:3000 http://localhost:* http://a.localhost:* http://*.localhost
    http://127.0.0.1:5000 http://[::1]:* ^http://app[.]example$ https://com
""")


def risks(value: object) -> list[str]:
    return list(credential_risks(parse(value)))


@pytest.mark.parametrize("with_list", [True, False], ids=["with the list", "without the list"])
def test_each_risk_with_credentials_is_one_sentence(with_list: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_list:
        monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    for value in INSECURE:
        why = f"others on the network can change it; write 'https{value[4:]}'"
        assert risks(value) == [f"{value!r} with credentials: {why}"]
    for value in OPEN:
        why = f"anyone can get a name below {value[10:].partition(':')[0]!r}; write your own domain"
        assert risks(value) == [f"{value!r} with credentials: {why}"]
    assert remedy(*risks("http://app.example:443")) == "https://app.example"
    assert [value for value in SAFE + SHELLS if risks([value])] == []
    subjects = [sentence.split()[0] for sentence in risks(["http://z.example", "http://*.com"])]
    assert subjects == ["'http://*.com'", "'http://*.com'", "'http://z.example'"]
    assert [bool(risks(value)) for value in ("https://*.co.uk", "https://*.vercel.app:*")] == [with_list] * 2
