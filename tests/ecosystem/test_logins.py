"""Flask-HTTPAuth, Flask-JWT-Extended and Flask-Login: tokens in headers, and in cookies."""

import pytest
from flask import Flask, current_app, request
from flask_httpauth import HTTPTokenAuth
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from werkzeug.wrappers import Response

from flask_cors import CORS, cross_origin
from flask_cors.testing import assert_allowed, browser
from tests.ecosystem.helpers import ORIGIN, OTHER, allowed, allowed_preflight, call, check, manual_app, preflight, seen

HEADER = {"Allow_Headers": "Authorization"}


def app_with_tokens(**config: str | bool) -> Flask:
    app = Flask(__name__)
    app.config.update(JWT_SECRET_KEY="a secret of these tests, of 32 bytes or more", **config)
    JWTManager(app)
    return app


def jwt_identity() -> dict[str, str]:
    return {"user": get_jwt_identity()}


def jwt_token(app: Flask) -> str:
    with app.app_context():
        return str(create_access_token("ann"))


AUTH = HTTPTokenAuth()
AUTH.verify_token(lambda token: "ann" if token == "ann's token" else None)


@pytest.fixture(params=["Flask-HTTPAuth", "Flask-JWT-Extended"])
def app(request: pytest.FixtureRequest) -> Flask:
    """An app with one view behind a login by token, and a function that is a login for everything."""
    app, by_jwt = app_with_tokens(), request.param == "Flask-JWT-Extended"
    require = jwt_required() if by_jwt else AUTH.login_required
    app.add_url_rule("/me", "me", require(jwt_identity if by_jwt else AUTH.current_user), methods=["GET", "DELETE"])
    CORS(app, origins=ORIGIN, headers="Authorization")
    app.extensions.update(token=jwt_token(app) if by_jwt else "ann's token", everything=require(lambda: None))
    return app


def with_token(app: Flask, path: str) -> tuple[int, dict[str, str]]:
    return call(app, "GET", path, headers={"Authorization": f"Bearer {app.extensions['token']}"})


def test_a_preflight_carries_no_token_and_the_page_can_read_the_error(app: Flask) -> None:
    for method, status in [("GET", 401), ("DELETE", 401), ("PUT", 405)]:
        check(app, method, "/me", status, HEADER)
    assert with_token(app, "/me") == (200, allowed(**HEADER))


def test_a_login_for_everything_sees_no_preflight_and_ignores_other_options(app: Flask) -> None:
    app.before_request(app.extensions["everything"])
    check(app, "GET", "/no/where", 401, HEADER)
    assert with_token(app, "/no/where") == (404, allowed(**HEADER))
    assert call(app, "OPTIONS", "/me") == (200, allowed_preflight(**HEADER))


def test_options_that_is_no_preflight_meets_a_login_that_looks_for_itself(app: Flask) -> None:
    app.before_request(lambda: None if AUTH.authenticate(AUTH.get_auth(), None) else ("log in first", 401))
    assert call(app, "OPTIONS", "/me") == (401, allowed_preflight(**HEADER))
    assert preflight(app, "/me", "GET") == (200, allowed_preflight(**HEADER))


def test_tokens_in_cookies_need_credentials_and_the_csrf_header_as_the_manual_has_it() -> None:
    page = browser(manual_app("flask_jwt_extended", "set_access_cookies"), "https://www.shop.example")
    login, orders = "https://api.shop.example/login", "https://api.shop.example/orders"
    token = assert_allowed(page.fetch(login, method="POST", credentials="include")).json["csrf"]
    for headers, status in ({"X-CSRF-TOKEN": token}, 201), ({}, 401):
        outcome = page.fetch(orders, method="POST", headers=headers, credentials="include")
        assert assert_allowed(outcome).status == status


def test_the_code_in_the_manual_works() -> None:
    app = manual_app("flask_jwt_extended", "Authorization")
    check(app, "GET", "/orders", 401, HEADER)
    headers = {"Authorization": f"Bearer {jwt_token(app)}"}
    assert call(app, "GET", "/orders", headers=headers) == (200, allowed(**HEADER))


# Flask-Login ---------------------------------------------------------------------------------------------------------

# Flask-Login reads the session on every request that Flask dispatches, and Flask then adds `Cookie` to `Vary`.
VARY = {"Vary": "Origin, Cookie"}
OTHERS = {"Allow_Credentials": "true", "Allow_Headers": "Content-Type"}


class User(UserMixin):
    id = "ann"


def app_with_login() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a secret of these tests"
    LoginManager(app).user_loader(lambda _: User())
    app.add_url_rule("/login", "login", lambda: str(login_user(User())), methods=["POST"])
    return app


def user_id() -> dict[str, str]:
    return {"user": current_user.get_id()}


def login_for_everything() -> Response | None:
    public = request.endpoint == "login" or current_user.is_authenticated
    return None if public else current_app.login_manager.unauthorized()  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", [1, -1], ids=["CORS first", "CORS last"])
def test_a_login_by_cookie_for_everything(order: int) -> None:
    app = app_with_login()
    cors = CORS(origins=ORIGIN, supports_credentials=True, headers="Content-Type")
    for step in [lambda: cors.init_app(app), lambda: app.before_request(login_for_everything)][::order]:
        step()
    app.add_url_rule("/me", view_func=user_id)
    for path in ("/me", "/no/where"):
        assert preflight(app, path, "GET") == (200, allowed_preflight(**OTHERS))
        assert call(app, "GET", path) == (401, allowed(**OTHERS) | VARY)
        assert call(app, "GET", path, OTHER) == (401, VARY)
    assert call(app, "OPTIONS", "/me") == (401, allowed_preflight(**OTHERS) | VARY)
    client = app.test_client()
    for method, path in [("POST", "/login"), ("GET", "/me")]:
        assert seen(client.open(path, method=method, headers={"Origin": ORIGIN})) == (200, allowed(**OTHERS) | VARY)
    assert seen(client.get("/me", headers={"Origin": OTHER})) == (200, VARY)


def test_its_own_login_required_ignores_every_options() -> None:
    app = app_with_login()
    CORS(app, resources=[])
    app.add_url_rule("/options", "options", login_required(lambda: "not a secret"), methods=["GET", "OPTIONS"])
    assert [call(app, method, "/options")[0] for method in ("OPTIONS", "GET")] == [200, 401]


@pytest.mark.parametrize("cors_on_app", [True, False])
@pytest.mark.parametrize("cross_origin_first", [True, False])
def test_a_decorated_view_with_a_login(cors_on_app: bool, cross_origin_first: bool) -> None:
    app = app_with_login()
    if cors_on_app:
        CORS(app, resources=[])
    cors = cross_origin(origins=ORIGIN, supports_credentials=True)
    view = cors(login_required(user_id)) if cross_origin_first else login_required(cors(user_id))
    app.add_url_rule("/me", view_func=view)
    status, headers = preflight(app, "/me", "GET")
    assert (status, headers | VARY) == (200, allowed_preflight(Allow_Credentials="true") | VARY)
    readable = cors_on_app or cross_origin_first  # else the login refuses before the decorator is reached
    expected = allowed(Allow_Credentials="true") | VARY if readable else {"Vary": "Cookie"}
    assert call(app, "GET", "/me") == (401, expected)
