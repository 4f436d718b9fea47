"""Flask-Admin, -Caching, -Limiter, -SocketIO, -SQLAlchemy and -WTF, as the manual uses them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin, BaseView, expose
from flask_caching import Cache
from flask_limiter import Limiter
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool

from flask_cors import CORS, cross_origin
from flask_cors.browser import Outcome
from flask_cors.testing import assert_allowed, assert_blocked, browser
from tests.ecosystem import helpers
from tests.ecosystem.helpers import (
    DENIED,
    ORIGIN,
    OTHER,
    allowed,
    allowed_preflight,
    call,
    check,
    manual_app,
    preflight,
)
from tests.tables import table

# Flask-Admin: pages for people who are logged in, which an app-wide policy had better not open ------------------------


class Reports(BaseView):
    @expose("/")
    def index(self) -> str:
        return "reports"

    @expose("/new", methods=["POST"])
    @cross_origin(origins=OTHER)
    def new(self) -> str:
        return "a new report"


def app_with_admin(**options: Any) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a secret of these tests"
    CORS(app, origins=ORIGIN, **options)
    Admin(app).add_view(Reports(endpoint="reports"))
    app.add_url_rule("/api/prices", "prices", lambda: [3])
    return app


def test_an_app_wide_policy_covers_the_admin_pages_too() -> None:
    app = app_with_admin()
    assert call(app, "GET", "/admin/") == (200, allowed() | {"Vary": "Origin, Cookie"})  # they read the session
    check(app, "GET", "/admin/reports/")
    assert preflight(app, "/admin/reports/new", "POST", OTHER) == (200, allowed_preflight(OTHER))
    assert call(app, "POST", "/admin/reports/new", OTHER) == (200, allowed(OTHER))


@pytest.mark.parametrize("resources", [{"/api/": {}}, {"/": {}, "/admin": {"origins": []}}], ids=str)
def test_resources_keep_the_admin_pages_closed(resources: dict[str, Any]) -> None:
    app = app_with_admin(resources=resources)
    for path, status in {"reports/": 200, "reports": 308, "none": 404, "static/admin/js/helpers.js": 200}.items():
        assert preflight(app, f"/admin/{path}", "GET")[1] == {}
        assert call(app, "GET", f"/admin/{path}") == (status, {})
    assert call(app, "GET", "/api/prices") == (200, allowed())


# Flask-Caching: what it has stored is sent again without a call of the view ------------------------------------------

decorate = cross_origin(origins=[ORIGIN, OTHER])


def app_with_cache(options: Any, use: Callable[[Any, Any], Any]) -> tuple[Flask, list[int]]:
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
    app, calls = app_with_cache(options, use)
    for origin in (ORIGIN, OTHER, ORIGIN):
        assert call(app, "GET", "/prices", origin) == (200, allowed(origin))
    assert call(app, "GET", "/prices", "https://third.example") == (200, DENIED)
    assert calls == [1]


def test_a_decorator_alone_below_the_cache_is_not_reached() -> None:
    app, _ = app_with_cache(None, lambda cached, view: cached(decorate(view)))
    assert call(app, "GET", "/prices", OTHER)[1] == {}, "it is reached now: say so in the manual"
    assert app.test_client().get("/prices").data == b"", "the response to a preflight is not stored now: likewise"


# Flask-Limiter: who calls too often gets a 429 that the page can read; preflights do not count -----------------------

READABLE = allowed(Expose_Headers="Retry-After")


def test_the_page_can_read_that_it_calls_too_often_and_preflights_are_neither_counted_nor_refused() -> None:
    app = manual_app("flask_limiter")
    for _ in range(10):
        assert preflight(app, "/prices", "GET") == (200, allowed_preflight(Expose_Headers="Retry-After"))
        assert call(app, "GET", "/prices") == (200, READABLE)
    assert call(app, "GET", "/prices") == (429, READABLE)
    assert call(app, "GET", "/prices", OTHER) == (429, DENIED)
    assert preflight(app, "/prices", "GET") == (200, allowed_preflight(Expose_Headers="Retry-After"))
    assert int(app.test_client().get("/prices").headers["Retry-After"]) <= 60


def test_a_decorated_view_keeps_its_policy_when_it_is_called_too_often() -> None:
    app = Flask(__name__)
    Limiter(lambda: "everyone", app=app, default_limits=["0 per day"], storage_uri="memory://")
    app.add_url_rule("/", "index", cross_origin(origins=ORIGIN)(lambda: "hello"))
    CORS(app)
    check(app, "GET", "/", 429)


# Flask-SocketIO: it stands in front of the Flask app and has a policy of its own, which this extension cannot see ----

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
LOCALHOST = "http://localhost"  # the app's own origin
REFUSED: helpers.Seen = (400, {})


def by_socketio(origin: str = ORIGIN) -> dict[str, str]:
    """Return what Flask-SocketIO itself sends; it leaves out `Vary`."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


