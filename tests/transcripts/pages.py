"""Pages of the manual and examples as documents of Sybil: which blocks they hold, and their evaluation in order.

* ``.. code-block:: python`` blocks and the doctests of ``pycon`` blocks run in one namespace for each page.
* ``.. code-block:: console`` blocks hold transcripts. The namespace's ``app`` sends the responses.
* ``$ export NAME=value`` in a ``console`` block sets an environment variable until the page ends.
* A comment ``.. invisible-code-block: python`` runs as well: what only a test needs.
* ``.. not-run: the reason``, directly before one of these blocks, keeps it from being run.
* A block in a language of ``SHOWN`` is only shown, and holds no command. Any other language is an error, and so is a
  literal block after ``::``: otherwise code could stand in a page that no test runs.
* In an example, the docstrings hold transcripts.
"""

import doctest
import os
import re
import runpy
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from flask import Flask
from sybil import Document, Example, Region
from sybil.document import PythonDocStringDocument
from sybil.evaluators.python import PythonEvaluator
from sybil.example import SybilFailure
from sybil.parsers.rest import DocTestParser
from sybil.parsers.rest.lexers import DirectiveInCommentLexer, DirectiveLexer
from sybil.typing import Evaluator

from .grammar import LEXER, GrammarError, Transcript, at, read

RUN = frozenset({"python", "pycon", "console"})
SHOWN = frozenset({"text", "http", "ini", "toml", "javascript", "html", "none"})
_OTHER_CODE = r"(?m)^ *\.\. (?:code|sourcecode|doctest|testcode|testsetup|parsed-literal)::.*|^(?! *\.\. ).*::$"

#: Checks a transcript of an app; returns a report, or None if all is well.
Check = Callable[[Transcript, Flask], str | None]


def replay(path: Path, check: Check) -> tuple[int, list[str]]:
    """Run the blocks of a page, or an example; return the number of transcripts and the reports of failures."""
    reports: list[str] = []

    def evaluate(example: Example) -> str | None:
        app = example.namespace.get("app")
        return check(example.parsed, app) if isinstance(app, Flask) else "no block before this one defines app"

    document = parse(path, evaluate=evaluate)
    document.namespace.update({"app": application(path)} if path.suffix == ".py" else {"__name__": "page"})
    with tempfile.TemporaryDirectory() as home, patch.dict(os.environ):
        for example in document:
            try:
                with chdir(home):  # where a reader would save the files of the page
                    example.evaluate()
            except SybilFailure as failure:
                reports.append(f"{at(document, example.start)}: {failure.result}")
    return sum(isinstance(example.parsed, Transcript) for example in document), reports


def application(path: Path) -> Flask:
    """Load the app of an example, in debug mode as ``python example.py`` has it, without its change to ``sys.path``."""
    before = sys.path.copy()
    app: Flask = runpy.run_path(str(path), run_name=path.stem)["app"]
    sys.path[:] = before
    app.debug = True
    return app


def transcripts(path: Path, text: str | None = None) -> list[Transcript]:
    """Find the transcripts that a page or an example, or a *text* in its place, replays."""
    return [example.parsed for example in parse(path, text) if isinstance(example.parsed, Transcript)]


def parse(path: Path, text: str | None = None, evaluate: Evaluator | None = None) -> Document:
    """Parse a page or an example, or a *text* in its place; *evaluate* is for its transcripts."""
    document = Document(path.read_text() if text is None else text, str(path))
    for region in _in_docstrings(document) if path.suffix == ".py" else _in_page(document):
        if not region.evaluator:
            region.parsed, region.evaluator = read(document, region), evaluate
        document.add(region)
    return document


def _in_docstrings(document: Document) -> Iterator[Region]:
    for start, end, docstring in PythonDocStringDocument.extract_docstrings(document.text):
        for region in LEXER(Document(docstring, document.path)):
            region.start, region.end = region.start + start, region.end + start
            # The positions must be those of the file, or the transcript could not be rewritten.
            if document.text[start:end] != docstring:
                raise _error(document, region.start, 'the docstring holds a backslash: begin it with r"""')
            yield region


def _in_page(document: Document) -> Iterator[Region]:
    for region in DirectiveInCommentLexer("invisible-code-block")(document):
        region.parsed, region.evaluator = region.lexemes["source"], PythonEvaluator()
        yield region
    exports = re.finditer(r"^ *\$ export (.+)$", document.text, re.MULTILINE)
    commands = [*LEXER(document), *(Region(one.start(), one.end(), one[1], _export) for one in exports)]
    inside = {"pycon": list(DocTestParser(doctest.ELLIPSIS)(document)), "console": commands}
    for block in filter(lambda block: block.runs, blocks(Path(document.path), document.text)):
        region = block.region
        region.parsed, region.evaluator = region.lexemes["source"], PythonEvaluator()
        found = [one for one in inside.get(block.language, [region]) if region.start <= one.start < region.end]
        if not found:
            raise _error(document, region.start, f"the {block.language} block holds no >>> and no http command")
        yield from found


def _export(example: Example) -> None:
    words = [word.partition("=") for word in shlex.split(example.parsed)]
    os.environ.update({name: value for name, _, value in words})


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    region: Region
    language: str
    source: str
    not_run: str | None  # the reason

    @property
    def runs(self) -> bool:
        """Whether the block runs with the page."""
        return self.language in RUN and self.not_run is None


def blocks(path: Path, text: str) -> list[Block]:
    """Find the code blocks of a page, in order."""
    document = Document(text, str(path))
    regions = DirectiveLexer("code-block")(document)
    found = [
        Block(one, one.lexemes["arguments"] or "", one.lexemes["source"], _reason(document, one)) for one in regions
    ]
    for match in re.finditer(_OTHER_CODE, text):
        if not any(block.region.start <= match.start() < block.region.end for block in found):
            raise _error(document, match.start(), f"code goes into '.. code-block:: language', not after {match[0]!r}")
    for block in found:
        if mistake := _mistake(block):
            raise _error(document, block.region.start, mistake)
    return found


def _reason(document: Document, block: Region) -> str | None:
    """Return the reason of the ``not-run`` comment that ends directly before a block."""
    for comment in DirectiveInCommentLexer("not-run")(document):
        if comment.end <= block.start and not document.text[comment.end : block.start].strip():
            return " ".join(f"{comment.lexemes['arguments'] or ''} {comment.lexemes['source']}".split())
    return None


def _mistake(block: Block) -> str | None:
    commands = re.findall(r"^ *\$ (\S+)", block.source, re.MULTILINE)
    replayed = {"http", "export"} if block.language == "console" else set()
    if block.language not in RUN | SHOWN:
        return f"{block.language!r} is none of {', '.join(sorted(RUN | SHOWN))}"
    if not block.source.strip():
        return "the code block is empty"
    if block.not_run == "":
        return "give the reason why the block is not run: '.. not-run: the reason'"
    if block.not_run is None and not replayed.issuperset(commands):
        return "only http and export are run, in a console block; any other command goes after '.. not-run: the reason'"
    return None


def _error(document: Document, position: int, message: str) -> GrammarError:
    return GrammarError(f"{at(document, position)}: {message}")
