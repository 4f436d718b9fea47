"""Errors: whoever makes them, they carry the headers of the policy that covers the request, and of no other."""

from json import loads
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, request, session
from flask.typing import ResponseReturnValue
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter
from werkzeug.test import Client

from flask_cors import CORS, cross_origin, request_denied
from tests import helpers as h
from tests.helpers import DENIED, FOR_A, FOR_ALL, FOR_NONE, NO_HEADERS, ONLY_A, PATH, A, Place, cors_headers, fetch
from tests.tables import table


def make_app_for_a(place: Place, view: h.View, change: h.Change = h.no_set_up, **config: Any) -> Flask:
    app = h.make_app(**{"TESTING": False, **config})
    place(app, view, change, origins=A)
    return app


def assert_only_a_reads(app: Flask, status: int, path: str = PATH, **call: Any) -> None:
    assert fetch(app.test_client(), path, **call).status_code == status
    assert h.get_headers_for(app, path, **call) == FOR_A


# Made by the view, and by error handlers -----------------------------------------------------------------------------


def aborting(status: int) -> h.View:
    return lambda: abort(status)


def divides_by_zero(*_: object) -> str:
    return str(1 / 0)


async def divides_by_zero_later() -> str:
    return str(1 / 0)


async def teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


@h.every_place_while_the_view_runs
@table(
    "view, status, handlers",
    ("returns 304", lambda: ("", 304), 304, {}),
    ("returns 500", lambda: ("text", 500), 500, {}),
    *((f"aborts with {n}", aborting(n), n, {}) for n in (401, 404, 405, 500)),
    ("raises", divides_by_zero, 500, {}),
    ("is async and raises", divides_by_zero_later, 500, {}),
    ("returns what is no response", lambda: None, 500, {}),
    ("reads a field that is missing", lambda: request.form["field"], 400, {}),
    ("aborts with a status of its own", lambda: abort(Response("own", 499)), 499, {}),
    ("aborts with a redirect", lambda: abort(redirect("/elsewhere", 302)), 302, {}),
    ("aborts with a status that is handled", aborting(404), 418, {404: teapot}),
    ("aborts with a class that is handled", aborting(403), 418, {HTTPException: teapot}),
    ("raises what is handled", divides_by_zero, 418, {ZeroDivisionError: teapot}),
    ("raises, and the 500 is handled", divides_by_zero, 418, {500: teapot}),
    ("is async and raises what is handled", divides_by_zero_later, 418, {Exception: teapot}),
    ("aborts, and the handler fails itself", aborting(403), 500, {403: divides_by_zero}),
)
def test_the_response_is_for_a_alone_where_the_view(
    place: Place, view: h.View, status: int, handlers: dict[Any, Any]
) -> None:
    def register(served: Any) -> None:
        for handled, handler in handlers.items():
            served.register_error_handler(handled, handler)

    assert_only_a_reads(make_app_for_a(place, view, register), status)
    app = make_app_for_a(place, view)
    register(app)  # which need not be what serves the view
    assert_only_a_reads(app, status)


def test_a_decorated_error_handler_gives_its_policy_to_what_no_view_covers() -> None:
    app = h.make_app()
    app.register_error_handler(404, cross_origin(origins=A)(lambda _: ("nothing here", 404)))
    assert_only_a_reads(app, 404, "/nowhere")
    response = fetch(app.test_client(), "/nowhere", A, method="OPTIONS")
    assert (response.status_code, response.text) == (404, "nothing here")


# Made before and after the view, by routing, and for static files ----------------------------------------------------


def fail_four_times(served: Any) -> None:
    failures = iter([500] * 4)
    served.after_request(lambda response: abort(500) if response.status_code == 200 and next(failures, 0) else response)


@h.every_place
@table(
    "change, status, path, method",
    ("a function before the request that aborts", lambda it: it.before_request(aborting(401)), 401, PATH, "HEAD"),
    ("one that returns 403", lambda it: it.before_request(lambda: ("text", 403)), 403, PATH, "GET"),
    ("one that raises", lambda it: it.before_request(divides_by_zero), 500, PATH, "GET"),
    ("a function after the request that raises", fail_four_times, 500, PATH, "GET"),
    ("a method that routing refuses", h.no_set_up, 405, PATH, "PUT"),
    ("a method that nobody knows", h.no_set_up, 405, PATH, "PURGE"),
    ("a slash that is missing", h.no_set_up, 308, "/x/view", "GET"),
)
def test_the_error_is_for_a_alone_of(place: Place, change: h.Change, status: int, path: str, method: str) -> None:
    assert_only_a_reads(make_app_for_a(place, h.a_view, change), status, path, method=method)
    app = make_app_for_a(place, h.a_view)
    change(app)
    assert_only_a_reads(app, status, path, method=method)


