"""One Chromium for all tests, and two origins whose pages it shows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from selenium.webdriver import Chrome

from tests.browser.page import Page, chromium
from tests.transcripts.servers import HOST, serving


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    profile: Path = tmp_path_factory.mktemp("profile")
    with chromium(profile) as browser:
        yield browser


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    with serving(_empty_pages()) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="session")
def second_origin() -> Iterator[str]:
    with serving(_empty_pages()) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture
def open_page(browser: Chrome) -> Callable[[str], Page]:
    return lambda origin: Page(browser, origin)


@pytest.fixture
def page(browser: Chrome, origin: str) -> Iterator[Page]:
    yield Page(browser, origin)
    browser.delete_all_cookies()


def _empty_pages() -> Flask:
    app = Flask("pages")
    app.add_url_rule("/", "page", lambda: "<!doctype html><title>page</title><link rel=icon href=data:,>")
    return app
