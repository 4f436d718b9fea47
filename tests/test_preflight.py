"""Preflights: who answers them, and by the policy of what. Any other ``OPTIONS`` is an ordinary request."""

from collections.abc import Callable, Iterable
from itertools import product
from typing import ClassVar
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Request, Response, abort, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import Client

from flask_cors import CORS, cross_origin
from flask_cors.options import CORSOptions
from tests.helpers import (
    ALL_METHODS,
    EVERYONE,
    NOTHING,
    ONLY_A,
    ONLY_B,
    REFUSED,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    an_app,
    answers,
    ask,
    cors_headers,
    leave,
    leaves,
    preflight,
)

ONLY_A_LEAVES = [ONLY_A | ALL_METHODS, REFUSED]
ONLY_B_LEAVES = [REFUSED, ONLY_B | ALL_METHODS]
OPEN_LEAVES = [EVERYONE | ALL_METHODS, EVERYONE | ALL_METHODS]

only_b = cross_origin(origins=B)


def login() -> None:
    abort(401)


# Before anything can refuse it ---------------------------------------------------------------------------------------


def login_before_cors(app: Flask) -> None:
    app.before_request(login)
    CORS(app, origins=A)


def login_after_cors(app: Flask) -> None:
    CORS(app, origins=A)
    app.before_request(login)


def login_of_a_blueprint_for_the_app(app: Flask) -> None:
    accounts = Blueprint("accounts", __name__)
    accounts.before_app_request(login)
    app.register_blueprint(accounts)
    CORS(app, origins=A)


def login_of_the_blueprint(app: Flask) -> None:
    inside = Blueprint("inside", __name__)
    inside.before_request(login)
    inside.add_url_rule("/", view_func=a_view)
    CORS(app, origins=A)
    app.register_blueprint(inside)


def login_beside_cors_of_a_blueprint(app: Flask) -> None:
    app.before_request(login)
    inside = Blueprint("inside", __name__)
    CORS(inside, origins=A)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)


def login_beside_a_decorated_view(app: Flask) -> None:
    app.before_request(login)
    app.add_url_rule("/", view_func=cross_origin(origins=A)(a_view))
    CORS(app, resources=[])


behind_a_login = pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(login_before_cors, id="registered before CORS"),
        pytest.param(login_after_cors, id="registered after CORS"),
        pytest.param(login_of_a_blueprint_for_the_app, id="of a blueprint, for the app"),
        pytest.param(login_of_the_blueprint, id="of the view's blueprint"),
        pytest.param(login_beside_cors_of_a_blueprint, id="of the app, beside a blueprint's CORS"),
        pytest.param(login_beside_a_decorated_view, id="of the app, beside a decorated view"),
    ],
)


def behind(set_up: SetUp) -> Flask:
    app = an_app()
    set_up(app)
    if not app.view_functions:
        app.add_url_rule("/", view_func=a_view)
    return app


@behind_a_login
def test_a_preflight_is_answered_before_a_login(set_up: SetUp) -> None:
    assert leaves(behind(set_up)) == ONLY_A_LEAVES


@behind_a_login
def test_the_request_after_it_meets_the_login_and_the_page_can_read_that(set_up: SetUp) -> None:
    app = behind(set_up)
    assert ask(app.test_client(), "/", A).status_code == 401
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no Origin and no method asked for"),
        pytest.param({"Origin": A}, id="no method asked for"),
        pytest.param({"Origin": A, "Access-Control-Request-Method": ""}, id="an empty method asked for"),
        pytest.param({"Origin": A, "Access-Control-Request-Headers": "x-a"}, id="headers asked for, and no method"),
        pytest.param({"Access-Control-Request-Method": "GET"}, id="no Origin"),
        pytest.param({"Origin": "", "Access-Control-Request-Method": "GET"}, id="an empty Origin"),
    ],
)
@behind_a_login
def test_an_options_that_is_no_preflight_meets_the_login(set_up: SetUp, headers: dict[str, str]) -> None:
    response = behind(set_up).test_client().options("/", headers=headers)
    assert response.status_code == 401


@pytest.mark.parametrize("http_method", ["GET", "HEAD", "POST", "TRACE"])
def test_no_other_method_is_a_preflight_whatever_it_asks(http_method: str) -> None:
    app = behind(login_before_cors)
    asked = {"Access-Control-Request-Method": "GET"}
    assert ask(app.test_client(), "/", A, method=http_method, headers=asked).status_code == 401


