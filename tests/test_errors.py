"""Errors: whoever makes them, they carry the headers of the policy that covers the request, and of no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.debug import DebuggedApplication
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client

from flask_cors import CORS, cross_origin
from tests import helpers as h
from tests.helpers import DENIED, FOR_A, FOR_ALL, FOR_NONE, NO_HEADERS, ONLY_A, PATH, A, cors_headers, fetch
from tests.tables import table

Place = Callable[..., None]
every_place = pytest.mark.parametrize("place", h.PLACES)
every_place_while_the_view_runs = pytest.mark.parametrize("place", [*h.PLACES, h.for_the_view_alone])


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


@every_place_while_the_view_runs
@table(
    "view, status",
    ("returns 304", lambda: ("", 304), 304),
    ("returns 500", lambda: ("text", 500), 500),
    *((f"aborts with {n}", aborting(n), n) for n in (401, 404, 405, 500)),
    ("raises", divides_by_zero, 500),
    ("is async and raises", divides_by_zero_later, 500),
    ("returns what is no response", lambda: None, 500),
    ("reads a field that is missing", lambda: request.form["field"], 400),
    ("aborts with a status of its own", lambda: abort(Response("own", 499)), 499),
    ("aborts with a redirect", lambda: abort(redirect("/elsewhere", 302)), 302),
)
def test_the_response_is_for_a_alone_where_the_view(place: Place, view: h.View, status: int) -> None:
    assert_only_a_reads(make_app_for_a(place, view), status)


async def teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


@every_place_while_the_view_runs
@table(
    "view, handled, handler, status",
    ("by its status", aborting(404), 404, teapot, 418),
    ("by its class", aborting(403), HTTPException, teapot, 418),
    ("that is no HTTP error", divides_by_zero, ZeroDivisionError, teapot, 418),
    ("that became a 500", divides_by_zero, 500, teapot, 418),
    ("of an async view", divides_by_zero_later, Exception, teapot, 418),
    ("whose handler fails itself", aborting(403), 403, divides_by_zero, 500),
)
def test_an_error_is_for_a_alone_that_is_handled(
    place: Place, view: Any, handled: Any, handler: Any, status: int
) -> None:
    assert_only_a_reads(make_app_for_a(place, view, lambda app: app.register_error_handler(handled, handler)), status)
    app = make_app_for_a(place, view)
    app.register_error_handler(handled, handler)  # of the app, which need not be what serves the view
    assert_only_a_reads(app, status)


def test_a_decorated_error_handler_gives_its_policy_to_what_no_view_covers() -> None:
    app = h.make_app()
    app.register_error_handler(404, cross_origin(origins=A)(lambda _: ("nothing here", 404)))
    assert_only_a_reads(app, 404, "/nowhere")
    response = fetch(app.test_client(), "/nowhere", A, method="OPTIONS")
    assert (response.status_code, response.text) == (404, "nothing here")


# Made before and after the view --------------------------------------------------------------------------------------


@every_place
@table(
    "function, status",
    *((f"aborts with {n}", aborting(n), n) for n in (401, 404, 503)),
    ("returns 403", lambda: ("text", 403), 403),
    ("raises", divides_by_zero, 500),
)
def test_a_refusal_is_for_a_alone_where_a_function_before_the_request(place: Place, function: Any, status: int) -> None:
    assert_only_a_reads(make_app_for_a(place, h.a_view, lambda served: served.before_request(function)), status)
    app = make_app_for_a(place, h.a_view)
    app.before_request(function)
    for method in ("GET", "HEAD"):
        assert_only_a_reads(app, status, method=method)


@every_place
def test_a_failure_after_the_view_is_for_a_alone(place: Place) -> None:
    app = make_app_for_a(place, h.a_view)
    failures = iter([ZeroDivisionError] * 4)

    @app.after_request
    def fail(response: Response) -> Response:
        if response.status_code == 200 and next(failures, None):
            raise ZeroDivisionError
        return response

    assert_only_a_reads(app, 500)


def test_where_an_after_request_function_fails_for_the_500_too_flask_adds_no_headers() -> None:
    app = make_app_for_a(h.for_the_app, h.a_view)
    app.after_request(lambda _: abort(500))
    response = fetch(app.test_client(), PATH, A)
    assert (response.status_code, cors_headers(response)) == (500, NO_HEADERS)


# Made by routing, and for static files -------------------------------------------------------------------------------


@every_place
def test_what_routing_refuses_is_for_a_alone(place: Place) -> None:
    app = make_app_for_a(place, h.a_view)
    for method in ("POST", "PUT", "QUERY", "PURGE"):
        assert_only_a_reads(app, 405, method=method)
    for method in ("GET", "HEAD"):
        assert_only_a_reads(app, 308, "/x/view", method=method)


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
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    CORS(app, resources={"/static/": {"origins": A}})
    inside = Blueprint("inside", __name__, str(tmp_path), url_prefix="/x")
    CORS(inside, origins=A)
    app.register_blueprint(inside)
    for path, status in [("style.css", 200), ("none.css", 404), ("", 404), ("/style.css", 308)]:
        assert_only_a_reads(app, status, f"/static/{path}")
    for path, status in [("style.css", 200), ("none.css", 404)]:
        assert_only_a_reads(app, status, f"/x/{tmp_path.name}/{path}")
    unchanged = fetch(app.test_client(), "/static/style.css", A).headers["ETag"]
    again = fetch(app.test_client(), "/static/style.css", A, headers={"If-None-Match": unchanged})
    assert (again.status_code, cors_headers(again)) == (304, ONLY_A)
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


@every_place
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
