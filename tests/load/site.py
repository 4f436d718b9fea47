"""The app under load: views of every kind, under three policies. The environment may plant a mistake in it."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Never
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, abort, after_this_request
from werkzeug.datastructures import Headers

from flask_cors import CORS, cross_origin

MISTAKE = "FLASK_CORS_TESTS_MISTAKE"  # what is kept of a request where the next one overwrites it, or "leaks"

sys.setswitchinterval(1e-5)  # so that threads get in each other's way far more often than they would

app = Flask(__name__)
app.logger.disabled = True  # what is broken here is so on purpose
FRIENDS: Any = {"origins": ["https://friend.example", "https://*.friend.example"], "supports_credentials": True}
FRIENDS |= {"headers": "*", "expose_headers": "X-Total", "max_age": 600}
CORS(app, resources={"/everyone/": {}, "/reflected/": {"send_wildcard": False}, "/": FRIENDS})


@app.get("/plain/<number>")
@app.get("/everyone/<number>")
@app.get("/reflected/<number>")
@app.get("/folder/<number>/")
def plain(number: str) -> str:
    return number


app.add_url_rule("/decorated/<number>", "decorated", cross_origin(origins="https://*.foe.example")(plain))


@app.get("/raises/<number>")
def raises(number: str) -> Never:
    raise RuntimeError(number)


@app.get("/streams/<number>")
def streams(number: str) -> Response:
    def digits() -> Iterator[str]:
        for digit in number:
            time.sleep(0)  # lets another thread go on
            yield digit

    return Response(digits())


SHARED_HEADERS = Headers({"X-Total": "1"})
SHARED_RESPONSE = Response("shared")
BY_HAND = {"Access-Control-Allow-Origin": "https://evil.example", "Access-Control-Expose-Headers": "X-Evil"}

app.add_url_rule("/shared-response/<_>", "shared-response", lambda _: SHARED_RESPONSE)
app.add_url_rule("/aborts/<number>", "aborts", lambda number: abort(403, number))
app.add_url_rule("/parent", "parent", lambda: str(os.getppid()))


@app.get("/shared-headers/<number>")
def shared_headers(number: str) -> Response:
    response = Response(number)
    response.headers = SHARED_HEADERS
    return response


@app.get("/mutates/<number>")
def mutates(number: str) -> Response:
    """Change the headers before they are sent, and again when it is too late."""
    response = Response(number, headers=BY_HAND)

    @after_this_request
    def change(response: Response) -> Response:
        response.headers.extend(BY_HAND)
        response.vary.add("Accept")
        return response

    response.call_on_close(lambda: response.headers.update({**BY_HAND, "Access-Control-Allow-Credentials": "late"}))
    return response


_last: dict[str, str] = {}
_kept: list[bytes] = []


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Add ``X-Request``, which the app cannot touch, to each response; plant the mistake."""
    mistake = os.environ.get(MISTAKE)
    if mistake == "leaks":
        _kept.append(os.urandom(40_000))
    elif mistake:
        _last[mistake] = environ.get(mistake, "")
        time.sleep(0)
        environ.update(_last)
    own = [("X-Request", environ.get("HTTP_X_REQUEST", ""))]

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, headers + own, *rest)

    return app(environ, start)
