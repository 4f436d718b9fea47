"""Where a page of the manual keeps its code, and in which order it runs.

* ``.. code-block:: python`` blocks run in order, in one namespace for each page.
* ``.. code-block:: pycon`` blocks are doctests in the same namespace.
* ``.. code-block:: console`` blocks hold transcripts. They are answered by the namespace's ``app``.
* Directly before a block of these that is not run stands ``.. not-run: the reason``.
* A block in a language of ``SHOWN`` is there to be read, and holds no command. Any other language is an error, and
  so is a literal block after a bare ``::``: nobody could tell whether it was ever run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from .grammar import PROMPT, GrammarError, Transcript, at, is_call, parse

RUN = frozenset({"python", "pycon", "console"})
SHOWN = frozenset({"text", "http", "ini", "toml", "javascript", "html", "none"})

_BLOCK = re.compile(r"(?P<indent> *)\.\. code-block::\s*(?P<language>\S*)\s*$")
_NOT_RUN = re.compile(r" *\.\. not-run:(?P<reason>.*)$")
_OTHER_DIRECTIVE = re.compile(r" *\.\. (code|sourcecode|doctest|testcode|testsetup|parsed-literal)::")
_LITERAL = re.compile(r"(?! *\.\. ).*::$")


@dataclass(frozen=True)
class Block:
    """One code block of a page: its language, its lines as they stand there, and why it is not run."""

    path: Path
    line: int  # of the first line of the code, counted from 1
    language: str
    indent: str
    lines: list[str]
    not_run: str | None

    @property
    def runs(self) -> bool:
        """Whether the block is to be executed."""
        return self.language in RUN and self.not_run is None

    @property
    def place(self) -> str:
        """Say where a reader finds the block."""
        return at(self.path, self.line)

    @property
    def source(self) -> str:
        """The code, without its indentation."""
        return "".join(line.removeprefix(self.indent) + "\n" for line in self.lines)

    def transcripts(self) -> list[Transcript]:
        """Parse the calls of a console block; a command that cannot be replayed is an error."""
        for offset, line in enumerate(self.lines):
            if line.strip().startswith(PROMPT) and not is_call(line):
                raise GrammarError(
                    f"{at(self.path, self.line + offset)}: only calls of http are replayed: "
                    f"put {line.strip()!r} into a block of its own, after '.. not-run: the reason'"
                )
        return list(parse(self.path, "transcript", self.lines, self.line))


def blocks(path: Path, text: str) -> list[Block]:
    """Find the code blocks of a page, in order."""
    lines = text.split("\n")
    found = list(_blocks(path, lines))
    _nothing_else_may_hold_code(path, lines, found)
    for block in found:
        _must_be_known(block)
    return found


def in_page(path: Path, text: str) -> list[Transcript]:
    """Find the transcripts that a page replays, in order."""
    return [
        transcript
        for block in blocks(path, text)
        if block.runs and block.language == "console"
        for transcript in block.transcripts()
    ]


def _blocks(path: Path, lines: list[str]) -> Iterator[Block]:
    for number, line in enumerate(lines):
        if match := _BLOCK.match(line):
            start, code = _content(lines, number + 1, len(match["indent"]))
            indent = code[0][: -len(code[0].lstrip())] if code else ""
            yield Block(path, start + 1, match["language"], indent, code, _reason(lines[:number]))


def _content(lines: list[str], start: int, margin: int) -> tuple[int, list[str]]:
    """Return where a directive's content starts, and its lines: deeper than its margin, after its options."""
    while start < len(lines) and lines[start].strip():
        start += 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    deeper = " " * (margin + 1)
    code = list(takewhile(lambda line: not line.strip() or line.startswith(deeper), lines[start:]))
    while code and not code[-1].strip():
        code.pop()
    return start, code


def _reason(before: list[str]) -> str | None:
    """Return what the ``not-run`` comment directly before a block says, which may fill several lines."""
    paragraph: list[str] = []
    for line in reversed(before):
        if not line.strip() and paragraph:
            return None
        if line.strip():
            paragraph.insert(0, line.strip())
        if match := _NOT_RUN.match(line):
            return " ".join([match["reason"].strip(), *paragraph[1:]]).strip()
    return None


def _must_be_known(block: Block) -> None:
    if block.language not in RUN | SHOWN:
        raise GrammarError(f"{block.place}: {block.language!r} is none of {', '.join(sorted(RUN | SHOWN))}")
    if block.language in SHOWN and any(line.strip().startswith(PROMPT) for line in block.lines):
        raise GrammarError(f"{block.place}: a command goes into a console block, after '.. not-run: the reason'")
    if block.not_run == "":
        raise GrammarError(f"{block.place}: say why the block is not run: '.. not-run: the reason'")
    if not block.lines:
        raise GrammarError(f"{block.place}: the code block is empty")
    if block.runs and block.language == "console" and not block.transcripts():
        raise GrammarError(f"{block.place}: no call of http: write '.. not-run: the reason' before the block")


def _nothing_else_may_hold_code(path: Path, lines: list[str], found: list[Block]) -> None:
    within = {block.line + offset - 1 for block in found for offset in range(len(block.lines))}
    for number, line in enumerate(lines):
        if number not in within and (_OTHER_DIRECTIVE.match(line) or _LITERAL.match(line)):
            raise GrammarError(
                f"{at(path, number + 1)}: code goes into '.. code-block:: language', not after {line.strip()!r}"
            )
