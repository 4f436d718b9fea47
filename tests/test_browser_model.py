"""The browser model against the text of the Fetch standard, sentence by sentence.

Expectations come from the standard (https://fetch.spec.whatwg.org/, 21 June 2026), not from the model.
"""

from __future__ import annotations

import re
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_cors import browser as model
from flask_cors.browser import DIFFERENCES, Browser, CookieJar, Headers, Outcome, Request, Response, urls
from tests.tables import table, words

APP, API, OTHER = "https://app.example", "https://api.example/items", "https://other.example/items"
HOME = APP + "/2"
ALLOW = "Access-Control-Allow-"
ACAO, ACAC, ACAM, ACAH = (ALLOW + name for name in ("Origin", "Credentials", "Methods", "Headers"))
ACEH, ACMA = "Access-Control-Expose-Headers", "Access-Control-Max-Age"
ACRM, ACRH = "Access-Control-Request-Method", "Access-Control-Request-Headers"
CORP = "Cross-Origin-Resource-Policy"
NAMES = {"origin": ACAO, "credentials": ACAC, "methods": ACAM, "headers": ACAH, "expose": ACEH, "max_age": ACMA}
NAMES |= {"location": "Location"}

Pairs = list[tuple[str, str]]
Options = dict[str, Any]


def allow(origin: str | None = "*", status: int = 200, **more: Any) -> Response:
    """Make a response that allows *origin*, with *more* headers by their names in NAMES; a list repeats a header."""
    pairs = [(NAMES[key], value) for key, value in {"origin": origin, **more}.items() if value is not None]
    repeated = ((name, [value] if isinstance(value, str) else value) for name, value in pairs)
    return Response(status, tuple((name, value) for name, values in repeated for value in values))


def moved(to: str | list[str], status: int = 302) -> Response:
    return allow(status=status, location=to)


class Wire:
    """A network made of a table: its responses, of which the last repeats, and those to a method."""

    def __init__(self, *responses: Response, **by_method: Response) -> None:
        self.responses, self.by_method = list(responses), by_method

    def __call__(self, request: Request) -> Response:
        if request.method in self.by_method:
            return self.by_method[request.method]
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


def fetch(*responses: Response, url: str = API, origin: str = APP, **options: Any) -> Outcome:
    """One fetch of one page."""
    return Browser(origin, Wire(*(responses or (allow(),)))).fetch(url, **options)


def own(request: Request) -> Request:
    """Leave out what a request tells about the page; `test_what_a_request_tells_about_the_page` looks at that."""
    kept = [pair for pair in request.headers if pair[0] != "Referer" and not pair[0].startswith("Sec-Fetch-")]
    return Request(request.method, request.url, kept, request.body, credentials=request.credentials)


def kinds(outcome: Outcome) -> list[str]:
    return [exchange.kind for exchange in outcome.exchanges]


def sent(outcome: Outcome) -> Pairs:
    return [(exchange.request.method, exchange.request.url) for exchange in outcome.exchanges]


def origins(outcome: Outcome) -> list[str | None]:
    return [exchange.request.headers.get("Origin") for exchange in outcome.exchanges]


def blocked_at(outcome: Outcome, step: str) -> str:
    """Assert that *step* blocked the page, and that it got nothing; return the reason."""
    assert (outcome.allowed, outcome.step, outcome.response) == (False, step, None)
    assert outcome.reason
    return outcome.reason


# -- Header lists, methods, request headers and URLs ---------------------------------------------------------


@table(
    "values, expected",
    ("a comma at the end makes an empty item", ["nosniff,"], ["nosniff", ""]),
    ("no header is null", [], None),
    ("an open quote reaches into the next header", ['text/html;"', "x/x"], ['text/html;", x/x']),
    ("a closed quote does not", ['x/x;test="hi",y/y'], ['x/x;test="hi"', "y/y"]),
    ("commas in a row, and a header of one", ["x / x,,1", ",", "1"], ["x / x", "", "1", "", "", "1"]),
    ("an escaped quote closes nothing", ['"a\\",b"', "c"], ['"a\\",b"', "c"]),
    ("a backslash at the end", ['"a\\'], ['"a\\']),
    ("white space is stripped at both ends of an item", [' \ta "b" \t, c'], ['a "b"', "c"]),
)
def test_get_decode_and_split(values: list[str], expected: list[str] | None) -> None:
    """#example-header-list-get-decode-split, the standard's own table."""
    lines = [pair for value in values for pair in [("A", value), ("D", "sniff")]]
    value = model.get_header(lines, "a")
    assert (None if value is None else model.split_value(value)) == expected


def test_lists_of_tokens() -> None:
    """#extract-header-list-values: no header is null, empty items are left out, several headers are one list."""
    lists: list[tuple[list[str], list[str] | None]] = [([], None), (["", " , \t,"], [])]
    for values, expected in [*lists, (["GET,PUT ,\tPATCH", "X"], ["GET", "PUT", "PATCH", "X"])]:
        assert model.extract_list(tuple((ACAH, value) for value in values), ACAH.lower()) == expected
    for item in ("A B", "A; B", "caf\xe9", '"A"', "A,\nB"):
        with pytest.raises(ValueError, match=f"^{ACAH} contains .*, which is not a token$"):
            model.extract_list(((ACAH, "A"), (ACAH, item)), ACAH)


