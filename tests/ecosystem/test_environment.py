"""What these tests are about: the flask_cors of this checkout, and the packages in the pinned versions."""

import re
from importlib import metadata
from pathlib import Path

import flask_cors
from tests.ecosystem.helpers import HOW_TO, ROOT, blocks_not_run

HERE = Path(__file__).parent
PINS = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE))


def test_the_package_is_that_of_this_checkout_and_the_others_are_those_that_are_pinned_and_listed_in_the_manual() -> (
    None
):
    assert Path(flask_cors.__file__).resolve() == ROOT / "flask_cors" / "__init__.py"
    page = (HOW_TO / "with-other-extensions.rst").read_text()
    listed = dict(re.findall(r"^   \* - ([\w-]+)\n     - ([\d.]+)$", page, re.MULTILINE))
    assert PINS == listed == {package: metadata.version(package) for package in PINS}


def test_every_package_has_tests_of_its_own_and_six_blocks_of_the_manual_are_run() -> None:
    text = "\n".join(path.read_text() for path in HERE.glob("test_*.py"))
    names = [re.sub("[-_]", "[._]", package.lower()) for package in PINS]
    assert [name for name in names if not re.search(rf"^ *(from|import) {name}\b", text, re.MULTILINE)] == []
    assert len(blocks_not_run()) == 6
