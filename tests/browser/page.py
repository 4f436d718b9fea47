"""A page in a real Chromium that calls a server of another origin, and what the page could read of the answer."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with it, and CI is root
    "--disable-gpu",
    # The rest keeps Chromium from calling anyone but the servers of the tests.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_FETCH = """
const [url, init, done] = arguments;
fetch(url, init).then(
    async answer => done({
        status: answer.status,
        body: await answer.text(),
        headers: Object.fromEntries(answer.headers),
    }),
    () => done(null),
);
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


@dataclass(frozen=True)
class Blocked:
    """The browser kept the answer from the page, and told its console why."""

    why: str


class Page:
    """An empty page of an origin, in a browser's only tab."""

    def __init__(self, browser: Chrome, origin: str) -> None:
        self.browser = browser
        self.origin = origin

    def fetch(self, url: str, **init: Any) -> Read | Blocked:
        """Call the server as ``fetch(url, init)`` in the page does."""
        if not self.browser.current_url.startswith(f"{self.origin}/"):
            self.browser.get(f"{self.origin}/")
        self._console()  # forgets what an earlier call left there
        answer = self.browser.execute_async_script(_FETCH, url, init)
        if answer is None:
            return Blocked(self._reason(url))
        headers = tuple((k, v) for k, v in sorted(answer["headers"].items()) if k not in _SAFELISTED)
        return Read(answer["body"], answer["status"], headers)

    def _reason(self, url: str) -> str:
        """Wait for the console to say why; a call that failed for another reason than CORS is an error."""
        messages: list[str] = []
        end = time.monotonic() + 5
        while time.monotonic() < end:
            messages += self._console()
            for message in messages:
                if "blocked by CORS policy: " in message:
                    return message.partition("blocked by CORS policy: ")[2]
            time.sleep(0.05)
        raise AssertionError(f"the call to {url} failed, but not because of CORS; the console says {messages}")

    def _console(self) -> list[str]:
        entries = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]


def assert_outcome(outcome: Read | Blocked, expected: Read | Blocked) -> None:
    """Fail unless the page could read exactly what was expected, or was kept from it for the expected reason."""
    if isinstance(outcome, Blocked) and isinstance(expected, Blocked):
        assert expected.why in outcome.why
    else:
        assert outcome == expected


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Run the Chromium that is installed, with its own driver and a profile that nobody used before."""
    options = ChromeOptions()
    options.binary_location = _installed("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options, ChromeService(_installed("chromedriver")))
    browser.set_script_timeout(20)
    try:
        yield browser
    finally:
        browser.quit()


def _installed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise FileNotFoundError(f"{program} is not installed")
    return path
