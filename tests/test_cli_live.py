"""``flask cors explain --live``: servers, proxies and caches, in miniature."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from typing import Any

import pytest

from flask_cors.cli import ask
from flask_cors.cli.source import as_python
from tests.programs import PAGE, Program, program, serving, write
from tests.tables import table

__all__ = ["write"]

Write = Callable[[str], Program]
PUT = ["--method", "PUT"]
TOKEN = ["--header", "X-Token: 1"]
OPEN = ("Access-Control-Allow-Origin", "*")
MINE = ("Access-Control-Allow-Origin", PAGE)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
NGINX = ("Server", "nginx/1.27")


def a_server(
    *headers: tuple[str, str],
    status: str = "200 OK",
    preflight: Iterable[tuple[str, str]] | None = None,
    preflight_status: str = "200 OK",
    body: bytes = b"hello",
) -> Any:
    """A server that is not Flask: the same response for everyone, and maybe another one for preflights."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS"
        sent = list(headers if preflight is None or not is_preflight else preflight)
        start_response(preflight_status if is_preflight else status, sent)
        return [body]

    return application


@contextmanager
def answering(*lines: str, pause: float = 0) -> Iterator[tuple[str, list[bytes]]]:
    """Send the same bytes to whoever calls, with a pause after each line, and keep what they sent."""
    received: list[bytes] = []

    def answer() -> None:
        with suppress(OSError):  # when the listener is closed
            while True:
                caller = listener.accept()[0]
                with caller, suppress(OSError):
                    caller.settimeout(5)
                    received.append(caller.recv(65536))
                    if b"Content-Length: 3" in received[-1] and received[-1].endswith(b"\r\n\r\n"):
                        received[-1] += caller.recv(3)
                    for line in [*lines, "", "hello"]:
                        caller.sendall(f"{line}\r\n".encode("latin-1"))
                        time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        listener.shutdown(socket.SHUT_RDWR)


NO_APP = "x = 1\n"


def live(write: Write, server: Any, *call: str, app: str | None = None) -> Any:
    """Explain a call of a server, with an app beside it or without."""
    with serving(server) as url:
        return write(NO_APP if app is None else program(app)).explain(f"{url}/api/items", "--live", *call)


METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
COOKIES = ["--credentials"]
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
    write: Write, server: Any, call: list[str], headers: list[tuple[str, str]], options: dict[str, Any]
) -> None:
    code = f"CORS({', '.join(['app', *(f'{name}={as_python(value)}' for name, value in options.items())])})"
    shown = live(write, server, *call)
    assert (shown["allowed"], shown["cause"]["id"]) == (False, "server-lacks")
    assert (shown["cause"]["fix"]["headers"], shown["cause"]["fix"]["code"]) == ([*map(": ".join, headers)], code)
    assert write(program(f"{code}\n")).explain("/api/items", *call)["allowed"]


def test_the_headers_are_shown_before_python(write: Write) -> None:
    with serving(a_server()) as url:
        output = write(NO_APP).run("explain", url, "--origin", PAGE, "--live").output
    assert (
        "           Access-Control-Allow-Origin: https://app.example\n           If it is a Flask app:\n"
        '           CORS(app, origins="https://app.example")\n'
    ) in output


@table(
    "server, cause, words",
    ("a header twice", a_server(OPEN, MINE), "doubled-header", ""),
    ("a failure, before the headers", a_server(status="500 NO"), "server-failed", "500"),
    ("a path that is not there", a_server(status="404 NO"), "server-lacks", "404"),
)
def test_the_cause_is_named_without_an_app_too(write: Write, server: Any, cause: str, words: str) -> None:
    found = live(write, server)["cause"]
    assert (found["id"], words in found["text"]) == (cause, True)


def test_hidden_headers_are_listed_without_an_app_too(write: Write) -> None:
    [note, _] = live(write, a_server(OPEN, ("X-Total", "7")))["notes"]
    assert note["fix"]["headers"] == ["Access-Control-Expose-Headers: X-Total"]


APP = f"CORS(app, origins=['{PAGE}', 'https://b.example'], headers='X-Token', supports_credentials=True)\n"
CHANGED = "changed-on-the-way"
# fmt: off
BLAMED = [
    ("a header twice", a_server(MINE, MINE, NGINX), [], CHANGED, "is there 2 times",
     "proxy_hide_header Access-Control-Allow-Origin;"),
    ("OPTIONS answered by the proxy", a_server(NGINX, preflight_status="403 NO"), TOKEN, CHANGED,
     "responds to OPTIONS itself, with 403", "# remove: if ($request_method = OPTIONS) { return ...; }"),
    ("Origin stripped", a_server(("Vary", "Origin"), NGINX), [], CHANGED, "strips Origin",
     "proxy_set_header Origin $http_origin;"),
    ("a cache that ignores Vary", a_server((MINE[0], "https://b.example"), NGINX), [], CHANGED, "ignores Vary",
     "proxy_cache_key $scheme$proxy_host$request_uri$http_origin;"),
    ("a wildcard", a_server(OPEN), COOKIES, CHANGED, "has changed the headers", ""),
    ("a redirect to nowhere", a_server(("Location", "http://127.0.0.1:1/"), MINE, status="302 FOUND"), [], "redirect",
     "302", ""),
    ("headers removed", a_server(NGINX), [], CHANGED, "without its headers",
     "# remove: proxy_hide_header Access-Control-Allow-Origin;"),
    ("502", a_server(NGINX, status="502 Bad Gateway"), [], "proxy-error", "could not reach the app", ""),
    ("504", a_server(status="504 Slow"), [], "proxy-error", "waited too long", ""),
    ("413 of nginx", a_server(NGINX, status="413 Large"), [], "too-large", "413", "client_max_body_size 50m;"),
    ("413 of something", a_server(status="413 Large"), [], "too-large", "413", ""),
    ("the debugger", a_server(status="500 NO", body=b"<title>KeyError: 'x'</title>Werkzeug Debugger"), [], "debugger",
     "KeyError: 'x'", ""),
    ("AirPlay", a_server(("Server", "AirTunes/1"), status="403 NO"), [], "other-program", "AirPlay", ""),
    ("a redirect", a_server(("Location", "/b"), status="302 FOUND"), [], "redirect", "302", ""),
]
# fmt: on


