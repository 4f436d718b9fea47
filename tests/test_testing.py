"""``flask_cors.testing``: the page sends what a browser would and nothing else, and failures show everything."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request, session
from flask.testing import FlaskClient

from flask_cors import CORS, cross_origin, pytest_plugin
from flask_cors import testing as module
from flask_cors.browser import Browser, Exchange, Outcome, Request
from flask_cors.browser import Response as Answer
from flask_cors.pytest_plugin import cors_browser as cors_browser
from flask_cors.testing import assert_allowed, assert_blocked, browser, transcript
from tests.helpers import make_app
from tests.tables import table
from tests.transcripts.pages import blocks

PAGE, API, EVIL = "https://app.example", "https://api.app.example", "https://evil.example"


def shop(**config: Any) -> Flask:
    """Make an app with a login, and a view that repeats the request."""
    app = make_app(SECRET_KEY="for tests", **config)
    CORS(app, origins=PAGE, supports_credentials=True, headers="X-Token, Authorization")
    app.add_url_rule("/login", "login", lambda: str(session.update(user="ann")), methods=["POST"])
    app.add_url_rule("/echo", view_func=echo, methods=["GET", "POST", "PUT"])
    return app


def echo() -> dict[str, Any]:
    body = request.get_data(as_text=True)
    return {"headers": [*request.headers.items()], "user": session.get("user"), "body": body}


def echoed(outcome: Outcome) -> Any:
    return json.loads(assert_allowed(outcome).body)


# What is sent -------------------------------------------------------------------------------------------------------


def test_the_app_gets_the_headers_that_a_browser_sends_and_no_others() -> None:
    headers = [("X-Token", "1"), ("X-Token", "2")]
    page = browser(shop(), PAGE, path="/basket")
    request = echoed(page.fetch(f"{API}/echo", method="PUT", headers=headers, body="tea"))
    sent = {"Accept": "*/*", "Content-Length": "3", "Content-Type": "text/plain;charset=UTF-8"}
    sent |= {"Host": "api.app.example", "Origin": PAGE, "Referer": f"{PAGE}/", "X-Token": "1, 2"}
    sent |= {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site"}
    assert (request["body"], len(request["headers"])) == ("tea", len(sent) + 1)
    assert {name: value for name, value in request["headers"] if name != "User-Agent"} == sent
    request = echoed(browser(shop()).fetch(f"{API}/echo"))
    assert (request["body"], dict(request["headers"]).get("Content-Length", "0")) == ("", "0")
    at_home = page.fetch("/echo").response
    assert at_home is not None
    assert dict(at_home.json["headers"])["Referer"] == f"{PAGE}/basket"


@table(
    "open_page, kind, pieces, body",
    ("a response is read to its end", Browser.fetch, "text/plain", ["green ", "tea"], b"green tea"),
    ("a stream of events is not read", Browser.event_source, "text/event-stream", itertools.repeat("data: tea"), b""),
)
def test_and_closed(open_page: Any, kind: str, pieces: Iterable[str], body: bytes) -> None:
    app, closed = shop(), []
    response = Response(iter(pieces), mimetype=kind)
    response.call_on_close(lambda: closed.append("closed"))
    app.add_url_rule("/stream", "stream", lambda: response)
    assert assert_allowed(open_page(browser(app), f"{API}/stream")).body == body
    assert closed == ["closed"]


@table(
    "root, url, expected",
    ("a query", "/", f"{API}/echo?a=1&b=%20", {"PATH_INFO": "/echo", "QUERY_STRING": "a=1&b=%20"}),
    ("escapes", "/", f"{API}/echo/a%20b%3Fc", {"PATH_INFO": "/echo/a b?c", "QUERY_STRING": ""}),
    ("a port", "/", "http://localhost:5000/", {"HTTP_HOST": "localhost:5000", "wsgi.url_scheme": "http"}),
    ("https", "/", f"{API}/echo", {"wsgi.url_scheme": "https", "SCRIPT_NAME": ""}),
    ("below the root", "/shop", f"{API}/shop/echo", {"SCRIPT_NAME": "/shop", "PATH_INFO": "/echo"}),
    ("a root that ends with a slash", "/X/", f"{API}/X/echo", {"SCRIPT_NAME": "/X", "PATH_INFO": "/echo"}),
    ("beside the root", "/shop", f"{API}/echo", {"SCRIPT_NAME": "", "PATH_INFO": "/echo"}),
    ("the root without a slash", "/shop", f"{API}/shop", {"SCRIPT_NAME": "", "PATH_INFO": "/shop"}),
    ("only the beginning of the root", "/shop", f"{API}/shopping", {"SCRIPT_NAME": "", "PATH_INFO": "/shopping"}),
)
def test_the_app_sees_the_url_as_it_is_and_its_root(root: str, url: str, expected: dict[str, str]) -> None:
    app, seen = shop(APPLICATION_ROOT=root), []
    app.before_request(lambda: seen.append(request.environ))
    assert_allowed(browser(app).fetch(url))
    assert {name: seen[0][name] for name in expected} == expected


def test_a_path_with_two_slashes_and_subdomains_lead_to_their_routes() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.url_map.merge_slashes = False
    app.config["SERVER_NAME"] = "shop.example"
    CORS(app)
    app.add_url_rule("/", subdomain="<name>", endpoint="tenant", view_func=lambda name: name)
    page, url = browser(app), "https://ann.shop.example//bob.shop.example/"
    assert assert_allowed(page.fetch("https://ann.shop.example/")).body == b"ann"
    outcome = page.fetch(url)
    assert (assert_allowed(outcome).status, outcome.exchanges[0].request.url) == (404, url)


def test_what_a_client_would_add_to_a_request_is_kept_unless_it_is_a_header() -> None:
    app, seen = shop(), []
    app.before_request(lambda: seen.append(request.environ))
    client = app.test_client()
    client.environ_base.update(HTTP_AUTHORIZATION="Bearer x", HTTP_USER_AGENT="a browser", REMOTE_ADDR="192.0.2.1")
    browser(client).fetch(f"{API}/echo")
    assert (seen[0]["REMOTE_ADDR"], seen[0]["HTTP_USER_AGENT"]) == ("192.0.2.1", "a browser")
    assert "HTTP_AUTHORIZATION" not in seen[0]


def test_a_login_that_refuses_preflights_is_found_although_the_client_could_log_in() -> None:
    class LoggedIn(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> Any:
            return super().open(*args, headers={"Authorization": "Bearer x"}, **kwargs)

    app = make_app()
    app.test_client_class = LoggedIn
    app.add_url_rule("/", view_func=cross_origin(headers="X-Token")(lambda: "in"), endpoint="view")
    app.before_request(lambda: None if "Authorization" in request.headers else Response(status=401))
    assert app.test_client().get("/").text == "in"
    outcome = browser(app).fetch(f"{API}/", headers={"X-Token": "1"})
    assert_blocked(outcome, step="#cors-preflight-fetch-0 step 7")


# Cookies ------------------------------------------------------------------------------------------------------------

MODES: list[Any] = ["omit", "same-origin", "include"]


def user(page: Browser, site: str = API) -> Any:
    """Return the user for whom the app takes a page that sends its cookies."""
    return echoed(page.fetch(f"{site}/echo", credentials="include"))["user"]


def test_a_page_is_logged_in_only_while_it_sends_cookies() -> None:
    page = browser(shop())
    for mode in MODES:  # a cookie of a response without credentials is not kept
        assert user(page) is None
        assert_allowed(page.fetch(f"{API}/login", method="POST", credentials=mode))
    assert [echoed(page.fetch(f"{API}/echo", credentials=mode))["user"] for mode in MODES] == [None, None, "ann"]
    assert user(page, "https://other.app.example") is None


@pytest.fixture
def client() -> FlaskClient:
    return shop().test_client()


def test_a_page_shares_the_cookies_of_its_client_if_it_has_any(
    client: FlaskClient, cors_browser: Callable[..., Browser]
) -> None:
    client.post("/login", base_url=API)
    page, without = browser(client), browser(shop().test_client(use_cookies=False))
    assert [user(page), user(cors_browser()), user(browser(shop()))] == ["ann", "ann", None]
    assert_blocked(cors_browser(EVIL).fetch(f"{API}/echo"), step="#cors-check")
    page.fetch("https://www.app.example/login", method="POST", credentials="include")
    assert client.get("/echo", base_url="https://www.app.example").get_json()["user"] == "ann"
    client.delete_cookie("session", domain="api.app.example")
    without.fetch(f"{API}/login", method="POST", credentials="include")
    assert [user(page), user(without)] == [None, None]


OTHER_SITE = "it is not SameSite=None, and the page is of another site"
UNPARTITIONED = "it is not Partitioned, and the page is of another site"


@table(
    "cookie, options, expected",
    ("Flask's default", "", {}, OTHER_SITE),
    ("SameSite=None", "SameSite=None; Secure", {}, UNPARTITIONED),
    ("and the user allows it", "SameSite=None; Secure", {"third_party_cookies": True}, None),
    ("Partitioned", "SameSite=None; Secure; Partitioned", {}, None),
)
def test_cookies_reach_a_page_of_another_site_only_where_a_browser_sends_them(
    cookie: str, options: dict[str, Any], expected: str | None
) -> None:
    app = make_app()
    CORS(app, origins=EVIL, supports_credentials=True)
    app.add_url_rule("/set", "set", lambda: Response("", headers={"Set-Cookie": f"user=ann; {cookie}"}))
    app.add_url_rule("/get", "get", lambda: request.cookies.get("user", "nobody"))
    client = app.test_client()
    page = browser(client, EVIL, **options)
    first = page.fetch(f"{API}/set", credentials="include")
    assert assert_allowed(page.fetch(f"{API}/get", credentials="include")).body == (b"nobody" if expected else b"ann")
    told = f"(The browser ignores the new cookie 'user': {expected}.)"
    assert transcript(first).endswith(told) is (expected is not None)
    is_shared = options.get("third_party_cookies", False)
    assert client.get("/get", base_url=API).text == ("ann" if is_shared else "nobody")


# Errors -------------------------------------------------------------------------------------------------------------


def test_an_exception_of_a_view_reaches_the_test_where_the_app_lets_it_out() -> None:
    app = shop()
    app.add_url_rule("/bug", "bug", lambda: str(1 // 0))
    with pytest.raises(ZeroDivisionError):
        browser(app).fetch(f"{API}/bug")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert assert_allowed(browser(app).fetch(f"{API}/bug")).status == 500
    with pytest.raises(TypeError, match=r"^browser\(\) takes a Flask app or its test client, not 'app'$"):
        browser("app")  # type: ignore[arg-type]


# Assertions ---------------------------------------------------------------------------------------------------------

FORBIDDEN = """\
The page is blocked: Access-Control-Allow-Headers of the preflight response is 'Authorization, X-Token'; \
it must list 'x-other'.
Decided by: #cors-preflight-fetch-0 step 7.7

