"""Flask-Limiter: who calls too often gets a 429 that the page can read; preflights do not count."""

from flask import Flask
from flask_limiter import Limiter

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, manual_app, preflight

ALLOWED = allowed(Expose_Headers="Retry-After")
PREFLIGHT = allowed_preflight(Expose_Headers="Retry-After")


def limited(times: int) -> Flask:
    app = Flask(__name__)
    Limiter(lambda: "everyone", app=app, default_limits=[f"{times} per day"], storage_uri="memory://")
    app.add_url_rule("/", "index", lambda: "hello")
    return app


def test_the_page_can_read_that_it_calls_too_often() -> None:
    app = limited(1)
    CORS(app, origins=ORIGIN, expose_headers="Retry-After")
    assert call(app, "GET", "/") == (200, ALLOWED)
    assert call(app, "GET", "/") == (429, ALLOWED)
    assert call(app, "GET", "/", OTHER) == (429, DENIED)


def test_preflights_are_neither_counted_nor_refused() -> None:
    app = limited(1)
    CORS(app, origins=ORIGIN, expose_headers="Retry-After")
    for _ in range(5):
        assert preflight(app, "/", "GET") == (200, PREFLIGHT)
    assert call(app, "GET", "/") == (200, ALLOWED)
    assert preflight(app, "/", "GET") == (200, PREFLIGHT)


def test_options_that_is_no_preflight_is_counted() -> None:
    app = limited(1)
    CORS(app, origins=ORIGIN, expose_headers="Retry-After")
    assert [call(app, "OPTIONS", "/") for _ in range(2)] == [(200, PREFLIGHT), (429, PREFLIGHT)]


def test_a_decorated_view_keeps_its_policy_when_it_is_called_too_often() -> None:
    app = limited(0)
    CORS(app)
    app.add_url_rule("/locked", "locked", cross_origin(origins=ORIGIN)(lambda: "hello"))
    assert call(app, "GET", "/locked") == (429, allowed())
    assert call(app, "GET", "/locked", OTHER) == (429, DENIED)


def test_the_code_in_the_manual_works() -> None:
    app = manual_app("flask_limiter")
    assert [call(app, "GET", "/prices")[0] for _ in range(11)] == [200] * 10 + [429]
    assert call(app, "GET", "/prices") == (429, ALLOWED)
    assert int(app.test_client().get("/prices").headers["Retry-After"]) <= 60
