"""Preflights: when CORS responds, and by which policy. Any other ``OPTIONS`` is an ordinary request."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Request, abort, request
from flask.views import MethodView, View
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import Client, TestResponse

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    ANY_ORIGIN,
    DENIED,
    FOR_A,
    FOR_ALL,
    FOR_B,
    NO_HEADERS,
    ONLY_A,
    ONLY_B,
    PATH,
    PLACES,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    as_preflights,
    assert_policy,
    cors_headers,
    fetch,
    for_the_app,
    for_the_blueprint,
    for_the_view,
    for_the_view_alone,
    for_the_view_twice,
    get_headers_for,
    get_preflight_headers_for,
    make_app,
    no_set_up,
    preflight,
    preflight_headers,
)

Place = Callable[..., None]
Views = Callable[..., Any]
only_a, only_b = cross_origin(origins=A), cross_origin(origins=B)


def login() -> None:
    abort(401)


# Before a login ------------------------------------------------------------------------------------------------------


def make_app_with_login(place: Place, where: str) -> Flask:
    app, accounts = make_app(), Blueprint("accounts", __name__)
    if where == "before CORS":
        app.before_request(login)
    if where == "of a blueprint, for the app":
        accounts.before_app_request(login)
    app.register_blueprint(accounts)

    def log_in(served: Flask | Blueprint) -> None:
        served.before_request(login)

    place(app, a_view, log_in if where == "after CORS, or of the blueprint" else no_set_up, origins=A)
    return app


behind_a_login = pytest.mark.parametrize(
    "where", ["before CORS", "after CORS, or of the blueprint", "of a blueprint, for the app"]
)


@behind_a_login
@pytest.mark.parametrize("place", PLACES)
def test_a_preflight_meets_no_login_and_the_request_after_it_does(place: Place, where: str) -> None:
    assert_policy(make_app_with_login(place, where), FOR_A, PATH, 401)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("OPTIONS", {}, id="no Origin and no requested method"),
        pytest.param("OPTIONS", {"Origin": A}, id="no requested method"),
        pytest.param("OPTIONS", {"Origin": A, "Access-Control-Request-Method": ""}, id="an empty requested method"),
        pytest.param("OPTIONS", {"Origin": A, "Access-Control-Request-Headers": "x-a"}, id="only requested headers"),
        pytest.param("OPTIONS", {"Access-Control-Request-Method": "GET"}, id="no Origin"),
        pytest.param("OPTIONS", {"Origin": "", "Access-Control-Request-Method": "GET"}, id="an empty Origin"),
        pytest.param("GET", {"Origin": A, "Access-Control-Request-Method": "GET"}, id="another method, GET"),
        pytest.param("HEAD", {"Origin": A, "Access-Control-Request-Method": "GET"}, id="another method, HEAD"),
    ],
)
@behind_a_login
@pytest.mark.parametrize("place", [for_the_app, for_the_blueprint, for_the_view, for_the_view_alone])
def test_what_is_no_preflight_meets_the_login(place: Place, where: str, method: str, headers: dict[str, str]) -> None:
    app = make_app_with_login(place, where)
    assert fetch(app.test_client(), PATH, method=method, headers=headers).status_code == 401


def test_a_preflight_runs_no_view_and_has_an_empty_response() -> None:
    app = make_app()  # lets out what the view would raise
    CORS(app)
    app.add_url_rule("/", "view", lambda: str(1 / 0), methods=["GET", "POST"])
    response = preflight(app.test_client(), "/", method="POST")
    assert preflight_headers(response) == ANY_ORIGIN | ALL_METHODS
    assert response.headers["Content-Length"] == "0"


def mounted(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Remove a prefix from the path, as middlewares behind a proxy do."""

    def middleware(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/mounted")
        return wsgi_app(environ, start_response)

    return middleware


@pytest.mark.parametrize("early", [True, False], ids=["before CORS", "after CORS"])
def test_a_middleware_may_change_the_path(early: bool) -> None:
    app = make_app()
    app.before_request(login)
    app.add_url_rule("/inside", view_func=a_view)
    for step in (True, False):
        if step is early:
            app.wsgi_app = mounted(app.wsgi_app)  # type: ignore[assignment, method-assign]
        else:
            CORS(app, resources="/inside", origins=A)
    assert_policy(app, FOR_A, "/mounted/inside", 401)
    assert cors_headers(fetch(app.test_client(), "/mounted/", A)) == NO_HEADERS


# For URLs that lead elsewhere, or nowhere ----------------------------------------------------------------------------


def make_redirecting_app() -> Flask:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/a", "a", a_view)
    for path in ("/folder/", "/item/<int:number>", "/main", "/pages/<int:page>"):
        app.add_url_rule(path, path, only_b(lambda **_: "text"))
    app.add_url_rule("/pages/", "/pages/<int:page>", defaults={"page": 1})
    app.add_url_rule("/second", "/main", alias=True)
    app.add_url_rule("/old", redirect_to="/folder/", endpoint="old")
    app.add_url_rule("/older", redirect_to="/old", endpoint="older")
    app.add_url_rule("/no-slash", redirect_to="/folder?page=1", endpoint="no-slash")
    app.add_url_rule("/old/<int:number>", redirect_to="/item/<number>", endpoint="old item")
    app.add_url_rule("/computed", redirect_to=lambda _: "/folder/", endpoint="computed")
    app.add_url_rule("/out", redirect_to="https://elsewhere.example/folder/", endpoint="out")
    app.add_url_rule("/loop", redirect_to="/loop", endpoint="loop")
    app.add_url_rule("/lost", redirect_to="/nowhere", endpoint="lost")
    return app


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        pytest.param("/folder /folder?page=1 /folder//", 308, FOR_B, id="URLs without the slash, or with two"),
        pytest.param("/item//1", 308, FOR_B, id="URLs with a slash too many inside"),
        pytest.param("/old /older /no-slash /old/7", 308, FOR_B, id="URLs that were moved, once or twice"),
        pytest.param("/computed", 308, FOR_B, id="URLs that were moved by a function"),
        pytest.param("/pages/1 /second", 308, FOR_B, id="URLs that spell out a default, or are an alias"),
        pytest.param("/out", 308, FOR_A, id="URLs that were moved out of the app"),
        pytest.param("/loop /lost", 308, FOR_A, id="URLs that lead to themselves, or nowhere"),
        pytest.param("/nowhere /item/x", 404, FOR_A, id="unknown URLs"),
        pytest.param("/a", 200, FOR_A, id="the URL of a view"),
    ],
)
@pytest.mark.parametrize("with_login", [False, True], ids=["", "behind a login"])
def test_the_policy_of_where_it_leads_counts_for(
    path: str, status: int, expected: list[CORSHeaders], with_login: bool
) -> None:
    app = make_redirecting_app()
    if with_login:
        app.before_request(login)
    for each in path.split():
        assert_policy(app, expected, each, 401 if with_login else status)