def test_a_preflight_runs_no_view_but_the_functions_after_the_request() -> None:
    app = an_app()
    called: list[str] = []
    CORS(app)

    @app.route("/", methods=["GET", "POST"])
    def view() -> str:
        called.append("view")
        return "ok"

    @app.after_request
    def after(response: Response) -> Response:
        called.append("after")
        return response

    assert leaves(app, method="POST") == OPEN_LEAVES
    assert called == ["after", "after"]


class Mounted:
    """A middleware that takes a prefix off the path, as a proxy may ask for."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/mounted")
        return self.app(environ, start_response)


class MountedFlask(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return Mounted(super().wsgi_app)(environ, start_response)


def mounted_before(app: Flask) -> None:
    app.wsgi_app = Mounted(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, resources="/inside", origins=A)


def mounted_after(app: Flask) -> None:
    CORS(app, resources="/inside", origins=A)
    app.wsgi_app = Mounted(app.wsgi_app)  # type: ignore[method-assign]


def mounted_by_the_app_itself(app: Flask) -> None:
    CORS(app, resources="/inside", origins=A)


@pytest.mark.parametrize(
    ("make", "set_up"),
    [
        pytest.param(Flask, mounted_before, id="before CORS"),
        pytest.param(Flask, mounted_after, id="after CORS"),
        pytest.param(MountedFlask, mounted_by_the_app_itself, id="in a class of its own"),
    ],
)
def test_a_middleware_may_come_before_or_after(make: type[Flask], set_up: SetUp) -> None:
    app = make(__name__)
    app.before_request(login)
    set_up(app)
    app.add_url_rule("/inside", view_func=a_view)
    assert leaves(app, "/mounted/inside") == ONLY_A_LEAVES
    assert answers(app, "/mounted/inside") == [ONLY_A, REFUSED, ONLY_A]
    assert ask(app.test_client(), "/mounted/", A).headers.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("early", [False, True], ids=["", "behind a middleware"])
def test_a_function_that_fails_after_a_preflight_is_reported_as_after_any_request(
    early: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    if early:
        app.wsgi_app = Mounted(app.wsgi_app)  # type: ignore[method-assign]
    app.add_url_rule("/", view_func=a_view)
    CORS(app, origins=A)

    @app.after_request
    def fail(_: Response) -> Response:
        raise RuntimeError("broken")

    assert preflight(app.test_client(), "/", A).status_code == 500
    assert "Exception on / [OPTIONS]" in caplog.text
    app.testing = True
    with pytest.raises(RuntimeError, match="broken"):
        preflight(app.test_client(), "/", A)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no preflight"),
        pytest.param({"Access-Control-Request-Method": "GET"}, id="no preflight, without an Origin"),
        pytest.param({"Origin": A, "Access-Control-Request-Method": "GET"}, id="a preflight"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"automatic_options": False}, {"resources": []}], ids=["answered", "off", ""])
def test_every_request_has_one_context_and_one_session(headers: dict[str, str], options: CORSOptions) -> None:
    app, called = an_app(), list[str]()

    class Sessions(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
            called.append("session")
            return super().open_session(app, request)

    app.session_interface = Sessions()
    app.teardown_request(lambda _: called.append("torn down"))
    app.add_url_rule("/", view_func=a_view)
    CORS(app, **options)
    assert app.test_client().options("/", headers=headers).status_code == 200
    assert called == ["session", "torn down"]


def test_a_preflight_that_goes_on_meets_the_view_and_what_it_raises() -> None:
    app = Flask(__name__)
    CORS(app, origins=A, automatic_options=False)

    @app.route("/", methods=["OPTIONS"])
    def view() -> str:
        raise RuntimeError("broken")

    answer = preflight(app.test_client(), "/", A)
    assert answer.status_code == 500
    assert cors_headers(answer) == ONLY_A | ALL_METHODS


def test_the_answer_is_of_the_class_that_the_app_answers_with() -> None:
    class Own(Response):
        default_mimetype = "application/own"

    app = an_app()
    app.response_class = Own
    CORS(app)
    assert preflight(app.test_client(), "/").mimetype == "application/own"


def test_with_credentials_the_names_that_are_asked_for_are_answered() -> None:
    app = an_app()
    CORS(app, origins=A, headers="*", methods="*", supports_credentials=True)
    app.add_url_rule("/", view_func=a_view)
    response = preflight(app.test_client(), "/", A, "PURGE", "x-b, x-a, x bad")
    assert leave(response) == {
        "Access-Control-Allow-Origin": A,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PURGE",
        "Access-Control-Allow-Headers": "x-a, x-b",
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


# On URLs that lead elsewhere, or nowhere -----------------------------------------------------------------------------


def leading_elsewhere() -> Flask:
    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/a", "a", a_view)
    for path in ("/folder/", "/item/<int:number>", "/main", "/pages/<int:page>"):
        app.add_url_rule(path, path, only_b(lambda **_: "ok"))
    app.add_url_rule("/pages/", "/pages/<int:page>", defaults={"page": 1})
    app.add_url_rule("/second", "/main", alias=True)
    app.add_url_rule("/old", redirect_to="/folder/", endpoint="old")
    app.add_url_rule("/older", redirect_to="/old", endpoint="older")
    app.add_url_rule("/no-slash", redirect_to="/folder?page=1", endpoint="no-slash")
    app.add_url_rule("/old/<int:number>", redirect_to="/item/<number>", endpoint="old item")
    app.add_url_rule("/computed", redirect_to=computed, endpoint="computed")
    app.add_url_rule("/out", redirect_to="https://elsewhere.example/folder/", endpoint="out")
    app.add_url_rule("/loop", redirect_to="/loop", endpoint="loop")
    app.add_url_rule("/astray", redirect_to="/nowhere", endpoint="astray")
    return app


def computed(_: MapAdapter) -> str:
    return "/folder/"


@pytest.mark.parametrize(
    ("path", "status", "only", "others"),
    [
        pytest.param("/folder", 308, ONLY_B, ONLY_B_LEAVES, id="without the slash"),
        pytest.param("/folder?page=1", 308, ONLY_B, ONLY_B_LEAVES, id="without the slash, with a query"),
        pytest.param("/folder//", 308, ONLY_B, ONLY_B_LEAVES, id="with a slash too many"),
        pytest.param("/item//1", 308, ONLY_B, ONLY_B_LEAVES, id="with a slash too many inside"),
        pytest.param("/old", 308, ONLY_B, ONLY_B_LEAVES, id="that was moved"),
        pytest.param("/older", 308, ONLY_B, ONLY_B_LEAVES, id="that was moved twice"),
        pytest.param("/no-slash", 308, ONLY_B, ONLY_B_LEAVES, id="that was moved to one without the slash"),
        pytest.param("/old/7", 308, ONLY_B, ONLY_B_LEAVES, id="that was moved with its number"),
        pytest.param("/computed", 308, ONLY_B, ONLY_B_LEAVES, id="that was moved by a function"),
        pytest.param("/pages/1", 308, ONLY_B, ONLY_B_LEAVES, id="that spells out a default"),
        pytest.param("/second", 308, ONLY_B, ONLY_B_LEAVES, id="that is an alias"),
        pytest.param("/out", 308, ONLY_A, ONLY_A_LEAVES, id="that was moved out of the app"),
        pytest.param("/loop", 308, ONLY_A, ONLY_A_LEAVES, id="that leads to itself"),
        pytest.param("/astray", 308, ONLY_A, ONLY_A_LEAVES, id="that leads nowhere"),
        pytest.param("/nowhere", 404, ONLY_A, ONLY_A_LEAVES, id="that is unknown"),
        pytest.param("/item/x", 404, ONLY_A, ONLY_A_LEAVES, id="that is no number"),
        pytest.param("/a", 200, ONLY_A, ONLY_A_LEAVES, id="of a view"),
    ],
)
@pytest.mark.parametrize("with_login", [False, True], ids=["", "behind a login"])
def test_the_preflight_and_the_answer_have_the_policy_of_where_it_leads_for_a_url(
    path: str, status: int, only: CORSHeaders, others: list[CORSHeaders], with_login: bool
) -> None:
    app = leading_elsewhere()
    if with_login:
        app.before_request(login)
    assert leaves(app, path) == others
    assert ask(app.test_client(), path).status_code == (401 if with_login else status)
    assert answers(app, path) == ([ONLY_A, REFUSED, ONLY_A] if only is ONLY_A else [REFUSED, ONLY_B, ONLY_B])


def test_a_redirect_within_a_resource_has_the_policy_of_the_path_where_it_leads() -> None:
    app = an_app()
    CORS(app, resources={"/folder/": {"origins": A}, "/": {"origins": B}})
    app.add_url_rule("/folder/", view_func=a_view)
    app.add_url_rule("/old", redirect_to="/f%6Flder/", endpoint="old")
    for path in ("/folder", "/old"):
        assert leaves(app, path) == ONLY_A_LEAVES
        assert answers(app, path) == [ONLY_A, REFUSED, ONLY_A]


@pytest.mark.parametrize(
    ("method", "status"),
    [("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405), ("PURGE", 405), ("OPTIONS", 200)],
)
def test_a_method_that_the_route_lacks_has_the_policy_of_the_view_that_is_there(method: str, status: int) -> None:
    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=only_b(a_view))
    assert leaves(app, method=method) == ONLY_B_LEAVES
    assert ask(app.test_client(), "/", method=method).status_code == status
    only = ONLY_B | (ALL_METHODS if method == "OPTIONS" else NOTHING)
    assert answers(app, method=method) == [REFUSED, only, only]


def test_a_method_that_a_view_for_options_lacks_has_the_policy_of_that_view() -> None:
    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=cross_origin(origins=B, automatic_options=False)(a_view), methods=["OPTIONS"])
    response = ask(app.test_client(), "/", B)
    assert (response.status_code, cors_headers(response)) == (405, ONLY_B)


@pytest.mark.parametrize("http_method", ["GET", "OPTIONS"])
def test_a_route_that_knows_no_options_at_all_still_has_its_preflights_answered(http_method: str) -> None:
    app = an_app(PROVIDE_AUTOMATIC_OPTIONS=False)
    CORS(app, origins=A)
    app.add_url_rule("/plain", view_func=a_view)
    app.add_url_rule("/explicit", "explicit", a_view, provide_automatic_options=False)
    app.add_url_rule("/decorated", "decorated", only_b(a_view))
    assert [leaves(app, path, http_method) for path in ("/plain", "/explicit")] == [ONLY_A_LEAVES] * 2
    assert leaves(app, "/decorated", http_method) == ONLY_B_LEAVES


@pytest.mark.parametrize("methods", [None, ["GET"], ["GET", "OPTIONS"]])
def test_a_rule_that_was_added_to_the_url_map_by_hand_is_like_any_other(methods: list[str] | None) -> None:
    app = an_app()
    CORS(app, origins=A)
    app.url_map.add(Rule("/", endpoint="by hand", methods=methods))
    app.endpoint("by hand")(a_view)
    response = preflight(app.test_client(), "/")
    assert (response.status_code, cors_headers(response)) == (200, ONLY_A | ALL_METHODS)
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


# For the method that is asked for ------------------------------------------------------------------------------------


def two_views(app: Flask) -> None:
    CORS(app, origins=[])
    app.get("/users", endpoint="list")(cross_origin()(a_view))
    app.post("/users", endpoint="create")(cross_origin(origins=A)(a_view))


def two_views_in_reverse(app: Flask) -> None:
    CORS(app, resources=[])
    app.post("/users", endpoint="create")(cross_origin(origins=A)(a_view))
    app.get("/users", endpoint="list")(cross_origin()(a_view))


def two_methods(app: Flask) -> None:
    class Users(MethodView):
        @cross_origin()
        def get(self) -> ResponseReturnValue:
            return "ok"

        @cross_origin(origins=A)
        async def post(self) -> ResponseReturnValue:
            return "ok"

    CORS(app, resources="/nowhere")
    app.add_url_rule("/users", view_func=Users.as_view("users"))


def two_views_of_a_blueprint(app: Flask) -> None:
    users = Blueprint("users", __name__, url_prefix="/users")
    users.get("", endpoint="list")(cross_origin()(a_view))
    users.post("", endpoint="create")(a_view)
    CORS(users, origins=A)
    app.register_blueprint(users)


def two_blueprints(app: Flask) -> None:
    for name, methods, origins in [("reading", ["GET"], "*"), ("writing", ["POST"], A)]:
        blueprint = Blueprint(name, __name__)
        CORS(blueprint, origins=origins)
        blueprint.add_url_rule("/users", view_func=a_view, methods=methods)
        app.register_blueprint(blueprint)


def a_decorator_beside_resources(app: Flask) -> None:
    CORS(app, resources={"/users": {"origins": A}, "/": {"origins": B}})
    app.get("/users", endpoint="list")(cross_origin()(a_view))
    app.post("/users", endpoint="create")(a_view)


def one_without_a_policy_of_its_own(app: Flask) -> None:
    CORS(app)
    app.get("/users", endpoint="list")(a_view)
    app.post("/users", endpoint="create")(cross_origin(origins=A)(a_view))


two_policies = pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(two_views, id="two views"),
        pytest.param(two_views_in_reverse, id="two views, in the other order"),
        pytest.param(two_methods, id="two methods of a class"),
        pytest.param(two_views_of_a_blueprint, id="two views of a blueprint, one decorated"),
        pytest.param(two_blueprints, id="two blueprints"),
        pytest.param(a_decorator_beside_resources, id="a decorated view and a resource"),
        pytest.param(one_without_a_policy_of_its_own, id="a decorated view and the app's policy"),
    ],
)


@two_policies
def test_a_preflight_gets_the_answer_of_the_method_it_asks_for(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    app.before_request(login)
    for _ in range(2):
        assert leaves(app, "/users", "GET") == OPEN_LEAVES
        assert leaves(app, "/users", "HEAD") == OPEN_LEAVES
        assert leaves(app, "/users", "POST") == ONLY_A_LEAVES
        assert leaves(app, "/users", "post") == ONLY_A_LEAVES


@two_policies
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_the_preflight_says_what_the_request_after_it_says(set_up: SetUp, method: str) -> None:
    app = an_app()
    set_up(app)
    actual = answers(app, "/users", method=method)
    said = [ALL_METHODS if "Access-Control-Allow-Origin" in headers else NOTHING for headers in actual]
    assert leaves(app, "/users", method) == [actual[0] | said[0], actual[1] | said[1]]


def test_a_hidden_policy_says_nothing_of_another_view_on_the_path() -> None:
    def hiding(*_: object) -> ResponseReturnValue:
        return cross_origin(origins=A)(own_options)()

    app = an_app()
    CORS(app, origins=B)
    app.add_url_rule("/", "hiding", hiding, methods=["GET", "OPTIONS"])
    app.add_url_rule("/", "other", a_view, methods=["POST"])
    for method, origin, expected in [("GET", A, ONLY_A), ("POST", B, ONLY_B)]:
        response = preflight(app.test_client(), "/", origin, method)
        assert (response.text, cors_headers(response)) == ("OPTIONS by the view", expected | ALL_METHODS)


@pytest.mark.parametrize("methods", [None, ["GET", "POST", "PURGE"]])
def test_what_strangers_ask_for_is_not_kept(methods: list[str] | None) -> None:
    app = an_app()
    CORS(app)
    app.url_map.add(Rule("/", endpoint="by hand", methods=methods))
    app.endpoint("by hand")(a_view)
    asked = ["".join(letters) for letters in product("Pp", "Uu", "Rr", "Gg", "Ee")]
    preflight(app.test_client(), "/", method="GET")
    before = repr(vars(app.extensions["cors"]))
    for method in asked:
        assert preflight(app.test_client(), "/", method=method).status_code == 200
    assert repr(vars(app.extensions["cors"])) == before


# Where the preflight is left to Flask, or to the view ----------------------------------------------------------------


def off_for_the_app(app: Flask) -> None:
    CORS(app, origins=A, automatic_options=False)
    app.add_url_rule("/", view_func=a_view)


def off_for_the_resource(app: Flask) -> None:
    CORS(app, origins=A, resources={"/": {"automatic_options": False}})
    app.add_url_rule("/", view_func=a_view)


def off_in_the_config(app: Flask) -> None:
    CORS(app, origins=A)
    app.config["CORS_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", view_func=a_view)


def off_for_the_view(app: Flask) -> None:
    CORS(app)
    app.add_url_rule("/", view_func=cross_origin(origins=A, automatic_options=False)(a_view))


def off_for_the_view_in_the_config(app: Flask) -> None:
    CORS(app)
    app.config["CORS_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", view_func=cross_origin(origins=A)(a_view))


def off_for_the_class(app: Flask) -> None:
    class Own(View):
        decorators: ClassVar = [cross_origin(origins=A, automatic_options=False)]

        def dispatch_request(self) -> ResponseReturnValue:
            return a_view()

    CORS(app)
    app.add_url_rule("/", view_func=Own.as_view("own"))


def off_for_the_blueprint(app: Flask) -> None:
    inside = Blueprint("inside", __name__)
    CORS(inside, origins=A, automatic_options=False)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)


OFF = [
    off_for_the_app,
    off_for_the_resource,
    off_in_the_config,
    off_for_the_view,
    off_for_the_view_in_the_config,
    off_for_the_class,
    off_for_the_blueprint,
]


@pytest.mark.parametrize("set_up", OFF)
def test_without_automatic_options_flask_answers_and_the_headers_are_there(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, REFUSED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.text, cors_headers(response)) == (200, "", expected)
        assert set(response.allow) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("set_up", OFF)
def test_without_automatic_options_the_login_meets_the_preflight(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    app.before_request(login)
    response = preflight(app.test_client(), "/")
    assert (response.status_code, cors_headers(response)) == (401, ONLY_A | ALL_METHODS)


def test_without_automatic_options_a_decorator_alone_leaves_options_to_flask_altogether() -> None:
    app = an_app()
    app.add_url_rule("/", view_func=cross_origin(origins=A, automatic_options=False)(a_view))
    response = preflight(app.test_client(), "/")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NOTHING)
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


def by_route(app: Flask) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/", "own", own_options, methods=["GET", "OPTIONS"])


def by_route_and_the_app_is_off(app: Flask) -> None:
    CORS(app, origins=A, automatic_options=False)
    app.add_url_rule("/", "own", own_options, methods=["GET", "OPTIONS"])


def by_route_and_the_decorator_is_off(app: Flask) -> None:
    CORS(app)
    view = cross_origin(origins=A, automatic_options=False)(own_options)
    app.add_url_rule("/", "own", view, methods=["GET", "OPTIONS"])


def by_route_and_the_nearest_decorator_is_off(app: Flask) -> None:
    CORS(app)
    view = cross_origin()(cross_origin(origins=A, automatic_options=False)(own_options))
    app.add_url_rule("/", "own", view, methods=["GET", "OPTIONS"])


def by_route_and_the_config_is_off_for_a_decorator(app: Flask) -> None:
    CORS(app)
    app.config["CORS_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", "own", cross_origin(origins=A)(own_options), methods=["GET", "OPTIONS"])


def by_route_of_its_own(app: Flask) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/", "own", own_options, methods=["OPTIONS"])
    app.add_url_rule("/", view_func=a_view)


def by_view(app: Flask) -> None:
    class Own(View):
        methods: ClassVar = ["GET", "OPTIONS"]

        def dispatch_request(self) -> ResponseReturnValue:
            return own_options()

    CORS(app, origins=A)
    app.add_url_rule("/", view_func=Own.as_view("own"))


class OwnOptions(MethodView):
    def get(self) -> ResponseReturnValue:
        return "ok"

    def options(self) -> ResponseReturnValue:
        return own_options()


def by_method(app: Flask) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=OwnOptions.as_view("own"))


def by_method_of_a_decorated_class(app: Flask) -> None:
    class Own(OwnOptions):
        decorators: ClassVar = [cross_origin(origins=A)]

    CORS(app)
    app.add_url_rule("/", view_func=Own.as_view("own"))


def by_decorated_method(app: Flask) -> None:
    class Own(OwnOptions):
        get = cross_origin(origins=A)(OwnOptions.get)
        options = cross_origin(origins=B)(OwnOptions.options)

    CORS(app)
    app.add_url_rule("/", view_func=Own.as_view("own"))


def own_options() -> ResponseReturnValue:
    return f"{request.method} by the view"


DECLARED = [
    by_route,
    by_route_and_the_app_is_off,
    by_route_and_the_decorator_is_off,
    by_route_and_the_nearest_decorator_is_off,
    by_route_and_the_config_is_off_for_a_decorator,
    by_route_of_its_own,
    by_view,
    by_method,
    by_method_of_a_decorated_class,
    by_decorated_method,
]


@pytest.mark.parametrize("set_up", DECLARED)
def test_a_view_that_declares_options_answers_and_the_headers_are_there(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, REFUSED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.text) == (200, "OPTIONS by the view")
        assert cors_headers(response) == expected


@pytest.mark.parametrize("set_up", DECLARED)
def test_a_view_that_declares_options_stays_behind_its_login(set_up: SetUp) -> None:
    app = an_app()
    app.before_request(login)
    set_up(app)
    assert preflight(app.test_client(), "/").status_code == 401
    assert ask(app.test_client(), "/", method="OPTIONS").status_code == 401


def declaring(app: Flask) -> None:
    app.add_url_rule("/own", "own", lambda: "own", methods=["OPTIONS"])


@pytest.mark.parametrize(("path", "status"), [("/no/where", 404), ("/folder", 308), ("/", 200)])
def test_a_view_that_declares_options_says_nothing_of_other_paths(path: str, status: int) -> None:
    app = behind(login_after_cors)
    declaring(app)
    app.add_url_rule("/folder/", "folder", a_view)
    assert leaves(app, path) == ONLY_A_LEAVES
    app.before_request_funcs.clear()
    assert ask(app.test_client(), path, A).status_code == status


def test_a_view_that_declares_options_is_noticed_when_it_is_added_later() -> None:
    app = behind(login_after_cors)
    app.before_request_funcs.clear()
    assert leaves(app) == ONLY_A_LEAVES
    declaring(app)
    assert preflight(app.test_client(), "/own").data == b"own"


def test_by_method_of_a_decorated_class_alone() -> None:
    class Own(OwnOptions):
        decorators: ClassVar = [cross_origin(origins=A)]

    app = an_app()
    app.add_url_rule("/", view_func=Own.as_view("own"))
    response = preflight(app.test_client(), "/")
    assert (response.text, cors_headers(response)) == ("OPTIONS by the view", ONLY_A | ALL_METHODS)


@pytest.mark.parametrize("set_up", [lambda _: None, CORS], ids=["alone", "beside CORS"])
def test_a_decorated_view_that_lists_options_for_the_sake_of_cors_is_answered_for(
    set_up: SetUp,
) -> None:
    app = an_app()
    set_up(app)
    app.add_url_rule("/", view_func=cross_origin(origins=A)(own_options), methods=["GET", "OPTIONS"])
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, REFUSED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.text, cors_headers(response)) == (200, "", expected)


@pytest.mark.parametrize("set_up", [lambda _: None, CORS], ids=["alone", "beside CORS"])
def test_an_attribute_named_options_is_no_method_of_that_name(set_up: SetUp) -> None:
    class Listing(View):
        decorators: ClassVar = [cross_origin(origins=A)]
        options: ClassVar = {"per_page": 10}

        def dispatch_request(self) -> ResponseReturnValue:
            return own_options()

    app = an_app()
    set_up(app)
    app.add_url_rule("/", view_func=Listing.as_view("listing"))
    response = preflight(app.test_client(), "/")
    assert (response.status_code, response.text, cors_headers(response)) == (200, "", ONLY_A | ALL_METHODS)


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app, resources=[]), id="CORS covers nothing"),
        pytest.param(lambda app: CORS(app, resources="/else"), id="CORS covers another path"),
        pytest.param(lambda _: None, id="there is no CORS"),
    ],
)
def test_where_no_policy_covers_flask_goes_its_usual_way(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    app.add_url_rule("/", view_func=a_view)
    response = preflight(app.test_client(), "/")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NOTHING)
    missing = preflight(app.test_client(), "/nowhere")
    assert (missing.status_code, cors_headers(missing)) == (404, NOTHING)


def test_where_no_policy_covers_the_login_meets_the_preflight() -> None:
    app = an_app()
    CORS(app, resources="/else")
    app.before_request(login)
    app.add_url_rule("/", view_func=a_view)
    response = preflight(app.test_client(), "/")
    assert (response.status_code, cors_headers(response)) == (401, NOTHING)


@pytest.mark.parametrize("decorated", [False, True], ids=["of an app with CORS", "with a decorator alone"])
@pytest.mark.parametrize("origin", [A, None])
def test_an_options_that_is_no_preflight_is_answered_by_flask_with_the_headers(
    decorated: bool, origin: str | None
) -> None:
    app = an_app()
    if not decorated:
        CORS(app, origins=A)
    app.add_url_rule("/", view_func=cross_origin(origins=A)(a_view) if decorated else a_view)
    response = ask(app.test_client(), "/", origin, method="OPTIONS")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, ONLY_A | ALL_METHODS)


# Hosts and mounts ----------------------------------------------------------------------------------------------------


def by_host() -> Flask:
    app = Flask(__name__, host_matching=True, static_folder=None)
    app.config["TESTING"] = True
    CORS(app)
    app.add_url_rule("/folder/", "api", cross_origin(origins=A)(a_view), host="api.test")
    app.add_url_rule("/folder/", "any", only_b(lambda **_: "ok"), host="<host>.test")
    return app


def by_subdomain() -> Flask:
    app = Flask(__name__, subdomain_matching=True, static_folder=None)
    app.config.update(TESTING=True, SERVER_NAME="test")
    CORS(app)
    app.add_url_rule("/folder/", "api", cross_origin(origins=A)(a_view), subdomain="api")
    app.add_url_rule("/folder/", "any", only_b(lambda **_: "ok"), subdomain="<name>")
    return app


@pytest.mark.parametrize("make_app", [by_host, by_subdomain])
@pytest.mark.parametrize(
    ("host", "path", "status", "expected", "given"),
    [
        pytest.param("api.test", "/folder/", 200, [ONLY_A, REFUSED, ONLY_A], ONLY_A_LEAVES, id="one host"),
        pytest.param("api.test", "/folder", 308, [ONLY_A, REFUSED, ONLY_A], ONLY_A_LEAVES, id="one host, redirected"),
        pytest.param("www.test", "/folder/", 200, [REFUSED, ONLY_B, ONLY_B], ONLY_B_LEAVES, id="other hosts"),
        pytest.param("www.test", "/folder", 308, [REFUSED, ONLY_B, ONLY_B], ONLY_B_LEAVES, id="others, redirected"),
        pytest.param("api.test", "/nowhere", 404, [EVERYONE] * 3, OPEN_LEAVES, id="one host, an unknown path"),
        pytest.param("test", "/folder", 404, [EVERYONE] * 3, OPEN_LEAVES, id="an unknown host"),
    ],
)
def test_the_host_decides_which_view_is_asked(
    make_app: Callable[[], Flask],
    host: str,
    path: str,
    status: int,
    expected: list[CORSHeaders],
    given: list[CORSHeaders],
) -> None:
    app, base = make_app(), f"http://{host}/"
    assert ask(app.test_client(), path, base_url=base).status_code == status
    assert answers(app, path, base_url=base) == expected
    assert leaves(app, path, base_url=base) == given


class Careful(Flask):
    """What ``TRUSTED_HOSTS`` does, which Flask has since 3.1."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is not None and request.host != "example.test":
            raise SecurityError
        return super().create_url_adapter(request)


