"""Run the calls of a picture in the model of a browser, and tell what happens, event by event."""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from flask_cors.browser import Browser, Exchange, Outcome, Request, Response

from .between import Intermediary, Send

EXAMPLE = "PUT https://api.example/users Content-Type:application/json credentials=include"
OPTION = re.compile(r"credentials=(?P<mode>[a-z-]+)|(?P<name>[^:=\s]+):(?P<value>.*)")

#: What each step that allows a response has found; the model gives a reason only for those that block.
ALLOWED_BECAUSE = {
    "#cors-check step 3": "Access-Control-Allow-Origin is *, and the page sends no credentials.",
    "#cors-check step 5": "Access-Control-Allow-Origin is the page's origin.",
    "#cors-check step 7": "Access-Control-Allow-Origin is the page's origin, Access-Control-Allow-Credentials is true.",
    "#main-fetch step 12": "The page calls its own origin, where CORS does not apply.",
}


@dataclass(frozen=True)
class Message:
    """What one place sends to the next: the first line of HTTP, or what the page's script sees, and the headers.

    *kind* is ``"allowed"`` or ``"blocked"`` where the browser decides, and ``"not-sent"`` for what a cache replaces. A
    picture that is walked through has numbered *steps*.
    """

    sender: str
    receiver: str
    title: str
    lines: tuple[str, ...]
    is_reply: bool = False
    kind: str = ""
    step: int = 0


@dataclass(frozen=True)
class Note:
    """What happens in one place. *step* is the step of the Fetch standard, if it is the one that decided."""

    place: str
    text: str
    step: str = ""
    verdict: str = ""


Event = Message | Note


@dataclass(frozen=True)
class Call:
    """One call of ``fetch()`` on a page."""

    origin: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    credentials: str = "same-origin"

    def make(self, page: Browser) -> Outcome:
        """Make the call, without what the app writes to the log: it may deny the call on purpose."""
        disabled = logging.root.manager.disable
        logging.disable(logging.INFO)
        try:
            mode: Any = self.credentials
            return page.fetch(self.url, method=self.method, headers=self.headers, credentials=mode)
        finally:
            logging.disable(disabled)

    @property
    def javascript(self) -> tuple[str, ...]:
        """The call as the page's script writes it."""
        lines: list[str] = []
        if self.method != "GET":
            lines.append(f'  method: "{self.method}",')
        if self.headers:
            lines.append(f"  headers: {json.dumps(self.headers)},")
        if self.credentials != "same-origin":
            lines.append(f'  credentials: "{self.credentials}",')
        if not lines:
            return (f'fetch("{self.url}")',)
        return (f'fetch("{self.url}", {{', *lines, "})")


@dataclass(frozen=True)
class Talk:
    """A call with its outcome, and everything that happened."""

    call: Call
    outcome: Outcome
    events: tuple[Event, ...]

    @property
    def decision(self) -> Note:
        """The note of the step that decided."""
        [note] = [event for event in self.events if isinstance(event, Note) and event.verdict]
        return note

    @property
    def deciding(self) -> list[Message]:
        """The last request of the browser before the decision, and the response to it."""
        before = self.events[: self.events.index(self.decision)]
        messages = [event for event in before if isinstance(event, Message)]
        sent = [message for message in messages if message.sender == "browser" and not message.is_reply]
        received = [message for message in messages if message.receiver == "browser" and message.is_reply]
        return sent[-1:] + received[-1:]

    @property
    def verdict(self) -> str:
        """What ``:outcome:`` must be."""
        return "allowed" if self.outcome.allowed else "blocked"


def parse_call(text: str, origin: str) -> Call:
    """Read a call as ``:fetch:`` has it: method, URL, headers, and the credentials mode."""
    words = shlex.split(text)
    found = [OPTION.fullmatch(word) for word in words[2:]]
    options = [option for option in found if option]
    if len(words) < 2 or len(options) < len(found):
        raise ValueError(f":fetch: has {text!r}; write one call a line, as in {EXAMPLE!r}")
    method, url = words[:2]
    headers = {option["name"]: option["value"] for option in options if option["name"]}
    modes = [option["mode"] for option in options if option["mode"]]
    return Call(origin, method, url, headers, *modes[-1:])


class Server:
    """Sends requests to an app, with the browser's cookies if they include credentials."""

    def __init__(self, app: Flask) -> None:
        self._with_cookies = app.test_client()
        self._without = app.test_client(use_cookies=False)

    def send(self, request: Request) -> Response:
        """Send a request, for any host."""
        client = self._with_cookies if request.credentials else self._without
        found = client.open(request.url, method=request.method, headers=list(request.headers), data=request.body)
        return Response(found.status_code, tuple(found.headers), body=found.data)


