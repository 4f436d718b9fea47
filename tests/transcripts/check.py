"""The comparison of a documented response with the real one, and the report of a difference.

Every character is compared, except in three headers:

* ``Date`` must be a valid HTTP date, and ``Server`` must read ``Werkzeug/x Python/y``;
* ``Allow`` must name the same methods, in any order: Werkzeug lists a set.
"""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher, unified_diff

from werkzeug.http import http_date, parse_date

from .grammar import Transcript

#: Makes the call of a command, and returns the lines that a terminal shows.
Call = Callable[[str], list[str]]

_FIRST_LINE = re.compile(r"HTTP/\d\.\d \d{3} |[A-Z]+ \S+ HTTP/\d\.\d$")
_SERVER = re.compile(r"Werkzeug/\d[\w.]* Python/\d[\w.+]*")


class CallError(Exception):
    """HTTPie cannot make the call of a command; the message says why."""


def problem(transcript: Transcript, call: Call) -> str | None:
    """Replay a transcript; return the report of a difference, or ``None`` if there is none."""
    try:
        response = call(transcript.command)
    except CallError as error:
        return f"this call cannot be made: {error}\n\n$ {transcript.command}"
    if canonical(response) == canonical(transcript.response):
        return None
    lines = merged(transcript.response, response)
    diff = unified_diff(transcript.response, lines, "documented", "real", n=len(lines), lineterm="")
    head, end = f"the response is not the documented one\n\n$ {transcript.command}\n", "writes it into the file."
    return "\n".join([head, *diff, f"\nIf the real response is right, `make transcripts` {end}"])


def merged(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the new lines, with the old line in place of each that is equal to the comparison."""
    result = list(new)
    for block in SequenceMatcher(None, canonical(old), canonical(new), autojunk=False).get_matching_blocks():
        result[block.b : block.b + block.size] = old[block.a : block.a + block.size]
    return result


def canonical(lines: Sequence[str]) -> list[str]:
    """Replace each header value that may differ, where it is valid, by a mark."""
    result, in_head = [], False
    for line in lines:
        in_head = bool(line) and (in_head or bool(_FIRST_LINE.match(line)))
        result.append(_canonical_header(line) if in_head else line)
    return result


def _canonical_header(line: str) -> str:
    # No line of a file holds a NUL: a transcript cannot forge a mark.
    name, _, value = line.partition(": ")
    if name == "Date" and (date := parse_date(value)) and http_date(date) == value:
        return "Date\0"
    if name == "Server" and _SERVER.fullmatch(value):
        return "Server\0"
    if name == "Allow":
        return "Allow\0" + ", ".join(sorted(value.split(", ")))
    return line
