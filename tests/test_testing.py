"""``flask_cors.testing``: the page sends what a browser would and nothing else, and failures show all that was said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, redirect, request, session
from flask.testing import FlaskClient

from flask_cors import CORS, cross_origin, pytest_plugin
from flask_cors import testing as module
from flask_cors.browser import Browser, Exchange, Outcome, Request
from flask_cors.browser import Response as Answer
from flask_cors.pytest_plugin import cors_browser as cors_browser
from flask_cors.testing import assert_allowed, assert_blocked, browser, transcript
from tests.helpers import an_app
from tests.transcripts.pages import blocks

PAGE = "https://app.example"
API = "https://api.example"


def shop() -> Flask:
    """Make an app with a login, a view that repeats the request, and redirects."""
    app = an_app(SECRET_KEY="for tests")
    CORS(app, origins=PAGE, supports_credentials=True, headers="X-Token, Authorization")
    app.add_url_rule("/login", view_func=login, methods=["POST"])
    app.add_url_rule("/echo", view_func=echo, methods=["GET", "POST", "PUT"])
    app.add_url_rule("/echo/<path:rest>", "deep echo", echo)
    app.add_url_rule("/moved", view_func=lambda: redirect("/echo"), endpoint="moved")
    return app


def login() -> str:
    session["user"] = "ann"
    return "ok"


def echo(rest: str = "") -> dict[str, Any]:
    names = ("HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "wsgi.url_scheme")
    facts = {name: request.environ[name] for name in names}
    return {
        **facts,
        "headers": sorted([name, value] for name, value in request.headers.items()),
        "user": session.get("user"),
        "body": request.get_data(as_text=True),
        "rest": rest,
    }


def echoed(outcome: Outcome) -> Any:
    return json.loads(assert_allowed(outcome).body)


@pytest.fixture
def client() -> FlaskClient:
    return shop().test_client()


# What is sent -------------------------------------------------------------------------------------------------------


def test_the_app_gets_the_headers_that_a_browser_sends_and_no_others() -> None:
    outcome = browser(shop()).fetch(
        f"{API}/echo", method="PUT", headers=[("X-Token", "1"), ("X-Token", "2")], body="tea"
    )
    agent = next(value for name, value in echoed(outcome)["headers"] if name == "User-Agent")
    assert echoed(outcome)["headers"] == [
        ["Accept", "*/*"],
        ["Content-Length", "3"],
        ["Content-Type", "text/plain;charset=UTF-8"],
        ["Host", "api.example"],
        ["Origin", PAGE],
        ["User-Agent", agent],
        ["X-Token", "1, 2"],
    ]
    assert echoed(outcome)["body"] == "tea"


def test_a_request_without_a_body_is_empty() -> None:
    said = echoed(browser(shop()).fetch(f"{API}/echo"))
    assert (said["body"], dict(said["headers"]).get("Content-Length", "0")) == ("", "0")


def test_an_answer_is_read_to_its_end_and_closed() -> None:
    app = shop()
    closed: list[str] = []
    app.add_url_rule("/stream", view_func=lambda: streamed(closed), endpoint="stream")
    assert assert_allowed(browser(app).fetch(f"{API}/stream")).body == b"green tea"
    assert closed == ["closed"]


def streamed(closed: list[str]) -> Response:
    response = Response(iter(["green ", "tea"]))
    response.call_on_close(lambda: closed.append("closed"))
    return response


def test_the_page_gets_exactly_the_headers_that_it_may_read() -> None:
    outcome = browser(shop()).fetch(f"{API}/moved")
    assert [exchange.response.headers for exchange in outcome.exchanges] == [
        (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", "197"),
            ("Location", "/echo"),
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Headers", "Authorization, X-Token"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Vary", "Origin"),
        ),
        (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(outcome.exchanges[1].response.body))),
            ("Access-Control-Allow-Origin", PAGE),
            ("Access-Control-Allow-Headers", "Authorization, X-Token"),
            ("Access-Control-Allow-Credentials", "true"),
            ("Vary", "Origin, Cookie"),
        ),
    ]
    assert assert_allowed(outcome).headers == outcome.exchanges[1].response.headers[:2]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(f"{API}/echo?a=1&b=%20", {"PATH_INFO": "/echo", "QUERY_STRING": "a=1&b=%20"}, id="a query"),
        pytest.param(f"{API}/echo/a%20b%3Fc", {"PATH_INFO": "/echo/a b?c", "QUERY_STRING": ""}, id="escapes"),
        pytest.param(
            "http://localhost:5000/echo", {"HTTP_HOST": "localhost:5000", "wsgi.url_scheme": "http"}, id="port"
        ),
        pytest.param(f"{API}/echo", {"wsgi.url_scheme": "https", "SCRIPT_NAME": ""}, id="https"),
    ],
)
def test_the_url_arrives_as_it_is(url: str, expected: dict[str, str]) -> None:
    said = echoed(browser(shop()).fetch(url))
    assert {name: said[name] for name in expected} == expected


def test_a_path_that_begins_with_two_slashes_is_no_host() -> None:
    app = shop()
    app.url_map.merge_slashes = False
    outcome = browser(app).fetch(f"{API}//evil.example/echo")
    assert (assert_allowed(outcome).status, outcome.exchanges[0].request.url) == (404, f"{API}//evil.example/echo")


def test_subdomains_lead_to_their_routes() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    CORS(app)
    app.add_url_rule("/", subdomain="<name>", endpoint="tenant", view_func=lambda name: name)
    assert assert_allowed(browser(app).fetch("https://ann.shop.example/")).body == b"ann"
    assert assert_allowed(browser(app).fetch("https://shop.example/")).status == 404


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        pytest.param("/shop", "/shop/echo", ("/shop", "/echo", 200), id="below the root"),
        pytest.param("/shop/", "/shop/echo", ("/shop", "/echo", 200), id="below a root that ends with a slash"),
        pytest.param("/X", "/X/echo", ("/X", "/echo", 200), id="below a root of one letter"),
        pytest.param("/shop", "/echo", ("", "/echo", 200), id="beside the root"),
        pytest.param("/shop", "/shop", ("", "/shop", 404), id="the root without a slash"),
        pytest.param("/shop", "/shopping", ("", "/shopping", 404), id="a path that only begins like the root"),
    ],
)
def test_an_app_that_is_mounted_below_a_path_sees_that_path_as_its_root(
    root: str, path: str, expected: tuple[object, ...]
) -> None:
    app = shop()
    app.config["APPLICATION_ROOT"] = root
    seen: list[tuple[str, str]] = []
    app.before_request(lambda: seen.append((request.script_root, request.path)))
    status = assert_allowed(browser(app).fetch(API + path)).status
    assert (*seen[0], status) == expected


def test_what_a_client_would_add_to_a_request_is_kept_unless_it_is_a_header(client: FlaskClient) -> None:
    client.environ_base.update(HTTP_AUTHORIZATION="Bearer x", HTTP_USER_AGENT="a browser", REMOTE_ADDR="192.0.2.1")
    said = echoed(browser(client).fetch(f"{API}/echo"))
    assert said["REMOTE_ADDR"] == "192.0.2.1"
    assert ["User-Agent", "a browser"] in said["headers"]
    assert "Authorization" not in dict(said["headers"])


def test_a_login_that_refuses_preflights_is_found_although_the_client_could_log_in() -> None:
    class LoggedIn(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> Any:
            return super().open(*args, headers={"Authorization": "Bearer x"}, **kwargs)

    app = an_app()
    app.test_client_class = LoggedIn
    app.add_url_rule("/", view_func=cross_origin(headers="X-Token")(lambda: "in"), endpoint="view")
    app.before_request(lambda: None if "Authorization" in request.headers else Response(status=401))
    assert app.test_client().get("/").text == "in"
    outcome = browser(app).fetch(f"{API}/", headers={"X-Token": "1"})
    assert_blocked(outcome, step="#cors-preflight-fetch-0 step 7")


# Cookies ------------------------------------------------------------------------------------------------------------


def test_a_page_is_logged_in_only_while_it_sends_cookies() -> None:
    page = browser(shop())
    assert_allowed(page.fetch(f"{API}/login", method="POST", credentials="include"))
    assert echoed(page.fetch(f"{API}/echo", credentials="include"))["user"] == "ann"
    assert echoed(page.fetch(f"{API}/echo"))["user"] is None
    assert echoed(page.fetch(f"{API}/echo", credentials="omit"))["user"] is None


@pytest.mark.parametrize("mode", ["omit", "same-origin"])
def test_a_cookie_that_comes_without_credentials_is_not_kept(mode: Any) -> None:
    page = browser(shop())
    assert_allowed(page.fetch(f"{API}/login", method="POST", credentials=mode))
    assert echoed(page.fetch(f"{API}/echo", credentials="include"))["user"] is None


def test_the_page_has_the_cookies_of_its_client_and_the_client_those_of_the_page(client: FlaskClient) -> None:
    client.post("/login")
    page = browser(client)
    assert echoed(page.fetch("http://localhost/echo", credentials="include"))["user"] == "ann"
    page.fetch(f"{API}/login", method="POST", credentials="include")
    assert client.get("/echo", base_url=API).get_json()["user"] == "ann"


def test_cookies_go_to_the_host_that_set_them() -> None:
    page = browser(shop())
    page.fetch(f"{API}/login", method="POST", credentials="include")
    assert echoed(page.fetch("https://other.example/echo", credentials="include"))["user"] is None


def test_a_preflight_never_has_cookies() -> None:
    app = shop()
    cookies: list[tuple[str, bool]] = []
    app.wsgi_app = watching(app.wsgi_app, cookies)  # type: ignore[assignment, method-assign]
    page = browser(app)
    page.fetch(f"{API}/login", method="POST", credentials="include")
    page.fetch(f"{API}/echo", method="PUT", credentials="include")
    assert cookies == [("POST", False), ("OPTIONS", False), ("PUT", True)]


def watching(app: Any, cookies: list[tuple[str, bool]]) -> Callable[[Any, Any], Any]:
    def watch(environ: Any, start_response: Any) -> Any:
        cookies.append((environ["REQUEST_METHOD"], "HTTP_COOKIE" in environ))
        return app(environ, start_response)

    return watch


# Errors -------------------------------------------------------------------------------------------------------------


def test_an_exception_of_a_view_reaches_the_test_where_the_app_lets_it_out() -> None:
    app = shop()
    app.add_url_rule("/bug", view_func=lambda: str(1 // 0), endpoint="bug")
    with pytest.raises(ZeroDivisionError):
        browser(app).fetch(f"{API}/bug")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert assert_allowed(browser(app).fetch(f"{API}/bug")).status == 500


def test_only_an_app_or_its_client_can_be_called() -> None:
    with pytest.raises(TypeError, match=r"^browser\(\) takes a Flask app or its test client, not 'app'$"):
        browser("app")  # type: ignore[arg-type]


def test_a_page_needs_an_origin_as_browsers_write_it() -> None:
    with pytest.raises(ValueError, match=r"write it like 'https://app\.example'"):
        browser(shop(), "https://app.example/")


# Assertions ---------------------------------------------------------------------------------------------------------

FORBIDDEN = """\
The page is blocked: Access-Control-Allow-Headers of the preflight response is 'Authorization, X-Token'; \
it must list 'x-other'.
Decided by: #cors-preflight-fetch-0 step 7.7

