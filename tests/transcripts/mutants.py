"""Falsify a file that holds transcripts, one detail at a time: each mutant must be refused by the checker."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .check import Ask, canonical, problem
from .grammar import GrammarError, Transcript
from .replay import transcripts

#: Values that have not the shape of what they stand for, yet are near to it.
WRONG_SHAPES = {
    "Date": ("Sat, 09 Aug 2014 00:26:41", "Mon, 09 Aug 2014 00:26:41 GMT", "2014-08-09", ""),
    "Server": ("Werkzeug", "Python/3.13.0 Werkzeug/3.1.3", "Werkzeug/3.1.3 Python/3.13.0 x", "Werkzeug/ Python/", ""),
    "Allow": ("", "GET, BREW"),
}


@dataclass(frozen=True)
class Mutant:
    """The lines of one transcript with one change, and the name of that change."""

    change: str
    lines: list[str]  # from the call's first line on


def survivors(transcript: Transcript, ask: Ask) -> tuple[int, list[str]]:
    """Count the mutants of a transcript, and name those that the checker takes for the truth."""
    tried = list(mutants(transcript))
    remember = cache(ask)
    return len(tried), [mutant.change for mutant in tried if not _is_refused(transcript, mutant, remember)]


def _is_refused(transcript: Transcript, mutant: Mutant, ask: Ask) -> bool:
    """Read the mutant from a whole file, as any transcript is read: the parser must not be lenient either."""
    lines = transcript.path.read_text().split("\n")
    lines[transcript.line - 1 : transcript.end - 1] = [transcript.indent + line for line in mutant.lines]
    try:
        found = transcripts(transcript.path, "\n".join(lines))
    except GrammarError:
        return True
    same = [one for one in found if one.line == transcript.line]
    return not same or problem(same[0], ask) is not None


def mutants(transcript: Transcript) -> Iterator[Mutant]:
    """Yield every mutant of a transcript: of its call, of each line of its heads and of its bodies."""
    call, answer = ["$ " + transcript.command], list(transcript.answer)
    yield from (Mutant(what, ["$ " + command, *answer]) for what, command in _calls(transcript))
    yield from (Mutant(what, call + lines) for what, lines in _answers(answer))


def _calls(transcript: Transcript) -> Iterator[tuple[str, str]]:
    command = transcript.command
    yield "another program", command.replace("http", "htt", 1)
    yield "another port", command.replace(":5000", ":5001", 1)
    yield "another scheme", command.replace("http://", "https://", 1)
    yield "an option that does not exist", command + " --no-such-option"
    yield "an item that is none", command + " Origin"
    yield "an open quotation mark", command + " '"
    yield "only the body is asked for", command + " --body"
    yield from (("a header without value", command.replace(*item)) for item in _header_items(command))
    if "Access-Control-Allow-Origin: http" in "\n".join(transcript.answer):
        yield "another origin", re.sub(r" Origin:\S+|$", " Origin:https://mutant.example", command, count=1)
    yield "another method", _with_method(command, "GET" if " HEAD " in command else "HEAD")
    if "Access-Control-Request-Method:" not in command and "404" not in transcript.answer[0]:
        # A preflight to nowhere may well be answered as before: the page shall see the 404 that follows.
        yield "another path", command.replace(":5000/", ":5000/nowhere/", 1)


def _header_items(command: str) -> list[tuple[str, str]]:
    return [(item[0], item[1]) for item in re.finditer(r"(?<= )([A-Z][A-Za-z-]+):[^=\s]\S*", command)]


def _with_method(command: str, method: str) -> str:
    words = command.split()
    at = next(number for number, word in enumerate(words) if ":5000" in word)
    named = words[at - 1].isalpha() and words[at - 1] != "http"
    return " ".join([*words[: at - named], method, *words[at:]])


def _answers(answer: list[str]) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(answer):
        for what, replacement in _lines(line, is_head=_is_head(answer, number)):
            yield f"{what}: {line!r}", [*answer[:number], *replacement, *answer[number + 1 :]]
    yield "a line too many", [*answer, "more"]
    yield "no answer at all", []


def _is_head(answer: list[str], number: int) -> bool:
    """A line belongs to a head if the checker would take a date for a date in its place."""
    date = "Date: Sat, 09 Aug 2014 00:26:41 GMT"
    return number == 0 or canonical([*answer[:number], date])[-1] != date


def _lines(line: str, is_head: bool) -> Iterator[tuple[str, list[str]]]:
    yield "line removed", []
    yield "line doubled", [line, line]
    if not line:
        yield "blank line filled", ["more"]
    elif not is_head:
        yield from (("body character", [changed]) for changed in _near_misses(line))
    elif ": " in line or line.endswith(":"):
        yield from _headers(*line.split(": ", 1))
    else:
        yield from (("status or request line", [changed]) for changed in _near_misses(line))


def _headers(name: str, value: str) -> Iterator[tuple[str, list[str]]]:
    yield "header added", [f"{name}: {value}", "X-More: 1"]
    yield "header name", [f"{name}x: {value}"]
    yield "header name in small letters", [f"{name.lower()}: {value}"]
    if name in WRONG_SHAPES:
        yield from (("header value", [f"{name}: {wrong}"]) for wrong in WRONG_SHAPES[name])
    else:
        yield from (("header value", [f"{name}: {changed}"]) for changed in _near_misses(value))


def _near_misses(text: str) -> Iterator[str]:
    """Yield the text without its last character, with one more, with blanks, and with another in the middle."""
    yield text[:-1]
    yield text + "x"
    yield text + " "
    yield " " + text
    at = len(text) // 2
    yield text[:at] + ("y" if text[at : at + 1] == "x" else "x") + text[at + 1 :]
