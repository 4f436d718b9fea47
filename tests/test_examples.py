"""The three examples run from a clone, and pytest-flask and the http program receive what their docstrings show."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.transcripts.calls import arguments_for, behind, http, terminal_lines
from tests.transcripts.check import Call, problem
from tests.transcripts.grammar import Transcript
from tests.transcripts.pages import application, transcripts
from tests.transcripts.servers import running, serving

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
FOUND = {path: transcripts(path) for path in EXAMPLES}
PLAIN, JSON = "Content-Type: text/html; charset=utf-8", "Content-Type: application/json"
ANY, HEADERS = "Access-Control-Allow-Origin: *", "Access-Control-Allow-Headers: Content-Type"
FOO = [HEADERS, "Access-Control-Allow-Origin: http://foo.com", JSON, "Vary: Origin"]

#: How many transcripts each view has, and the headers that the 1.7.2 manual shows for the first of them.
EXPECTED = {
    "complicated_example.py /": (1, [PLAIN]),
    "complicated_example.py /api/v1/users/": (1, [HEADERS, ANY, JSON]),
    "complicated_example.py /api/v1/users/create": (4, FOO),
    "simple_example.py /": (1, [PLAIN]),
    "simple_example.py /api/v1/users/": (2, [HEADERS, ANY, JSON]),
    "simple_example.py /api/v1/users/create": (3, [HEADERS, ANY, JSON]),
    "view_based_example.py /": (1, [ANY, PLAIN]),
    "view_based_example.py /user/create": (3, [HEADERS, ANY, JSON]),
}

each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def test_each_view_has_its_transcripts_and_the_first_has_the_headers_of_the_1_7_2_manual() -> None:
    found: dict[str, list[Transcript]] = {}
    for path, of_path in FOUND.items():
        for one in of_path:
            found.setdefault(path.name + re.sub(r".*:5000(\S*).*", r" \1", one.command), []).append(one)
    names = ("Access-Control-", "Content-Type", "Vary")
    shown = {view: [line for line in all_[0].response if line.startswith(names)] for view, all_ in found.items()}
    assert {view: (len(found[view]), shown[view]) for view in found} == EXPECTED
    assert sum(path.read_text().count("$ http") for path in EXAMPLES) == 16


@pytest.fixture
def app(path: Path) -> Flask:
    return application(path)


def must_agree(found: list[Transcript], call: Call) -> None:
    reports = [f"{one.place}: {report}" for one in found if (report := problem(one, call))]
    assert not reports, "\n\n".join(reports)


@each_example
def test_the_client_of_pytest_flask_receives_the_documented_responses(path: Path, client: FlaskClient) -> None:
    with serving(behind(client)) as port:
        must_agree(FOUND[path], partial(http, port=port))


@each_example
def test_httpie_receives_the_documented_responses_from_the_program_of_the_example(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It imports the flask_cors of its clone, although another is installed. HTTPie makes the calls in this process."""
    (tmp_path / "flask_cors.py").write_text("raise ImportError('this is the other flask_cors')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-c", "import flask_cors"]
    other = subprocess.run(command, cwd=tmp_path.parent, capture_output=True, check=False)
    assert b"this is the other" in other.stderr
    with running(path) as port:
        must_agree(FOUND[path], partial(http, port=port))
        if path.name == "simple_example.py":  # a proof that the program does the same
            must_agree(FOUND[path][:1], partial(http_program, port=port))


def http_program(command: str, port: int) -> list[str]:
    """Run the real program, with the options that make a pipe show what a terminal would."""
    program = Path(sysconfig.get_path("scripts"), "http")
    options = ["--ignore-stdin", "--pretty=format", "--print=hb", *arguments_for(command, port)]
    env = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return terminal_lines(subprocess.check_output([program, *options], env=env, timeout=30))


@each_example
def test_an_example_has_less_than_80_lines_of_code(path: Path) -> None:
    source = path.read_text()
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef)]
    prose = "\n".join(ast.get_docstring(node, clean=False) or "" for node in nodes)
    code = [line for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]
    assert len(code) - sum(bool(line.strip()) for line in prose.split("\n")) < 80
