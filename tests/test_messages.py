"""The page of errors and warnings has every message of the package, so that each is found by its words.

And what it quotes of the command and of tests is what these print.
"""

import ast
import itertools
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest import mock

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from flask_cors import CORS
from flask_cors.cli import cors
from flask_cors.cli.copied import MAX_LENGTH, MAX_WORDS, parse_copied
from flask_cors.cli.outside import BEFORE_CORS
from flask_cors.testing import assert_allowed, assert_blocked, browser
from tests.tables import words

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "messages.rst").read_text()
SOURCES = {str(path.relative_to(ROOT / "flask_cors")): path.read_text() for path in ROOT.glob("flask_cors/**/*.py")}
#: Of these, each text is a message; of the command, what it raises. The findings of ``check`` have a page of their own.
TELLING = [
    *words("options.py origins.py resources.py extension.py decorator.py _state.py _middleware.py"),
    *words("testing.py cli/advice.py cli/denied.py"),
    *(name for name in SOURCES if name.startswith("browser/") and name != "browser/differences.py"),
]
COMMAND = [name for name in SOURCES if name.startswith("cli/") and name not in TELLING]
#: Lists of names, and the head of a transcript.
OTHERS = ("evil shop", "com net org", "--- ")


def messages(sources: Iterable[str], kind: type[ast.AST] = ast.Module) -> list[re.Pattern[str]]:
    """Return patterns for the texts of three or more words in all parts of that kind."""
    parts = [part for source in sources for part in ast.walk(ast.parse(source)) if isinstance(part, kind)]
    texts = {text for part in parts for text in texts_in(part) if len(re.findall("[A-Za-z]{2,}(?= )", text)) > 2}
    parts_of = (re.split(r"\{\w*\}|%[sr]", text.strip()) for text in sorted(texts) if not text.startswith(OTHERS))
    return [re.compile(".+".join(map(re.escape, pieces))) for pieces in parts_of]


def texts_in(part: ast.AST) -> Iterator[str]:
    """Yield string literals, without docstrings; ``{}`` stands for what an f-string fills in."""
    if isinstance(part, ast.JoinedStr):
        yield "".join(str(value.value) if isinstance(value, ast.Constant) else "{}" for value in part.values)
    elif isinstance(part, ast.Constant):
        yield str(part.value)
    elif not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
        for child in ast.iter_child_nodes(part):
            yield from texts_in(child)


def missing(page: str, patterns: list[re.Pattern[str]]) -> list[str]:
    return [pattern.pattern for pattern in patterns if not pattern.search(page)]


def ids(source: str) -> Iterator[str]:
    """Yield the ids of causes and notes; one that an f-string completes ends at its first brace."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id in ("Cause", "Note"):
            for keyword in (one for one in call.keywords if one.arg == "id"):
                yield from (text.partition("{")[0] for text in texts_in(keyword.value))


def test_every_error_and_warning_is_on_the_page() -> None:
    core = messages(SOURCES[name] for name in TELLING)
    command = messages((SOURCES[name] for name in COMMAND), ast.Raise)
    assert (len(core) > 100, len(command) > 20) == (True, True)
    assert missing(PAGE, core + command) == []


def test_every_cause_and_note_is_on_the_page_with_its_text() -> None:
    found = dict(re.findall(r"^``([a-z_-]+)``\n   ``(.+)``\n   \*Fix", PAGE, re.MULTILINE))
    known = {*BEFORE_CORS, *itertools.chain(*(ids(SOURCES[name]) for name in COMMAND))}
    assert {re.sub("(?<=^policy-lacks-).*", "", name) for name in found} == known
    texts = messages(SOURCES.values())
    assert [text for text in found.values() if not any(one.search(text) for one in texts)] == []


def test_a_message_that_is_not_on_the_page_is_noticed() -> None:
    planted = 'def f(x):\n    "A docstring is no message."\n    raise ValueError(f"{x!r} is a new mistake; write 1")'
    assert missing(PAGE, messages([planted], ast.Raise)) == [r".+\ is\ a\ new\ mistake;\ write\ 1"]
    assert [*ids('Cause(id="a" if x else "b", text="")\nNote(id=f"c-{x}", text="")')] == ["a", "b", "c-"]


# What a section quotes is printed; the tests above leave out the values, and cannot see a wrong one


def differences(title: str, printed: list[str], page: str = PAGE) -> tuple[list[str], list[str]]:
    """Return what a section quotes and none of *printed* begins with, and what is printed and not quoted."""
    [section] = re.findall(rf"(?ms)^{title}\n(?:-+\n)?(.*?)(?=^\S[^\n]+[^.]\n-+\n|^The reasons|\Z)", page)
    quoted = [text for text in re.findall(r"``([^`]+)``", section) if len(text.split()) > 4]
    patterns = {text: re.compile(".+".join(map(re.escape, text.split("...")))) for text in quoted}
    unprinted = [text for text in quoted if not any(map(patterns[text].match, printed))]
    return unprinted, [text for text in printed if not any(one.match(text) for one in patterns.values())]


#: Commands that end with an error, beside those that need a long text or another app.
REFUSED = """
    explain "tea time"
    explain api
    explain http://a:x/
    explain "TypeError: Failed to fetch"
    explain https://api.example/
    explain /users --origin https://app.example --live
    explain / --method "G T"
    explain / --header "x token"
    explain "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession"
    explain "curl -s"
    explain "curl 'https://api.example/"
    explain "curl https://api.example/ --no-such"
    explain "curl https://api.example/ -d @users.json"
    explain "fetch(url)"
    explain 'fetch("https://api.example/", {"method": 1})'
    explain 'fetch("https://api.example/", {"headers": [1]})'
    check --ignore max-age
    check --live app.example
    check --live https://api.example
    check --against policies.json
    check --against newer.json
