"""README.rst, the manual's pages and the examples: all code runs, and every transcript shows the real response."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from tests.transcripts.__main__ import sources
from tests.transcripts.calls import Call, over_http, through_client
from tests.transcripts.check import problem
from tests.transcripts.grammar import GrammarError, Transcript
from tests.transcripts.mutants import survivors
from tests.transcripts.pages import RUN, Block, blocks, replay, transcripts

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / path for path in sources()]
PAGES = [path for path in SOURCES if path.suffix == ".rst"]

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))

#: How many blocks of a page are not run, each for a reason that stands before it.
NOT_RUN = {
    "README.rst": 1,
    "docs/how-to/logins.rst": 1,
    "docs/how-to/with-other-extensions.rst": 3,
    "docs/tutorial/complicated-example.rst": 1,
    "docs/tutorial/first-page.rst": 2,
    "docs/tutorial/installation.rst": 3,
    "docs/tutorial/simple-example.rst": 1,
    "docs/tutorial/view-based-example.rst": 1,
}

#: How many blocks run, and how many transcripts there are, at least: the loss of a page is noticed.
HELD = Counter({"python": 101, "pycon": 28, "console": 86, "transcripts": 132 + 16})


@pytest.fixture(params=[lambda app: app, through_client], ids=["a server", "a server and a test client"])
def call(request: pytest.FixtureRequest) -> Iterator[Call]:
    with over_http(request.param) as call:
        yield call


@each_source
def test_all_code_runs_and_each_transcript_shows_the_real_response(path: Path, call: Call) -> None:
    replayed, reports = replay_with(call, path)
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)
    assert replayed == http_commands(path)


def replay_with(call: Call, path: Path) -> tuple[int, list[str]]:
    return replay(path, lambda transcript, app: problem(transcript, partial(call, app)))


def http_commands(path: Path) -> int:
    """Count the commands without the parser; no block that is not run holds one."""
    return len(re.findall(r"^ +\$ http ", path.read_text(), re.MULTILINE))


@each_source
def test_the_comparison_refuses_each_mutant_of_each_transcript(path: Path) -> None:
    with over_http() as call:

        def check(transcript: Transcript, app: Flask) -> str | None:
            tried, survived = survivors(transcript, partial(call, app))
            return str(survived) if survived or tried <= 20 else None

        assert replay(path, check)[1] == []


def blocks_of(path: Path) -> list[Block]:
    return blocks(path, path.read_text())


@each_page
def test_no_code_block_of_a_page_is_overlooked(path: Path) -> None:
    found = Counter(block.language for block in blocks_of(path) if block.language in RUN)
    assert found == Counter(re.findall(r"code-block::\s*(python|pycon|console)\b", path.read_text()))


def test_every_block_that_is_not_run_is_counted() -> None:
    counts = Counter(str(path.relative_to(ROOT)) for path in PAGES for block in blocks_of(path) if block.not_run)
    assert counts == NOT_RUN


def test_no_code_of_the_manual_has_gone() -> None:
    found = Counter(block.language for path in PAGES for block in blocks_of(path) if block.runs)
    found["transcripts"] = sum(len(transcripts(path)) for path in SOURCES)
    assert HELD - found == Counter()


def test_the_sources_are_the_examples_the_readme_and_the_pages_of_the_manual() -> None:
    found = {str(path.relative_to(ROOT)) for path in SOURCES}
    assert {"examples/simple_example.py", "README.rst", "docs/index.rst"} <= found
    assert not [path for path in found if "_build" in path]


# The same checker, on pages that are wrong on purpose

APP = """\
.. code-block:: python

    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def hello():
        return "hello"
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

Write = Callable[[str], Path]


