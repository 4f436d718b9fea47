"""The shop as a server: a run is one policy with its own app, and all that crossed the wire since it was planned."""

from __future__ import annotations

import secrets
import time
import warnings
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flask import Flask
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as WSGIResponse
from werkzeug.wsgi import get_content_length

from flask_cors.browser import Response
from flask_cors.cli.ask import Evidence, watch
from flask_cors.cli.site import Site
from flask_cors.options import CORSWarning

from .addresses import Addresses
from .draft import LONGEST_CALL_BODY, LONGEST_PATH, Draft, Mistake
from .program import site_of
from .replay import Page, Recorded
from .shop import Book, Front, make_shop, set_policy

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MOST_RUNS = 32
MOST_MESSAGES = 20
RAW_HEADERS = "playground.headers"  # as they were sent; WSGI changes the spelling of their names


@dataclass
class Run:
    """One policy, the app that has it, and the messages since it was planned."""

    id: str
    draft: Draft
    site: Site
    book: Book
    #: What the extension has corrected, or advises against.
    warnings: tuple[str, ...] = ()
    #: The model of the page: it caches preflights, as the browser does.
    pages: dict[str, Page] = field(default_factory=dict)
    messages: list[Recorded] = field(default_factory=list)
    verdict: dict[str, Any] | None = None


class Shop:
    """All runs: a WSGI app that lets the app of a run respond, and records that."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._hosts = {addresses.shop.partition("://")[2], addresses.other.partition("://")[2]}
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self.lock = Lock()

    def run(self, name: object) -> Run | None:
        """Return a run, unless it is forgotten."""
        return self._runs.get(name) if isinstance(name, str) else None

    def plan(self, draft: Draft, kept: Run | None = None) -> Run:
        """Begin a run, or give the one that is *kept* another policy: its address stays the same.

        :raises Mistake: with what the extension says of the policy.
        """
        with self.lock:
            run = make_run(draft, kept, self._addresses.other)
            self._runs[run.id] = run
            self._runs.move_to_end(run.id)
            while len(self._runs) > MOST_RUNS:
                self._runs.popitem(last=False)
        return run

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request of a page; without a run, there is no CORS."""
        return self._respond(environ)(environ, start_response)

    def _respond(self, environ: WSGIEnvironment) -> WSGIResponse:
        if environ.get("HTTP_HOST") not in self._hosts:
            return WSGIResponse("Another host is meant.", 421)
        run = self.run(*parse_qs(environ["QUERY_STRING"]).get("run", [""])[-1:])
        if run is None:
            return WSGIResponse("There is no such run.", 404)
        length = get_content_length(environ) or 0
        if length > LONGEST_CALL_BODY or len(environ["PATH_INFO"]) > LONGEST_PATH:
            return WSGIResponse("The path or the body is too long.", 413)
        body = environ["wsgi.input"].read(length)
        with self.lock:
            if len(run.messages) >= MOST_MESSAGES:
                return WSGIResponse("The call has sent too much: send another.", 429)
            response = record(run, environ, body).response
        return WSGIResponse(response.body, response.status, [*response.headers])


def make_run(draft: Draft, kept: Run | None, other: str) -> Run:
    """Let the extension parse a policy, and return its run."""
    book = kept.book if kept else Book()
    app = make_shop(book, draft.front, other)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", CORSWarning)
        try:
            if draft.options is not None:
                set_policy(app, draft.options)
            site = site_of(app, draft.python)
        except (TypeError, ValueError) as error:
            raise Mistake(str(error)) from error
    sentences = tuple(dict.fromkeys(str(one.message) for one in warned))
    name, pages = (kept.id, kept.pages) if kept else (secrets.token_urlsafe(12), {})
    return Run(name, draft, site, book, sentences, pages)


def record(run: Run, environ: WSGIEnvironment, body: bytes) -> Recorded:
    """Let the app of a run respond, and keep the message."""
    headers = tuple(environ.get(RAW_HEADERS, ()))
    seen = Evidence()
    with watch(run.site.app, seen):
        of_app = respond(run.site.app, {**environ, "wsgi.input": BytesIO(body)})
    is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    message = Recorded(
        kind="preflight" if is_preflight else "actual",
        method=environ["REQUEST_METHOD"],
        target=environ["REQUEST_URI"],
        by="other" if environ["HTTP_HOST"].startswith("localhost") else "shop",
        headers=headers,
        body=body,
        of_app=of_app,
        response=pass_front(run.draft.front, of_app),
        evidence=seen,
        time=time.monotonic(),
    )
    run.messages.append(message)
    return message


def respond(app: Flask, environ: WSGIEnvironment) -> Response:
    """Let an app respond."""
    body, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Response(int(status.split()[0]), (*headers, ("Server", "the shop")), body=b"".join(body))


def pass_front(front: Front, response: Response) -> Response:
    """Return the response as it leaves what stands before the app: a proxy adds a header of its own."""
    if front != "proxy":
        return response
    headers = [(name, "a proxy" if name == "Server" else value) for name, value in response.headers]
    return Response(response.status, [*headers, ("Access-Control-Allow-Origin", "*")], body=response.body)
