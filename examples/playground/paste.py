"""Read what a visitor pastes: a line with ``CORS(...)``, the message of a console, or a copied request. Nothing is run.

>>> read_policy('CORS(app, origins="https://app.example", max_age=600)').options
{'origins': 'https://app.example', 'max_age': 600}
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_cors.cli.case import complete
from flask_cors.cli.console import CAUSES
from flask_cors.cli.question import Mistake as NotReadable
from flask_cors.cli.question import Question, read_question
from flask_cors.cli.source import last_name

from .addresses import Addresses
from .draft import Mistake

LONGEST_TEXT = 8_000
_CALL = re.compile(r"\b(?:CORS|cross_origin|init_app)\s*\(")
_NAMES = {"CORS", "cross_origin", "init_app"}
_LARGEST = 2**53  # beyond it, JavaScript rounds
_TOO_DEEP = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)

#: What makes the shop respond as in a message: options, and what stands in front.
_LIKE_MESSAGE: dict[str, tuple[dict[str, Any] | None, str]] = {
    "missing-allow-origin": (None, ""),
    "origin-mismatch": ({"origins": "https://other.example"}, ""),
    "origin-not-allowed": ({"origins": "https://other.example"}, ""),
    "multiple-values": ({"origins": "{page}"}, "proxy"),
    "wildcard-with-credentials": ({"origins": "*"}, ""),
    "credentials-not-true": ({"origins": "{page}"}, ""),
    "preflight-status": ({"origins": "{page}", "automatic_options": False}, "login"),
    "method-not-allowed": ({"origins": "{page}", "methods": "GET"}, ""),
    "header-not-allowed": ({"origins": "{page}"}, ""),
}


@dataclass(frozen=True)
class Pasted:
    """What fills the fields; what is missing leaves them as they are."""

    options: dict[str, Any] | None
    notes: tuple[str, ...] = ()


def read_paste(text: str, addresses: Addresses) -> dict[str, Any]:
    """Read a pasted text.

    :raises Mistake: if it is nothing of the kind.
    """
    if len(text) > LONGEST_TEXT:
        raise Mistake(f"The text is longer than {LONGEST_TEXT} characters.")
    if _CALL.search(text):
        pasted = read_policy(text)
        return {"options": pasted.options, "notes": [*pasted.notes, *_about_page(pasted.options)]}
    return _read_call(text, addresses)


# -- A line of Python ---------------------------------------------------------------------------------------


def read_policy(text: str) -> Pasted:
    """Read the options of the first ``CORS(...)`` or ``@cross_origin(...)`` in a text.

    :raises Mistake: if Python cannot read it.
    """
    call = _find_call(text)
    notes = [_OF_DECORATOR] if last_name(call.func) == "cross_origin" else []
    options: dict[str, Any] = {}
    for keyword in call.keywords:
        name = keyword.arg or "**"
        try:
            options[name] = _as_json(ast.literal_eval(keyword.value))
        except _TOO_DEEP:
            notes.append(_left_out(name, options))
    return Pasted(options, tuple(notes))


_OF_DECORATOR = "@cross_origin is for one view; here it is read as CORS(app, ...), for all views."


def _left_out(name: str, options: dict[str, Any]) -> str:
    """Say what is left out; without ``origins``, a policy would allow every origin."""
    reason = "is not a plain value (text, a number, True, False, a list, a dict), and nothing is run here"
    if name not in ("origins", "**"):
        return f"{name} {reason}: it is left out."
    options.setdefault("origins", "{page}")
    return f"{name} {reason}: origins={{page}} stands in its place."


def _find_call(text: str) -> ast.Call:
    try:
        tree = _parse(re.sub(r"^\s*@?", "", text).strip())
    except _TOO_DEEP:
        tree = _parse_from_call(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node.func) in _NAMES]
    if not calls:
        raise Mistake(
            'There is no call of CORS in this text. Paste a line as CORS(app, origins="https://app.example").'
        )
    return calls[0]


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings(action="ignore"):  # of an escape such as "\d", which Python takes as it is written
        return ast.parse(text)


def _parse_from_call(text: str) -> ast.Module:
    """Parse the call alone, where the lines around it are only a part of a program."""
    found = _CALL.search(text)
    try:
        return _parse(_balanced(text[found.start() :] if found else ""))
    except _TOO_DEEP as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
        raise Mistake(f"Python cannot read this line: {reason}.") from None


def _balanced(text: str) -> str:
    """Return a text up to the bracket that closes its first one; quotes are not looked at."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == ")" and depth == 0:
            return text[: position + 1]
    return text


def _as_json(value: Any) -> Any:
    """Return a value as JSON has it.

    :raises TypeError: if JSON has nothing of the kind.
    """
    if isinstance(value, tuple | list | set):
        return [_as_json(item) for item in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, dict):
        return {_name(name): _as_json(item) for name, item in value.items()}
    if value is None or isinstance(value, str) or (isinstance(value, int) and abs(value) < _LARGEST):
        return value
    raise TypeError(type(value).__name__)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("a name must be text")
    return name


def _about_page(options: dict[str, Any] | None) -> Iterator[str]:
    if "https://" in json.dumps(options):
        yield "The page is {page} here. Write {page} where the origin of your page stands, and the policy is for it."


# -- A message, or a copied request --------------------------------------------------------------------------


def _read_call(text: str, addresses: Addresses) -> dict[str, Any]:
    try:
        question = complete(read_question(text, {"origin": addresses.page}), None)
    except NotReadable as error:
        raise Mistake(error.format_message()) from None
    fields: dict[str, Any] = {"call": _call_of(question), "notes": [*_notes_of(question)]}
    message = question.message
    if message is not None and message.cause in _LIKE_MESSAGE:
        fields["options"], fields["front"] = _LIKE_MESSAGE[message.cause]
    return fields


def _call_of(question: Question) -> dict[str, Any]:
    """Return the same call, of the page to the shop."""
    changes_one = question.method in ("PUT", "PATCH", "DELETE")
    body = question.body.decode("utf-8", "replace") if question.body else None
    return {
        "from": "127.0.0.1",
        "method": question.method,
        "path": "/orders/1" if changes_one else "/orders",
        "headers": [list(pair) for pair in question.headers],
        "body": None if question.method in ("GET", "HEAD") else body,
        "credentials": "include" if question.credentials else "same-origin",
    }


def _notes_of(question: Question) -> Iterator[str]:
    yield f"The shop stands for {question.url}, and the page here for your page."
    yield from question.assumed
    message = question.message
    if message is not None and message.cause not in _LIKE_MESSAGE:
        yield f"The policy stays as it is: {CAUSES[message.cause]}"
