"""The browser model against the text of the Fetch standard, sentence by sentence.

Expectations come from the standard (https://fetch.spec.whatwg.org/, 21 June 2026), not from the model: tables
repeat its examples, and the properties compare with its algorithms written down naively, step for step.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flask_cors import browser as model
from flask_cors.browser import DIFFERENCES, Browser, Grant, Headers, Outcome, Request, Response
from tests.tables import examples, table, words

APP, API, OTHER = "https://app.example", "https://api.example/items", "https://other.example/items"
ALLOW = "Access-Control-Allow-"
ACAO, ACAC, ACAM, ACAH = (ALLOW + name for name in ("Origin", "Credentials", "Methods", "Headers"))
ACEH, ACMA = "Access-Control-Expose-Headers", "Access-Control-Max-Age"
ACRM, ACRH = "Access-Control-Request-Method", "Access-Control-Request-Headers"
NAMES = {"origin": ACAO, "credentials": ACAC, "methods": ACAM, "headers": ACAH, "expose": ACEH, "max_age": ACMA}
NAMES |= {"location": "Location"}

Pairs = list[tuple[str, str]]
Options = dict[str, Any]

pick = st.sampled_from
HOSTILE = st.text(alphabet=st.characters(max_codepoint=255), max_size=20)


def allow(origin: str | None = "*", status: int = 200, **more: Any) -> Response:
    """Make a response that allows *origin*, with *more* headers by their names in NAMES; a list repeats a header."""
    pairs = [(NAMES[key], value) for key, value in {"origin": origin, **more}.items() if value is not None]
    repeated = ((name, [value] if isinstance(value, str) else value) for name, value in pairs)
    return Response(status, tuple((name, value) for name, values in repeated for value in values))


def moved(to: str | list[str], status: int = 302) -> Response:
    return allow(status=status, location=to)


ANYONE = allow()
TWICE = Response(200, ((ACAO, APP), (ACAO, APP)))
SAFE_METHODS = ("GET", "HEAD", "POST")
EVERYTHING = allow(methods="*", headers="*, Authorization")


class Wire:
    """A network made of a table: what it sends back, and what it was sent; the last response repeats."""

    def __init__(self, *responses: Response, **by_method: Response) -> None:
        self.responses = list(responses)
        self.by_method = by_method

    def __call__(self, request: Request) -> Response:
        if request.method in self.by_method:
            return self.by_method[request.method]
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


def fetch(*responses: Response, url: str = API, origin: str = APP, **options: Any) -> Outcome:
    """One fetch of one page."""
    return Browser(origin, Wire(*(responses or (ANYONE,)))).fetch(url, **options)


def kinds(outcome: Outcome) -> list[str]:
    return [exchange.kind for exchange in outcome.exchanges]


def sent(outcome: Outcome) -> list[tuple[str, str]]:
    return [(exchange.request.method, exchange.request.url) for exchange in outcome.exchanges]


def origins(outcome: Outcome) -> list[str | None]:
    return [model.get_header(exchange.request.headers, "Origin") for exchange in outcome.exchanges]


def blocked_at(outcome: Outcome, step: str) -> str:
    """Assert that *step* blocked the page, and that it got nothing; return the reason."""
    assert (outcome.allowed, outcome.step, outcome.response) == (False, step, None)
    assert outcome.reason
    return outcome.reason


def decided(outcome: Outcome, step: str) -> None:
    """Assert that *step* of the CORS check decided, and that it was a refusal if it is written "no 4"."""
    assert outcome.step == f"#cors-check step {step.removeprefix('no ')}"
    assert outcome.allowed is not step.startswith("no")


# -- Header lists --------------------------------------------------------------------------------------------


@table(
    "values, expected",
    ("a trailing comma makes an empty item", ["nosniff,"], ["nosniff", ""]),
    ("two headers are one list", ["nosniff", ""], ["nosniff", ""]),
    ("an empty header is one empty item", [""], [""]),
    ("no header is null", [], None),
    ("an open quote reaches to the end", ['text/html;", x/x'], ['text/html;", x/x']),
    ("even into the next header", ['text/html;"', "x/x"], ['text/html;", x/x']),
    ("a closed quote does not", ['x/x;test="hi",y/y'], ['x/x;test="hi"', "y/y"]),
    ("commas in a row", ["x / x,,,1"], ["x / x", "", "", "1"]),
    ("a header of a comma", ["x / x", ",", "1"], ["x / x", "", "", "1"]),
    ("commas in quotes", ['"1,2"', "3"], ['"1,2"', "3"]),
)
def test_get_decode_and_split(values: list[str], expected: list[str] | None) -> None:
    """#example-header-list-get-decode-split, the standard's own table."""
    lines = [pair for value in values for pair in [("A", value), ("D", "sniff")]]
    value = model.get_header(lines, "a")
    assert (None if value is None else model.split_value(value)) == expected


def naive_split(value: str) -> list[str]:
    """Get, decode, and split with a position variable, as written in the standard."""
    position, values, temporary = 0, [], ""
    while True:
        while position < len(value) and value[position] not in '",':
            temporary, position = temporary + value[position], position + 1
        if position < len(value) and value[position] == '"':
            start, position = position, position + 1
            while position < len(value):
                char, position = value[position], position + 1
                if char == "\\":
                    position += position < len(value)
                elif char == '"':
                    break
            temporary += value[start:position]
            if position < len(value):
                continue
        values.append(temporary.strip("\t "))
        temporary = ""
        if position >= len(value):
            return values
        position += 1


@given(st.text(alphabet='a",\\ \t\n', max_size=12))
@examples('"\\', '"Hello" World', "X, aX")
def test_splitting_agrees_with_the_standard_step_for_step(value: str) -> None:
    assert model.split_value(value) == naive_split(value)


TOKEN_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def naive_tokens(values: list[str]) -> list[str] | str | None:
    """Read #extract-header-list-values: null, a list, or failure."""
    items = [item.strip(" \t") for item in ",".join(values).split(",")]
    if not TOKEN_CHARACTERS.issuperset("".join(items)):
        return "failure"
    return [item for item in items if item] if values else None


@given(st.lists(st.text(alphabet='aZ9*-_,, \t"(\xe9\n', max_size=8), max_size=3))
@examples([], [""], [" , \t,"], ["GET,PUT ,\tPATCH", "X"], ["A B"], ["A; B"], ["A", "caf\xe9"], ['"A"'], ["A,\nB"])
def test_lists_agree_with_a_naive_reading(values: list[str]) -> None:
    headers = tuple((ACAH, value) for value in values)
    try:
        found: object = model.extract_list(headers, ACAH.lower())
    except ValueError:
        found = "failure"
    assert found == naive_tokens(values)


# -- Methods and request headers -----------------------------------------------------------------------------


@table(
    "methods, are_upper_cased, are_safe",
    ("normalized and safe", ["get", "Head", "post"], True, True),
    ("normalized", ["delete", "Options", "put"], True, False),
    ("as the page has written them", ["patch", "Egg", "eGg", "Patch", "QUERY"], False, False),
)
def test_methods(methods: list[str], are_upper_cased: bool, are_safe: bool) -> None:
    """#concept-method-normalize, and #cors-safelisted-method: what needs no preflight."""
    for method in methods:
        outcome = fetch(EVERYTHING, method=method)
        assert outcome.exchanges[-1].request.method == (method.upper() if are_upper_cased else method)
        assert kinds(outcome) == (["actual"] if are_safe else ["preflight", "actual"])


UNSAFE_BYTES = [*range(0x09), *range(0x0A, 0x20), *b'"():<>?@[\\]{}', 0x7F]
LANGUAGE_BYTES = b" *,-.0123456789;=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@table(
    "name, prefix, safe",
    ("Accept", "Accept", "", {*range(256)} - {*UNSAFE_BYTES}),
    ("Content-Type", "Content-Type", "text/plain;", {*range(256)} - {*UNSAFE_BYTES}),
    ("Accept-Language", "Accept-Language", "", {*LANGUAGE_BYTES}),
    ("Content-Language", "content-language", "", {*LANGUAGE_BYTES}),
)
def test_safe_bytes(name: str, prefix: str, safe: set[int]) -> None:
    """#cors-unsafe-request-header-byte, and #cors-safelisted-request-header for the languages."""
    assert {byte for byte in range(256) if model.is_safelisted_header(name, prefix + chr(byte))} == safe


