"""One browser of each kind for all tests, and two origins whose pages it shows."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from flask import Flask

from tests.browser.chromium import chromium
from tests.browser.firefox import firefox
from tests.browser.page import Browser, Page
from tests.transcripts.servers import HOST, serving

#: Chromium is needed; Firefox is tried where it is installed.
BROWSERS: dict[str, Callable[[Path], AbstractContextManager[Browser]]] = {"Chromium": chromium, "Firefox": firefox}
TRIED = [name for name in BROWSERS if name == "Chromium" or shutil.which("firefox-esr")]


@pytest.fixture(scope="session", params=TRIED)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with BROWSERS[request.param](tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which browser was not tried, lest it be missed."""
    for name in BROWSERS.keys() - TRIED:
        terminalreporter.write_line(f"{name}: NOT TRIED, because it is not installed")


def _serve_empty_pages() -> Iterator[str]:
    app = Flask("pages")
    app.add_url_rule("/", "page", lambda: "<!doctype html><title>page</title><link rel=icon href=data:,>")
    with serving(app) as port:
        yield f"http://{HOST}:{port}"


origin = pytest.fixture(_serve_empty_pages, scope="session", name="origin")
second_origin = pytest.fixture(_serve_empty_pages, scope="session", name="second_origin")


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    yield Page(browser, origin)
    browser.forget_cookies()
