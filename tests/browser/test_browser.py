"""What pages in real browsers can read of the responses of real servers, where `test_agreement` does not look."""

import importlib
from typing import Any

import pytest
from werkzeug.debug import DebuggedApplication

from tests.browser.api import api, running
from tests.browser.page import Browser, Page, Read
from tests.tables import table
from tests.transcripts.servers import HOST, serving

OTHER = "https://other.example"
THING, SUCCESS = Read("the thing"), Read('{"success":true}\n')
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"name": "Ada"}'}
DENIED = "missing-allow-origin"


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
