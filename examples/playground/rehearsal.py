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


def rehearse(scenario: dict[str, Any], part: Part = "mistake") -> dict[str, Any]:
    """Make the call of a part of a scenario as the model of a browser does; return what ``/judge`` says of it."""
    shop = Shop(ADDRESSES)
    run = shop.plan(draft_of(scenario, part))
    make_call(shop, run)
    return judge(run, ADDRESSES, None)


def draft_of(scenario: dict[str, Any], part: Part) -> Draft:
    """Read a part of a scenario; what it leaves out is as in the mistake."""
    given = scenario if part == "mistake" else {**scenario, **scenario[part]}
    return read_draft({name: given[name] for name in ("options", "front", "call")}, ADDRESSES)


def make_call(shop: Shop, run: Run) -> None:
    """Make the call of a run over the shop, without a network."""
    call, server = run.draft.call, Client(shop, use_cookies=False)

    def send(request: Request) -> Response:
        found = server.open(**environ_of(request))
        return Response(found.status_code, tuple(found.headers), body=found.data)

    page = Browser(call.origin, send)
    url = url_of(run.draft, run.id, ADDRESSES)
    page.fetch(url, method=call.method, headers=call.headers, body=call.body, credentials=call.credentials)


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
