"""Which decoration counts: those that an outer decorator hides, views that call views, and views that are replaced."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import abort, request
from flask.views import MethodView

from flask_cors import CORS, cross_origin
from tests.helpers import (
    FOR_A,
    FOR_ALL,
    FOR_B,
    FOR_NONE,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    as_preflights,
    assert_policy,
    cors_headers,
    fetch,
    get_headers_for,
    get_preflight_headers_for,
    hide,
    make_app,
    no_set_up,
    preflight,
    wrap,
)

ViewFunction = Callable[..., Any]
only_a, only_b = cross_origin(origins=A), cross_origin(origins=B)
for_none, for_all = cross_origin(origins=[]), cross_origin()


def raises() -> str:
    raise LookupError("no such key")


class Methods(MethodView):
    def get(self) -> str:
        return request.method


# Hidden decorations --------------------------------------------------------------------------------------------------


class ObjectThatCalls:
    def __init__(self, view: ViewFunction) -> None:
        self.view = view

    def __call__(self, *args: Any) -> Any:
        return self.view(*args)

    def method(self, *args: Any) -> Any:
        return self.view(*args)


def in_a_default(view: ViewFunction) -> ViewFunction:
    return lambda view=view: view()


def in_a_list(view: ViewFunction) -> ViewFunction:
    views = [view]
    return lambda: views[0]()


def in_a_decorated_method(decorate: Callable[[ViewFunction], ViewFunction]) -> ViewFunction:
    class Hidden(MethodView):
        get = decorate(Methods.get)
        put = decorate(Methods.get)

    return hide(Hidden.as_view("hidden"))


OTHERWISE_HIDDEN = pytest.mark.xfail(strict=True, reason="hidden_decoration looks into closures alone")
HIDDEN = [
    pytest.param(lambda decorate: hide(decorate(a_view)), id="in a closure"),
    pytest.param(lambda decorate: hide(hide(hide(decorate(a_view)))), id="in closures of closures"),
    pytest.param(lambda decorate: hide(decorate(hide(a_view))), id="in a closure, above another decorator"),
]
HIDDEN_OTHERWISE = [
    pytest.param(lambda decorate: functools.partial(decorate(a_view)), id="in a partial"),
    pytest.param(lambda decorate: ObjectThatCalls(decorate(a_view)), id="in an object"),
    pytest.param(lambda decorate: ObjectThatCalls(decorate(a_view)).method, id="in an object's method"),
    pytest.param(lambda decorate: in_a_default(decorate(a_view)), id="in a default"),
    pytest.param(lambda decorate: in_a_list(decorate(a_view)), id="in a list"),
    pytest.param(in_a_decorated_method, id="as a method of a hidden class"),
]


def record_calls(calls: list[str]) -> Callable[[ViewFunction], ViewFunction]:
    """Make a decorator that gives B alone a view that records its calls."""

    def decorate(view: ViewFunction) -> ViewFunction:
        @functools.wraps(view)
        def recording(*args: Any) -> Any:
            calls.append(request.method)
            return view(*args)

        return only_b(recording)

    return decorate


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(no_set_up, id="alone"),
        pytest.param(lambda app: CORS(app, origins=A), id="beside CORS"),
        pytest.param(lambda app: CORS(app, resources="/else"), id="beside CORS elsewhere"),
    ],
)
@pytest.mark.parametrize("hidden", HIDDEN + HIDDEN_OTHERWISE[:-1])  # a class handles OPTIONS itself, or not at all
def test_where_the_route_lists_options_a_hidden_wrapper_responds_and_the_view_never_runs(
    set_up: SetUp, hidden: Callable[..., ViewFunction]
) -> None:
    app, calls = make_app(), list[str]()
    set_up(app)
    app.add_url_rule("/", "hidden", hidden(record_calls(calls)), methods=["GET", "PUT", "OPTIONS"])
    for method in ("GET", "PUT", "POST"):
        for origin, expected in zip((A, B), as_preflights(FOR_B), strict=True):
            response = preflight(app.test_client(), "/", origin, method)
            assert (response.status_code, response.text, cors_headers(response), calls) == (200, "", expected, [])
    assert get_headers_for(app, method="PUT") == FOR_B
    assert calls == ["PUT"] * 3


@pytest.mark.parametrize(
    "hidden", [*HIDDEN, *[pytest.param(*case.values, id=case.id, marks=OTHERWISE_HIDDEN) for case in HIDDEN_OTHERWISE]]
)
@pytest.mark.parametrize("origins", [A, "*"])
def test_beside_cors_a_preflight_and_the_request_after_it_have_the_hidden_policy(
    origins: str, hidden: Callable[..., ViewFunction]
) -> None:
    app, calls = make_app(), list[str]()
    CORS(app, origins=origins)
    app.add_url_rule("/", "hidden", hidden(record_calls(calls)), methods=["GET", "PUT"])
    assert get_headers_for(app, method="PUT") == FOR_B
    assert get_preflight_headers_for(app, method="PUT") == as_preflights(FOR_B)
    assert calls == ["PUT"] * 3


def test_errors_of_a_hidden_view_have_its_policy() -> None:
    app = make_app(TESTING=False)
    CORS(app)
    for path, view in {"/refused": lambda: abort(403), "/broken": raises}.items():
        app.add_url_rule(path, path, hide(only_a(view)))
    for path in ("/refused", "/broken"):
        assert get_headers_for(app, path) == FOR_A


@pytest.mark.parametrize("first", ["/shown", "/hidden"])
@pytest.mark.xfail(strict=True, reason="a decoration that another view shows is taken for that view's")
def test_one_decorator_serves_a_view_that_shows_it_and_one_that_hides_it(first: str) -> None:
    app = make_app()
    CORS(app)
    app.add_url_rule("/shown", "shown", only_a(a_view))
    app.add_url_rule("/hidden", "hidden", hide(only_a(a_view)))
    for path in sorted(["/shown", "/hidden"], key=first.__ne__):
        assert get_headers_for(app, path) == FOR_A


CALLS_HIDDEN = pytest.mark.xfail(strict=True, reason="the hidden decoration of a registered view is not known as its")


@pytest.mark.parametrize(
    "set_up", [no_set_up, CORS, lambda app: CORS(app, origins=A)], ids=["alone", "for all", "for A"]
)
@pytest.mark.parametrize(
    "decorate",
    [
        pytest.param(only_b, id="for B"),
        pytest.param(for_all, id="for all"),
        pytest.param(lambda view: wrap(only_b(view)), id="below another decorator"),
        pytest.param(lambda view: hide(only_b(view)), id="hidden", marks=CALLS_HIDDEN),
    ],
)
def test_a_view_that_calls_another_registered_view_keeps_its_own_policy(
    set_up: SetUp, decorate: Callable[[ViewFunction], ViewFunction]
) -> None:
    app = make_app()
    set_up(app)
    called = decorate(a_view)
    app.add_url_rule("/called", "called", called)
    app.add_url_rule("/", "calling", lambda: f"secret {called()}")
    app.add_url_rule("/plain", "plain", a_view)
    app.add_url_rule("/own", "own", only_a(lambda: called()))
    plain = get_headers_for(app, "/plain")
    assert get_headers_for(app, "/") == plain
    assert get_headers_for(app, "/own") == FOR_A
    if app.after_request_funcs:
        assert get_preflight_headers_for(app, "/") == as_preflights(plain)


# What stands there at the time of the request ------------------------------------------------------------------------


NOT_SHOWN_LATER = pytest.mark.xfail(strict=True, reason="the rule of the view before it counts as one for OPTIONS")
REPLACED = [
    pytest.param(a_view, for_none(a_view), FOR_NONE, id="undecorated, then for none"),
    pytest.param(for_all(a_view), for_none(a_view), FOR_NONE, id="for all, then for none"),
    pytest.param(only_b(a_view), only_a(a_view), FOR_A, id="for B, then for A"),
    pytest.param(a_view, hide(only_a(a_view)), FOR_A, id="undecorated, then for A, hidden"),
    pytest.param(for_none(a_view), hide(only_a(a_view)), FOR_A, id="for none, then for A, hidden"),
    pytest.param(only_b(a_view), a_view, FOR_ALL, id="for B, then undecorated"),
]


@pytest.mark.parametrize(("first", "second", "expected"), REPLACED)
def test_a_view_that_replaces_another_brings_its_own_policy(
    first: ViewFunction, second: ViewFunction, expected: list[CORSHeaders]
) -> None:
    for set_up in (CORS, no_set_up):
        app = make_app()
        set_up(app)
        app.add_url_rule("/", "view", first)
        fetch(app.test_client(), "/", A)
        preflight(app.test_client(), "/")
        app.view_functions["view"] = second
        assert get_headers_for(app) == (FOR_NONE if (set_up, second) == (no_set_up, a_view) else expected)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [*REPLACED[:4], *[pytest.param(*case.values, id=case.id, marks=NOT_SHOWN_LATER) for case in REPLACED[4:]]],
)
def test_beside_cors_a_preflight_has_the_policy_of_the_new_view_and_meets_no_login(
    first: ViewFunction, second: ViewFunction, expected: list[CORSHeaders]
) -> None:
    app = make_app()
    app.before_request(lambda: abort(401))
    CORS(app)
    app.add_url_rule("/", "view", first)
    fetch(app.test_client(), "/", A)
    app.view_functions["view"] = second
    assert get_preflight_headers_for(app) == as_preflights(expected)


def test_a_route_that_is_added_late_has_its_own_policy() -> None:
    app = make_app()
    CORS(app)
    assert_policy(app, FOR_ALL, status=404)
    app._got_first_request = False  # as some programs do that add routes late
    app.add_url_rule("/", view_func=only_a(a_view))
    assert_policy(app, FOR_A)
