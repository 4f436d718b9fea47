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

from tests.transcripts.calls import PORT, behind, http, terminal_lines
from tests.transcripts.check import Call, problem
from tests.transcripts.grammar import Transcript
from tests.transcripts.pages import application, transcripts
from tests.transcripts.servers import running, serving

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FOUND = {path: transcripts(path) for path in EXAMPLES}

PLAIN = ["Content-Type: text/html; charset=utf-8"]
JSON = ["Content-Type: application/json"]
ANY = ["Access-Control-Allow-Origin: *"]
ANY_WITH_JSON = ["Access-Control-Allow-Headers: Content-Type", *ANY, *JSON]
ONE_WITH_JSON = ["Access-Control-Allow-Headers: Content-Type", "Access-Control-Allow-Origin: http://foo.com", *JSON]

#: How many transcripts each view has, and the headers that the 1.7.2 manual shows for the first of them.
EXPECTED = {
    "complicated_example.py /": (1, PLAIN),
    "complicated_example.py /api/v1/users/": (1, ANY_WITH_JSON),
    "complicated_example.py /api/v1/users/create": (4, [*ONE_WITH_JSON, "Vary: Origin"]),
    "simple_example.py /": (1, PLAIN),
    "simple_example.py /api/v1/users/": (2, ANY_WITH_JSON),
    "simple_example.py /api/v1/users/create": (3, ANY_WITH_JSON),
    "view_based_example.py /": (1, [*ANY, *PLAIN]),
    "view_based_example.py /user/create": (3, ANY_WITH_JSON),
}

each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)


def by_view() -> dict[str, list[Transcript]]:
    found: dict[str, list[Transcript]] = {}
    for path, transcripts_of_path in FOUND.items():
        for one in transcripts_of_path:
            found.setdefault(path.name + re.sub(r".*:5000(\S*).*", r" \1", one.command), []).append(one)
    return found


def test_each_view_has_the_expected_number_of_transcripts() -> None:
    assert {view: len(found) for view, found in by_view().items()} == {view: EXPECTED[view][0] for view in EXPECTED}
    assert sum(path.read_text().count("$ http") for path in EXAMPLES) == sum(map(len, FOUND.values())) == 16


@pytest.mark.parametrize("view", EXPECTED)
def test_the_first_transcript_of_each_view_has_the_headers_of_the_1_7_2_manual(view: str) -> None:
    response = by_view()[view][0].response
    shown = [line for line in response if line.startswith(("Access-Control-", "Content-Type", "Vary"))]
    assert shown == EXPECTED[view][1]


@pytest.fixture
def app(path: Path) -> Flask:
    return application(path)


def must_agree(found: list[Transcript], call: Call) -> None:
    reports = [f"{one.place}: {report}" for one in found if (report := problem(one, call))]
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)


@each_example
def test_the_client_of_pytest_flask_receives_the_documented_responses(path: Path, client: FlaskClient) -> None:
    with serving(behind(client)) as port:
        must_agree(FOUND[path], partial(http, port=port))


@each_example
def test_httpie_receives_the_documented_responses_from_the_program_of_the_example(path: Path) -> None:
    """HTTPie in this process makes all calls, and the ``http`` program, as a proof that it is the same, the first."""
    with running(path) as port:
        must_agree(FOUND[path], partial(http, port=port))
        must_agree(FOUND[path][:1], partial(http_program, port=port))


def http_program(command: str, port: int) -> list[str]:
    """Run the real program, with the options that make a pipe show what a terminal would."""
    program, *arguments = command.replace(f":{PORT}/", f":{port}/").split()
    done = subprocess.run(
        [Path(sysconfig.get_path("scripts"), program), "--ignore-stdin", "--pretty=format", "--print=hb", *arguments],
        env=os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        timeout=30,
        check=True,
    )
    return terminal_lines(done.stdout)


@each_example
def test_an_example_has_less_than_80_lines_of_code(path: Path) -> None:
    source = path.read_text()
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Module | ast.FunctionDef)]
    prose = "\n".join(ast.get_docstring(node, clean=False) or "" for node in nodes)
    code = [line for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]
    assert len(code) - sum(bool(line.strip()) for line in prose.split("\n")) < 80


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
