"""``flask cors explain --live``: servers, proxies and caches, in miniature."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from werkzeug.serving import make_server

from flask_cors.cli import ask
from tests.programs import PAGE, Program, program, write

__all__ = ["write"]

Write = Callable[[str], Program]
PUT = ["--method", "PUT"]
TOKEN = ["--header", "X-Token: 1"]
OPEN = ("Access-Control-Allow-Origin", "*")
MINE = ("Access-Control-Allow-Origin", PAGE)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
NGINX = ("Server", "nginx/1.27")


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve *app* on a free port until the block ends."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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


@pytest.mark.parametrize(
    ("server", "call", "headers", "code"),
    [
        pytest.param(a_server(), [], [": ".join(MINE)], f'CORS(app, origins="{PAGE}")', id="no headers"),
        pytest.param(
            a_server(OPEN),
            ["--credentials"],
            [": ".join(MINE), ": ".join(CREDENTIALS)],
            f'CORS(app, origins="{PAGE}", supports_credentials=True)',
            id="credentials",
        ),
        pytest.param(
            a_server(OPEN, ("Access-Control-Allow-Methods", "GET")),
            [*PUT, *TOKEN],
            ["Access-Control-Allow-Methods: GET, PUT", "Access-Control-Allow-Headers: X-Token"],
            'CORS(app, methods=["GET", "PUT"], headers="X-Token")',
            id="a method and a header",
        ),
        pytest.param(
            a_server(OPEN), PUT, ["Access-Control-Allow-Methods: PUT"], "CORS(app)", id="a method, where none is listed"
        ),
        pytest.param(
            a_server(OPEN, ("Access-Control-Allow-Headers", "a b")),
            TOKEN,
            ["Access-Control-Allow-Headers: X-Token"],
            'CORS(app, headers="X-Token")',
            id="a list that is none",
        ),
        pytest.param(
            a_server(MINE, CREDENTIALS, ("Access-Control-Allow-Headers", "*")),
            ["--credentials", *TOKEN],
            ["Access-Control-Allow-Headers: X-Token"],
            f'CORS(app, origins="{PAGE}", headers="X-Token", supports_credentials=True)',
            id="a wildcard that is none with credentials",
        ),
        pytest.param(
            a_server(OPEN, preflight=[OPEN], preflight_status="401 NO"),
            TOKEN,
            ["Access-Control-Allow-Headers: X-Token"],
            'CORS(app, headers="X-Token")',
            id="a login in front",
        ),
        pytest.param(
            a_server(preflight=[OPEN, ("Access-Control-Allow-Methods", "PUT")]),
            PUT,
            [": ".join(MINE)],
            f'CORS(app, origins="{PAGE}", methods="PUT")',
            id="a preflight that passes, and a response without headers",
        ),
    ],
)
def test_a_server_of_which_nothing_is_known_is_told_what_to_send(
    write: Write, server: Any, call: list[str], headers: list[str], code: str
) -> None:
    with serving(server) as url:
        shown = write(NO_APP).explain(f"{url}/a?b=c", "--live", *call)
    assert (shown["allowed"], shown["cause"]["id"]) == (False, "server-lacks")
    assert (shown["cause"]["fix"]["headers"], shown["cause"]["fix"]["code"]) == (headers, code)
    assert write(program(f"{code}\n")).explain("/api/items", *call)["allowed"]


def test_the_headers_are_shown_before_python(write: Write) -> None:
    with serving(a_server()) as url:
        output = write(NO_APP).run("explain", url, "--origin", PAGE, "--live").output
    assert (
        "           Access-Control-Allow-Origin: https://app.example\n           If it is a Flask app:\n"
        '           CORS(app, origins="https://app.example")\n'
    ) in output


def test_a_doubled_header_is_named_without_an_app_too(write: Write) -> None:
    with serving(a_server(OPEN, MINE)) as url:
        assert write(NO_APP).explain(url, "--live")["cause"]["id"] == "doubled-header"


def test_hidden_headers_are_listed_without_an_app_too(write: Write) -> None:
    with serving(a_server(OPEN, ("X-Total", "7"))) as url:
        [note, _] = write(NO_APP).explain(url, "--live")["notes"]
    assert note["fix"]["headers"] == ["Access-Control-Expose-Headers: X-Total"]


APP = f"CORS(app, origins=['{PAGE}', 'https://b.example'], headers='X-Token', supports_credentials=True)\n"


@pytest.mark.parametrize(
    ("server", "call", "cause", "text", "code"),
    [
        pytest.param(
            a_server(MINE, MINE, NGINX),
            [],
            "changed-on-the-way",
            "is there 2 times",
            "proxy_hide_header Access-Control-Allow-Origin;",
            id="a header twice",
        ),
        pytest.param(
            a_server(NGINX, preflight_status="403 NO"),
            TOKEN,
            "changed-on-the-way",
            "responds to OPTIONS itself, with 403",
            "# remove: if ($request_method = OPTIONS) { return ...; }",
            id="OPTIONS answered by the proxy",
        ),
        pytest.param(
            a_server(("Vary", "Origin"), NGINX),
            [],
            "changed-on-the-way",
            "strips Origin",
            "proxy_set_header Origin $http_origin;",
            id="Origin stripped",
        ),
        pytest.param(
            a_server(("Access-Control-Allow-Origin", "https://b.example"), NGINX),
            [],
            "changed-on-the-way",
            "ignores Vary",
            "proxy_cache_key $scheme$proxy_host$request_uri$http_origin;",
            id="a cache that ignores Vary",
        ),
        pytest.param(
            a_server(OPEN), ["--credentials"], "changed-on-the-way", "has changed the headers", "", id="a wildcard"
        ),
        pytest.param(
            a_server(("Location", "http://127.0.0.1:1/"), MINE, status="302 FOUND"),
            [],
            "redirect",
            "302",
            "",
            id="a redirect to nowhere",
        ),
        pytest.param(
            a_server(NGINX),
            [],
            "changed-on-the-way",
            "without its headers",
            "# remove: proxy_hide_header Access-Control-Allow-Origin;",
            id="headers removed",
        ),
        pytest.param(
            a_server(NGINX, status="502 Bad Gateway"), [], "proxy-error", "could not reach the app", "", id="502"
        ),
        pytest.param(a_server(status="504 Slow"), [], "proxy-error", "waited too long", "", id="504"),
        pytest.param(
            a_server(NGINX, status="413 Large"), [], "too-large", "413", "client_max_body_size 50m;", id="413 of nginx"
        ),
        pytest.param(a_server(status="413 Large"), [], "too-large", "413", "", id="413 of something"),
        pytest.param(
            a_server(status="500 NO", body=b"<title>KeyError: 'x'</title>Werkzeug Debugger"),
            [],
            "debugger",
            "KeyError: 'x'",
            "",
            id="the debugger",
        ),
        pytest.param(
            a_server(("Server", "AirTunes/1"), status="403 NO"), [], "other-program", "AirPlay", "", id="AirPlay"
        ),
        pytest.param(a_server(("Location", "/b"), status="302 FOUND"), [], "redirect", "302", "", id="a redirect"),
    ],
)
def test_what_stands_before_an_app_is_blamed_where_it_is_to_blame(
    write: Write, server: Any, call: list[str], cause: str, text: str, code: str
) -> None:
    with serving(server) as url:
        shown = write(program(APP)).explain(f"{url}/api/items", "--live", *call)
    assert (shown["allowed"], shown["live"], shown["cause"]["id"]) == (False, True, cause)
    assert text in shown["cause"]["text"]
    assert shown["cause"]["fix"]["code"] == code


@pytest.mark.parametrize("status", ["500 NO", "404 NO"])
def test_without_an_app_a_failure_is_told_before_the_headers(write: Write, status: str) -> None:
    with serving(a_server(status=status)) as url:
        cause = write(NO_APP).explain(url, "--live")["cause"]
    assert status[:3] in cause["text"]


def test_a_limit_of_the_app_itself_is_named(write: Write) -> None:
    with serving(a_server(status="413 Large")) as url:
        shown = write(program(f"app.config['MAX_CONTENT_LENGTH'] = 5\n{APP}")).explain(f"{url}/api/items", "--live")
    assert "MAX_CONTENT_LENGTH = 5" in shown["cause"]["fix"]["text"]


def test_where_both_block_the_app_is_mended(write: Write) -> None:
    written = write(program("CORS(app)\n"))
    with serving(written.app()) as url:
        shown = written.explain(f"{url}/api/items", "--live", *TOKEN)
    assert shown["cause"]["id"] == "policy-lacks-headers"


def test_a_server_with_other_code_is_noted(write: Write) -> None:
    with serving(a_server(OPEN)) as url:
        shown = write(program("")).explain(f"{url}/api/items", "--live")
    assert "app-and-server-differ" in [note["id"] for note in shown["notes"]]


# The network ----------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_a_cause(write: Write) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        result = write(NO_APP).run("explain", url, "--origin", PAGE, "--live", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["explanation"]["cause"]["id"] == "connection-refused"


@pytest.mark.parametrize("url", [f"https://{'a' * 70}.invalid/", "https://127.0.0.1:1/"])
def test_what_cannot_be_reached_is_no_response(write: Write, url: str) -> None:
    assert write(NO_APP).run("explain", url, "--origin", PAGE, "--live").exit_code == 1


def test_all_requests_together_have_one_deadline(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask.LiveNetwork.__init__, "__defaults__", (0.3,))
    with answering("HTTP/1.1 200 OK", *(f"X-{number}: 1" for number in range(50)), pause=0.1) as (url, _):
        start = time.monotonic()
        shown = write(NO_APP).explain(url, "--live")
    assert time.monotonic() - start < 3
    assert shown["cause"]["id"] == "no-response"


def test_a_live_stream_is_judged_at_its_headers(write: Write) -> None:
    def stream(_: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [OPEN, ("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        time.sleep(1)

    with serving(stream) as url:
        assert write(NO_APP).explain(url, "--live")["allowed"]


@pytest.mark.parametrize(
    ("target", "call", "sent"),
    [
        pytest.param("/a?b=c", [], [["GET /a?b=c"]], id="a query"),
        pytest.param("", ["--method", "HEAD"], [["HEAD /"]], id="no path"),
        pytest.param("/?", ["--method", "POST"], [["POST /", "Content-Length: 0"]], id="an empty query"),
        pytest.param(
            "/",
            ["--data", "a=1", "--header", "Content-Type: text/plain"],
            [["POST /", "Content-Type: text/plain", "Content-Length: 3"]],
            id="a body",
        ),
        pytest.param(
            "/",
            [*PUT, *TOKEN],
            [
                ["OPTIONS /", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-token"],
                ["PUT /", "X-Token: 1", "Content-Length: 0"],
            ],
            id="a preflight",
        ),
    ],
)
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
