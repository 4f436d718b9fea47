"""Functions in ``origins``: asked once a request, inside it, if there is an origin. If one fails, nobody gets in."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSessionInterface

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    ONLY_A,
    ONLY_B,
    REFUSED,
    A,
    B,
    CORSHeaders,
    a_view,
    an_app,
    answers,
    ask,
    cors_headers,
    leave,
    leaves,
    preflight,
)

Place = Callable[[Flask, Any], None]


class Counted:
    """A function that admits A, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, origin: str) -> bool:
        self.asked.append(origin)
        return origin == A

    def method(self, origin: str) -> bool:
        return self(origin)


def for_the_app(app: Flask, origins: Any) -> None:
    CORS(app, origins=origins)
    app.add_url_rule("/", view_func=a_view)


def for_the_view(app: Flask, origins: Any) -> None:
    CORS(app, resources=[])
    app.add_url_rule("/", view_func=cross_origin(origins=origins)(a_view))


def for_the_view_alone(app: Flask, origins: Any) -> None:
    app.add_url_rule("/", view_func=cross_origin(origins=origins)(a_view))


def for_the_view_twice(app: Flask, origins: Any) -> None:
    CORS(app, origins=origins)
    app.add_url_rule("/", view_func=cross_origin(origins=origins)(cross_origin(origins=origins)(a_view)))


def for_the_blueprint(app: Flask, origins: Any) -> None:
    inside = Blueprint("inside", __name__)
    CORS(inside, origins=origins)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)


def for_the_config(app: Flask, origins: Any) -> None:
    app.config["CORS_ORIGINS"] = origins
    CORS(app)
    CORS(app, methods="GET", resources="/nowhere")
    app.add_url_rule("/", view_func=a_view)


placed = pytest.mark.parametrize(
    "place",
    [for_the_app, for_the_view, for_the_view_alone, for_the_view_twice, for_the_blueprint, for_the_config],
)


# Who is let in -------------------------------------------------------------------------------------------------------


def admits_a(origin: str) -> bool:
    return origin == A


def admits_nobody(_: str) -> bool:
    return False


def admits_everybody(_: str) -> bool:
    return True


@placed
@pytest.mark.parametrize(
    ("origins", "a", "b"),
    [
        pytest.param(admits_a, ONLY_A, REFUSED, id="a function"),
        pytest.param(lambda origin: origin == A, ONLY_A, REFUSED, id="a lambda"),
        pytest.param(Counted(), ONLY_A, REFUSED, id="an object that can be called"),
        pytest.param(Counted().method, ONLY_A, REFUSED, id="a method"),
        pytest.param([admits_a], ONLY_A, REFUSED, id="a list of one"),
        pytest.param(admits_nobody, REFUSED, REFUSED, id="a function that admits nobody"),
        pytest.param(admits_everybody, ONLY_A, ONLY_B, id="a function that admits everybody"),
        pytest.param([admits_a, B], ONLY_A, ONLY_B, id="beside a string"),
        pytest.param((re.compile("https://b.*"), admits_a), ONLY_A, ONLY_B, id="beside a pattern"),
        pytest.param({admits_nobody, admits_a}, ONLY_A, REFUSED, id="beside another function"),
    ],
)
def test_who_is_let_in_by(place: Place, origins: Any, a: CORSHeaders, b: CORSHeaders) -> None:
    app = an_app()
    place(app, origins)
    assert answers(app) == [a, b, REFUSED]


def test_a_function_may_change_its_mind() -> None:
    app, tenants = an_app(), {A}
    for_the_app(app, lambda origin: origin in tenants)
    assert answers(app) == [ONLY_A, REFUSED, REFUSED]
    tenants.symmetric_difference_update({A, B})
    assert answers(app) == [REFUSED, ONLY_B, REFUSED]


def test_for_preflights_too() -> None:
    app = an_app()
    for_the_app(app, admits_a)
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]


# When it is asked ----------------------------------------------------------------------------------------------------


@placed
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_it_is_asked_once_a_request(place: Place, method: str) -> None:
    app, counted = an_app(), Counted()
    place(app, counted)
    ask(app.test_client(), "/", A, method=method)
    assert counted.asked == [A]


@placed
def test_it_is_asked_once_a_preflight(place: Place) -> None:
    app, counted = an_app(), Counted()
    place(app, counted)
    preflight(app.test_client(), "/", B)
    assert counted.asked == [B]


def test_it_is_asked_once_though_the_answer_is_made_again_after_a_failure() -> None:
    app, counted = an_app(TESTING=False), Counted()
    for_the_view_alone(app, counted)

    @app.after_request
    def fail(response: Response) -> Response:
        return response if response.status_code == 500 else abort(500)

    response = ask(app.test_client(), "/", A)
    assert (response.status_code, cors_headers(response)) == (500, ONLY_A)
    assert counted.asked == [A]


