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
    app.add_url_rule("/decorated", "decorated", cross_origin(origins=ORIGIN)(lambda: "hello"))
    CORS(app, origins=ORIGIN, expose_headers="Retry-After")
    return app


def test_the_page_can_read_that_it_calls_too_often_and_preflights_are_neither_counted_nor_refused() -> None:
    app = limited(1)
    assert [preflight(app, "/", "GET") for _ in range(5)] == [(200, PREFLIGHT)] * 5
    assert [call(app, "GET", "/") for _ in range(2)] == [(200, ALLOWED), (429, ALLOWED)]
    assert call(app, "GET", "/", OTHER) == (429, DENIED)
    assert preflight(app, "/", "GET") == (200, PREFLIGHT)
    assert [call(limited(0), "GET", "/decorated", one) for one in (ORIGIN, OTHER)] == [(429, allowed()), (429, DENIED)]


def test_options_that_is_no_preflight_is_counted() -> None:
    app = limited(1)
    assert [call(app, "OPTIONS", "/") for _ in range(2)] == [(200, PREFLIGHT), (429, PREFLIGHT)]


def test_the_code_in_the_manual_works() -> None:
    app = manual_app("flask_limiter")
    assert [call(app, "GET", "/prices")[0] for _ in range(11)] == [200] * 10 + [429]
    assert call(app, "GET", "/prices") == (429, ALLOWED)
    assert int(app.test_client().get("/prices").headers["Retry-After"]) <= 60