def test_a_redirect_within_a_resource_has_the_policy_of_the_path_where_it_leads() -> None:
    app = make_app()
    CORS(app, resources={"/folder/": {"origins": A}, "/": {"origins": B}})
    app.add_url_rule("/folder/", view_func=a_view)
    app.add_url_rule("/old", redirect_to="/f%6Flder/", endpoint="old")
    for path in ("/folder", "/old"):
        assert_policy(app, FOR_A, path, 308)


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405), ("QUERY", 405), ("PURGE", 405)]
)
def test_a_method_that_the_route_lacks_has_the_policy_of_the_view_that_is_there(method: str, status: int) -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=only_b(a_view))
    assert_policy(app, FOR_B, "/", status, method=method)
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=cross_origin(origins=B, automatic_options=False)(a_view), methods=["OPTIONS"])
    response = fetch(app.test_client(), "/", B)
    assert (response.status_code, cors_headers(response)) == (405, ONLY_B)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_preflights_for_a_route_that_knows_no_options_get_a_response(method: str) -> None:
    app = make_app(PROVIDE_AUTOMATIC_OPTIONS=False)
    CORS(app, origins=A)
    app.add_url_rule("/plain", view_func=a_view)
    app.add_url_rule("/explicit", "explicit", a_view, provide_automatic_options=False)
    app.add_url_rule("/decorated", "decorated", only_b(a_view))
    for path, expected in [("/plain", FOR_A), ("/explicit", FOR_A), ("/decorated", FOR_B)]:
        assert get_preflight_headers_for(app, path, method) == as_preflights(expected)