--- preflight request to https://api.example, without cookies ---
OPTIONS /echo?a=1 HTTP/1.1
Host: api.example
Accept: */*
Access-Control-Request-Method: GET
Access-Control-Request-Headers: x-other
Origin: https://app.example

HTTP/1.1 200
Content-Type: text/html; charset=utf-8
Content-Length: 0
Access-Control-Allow-Origin: https://app.example
Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT
Access-Control-Allow-Headers: Authorization, X-Token
Access-Control-Allow-Credentials: true
Vary: Origin"""

LOGGED_IN = """\
--- actual request to https://api.example, with cookies ---
POST /login HTTP/1.1
Host: api.example
Content-Type: text/plain;charset=UTF-8
Accept: */*
Origin: https://app.example

ann

HTTP/1.1 200
Content-Type: text/html; charset=utf-8
Content-Length: 2
Set-Cookie: ...
Access-Control-Allow-Origin: https://app.example
Access-Control-Allow-Headers: Authorization, X-Token
Access-Control-Allow-Credentials: true
Vary: Origin, Cookie

ok"""


def refused(assertion: Callable[..., object], outcome: Outcome, **expected: Any) -> str:
    """Return what an assertion says that must fail."""
    with pytest.raises(AssertionError) as failure:
        assertion(outcome, **expected)
    return str(failure.value)


def test_a_failure_shows_the_reason_and_the_whole_conversation() -> None:
    outcome = browser(shop()).fetch(f"{API}/echo?a=1", headers={"X-Other": "1"})
    assert refused(assert_allowed, outcome) == FORBIDDEN


@pytest.mark.parametrize(
    ("assertion", "url"),
    [
        pytest.param(assert_allowed, "https://api.example:x/", id="blocked, and should be allowed"),
        pytest.param(assert_blocked, f"{API}/echo", id="allowed, and should be blocked"),
    ],
)
def test_a_failure_shows_no_code_of_ours(assertion: Callable[..., object], url: str) -> None:
    outcome = browser(shop()).fetch(url)
    with pytest.raises(AssertionError) as failure:
        assertion(outcome)
    shown = [entry.name for entry in failure.traceback if not entry.ishidden(failure)]
    assert shown == ["test_a_failure_shows_no_code_of_ours"]


def test_a_page_that_is_allowed_is_not_blocked() -> None:
    outcome = browser(shop()).fetch(f"{API}/login", method="POST", body="ann", credentials="include")
    cookie = next(value for name, value in outcome.exchanges[0].response.headers if name == "Set-Cookie")
    said = refused(assert_blocked, outcome).replace(cookie, "...")
    assert said == (
        f"The page is allowed to read the answer; it should be blocked.\nDecided by: #cors-check step 7\n\n{LOGGED_IN}"
    )


def test_a_page_that_is_allowed_is_not_blocked_although_some_browsers_do_otherwise() -> None:
    outcome = browser(shop()).fetch(f"{API}/echo", headers={"Accept": "\x80"})
    assert outcome.reason == "(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)"
    said = refused(assert_blocked, outcome)
    assert said.startswith("The page is allowed to read the answer; it should be blocked.\n")


def test_an_answer_from_the_own_origin_proves_nothing() -> None:
    outcome = browser(shop()).fetch("/echo")
    assert outcome.allowed
    assert refused(assert_allowed, outcome) == (
        "The page called its own origin, where CORS has no part; call a URL of another origin.\n"
        f"Decided by: #main-fetch step 12\n\n{transcript(outcome)}"
    )


@pytest.mark.parametrize("step", [None, "#cors-check", "#cors-check step 2"])
def test_a_block_is_recognized_by_its_algorithm_or_its_step(step: str | None) -> None:
    outcome = browser(shop(), "https://evil.example").fetch(f"{API}/echo")
    assert assert_blocked(outcome, step=step) == outcome.reason


@pytest.mark.parametrize("step", ["#cors-check step", "#cors-check step 4", "#cors", "#http-redirect-fetch", ""])
def test_a_block_for_another_reason_fails(step: str) -> None:
    outcome = browser(shop(), "https://evil.example").fetch(f"{API}/echo")
    assert refused(assert_blocked, outcome, step=step) == (
        f"The page is blocked, but not by {step}: Access-Control-Allow-Origin of the response is missing; "
        f"it must be 'https://evil.example' or '*'.\nDecided by: #cors-check step 2\n\n{transcript(outcome)}"
    )


def test_a_call_that_was_never_made_has_no_conversation() -> None:
    outcome = browser(shop()).fetch(f"{API}/echo", method="TRACE")
    assert transcript(outcome) == "Nothing was sent."
    assert refused(assert_allowed, outcome).endswith("\n\nNothing was sent.")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(b"", "HTTP/1.1 200", id="none"),
        pytest.param(b"a\n\n", "HTTP/1.1 200\n\na", id="a line end"),
        pytest.param(b"a \n", "HTTP/1.1 200\n\na ", id="but no space"),
        pytest.param(b"\nX\n", "HTTP/1.1 200\n\n\nX", id="nor a letter, nor a line end at the beginning"),
        pytest.param(b"\xff", "HTTP/1.1 200\n\n\ufffd", id="no text"),
        pytest.param(b"x" * 500, "HTTP/1.1 200\n\n" + "x" * 500, id="500 bytes"),
        pytest.param(b"x" * 501, "HTTP/1.1 200\n\n" + "x" * 500 + "\n... and 1 bytes more", id="501 bytes"),
    ],
)
def test_a_transcript_shows_the_beginning_of_a_body(body: bytes, shown: str) -> None:
    exchange = Exchange("actual", Request("GET", f"{API}/", ()), Answer(200, body=body))
    once = f"--- actual request to {API}, without cookies ---\nGET / HTTP/1.1\nHost: api.example\n\n{shown}"
    assert transcript(Outcome(True, None, "", (exchange, exchange), None)) == f"{once}\n\n{once}"


# pytest -------------------------------------------------------------------------------------------------------------


def test_the_fixture_opens_pages_that_share_the_cookies_of_the_client(
    client: FlaskClient, cors_browser: Callable[..., Browser]
) -> None:
    client.post("/login")
    assert echoed(cors_browser().fetch("http://localhost/echo", credentials="include"))["user"] == "ann"
    assert_blocked(cors_browser("https://evil.example").fetch("http://localhost/echo"), step="#cors-check")


CONFTEST = """
import pytest
from flask import Flask
from flask_cors import CORS

