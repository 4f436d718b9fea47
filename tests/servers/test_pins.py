"""The servers are those that are pinned, and the manual names their versions."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from tests.servers.start import ROOT

PINS = dict(re.findall(r"^(\w+)==(\S+)", Path(__file__).with_name("requirements.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("package", PINS)
def test_a_server_is_installed_in_the_pinned_version(package: str) -> None:
    assert metadata.version(package) == PINS[package]


def test_the_manual_names_the_versions_that_were_tried() -> None:
    page = (ROOT / "docs" / "how-to" / "behind-a-server.rst").read_text()
    listed = re.findall(r"^   \* - (\w+).*\n     - ([\d.]+)$", page, re.MULTILINE)
    assert {name.lower(): version for name, version in listed} == {
        package.removeprefix("py"): version.partition(".post")[0]
        for package, version in PINS.items()
        if package != "redis"
    }
