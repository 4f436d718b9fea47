"""Functions in ``origins``: called first of all, once a request, with its session. If one fails, it denies."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    DENIED,
    ONLY_A,
    ONLY_B,
    PATH,
    PLACES,
    A,
    B,
    CORSHeaders,
    View,
    a_view,
    cors_headers,
    fetch,
    for_a_hidden_view,
    for_the_app,
    for_the_view_alone,
    get_headers_for,
    get_preflight_headers_for,
    make_app,
    preflight,
    preflight_headers,
)

Place = Callable[..., None]


class Recorder:
    """A function that allows A, and records its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, origin: str) -> bool:
        self.calls.append(origin)
        return origin == A

    def method(self, origin: str) -> bool:
        return self(origin)


def use_middleware(app: Flask) -> None:
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]


def behind_a_middleware(app: Flask, view: View, **options: Any) -> None:
    use_middleware(app)
    for_the_app(app, view, **options)


before_all = pytest.mark.parametrize("place", [*PLACES, behind_a_middleware])
everywhere = pytest.mark.parametrize("place", [*PLACES, behind_a_middleware, for_a_hidden_view, for_the_view_alone])


# Which origins are allowed -------------------------------------------------------------------------------------------


def allows_a(origin: str) -> bool:
    return origin == A


def allows_b(origin: str) -> bool:
    return origin == B


@everywhere
@pytest.mark.parametrize(
    ("origins", "a", "b"),
    [
        pytest.param(allows_a, ONLY_A, DENIED, id="a function"),
        pytest.param(Recorder(), ONLY_A, DENIED, id="an object that can be called"),
        pytest.param([Recorder().method], ONLY_A, DENIED, id="a list of one method"),
        pytest.param(lambda _: False, DENIED, DENIED, id="a function that allows none"),
        pytest.param(lambda _: True, ONLY_A, ONLY_B, id="a function that allows all"),
        pytest.param([allows_a, B], ONLY_A, ONLY_B, id="a function beside a string"),
        pytest.param((re.compile("https://b.*"), allows_a), ONLY_A, ONLY_B, id="a function beside a pattern"),
        pytest.param({allows_b, allows_a}, ONLY_A, ONLY_B, id="a function beside another"),
    ],
)
def test_an_origin_is_allowed_by(place: Place, origins: Any, a: CORSHeaders, b: CORSHeaders) -> None:
    app = make_app()
    place(app, a_view, origins=origins)
    assert get_headers_for(app, PATH) == [a, b, DENIED]


@before_all
def test_preflights_are_allowed_too(place: Place) -> None:
    app = make_app()
    place(app, a_view, origins=allows_a)
    assert get_preflight_headers_for(app, PATH) == [ONLY_A | ALL_METHODS, DENIED]


# When it is called ---------------------------------------------------------------------------------------------------


@everywhere
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_it_is_called_once_a_request(place: Place, method: str) -> None:
    app, recorder = make_app(), Recorder()
    place(app, a_view, origins=recorder)
    fetch(app.test_client(), PATH, A, method=method)
    preflight(app.test_client(), PATH, B)
    assert recorder.calls == [A, B]


class FailingStore(SecureCookieSessionInterface):
    """Fails after the headers were added, so that they are added again, to the 500."""

    def save_session(self, app: Flask, session: Any, response: Any) -> None:  # noqa: ARG002
        if response.status_code != 500:
            raise OSError


@everywhere
@pytest.mark.parametrize("failing", ["a function after the request", "the session store"])
def test_it_is_called_once_although_the_response_is_made_again(place: Place, failing: str) -> None:
    app, recorder = make_app(TESTING=False, SECRET_KEY="secret"), Recorder()
    place(app, a_view, origins=recorder)
    if failing == "the session store":
        app.session_interface = FailingStore()
    else:
        app.after_request(lambda response: response if response.status_code == 500 else abort(500))
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, cors_headers(response)) == (500, ONLY_A)
    assert recorder.calls == [A]


@everywhere
@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "not an origin", "HTTPS://A.EXAMPLE", f"{A}/", f"{A}, {B}", f"{A}\x00", "https://ä.example"],
)
def test_it_is_called_with_origins_alone_and_not_with(place: Place, origin: str | None) -> None:
    app, recorder = make_app(), Recorder()
    place(app, a_view, origins=recorder)
    response = app.test_client().get(PATH, environ_overrides={} if origin is None else {"HTTP_ORIGIN": origin})
    assert cors_headers(response) == DENIED
    assert recorder.calls == (["null"] if origin == "null" else [])


def test_it_is_not_called_where_another_policy_covers_the_view() -> None:
    app, recorder = make_app(), Recorder()
    CORS(app, origins=recorder)
    app.add_url_rule(PATH, view_func=cross_origin(origins=B)(a_view))
    assert get_headers_for(app, PATH) == [DENIED, ONLY_B, ONLY_B]
    assert get_preflight_headers_for(app, PATH) == [DENIED, ONLY_B | ALL_METHODS]
    assert recorder.calls == []