@table(
    "name, safe, unsafe",
    ("128 bytes, any case of the name", "ACCEPT", ["", "a" * 128], ["a" * 129]),
    ("128 bytes of a language", "Accept-Language", ["", "a" * 128], ["a" * 129]),
    ("128 bytes of a range", "Range", ["bytes=" + "1" * 121 + "-"], ["bytes=" + "1" * 122 + "-"]),
    ("a range: no superscript is a digit", "Range", ["bytes=9-10"], ["bytes=\xb2-", "bytes=0-1\n", "items=0-1"]),
    ("a form", "Content-Type", ["application/x-www-form-urlencoded"], ["application/json", "text/plain, x/y"]),
    ("any other header, such as one of an earlier safelist", "DPR", [], ["1", ""]),
    ("authorization", "Authorization", [], ["x"]),
)
def test_safelisted_headers(name: str, safe: list[str], unsafe: list[str]) -> None:
    """#cors-safelisted-request-header."""
    assert [value for value in [*safe, *unsafe] if model.is_safelisted_header(name, value)] == safe


def naive_range(data: str) -> bool:
    """#simple-range-header-value without white space, then the safelist's own demand for a first byte."""
    unit, _, rest = data.partition("=")
    start, dash, end = rest.partition("-")
    if unit != "bytes" or not dash or not start or not set(start + end) <= {*"0123456789"}:
        return False
    return not end or int(start) <= int(end)


RANGES = st.from_regex(r"(?i)bytes ?=[0-9]{0,3}-?[0-9]{0,3}[ ,]?", fullmatch=True)


@given(st.one_of(RANGES, st.text(alphabet="bytes=019-, ", max_size=12)))
@examples(
    "bytes=0-", "bytes=0-0", "Bytes=0-1", "bytes= 0-1", "bytes=1", "bytes=-1", "bytes=-", "bytes=10-9", "bytes=0-1,3"
)
def test_ranges_agree_with_a_naive_reading(value: str) -> None:
    """Browsers never sent the last bytes, such as ``bytes=-500``."""
    assert model.is_safelisted_header("Range", value) is naive_range(value)


def naive_essence(value: str) -> str | None:
    """Parse a MIME type (https://mimesniff.spec.whatwg.org/#parse-a-mime-type) as far as its essence."""
    kind, slash, rest = value.strip("\n\r\t ").partition("/")
    subtype = rest.partition(";")[0].rstrip("\n\r\t ")
    if not slash or not model.is_token(kind) or not model.is_token(subtype):
        return None
    return f"{kind}/{subtype}".lower()


@given(
    st.tuples(
        pick(["text", "TEXT", "te xt", "", "multipart"]),
        pick(["/", "", " /", "//"]),
        pick(["plain", "form-data", "Plain ", " plain", "json", ""]),
        pick(["", ";", ";a=b", ";;", " ; x", ",", "; \xff"]),
    ).map("".join)
)
@examples("text/plain", "Text/PLAIN ; charset=x", "multipart/form-data; boundary=x", "text/plaintext")
def test_mime_types_agree_with_the_standard(value: str) -> None:
    """Only the essence counts, and a failure to parse is unsafe."""
    safe = naive_essence(value) in {"text/plain", "multipart/form-data", "application/x-www-form-urlencoded"}
    assert model.is_safelisted_header("Content-Type", value.strip()) is safe


FULL = [("Accept", "a" * 128)] * 8
MIXED = [("X-B", "1"), ("x-a", "2"), ("X-b", "3"), ("Content-Type", "a/b"), ("X-A_b", ""), ("X-A-b", "")]


FORBIDDEN = words("""
    Accept-Charset Accept-Encoding Access-Control-Request-Headers Access-Control-Request-Method Connection
    Content-Length Cookie Cookie2 Date DNT Expect Host Keep-Alive Origin Referer Set-Cookie TE Trailer Transfer-Encoding
    Upgrade Via Proxy- Proxy-Authorization proxy-x Sec- Sec-Fetch-Mode sec-x
""")
OTHERS = words("Accept User-Agent Authorization Cookie3 Secret Proxy X-Sec-A Content-Type")


def test_some_headers_are_forbidden() -> None:
    """#forbidden-request-header, and #concept-headers-append: they are dropped, and the page is not told."""
    spellings = [spelling for name in FORBIDDEN for spelling in (name, name.lower(), name.upper())]
    assert [name for name in spellings if not model.is_forbidden_header(name)] == []
    assert [name for name in OTHERS if model.is_forbidden_header(name, "TRACE")] == []
    outcome = fetch(headers=[(name, "x") for name in FORBIDDEN])
    assert (outcome.allowed, kinds(outcome)) == (True, ["actual"])
    assert outcome.exchanges[0].request.headers == (("Accept", "*/*"), ("Origin", APP))


@table(
    "values, forbidden",
    ("a forbidden method, one of a list, in any case", ["TRACE", "get, track", '"a,b", connect'], True),
    ("another one, such as one in quotes", ["GET", '"TRACE"', "TRACER", ""], False),
)
def test_methods_cannot_be_smuggled(values: list[str], forbidden: bool) -> None:
    """#forbidden-request-header, step 3."""
    for name, value in product(["X-HTTP-Method", "x-http-method-override", "X-METHOD-OVERRIDE"], values):
        assert model.is_forbidden_header(name, value) is forbidden
        assert bool(model.page_headers([(name, value)])) is not forbidden


@table(
    "headers, expected",
    ("four kinds of white space are stripped", [("A", "\t\n\r  a \t b \r\n")], [("A", "a \t b")]),
    ("and nothing else", [("A", "\x0b\xa0"), ("B", "X")], [("A", "\x0b\xa0"), ("B", "X")]),
    ("a name is spelt like the first", [("a", "1"), ("B", "2"), ("A", "3")], [("a", "1"), ("B", "2"), ("a", "3")]),
    ("JavaScript takes an object just as well", {"X-A": "1", "X-B": "2"}, [("X-A", "1"), ("X-B", "2")]),
)
def test_what_becomes_of_a_page_s_headers(headers: model.PageHeaders, expected: Pairs) -> None:
    """#concept-header-value-normalize, #concept-header-list-append step 1, #concept-headers-fill step 2."""
    assert model.page_headers(headers) == expected


@table(
    "urls",
    ("normal form", {"https://a.example": "https://a.example/", "HTTPS://A.Example:443/X": "https://a.example/X"}),
    ("ports", {"http://a:80/": "http://a/", "http://a:443/": "http://a:443/", "http://a:/": "http://a/"}),
    ("relative; fragments are not sent", {"/b?c#d": "https://a/b?c", "b": "https://a/x/b", "?q": "https://a/x/y?q"}),
    ("relative to the scheme; a backslash is a slash", {"//b/c": "https://b/c", "/\\b/c": "https://b/c"}),
    ("but not in the query", {"\\c?\\": "https://a/c?\\"}),
    ("dots, also in disguise", {"https://a/b/../c/./d": "https://a/c/d", "https://a/%2E%2e/b/.%2e": "https://a/"}),
    ("two dots are one folder less", {"https://a/b/c/../d": "https://a/b/d", "https://a/../../b": "https://a/b"}),
    ("dots at the end", {"https://a/b/.": "https://a/b/", "https://a/b/c/..": "https://a/b/"}),
    ("an empty folder stays", {"https://a//b": "https://a//b"}),
    ("encoding", {"/%41 \xe9?\xe9 '": "https://a/%41%20%C3%A9?%C3%A9%20%27"}),
    ("only the white space of ASCII is stripped", {"/\xa0": "https://a/%C2%A0", "/!": "https://a/!"}),
    ("a Unicode host", {"https://b\xfccher.example/": "https://xn--bcher-kva.example/"}),
    ("IPv6, and an empty label", {"http://[0:0::1]:50/": "http://[::1]:50/", "https://a..b/": "https://a..b/"}),
    ("white space", {"\x00 https://a/ \n": "https://a/", "\x00\x1fhttps://a/\x1f\x00": "https://a/"}),
    ("a password is not sent", {"https://u@a/": "https://a/", "https://u:p@a/": "https://a/", "//:p@b": "https://b/"}),
    ("another scheme has no origin to speak of", {"data:,x": "data:,x"}),
)
def test_urls(urls: dict[str, str]) -> None:
    """https://url.spec.whatwg.org/, as far as CORS turns on it."""
    for text, url in urls.items():
        scheme, _, host = url.partition("://")
        origin = f"{scheme}://{host.partition('/')[0]}" if host else "null"
        parsed = model.parse_url(text, "https://a/x/y")
        assert parsed == model.Url(url, url.partition(":")[0], origin, "@" in text)