def test_where_an_after_request_function_fails_for_the_500_too_flask_adds_no_headers() -> None:
    app = make_app_for_a(h.for_the_app, h.a_view)
    app.after_request(lambda _: abort(500))
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, cors_headers(response)) == (500, NO_HEADERS)


@table(
    "place, beside, elsewhere",
    ("the app", h.for_the_app, FOR_A, FOR_A),
    ("a resource", h.for_a_resource, FOR_A, FOR_ALL),
    ("a blueprint", h.for_the_blueprint, FOR_A, FOR_ALL),
    ("a view", h.for_the_view, FOR_ALL, FOR_ALL),
    ("a view where CORS covers nothing", h.for_the_view_where_cors_covers_nothing, FOR_NONE, FOR_NONE),
    ("a view alone", h.for_the_view_alone, FOR_NONE, FOR_NONE),
)
def test_what_is_missing_has_the_policy_of_its_path(place: Place, beside: Any, elsewhere: Any) -> None:
    app = make_app_for_a(place, h.a_view)
    for path, expected in (("/x/nowhere", beside), ("/nowhere", elsewhere)):
        assert fetch(app.test_client(), path).status_code == 404
        assert h.get_headers_for(app, path) == expected


def test_static_files_have_the_policy_of_their_path_or_blueprint(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("* { color: red }")
    app, inside = Flask(__name__, static_folder=tmp_path, static_url_path="/static"), Blueprint("b", __name__, tmp_path)
    CORS(app, resources={"/static/": {"origins": A}})
    CORS(inside, origins=A)
    app.register_blueprint(inside, url_prefix="/x")
    for path in ("/static", f"/x/{tmp_path.name}"):
        assert_only_a_reads(app, 200, f"{path}/style.css")
        assert_only_a_reads(app, 404, f"{path}/none.css")
    unchanged = fetch(app.test_client(), "/static/style.css", A).headers["ETag"]
    assert_only_a_reads(app, 304, "/static/style.css", headers={"If-None-Match": unchanged})
    assert h.get_headers_for(app, "/") == FOR_NONE


# Debug mode ----------------------------------------------------------------------------------------------------------

FOREIGN = {"Origin": A, "Sec-Fetch-Mode": "cors"}


@pytest.mark.parametrize("view", [divides_by_zero, divides_by_zero_later])
@pytest.mark.parametrize("method", ["GET", "POST"])
@table(
    "headers, kind, expected",
    ("a fetch of an allowed origin", FOREIGN, "plain", ONLY_A),
    ("a browser that sends no Sec-Fetch-Mode", {"Origin": A}, "plain", ONLY_A),
    ("a fetch of a denied origin", {**FOREIGN, "Origin": h.B}, "plain", DENIED),
    ("a fetch of a sandboxed page", {**FOREIGN, "Origin": "null"}, "plain", DENIED),
    ("a form that navigates", {**FOREIGN, "Sec-Fetch-Mode": "navigate"}, "html", NO_HEADERS),
    ("a navigation", {"Sec-Fetch-Mode": "navigate"}, "html", NO_HEADERS),
    ("an image", {**FOREIGN, "Sec-Fetch-Mode": "no-cors"}, "html", NO_HEADERS),
    ("a fetch of the app's own origin", {**FOREIGN, "Origin": "http://localhost"}, "html", NO_HEADERS),
    ("a fetch of the app's own pages, by GET", {"Sec-Fetch-Mode": "cors"}, "html", NO_HEADERS),
    ("another program", {}, "html", NO_HEADERS),
)
def test_in_debug_mode_an_exception_can_be_read_by_a_fetch_and_keeps_the_debugger_otherwise(
    view: h.View, method: str, headers: Any, kind: str, expected: h.CORSHeaders, caplog: pytest.LogCaptureFixture
) -> None:
    app, ends = make_app_for_a(h.for_the_app, lambda: "text", DEBUG=True), list[object]()
    app.add_url_rule("/broken", "broken", view, methods=["GET", "POST"])
    app.teardown_request(ends.append)
    client = Client(DebuggedApplication(app))
    response = client.open("/broken", method=method, headers=headers)
    assert (response.status_code, response.mimetype, cors_headers(response)) == (500, f"text/{kind}", expected)
    assert "ZeroDivisionError: division by zero" in response.text
    assert [type(error) for error in ends] == [ZeroDivisionError]
    logged = [record for record in caplog.records if record.exc_info and "/broken" in record.getMessage()]
    assert len(logged) == (1 if kind == "plain" else 0)  # otherwise the debugger writes it
    assert fetch(client, PATH, A).text == "text"


def test_in_debug_mode_the_500_has_the_traceback_whatever_characters_are_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def view() -> str:
        raise ValueError(loads(r'"\ud83d"'))  # which JSON may hold, and UTF-8 may not

    app = make_app_for_a(h.for_the_app, view, DEBUG=True)
    monkeypatch.setattr(app.logger, "disabled", True)  # pytest would send what is logged to another process, as UTF-8
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, response.text.splitlines()[-1]) == (500, r"ValueError: \ud83d")


