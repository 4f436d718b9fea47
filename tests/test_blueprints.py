"""``CORS(blueprint)``: the blueprint's views, and what is missing below its prefix."""

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
@table(
    "blueprints, for_a, for_b, for_none",  # `/x /y` is the blueprint /y inside of /x; None is one without CORS
    ("one with a dot", {"/a.b": A}, "/a.b/x /a.b", "", "/axb/x /a.bc"),
    ("one of two segments", {"/v1/api": A}, "/v1/api/x", "", "/v1/x /api/x /v1"),
    ("one with a capital letter", {"/X": A}, "/X/none", "", "/x/none"),
    ("one with a slash at its end", {"/api/": A}, "/api/x /api", "", "/apis /"),
    ("one that is a converter", {"/<name>": A}, "/ann/x /ann", "", "/"),
    ("one with a converter", {"/u/v<int:number>/api": A}, "/u/v7/api/x", "", "/u/v/api/x /u/v7/x"),
    ("one with a path in it", {"/<a>/x/<path:b>/y": A}, "/1/x/2/3/y/none", "", "/1/2/x/3/y/none"),
    ("one with a choice in it", {"/<any('a','b'):name>": A}, "/a/x", "", "/"),
    ("one that is not ASCII", {"/späte": A}, "/späte/x /sp%C3%A4te/x", "", "/spate/x"),
    ("a converter beside", {"/api": A, "/<tenant>": B}, "/api/users /api/none", "/x/users", ""),
    ("a path beside", {"/api": A, "/<path:rest>": B}, "/api/users /api/none", "/x/users", ""),
    ("a shorter one beside", {"/api": A, "/a": B}, "/api/users /api/none", "/a/users", ""),
    ("one inside", {"/v": A, "/v /w": B}, "/v/users /v/none", "/v/w/users /v/w/none", ""),
    ("one inside without CORS", {"/v": A, "/v /w": None}, "/v/users /v/none /v/w/users /v/w/none", "", ""),
    ("one inside of one without CORS", {"/v": None, "/v /w": B}, "", "/v/w/users /v/w/none", "/v/users /v/none"),
    ("one inside that allows no origin", {"/v": A, "/v /w": []}, "/v/users /v/none", "", "/v/w/users /v/w/none"),
    ("a converter in a converter", {"/<x>": A, "/<x> /<y>": B}, "/a/users", "/a/b/users", ""),
    ("one inside that is alike", {"/v": A, "/v /v": B}, "/v/users /v/none", "/v/v/users /v/v/none", ""),
    ("one inside, like a view", {"/v": A, "/v /users": B}, "/v/users /v/none", "/v/users/none", ""),
    ("three deep", {"/x": B, "/x /y": None, "/x /y /z": A}, "/x/y/z/none", "/x/y/none /x/users", ""),
    ("two inside without a prefix", {"/a": None, "/a ": B, "/a  ": A}, "/a/none", "", "/a/users"),
)
def test_the_most_precise_prefix_decides_also_for_what_is_missing(
    blueprints: dict[str, Any], for_a: str, for_b: str, for_none: str, order: int
) -> None:
    app = make_app()
    made = {chain: a_blueprint(f"b{i}", chain.split(" ")[-1] or None) for i, chain in enumerate(blueprints)}
    for chain in [*blueprints][::order]:
        if blueprints[chain] is not None:
            CORS(made[chain], origins=blueprints[chain])
    for chain in sorted([*made][::order], key=lambda chain: -chain.count(" ")):  # the innermost first
        made.get(chain.rpartition(" ")[0], app).register_blueprint(made[chain])
    for paths, expected in ((for_a, FOR_A), (for_b, FOR_B), (for_none, FOR_NONE)):
        assert [headers_for(app, path) for path in paths.split()] == [expected] * len(paths.split())


def test_registered_under_two_names_it_has_its_policy_in_both_places() -> None:
    app, blueprint, shared = make_app(), a_blueprint("api", "/one", origins=A), a_blueprint("shared", "/shared")
    CORS(app, origins=[])
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/two")
    for name, origin in [("a", A), ("b", B)]:
        (outer := a_blueprint(name, f"/{name}", origins=origin)).register_blueprint(shared)
        app.register_blueprint(outer)
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


@pytest.mark.parametrize("mistake", [{"orgins": A}, {"origins": "*", "supports_credentials": True}], ids=str)
def test_a_mistake_raises_at_the_call_and_does_nothing_to_the_blueprint(mistake: dict[str, Any]) -> None:
    app, blueprint = make_app(), a_blueprint()
    with pytest.raises((TypeError, ValueError), match=next(iter(mistake))):
        CORS(blueprint, **mistake)
    app.register_blueprint(blueprint)
    assert headers_for(app, "/api/users") == FOR_NONE


def test_a_mistake_together_with_the_config_raises_when_it_is_registered() -> None:
    for config in ({}, {"CORS_ORIGINS": "*"}):
        with pytest.raises(ValueError, match="cannot be combined with supports_credentials=True"):
            make_app(**config).register_blueprint(a_blueprint(supports_credentials=True))
    make_app(CORS_ORIGINS=A).register_blueprint(a_blueprint(supports_credentials=True))


@pytest.mark.parametrize(("prefix", "path"), [("", "/api/users"), ("/o", "/o/api/users")])
def test_cors_on_a_blueprint_that_is_registered_is_an_error_that_tells_what_to_move(prefix: str, path: str) -> None:
    app, blueprint, outer = make_app(), a_blueprint(), a_blueprint("outer", prefix)
    outer.register_blueprint(blueprint)
    app.register_blueprint(outer)
    with pytest.raises(RuntimeError, match=r"'api' is registered already; move CORS\(blueprint\) above app.register"):
        CORS(blueprint, origins=A)
    assert headers_for(app, path) == FOR_NONE
    blueprint = a_blueprint(origins=A)
    for made in (make_app(), make_app()):
        made.register_blueprint(blueprint)
        assert headers_for(made, "/api/users") == FOR_A
