"""Reading a question: a console message, a copied request, or a URL with options. Nothing is executed.

>>> question = read_question("https://api.example/users", {"origin": "https://app.example", "method": "PUT"})
>>> question.method, question.url
('PUT', 'https://api.example/users')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import click

from .. import browser as fetch
from .console import ConsoleMessage, parse_console
from .copied import MAX_LENGTH, parse_copied
from .outside import BEFORE_CORS

_URL_OR_PATH = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?/\S*|[\w.-]+(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_SCHEMELESS = re.compile(r"(?!https?:)(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:[/?#]\S*)?|[\w-]+:\d+(?:[/?#]\S*)?")
_WEAK = {"unexplained", "network-error", "unknown"}
# A name alone, as consoles print it, stands for a value that needs a preflight.
_VALUES = {"content-type": "application/json", "authorization": "Bearer x", "accept": '"'}


class Mistake(click.ClickException):
    """What the user has to put right before there is anything to show: a message, and no traceback."""

    exit_code = 2

    def format_message(self) -> str:
        """Return it for a terminal."""
        return plain(self.message)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call of a page, and the console message about it, if there is one."""

    url: str
    origin: str
    #: Empty where it is unknown.
    method: str = ""
    headers: fetch.Headers = ()
    credentials: bool = False
    body: bytes | None = None
    #: Whether only a path was given, so that the host is made up.
    is_path: bool = False
    message: ConsoleMessage | None = None
    #: What was assumed, because it is unknown.
    assumed: tuple[str, ...] = ()

    @property
    def is_schemeless(self) -> bool:
        """Whether the URL lacks its ``http://``."""
        return _SCHEMELESS.fullmatch(self.url) is not None

    @property
    def spelling(self) -> dict[str, str]:
        """Header names by their lower-case form, as the page spells them."""
        return {name.lower(): name if name != name.lower() else name.title() for name, _ in self.headers}


class Given(TypedDict, total=False):
    """What the options of the command add to a question."""

    origin: str | None
    method: str | None
    headers: fetch.Headers
    body: bytes | None
    credentials: bool


def read_question(text: str, given: Given) -> Question:
    """Read a question; *given* adds what it does not say, or says it otherwise.

    :raises Mistake: if it is nothing of the kind, or if the origin of the page is missing.
    """
    if len(text) > MAX_LENGTH:
        raise Mistake(f"The text is longer than {MAX_LENGTH:,} characters.")
    found = _read(text.strip())
    question = {**found, **{name: value for name, value in given.items() if value}}
    question["headers"] = (*found.get("headers", ()), *given.get("headers", ()))
    if "body" in question and not question.get("method"):
        question["method"] = "POST"
    if not question.get("origin") and not _is_decided(question):
        raise Mistake("Where is the page? Add --origin, as in --origin http://localhost:3000.")
    return Question(**{"origin": "", **question})


def _is_decided(question: Mapping[str, Any]) -> bool:
    """Whether a message names a cause for which the page does not matter."""
    message = question.get("message")
    return message is not None and message.cause in BEFORE_CORS


def _read(text: str) -> dict[str, Any]:
    if _URL_OR_PATH.fullmatch(text):
        _check_url(text)
        return {"url": text, "is_path": text.startswith("/")}
    try:
        copied = parse_copied(text)
    except ValueError as error:
        raise Mistake(str(error)) from None
    if copied is not None:
        return _from_copied(copied.actual())
    messages = parse_console(text)
    if not messages:
        raise Mistake(
            "This is not a URL, a path, a message of a browser's console, or a request that was copied as cURL or as "
            "fetch."
        )
    strong = [message for message in messages if message.cause not in _WEAK]
    return _from_message((strong or messages)[0])


def _check_url(text: str) -> None:
    if re.match(r"/|https?://", text, re.IGNORECASE) is None and _SCHEMELESS.fullmatch(text) is None:
        raise Mistake(f"{text!r} is not a path, such as /api/users, or a URL, such as https://api.example/users.")
    try:
        fetch.parse_url(text if _SCHEMELESS.fullmatch(text) is None else f"http://{text}", "http://localhost")
    except ValueError as error:
        raise Mistake(f"{text!r} is not a URL: {error}.") from None


def _from_copied(copied: Any) -> dict[str, Any]:
    found = {
        "url": copied.url,
        "method": copied.method,
        "headers": tuple((name, value or known_value(name)) for name, value in copied.page_headers),
        "credentials": copied.credentials == "include",
        "body": copied.body,
    }
    return {**found, "origin": copied.origin} if copied.origin else found


def _from_message(message: ConsoleMessage) -> dict[str, Any]:
    """Take from a message all that it says of the call."""
    if message.url is None:
        raise Mistake(f"This message does not name the URL: {message.text!r:.200}. Add the line that does.")
    url = message.redirected_from or message.url
    headers = tuple((name, known_value(name)) for name in message.headers)
    found = {"message": message, "url": url, "headers": headers, "credentials": bool(message.credentials)}
    told = {"origin": message.origin, "method": message.method}
    return {**found, **{name: value for name, value in told.items() if value}}


def known_value(name: str) -> str:
    """Return a value for a header of which only the name is known."""
    return _VALUES.get(name.lower(), "1")


def assume(question: Question, **assumed: Any) -> Question:
    """Return a question with what was assumed, and with a sentence that says so."""
    names = ", ".join(f"{name} {_shown(value)}" for name, value in assumed.items())
    return replace(question, **assumed, assumed=(*question.assumed, f"Assumed, because it is not given: {names}."))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(name for name, _ in value)


def plain(text: str) -> str:
    """Return *text*, which may come from anywhere, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text)
