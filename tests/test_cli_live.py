"""``flask cors explain --live``: servers, proxies and caches, in miniature."""

import re
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import pytest
from werkzeug.wrappers import Request

from flask_cors.cli import ask
from flask_cors.cli.source import as_python
from tests.programs import PAGE, Write, program, serving, write
from tests.tables import table

__all__ = ["write"]

Headers = list[tuple[str, str]]
PUT, TOKEN, COOKIES = ["--method", "PUT"], ["--header", "X-Token: 1"], ["--credentials"]
OPEN, MINE = ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Origin", PAGE)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
NGINX = ("Server", "nginx/1.27")
NO_APP = "x = 1\n"


def a_server(
    *headers: tuple[str, str],
    status: str = "200 OK",
    preflight: Headers | None = None,
    preflight_status: str = "200 OK",
    body: bytes = b"hello",
) -> Any:
    """A server that is not Flask: the same response for everyone, and maybe another one for preflights."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS"
        sent = headers if preflight is None or not is_preflight else preflight
        start_response(preflight_status if is_preflight else status, [*sent])
        return [body]

    return application


def live(write: Write, server: Any, *call: str, app: str | None = None) -> Any:
    """Explain a call of a server, with an app beside it or without."""
    with serving(server) as url:
        return write(NO_APP if app is None else program(app)).explain(f"{url}/api/items", "--live", *call)


def printed(write: Write, server: Any, *args: str) -> str:
    with serving(server) as url:
        return write(NO_APP).run("explain", url, "--origin", PAGE, "--live", *args).output


# fmt: off
UNKNOWN = [
    ("no headers", a_server(), [], [MINE], {"origins": PAGE}),
    ("credentials", a_server(OPEN), COOKIES, [MINE, CREDENTIALS], {"origins": PAGE, "supports_credentials": True}),
    ("a method and a header", a_server(OPEN, (METHODS, "GET")), [*PUT, *TOKEN],
     [(METHODS, "GET, PUT"), (HEADERS, "X-Token")], {"methods": ["GET", "PUT"], "headers": "X-Token"}),
    ("a method, where none is listed", a_server(OPEN), PUT, [(METHODS, "PUT")], {}),
    ("a list that is none", a_server(OPEN, (HEADERS, "a b")), TOKEN, [(HEADERS, "X-Token")], {"headers": "X-Token"}),
    ("a wildcard that is none with credentials", a_server(MINE, CREDENTIALS, (HEADERS, "*")), [*COOKIES, *TOKEN],
     [(HEADERS, "X-Token")], {"origins": PAGE, "headers": "X-Token", "supports_credentials": True}),
    ("a login in front", a_server(OPEN, preflight=[OPEN], preflight_status="401 NO"), TOKEN, [(HEADERS, "X-Token")],
     {"headers": "X-Token"}),
    ("a preflight that passes, and a response without headers", a_server(preflight=[OPEN, (METHODS, "PUT")]), PUT,
     [MINE], {"origins": PAGE, "methods": "PUT"}),
]
# fmt: on


@table("server, call, headers, options", *UNKNOWN)
def test_a_server_of_which_nothing_is_known_is_told_what_to_send(
    write: Write, server: Any, call: list[str], headers: Headers, options: dict[str, Any]
) -> None:
    code = f"CORS({', '.join(['app', *(f'{name}={as_python(value)}' for name, value in options.items())])})"
    shown = live(write, server, *call)
    assert (shown["allowed"], shown["cause"]["id"]) == (False, "server-lacks")
    assert (shown["cause"]["fix"]["headers"], shown["cause"]["fix"]["code"]) == ([*map(": ".join, headers)], code)
    assert write(program(f"{code}\n")).explain("/api/items", *call)["allowed"]


def test_the_headers_to_send_are_shown_and_then_python(write: Write) -> None:
    assert (
        "           Access-Control-Allow-Origin: https://app.example\n           If it is a Flask app:\n"
        '           CORS(app, origins="https://app.example")\n'
    ) in printed(write, a_server())
    assert "send:\n           Access-Control-Expose-Headers: X-Total\n" in printed(
        write, a_server(OPEN, ("X-Total", "7"))
    )


APP = f"CORS(app, origins=['{PAGE}', 'https://b.example'], headers='X-Token', supports_credentials=True)\n"
LIMITED = f"app.config['MAX_CONTENT_LENGTH'] = 5\n{APP}"
CHANGED, HIDDEN = "changed-on-the-way", "# remove: proxy_hide_header Access-Control-Allow-Origin;"
EATEN = "# remove: if ($request_method = OPTIONS) { return ...; }"
KEY = "proxy_cache_key $scheme$proxy_host$request_uri$http_origin;"
OF_B, NOWHERE = ("Access-Control-Allow-Origin", "https://b.example"), ("Location", "http://127.0.0.1:1/")
DEBUGGER = b"<title>KeyError: 'x'</title>Werkzeug Debugger"
# fmt: off
BLAMED = [
    ("a header twice, of no app", None, a_server(OPEN, MINE), [], "doubled-header", "", None),
    ("a failure before the headers, of no app", None, a_server(status="500 NO"), [], "server-failed", "500", None),
    ("a path that is not there, of no app", None, a_server(status="404 NO"), [], "server-lacks", "404", None),
    ("a header twice", APP, a_server(MINE, MINE, NGINX), [], CHANGED, "is there 2 times",
     "proxy_hide_header Access-Control-Allow-Origin;"),
    ("OPTIONS of the proxy", APP, a_server(NGINX, preflight_status="403 NO"), TOKEN, CHANGED, "with 403", EATEN),
    ("Origin stripped", APP, a_server(("Vary", "Origin"), NGINX), [], CHANGED, "strips Origin",
     "proxy_set_header Origin $http_origin;"),
    ("a cache that ignores Vary", APP, a_server(OF_B, NGINX), [], CHANGED, "ignores Vary", KEY),
    ("a wildcard", APP, a_server(OPEN), COOKIES, CHANGED, "has changed the headers", ""),
    ("a redirect to nowhere", APP, a_server(MINE, NOWHERE, status="302 FOUND"), [], "redirect", "302", ""),
    ("headers removed", APP, a_server(NGINX), [], CHANGED, "without its headers", HIDDEN),
    ("502", APP, a_server(NGINX, status="502 Bad Gateway"), [], "proxy-error", "could not reach the app", ""),
    ("504", APP, a_server(status="504 Slow"), [], "proxy-error", "waited too long", ""),
    ("413 of nginx", APP, a_server(NGINX, status="413 Large"), [], "too-large", "413", "client_max_body_size 50m;"),
    ("413, a limit of the app", LIMITED, a_server(status="413 Large"), [], "too-large", "MAX_CONTENT_LENGTH = 5", ""),
    ("the debugger", APP, a_server(status="500 NO", body=DEBUGGER), [], "debugger", "KeyError: 'x'", ""),
    ("the debugger, without CORS(app)", "@cross_origin()\n", a_server(status="500 NO", body=DEBUGGER), [], "debugger",
     "With CORS(app, resources=[])", ""),
    ("AirPlay", APP, a_server(("Server", "AirTunes/1"), status="403 NO"), [], "other-program", "AirPlay", ""),
    ("a redirect", APP, a_server(("Location", "/b"), status="302 FOUND"), [], "redirect", "302", ""),
]
# fmt: on


@table("beside, server, call, cause, text, code", *BLAMED)
def test_what_stands_before_an_app_is_blamed_where_it_is_to_blame(
    write: Write, beside: str | None, server: Any, call: list[str], cause: str, text: str, code: str | None
) -> None:
    shown = live(write, server, *call, app=beside)
    found, fix = shown["cause"], shown["cause"]["fix"]
    assert (shown["allowed"], shown["live"], found["id"]) == (False, True, cause)
    assert text in found["text"] + fix["text"]
    assert code in (None, fix["code"])


def test_where_both_block_the_app_is_mended(write: Write) -> None:
    app = "CORS(app)\n"
    assert live(write, write(program(app)).app(), *TOKEN, app=app)["cause"]["id"] == "policy-lacks-headers"


def test_a_server_with_other_code_is_noted(write: Write) -> None:
    shown = live(write, a_server(OPEN), app="")
    assert "app-and-server-differ" in [note["id"] for note in shown["notes"]]


@table(
    "url, cause",
    ("a port that nobody listens at", "http://127.0.0.1:1/", "connection-refused"),
    ("the same for https", "https://127.0.0.1:1/", "connection-refused"),
    ("a host that there is not", f"https://{'a' * 70}.invalid/", "no-response"),
)
def test_a_server_that_is_not_there_is_a_cause(write: Write, url: str, cause: str) -> None:
    assert write(NO_APP).explain(url, "--live")["cause"]["id"] == cause


def redirect_again(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    time.sleep(0.1)
    start_response("302 FOUND", [OPEN, ("Location", f"{environ['PATH_INFO']}/again")])
    return []


def send_one_header_after_another(environ: dict[str, Any], _: Any) -> list[bytes]:
    environ["werkzeug.socket"].sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(20):
        time.sleep(0.1)
        environ["werkzeug.socket"].sendall(b"X-More: 1\r\n")
    raise ConnectionError


@pytest.mark.parametrize("server", [redirect_again, send_one_header_after_another])
def test_all_requests_together_have_one_deadline(write: Write, monkeypatch: pytest.MonkeyPatch, server: Any) -> None:
    monkeypatch.setattr(ask.LiveNetwork.__init__, "__defaults__", (0.35, None))
    assert "none came within 0.35 seconds" in live(write, server)["reason"]


def test_a_live_stream_is_judged_at_its_headers(write: Write) -> None:
    def stream(_: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [OPEN, ("Content-Type", "text/event-stream")])
        yield from repeat(b"data: 1\n\n")

    assert live(write, stream)["allowed"]


ALLOWED = a_server(OPEN, (METHODS, "PUT"), (HEADERS, "x-token"))
PREFLIGHT = ["OPTIONS /", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-token"]
BODY = ["--data", "a=1", "--header", "Content-Type: text/plain"]


@table(
    "target, call, sent",
    ("a query", "/a?b=c", [], [["GET /a?b=c"]]),
    ("no path", "", ["--method", "HEAD"], [["HEAD /"]]),
    ("an empty query", "/?", ["--method", "POST"], [["POST /", "Content-Length: 0"]]),
    ("a body", "/", BODY, [["POST /", "Content-Type: text/plain", "Content-Length: 3"]]),
    ("a preflight", "/", [*PUT, *TOKEN], [PREFLIGHT, ["PUT /", "X-Token: 1", "Content-Length: 0"]]),
)
def test_a_server_gets_what_a_browser_sends(write: Write, target: str, call: list[str], sent: list[list[str]]) -> None:
    received: list[tuple[str, list[str]]] = []

    def server(environ: dict[str, Any], start_response: Any) -> Any:
        headers = Request(environ).headers
        received.append((f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}", [": ".join(pair) for pair in headers]))
        return ALLOWED(environ, start_response)

    with serving(server) as url:
        assert write(NO_APP).explain(f"{url}{target}", "--live", *call)["allowed"]
    for (first, found), (line, *headers) in zip(received, sent, strict=True):
        usual = [f"Host: {url[7:]}", "Accept-Encoding: identity", "Accept: */*", f"Origin: {PAGE}", f"Referer: {PAGE}/"]
        usual += ["Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site"]
        assert (first, sorted(found)) == (line, sorted([*usual, *headers]))


def test_a_live_response_is_shown_with_all_its_headers_and_whatever_is_in_them(write: Write) -> None:
    server = a_server(OPEN, ("X-Odd", "a\x1b[31mb"), ("X-Folded", "a\r\n\t b"), ("Content-Length", "5"))
    output = printed(write, server, "-v")
    assert "X-Odd: a\\x1b[31mb\nX-Folded: a b\n" in output
    assert re.search(r"\n\nhello\n\n✓ ALLOWED", output)