NO_URLS = ["", "a", "//a", "https://", "https:///x", "https://a:b/", "https://a:99999/", "https://[::1", "https://[x]/"]
NO_URLS += ["https://a b/", "https://a%20b/", "https://a|b/", "https://\xad/", "https://" + "\xe9" * 80 + "/"]


def test_what_is_no_url() -> None:
    """`fetch()` throws on these, #dom-request step 5.2; what is wrong is said."""
    for text in NO_URLS:
        with pytest.raises(ValueError):  # noqa: PT011 - whoever finds the mistake words it
            model.parse_url(text)
        blocked_at(fetch(url=text, origin="null"), "#dom-request step 5.2")
    for text, says in (("//a/b", "'//a/b' has no scheme"), ("https://a|b/", "'a|b' is not a host")):
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            model.parse_url(text)


ORIGINS = [APP, "http://localhost:5000", "http://[::1]:8000", "null", "chrome-extension://abcdef"]
NO_ORIGINS = {"https://b\xfccher.example": "https://xn--bcher-kva.example", "": APP, "NULL": APP, "https://a:b": APP}
NO_ORIGINS |= dict.fromkeys((APP + "/", APP.title(), APP + ":443", APP + "/page", "app.example"), APP)
NO_ORIGINS |= {"localhost:5000": APP, "file:///etc/x": APP}


def test_a_page_has_an_origin_that_browsers_send() -> None:
    """Any other is reported at once, lest the server get the blame."""
    assert [Browser(origin, Wire(ANYONE)).origin for origin in ORIGINS] == ORIGINS
    for origin, right in NO_ORIGINS.items():
        says = f"origin={origin!r} is not what browsers send as Origin; write it like {right!r}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            Browser(origin, Wire(ANYONE))


# -- The CORS check and redirects ----------------------------------------------------------------------------

RABBIT = "https://rabbit.invalid"
NO_GRANTS = ["", "null", RABBIT + "/", RABBIT.upper(), RABBIT + ":443", "*, *", "https://*.invalid"]


@table(
    "mode, step, grants",
    ("anyone; Allow-Credentials is ignored if not needed", "omit", "3", [("*", None), ("*", "true")]),
    ("same-origin credentials are none abroad", "same-origin", "3", [("*", None)]),
    ("the origin itself", "omit", "5", [(RABBIT, None)]),
    ("the origin, and credentials", "include", "7", [(RABBIT, "true")]),
    ("no header: null is not `null`", "omit", "no 2", [(None, None)]),
    ("nothing but the origin to the letter", "omit", "no 4", [(value, None) for value in NO_GRANTS]),
    ("not anyone with credentials", "include", "no 4", [("*", "true")]),
    ("true is case-sensitive, and once", "include", "no 8", [(RABBIT, no) for no in (None, "True", "true, true")]),
)
def test_the_cors_check(mode: str, step: str, grants: list[tuple[str | None, str | None]]) -> None:
    """#cors-check, and the standard's table in #cors-protocol-and-credentials: the step that decides."""
    for origin, credentials in grants:
        response = allow(origin, credentials=credentials)
        outcome = fetch(response, origin=RABBIT, credentials=mode)
        decided(outcome, step)
        assert outcome.exchanges == (model.Exchange("actual", outcome.exchanges[0].request, response),)


NEAR = pick([None, "*", APP, APP.upper(), APP + "/", "null", "", f"{APP}, {APP}", "https://b.example"])
CREDENTIALS = pick([None, "true", "True", "", "false"])
MODES = pick(["omit", "include"])


@given(NEAR | HOSTILE, CREDENTIALS | HOSTILE, MODES, pick(["GET", "HEAD"]), pick([APP, "null"]), pick([200, 301, 404]))
def test_the_cors_check_in_one_formula(
    acao: str | None, acac: str | None, mode: str, method: str, origin: str, status: int
) -> None:
    """What the eight steps come to, for a request that needs no preflight and a response that is no redirect."""
    response = allow(acao, status, credentials=acac)
    outcome = fetch(response, method=method, credentials=mode, origin=origin)
    acao, acac = (value and value.strip(" \t") for value in (acao, acac))
    expected = acao == origin and acac == "true" if mode == "include" else acao in (origin, "*")
    assert (outcome.allowed, kinds(outcome)) == (expected, ["actual"])


HOME = APP + "/2"


@table(
    "url, responses, step",
    ("another scheme is abroad", "http://app.example/", [Response(200)], "no 2"),
    ("another port is abroad", APP + ":8443", [Response(200)], "no 2"),
    ("another host is abroad", "https://sub.app.example/", [Response(200)], "no 2"),
    ("a redirect must pass the check itself: it comes before step 6", API, [allow(None, 302, location=OTHER)], "no 2"),
    ("the origin that a redirect has lost: anyone", API, [moved(OTHER), allow("*")], "3"),
    ("the origin that a redirect has lost: null", API, [moved(OTHER), allow("null")], "5"),
    ("the origin that a redirect has lost: the page's own", API, [moved(OTHER), allow(APP)], "no 4"),
    ("home is abroad after a hop over another origin", API, [moved(HOME), Response(200)], "no 2"),
    ("so it has to allow the page", API, [moved(HOME), allow("null")], "5"),
    ("from home to abroad the check begins", "/1", [allow(None, 302, location=API), ANYONE], "3"),
)
def test_when_the_cors_check_is_made(url: str, responses: list[Response], step: str) -> None:
    """#main-fetch, step 12, and #http-fetch, step 4.4; credentials stay at home."""
    outcome = fetch(*responses, url=url)
    decided(outcome, step)
    at_home = [exchange.request.url == APP + "/1" for exchange in outcome.exchanges]
    assert [exchange.request.credentials for exchange in outcome.exchanges] == at_home
    assert outcome.response == (None if step.startswith("no") else Response(200))


def test_which_statuses_are_redirects() -> None:
    """#redirect-status, #concept-response-location-url step 1, and #http-redirect-fetch step 4."""
    targets = ["https://api.example/a/b", "https://api.example/other?q"]
    for status in (200, 201, 300, 301, 302, 303, 304, 305, 306, 307, 308):
        outcome = fetch(moved("../other?q", status), ANYONE, url="https://api.example/a/b")
        assert outcome.allowed
        assert sent(outcome) == [("GET", target) for target in targets[: 1 + (status in (301, 302, 303, 307, 308))]]
        assert fetch(allow(status=status)).response == Response(status)


BECOMES_GET = {(301, "POST"), (302, "POST"), (303, "POST"), (303, "PUT")}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_what_a_redirect_makes_of_method_and_body(method: str) -> None:
    """#http-redirect-fetch, step 12: body and the headers about it go together."""
    names = ("Content-Type", "content-encoding", "Content-Language", "Content-Location", "X-A")
    body, headers = None if method in ("GET", "HEAD") else b"x", tuple((name, "x") for name in names)
    for status in (301, 302, 303, 307, 308):
        outcome = fetch(moved("/2", status), ANYONE, url="/1", method=method, headers=headers, body=body)
        last = outcome.exchanges[-1].request
        shown = tuple(pair for pair in last.headers if pair[0] not in ("Accept", "Origin"))
        became = ("GET", None, headers[-1:]) if (status, method) in BECOMES_GET else (method, body, headers)
        assert (last.method, last.body, shown) == became