def test_a_host_that_is_not_trusted_is_refused_with_the_policy_of_the_path() -> None:
    app = Careful(__name__)
    app.testing = True
    CORS(app, resources={"/": {"origins": A}})
    app.add_url_rule("/", view_func=only_b(a_view))
    assert ask(app.test_client(), "/", base_url="http://elsewhere.test/").status_code == 400
    assert answers(app, base_url="http://elsewhere.test/") == [ONLY_A, REFUSED, ONLY_A]
    assert leaves(app, base_url="http://elsewhere.test/") == ONLY_A_LEAVES
    assert answers(app, base_url="http://example.test/") == [REFUSED, ONLY_B, ONLY_B]


@pytest.mark.parametrize("mount", ["/m", "/m/n", "/X", "/a b", "/%C3%BC", "/50%25"])
@pytest.mark.parametrize(
    ("path", "status", "only"),
    [
        pytest.param("/folder/", 200, ONLY_A, id="of a view"),
        pytest.param("/folder", 308, ONLY_A, id="without the slash"),
        pytest.param("/moved", 308, ONLY_A, id="that was moved"),
        pytest.param("/out", 308, ONLY_B, id="that was moved out of the mount"),
        pytest.param("/near", 308, ONLY_B, id="that was moved to one that begins like the mount"),
        pytest.param("/nowhere", 404, ONLY_B, id="that is unknown"),
    ],
)
def test_under_a_mount_all_is_as_at_the_root_for_a_url(mount: str, path: str, status: int, only: CORSHeaders) -> None:
    app = an_app()
    CORS(app, resources={"/folder/": {"origins": A}, "/": {"origins": B}})
    app.before_request(lambda: abort(403) if request.method == "OPTIONS" else None)
    app.add_url_rule("/folder/", view_func=a_view)
    app.add_url_rule("/moved", redirect_to="folder/", endpoint="moved")
    app.add_url_rule("/out", redirect_to="/folder/", endpoint="out")
    app.add_url_rule("/near", redirect_to=lambda adapter: f"{adapter.script_name[:-1]}-not/folder/", endpoint="near")
    client = Client(DispatcherMiddleware(Flask("root"), {unquote(mount).encode().decode("latin-1"): app}))
    response = ask(client, mount + path, only["Access-Control-Allow-Origin"])
    assert (response.status_code, cors_headers(response)) == (status, only)
    leaving = [leave(preflight(client, mount + path, origin)) for origin in (A, B)]
    assert leaving == (ONLY_A_LEAVES if only is ONLY_A else ONLY_B_LEAVES)


