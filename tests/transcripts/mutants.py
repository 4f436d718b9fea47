"""Change one detail of a transcript at a time: the comparison must refuse each of these mutants.

A mutant of the response is read and compared without another call. Only a mutant of the command makes one.
"""

import re
from collections.abc import Iterator

from .check import Ask, CallError, canonical
from .grammar import PROMPT, Transcript, transcripts_in

#: Values that are nearly valid.
INVALID = {
    "Date": ("Sat, 09 Aug 2014 00:26:41", "Mon, 09 Aug 2014 00:26:41 GMT", "2014-08-09", ""),
    "Server": ("Werkzeug", "Python/3.13.0 Werkzeug/3.1.3", "Werkzeug/3.1.3 Python/3.13.0 x", "Werkzeug/ Python/", ""),
    "Allow": ("", "GET, BREW"),
}


def survivors(transcript: Transcript, ask: Ask) -> tuple[int, list[str]]:
    """Count the mutants of a transcript, and name those that are taken for the real response."""
    real = canonical(ask(transcript.command))
    responses = list(_responses(list(transcript.response)))
    commands = list(_commands(transcript))
    survived = [change for change, lines in responses if _read(transcript, lines) == real]
    survived += [change for change, command in commands if _send(command, ask) == canonical(transcript.response)]
    return len(responses) + len(commands), survived


def _read(transcript: Transcript, response: list[str]) -> list[str] | None:
    """Read the mutant from a text, as any transcript is read: the grammar must not be lenient either."""
    found = transcripts_in("\n".join([transcript.typed, *(transcript.indent + line for line in response), ""]))
    return canonical(found[0].response) if len(found) == 1 else None


def _send(command: str, ask: Ask) -> list[str] | None:
    try:
        return canonical(ask(command))
    except CallError:
        return None


def _commands(transcript: Transcript) -> Iterator[tuple[str, str]]:
    command = transcript.command
    method = "GET" if " HEAD " in command else "HEAD"
    yield "another method", re.sub(r"^(.*?)([A-Z]+ )?(?=\S*:5000)", rf"\1{method} ", command, count=1)
    if "Access-Control-Allow-Origin: http" in "\n".join(transcript.response):
        yield "another origin", re.sub(r" Origin:\S+|$", " Origin:https://mutant.example", command, count=1)
    if "Access-Control-Request-Method:" not in command and "404" not in transcript.response[0]:
        # A preflight for another path may have the same response: the browser sees the 404 that follows.
        yield "another path", command.replace(":5000/", ":5000/nowhere/", 1)


def _responses(response: list[str]) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(response):
        for change, replacement in _lines(line, is_head=_is_head(response, number)):
            yield f"{change}: {line!r}", [*response[:number], *replacement, *response[number + 1 :]]
    yield "a line more", [*response, "more"]
    yield "no response", []


def _is_head(response: list[str], number: int) -> bool:
    """A line belongs to a head if the comparison accepts another date in its place."""
    date = "Date: Sat, 09 Aug 2014 00:26:41 GMT"
    return number == 0 or canonical([*response[:number], date])[-1] != date


def _lines(line: str, is_head: bool) -> Iterator[tuple[str, list[str]]]:
    yield "line removed", []
    yield "line doubled", [line, line]
    yield "a command before the line", [PROMPT + "http :5000/", line]
    name, colon, value = line.partition(": ")
    if not line:
        yield "blank line filled", ["more"]
    elif is_head and colon:
        yield "header added", [line, "X-More: 1"]
        yield "header name", [f"{name}x: {value}"]
        yield "header name in small letters", [f"{name.lower()}: {value}"]
        yield from (("header value", [f"{name}: {wrong}"]) for wrong in INVALID.get(name) or _near_misses(value))
    else:
        yield from (("line", [wrong]) for wrong in _near_misses(line))


def _near_misses(text: str) -> Iterator[str]:
    """Yield the text without its last character, with one more, with blanks, and with another one in the middle."""
    yield text[:-1]
    yield text + "x"
    yield text + " "
    yield " " + text
    at = len(text) // 2
    yield text[:at] + ("y" if text[at : at + 1] == "x" else "x") + text[at + 1 :]
