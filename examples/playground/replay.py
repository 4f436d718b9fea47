"""A model of the page makes the same call once more, and gets the recorded responses: no view runs twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flask_cors.browser import REQUEST_METHOD, Browser, ConnectionFailed, Outcome, Request, Response, get_header
from flask_cors.cli.ask import Evidence

from .draft import Call

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Recorded:
    """A request and its response, as they crossed the wire."""

    kind: Literal["preflight", "actual"]
    method: str
    target: str
    by: Literal["shop", "other"]
    headers: Pairs
    body: bytes
    #: What the app responded, and what left the server: something may stand before the app.
    of_app: Response
    response: Response
    evidence: Evidence
    time: float


Choose = Callable[[Recorded], Response]


def of_wire(message: Recorded) -> Response:
    """Choose what left the server."""
    return message.response


def of_app(message: Recorded) -> Response:
    """Choose what the app responded, behind what stands before it."""
    return message.of_app


@dataclass
class Page:
    """A model page that outlives its calls: it caches preflights. The recorded messages are its network."""

    origin: str
    #: The messages that the call of now has used.
    used: list[Recorded] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._left: list[Recorded] = []
        self._choose: Choose = of_wire
        self._time = 0.0
        self._browser = Browser(self.origin, self._replay, clock=lambda: self._time)

    def call(self, call: Call, url: str, messages: Sequence[Recorded], choose: Choose) -> Outcome:
        """Make a call; *choose* takes a response out of each message."""
        self.used, self._left, self._choose = [], list(messages), choose
        self._time = messages[0].time if messages else self._time
        headers, body, credentials = call.headers, call.body, call.credentials
        return self._browser.fetch(url, method=call.method, headers=headers, body=body, credentials=credentials)

    def _replay(self, request: Request) -> Response:
        """Return the recorded response to a request of the same kind; what comes before it is left over."""
        kind = "preflight" if get_header(request.headers, REQUEST_METHOD) else "actual"
        while self._left:
            message = self._left.pop(0)
            if message.kind == kind:
                self.used.append(message)
                return self._choose(message)
        raise ConnectionFailed("the browser has not sent this request")
