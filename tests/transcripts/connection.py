"""The connection that ends at a test client: from a request of Requests to an answer of Requests."""

import io
import platform
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests
from flask.testing import FlaskClient
from httpie.adapters import HTTPieHTTPAdapter  # type: ignore[import-untyped]
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.http import http_date, parse_cookie
from werkzeug.test import TestResponse


class Connection(HTTPieHTTPAdapter):  # type: ignore[misc]
    """Hand a request to a test client instead of a socket."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Return the test client's answer in the form that Requests reads from a socket."""
        self._take_cookies(request)
        answer = self._client.open(request.url, method=request.method, headers=_headers(request), data=_body(request))
        raw = HTTPResponse(
            body=io.BytesIO(answer.get_data()),
            headers=_as_served(answer),
            status=answer.status_code,
            reason=answer.status.partition(" ")[2],
            version=11,
            preload_content=False,
            request_method=request.method,
        )
        response: requests.Response = self.build_response(request, raw)
        return response

    def _take_cookies(self, request: requests.PreparedRequest) -> None:
        # A test client sends the cookies of its own jar, whatever header the request has.
        typed = dict(_headers(request)).get("Cookie")
        for name, value in parse_cookie(typed).items():
            self._client.set_cookie(name, value, domain=str(urlsplit(request.url).hostname))


def _headers(request: requests.PreparedRequest) -> list[tuple[str, str]]:
    """Read headers as a server does: HTTPie holds what was typed as bytes."""
    headers: list[tuple[str, str | bytes]] = list(request.headers.items())
    return [(name, value.decode("latin-1") if isinstance(value, bytes) else value) for name, value in headers]


def _body(request: requests.PreparedRequest) -> bytes:
    """Collect the body of a request: text, bytes, a stream of an upload, or none."""
    body: Any = request.body
    if body is None or isinstance(body, str):
        return (body or "").encode()
    if hasattr(body, "read"):
        body = body.read()
    return body if isinstance(body, bytes) else b"".join(body)


def _as_served(answer: TestResponse) -> HTTPHeaderDict:
    """Add what Werkzeug's server, and no application, says: the only difference between the two ways."""
    headers = HTTPHeaderDict(answer.headers.items())
    headers.add("Connection", "close")
    headers.add("Date", http_date())
    headers.add("Server", f"Werkzeug/{version('werkzeug')} Python/{platform.python_version()}")
    if _is_chunked(answer):
        headers.add("Transfer-Encoding", "chunked")
    return headers


def _is_chunked(answer: TestResponse) -> bool:
    bodiless = answer.request.method == "HEAD" or answer.status_code in {204, 304}
    return not bodiless and "Content-Length" not in answer.headers