@pytest.mark.parametrize(
    ("place", "behind"),
    [
        *[(place, False) for place in PLACES],
        *[(place, True) for place in PLACES[:2] + PLACES[3:4]],
        *[pytest.param(place, True) for place in PLACES[2:3] + PLACES[4:]],
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_it_is_called_after_url_value_preprocessors_and_before_all_else(
    place: Place, behind: bool, method: str
) -> None:
    app, order = make_app(), list[str]()

    def function(origin: str) -> bool:
        order.append("function")
        order.append(f"{g.tenant}, {request.path}, {current_app.debug}")
        return origin == A

    def view() -> str:
        order.append("view")
        return "text"

    def preprocess(*_: Any) -> None:
        g.tenant = "the tenant"

    if behind:
        use_middleware(app)
    app.before_request(lambda: order.append("before, registered early"))
    app.url_value_preprocessor(preprocess)
    place(app, view, origins=function)
    app.before_request(lambda: order.append("before, registered late"))
    fetch(app.test_client(), PATH, A, method=method, headers={"Access-Control-Request-Method": "GET"})
    assert order == [
        "function",
        f"the tenant, {PATH}, False",
        "before, registered early",
        "before, registered late",
        *(["view"] if method == "GET" else []),
    ]


@everywhere
def test_a_view_neither_disturbs_it_nor_changes_its_result_by_unfinished_work(place: Place) -> None:
    app = make_app(TESTING=False)
    database = {"rows": [A], "failed": False}

    def view() -> str:
        database.update(rows=[A, B], failed=True)  # not committed, and then it fails
        return str(1 / 0)

    def function(origin: str) -> bool:
        assert not database["failed"]
        return origin in database["rows"]  # type: ignore[operator]

    place(app, view, origins=function)
    app.teardown_request(lambda _: database.update(rows=[A], failed=False))
    for origin, expected in ((A, ONLY_A), (B, DENIED)):
        response = fetch(app.test_client(), PATH, origin)
        assert (response.status_code, cors_headers(response)) == (500, expected)


@everywhere
@pytest.mark.parametrize("preflights", [False, True], ids=["", "for preflights"])
def test_it_can_use_the_session_and_the_response_varies_by_the_cookie(place: Place, preflights: bool) -> None:
    app = make_app(SECRET_KEY="secret")
    place(app, a_view, origins=lambda origin: origin in session.get("origins", ()))
    app.add_url_rule("/login", "login", lambda: str(session.update(origins=[A])))
    client = app.test_client()
    client.get("/login")
    send: Any = preflight if preflights else fetch
    expected = {"Vary": "Origin, Cookie"}
    granted = expected | {"Access-Control-Allow-Origin": A} | (ALL_METHODS if preflights else {})
    assert cors_headers(send(client, PATH, A)) == granted
    assert cors_headers(send(client, PATH, B)) == expected
    assert cors_headers(send(app.test_client(), PATH, A)) == expected


# When it fails -------------------------------------------------------------------------------------------------------


def raises(_: str) -> bool:
    raise RuntimeError("the database\nis down")


def aborts(_: str) -> bool:
    abort(503)


@pytest.mark.parametrize(
    "function",
    [
        *(raises, aborts),
        pytest.param(lambda _: "yes", id="returns a text"),
        pytest.param(lambda _: None, id="returns None"),
        pytest.param(lambda _: 1, id="returns a number"),
        pytest.param(lambda: True, id="takes nothing"),
    ],
)
@pytest.mark.parametrize("config", [{"TESTING": False}, {"TESTING": True}, {"DEBUG": True}], ids=str)
@everywhere
def test_if_it_fails_it_denies_with_one_line_in_the_log(
    place: Place, config: dict[str, bool], function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(**config)
    place(app, a_view, origins=function)
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, response.text, cors_headers(response)) == (200, a_view(), DENIED)
    [line] = errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == f"CORS: the function in origins failed for {A}, which is denied"
    assert line.exc_info
    assert len(caplog.records) - len(errors) == app.debug  # debug mode tells what is denied, too
    assert cors_headers(preflight(app.test_client(), PATH)) == DENIED
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


def test_what_is_listed_beside_it_is_allowed_without_a_call() -> None:
    app, recorder = make_app(), Recorder()
    for_the_app(app, a_view, origins=[recorder, B])
    assert get_headers_for(app, PATH) == [ONLY_A, ONLY_B, DENIED]
    assert recorder.calls == [A]


def test_if_it_fails_what_the_view_has_set_by_hand_goes(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "1"}
    for_the_app(app, lambda: Response("text", headers=headers), origins=raises)
    assert get_headers_for(app, PATH) == [DENIED] * 3
    assert len(caplog.records) == 2


def test_the_next_request_calls_it_again(caplog: pytest.LogCaptureFixture) -> None:
    app, results = make_app(), [True]
    for_the_app(app, a_view, origins=lambda _: results.pop())
    assert get_headers_for(app, PATH) == [ONLY_A, DENIED, DENIED]
    results.append(True)
    assert preflight_headers(preflight(app.test_client(), PATH, B)) == ONLY_B | ALL_METHODS
    assert len(caplog.records) == 1


class Awaitable:
    async def __call__(self, _: str) -> bool:
        return True


@pytest.mark.parametrize("function", [Awaitable(), Awaitable().__call__], ids=["an object", "a method"])
@pytest.mark.parametrize("use", [CORS, cross_origin])
def test_an_async_function_raises_at_once(use: Callable[..., object], function: Any) -> None:
    for origins in (function, [A, function]):
        with pytest.raises(ValueError, match=r"^origins must be .* function.* of one origin"):
            use(origins=origins)
