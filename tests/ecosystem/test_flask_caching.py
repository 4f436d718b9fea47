"""Flask-Caching: what it has stored is sent again without a call of the view."""

from typing import Any

import pytest
from flask import Flask
from flask_caching import Cache

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, preflight

CORS_OF_VIEW = cross_origin(origins=[ORIGIN, OTHER])


class Prices(Flask):
    """An app with a view that counts its calls, and a cache for it."""

    def __init__(self) -> None:
        super().__init__(__name__)
        self.calls = 0
        self.config["CACHE_TYPE"] = "SimpleCache"
        self.cached = Cache(self).cached(timeout=600)

    def view(self) -> dict[str, int]:
        self.calls += 1
        return {"tea": 3}


@pytest.mark.parametrize("way", ["CORS(app)", "cross_origin above", "cross_origin below, with CORS(app)"])
def test_responses_from_the_cache_have_the_headers_of_the_request(way: str) -> None:
    app = Prices()
    view: Any = app.cached(app.view)
    if way == "CORS(app)":
        CORS(app, origins=[ORIGIN, OTHER])
    elif way == "cross_origin above":
        view = CORS_OF_VIEW(view)
    else:
        CORS(app, resources=[])
        view = app.cached(CORS_OF_VIEW(app.view))
    app.add_url_rule("/prices", "prices", view)
    assert preflight(app, "/prices", "GET") == (200, allowed_preflight())
    for origin in (ORIGIN, OTHER, ORIGIN):
        assert call(app, "GET", "/prices", origin) == (200, allowed(origin))
    assert call(app, "GET", "/prices", "https://third.example") == (200, DENIED)
    assert app.calls == 1


def test_a_decorator_alone_below_the_cache_is_not_reached() -> None:
    app = Prices()
    app.add_url_rule("/prices", "prices", app.cached(CORS_OF_VIEW(app.view)))
    assert preflight(app, "/prices", "GET") == (200, allowed_preflight())
    assert call(app, "GET", "/prices", OTHER)[1] == {}, "it is reached now: say so in the manual"
    assert app.test_client().get("/prices").data == b"", "the response to a preflight is not stored now: likewise"
