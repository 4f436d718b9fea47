"""Decorations that an outer decorator hides, and views that call other views. More of law 10 is in ``test_laws.py``."""

import functools
from typing import Any

import pytest
from flask import abort, request

from flask_cors import CORS, cross_origin
from tests.helpers import (
    FOR_A,
    FOR_B,
    FOR_NONE,
    A,
    B,
    SetUp,
    View,
    a_view,
    as_preflights,
    cors_headers,
    hide,
    make_app,
    no_set_up,
    preflight,
    use_middleware,
    wrap,
)
from tests.helpers import get_headers_for as headers_for
from tests.helpers import get_preflight_headers_for as preflights_for
from tests.tables import table

only_a, only_b = cross_origin(origins=A), cross_origin(origins=B)


def cors_for_a(app: Any) -> None:
    CORS(app, origins=A)


class ObjectThatCalls:
    def __init__(self, view: View) -> None:
        self.view = view

    def __call__(self, *args: Any) -> Any:
        return self.view(*args)


HIDDEN = [
    ("in closures of closures", lambda view: hide(hide(hide(view)))),
    ("in a partial", functools.partial),
    ("in an object", ObjectThatCalls),
]
HIDDEN_DEEPER = [  # the preflight has the app's policy then; the manual says so
    ("in an object's method", lambda view: ObjectThatCalls(view).__call__),
    ("in a default", lambda view: lambda view=view: view()),
]


def only_b_recording(calls: list[str]) -> View:
    """Make a view for B alone that records its calls."""

    def view() -> str:
        calls.append(request.method)
        return "text"

    return only_b(hide(view))


@pytest.mark.parametrize("set_up", [no_set_up, cors_for_a, lambda app: CORS(app, resources="/else")])
@table("hidden", *HIDDEN, *HIDDEN_DEEPER)
def test_where_the_route_lists_options_a_hidden_wrapper_responds_and_the_view_never_runs(
    set_up: SetUp, hidden: View
) -> None:
    app, calls = make_app(), list[str]()
    set_up(app)
    app.add_url_rule("/", "hidden", hidden(only_b_recording(calls)), methods=["GET", "PUT", "OPTIONS"])
    for method in ("GET", "PUT", "POST"):
        responses = [preflight(app.test_client(), "/", origin, method) for origin in (A, B)]
        assert [(response.status_code, response.text) for response in responses] == [(200, "")] * 2
        assert [*map(cors_headers, responses)] == as_preflights(FOR_B)
    assert calls == []
    assert headers_for(app, method="PUT") == FOR_B


@pytest.mark.parametrize(("set_up", "expected"), [(no_set_up, FOR_NONE), (cors_for_a, FOR_A)])
def test_a_hidden_wrapper_does_not_decide_for_another_view_of_its_path(set_up: SetUp, expected: Any) -> None:
    app = make_app()
    app.add_url_rule("/", "hidden", hide(only_b(a_view)), methods=["PUT", "OPTIONS"])
    app.add_url_rule("/", "other", a_view, methods=["GET"])
    use_middleware(app)  # so that the wrapper gets the preflight
    set_up(app)
    responses = [preflight(app.test_client(), "/", origin, "GET") for origin in (A, B)]
    assert [*map(cors_headers, responses)] == as_preflights(expected)


@table("hidden", *HIDDEN)
@pytest.mark.parametrize("set_up", [CORS, cors_for_a])
def test_beside_cors_a_preflight_and_the_request_after_it_have_the_hidden_policy(set_up: SetUp, hidden: View) -> None:
    app, calls = make_app(TESTING=False), list[str]()
    set_up(app)
    app.add_url_rule("/", "hidden", hidden(only_b_recording(calls)), methods=["GET", "PUT"])
    app.add_url_rule("/refused", "refused", hidden(only_b(lambda: abort(403))))
    app.add_url_rule("/broken", "broken", hidden(only_b(lambda: 1 / 0)))
    assert preflights_for(app, method="PUT") == as_preflights(FOR_B)
    assert calls == []
    assert headers_for(app, method="PUT") == headers_for(app, "/refused") == headers_for(app, "/broken") == FOR_B


@pytest.mark.parametrize("order", [1, -1])
def test_one_decorator_serves_a_view_that_shows_it_and_one_that_hides_it(order: int) -> None:
    app = make_app()
    CORS(app)
    app.add_url_rule("/shown", "shown", only_a(a_view))
    app.add_url_rule("/hidden", "hidden", hide(only_a(a_view)))
    assert [headers_for(app, path) for path in ["/shown", "/hidden"][::order]] == [FOR_A] * 2


@pytest.mark.parametrize("set_up", [no_set_up, CORS, cors_for_a])
@table(
    "called",
    ("for all, below another decorator", wrap(cross_origin()(a_view))),
    ("for B", only_b(a_view)),
    ("for B, hidden", hide(only_b(a_view))),
)
def test_a_view_that_calls_another_registered_view_keeps_its_own_policy(set_up: SetUp, called: View) -> None:
    app = make_app()
    set_up(app)
    app.add_url_rule("/called", "called", called)
    app.add_url_rule("/", "calling", lambda: f"secret {called()}")
    app.add_url_rule("/plain", "plain", a_view)
    app.add_url_rule("/own", "own", only_a(lambda: called()))
    plain = headers_for(app, "/plain")
    assert (headers_for(app, "/"), headers_for(app, "/own")) == (plain, FOR_A)
    if app.after_request_funcs:
        assert preflights_for(app, "/") == as_preflights(plain)
