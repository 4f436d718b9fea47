"""What README and the manual say of versions, commands, numbers and order is what the code does.

What is looked for are functions of plain texts, so that each is shown a text that is wrong, too.
"""

import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request_finished, request_started

from flask_cors import ACL_HEADERS, CORS, __version__, options
from flask_cors.browser import BROWSER_MAX_AGE_LIMITS, Browser, Request
from flask_cors.browser import Response as Answer
from flask_cors.cli import cors
from tests.helpers import A, B, a_view, an_app, answers, ask, cors_headers, preflight
from tests.transcripts.__main__ import sources
from tests.transcripts.grammar import PROMPT, Transcript
from tests.transcripts.pages import blocks, transcripts

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MANUAL = {ROOT / path for path in sources() if path.suffix == ".rst"}
PAGES = {path: path.read_text() for path in sorted({*MANUAL, *ROOT.glob("*.rst")})}
README = PAGES[ROOT / "README.rst"]
COMMAND = PAGES[DOCS / "reference" / "command.rst"]
MAX_AGE = PAGES[DOCS / "how-to" / "max-age.rst"]
OPTIONS = options.Options.__doc__ or ""
ALL = "\n".join([*PAGES.values(), OPTIONS])

each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def flat(text: str) -> str:
    return " ".join(text.split())


# The versions


def oldest(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"\b(Python|Flask) (\d+\.\d+) or newer", flat(text)))


def required() -> set[tuple[str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [flask] = project["dependencies"]
    return {("Python", project["requires-python"].removeprefix(">=")), ("Flask", flask.removeprefix("Flask>="))}


def test_the_oldest_versions_that_are_stated_are_those_that_are_required() -> None:
    assert oldest(README) == required()
    assert oldest(ALL) == required()


def test_another_oldest_version_is_noticed() -> None:
    assert oldest("with Python 3.10 or\nnewer") == {("Python", "3.10")} != required()


# The commands


def lost_targets(text: str, makefile: str) -> set[str]:
    """Find what ``make`` is told to make and cannot."""
    return {*re.findall(r"`make ([\w-]+)", flat(text))} - {*re.findall(r"^([\w-]+):", makefile, re.MULTILINE)}


@each_page
def test_make_knows_every_target_that_a_page_names(path: Path) -> None:
    assert lost_targets(PAGES[path], (ROOT / "Makefile").read_text()) == set()


def test_a_target_that_there_is_not_is_noticed() -> None:
    assert lost_targets("Say ``make docs``, ``make\ntests`` or ``make``.", "docs: x\n\ttests:\n") == {"tests"}


def typed(page: str) -> list[str]:
    """Find the commands of a page that are not run with it."""
    waiting = (block for block in blocks(Path("page.rst"), page) if block.language == "console" and block.not_run)
    lines = (line.strip() for block in waiting for line in block.source.splitlines())
    return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]


def fails(command: str, page: str) -> bool:
    """Whether the command of a page does not do what the page is about, or is of no kind that is known here."""
    match shlex.split(command):
        case ["pip", "install", "."]:
            return not (ROOT / "pyproject.toml").exists()
        case ["python", "-c", _]:
            return f"{__version__} {ROOT / 'flask_cors'}" not in output(command)
        case ["python", "-m", "http.server", port, "--bind", host]:
            return f"``http://{host}:{port}/``" not in page
        case ["python", script]:
            return not (ROOT / script).is_file()
        case ["flask", "--app", name, "run", *_]:
            return f"``{name}.py``" not in page
    return True


def output(command: str) -> str:
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
    )
    return done.stdout


@each_page
def test_the_commands_of_a_page_that_are_not_run_with_it_fit_what_it_says(path: Path) -> None:
    page = PAGES[path]
    assert [command for command in typed(page) if fails(command, page)] == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("python examples/no_example.py", id="a file that there is not"),
        pytest.param("flask --app hallo run", id="an app that is called otherwise"),
        pytest.param("python -m http.server 3001 --bind 127.0.0.1", id="another port"),
        pytest.param("python -c 'import flask_cors; print(flask_cors.version)'", id="Python that fails"),
        pytest.param("pip instal .", id="a kind of command that is not known"),
    ],
)
def test_a_command_that_does_not_fit_is_noticed(command: str) -> None:
    page = (
        "Save it as ``hello.py``, open ``http://127.0.0.1:3000/``.\n\n"
        f".. not-run: here\n\n.. code-block:: console\n\n   $ {command}\n"
    )
    assert [found for found in typed(page) if fails(found, page)] == [command]


#: The request headers that the calls of examples and manual have. A new one goes in here.
HEADERS = {
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Authorization",
    "Origin",
    "X-Forwarded-Host",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
}


