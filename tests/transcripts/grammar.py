"""A transcript: an ``http`` command and everything that the terminal then shows.

* The command begins with ``$ http``. After a backslash it continues in the next line, as in a shell.
* The response is every line that follows, up to the next ``$``, a line that is indented less than the ``$``, or the
  end of the text. Blank lines at its end are not part of it.

Sybil's lexer finds what lies between two patterns. We read the lines: Sybil removes all common indentation, and a
response may have some of its own.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sybil import Document, Region
from sybil.parsers.abstract.lexers import BlockLexer

PROMPT = "$ "

LEXER = BlockLexer(
    re.compile(r"^(?P<prefix> *)\$ http(?: (?:[^\n]*\\\n)*[^\n]*)?(?:\n|\Z)", re.MULTILINE),
    r"(?m:^(?={prefix}\$ )|^(?!{prefix}| *$))|\Z",
)


class GrammarError(Exception):
    """The text cannot be read as a transcript or a page; the message names file, line and remedy."""


@dataclass(frozen=True)
class Transcript:
    """A command, the documented response, and where the file holds them."""

    place: str  # file and line
    start: int  # the position in the text of the file
    end: int
    indent: str
    typed: str  # the command as the file has it, with its prompt
    response: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command in one line."""
        return self.typed.replace("\\\n", "").strip().removeprefix(PROMPT)

    def text(self, response: list[str]) -> str:
        """Write the transcript as the file would hold it with another response."""
        return "\n".join([self.typed, *(self.indent + line if line else "" for line in response)])


def at(document: Document, position: int) -> str:
    """Write file and line as editors and terminals link them, from the current directory."""
    path = Path(document.path)
    near = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{near}:{document.text.count(chr(10), 0, position) + 1}"


def read(document: Document, region: Region) -> Transcript:
    """Read the transcript that the lexer found in a region."""
    found = re.sub(r"(\n *)+\Z", "", document.text[region.start : region.end])
    typed = "".join(re.findall(r"\A(?:.*\\\n)*.*", found))
    indent = typed[: -len(typed.lstrip())]
    lines = [line.removeprefix(indent) for line in found[len(typed) + 1 :].split("\n")]
    start, end = region.start, region.start + len(found)
    return Transcript(at(document, start), start, end, indent, typed, tuple(without_blank_end(lines)))


def transcripts_in(text: str) -> list[Transcript]:
    """Find the transcripts of a plain text."""
    document = Document(text, "text")
    return [read(document, region) for region in LEXER(document)]


def without_blank_end(lines: list[str]) -> list[str]:
    """Remove the blank lines at the end, and the blanks in other blank lines."""
    kept = [line if line.strip() else "" for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept
