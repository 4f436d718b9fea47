"""What pages in real browsers can read of the responses of real servers, where `test_agreement` does not look."""

import importlib
from typing import Any

import pytest
from flask import abort, request
from werkzeug.debug import DebuggedApplication

from tests.browser.api import api, running
from tests.browser.page import Browser, Page, Read
from tests.tables import table
from tests.transcripts.servers import HOST, serving

OTHER = "https://other.example"
THING, SUCCESS = Read("the thing"), Read('{"success":true}\n')
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"name": "Ada"}'}
WITH_COOKIES = {"credentials": "include"}
DENIED = "missing-allow-origin"


@table(
    "options, init, expected, calls",
    ("there is no CORS", {}, {"method": "PUT"}, DENIED, ["OPTIONS /thing"]),
    ("the origin is allowed", {"origins": "PAGE"}, {}, THING, ["GET /thing"]),
    ("another one is", {"origins": OTHER}, {}, DENIED, ["GET /thing"]),
    ("another path is", {"resources": "/api"}, {}, DENIED, ["GET /thing"]),
    ("a header is not allowed", {"origins": "PAGE"}, JSON, "header-not-allowed", ["OPTIONS /thing"]),
    ("cookies are not allowed", {"origins": "PAGE"}, WITH_COOKIES, "credentials-not-true", ["GET /thing"]),
    ("a header is exposed", {"expose_headers": "X-Shown"}, {}, Read("the thing", 200, (("x-shown", "shown"),)), None),
)
def test_a_page_reads_what_the_policy_says(
    page: Page, options: dict[str, Any], init: dict[str, Any], expected: Read | str, calls: list[str] | None
) -> None:
    if "origins" in options:
        options = {"origins": options["origins"].replace("PAGE", page.origin)}
    with running(api(**options)) as server:
        assert page.fetch(f"{server.url}/thing", **init) == expected
    assert calls in (None, server.calls)


@table(
    "module, path, method, expected",
    ("simple, no API", "simple_example", "/", "GET", DENIED),
    ("simple", "simple_example", "/api/v1/users/", "GET", SUCCESS),
    ("simple, JSON", "simple_example", "/api/v1/users/create", "POST", SUCCESS),
    ("complicated, no API", "complicated_example", "/", "GET", DENIED),
    ("complicated", "complicated_example", "/api/v1/users/", "GET", SUCCESS),
    ("complicated, JSON", "complicated_example", "/api/v1/users/create", "POST", DENIED),
    ("view-based", "view_based_example", "/user/create", "GET", SUCCESS),
    ("view-based, JSON", "view_based_example", "/user/create", "POST", SUCCESS),
)
def test_a_page_reads_of_an_example_what_its_transcripts_show(
    page: Page, module: str, path: str, method: str, expected: Read | str
) -> None:
    with running(importlib.import_module(f"examples.{module}").app) as server:
        assert page.fetch(server.url + path, **(JSON if method == "POST" else {})) == expected
    assert server.calls


def test_a_cookie_that_one_response_sets_comes_back_with_the_next_call(page: Page) -> None:
    with running(api(origins=page.origin, supports_credentials=True)) as server:
        assert page.fetch(f"{server.url}/login", **WITH_COOKIES) == Read("set")
        assert page.fetch(f"{server.url}/user", **WITH_COOKIES) == Read("ann")
        assert page.fetch(f"{server.url}/user", credentials="omit") == Read("nobody")


def test_in_debug_mode_a_page_reads_the_traceback_and_a_navigation_gets_the_debugger(page: Page) -> None:
    app = api(origins=page.origin)
    app.debug = True
    with serving(DebuggedApplication(app)) as port:
        url = f"http://{HOST}:{port}/bug"
        for method in ("GET", "PUT"):
            outcome = page.fetch(url, method=method)
            assert isinstance(outcome, Read)
            assert (outcome.status, outcome.body.splitlines()[0]) == (500, "Traceback (most recent call last):")
            assert outcome.body.splitlines()[-1] == "RuntimeError: as a bug would"
        page.browser.open(url)
        assert "RuntimeError: as a bug would" in page.browser.run("() => document.title")
        assert "The debugger caught an exception" in page.browser.run("() => document.body.textContent")
    app = api(origins=OTHER)
    app.debug = True
    with running(app) as server:
        assert page.fetch(f"{server.url}/bug") == DENIED


def test_a_login_that_refuses_every_request_does_not_refuse_the_preflight(page: Page) -> None:
    app = api(origins=page.origin, headers="Authorization")
    app.before_request(lambda: None if "Authorization" in request.headers else abort(401))
    with running(app) as server:
        assert page.fetch(f"{server.url}/thing", headers={"Authorization": "Bearer of-good-news"}) == THING
        assert server.calls == ["OPTIONS /thing", "GET /thing"]
        outcome = page.fetch(f"{server.url}/thing")
        assert isinstance(outcome, Read)
        assert outcome.status == 401


@table(
    "options, forgetful",
    ("for ten minutes", {"max_age": 600}, []),
    ("not at all", {"max_age": 0}, ["Chromium", "Firefox"]),
    ("that allows everything", {"max_age": 600, "methods": "*"}, ["Firefox"]),
)
def test_the_browser_remembers_a_preflight(page: Page, options: dict[str, Any], forgetful: list[str]) -> None:
    with running(api(origins=page.origin, **options)) as server:
        for _ in range(10):
            assert page.fetch(f"{server.url}/thing", method="PUT") == THING
    assert server.calls.count("PUT /thing") == 10
    # One of ten would be right, but Firefox also forgets the first ones after its start.
    assert (server.calls.count("OPTIONS /thing") == 10) == (page.browser.name in forgetful)


@pytest.mark.parametrize("vary", [True, False])
def test_vary_keeps_a_cached_response_from_another_origin(
    browser: Browser, page: Page, second_origin: str, vary: bool
) -> None:
    with running(api(origins=[page.origin, second_origin], vary_header=vary)) as server:
        for _ in range(2):
            assert page.fetch(f"{server.url}/cached") == Read("kept")
        assert server.calls == ["GET /cached"], "the cache is not on, so the rest would prove nothing"
        expected = Read("kept") if vary else "origin-mismatch"
        assert Page(browser, second_origin).fetch(f"{server.url}/cached") == expected
    assert server.calls == ["GET /cached"] * (1 + vary)


def test_a_script_that_fails_is_an_error(browser: Browser) -> None:
    with pytest.raises(Exception, match="as a typo would"):
        browser.run("() => { throw new Error('as a typo would'); }")
