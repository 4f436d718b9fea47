"""``CORS(blueprint)``: the blueprint's views, and what is missing below its prefix, in any order of the calls."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, abort

from flask_cors import CORS, cross_origin
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

FOR_A = [ONLY_A, REFUSED, ONLY_A]
FOR_B = [REFUSED, ONLY_B, ONLY_B]
FOR_ALL = [EVERYONE, EVERYONE, EVERYONE]
FOR_NOBODY = [NOTHING, NOTHING, NOTHING]


def a_blueprint(name: str = "api", prefix: str | None = "/api", *paths: str) -> Blueprint:
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    for path in paths or ("/users",):
        blueprint.add_url_rule(path, path.strip("/"), lambda **_: "ok")
    return blueprint


# The order of the calls ----------------------------------------------------------------------------------------------


def before_its_routes(app: Flask) -> None:
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    CORS(blueprint, origins=A)
    blueprint.add_url_rule("/users", view_func=a_view)
    app.register_blueprint(blueprint)


def before_it_is_registered(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)


def after_it_is_registered(app: Flask) -> None:
    blueprint = a_blueprint()
    app.register_blueprint(blueprint)
    CORS(blueprint, origins=A)


def by_init_app(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(origins=A).init_app(blueprint)
    app.register_blueprint(blueprint)


def by_config(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(blueprint)
    app.register_blueprint(blueprint)
    app.config["CORS_ORIGINS"] = A


def by_config_after_it_is_registered(app: Flask) -> None:
    blueprint = a_blueprint()
    app.register_blueprint(blueprint)
    CORS(blueprint)
    app.config["CORS_ORIGINS"] = A


def with_a_prefix_given_by_the_app(app: Flask) -> None:
    blueprint = a_blueprint(prefix="/nowhere")
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint, url_prefix="/api")


def with_a_prefix_given_by_the_app_after_it_is_registered(app: Flask) -> None:
    blueprint = a_blueprint("api", "/nowhere", "/users", "/pets")
    app.register_blueprint(blueprint, url_prefix="/api")
    CORS(blueprint, origins=A)


def with_a_slash_at_the_end_of_its_prefix(app: Flask) -> None:
    blueprint = a_blueprint(prefix="/api/")
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)


def twice_and_the_later_counts(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(blueprint, origins=B)
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)


def twice_and_the_later_covers_nothing(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(blueprint, origins=A)
    CORS(blueprint, resources="/nowhere")
    app.register_blueprint(blueprint)


orders = pytest.mark.parametrize(
    "set_up",
    [
        before_its_routes,
        before_it_is_registered,
        after_it_is_registered,
        by_init_app,
        by_config,
        by_config_after_it_is_registered,
        with_a_prefix_given_by_the_app,
        with_a_prefix_given_by_the_app_after_it_is_registered,
        with_a_slash_at_the_end_of_its_prefix,
        twice_and_the_later_counts,
        twice_and_the_later_covers_nothing,
    ],
)


@orders
def test_a_view_of_the_blueprint_has_its_policy(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    app.before_request(lambda: abort(401))
    assert answers(app, "/api/users") == FOR_A
    assert leaves(app, "/api/users") == [ONLY_A | ALL_METHODS, REFUSED]


@orders
def test_the_first_request_of_all_may_be_a_preflight(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    assert leave(preflight(app.test_client(), "/api/users")) == ONLY_A | ALL_METHODS


@orders
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside CORS on the app"])
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        pytest.param("/api/nowhere", "GET", 404, id="404 below its prefix"),
        pytest.param("/api/users/7", "GET", 404, id="404 below one of its views"),
        pytest.param("/api", "GET", 404, id="404 at its prefix"),
        pytest.param("/api/users", "PUT", 405, id="405"),
        pytest.param("/api//users", "GET", 308, id="308"),
    ],
)
def test_what_is_missing_below_its_prefix_has_its_policy(
    set_up: SetUp, beside: bool, path: str, method: str, status: int
) -> None:
    app = an_app()
    set_up(app)
    if beside:
        CORS(app, origins=B)
    assert ask(app.test_client(), path, method=method).status_code == status
    assert answers(app, path, method=method) == FOR_A
    assert leaves(app, path, method) == [ONLY_A | ALL_METHODS, REFUSED]


@orders
def test_elsewhere_its_policy_says_nothing(set_up: SetUp) -> None:
    app = an_app()
    set_up(app)
    app.add_url_rule("/", view_func=a_view)
    for path in ("/", "/nowhere", "/apiary", "/API/users", "/nowhere/api/users"):
        assert answers(app, path) == FOR_NOBODY


# Prefixes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "inside", "outside"),
    [
        pytest.param("/a.b", ["/a.b/x", "/a.b"], ["/axb/x", "/a.bc"], id="with a dot"),
        pytest.param("/v1/api", ["/v1/api/x"], ["/v1/x", "/api/x", "/v1"], id="of two segments"),
        pytest.param("/<name>", ["/ann/x", "/ann"], ["/"], id="that is a converter"),
        pytest.param("/<name>/api", ["/ann/api/x"], ["/ann/x", "/ann/b/api/x"], id="that begins with a converter"),
        pytest.param("/u/<int:number>/api", ["/u/7/api/x"], ["/u/api/x"], id="with a number in it"),
        pytest.param("/v<int:number>", ["/v7/x"], ["/x", "/w7/x"], id="with a number in a segment"),
        pytest.param("/<path:name>/api", ["/a/api/x", "/a/b/api/x"], ["/a/b/x"], id="with a path in it"),
        pytest.param("/<any('a','b'):name>", ["/a/x"], ["/"], id="with a choice in it"),
        pytest.param("/späte", ["/späte/x", "/sp%C3%A4te/x"], ["/spate/x"], id="that is not ASCII"),
    ],
)
def test_what_is_missing_below_a_prefix(prefix: str, inside: list[str], outside: list[str]) -> None:
    app, blueprint = an_app(), a_blueprint("api", prefix)
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    assert [answers(app, path) for path in inside] == [FOR_A] * len(inside)
    assert [answers(app, path) for path in outside] == [FOR_NOBODY] * len(outside)


@pytest.mark.parametrize("late", [False, True], ids=["", "after it is registered"])
@pytest.mark.parametrize("prefix", [None, "", "/"])
def test_without_a_prefix_what_is_missing_is_the_affair_of_the_app(prefix: str | None, late: bool) -> None:
    app, blueprint = an_app(), a_blueprint("api", prefix, "/pets", "/pets/all")
    if not late:
        CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    if late:
        CORS(blueprint, origins=A)
    CORS(app, origins=B)
    assert [answers(app, path) for path in ("/pets", "/pets/all")] == [FOR_A, FOR_A]
    assert [answers(app, path) for path in ("/", "/nowhere", "/pets/none")] == [FOR_B, FOR_B, FOR_B]


def test_a_blueprint_without_routes_covers_what_is_missing_below_its_prefix() -> None:
    app, blueprint = an_app(), Blueprint("api", __name__, url_prefix="/api")
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    assert answers(app, "/api/nowhere") == FOR_A


def test_a_late_policy_counts_for_the_very_first_request_be_it_a_preflight() -> None:
    app, inside = an_app(), Blueprint("inside", __name__)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)
    CORS(app, origins=A)
    CORS(inside, origins=B)
    assert leaves(app) == [REFUSED, ONLY_B | ALL_METHODS]


def test_a_blueprint_without_routes_may_get_its_policy_late() -> None:
    app, blueprint = an_app(), Blueprint("api", __name__)
    app.register_blueprint(blueprint)
    CORS(blueprint, origins=A)
    assert answers(app, "/nowhere") == FOR_NOBODY


def test_of_two_prefixes_the_longer_one_counts() -> None:
    app = an_app()
    for name, prefix, origin in [("inner", "/api/admin", A), ("outer", "/api", B)]:
        blueprint = a_blueprint(name, prefix)
        CORS(blueprint, origins=origin)
        app.register_blueprint(blueprint)
    assert [answers(app, path) for path in ("/api/admin/none", "/api/none")] == [FOR_A, FOR_B]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("prefix", ["/<tenant>", "/<path:rest>", "/<any('api','x'):word>"])
def test_a_prefix_that_is_written_out_counts_before_a_converter(prefix: str, order: int) -> None:
    app = an_app()
    for name, where, origin in [("written", "/api", A), ("any", prefix, B)][::order]:
        blueprint = a_blueprint(name, where)
        CORS(blueprint, origins=origin)
        app.register_blueprint(blueprint)
    assert [answers(app, path) for path in ("/api/users", "/api/none")] == [FOR_A, FOR_A]
    assert answers(app, "/x/users") == FOR_B


# Beside other policies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("app_first", [True, False])
def test_the_policy_of_the_blueprint_comes_before_that_of_the_app(app_first: bool) -> None:
    app, blueprint = an_app(), a_blueprint()
    if app_first:
        CORS(app, origins=B, max_age=1)
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    if not app_first:
        CORS(app, origins=B, max_age=1)
    app.add_url_rule("/", view_func=a_view)
    assert answers(app, "/api/users") == FOR_A
    aged = ONLY_B | {"Access-Control-Max-Age": "1"}
    assert answers(app, "/") == [REFUSED, aged, aged]


def test_a_blueprint_can_be_taken_out_of_the_policy_of_the_app() -> None:
    app, blueprint = an_app(), a_blueprint()
    CORS(app)
    CORS(blueprint, origins=[])
    app.register_blueprint(blueprint)
    assert [answers(app, path) for path in ("/api/users", "/api/none")] == [FOR_NOBODY] * 2
    assert answers(app, "/none") == FOR_ALL


@pytest.mark.parametrize("resources", ["/api/users", ["/api/u", "/nowhere"], {"/api/users": {"origins": A}}])
def test_resources_of_a_blueprint_are_whole_paths_and_elsewhere_the_app_counts(resources: Any) -> None:
    app, blueprint = an_app(), a_blueprint("api", "/api", "/users", "/pets")
    CORS(app, origins=B)
    CORS(blueprint, origins=A, resources=resources)
    app.register_blueprint(blueprint)
    app.add_url_rule("/users", view_func=a_view)
    assert answers(app, "/api/users") == FOR_A
    assert [answers(app, path) for path in ("/api/pets", "/users", "/api/none")] == [FOR_B] * 3


def test_a_blueprint_reads_the_resources_of_the_config() -> None:
    app, blueprint = an_app(CORS_RESOURCES="/api/u"), a_blueprint("api", "/api", "/users", "/pets")
    CORS(blueprint)
    app.register_blueprint(blueprint)
    assert [answers(app, path) for path in ("/api/users", "/api/pets")] == [FOR_ALL, FOR_NOBODY]


# Nested --------------------------------------------------------------------------------------------------------------


def nest(
    order: str,
    app: Flask,
    parent: Blueprint,
    child: Blueprint,
    outer: dict[str, Any] | None,
    inner: dict[str, Any] | None,
) -> None:
    """Call, in this order: C and P give child and parent their policies, c and p register them."""
    steps: dict[str, Callable[[], object]] = {
        "C": lambda: inner is None or CORS(child, **inner),
        "P": lambda: outer is None or CORS(parent, **outer),
        "c": lambda: parent.register_blueprint(child),
        "p": lambda: app.register_blueprint(parent),
    }
    for step in order:
        steps[step]()


NESTED = ["/v1/users", "/v1/none", "/v1/admin/log", "/v1/admin/none"]


@pytest.mark.parametrize("order", ["CPcp", "PCcp", "CcPp", "cpCP", "cpPC", "CcpP", "PcpC"])
@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        pytest.param({"origins": A}, {"origins": B}, [FOR_A, FOR_A, FOR_B, FOR_B], id="the innermost counts"),
        pytest.param({"origins": A}, None, [FOR_A, FOR_A, FOR_A, FOR_A], id="the outer counts if there is no other"),
        pytest.param(None, {"origins": B}, [FOR_NOBODY, FOR_NOBODY, FOR_B, FOR_B], id="the inner says nothing outside"),
        pytest.param({}, {"origins": []}, [FOR_ALL, FOR_ALL, FOR_NOBODY, FOR_NOBODY], id="the inner is taken out"),
    ],
)
def test_of_nested_blueprints(
    order: str, outer: dict[str, Any] | None, inner: dict[str, Any] | None, expected: list[list[CORSHeaders]]
) -> None:
    app, parent, child = an_app(), a_blueprint("v1", "/v1"), a_blueprint("admin", "/admin", "/log")
    nest(order, app, parent, child, outer, inner)
    assert [answers(app, path) for path in NESTED] == expected


@pytest.mark.parametrize("order", ["CPcp", "cpCP", "cpPC"])
@pytest.mark.parametrize(
    ("outside", "inside", "paths"),
    [
        pytest.param("/api", "/api", ["/api/none", "/api/api/none"], id="two prefixes that are alike"),
        pytest.param("/<x>", "/<y>", ["/a", "/a/b/none"], id="two prefixes that are converters"),
        pytest.param("/api", "/log", ["/api/none", "/api/log/none"], id="a prefix like the name of a view"),
    ],
)
def test_nested_prefixes_are_told_apart(order: str, outside: str, inside: str, paths: list[str]) -> None:
    app, parent, child = an_app(), a_blueprint("outer", outside), a_blueprint("inner", inside, "/log")
    nest(order, app, parent, child, {"origins": A}, {"origins": B})
    assert [answers(app, path) for path in paths] == [FOR_A, FOR_B]


def test_nested_below_converters_a_missing_page_has_the_innermost_policy() -> None:
    app, parent, child = an_app(), a_blueprint("tenant", "/<tenant>"), a_blueprint("admin", "/admin", "/log")
    CORS(parent, origins=A)
    CORS(child, origins=B)
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    paths = ("/x/users", "/x/none", "/x/admin/log", "/x/admin/none")
    assert [answers(app, path) for path in paths] == [FOR_A, FOR_A, FOR_B, FOR_B]


# Registered more than once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True], ids=["", "after it is registered"])
def test_registered_under_two_names_it_has_its_policy_in_both_places(late: bool) -> None:
    app, blueprint = an_app(), a_blueprint("api", "/one", "/users", "/pets")
    CORS(app, origins=B)
    if not late:
        CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="again", url_prefix="/two")
    if late:
        CORS(blueprint, origins=A)
    for path in ("/one/users", "/two/users", "/one/none", "/two/none"):
        assert answers(app, path) == FOR_A
    assert answers(app, "/users") == FOR_B


def test_two_names_of_one_blueprint_may_be_nested_in_different_ones() -> None:
    app, shared = an_app(), a_blueprint("shared", "/shared")
    for name, origin in [("a", A), ("b", B)]:
        parent = Blueprint(name, __name__, url_prefix=f"/{name}")
        CORS(parent, origins=origin)
        parent.register_blueprint(shared)
        app.register_blueprint(parent)
    assert [answers(app, path) for path in ("/a/shared/users", "/b/shared/users")] == [FOR_A, FOR_B]
    assert [answers(app, path) for path in ("/a/shared/none", "/b/shared/none")] == [FOR_A, FOR_B]


@pytest.mark.parametrize("late", [False, True], ids=["", "after it is registered"])
def test_one_blueprint_serves_two_apps_each_with_its_config(late: bool) -> None:
    apps, blueprint = (an_app(CORS_ORIGINS=A), an_app(CORS_ORIGINS=B, CORS_MAX_AGE=1)), a_blueprint()
    if not late:
        CORS(blueprint)
    for app in apps:
        app.register_blueprint(blueprint)
    if late:
        CORS(blueprint)
    aged = ONLY_B | {"Access-Control-Max-Age": "1"}
    assert [answers(app, "/api/users") for app in apps] == [FOR_A, [REFUSED, aged, aged]]
    assert [answers(app, "/api/users") for app in apps] == [FOR_A, [REFUSED, aged, aged]]


def test_an_app_without_the_blueprint_is_not_concerned() -> None:
    blueprint = a_blueprint()
    an_app().register_blueprint(blueprint)
    CORS(blueprint)
    app = an_app()
    app.register_blueprint(a_blueprint())  # of the same name
    assert answers(app, "/api/users") == FOR_NOBODY


@pytest.mark.parametrize(
    ("where", "outside"),
    [pytest.param("/api", "/apis/none", id="its own"), pytest.param("/apis", "/api/none", id="one that begins alike")],
)
def test_a_policy_that_comes_late_finds_the_prefix_among_those_that_are_alike(where: str, outside: str) -> None:
    app, blueprint = an_app(), a_blueprint("api", "/api", "/users", "/pets")
    app.register_blueprint(blueprint, url_prefix=where)
    app.register_blueprint(a_blueprint("api2", "/other"))
    CORS(blueprint, origins=A)
    assert [answers(app, path) for path in (f"{where}/none", outside, "/other/none")] == [FOR_A, FOR_NOBODY, FOR_NOBODY]


def test_a_policy_that_comes_late_reads_the_config_once_too() -> None:
    app, blueprint = an_app(CORS_ORIGINS=A), a_blueprint()
    app.register_blueprint(blueprint)
    CORS(blueprint)
    assert answers(app, "/api/users") == FOR_A
    app.config["CORS_ORIGINS"] = B
    assert answers(app, "/api/users") == FOR_A


def test_a_policy_may_come_after_the_first_request() -> None:
    app, blueprint = an_app(), a_blueprint()
    CORS(app, origins=B)
    app.register_blueprint(blueprint)
    assert answers(app, "/api/users") == FOR_B
    CORS(blueprint, origins=A)
    assert answers(app, "/api/users") == FOR_A


def test_of_several_policies_that_come_late_the_later_counts_where_it_matches() -> None:
    app, blueprint = an_app(), a_blueprint("api", "/api", "/users", "/pets")
    app.register_blueprint(blueprint)
    for _ in range(8):  # enough to tell their order from chance
        CORS(blueprint, origins="*")
    CORS(blueprint, origins=A)
    CORS(blueprint, origins=B, resources="/api/pets")
    for _ in range(2):
        assert [answers(app, path) for path in ("/api/users", "/api/pets")] == [FOR_A, FOR_B]


# Views of the blueprint ----------------------------------------------------------------------------------------------


def test_a_preflight_for_a_view_of_a_blueprint_is_left_to_it_where_no_policy_covers() -> None:
    app, blueprint = an_app(), a_blueprint()
    CORS(blueprint, resources=[])
    app.register_blueprint(blueprint)
    response = preflight(app.test_client(), "/api/users")
    assert (set(response.allow), cors_headers(response)) == ({"GET", "HEAD", "OPTIONS"}, NOTHING)


def test_a_decorated_view_inside_serves_two_apps_by_its_own_policy() -> None:
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    blueprint.add_url_rule("/users", view_func=cross_origin(origins=A)(a_view))
    CORS(blueprint, origins=B)
    for _ in range(2):
        app = an_app()
        app.register_blueprint(blueprint)
        assert [answers(app, path) for path in ("/api/users", "/api/none")] == [FOR_A, FOR_B]


@pytest.mark.parametrize(
    "mistake", [{"orgins": A}, {"max_age": "soon"}, {"origins": "*", "supports_credentials": True}]
)
def test_a_mistake_is_refused_at_once_for_a_blueprint_too(mistake: dict[str, Any]) -> None:
    blueprint = a_blueprint()
    with pytest.raises((TypeError, ValueError), match=next(iter(mistake))):
        CORS(blueprint, **mistake)
    app = an_app()
    app.register_blueprint(blueprint)
    assert answers(app, "/api/users") == FOR_NOBODY


@pytest.mark.parametrize("late", [False, True], ids=["", "after it is registered"])
@pytest.mark.parametrize(
    ("prefixes", "missing", "outside"),
    [
        pytest.param(["/X"], "/X/none", "/x/none", id="one capital letter"),
        pytest.param(["/a", "/b", "/c"], "/a/b/c/none", "/a/b/none", id="three that are nested"),
        pytest.param(["/<a>/x/<path:b>/y"], "/1/x/2/3/y/none", "/1/2/x/3/y/none", id="two converters"),
    ],
)
def test_what_is_missing_below_a_prefix_has_the_policy(
    prefixes: list[str], missing: str, outside: str, late: bool
) -> None:
    blueprints = [a_blueprint(name, prefix) for name, prefix in zip("abc", prefixes, strict=False)]
    if not late:
        CORS(blueprints[-1], origins=A)
    for inner, outer in itertools.pairwise(reversed(blueprints)):
        outer.register_blueprint(inner)
    app = an_app()
    app.register_blueprint(blueprints[0])
    if late:
        CORS(blueprints[-1], origins=A)
    assert [answers(app, path) for path in (missing, outside)] == [FOR_A, FOR_NOBODY]


def test_a_blueprint_may_have_any_name_and_no_prefix() -> None:
    app, blueprint = an_app(), a_blueprint("X", None)
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    assert answers(app, "/users") == FOR_A
    assert app.extensions["cors"].prefixes == {}