def test_twenty_redirects_and_no_more_and_a_password_as_long_as_one_stays_at_home() -> None:
    """#http-redirect-fetch, step 7; steps 9 and 10 are about other origins, and no password is sent in a URL."""
    outcome = fetch(*[moved(f"/{n}") for n in range(20)], ANYONE)
    assert (outcome.allowed, len(outcome.exchanges)) == (True, 21)
    reason = blocked_at(fetch(moved("/a")), "#http-redirect-fetch step 7")
    assert reason == "Location of the response is 'https://api.example/a'; it would exceed the limit of 20 redirects."
    outcome = fetch(moved("https://u:p@app.example/2"), Response(200), url="/1")
    assert (outcome.allowed, sent(outcome)) == (True, [("GET", APP + "/1"), ("GET", APP + "/2")])


@table(
    "page, hops, expected",
    ("abroad, within one origin", APP, [API, API + "/2"], [APP, APP]),
    ("from home to abroad", APP, [APP + "/1", API], [None, APP]),
    ("at home, then abroad", APP, [APP + "/1", APP + "/2", API], [None, None, APP]),
    ("from one abroad to another", APP, [API, OTHER], [APP, "null"]),
    ("from abroad back home", APP, [API, APP + "/1"], [APP, "null"]),
    ("home, abroad, elsewhere", APP, [APP + "/1", API, OTHER], [None, APP, "null"]),
    ("and it stays so", APP, [API, OTHER, OTHER + "/2"], [APP, "null", "null"]),
    ("also on the way back", APP, [API, OTHER, API], [APP, "null", "null"]),
    ("another scheme is elsewhere", APP, [API, "http://api.example/"], [APP, "null"]),
    ("no origin to begin with", "null", [API, API + "/2"], ["null", "null"]),
)
def test_redirects_between_origins_lose_the_origin(page: str, hops: list[str], expected: list[str | None]) -> None:
    """#concept-request-tainted-origin and #serializing-a-request-origin."""
    outcome = fetch(*map(moved, hops[1:]), ANYONE, url=hops[0], origin=page)
    assert (outcome.allowed, origins(outcome)) == (True, expected)


@table(
    "start, to, kept",
    ("at home", "/1", "/2", True),
    ("within one origin abroad", API, API + "/2", True),
    ("from home to abroad", "/1", API, False),
    ("from one abroad to another", API, OTHER, False),
)
def test_authorization_does_not_cross_origins(start: str, to: str, kept: bool) -> None:
    """#http-redirect-fetch, step 13."""
    wire = Wire(moved(to), ANYONE, OPTIONS=allow(headers="Authorization, X-A"))
    outcome = Browser(APP, wire).fetch(start, headers=[("authorization", "x"), ("X-A", "1")])
    assert outcome.allowed
    last = outcome.exchanges[-1].request
    assert (model.get_header(last.headers, "Authorization") == "x") is kept
    assert model.get_header(last.headers, "X-A") == "1"


@table(
    "start, to, expected",
    ("another origin is asked anew", API, OTHER, [APP, APP, "null", "null"]),
    ("so is the page's own, tainted as it is", API, APP + "/2", [APP, APP, "null", "null"]),
    ("from home, the first one abroad is asked", "/1", API, [APP, APP, APP]),
)
def test_a_request_that_needed_permission_asks_again(start: str, to: str, expected: list[str]) -> None:
    """#main-fetch, step 12 runs anew for the new URL; the preflight's Origin is lost like the request's."""
    outcome = Browser(APP, Wire(moved(to, 307), ANYONE, OPTIONS=allow(methods="PUT"))).fetch(start, method="PUT")
    assert outcome.allowed
    assert kinds(outcome) == ["preflight", "actual", "preflight", "actual"][-len(expected) :]
    assert origins(outcome) == expected
    assert sent(outcome)[-2:] == [("OPTIONS", to), ("PUT", to)]


def test_a_refusal_after_a_redirect_clears_the_entries_of_where_it_led() -> None:
    """#concept-cache-clear goes by the current URL, which the redirect has changed."""
    page = Page(methods="PUT", max_age="60")
    for last, expected in (
        (ANYONE, ["preflight", "actual"] * 2),
        (Response(200), ["actual", "actual"]),
        (ANYONE, ["actual", "preflight", "actual"]),
    ):
        page.wire.responses = [moved(API + "/2", 307), last]
        assert kinds(page.browser.fetch(API, method="PUT")) == expected


@table("mode, places", ("none", "omit", ()), ("home", "same-origin", ("/x",)), ("everywhere", "include", ("/x", API)))
def test_who_gets_an_origin_and_credentials(mode: str, places: tuple[str, ...]) -> None:
    """#append-a-request-origin-header, and #http-network-or-cache-fetch, step 8.3."""
    for url, method in product(("/x", API), ("GET", "HEAD", "POST", "DELETE")):
        outcome = fetch(allow(APP, credentials="true", methods="DELETE"), url=url, method=method, credentials=mode)
        assert outcome.allowed
        request = outcome.exchanges[-1].request
        has_origin = url == API or method in ("POST", "DELETE")
        assert request.headers == (("Accept", "*/*"), ("Origin", APP))[: 1 + has_origin]
        assert request.credentials is (url in places)


def test_at_home_no_one_asks_the_server_for_permission() -> None:
    """#main-fetch, step 12: same origin and "basic"; a call that says only where is a GET with credentials at home."""
    outcome = fetch(Response(200, (("X-A", "1"),)), url="/x", method="PUT", headers=[("X-A", "1")], body=b"x")
    assert (outcome.allowed, outcome.reason, outcome.step) == (True, None, "#main-fetch step 12")
    [exchange] = outcome.exchanges
    request = Request("PUT", APP + "/x", (("X-A", "1"), ("Accept", "*/*"), ("Origin", APP)), b"x", credentials=True)
    assert (exchange.kind, exchange.request) == ("actual", request)
    [exchange] = fetch(Response(200), url="/x").exchanges
    assert exchange.request == Request("GET", APP + "/x", (("Accept", "*/*"),), credentials=True)


def test_only_http_has_cors() -> None:
    """#main-fetch, step 12; the local schemes are not modelled, and two origins of null are not the same."""
    local = ("ftp://a.example/", "data:,x", "blob:https://app.example/x", "about:blank")
    for url, origin in product(local, (APP, "null")):
        reason = blocked_at(fetch(url=url, origin=origin), "#main-fetch step 12")
        assert reason == f"{url!r} is not an http: or https: URL, so CORS cannot allow it."


TEXT = ("Content-Type", "text/plain;charset=UTF-8")


@table(
    "body, headers, carried, types",
    ("no body", None, (), None, ()),
    ("text", "\xe9", (), b"\xc3\xa9", (TEXT,)),
    ("empty text is a body", "", (), b"", (TEXT,)),
    ("text with a type", "{}", (("content-type", "text/plain"),), b"{}", (("content-type", "text/plain"),)),
    ("bytes have no type", b"\xff", (), b"\xff", ()),
    ("half a surrogate pair", "\ud800", (), b"?", (TEXT,)),
)
def test_bodies(body: str | bytes | None, headers: Headers, carried: bytes | None, types: Headers) -> None:
    """#concept-bodyinit-extract, and #dom-request step 37.4."""
    outcome = fetch(method="POST", body=body, headers=headers)
    assert kinds(outcome) == ["actual"]
    request = outcome.exchanges[0].request
    assert (request.body, request.headers) == (carried, (*types, ("Accept", "*/*"), ("Origin", APP)))
    [own] = fetch(headers=[("accept", "text/html")]).exchanges  # "*/*" is a default: #concept-fetch, step 12
    assert own.request.headers == (("accept", "text/html"), ("Origin", APP))


