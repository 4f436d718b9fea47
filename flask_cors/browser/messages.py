"""Requests, responses, and the outcome of a call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from .headers import HeaderList, get_header, short_repr

CredentialsMode = Literal["omit", "same-origin", "include"]
ExchangeKind = Literal["preflight", "actual"]
Mode = Literal["cors", "no-cors", "same-origin"]


@dataclass(frozen=True, init=False)
class Request:
    """One HTTP request from the browser to the network; the URL is absolute and has no fragment."""

    method: str
    url: str
    headers: HeaderList
    body: bytes | None
    #: Whether to send cookies and HTTP authentication, and to store the cookies of the response.
    credentials: bool
    #: The site of the page, on which some cookies depend; ``None`` if no page sends the request.
    page_site: str | None

    def __init__(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes | None = None,
        *,
        credentials: bool = False,
        page_site: str | None = None,
    ) -> None:
        _set(self, method=method, url=url, headers=HeaderList(headers), body=body)
        _set(self, credentials=credentials, page_site=page_site)


@dataclass(frozen=True, init=False)
class Response:
    """One HTTP response; repeated headers stay separate, values are text with one character per byte (latin-1)."""

    status: int
    headers: HeaderList
    body: bytes
    #: What happened to cookies on the way, in sentences.
    remarks: tuple[str, ...] = field(compare=False, repr=False)

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        *,
        body: bytes = b"",
        remarks: tuple[str, ...] = (),
    ) -> None:
        _set(self, status=status, headers=HeaderList(headers), body=body, remarks=remarks)

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def _set(frozen: object, **values: object) -> None:
    """Set fields of a frozen dataclass while it is made."""
    for name, value in values.items():
        object.__setattr__(frozen, name, value)


@dataclass(frozen=True)
class Exchange:
    """A request and its response; each hop of a redirect is an exchange of its own."""

    kind: ExchangeKind
    request: Request
    response: Response


@dataclass(frozen=True)
class Outcome:
    """The result of one call of a page."""

    #: Whether the promise is fulfilled. A 404 that the page may read fulfils it, too.
    allowed: bool
    #: If blocked: one sentence that names the header, its value and the right value.
    #: If allowed: ``None``, or how today's browsers differ.
    reason: str | None
    #: The algorithm of the standard, and the step that decided.
    step: str
    #: All requests and responses, in order.
    exchanges: tuple[Exchange, ...]
    #: The response as the page sees it, without hidden headers; ``None`` if the page is blocked.
    response: Response | None

    @property
    def is_opaque(self) -> bool:
        """Whether the page may use the response, but not read it (#concept-filtered-response-opaque)."""
        return self.response is not None and self.response.status == 0


class Blocked(Exception):
    """A network error, or a ``TypeError`` before the browser sends anything. The page cannot tell them apart."""

    def __init__(self, reason: str, step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step


class ConnectionFailed(Exception):
    """Raised by the network if there is no response. All other exceptions of the network pass through."""


_RESPONSE_NAMES: dict[ExchangeKind, str] = {"actual": "response", "preflight": "preflight response"}


def describe_header(name: str, response: Response, kind: ExchangeKind) -> str:
    """Start a reason: the header, the response and the value."""
    value = get_header(response.headers, name)
    shown = "missing" if value is None else short_repr(value)
    return f"{name} of the {_RESPONSE_NAMES[kind]} is {shown}"
