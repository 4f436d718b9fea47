"""For your test suite: a page in a browser that calls your app, without a browser and without a server.

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

Nothing here needs pytest. Who uses it finds a fixture in :mod:`flask_cors.pytest_plugin`.
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
    """Open a page at *origin*; the app answers its requests, to whatever host they go.

    The page has the cookies of the client that is given; for an app it gets a client of its own. They are sent,
    and new ones kept, only where the page's ``credentials`` say so. Headers that the client would add on its own
    (from ``environ_base``, or in an ``open()`` that you have overridden) stay away: no browser knows of them.

    :param origin: as browsers write it; ``"null"`` for a sandboxed page.
    """
    if isinstance(app_or_client, Flask):
        return Browser(origin, _Network(app_or_client.test_client()))
    if isinstance(app_or_client, FlaskClient):
        return Browser(origin, _Network(app_or_client))
    raise TypeError(f"browser() takes a Flask app or its test client, not {app_or_client!r}")


class _Network:
    """Lets a client's app answer, with the client's cookies where they may travel."""

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
            path=site + path,  # without the site, a path that begins with two slashes would be taken for one
            base_url=site + root,
            query_string=url.query,
            method=request.method,
            headers=list(request.headers),
            input_stream=BytesIO(request.body or b""),
            environ_base={name: value for name, value in self._client.environ_base.items() if _is_no_secret(name)},
        )


def split_root(app: Flask, path: str) -> tuple[str, str]:
    """Split the app's ``APPLICATION_ROOT`` from a path, as a server does that has the app mounted there."""
    root = str(app.config["APPLICATION_ROOT"]).rstrip("/") + "/"
    return (root, "/" + path.removeprefix(root)) if path.startswith(root) else ("/", path)


def _is_no_secret(name: str) -> bool:
    """Tell what a client may add to a request: all but headers, of which any browser sends only one."""
    return not name.startswith("HTTP_") or name == "HTTP_USER_AGENT"


# -- Assertions --------------------------------------------------------------------------------------------


def assert_allowed(outcome: Outcome) -> Response:
    """Fail unless CORS lets the page read the answer; return what the page can read.

    An answer from the page's own origin fails as well: CORS has no part in it, so such a test would prove nothing.
    """
    __tracebackhide__ = True
    if outcome.response is None:
        _fail(f"The page is blocked: {outcome.reason}", outcome)
    if outcome.step == _SAME_ORIGIN:
        _fail("The page called its own origin, where CORS has no part; call a URL of another origin.", outcome)
    return outcome.response


def assert_blocked(outcome: Outcome, *, step: str | None = None) -> str:
    """Fail unless the page is kept from the answer; return the reason.

    :param step: what must have decided: an algorithm of the Fetch standard such as ``"#cors-check"``, or one of
        its steps, ``"#cors-check step 4"``.
    """
    __tracebackhide__ = True
    if outcome.allowed or outcome.reason is None:
        _fail("The page is allowed to read the answer; it should be blocked.", outcome)
    if step not in (None, outcome.step, outcome.step.partition(" ")[0]):
        _fail(f"The page is blocked, but not by {step}: {outcome.reason}", outcome)
    return outcome.reason


def _fail(problem: str, outcome: Outcome) -> NoReturn:
    __tracebackhide__ = True
    raise AssertionError(f"{problem}\nDecided by: {outcome.step}\n\n{transcript(outcome)}")


# -- Transcripts -------------------------------------------------------------------------------------------


def transcript(outcome: Outcome) -> str:
    """Write down all that went over the network, as HTTP messages."""
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
    more = f"\n... and {len(body) - _SHOWN_BYTES} bytes more" if len(body) > _SHOWN_BYTES else ""
    return [*lines, "", body[:_SHOWN_BYTES].decode("utf-8", "replace").rstrip("\n") + more]
