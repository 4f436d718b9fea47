"""The program that the visitor's policy would stand in: text that is read for the diff, and never run."""

from __future__ import annotations

from flask import Flask

from flask_cors.cli.site import MadeApp, Place, Site
from flask_cors.cli.source import Program, SourceFile

FILE = "app.py"
_WITH_POLICY = """\
from flask import Flask
from flask_cors import CORS

app = Flask(__name__)
{policy}
"""
_WITHOUT_POLICY = """\
from flask import Flask

app = Flask(__name__)
"""


class TypedProgram(Program):
    """A program of one file, which is nowhere but here."""

    def __init__(self, policy: str) -> None:
        super().__init__(list)
        self.text = _WITH_POLICY.format(policy=policy) if policy else _WITHOUT_POLICY
        self._files[FILE] = SourceFile(FILE, self.text)

    def file(self, name: str) -> SourceFile | None:
        """Return the file, if it has this name; none is read."""
        return self._files.get(name)

    def line_of(self, text: str) -> int:
        """Return the number of the line that begins with a text."""
        lines = self.text.split("\n")
        return next((number for number, line in enumerate(lines, 1) if line.startswith(text)), 1)


def site_of(app: Flask, policy: str) -> Site:
    """Read the app as ``flask cors`` does, with *policy* as the line of its program."""
    program = TypedProgram(policy)
    site = Site(app, [MadeApp(app, Place(FILE, program.line_of("app = ")))], program)
    for layer in site.layers:
        layer.parsed.location = (FILE, program.line_of("CORS("))
    return site
