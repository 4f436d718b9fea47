"""What README and the manual say of versions, commands, numbers and order is what the code does.

Each checker is a function of plain text, so that each is shown a text that is wrong, too.
"""

import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import indent
from typing import Any

import click
import pytest
from flask import Flask
from werkzeug.test import Client

from flask_cors import ACL_HEADERS, CORS, __version__
from flask_cors.browser import BROWSER_MAX_AGE_LIMITS, Browser
from flask_cors.browser import Response as Answer
from flask_cors.options import Options
from tests.helpers import A, B, a_view, fetch, make_app, preflight
from tests.transcripts.__main__ import sources
from tests.transcripts.grammar import PROMPT
from tests.transcripts.pages import blocks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MANUAL = {ROOT / path for path in sources() if path.suffix == ".rst"}
PAGES = {path: path.read_text() for path in sorted({*MANUAL, *ROOT.glob("*.rst")})}
README = PAGES[ROOT / "README.rst"]
COMMAND = PAGES[DOCS / "reference" / "command.rst"]
ALL = "\n".join([*PAGES.values(), Options.__doc__ or ""])


def flat(text: str) -> str:
    return " ".join(text.split())


# Versions and commands


def oldest(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"\b(Python|Flask) (\d+\.\d+) or newer", flat(text)))


def test_the_oldest_versions_that_are_stated_are_those_that_are_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [flask] = project["dependencies"]
    required = {("Python", project["requires-python"].removeprefix(">=")), ("Flask", flask.removeprefix("Flask>="))}
    assert oldest(README) == oldest(ALL) == required
    assert oldest("with Python 3.10 or\nnewer") == {("Python", "3.10")} != required


def lost_targets(text: str, makefile: str) -> set[str]:
    return {*re.findall(r"`make ([\w-]+)", flat(text))} - {*re.findall(r"^([\w-]+):", makefile, re.MULTILINE)}


def test_make_knows_every_target_that_a_page_names() -> None:
    assert lost_targets("\n".join(PAGES.values()), (ROOT / "Makefile").read_text()) == set()
    assert lost_targets("Say ``make docs``, ``make\ntests`` or ``make``.", "docs: x\n\ttests:\n") == {"tests"}


def commands(page: str) -> list[str]:
    """Find the commands of a page that are not run with it."""
    waiting = (block for block in blocks(Path("page.rst"), page) if block.language == "console" and block.not_run)
    lines = (line.strip() for block in waiting for line in block.source.splitlines())
    return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]


def fails(command: str, page: str) -> bool:
    """Whether a command does not do what its page says, or is of an unknown kind."""
    match shlex.split(command):
        case ["pip", "install", "." | "../flask-cors", *_]:
            return not (ROOT / "pyproject.toml").exists()
        case ["git", "clone", _, directory]:
            return f"$ cd {directory}\n" not in page and f"$ pip install ../{directory} " not in page
        case ["mkdir", directory]:
            return f"$ cd {directory}\n" not in page
        case ["python3", "-m", "venv", directory]:
            return f"$ . {directory}/bin/activate\n" not in page
        case [".", _] | ["cd", _]:  # each belongs to one of those above
            return "\n   $ git clone " not in page and "\n   $ python3 -m venv " not in page
        case ["python", "-c", _]:
            return f"{__version__} {ROOT / 'flask_cors'}" not in output(command)
        case ["python" | "python3", "-m", "http.server", port, "--bind", host]:
            return f"``http://{host}:{port}/``" not in page
        case ["make", target]:
            return lost_targets(f"``make {target}``", (ROOT / "Makefile").read_text()) != set()
        case ["python", script]:
            return not (ROOT / script).is_file()
        case ["flask", "--app", name, "run", *_]:
            return f"``{name}.py``" not in page
    return True


