"""Requests and responses: here the CORS headers of requests are read, and those of responses are set.

:class:`PreflightMiddleware` responds to preflights, and :func:`add_headers` puts the headers on every other response;
in debug mode, :mod:`flask_cors.cli.denied` sends exceptions.
The five steps are in the manual, on the page "The life of a request".
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import copy
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from blinker import NamedSignal, Namespace
from flask import Request, Response, current_app
from flask import request as request_proxy
from flask.app import Flask  # since tracers replace `flask.Flask` with a class of their own
from werkzeug.datastructures import Headers as ResponseHeaders
from werkzeug.http import parse_set_header
from werkzeug.routing import MapAdapter

from ._decorations import view_decoration
from ._routes import class_handles_options, declares_options, request_route, url_adapter
from ._state import AppState
from .options import ParsedOptions
from .policy import ACL_CREDENTIALS, ACL_ORIGIN, CORS_HEADERS, CORSRequest, Headers, Policy

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# What is kept with a request.
_REACHED = "_cors_policy"  # of the decorated view that runs; `None`: ask the route
_VERDICT = "_cors_verdict"  # a policy, and whether its functions in `origins` allow the origin
_KEY = "flask_cors"  # in `app.extensions`; programs put objects of their own at "cors"
_LOCK = Lock()  # two threads may send one response
# A child process has no thread that could release the lock. Windows has no such processes.
if hasattr(os, "register_at_fork"):  # pragma: no branch
    os.register_at_fork(after_in_child=_LOCK._at_fork_reinit)  # type: ignore[attr-defined]
_REPLACED_NAMES = {"vary", *(name.lower() for name in CORS_HEADERS)}
#: Returns the request, without the proxy.
this_request: Callable[[], Request] = request_proxy._get_current_object  # type: ignore[attr-defined]
_EMPTY_BODY_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "0"),
)  # as Flask's empty response

#: Sent where a browser will not allow a page to read the response. The sender is the app; receivers get ``route``,
#: ``origin`` and ``reason``.
request_denied: NamedSignal = Namespace().signal("request-denied")


def app_state(app: Flask) -> AppState:
    """Return the state of an app. When it is first needed, it is made, and :func:`add_headers` is installed."""
    with _LOCK:  # two threads get the same one
        state = app.extensions.get(_KEY)
        if not isinstance(state, AppState):
            state = app.extensions[_KEY] = AppState(app)
            put_first(app.after_request_funcs, add_headers, state)  # so it runs last: Flask reverses the list
        return state


def put_first(functions: dict[Any, list[Any]], function: Callable[..., Any], state: AppState) -> None:
    """Put a function before the app's own, in a new list: a request may be using the old one."""
    installed = partial(function, state)
    installed.__name__ = function.__name__  # type: ignore[attr-defined]  # programs read it
    if isinstance(functions, dict):  # programs put a list in its place, which Flask ignores
        functions[None] = [installed, *functions.get(None, [])]


def install(state: AppState) -> None:
    """Install what an app with ``CORS`` needs by now, each part once."""
    if not state.installed:
        state.installed = True
        # A middleware that stands there already may change host and path. So only Flask's own method is wrapped.
        if inspect.getattr_static(state.app, "wsgi_app") is vars(Flask)["wsgi_app"]:
            state.app.wsgi_app = PreflightMiddleware(state)  # type: ignore[method-assign]
        else:
            state.may_have_callables = True  # perhaps: nothing of ours reads the config before the app's functions run
    if state.may_have_callables and not state.asks_callables:
        state.asks_callables = True
        put_first(state.app.before_request_funcs, ask_callables, state)


def prepare(state: AppState) -> None:
    """Make the policies and install what they need: before the first request, and again when something comes late."""
    with state.lock:  # until all is ready, other requests wait
        if state.ready:
            return
        state.build()
        if state.scopes:
            install(state)
        if state.app.debug or logging.getLogger(__package__).isEnabledFor(logging.INFO):
            from .cli.denied import log_denied_requests

            log_denied_requests(state.app)
        state.ready = True
    state.log_errors()


