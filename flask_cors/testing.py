"""For your tests: a page that calls your app as in a browser, without a browser and without a server.

>>> from flask import Flask
>>> from flask_cors import CORS
>>> app = Flask("shop")
>>> _ = CORS(app, origins="https://app.example")
>>> page = browser(app, "https://app.example")
>>> assert_allowed(page.fetch("http://localhost/prices")).status
404
>>> page = browser(app, "https://evil.example")
>>> print(assert_blocked(page.fetch("http://localhost/prices"), step="#cors-check"))
Access-Control-Allow-Origin of the response is missing; it must be 'https://evil.example' or '*'.

This module does not need pytest. A fixture for pytest is in :mod:`flask_cors.pytest_plugin`.
"""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import NoReturn
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .browser import Browser, Exchange, Headers, Outcome, Request, Response

__all__ = ["assert_allowed", "assert_blocked", "browser", "transcript"]

_SAME_ORIGIN = "#main-fetch step 12"
_SHOWN_BYTES = 500


def browser(app_or_client: Flask | FlaskClient, origin: str = "https://app.example") -> Browser:
    """Open a page at *origin*; the app receives all its requests, for every host.

    The page shares the cookies of a test client; for an app it has a new client. It sends and stores cookies only
    if the ``credentials`` of the request allow it. It does not send other headers of the client (from
    ``environ_base``, or from an ``open()`` of your own), because a browser would not know them.

    :param origin: as browsers send it; ``"null"`` for a sandboxed page.
    """
    if isinstance(app_or_client, Flask):
        return Browser(origin, _Network(app_or_client.test_client()))
    if isinstance(app_or_client, FlaskClient):
        return Browser(origin, _Network(app_or_client))
    raise TypeError(f"browser() takes a Flask app or its test client, not {app_or_client!r}")


class _Network:
    """Sends requests to a client's app, with the client's cookies if the request includes credentials."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._app = client.application

    def __call__(self, request: Request) -> Response:
        environ = self._builder(request).get_environ()
        run = self._client.run_wsgi_app if request.credentials else partial(run_wsgi_app, self._app)
        body, status, headers = run(environ, buffered=True)
        return Response(int(status.split()[0]), tuple(headers), body=b"".join(body))

    def _builder(self, request: Request) -> EnvironBuilder:
        url = urlsplit(request.url)
        site = f"{url.scheme}://{url.netloc}"
        root, path = split_root(self._app, url.path)
        return EnvironBuilder(
            path=site + path,  # without the site, a path that begins with two slashes would be read as a host
            base_url=site + root,
            query_string=url.query,
            method=request.method,
            headers=list(request.headers),
            input_stream=BytesIO(request.body or b""),
            environ_base={name: value for name, value in self._client.environ_base.items() if _may_add(name)},
        )


def split_root(app: Flask, path: str) -> tuple[str, str]:
    """Split the app's ``APPLICATION_ROOT`` from a path, as a server does for an app mounted there."""
    root = str(app.config["APPLICATION_ROOT"]).rstrip("/") + "/"
    if not path.startswith(root):
        return "/", path
    return root, "/" + path.removeprefix(root)


def _may_add(name: str) -> bool:
    """Whether the client may add this to a request: everything except headers; only ``User-Agent`` is allowed."""
    return not name.startswith("HTTP_") or name == "HTTP_USER_AGENT"


# -- Assertions --------------------------------------------------------------------------------------------


def assert_allowed(outcome: Outcome) -> Response:
    """Fail unless CORS allows the page to read the response; return the response as the page sees it.

    A response of the page's own origin fails as well: CORS does not apply there, so the test would prove nothing.
    """
    __tracebackhide__ = True
    if outcome.response is None:
        _fail(f"The page is blocked: {outcome.reason}", outcome)
    if outcome.step == _SAME_ORIGIN:
        _fail("The page called its own origin, where CORS does not apply; call a URL of another origin.", outcome)
    return outcome.response


def assert_blocked(outcome: Outcome, *, step: str | None = None) -> str:
    """Fail unless the page is blocked; return the reason.

    :param step: what must have blocked the page: an algorithm of the Fetch standard such as ``"#cors-check"``, or
        one of its steps, ``"#cors-check step 4"``.
    """
    __tracebackhide__ = True
    if outcome.allowed or outcome.reason is None:
        _fail("The page may read the response; it should be blocked.", outcome)
    if step not in (None, outcome.step, outcome.step.partition(" ")[0]):
        _fail(f"The page is blocked, but not by {step}: {outcome.reason}", outcome)
    return outcome.reason


def _fail(problem: str, outcome: Outcome) -> NoReturn:
    __tracebackhide__ = True
    raise AssertionError(f"{problem}\nDecided by: {outcome.step}\n\n{transcript(outcome)}")


# -- Transcripts -------------------------------------------------------------------------------------------


def transcript(outcome: Outcome) -> str:
    """Return all requests and responses as HTTP messages."""
    return "\n\n".join(map(_exchange, outcome.exchanges)) or "Nothing was sent."


def _exchange(exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    url = urlsplit(request.url)
    target = url.path + (f"?{url.query}" if url.query else "")
    cookies = "with" if request.credentials else "without"
    return "\n".join(
        [
            f"--- {exchange.kind} request to {url.scheme}://{url.netloc}, {cookies} cookies ---",
            *_message(f"{request.method} {target} HTTP/1.1", (("Host", url.netloc), *request.headers), request.body),
            "",
            *_message(f"HTTP/1.1 {response.status}", response.headers, response.body),
        ]
    )


def _message(first: str, headers: Headers, body: bytes | None) -> list[str]:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if not body:
        return lines
    lines += ["", body[:_SHOWN_BYTES].decode("utf-8", "replace").rstrip("\n")]
    if len(body) > _SHOWN_BYTES:
        lines.append(f"... and {len(body) - _SHOWN_BYTES} bytes more")
    return lines
