"""Flask-Login: a login by cookie, for single views and for everything."""

import pytest
from flask import Flask, current_app
from flask import request as here
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from werkzeug.wrappers import Response

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, call, granted, granted_to_preflight, preflight, seen

# Flask-Login looks at the session on every request, and Flask then says that the answer depends on the cookie.
VARY = {"Vary": "Origin, Cookie"}
WITH_COOKIES = granted(Allow_Credentials="true", Allow_Headers="Content-Type") | VARY
PREFLIGHT = granted_to_preflight(Allow_Credentials="true", Allow_Headers="Content-Type") | VARY


class User(UserMixin):
    id = "ann"


def app_with_login() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a secret of these tests"
    manager = LoginManager(app)
    manager.user_loader(lambda _: User())
    app.add_url_rule("/login", "login", lambda: str(login_user(User())), methods=["POST"])
    return app


def me() -> dict[str, str]:
    return {"user": current_user.get_id()}


def login_for_everything() -> Response | None:
    public = here.endpoint == "login" or current_user.is_authenticated
    return None if public else current_app.login_manager.unauthorized()  # type: ignore[attr-defined]


@pytest.fixture(params=[True, False], ids=["CORS before the login", "CORS after the login"])
def closed(request: pytest.FixtureRequest) -> Flask:
    """An app that refuses everything without a login."""
    app = app_with_login()
    cors = CORS(origins=ORIGIN, supports_credentials=True, headers="Content-Type")
    steps = [lambda: cors.init_app(app), lambda: app.before_request(login_for_everything)]
    for step in steps if request.param else reversed(steps):
        step()
    app.add_url_rule("/me", view_func=me)
    return app


@pytest.mark.parametrize("path", ["/me", "/no/where"])
def test_a_preflight_is_answered_before_a_login_that_refuses_everything(closed: Flask, path: str) -> None:
    assert preflight(closed, path, "GET") == (200, PREFLIGHT)


@pytest.mark.parametrize("path", ["/me", "/no/where"])
def test_the_page_can_read_that_it_has_to_log_in(closed: Flask, path: str) -> None:
    assert call(closed, "GET", path) == (401, WITH_COOKIES)
    assert call(closed, "GET", path, OTHER) == (401, VARY)


def test_options_that_is_no_preflight_meets_the_login(closed: Flask) -> None:
    assert call(closed, "OPTIONS", "/me") == (401, PREFLIGHT)
    without_origin = closed.test_client().options("/me", headers={"Access-Control-Request-Method": "GET"})
    assert without_origin.status_code == 401


def test_the_page_can_log_in_and_then_reads_the_view(closed: Flask) -> None:
    client = closed.test_client()
    assert seen(client.post("/login", headers={"Origin": ORIGIN})) == (200, WITH_COOKIES)
    assert seen(client.get("/me", headers={"Origin": ORIGIN})) == (200, WITH_COOKIES)
    assert seen(client.get("/me", headers={"Origin": OTHER})) == (200, VARY)


def test_its_own_login_required_lets_every_options_through() -> None:
    app = app_with_login()
    CORS(app, resources=[])
    app.add_url_rule("/options", "options", login_required(lambda: "not a secret"), methods=["GET", "OPTIONS"])
    assert [call(app, method, "/options")[0] for method in ("OPTIONS", "GET")] == [200, 401]


DECORATED = granted(Allow_Credentials="true") | VARY


def decorated(app: Flask, cross_origin_first: bool) -> Flask:
    cors = cross_origin(origins=ORIGIN, supports_credentials=True)
    view = cors(login_required(me)) if cross_origin_first else login_required(cors(me))
    app.add_url_rule("/me", view_func=view)
    return app


@pytest.mark.parametrize("cross_origin_first", [True, False])
def test_a_decorated_view_with_a_login_answers_preflights_in_either_order(cross_origin_first: bool) -> None:
    app = decorated(app_with_login(), cross_origin_first)
    assert preflight(app, "/me", "GET") == (200, granted_to_preflight(Allow_Credentials="true") | VARY)


def test_the_refusal_of_a_decorated_view_is_readable_where_cross_origin_stands_above_the_login() -> None:
    app = decorated(app_with_login(), cross_origin_first=True)
    assert call(app, "GET", "/me") == (401, DECORATED)


def test_with_cors_on_the_app_the_order_of_the_decorators_does_not_matter() -> None:
    app = app_with_login()
    CORS(app, resources=[])
    decorated(app, cross_origin_first=False)
    assert call(app, "GET", "/me") == (401, DECORATED)
