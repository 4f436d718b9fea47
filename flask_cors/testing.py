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

from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers as WerkzeugHeaders
from werkzeug.test import Cookie as ClientCookie
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .browser import Browser, Cookie, CookieJar, Exchange, Headers, Outcome, Request, Response
from .browser.cookies import parse_same_site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["assert_allowed", "assert_blocked", "browser", "transcript"]

_SAME_ORIGIN = "#main-fetch step 12"
_SHOWN_BYTES = 500


def browser(
    app_or_client: Flask | FlaskClient,
    origin: str = "https://app.example",
    *,
    path: str = "/",
    third_party_cookies: bool = False,
) -> Browser:
    """Open a page at *origin*; the app receives all its requests, for every host.

    The page shares the cookies of a test client; for an app it has a new client. It sends and stores cookies only
    where a browser would: the ``credentials`` of the request decide, and the ``SameSite``, ``Secure`` and
    ``Partitioned`` of the cookie. It does not send other headers of the client (from ``environ_base``, or from an
    ``open()`` of your own), because a browser would not know them.

    :param origin: as browsers send it; ``"null"`` for a sandboxed page.
    :param path: of the page's URL, for ``Referer``.
    :param third_party_cookies: whether the user lets other sites have cookies that are not ``Partitioned``.
    """
    if isinstance(app_or_client, Flask):
        app_or_client = app_or_client.test_client()
    if not isinstance(app_or_client, FlaskClient):
        raise TypeError(f"browser() takes a Flask app or its test client, not {app_or_client!r}")
    return Browser(origin, _ClientCookies(app_or_client, third_party_cookies), path=path)


class _ClientCookies(CookieJar):
    """The network of a client's app, with the cookies of the client. Those that are partitioned are the page's own."""

    def __init__(self, client: FlaskClient, third_party: bool) -> None:
        super().__init__(self._send, third_party=third_party)
        self._client = client
        self._app = client.application

    def _send(self, request: Request) -> Response:
        base = {name: value for name, value in self._client.environ_base.items() if _may_add(name)}
        environ = request_environ(self._app, request, base)
        body, status, headers = run_wsgi_app(leave_unread(self._app, _is_stream), environ, buffered=True)
        return Response(int(status.split()[0]), tuple(headers), body=b"".join(body))

    def stored(self) -> Iterable[Cookie]:
        """Return the cookies of the client, then those of the page."""
        return [*map(_from_client, (self._client._cookies or {}).values()), *super().stored()]

    def store(self, cookie: Cookie, header: str, request: Request) -> None:
        """Let the client keep a cookie, unless it is partitioned."""
        if cookie.partition is not None:
            super().store(cookie, header, request)
            return
        url = urlsplit(request.url)
        self._client._update_cookies_from_response(url.hostname or "", url.path, [header])


def _from_client(cookie: ClientCookie) -> Cookie:
    return Cookie(
        cookie.key,
        cookie.value,
        cookie.domain.removeprefix("."),
        cookie.path,
        host_only=cookie.origin_only,
        secure=bool(cookie.secure),
        same_site=parse_same_site(cookie.same_site),
    )


def request_environ(app: Flask, request: Request, base: Mapping[str, Any]) -> WSGIEnvironment:
    """Return the environ of a request, as a server has it."""
    url = urlsplit(request.url)
    site = f"{url.scheme}://{url.netloc}"
    root, path = split_root(app, url.path)
    return EnvironBuilder(
        path=site + path,  # without the site, a path that begins with two slashes would be taken for one
        base_url=site + root,
        query_string=url.query,
        method=request.method,
        headers=list(request.headers),
        input_stream=BytesIO(request.body or b""),
        environ_base=base,
    ).get_environ()


def leave_unread(app: WSGIApplication, is_left: Callable[[WerkzeugHeaders], bool]) -> WSGIApplication:
    """Return *app* without the bodies of some responses, which are told by their headers: streams never end."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started: list[WerkzeugHeaders] = []

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            started.append(WerkzeugHeaders(headers))
            return start_response(status, headers, *error)

        body = app(environ, start)
        if not started or not is_left(started[-1]):
            return body
        getattr(body, "close", bool)()
        return []

    return respond


def _is_stream(headers: WerkzeugHeaders) -> bool:
    """Whether a response is a stream of events, or of pictures."""
    return headers.get("Content-Type", "").startswith(("text/event-stream", "multipart/x-mixed-replace"))


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
    if outcome.is_opaque:
        _fail("The page can use the response, but not read it, because the request was made without CORS.", outcome)
    if outcome.step == _SAME_ORIGIN:
        _fail("The page called its own origin, where CORS does not apply; call a URL of another origin.", outcome)
    return outcome.response


def assert_blocked(outcome: Outcome, *, step: str | None = None) -> str:
    """Fail unless the page is blocked; return the reason.

    :param step: what must have blocked the page: an algorithm of the Fetch standard such as ``"#cors-check"``, or
        one of its steps, ``"#cors-check step 4"``.
    """
    __tracebackhide__ = True
    if outcome.is_opaque:
        _fail("The page can use the response, but not read it, because the request was made without CORS.", outcome)
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
            *(f"({remark})" for remark in response.remarks),
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
