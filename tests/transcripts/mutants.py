"""Change one detail of a transcript at a time: the comparison must refuse each of these mutants.

A mutant of the response is read and compared without another call. Only a mutant of the command makes one.
"""

import re
from collections.abc import Iterator

from .check import Call, canonical
from .grammar import Transcript, transcripts_in

#: Values that are nearly valid.
INVALID = {
    "Date": ("Sat, 09 Aug 2014 00:26:41", "Mon, 09 Aug 2014 00:26:41 GMT", "2014-08-09", ""),
    "Server": ("Werkzeug", "Python/3.13.0 Werkzeug/3.1.3", "Werkzeug/3.1.3 Python/3.13.0 x", "Werkzeug/ Python/", ""),
    "Allow": ("", "GET, BREW"),
}


def survivors(transcript: Transcript, call: Call) -> tuple[int, list[str]]:
    """Count the mutants of a transcript, and show those that are taken for the real response."""
    real = canonical(call(transcript.command))
    texts = [transcript.typed, *(transcript.text(response) for response in _responses(list(transcript.response)))]
    commands = list(_commands(transcript))
    survived = [text for text in texts if [canonical(one.response) for one in transcripts_in(text)] == [real]]
    survived += [command for command in commands if canonical(call(command)) == canonical(transcript.response)]
    return len(texts) + len(commands), survived


def _commands(transcript: Transcript) -> Iterator[str]:
    command = transcript.command
    method = "GET" if " HEAD " in command else "HEAD"
    yield re.sub(r"^(.*?)([A-Z]+ )?(?=\S*:5000)", rf"\1{method} ", command, count=1)
    if "Access-Control-Allow-Origin: http" in "\n".join(transcript.response):
        yield re.sub(r" Origin:\S+|$", " Origin:https://mutant.example", command, count=1)
    if "Access-Control-Request-Method:" not in command and "404" not in transcript.response[0]:
        # A preflight for another path may have the same response: the browser sees the 404 that follows.
        yield command.replace(":5000/", ":5000/nowhere/", 1)


def _responses(response: list[str]) -> Iterator[list[str]]:
    for number, line in enumerate(response):
        near_misses = ([changed] for changed in _near_misses(line))
        for replacement in ([], [line, line], [line, "X-More: 1"], ["$ http :5000/", line], *near_misses):
            yield [*response[:number], *replacement, *response[number + 1 :]]


def _near_misses(line: str) -> Iterator[str]:
    """Yield a line with a letter less, more or changed, in a header's name and in its value, and with blanks."""
    name, colon, value = line.partition(": ")
    if name in INVALID:
        yield from (f"{name}: {wrong}" for wrong in INVALID[name])
    elif line:
        at = len(name + colon) + len(value) // 2
        yield from (line[:-1], f"{line}x", f"{line} ")
        yield line[: at - 1] + ("y" if line[at - 1] == "x" else "x") + line[at:]
    if name.lower() != name:
        yield f"{name.lower()}{colon}{value}"
    yield from (f" {line}x", f"{name}x{colon}{value}")
