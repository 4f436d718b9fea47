"""README.rst, the manual's pages and the examples: all code runs, and every transcript shows the real response."""

import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from tests.tables import table
from tests.transcripts.__main__ import sources
from tests.transcripts.calls import over_http, through_client
from tests.transcripts.check import problem
from tests.transcripts.grammar import GrammarError, Transcript
from tests.transcripts.mutants import survivors
from tests.transcripts.pages import RUN, blocks, replay, transcripts

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / path for path in sources()]
PAGES = [path for path in SOURCES if path.suffix == ".rst"]

#: How many blocks are not run, at most, each for a reason that stands before it.
NOT_RUN = 19

#: How many blocks run, and how many transcripts there are, at least: the loss of a page is noticed.
HELD = Counter({"python": 110, "pycon": 38, "console": 88, "transcripts": 148})


@pytest.mark.no_cover  # most of it tests the comparison, which is twice as fast without
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_code_runs_and_each_transcript_shows_the_real_response_which_no_mutant_of_it_does(path: Path) -> None:
    """A server and a test client give the same response, and the comparison refuses each other one."""
    with over_http() as server, over_http(through_client) as client:

        def check(transcript: Transcript, app: Flask) -> str | None:
            calls = [partial(call, app) for call in (server, client)]
            if report := problem(transcript, calls[0]) or problem(transcript, calls[1]):
                return report
            tried, survived = survivors(transcript, calls[0])
            return "\n\n".join(survived) or (None if tried > 20 else "there are too few mutants")

        number, reports = replay(path, check)
    assert not reports, "\n\n".join(reports)
    # The commands are counted without the parser; no block that is not run holds one.
    assert number == len(re.findall(r"^ +\$ http ", path.read_text(), re.MULTILINE))


def test_no_block_of_a_page_is_overlooked_and_none_has_gone() -> None:
    found = [(path, block) for path in PAGES for block in blocks(path, path.read_text()) if block.language in RUN]
    typed = re.findall(r"code-block::\s*(python|pycon|console)\b", "\n".join(path.read_text() for path in PAGES))
    assert Counter(block.language for _, block in found) == Counter(typed)
    assert sum(bool(block.not_run) for _, block in found) <= NOT_RUN
    run = Counter(block.language for _, block in found if block.runs)
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == {"README.rst", "docs", "examples"}
    assert not [path for path in SOURCES if "_build" in path.parts]
    assert run | Counter(transcripts=sum(len(transcripts(path)) for path in SOURCES)) >= HELD


# The same checker, on pages that are wrong on purpose

APP = """\
.. code-block:: python

    from flask import Flask
    app = Flask(__name__)
    app.add_url_rule("/", "hello", lambda: "hello")
"""

RIGHT = """\
.. code-block:: console

    $ http http://127.0.0.1:5000/
    HTTP/1.1 200 OK
    Connection: close
    Content-Length: 5
    Content-Type: text/html; charset=utf-8
    Date: Sat, 09 Aug 2014 00:26:41 GMT
    Server: Werkzeug/0.9.4 Python/2.7.8

    hello
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.rst"


def replayed(path: Path, *blocks: str) -> tuple[int, list[str]]:
    """Write a page or an example, and replay it; return the number of transcripts, and the reports."""
    path.write_text("\n".join(blocks))
    with over_http() as call:
        return replay(path, lambda transcript, app: problem(transcript, partial(call, app)))


def test_a_transcript_calls_the_app_as_it_stands_at_that_point_of_the_page(page: Path) -> None:
    other_app, other_response = APP.replace(': "hello"', ': "world"'), RIGHT.replace("hello", "world")
    assert replayed(page, APP, RIGHT, other_app, other_response) == (2, [])
    assert replayed(page, RIGHT) == (1, [f"{page}:3: no block before this one defines app"])


def test_one_wrong_letter_fails_with_file_line_and_difference(page: Path) -> None:
    [report] = replayed(page, APP, RIGHT.replace("hello", "hallo"))[1]
    assert report.startswith(f"{page}:9: the response is not the documented one")
    assert "\n-hallo\n+hello" in report
    example = (ROOT / "examples" / "simple_example.py").read_text()
    assert len(replayed(page.with_name("example.py"), example.replace('"success', '"xuccess', 1))[1]) == 1


def test_python_that_fails_is_shown_with_its_line_in_the_page(page: Path) -> None:
    with pytest.raises(NameError) as error:
        replayed(page, ".. code-block:: python\n\n    one = 1\n    print(two)\n")
    assert (error.traceback[-1].path, error.traceback[-1].lineno + 1) == (page, 4)


def test_a_doctest_runs_in_the_namespace_of_its_page(page: Path) -> None:
    shown = ">>> one + 1\n    3\n    >>> one / 0\n    Traceback (most recent call last):\n    ZeroDivisionError: div..."
    found = replayed(page, f".. code-block:: python\n\n    one = 1\n\n.. code-block:: pycon\n\n    {shown}\n")
    assert found == (0, [f"{page}:7: Expected:\n    3\nGot:\n    2\n"])


BLOCK = ".. code-block::"


@table(
    "text, message",
    ("no doctest", f"{BLOCK} pycon\n\n    1 + 1\n", "the pycon block holds no >>>"),
    ("no reason", f".. not-run:\n\n{BLOCK} python\n\n    one = 1\n", "give the reason why the block is not run"),
    ("another program", f"{BLOCK} console\n\n    $ pip install flask-cors\n", "only http and export are run"),
    ("no command", f"{BLOCK} console\n\n    HTTP/1.1 200 OK\n", "the console block holds no"),
    ("a command in a text", f"{BLOCK} text\n\n    So:\n    $ pip install .\n", "only http and export are run"),
    ("an unknown language", f"{BLOCK} ruby\n\n    puts 1\n", "'ruby' is none of"),
    ("an empty block", f"{BLOCK} python\n\nProse.\n", "the code block is empty"),
    ("a literal block", "So::\n\n    one = 1\n", "code goes into '.. code-block::"),
)
def test_a_page_whose_code_could_be_overlooked_is_refused(text: str, message: str) -> None:
    with pytest.raises(GrammarError, match=rf"^page.rst:[13]: {re.escape(message)}"):
        transcripts(Path("page.rst"), text)


def test_the_reason_why_a_block_is_not_run_stands_directly_before_it() -> None:
    reason, code = ".. not-run: it needs\n   a browser\n\n", ".. code-block:: python\n\n    1 / 0\n"
    [not_run, runs] = [*blocks(Path("a.rst"), reason + code), *blocks(Path("b.rst"), f"{reason}Prose.\n\n{code}")]
    assert (not_run.not_run, not_run.runs, runs.not_run, runs.runs) == ("it needs a browser", False, None, True)