HEADER, METHOD, BODY = "#concept-header", "#dom-request step 25.2", "#dom-request step 35"
WITH_USER = "has a user name or password."
MODE_NAMES = "omit, same-origin, include"
NO_VALUE = "is not a valid value for the header X-A."
NO_METHOD, NEVER_SENT = "pages must not use the method", words("CONNECT TRACE TRACK trace Track")


def x_a(value: str) -> Options:
    return {"headers": [("X-A", value)]}


@table(
    "options, step, said",
    ("no URL", {"url": "https://["}, "#dom-request step 5.2", "'https://[' is not a URL."),
    ("a password", {"url": "https://u:p@b/"}, "#dom-request step 5.3", f"the URL 'https://u:p@b/' {WITH_USER}"),
    ("a user, at home", {"url": f"//u@{APP[8:]}/"}, "#dom-request step 5.3", f"the URL '//u@app.example/' {WITH_USER}"),
    ("no method", {"method": "A B"}, METHOD, "'A B' is not a valid method."),
    ("an empty method", {"method": ""}, METHOD, "'' is not a valid method."),
    *((f"the forbidden method {name}", {"method": name}, METHOD, f"{NO_METHOD} {name!r}.") for name in NEVER_SENT),
    ("also at home", {"url": "/x", "method": "Trace"}, METHOD, f"{NO_METHOD} 'Trace'."),
    ("no name", {"headers": {"X A": "1"}}, HEADER, "'X A' is not a valid header name."),
    ("an empty name", {"headers": {"": "1"}}, HEADER, "'' is not a valid header name."),
    ("a line feed in a value", x_a("1\n2"), HEADER, rf"'1\n2' {NO_VALUE}"),
    ("a carriage return in a value", x_a("1\r2"), HEADER, rf"'1\r2' {NO_VALUE}"),
    ("a null byte in a value", x_a("1\0002"), HEADER, rf"'1\x002' {NO_VALUE}"),
    ("a character without a byte", x_a("\u0100"), HEADER, f"'\u0100' {NO_VALUE}"),
    ("also if forbidden", {"headers": {"DNT": "\n1\n1"}}, HEADER, r"'1\n1' is not a valid value for the header DNT."),
    ("GET with a body", {"body": ""}, BODY, "a GET request cannot have a body."),
    ("HEAD with a body", {"method": "head", "body": b""}, BODY, "a HEAD request cannot have a body."),
    ("no mode", {"credentials": "all"}, "#requestcredentials", f"credentials='all' must be one of {MODE_NAMES}."),
)
def test_what_throws_sends_nothing(options: Options, step: str, said: str) -> None:
    """The promise is rejected before there is a network."""
    outcome = fetch(**options)
    assert blocked_at(outcome, step) == f"fetch() throws a TypeError: {said}"
    assert outcome.exchanges == ()


LANGUAGES = ("Accept-Language", "a" * 128)


@table(
    "method, headers, asked",
    ("a GET", "GET", [], None),
    ("what a form can do", "POST", [("Content-Type", "text/plain")], None),
    ("a method: no list of headers at all", "put", [], ("PUT", None)),
    ("OPTIONS of the page itself", "OPTIONS", [], ("OPTIONS", None)),
    ("a header: the method is named all the same", "GET", [("X-A", "1")], ("GET", "x-a")),
    ("lower-cased, sorted by byte, once each", "POST", MIXED, ("POST", "content-type,x-a,x-a-b,x-a_b,x-b")),
    ("a long Accept", "GET", [("Accept", "a" * 129)], ("GET", "accept")),
    ("1024 bytes together", "GET", FULL, None),
    ("unsafe ones are not counted", "GET", [*FULL, ("X-A", "a")], ("GET", "x-a")),
    ("1025 bytes", "GET", [*FULL, ("Accept-Language", "a")], ("GET", "accept,accept-language")),
    ("1016 bytes and 3 of the default Accept", "GET", [("Accept-Language", "a" * 127)] * 8, None),
    ("1027 bytes", "GET", [LANGUAGES] * 8, ("GET", "accept,accept-language")),
)
def test_when_a_preflight_asks_for_what(method: str, headers: Pairs, asked: tuple[str, str | None] | None) -> None:
    """#main-fetch step 12, #cors-unsafe-request-header-names, and #cors-preflight-fetch-0 steps 1 to 5."""
    outcome = fetch(EVERYTHING, method=method, headers=headers)
    assert outcome.allowed
    assert kinds(outcome) == (["actual"] if asked is None else ["preflight", "actual"])
    if asked is not None:
        wanted = [("Accept", "*/*"), (ACRM, asked[0]), (ACRH, asked[1]), ("Origin", APP)]
        kept = tuple((name, value) for name, value in wanted if value is not None)
        assert outcome.exchanges[0].request == Request("OPTIONS", API, kept)


def test_a_preflight_never_has_credentials() -> None:
    """#cors-protocol-and-credentials: its own mode is always "same-origin", and it is always abroad."""
    for mode in ("omit", "same-origin", "include"):
        outcome = fetch(allow(APP, credentials="true", methods="PUT"), method="PUT", credentials=mode, body=b"secret")
        preflight, actual = (exchange.request for exchange in outcome.exchanges)
        assert (preflight.credentials, preflight.body) == (False, None)
        assert (actual.credentials, actual.body) == (mode == "include", b"secret")


PUT, DELETE, INCLUDE = {"method": "PUT"}, {"method": "DELETE"}, {"credentials": "include"}
X_A, X_B, AUTHORIZATION = ({"headers": {name: "1"}} for name in ("X-A", "X-B", "Authorization"))
JSON = {"headers": {"Content-Type": "application/json"}}
STAR = {"headers": {"*": "1"}}


@table(
    "options, list_, values, step",
    ("a method by name", PUT, "methods", ["GET, PUT,", ["GET", "PUT"], "*", "GET, *"], None),
    ("no method, and not the whole word", PUT, "methods", ["", "OUTPUT"], "7.5"),
    ("a header by name, in any case", X_A, "headers", ["x-a", "X-B, X-a", "*"], None),
    ("no header, and not the whole word", X_A, "headers", [None, "", "X-AB"], "7.7"),
    ("a content type", JSON, "headers", ["Content-Type", "*"], None),
    ("authorization by name", AUTHORIZATION, "headers", ["AUTHORIZATION", "*, authorization"], None),
    ("authorization is not covered by *", AUTHORIZATION, "headers", [None, "*"], "7.6"),
    ("with credentials * is no method", PUT | INCLUDE, "methods", ["*"], "7.5"),
    ("with credentials * is no header", X_A | INCLUDE, "headers", ["*"], "7.7"),
    ("with credentials * is no authorization", AUTHORIZATION | INCLUDE, "headers", ["*"], "7.6"),
    ("but a method of that name", {"method": "*"} | INCLUDE, "methods", ["*"], None),
    ("or a header of that name", STAR | INCLUDE, "headers", ["*"], None),
    *((f"{method} needs no entry", {"method": method} | X_A, "headers", ["x-a"], None) for method in SAFE_METHODS),
)
def test_what_a_preflight_grants(options: Options, list_: str, values: list[Any], step: str | None) -> None:
    """#cors-preflight-fetch-0, steps 7.5 to 7.7, and #http-new-header-syntax."""
    for value in values:
        outcome = fetch(allow(APP, 200, credentials="true", **{list_: value}), **options)
        assert (outcome.allowed, len(outcome.exchanges)) == ((True, 2) if step is None else (False, 1))
        if step is not None:
            wanted = options.get("method") or next(iter(options["headers"])).lower()
            assert f"it must list {wanted!r}" in blocked_at(outcome, f"#cors-preflight-fetch-0 step {step}")


