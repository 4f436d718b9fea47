"""Flask-Caching: what it has stored is sent again without a call of the view."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_caching import Cache

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, preflight
from tests.tables import table

decorate = cross_origin(origins=[ORIGIN, OTHER])


def cached_app(options: Any, use: Callable[[Any, Any], Any]) -> tuple[Flask, list[int]]:
    """Make an app with a view that counts its calls; *use* puts a cache and a policy around it."""
    app, calls = Flask(__name__), list[int]()
    app.config["CACHE_TYPE"] = "SimpleCache"

    def view() -> dict[str, int]:
        calls.append(1)
        return {"tea": 3}

    if options is not None:
        CORS(app, **options)
    app.add_url_rule("/prices", "prices", use(Cache(app).cached(timeout=600), view))
    assert preflight(app, "/prices", "GET") == (200, allowed_preflight())
    return app, calls


@table(
    "options, use",
    ("CORS(app)", {"origins": [ORIGIN, OTHER]}, lambda cached, view: cached(view)),
    ("cross_origin above", None, lambda cached, view: decorate(cached(view))),
    ("cross_origin below, with CORS(app)", {"resources": []}, lambda cached, view: cached(decorate(view))),
)
def test_responses_from_the_cache_have_the_headers_of_the_request(options: Any, use: Callable[[Any, Any], Any]) -> None:
    app, calls = cached_app(options, use)
    for origin in (ORIGIN, OTHER, ORIGIN):
        assert call(app, "GET", "/prices", origin) == (200, allowed(origin))
    assert call(app, "GET", "/prices", "https://third.example") == (200, DENIED)
    assert calls == [1]


def test_a_decorator_alone_below_the_cache_is_not_reached() -> None:
    app, _ = cached_app(None, lambda cached, view: cached(decorate(view)))
    assert call(app, "GET", "/prices", OTHER)[1] == {}, "it is reached now: say so in the manual"
    assert app.test_client().get("/prices").data == b"", "the response to a preflight is not stored now: likewise"