@pytest.fixture
def page(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "page.rst"
        path.write_text(text)
        return path

    return write


def test_a_transcript_calls_the_app_as_it_stands_at_that_point_of_the_page(call: Call, page: Write) -> None:
    other = RIGHT.replace("hello", "world!").replace("Content-Length: 5", "Content-Length: 6")
    assert replay_with(call, page("\n".join([APP, RIGHT, APP.replace('"hello"', '"world!"'), other]))) == (2, [])


def test_one_wrong_letter_of_a_page_fails_the_test_with_file_line_and_difference(call: Call, page: Write) -> None:
    path = page(f"{APP}\n{RIGHT.replace('    hello', '    hallo')}")
    with pytest.raises(pytest.fail.Exception) as failure:
        test_all_code_runs_and_each_transcript_shows_the_real_response(path, call)
    assert str(failure.value).startswith(f"{path}:13: the response is not the documented one\n\n$ http http://127")
    assert "\n-hallo\n+hello\n" in str(failure.value)


def test_one_wrong_letter_of_an_example_fails_the_test_with_file_line_and_difference(
    call: Call, tmp_path: Path
) -> None:
    path = tmp_path / "example.py"
    source = (ROOT / "examples" / "simple_example.py").read_text()
    path.write_text(source.replace("Access-Control-Allow-Origin: *", "Access-Control-Allow-Origin: x", 1))
    [wrong] = [one for one in transcripts(path) if "Access-Control-Allow-Origin: x" in one.response]
    with pytest.raises(pytest.fail.Exception, match=f"^{wrong.place}: the response is not") as failure:
        test_all_code_runs_and_each_transcript_shows_the_real_response(path, call)
    assert "\n-Access-Control-Allow-Origin: x\n+Access-Control-Allow-Origin: *\n" in str(failure.value)


def test_python_that_fails_is_shown_with_its_line_in_the_page(call: Call, page: Write) -> None:
    path = page(".. code-block:: python\n\n    one = 1\n    print(two)\n")
    with pytest.raises(NameError) as error:
        replay_with(call, path)
    assert (error.traceback[-1].path, error.traceback[-1].lineno + 1) == (path, 4)


@pytest.mark.parametrize(
    ("text", "reports"),
    [
        pytest.param("    >>> one + 1\n    2", [], id="a right result"),
        pytest.param("    >>> one + 1\n    3", [":7: Expected:\n    3\nGot:\n    2\n"], id="a wrong result"),
        pytest.param(
            '    >>> raise ValueError(f"it is {one}, not two")\n    Traceback (most recent call last):\n        ...\n'
            "    ValueError: it is 1, ...",
            [],
            id="an exception",
        ),
    ],
)
def test_a_doctest_is_compared_in_the_namespace_of_its_page(
    text: str, reports: list[str], call: Call, page: Write
) -> None:
    path = page(f".. code-block:: python\n\n    one = 1\n\n.. code-block:: pycon\n\n{text}\n")
    assert replay_with(call, path) == (0, [f"{path}{report}" for report in reports])


def test_a_transcript_without_an_app_is_reported(call: Call, page: Write) -> None:
    assert replay_with(call, page(RIGHT)) == (1, [f"{page(RIGHT)}:3: no block before this one defines app"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".. code-block:: pycon\n\n    1 + 1\n", "the pycon block has no line with >>>"),
        (".. not-run:\n\n.. code-block:: python\n\n    one = 1\n", "give the reason why the block is not run"),
        (".. code-block:: console\n\n    $ pip install flask-cors\n", "a console block holds http commands"),
        (".. code-block:: console\n\n    HTTP/1.1 200 OK\n", "a console block holds http commands"),
        (".. code-block:: text\n\n    So:\n    $ pip install .\n", "a command goes into a console block"),
        (".. code-block:: ruby\n\n    puts 1\n", "'ruby' is none of"),
        (".. code-block:: python\n\nProse.\n", "the code block is empty"),
        ("So::\n\n    one = 1\n", "code goes into '.. code-block::"),
        (".. code:: python\n\n    one = 1\n", "code goes into '.. code-block::"),
    ],
)
def test_a_page_whose_code_could_be_overlooked_is_refused(text: str, message: str) -> None:
    with pytest.raises(GrammarError, match=rf"^page.rst:[13]: {re.escape(message)}"):
        blocks(Path("page.rst"), text)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param(".. not-run: it needs a browser\n\n", "it needs a browser", id="one line"),
        pytest.param(".. not-run: it needs\n   a browser\n\n", "it needs a browser", id="several lines"),
        pytest.param(".. not-run: it needs a browser\n\nProse.\n\n", None, id="not directly before the block"),
        pytest.param("Prose.\n\n", None, id="none"),
    ],
)
def test_the_reason_why_a_block_is_not_run_stands_directly_before_it(before: str, reason: str | None) -> None:
    [block] = blocks(Path("page.rst"), before + ".. code-block:: python\n\n    1 / 0\n")
    assert (block.not_run, block.runs) == (reason, reason is None)