pytest_plugins = ["flask_cors.pytest_plugin"]

@pytest.fixture
def app():
    app = Flask("app")
    CORS(app, origins="https://app.example")
    app.add_url_rule("/items", "items", lambda: ["tea"])
    return app
"""
TESTS = """
from flask import url_for
from flask_cors.testing import assert_allowed, assert_blocked

def test_right(cors_browser, client, config):
    assert client.get(url_for("items")).json == ["tea"]
    assert assert_allowed(cors_browser().fetch(url_for("items", _external=True))).status == 200

def test_wrong(cors_browser):
    assert_allowed(cors_browser("https://evil.example").fetch("http://localhost/items"))
"""


def test_the_fixture_works_beside_pytest_flask_and_a_failure_shows_no_code_of_ours(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_items.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "E       GET /items HTTP/1.1\n" in done.stdout
    assert "raise AssertionError" not in done.stdout


def test_the_tests_of_the_manual_pass_beside_pytest_flask(tmp_path: Path) -> None:
    page = Path(__file__).parents[1] / "docs" / "how-to" / "test-your-app.rst"
    app, *sources = [block.source for block in blocks(page, page.read_text()) if block.language == "python"]
    conftest = [source for source in sources if "pytest_plugins" in source]
    (tmp_path / "conftest.py").write_text("\n".join([app, *conftest]))
    (tmp_path / "test_shop.py").write_text("\n".join([app, *(source for source in sources if source not in conftest)]))
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "8 passed" in done.stdout, done.stdout


def test_the_names_for_users_are_these() -> None:
    assert module.__all__ == ["assert_allowed", "assert_blocked", "browser", "transcript"]
    assert pytest_plugin.__all__ == ["cors_browser"]


def test_without_pytest_everything_but_the_fixture_is_there() -> None:
    code = "import sys, flask_cors.testing; sys.exit('pytest' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
