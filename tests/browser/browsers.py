"""The browsers that the tests try: Chromium, which they need, and Firefox, where it is installed."""

import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.chromium import chromium
from tests.browser.firefox import firefox
from tests.browser.page import Browser


@dataclass(frozen=True)
class Kind:
    """A browser to try: its program, and how to run it with a new profile."""

    program: str
    running: Callable[[Path], AbstractContextManager[Browser]]
    required: bool = True

    @property
    def is_installed(self) -> bool:
        """Whether its program is on the ``PATH``."""
        return shutil.which(self.program) is not None

    @property
    def is_tried(self) -> bool:
        """Whether there are tests with it. A required one that is missing has some, and they fail."""
        return self.required or self.is_installed


KINDS = {"Chromium": Kind("chromium", chromium), "Firefox": Kind("firefox-esr", firefox, required=False)}


def tally(name: str, kind: Kind, passed: Iterable[str]) -> str:
    """Say how many tests passed with a browser, or that none was tried."""
    if not kind.is_installed:
        return f"{name}: NOT TRIED, {kind.program} is not installed"
    count = sum(f"[{name}" in test for test in passed)
    return f"{name}: {count} passed with {_version(kind.program)}"


def _version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
