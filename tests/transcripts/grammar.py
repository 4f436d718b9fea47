r"""What a transcript is: a typed ``http`` call, and all that the terminal then shows.

::

    $ http OPTIONS http://127.0.0.1:5000/api/v1/users/create \
        Origin:https://app.example
    HTTP/1.1 200 OK
    Access-Control-Allow-Origin: *

* The call begins with ``$ http``, and goes on in the next line after a backslash, as in a shell.
* The answer is every line that follows, up to the next ``$``, a line that is indented less than the ``$``,
  or the end of the text. Blank lines at its end are not part of it.
* In a Python file transcripts are found in docstrings, indented deeper than the prose (under a ``::``).
* In a manual page they are found in ``.. code-block:: console``.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

PROMPT = "$ "
CALL = "$ http"


class GrammarError(Exception):
    """The text holds something that can be no transcript; the message names file, line and remedy."""


def at(path: Path, line: int) -> str:
    """Write file and line as editors and terminals link them, from where the reader stands."""
    near = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{near}:{line}"


@dataclass(frozen=True)
class Transcript:
    """One documented call, the answer it promises, and the lines of the file that hold them."""

    path: Path
    line: int  # of the "$ http", counted from 1
    example: str  # the view or page that it illustrates
    indent: str
    command: str
    answer: tuple[str, ...]
    answer_line: int  # of the first line of the answer, counted from 1

    @property
    def end(self) -> int:
        """The first line of the file that is no longer part of the transcript."""
        return self.answer_line + len(self.answer)

    @property
    def place(self) -> str:
        """Say where a reader finds the transcript."""
        return f"{at(self.path, self.line)}: {self.example}"


def parse(path: Path, example: str, lines: list[str], first: int) -> Iterator[Transcript]:
    """Yield the transcripts of a text whose first line is line *first* of its file."""
    number = 0
    while number < len(lines):
        if not is_call(lines[number]):
            number += 1
            continue
        found = _transcript(path, example, lines[number:], first + number)
        yield found
        number = found.end - first


def is_call(line: str) -> bool:
    """A call is a prompt, the word ``http``, and nothing or its arguments."""
    return line.strip() == CALL or line.lstrip().startswith(CALL + " ")


def _transcript(path: Path, example: str, lines: list[str], line: int) -> Transcript:
    indent = lines[0][: -len(lines[0].lstrip())]
    typed = _typed(lines)
    command = "".join(part.removesuffix("\\") for part in typed).strip().removeprefix(PROMPT)
    answer = tuple(_answer(lines[len(typed) :], indent))
    return Transcript(path, line, example, indent, command, answer, line + len(typed))


def _typed(lines: list[str]) -> list[str]:
    unfinished = list(takewhile(lambda line: line.endswith("\\"), lines))
    return lines[: len(unfinished) + 1]


def _answer(lines: list[str], indent: str) -> list[str]:
    def belongs(line: str) -> bool:
        return not line.strip() or (line.startswith(indent) and not line.startswith(indent + PROMPT))

    return without_blank_end([line.removeprefix(indent).rstrip("\n") for line in takewhile(belongs, lines)])


def without_blank_end(lines: list[str]) -> list[str]:
    """Drop the blank lines at the end, and whatever blanks the blank lines within hold."""
    kept = [line if line.strip() else "" for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def in_docstrings(path: Path, source: str) -> list[Transcript]:
    """Find the transcripts in the docstrings of a Python file."""
    found: list[Transcript] = []
    for name, node in _docstrings(source):
        found += _in_docstring(path, name, node, source)
    return found


def _docstrings(source: str) -> Iterator[tuple[str, ast.Constant]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield getattr(node, "name", "the module"), first.value


def _in_docstring(path: Path, name: str, node: ast.Constant, source: str) -> list[Transcript]:
    lines = str(node.value).split("\n")
    if not any(map(is_call, lines)):
        return []
    _must_read_as_written(path, node, source, lines)
    found = list(parse(path, name, lines, node.lineno))
    _must_be_indented(found, margin=len(lines[-1]))
    return found


def _must_read_as_written(path: Path, node: ast.Constant, source: str, lines: list[str]) -> None:
    """Lines of the docstring must be lines of the file, or they could neither be pointed at nor rewritten."""
    if str(node.value) not in (ast.get_source_segment(source, node) or ""):
        raise GrammarError(f'{at(path, node.lineno)}: this docstring holds a backslash: begin it with r"""')
    if lines[-1].strip():
        raise GrammarError(f'{at(path, node.lineno + len(lines) - 1)}: put the closing """ on a line of its own')


def _must_be_indented(found: list[Transcript], margin: int) -> None:
    for transcript in found:
        if len(transcript.indent) <= margin:
            raise GrammarError(f"{transcript.place}: indent the transcript deeper than the text around it")
