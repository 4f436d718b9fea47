"""The page of the tests itself: it reads nothing that a browser withholds, and takes no other failure for CORS."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.browser.api import api, running
from tests.browser.browsers import Kind, tally
from tests.browser.firefox import FirefoxError, firefox
from tests.browser.page import BAD_PORTS, Browser, Page, Read
from tests.transcripts.servers import HOST


@pytest.mark.parametrize("init", [{}, {"method": "PUT"}, {"credentials": "include"}], ids=str)
def test_a_server_without_cors_is_not_readable(page: Page, init: dict[str, Any]) -> None:
    with running(api()) as server:
        assert page.fetch(f"{server.url}/thing", **init) == "missing-allow-origin"
    assert len(server.calls) == 1


def test_a_page_always_reads_its_own_server(page: Page) -> None:
    outcome = page.fetch(f"{page.origin}/")
    assert isinstance(outcome, Read)
    assert "<title>page</title>" in outcome.body


def test_a_server_that_is_down_does_not_count_as_blocked(page: Page) -> None:
    with running(api()) as server:
        pass
    assert page.fetch(f"{server.url}/thing") in ("connection-refused", "network-error")
    with pytest.raises(Exception, match="CONNECTION_REFUSED"):
        page.browser.open(server.url)


def test_a_script_that_fails_is_an_error(browser: Browser) -> None:
    with pytest.raises(Exception, match="as a typo would"):
        browser.run("() => { throw new Error('as a typo would'); }")


def test_cookies_last_for_one_test(page: Page) -> None:
    page.fetch(f"{page.origin}/")
    page.browser.run("() => { document.cookie = 'user=ann'; }")
    assert page.browser.run("() => document.cookie") == "user=ann"
    page.browser.forget_cookies()
    assert page.browser.run("() => document.cookie") == ""


@pytest.fixture
def on_a_bad_port() -> Iterator[socket.socket]:
    for port in BAD_PORTS.split(","):
        with suppress(OSError), socket.create_server((HOST, int(port))) as listener:
            listener.settimeout(20)
            yield listener
            return


def test_a_page_reaches_a_server_on_a_port_that_browsers_avoid(browser: Browser, on_a_bad_port: socket.socket) -> None:
    browser.run("url => { fetch(url).catch(() => 0); }", f"http://{HOST}:{on_a_bad_port.getsockname()[1]}/")
    connection, _ = on_a_bad_port.accept()
    connection.close()


# -- Which browsers are tried ------------------------------------------------------------------------------


def test_a_browser_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FirefoxError, match="did not start"), firefox(tmp_path, program="false"):
        pass


@pytest.mark.parametrize("required", [True, False])
def test_only_a_required_browser_is_tried_even_if_it_is_missing(required: bool) -> None:
    kind = Kind("no-such-browser", firefox, required)
    assert kind.is_tried == required
    assert tally("Firefox", kind, []) == "Firefox: NOT TRIED, no-such-browser is not installed"


def test_the_tests_that_passed_are_counted_for_each_browser() -> None:
    passed = ["test_a[Chromium]", "test_b[Chromium-a row]", "test_b[Firefox-a row]", "test_c[about Chromium]", "test_d"]
    assert tally("Chromium", Kind("true", firefox), passed).startswith("Chromium: 2 passed with ")
