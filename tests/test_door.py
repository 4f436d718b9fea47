"""The door of an app: what goes through it, what is answered there, and what the app sees of that."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from flask import Flask, Request, Response, current_app, g, has_app_context, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter
from werkzeug.test import Client, EnvironBuilder

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    NOTHING,
    ONLY_A,
    REFUSED,
    A,
    SetUp,
    a_view,
    an_app,
    answers,
    ask,
    cors_headers,
    leaves,
    preflight,
)
from tests.sites import BESIDE


def serving(make: type[Flask] = Flask, **options: Any) -> Flask:
    """Make an app with one view, which lets in pages of A."""
    app = make(__name__, static_folder=None)
    app.testing = True
    CORS(app, **{"origins": A, **options})
    app.add_url_rule("/", view_func=a_view)
    return app


# Preflights, answered at the door ------------------------------------------------------------------------------------


def test_a_preflight_opens_no_context_where_the_app_has_no_part_in_the_answer() -> None:
    app, torn_down = serving(), list[object]()
    app.teardown_appcontext(torn_down.append)
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]
    assert torn_down == []
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert torn_down == [None] * 3


def a_function_after_the_request(app: Flask) -> None:
    app.after_request(lambda response: response)


def a_function_after_the_requests_of_a_blueprint(app: Flask) -> None:
    app.after_request_funcs["nowhere"].append(lambda response: response)


def a_function_of_the_teardown(app: Flask) -> None:
    app.teardown_request(lambda _: None)


def a_class_of_requests(app: Flask) -> None:
    app.request_class = type("Own", (Request,), {})


def a_class_of_responses(app: Flask) -> None:
    app.response_class = type("Own", (Response,), {})


def a_keeper_of_sessions(app: Flask) -> None:
    app.session_interface = type("Own", (SecureCookieSessionInterface,), {})()


class Tenant(BaseConverter):
    """A converter that needs the app's context, as one does that asks a database."""

    def to_python(self, value: str) -> str:
        return str(current_app.config["TENANTS"][value])


def a_converter(app: Flask) -> None:
    app.url_map.converters["tenant"] = Tenant
    app.config["TENANTS"] = {"a": "A"}
    app.add_url_rule("/of/<tenant:name>", view_func=lambda name: name, endpoint="of")


own_parts = pytest.mark.parametrize(
    ("make", "part"),
    [
        pytest.param(Flask, a_function_after_the_request, id="a function after the request"),
        pytest.param(Flask, a_function_after_the_requests_of_a_blueprint, id="a function of a blueprint"),
        pytest.param(Flask, a_function_of_the_teardown, id="a function of the teardown"),
        pytest.param(Flask, a_class_of_requests, id="requests of its own class"),
        pytest.param(Flask, a_class_of_responses, id="responses of its own class"),
        pytest.param(Flask, a_keeper_of_sessions, id="sessions of its own"),
        pytest.param(Flask, a_converter, id="a converter of its own"),
        pytest.param(type("Own", (Flask,), {}), lambda _: None, id="a class of its own"),
    ],
)


@own_parts
def test_a_preflight_opens_one_context_where_the_app_has_a_part_in_the_answer(make: type[Flask], part: SetUp) -> None:
    app, torn_down = serving(make), list[object]()
    part(app)
    app.teardown_appcontext(torn_down.append)
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]
    assert torn_down == [None] * 2


@own_parts
@pytest.mark.parametrize("options", [{}, {"headers": "X-A", "max_age": 1}, {"origins": lambda origin: origin == A}])
def test_with_a_context_or_without_the_answer_is_the_same_to_the_letter(
    make: type[Flask], part: SetUp, options: dict[str, Any]
) -> None:
    plain, own = serving(**options), serving(make, **options)
    part(own)
    answered = [preflight(app.test_client(), "/", A) for app in (plain, own)]
    assert [sorted(answer.headers) for answer in answered] == [sorted(answered[0].headers)] * 2
    assert [(answer.status, answer.data) for answer in answered] == [("200 OK", b"")] * 2


def test_a_converter_that_needs_the_apps_context_has_it() -> None:
    app = serving()
    a_converter(app)
    assert leaves(app, "/of/a") == [ONLY_A | ALL_METHODS, REFUSED]
    assert answers(app, "/of/a") == [ONLY_A, REFUSED, ONLY_A]


def test_a_function_in_origins_has_the_context_of_the_request_it_is_asked_about() -> None:
    def is_a(origin: str) -> bool:
        g.asked = current_app.name, request.method
        asked.append(g.asked)
        return origin == A

    asked, torn_down = list[tuple[str, str]](), list[object]()
    app = serving(origins=is_a)
    app.teardown_appcontext(torn_down.append)
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]
    assert asked == [(app.name, "OPTIONS")] * 2
    assert torn_down == [None] * 2
    assert not has_app_context()


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_a_request_that_is_no_preflight_has_one_context(method: str) -> None:
    app, torn_down = serving(), list[object]()
    app.teardown_appcontext(torn_down.append)
    assert cors_headers(ask(app.test_client(), "/", A, method=method))["Access-Control-Allow-Origin"] == A
    assert torn_down == [None]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", {}, id="GET"),
        pytest.param("GET", {"Access-Control-Request-Method": "GET"}, id="GET with a header of preflights"),
        pytest.param("OPTIONS", {}, id="OPTIONS"),
    ],
)
@own_parts
def test_a_client_that_keeps_the_context_has_it_from_the_first_request_on(
    make: type[Flask], part: SetUp, method: str, headers: dict[str, str]
) -> None:
    app = serving(make)
    part(app)
    for _ in range(2):
        with app.test_client() as client:
            ask(client, "/", A, method=method, headers=headers)
            assert request.path == "/"
    assert not has_request_context()