@pytest.mark.parametrize(
    ("methods", "text"), [(None, a_view()), (["GET"], ""), (["GET", "OPTIONS"], a_view())], ids=str
)
def test_a_rule_that_was_added_to_the_url_map_by_hand_is_like_any_other(methods: list[str] | None, text: str) -> None:
    app = make_app()
    CORS(app, origins=A)
    app.url_map.add(Rule("/", endpoint="by hand", methods=methods))
    app.endpoint("by hand")(a_view)
    response = preflight(app.test_client(), "/")
    assert (response.status_code, response.text, cors_headers(response)) == (200, text, ONLY_A | ALL_METHODS)
    assert get_headers_for(app) == FOR_A


# For the requested method --------------------------------------------------------------------------------------------


def two_views(get: Views, post: Views, post_first: bool = False, **options: Any) -> SetUp:
    def set_up(app: Flask) -> None:
        CORS(app, **options)
        views = [("list", get, ["GET"]), ("create", post, ["POST"])]
        for endpoint, view, methods in reversed(views) if post_first else views:
            app.add_url_rule("/users", endpoint, view, methods=methods)

    return set_up


def two_methods_of_a_class(app: Flask) -> None:
    class Users(MethodView):
        @cross_origin()
        def get(self) -> str:
            return "text"

        @only_a
        async def post(self) -> str:
            return "text"

    CORS(app, resources="/nowhere")
    app.add_url_rule("/users", view_func=Users.as_view("users"))


def two_views_of_a_blueprint(app: Flask) -> None:
    users = Blueprint("users", __name__, url_prefix="/users")
    users.get("", endpoint="list")(for_all(a_view))
    users.post("", endpoint="create")(a_view)
    CORS(users, origins=A)
    app.register_blueprint(users)


def two_blueprints(app: Flask) -> None:
    for name, methods, origins in [("reading", ["GET"], "*"), ("writing", ["POST"], A)]:
        blueprint = Blueprint(name, __name__)
        CORS(blueprint, origins=origins)
        blueprint.add_url_rule("/users", view_func=a_view, methods=methods)
        app.register_blueprint(blueprint)


for_all = cross_origin()
PATHS = {"/users": {"origins": A}, "/": {"origins": B}}
two_policies = pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(two_views(for_all(a_view), only_a(a_view), origins=[]), id="two decorated views"),
        pytest.param(two_views(for_all(a_view), only_a(a_view), True, resources=[]), id="two, in the other order"),
        pytest.param(two_views(for_all(a_view), a_view, resources=PATHS), id="a decorated view and a resource"),
        pytest.param(two_views(a_view, only_a(a_view)), id="the app's policy and a decorated view"),
        *(two_methods_of_a_class, two_views_of_a_blueprint, two_blueprints),
    ],
)


@two_policies
def test_a_preflight_has_the_policy_of_the_requested_method_and_so_has_the_request_after_it(set_up: SetUp) -> None:
    app = make_app()
    set_up(app)
    app.before_request(lambda: login() if request.method == "OPTIONS" else None)
    for method in ("GET", "HEAD", "POST", "post") * 2:
        expected = as_preflights(FOR_A if method.upper() == "POST" else FOR_ALL)
        assert get_preflight_headers_for(app, "/users", method) == expected
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "QUERY", "TRACE"):
        actual = get_headers_for(app, "/users", method=method)
        assert get_preflight_headers_for(app, "/users", method) == as_preflights(actual)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("path", ["/v/folder", "/v/folder/"])
