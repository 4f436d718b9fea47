"""Functions in ``origins``: called first of all, once a request, with its session. If one fails, it denies."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any
from unittest import mock

import pytest
from flask import Flask, abort, current_app, g, request, session
from werkzeug.test import Client

from flask_cors import CORS, cross_origin
from flask_cors._state import AppState
from tests import helpers as h
from tests.helpers import ALL_METHODS, DENIED, ONLY_A, ONLY_B, PATH, A, B, Place, a_view, cors_headers, fetch
from tests.tables import table


def recorder() -> Any:
    """Make a function that allows A, and records its calls."""
    return mock.Mock(side_effect=A.__eq__)


def recorder_in(order: list[str]) -> Any:
    """Make a function that allows all, and adds its calls to a list."""
    return lambda _: not order.append("function")  # type: ignore[func-returns-value]


def behind_a_middleware(app: Flask, view: h.View, **options: Any) -> None:
    h.use_middleware(app)
    h.for_the_app(app, view, **options)


BESIDE_CORS: list[Place] = [*h.PLACES, behind_a_middleware]
ON_ITS_OWN: list[Place] = [h.for_a_hidden_view, h.for_the_view_alone]  # the view's wrapper calls it
everywhere = pytest.mark.parametrize("place", [*BESIDE_CORS, *ON_ITS_OWN])


# Which origins are allowed -------------------------------------------------------------------------------------------


@everywhere
@table(
    "origins, a, b",
    ("a function", lambda origin: origin == A, ONLY_A, DENIED),
    ("a list of an object that can be called", [recorder()], ONLY_A, DENIED),
    ("a function that allows all", lambda _: True, ONLY_A, ONLY_B),
    ("a method beside a string", [A.__eq__, B], ONLY_A, ONLY_B),
    ("a method beside a pattern", (re.compile("https://b.*"), A.__eq__), ONLY_A, ONLY_B),
)
def test_an_origin_is_allowed_by(place: Place, origins: Any, a: h.CORSHeaders, b: h.CORSHeaders) -> None:
    app = h.make_app()
    place(app, a_view, origins=origins)
    assert h.get_headers_for(app, PATH) == [a, b, DENIED]
    if place in BESIDE_CORS:
        assert h.get_preflight_headers_for(app, PATH) == h.as_preflights([a, b])


# When it is called ---------------------------------------------------------------------------------------------------


def test_it_is_not_called_where_another_policy_or_what_is_listed_beside_it_decides() -> None:
    app, function = h.make_app(), recorder()
    CORS(app, origins=[function, B])
    app.add_url_rule(PATH, view_func=cross_origin(origins=B)(a_view))
    assert h.get_headers_for(app, PATH) == [DENIED, ONLY_B, ONLY_B]
    assert h.get_preflight_headers_for(app, PATH) == [DENIED, ONLY_B | ALL_METHODS]
    assert h.get_headers_for(app, "/elsewhere") == [ONLY_A, ONLY_B, DENIED]
    assert function.mock_calls == [mock.call(A)]


@pytest.mark.parametrize("place", BESIDE_CORS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_it_is_called_after_url_value_preprocessors_and_before_all_else(place: Place, method: str) -> None:
    app, order = h.make_app(), list[str]()

    def function(origin: str) -> bool:
        order.append(f"function of {g.tenant}, {request.path}, {current_app.debug}")
        return origin == A

    def view() -> str:
        order.append("view")
        return "text"

    app.before_request(lambda: order.append("before, registered early"))
    app.url_value_preprocessor(lambda *_: setattr(g, "tenant", "the tenant"))
    place(app, view, origins=function)
    app.before_request(lambda: order.append("before, registered late"))
    fetch(app.test_client(), PATH, A, method=method, headers={"Access-Control-Request-Method": "GET"})
    expected = [f"function of the tenant, {PATH}, False", "before, registered early", "before, registered late"]
    assert order == (expected if method == "OPTIONS" else [*expected, "view"])


@pytest.mark.parametrize("place", ON_ITS_OWN)
def test_it_is_called_before_a_view_that_only_its_own_wrapper_knows(place: Place) -> None:
    app, function, view = h.make_app(), recorder(), mock.Mock(return_value="text", __name__="view")
    order = mock.Mock(function=function, view=view)
    place(app, lambda: view(), origins=function)
    fetch(app.test_client(), PATH, A)
    assert order.mock_calls == [mock.call.function(A), mock.call.view()]


@everywhere
@pytest.mark.parametrize("send", [fetch, h.preflight])
def test_it_can_use_the_session_and_the_response_varies_by_the_cookie(place: Place, send: Any) -> None:
    app = h.make_app(SECRET_KEY="secret")
    place(app, a_view, origins=lambda origin: origin in session.get("origins", ()))
    app.add_url_rule("/login", "login", lambda: str(session.update(origins=[A])))
    client = app.test_client()
    client.get("/login")
    granted = {"Access-Control-Allow-Origin": A} | (ALL_METHODS if send is h.preflight else {})
    for visitor, origin, expected in ((client, A, granted), (client, B, {}), (app.test_client(), A, {})):
        assert cors_headers(send(visitor, PATH, origin)) == expected | {"Vary": "Origin, Cookie"}


def test_one_that_comes_late_is_called_before_all_else_from_the_next_request_on_and_the_config_stays() -> None:
    app, order = h.make_app(CORS_ORIGINS=A), list[str]()
    app.before_request(lambda: order.append("before"))
    app.add_url_rule("/late", "late", a_view)
    h.for_the_app(app, a_view)
    assert h.get_headers_for(app, PATH) == h.FOR_A
    h.configure(app, origins="*")
    app.view_functions["late"] = cross_origin(origins=recorder_in(order))(a_view)
    for _ in range(2):
        fetch(app.test_client(), "/late", A)
    assert order[3:] == ["before", "function", "function", "before"]
    assert h.get_headers_for(app, PATH) == h.FOR_A


def test_it_is_called_before_all_else_also_if_the_first_request_bypasses_the_middleware() -> None:
    app, order = h.make_app(), list[str]()
    CORS(app, origins=recorder_in(order))
    app.before_request(lambda: order.append("before"))
    fetch(Client(partial(Flask.wsgi_app, app)), "/", A)
    assert order == ["function", "before"]


def test_it_is_called_before_all_else_also_behind_another_middleware_and_from_a_late_config() -> None:
    app, order = h.make_app(), list[str]()
    h.use_middleware(app)
    CORS(app)
    h.configure(app, origins=recorder_in(order))
    app.before_request(lambda: order.append("before"))
    fetch(app.test_client(), "/", A)
    assert order == ["function", "before"]


def test_several_cors_install_one_function_before_and_one_after_a_request() -> None:
    app = h.make_app()
    for _ in range(3):
        CORS(app, origins=recorder_in([]))
        fetch(app.test_client(), "/", A)
    assert [len(functions[None]) for functions in (app.before_request_funcs, app.after_request_funcs)] == [1, 1]


def test_a_request_that_comes_while_the_first_one_sets_up_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    app, order, build, others = h.make_app(), list[str](), AppState.build, list[Any]()
    CORS(app)
    h.configure(app, origins=recorder_in(order))
    app.before_request(lambda: order.append("before"))

    def slowly(state: AppState) -> None:
        build(state)
        others.append(pool.submit(fetch, app.test_client(), "/", A))
        wait(others, timeout=0.2)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(AppState, "build", slowly)
        fetch(app.test_client(), "/", A)
    assert order == ["function", "before"] * 2


# When it fails -------------------------------------------------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("config", [{"TESTING": False}, {"TESTING": True}, {"DEBUG": True}], ids=str)
@table(
    "function",
    ("raises", mock.Mock(side_effect=RuntimeError("the database\nis down"))),
    ("aborts", lambda _: abort(503)),
    ("returns None", lambda _: None),
    ("takes nothing", lambda: True),
)
def test_if_it_fails_it_denies_with_one_line_in_the_log(
    place: Place, config: dict[str, bool], function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = h.make_app(**config)
    place(app, a_view, origins=function)
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, response.text, cors_headers(response)) == (200, a_view(), DENIED)
    [line] = errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == f"CORS: the function in origins failed for {A}, which is denied"
    assert line.exc_info
    assert len(caplog.records) - len(errors) == app.debug  # debug mode tells what is denied, too
    assert cors_headers(h.preflight(app.test_client(), PATH)) == DENIED
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


def test_if_it_fails_it_is_not_called_again_in_the_request() -> None:
    app, function = h.make_app(), mock.Mock(side_effect=RuntimeError)
    CORS(app, origins=function)
    fetch(app.test_client(), "/", A)
    assert function.mock_calls == [mock.call(A)]


def test_if_it_fails_it_denies_although_the_function_of_another_policy_allowed() -> None:
    app = h.make_app()
    CORS(app, origins=lambda _: True)
    views = [cross_origin(origins=mock.Mock(side_effect=RuntimeError))(a_view)]  # nothing but its wrapper knows of it
    app.add_url_rule(PATH, "calls", lambda: views[0]())
    assert cors_headers(fetch(app.test_client(), PATH, A)) == DENIED
