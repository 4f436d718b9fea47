"""Preflights, answered before anything else can: before a login, a redirect, a 404 or a 405."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Request, Response
from flask.views import MethodView, View
from werkzeug.routing import Rule

from ._bridge import find_policy, finisher, read, this_app, this_request
from ._coverage import cover_late, coverage_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ANSWERS_OPTIONS = "cors_answers_options"  # the attribute of a decorated view whose wrapper answers OPTIONS


def hook(app: Flask, *, late: bool = False) -> None:
    """Have preflights to *app* answered before anything else, and headers written after everything else.

    Preflights are answered where other requests hardly pay for it: as they come in. But a middleware that is there
    already may still change host and path; then, and when a request is under way, it is done by the first of the
    functions before the request.
    """
    coverage = coverage_of(app)
    if coverage.hooked:
        return
    coverage.hooked = True
    if late or getattr(app.wsgi_app, "__func__", None) is not Flask.wsgi_app:
        app.before_request_funcs.setdefault(None, []).insert(0, _answer)
    else:
        app.wsgi_app = cast(Any, _answering(app, app.wsgi_app))  # type: ignore[method-assign]
    # These run in reverse: first in the list is last to touch the headers.
    app.after_request_funcs.setdefault(None, []).insert(0, finisher(coverage))


def _answering(app: Flask, otherwise: WSGIApplication) -> WSGIApplication:
    def wsgi_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            cover_late(app)  # what else is done when a request starts
            with app.request_context(environ):
                return _response(app)(environ, start_response)
        return otherwise(environ, start_response)

    return wsgi_app


def _response(app: Flask) -> Response:
    """The answer; where there is none, Flask's, which nothing else has been asked for yet."""
    try:
        answer = _answer()
        return app.full_dispatch_request() if answer is None else app.process_response(answer)
    except Exception as error:
        return app.handle_exception(error)


def _answer() -> Response | None:
    """The answer, if this is a preflight that is to have one; ``None`` lets Flask go its usual way."""
    app, asked = this_app(), this_request()
    if not read(asked).is_preflight or _declares_options(app, asked):
        return None
    policy = find_policy(coverage_of(app).settle(app), asked)
    return app.response_class() if policy is not None and policy.automatic_options else None


def _declares_options(app: Flask, asked: Request) -> bool:
    """Whether ``OPTIONS`` leads to a view whose author has written it for that."""
    rule = asked.url_rule
    if rule is None or getattr(rule, "provide_automatic_options", False) or "OPTIONS" not in (rule.methods or ()):
        return False
    return not getattr(app.view_functions[rule.endpoint], ANSWERS_OPTIONS, False) or class_has_options(app, rule)


def class_has_options(app: Flask, rule: Rule) -> bool:
    """Whether a rule leads to a class with a method for ``OPTIONS``."""
    view_class = getattr(app.view_functions[rule.endpoint], "view_class", View)
    return issubclass(view_class, MethodView) and hasattr(view_class, "options")