class PreflightMiddleware:
    """Responds to preflights before the app sees them, and without a context. All else goes on to the app.

    In debug mode, an exception that leaves the app may become a response that a page can read.
    """

    def __init__(self, state: AppState) -> None:
        self._state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        state = self._state
        if not state.ready:
            prepare(state)
        if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            headers = preflight_headers(state, environ)
            if headers is not None:
                start_response("200 OK", [*_EMPTY_BODY_HEADERS, *headers])
                return []
        app = state.app
        try:
            return type(app).wsgi_app(app, environ, start_response)  # by what stands there now, such as a tracer
        except Exception:
            if not app.debug:
                raise
            from .cli.denied import send_traceback

            body = send_traceback(app, environ, start_response)
            if body is None:
                raise
            return body


def preflight_headers(state: AppState, environ: WSGIEnvironment) -> Headers | None:
    """Return the headers for a preflight; ``None`` if the app is to respond, or if the request is not a preflight."""
    try:
        current = state.app.request_class(environ)
        request = read_request(current)
        policy = preflight_policy(state, current, request)
        if policy is None or policy.origins.callables:
            return None
        if request_denied.receivers:
            return response_headers(state, current, policy)
        return policy.response_headers(request)
    except Exception:  # the app meets the same error, and handles it in its own way
        return None


def preflight_policy(state: AppState, current: Request, request: CORSRequest) -> Policy | None:
    """Return the policy with which to respond to a preflight in place of the app.

    ``None`` if the app is to respond, or if the request is not a preflight.
    """
    if not state.scopes or not request.is_preflight:
        return None
    adapter = url_adapter(state.app, current)
    if adapter is not None and state.view_handles_options(adapter):
        return None
    policy = request_policy(state, current, adapter)
    if policy is None or not policy.automatic_options:
        return None
    return policy


def request_policy(state: AppState, current: Request, adapter: MapAdapter | None = None) -> Policy | None:
    """Return the policy that covers a request; for a preflight, that of the request that it is for."""
    if not state.ready:
        prepare(state)
    reached: Policy | None = getattr(current, _REACHED, None)
    if reached is not None:
        return reached
    return state.policy_for(request_route(state.app, current, adapter))


def response_headers(state: AppState, current: Request, policy: Policy | None) -> Headers | None:
    """Return the headers of the response to a request; ``None`` if no policy covers it. Send ``request_denied``."""
    if request_denied.receivers:
        from .cli.denied import send_if_denied

        send_if_denied(state.app, current, policy)
    if policy is None:
        return None
    return policy.response_headers(read_request(current), ask_once(state, current, policy))