--- preflight request to https://api.app.example, without cookies ---
OPTIONS /echo?a=1 HTTP/1.1
Host: api.app.example
Accept: */*
Access-Control-Request-Method: GET
Access-Control-Request-Headers: x-other
Referer: https://app.example/
Origin: https://app.example
Sec-Fetch-Dest: empty
Sec-Fetch-Mode: cors
Sec-Fetch-Site: same-site

HTTP/1.1 200
Content-Type: text/html; charset=utf-8
Content-Length: 0
Access-Control-Allow-Origin: https://app.example
Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY
Access-Control-Allow-Headers: Authorization, X-Token
Access-Control-Allow-Credentials: true
Vary: Origin"""

ALLOWED = "The page may read the response; it should be blocked.\nDecided by: #cors-check step "


def failure(assertion: Callable[..., object], outcome: Outcome, **expected: Any) -> str:
    """Return the message of an assertion that must fail; none of our own code is in its traceback."""
    with pytest.raises(AssertionError) as caught:
        assertion(outcome, **expected)
    assert [entry.name for entry in caught.traceback if not entry.ishidden(caught)] == ["failure"]
    return str(caught.value)


def test_a_failure_shows_the_reason_and_the_whole_conversation() -> None:
    outcome = browser(shop()).fetch(f"{API}/echo?a=1", headers={"X-Other": "1"})
    assert failure(assert_allowed, outcome) == FORBIDDEN
    outcome = browser(shop()).fetch(f"{API}/login", method="POST", credentials="include")
    assert failure(assert_blocked, outcome) == f"{ALLOWED}7\n\n{transcript(outcome)}"


def test_what_is_no_proof_fails_with_the_reason() -> None:
    outcome = browser(shop()).fetch(f"{API}/echo", headers={"Accept": "\x80"})  # allowed, though some browsers differ
    assert outcome.reason == "(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)"
    assert failure(assert_blocked, outcome).startswith(ALLOWED)
    outcome = browser(shop()).fetch("/echo")
    assert outcome.allowed
    assert failure(assert_allowed, outcome) == (
        "The page called its own origin, where CORS does not apply; call a URL of another origin.\n"
        f"Decided by: #main-fetch step 12\n\n{transcript(outcome)}"
    )
    outcome = browser(shop(), EVIL).load("image", f"{API}/echo")
    for assertion in (assert_allowed, assert_blocked):
        assert failure(assertion, outcome).startswith("The page can use the response, but not read it, because")
    outcome = browser(shop()).fetch(f"{API}/echo", method="TRACE")
    assert transcript(outcome) == "Nothing was sent."
    assert failure(assert_allowed, outcome).endswith("\n\nNothing was sent.")


def test_a_block_is_recognized_by_its_algorithm_or_its_step_and_fails_for_another() -> None:
    outcome = browser(shop(), EVIL).fetch(f"{API}/echo")
    for step in (None, "#cors-check", "#cors-check step 2"):
        assert assert_blocked(outcome, step=step) == outcome.reason
    for step in ("#cors-check step", "#cors-check step 4", "#cors", "#http-redirect-fetch", ""):
        assert failure(assert_blocked, outcome, step=step) == (
            f"The page is blocked, but not by {step}: Access-Control-Allow-Origin of the response is missing; "
            f"it must be 'https://evil.example' or '*'.\nDecided by: #cors-check step 2\n\n{transcript(outcome)}"
        )


def test_a_transcript_shows_cookies_and_the_beginning_of_a_body() -> None:
    bodies = {b"": "", b"a\n\n": "\n\na", b"\nX \n": "\n\n\nX ", b"\xff": "\n\n\ufffd", b"x" * 500: "\n\n" + "x" * 500}
    bodies[b"x" * 501] = "\n\n" + "x" * 500 + "\n... and 1 bytes more"
    for body, shown in bodies.items():
        for credentials, cookies in ((True, "with"), (False, "without")):
            request = Request("GET", f"{API}/", (), body, credentials=credentials)
            exchange = Exchange("actual", request, Answer(200, body=body))
            head = f"--- actual request to {API}, {cookies} cookies ---\nGET / HTTP/1.1\nHost: api.app.example"
            text = f"{head}{shown}\n\nHTTP/1.1 200{shown}"
            assert transcript(Outcome(True, None, "", (exchange, exchange), None)) == f"{text}\n\n{text}"


# pytest -------------------------------------------------------------------------------------------------------------


FAILS = """
def test_wrong(cors_browser):
    assert_allowed(cors_browser("https://evil.example").fetch("http://localhost/orders"))
"""


def test_the_tests_of_the_manual_pass_beside_pytest_flask_and_a_failure_shows_no_code_of_ours(tmp_path: Path) -> None:
    page = Path(__file__).parents[1] / "docs" / "how-to" / "test-your-app.rst"
    app, *sources = [block.source for block in blocks(page, page.read_text()) if block.language == "python"]
    conftest = [source for source in sources if "pytest_plugins" in source]
    tests = "\n".join([app, *(source for source in sources if source not in conftest), FAILS])
    (tmp_path / "conftest.py").write_text("\n".join([app, *conftest]))
    (tmp_path / "test_shop.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    output = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True).stdout
    assert f"1 failed, {len(re.findall('^def test_', tests, re.MULTILINE)) - 1} passed" in output, output
    assert "E       GET /orders HTTP/1.1\n" in output
    assert "raise AssertionError" not in output


def test_the_names_for_users_are_these_and_without_pytest_all_but_the_fixture_is_there() -> None:
    assert module.__all__ == ["assert_allowed", "assert_blocked", "browser", "transcript"]
    assert pytest_plugin.__all__ == ["cors_browser"]
    code = "import sys, flask_cors.testing; sys.exit('pytest' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
