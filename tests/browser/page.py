"""A page in a real browser that calls a server of another origin, and what the page could read of the answer."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from flask_cors.cli.console import ConsoleMessage, parse_console

#: Ports that a server of the tests may get, but that browsers keep pages from unless told: Fetch, #port-blocking.
BAD_PORTS = "5060,5061,6000,6566,6665,6666,6667,6668,6669,6679,6697"

_FETCH = """
async (url, init) => {
    let answer;
    try {
        answer = await fetch(url, init);
    } catch {
        return null;
    }
    return {status: answer.status, body: await answer.text(), headers: Object.fromEntries(answer.headers)};
}
"""

# A page may always read these: Fetch, #cors-safelisted-response-header-name.
_SAFELISTED = frozenset(
    {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
)


@dataclass(frozen=True)
class Read:
    """The page could read the answer: its status, its body, and the headers that are not always readable."""

    body: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Browser(Protocol):
    """What the tests need of a browser; it has one tab."""

    name: ClassVar[str]

    def open(self, url: str) -> None:
        """Show a page."""

    def run(self, function: str, *args: Any) -> Any:
        """Call a function in the page, and return what it returns, or what its promise comes to."""

    def console(self) -> list[str]:
        """Return what the console says, and empty it."""

    def press(self, *keys: str) -> None:
        """Press keys of the keyboard together, each by the character that WebDriver has for it."""

    def resize(self, width: int) -> None:
        """Show pages that wide."""

    def forget_cookies(self) -> None:
        """Delete the cookies of the page that is shown."""


class Page:
    """An empty page of an origin, in a browser's only tab."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser = browser
        self.origin = origin

    def fetch(self, url: str, **init: Any) -> Read | str:
        """Call the server as ``fetch(url, init)`` in the page does; if it is blocked, return the cause."""
        if self.browser.run("() => location.origin") != self.origin:
            self.browser.open(f"{self.origin}/")
        self.browser.console()  # forgets what an earlier call left there
        answer = self.browser.run(_FETCH, url, init)
        if answer is None:
            return printed(self.browser)[0].cause
        headers = tuple((k, v) for k, v in sorted(answer["headers"].items()) if k not in _SAFELISTED)
        return Read(answer["body"], answer["status"], headers)


def printed(browser: Browser) -> list[ConsoleMessage]:
    """Wait for what the console prints of a call, until it prints no more."""
    lines, more, end = [""], [""], time.monotonic() + 10
    while time.monotonic() < end and (more or not any(lines)):
        time.sleep(0.2)
        more = browser.console()
        lines += more
    return parse_console("\n".join(lines))
