"""Flask-JWT-Extended: tokens in a header, and in cookies."""

import pytest
from flask import Flask, Response
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    verify_jwt_in_request,
)

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, REFUSED, call, granted, granted_to_preflight, preflight, seen
from tests.ecosystem.manual import app_in_manual

LET_IN = granted(Allow_Headers="Authorization")
PREFLIGHT = granted_to_preflight(Allow_Headers="Authorization")


def app_with_tokens(**config: str | bool) -> Flask:
    app = Flask(__name__)
    app.config.update(JWT_SECRET_KEY="a secret of these tests, of 32 bytes or more", **config)
    JWTManager(app)
    return app


def me() -> dict[str, str]:
    return {"user": get_jwt_identity()}


def token(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {"Authorization": f"Bearer {create_access_token('ann')}"}


@pytest.fixture
def app() -> Flask:
    app = app_with_tokens()
    CORS(app, origins=ORIGIN, headers="Authorization")
    app.add_url_rule("/me", view_func=jwt_required()(me))
    return app


def test_a_preflight_is_answered_and_the_view_read_with_a_token(app: Flask) -> None:
    assert preflight(app, "/me", "GET") == (200, PREFLIGHT)
    assert call(app, "GET", "/me", headers=token(app)) == (200, LET_IN)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no token"),
        pytest.param({"Authorization": "Bearer not.a.token"}, 422, id="no valid token"),
    ],
)
def test_the_page_can_read_the_refusal(app: Flask, headers: dict[str, str], status: int) -> None:
    assert call(app, "GET", "/me", headers=headers) == (status, LET_IN)
    assert call(app, "GET", "/me", OTHER, headers=headers) == (status, REFUSED)


def test_a_decorated_view_keeps_its_policy_when_the_token_is_refused() -> None:
    app = app_with_tokens()
    CORS(app)
    app.add_url_rule("/me", view_func=cross_origin(origins=ORIGIN)(jwt_required()(me)))
    assert call(app, "GET", "/me") == (401, granted())
    assert call(app, "GET", "/me", OTHER) == (401, REFUSED)
    assert preflight(app, "/me", "GET", OTHER) == (200, REFUSED)


def test_a_login_for_everything_does_not_see_preflights(app: Flask) -> None:
    @app.before_request
    def everything() -> None:
        verify_jwt_in_request()

    assert preflight(app, "/no/where", "GET") == (200, PREFLIGHT)
    assert call(app, "GET", "/no/where") == (401, LET_IN)


def test_it_asks_for_no_token_on_any_options(app: Flask) -> None:
    app.add_url_rule("/options", "options", jwt_required()(lambda: "not a secret"), methods=["OPTIONS"])
    assert call(app, "OPTIONS", "/options") == (200, PREFLIGHT)


def test_tokens_in_cookies_need_credentials_and_the_csrf_header() -> None:
    app = app_with_tokens(JWT_TOKEN_LOCATION="cookies", JWT_COOKIE_SECURE=True, JWT_COOKIE_SAMESITE="None")
    CORS(app, origins=ORIGIN, supports_credentials=True, headers="X-CSRF-TOKEN")
    app.add_url_rule("/me", view_func=jwt_required()(me), methods=["GET", "POST"])

    @app.post("/login")
    def login() -> Response:
        answer = app.make_response("")
        set_access_cookies(answer, create_access_token("ann"))
        return answer

    client = app.test_client()
    client.post("/login", base_url="https://localhost")
    beside = {"Allow_Credentials": "true", "Allow_Headers": "X-CSRF-TOKEN"}
    let_in = granted(**beside)
    assert preflight(app, "/me", "POST") == (200, granted_to_preflight(**beside))
    assert seen(client.get("/me", base_url="https://localhost", headers={"Origin": ORIGIN})) == (200, let_in)
    assert seen(client.post("/me", base_url="https://localhost", headers={"Origin": ORIGIN})) == (401, let_in)
    cookie = client.get_cookie("csrf_access_token")
    assert cookie is not None
    with_csrf = {"Origin": ORIGIN, "X-CSRF-TOKEN": cookie.value}
    assert seen(client.post("/me", base_url="https://localhost", headers=with_csrf)) == (200, let_in)


def test_the_code_in_the_manual_works() -> None:
    app = app_in_manual("flask_jwt_extended")
    assert preflight(app, "/orders", "GET") == (200, PREFLIGHT)
    assert call(app, "GET", "/orders") == (401, LET_IN)
    assert call(app, "GET", "/orders", headers=token(app)) == (200, LET_IN)