def test_an_options_for_a_method_has_one_policy_with_and_without_an_origin(path: str, method: str) -> None:
    app = make_app()
    CORS(app, origins=[])
    app.add_url_rule("/v/folder/", view_func=cross_origin(methods="*")(a_view))
    app.add_url_rule("/v/folder/", endpoint="put", view_func=a_view, methods=["PUT"])
    headers = {"Access-Control-Request-Method": method}
    expected = ANY_ORIGIN | {"Access-Control-Allow-Methods": "*"} if method == "GET" else NO_HEADERS
    assert get_headers_for(app, path, method="OPTIONS", headers=headers) == [expected] * 3


# Where Flask or the view responds ------------------------------------------------------------------------------------


def own_options(*_: object) -> str:
    return f"{request.method} by the view"


class OwnView(View):
    init_every_request = False
    dispatch_request = own_options


class OwnOptions(MethodView):
    get = options = own_options


class OwnOptionsDecorated(OwnOptions):
    get = only_a(own_options)
    options = only_b(own_options)


def listed(*_: object) -> str:
    return own_options()


vars(listed)["methods"] = ["GET", "OPTIONS"]  # as the route would list them


def for_a_second_route(app: Flask, view: Views, **options: Any) -> None:
    CORS(app, **options)
    app.add_url_rule(PATH, "own", view, methods=["OPTIONS"])
    app.add_url_rule(PATH, view_func=a_view)


def make_app_with_a_login_for_some(place: Place, view: Views, **options: Any) -> Flask:
    app = make_app()
    app.before_request(lambda: login() if "X-Refused" in request.headers else None)
    place(app, view, origins=A, **options)
    return app


def send_refused(app: Flask, response: TestResponse) -> TestResponse:
    return app.test_client().options(PATH, headers={**response.request.headers, "X-Refused": "1"})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("view", [a_view, OwnView.as_view("view")])
def test_without_automatic_options_flask_responds_and_the_login_counts(place: Place, view: Views) -> None:
    app = make_app_with_a_login_for_some(place, view, automatic_options=False)
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, DENIED)]:
        response = preflight(app.test_client(), PATH, origin)
        assert (response.status_code, response.text, cors_headers(response)) == (200, "", expected)
        assert set(response.allow) == {"GET", "HEAD", "OPTIONS"}
        refused = send_refused(app, response)
        assert (refused.status_code, cors_headers(refused)) == (401, expected)


def test_without_automatic_options_a_decorator_alone_gives_no_headers_to_options() -> None:
    app = make_app()
    app.add_url_rule("/", view_func=cross_origin(origins=A, automatic_options=False)(a_view))
    response = preflight(app.test_client(), "/")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NO_HEADERS)
    assert get_headers_for(app) == FOR_A


OFF = {"automatic_options": False}
NEAREST_IS_OFF = pytest.mark.xfail(strict=True, reason="the outer wrapper responds, although its policy is not used")


@pytest.mark.parametrize(
    ("place", "view", "options"),
    [
        *[pytest.param(place, OwnOptions.as_view("own"), {}, id=f"{place.__name__}, as a method") for place in PLACES],
        *[pytest.param(place, listed, {}, id=f"{place.__name__}, in the route") for place in PLACES[:4]],
        *[pytest.param(place, listed, OFF, id=f"{place.__name__}, which is off") for place in PLACES[:6] + PLACES[7:]],
        pytest.param(for_the_view_twice, listed, OFF, id="the nearest decorator is off", marks=NEAREST_IS_OFF),
        pytest.param(for_the_view_alone, OwnOptions.as_view("own"), {}, id="for the view alone, as a method"),
        pytest.param(for_the_app, OwnOptionsDecorated.as_view("own"), {}, id="as a decorated method"),
        pytest.param(for_a_second_route, own_options, {}, id="for a second route"),
    ],
)
def test_a_view_that_handles_options_responds_behind_its_login(
    place: Place, view: Views, options: dict[str, bool]
) -> None:
    app = make_app_with_a_login_for_some(place, view, **options)
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, DENIED)]:
        response = preflight(app.test_client(), PATH, origin)
        assert (response.status_code, response.text) == (200, "OPTIONS by the view")
        assert cors_headers(response) == expected
        assert send_refused(app, response).status_code == 401
    plain = fetch(app.test_client(), PATH, method="OPTIONS", headers={"X-Refused": "1"})
    assert plain.status_code == 401


