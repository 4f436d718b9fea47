"""What pages in real browsers can read of the responses of real servers.

``PAGE`` stands for the page's own origin.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.debug import DebuggedApplication

from tests.browser.api import api, running, with_login
from tests.browser.page import Blocked, Page, Read, Why
from tests.transcripts.servers import HOST, serving

PAGE = "PAGE"
OTHER = "https://other.example"
THING = Read("the thing")
NO_ORIGIN = Blocked(Why.NO_ORIGIN)
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
WITH_COOKIES = {"credentials": "include"}


@dataclass(frozen=True)
class Case:
    """One fetch of a page, to a server with these options; a call without a path is one of `path`."""

    rule: str
    options: dict[str, Any]
    outcome: Read | Blocked = THING
    calls: str = "GET"
    path: str = "/thing"
    init: dict[str, Any] = field(default_factory=dict)


SIMPLE = [
    Case("every origin may read by default", {"origins": "*"}),
    Case("the one origin listed may read", {"origins": PAGE}),
    Case("one of several origins may read", {"origins": [OTHER, PAGE]}),
    Case("a page on any port of a host may read", {"origins": "http://127.0.0.1:*"}),
    Case("an origin may read that a function allows", {"origins": lambda _: True}),
    Case("an origin that is not listed may not read", {"origins": OTHER}, NO_ORIGIN),
    Case("an origin that a listed one begins may not read", {"origins": "http://127.0.0.1"}, NO_ORIGIN),
    Case("no origin may read a path that is not exposed", {"resources": "/api"}, NO_ORIGIN),
    Case(
        "only exposed headers may be read",
        {"expose_headers": "X-Shown"},
        Read(THING.body, 200, (("x-shown", "shown"),)),
    ),
    Case("redirects are followed", {"origins": PAGE}, THING, "GET /moved, GET /thing", "/moved"),
]

ANY_HEADER = {"headers": {"X-Anything": "1"}}
DELETE, PUT = {"method": "DELETE"}, {"method": "PUT"}
FOLDERS = "OPTIONS /folder, PUT /folder, OPTIONS /folder/, PUT /folder/"
PREFLIGHTED = [
    Case("Content-Type is allowed", {"headers": "Content-Type"}, THING, "OPTIONS, POST", init=JSON),
    Case("Content-Type is not allowed", {"origins": PAGE}, Blocked(Why.HEADER), "OPTIONS", init=JSON),
    Case("all headers are allowed", {"headers": "*"}, THING, "OPTIONS, GET", init=ANY_HEADER),
    Case(
        "all headers are allowed, and cookies",
        {"headers": "*", "origins": PAGE, "supports_credentials": True},
        THING,
        "OPTIONS, GET",
        init=ANY_HEADER | WITH_COOKIES,
    ),
    Case("a method that is not denied", {"origins": PAGE}, THING, "OPTIONS, DELETE", init=DELETE),
    Case("all methods are allowed", {"methods": "*"}, THING, "OPTIONS, DELETE", init=DELETE),
    Case("a method is not allowed", {"methods": ["GET", "PUT"]}, Blocked(Why.METHOD), "OPTIONS", init=DELETE),
    Case("the origin of the preflight is not allowed", {"origins": OTHER}, NO_ORIGIN, "OPTIONS", init=PUT),
    Case("a path redirects to its folder", {"origins": PAGE}, Read("the folder"), FOLDERS, "/folder", PUT),
]

ERRORS = {"/nowhere": (404, "GET"), "/bug": (500, "GET"), "/read-only": (405, "PUT")}

COOKIES = [
    Case("cookies are allowed", {"origins": PAGE, "supports_credentials": True}, THING),
    Case("cookies and any origin", {"origins": "*"}, Blocked(Why.WILDCARD_WITH_COOKIES)),
    Case("only the origin is allowed", {"origins": PAGE}, Blocked(Why.NO_COOKIES)),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.rule) for case in SIMPLE + PREFLIGHTED])
def test_a_page_reads_what_the_policy_says(page: Page, case: Case) -> None:
    with running(api(**_for(page, case.options))) as server:
        assert page.fetch(server.url + case.path, **case.init) == case.outcome
    assert server.calls == [call if " " in call else f"{call} {case.path}" for call in case.calls.split(", ")]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.rule) for case in COOKIES])
def test_cookies_need_a_policy_that_names_the_origin(page: Page, case: Case) -> None:
    with running(api(**_for(page, case.options))) as server:
        assert page.fetch(f"{server.url}/thing", **WITH_COOKIES) == case.outcome


def test_a_cookie_that_one_answer_sets_comes_back_with_the_next_call(page: Page) -> None:
    with running(api(origins=page.origin, supports_credentials=True)) as server:
        assert page.fetch(f"{server.url}/login", **WITH_COOKIES) == Read("set")
        assert page.fetch(f"{server.url}/user", **WITH_COOKIES) == Read("ann")
        assert page.fetch(f"{server.url}/user", credentials="omit") == Read("nobody")


@pytest.mark.parametrize("path", ERRORS)
def test_a_page_reads_the_status_of_an_error(page: Page, path: str) -> None:
    status, method = ERRORS[path]
    with running(api(origins=page.origin)) as server:
        outcome = page.fetch(server.url + path, method=method)
    assert isinstance(outcome, Read)
    assert outcome.status == status


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


def test_in_debug_mode_another_origin_reads_no_traceback(page: Page) -> None:
    app = api(origins=OTHER)
    app.debug = True
    with running(app) as server:
        assert page.fetch(f"{server.url}/bug") == NO_ORIGIN


def test_a_login_that_refuses_every_request_does_not_refuse_the_preflight(page: Page) -> None:
    with running(with_login(api(origins=page.origin, headers="Authorization"))) as server:
        password = {"Authorization": "Bearer of-good-news"}
        assert page.fetch(f"{server.url}/thing", headers=password) == THING
        assert server.calls == ["OPTIONS /thing", "GET /thing"]

        outcome = page.fetch(f"{server.url}/thing")
        assert isinstance(outcome, Read)
        assert outcome.status == 401


@pytest.mark.parametrize(
    ("options", "forgetful"),
    [
        pytest.param({"max_age": 600}, [], id="for ten minutes"),
        pytest.param({"max_age": 0}, ["Chromium", "Firefox"], id="not at all"),
        pytest.param({"max_age": 600, "methods": "*"}, ["Firefox"], id="that allows everything"),
    ],
)
def test_the_browser_remembers_a_preflight(page: Page, options: dict[str, Any], forgetful: list[str]) -> None:
    with running(api(origins=page.origin, **options)) as server:
        for _ in range(10):
            assert page.fetch(f"{server.url}/thing", method="PUT") == THING
    assert server.calls.count("PUT /thing") == 10
    # One of ten would be right, but Firefox also forgets the first ones after its start.
    assert (server.calls.count("OPTIONS /thing") == 10) == (page.browser.name in forgetful)


def test_an_answer_in_the_cache_is_not_shown_to_another_origin(
    page: Page, open_page: Callable[[str], Page], second_origin: str
) -> None:
    with running(api(origins=[page.origin, second_origin])) as server:
        for _ in range(2):
            assert page.fetch(f"{server.url}/cached") == Read("kept")
        assert server.calls == ["GET /cached"], "the cache is not on, so the rest would prove nothing"

        assert open_page(second_origin).fetch(f"{server.url}/cached") == Read("kept")
    assert server.calls == ["GET /cached"] * 2


def test_without_vary_the_cache_breaks_the_second_origin(
    page: Page, open_page: Callable[[str], Page], second_origin: str
) -> None:
    with running(api(origins=[page.origin, second_origin], vary_header=False)) as server:
        assert page.fetch(f"{server.url}/cached") == Read("kept")
        outcome = open_page(second_origin).fetch(f"{server.url}/cached")
    assert outcome == Blocked(Why.ANOTHER_ORIGIN)
    assert server.calls == ["GET /cached"]


def _for(page: Page, options: dict[str, Any]) -> dict[str, Any]:
    """Put the page's origin where the row says ``PAGE``."""

    def put(value: Any) -> Any:
        if isinstance(value, list):
            return [put(item) for item in value]
        return value.replace(PAGE, page.origin) if isinstance(value, str) else value

    return {name: put(value) for name, value in options.items()}