def test_what_goes_wrong_at_the_door_is_reported_like_any_failure(caplog: pytest.LogCaptureFixture) -> None:
    app = serving()
    app.testing = False
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.add_url_rule("/open", view_func=cross_origin(origins="*")(a_view), endpoint="open")
    app.register_error_handler(500, lambda _: ("sorry", 500))
    answer = preflight(app.test_client(), "/open", A)
    assert (answer.status_code, cors_headers(answer), answer.data) == (500, NOTHING, b"sorry")
    assert "cannot be combined with supports_credentials=True" in caplog.text
    app.testing = True
    with pytest.raises(ValueError, match="cannot be combined"):
        preflight(app.test_client(), "/open", A)


def test_where_there_is_no_policy_since_it_cannot_be_made_nobody_is_let_in(caplog: pytest.LogCaptureFixture) -> None:
    app = serving()
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.add_url_rule("/open", view_func=cross_origin(origins="*")(a_view), endpoint="open")
    app.before_request(lambda: ("no", 401, {"Access-Control-Allow-Origin": "*"}))
    answer = ask(app.test_client(), "/open", A)
    assert (answer.status_code, cors_headers(answer)) == (401, NOTHING)
    assert "CORS: there is no policy, so that nobody is let in" in caplog.messages


# Answers that leave --------------------------------------------------------------------------------------------------


def started(app: WSGIApplication, start: Callable[..., Any], **environ: Any) -> bytes:
    """Call an app as a server does that has this `start_response`."""
    return b"".join(app(EnvironBuilder(headers=[("Origin", A)]).get_environ() | environ, start))


def test_start_response_gets_two_arguments_where_it_was_called_with_two() -> None:
    seen: list[Any] = []
    assert started(serving(), lambda status, headers: seen.extend((status, headers))) == b"the view's own answer"
    status, headers = seen
    assert status == "200 OK"
    assert dict(headers)["Access-Control-Allow-Origin"] == A


def test_a_preflight_is_answered_with_200_and_what_flask_says_without_a_body() -> None:
    seen: list[Any] = []
    asked = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    assert started(serving(), lambda *called: seen.extend(called), **asked) == b""
    assert seen[0] == "200 OK"
    assert dict(seen[1]) == ONLY_A | ALL_METHODS | dict(Response().get_wsgi_headers({}))


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("asked", [{}, {"Access-Control-Request-Method": "GET"}])
def test_servers_get_what_wsgi_demands(beside: SetUp, method: str, asked: dict[str, str]) -> None:
    app = an_app()
    beside(app)
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=a_view)
    answer = ask(Client(validator(app)), "/", A, method=method, headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, A)


def test_start_response_gets_the_error_where_it_was_called_with_one() -> None:
    class Failing(Response):
        def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("500 INTERNAL SERVER ERROR", [], error)
            return []

    error: Any = (ValueError, ValueError("broken"), None)
    seen: list[tuple[Any, ...]] = []
    app = serving()
    app.response_class = Failing
    started(app, lambda *called: seen.append(called))
    assert seen == [("500 INTERNAL SERVER ERROR", [("Access-Control-Allow-Origin", A), ("Vary", "Origin")], error)]


def test_what_start_response_returns_is_what_the_app_gets() -> None:
    class Writing(Response):
        def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", [])(b"written")
            return []

    written: list[bytes] = []
    app = serving()
    app.response_class = Writing
    started(app, lambda *_: written.append)
    assert written == [b"written"]


def test_a_list_of_headers_that_is_not_ours_is_left_as_it_is() -> None:
    theirs = [("X-Own", "stays")]
    kept = theirs.copy()

    class Sharing(Response):
        def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("200 OK", theirs)
            return []

    app = serving()
    app.response_class = Sharing
    for _ in range(2):
        assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert theirs == kept


class Bare(Response):
    """A response whose headers say nothing but what is merged or replaced."""

    def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [*self.headers])
        return []


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("by_hand", [{}, {"Vary": "Cookie"}, {"Access-Control-Allow-Origin": "*", "Vary": "Cookie"}])
def test_what_is_said_by_hand_alone_is_merged_or_replaced(beside: SetUp, by_hand: dict[str, str]) -> None:
    def view() -> Response:
        response = Bare()
        response.headers = Headers(by_hand)
        return response

    app = an_app()
    beside(app)
    CORS(app, origins=A)
    app.add_url_rule("/", "view", view)
    vary = {"Vary": "Origin, Cookie" if by_hand else "Origin"}
    assert answers(app) == [ONLY_A | vary, REFUSED | vary, ONLY_A | vary]


def test_the_apps_own_response_never_shows_what_is_said_at_the_door() -> None:
    app, kept = serving(), Response("kept")
    app.add_url_rule("/kept", "kept", lambda: kept)
    before = list(kept.headers)
    assert answers(app, "/kept") == [ONLY_A, REFUSED, ONLY_A]
    assert list(kept.headers) == before


@pytest.mark.parametrize("position", ["before", "after"])
def test_an_answer_that_is_streamed_has_the_headers(position: str) -> None:
    def pass_on(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return itertools.chain(inside(environ, start_response), [b"!"])

    app = an_app()
    inside = app.wsgi_app
    if position == "before":
        app.wsgi_app = pass_on  # type: ignore[method-assign]
    CORS(app, origins=A)
    app.add_url_rule("/", "view", lambda: iter(["a", "b"]))
    if position == "after":
        inside, app.wsgi_app = app.wsgi_app, pass_on  # type: ignore[method-assign]
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert ask(app.test_client(), "/").data == b"ab!"
