"""What these tests are about: the flask_cors of this checkout, and the packages in the pinned versions."""

import re
from importlib import metadata
from pathlib import Path

import pytest

import flask_cors
from tests.ecosystem.helpers import HOW_TO, ROOT, blocks_not_run

PINS = dict(
    re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", Path(__file__).with_name("requirements.txt").read_text(), re.MULTILINE)
)


def test_the_package_under_test_is_the_one_of_this_checkout() -> None:
    assert Path(flask_cors.__file__).resolve() == ROOT / "flask_cors" / "__init__.py"


@pytest.mark.parametrize("package", PINS)
def test_a_package_is_installed_in_the_pinned_version(package: str) -> None:
    assert metadata.version(package) == PINS[package]


def test_the_manual_lists_every_package_with_the_version_that_was_tried() -> None:
    page = (HOW_TO / "with-other-extensions.rst").read_text()
    listed = dict(re.findall(r"^   \* - ([\w-]+)\n     - ([\d.]+)$", page, re.MULTILINE))
    assert listed == PINS


def test_every_package_has_tests_of_its_own() -> None:
    imported = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    names = {package: re.sub("[-_]", "[._]", package.lower()) for package in PINS}
    assert [
        name for name in names.values() if not re.search(rf"^ *(from|import) {name}\b", imported, re.MULTILINE)
    ] == []


def test_the_manual_holds_code_for_these_packages() -> None:
    assert len(blocks_not_run()) == 4
