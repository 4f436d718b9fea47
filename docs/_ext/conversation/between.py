"""What can stand between browser and server: a shared cache, or a proxy that adds a header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from werkzeug.datastructures import Headers

from flask_cors.browser import HeaderList, Request, Response

Send = Callable[[Request], Response]


class Intermediary(Protocol):
    """Gets each request of the browser, and sends it on, or not."""

    name: str

    def respond(self, request: Request, send: Send) -> tuple[Response, str]:
        """Return the response for the browser, and a sentence that says where it comes from."""


@dataclass
class SharedCache:
    """Stores public responses, and replays them as RFC 9111, section 4.1, allows: by URL, and by what Vary names."""

    name: str = "cache"
    _stored: list[tuple[Request, Response]] = field(default_factory=list)

    def respond(self, request: Request, send: Send) -> tuple[Response, str]:
        """Replay a response, or store a new one."""
        for earlier, response in self._stored:
            if _may_replay(response, earlier, request):
                return response, "The cache replays the stored response."
        response = send(request)
        if request.method != "GET" or "public" not in Headers(response.headers).get("Cache-Control", ""):
            return response, "The cache does not store the response."
        self._stored.append((request, response))
        return response, "The cache stores the response."


def _may_replay(response: Response, earlier: Request, request: Request) -> bool:
    if (earlier.method, earlier.url) != (request.method, request.url):
        return False
    names = Headers(response.headers).get("Vary", "").replace(" ", "").split(",")
    before, now = Headers(earlier.headers), Headers(request.headers)
    return all(before.get(name) == now.get(name) for name in names)


@dataclass
class Proxy:
    """Adds one header to each response, as ``add_header`` of nginx does."""

    header: str
    name: str = "proxy"

    def respond(self, request: Request, send: Send) -> tuple[Response, str]:
        """Add the header."""
        response = send(request)
        name, _, value = self.header.partition(":")
        headers = (*response.headers, (name, value.strip()))
        return replace(response, headers=HeaderList(headers)), f"The proxy adds {self.header}"