def output(command: str) -> str:
    call = [sys.executable, *shlex.split(command)[1:]]
    return subprocess.run(call, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False).stdout


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_commands_of_a_page_that_are_not_run_with_it_fit_what_it_says(path: Path) -> None:
    assert [command for command in commands(PAGES[path]) if fails(command, PAGES[path])] == []


def test_a_command_that_does_not_fit_is_noticed() -> None:
    """A missing file, an app with another name, another port, Python that fails, an unknown kind of command."""
    wrong = ["python examples/no_example.py", "flask --app hallo run", "python -m http.server 3001 --bind 127.0.0.1"]
    for command in [*wrong, "python -c 'import flask_cors; print(flask_cors.version)'", "pip instal .", "make tea"]:
        page = "Save ``hello.py``, open ``http://127.0.0.1:3000/``.\n\n"
        page += f".. not-run: here\n\n.. code-block:: console\n\n   $ {command}\n"
        assert [found for found in commands(page) if fails(found, page)] == [command]


def test_the_readme_shows_what_the_command_prints_and_what_was_measured() -> None:
    printed = (DOCS / "how-to" / "blocked" / "method.txt").read_text()
    assert indent(printed, "   ") in README
    assert {*re.findall(r"([\d,.]+) µs", README)} <= {*PAGES[DOCS / "explanation" / "speed.rst"].split()}


def test_codespell_can_find_each_word_and_phrase_that_we_do_not_use() -> None:
    word = re.compile(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["codespell"]["regex"])
    avoided = [line.partition("->")[0] for line in (ROOT / ".ci" / "words.txt").read_text().splitlines()]
    assert [word.findall(f"x {text} y")[1:-1] for text in avoided] == [[text] for text in avoided]


# Numbers


def numbers(text: str) -> set[str]:
    """Find the limits for names and characters of requests."""
    return set(re.findall(r"(?<!longer than )(?<![\d,])[\d,]+ (?:names|characters)", flat(text)))


def most(holds: Callable[[int], bool], tried: Iterable[int] = range(50, 350)) -> int:
    return max(filter(holds, tried))


def enforced() -> set[str]:
    app, of_paths = make_app(), make_app()
    CORS(app, origins=[A, re.compile("https://a+")], headers="*", supports_credentials=True)
    CORS(of_paths, resources="/a")
    client, at_paths = app.test_client(), of_paths.test_client()

    def repeats(names: list[str]) -> bool:
        response = preflight(client, "/", headers=", ".join(names))
        return response.headers.get(ACL_HEADERS) == ", ".join(names)

    def allows(client: Client, path: str, origin: str | None = None) -> bool:
        return "Access-Control-Allow-Origin" in fetch(client, path, origin).headers

    return {
        f"{most(lambda count: repeats([f'x-{number:03}' for number in range(count)]))} names",
        f"{most(lambda size: repeats(['x' * size]))} characters",
        f"{most(lambda size: allows(client, '/', 'https://'.ljust(size, 'a')))} characters",
        f"{most(lambda size: allows(at_paths, '/'.ljust(size, 'a')), range(4080, 4110)):,} characters",
    }


def test_the_limits_that_are_stated_are_enforced() -> None:
    assert numbers(ALL) == enforced()
    assert numbers("At most 65 names of at most 128\ncharacters.") == {"65 names", "128 characters"}


SECONDS = {"five seconds": 5, "ten seconds": 10, "ten minutes": 600, "two hours": 7200, "a day": 86400}


def limits(text: str) -> set[tuple[str, int]]:
    """Find for how long a browser caches a preflight, in words and in seconds."""
    found = re.findall(r"\b([A-Z]\w+)(?: at)? ([a-z]+ (?:day|hours|minutes))\b(?: \((\d+)\))?", text)
    return {(name, int(said)) for name, words, digits in found for said in (SECONDS[words], digits or SECONDS[words])}


def default_ages(text: str) -> set[int]:
    """Find for how long browsers cache a preflight without Max-Age."""
    return {SECONDS[words] for words in re.findall(r"(?:remember|cache it) for (\w+ seconds)", flat(text))}


