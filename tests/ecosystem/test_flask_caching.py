"""Flask-Caching: what it has stored is answered again without a call of the view."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_caching import Cache

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, preflight

Decorator = Callable[[Callable[[], Any]], Callable[[], Any]]

BOTH = [ORIGIN, OTHER]


class Prices:
    """A view that counts its calls, in an app that caches its answers."""

    def __init__(self) -> None:
        self.calls = 0
        self.app = Flask(__name__)
        self.app.config["CACHE_TYPE"] = "SimpleCache"
        self.cached: Decorator = Cache(self.app).cached(timeout=600)

    def view(self) -> dict[str, int]:
        self.calls += 1
        return {"tea": 3}

    def route(self, *decorators: Decorator) -> None:
        """Route the view below *decorators*, the innermost first."""
        view: Callable[[], Any] = self.view
        for decorator in decorators:
            view = decorator(view)
        self.app.add_url_rule("/prices", "prices", view)


@pytest.fixture
def prices() -> Prices:
    return Prices()


def each_page_gets_its_own_headers(prices: Prices) -> bool:
    assert preflight(prices.app, "/prices", "GET") == (200, allowed_preflight())
    for origin in (ORIGIN, OTHER, ORIGIN):
        assert call(prices.app, "GET", "/prices", origin) == (200, allowed(origin))
    assert call(prices.app, "GET", "/prices", "https://third.example") == (200, DENIED)
    return prices.calls == 1


def test_answers_from_the_cache_have_the_headers_of_the_request(prices: Prices) -> None:
    CORS(prices.app, origins=BOTH)
    prices.route(prices.cached)
    assert each_page_gets_its_own_headers(prices)


def test_the_decorator_stands_above_the_cache(prices: Prices) -> None:
    prices.route(prices.cached, cross_origin(origins=BOTH))
    assert each_page_gets_its_own_headers(prices)


def test_with_cors_on_the_app_the_order_does_not_matter(prices: Prices) -> None:
    CORS(prices.app, resources=[])
    prices.route(cross_origin(origins=BOTH), prices.cached)
    assert each_page_gets_its_own_headers(prices)


def test_a_decorator_alone_below_the_cache_is_passed_by(prices: Prices) -> None:
    prices.route(cross_origin(origins=BOTH), prices.cached)
    assert preflight(prices.app, "/prices", "GET") == (200, allowed_preflight())
    assert call(prices.app, "GET", "/prices", OTHER)[1] == {}, "it is not passed by now: say so in the manual"
    assert prices.app.test_client().get("/prices").data == b"", "the preflight's answer is no longer stored: likewise"
