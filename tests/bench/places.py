"""What it costs to stand in the way of every request and do nothing, at each public place of Flask."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, request_finished

from tests.bench.cases import ANYONE, bare, written
from tests.bench.instructions import TRACED, traced
from tests.bench.tracer import Count


def before_request(app: Flask) -> None:
    """A function before the view."""
    app.before_request(lambda: None)


def after_request(app: Flask) -> None:
    """A function after the view."""
    app.after_request(lambda response: response)


def teardown_request(app: Flask) -> None:
    """A function when all is over."""
    app.teardown_request(lambda _: None)


def around(app: Flask) -> None:
    """WSGI middleware, which sees nothing of the answer."""
    inner = app.wsgi_app
    vars(app)["wsgi_app"] = lambda environ, start: inner(environ, start)


def around_headers(app: Flask) -> None:
    """WSGI middleware, which sees the headers of the answer."""
    inner = app.wsgi_app

    def wsgi_app(environ: Any, start: Any) -> Any:
        return inner(environ, lambda status, headers, *info: start(status, headers, *info))

    vars(app)["wsgi_app"] = wsgi_app


def response_class(app: Flask) -> None:
    """A class of responses."""

    class Answer(Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            return super().get_wsgi_headers(environ)

    app.response_class = Answer


def signal(app: Flask) -> None:
    """A receiver of a signal."""
    request_finished.connect(lambda _, response: None, app, weak=False)  # noqa: ARG005 - how it is called


PLACES: dict[str, Callable[[Flask], None]] = {
    "``before_request``": before_request,
    "``after_request``": after_request,
    "``teardown_request``": teardown_request,
    "a wrapped ``wsgi_app``": around,
    "a wrapped ``wsgi_app``, and its ``start_response``": around_headers,
    "a ``response_class``, in ``get_wsgi_headers``": response_class,
    "the signal ``request_finished``": signal,  # last: once there is a receiver, all apps pay for it
}


def figures() -> Iterator[tuple[str, Count]]:
    """Count what each place adds to bare Flask."""
    first = traced(bare, ANYONE).per(TRACED)
    for name, stand in PLACES.items():
        yield name, traced(written(stand), ANYONE).per(TRACED).over(first)
