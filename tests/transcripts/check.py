"""The one evaluator: whether the answer is the documented one, and what a reader is told if it is not.

Everything is compared to the letter, three headers aside:

* ``Date`` must be a valid HTTP date, and ``Server`` must read ``Werkzeug/x Python/y``;
* ``Allow`` must name the same methods, in any order, for Werkzeug lists a set.
"""

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import zip_longest

import pytest
from werkzeug.http import http_date, parse_date

from .grammar import Transcript

#: Makes the call of a command line, and returns the lines that a terminal shows.
Ask = Callable[[str], list[str]]

_MESSAGE = re.compile(r"HTTP/\d\.\d \d{3} |[A-Z]+ \S+ HTTP/\d\.\d$")
_SERVER = re.compile(r"Werkzeug/\d[\w.]* Python/\d[\w.+]*")


class CallError(Exception):
    """The documented command is none that ``http`` can make here; the message says why."""


def problem(transcript: Transcript, ask: Ask) -> str | None:
    """Replay a transcript; return what to tell the reader, or ``None`` if all is as documented."""
    try:
        answer = ask(transcript.command)
    except CallError as error:
        return f"{transcript.place}\n\n$ {transcript.command}\n\nThis call cannot be made: {error}"
    if canonical(answer) == canonical(transcript.answer):
        return None
    return _report(transcript, answer)


def must_agree(transcript: Transcript, ask: Ask) -> None:
    """Fail the test, with nothing but the report, if the answer is not the documented one."""
    if report := problem(transcript, ask):
        pytest.fail(report, pytrace=False)


def canonical(lines: list[str] | tuple[str, ...]) -> list[str]:
    """Replace the values that change from run to run, where they have the right shape, by that shape."""
    result: list[str] = []
    in_head = False
    for line in lines:
        in_head = bool(line) and (in_head or bool(_MESSAGE.match(line)))
        result.append(_shape(line) if in_head else line)
    return result


def _shape(line: str) -> str:
    # No line of a file holds a NUL: a shape cannot be forged by writing it into a transcript.
    name, _, value = line.partition(": ")
    if name == "Date" and _is_http_date(value):
        return "Date\0"
    if name == "Server" and _SERVER.fullmatch(value):
        return "Server\0"
    if name == "Allow":
        return "Allow\0" + ", ".join(sorted(value.split(", ")))
    return line


def _is_http_date(value: str) -> bool:
    date = parse_date(value)
    return date is not None and http_date(date) == value


def _report(transcript: Transcript, answer: list[str]) -> str:
    return "\n".join(
        [
            f"{transcript.place}: the answer is not the documented one",
            "",
            f"$ {transcript.command}",
            "",
            *side_by_side(list(transcript.answer), answer),
            "",
            "Lines marked with ! differ. If the answer is right, `make transcripts` writes it into the file.",
        ]
    )


def side_by_side(documented: list[str], answered: list[str]) -> list[str]:
    """Set two texts beside each other, equal lines level and unequal ones marked."""
    rows = [(" ", "documented", "answered"), *_rows(documented, answered)]
    width = max(len(left) for _, left, _ in rows)
    return [f"{mark} {left:<{width}} | {right}".rstrip() for mark, left, right in rows]


def _rows(documented: list[str], answered: list[str]) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    matcher = SequenceMatcher(None, canonical(documented), canonical(answered), autojunk=False)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        pairs = zip_longest(documented[left:left_end], answered[right:right_end], fillvalue="")
        rows += [(" " if tag == "equal" else "!", one, other) for one, other in pairs]
    return rows