def test_what_a_view_that_handles_options_raises_is_an_error_with_the_headers() -> None:
    app = make_app(TESTING=False)
    CORS(app, origins=A)
    app.add_url_rule("/", "view", lambda: str(1 / 0), methods=["OPTIONS"])
    response = preflight(app.test_client(), "/", A)
    assert (response.status_code, cors_headers(response)) == (500, ONLY_A | ALL_METHODS)


def test_a_view_that_handles_options_and_is_added_late_changes_its_own_path_only() -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=a_view)
    app.add_url_rule("/folder/", "folder", a_view)
    assert_policy(app, FOR_A, "/own", 404)
    app._got_first_request = False  # as some programs do that add routes late
    app.add_url_rule("/own", "own", own_options, methods=["OPTIONS"])
    assert preflight(app.test_client(), "/own").text == "OPTIONS by the view"
    for path, status in [("/no/where", 404), ("/folder", 308), ("/", 200)]:
        assert_policy(app, FOR_A, path, status)


class Listing(OwnView):
    decorators: ClassVar = [only_a]
    options: ClassVar = {"per_page": 10}


@pytest.mark.parametrize("with_cors", [False, True], ids=["alone", "beside CORS"])
@pytest.mark.parametrize(
    ("view", "methods"),
    [
        pytest.param(only_a(own_options), ["GET", "OPTIONS"], id="lists OPTIONS for the sake of CORS"),
        pytest.param(Listing.as_view("listing"), None, id="has an attribute named options, which is no method"),
    ],
)
def test_no_view_runs_for_a_preflight_although_it(view: Views, methods: list[str] | None, with_cors: bool) -> None:
    app = make_app()
    if with_cors:
        CORS(app)
    app.add_url_rule("/", "view", view, methods=methods)
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, DENIED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.text, cors_headers(response)) == (200, "", expected)


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app, resources=[]), id="CORS covers nothing"),
        pytest.param(lambda app: CORS(app, resources="/else"), id="CORS covers another path"),
        pytest.param(no_set_up, id="there is no CORS"),
    ],
)
def test_where_no_policy_covers_the_path_flask_goes_its_usual_way(set_up: SetUp) -> None:
    app = make_app()
    set_up(app)
    app.add_url_rule("/", view_func=a_view)
    response = preflight(app.test_client(), "/")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NO_HEADERS)
    missing = preflight(app.test_client(), "/nowhere")
    assert (missing.status_code, cors_headers(missing)) == (404, NO_HEADERS)
    app.before_request_funcs.setdefault(None, []).append(login)
    refused = preflight(app.test_client(), "/")
    assert (refused.status_code, cors_headers(refused)) == (401, NO_HEADERS)


@pytest.mark.parametrize("decorated", [False, True], ids=["of an app with CORS", "with a decorator alone"])
@pytest.mark.parametrize("origin", [A, None])
def test_flask_responds_to_an_options_that_is_no_preflight(decorated: bool, origin: str | None) -> None:
    app = make_app()
    if not decorated:
        CORS(app, origins=A)
    app.add_url_rule("/", view_func=only_a(a_view) if decorated else a_view)
    response = fetch(app.test_client(), "/", origin, method="OPTIONS")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, ONLY_A | ALL_METHODS)


# Hosts and mounts ----------------------------------------------------------------------------------------------------


