"""Denied requests: the signal :data:`~flask_cors.request_denied`, and the line that the terminal gets; failed views.

With ``flask run --debug``, and where the logger ``flask_cors`` has the level ``INFO`` when the app gets its first
request, one line is logged for each cross-origin request that is denied, and for each preflight that is not granted
what it requests. Requests that are allowed never come here, unless something is connected to the signal.
"""

from __future__ import annotations

import logging
import shlex
import traceback
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, Request, Response, request_started
from flask.logging import default_handler, has_level_handler

from .._decorations import view_decoration
from .._middleware import (
    app_state,
    ask_once,
    preflight_policy,
    read_request,
    request_denied,
    request_policy,
    response_headers,
    set_headers,
    this_request,
)
from .._routes import Route, request_route
from ..browser import is_safelisted_method
from ..policy import ACL_HEADERS, ACL_METHODS, ACL_ORIGIN, DENY_ALL, CORSRequest, Policy

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

logger: logging.Logger = logging.getLogger("flask_cors")
_MAX_LENGTH = 200


def log_denied_requests(app: Flask) -> None:
    """Log the denied requests of *app*; in debug mode, where nothing else is set up, on the terminal."""
    if not app.debug and not has_level_handler(logger):
        logger.addHandler(default_handler)
    request_denied.connect(log_denied, app)
    if app.debug:
        request_started.connect(keep_request, app)


def keep_request(app: Flask, **_: Any) -> None:
    """Keep the request, and what is decided in it, for :func:`send_traceback`; its context is gone by then."""
    with suppress(RuntimeError):  # a program may send the signal outside of a request
        current = this_request()
        current.environ[_key(app)] = current


def send_if_denied(app: Flask, current: Request, policy: Policy | None) -> None:
    """Send the signal if the response headers do not allow a request. A receiver that fails changes no response."""
    if not request_denied.has_receivers_for(app) or not is_cross_origin_fetch(current):
        return
    try:
        request = read_request(current)
        headers = policy.response_headers(request, ask_once(app_state(app), current, policy)) if policy else ()
        reason = find_reason(request, policy, dict(headers))
        if reason:
            route = request_route(app, current)
            request_denied.send(app, route=route, origin=request.origin, reason=reason)
    except Exception:
        app.logger.exception("CORS: a receiver of request_denied failed")


def _key(app: Flask) -> str:
    return f"flask_cors.request.{id(app)}"  # two apps may handle one request


def send_traceback(app: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
    """Send what a page can read of an exception in debug mode; return ``None`` if the debugger is of more use."""
    current = environ.get(_key(app)) or app.request_class(environ)
    if app.testing or not is_cross_origin_fetch(current):
        return None
    with suppress(Exception):  # a filter of the app's may need a request
        app.logger.exception("Exception on %r [%s]", current.path, current.method)
    text = traceback.format_exc().encode(errors="backslashreplace")  # it may hold half a surrogate pair
    response = app.response_class(text, 500, mimetype="text/plain")
    try:
        state = app_state(app)
        if preflight_policy(state, current, read_request(current)):
            response = Response()
        response = set_headers(response, response_headers(state, current, request_policy(state, current)))
    except Exception:  # what routing raises, perhaps that which is shown
        response = set_headers(response, (("Vary", "Origin"),))
    return response(environ, start_response)


def is_cross_origin_fetch(current: Request) -> bool:
    """Whether a page of another origin wants to read this: no navigation, no image, no page of the app itself."""
    own_origin = f"{current.scheme}://{current.headers.get('Host')}"
    is_fetch = current.headers.get("Sec-Fetch-Mode", "cors") == "cors"
    return is_fetch and current.headers.get("Origin") not in (None, own_origin)


def find_reason(request: CORSRequest, policy: Policy | None, headers: dict[str, str]) -> str:
    """Say what is missing; nothing if the headers allow all that is requested."""
    if policy is None:
        return "no policy covers the path"
    if policy is DENY_ALL:
        return ""  # an error is in the log already
    if ACL_ORIGIN not in headers:
        has_functions = bool(policy.origins.callables)
        return "the function in origins denies it" if has_functions else "the policy does not allow the origin"
    if not request.is_preflight:
        return ""
    return _missing_method(request, headers) or _missing_headers(request, headers)


def _missing_method(request: CORSRequest, headers: dict[str, str]) -> str:
    method, allowed = request.requested_method or "", _names(headers.get(ACL_METHODS, ""))
    is_allowed = is_safelisted_method(method) or method in allowed or "*" in allowed
    return "" if is_allowed else f"the policy does not allow the method {safe(method)}"


def _missing_headers(request: CORSRequest, headers: dict[str, str]) -> str:
    allowed = {name.lower() for name in _names(headers.get(ACL_HEADERS, ""))}
    wanted = [name.lower() for name in _names(request.requested_headers or "")]
    missing = [name for name in wanted if name not in allowed and ("*" not in allowed or name == "authorization")]
    return f"the policy does not allow the header {safe(', '.join(missing))}" if missing else ""


def _names(value: str) -> list[str]:
    return [name.strip() for name in value[:8192].split(",") if name.strip()]


def safe(text: str) -> str:
    r"""Return text of a request for a log: on one line, printable ASCII, and short.

    >>> safe("a" + chr(10) + "b")
    'a\\nb'
    """
    ascii_text = text.encode("unicode_escape").decode("ascii")
    return ascii_text if len(ascii_text) <= _MAX_LENGTH else f"{ascii_text[: _MAX_LENGTH - 3]}..."


# -- The first receiver ------------------------------------------------------------------------------------


def log_denied(app: Flask, *, route: Route, origin: str, reason: str, **_: Any) -> None:
    """Log one line: what was requested, what is missing, where the policy is, and the command that tells more."""
    place = _find_place(app, route)
    where = f" The policy is at {place}." if place else ""
    target = f"{safe(route.method)} {safe(route.path)} from {safe(origin)}"
    destination = app.logger if app.debug else logger
    destination.info("CORS denied %s: %s.%s More: %s", target, reason, where, _command(route, origin, reason))


def _find_place(app: Flask, route: Route) -> str:
    state = app_state(app)
    parsed = view_decoration(app, route.endpoint, route.method)
    if parsed is None:
        policy = state.policy_for(route)
        scopes = [scope for scope, resources in state.resources if any(policy is one for _, one in resources.rules)]
        parsed = scopes[0].parsed if scopes else None
    return "{}:{}".format(*parsed.location) if parsed and parsed.location else ""


def _command(route: Route, origin: str, reason: str) -> str:
    words = ["flask", "cors", "explain", quote(route.path[:_MAX_LENGTH]), "--origin", safe(origin)]
    if route.method != "GET":
        words += ["--method", safe(route.method)]
    for name in reason.partition("the header ")[2].split(", "):
        words += ["--header", name] if name else []
    return shlex.join(words)
