"""The servers are those that are pinned, and the manual names their versions."""

import re
from importlib import metadata
from pathlib import Path

from tests.servers.start import ROOT

PINS = dict(re.findall(r"^(\w+)==(\S+)", Path(__file__).with_name("requirements.txt").read_text(), re.MULTILINE))


def test_the_servers_are_installed_and_named_in_the_manual_in_the_pinned_versions() -> None:
    assert {package: metadata.version(package) for package in PINS} == PINS
    page = (ROOT / "docs" / "how-to" / "behind-a-server.rst").read_text()
    listed = {name.lower(): version for name, version in re.findall(r"^   \* - (\w+).*\n     - ([\d.]+)$", page, re.M)}
    versions = {package.removeprefix("py"): version.partition(".post")[0] for package, version in PINS.items()}
    assert listed | {"redis": PINS["redis"]} == versions
