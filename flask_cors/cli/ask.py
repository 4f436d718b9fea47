"""Calls of the app in this process, or of a server over the network. Neither can hang."""

from __future__ import annotations

import inspect
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Flask, got_request_exception, request, request_started
from werkzeug.test import run_wsgi_app

from ..browser import ConnectionFailed, Request, Response
from ..testing import leave_unread, request_environ
from .site import Place

DEADLINE = 10.0  # seconds, for all requests of one call together
_MOST_BYTES = 65_536
_PACKAGES = re.compile(r"[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/]python3|[\\/]flask_cors[\\/]|<frozen")


@dataclass
class Evidence:
    """What was seen in the app while it responded to one request."""

    was_reached: bool = False
    #: Another app, to which a middleware has passed the request, and the path that it got.
    mounted: Flask | None = None
    mounted_path: str = ""
    #: The exception of a view, and the line of the program that it comes from.
    error: BaseException | None = None
    error_place: Place | None = None
    #: Whether Flask passed that exception on, so that the app sent no response.
    error_is_passed_on: bool = False
    #: The function in ``before_request`` that responded in place of the view.
    refused_by: Callable[..., Any] | None = None


@dataclass
class AppNetwork:
    """Lets the app respond in this process; nothing is sent, and no body is read."""

    app: Flask
    evidence: list[Evidence] = field(default_factory=list)
    host: str = ""

    def __call__(self, request: Request) -> Response:
        """Let the app respond, if it is there where the request goes."""
        host = urlsplit(request.url).netloc
        self.host = self.host or host
        if host != self.host:
            raise ConnectionFailed("this app is not there, and nothing was sent")
        seen = Evidence()
        self.evidence.append(seen)
        with watch(self.app, seen):
            try:
                environ = request_environ(self.app, request, {})
                _, status, headers = run_wsgi_app(leave_unread(self.app, bool_of), environ, buffered=True)
            except Exception as error:  # of a middleware, of a teardown function, or one that Flask has passed on
                seen.error_is_passed_on = error is seen.error
                _keep_error(seen, error)
                raise ConnectionFailed(f"the app raised {type(error).__name__}: {error}") from error
        return Response(int(status.split()[0]), tuple(headers))


def bool_of(_: object) -> bool:
    """Leave every body unread."""
    return True


@contextmanager
def watch(app: Flask, seen: Evidence) -> Iterator[None]:
    """Keep what happens in an app meanwhile. An error of a view becomes a response, if it does so on a server."""

    def reached(sender: Flask, **_: Any) -> None:
        if sender is app:
            seen.was_reached = True
        else:
            seen.mounted, seen.mounted_path = sender, request.path

    def failed(_: Flask, exception: BaseException, **__: Any) -> None:
        _keep_error(seen, exception)

    functions, app.before_request_funcs = app.before_request_funcs, _watched(app, seen)
    loggers = [app.logger, logging.getLogger("flask_cors")]
    disabled = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        with request_started.connected_to(reached), got_request_exception.connected_to(failed, app):
            yield
    finally:
        app.before_request_funcs = functions
        for logger, was in zip(loggers, disabled, strict=True):
            logger.disabled = was


def _watched(app: Flask, seen: Evidence) -> Any:
    return {
        scope: [partial(_call_watched, function, app, seen) for function in functions]
        for scope, functions in app.before_request_funcs.items()
    }


def _call_watched(function: Callable[[], Any], app: Flask, seen: Evidence) -> Any:
    try:
        result = app.ensure_sync(function)()
    except Exception as error:
        if hasattr(error, "code"):  # abort()
            seen.refused_by = function
        raise
    if result is not None:
        seen.refused_by = function
    return result


def _keep_error(seen: Evidence, error: BaseException) -> None:
    while isinstance(error, BaseExceptionGroup):  # the next Flask puts what fails in a teardown into groups
        error = error.exceptions[0]
    seen.error = error
    seen.error_place = place_of(error)


def place_of(error: BaseException) -> Place | None:
    """Return the last line of the program itself in the traceback of an error."""
    places: list[Place] = []
    step = error.__traceback__
    while step is not None:
        places.append(Place(step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    own = [place for place in places if not _PACKAGES.search(place.file)]
    return own[-1] if own else None


def place_of_function(function: Callable[..., Any]) -> Place | None:
    """Return where a function is written."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return None if code is None else Place(code.co_filename, code.co_firstlineno)


# -- The network -------------------------------------------------------------------------------------------


class LiveNetwork:
    """Sends requests for real, with one deadline for all of them, and perhaps one for *each*."""

    def __init__(self, seconds: float = DEADLINE, each: float | None = None, *, reads_bodies: bool = True) -> None:
        self._end = time.monotonic() + seconds
        self._each = seconds if each is None else each
        self._most_bytes = _MOST_BYTES if reads_bodies else 0

    @property
    def has_time(self) -> bool:
        """Whether another request may be sent."""
        return time.monotonic() < self._end

    def __call__(self, request: Request) -> Response:
        """Send a request in a thread of its own: a name server, or a slow header, has no other deadline."""
        found: list[Response | Exception] = []
        if self.has_time:
            thread = Thread(target=_send, args=(request, self._each, self._most_bytes, found), daemon=True)
            thread.start()
            thread.join(max(0.0, min(self._each, self._end - time.monotonic())))
        result = found[-1] if found else ConnectionFailed(f"none came within {self._each:g} seconds")
        if isinstance(result, Exception):
            raise result
        return result


def _send(request: Request, seconds: float, most_bytes: int, found: list[Response | Exception]) -> None:
    url = urlsplit(request.url)
    try:
        connection = _connection(url, seconds)
        try:
            _exchange(connection, url, request, most_bytes, found)
        finally:
            connection.close()
    except (OSError, HTTPException, UnicodeError, ValueError) as error:
        found.append(ConnectionFailed(str(error) or type(error).__name__))


def _connection(url: SplitResult, seconds: float) -> HTTPConnection:
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    return kind(url.hostname or "", url.port, timeout=seconds)


def _exchange(
    connection: HTTPConnection, url: SplitResult, request: Request, most_bytes: int, found: list[Response | Exception]
) -> None:
    connection.putrequest(request.method, url.path + (f"?{url.query}" if url.query else ""))
    for name, value in request.headers:
        connection.putheader(name, value)
    body = request.body or b""
    if body or request.method not in ("GET", "HEAD", "OPTIONS"):
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    received = connection.getresponse()
    headers = tuple((name, re.sub(r"\s*[\r\n]+\s*", " ", value)) for name, value in received.getheaders())
    content = received.read(most_bytes) if most_bytes and _has_end(received) else b""
    found.append(Response(received.status, headers, body=content))


def _has_end(received: HTTPResponse) -> bool:
    """Whether a body is worth waiting for: an error's, or one of a known length that is not a stream."""
    is_stream = (received.getheader("Content-Type") or "").startswith("text/event-stream")
    return not is_stream and (received.status >= 400 or received.getheader("Content-Length") is not None)
