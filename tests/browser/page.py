"""A page in a real browser that calls a server of another origin, and what the page could read of the answer."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Protocol

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


class Why(Enum):
    """Why a browser keeps an answer from a page."""

    NO_ORIGIN = "the answer lets no origin in"
    ANOTHER_ORIGIN = "the answer lets another origin in"
    WILDCARD_WITH_COOKIES = "the page sends cookies, and the answer names no origin"
    NO_COOKIES = "the page sends cookies, and the answer does not allow it"
    METHOD = "the answer does not allow the method"
    HEADER = "the answer does not allow the header"


@dataclass(frozen=True)
class Read:
    """The page could read the answer: its status, its body, and the headers that are not always readable."""

    body: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Blocked:
    """The browser kept the answer from the page, and told its console why."""

    why: Why


class Browser(Protocol):
    """What the tests need of a browser; it has one tab."""

    name: ClassVar[str]
    #: What its console says when it keeps an answer from a page, as regular expressions.
    words: ClassVar[Mapping[str, Why]]

    def open(self, url: str) -> None:
        """Show a page."""

    def run(self, function: str, *args: Any) -> Any:
        """Call a function in the page, and return what it returns, or what its promise comes to."""

    def console(self) -> list[str]:
        """Return what the console says, and empty it."""

    def forget_cookies(self) -> None:
        """Delete the cookies of the page that is shown."""


class Page:
    """An empty page of an origin, in a browser's only tab."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.browser = browser
        self.origin = origin

    def fetch(self, url: str, **init: Any) -> Read | Blocked:
        """Call the server as ``fetch(url, init)`` in the page does."""
        if self.browser.run("() => location.origin") != self.origin:
            self.browser.open(f"{self.origin}/")
        self.browser.console()  # forgets what an earlier call left there
        answer = self.browser.run(_FETCH, url, init)
        if answer is None:
            return Blocked(self._reason(url))
        headers = tuple((k, v) for k, v in sorted(answer["headers"].items()) if k not in _SAFELISTED)
        return Read(answer["body"], answer["status"], headers)

    def _reason(self, url: str) -> Why:
        """Wait for the console to say why; a call that failed for another reason than CORS is an error."""
        messages: list[str] = []
        end = time.monotonic() + 5
        while time.monotonic() < end:
            messages += self.browser.console()
            for words, why in self.browser.words.items():
                if any(re.search(words, message) for message in messages):
                    return why
            time.sleep(0.05)
        raise AssertionError(f"the call to {url} failed, but not because of CORS; the console says {messages}")
