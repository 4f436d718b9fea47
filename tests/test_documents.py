"""README.rst and every page of the manual: all code runs, and every transcript is answered as it says."""

import re
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.transcripts.__main__ import sources
from tests.transcripts.check import problem
from tests.transcripts.grammar import GrammarError
from tests.transcripts.mutants import survivors
from tests.transcripts.pages import RUN, Block, blocks
from tests.transcripts.replay import PageError, Way, client, replay_page, server, transcripts

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / path for path in sources() if path.suffix == ".rst"]

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
both_ways = pytest.mark.parametrize("way", [client, server], ids=["in process", "with a server and http"])


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

#: How many blocks run at the least, and how many calls are made: a page that is lost takes some of them with it.
HELD = Counter({"python": 99, "pycon": 18, "console": 86, "calls": 132})


@both_ways
@each_page
def test_all_code_of_a_page_runs_and_its_transcripts_are_answered_as_documented(path: Path, way: Way) -> None:
    replayed, reports = replay(path, way)
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)
    skipped = [line for block in blocks_of(path) if block.not_run for line in block.lines]
    typed = [line for line in path.read_text().split("\n") if line.startswith(" ") and "$ http " in line]
    assert replayed == len(typed) - len([line for line in skipped if "$ http " in line])


def replay(path: Path, way: Way) -> tuple[int, list[str]]:
    """Count the transcripts that a page replays, and report all that goes otherwise than documented."""
    replayed = 0
    reports: list[str] = []
    try:
        for transcript, ask in replay_page(path, way):
            replayed += 1
            reports += filter(None, [problem(transcript, ask)])
    except (GrammarError, PageError) as error:
        reports.append(str(error))
    return replayed, reports


def blocks_of(path: Path) -> list[Block]:
    return blocks(path, path.read_text())


@each_page
def test_whatever_is_changed_in_a_transcript_of_a_page_the_checker_refuses_it(path: Path) -> None:
    for transcript, ask in replay_page(path, client):
        tried, survived = survivors(transcript, ask)
        assert (transcript.place, survived) == (transcript.place, [])
        assert tried > 20


@each_page
def test_no_code_block_of_a_page_is_overlooked(path: Path) -> None:
    found = [block for block in blocks_of(path) if block.language in RUN]
    typed = re.findall(r"code-block::\s*(python|pycon|console)\b", path.read_text())
    assert Counter(block.language for block in found) == Counter(typed)
    assert all(block.runs or block.not_run for block in found)


def test_every_block_that_is_not_run_is_counted() -> None:
    counts = {str(path.relative_to(ROOT)): sum(bool(one.not_run) for one in blocks_of(path)) for path in PAGES}
    assert {page: count for page, count in counts.items() if count} == NOT_RUN


def test_no_code_of_the_manual_has_gone() -> None:
    found = Counter(block.language for path in PAGES for block in blocks_of(path) if block.runs)
    found["calls"] = sum(len(transcripts(path)) for path in PAGES)
    assert HELD - found == Counter()


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


@pytest.fixture
def planted(tmp_path: Path) -> Callable[[str], Path]:
    def plant(text: str) -> Path:
        page = tmp_path / "page.rst"
        page.write_text(text)
        return page

    return plant


@both_ways
def test_a_page_whose_app_answers_as_documented_passes(way: Way, planted: Callable[[str], Path]) -> None:
    assert replay(planted(f"{APP}\nProse.\n\n{RIGHT}"), way) == (1, [])


@both_ways
def test_one_wrong_letter_in_a_page_is_reported_with_file_and_line(way: Way, planted: Callable[[str], Path]) -> None:
    page = planted(f"{APP}\n{RIGHT.replace('    hello', '    hallo')}")
    replayed, [report] = replay(page, way)
    assert replayed == 1
    assert report.startswith(f"{page}:13: transcript: the answer is not the documented one\n")
    assert "\n! hallo                                  | hello\n" in report


@both_ways
def test_a_transcript_talks_to_the_app_as_it_stands_at_that_point_of_the_page(
    way: Way, planted: Callable[[str], Path]
) -> None:
    other = RIGHT.replace("hello", "world").replace("Content-Length: 5", "Content-Length: 6").replace("world", "world!")
    changed = APP.replace('"hello"', '"world!"')
    assert replay(planted("\n".join([APP, RIGHT, changed, other])), way) == (2, [])


