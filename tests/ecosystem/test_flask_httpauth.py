"""Flask-HTTPAuth: a token in a header that the page sets by itself, so without cookies."""

import pytest
from flask import Flask
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, REFUSED, call, granted, granted_to_preflight, preflight

LET_IN = granted(Allow_Headers="Authorization")
PREFLIGHT = granted_to_preflight(Allow_Headers="Authorization")
TOKEN = {"Authorization": "Bearer ann's token"}


@pytest.fixture
def auth() -> HTTPTokenAuth:
    auth = HTTPTokenAuth()
    auth.verify_token(lambda token: "ann" if token == "ann's token" else None)
    return auth


@pytest.fixture
def app(auth: HTTPTokenAuth) -> Flask:
    app = Flask(__name__)
    CORS(app, origins=ORIGIN, headers="Authorization")
    app.add_url_rule("/me", "me", auth.login_required(auth.current_user), methods=["GET", "DELETE"])
    return app


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_a_preflight_never_carries_a_token_and_is_answered(app: Flask, method: str) -> None:
    assert preflight(app, "/me", method) == (200, PREFLIGHT)


def test_the_page_reads_the_view_with_the_token_and_the_refusal_without(app: Flask) -> None:
    assert call(app, "GET", "/me", headers=TOKEN) == (200, LET_IN)
    assert call(app, "DELETE", "/me") == (401, LET_IN)
    assert call(app, "GET", "/me", OTHER) == (401, REFUSED)


def test_a_decorated_view_keeps_its_policy_when_the_login_refuses() -> None:
    app, auth = Flask(__name__), HTTPBasicAuth()
    CORS(app)
    app.add_url_rule("/me", "me", cross_origin(origins=ORIGIN)(auth.login_required(auth.current_user)))
    assert call(app, "GET", "/me") == (401, granted())
    assert call(app, "GET", "/me", OTHER) == (401, REFUSED)
    assert preflight(app, "/me", "GET", OTHER) == (200, REFUSED)


def test_a_login_for_everything_does_not_see_preflights(app: Flask, auth: HTTPTokenAuth) -> None:
    app.before_request(auth.login_required(lambda: None))
    assert preflight(app, "/no/where", "GET") == (200, PREFLIGHT)
    assert call(app, "GET", "/no/where") == (401, LET_IN)
    assert call(app, "GET", "/no/where", headers=TOKEN) == (404, LET_IN)


def test_its_own_login_required_lets_every_options_through(app: Flask, auth: HTTPTokenAuth) -> None:
    app.before_request(auth.login_required(lambda: None))
    assert call(app, "OPTIONS", "/me") == (200, PREFLIGHT)


def test_options_that_is_no_preflight_meets_a_login_that_asks_for_itself(app: Flask, auth: HTTPTokenAuth) -> None:
    @app.before_request
    def strict() -> tuple[str, int] | None:
        return None if auth.authenticate(auth.get_auth(), None) else ("log in first", 401)

    assert call(app, "OPTIONS", "/me") == (401, PREFLIGHT)
    assert preflight(app, "/me", "GET") == (200, PREFLIGHT)
