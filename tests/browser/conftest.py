"""One browser of each kind for all tests, and two origins whose pages it shows."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.browser.browsers import KINDS, tally
from tests.browser.page import Browser, Page
from tests.transcripts.servers import HOST, serving


@pytest.fixture(scope="session", params=[name for name, kind in KINDS.items() if kind.is_tried])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with KINDS[request.param].running(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests passed with which browser, lest a missing one be missed."""
    passed = [report.nodeid for report in terminalreporter.getreports("passed")]
    for name, kind in KINDS.items():
        terminalreporter.write_line(tally(name, kind, passed))


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    with serving(_empty_pages()) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="session")
def second_origin() -> Iterator[str]:
    with serving(_empty_pages()) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture
def open_page(browser: Browser) -> Callable[[str], Page]:
    return lambda origin: Page(browser, origin)


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    yield Page(browser, origin)
    browser.forget_cookies()


def _empty_pages() -> Flask:
    app = Flask("pages")
    app.add_url_rule("/", "page", lambda: "<!doctype html><title>page</title><link rel=icon href=data:,>")
    return app