"""


def refused(create_app: Callable[[], Flask], *args: str) -> str:
    result = CliRunner().invoke(cors, args, obj=ScriptInfo(create_app=create_app))
    assert result.exit_code == 2
    [message, *_] = re.findall(r"Error: (?:Invalid value for '[\w-]+': )?(.+)", result.output)
    return str(message).replace("newer.json", "policies.json")


def test_what_is_quoted_of_the_command_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policies.json").write_text("[]")
    Path("newer.json").write_text('{"version": 2, "routes": []}')
    calls = [*map(shlex.split, REFUSED.strip().splitlines()), ["explain", "a" * (MAX_LENGTH + 1)]]
    calls.append(["explain", "curl" + " a" * MAX_WORDS])
    with mock.patch("socket.create_connection", side_effect=ConnectionRefusedError):
        printed = [refused(lambda: Flask("shop"), *args) for args in calls]
    printed.append(refused(partial(getattr, Flask, "no_such"), "routes"))
    printed.append(error_of(lambda: parse_copied("curl " + "a" * MAX_LENGTH)).removeprefix("ValueError: "))
    assert differences("When the command cannot run", printed) == ([], [])


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises((AssertionError, LookupError, TypeError, ValueError)) as caught:
        call()
    kind = "" if caught.type is AssertionError else f"{caught.type.__name__}: "
    return kind + str(caught.value.args[0]).partition("\n")[0]


def test_what_is_quoted_of_tests_is_printed() -> None:
    app, url = Flask("shop"), "https://api.example/"
    CORS(app, origins="https://app.example", methods=[])
    page = browser(app)
    calls: list[Callable[[], object]] = [
        lambda: assert_allowed(browser(Flask("without CORS")).fetch(url)),
        lambda: assert_blocked(page.fetch(url)),
        lambda: assert_blocked(page.fetch(url, method="PUT"), step="#cors-check"),
        lambda: assert_allowed(page.fetch(url, mode="no-cors")),
        lambda: assert_allowed(page.fetch("/")),
        lambda: browser(cast(Any, "shop")),
        lambda: browser(app, "https://app.example/"),
        lambda: page.fetch(url, body="a", json=1),
        lambda: page.load(cast(Any, "video"), url),
        lambda: page.load("image", url, crossorigin=cast(Any, "yes")),
        lambda: assert_allowed(page.fetch(url)).headers["etag"],
    ]
    assert differences("In your tests", [error_of(call) for call in calls]) == ([], [])


def test_what_is_quoted_and_not_printed_is_noticed() -> None:
    page = "Planted\n-------\n\n``KeyError: 'etag' is not among content-type``\n\n``The option ... is not known``\n"
    printed = ["KeyError: 'etag' is not among Content-Type", "The option 'a' is not known, or lacks a value."]
    assert differences("Planted", printed, page) == (["KeyError: 'etag' is not among content-type"], printed[:1])
