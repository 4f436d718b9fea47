"""The origins on this computer that respond to every case, and a log of what reached them.

The number of a case travels in the query of its URLs, through redirects, too. So no two cases share a URL, and with
it an entry in a cache; and the log tells their requests apart although many are under way at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request

from flask_cors.browser import Response as Answer
from flask_cors.browser import get_header
from tests.transcripts.servers import HOST, serving

#: The page's own origin, the one that it calls, and one more for redirects to lead to: three ports, and one site. Then
#: another site, one that the network could change, and a page with a server below its own name.
PLACES = {"page": HOST, "api": HOST, "other": HOST}
PLACES |= {"far": "far.localhost", "plain": "plain.test", "app": "app.localhost", "sub": "api.app.localhost"}
ANY_METHOD = ["GET", "POST", "PUT", "DELETE", "PATCH"]
LOGGED = [
    *("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Authorization", "Content-Type"),
    *("Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Last-Event-ID"),
]
#: What each origin sets when it is visited.
COOKIES = {"unset": "", "lax": "SameSite=Lax", "strict": "SameSite=Strict", "secure": "Secure"}
COOKIES |= {"none": "SameSite=None; Secure", "parted": "SameSite=None; Secure; Partitioned", "unsafe": "SameSite=None"}
COOKIES |= {"deep": "Path=/thi; SameSite=None; Secure", "wide": "Domain=app.localhost; SameSite=None; Secure"}
COOKIES |= {"__Host-a": "Path=/; Secure; SameSite=None"}


class Call(NamedTuple):
    """A request as it reached a server: what decides about CORS, and what a redirect may take away."""

    place: str
    method: str
    path: str
    query: str
    others: tuple[str, ...]
    body: bytes
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[str, ...]

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and self.header("Access-Control-Request-Method") is not None

    def header(self, name: str) -> str | None:
        return get_header(self.headers, name)


class Site:
    """The origins by place, the app that responds to each case, and what has reached them in each case."""

    def __init__(self) -> None:
        self.origins: dict[str, str] = {}
        self.apps: dict[int, WSGIApplication] = {}
        self.log: defaultdict[int, list[Call]] = defaultdict(list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the app of the case does; without a case, with an empty page."""
        case = re.search(r"\bcase=(\d+)", environ["QUERY_STRING"])
        if case is None:
            cookies = COOKIES if environ["PATH_INFO"] == "/cookies" else {}
            set_cookies = [("Set-Cookie", f"{name}=1; {attributes}") for name, attributes in cookies.items()]
            start_response("200 OK", [("Content-Type", "text/html"), *set_cookies])
            return [b"<!doctype html><title>page</title><link rel=icon href=data:,>"]
        # All of the body is read: a connection that closes before that is a network error.
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.log[int(case[1])].append(self._call(environ, body, f"c{case[1]}"))
        return self.apps[int(case[1])]({**environ, "wsgi.input": BytesIO(body)}, start_response)

    def _call(self, environ: WSGIEnvironment, body: bytes, own_cookie: str) -> Call:
        cookies = {pair.partition("=")[0] for pair in environ.get("HTTP_COOKIE", "").split("; ")}
        typed = {**environ, "HTTP_CONTENT_TYPE": environ.get("CONTENT_TYPE")}
        headers = ((name, typed.get(f"HTTP_{name.upper().replace('-', '_')}")) for name in LOGGED)
        places = {urlsplit(origin).netloc: place for place, origin in self.origins.items()}
        return Call(
            place=places[environ["HTTP_HOST"]],
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            query=environ["QUERY_STRING"],
            others=tuple(sorted(key for key in environ if key.startswith("HTTP_X_"))),
            body=body,
            headers=tuple((name, value) for name, value in headers if value is not None),
            cookies=tuple(sorted(cookies & {*COOKIES, own_cookie})),
        )


@contextmanager
def running_site() -> Iterator[Site]:
    """Serve a site at its origins."""
    site = Site()
    with ExitStack() as stack:
        for place, host in PLACES.items():
            site.origins[place] = f"http://{host}:{stack.enter_context(serving(site))}"
        yield site


def app_for_cases(origins: dict[str, str]) -> Flask:
    """Make an app with a view for each thing that a page can meet; its policy is for others to add."""
    app = Flask(__name__, static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True
    app.add_url_rule("/read-only", "read-only", _thing)
    views: dict[str, Callable[..., Response | str]] = {
        "/thing": _thing,
        "/folder/": _thing,
        "/bug": lambda: str(1 // 0),
        "/cookie": lambda: Response("set", headers={"Set-Cookie": "user=ann", "X-Shown": "shown"}),
        "/moved/<int:status>": lambda status: _redirect("/thing", status),
        "/away/<int:status>": lambda status: _redirect(f"{origins['other']}/thing", status),
        "/home/<int:status>": lambda status: _redirect(f"{origins['page']}/thing", status),
        "/back/<int:status>": lambda status: _redirect(f"{origins['other']}/{_here(origins)}/{status}", status),
        "/to-api/<int:status>": lambda status: _redirect(f"{origins['api']}/thing", status),
        "/login/<int:status>": lambda status: _redirect(f"http://ann:tea@{urlsplit(origins['other']).netloc}/", status),
    }
    for path, view in views.items():
        app.add_url_rule(path, path, view, methods=ANY_METHOD)
    return app


def _here(origins: dict[str, str]) -> str:
    return "home" if request.host_url.rstrip("/") == origins["page"] else "to-api"


def _redirect(target: str, status: int) -> Response:
    return Response(status=status, headers={"Location": f"{target}?{request.query_string.decode()}"})


def _thing() -> Response:
    return Response("the thing", headers={"X-Shown": "shown", "X-Hidden": "hidden", "Last-Modified": "long ago"})


def by_hand(preflight: Answer, actual: Answer) -> WSGIApplication:
    """Make a server with the same two responses to everything, right or wrong; it redirects only once."""
    arrived = Answer(200, tuple(pair for pair in actual.headers if pair[0] != "Location"), body=actual.body)

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_preflight = "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
        response = preflight if is_preflight else arrived if "done" in environ["QUERY_STRING"] else actual
        start_response(f"{response.status} Status", list(response.headers))
        return [response.body]

    return respond
