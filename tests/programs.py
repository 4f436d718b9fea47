"""Programs in files of their own, asked with ``flask cors``, and changed by the fixes that it prints."""

import importlib
import itertools
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from flask_cors.browser import Outcome
from flask_cors.cli import cors
from flask_cors.testing import browser
from tests.transcripts import servers

PAGE = "https://app.example"
_NUMBERS = itertools.count()
_PLACE = re.compile(r"@@ -(\d+)(?:,(\d+))? ")

VIEWS = """
METHODS = ["GET", "PUT", "PATCH", "POST", "PROPFIND"]
@app.route("/api/items", methods=METHODS)
@app.route("/api/items/<int:number>", methods=METHODS)
DECORATOR
def items(number=1): return "items", 200, {"X-Total": "7"}
@app.get("/api-internal")
def internal(): return "internal"
@app.get("/files/<path:name>")
def files(name): return name
@app.get("/old")
def old(): return redirect("https://other.example/api/items")
@app.get("/moved")
def moved(): return redirect("/api/items")
@app.get("/nowhere")
def nowhere(): return redirect("ftp://x")
@app.route("/options", methods=["PUT", "OPTIONS"])
def options(): return abort(403)
@app.get("/fails")
def fails(): return str(1 / 0)
"""
#: Without what is found in these views whatever the options are, and without a question that has no diff.
WITHOUT = ("--ignore", "preflight-each-call,header-not-exposed,method-left-out,cookie-does-not-travel,options-denied")
HEAD = """
import functools, os, re
from flask import Blueprint, Flask, abort, redirect, request, session
from flask_cors import CORS, cross_origin
app = Flask(__name__, static_folder=None)
"""


def program(code: str) -> str:
    """A program with a few routes, set up by *code*: calls of ``CORS``, and at its end a decorator for one view."""
    set_up, at, decorator = code.partition("@cross_origin")
    return f"{HEAD}{set_up}{VIEWS.replace('DECORATOR', f'{at}{decorator}' or '@(lambda view: view)')}"


class Program:
    """A file with a program, which changes when a fix is applied."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.text = text

    def path(self) -> Path:
        """A file with the text as it is now, of a new name, since Python loads a module once."""
        for name in [name for name in sys.modules if name.startswith("shop_")]:
            del sys.modules[name]  # the command reads the files of all modules
        path = self.folder / f"shop_{next(_NUMBERS)}.py"
        path.write_text(self.text)
        return path

    def run(self, *args: str, **how: Any) -> Result:
        """Run ``flask cors``; whatever goes wrong, there is no traceback."""
        info = ScriptInfo(app_import_path=str(self.path()))
        result = CliRunner().invoke(cors, args, obj=info, **how)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    def json(self, kind: str | None, *args: str) -> Any:
        printed = json.loads(self.run(*args, "--json").output)
        return printed if kind is None else printed[kind]

    def explain(self, target: str, *args: str, origin: str | None = PAGE) -> Any:
        page = [] if origin is None else ["--origin", origin]
        return self.json("explanation", "explain", target, *page, *args)

    def check(self) -> Any:
        """What ``check`` finds, without what it finds in each program that uses the views above."""
        return self.json("findings", "check", *WITHOUT)

    def apply(self, fix: Any) -> list[str]:
        """Apply the diff of a fix, and return the lines that are new."""
        self.text = apply_diff(self.text, fix["diff"])
        return [line[1:].strip() for line in fix["diff"].split("\n") if line.startswith("+") and line[:3] != "+++"]

    def app(self) -> Flask:
        with warnings.catch_warnings(action="ignore"):
            app = importlib.import_module(self.path().stem).app
        app.logger.disabled = True
        assert isinstance(app, Flask)
        return app

    def fetch(self, url: str, **how: Any) -> Outcome:
        """What the model of the browser says of a call of the program as it is now."""
        return browser(self.app(), how.pop("origin", PAGE)).fetch(url, **how)


def apply_diff(text: str, diff: str) -> str:
    """Apply a unified diff to a text; what it removes must be there."""
    old, new, position = text.split("\n"), [], 0
    for line in diff.split("\n"):
        place = _PLACE.match(line)
        if place:
            start = int(place[1]) - (place[2] != "0")
            new += old[position:start]
            position = start
        elif line[:1] in ("-", " ") and line[:3] != "---":
            assert old[position] == line[1:]
            new += [line[1:]] if line[:1] == " " else []
            position += 1
        elif line[:1] == "+" and line[:3] != "+++":
            new.append(line[1:])
    return "\n".join([*new, *old[position:]])


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve *app* on a free port until the block ends; yield its URL."""
    with servers.serving(app) as port:
        yield f"http://{servers.HOST}:{port}"


def run_cors(app: Flask, *words: str) -> Result:
    """Run ``flask cors`` for an app; whatever goes wrong, there is no traceback."""
    result = CliRunner().invoke(cors, words, obj=ScriptInfo(create_app=lambda: app))
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


Write = Callable[[str], Program]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a program into a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return lambda text: Program(tmp_path, text)