def test_the_blocks_of_a_page_share_one_namespace(planted: Callable[[str], Path]) -> None:
    text = """\
        .. code-block:: python

            one = 1

        .. code-block:: pycon

            >>> two = one + 1
            >>> raise ValueError(f"it is {two}, not three")
            Traceback (most recent call last):
                ...
            ValueError: it is 2, ...

        .. code-block:: python
           :caption: later

            assert two == 2
        """
    assert replay(planted(textwrap.dedent(text)), client) == (0, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            ".. code-block:: python\n\n    one = 1\n    print(two)\n",
            'page.rst:3: the python block fails\n\nTraceback (most recent call last):\n  File "{page}", line 4,',
            id="Python that fails",
        ),
        pytest.param(
            ".. code-block:: pycon\n\n    >>> 1 + 1\n    3\n",
            'page.rst:3: the pycon block fails\n\n{stars}\nFile "{page}", line 3, in page.rst\nFailed example:',
            id="a wrong result",
        ),
        pytest.param(
            ".. code-block:: pycon\n\n    >>> int('x')\n    Traceback (most recent call last):\n    ValueError: no\n",
            "page.rst:3: the pycon block fails",
            id="another message of an exception",
        ),
        pytest.param(
            ".. code-block:: pycon\n\n    1 + 1\n", "it has no line with >>>", id="a doctest that tests nothing"
        ),
        pytest.param(RIGHT, "page.rst:3: no block before this one defines app", id="a call without an app"),
        pytest.param(
            ".. not-run:\n\n.. code-block:: python\n\n    one = 1\n",
            "page.rst:5: say why the block is not run",
            id="a block that is not run for no reason",
        ),
        pytest.param(
            ".. code-block:: console\n\n    $ pip install flask-cors\n",
            "page.rst:3: only calls of http are replayed: put '$ pip install flask-cors' into a block of its own",
            id="a command that cannot be replayed",
        ),
        pytest.param(
            ".. code-block:: text\n\n    So:\n    $ pip install flask-cors\n",
            "page.rst:3: a command goes into a console block, after '.. not-run: the reason'",
            id="a command among what is only shown",
        ),
        pytest.param(
            ".. code-block:: console\n\n    HTTP/1.1 200 OK\n",
            "page.rst:3: no call of http",
            id="an answer without a call",
        ),
        pytest.param(".. code-block:: ruby\n\n    puts 1\n", "page.rst:3: 'ruby' is none of", id="an unknown language"),
        pytest.param(".. code-block:: python\n\nProse.\n", "the code block is empty", id="an empty block"),
        pytest.param("So::\n\n    one = 1\n", "page.rst:1: code goes into '.. code-block::", id="a literal block"),
        pytest.param(
            ".. code:: python\n\n    one = 1\n",
            "page.rst:1: code goes into '.. code-block::",
            id="another directive for code",
        ),
    ],
)
def test_a_page_that_is_wrong_or_unclear_is_refused(text: str, message: str, planted: Callable[[str], Path]) -> None:
    page = planted(text)
    [report] = replay(page, client)[1]
    assert message.format(page=page, stars="*" * 70) in report


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param(".. not-run: it needs a browser\n\n", "it needs a browser", id="one line"),
        pytest.param(
            ".. not-run: it needs a browser\n   and a screen\n\n",
            "it needs a browser and a screen",
            id="several lines",
        ),
        pytest.param(".. not-run: it needs a browser\n\nProse.\n\n", None, id="not directly before the block"),
        pytest.param("Prose.\n\n", None, id="none"),
    ],
)
def test_the_reason_for_not_running_a_block_stands_directly_before_it(before: str, reason: str | None) -> None:
    [block] = blocks(Path("page.rst"), before + ".. code-block:: python\n\n    1 / 0\n")
    assert block.not_run == reason
    assert block.runs is (reason is None)


def test_a_block_in_a_list_is_found_with_its_own_indentation() -> None:
    [block] = blocks(
        Path("page.rst"), "* So:\n\n  .. code-block:: python\n\n      if 1:\n          one = 1\n\n* Next.\n"
    )
    assert (block.line, block.source) == (5, "if 1:\n    one = 1\n")