def test_the_status_of_a_preflight() -> None:
    """#ok-status; it is the deeper cause where the response has no CORS headers either."""
    for status in (199, 200, 204, 299, 300, 308, 399, 400, 401, 404):
        outcome = fetch(allow(status=status, methods="PUT", location="/"), ANYONE, method="PUT")
        assert kinds(outcome) == (["preflight", "actual"] if 200 <= status < 300 else ["preflight"])
        if not 200 <= status < 300:
            why = ", and browsers do not follow a redirect here" if 300 <= status < 400 else ""
            reason = f"The preflight response has status {status}; it must be one from 200 to 299{why}."
            assert blocked_at(outcome, "#cors-preflight-fetch-0 step 7") == reason
            assert fetch(Response(status), method="PUT").reason == reason


# -- Reasons: of which response, which header, its value, and what would have been right ---------------------

STEPS = dict.fromkeys((ACAO, ACAC), "#cors-check") | dict.fromkeys((ACAM, ACAH), "#cors-preflight-fetch-0")
STEPS |= {"Location": "#http-redirect-fetch"}
EITHER = f"{APP!r} or '*'"
LETTER = ", which is not exactly the page's origin"
NAMELESS = ", which is not enough because the page sends credentials"
LOST = ", but Origin is 'null' (a page without an origin, or a redirect from one origin to another)"
NO_WILDCARD = " ('*' is not a wildcard because the page sends credentials)"
NO_PASSWORD = "it must have no user name or password (not shown here)."
TRUE = "it must be 'true' because the page sends credentials."
STARS = allow(APP, methods="*", headers="*", credentials="true")
THREE = {"headers": [("X-B", "1"), ("X-A", "1"), ("X-C", "1")]}
TO_JAVASCRIPT = {"url": "/x"}, moved("javascript:x")


@table(
    "options, response, header, step, says",
    ("no origin", {}, allow(None), ACAO, "2", f"missing; it must be {EITHER}."),
    ("no origin, with credentials", INCLUDE, allow(None), ACAO, "2", f"missing; it must be {APP!r}."),
    ("anyone, with credentials", INCLUDE, allow(), ACAO, "4", f"'*'{NAMELESS}; it must be {APP!r}."),
    ("twice", {}, TWICE, ACAO, "4", f"'{APP}, {APP}', but only one value is valid; it must be {EITHER}."),
    ("a slash too many", {}, allow(APP + "/"), ACAO, "4", f"'{APP}/'{LETTER}; it must be {EITHER}."),
    ("200 characters", {}, allow("x" * 200), ACAO, "4", f"'{'x' * 200}'{LETTER}; it must be {EITHER}."),
    ("of 201 the first 197", {}, allow("x" * 201), ACAO, "4", f"'{'x' * 197}...'{LETTER}; it must be {EITHER}."),
    ("a page without one", {"origin": "null"}, allow(APP), ACAO, "4", f"'{APP}'{LOST}; it must be 'null' or '*'."),
    ("credentials", INCLUDE, allow(APP, credentials="True"), ACAC, "8", f"'True'; {TRUE}"),
    ("preflight: no origin", PUT, allow(None), ACAO, "2", f"missing; it must be {EITHER}."),
    ("preflight: anyone", PUT | INCLUDE, allow(), ACAO, "4", f"'*'{NAMELESS}; it must be {APP!r}."),
    ("preflight: credentials", PUT | INCLUDE, allow(APP), ACAC, "8", f"missing; {TRUE}"),
    ("case", PUT, allow(methods="put"), ACAM, "7.5", "'put'; it must list 'PUT' (upper and lower case differ)."),
    ("no methods", PUT, allow(), ACAM, "7.5", "missing; it must list 'PUT'."),
    ("headers missing", THREE, allow(headers="x-c"), ACAH, "7.7", "'x-c'; it must list 'x-a', 'x-b'."),
    ("a header, with credentials", X_A | INCLUDE, STARS, ACAH, "7.7", f"'*'; it must list 'x-a'{NO_WILDCARD}."),
    ("a method, with credentials", PUT | INCLUDE, STARS, ACAM, "7.5", f"'*'; it must list 'PUT'{NO_WILDCARD}."),
    ("authorization", AUTHORIZATION, STARS, ACAH, "7.6", f"'*'; it must list 'authorization'. {DIFFERENCES[0].note}"),
    ("the same with credentials", AUTHORIZATION | INCLUDE, STARS, ACAH, "7.6", "'*'; it must list 'authorization'."),
    ("no URL", {}, moved("https://["), "Location", "5", "'https://['; it must be one URL."),
    ("two equal", {}, moved(["a", "a"]), "Location", "5", f"'a, a'; it must be one URL. {DIFFERENCES[7].note}"),
    ("two that differ", {}, moved(["/a", "/b"]), "Location", "5", "'/a, /b'; it must be one URL."),
    ("data:", {}, moved("data:,x"), "Location", "6", "'data:,x'; it must be an http: or https: URL."),
    ("at home", *TO_JAVASCRIPT, "Location", "6", "'javascript:x'; it must be an http: or https: URL."),
    ("password, same host", {}, moved("//u:p@api.example/"), "Location", "9", f"'https://api.example/'; {NO_PASSWORD}"),
    ("from home", {"url": "/x"}, moved("//u@b.example"), "Location", "9", f"'https://b.example/'; {NO_PASSWORD}"),
    ("password, back home", {}, moved("//u:p@app.example"), "Location", "10", f"'{APP}/'; {NO_PASSWORD}"),
)
def test_reasons(options: Options, response: Response, header: str, step: str, says: str) -> None:
    """What the header is and what would have been right; nothing is sent after that, and no password shown."""
    outcome = fetch(response, **options)
    whose = "preflight response" if options.keys() & {"method", "headers"} else "response"
    assert blocked_at(outcome, f"{STEPS[header]} step {step}") == f"{header} of the {whose} is {says}"
    assert len(outcome.exchanges) == 1


def test_a_malformed_list_in_a_preflight_and_a_preflight_that_passes_but_spares_no_check() -> None:
    """#cors-preflight-fetch-0, step 7.3, also if no header is needed; #http-fetch, step 4.4."""
    rule = "which is not a token; the preflight response must list names with commas between them."
    malformed: dict[str, Options] = {f"{ACAM} contains 'PUT X'": {"methods": "PUT X"}}
    malformed[f"{ACAH} contains 'X A'"] = {"headers": "X A"}
    for wrong, lists in malformed.items():
        outcome = fetch(allow(**{"methods": "PUT", **lists}), method="PUT")
        assert blocked_at(outcome, "#cors-preflight-fetch-0 step 7.3") == f"{wrong}, {rule}"
        assert kinds(outcome) == ["preflight"]
    outcome = fetch(allow(methods="PUT"), Response(200), method="PUT")
    assert blocked_at(outcome, "#cors-check step 2") == f"{ACAO} of the response is missing; it must be {EITHER}."
    assert kinds(outcome) == ["preflight", "actual"]


class Page:
    """A page, its network and its clock in one; *options* make the responses to preflights."""

    def __init__(self, origin: str = "*", **options: Any) -> None:
        self.wire = Wire(allow(origin, credentials="true"), OPTIONS=allow(origin, credentials="true", **options))
        self.now = 1000.0
        self.browser = Browser(APP, self.wire, clock=lambda: self.now)

    def asks(self, url: str = API, **options: Any) -> bool:
        """Fetch, and tell whether there was a preflight."""
        return kinds(self.browser.fetch(url, **options))[0] == "preflight"


@table(
    "seconds, headers",
    ("null or failure is 5", 5, [[], ["abc"], [""], ["-1"], ["1.5"], ["10, 10"], ["10", "10"], ["\xb2"]]),
    ("zero counts", 0, [["0"]]),
    ("leading zeros do not", 7, [["7"], ["0000000000000007"]]),
    ("as far as the limit, though int() may refuse", 7200, [["7200"], ["7201"], ["9" * 5000]]),
)
def test_how_long_a_preflight_counts(seconds: int, headers: list[list[str]]) -> None:
    """#cors-preflight-fetch-0, steps 7.8 to 7.10, and #cors-preflight-cache: no longer than max-age."""
    for values in headers:
        page = Page(methods="PUT", max_age=values)
        assert page.asks(method="PUT")
        page.now += max(seconds - 0.1, 0)
        assert page.asks(method="PUT") is (seconds == 0)
        page.now += 0.1
        assert page.asks(method="PUT")