def request_headers(commands: Iterable[str]) -> set[str]:
    items = (re.match(r"([\w-]+):(?!=|//|5000/)", word) for command in commands for word in shlex.split(command))
    return {item[1] for item in items if item}


def calls() -> Iterator[Transcript]:
    for path in sources():
        yield from transcripts(ROOT / path)


def test_the_headers_of_the_calls_are_spelt_as_they_are() -> None:
    assert request_headers(transcript.command for transcript in calls()) == HEADERS


def test_a_misspelt_header_of_a_call_is_noticed() -> None:
    call = "http PUT http://localhost:5000/ Orxgin:https://app.example Origin:null a=b:c d:=1 e==f:g"
    assert request_headers([call, "http localhost:5000/"]) - HEADERS == {"Orxgin"}


# The numbers


def numbers(text: str) -> set[str]:
    """Find how much of what strangers send is looked at."""
    return set(re.findall(r"[\d,]+ (?:names|characters)", flat(text)))


def most(holds: Callable[[int], bool], tried: Iterable[int] = range(50, 350)) -> int:
    return max(filter(holds, tried))


@cache
def enforced() -> set[str]:
    app = an_app()
    CORS(app, origins=[A, re.compile("https://a+")], headers="*", supports_credentials=True)
    client = app.test_client()

    def repeated(names: list[str]) -> bool:
        asked = preflight(client, "/", headers=", ".join(names))
        return asked.headers.get(ACL_HEADERS) == ", ".join(names)

    def let_in(length: int) -> bool:
        origin = "https://".ljust(length, "a")
        return "Access-Control-Allow-Origin" in ask(client, "/", origin).headers

    def covered(length: int) -> bool:
        return "Access-Control-Allow-Origin" in ask(at_paths, "/".ljust(length, "a")).headers

    of_paths = an_app()
    CORS(of_paths, resources="/a")
    at_paths = of_paths.test_client()
    path = f"{most(covered, range(4080, 4110)):,} characters"
    names = most(lambda count: repeated([f"x-{number:03}" for number in range(count)]))
    return {
        f"{names} names",
        f"{most(lambda size: repeated(['x' * size]))} characters",
        f"{most(let_in)} characters",
        path,
    }


@pytest.mark.parametrize(
    ("page", "count"),
    [
        pytest.param("explanation/decisions", 2, id="decisions"),
        pytest.param("explanation/security", 3, id="security"),
        pytest.param("reference/responses", 2, id="responses"),
    ],
)
def test_as_much_is_looked_at_as_a_page_states(page: str, count: int) -> None:
    stated = numbers(PAGES[DOCS / f"{page}.rst"])
    assert stated <= enforced()
    assert len(stated) == count


def test_another_number_is_noticed() -> None:
    assert numbers("At most 65 names of at most 128\ncharacters.") - enforced() == {"65 names"}


SECONDS = {"five seconds": 5, "ten seconds": 10, "ten minutes": 600, "two hours": 7200, "a day": 86400}


def limits(text: str) -> set[tuple[str, int]]:
    """Find for how long a browser is said to remember, in words and in seconds."""
    found = re.findall(r"\b([A-Z]\w+)(?: at)? ([a-z]+ (?:day|hours|minutes))\b(?: \((\d+)\))?", text)
    return {
        (name, int(number)) for name, words, digits in found for number in {SECONDS[words], digits or SECONDS[words]}
    }


def test_browsers_remember_for_as_long_as_is_stated() -> None:
    known = {*BROWSER_MAX_AGE_LIMITS.items()}
    assert limits(MAX_AGE) == known
    assert {name for name, _ in limits(OPTIONS)} == {"Chromium", "Firefox"}
    assert limits(OPTIONS) <= known


@pytest.mark.parametrize("lie", ["Chromium at two hours (7201)", "Chromium at ten minutes (7200)", "Chromium at will"])
def test_another_limit_of_a_browser_is_noticed(lie: str) -> None:
    told = MAX_AGE.replace("Chromium at two hours (7200)", lie)
    assert limits(told) != {*BROWSER_MAX_AGE_LIMITS.items()}


def patience(text: str) -> set[int]:
    """Find for how long browsers are said to remember where the server does not say."""
    return {SECONDS[words] for words in re.findall(r"remember for (\w+ seconds)", flat(text))}


def remembered(after: int) -> bool:
    """Whether a browser makes a second call without asking again, so many seconds after the first."""
    now, asked = 0, []

    def send(request: Request) -> Answer:
        asked.append(request.method)
        allowed = (("Access-Control-Allow-Origin", A), ("Access-Control-Allow-Methods", "PUT"))
        return Answer(200, allowed)

    page = Browser(A, send, clock=lambda: now)
    page.fetch(B, method="PUT")
    now = after
    page.fetch(B, method="PUT")
    return asked == ["OPTIONS", "PUT", "PUT"]


