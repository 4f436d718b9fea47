"""Preflights: when CORS responds, and by which policy. Any other ``OPTIONS`` is an ordinary request."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from flask import Blueprint, Flask, Request, abort, request
from flask.views import MethodView, View
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import MapAdapter, Rule

from flask_cors import CORS, cross_origin
from tests import helpers as h
from tests.helpers import DENIED, FOR_A, FOR_ALL, FOR_B, NO_HEADERS, ONLY_A, PATH, PLACES, A, B, Place, SetUp
from tests.tables import table

Views = Callable[..., Any]
a_view, assert_policy, cors_headers, fetch = h.a_view, h.assert_policy, h.cors_headers, h.fetch
make_app, preflight = h.make_app, h.preflight
FOR_ONE = {"origins": A}
FOR_GET = {"Access-Control-Request-Method": "GET"}
WITH_A = ONLY_A | h.ALL_METHODS
only_a, only_b, for_all = cross_origin(origins=A), cross_origin(origins=B), cross_origin()


def login() -> None:
    abort(401)


def serve(*views: Views, cors: dict[str, Any] | None = None, **route: Any) -> Flask:
    """Make an app with a CORS, unless *cors* is None, and a view at ``/``."""
    app = make_app()
    if cors is not None:
        CORS(app, **cors)
    for view in views:
        app.add_url_rule("/", view_func=view, **route)
    return app


# Before a login ------------------------------------------------------------------------------------------------------

WHERE = ["before CORS", "after CORS, or of the blueprint", "of a blueprint, for the app"]
behind_a_login = pytest.mark.parametrize("where", WHERE)


def make_app_with_login(place: Place, where: str) -> Flask:
    app, accounts = make_app(), Blueprint("accounts", __name__)
    if where == WHERE[0]:
        app.before_request(login)
    if where == WHERE[2]:
        accounts.before_app_request(login)
    app.register_blueprint(accounts)
    place(app, a_view, lambda served: served.before_request(login) if where == WHERE[1] else None, origins=A)
    return app


@behind_a_login
@h.every_place
def test_a_preflight_meets_no_login_and_the_request_after_it_does(place: Place, where: str) -> None:
    assert_policy(make_app_with_login(place, where), FOR_A, PATH, 401)


@behind_a_login
@pytest.mark.parametrize("place", [h.for_the_app, h.for_the_blueprint, h.for_the_view, h.for_the_view_alone])
@table(
    "method, headers",
    ("no requested method", "OPTIONS", {"Origin": A}),
    ("an empty requested method", "OPTIONS", {"Origin": A, "Access-Control-Request-Method": ""}),
    ("no Origin", "OPTIONS", FOR_GET),
    ("an empty Origin", "OPTIONS", {"Origin": "", **FOR_GET}),
    ("another method", "GET", {"Origin": A, **FOR_GET}),
)
def test_what_is_no_preflight_meets_the_login(place: Place, where: str, method: str, headers: dict[str, str]) -> None:
    app = make_app_with_login(place, where)
    assert fetch(app.test_client(), PATH, method=method, headers=headers).status_code == 401


def mount(app: Any) -> None:
    """Remove a prefix from the path, as middlewares behind a proxy do."""
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(
        {**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/mounted")}, start_response
    )


@pytest.mark.parametrize("order", [1, -1], ids=["before CORS", "after CORS"])
def test_a_middleware_may_change_the_path(order: int) -> None:
    app = make_app()
    app.before_request(login)
    app.add_url_rule("/inside", view_func=a_view)
    steps: list[SetUp] = [mount, lambda app: CORS(app, resources="/inside", origins=A)]
    for step in steps[::order]:
        step(app)
    assert_policy(app, FOR_A, "/mounted/inside", 401)
    assert cors_headers(fetch(app.test_client(), "/mounted/", A)) == NO_HEADERS


@pytest.mark.parametrize("steps", [[], [h.use_middleware]], ids=["by the middleware", "after the app"])
def test_with_credentials_the_requested_names_are_sent(steps: list[SetUp]) -> None:
    app = make_app()
    for step in steps:
        step(app)
    CORS(app, origins=A, supports_credentials=True, methods="*", headers="*")
    response = preflight(app.test_client(), "/", A, "PATCH", "x-b,x-a")
    assert h.preflight_headers(response) == {
        "Access-Control-Allow-Origin": A,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PATCH",
        "Access-Control-Allow-Headers": "x-a, x-b",
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }


# For URLs that lead elsewhere, or nowhere ----------------------------------------------------------------------------


@table(
    "path, status, expected",
    ("a URL without the slash", "/folder", 308, FOR_B),
    ("a URL with a slash too many inside", "/item//1", 308, FOR_B),
    ("a URL that was moved twice", "/older", 308, FOR_B),
    ("a URL that was moved by a function", "/computed", 308, FOR_B),
    ("a URL that spells out a default", "/pages/1", 308, FOR_B),
    ("a URL that was moved out of the app", "/out", 308, FOR_A),
    ("a URL that leads to itself", "/loop", 308, FOR_A),
    ("a URL that leads nowhere", "/lost", 308, FOR_A),
    ("an unknown URL", "/item/x", 404, FOR_A),
)
def test_the_policy_of_where_it_leads_counts_for(path: str, status: int, expected: Any) -> None:
    app = make_app()
    CORS(app, origins=A)
    for rule in ("/folder/", "/item/<int:number>", "/pages/<int:page>"):
        app.add_url_rule(rule, rule, only_b(lambda **_: "text"))
    app.add_url_rule("/pages/", "/pages/<int:page>", defaults={"page": 1})
    redirects: dict[str, Any] = {"/old": "/folder?page=1", "/older": "/old", "/loop": "/loop", "/lost": "/nowhere"}
    redirects |= {"/computed": lambda _: "/folder/", "/out": "https://elsewhere.example/folder/"}
    for rule, target in redirects.items():
        app.add_url_rule(rule, redirect_to=target, endpoint=f"moved {rule}")
    assert_policy(app, expected, path, status)
    app.before_request_funcs[None] = [login]
    assert_policy(app, expected, path, 401)


def test_a_method_that_the_route_lacks_has_the_policy_of_the_view_that_is_there() -> None:
    app = serve(only_b(a_view), cors=FOR_ONE)
    for method in ("GET", "HEAD", "POST", "DELETE", "QUERY", "PURGE"):
        assert_policy(app, FOR_B, "/", 200 if method in ("GET", "HEAD") else 405, method=method)
    app = serve(cross_origin(origins=B, automatic_options=False)(a_view), cors=FOR_ONE, methods=["OPTIONS"])
    response = fetch(app.test_client(), "/", B)
    assert (response.status_code, cors_headers(response)) == (405, h.ONLY_B)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_preflights_for_a_route_that_knows_no_options_get_a_response(method: str) -> None:
    app = make_app(PROVIDE_AUTOMATIC_OPTIONS=False)
    CORS(app, origins=A)
    app.add_url_rule("/plain", view_func=a_view)
    app.add_url_rule("/explicit", "explicit", a_view, provide_automatic_options=False)
    app.add_url_rule("/decorated", "decorated", only_b(a_view))
    for path, expected in [("/plain", FOR_A), ("/explicit", FOR_A), ("/decorated", FOR_B)]:
        assert h.get_preflight_headers_for(app, path, method) == h.as_preflights(expected)


@pytest.mark.parametrize("methods", [None, ["GET"], ["GET", "OPTIONS"]], ids=str)
def test_a_rule_that_was_added_to_the_url_map_by_hand_is_like_any_other_with_the_methods(methods: Any) -> None:
    app = serve(cors=FOR_ONE)
    app.url_map.add(Rule("/", endpoint="by hand", methods=methods))
    app.endpoint("by hand")(a_view)
    response, text = preflight(app.test_client(), "/"), "" if methods == ["GET"] else a_view()
    assert (response.status_code, response.text, cors_headers(response)) == (200, text, WITH_A)
    assert h.get_headers_for(app) == FOR_A


# For the requested method --------------------------------------------------------------------------------------------


def two_views(app: Flask, get: Views, post: Views, **options: Any) -> None:
    CORS(app, **options)
    app.add_url_rule("/users", "create", post, methods=["POST"])
    app.add_url_rule("/users", "list", get, methods=["GET"])


async def an_async_view(*_: object) -> str:
    return "text"


def two_methods_of_a_class(app: Flask) -> None:
    users: Any = type("Users", (MethodView,), {"get": for_all(lambda _: "text"), "post": only_a(an_async_view)})
    CORS(app, resources="/nowhere")
    app.add_url_rule("/users", view_func=users.as_view("users"))


def two_blueprints(app: Flask) -> None:
    for name, methods, origins in [("reading", ["GET"], "*"), ("writing", ["POST"], A)]:
        blueprint = Blueprint(name, __name__)
        CORS(blueprint, origins=origins)
        blueprint.add_url_rule("/users", view_func=a_view, methods=methods)
        app.register_blueprint(blueprint)


@table(
    "set_up",
    ("two decorated views", lambda app: two_views(app, for_all(a_view), only_a(a_view), origins=[])),
    ("the app's policy and a decorated view", lambda app: two_views(app, a_view, only_a(a_view))),
    ("two methods of a class", two_methods_of_a_class),
    ("two blueprints", two_blueprints),
)
def test_a_preflight_has_the_policy_of_the_requested_method_and_so_has_the_request_after_it(set_up: SetUp) -> None:
    app = make_app()
    set_up(app)
    app.before_request(lambda: login() if request.method == "OPTIONS" else None)
    for method in ("GET", "HEAD", "POST", "post") * 2:
        expected = h.as_preflights(FOR_A if method.upper() == "POST" else FOR_ALL)
        assert h.get_preflight_headers_for(app, "/users", method) == expected
    for method in ("GET", "HEAD", "POST", "PUT", "QUERY", "TRACE"):
        actual = h.get_headers_for(app, "/users", method=method)
        assert h.get_preflight_headers_for(app, "/users", method) == h.as_preflights(actual)


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("path", ["/v/folder", "/v/folder/"])
def test_an_options_for_a_method_has_one_policy_with_and_without_an_origin(path: str, method: str) -> None:
    app = make_app()
    CORS(app, origins=[])
    app.add_url_rule("/v/folder/", view_func=cross_origin(methods="*")(a_view))
    app.add_url_rule("/v/folder/", endpoint="put", view_func=a_view, methods=["PUT"])
    headers = {"Access-Control-Request-Method": method}
    expected = h.ANY_ORIGIN | {"Access-Control-Allow-Methods": "*"} if method == "GET" else NO_HEADERS
    assert h.get_headers_for(app, path, method="OPTIONS", headers=headers) == [expected] * 3


# Where Flask or the view responds ------------------------------------------------------------------------------------


def own_options(*_: object) -> str:
    return f"{request.method} by the view"


class OwnView(View):
    init_every_request = False
    dispatch_request = own_options
    options: ClassVar = {"per_page": 10}


def own_methods(**views: Views) -> Views:
    view: Any = type("OwnMethods", (MethodView,), views)
    return view.as_view("own")  # type: ignore[no-any-return]


METHOD = own_methods(get=own_options, options=own_options)
DECORATED_METHOD = own_methods(get=only_a(own_options), options=only_b(own_options))


def listed(*_: object) -> str:
    return own_options()


vars(listed)["methods"] = ["GET", "OPTIONS"]  # as the route would list them


def for_a_second_route(app: Flask, view: Views, **options: Any) -> None:
    CORS(app, **options)
    app.add_url_rule(PATH, "own", view, methods=["OPTIONS"])
    app.add_url_rule(PATH, view_func=a_view)


def assert_preflights(app: Flask, text: str, path: str = PATH) -> None:
    """Assert the text of the responses to preflights, and that these are the headers of a policy for A."""
    responses = [preflight(app.test_client(), path, origin) for origin in (A, B)]
    assert [(response.status_code, response.text) for response in responses] == [(200, text)] * 2
    assert [*map(cors_headers, responses)] == [WITH_A, DENIED]


OFF, NOT_TWICE = {"automatic_options": False}, [place for place in PLACES if place is not h.for_the_view_twice]


@table(
    "place, view, options, text",
    *((f"{place.__name__}, which is off, so that Flask responds", place, a_view, OFF, "") for place in PLACES),
    ("for a class, which is off, so that Flask responds", h.for_the_app, OwnView.as_view("view"), OFF, ""),
    *((f"{place.__name__}, as a method", place, METHOD, {}, "OPTIONS by the view") for place in PLACES),
    *((f"{place.__name__}, in the route", place, listed, {}, "OPTIONS by the view") for place in PLACES[:4]),
    *((f"{place.__name__}, which is off", place, listed, OFF, "OPTIONS by the view") for place in NOT_TWICE),
    ("the nearest decorator is off", h.for_the_view_twice, listed, OFF, "OPTIONS by the view"),
    ("for the view alone, as a method", h.for_the_view_alone, METHOD, {}, "OPTIONS by the view"),
    ("as a decorated method", h.for_the_app, DECORATED_METHOD, {}, "OPTIONS by the view"),
    ("for a second route", for_a_second_route, own_options, {}, "OPTIONS by the view"),
)
def test_flask_or_a_view_that_handles_options_responds_behind_the_login(
    place: Place, view: Views, options: Any, text: str
) -> None:
    app = make_app()
    app.before_request(lambda: login() if "X-Refused" in request.headers else None)
    place(app, view, origins=A, **options)
    assert_preflights(app, text)
    for headers in ({"Origin": A, **FOR_GET}, {"Origin": B, **FOR_GET}, {}):
        refused = app.test_client().options(PATH, headers={**headers, "X-Refused": "1"})
        assert refused.status_code == 401
        assert text or cors_headers(refused) == (DENIED if B in headers.values() else WITH_A)


def test_without_automatic_options_a_decorator_alone_gives_no_headers_to_options() -> None:
    app = serve(cross_origin(origins=A, automatic_options=False)(a_view))
    response = preflight(app.test_client(), "/")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NO_HEADERS)
    assert h.get_headers_for(app) == FOR_A


def test_a_method_that_the_path_lacks_has_the_policy_of_another_than_options() -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule(PATH, "own", only_b(own_options), methods=["OPTIONS"])
    app.add_url_rule(PATH, "view", a_view, methods=["POST"])
    responses = [preflight(app.test_client(), PATH, origin, "PUT") for origin in (A, B)]
    assert [*map(cors_headers, responses)] == [WITH_A, DENIED]


def test_a_view_that_handles_options_and_is_added_late_changes_its_own_path_only() -> None:
    app = serve(a_view, cors=FOR_ONE)
    app.add_url_rule("/folder/", "folder", a_view)
    assert_policy(app, FOR_A, "/own", 404)
    app._got_first_request = False  # as some programs do that add routes late
    app.add_url_rule("/own", "own", own_options, methods=["OPTIONS"])
    assert preflight(app.test_client(), "/own").text == "OPTIONS by the view"
    for path, status in [("/no/where", 404), ("/folder", 308), ("/", 200)]:
        assert_policy(app, FOR_A, path, status)


class Choices(View):
    methods: ClassVar = ["GET", "POST"]
    options = dispatch_request = lambda _: "small, large"


@pytest.mark.parametrize("cors", [None, {}], ids=["alone", "beside CORS"])
@table(
    "view, route, config",
    ("a function", a_view, {}, {}),
    ("an async function", an_async_view, {}, {}),
    ("a function, where the config leaves OPTIONS to Flask", a_view, {}, {"CORS_AUTOMATIC_OPTIONS": False}),
    ("an async function, likewise", an_async_view, {}, {"CORS_AUTOMATIC_OPTIONS": False}),
    ("a view that lists OPTIONS for the sake of CORS", own_options, {"methods": ["GET", "OPTIONS"]}, {}),
    ("a class with an attribute named options, which is no method", OwnView.as_view("view"), {}, {}),
    ("a class with a function named options, which is not for HTTP", Choices.as_view("view"), {}, {}),
)
def test_no_decorated_view_runs_for_an_options_that_its_author_did_not_declare(
    view: Views, route: dict[str, Any], config: dict[str, Any], cors: dict[str, Any] | None
) -> None:
    app = serve(only_a(view), cors=cors, **route)
    app.config.update(config)
    for response in (preflight(app.test_client(), "/", A), app.test_client().options("/")):
        assert (response.status_code, response.text) == (200, "")
        assert config or cors_headers(response) == WITH_A


def test_a_preflight_for_a_decorated_view_that_lists_options_meets_no_login() -> None:
    app = serve(only_a(own_options), cors={}, methods=["GET", "OPTIONS"])
    app.before_request(login)
    assert_preflights(app, "", "/")


@pytest.mark.parametrize("cors", [{"resources": []}, {"resources": "/else"}, None], ids=str)
def test_where_no_policy_covers_the_path_flask_goes_its_usual_way(cors: Any) -> None:
    app = serve(a_view, cors=cors)
    assert set(preflight(app.test_client(), "/").allow) == {"GET", "HEAD", "OPTIONS"}
    responses = [preflight(app.test_client(), path) for path in ("/", "/nowhere")]
    app.before_request_funcs.setdefault(None, []).append(login)
    responses.append(preflight(app.test_client(), "/"))
    assert [response.status_code for response in responses] == [200, 404, 401]
    assert [*map(cors_headers, responses)] == [NO_HEADERS] * 3


@pytest.mark.parametrize("origin", [A, None])
def test_flask_responds_to_an_options_that_is_no_preflight(origin: str | None) -> None:
    for app in (serve(a_view, cors=FOR_ONE), serve(only_a(a_view))):
        response = fetch(app.test_client(), "/", origin, method="OPTIONS")
        assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, WITH_A)


# Hosts and mounts ----------------------------------------------------------------------------------------------------


@table(
    "options, server, one, others",
    ("by host", {"host_matching": True}, None, {"host": "api.test"}, {"host": "<name>.test"}),
    ("by subdomain", {"subdomain_matching": True}, "test", {"subdomain": "api"}, {"subdomain": "<name>"}),
)
@table(
    "host, path, status, expected",
    ("one host", "api.test", "/folder/", 200, FOR_A),
    ("one host, redirected", "api.test", "/folder", 308, FOR_A),
    ("other hosts", "www.test", "/folder/", 200, FOR_B),
    ("other hosts, redirected", "www.test", "/folder", 308, FOR_B),
    ("one host, an unknown path", "api.test", "/nowhere", 404, FOR_ALL),
    ("an unknown host", "test", "/folder", 404, FOR_ALL),
)
def test_the_host_decides_which_view_counts(
    options: Any, server: str | None, one: Any, others: Any, host: str, path: str, status: int, expected: Any
) -> None:
    app = Flask(__name__, static_folder=None, **options)
    app.config.update(TESTING=True, SERVER_NAME=server)
    CORS(app)
    app.add_url_rule("/folder/", "one", only_a(a_view), **one)
    app.add_url_rule("/folder/", "others", only_b(lambda **_: "text"), **others)
    assert_policy(app, expected, path, status, base_url=f"http://{host}/")


def test_a_host_that_is_not_trusted_gets_the_policy_of_the_path() -> None:
    app = serve(only_b(a_view), cors={"resources": {"/": {"origins": A}}})
    create_url_adapter = app.create_url_adapter

    def careful(request: Request | None) -> MapAdapter | None:
        if request is not None and request.host != "example.test":  # as TRUSTED_HOSTS does, which Flask has since 3.1
            raise SecurityError
        return create_url_adapter(request)

    app.create_url_adapter = careful  # type: ignore[method-assign]
    assert_policy(app, FOR_A, "/", 400, base_url="http://elsewhere.test/")
    assert_policy(app, FOR_B, "/", 200, base_url="http://example.test/")
    app = serve(a_view)  # without `CORS`
    app.create_url_adapter = careful  # type: ignore[method-assign]
    app.register_error_handler(SecurityError, only_b(lambda _: ("no", 400)))
    response = preflight(app.test_client(), "/", B, base_url="http://elsewhere.test/")
    assert (response.status_code, cors_headers(response)["Access-Control-Allow-Origin"]) == (200, B)


def test_under_a_mount_a_url_leads_where_it_leads_at_the_root() -> None:
    app, root = make_app(), make_app()
    CORS(app, resources={"/folder/": {"origins": A}, "/far": {"origins": A}, "/": {"origins": B}})
    app.add_url_rule("/folder/", view_func=a_view)
    app.add_url_rule("/secure", redirect_to="https://localhost/a%20b/folder/", endpoint="secure")
    app.add_url_rule("/far", redirect_to="https://elsewhere.test/a%20b/", endpoint="far")
    app.add_url_rule("/moved", redirect_to="f%6Flder/", endpoint="moved")
    app.add_url_rule("/out", redirect_to="/folder/", endpoint="out")
    app.add_url_rule("/near", redirect_to=lambda adapter: f"{adapter.script_name[:-1]}-not/folder/", endpoint="near")
    CORS(root, origins=[])  # an app below another has its own policy
    root.wsgi_app = DispatcherMiddleware(root.wsgi_app, {"/a b": app})  # type: ignore[method-assign]
    for path, expected in [
        ("folder", FOR_A),
        ("moved", FOR_A),
        ("out", FOR_B),
        ("near", FOR_B),
        ("far", FOR_A),
        ("secure", FOR_A),
    ]:
        assert_policy(root, expected, f"/a b/{path}", 308)
