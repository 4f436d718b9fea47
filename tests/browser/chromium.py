"""Chromium, over its own driver."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService

SECONDS = 120
#: Ports that a server of the tests may get, but that browsers keep pages from unless told: Fetch, #port-blocking.
BAD_PORTS = "5060,5061,6000,6566,6665,6666,6667,6668,6669,6679,6697"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with it, and CI is root
    "--disable-gpu",
    f"--explicitly-allowed-ports={BAD_PORTS}",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    # The rest keeps Chromium from calling anyone but the servers of the tests.
    *("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
)


class Chromium:
    """A running Chromium with one tab."""

    name = "Chromium"

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver
        self.open = driver.get

    def run(self, function: str, *args: Any) -> Any:
        """Call a function in the page, and return what it returns, or what its promise comes to."""
        return self._driver.execute_script(f"return ({function})(...arguments);", *args)

    def console(self) -> list[str]:
        """Return what the console prints, and empty it."""
        return [entry["message"] for entry in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def forget_cookies(self) -> None:
        self._driver.execute_cdp_cmd("Network.clearBrowserCookies", {})  # partitioned ones, too

    def press(self, *keys: str) -> None:
        """Press keys of the keyboard together, each by the character that WebDriver has for it."""
        chain = ActionChains(self._driver, duration=0)
        for key in keys:
            chain.key_down(key)
        for key in reversed(keys):
            chain.key_up(key)
        chain.perform()

    def resize(self, width: int, scheme: str = "light") -> None:
        """Show pages that wide, and in the ``light`` or ``dark`` scheme; nothing moves."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        media = [{"name": name, "value": value} for name, value in features.items()]
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """Run the Chromium that is installed, with its own driver and a new profile."""
    programs = [shutil.which(program) for program in ("chromium", "chromedriver")]
    assert all(programs), f"chromium or chromedriver is not installed: {programs}"
    options = ChromeOptions()
    options.binary_location = str(programs[0])
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(programs[1]))
    driver.set_script_timeout(SECONDS)
    try:
        yield Chromium(driver)
    finally:
        driver.quit()
