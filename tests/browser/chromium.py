"""Chromium, over its own driver."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService

from tests.browser.page import BAD_PORTS

SECONDS = 120
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with it, and CI is root
    "--disable-gpu",
    f"--explicitly-allowed-ports={BAD_PORTS}",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
    # The rest keeps Chromium from calling anyone but the servers of the tests.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Chromium:
    """A running Chromium; its methods are those of ``Browser``."""

    name: ClassVar[str] = "Chromium"

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        self._driver.get(url)

    def run(self, function: str, *args: Any) -> Any:
        return self._driver.execute_script(f"return ({function})(...arguments);", *args)

    def console(self) -> list[str]:
        entries = self._driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]

    def forget_cookies(self) -> None:
        self._driver.execute_cdp_cmd("Network.clearBrowserCookies", {})  # partitioned ones, too

    def press(self, *keys: str) -> None:
        chain = ActionChains(self._driver, duration=0)
        for key in keys:
            chain.key_down(key)
        for key in reversed(keys):
            chain.key_up(key)
        chain.perform()

    def resize(self, width: int) -> None:
        self.emulate(width, "light")

    def emulate(self, width: int, scheme: str) -> None:
        """Show pages that wide, and in the ``light`` or ``dark`` scheme; nothing moves."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        media = [{"name": name, "value": value} for name, value in features.items()]
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """Run the Chromium that is installed, with its own driver and a profile that nobody used before."""
    options = ChromeOptions()
    options.binary_location = _installed("chromium")
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(_installed("chromedriver")))
    driver.set_script_timeout(SECONDS)
    try:
        yield Chromium(driver)
    finally:
        driver.quit()


def _installed(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise FileNotFoundError(f"{program} is not installed")
    return path