def make_app_with_hosts(matching: str, key: str, one: str, others: str) -> Flask:
    app = Flask(__name__, static_folder=None, **{matching: True})  # type: ignore[arg-type]
    app.config.update(TESTING=True, SERVER_NAME="test")
    CORS(app)
    rules: list[dict[str, Any]] = [{key: one}, {key: others}]
    app.add_url_rule("/folder/", "one", only_a(a_view), **rules[0])
    app.add_url_rule("/folder/", "others", only_b(lambda **_: "text"), **rules[1])
    return app


@pytest.mark.parametrize(
    "rules",
    [("host_matching", "host", "api.test", "<name>.test"), ("subdomain_matching", "subdomain", "api", "<name>")],
    ids=["by host", "by subdomain"],
)
@pytest.mark.parametrize(
    ("host", "path", "status", "expected"),
    [
        pytest.param("api.test", "/folder/", 200, FOR_A, id="one host"),
        pytest.param("api.test", "/folder", 308, FOR_A, id="one host, redirected"),
        pytest.param("www.test", "/folder/", 200, FOR_B, id="other hosts"),
        pytest.param("www.test", "/folder", 308, FOR_B, id="other hosts, redirected"),
        pytest.param("api.test", "/nowhere", 404, FOR_ALL, id="one host, an unknown path"),
        pytest.param("test", "/folder", 404, FOR_ALL, id="an unknown host"),
    ],
)
def test_the_host_decides_which_view_counts(
    rules: tuple[str, str, str, str], host: str, path: str, status: int, expected: list[CORSHeaders]
) -> None:
    app, base = make_app_with_hosts(*rules), f"http://{host}/"
    assert_policy(app, expected, path, status, base_url=base)


class Careful(Flask):
    """What ``TRUSTED_HOSTS`` does, which Flask has since 3.1."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        if request is not None and request.host != "example.test":
            raise SecurityError
        return super().create_url_adapter(request)


def test_a_host_that_is_not_trusted_gets_the_policy_of_the_path() -> None:
    app = Careful(__name__)
    app.testing = True
    CORS(app, resources={"/": {"origins": A}})
    app.add_url_rule("/", view_func=only_b(a_view))
    assert_policy(app, FOR_A, "/", 400, base_url="http://elsewhere.test/")
    assert_policy(app, FOR_B, "/", 200, base_url="http://example.test/")


@pytest.mark.parametrize("mount", ["/m", "/m/n", "/X", "/a b", "/%C3%BC", "/50%25"])
@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        pytest.param("/folder/", 200, FOR_A, id="of a view"),
        pytest.param("/folder", 308, FOR_A, id="without the slash"),
        pytest.param("/moved", 308, FOR_A, id="that was moved"),
        pytest.param("/out", 308, FOR_B, id="that was moved out of the mount"),
        pytest.param("/near", 308, FOR_B, id="that was moved to one that begins like the mount"),
        pytest.param("/nowhere", 404, FOR_B, id="that is unknown"),
    ],
)
def test_under_a_mount_all_is_as_at_the_root_for_a_url(
    mount: str, path: str, status: int, expected: list[CORSHeaders]
) -> None:
    app = make_app()
    CORS(app, resources={"/folder/": {"origins": A}, "/": {"origins": B}})
    app.add_url_rule("/folder/", view_func=a_view)
    app.add_url_rule("/moved", redirect_to="folder/", endpoint="moved")
    app.add_url_rule("/out", redirect_to="/folder/", endpoint="out")
    app.add_url_rule("/near", redirect_to=lambda adapter: f"{adapter.script_name[:-1]}-not/folder/", endpoint="near")
    root = make_app()
    CORS(root, origins=[])  # an app below another has its own policy
    client = Client(DispatcherMiddleware(root, {unquote(mount).encode().decode("latin-1"): app}))
    responses = [fetch(client, mount + path, origin) for origin in (A, B, None)]
    assert {response.status_code for response in responses} == {status}
    assert [cors_headers(response) for response in responses] == expected
    assert [preflight_headers(preflight(client, mount + path, origin)) for origin in (A, B)] == as_preflights(expected)
