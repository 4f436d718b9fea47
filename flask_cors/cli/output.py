"""Output: text for people, in colour on a terminal, and JSON for programs. :data:`VERSION` counts its shapes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import click

from .. import browser as fetch
from ..testing import transcript
from .case import Cause, Note
from .explain import Explanation
from .question import plain
from .site import Place
from .source import shown_name
from .writing import Fix

#: Of the JSON that the commands print; it changes if a field goes, or changes its meaning.
VERSION = 1
_TITLES = {
    "#cors-check": "CORS check",
    "#cors-preflight-fetch-0": "CORS-preflight fetch",
    "#concept-header": "headers",
    "#dom-request": "new Request()",
    "#http-network-fetch": "HTTP-network fetch",
    "#http-redirect-fetch": "HTTP-redirect fetch",
    "#main-fetch": "main fetch",
}
_STANDARD = "https://fetch.spec.whatwg.org/"


def print_json(kind: str, data: object, **more: object) -> None:
    """Print JSON, with the version of its shape."""
    click.echo(json.dumps({"version": VERSION, kind: data, **more}, indent=2))


# -- explain -----------------------------------------------------------------------------------------------


def print_explanation(explanation: Explanation, *, verbose: bool) -> None:
    """Print the verdict, the cause, the fix; with *verbose*, the conversation before them."""
    if verbose and explanation.outcome:
        click.echo(plain(transcript(explanation.outcome)) + "\n")
    click.echo(_verdict(explanation))
    if explanation.cause is not None:
        _print_cause(explanation.cause)
    for title, text in (("Reads", _readable(explanation)), ("Why", _step(explanation))):
        if text:
            _print_row(title, text)
    for note in explanation.notes:
        _print_row("Note", note.text)
        _print_fix(note.fix)


def _verdict(explanation: Explanation) -> str:
    question = explanation.question
    sign, word, color = ("✓", "ALLOWED", "green") if explanation.allowed else ("✗", "BLOCKED", "red")
    word = click.style(f"{_sign(sign)} {word}", fg=color, bold=True)
    page = f"  from {question.origin}" if question.origin else ""
    return f"{word}  {plain(f'{question.method} {question.url}{page}')}"


def _sign(sign: str) -> str:
    """Return a sign, or a letter where the terminal has no such sign."""
    try:
        sign.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeError:
        return "x" if sign == "✗" else "+"
    return sign


def _print_cause(cause: Cause) -> None:
    _print_row("Cause", cause.text)
    place = cause.cover.layer.place if cause.cover else None
    if cause.cover:
        _print_row("Policy", f"{cause.cover.source}  {place or ''}")
    elif cause.place:
        _print_row("Place", str(cause.place))
    _print_fix(cause.fix)


def _step(explanation: Explanation) -> str:
    if explanation.cause:
        return cite(explanation.cause.step or "")
    return cite(explanation.outcome.step) if explanation.outcome else ""


def cite(step: str) -> str:
    """Cite a step of the standard.

    >>> cite("#cors-check step 4")
    'Fetch standard, CORS check, step 4: https://fetch.spec.whatwg.org/#cors-check'
    """
    anchor, _, number = step.partition(" ")
    if anchor not in _TITLES:
        return ""
    return f"Fetch standard, {_TITLES[anchor]}, {number}: {_STANDARD}{anchor}"


def _readable(explanation: Explanation) -> str:
    response = explanation.outcome.response if explanation.outcome else None
    if response is None or explanation.cause is not None:
        return ""
    names = ", ".join(dict.fromkeys(name for name, _ in response.headers)) or "none"
    return f"The page can read the status, {response.status}, the body, and of the headers: {names}."


def _print_row(title: str, text: str) -> None:
    lines = plain(text).split("\n")
    click.echo(f"  {click.style(title.ljust(7), bold=True)}  {lines[0]}")
    for line in lines[1:]:
        click.echo(f"           {line}".rstrip())


def _print_fix(fix: Fix) -> None:
    for title, line in zip(["Fix", *[""] * 10_000], fix_lines(fix), strict=False):
        color = {"+": "green", "-": "red"}.get(line[:2].strip()) if line[:2] in ("+ ", "- ") else None
        click.echo(f"  {click.style(title.ljust(7), bold=True)}  {click.style(plain(line), fg=color)}".rstrip())


def fix_lines(fix: Fix) -> Iterator[str]:
    """Yield what to do, line by line."""
    if fix.text:
        yield fix.text
    for name, (before, after) in fix.files.items():
        yield from hunk_lines(name, before, after)
    for variable, value in fix.environment.items():
        yield f"In the environment, set {variable}={value}"
    yield from fix.headers
    if fix.headers and fix.code:
        yield "If it is a Flask app:"
    yield from fix.code.split("\n") if fix.code else ()


def hunk_lines(name: str, before: str, after: str) -> Iterator[str]:
    """Yield the changed lines of a file, each run of them below its place."""
    from difflib import SequenceMatcher

    old, new = before.split("\n"), after.split("\n")
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield f"{shown_name(name)}:{min(start + 1, len(old))}"
            yield from _signed("-", old[start:end])
            yield from _signed("+", new[new_start:new_end])


def _signed(sign: str, lines: list[str]) -> list[str]:
    return [f"{sign} {line}" for line in dedent("\n".join(lines)).split("\n")] if lines else []


def explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    """Return all that ``flask cors explain`` has found."""
    question, outcome, cause = explanation.question, explanation.outcome, explanation.cause
    call = {name: getattr(question, name) for name in ("method", "url", "origin", "headers", "credentials")}
    return {
        "allowed": explanation.allowed,
        "live": explanation.was_live,
        "call": call,
        "cause": cause and _cause_as_json(cause),
        "step": cause.step if cause else outcome.step if outcome else None,
        "standard": _step(explanation) or None,
        "reason": outcome and outcome.reason,
        "notes": [_note_as_json(note) for note in explanation.notes],
        "exchanges": [_exchange_as_json(exchange) for exchange in outcome.exchanges] if outcome else [],
        "response": outcome and outcome.response and _response_as_json(outcome.response),
    }


def _cause_as_json(cause: Cause) -> dict[str, Any]:
    place = cause.cover.layer.place if cause.cover else cause.place
    policy = cause.cover and {"source": cause.cover.source, **place_as_json(cause.cover.layer.place)}
    return {"id": cause.id, "text": cause.text, "policy": policy, **place_as_json(place), "fix": fix_as_json(cause.fix)}


def _note_as_json(note: Note) -> dict[str, Any]:
    return {"id": note.id, "text": note.text, "fix": fix_as_json(note.fix)}


def place_as_json(place: Place | None) -> dict[str, Any]:
    """Return a file and a line, or nulls."""
    return {"file": place.file if place else None, "line": place.line if place else None}


def fix_as_json(fix: Fix) -> dict[str, Any] | None:
    """Return a fix; ``diff`` is what ``patch -p0`` takes."""
    return {name: getattr(fix, name) for name in ("text", "diff", "environment", "headers", "code")} if fix else None


def _exchange_as_json(exchange: fetch.Exchange) -> dict[str, Any]:
    request = {name: getattr(exchange.request, name) for name in ("method", "url", "headers", "credentials")}
    return {"kind": exchange.kind, "request": request, "response": _response_as_json(exchange.response)}


def _response_as_json(response: fetch.Response) -> dict[str, Any]:
    return {"status": response.status, "headers": response.headers}
