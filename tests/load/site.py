"""The app under load: views of every kind, under three policies. The environment may plant a mistake in it."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Never
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, abort, after_this_request
from werkzeug.datastructures import Headers

from flask_cors import CORS, cross_origin

MISTAKE = "FLASK_CORS_TESTS_MISTAKE"  # the name of one of `MISTAKES`

sys.setswitchinterval(1e-5)  # so that threads get in each other's way far more often than they would

app = Flask(__name__)
app.logger.disabled = True  # what is broken here is so on purpose
FRIENDS: Any = {
    "origins": ["https://friend.example", "https://*.friend.example"],
    "supports_credentials": True,
    "headers": "*",
    "expose_headers": "X-Total",
    "max_age": 600,
}
CORS(app, resources={"/everyone/": {}, "/reflected/": {"send_wildcard": False}, "/": FRIENDS})


# Views ---------------------------------------------------------------------------------------------------------------


@app.get("/plain/<number>")
@app.get("/everyone/<number>")
@app.get("/reflected/<number>")
@app.get("/folder/<number>/")
def plain(number: str) -> str:
    return number


@app.get("/decorated/<number>")
@cross_origin(origins="https://*.foe.example")
def decorated(number: str) -> str:
    return number


@app.get("/raises/<number>")
def raises(number: str) -> Never:
    raise RuntimeError(number)


@app.get("/aborts/<number>")
def aborts(number: str) -> Never:
    abort(403, number)


@app.get("/streams/<number>")
def streams(number: str) -> Response:
    def digits() -> Iterator[str]:
        for digit in number:
            time.sleep(0)  # lets another thread go on
            yield digit

    return Response(digits())


SHARED_HEADERS = Headers({"X-Total": "1"})
SHARED_RESPONSE = Response("shared")


@app.get("/shared-headers/<number>")
def shared_headers(number: str) -> Response:
    response = Response(number)
    response.headers = SHARED_HEADERS
    return response


@app.get("/shared-response/<number>")
def shared_response(number: str) -> Response:  # noqa: ARG001 - the same for all numbers
    return SHARED_RESPONSE


BY_HAND = {"Access-Control-Allow-Origin": "https://evil.example", "Access-Control-Expose-Headers": "X-Evil"}


@app.get("/mutates/<number>")
def mutates(number: str) -> Response:
    """Change the headers before they are sent, and again when it is too late."""
    response = Response(number, headers=BY_HAND)

    @after_this_request
    def change(response: Response) -> Response:
        response.headers.extend(BY_HAND)
        response.vary.add("Accept")
        return response

    @response.call_on_close
    def change_too_late() -> None:
        response.headers.update(BY_HAND)
        response.headers["Access-Control-Allow-Credentials"] = "too late"

    return response


@app.get("/parent")
def parent() -> str:
    return str(os.getppid())


# What stands around the app ------------------------------------------------------------------------------------------


def echo(application: WSGIApplication) -> WSGIApplication:
    """Answer each request with its own ``X-Request``, which the app cannot touch."""

    def echoing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own = [("X-Request", environ.get("HTTP_X_REQUEST", ""))]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, headers + own, *rest)

        return application(environ, start)

    return echoing


def none(application: WSGIApplication) -> WSGIApplication:
    return application


def mixes_up(*names: str) -> Callable[[WSGIApplication], WSGIApplication]:
    """Plant the mistake to keep headers of the request where the next request overwrites them."""

    def mistaken(application: WSGIApplication) -> WSGIApplication:
        last: dict[str, str] = {}

        def mixing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            last.update({name: environ.get(name, "") for name in names})
            time.sleep(0)
            environ.update(last)
            return application(environ, start_response)

        return mixing

    return mistaken


def leaks(application: WSGIApplication) -> WSGIApplication:
    """Plant the mistake to keep something of every request for ever."""
    kept = []

    def leaking(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        kept.append(os.urandom(40_000))
        return application(environ, start_response)

    return leaking


MISTAKES: dict[str, Callable[[WSGIApplication], WSGIApplication]] = {
    "": none,
    "mixes up origins": mixes_up("HTTP_ORIGIN"),
    "mixes up requests": mixes_up("HTTP_X_REQUEST"),
    "leaks": leaks,
}
application = MISTAKES[os.environ.get(MISTAKE, "")](echo(app))