@table(
    "granted, first, second, asks",
    ("all that is listed", {"methods": "PUT, DELETE"}, PUT, DELETE, False),
    ("no other method", {"methods": "PUT"}, PUT, DELETE, True),
    ("the wildcard", {"methods": "*"}, PUT, DELETE, False),
    ("for any method", {"methods": "*"}, PUT, {"method": "authorization"}, False),
    ("a header that was not asked for", {"methods": "PUT", "headers": "X-A"}, PUT, PUT | X_A, False),
    ("a header more", {"methods": "PUT", "headers": "x-a"}, PUT, PUT | X_B, True),
    ("a safelisted method needs no entry", {"headers": "X-A"}, X_A, {"method": "POST"} | X_A, False),
    ("authorization by name", {"headers": "*, Authorization"}, X_A, AUTHORIZATION, False),
    ("the wildcard for headers", {"headers": "*"}, X_A, X_B, False),
    ("the wildcard for headers is not for authorization", {"headers": "*"}, X_A, AUTHORIZATION, True),
    ("another URL", {"methods": "PUT"}, PUT, {"url": API + "?q"} | PUT, True),
    ("a fragment", {"methods": "PUT"}, PUT, {"url": API + "#f"} | PUT, False),
    ("a body", {"methods": "PUT"}, PUT, {"body": "x"} | PUT, False),
    ("the same credentials", {"methods": "PUT"}, PUT | INCLUDE, PUT | INCLUDE, False),
    ("with covers without", {"methods": "PUT"}, PUT | INCLUDE, PUT | {"credentials": "omit"}, False),
    ("without does not cover with", {"methods": "PUT"}, PUT, PUT | INCLUDE, True),
    ("two kinds of without", {"methods": "PUT"}, PUT | {"credentials": "omit"}, PUT, False),
    # To the letter: the entries do not tell with which credentials `*` was stored, nor a name from a wildcard.
    ("a wildcard cached with credentials", {"methods": "PUT, *"}, PUT | INCLUDE, DELETE | INCLUDE, False),
)
def test_what_a_preflight_covers(granted: dict[str, str], first: Options, second: Options, asks: bool) -> None:
    """#concept-cache-match-method and #concept-cache-match-header."""
    page = Page(APP, **granted)
    assert page.asks(**first)
    assert page.asks(**second) is asks


@table("options", ("without credentials", {}), ("with credentials, by a preflight without them", INCLUDE))
def test_a_second_preflight_renews_what_the_first_granted(options: Options) -> None:
    """#cors-preflight-fetch-0, step 7.12: also entries that it did not ask for; they keep their credentials."""
    page = Page(APP, methods="PUT", max_age="60")
    assert page.asks(method="PUT", **options)
    page.now += 50
    page.wire.by_method["OPTIONS"] = allow(APP, methods="PUT, DELETE", max_age="60")
    assert page.asks(method="DELETE")
    page.now += 59
    assert not page.asks(method="PUT", **options)
    page.now += 1
    assert page.asks(method="PUT")


@table(
    "options, asks_again",
    ("a request that failed without a preflight clears the entries of its URL", PUT, True),
    ("a failed preflight clears what an earlier one granted", DELETE, True),
    ("a failed simple request clears nothing: the last case of step 12", {}, False),
)
def test_what_a_network_error_clears(options: Options, asks_again: bool) -> None:
    """#main-fetch, step 12."""
    page = Page(methods="PUT", max_age="60")
    assert all(page.asks(url, method="PUT") for url in (API, API + "/2"))
    page.wire.responses = [Response(200)]
    assert not page.browser.fetch(API, **options).allowed
    page.wire.responses = [ANYONE]
    assert page.asks(method="PUT") is asks_again
    assert not page.asks(API + "/2", method="PUT")


def test_a_refused_preflight_is_not_cached_and_two_pages_share_nothing() -> None:
    """#cors-preflight-fetch-0: entries are made after all checks."""
    for page in (Page(methods="PUT"), Page(methods="PUT")):
        assert page.asks(method="PUT", headers={"X-A": "1"})
        assert page.asks(method="PUT")


KEYS = (("https://a", "https://x/1"), ("https://a", "https://x/2"), ("null", "https://x/1"))
GRANTS: tuple[Grant, ...] = (
    *(("method", "PUT"), ("method", "put"), ("method", "*"), ("method", "authorization")),
    *(("header", "x-a"), ("header", "*"), ("header", "authorization")),
)


class CacheAgainstTheStandard(RuleBasedStateMachine):
    """The cache beside a list of entries kept as #cors-preflight-cache describes them."""

    @initialize()
    def start(self) -> None:
        self.now = 1000.0
        self.cache = model.PreflightCache(lambda: self.now)
        self.entries: list[SimpleNamespace] = []

    def matching(self, key: tuple[str, str], credentials: bool, grant: Grant) -> list[SimpleNamespace]:
        wildcard = ("header", "none") if grant == ("header", "authorization") else (grant[0], "*")
        self.entries = [entry for entry in self.entries if self.now - entry.stored < entry.max_age]
        found = [entry for entry in self.entries if entry.key == key and (entry.credentials or not credentials)]
        return [entry for entry in found if entry.grant in (grant, wildcard)]

    @rule(
        key=pick(KEYS), credentials=st.booleans(), grants=st.lists(pick(GRANTS), max_size=4), max_age=st.integers(0, 9)
    )
    def store(self, key: tuple[str, str], credentials: bool, grants: list[Grant], max_age: int) -> None:
        self.cache.store(key, credentials, grants, max_age)
        for grant in grants:
            matching = self.matching(key, credentials, grant)
            if not matching:
                matching = [SimpleNamespace(key=key, credentials=credentials, grant=grant)]
                self.entries += matching
            for entry in matching:
                entry.max_age, entry.stored = max_age, self.now

    @rule(key=pick(KEYS))
    def clear(self, key: tuple[str, str]) -> None:
        self.cache.clear(key)
        self.entries = [entry for entry in self.entries if entry.key != key]

    @rule(seconds=st.integers(0, 10))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def both_allow_the_same(self) -> None:
        for key, credentials, grant in product(KEYS, (True, False), GRANTS):
            expected = bool(self.matching(key, credentials, grant))
            assert self.cache.allows(key, credentials, grant) is expected


test_the_cache_agrees_with_a_list_of_entries = CacheAgainstTheStandard.TestCase


# -- What the page may read ----------------------------------------------------------------------------------

SAFELISTED = "Cache-Control Content-Language content-length Content-Type EXPIRES Last-Modified Pragma"
OTHER_NAMES = "X-A x-a X-B Date * Set-Cookie Set-Cookie2"
ALL_HEADERS = tuple((name, str(number)) for number, name in enumerate(f"{SAFELISTED} {OTHER_NAMES}".split()))


@table(
    "expose, mode, expected",
    ("nothing listed", [], "omit", ""),
    ("one listed, in any case and as often as it comes", ["X-A"], "omit", "X-A x-a"),
    ("several listed", ["x-b", "Date, X-Absent"], "omit", "X-B Date"),
    ("cookies are never shown", ["Set-Cookie, set-cookie2, X-B"], "omit", "X-B"),
    ("the wildcard, cookies never", ["*"], "omit", "X-A x-a X-B Date *"),
    ("among others", ["X-B, *"], "same-origin", "X-A x-a X-B Date *"),
    ("with credentials it is a name", ["*"], "include", "*"),
    ("a name beside another", ["X-B, *"], "include", "X-B *"),
    ("a malformed list exposes nothing, and hides no response", ["X-B, X A"], "omit", ""),
    ("an empty list", [""], "omit", ""),
)
def test_exposed_headers(expose: list[str], mode: str, expected: str) -> None:
    """#main-fetch, step 14.1, and #concept-filtered-response-cors; the conversation keeps what is hidden."""
    cors = allow(APP, credentials="true", expose=expose).headers
    response = Response(200, (*ALL_HEADERS, *cors), body=b"x")
    outcome = fetch(response, credentials=mode)
    assert outcome.response is not None
    shown = [name for name, _ in outcome.response.headers if name not in NAMES.values() and name != ACAO]
    assert (shown, outcome.response.body) == ([*SAFELISTED.split(), *expected.split()], b"x")
    assert outcome.exchanges[0].response == response