@table(
    "origins, origin, response",
    ("a listed origin", [ORIGIN], ORIGIN, (200, by_socketio())),
    ("an origin that only the app allows", [ORIGIN], OTHER, REFUSED),
    ("any origin, which is named", "*", ORIGIN, (200, by_socketio())),
    ("without the option: another origin", None, OTHER, REFUSED),
    ("without the option: the app's own", None, LOCALHOST, (200, by_socketio(LOCALHOST))),
    ("an empty list switches its check off, and this extension does nothing", [], ORIGIN, (200, {})),
)
def test_its_own_option_decides_for_the_handshake(origins: Any, origin: str, response: helpers.Seen) -> None:
    app = Flask(__name__)
    CORS(app, origins=OTHER)
    SocketIO(app, async_mode="threading", cors_allowed_origins=origins)
    assert call(app, "GET", HANDSHAKE, origin) == response
    assert call(app, "GET", "/", OTHER) == (404, allowed(OTHER))


def test_the_code_in_the_manual_lets_one_list_decide_for_both() -> None:
    app = manual_app("flask_socketio")
    assert call(app, "GET", HANDSHAKE, ORIGIN) == (200, by_socketio())
    assert call(app, "GET", HANDSHAKE, OTHER) == REFUSED
    check(app, "PUT", "/rooms")
    headers = {"Access-Control-Request-Method": "POST"}  # it responds to its own preflights
    status, found = call(app, "OPTIONS", HANDSHAKE, headers=headers)
    assert (status, found["Access-Control-Allow-Methods"]) == (200, "OPTIONS, GET, POST")


# Flask-SQLAlchemy: the origins are rows of a table, and a page is allowed while its row is there ---------------------


class Base(DeclarativeBase):
    pass


class Tenant(Base):
    __tablename__ = "tenants"
    origin: Mapped[str] = mapped_column(primary_key=True)


def test_the_table_decides_at_each_request_and_is_read_once_and_only_for_origins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, looked_up = Flask(__name__), list[str]()
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/tenants.sqlite"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
    app.add_url_rule("/orders", "orders", lambda: ["tea"])
    database = SQLAlchemy(app, model_class=Base)

    def has(origin: str) -> bool:
        looked_up.append(origin)
        return database.session.get(Tenant, origin) is not None

    CORS(app, origins=["https://fixed.example", has])
    with app.app_context():
        Base.metadata.create_all(database.engine)
    for origin in (ORIGIN, "not an origin", "https://" + "a" * 1000):
        assert call(app, "GET", "/orders", origin) == (200, DENIED)
    assert call(app, "GET", "/orders", "https://fixed.example") == (200, allowed("https://fixed.example"))
    assert looked_up == [ORIGIN]
    with app.app_context():
        database.session.add(Tenant(origin=ORIGIN))
        database.session.commit()
    check(app, "GET", "/orders")
    with app.app_context():
        Base.metadata.drop_all(database.engine)
        database.engine.dispose()
    assert call(app, "GET", "/orders") == preflight(app, "/orders", "GET") == (200, DENIED)
    assert [ORIGIN in record.getMessage() for record in caplog.records] == [True] * 2
    assert all("no such table" in str(record.exc_info) for record in caplog.records)


# Flask-WTF: the app of the manual, and what a page gets for each mistake in the manual's table -----------------------

SHOP, API = "https://www.shop.example", "https://api.shop.example"


@pytest.fixture
def app() -> Flask:
    app = manual_app("flask_wtf.csrf")
    assert isinstance(app.extensions["csrf"], CSRFProtect)
    return app


def order(app: Flask, credentials: Any = "include", *, sends_token: bool = True) -> Outcome:
    page = browser(app, SHOP)
    token = assert_allowed(page.fetch(f"{API}/csrf", credentials="include")).json["token"]
    headers = {"X-CSRFToken": token} if sends_token else {}
    return page.fetch(f"{API}/orders", method="POST", json={"tea": "green"}, headers=headers, credentials=credentials)


def test_a_page_of_another_origin_gets_a_token_and_sends_it_and_others_get_and_send_nothing(app: Flask) -> None:
    assert assert_allowed(order(app)).json == {"ordered": "green"}
    page = browser(app, "https://other.shop.example")  # so that its cookies travel
    assert_blocked(page.fetch(f"{API}/csrf", credentials="include"), step="#cors-check")
    outcome = page.fetch(f"{API}/orders", method="POST", body="tea=green", mode="no-cors", credentials="include")
    assert outcome.exchanges[0].response.status == 403


@table(
    "config, call, message",
    ("no header", {}, {"sends_token": False}, "The CSRF token is missing."),
    ("an old token", {"WTF_CSRF_TIME_LIMIT": -1}, {}, "The CSRF token has expired."),
    ("no cookie", {}, {"credentials": "omit"}, "The CSRF session token is missing."),
    ("a check of Referer", {"WTF_CSRF_SSL_STRICT": True}, {}, "The referrer does not match the host."),
)
def test_a_page_can_read_what_the_manual_says_of(config: dict[str, Any], call: Any, message: str, app: Flask) -> None:
    app.config.update(config)
    response = assert_allowed(order(app, **call))
    assert (response.status, message in response.body.decode()) == (400, True)
    assert f"``{message}``" in (helpers.HOW_TO / "csrf.rst").read_text()