BYTES = {chr(byte) for byte in range(256)}
SAFE_BYTES = BYTES - {*map(chr, [*range(0x09), *range(0x0A, 0x20), *b'"():<>?@[\\]{}', 0x7F])}
UNSAFE_BYTES = BYTES - SAFE_BYTES
LANGUAGE_BYTES = {*" *,-.0123456789;=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}
PLAIN_TYPE = "text/plain;{}".format
RANGES = {*words("bytes=0- bytes=0-0 bytes=9-10")}
NO_RANGES = {*words("Bytes=0-1 bytes=1 bytes=-1 bytes=- bytes=10-9 bytes=0-1,3 bytes=\xb2- items=0-1"), "bytes= 0-1"}
FORM_TYPES = {*words("application/x-www-form-urlencoded text/plain;; multipart/form-data;\xff"), "Text/PLAIN ; a=b"}
OTHER_TYPES = {*words("application/json text/plaintext text// text/ /plain text text/plain,x/y"), "te xt/plain", ""}


@table(
    "name, safe, unsafe",
    ("bytes", "Accept", SAFE_BYTES, UNSAFE_BYTES),
    ("bytes of a type", "Content-Type", {*map(PLAIN_TYPE, SAFE_BYTES)}, {*map(PLAIN_TYPE, UNSAFE_BYTES)}),
    ("bytes of a language", "Accept-Language", LANGUAGE_BYTES, BYTES - LANGUAGE_BYTES),
    ("128 bytes, any case of the name", "ACCEPT", {"", "a" * 128}, {"a" * 129}),
    ("128 bytes of a range", "Range", {"bytes=" + "1" * 121 + "-"}, {"bytes=" + "1" * 122 + "-"}),
    ("one range with a first byte", "Range", RANGES, NO_RANGES),
    ("a form's MIME type, whatever its parameters", "Content-Type", FORM_TYPES, OTHER_TYPES),
    ("any other header, such as one of an earlier safelist", "DPR", set(), {"1", ""}),
)
def test_safelisted_headers(name: str, safe: set[str], unsafe: set[str]) -> None:
    """#cors-safelisted-request-header, and #cors-unsafe-request-header-byte."""
    assert {value for value in safe | unsafe if model.is_safelisted_header(name, value)} == safe


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
    assert own(outcome.exchanges[0].request).headers == (("Accept", "*/*"), ("Origin", APP))
    # Step 3: a forbidden method, one of a list, in any case; not one in quotes.
    for name in ("X-HTTP-Method", "x-http-method-override", "X-METHOD-OVERRIDE"):
        for value, forbidden in {"get, track": True, '"a,b", connect': True, '"TRACE"': False, "TRACER": False}.items():
            assert model.is_forbidden_header(name, value) is forbidden


def test_what_becomes_of_a_page_s_headers() -> None:
    """#concept-header-value-normalize, #concept-header-list-append step 1, #concept-headers-fill step 2."""
    assert model.page_headers([("A", "\t\n\r  a \t b \r\n"), ("B", "\x0b\xa0")]) == [("A", "a \t b"), ("B", "\x0b\xa0")]
    assert model.page_headers([("a", "1"), ("B", "2"), ("A", "3")]) == [("a", "1"), ("B", "2"), ("a", "3")]
    assert model.page_headers({"X-A": "1", "X-B": "2"}) == [("X-A", "1"), ("X-B", "2")]  # as JavaScript's objects


@table(
    "urls",
    ("normal form", {"https://a.example": "https://a.example/", "HTTPS://A.Example:443/X": "https://a.example/X"}),
    ("ports", {"http://a:80/": "http://a/", "http://a:443/": "http://a:443/", "http://a:/": "http://a/"}),
    ("relative; fragments are not sent", {"/b?c#d": "https://a/b?c", "b": "https://a/x/b", "?q": "https://a/x/y?q"}),
    ("a backslash is a slash, but not in the query", {"/\\b/c": "https://b/c", "\\c?\\": "https://a/c?\\"}),
    ("dots, also in disguise", {"https://a/b/../c/./d": "https://a/c/d", "https://a/%2E%2e/b/.%2e": "https://a/"}),
    ("two dots are one folder less", {"https://a/b/c/../d": "https://a/b/d", "https://a/../../b": "https://a/b"}),
    ("dots at the end", {"https://a/b/.": "https://a/b/", "https://a/b/c/..": "https://a/b/"}),
    ("encoding", {"/%41 \xe9?\xe9 '": "https://a/%41%20%C3%A9?%C3%A9%20%27"}),
    ("an empty folder, and an empty label", {"/x//": "https://a/x//", "https://a..b/": "https://a..b/"}),
    ("Unicode", {"//b\xfccher/": "https://xn--bcher-kva/", "//fa\xdf.de": "https://xn--fa-hia.de/"}),
    ("addresses", {"http://[::FFFF:1.2.3.4]:50/": "http://[::ffff:102:304]:50/", "//127.1/": "https://127.0.0.1/"}),
    ("white space, of ASCII alone", {"\x00\x1f https://a/\x1f \n\x00": "https://a/", "/\xa0": "https://a/%C2%A0"}),
    ("a password is not sent", {"https://u@a/": "https://a/", "https://u:p@a/": "https://a/", "//:p@b": "https://b/"}),
    ("another scheme has no origin to speak of", {"data:,x": "data:,x"}),
)
def test_urls(urls: dict[str, str]) -> None:
    """https://url.spec.whatwg.org/, as far as CORS turns on it."""
    for text, url in urls.items():
        scheme, _, host = url.partition("://")
        origin = f"{scheme}://{host.partition('/')[0]}" if host else "null"
        assert model.parse_url(text, "https://a/x/y") == model.Url(url, url.partition(":")[0], origin, "@" in text)


NO_URLS = ["", "a", "//a", "https://", "https:///x", "https://a:b/", "https://a:99999/", "https://[::1", "https://[x]/"]
NO_URLS += ["https://a b/", "https://a%20b/", "https://a|b/", "https://\xad/", "https://256.0.0.1/"]
ORIGINS = [APP, "http://localhost:5000", "http://[::1]:8000", "null", "chrome-extension://abcdef"]
NO_ORIGINS = {"https://b\xfccher.example": "https://xn--bcher-kva.example"}
NO_ORIGINS |= dict.fromkeys((APP + "/", APP.title(), APP + ":443", APP + "/page", "app.example", "", "NULL"), APP)
NO_ORIGINS |= dict.fromkeys(("https://a:b", "localhost:5000", "file:///etc/x"), APP)


def test_what_is_no_url_or_no_origin() -> None:
    """`fetch()` throws, #dom-request step 5.2. A page's origin is checked at once, lest the server get the blame."""
    for text in NO_URLS:
        blocked_at(fetch(url=text, origin="null"), "#dom-request step 5.2")
    for text, says in (("//a/b", "'//a/b' has no scheme"), ("https://a|b/", "'a|b' is not a host")):
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            model.parse_url(text)
    assert [Browser(origin, Wire()).origin for origin in ORIGINS] == ORIGINS
    for origin, right in NO_ORIGINS.items():
        says = f"origin={origin!r} is not what browsers send as Origin; write it like {right!r}"
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            Browser(origin, Wire())


# -- The CORS check and redirects ----------------------------------------------------------------------------

INCLUDE, PUT, DELETE = {"credentials": "include"}, {"method": "PUT"}, {"method": "DELETE"}
NOT_THE_ORIGIN = ["", "null", APP + "/", APP.upper(), APP + ":443", "*, *", "https://*.example"]
LOST = "the origin that a redirect has lost"


@table(
    "options, responses, step",
    ("anyone; Allow-Credentials is ignored if not needed", {}, [allow(credentials="true")], "3"),
    ("the origin itself", {}, [allow(APP)], "5"),
    ("the origin, and credentials", INCLUDE, [allow(APP, credentials="true")], "7"),
    ("true once", INCLUDE, [allow(APP, credentials="true, true")], "no 8"),
    *((f"{value!r} is not the origin", {}, [allow(value)], "no 4") for value in NOT_THE_ORIGIN),
    ("another scheme is abroad", {"url": "http://app.example/"}, [Response(200)], "no 2"),
    ("another port is abroad", {"url": APP + ":8443"}, [Response(200)], "no 2"),
    ("another host is abroad", {"url": "https://sub.app.example/"}, [Response(200)], "no 2"),
    ("a redirect must pass the check itself: it comes before step 6", {}, [allow(None, 302, location=OTHER)], "no 2"),
    ("a preflight that passes spares no check", PUT, [allow(methods="PUT"), Response(200)], "no 2"),
    (f"{LOST}: anyone", {}, [moved(OTHER), allow("*")], "3"),
    (f"{LOST}: null", {}, [moved(OTHER), allow("null")], "5"),
    (f"{LOST}: the page's own", {}, [moved(OTHER), allow(APP)], "no 4"),
    ("home is abroad after a hop over another origin", {}, [moved(HOME), Response(200)], "no 2"),
    ("from home to abroad the check begins", {"url": "/1"}, [allow(None, 302, location=API), allow()], "3"),
)
def test_the_cors_check(options: Options, responses: list[Response], step: str) -> None:
    """#cors-check, and when it is made: #main-fetch, step 12, and #http-fetch, step 4.4; credentials stay at home."""
    outcome = fetch(*responses, **options)
    assert outcome.step == f"#cors-check step {step.removeprefix('no ')}"
    assert outcome.response == (None if step.startswith("no") else Response(200))
    assert [exchange.response for exchange in outcome.exchanges] == responses
    with_credentials = [options == INCLUDE or exchange.request.url == APP + "/1" for exchange in outcome.exchanges]
    assert [exchange.request.credentials for exchange in outcome.exchanges] == with_credentials


BECOMES_GET = {(301, "POST"), (302, "POST"), (303, "POST"), (303, "PUT")}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_what_a_redirect_makes_of_method_and_body(method: str) -> None:
    """#redirect-status, and #http-redirect-fetch, step 12: body and the headers about it go together."""
    names = ("Content-Type", "content-encoding", "Content-Language", "Content-Location", "X-A")
    body, headers = None if method in ("GET", "HEAD") else b"x", tuple((name, "x") for name in names)
    for status in (200, 201, 300, 301, 302, 303, 304, 305, 306, 307, 308):
        outcome = fetch(moved("../2?q", status), allow(), url="/a/1", method=method, headers=headers, body=body)
        last = own(outcome.exchanges[-1].request)
        assert last.url == APP + ("/2?q" if status in (301, 302, 303, 307, 308) else "/a/1")
        shown = tuple(pair for pair in last.headers if pair[0] not in ("Accept", "Origin"))
        became = ("GET", None, headers[-1:]) if (status, method) in BECOMES_GET else (method, body, headers)
        assert (last.method, last.body, shown) == became
        assert fetch(allow(status=status)).response == Response(status)  # a redirect without Location leads nowhere


def test_twenty_redirects_and_no_more_and_a_password_as_long_as_one_stays_at_home() -> None:
    """#http-redirect-fetch, step 7; steps 9 and 10 are about other origins, and no password is sent in a URL."""
    outcome = fetch(*[moved(f"/{n}") for n in range(20)], allow())
    assert (outcome.allowed, len(outcome.exchanges)) == (True, 21)
    reason = blocked_at(fetch(moved("/a")), "#http-redirect-fetch step 7")
    assert reason == "Location of the response is 'https://api.example/a'; it would exceed the limit of 20 redirects."
    outcome = fetch(moved("https://u:p@app.example/2"), Response(200), url="/1")
    assert (outcome.allowed, sent(outcome)) == (True, [("GET", APP + "/1"), ("GET", HOME)])


def test_bytes_of_a_location_are_encoded_each_as_it_is() -> None:
    """https://url.spec.whatwg.org/#utf-8-percent-encode: what is UTF-8 already is not encoded as UTF-8 again."""
    outcome = fetch(moved("/\xe2\x98\x83?\xff"), allow())
    assert sent(outcome) == [("GET", API), ("GET", "https://api.example/%E2%98%83?%FF")]


@table(
    "method, page, hops, expected",
    ("abroad, within one origin", "GET", APP, [API, API + "/2"], [APP, APP]),
    ("from abroad back home", "GET", APP, [API, HOME], [APP, "null"]),
    ("home, abroad, elsewhere", "GET", APP, [APP + "/1", API, OTHER], [None, APP, "null"]),
    ("from one abroad to another, and it stays so", "GET", APP, [API, OTHER, OTHER + "/2"], [APP, "null", "null"]),
    ("another scheme is elsewhere", "GET", APP, [API, "http://api.example/"], [APP, "null"]),
    ("no origin to begin with", "GET", "null", [API, API + "/2"], ["null", "null"]),
    ("what needs a preflight needs another one elsewhere", "PUT", APP, [API, OTHER], [APP, APP, "null", "null"]),
    ("and at the page's own origin, tainted as it is", "PUT", APP, [API, HOME], [APP, APP, "null", "null"]),
    ("from home, the first one abroad gets a preflight", "PUT", APP, [APP + "/1", API], [APP, APP, APP]),
)
def test_redirects_between_origins_lose_the_origin(
    method: str, page: str, hops: list[str], expected: list[str | None]
) -> None:
    """#concept-request-tainted-origin, #serializing-a-request-origin, and #main-fetch step 12 for each new URL."""
    wire = Wire(*(moved(to, 307) for to in hops[1:]), allow(), OPTIONS=allow(methods="PUT"))
    outcome = Browser(page, wire).fetch(hops[0], method=method)
    assert (outcome.allowed, origins(outcome)) == (True, expected)
    methods = ["OPTIONS", "PUT"] if method == "PUT" else ["GET"]
    assert sent(outcome) == [(each, url) for url in hops for each in methods][-len(expected) :]


def test_authorization_does_not_cross_origins() -> None:
    """#http-redirect-fetch, step 13."""
    headers = {"authorization": "x", "X-A": "1"}
    for start, to, kept in (("/1", HOME, "x"), (API, API + "/2", "x"), ("/1", API, None), (API, OTHER, None)):
        wire = Wire(moved(to), allow(), OPTIONS=allow(headers="Authorization, X-A"))
        last = Browser(APP, wire).fetch(start, headers=headers).exchanges[-1].request
        assert (last.url, last.headers.get("Authorization"), last.headers["X-A"]) == (to, kept, "1")


@table("mode, places", ("none", "omit", ()), ("home", "same-origin", ("/x",)), ("everywhere", "include", ("/x", API)))
def test_who_gets_an_origin_and_credentials(mode: str, places: tuple[str, ...]) -> None:
    """#append-a-request-origin-header, and #http-network-or-cache-fetch, step 8.3; a preflight never has any."""
    for url, (method, body) in product(("/x", API), {"GET": None, "HEAD": None, "POST": b"x", "DELETE": b"x"}.items()):
        response = allow(APP, credentials="true", methods="DELETE")
        outcome = fetch(response, url=url, method=method, credentials=mode, body=body)
        assert outcome.allowed
        *preflights, request = (exchange.request for exchange in outcome.exchanges)
        has_origin = url == API or method in ("POST", "DELETE")
        assert own(request).headers == (("Accept", "*/*"), ("Origin", APP))[: 1 + has_origin]
        assert (request.credentials, request.body) == (url in places, body)
        has_preflight = (url, method) == (API, "DELETE")
        assert [(one.credentials, one.body) for one in preflights] == [(False, None)] * has_preflight


def test_at_home_no_one_asks_the_server_for_permission_and_only_http_has_cors() -> None:
    """#main-fetch, step 12; the local schemes are not modelled, and two origins of null are not the same."""
    outcome = fetch(Response(200, (("X-A", "1"),)), url="/x", method="PUT", headers=[("X-A", "1")], body=b"x")
    assert (outcome.allowed, outcome.reason, outcome.step) == (True, None, "#main-fetch step 12")
    [exchange] = outcome.exchanges
    request = Request("PUT", APP + "/x", (("X-A", "1"), ("Accept", "*/*"), ("Origin", APP)), b"x", credentials=True)
    assert (exchange.kind, own(exchange.request)) == ("actual", request)
    [exchange] = fetch(Response(200), url="/x").exchanges
    assert own(exchange.request) == Request("GET", APP + "/x", (("Accept", "*/*"),), credentials=True)
    not_modelled = ("#scheme-fetch", "modelled: CORS does not apply to data: and blob: URLs.")
    reasons = {"ftp://a/": ("#main-fetch step 12", "an http: or https: URL, so CORS cannot allow it.")}
    for url, (step, says) in (reasons | dict.fromkeys(("data:,x", "blob:https://app.example/x"), not_modelled)).items():
        for outcome in (fetch(url=url), fetch(url=url, origin="null"), Browser(APP, Wire()).load("font", url)):
            assert blocked_at(outcome, step) == f"{url!r} is not {says}"


# -- What pages write ----------------------------------------------------------------------------------------

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
    [exchange] = fetch(method="POST", body=body, headers=headers).exchanges
    request = own(exchange.request)
    assert (request.body, request.headers) == (carried, (*types, ("Accept", "*/*"), ("Origin", APP)))
    [exchange] = fetch(headers=[("accept", "text/html")]).exchanges  # "*/*" is a default: #concept-fetch, step 12
    assert own(exchange.request).headers == (("accept", "text/html"), ("Origin", APP))


URL, HEADER, METHOD, BODY = "#dom-request step 5.3", "#concept-header", "#dom-request step 25.2", "#dom-request step 35"
WITH_USER, FORBIDDEN_ONE = "has a user name or password.", "pages must not use the method"
NEVER_SENT, NO_VALUES = words("CONNECT TRACE TRACK trace Track"), ["1\n2", "1\r2", "1\0002", "\u0100"]
NO_VALUE = "is not a valid value for the header"
NO_CORS = {"mode": "no-cors"}


@table(
    "options, step, says",
    ("no URL", {"url": "https://["}, "#dom-request step 5.2", "'https://[' is not a URL."),
    ("a password", {"url": "https://u:p@b/"}, URL, f"the URL 'https://u:p@b/' {WITH_USER}"),
    ("a user, at home", {"url": f"//u@{APP[8:]}/"}, URL, f"the URL '//u@app.example/' {WITH_USER}"),
    ("no method", {"method": "A B"}, METHOD, "'A B' is not a valid method."),
    ("an empty method, at home", {"url": "/x", "method": ""}, METHOD, "'' is not a valid method."),
    *((name, {"method": name}, METHOD, f"{FORBIDDEN_ONE} {name!r}.") for name in NEVER_SENT),
    ("no name", {"headers": {"X A": "1"}}, HEADER, "'X A' is not a valid header name."),
    ("an empty name", {"headers": {"": "1"}}, HEADER, "'' is not a valid header name."),
    *((repr(value), {"headers": {"A": value}}, HEADER, f"{value!r} {NO_VALUE} A.") for value in NO_VALUES),
    ("also if forbidden", {"headers": {"DNT": "\n1\n1"}}, HEADER, rf"'1\n1' {NO_VALUE} DNT."),
    ("GET with a body", {"body": ""}, BODY, "a GET request cannot have a body."),
    ("HEAD with a body", {"method": "head", "body": b""}, BODY, "a HEAD request cannot have a body."),
    ("no mode", {"mode": "cor"}, "#requestmode", "mode='cor' must be one of cors, no-cors, same-origin."),
    ("CORS", NO_CORS | PUT, "#dom-request step 32.1", "mode='no-cors' allows GET, HEAD and POST, not 'PUT'."),
)
def test_what_throws_sends_nothing(options: Options, step: str, says: str) -> None:
    """The promise is rejected before there is a network."""
    outcome = fetch(**options)
    assert blocked_at(outcome, step) == f"fetch() throws a TypeError: {says}"
    assert outcome.exchanges == ()
    reason = blocked_at(fetch(credentials="all"), "#requestcredentials")
    assert reason.endswith(": credentials='all' must be one of omit, same-origin, include.")


def test_a_page_may_send_json_and_read_it_and_headers_by_name() -> None:
    wire = Wire(Response(200, [*allow(methods="PUT", headers="*", expose="*").headers, ("X-A", "1")], body=b'{"a": 1}'))
    outcome = Browser(APP, wire).fetch(API, method="PUT", json={"tea": "gr\xfcn"})
    _, request = (exchange.request for exchange in outcome.exchanges)
    assert (request.body, request.headers["content-type"]) == ('{"tea":"gr\xfcn"}'.encode(), "application/json")
    assert outcome.response is not None
    assert (outcome.response.json, outcome.response.headers["x-a"]) == ({"a": 1}, "1")
    with pytest.raises(KeyError, match="'etag' is not among Access-Control-Allow-Headers, Access-"):
        outcome.response.headers["etag"]
    own_type = fetch(method="POST", json=1, headers={"content-type": "text/plain"})
    assert (kinds(own_type), own_type.exchanges[0].request.headers["Content-Type"]) == (["actual"], "text/plain")
    with pytest.raises(ValueError, match="takes a body or json, not both"):
        fetch(json=1, body="1")


# -- Preflights ----------------------------------------------------------------------------------------------

FULL = [("Accept", "a" * 128)] * 8
LANGUAGES = [("Accept-Language", "a" * 128)] * 8
MIXED = [("X-B", "1"), ("x-a", "2"), ("X-b", "3"), ("Content-Type", "a/b"), ("X-A_b", ""), ("X-A-b", "")]
EVERYTHING = allow(methods="*", headers="*, Authorization")


@table(
    "method, headers, asked",
    ("what a form can do", "POST", [("Content-Type", "text/plain")], None),
    *((f"{method} is normalized, and safe", method, [], None) for method in ("get", "Head", "post")),
    *((f"{method} is normalized", method, [], (method.upper(), None)) for method in ("delete", "Options", "put")),
    *((f"{method} stays as it is", method, [], (method, None)) for method in ("patch", "eGg", "QUERY")),
    ("a header: the method is named all the same", "GET", [("X-A", "1")], ("GET", "x-a")),
    ("lower-cased, sorted by byte, once each", "POST", MIXED, ("POST", "content-type,x-a,x-a-b,x-a_b,x-b")),
    ("1024 bytes together; unsafe ones are not counted", "GET", [*FULL, ("X-A", "a")], ("GET", "x-a")),
    ("1025 bytes", "GET", [*FULL, ("Accept-Language", "a")], ("GET", "accept,accept-language")),
    ("1016 bytes and 3 of the default Accept", "GET", [("Accept-Language", "a" * 127)] * 8, None),
    ("1027 bytes", "GET", LANGUAGES, ("GET", "accept,accept-language")),
)
def test_what_needs_a_preflight_and_what_that_asks(
    method: str, headers: Pairs, asked: tuple[str, str | None] | None
) -> None:
    """#main-fetch step 12, #concept-method-normalize, and #cors-preflight-fetch-0 steps 1 to 5."""
    outcome = fetch(EVERYTHING, method=method, headers=headers)
    assert outcome.allowed
    assert sent(outcome)[-1] == (asked[0] if asked else method.upper(), API)
    assert kinds(outcome) == (["actual"] if asked is None else ["preflight", "actual"])
    if asked is not None:
        wanted = [("Accept", "*/*"), (ACRM, asked[0]), (ACRH, asked[1]), ("Origin", APP)]
        kept = tuple((name, value) for name, value in wanted if value is not None)
        assert own(outcome.exchanges[0].request) == Request("OPTIONS", API, kept)


X_A, X_B, AUTHORIZATION, STAR = ({"headers": {name: "1"}} for name in ("X-A", "X-B", "Authorization", "*"))
JSON = {"headers": {"Content-Type": "application/json"}}


@table(
    "options, list_, values",
    ("a method by name", PUT, "methods", ["GET, PUT,", ["GET", "PUT"], "*", "GET, *"]),
    ("a header by name, in any case", X_A, "headers", ["x-a", "X-B, X-a", "*"]),
    ("a content type", JSON, "headers", ["Content-Type", "*"]),
    ("authorization by name", AUTHORIZATION, "headers", ["AUTHORIZATION", "*, authorization"]),
    ("with credentials * is the method of that name", {"method": "*"} | INCLUDE, "methods", ["*"]),
    ("or the header of that name", STAR | INCLUDE, "headers", ["*"]),
    *((f"{method} needs no entry", {"method": method} | X_A, "headers", ["x-a"]) for method in ("GET", "HEAD", "POST")),
)
def test_what_a_preflight_grants(options: Options, list_: str, values: list[Any]) -> None:
    """#cors-preflight-fetch-0, steps 7.5 to 7.7, and #http-new-header-syntax; `test_reasons` has what it denies."""
    for value in values:
        outcome = fetch(allow(APP, credentials="true", **{list_: value}), **options)
        assert (outcome.allowed, kinds(outcome)) == (True, ["preflight", "actual"])


def test_the_status_of_a_preflight() -> None:
    """#ok-status; it is the deeper cause where the response has no CORS headers either."""
    for status in (200, 204, 299):
        assert kinds(fetch(allow(status=status, methods="PUT"), method="PUT")) == ["preflight", "actual"]
    for status in (199, 300, 308, 399, 400, 401, 404):
        why = ", and browsers do not follow a redirect here" if 300 <= status < 400 else ""
        reason = f"The preflight response has status {status}; it must be one from 200 to 299{why}."
        outcome = fetch(allow(status=status, methods="PUT", location="/"), allow(), method="PUT")
        assert (blocked_at(outcome, "#cors-preflight-fetch-0 step 7"), kinds(outcome)) == (reason, ["preflight"])
        assert fetch(Response(status), method="PUT").reason == reason


# -- Reasons: of which response, which header, its value, and what would have been right ---------------------

STEPS = dict.fromkeys((ACAO, ACAC), "#cors-check") | dict.fromkeys((ACAM, ACAH), "#cors-preflight-fetch-0")
STEPS |= {"Location": "#http-redirect-fetch"}
EITHER = f"{APP!r} or '*'"
LETTER = ", which is not exactly the page's origin"
NAMELESS = ", which is not enough because the page sends credentials"
NO_ORIGIN = ", but Origin is 'null' (a page without an origin, or a redirect from one origin to another)"
NO_WILDCARD = " ('*' is not a wildcard because the page sends credentials)"
NO_PASSWORD = "it must have no user name or password (not shown here)."
TRUE = "it must be 'true' because the page sends credentials."
TWICE = Response(200, ((ACAO, APP), (ACAO, APP)))
STARS = allow(APP, methods="*", headers="*", credentials="true")
THREE = {"headers": [("X-B", "1"), ("X-A", "1"), ("X-C", "1")]}
TO_JAVASCRIPT = {"url": "/x"}, moved("javascript:x")


@table(
    "options, response, header, step, says",
    ("no origin", {}, allow(None), ACAO, "2", f"missing; it must be {EITHER}."),
    ("anyone, with credentials", INCLUDE, allow(), ACAO, "4", f"'*'{NAMELESS}; it must be {APP!r}."),
    ("twice", {}, TWICE, ACAO, "4", f"'{APP}, {APP}', but only one value is valid; it must be {EITHER}."),
    ("200 characters", {}, allow("x" * 200), ACAO, "4", f"'{'x' * 200}'{LETTER}; it must be {EITHER}."),
    ("of 201 the first 197", {}, allow("x" * 201), ACAO, "4", f"'{'x' * 197}...'{LETTER}; it must be {EITHER}."),
    ("a page without one", {"origin": "null"}, allow(APP), ACAO, "4", f"'{APP}'{NO_ORIGIN}; it must be 'null' or '*'."),
    ("credentials", INCLUDE, allow(APP, credentials="True"), ACAC, "8", f"'True'; {TRUE}"),
    ("preflight: credentials", PUT | INCLUDE, allow(APP), ACAC, "8", f"missing; {TRUE}"),
    ("case", PUT, allow(methods="put"), ACAM, "7.5", "'put'; it must list 'PUT' (upper and lower case differ)."),
    ("no methods", PUT, allow(), ACAM, "7.5", "missing; it must list 'PUT'."),
    ("not the whole method", PUT, allow(methods="OUTPUT"), ACAM, "7.5", "'OUTPUT'; it must list 'PUT'."),
    ("headers missing", THREE, allow(headers="x-c, x-ab"), ACAH, "7.7", "'x-c, x-ab'; it must list 'x-a', 'x-b'."),
    ("a header, with credentials", X_A | INCLUDE, STARS, ACAH, "7.7", f"'*'; it must list 'x-a'{NO_WILDCARD}."),
    ("a method, with credentials", PUT | INCLUDE, STARS, ACAM, "7.5", f"'*'; it must list 'PUT'{NO_WILDCARD}."),
    ("authorization", AUTHORIZATION, STARS, ACAH, "7.6", f"'*'; it must list 'authorization'. {DIFFERENCES[0].note}"),
    ("the same with credentials", AUTHORIZATION | INCLUDE, STARS, ACAH, "7.6", "'*'; it must list 'authorization'."),
    ("no URL", {}, moved("https://["), "Location", "5", "'https://['; it must be one URL."),
    ("two equal", {}, moved(["a", "a"]), "Location", "5", f"'a, a'; it must be one URL. {DIFFERENCES[7].note}"),
    ("two that differ", {}, moved(["/a", "/b"]), "Location", "5", "'/a, /b'; it must be one URL."),
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


def test_a_malformed_list_in_a_preflight() -> None:
    """#cors-preflight-fetch-0, step 7.3, also if no header is needed."""
    rule = "which is not a token; the preflight response must list names with commas between them."
    for methods, headers, wrong in (
        ("PUT X", None, f"{ACAM} contains 'PUT X'"),
        ("PUT", "X A", f"{ACAH} contains 'X A'"),
    ):
        outcome = fetch(allow(methods=methods, headers=headers), method="PUT")
        assert blocked_at(outcome, "#cors-preflight-fetch-0 step 7.3") == f"{wrong}, {rule}"
        assert kinds(outcome) == ["preflight"]


HINTS = words("Device-Memory Downlink DPR ECT RTT Save-Data Viewport-Width Width")


@table(
    "headers, notes",
    ("a high byte in Accept", [("Accept", "\x80")], [1]),
    ("a high byte in Content-Type", [("Content-Type", "text/plain;\xe9")], [1]),
    ("0x7F is unsafe to all, and a high byte elsewhere", [("Accept", "\x7f"), ("X-A", "\xe9")], []),
    ("over 1024 bytes", LANGUAGES, [2, 4]),
    ("not over 1024 bytes", [("Accept-Language", "a" * 127)] * 8, [4]),
    ("a name repeated", [("X-A", "1"), ("x-a", "2")], [3]),
    ("two names, and a safelisted one repeated", [("X-A", "1"), ("X-B", "2"), *[("Accept-Language", "de")] * 2], []),
    ("129 bytes of Accept when joined", [("Accept", "a" * 64), ("accept", "b" * 63)], [4]),
    ("128 bytes when joined", [("Accept", "a" * 63), ("accept", "b" * 63)], []),
    ("129 bytes of another header", [("Content-Language", "a" * 64), ("Content-Language", "b" * 63)], [4]),
    ("a type that is safe only once", [("Content-Type", "text/plain")] * 2, [4]),
    ("a type that is safe only when joined", [("Content-Type", "text/plain;"), ("content-type", "b")], [4]),
    *((f"the client hint {name}", [(name, "1")], [5]) for name in HINTS),
    ("User-Agent", [("user-agent", "tea")], [6]),
    ("two at once", [("Save-Data", "on"), ("user-agent", "tea")], [5, 6]),
)
def test_known_differences_are_told(headers: Pairs, notes: list[int]) -> None:
    """The model follows the standard; the reason says what browsers do, whether or not the page may read."""
    told = [DIFFERENCES[note].note for note in notes]
    assert fetch(EVERYTHING, headers=headers).reason == (" ".join(told) or None)
    denied = fetch(Response(200), headers=headers)
    whose = "preflight response" if kinds(denied) == ["preflight"] else "response"
    assert denied.reason == " ".join([f"{ACAO} of the {whose} is missing; it must be {EITHER}.", *told])
    assert fetch(Response(200), url="/home", headers=headers).reason is None


def test_the_table_of_differences_is_complete() -> None:
    """The manual has a row for each, in their order, and each names a browser and its version."""
    page = Path(__file__).parents[1] / "docs" / "explanation" / "what-browsers-do.rst"
    rows = re.findall(r"^   \* - (.*)$", page.read_text(), re.MULTILINE)
    assert rows == ["what they do", *(difference.note.strip("()") for difference in DIFFERENCES)]
    assert all("Firefox 153" in row.note or "Chromium 156" in row.note for row in DIFFERENCES)


# -- The preflight cache -------------------------------------------------------------------------------------


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
    ("no other method", {"methods": "PUT"}, PUT, DELETE, True),
    ("the wildcard, for any method", {"methods": "*"}, PUT, {"method": "authorization"}, False),
    ("a header that was not asked for", {"methods": "PUT", "headers": "X-A"}, PUT, PUT | X_A, False),
    ("a header more", {"methods": "PUT", "headers": "x-a"}, PUT, PUT | X_B, True),
    ("a safelisted method needs no entry", {"headers": "X-A"}, X_A, {"method": "POST"} | X_A, False),
    ("authorization by name", {"headers": "*, Authorization"}, X_A, AUTHORIZATION, False),
    ("the wildcard for headers", {"headers": "*"}, X_A, X_B, False),
    ("the wildcard for headers is not for authorization", {"headers": "*"}, X_A, AUTHORIZATION, True),
    ("another URL", {"methods": "PUT"}, PUT, {"url": API + "?q"} | PUT, True),
    ("another body", {"methods": "PUT"}, PUT, {"body": "x"} | PUT, False),
    ("with covers without", {"methods": "PUT"}, PUT | INCLUDE, PUT | {"credentials": "omit"}, False),
    ("without does not cover with", {"methods": "PUT"}, PUT, PUT | INCLUDE, True),
    # By the letter it covers them, but in no browser.
    ("* with credentials, for a method with them", {"methods": "PUT, *"}, PUT | INCLUDE, DELETE | INCLUDE, True),
    ("* with credentials, for a header without", {"headers": "X-A, *"}, X_A | INCLUDE, X_B, True),
    ("* with credentials, for the method *", {"methods": "*"}, {"method": "*"} | INCLUDE, {"method": "*"}, False),
)
def test_what_a_preflight_covers(granted: dict[str, str], first: Options, second: Options, asks: bool) -> None:
    """#concept-cache-match-method and #concept-cache-match-header."""
    page = Page(APP, **granted)
    assert page.asks(**first)
    assert page.asks(**second) is asks


def test_a_second_preflight_renews_what_the_first_granted() -> None:
    """#cors-preflight-fetch-0, step 7.12: also entries that it did not ask for; they keep their credentials."""
    for options in ({}, INCLUDE):
        page = Page(APP, methods="PUT", max_age="60")
        assert page.asks(method="PUT", **options)
        page.now += 50
        page.wire.by_method["OPTIONS"] = allow(APP, methods="PUT, DELETE", max_age="60")
        assert page.asks(method="DELETE")
        page.now += 59
        assert not page.asks(method="PUT", **options)
        page.now += 1
        assert page.asks(method="PUT")


def test_what_a_network_error_clears() -> None:
    """#main-fetch, step 12: a preflight or a request that needs one clears its URL; a simple one clears nothing."""
    fetches: list[tuple[Options, bool]] = [(PUT, True), (DELETE, True), ({}, False)]
    for options, asks_again in fetches:
        page = Page(methods="PUT", max_age="60")
        assert all(page.asks(url, method="PUT") for url in (API, API + "/2"))
        page.wire.responses = [Response(200)]
        assert not page.browser.fetch(API, **options).allowed
        page.wire.responses = [allow()]
        assert page.asks(method="PUT") is asks_again
        assert not page.asks(API + "/2", method="PUT")


def test_a_failure_after_a_redirect_clears_the_entries_of_where_it_led_and_two_pages_share_nothing() -> None:
    """#concept-cache-clear goes by the current URL; a preflight that denies is not cached."""
    for page in (Page(methods="PUT", max_age="60"), Page(methods="PUT", max_age="60")):
        assert page.asks(method="PUT", headers={"X-A": "1"})
        twice, again = ["preflight", "actual"] * 2, ["actual", "preflight", "actual"]
        for last, expected in ((allow(), twice), (Response(200), ["actual", "actual"]), (allow(), again)):
            page.wire.responses = [moved(API + "/2", 307), last]
            assert kinds(page.browser.fetch(API, method="PUT")) == expected


@table(
    "options, granted, expected",
    ("a simple request", {"method": "POST", "body": "x"}, {}, True),
    ("without a body", {"method": "POST"}, {}, True),
    ("a GET, which drops its body", {"body": "x"}, {}, True),
    ("a method that no list has: step 7.4", {"method": "PUT"}, {}, True),
    ("a method that another list leaves out", {"method": "PUT"}, {"methods": "DELETE"}, False),
    ("a header that no list has", {"headers": {"X-A": "1"}}, {}, False),
    ("headers that are short, but not together", {"headers": [("Accept", "a" * 64), ("accept", "b" * 63)]}, {}, False),
)
def test_an_upload_with_a_listener_has_a_preflight(options: Options, granted: Options, expected: bool) -> None:
    """#use-cors-preflight-flag; its preflight is cached like others."""
    page = Page(**granted)
    outcome = page.browser.fetch(API, upload=True, **options)
    assert (outcome.allowed, kinds(outcome)[0]) == (expected, "preflight")
    assert page.asks(upload=True, **options) is not expected
    assert not page.asks("/home", upload=True, **options)
    has_body, is_put = options == {"method": "POST", "body": "x"}, options.get("method") == "PUT"
    told = [DIFFERENCES[15].note] * (not has_body) + [DIFFERENCES[16].note] * is_put
    assert (outcome.reason or "").endswith(" ".join(told))


# -- What the page may read ----------------------------------------------------------------------------------

SAFELISTED = "Cache-Control Content-Language content-length Content-Type EXPIRES Last-Modified Pragma"
OTHER_NAMES = "X-A x-a X-B Date * Set-Cookie Set-Cookie2"
ALL_HEADERS = tuple((name, str(number)) for number, name in enumerate(words(f"{SAFELISTED} {OTHER_NAMES}")))


@table(
    "expose, mode, expected",
    ("nothing listed", [], "omit", ""),
    ("one listed, in any case and as often as it comes", ["X-A"], "omit", "X-A x-a"),
    ("several listed", ["x-b", "Date, X-Absent"], "omit", "X-B Date"),
    ("cookies are never shown", ["Set-Cookie, set-cookie2, X-B"], "omit", "X-B"),
    ("the wildcard among others, cookies never", ["X-B, *"], "same-origin", "X-A x-a X-B Date *"),
    ("with credentials it is a name", ["X-B, *"], "include", "X-B *"),
    ("a malformed list exposes nothing, and hides no response", ["X-B, X A"], "omit", ""),
)
def test_exposed_headers(expose: list[str], mode: str, expected: str) -> None:
    """#main-fetch, step 14.1, and #concept-filtered-response-cors; the conversation keeps what is hidden."""
    cors = allow(APP, credentials="true", expose=expose).headers
    response = Response(200, (*ALL_HEADERS, *cors), body=b"x")
    outcome = fetch(response, credentials=mode)
    assert outcome.response is not None
    shown = [name for name, _ in outcome.response.headers if name not in NAMES.values()]
    assert (shown, outcome.response.body) == (words(f"{SAFELISTED} {expected}"), b"x")
    assert outcome.exchanges[0].response == response


def test_what_is_read() -> None:
    """#concept-filtered-response-basic, and #http-responses: the status can be anything."""
    assert fetch(Response(200, ALL_HEADERS), url="/x").response == Response(200, ALL_HEADERS[:-2])  # all but cookies
    assert fetch(allow(status=403, expose="X-B")).response == Response(403)
    odd = Response(200, (("X-A", "\xa0b\x0b"), ("X-B", "X")))  # white space is stripped, which is part of no value
    spaced = Response(200, ((ACAO, "\t * "), ("Content-Type", " a/b ")))
    assert fetch(spaced).response == Response(200, [("Content-Type", "a/b")])
    assert fetch(odd, url="/x").response == odd


# -- What a request tells about the page ---------------------------------------------------------------------

SITES = "https://shop.example", "https://api.shop.example/", "https://other.example/", "http://plain.example/"
HERE, NEAR_BY, FAR, PLAIN = SITES
UNSAFE, LOCAL = "http://shop.example", "http://localhost:5000"


@table(
    "page, hops, referer, site",
    ("at home", HERE, ["/x"], HERE + "/basket?tea", "same-origin"),
    ("to one's own site", HERE, [NEAR_BY], HERE + "/", "same-site"),
    ("to a server that the network can change", HERE, [PLAIN], None, None),
    ("from such a page", UNSAFE, [PLAIN], UNSAFE + "/", None),
    ("the scheme is part of a site", UNSAFE, [NEAR_BY], UNSAFE + "/", "cross-site"),
    ("from a page without an origin", "null", [FAR], None, "cross-site"),
    ("from an app with an origin of its own", "capacitor://localhost", [FAR], None, "cross-site"),
    ("from one port of this computer to another", LOCAL, ["http://localhost:1/"], LOCAL + "/", "same-site"),
    ("to a name and to an address of this computer", LOCAL, ["http://127.0.0.1/"], LOCAL + "/", "cross-site"),
    ("to IPv6", "http://[::1]:5000", ["http://[::1]/"], "http://[::1]:5000/", "same-site"),
    ("and back home: what was lost stays lost", HERE, [NEAR_BY, HERE + "/x"], HERE + "/", "same-site"),
    ("over another site", HERE, [FAR, NEAR_BY], HERE + "/", "cross-site"),
    ("over an insecure server", HERE, [PLAIN, HERE + "/x"], None, "cross-site"),
)
def test_what_a_request_tells_about_the_page(page: str, hops: list[str], referer: str | None, site: str | None) -> None:
    """https://w3c.github.io/webappsec-referrer-policy/ and https://w3c.github.io/webappsec-fetch-metadata/."""
    outcome = Browser(page, Wire(*map(moved, hops[1:]), allow()), path="/basket?tea#green").fetch(hops[0])
    headers = outcome.exchanges[-1].request.headers
    assert (headers.get("referer"), headers.get("sec-fetch-site")) == (referer, site)
    told = ("empty", "cors") if site else (None, None)
    assert (headers.get("sec-fetch-dest"), headers.get("sec-fetch-mode")) == told


def test_a_preflight_tells_the_same_a_long_referrer_is_cut_and_a_relative_url_is_of_the_page() -> None:
    """#cors-preflight-fetch-0, step 1; the longest referrer has 4096 characters."""
    preflight, request = fetch(allow(methods="PUT"), method="PUT").exchanges
    assert preflight.request.headers[-5:] == request.request.headers[-5:]
    assert [name for name, _ in request.request.headers[-5:]][:2] == ["Referer", "Origin"]
    for size, referer in ((4096, f"{HERE}/" + "a" * 4075), (4097, f"{HERE}/")):
        [exchange] = Browser(HERE, Wire(allow()), path="/" + "a" * (size - 21)).fetch("/x").exchanges
        assert exchange.request.headers["referer"] == referer
    assert sent(Browser(HERE, Wire(allow()), path="/a/b").fetch("c")) == [("GET", f"{HERE}/a/c")]


# -- What else pages call ------------------------------------------------------------------------------------


@table(
    "headers, kept",
    ("safelisted ones", [("Accept", "a"), ("content-language", "de")], ["Accept: a", "content-language: de"]),
    ("no others, and no range, which is the browser's own", [("X-A", "1"), ("Range", "bytes=0-")], []),
    ("as long as they are short together", [("Accept", "a" * 120), ("Accept", "b" * 20)], ["Accept: " + "a" * 120]),
)
def test_no_cors_drops_what_needs_permission(headers: Pairs, kept: list[str]) -> None:
    """#concept-headers-append, guard "request-no-cors"; the response is opaque."""
    outcome = fetch(Response(200, [("X-A", "1")], body=b"x"), mode="no-cors", headers=headers)
    request = own(outcome.exchanges[0].request)
    assert [f"{name}: {value}" for name, value in request.headers if value != "*/*"] == kept
    assert (outcome.response, outcome.is_opaque, kinds(outcome)) == (Response(0), True, ["actual"])
    assert fetch(Response(200, body=b"x"), url="/home", mode="no-cors").response == Response(200, body=b"x")


def test_other_modes() -> None:
    """#append-a-request-origin-header, and #main-fetch step 12; a password in a redirect is for CORS alone."""
    for page, url, origin in ((APP, API, APP), (APP, PLAIN, "null"), (UNSAFE, PLAIN, UNSAFE)):
        assert origins(fetch(url=url, origin=page, mode="no-cors", method="POST")) == [origin]
        assert origins(fetch(url=url, origin=page, mode="no-cors")) == [None]
    other = "'https://api.example/items' is of another origin, and mode='same-origin' allows only the page's own."
    assert blocked_at(fetch(mode="same-origin"), "#main-fetch step 12") == other
    assert fetch(Response(200), mode="same-origin", url="/x").allowed
    assert fetch(moved("https://u:p@other.example/"), Response(200), mode="no-cors").is_opaque
    assert fetch(moved(HOME), Response(200, [(CORP, "same-origin")]), mode="no-cors").is_opaque


@table(
    "policy, page, url, allowed",
    ("its own origin", "same-origin", APP, "https://app.example/x", True),
    ("another origin", "same-origin", HERE, NEAR_BY, False),
    ("its own site", "same-site", HERE, NEAR_BY, True),
    ("another site", "same-site", HERE, FAR, False),
    ("a server that is safer than the page", "same-site", UNSAFE, NEAR_BY, False),
    ("a page that is safer than the server", "same-site", HERE, UNSAFE + "/", True),
    ("no site", "same-site", "null", FAR, False),
    ("no rule", "SAME-ORIGIN", HERE, FAR, True),
)
def test_a_server_may_keep_a_response_from_pages_without_cors(policy: str, page: str, url: str, allowed: bool) -> None:
    """#cross-origin-resource-policy-check; with CORS it does not matter."""
    response = Response(200, [(CORP, policy), (ACAO, "*")])
    outcome = fetch(response, origin=page, url=url, mode="no-cors")
    assert outcome.allowed is allowed
    reason = f"{CORP} of the response is {policy!r}; it must be 'cross-origin' for a page without CORS."
    assert allowed or blocked_at(outcome, "#cross-origin-resource-policy-check step 4") == reason
    assert fetch(response, origin=page, url=url).allowed


ACCEPTED = {"image": "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "style": "text/css,*/*;q=0.1"}


@table(
    "kinds_of, crossorigin, mode, credentials",
    ("without CORS", "image script style", None, "no-cors", True),
    ("always with CORS", "module font", None, "cors", False),
    ("anonymous", "image script style module", "anonymous", "cors", False),
    ("with credentials", "image script style module", "use-credentials", "cors", True),
)
def test_what_elements_load(kinds_of: str, crossorigin: Any, mode: str, credentials: bool) -> None:
    """https://html.spec.whatwg.org/#create-a-potential-cors-request, and https://drafts.csswg.org/css-fonts/."""
    for kind in words(kinds_of):
        outcome = Browser(APP, Wire(Response(200))).load(kind, API, crossorigin=crossorigin)
        [exchange] = outcome.exchanges
        headers = exchange.request.headers
        told = (headers["sec-fetch-dest"], headers["sec-fetch-mode"], headers.get("origin"))
        assert told == ({"module": "script"}.get(kind, kind), mode, APP if mode == "cors" else None)
        assert (exchange.request.credentials, outcome.is_opaque) == (credentials, mode == "no-cors")
        allowed = Browser(APP, Wire(allow(APP, 404, credentials="true"))).load(kind, API, crossorigin=crossorigin)
        assert (allowed.allowed, headers["accept"]) == (True, ACCEPTED.get(kind, "*/*"))


def test_an_event_source_needs_no_preflight_but_a_stream() -> None:
    """https://html.spec.whatwg.org/#dom-eventsource."""
    page = Browser(APP, Wire(Response(200, [(ACAO, APP), ("Content-Type", "Text/event-stream; charset=utf-8")])))
    outcome = page.event_source(API, last_event_id="\xe9")
    headers = [("Accept", "text/event-stream"), ("Cache-Control", "no-cache"), ("Pragma", "no-cache")]
    headers += [("Last-Event-ID", "\xc3\xa9"), ("Origin", APP)]
    assert [own(exchange.request) for exchange in outcome.exchanges] == [Request("GET", API, headers)]
    assert outcome.allowed
    assert blocked_at(page.event_source(API, with_credentials=True), "#cors-check step 8")
    assert page.event_source(API).exchanges[0].request.headers.get("last-event-id") is None
    for status, kind in ((204, "text/event-stream"), (200, "text/html"), (200, "")):
        outcome = Browser(APP, Wire(Response(status, [(ACAO, "*"), ("Content-Type", kind)]))).event_source(API)
        found = f"The response has status {status} and Content-Type {kind!r}"
        reason = blocked_at(outcome, "html.spec.whatwg.org#dom-eventsource step 15")
        assert reason == f"{found}; an EventSource needs 200 and 'text/event-stream'."


@table(
    "body, content_type, kinds_of, sent_type",
    ("nothing", None, None, ["actual"], None),
    ("text", "x", None, ["actual"], "text/plain;charset=UTF-8"),
    ("bytes", b"x", None, ["actual"], None),
    ("a form", b"a=b", "application/x-www-form-urlencoded", ["actual"], "application/x-www-form-urlencoded"),
    ("a blob of JSON", b"{}", "application/json", ["preflight", "actual"], "application/json"),
)
def test_a_beacon(body: Any, content_type: str | None, kinds_of: list[str], sent_type: str | None) -> None:
    """https://w3c.github.io/beacon/#sec-processing-model; with credentials, and the page reads nothing."""
    wire = Wire(allow(APP, headers="content-type", credentials="true"))
    outcome = Browser(APP, wire).send_beacon(API, body, content_type=content_type)
    request = outcome.exchanges[-1].request
    assert (kinds(outcome), request.headers.get("content-type")) == (kinds_of, sent_type)
    assert (request.method, request.credentials, outcome.response) == ("POST", True, Response(0))
    assert Browser(APP, Wire(allow())).send_beacon(API, body, content_type=content_type).allowed is (len(kinds_of) == 1)


def test_a_call_that_is_wrong_in_itself_sends_nothing() -> None:
    page = Browser(APP, Wire())
    wrong = {"The element fails": page.load("image", "https://["), "sendBeacon() throws": page.send_beacon("https://[")}
    wrong["new EventSource() throws"] = page.event_source("https://[")
    for failure, outcome in wrong.items():
        assert blocked_at(outcome, "#dom-request step 5.2").startswith(failure)
    assert page.send_beacon(API, b"", content_type="\n\0\n").exchanges == ()
    with pytest.raises(ValueError, match=r"^load\('frame'\): it must be one of image, script, module, style, font$"):
        page.load("frame", API)
    with pytest.raises(ValueError, match=r"^crossorigin='yes': it must be one of anonymous, use-credentials$"):
        page.load("image", API, crossorigin="yes")  # type: ignore[arg-type]


# -- Cookies -------------------------------------------------------------------------------------------------

OF_ANOTHER_SITE = "it is not SameSite=None, and the page is of another site"
UNPARTITIONED = "it is not Partitioned, and the page is of another site"
NONE, PARTED = "SameSite=None; Secure", "SameSite=None; Secure; Partitioned"
LOGIN, CALL, ROOT = (f"https://api.shop.example/{path}" for path in ("a/login", "a/b", ""))


class Jar:
    """A browser with cookies: it logs in where a page calls a server, and tells what comes with a later call."""

    def __init__(self, cookie: str, **options: Any) -> None:
        self.headers: list[tuple[str, str]] = []
        self.cookie, self.jar = cookie, CookieJar(self.send, **options)

    def send(self, request: Request) -> Response:
        self.headers = list(request.headers)
        return Response(200, [("Set-Cookie", self.cookie)] if "login" in request.url else [])

    def fetch(self, page: str, url: str) -> str | None:
        """Return the cookies of a call, or why one stays away."""
        [exchange] = Browser(page, self.jar).fetch(url, mode="no-cors", credentials="include").exchanges
        remarks = [remark.partition(": ")[2].rstrip(".") for remark in exchange.response.remarks]
        return model.get_header(self.headers, "Cookie") or (remarks[0] if remarks else None)


@table(
    "cookie, page, url, expected",
    ("one site, another origin", "a=b", HERE, CALL, "a=b"),
    ("SameSite=Lax", "a=b; SameSite=Lax", FAR, CALL, OF_ANOTHER_SITE),
    ("no SameSite, or an odd one", "a=b; SameSite=odd", FAR, CALL, OF_ANOTHER_SITE),
    ("another scheme is another site", "a=b", UNSAFE, CALL, OF_ANOTHER_SITE),
    ("SameSite=None", f"a=b; {NONE}", FAR, CALL, UNPARTITIONED),
    ("SameSite=None at home", f"a=b; {NONE}", HERE, CALL, "a=b"),
    ("partitioned for other pages", f"a=b; {PARTED}", FAR, CALL, "it is Partitioned for pages of https://shop.example"),
    ("partitioned for these pages", f"a=b; {PARTED}", HERE, CALL, "a=b"),
    ("Secure", "a=b; Secure", UNSAFE, "http://api.shop.example/a/b", "it is Secure, and the URL is not https:"),
    ("the path of the login, by default", "a=b", HERE, ROOT, None),
    ("only whole segments of a path", "a=b", HERE, ROOT + "ab", None),
    ("a path of its own", "a=b; Path=/", HERE, ROOT, "a=b"),
    ("no path", "a=b; Path=x", HERE, CALL, "a=b"),
    ("only the host", "a=b", HERE, "https://x.api.shop.example/a/b", None),
    ("all hosts of a domain", "a=b; Domain=.Shop.example", HERE, "https://x.shop.example/a/b", "a=b"),
    ("a name that keeps its promise", "__Host-a=b; Secure; Path=/", HERE, CALL, "__Host-a=b"),
    ("a value alone", "b", HERE, CALL, "=b"),
    ("not without a name or a value", "=", HERE, None, "it is empty"),
    ("not another host's", "a=b; Domain=evil.example", HERE, None, "its Domain is evil.example"),
    ("not a public suffix's", "a=b; Domain=example", HERE, None, "its Domain is example"),
    ("not SameSite=None", "a=b; SameSite=None", HERE, None, "it is SameSite=None, but not Secure"),
    ("not Partitioned", "a=b; Partitioned", HERE, None, "it is Partitioned, but not Secure"),
    ("not a name that promises Secure", "__Secure-a=b", HERE, None, "its name promises Secure"),
    ("nor a host", "__Host-a=b; Secure; Path=/a", HERE, None, "its name promises Path=/ and no Domain"),
)
def test_which_cookies_are_stored_and_travel(cookie: str, page: str, url: str | None, expected: str | None) -> None:
    """RFC 6265bis, sections 5.7 and 5.8.3: of a page of the same site, unless *url* is None, and then to *url*."""
    jar = Jar(cookie)
    assert jar.fetch(HERE, LOGIN) == (None if url else expected)
    assert jar.fetch(page.rstrip("/"), url or CALL) == (expected if url else None)


def test_a_server_deletes_a_cookie() -> None:
    """RFC 6265bis, section 5.7, last step: Max-Age beats Expires, and what is no age and no date does not count."""
    past, future = (f"Expires=Fri, 01 Jan {year} 00:00:00 GMT" for year in (1971, 2999))
    gone = [f"Max-Age=0; {future}", "Max-Age=-1", past]
    for attributes in [*gone, f"Max-Age=1; {past}", future, "Max-Age=x; Expires=x", "Expires=1 Jan 3000000000 0:0 0"]:
        jar = Jar("a=b")
        jar.fetch(HERE, LOGIN)
        jar.cookie = f"a=b; {attributes}"
        assert jar.fetch(HERE, LOGIN) == "a=b"
        assert jar.fetch(HERE, CALL) == (None if attributes in gone else "a=b")


def test_cookies_of_other_sites_and_the_longest_path_first() -> None:
    """What a page of another site gets is partitioned, or it needs the consent of the user."""
    for attributes, reason in (("", OF_ANOTHER_SITE), (NONE, UNPARTITIONED)):
        assert Jar(f"a=b; {attributes}").fetch("https://other.example", LOGIN) == reason
    for attributes, third_party, home in ((PARTED, False, None), (NONE, True, "a=b")):
        jar = Jar(f"a=b; {attributes}", third_party=third_party)
        assert [jar.fetch("https://other.example", url) for url in (LOGIN, CALL)] == [None, "a=b"]
        assert jar.fetch(HERE, CALL) == (home or "it is Partitioned for pages of https://other.example")
    assert Jar("a=b; Domain=127.0.0.1").fetch("http://127.0.0.1:1", "http://127.0.0.1:2/login") is None
    jar = Jar("a=b; Path=/")
    jar.fetch(HERE, LOGIN)
    jar.cookie = "c=d; Path=/a"
    jar.fetch(HERE, LOGIN)
    assert jar.fetch(HERE, CALL) == "c=d; a=b"


def test_a_public_suffix_is_known_only_with_its_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def site() -> str:
        urls._public_suffixes.cache_clear()
        [exchange] = fetch(url="https://a.github.io/", origin="https://b.github.io").exchanges
        return exchange.request.headers["sec-fetch-site"]

    assert site() == "cross-site"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "publicsuffixlist", None)
        assert site() == "same-site"
    urls._public_suffixes.cache_clear()


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


pick = st.sampled_from
HOSTILE = st.text(alphabet=st.characters(max_codepoint=255), max_size=20)
CORS_VALUES = st.one_of(HOSTILE, pick(["*", APP, "true", "null", "PUT", "x-a", "PUT, *", "9" * 5000, OTHER]))
ATTRIBUTES = st.builds("a=b; {}={}".format, pick(["Expires", "Max-Age", "Domain", "Path", "SameSite"]), HOSTILE)
HEADERS = st.tuples(pick([*NAMES.values(), "X-A", CORP, "Set-Cookie"]), CORS_VALUES | ATTRIBUTES)
STATUSES = pick([200, 204, 301, 302, 303, 307, 308, 401, 404, 500])


@settings(max_examples=max(100, settings().max_examples))
@given(
    st.lists(st.builds(Response, STATUSES, st.lists(HEADERS, max_size=6)), min_size=1, max_size=4),
    pick(["GET", "PUT", "POST"]),
    pick(["omit", "same-origin", "include"]),
    st.lists(st.tuples(pick(["X-A", "Accept", "Authorization"]), HOSTILE), max_size=2),
)
def test_whatever_the_server_sends_there_is_an_outcome(
    responses: list[Response], method: str, mode: Any, headers: Pairs
) -> None:
    """No exception, one line of bounded length as the reason, and nothing to read unless allowed."""
    page = Browser(APP, CookieJar(Wire(*responses)))
    calls = [page.fetch(API, method=method, credentials=mode, headers=headers), page.load("image", API)]
    calls += [page.fetch(API, upload=True), page.event_source(API, with_credentials=True), page.send_beacon(API)]
    for outcome in calls:
        assert outcome.allowed is (outcome.response is not None)
        assert outcome.allowed or outcome.reason
        assert "\n" not in (outcome.reason or "")
        assert len(outcome.reason or "") < 2000


def test_the_names_for_users_are_these() -> None:
    classes = "Browser ConnectionFailed Cookie CookieJar Difference Exchange HeaderList Outcome Request Response"
    names = f"BROWSER_MAX_AGE_LIMITS DIFFERENCES {classes} is_forbidden_header is_forbidden_method"
    assert model.__all__ == words(names)
    assert model.BROWSER_MAX_AGE_LIMITS == {"Chromium": 7200, "Firefox": 86400, "Safari": 600}