def test_an_app_below_another_has_its_own_policy() -> None:
    outer, inner = an_app(), an_app()
    CORS(outer, origins=A)
    CORS(inner, origins=B)
    client = Client(DispatcherMiddleware(outer, {"/inner": inner}))
    for path, expected in [("/x", ONLY_A_LEAVES), ("/inner/x", ONLY_B_LEAVES)]:
        assert [leave(preflight(client, path, origin)) for origin in (A, B)] == expected


def test_a_rule_that_flask_has_not_made_can_declare_options() -> None:
    app = an_app()
    app.url_map.add(Rule("/", endpoint="by hand", methods=["GET", "OPTIONS"]))
    app.view_functions["by hand"] = a_view
    CORS(app)
    assert preflight(app.test_client(), "/").text == "the view's own answer"


@pytest.mark.parametrize("asked", ["GET", "PUT"])
@pytest.mark.parametrize("path", ["/v/folder", "/v/folder/"])
def test_an_options_that_asks_for_a_method_has_one_policy_with_or_without_an_origin(path: str, asked: str) -> None:
    app = an_app()
    CORS(app, origins=[])
    app.add_url_rule("/v/folder/", view_func=cross_origin(methods="*")(a_view))
    app.add_url_rule("/v/folder/", endpoint="put", view_func=a_view, methods=["PUT"])
    names = {"Access-Control-Request-Method": asked}
    found = [cors_headers(app.test_client().options(path, headers={**names, **sent})) for sent in ({}, {"Origin": A})]
    assert found[0] == found[1] == (EVERYONE | {"Access-Control-Allow-Methods": "*"} if asked == "GET" else NOTHING)