def read_request(current: Request) -> CORSRequest:
    """Read what CORS needs to know of a request."""
    header = current.environ.get
    return CORSRequest(
        current.method,
        header("HTTP_ORIGIN"),
        header("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        header("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    )


def ask_once(state: AppState, current: Request, policy: Policy) -> bool | None:
    """Call the functions in ``origins``, once a request; return whether the origin is allowed. One that fails denies.

    ``None`` if there is no function, or no ``Origin``.
    """
    origin = current.environ.get("HTTP_ORIGIN")
    if origin is None or not policy.origins.callables:
        return None
    decided_by, allowed = getattr(current, _VERDICT, (None, False))
    if decided_by is not policy:
        allowed = False
        try:
            allowed = policy.allows(origin)
        except Exception:
            # Only what fits the grammar of an origin reaches a function, so it is safe to log.
            state.app.logger.exception("CORS: the function in origins failed for %s, which is denied", origin)
        setattr(current, _VERDICT, (policy, allowed))
    return allowed


def ask_callables(state: AppState) -> None:
    """Call the functions in ``origins`` before the app does anything else, and keep the result with the request."""
    with suppress(Exception):  # `add_headers` meets the same error, and logs it
        current = this_request()
        policy = request_policy(state, current)
        if policy is not None:
            ask_once(state, current, policy)


def before_view(decoration: ParsedOptions) -> Response | None:
    """Use the decoration's policy for this request, before its view runs; return a response in place of the view's.

    Some decorations are so well hidden that only this call shows them. But if the decoration is of another registered
    view, then this view only calls that one, and keeps its own policy.
    """
    state, current = this_state(), this_request()
    found = view_decoration(state.app, current.endpoint, current.method)
    if found not in (None, decoration):  # such as a decorator nearer to the view
        return None
    policy = state.decorated_policy(decoration)
    if found or not state.is_registered(decoration):
        reached: Policy | None = policy
        if current.method == "OPTIONS":
            with suppress(Exception):  # what routing raises; `add_headers` meets it as well
                if found or request_route(state.app, current).endpoint != current.endpoint:
                    reached = None  # a preflight may be for another method, or another view of the path
        setattr(current, _REACHED, reached)
        if state.may_have_callables:
            ask_callables(state)
    if current.method != "OPTIONS" or class_handles_options(state.app.view_functions.get(current.endpoint or "")):
        return None
    if found is None and not read_request(current).is_preflight:
        return None
    if declares_options(current.url_rule) and not policy.automatic_options:
        return None
    response = state.app.response_class()
    adapter = url_adapter(state.app, current)
    response.allow.update(adapter.allowed_methods() if adapter else ())
    return response


def add_headers(state: AppState, response: Response) -> Response:
    """Add the headers of the policy that covers the request. If anything fails here, no origin is allowed.

    A preflight that was not for the app to respond to gets an empty 200: the app's own response may be a redirect,
    a refused login or an error, and browsers take none of these.
    """
    current = this_request()
    try:
        headers = None
        if state.scopes or hasattr(current, _REACHED):  # without `CORS`, only responses of decorated views are changed
            headers = response_headers(state, current, request_policy(state, current))
        if current.method == "OPTIONS" and preflight_policy(state, current, read_request(current)):
            empty_response = state.app.response_class(status=200)
            Response.set_data(empty_response, b"")  # a class of the app's own may wrap bodies
            empty_response.call_on_close(response.close)
            return set_headers(empty_response, headers)
        return set_headers(response, headers)
    except Exception:
        with suppress(Exception):  # the logger may be what fails
            state.app.logger.exception("CORS: no origin is allowed, because the CORS headers could not be made")
    with suppress(Exception):  # the headers may be of a kind that cannot be changed
        return set_headers(response, (("Vary", "Origin"),))
    return response


def set_headers(response: Response, headers: Headers | None) -> Response:
    """Set the CORS headers of a response: these alone, even if others are there already. Merge ``Vary``.

    The app may return a response again, or another thread may be sending it. Then a copy gets the headers, without the
    earlier ones.
    """
    with _LOCK:
        if hasattr(response.headers, "_cors_headers"):  # they were set here for an earlier request
            written = response.headers._cors_headers or ()  # pyright: ignore[reportAttributeAccessIssue]
            response = copy(response)
            response.headers = ResponseHeaders([header for header in response.headers if header not in written])
        try:
            response.headers._cors_headers = headers  # type: ignore[attr-defined]
        except AttributeError:  # of a plain dict
            response.headers = ResponseHeaders(response.headers)
            response.headers._cors_headers = headers  # type: ignore[attr-defined]
        if headers is None:
            return response
        if not _REPLACED_NAMES.isdisjoint([name.lower() for name, _ in response.headers]):
            headers = _replace_headers(response.headers, dict(headers))
        for name, value in headers:
            response.headers.add(name, value)
    return response


def _replace_headers(present: ResponseHeaders, headers: dict[str, str]) -> Headers:
    """Remove what the policy decides: for a denied origin, every CORS header. Merge ``Vary``. Return what to add."""
    if "Vary" in headers:
        names = parse_set_header(headers["Vary"])
        names.update(parse_set_header(", ".join(present.getlist("Vary"))))
        names.discard("")  # of "Accept,, Cookie", in an old Werkzeug
        headers["Vary"] = "*" if "*" in names else names.to_header()
    removed = [ACL_CREDENTIALS, *headers]
    if ACL_ORIGIN not in headers:
        removed += CORS_HEADERS
    for name in removed:
        present.remove(name)
    return tuple(headers.items())


def current_policy() -> Policy | None:
    """Return the policy that covers the current request, or ``None``.

    For everything else that keeps a list of origins, such as WebSocket handshakes::

        policy = current_policy()
        if policy is None or not policy.allows(request.headers["Origin"]): ...

    :raises RuntimeError: outside of a request.
    """
    return request_policy(this_state(), this_request())


def this_state() -> AppState:
    """Return the state of the app that handles the request, ready for use."""
    state = app_state(current_app._get_current_object())  # type: ignore[attr-defined]
    if not state.ready:
        prepare(state)
    return state
