"""``CORS(blueprint)``: the blueprint's views, and what is missing below its prefix."""

import itertools
from typing import Any

import pytest
from flask import Blueprint, Flask, abort

from flask_cors import CORS, cross_origin
from tests import helpers
from tests.helpers import FOR_A, FOR_ALL, FOR_B, FOR_NONE, A, B, CORSHeaders, SetUp, make_app
from tests.helpers import get_headers_for as headers_for
from tests.tables import table


def a_blueprint(name: str = "api", prefix: str | None = "/api", *paths: str, **options: Any) -> Blueprint:
    """Make a blueprint with a few views, and if there are options, with a policy."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    for path in paths or ("/users",):
        blueprint.add_url_rule(path, path.strip("/"), lambda **_: "ok")
    if options:
        CORS(blueprint, **options)
    return blueprint


def registered(app: Flask, *blueprints: Blueprint) -> None:
    """Register each blueprint in the next one, and the last in the app."""
    for inner, outer in itertools.pairwise(blueprints):
        outer.register_blueprint(inner)
    app.register_blueprint(blueprints[-1])


# One blueprint -------------------------------------------------------------------------------------------------------


def before_its_routes(app: Flask) -> None:
    CORS(blueprint := Blueprint("api", __name__, url_prefix="/api"), origins=A)
    blueprint.add_url_rule("/users", view_func=helpers.a_view)
    app.register_blueprint(blueprint)


def by_init_app(app: Flask) -> None:
    CORS(origins=A).init_app(blueprint := a_blueprint())
    app.register_blueprint(blueprint)


def by_the_config(app: Flask) -> None:
    app.register_blueprint(a_blueprint(max_age=None))
    app.config.update(CORS_ORIGINS=A)


@table(
    "set_up",
    ("before its routes", before_its_routes),
    ("by init_app", by_init_app),
    ("by the config", by_the_config),
    ("a prefix by the app", lambda app: app.register_blueprint(a_blueprint(prefix="/x", origins=A), url_prefix="/api")),
    ("a slash at the end of its prefix", lambda app: app.register_blueprint(a_blueprint(prefix="/api/", origins=A))),
    ("the later of two decides", lambda app: (CORS(b := a_blueprint(origins=B), origins=A), app.register_blueprint(b))),
    ("one covers nothing", lambda app: (CORS(b := a_blueprint(origins=A), resources=[]), app.register_blueprint(b))),
)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside CORS on the app"])
def test_its_views_and_what_is_missing_below_its_prefix_have_its_policy_alone(set_up: SetUp, beside: bool) -> None:
    app = make_app()
    set_up(app)
    app.add_url_rule("/", view_func=helpers.a_view)
    if beside:
        CORS(app, origins=B)
    for path, method, status in [("/api", "GET", 404), ("/api/users", "PUT", 405), ("/api//users", "GET", 308)]:
        helpers.assert_policy(app, FOR_A, path, status, method=method)
    for path in ("/", "/nowhere", "/apiary", "/API/users", "/nowhere/api/users"):
        assert headers_for(app, path) == (FOR_B if beside else FOR_NONE)
    app._got_first_request = False
    app.before_request(lambda: abort(401))
    helpers.assert_policy(app, FOR_A, "/api/users", 401)


@table(
    "prefix, inside, outside",
    ("with a dot", "/a.b", ["/a.b/x", "/a.b"], ["/axb/x", "/a.bc"]),
    ("of two segments", "/v1/api", ["/v1/api/x"], ["/v1/x", "/api/x", "/v1"]),
    ("with a capital letter", "/X", ["/X/none"], ["/x/none"]),
    ("that is a converter", "/<name>", ["/ann/x", "/ann"], ["/"]),
    ("with a number in it", "/u/<int:number>/api", ["/u/7/api/x"], ["/u/api/x"]),
    ("with two converters", "/<a>/x/<path:b>/y", ["/1/x/2/3/y/none"], ["/1/2/x/3/y/none"]),
    ("with a choice in it", "/<any('a','b'):name>", ["/a/x"], ["/"]),
    ("that is not ASCII", "/späte", ["/späte/x", "/sp%C3%A4te/x"], ["/spate/x"]),
)
def test_what_is_missing_below_a_prefix(prefix: str, inside: list[str], outside: list[str]) -> None:
    app = make_app()
    app.register_blueprint(a_blueprint("api", prefix, origins=A))
    assert [headers_for(app, path) for path in inside] == [FOR_A] * len(inside)
    assert [headers_for(app, path) for path in outside] == [FOR_NONE] * len(outside)


@pytest.mark.parametrize("prefix", [None, "", "/"])
def test_without_a_prefix_what_is_missing_has_the_policy_of_the_app(prefix: str | None) -> None:
    app = make_app()
    app.register_blueprint(a_blueprint("api", prefix, "/pets", origins=A))
    CORS(app, origins=B)
    app.register_blueprint(a_blueprint("api2"))
    assert headers_for(app, "/api/users") == FOR_B, "the names of two blueprints may begin alike"
    assert [headers_for(app, path) for path in ("/pets", "/", "/pets/none")] == [FOR_A, FOR_B, FOR_B]


@table(
    "options, at_users, at_pets",
    ("it allows no origin", {"origins": []}, FOR_NONE, FOR_NONE),
    ("its resources are whole paths", {"origins": A, "resources": ["/api/u", "/pets"]}, FOR_A, FOR_B),
    ("a dict of resources", {"resources": {"/api/users": {"origins": A}}}, FOR_A, FOR_B),
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_policy_of_the_blueprint_comes_before_that_of_the_app_where_it_covers(
    options: dict[str, Any], at_users: list[CORSHeaders], at_pets: list[CORSHeaders], order: int
) -> None:
    app, blueprint = make_app(), a_blueprint("api", "/api", "/users", "/pets", **options)
    steps: list[SetUp] = [lambda app: CORS(app, origins=B), lambda app: app.register_blueprint(blueprint)]
    for step in steps[::order]:
        step(app)
    app.add_url_rule("/users", view_func=helpers.a_view)
    assert [headers_for(app, path) for path in ("/api/users", "/api/pets", "/users")] == [at_users, at_pets, FOR_B]


def test_a_blueprint_reads_the_resources_of_the_config() -> None:
    app = make_app(CORS_RESOURCES="/api/u")
    app.register_blueprint(a_blueprint("api", "/api", "/users", "/pets", max_age=None))
    assert [headers_for(app, path) for path in ("/api/users", "/api/pets")] == [FOR_ALL, FOR_NONE]
    response = helpers.preflight(app.test_client(), "/api/pets")
    assert (set(response.allow), helpers.cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, {})


# Several, nested, and registered more than once ----------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("prefix", ["/<tenant>", "/<path:rest>", "/a"])
def test_of_two_prefixes_the_more_precise_decides(prefix: str, order: int) -> None:
    app = make_app()
    for blueprint in [a_blueprint("api", "/api", origins=A), a_blueprint("long_name", prefix, origins=B)][::order]:
        app.register_blueprint(blueprint)
    paths = ["/api/users", "/api/none", "/a/users" if prefix == "/a" else "/x/users"]
    assert [headers_for(app, path) for path in paths] == [FOR_A, FOR_A, FOR_B]


@pytest.mark.parametrize("order", [1, -1])
@table(
    "outer, inner, expected",
    ("the innermost decides", {"origins": A}, {"origins": B}, [FOR_A, FOR_A, FOR_B, FOR_B]),
    ("the outer, if there is no other", {"origins": A}, None, [FOR_A] * 4),
    ("the inner decides nothing outside", None, {"origins": B}, [FOR_NONE, FOR_NONE, FOR_B, FOR_B]),
    ("the inner allows no origin", {"max_age": None}, {"origins": []}, [FOR_ALL, FOR_ALL, FOR_NONE, FOR_NONE]),
)
@table(
    "outside, inside, paths",
    ("two prefixes", "/v1", "/admin", ["/v1/users", "/v1/none", "/v1/admin/log", "/v1/admin/none"]),
    ("two converters", "/<x>", "/<y>", ["/a/users", "/a", "/a/b/log", "/a/b/none"]),
    ("two that are alike", "/api", "/api", ["/api/users", "/api/none", "/api/api/log", "/api/api/none"]),
    ("like the name of a view", "/api", "/users", ["/api/users", "/api/none", "/api/users/log", "/api/users/none"]),
)
def test_of_nested_blueprints(
    outside: str, inside: str, paths: list[str], outer: Any, inner: Any, expected: list[Any], order: int
) -> None:
    app, parent, child = make_app(), a_blueprint("outer", outside), a_blueprint("inner", inside, "/log")
    for blueprint, options in [(child, inner), (parent, outer)][::order]:
        if options is not None:
            CORS(blueprint, **options)
    registered(app, child, parent)
    assert [headers_for(app, path) for path in paths] == expected


def test_blueprints_without_prefixes_and_three_deep_have_their_own_policies() -> None:
    app, plain = make_app(), [a_blueprint(name, None, f"/{name}", origins=o) for name, o in (("c", A), ("b", B))]
    registered(app, *plain, a_blueprint("a", "/a"))
    registered(app, a_blueprint("z", "/z", origins=A), a_blueprint("y", "/y"), a_blueprint("x", "/x", origins=B))
    assert [headers_for(app, path) for path in ("/a/c", "/a/b", "/a/users")] == [FOR_A, FOR_B, FOR_NONE]
    assert [headers_for(app, path) for path in ("/x/y/z/none", "/x/y/none", "/x/users")] == [FOR_A, FOR_B, FOR_B]


def test_registered_under_two_names_it_has_its_policy_in_both_places() -> None:
    app, blueprint, shared = make_app(), a_blueprint("api", "/one", origins=A), a_blueprint("shared", "/shared")
    CORS(app, origins=[])
    registered(app, blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/two")
    for name, origin in [("a", A), ("b", B)]:
        registered(app, shared, a_blueprint(name, f"/{name}", origins=origin))
    for path in ("users", "none"):
        paths = [f"/one/{path}", f"/two/{path}", f"/a/shared/{path}", f"/b/shared/{path}", "/users"]
        assert [headers_for(app, each) for each in paths] == [FOR_A, FOR_A, FOR_A, FOR_B, FOR_NONE]


def test_one_blueprint_serves_two_apps_each_with_its_config() -> None:
    blueprint = a_blueprint("api", "/api", "/users", max_age=None)
    blueprint.add_url_rule("/view", "view", cross_origin(origins=A)(helpers.a_view))
    for origin, expected in ((A, FOR_A), (B, FOR_B)) * 2:
        app = make_app(CORS_ORIGINS=origin)
        app.register_blueprint(blueprint)
        found = [headers_for(app, path) for path in ("/api/users", "/api/none", "/api/view")]
        assert found == [expected, expected, FOR_A]


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistake", [{"orgins": A}, {"max_age": "soon"}, {"origins": "*", "supports_credentials": True}], ids=str
)
def test_a_mistake_raises_at_the_call_and_does_nothing_to_the_blueprint(mistake: dict[str, Any]) -> None:
    blueprint = a_blueprint()
    with pytest.raises((TypeError, ValueError), match=next(iter(mistake))):
        CORS(blueprint, **mistake)
    app = make_app()
    app.register_blueprint(blueprint)
    assert headers_for(app, "/api/users") == FOR_NONE


def test_a_mistake_together_with_the_config_raises_when_it_is_registered() -> None:
    for config in ({}, {"CORS_ORIGINS": "*"}):
        with pytest.raises(ValueError, match="cannot be combined with supports_credentials=True"):
            make_app(**config).register_blueprint(a_blueprint(supports_credentials=True))
    make_app(CORS_ORIGINS=A).register_blueprint(a_blueprint(supports_credentials=True))


@table("outer, path", ("in an app", [], "/api/users"), ("in another", [a_blueprint("outer", "/o")], "/o/api/users"))
def test_cors_on_a_blueprint_that_is_registered_is_an_error_that_tells_what_to_move(outer: Any, path: str) -> None:
    app, blueprint = make_app(), a_blueprint()
    registered(app, blueprint, *outer)
    with pytest.raises(RuntimeError, match=r"'api' is registered already; move CORS\(blueprint\) above app.register"):
        CORS(blueprint, origins=A)
    assert headers_for(app, path) == FOR_NONE