COMMON = (("Content-Type", "a/b"),)
SPACED = Response(200, ((ACAO, "\t * "), ("Content-Type", " a/b ")))
ODD = Response(200, (("X-A", "\xa0b\x0b"), ("X-B", "X")))


@table(
    "url, response, expected",
    ("at home all but cookies", "/x", Response(200, ALL_HEADERS), Response(200, ALL_HEADERS[:-2])),
    ("no CORS header", API, Response(200, ((ACAO, "*"), (ACEH, "X-B"), ("Vary", "Origin"))), Response(200)),
    ("any status", API, allow(status=403), Response(403)),
    ("no white space around a value, which is no part of it", API, SPACED, Response(200, COMMON)),
    ("other characters", "/x", ODD, ODD),
)
def test_what_is_read(url: str, response: Response, expected: Response) -> None:
    """#concept-filtered-response-basic, and #http-responses: the status can be anything."""
    assert fetch(response, url=url).response == expected


CLIENT_HINTS = ("Device-Memory", "Downlink", "DPR", "ECT", "RTT", "Save-Data", "Viewport-Width", "Width")


@table(
    "headers, notes",
    ("a high byte in Accept", [("Accept", "\x80")], [1]),
    ("a high byte in Content-Type", [("Content-Type", "text/plain;\xe9")], [1]),
    ("0x7F is unsafe to all", [("Accept", "\x7f")], []),
    ("a high byte elsewhere", [("X-A", "\xe9")], []),
    ("over 1024 bytes", [LANGUAGES] * 8, [2]),
    ("not over 1024 bytes", [("Accept-Language", "a" * 127)] * 8, []),
    ("a name repeated", [("X-A", "1"), ("x-a", "2")], [3]),
    ("no name repeated", [("X-A", "1"), ("X-B", "2")], []),
    ("a safelisted name repeated", [("Accept-Language", "en"), ("Accept-Language", "de")], []),
    ("129 bytes of Accept when joined", [("Accept", "a" * 64), ("accept", "b" * 63)], [4]),
    ("128 bytes when joined", [("Accept", "a" * 63), ("accept", "b" * 63)], []),
    ("128 bytes in one", [("Accept", "a" * 128)], []),
    *((f"the client hint {name}", [(name, "1")], [5]) for name in CLIENT_HINTS),
    ("User-Agent", [("user-agent", "tea")], [6]),
    ("two at once", [("Save-Data", "on"), ("user-agent", "tea")], [5, 6]),
    ("nothing special", [], []),
)
def test_known_differences_are_told(headers: Pairs, notes: list[int]) -> None:
    """The model follows the standard; the reason says what browsers do, whether or not the page may read."""
    told = [DIFFERENCES[note].note for note in notes]
    assert fetch(EVERYTHING, headers=headers).reason == (" ".join(told) or None)
    refused = fetch(Response(200), headers=headers)
    whose = "preflight response" if kinds(refused) == ["preflight"] else "response"
    assert refused.reason == " ".join([f"{ACAO} of the {whose} is missing; it must be {EITHER}.", *told])
    assert fetch(Response(200), url="/home", headers=headers).reason is None


def test_the_table_of_differences_is_complete() -> None:
    """The manual has a row for each, in their order, and each names a browser and its version."""
    page = Path(__file__).parents[1] / "docs" / "explanation" / "what-browsers-do.rst"
    head, *rows = re.findall(r"^   \* - (.*)$", page.read_text(), re.MULTILINE)
    assert head == "what they do"
    assert rows == [difference.note.strip("()") for difference in DIFFERENCES]
    assert all("Firefox 153" in row.note or "Chromium 156" in row.note for row in DIFFERENCES)


# -- The network, and everything else ------------------------------------------------------------------------


def test_a_connection_that_fails_is_a_network_error_and_other_exceptions_pass_through() -> None:
    """#http-network-fetch, step 8.1; a view that fails to open a file is a bug of the app, not of the network."""
    error: Exception = model.ConnectionFailed("connection refused")

    def network(_: Request) -> Response:
        raise error

    page = Browser(APP, network)
    for method, first in (("GET", "GET"), ("PUT", "OPTIONS")):
        outcome = page.fetch(API, method=method)
        reason = blocked_at(outcome, "#http-network-fetch step 8.1")
        assert reason == f"There is no response to {first} 'https://api.example/items': connection refused."
        assert outcome.exchanges == ()
    error = FileNotFoundError("data.json")
    with pytest.raises(FileNotFoundError, match=r"data\.json"):
        page.fetch(API)


TREE = [*ast.walk(ast.parse(inspect.getsource(model)))]


def test_the_model_is_pure_and_every_function_says_where_it_comes_from() -> None:
    """The standard library only, no sockets; each public function cites the standard, or needs not by its nature."""
    imported = {alias.name for node in TREE if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in TREE if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names
    assert not imported & {"socket", "http.client", "urllib.request", "ssl"}
    no_anchor = {"is_token", "get_all", "split_safelisted", "exceeds_safelist_limit", "same_origin", "check_origin"}
    functions = [node for node in TREE if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    cited = {node.name for node in functions if re.search("#|step", ast.get_docstring(node) or "")}
    assert {node.name for node in functions} <= cited | no_anchor | {"includes_credentials"}


CORS_VALUES = st.one_of(HOSTILE, pick(["*", APP, "true", "null", "PUT", "x-a", "PUT, *", "9" * 5000, OTHER]))
RESPONSES = st.builds(
    Response,
    pick([200, 204, 301, 302, 303, 307, 308, 401, 404, 500]),
    st.lists(st.tuples(pick([ACAO, *NAMES.values(), "X-A"]), CORS_VALUES), max_size=6).map(tuple),
)


@settings(max_examples=max(300, settings().max_examples))
@given(
    st.lists(RESPONSES, min_size=1, max_size=4),
    pick(["GET", "PUT", "POST"]),
    pick(["omit", "same-origin", "include"]),
    st.lists(st.tuples(pick(["X-A", "Accept", "Authorization"]), HOSTILE), max_size=2),
)
def test_whatever_the_server_sends_there_is_an_outcome(
    responses: list[Response], method: str, mode: str, headers: Pairs
) -> None:
    """No exception, one line of bounded length as the reason, and nothing to read unless allowed."""
    outcome = fetch(*responses, method=method, credentials=mode, headers=headers)
    assert outcome.allowed is (outcome.response is not None)
    assert outcome.step.startswith("#")
    assert outcome.allowed or outcome.reason
    assert "\n" not in (outcome.reason or "")
    assert len(outcome.reason or "") < 2000


def test_what_goes_over_the_wire_has_defaults_and_cannot_be_changed() -> None:
    """What is easily confused is never given by position."""
    assert Request("GET", API, ()) == Request("GET", API, (), None, credentials=False)
    assert Response(200) == Response(200, (), body=b"")
    for make, arguments in ((Request, ("GET", API, (), None, True)), (Response, (200, (), b""))):
        with pytest.raises(TypeError):
            make(*arguments)
    exchange = fetch().exchanges[0]
    for item in (fetch(), exchange, exchange.request, exchange.response, DIFFERENCES[0]):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(item, dataclasses.fields(item)[0].name, None)


def test_the_names_for_users_are_these() -> None:
    names = "BROWSER_MAX_AGE_LIMITS DIFFERENCES Browser ConnectionFailed Difference Exchange Outcome Request Response"
    assert model.__all__ == [*words(names), "is_forbidden_header", "is_forbidden_method"]
    assert model.BROWSER_MAX_AGE_LIMITS == {"Chromium": 7200, "Firefox": 86400, "Safari": 600}
