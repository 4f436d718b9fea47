"""A page in a real browser that calls a server of another origin, and what the page could read of the response."""

import time
from dataclasses import dataclass
from typing import Any

from flask_cors.cli.console import parse_console
from tests.browser.chromium import Chromium
from tests.browser.firefox import Firefox
from tests.tables import words

Browser = Chromium | Firefox

_FETCH = """
async (url, init) => {
    let response;
    try {
        response = await fetch(url, init);
    } catch {
        return null;
    }
    return {status: response.status, body: await response.text(), headers: Object.fromEntries(response.headers)};
}
"""
# A page may always read these: Fetch, #cors-safelisted-response-header-name.
_SAFELISTED = words("cache-control content-language content-length content-type expires last-modified pragma")


@dataclass(frozen=True)
class Read:
    """The page could read the response: its status, its body, and the headers that are not always readable."""

    body: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Page:
    """An empty page of an origin, in a browser's only tab."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser, self.origin = browser, origin

    def fetch(self, url: str, **init: Any) -> Read | str:
        """Call the server as ``fetch(url, init)`` in the page does; if it is blocked, return the cause."""
        if self.browser.run("() => location.origin") != self.origin:
            self.browser.open(f"{self.origin}/")
        self.browser.console()  # forgets what an earlier call left there
        response = self.browser.run(_FETCH, url, init)
        if response is None:
            return parse_console(printed(self.browser))[0].cause
        headers = tuple((k, v) for k, v in sorted(response["headers"].items()) if k not in _SAFELISTED)
        return Read(response["body"], response["status"], headers)


def printed(browser: Browser) -> str:
    """Wait for what the console prints of a call, until it prints no more."""
    lines, more, end = [""], [""], time.monotonic() + 10
    while time.monotonic() < end and (more or not any(lines)):
        time.sleep(0.2)
        more = browser.console()
        lines += more
    return "\n".join(lines)
