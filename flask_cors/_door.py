"""The door of an app: where requests come in and answers leave, and where CORS costs a request the least.

The door is WSGI, around the whole app. What comes in is a preflight, which may be answered at once, or goes on
inside; to what leaves, the headers are added that the policy decides on, whoever has made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSessionInterface

from ._bridge import answer_to, finisher, merged, this_app, this_request, to_say
from ._coverage import Coverage, Policies, coverage_of, settled
from ._preflight import answered_by
from .policy import Headers

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_EMPTY = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "0"))  # what Flask's empty response says


def hook(app: Flask, *, late: bool = False) -> None:
    """Have preflights to *app* answered before anything else, and headers written after everything else.

    Where a middleware is there already, it may still change host and path. Then, and when a request is under way, the
    first of the functions before the request does the one, and the last of those after it the other.
    """
    coverage = coverage_of(app)
    if coverage.hooked:
        return
    coverage.hooked = True
    if late or getattr(app.wsgi_app, "__func__", None) is not Flask.wsgi_app:
        app.before_request_funcs.setdefault(None, []).insert(0, _answer)
        # These run in reverse: first in the list is last to touch the headers.
        app.after_request_funcs.setdefault(None, []).insert(0, finisher(coverage))
    else:
        app.wsgi_app = cast(Any, _door(app, coverage, app.wsgi_app))  # type: ignore[method-assign]


def _answer() -> Response | None:
    app, asked = this_app(), this_request()
    if asked.method != "OPTIONS" or answered_by(app, settled(app), asked) is None:
        return None
    return app.response_class()


def _door(app: Flask, coverage: Coverage, inside: WSGIApplication) -> WSGIApplication:
    def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            try:
                answer = answer_to(coverage, this_request())
            except ValueError:  # the config contradicts a decorated view, which has failed; the answer has begun
                answer = ()
                app.logger.exception("CORS: there is no policy, so that nobody is let in")
            said = headers if answer is None else merged(headers, answer)
            return start_response(status, said) if exc_info is None else start_response(status, said, exc_info)

        if coverage.policies is None or environ["REQUEST_METHOD"] == "OPTIONS":
            return _meet(app, inside, environ, start, start_response)
        return inside(environ, start)

    return wsgi_app


def _meet(
    app: Flask, inside: WSGIApplication, environ: WSGIEnvironment, start: StartResponse, start_response: StartResponse
) -> Iterable[bytes]:
    """Have the policies made with the first request, and preflights answered before anything else."""
    asks = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    if asks and not _is_plain(app):
        return _in_context(app, environ, start)
    try:
        leave = _leave(app, settled(app), environ)
    except Exception as error:
        with app.request_context(environ):
            return app.handle_exception(error)(environ, start)
    if leave is None:
        return inside(environ, start)
    start_response("200 OK", [*_EMPTY, *leave])
    return []


def _leave(app: Flask, policies: Policies, environ: WSGIEnvironment) -> Headers | None:
    """What is said to a preflight that is answered at once; ``None`` if this is none, or Flask is to have it."""
    asked = app.request_class(environ)
    policy = answered_by(app, policies, asked)
    if policy is None or not policy.origins.callables:
        return policy and to_say(policy, asked)
    with app.request_context(environ):  # which a function in `origins` may need
        return to_say(policy, this_request())


def _is_plain(app: Flask) -> bool:
    """Whether nothing of the app's own takes part in answering a preflight, so that it needs no context."""
    return (
        type(app) is Flask
        and app.request_class is Request
        and app.response_class is Response
        and type(app.session_interface) is SecureCookieSessionInterface
        and app.url_map.converters == app.url_map.default_converters
        and not any(app.after_request_funcs.values())
        and not any(app.teardown_request_funcs.values())
    )


def _in_context(app: Flask, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer a preflight as any request is answered, but before the functions that come before the others."""
    with app.request_context(environ):
        try:
            answer = _answer()
            response = app.full_dispatch_request() if answer is None else app.process_response(answer)
        except Exception as error:
            response = app.handle_exception(error)
        return response(environ, start)
