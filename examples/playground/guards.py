"""Who may send what to the server of the page: its own page alone, and JSON of a moderate size."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Request, Response, jsonify, make_response
from werkzeug.exceptions import HTTPException

from .addresses import Addresses

MOST_BYTES = 16_384
MOST_LEVELS = 20
TOKEN_HEADER = "X-Playground-Token"  # noqa: S105 - the name of a header


def refuse(status: int, error: str) -> HTTPException:
    """Return what ends a request with a sentence, as JSON."""
    response = make_response(jsonify(error=error), status)
    return HTTPException(error, response)


@dataclass(frozen=True)
class Guard:
    """The checks of each request; a token that only the page knows, made at each start."""

    addresses: Addresses
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def check(self, request: Request) -> None:
        """End a request that is not for this server, or that another page sends."""
        hosts = {origin.partition("://")[2] for origin in (self.addresses.page, self.addresses.other_page)}
        if request.environ.get("HTTP_HOST") not in hosts:
            raise refuse(421, f"Another host is meant. The playground is at {self.addresses.page}/")
        if request.method == "POST":
            self._check_post(request)

    def _check_post(self, request: Request) -> None:
        token = request.headers.get(TOKEN_HEADER, "")
        is_own = request.headers.getlist("Origin") == [self.addresses.page]
        if not is_own or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise refuse(403, "Only the page of the playground may send this; load the page again.")
        if request.mimetype != "application/json":
            raise refuse(403, "Only JSON is taken.")
        if request.content_length is None or request.content_length > MOST_BYTES:
            raise refuse(413, f"The request has a length of {MOST_BYTES} bytes at most.")


def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request has."""
    try:
        data = request.get_json()
    except (HTTPException, RecursionError, ValueError):
        raise refuse(400, "This is not JSON, or it is nested too deeply.") from None
    if not isinstance(data, dict) or is_deeper(data, MOST_LEVELS):
        raise refuse(400, f"The request must be an object of {MOST_LEVELS} levels at most.")
    return data


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested more deeply than that."""
    if not isinstance(value, list | dict):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(item, levels - 1) for item in items)


def add_policy(response: Response, policy: str) -> Response:
    """Add the headers that bound what a page may load, and who may frame it."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def page_policy(addresses: Addresses) -> str:
    """Return the Content-Security-Policy of the page: its own files, and the frames that call."""
    frames = f"{addresses.page} {addresses.other_page}"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"frame-src {frames}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


def runner_policy(addresses: Addresses) -> str:
    """Return the policy of a frame: it calls the two servers of the shop. ``'self'`` means nothing in a sandbox."""
    pages = f"{addresses.page} {addresses.other_page}"
    return (
        f"default-src 'none'; script-src {pages}; connect-src {addresses.shop} {addresses.other}; "
        f"frame-ancestors {pages}; base-uri 'none'; form-action 'none'"
    )