@dataclass(frozen=True)
class Passage:
    """What a cache or proxy does with a request: the exchanges with the server, and a sentence."""

    exchanges: tuple[Exchange, ...] = ()
    told: str = ""


class Wire:
    """The network between browser and server; it writes down what happens in between."""

    def __init__(self, server: Send, between: Intermediary | None) -> None:
        self._server = server
        self._between = between
        self.passages: list[Passage] = []

    def send(self, request: Request) -> Response:
        """Send a request of the browser."""
        exchanges: list[Exchange] = []

        def send_on(request: Request) -> Response:
            response = self._server(request)
            exchanges.append(Exchange("actual", request, response))
            return response

        if self._between is None:
            response, told = send_on(request), ""
        else:
            response, told = self._between.respond(request, send_on)
        self.passages.append(Passage(tuple(exchanges), told))
        return response


def hold_talks(
    app: Flask | Callable[[Request], Response], calls: list[Call], between: Intermediary | None
) -> list[Talk]:
    """Make the calls in one browser: pages of one origin share the preflight cache, all of them share cookies."""
    wire = Wire(Server(app).send if isinstance(app, Flask) else app, between)
    pages = {call.origin: Browser(call.origin, wire.send) for call in calls}
    talks: list[Talk] = []
    for call in calls:
        before = len(wire.passages)
        outcome = call.make(pages[call.origin])
        sent = _tell_exchanges(outcome, wire.passages[before:], between)
        events = [*_tell_call(call, outcome, talks), *sent, *_tell_outcome(outcome)]
        talks.append(Talk(call, outcome, tuple(events)))
    return talks


def _tell_call(call: Call, outcome: Outcome, earlier: list[Talk]) -> Iterator[Event]:
    """Begin with the page; the same call has sent a preflight before if its permission is cached."""
    yield Message("page", "browser", f"script on {call.origin}", call.javascript)
    before = [talk.outcome for talk in earlier if talk.call == call]
    if any(map(_has_preflight, before)) and not _has_preflight(outcome):
        yield Note("browser", "The permission is cached: no preflight.")


def _has_preflight(outcome: Outcome) -> bool:
    return any(exchange.kind == "preflight" for exchange in outcome.exchanges)


def _tell_exchanges(outcome: Outcome, passages: list[Passage], between: Intermediary | None) -> Iterator[Event]:
    """Tell each exchange, and what the browser makes of it if it goes on."""
    origin = None
    for exchange, passage in zip(outcome.exchanges, passages, strict=True):
        sent = dict(exchange.request.headers).get("Origin")
        if origin not in (None, sent):
            yield Note("browser", f"The redirect crosses origins: Origin is now {sent}.")
        origin = sent
        yield from _tell_exchange(exchange, passage, between)
        if exchange.kind == "preflight" and exchange is not outcome.exchanges[-1]:
            yield Note("browser", "The preflight allows the request.")


def _tell_exchange(exchange: Exchange, passage: Passage, between: Intermediary | None) -> Iterator[Event]:
    title = "preflight" if exchange.kind == "preflight" else "request"
    host = urlsplit(exchange.request.url).netloc
    if between is None:
        yield from _there_and_back(exchange, "browser", host, title)
        return
    there, back = _there_and_back(exchange, "browser", between.name, title)
    yield there
    for behind in passage.exchanges:
        yield from _there_and_back(behind, between.name, host, title)
    yield Note(between.name, passage.told)
    yield back


def _there_and_back(exchange: Exchange, sender: str, receiver: str, title: str) -> tuple[Message, Message]:
    request, response = exchange.request, exchange.response
    mark = " with credentials" if request.credentials else ""
    there = (f"{request.method} {request.url}", *_header_lines(request.headers))
    back = (f"HTTP/1.1 {response.status}", *_header_lines(response.headers))
    return (
        Message(sender, receiver, title + mark, there),
        Message(receiver, sender, f"response to the {title}", back, is_reply=True),
    )


def _header_lines(headers: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _tell_outcome(outcome: Outcome) -> Iterator[Event]:
    """End with the step that decided, and what the page gets."""
    if outcome.response is None:
        yield Note("browser", f"Blocked. {outcome.reason}", outcome.step, "blocked")
        yield Message("browser", "page", "the page gets no response", ("TypeError: Failed to fetch",), is_reply=True)
        return
    because = " ".join(filter(None, [ALLOWED_BECAUSE[outcome.step], outcome.reason]))
    yield Note("browser", f"Allowed. {because}", outcome.step, "allowed")
    names = ", ".join(dict.fromkeys(name for name, _ in outcome.response.headers))
    seen = (f"status {outcome.response.status}, the body", f"headers: {names or 'none'}")
    yield Message("browser", "page", "the page can read", seen, is_reply=True)
