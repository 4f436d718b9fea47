"""The pictures of the manual show real conversations: what they say is what the app on the page does."""

import itertools
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.tables import lines

build = pytest.importorskip("sphinx.cmd.build", reason="the manual is built where Sphinx is: .ci/requirements.txt")

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SVG = "{http://www.w3.org/2000/svg}"
PAGE = """\
.. code-block:: python

   from flask import Flask
   from flask_cors import CORS

   app = Flask("shop")
   CORS(app, origins="https://app.example", expose_headers="X-Total")
   app.add_url_rule("/users", "users", lambda: ["ann"])

.. conversation::
   :origin: https://app.example
   :fetch: GET https://api.example/users
   :outcome: allowed
   :caption: A request, allowed.
"""


def sphinx(source: Path, *options: str) -> int:
    """Build the manual in a folder into another one beside it, without the configuration of ours."""
    code: int = build.build_main(["-qC", "-D", "extensions=conversation", *options, str(source), f"{source}-built"])
    return code


def built(source: Path, text: str, builder: str = "html") -> str:
    (source / "index.rst").write_text(text)
    assert sphinx(source, "-EnW", "-b", builder) == 0
    return next(Path(f"{source}-built").glob("index.*")).read_text()


def pictures(html: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall("<svg.*?</svg>", html, re.DOTALL)]  # noqa: S314 - our own


def words(picture: ET.Element) -> str:
    return " ".join(text.text or "" for text in picture.iter(f"{SVG}text"))


def test_another_app_is_another_picture(tmp_path: Path) -> None:
    other = PAGE.replace('origins="https://app.example"', 'origins="*"').replace("X-Total", "X-Next")
    before, after = [words(*pictures(built(tmp_path, text))) for text in (PAGE, other.replace('["ann"]', '("", 404)'))]
    drawn = ["Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: X-Next", "HTTP/1.1 404"]
    assert [(text in before, text in after) for text in drawn] == [(False, True)] * 3


@lines(
    "old, new, message",
    """
    https://app.example", e  https://b.example", e  is 'allowed', but the call is blocked (Access-Control-Allow-Origin
    : allowed                : blocked              is 'blocked', but the call is allowed (#cors-check step 5)
    request, allowed         request, Denied        :caption: says 'denied', but no call is blocked: A request, Denied
    :outcome: allowed        :cache:                give :outcome:
    :origin: https:          :origin: https:/       ValueError: origin='https:///app.example' is not what browsers send
    app = Flask              shop = Flask           NameError: name 'app' is not defined
    """,
    ("an outcome too many", ": allowed", ": allowed\n      allowed", ":outcome: has 2 lines for 1 calls"),
)
def test_the_build_fails_at_a_picture_that_would_lie(
    old: str, new: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.rst").write_text(PAGE.replace(old, new))
    assert sphinx(tmp_path, "-nW", "-b", "dummy") == 1
    assert re.search(rf"index.rst:10: ERROR: conversation: .*{re.escape(message)}", capsys.readouterr().err)


def test_the_text_beside_a_picture_has_all_that_is_drawn(tmp_path: Path) -> None:
    [picture] = pictures(built(tmp_path, PAGE, "html"))
    drawn = [text.text or "" for text in picture.iter(f"{SVG}text") if text.get("class", "").startswith("code")]
    assert len(drawn) == 9
    text = "".join(built(tmp_path, PAGE, "text").split())  # its lines are broken anywhere
    assert [line for line in drawn if f'*"{"".join(line.split())}"' not in text] == []


def test_the_picture_of_the_readme_is_what_its_app_does_and_another_app_is_another_picture() -> None:
    standalone = pytest.importorskip("conversation.standalone")
    readme = (ROOT / "README.rst").read_text()
    assert (DOCS / "readme.svg").read_text() == standalone.readme_picture(readme)
    lie = standalone.readme_picture(readme.replace('origins="https://app.example"', 'origins="https://b.example"'))
    assert lie.count("Blocked. ") > standalone.readme_picture(readme).count("Blocked. ")


def test_each_picture_of_the_manual_has_a_text_alternative_and_loads_and_runs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "docs"  # the pages that have pictures, without the others
    shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("_*"))
    for source in folder.rglob("*.rst"):
        if ".. conversation::" not in source.read_text():
            source.write_text(":orphan:\n")
    sphinx(folder, "-Q", "-b", "html")  # without a warning of the links that lead nowhere
    manual = [pictures(page.read_text()) for page in Path(f"{folder}-built").glob("*/*.html")]
    harmless = {SVG + name for name in ("svg", "g", "line", "rect", "polygon", "text", "title", "desc")}
    assert sum(map(len, manual)) == sum(source.read_text().count(".. conversation::") for source in DOCS.rglob("*.rst"))
    for picture in itertools.chain(*manual):
        title, desc = picture[:2]
        assert (title.tag, desc.tag, picture.get("role")) == (f"{SVG}title", f"{SVG}desc", "img")
        assert picture.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert all(element.text for element in (title, desc))
        assert {element.tag for element in picture.iter()} <= harmless
        assert not re.search("//|url", str([element.attrib for element in picture.iter()]))
    for page in manual:
        assert len({picture[0].get("id") for picture in page}) == len(page)