def cached(after: int) -> bool:
    """Whether a browser sends a second request without a preflight, so many seconds after the first."""
    now = 0
    headers = (("Access-Control-Allow-Origin", A), ("Access-Control-Allow-Methods", "PUT"))
    page = Browser(A, lambda _: Answer(200, headers), clock=lambda: now)
    page.fetch(B, method="PUT")
    now = after
    return len(page.fetch(B, method="PUT").exchanges) == 1


def test_browsers_cache_a_preflight_for_as_long_as_is_stated() -> None:
    known = {*BROWSER_MAX_AGE_LIMITS.items()}
    assert limits(ALL) == known
    said = "Chromium at two hours (7200), Firefox at a day, Safari ten minutes"
    assert limits(said) == known
    for lie in ("Chromium at two hours (7201)", "Chromium at ten minutes (7200)", "Chromium at will"):
        assert limits(said.replace("Chromium at two hours (7200)", lie)) != known
    assert default_ages(ALL) == {5}
    assert (cached(4), cached(5)) == (True, False)
    assert default_ages("browsers remember for ten\nseconds") == {10}


def waits(text: str) -> list[float]:
    return [SECONDS[words] for words in re.findall(r"waits (\w+ seconds)", flat(text))]


def test_a_live_call_waits_for_as_long_as_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def nobody(_: object, timeout: float, *_more: object) -> socket.socket:
        waited.append(timeout)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", nobody)
    exit_code(make_app(), "explain", "http://127.0.0.1:5000/", "--origin", A, "--live")
    assert waited[:1] == waits(COMMAND)
    assert waits("It waits five seconds.") == [5]


# Exit codes


def exit_code(app: Flask, *arguments: str) -> int:
    from flask_cors.cli import cors

    return app.test_cli_runner().invoke(cors, arguments).exit_code


def exit_codes(page: str) -> dict[str, list[int]]:
    """Find the exit codes of each command, for good and for bad, in a page's table."""
    rows = re.findall(r"^   \* - ``flask cors (\w+)[^`]*``\n     - .*\n     - (.*)$", page, re.MULTILINE)
    return {command: [int(code) for code in re.findall(r"\d+", codes)] for command, codes in rows}


def app_for(**options: Any) -> Flask:
    app = make_app()
    app.add_url_rule("/", view_func=a_view)
    CORS(app, **options)
    return app


def lost_options(page: str) -> set[str]:
    """Return the options of ``flask cors`` that a page does not describe."""
    from flask_cors.cli import cors

    context = click.Context(cors)
    commands = [cors.get_command(context, name) for name in cors.list_commands(context)]
    parameters = [parameter for command in commands if command for parameter in command.params]
    options = {name for parameter in parameters if parameter.opts[0].startswith("-") for name in parameter.opts}
    return {name for name in options if f"``{name}" not in page}


def test_the_page_of_the_command_describes_every_option() -> None:
    assert lost_options(COMMAND) == set()
    assert lost_options(COMMAND.replace("``--select", "``select")) == {"--select"}


def test_the_commands_end_with_the_exit_codes_that_are_stated() -> None:
    good, bad = app_for(origins=A), app_for(origins=A, resources="/none/")
    explain = ("explain", "/", "--origin")
    codes = {
        "routes": [exit_code(good, "routes")],
        "explain": [exit_code(good, *explain, A), exit_code(good, *explain, B)],
        "check": [exit_code(good, "check"), exit_code(bad, "check")],
    }
    assert exit_codes(COMMAND) == codes
    assert exit_codes(COMMAND.replace("0 no errors, 1 errors", "0 no errors, 2 errors")) == codes | {"check": [0, 2]}
    assert str(exit_code(good, *explain, "no origin")) in re.findall(r"exit code is (\d+) if", flat(COMMAND))
