"""The server that the pages call, and a record of the calls that reached it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response

from flask_cors import CORS
from tests.transcripts.servers import HOST, serving


class Server(NamedTuple):
    """A running server: its address, and ``METHOD /path`` of every call it got."""

    url: str
    calls: list[str]


@contextmanager
def running(app: WSGIApplication) -> Iterator[Server]:
    """Serve the app on a port of its own, so that no cache remembers an earlier one."""
    calls: list[str] = []

    def record(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return app(environ, start_response)

    with serving(record) as port:
        yield Server(f"http://{HOST}:{port}", calls)


def _raise() -> str:
    raise RuntimeError("as a bug would")


VIEWS: dict[str, Callable[[], Any]] = {
    "/thing": lambda: Response("the thing", headers={"X-Shown": "shown", "X-Hidden": "hidden"}),
    "/cached": lambda: Response("kept", headers={"Cache-Control": "max-age=600"}),
    "/bug": _raise,
}


def api(**options: Any) -> Flask:
    """Make an app with one view for each thing that a page can meet; without options it has no CORS."""
    app = Flask(__name__)
    for path, view in VIEWS.items():
        app.add_url_rule(path, path, view, methods=["GET", "POST", "PUT"])
    if options:
        CORS(app, **options)
    return app