class CannotSave(SecureCookieSessionInterface):
    """Fails after the headers have been written, so that they are written again, on the 500."""

    def save_session(self, app: Flask, session: Any, response: Any) -> None:  # noqa: ARG002
        if response.status_code != 500:
            raise OSError


def test_it_is_asked_once_though_the_session_cannot_be_saved() -> None:
    app, counted = an_app(TESTING=False, SECRET_KEY="secret"), Counted()
    app.session_interface = CannotSave()
    for_the_app(app, counted)
    response = ask(app.test_client(), "/", A)
    assert (response.status_code, cors_headers(response)) == (500, ONLY_A)
    assert counted.asked == [A]


@placed
@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "not an origin", "HTTPS://A.EXAMPLE", f"{A}/", f"{A}, {B}", f"{A}\x00", "https://ä.example"],
)
def test_it_is_not_asked_about(place: Place, origin: str | None) -> None:
    app, counted = an_app(), Counted()
    place(app, counted)
    environ = {} if origin is None else {"HTTP_ORIGIN": origin}
    response = app.test_client().get("/", environ_overrides=environ)
    assert cors_headers(response) == REFUSED
    assert counted.asked == (["null"] if origin == "null" else [])


def test_it_is_not_asked_where_another_policy_covers() -> None:
    app, counted = an_app(), Counted()
    CORS(app, origins=counted)
    app.add_url_rule("/", view_func=cross_origin(origins=B)(a_view))
    assert answers(app) == [REFUSED, ONLY_B, ONLY_B]
    assert leaves(app) == [REFUSED, ONLY_B | ALL_METHODS]
    assert counted.asked == []


@placed
def test_it_is_asked_inside_the_request(place: Place) -> None:
    app = an_app(TENANTS={A})

    def is_tenant(origin: str) -> bool:
        g.asked = request.path
        return origin in current_app.config["TENANTS"]

    place(app, is_tenant)
    assert answers(app) == [ONLY_A, REFUSED, REFUSED]
    with app.test_client() as client:
        ask(client, "/", A)
        assert g.asked == "/"


# When it fails -------------------------------------------------------------------------------------------------------


def raises(_: str) -> bool:
    raise RuntimeError("the database\nis down")


def aborts(_: str) -> bool:
    abort(503)


def says_yes(_: str) -> Any:
    return "yes"


def says_nothing(_: str) -> Any:
    """Return nothing."""


def says_one(_: str) -> Any:
    return 1


def takes_nothing() -> bool:
    return True


failing = pytest.mark.parametrize("function", [raises, aborts, says_yes, says_nothing, says_one, takes_nothing])


@failing
@placed
def test_if_it_fails_nobody_is_let_in_and_that_is_logged_once(
    place: Place, function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = an_app(TESTING=False)
    place(app, function)
    response = ask(app.test_client(), "/", A)
    assert (response.status_code, response.text, cors_headers(response)) == (200, a_view(), REFUSED)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"CORS: the function in origins failed for {A}, which is refused")
    ]
    assert caplog.records[0].exc_info


@placed
def test_if_it_fails_in_a_test_the_request_goes_on_too(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(DEBUG=True)
    place(app, raises)
    assert answers(app) == [REFUSED, REFUSED, REFUSED]
    assert len(caplog.records) == 2


@failing
def test_if_it_fails_the_preflight_is_answered_and_nobody_let_in(
    function: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = an_app()
    for_the_app(app, function)
    assert leave(preflight(app.test_client(), "/")) == REFUSED
    assert len(caplog.records) == 1


def test_what_is_listed_beside_it_is_let_in_without_asking(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app()
    for_the_app(app, [raises, A])
    assert answers(app) == [ONLY_A, REFUSED, REFUSED]
    assert len(caplog.records) == 1


def test_what_the_view_has_set_by_hand_goes_when_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app()
    CORS(app, origins=raises)
    app.add_url_rule("/", "view", lambda: ("ok", {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "1"}))
    assert answers(app) == [REFUSED, REFUSED, REFUSED]
    assert len(caplog.records) == 2


def test_the_next_request_asks_again() -> None:
    app, mood = an_app(), [True]
    for_the_app(app, lambda _: mood.pop())
    assert answers(app) == [ONLY_A, REFUSED, REFUSED]
    mood.append(True)
    assert cors_headers(ask(app.test_client(), "/", B)) == ONLY_B


async def is_tenant(_: str) -> bool:
    return True


class Tenants:
    async def __call__(self, _: str) -> bool:
        return True


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(is_tenant, id="a function"),
        pytest.param(Tenants(), id="an object that can be called"),
        pytest.param(Tenants().__call__, id="a method"),
    ],
)
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("use", [CORS, cross_origin])
def test_an_async_function_is_refused_at_once(use: Callable[..., object], mixed: bool, function: Any) -> None:
    with pytest.raises(ValueError, match=r"^origins=.* function.* of one origin"):
        use(origins=[A, function] if mixed else function)
