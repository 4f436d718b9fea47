"""The three examples run from a clone, and answer as their docstrings say: in process and for real."""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.transcripts.calls import in_process, over_the_wire
from tests.transcripts.check import must_agree
from tests.transcripts.grammar import Transcript
from tests.transcripts.mutants import survivors
from tests.transcripts.replay import application, transcripts
from tests.transcripts.servers import running

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FOUND = [transcript for path in EXAMPLES for transcript in transcripts(path)]

#: How many transcripts each view holds: silence is never success.
EXPECTED = {
    "complicated_example.py hello_world": 1,
    "complicated_example.py list_users": 1,
    "complicated_example.py create_user": 4,
    "simple_example.py hello_world": 1,
    "simple_example.py list_users": 2,
    "simple_example.py create_user": 3,
    "view_based_example.py hello_world": 1,
    "view_based_example.py cross_origin_json_post": 3,
}

#: What the 1.7.2 manual shows for the first call of each view, so that no rewriting can lose it.
MANUAL = {
    "complicated_example.py hello_world": ["Content-Type: text/html; charset=utf-8"],
    "complicated_example.py list_users": [
        "Access-Control-Allow-Headers: Content-Type",
        "Access-Control-Allow-Origin: *",
        "Content-Type: application/json",
    ],
    "complicated_example.py create_user": [
        "Access-Control-Allow-Headers: Content-Type",
        "Access-Control-Allow-Origin: http://foo.com",
        "Content-Type: application/json",
        "Vary: Origin",
    ],
    "simple_example.py hello_world": ["Content-Type: text/html; charset=utf-8"],
    "simple_example.py list_users": [
        "Access-Control-Allow-Headers: Content-Type",
        "Access-Control-Allow-Origin: *",
        "Content-Type: application/json",
    ],
    "simple_example.py create_user": [
        "Access-Control-Allow-Headers: Content-Type",
        "Access-Control-Allow-Origin: *",
        "Content-Type: application/json",
    ],
    "view_based_example.py hello_world": [
        "Access-Control-Allow-Origin: *",
        "Content-Type: text/html; charset=utf-8",
    ],
    "view_based_example.py cross_origin_json_post": [
        "Access-Control-Allow-Headers: Content-Type",
        "Access-Control-Allow-Origin: *",
        "Content-Type: application/json",
    ],
}


def view(transcript: Transcript) -> str:
    return f"{transcript.path.name} {transcript.example}"


each_transcript = pytest.mark.parametrize(
    "transcript", [pytest.param(one, id=f"{one.path.name}:{one.line} {one.example}") for one in FOUND]
)
each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


@pytest.fixture
def app(transcript: Transcript) -> Flask:
    app = application(transcript.path)
    app.debug = True  # as app.run(debug=True) does; Flask then lays out JSON for people
    return app


@pytest.fixture(scope="module")
def port_of() -> Iterator[Callable[[Path], int]]:
    """Run an example when it is first asked for, and until the last test of this file."""
    with ExitStack() as stack:
        yield cache(lambda path: stack.enter_context(running(path)))


@each_transcript
def test_the_client_fixture_gets_the_documented_answer(transcript: Transcript, client: FlaskClient) -> None:
    with in_process(client) as ask:
        must_agree(transcript, ask)


@each_transcript
def test_the_http_program_gets_the_documented_answer_from_the_running_example(
    transcript: Transcript, port_of: Callable[[Path], int]
) -> None:
    with over_the_wire(port_of(transcript.path)) as ask:
        must_agree(transcript, ask)


@each_transcript
def test_whatever_is_changed_in_a_transcript_the_checker_refuses_it(
    transcript: Transcript, client: FlaskClient
) -> None:
    with in_process(client) as ask:
        tried, survived = survivors(transcript, ask)
    assert survived == []
    assert tried > 40


def test_every_view_holds_the_expected_number_of_transcripts() -> None:
    assert Counter(map(view, FOUND)) == EXPECTED
    assert sum(path.read_text().count("$ http") for path in EXAMPLES) == sum(EXPECTED.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_the_first_call_of_each_view_has_the_header_set_of_the_manual(name: str) -> None:
    first = next(transcript for transcript in FOUND if view(transcript) == name)
    shown = [line for line in first.answer if line.startswith(("Access-Control-", "Content-Type", "Vary"))]
    assert shown == MANUAL[name]


@each_example
def test_an_example_is_under_80_lines_of_code(path: Path) -> None:
    source = path.read_text()
    code = [line for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]
    assert len(code) - _docstring_lines(source) < 80


def _docstring_lines(source: str) -> int:
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef)]
    texts = [ast.get_docstring(node, clean=False) or "" for node in nodes]
    return sum(bool(line.strip()) for text in texts for line in text.split("\n"))


@each_example
def test_an_example_imports_the_flask_cors_of_its_clone_although_another_is_installed(
    path: Path, tmp_path: Path
) -> None:
    (tmp_path / "flask_cors.py").write_text("raise ImportError('this is the other flask_cors')")
    run = f"import runpy; runpy.run_path({str(path)!r}); import flask_cors; print(flask_cors.__file__)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", run],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (str(ROOT / "flask_cors" / "__init__.py"), "")
