"""The scenarios without a browser: the model of one makes the calls, for the manual and for the tests."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from werkzeug.test import Client

from flask_cors.browser import Browser, Request, Response

from .addresses import Addresses
from .draft import Draft, read_draft, url_of
from .judge import judge
from .runs import RAW_HEADERS, Run, Shop

ADDRESSES = Addresses(5050, 5051)
Part = Literal["mistake", "more", "fix"]


def rehearse(scenario: Any, part: Part = "mistake") -> dict[str, Any]:
    """Make the call of a part of a scenario as the model of a browser does; return what ``/judge`` says of it."""
    rehearsal = Rehearsal(draft_of(scenario, part).call.origin)
    if part == "more":
        rehearsal.call(draft_of(scenario, "mistake"))
    return rehearsal.call(draft_of(scenario, part))


def draft_of(scenario: Any, part: Part) -> Draft:
    """Read a part of a scenario; what it leaves out is as in the mistake."""
    given = scenario if part == "mistake" else {**scenario, **scenario[part]}
    return read_draft({name: given[name] for name in ("options", "front", "call")}, ADDRESSES)


class Rehearsal:
    """A page in the model of a browser, and the shop; there is no network. All calls go to one address."""

    def __init__(self, origin: str) -> None:
        self._shop = Shop(ADDRESSES)
        self._client = Client(self._shop, use_cookies=False)
        self._page = Browser(origin, self._send)
        self._run: Run | None = None

    def call(self, draft: Draft) -> dict[str, Any]:
        """Make a call; return what ``/judge`` says of it."""
        self._run = self._shop.plan(draft, self._run)
        call, url = draft.call, url_of(draft, self._run.id, ADDRESSES)
        self._page.fetch(url, method=call.method, headers=call.headers, body=call.body, credentials=call.credentials)
        return judge(self._run, ADDRESSES, None)

    def _send(self, request: Request) -> Response:
        found = self._client.open(**environ_of(request))
        return Response(found.status_code, tuple(found.headers), body=found.data)


def environ_of(request: Request) -> dict[str, Any]:
    """Return what the test client of Werkzeug makes a request of; the names of the headers stay as they are."""
    url, headers = urlsplit(request.url), list(request.headers)
    return {
        "path": f"{url.path}?{url.query}",
        "base_url": f"{url.scheme}://{url.netloc}",
        "method": request.method,
        "headers": headers,
        "data": request.body,
        "environ_overrides": {RAW_HEADERS: headers},
    }
