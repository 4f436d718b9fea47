"""Errors: whoever makes them, they carry the headers of the policy that covers the request, and of no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.test import Client

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    DENIED,
    FOR_A,
    FOR_ALL,
    FOR_NONE,
    NO_HEADERS,
    ONLY_A,
    PATH,
    PLACES,
    A,
    B,
    Change,
    CORSHeaders,
    View,
    a_view,
    cors_headers,
    fetch,
    for_a_resource,
    for_the_app,
    for_the_blueprint,
    for_the_view,
    for_the_view_alone,
    for_the_view_where_cors_covers_nothing,
    get_headers_for,
    make_app,
    no_set_up,
)

Place = Callable[..., None]
only_a = cross_origin(origins=A)
every_place = pytest.mark.parametrize("place", PLACES)
every_place_while_the_view_runs = pytest.mark.parametrize("place", [*PLACES, for_the_view_alone])


def make_app_for_a(place: Callable[..., None], view: View, change: Change = no_set_up) -> Flask:
    app = make_app(TESTING=False)
    place(app, view, change, origins=A)
    return app


def assert_only_a_reads(app: Flask, status: int, path: str = PATH, **call: Any) -> None:
    assert fetch(app.test_client(), path, **call).status_code == status
    assert get_headers_for(app, path, **call) == FOR_A


# Made by the view, and by error handlers -----------------------------------------------------------------------------


def aborting(status: int) -> View:
    return lambda: abort(status)


def returning(status: int) -> View:
    return lambda: ("text", status)


def divides_by_zero() -> str:
    return str(1 / 0)


async def divides_by_zero_later() -> str:
    return str(1 / 0)


def reads_a_missing_field() -> str:
    return request.form["field"]


def raises_a_status_of_its_own() -> str:
    raise HTTPException("Own", Response("own", 499))


def returns_nothing() -> None:
    """Return what is no response."""


@every_place_while_the_view_runs
@pytest.mark.parametrize(
    ("view", "status"),
    [
        *[pytest.param(returning(n), n, id=f"returns {n}") for n in (300, 304, 400, 401, 402, 418, 500, 503)],
        *[pytest.param(aborting(n), n, id=f"aborts with {n}") for n in (400, 401, 403, 404, 405, 413, 429, 500, 504)],
        (divides_by_zero, 500),
        (divides_by_zero_later, 500),
        (returns_nothing, 500),
        (reads_a_missing_field, 400),
        pytest.param(lambda: request.get_json(), 415, id="reads JSON that is missing"),
        (raises_a_status_of_its_own, 499),
        pytest.param(lambda: abort(redirect("/elsewhere", 302)), 302, id="aborts with a redirect"),
    ],
)
def test_what_the_view_returns_or_raises_is_for_a_alone(place: Place, view: View, status: int) -> None:
    assert_only_a_reads(make_app_for_a(place, view), status)


def teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


async def slow_teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


def failing_handler(_: Exception) -> ResponseReturnValue:
    return divides_by_zero()


@every_place_while_the_view_runs
@pytest.mark.parametrize(
    ("view", "handled", "handler", "status"),
    [
        pytest.param(aborting(403), 403, teapot, 418, id="by its status"),
        pytest.param(aborting(403), HTTPException, teapot, 418, id="by its class"),
        pytest.param(divides_by_zero, ZeroDivisionError, slow_teapot, 418, id="that is no HTTP error"),
        pytest.param(divides_by_zero, 500, teapot, 418, id="that became a 500"),
        pytest.param(divides_by_zero_later, Exception, teapot, 418, id="of an async view"),
        pytest.param(aborting(403), 403, failing_handler, 500, id="whose handler fails itself"),
    ],
)
def test_an_error_is_for_a_alone_that_is_handled(
    place: Place, view: View, handled: Any, handler: Any, status: int
) -> None:
    assert_only_a_reads(make_app_for_a(place, view, lambda app: app.register_error_handler(handled, handler)), status)


@every_place_while_the_view_runs
def test_a_handler_of_the_app_for_what_is_missing_keeps_the_policy_of_the_view_that_aborted(place: Place) -> None:
    app = make_app_for_a(place, aborting(404))
    app.register_error_handler(NotFound, teapot)
    assert_only_a_reads(app, 418)


def test_a_decorated_error_handler_gives_its_policy_to_what_no_view_covers() -> None:
    app = make_app()
    app.register_error_handler(404, only_a(lambda _: ("nothing here", 404)))
    assert_only_a_reads(app, 404, "/nowhere")
    response = fetch(app.test_client(), "/nowhere", A, method="OPTIONS")
    assert (response.status_code, response.text) == (404, "nothing here")


# Made before and after the view --------------------------------------------------------------------------------------


@every_place
@pytest.mark.parametrize(
    ("function", "status"), [(aborting(401), 401), (aborting(404), 404), (aborting(503), 503), (returning(403), 403)]
)
@pytest.mark.parametrize("of_the_app", [False, True], ids=["", "of the app"])
def test_a_refusal_before_the_view_is_for_a_alone(place: Place, function: View, status: int, of_the_app: bool) -> None:
    def refuse(served: Flask | Blueprint) -> None:
        served.before_request(function)

    app = make_app_for_a(place, a_view, no_set_up if of_the_app else refuse)
    if of_the_app:
        refuse(app)
    assert_only_a_reads(app, status)
    assert_only_a_reads(app, status, method="HEAD")


@every_place
def test_failures_before_and_after_the_view_are_for_a_alone(place: Place) -> None:
    app = make_app_for_a(place, a_view)
    app.before_request(divides_by_zero)
    assert_only_a_reads(app, 500)

    app = make_app_for_a(place, a_view)
    failures = iter([ZeroDivisionError] * 4)

    @app.after_request
    def fail(response: Response) -> Response:
        if response.status_code == 200 and next(failures, None):
            raise ZeroDivisionError
        return response

    assert_only_a_reads(app, 500)


def test_where_an_after_request_function_fails_for_the_500_too_flask_adds_no_headers() -> None:
    app = make_app_for_a(for_the_app, a_view)
    app.after_request(lambda _: abort(500))
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, cors_headers(response)) == (500, NO_HEADERS)


# Made by routing, and for static files -------------------------------------------------------------------------------


@every_place
def test_what_routing_refuses_is_for_a_alone(place: Place) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY", "PURGE"):
        assert_only_a_reads(make_app_for_a(place, a_view), 405, method=method)
    for method in ("GET", "HEAD"):
        assert_only_a_reads(make_app_for_a(place, a_view), 308, "/x/view", method=method)


@pytest.mark.parametrize(
    ("place", "beside", "elsewhere"),
    [
        (for_the_app, FOR_A, FOR_A),
        (for_a_resource, FOR_A, FOR_ALL),
        (for_the_blueprint, FOR_A, FOR_ALL),
        (for_the_view, FOR_ALL, FOR_ALL),
        (for_the_view_where_cors_covers_nothing, FOR_NONE, FOR_NONE),
        (for_the_view_alone, FOR_NONE, FOR_NONE),
    ],
)
def test_what_is_missing_has_the_policy_of_its_path(
    place: Place, beside: list[CORSHeaders], elsewhere: list[CORSHeaders]
) -> None:
    app = make_app_for_a(place, a_view)
    for path, expected in (("/x/nowhere", beside), ("/nowhere", elsewhere)):
        assert fetch(app.test_client(), path).status_code == 404
        assert get_headers_for(app, path) == expected


def test_static_files_have_the_policy_of_their_path_or_blueprint(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("* { color: red }")
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    CORS(app, resources={"/static/": {"origins": A}})
    for path, status in [("style.css", 200), ("none.css", 404), ("", 404), ("/style.css", 308)]:
        assert_only_a_reads(app, status, f"/static/{path}")
    unchanged = fetch(app.test_client(), "/static/style.css", A).headers["ETag"]
    again = fetch(app.test_client(), "/static/style.css", A, headers={"If-None-Match": unchanged})
    assert (again.status_code, cors_headers(again)) == (304, ONLY_A)
    assert get_headers_for(app, "/") == FOR_NONE

    app, inside = make_app(), Blueprint("inside", __name__, str(tmp_path), url_prefix="/x")
    CORS(app)
    CORS(inside, origins=A)
    app.register_blueprint(inside)
    for path, status in [("style.css", 200), ("none.css", 404)]:
        assert_only_a_reads(app, status, f"/x/{tmp_path.name}/{path}")


# Debug mode ----------------------------------------------------------------------------------------------------------

FOREIGN = {"Origin": A, "Sec-Fetch-Mode": "cors"}
DEBUG_CASES = [
    pytest.param(FOREIGN, "plain", ONLY_A, id="a fetch of an allowed origin"),
    pytest.param({"Origin": A}, "plain", ONLY_A, id="a browser that sends no Sec-Fetch-Mode"),
    pytest.param({**FOREIGN, "Origin": B}, "plain", DENIED, id="a fetch of a denied origin"),
    pytest.param({**FOREIGN, "Origin": "null"}, "plain", DENIED, id="a fetch of a sandboxed page"),
    pytest.param({**FOREIGN, "Sec-Fetch-Mode": "navigate"}, "html", NO_HEADERS, id="a form that navigates"),
    pytest.param({"Sec-Fetch-Mode": "navigate"}, "html", NO_HEADERS, id="a navigation"),
    pytest.param({**FOREIGN, "Origin": "http://localhost"}, "html", NO_HEADERS, id="a fetch of the app's own origin"),
    pytest.param({"Sec-Fetch-Mode": "cors"}, "html", NO_HEADERS, id="a fetch of the app's own pages, by GET"),
    pytest.param({}, "html", NO_HEADERS, id="another program"),
]


@pytest.mark.parametrize("view", [divides_by_zero, divides_by_zero_later])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("headers", "kind", "expected"), DEBUG_CASES)
def test_in_debug_mode_an_exception_can_be_read_by_a_fetch_and_keeps_the_debugger_otherwise(
    view: View,
    method: str,
    headers: dict[str, str],
    kind: str,
    expected: CORSHeaders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, ends = make_app_for_a(for_the_app, lambda: "text"), list[object]()
    app.debug = True
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


@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_in_debug_mode_what_the_app_handles_itself_stays_as_it_is(method: str) -> None:
    app = make_app_for_a(for_the_app, divides_by_zero)
    app.debug = True
    app.register_error_handler(ZeroDivisionError, teapot)
    extra = ALL_METHODS if method == "OPTIONS" else NO_HEADERS
    response = fetch(app.test_client(), PATH, A, method=method)
    assert (response.status_code, cors_headers(response)) == (418 if method == "GET" else 200, ONLY_A | extra)


@pytest.mark.parametrize(
    "settings",
    [{"TESTING": True}, {"TESTING": True, "DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}],
    ids=["a test", "a test in debug mode", "production that propagates"],
)
def test_an_exception_leaves_the_app_as_without_cors_in(settings: dict[str, bool]) -> None:
    app = make_app_for_a(for_the_app, divides_by_zero)
    app.config.update(settings)
    with pytest.raises(ZeroDivisionError):
        fetch(app.test_client(), PATH, A)


@every_place
def test_in_debug_mode_that_does_not_propagate_the_500_is_for_a_alone(place: Place) -> None:
    app = make_app_for_a(place, divides_by_zero)
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert_only_a_reads(app, 500)


def test_in_debug_mode_that_does_not_propagate_the_exception_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app_for_a(for_the_app, divides_by_zero)
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    fetch(app.test_client(), PATH, A)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("early", [True, False], ids=["behind a middleware", "with a decorator alone"])
def test_in_debug_mode_the_debugger_responds_as_without_cors(early: bool) -> None:
    app = make_app(TESTING=False, DEBUG=True)
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]
    (for_the_app if early else for_the_view_alone)(app, divides_by_zero, origins=A)
    response = Client(DebuggedApplication(app)).get(PATH, headers=FOREIGN)
    assert (response.status_code, response.mimetype, cors_headers(response)) == (500, "text/html", NO_HEADERS)