def test_in_debug_mode_the_500_has_what_was_decided_in_the_request() -> None:
    app, function = h.make_app(TESTING=False, DEBUG=True, SECRET_KEY="secret"), mock.Mock(return_value=True)
    CORS(app, origins=lambda _: function("user" in session))
    app.add_url_rule("/", "broken", divides_by_zero)
    views = [cross_origin(origins=h.B)(divides_by_zero)]
    app.add_url_rule("/hidden", "hidden", lambda: views[0]())
    assert cors_headers(fetch(app.test_client(), "/", A)) == ONLY_A | {"Vary": "Origin"}
    assert function.mock_calls == [mock.call(False)]
    assert [cors_headers(fetch(app.test_client(), "/hidden", origin)) for origin in (A, h.B)] == h.FOR_B[:2]


def test_in_debug_mode_the_500_has_the_policy_although_the_function_in_origins_was_not_reached() -> None:
    app, reasons = h.make_app(TESTING=False, DEBUG=True), list[str]()
    CORS(app, origins=lambda origin: origin == A, resources="/$")
    app.url_value_preprocessor(lambda *_: app.config.update(divided=divides_by_zero()))
    for path in ("/", "/not-covered"):
        app.add_url_rule(path, path, h.a_view)
    with request_denied.connected_to(lambda _, **denied: reasons.append(denied["origin"])):
        assert [cors_headers(fetch(app.test_client(), "/", origin)) for origin in (A, h.B)] == FOR_A[:2]
    assert reasons == [h.B]
    assert h.get_preflight_headers_for(app) == h.as_preflights(FOR_A)
    assert cors_headers(fetch(app.test_client(), "/not-covered", A)) == NO_HEADERS


def test_in_debug_mode_the_500_of_a_converter_that_fails_varies_by_the_origin() -> None:
    class Failing(BaseConverter):
        def to_python(self, value: str) -> str:
            return divides_by_zero(value)

    app = h.make_app(TESTING=False, DEBUG=True)
    CORS(app)
    app.url_map.converters["failing"] = Failing
    app.add_url_rule("/<failing:_>", "view", h.a_view)
    assert cors_headers(fetch(app.test_client(), "/x", A)) == DENIED


def test_in_debug_mode_the_500_of_the_second_app_of_a_cascade_has_its_own_policy() -> None:
    first, second = (h.make_app(TESTING=False, DEBUG=True) for _ in range(2))
    CORS(first, origins=A)
    first.register_error_handler(404, cross_origin(origins=A)(lambda _: ("not here", 404)))
    CORS(second, origins=h.B)
    second.session_interface = mock.Mock(open_session=divides_by_zero)

    def cascade(environ: Any, start_response: Any) -> Any:
        [*first(environ, mock.Mock())]
        return second(environ, start_response)

    assert [cors_headers(fetch(Client(cascade), "/", origin)) for origin in (A, h.B)] == h.FOR_B[:2]


def test_in_debug_mode_what_the_app_handles_itself_stays_as_it_is() -> None:
    app = make_app_for_a(h.for_the_app, divides_by_zero, DEBUG=True)
    app.register_error_handler(ZeroDivisionError, teapot)
    assert_only_a_reads(app, 418)
    assert h.preflight_headers(h.preflight(app.test_client(), PATH)) == ONLY_A | h.ALL_METHODS


@pytest.mark.parametrize(
    "config", [{"TESTING": True}, {"TESTING": True, "DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}]
)
def test_an_exception_leaves_the_app_as_without_cors_in_tests_and_where_exceptions_propagate(config: Any) -> None:
    app = make_app_for_a(h.for_the_app, divides_by_zero, **config)
    with pytest.raises(ZeroDivisionError):
        fetch(app.test_client(), PATH, A)


@h.every_place
def test_in_debug_mode_that_does_not_propagate_the_500_is_for_a_alone_and_logged_once(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app_for_a(place, divides_by_zero, DEBUG=True, PROPAGATE_EXCEPTIONS=False)
    fetch(app.test_client(), PATH, A)
    assert len(caplog.records) == 1
    assert_only_a_reads(app, 500)


@pytest.mark.parametrize("early", [True, False], ids=["behind a middleware", "with a decorator alone"])
def test_in_debug_mode_the_debugger_responds_as_without_cors(early: bool) -> None:
    app = h.make_app(TESTING=False, DEBUG=True)
    h.use_middleware(app)
    (h.for_the_app if early else h.for_the_view_alone)(app, divides_by_zero, origins=A)
    response = Client(DebuggedApplication(app)).get(PATH, headers=FOREIGN)
    assert (response.status_code, response.mimetype, cors_headers(response)) == (500, "text/html", NO_HEADERS)
