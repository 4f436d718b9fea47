"""What README and the manual say of versions, commands, numbers and order is what the code does.

Each checker is a function of plain text, so that each is shown a text that is wrong, too.
"""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest
from click import Context

from flask_cors import ACL_HEADERS, CORS, __version__
from flask_cors.browser import BROWSER_MAX_AGE_LIMITS
from flask_cors.browser.headers import DEFAULT_MAX_AGE
from flask_cors.cli import cors
from flask_cors.options import Options
from tests.helpers import A, B, a_view, fetch, make_app, preflight
from tests.programs import run_cors
from tests.tables import words
from tests.transcripts.__main__ import sources
from tests.transcripts.pages import application, blocks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MANUAL = {ROOT / path for path in sources() if path.suffix == ".rst"}
PAGES = {path: path.read_text() for path in sorted({*MANUAL, *ROOT.glob("*.rst")})}
README = PAGES[ROOT / "README.rst"]
COMMAND = PAGES[DOCS / "reference" / "command.rst"]
ALL = "\n".join([*PAGES.values(), Options.__doc__ or ""])
TARGETS = {*re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_oldest_versions_that_are_stated_are_those_that_are_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [flask] = project["dependencies"]
    required = {("Python", project["requires-python"].removeprefix(">=")), ("Flask", flask.removeprefix("Flask>="))}
    readme, everywhere = [re.findall(r"\b(Python|Flask) (\d+\.\d+) or newer", flat(text)) for text in (README, ALL)]
    assert {*readme} == {*everywhere} == required


def test_make_knows_every_target_that_a_page_names() -> None:
    assert {"docs"} <= {*re.findall(r"`make ([\w-]+)", flat(ALL))} <= TARGETS


def commands(page: str) -> list[str]:
    """Find the commands of a page that are not run with it."""
    found = [block for block in blocks(Path("page.rst"), page) if block.language == "console" and block.not_run]
    return re.findall(r"^\s*\$ (.+)", "\n".join(block.source for block in found), re.MULTILINE)


def fails(command: str, page: str) -> bool:
    """Whether a command does not do what its page says, or is of an unknown kind."""
    match shlex.split(command):
        case ["pip", "install", "." | "../flask-cors", *_] | ["git", "clone", *_] | ["mkdir" | "cd" | ".", _]:
            return False
        case ["python3", "-m", "venv", directory]:
            return f"$ . {directory}/bin/activate\n" not in page
        case ["python", "-c", program]:
            printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
            return f"{__version__} {ROOT / 'flask_cors'}" not in printed.stdout
        case ["python" | "python3", "-m", "http.server", port, "--bind", host]:
            return f"``http://{host}:{port}/``" not in page
        case ["make", target]:
            return target not in TARGETS
        case ["python", script]:
            return not (ROOT / script).is_file()
        case ["flask", "--app", name, "run", *_]:
            return f"``{name}.py``" not in page
    return True


def test_the_commands_of_a_page_that_are_not_run_with_it_fit_what_it_says() -> None:
    wrong = [(path, command) for path, page in PAGES.items() for command in commands(page) if fails(command, page)]
    assert wrong == []


def test_a_command_that_does_not_fit_is_noticed() -> None:
    wrong = ["python examples/no_example.py", "flask --app hallo run", "python -m http.server 3001 --bind 127.0.0.1"]
    for command in [*wrong, "python -c 'import flask_cors; print(flask_cors.version)'", "pip instal .", "make tea"]:
        page = "Save ``hello.py``, open ``http://127.0.0.1:3000/``.\n\n"
        page += f".. not-run: here\n\n.. code-block:: console\n\n   $ {command}\n"
        assert [found for found in commands(page) if fails(found, page)] == [command]


def test_the_readme_shows_what_the_command_prints_for_its_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks(ROOT / "README.rst", README)
    [app, *_] = [block.source for block in found if block.language == "python"]
    Path("shop.py").write_text(dedent(app))
    texts = [block.source for block in found if block.language == "text"]
    [(typed, shown)] = [(one, other) for one, other in pairwise(texts) if one.startswith("flask --app shop cors ")]
    result = run_cors(application(Path("shop.py").absolute()), *shlex.split(typed)[4:])
    assert result.output.strip() == shown.strip()


def test_the_readme_shows_what_was_measured() -> None:
    assert {*re.findall(r"([\d,.]+) µs", README)} <= {*PAGES[DOCS / "explanation" / "speed.rst"].split()}


def test_codespell_can_find_each_word_and_phrase_that_we_do_not_use() -> None:
    word = re.compile(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["codespell"]["regex"])
    avoided = [line.partition("->")[0] for line in (ROOT / ".ci" / "words.txt").read_text().splitlines()]
    assert [word.findall(f"x {text} y")[1:-1] for text in avoided] == [[text] for text in avoided]


SETTINGS = words("SESSION_COOKIE_SAMESITE SESSION_COOKIE_SECURE SESSION_COOKIE_PARTITIONED")


def settings_left_out(page: str) -> list[set[str]]:
    """Find what the programs of a page do not set, although they let the session cookie travel to another site."""
    sources = [block.source for block in blocks(Path("page.rst"), page)]
    travels = [source for source in sources if 'SESSION_COOKIE_SAMESITE="None"' in source]
    return [left_out for source in travels if (left_out := {*SETTINGS} - {*re.findall(r"\w+", source)})]


def test_each_program_whose_session_cookie_travels_has_the_settings_that_browsers_want() -> None:
    found = {path.name: settings_left_out(page) for path, page in PAGES.items() if SETTINGS[0] in page}
    assert {"credentials.rst", "logins.rst", "cookies-across-sites.rst"} <= found.keys()
    assert {name: left_out for name, left_out in found.items() if left_out} == {}
    planted = '.. code-block:: python\n\n   app.config.update(SESSION_COOKIE_SAMESITE="None")\n'
    assert settings_left_out(planted) == [{"SESSION_COOKIE_SECURE", "SESSION_COOKIE_PARTITIONED"}]


def most(holds: Callable[[int], bool], tried: Iterable[int] = range(50, 350)) -> int:
    return max(filter(holds, tried))


def test_the_limits_that_are_stated_are_enforced() -> None:
    app = make_app()
    CORS(app, resources="/a", origins=[A, re.compile("https://a+")], headers="*", supports_credentials=True)
    client = app.test_client()

    def repeats(names: list[str]) -> bool:
        response = preflight(client, "/a", headers=", ".join(names))
        return response.headers.get(ACL_HEADERS) == ", ".join(names)

    def allows(path: str, origin: str = A) -> bool:
        return "Access-Control-Allow-Origin" in fetch(client, path, origin).headers

    assert set(re.findall(r"(?<!longer than )(?<![\d,])[\d,]+ (?:names|characters)", flat(ALL))) == {
        f"{most(lambda count: repeats([f'x-{number:03}' for number in range(count)]))} names",
        f"{most(lambda size: repeats(['x' * size]))} characters",
        f"{most(lambda size: allows('/a', 'https://'.ljust(size, 'a')))} characters",
        f"{most(lambda size: allows('/'.ljust(size, 'a')), range(4080, 4110)):,} characters",
    }


SECONDS = {"five seconds": 5, "ten seconds": 10, "ten minutes": 600, "two hours": 7200, "a day": 86400}


def limits(text: str) -> set[tuple[str, int]]:
    """Find for how long a browser caches a preflight, in words and in seconds."""
    found = re.findall(r"\b([A-Z]\w+)(?: at)? ([a-z]+ (?:day|hours|minutes))\b(?: \((\d+)\))?", text)
    return {(name, int(said)) for name, words, digits in found for said in (SECONDS[words], digits or SECONDS[words])}


def test_browsers_cache_a_preflight_for_as_long_as_is_stated() -> None:
    known = {*BROWSER_MAX_AGE_LIMITS.items()}
    assert limits(ALL) == limits("Chromium at two hours (7200), Firefox at a day, Safari ten minutes") == known
    assert limits("Chromium at two hours (7201)") == {("Chromium", 7200), ("Chromium", 7201)}
    without_max_age = re.findall(r"(?:remember|cache it) for (\w+ seconds)", flat(ALL))
    assert {SECONDS[words] for words in without_max_age} == {DEFAULT_MAX_AGE}


def test_a_live_call_waits_for_as_long_as_is_stated() -> None:
    with mock.patch("socket.create_connection", side_effect=ConnectionRefusedError) as connect:
        run_cors(make_app(), "explain", "http://127.0.0.1:5000/", "--origin", A, "--live")
    [stated] = re.findall(r"waits (\w+ seconds)", flat(COMMAND))
    assert connect.call_args_list[0].args[1] == SECONDS[stated]


def exit_code(command: str, **options: Any) -> int:
    app = make_app()
    app.add_url_rule("/", view_func=a_view)
    CORS(app, origins=A, **options)
    return run_cors(app, *command.split()).exit_code


def test_the_page_of_the_command_describes_every_option() -> None:
    context = Context(cors)
    commands = [cors.get_command(context, name) for name in cors.list_commands(context)]
    parameters = [parameter for command in commands if command for parameter in command.params]
    options = {name for parameter in parameters for name in parameter.opts if name.startswith("-")}
    assert "--select" in options
    assert {name for name in options if f"``{name}" not in COMMAND} == set()


def test_the_commands_end_with_the_exit_codes_that_are_stated() -> None:
    explain = "explain / --origin "
    rows = re.findall(r"^   \* - ``flask cors (\w+)[^`]*``\n     - .*\n     - (.*)$", COMMAND, re.MULTILINE)
    assert {command: [int(code) for code in re.findall(r"\d+", codes)] for command, codes in rows} == {
        "routes": [exit_code("routes")],
        "explain": [exit_code(explain + A), exit_code(explain + B)],
        "check": [exit_code("check"), exit_code("check", resources="/none/")],
    }
    assert str(exit_code(f"{explain} none")) in re.findall(r"exit code is (\d+) if", flat(COMMAND))