@table("server, call, cause, text, code", *BLAMED)
def test_what_stands_before_an_app_is_blamed_where_it_is_to_blame(
    write: Write, server: Any, call: list[str], cause: str, text: str, code: str
) -> None:
    shown = live(write, server, *call, app=APP)
    assert (shown["allowed"], shown["live"], shown["cause"]["id"]) == (False, True, cause)
    assert text in shown["cause"]["text"]
    assert shown["cause"]["fix"]["code"] == code


def test_a_limit_of_the_app_itself_is_named(write: Write) -> None:
    shown = live(write, a_server(status="413 Large"), app=f"app.config['MAX_CONTENT_LENGTH'] = 5\n{APP}")
    assert "MAX_CONTENT_LENGTH = 5" in shown["cause"]["fix"]["text"]


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
    result = write(NO_APP).run("explain", url, "--origin", PAGE, "--live", "--json")
    assert (result.exit_code, json.loads(result.output)["explanation"]["cause"]["id"]) == (1, cause)


def test_all_requests_together_have_one_deadline(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask.LiveNetwork.__init__, "__defaults__", (0.3, None))
    with answering("HTTP/1.1 200 OK", *(f"X-{number}: 1" for number in range(50)), pause=0.1) as (url, _):
        assert write(NO_APP).explain(url, "--live")["cause"]["id"] == "no-response"


def test_a_live_stream_is_judged_at_its_headers(write: Write) -> None:
    def stream(_: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [OPEN, ("Content-Type", "text/event-stream")])
        yield from repeat(b"data: 1\n\n")

    assert live(write, stream)["allowed"]


# fmt: off
SENT = [
    ("a query", "/a?b=c", [], [["GET /a?b=c"]]),
    ("no path", "", ["--method", "HEAD"], [["HEAD /"]]),
    ("an empty query", "/?", ["--method", "POST"], [["POST /", "Content-Length: 0"]]),
    ("a body", "/", ["--data", "a=1", "--header", "Content-Type: text/plain"],
     [["POST /", "Content-Type: text/plain", "Content-Length: 3"]]),
    ("a preflight", "/", [*PUT, *TOKEN],
     [["OPTIONS /", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-token"],
      ["PUT /", "X-Token: 1", "Content-Length: 0"]]),
]
# fmt: on


@table("target, call, sent", *SENT)
def test_a_server_gets_what_a_browser_sends(write: Write, target: str, call: list[str], sent: list[list[str]]) -> None:
    allowed = [": ".join(header) for header in (OPEN, ("Access-Control-Allow-Methods", "PUT"))]
    with answering("HTTP/1.1 200 OK", *allowed, "Access-Control-Allow-Headers: x-token") as (url, received):
        assert write(NO_APP).explain(f"{url}{target}", "--live", *call)["allowed"]
    for message, (line, *headers) in zip(received, sent, strict=True):
        first, *others = message.decode().partition("\r\n\r\n")[0].split("\r\n")
        assert first == f"{line} HTTP/1.1"
        usual = [f"Host: {url[7:]}", "Accept-Encoding: identity", "Accept: */*", f"Origin: {PAGE}", f"Referer: {PAGE}/"]
        usual += ["Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: cross-site"]
        assert sorted(others) == sorted([*usual, *headers])


def test_a_header_in_several_lines_is_one(write: Write) -> None:
    with answering("HTTP/1.1 200 OK", ": ".join(OPEN), "X-Folded: a", "\t b") as (url, _):
        shown = write(NO_APP).explain(url, "--live")
    assert ["X-Folded", "a b"] in shown["exchanges"][0]["response"]["headers"]


def test_a_live_response_is_shown_with_all_its_headers_and_whatever_is_in_them(write: Write) -> None:
    with serving(a_server(OPEN, ("X-Odd", "a\x1b[31mb"), ("Content-Length", "5"))) as url:
        output = write(NO_APP).run("explain", url, "--origin", PAGE, "--live", "-v").output
    assert "X-Odd: a\\x1b[31mb\n" in output
    assert re.search(r"\n\nhello\n\n✓ ALLOWED", output)