def test_browsers_remember_for_as_long_as_is_stated_where_the_server_does_not_say() -> None:
    assert patience(MAX_AGE) == patience(PAGES[DOCS / "reference" / "config.rst"]) == patience(OPTIONS) == {5}
    assert (remembered(4), remembered(5)) == (True, False)


def test_another_time_to_remember_is_noticed() -> None:
    assert patience("browsers remember for ten\nseconds") == {10}


def waits(text: str) -> list[float]:
    return [SECONDS[words] for words in re.findall(r"waits (\w+ seconds)", flat(text))]


def test_a_live_call_waits_for_as_long_as_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def nobody(_: object, timeout: float, *_more: object) -> socket.socket:
        waited.append(timeout)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", nobody)
    exit_code(an_app(), "explain", "http://127.0.0.1:5000/", "--origin", A, "--live")
    assert waited[:1] == waits(COMMAND)


def test_another_time_to_wait_is_noticed() -> None:
    assert waits("It waits five seconds.") == [5]


# The exit codes


def exit_code(app: Flask, *arguments: str) -> int:
    return app.test_cli_runner().invoke(cors, arguments).exit_code


def exit_codes(page: str) -> dict[str, list[int]]:
    """Find the exit codes of each command, for good and for bad, in a page's table."""
    rows = re.findall(r"^   \* - ``flask cors (\w+)[^`]*``\n     - .*\n     - (.*)$", page, re.MULTILINE)
    return {command: [int(code) for code in re.findall(r"\d+", codes)] for command, codes in rows}


def app_for(**given: Any) -> Flask:
    app = an_app()
    app.add_url_rule("/", view_func=a_view)
    CORS(app, **given)
    return app


def test_the_commands_end_with_the_exit_codes_that_are_stated() -> None:
    good, bad = app_for(origins=A), app_for(origins=A, resources="/none/")
    explain = ("explain", "/", "--origin")
    assert exit_codes(COMMAND) == {
        "routes": [exit_code(good, "routes")],
        "explain": [exit_code(good, *explain, A), exit_code(good, *explain, B)],
        "check": [exit_code(good, "check"), exit_code(bad, "check")],
    }
    [nothing] = re.findall(r"exit code is (\d+) for whatever leaves nothing to show", flat(COMMAND))
    assert exit_code(good, *explain, "no origin") == int(nothing)


def test_another_exit_code_is_noticed() -> None:
    lie = COMMAND.replace("0 no errors, 1 errors", "0 no errors, 2 errors")
    assert exit_codes(lie) == {**exit_codes(COMMAND), "check": [0, 2]}


# The order: docs/reference/responses.rst, "Who answers OPTIONS"


def run_by_a_preflight(app: Flask, set_up: Callable[[Flask], object]) -> list[str]:
    """Name what an app runs for a preflight, in order."""
    ran: list[str] = []
    set_up(app)
    app.url_value_preprocessor(lambda _endpoint, _values: ran.append("url_value_preprocessor"))
    app.before_request(lambda: ran.append("before_request"))
    app.teardown_request(lambda _: ran.append("teardown"))

    @app.after_request
    def after_request(response: Response) -> Response:
        ran.append("after_request")
        return response

    started, finished = (lambda _: ran.append("request_started")), (lambda _, **_more: ran.append("request_finished"))
    with request_started.connected_to(started, app), request_finished.connected_to(finished, app):
        assert "Access-Control-Allow-Origin" in cors_headers(preflight(app.test_client(), "/"))
    return ran


def behind_a_middleware(app: Flask) -> None:
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]
    CORS(app)


def test_a_preflight_meets_what_the_manual_says_and_nothing_else() -> None:
    assert run_by_a_preflight(an_app(), CORS) == ["after_request", "teardown"]


def test_a_preflight_behind_a_middleware_meets_what_is_before_the_functions_before_a_request() -> None:
    before, after = ["request_started", "url_value_preprocessor"], ["after_request", "request_finished", "teardown"]
    assert run_by_a_preflight(an_app(), behind_a_middleware) == [*before, *after]


# A response that is returned again is copied: docs/explanation/decisions.rst


def test_a_response_that_is_returned_again_brings_nothing_along() -> None:
    app, kept = an_app(), Response("kept")
    CORS(app, resources="/covered", origins=[A, B])
    for path in ("/covered", "/outside"):
        app.add_url_rule(path, path, lambda: kept)
    for _ in range(2):
        given = [found.get("Access-Control-Allow-Origin") for found in answers(app, "/covered")]
        assert given == [A, B, None]
        assert "Access-Control-Allow-Origin" not in cors_headers(ask(app.test_client(), "/outside", B))
