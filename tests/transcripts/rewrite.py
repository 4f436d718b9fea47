"""Write what the applications answer into the files that promise it."""

import difflib
from pathlib import Path

from .check import Ask, CallError, canonical
from .grammar import GrammarError, Transcript
from .replay import replay_for_real, transcripts

Answers = list[tuple[Transcript, list[str]]]


def rewritten(path: Path) -> str:
    """Return the text of a file with every transcript as a real run shows it."""
    answers = [(transcript, _answer(transcript, ask)) for transcript, ask in replay_for_real(path)]
    text = updated(path.read_text(), answers)
    _must_read_back(path, text, answers)
    return text


def _answer(transcript: Transcript, ask: Ask) -> list[str]:
    try:
        return ask(transcript.command)
    except CallError as error:
        raise CallError(f"{transcript.place}: {error}") from error


def updated(text: str, answers: Answers) -> str:
    """Put answers in the place of the documented ones."""
    lines = text.split("\n")
    for transcript, answer in reversed(answers):
        kept = merged(list(transcript.answer), answer)
        lines[transcript.answer_line - 1 : transcript.end - 1] = [
            transcript.indent + line if line else "" for line in kept
        ]
    return "\n".join(lines)


def merged(old: list[str], new: list[str]) -> list[str]:
    """Prefer the old line where it says the same, so that a second run finds nothing to change."""
    result = list(new)
    matcher = difflib.SequenceMatcher(None, canonical(old), canonical(new), autojunk=False)
    for block in matcher.get_matching_blocks():
        result[block.b : block.b + block.size] = old[block.a : block.a + block.size]
    return result


def _must_read_back(path: Path, text: str, answers: Answers) -> None:
    """An answer may hold what ends a transcript, or a docstring: then the file is left as it is."""
    found = transcripts(path, text)
    for number, (transcript, answer) in enumerate(answers):
        if number >= len(found) or canonical(found[number].answer) != canonical(answer):
            raise GrammarError(f"{transcript.place}: this answer cannot stand in a transcript: {answer}")


def difference(path: Path, old: str, new: str) -> str:
    """Return what a rewriting changes, as a unified diff; nothing where nothing changes."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, str(path), f"{path} (as answered)"))
