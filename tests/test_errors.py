"""Errors: whoever makes them, they carry the headers of the policy that covers the request, and of no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound

from flask_cors import CORS, cross_origin
from tests.helpers import (
    EVERYONE,
    NOTHING,
    ONLY_A,
    REFUSED,
    A,
    B,
    a_view,
    an_app,
    answers,
    ask,
    cors_headers,
)

ViewFunction = Callable[..., Any]
FOR_A = [ONLY_A, REFUSED, ONLY_A]


# Ways to lock /x/view/ to A, in an app that is otherwise open ---------------------------------------------------------

Hook = Callable[[Flask | Blueprint], object]


def no_hook(_: Flask | Blueprint) -> None:
    """Do nothing to what serves the view: the app, or the blueprint."""


def by_the_app(view: ViewFunction, hook: Hook = no_hook, **options: Any) -> Flask:
    app = an_app(TESTING=False)
    CORS(app, **{"origins": A, **options})
    app.add_url_rule("/x/view/", "view", view)
    hook(app)
    return app


def by_a_resource(view: ViewFunction, hook: Hook = no_hook) -> Flask:
    return by_the_app(view, hook, origins="*", resources={"/x/": {"origins": A}, "/": {}})


def by_a_decorator(view: ViewFunction, hook: Hook = no_hook) -> Flask:
    return by_the_app(cross_origin(origins=A)(view), hook, origins="*")


def by_a_decorator_where_cors_covers_nothing(view: ViewFunction, hook: Hook = no_hook) -> Flask:
    return by_the_app(cross_origin(origins=A)(view), hook, resources=[])


def by_the_blueprint(view: ViewFunction, hook: Hook = no_hook, origins: str = A) -> Flask:
    app, inside = an_app(TESTING=False), Blueprint("inside", __name__, url_prefix="/x")
    CORS(app)
    CORS(inside, origins=origins)
    inside.add_url_rule("/view/", "view", view)
    hook(inside)
    app.register_blueprint(inside)
    return app


def by_a_decorator_in_a_blueprint(view: ViewFunction, hook: Hook = no_hook) -> Flask:
    return by_the_blueprint(cross_origin(origins=A)(view), hook, origins="*")


Lock = Callable[..., Flask]
locked = pytest.mark.parametrize(
    "lock",
    [
        by_the_app,
        by_a_resource,
        by_a_decorator,
        by_a_decorator_where_cors_covers_nothing,
        by_a_decorator_in_a_blueprint,
        by_the_blueprint,
    ],
)


def is_only_for_a(app: Flask, status: int, path: str = "/x/view/", **call: Any) -> bool:
    assert ask(app.test_client(), path, **call).status_code == status
    return answers(app, path, **call) == FOR_A


# Made by the view ----------------------------------------------------------------------------------------------------


def aborting(status: int) -> ViewFunction:
    return lambda: abort(status)


STATUSES = [300, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 429, 451, 500, 501, 502, 503, 504]


@locked
@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_of_the_view_is_for_a_alone_whatever_its_status(lock: Lock, status: int) -> None:
    assert is_only_for_a(lock(lambda: ("as it is", status)), status)


@locked
@pytest.mark.parametrize("status", [status for status in STATUSES if status not in {300, 304, 402}])
def test_an_error_that_the_view_aborts_with_is_for_a_alone(lock: Lock, status: int) -> None:
    assert is_only_for_a(lock(aborting(status)), status)


def divides_by_zero() -> str:
    return str(1 / 0)


def reads_a_field_that_is_not_there() -> str:
    return request.form["field"]


def reads_json_that_is_none() -> Any:
    return request.get_json()


async def divides_by_zero_some_time() -> str:
    return str(1 / 0)


def raises_an_error_of_its_own_status() -> str:
    raise HTTPException("Own", Response("own", 499))


def returns_nothing() -> None:
    """Return what is no answer."""


@locked
@pytest.mark.parametrize(
    ("view", "status"),
    [
        (divides_by_zero, 500),
        (divides_by_zero_some_time, 500),
        (returns_nothing, 500),
        (reads_a_field_that_is_not_there, 400),
        (reads_json_that_is_none, 415),
        (raises_an_error_of_its_own_status, 499),
        (lambda: abort(redirect("/elsewhere")), 302),
    ],
)
def test_what_the_view_raises_becomes_an_answer_for_a_alone(lock: Lock, view: ViewFunction, status: int) -> None:
    assert is_only_for_a(lock(view), status)


# Made by a handler ---------------------------------------------------------------------------------------------------


def teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


async def slow_teapot(_: Exception) -> ResponseReturnValue:
    return "handled", 418


@locked
@pytest.mark.parametrize("handler", [teapot, slow_teapot])
@pytest.mark.parametrize(
    ("view", "handled"),
    [
        pytest.param(aborting(403), 403, id="by its status"),
        pytest.param(aborting(403), HTTPException, id="by its class"),
        pytest.param(divides_by_zero, ZeroDivisionError, id="that is no HTTP error"),
        pytest.param(divides_by_zero, 500, id="that became a 500"),
        pytest.param(divides_by_zero_some_time, Exception, id="of an async view"),
    ],
)
def test_the_answer_of_an_error_handler_is_for_a_alone(
    lock: Lock, handler: Any, view: ViewFunction, handled: Any
) -> None:
    assert is_only_for_a(lock(view, lambda app: app.register_error_handler(handled, handler)), 418)


@locked
def test_a_handler_of_the_app_for_what_is_missing_keeps_the_policy_of_the_view_that_aborted(lock: Lock) -> None:
    app = lock(aborting(404))
    app.register_error_handler(NotFound, teapot)
    assert is_only_for_a(app, 418)


def fails(_: Exception) -> ResponseReturnValue:
    return divides_by_zero()


@locked
def test_an_error_handler_that_fails_itself_answers_a_alone(lock: Lock) -> None:
    assert is_only_for_a(lock(aborting(403), lambda app: app.register_error_handler(403, fails)), 500)


# Made before the view ------------------------------------------------------------------------------------------------


@locked
@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_refusal_before_the_request_is_for_a_alone(lock: Lock, status: int) -> None:
    app = lock(a_view, lambda app: app.before_request(aborting(status)))
    assert is_only_for_a(app, status)
    assert is_only_for_a(app, status, method="HEAD")


@locked
@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refusal_of_the_app_before_the_request_is_for_a_alone(lock: Lock, status: int) -> None:
    app = lock(a_view)
    app.before_request(aborting(status))
    assert is_only_for_a(app, status)


@locked
def test_a_failure_before_the_request_is_for_a_alone(lock: Lock) -> None:
    app = lock(a_view)
    app.before_request(divides_by_zero)
    assert is_only_for_a(app, 500)


@locked
def test_a_failure_after_the_request_is_for_a_alone(lock: Lock) -> None:
    app = lock(a_view)
    failures = iter([ZeroDivisionError] * 4)

    @app.after_request
    def fail(response: Response) -> Response:
        if response.status_code == 200 and next(failures, None):
            raise ZeroDivisionError
        return response

    assert is_only_for_a(app, 500)


@locked
def test_a_refusal_that_is_returned_before_the_request_is_for_a_alone(lock: Lock) -> None:
    app = lock(a_view)
    app.before_request(lambda: ("first log in", 401))
    assert is_only_for_a(app, 401)


# Made by routing -----------------------------------------------------------------------------------------------------


@locked
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PURGE"])
def test_a_method_that_the_view_lacks_is_refused_to_a_alone(lock: Lock, method: str) -> None:
    assert is_only_for_a(lock(a_view), 405, method=method)


@locked
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_redirect_to_the_view_is_for_a_alone(lock: Lock, method: str) -> None:
    app = lock(a_view)
    assert is_only_for_a(app, 308, "/x/view", method=method)


@pytest.mark.parametrize("lock", [by_the_app, by_a_resource, by_the_blueprint])
def test_what_is_missing_beside_the_view_is_missing_for_a_alone(lock: Lock) -> None:
    assert is_only_for_a(lock(a_view), 404, "/x/nowhere")


@pytest.mark.parametrize("lock", [by_a_resource, by_a_decorator, by_the_blueprint])
def test_what_is_missing_elsewhere_has_the_policy_of_the_app(lock: Lock) -> None:
    app = lock(a_view)
    assert ask(app.test_client(), "/elsewhere").status_code == 404
    assert answers(app, "/elsewhere") == [EVERYONE] * 3


def test_where_cors_covers_nothing_what_is_missing_has_no_headers() -> None:
    app = by_a_decorator_where_cors_covers_nothing(a_view)
    assert answers(app, "/elsewhere") == [NOTHING] * 3


# Static files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def static(tmp_path: Path) -> str:
    (tmp_path / "style.css").write_text("* { color: red }")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/static/style.css", 200), ("/static/none.css", 404), ("/static/", 404), ("/static//style.css", 308)],
)
def test_static_files_have_the_policy_of_their_path(static: str, path: str, status: int) -> None:
    app = Flask(__name__, static_folder=static, static_url_path="/static")
    CORS(app, resources={"/static/": {"origins": A}})
    assert is_only_for_a(app, status, path)
    unchanged = ask(app.test_client(), "/static/style.css", A).headers["ETag"]
    again = ask(app.test_client(), "/static/style.css", A, headers={"If-None-Match": unchanged})
    assert (again.status_code, cors_headers(again)) == (304, ONLY_A)
    assert answers(app, "/") == [NOTHING] * 3


def test_static_files_of_a_blueprint_have_its_policy(static: str) -> None:
    app = an_app()
    inside = Blueprint("inside", __name__, url_prefix="/x", static_folder=static, static_url_path="/static")
    CORS(app)
    CORS(inside, origins=A)
    app.register_blueprint(inside)
    assert is_only_for_a(app, 200, "/x/static/style.css")
    assert is_only_for_a(app, 404, "/x/static/none.css")


# The decorator alone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "status"),
    [(aborting(403), 403), (aborting(500), 500), (divides_by_zero, 500), (divides_by_zero_some_time, 500)],
)
def test_without_cors_on_the_app_an_error_of_a_decorated_view_is_for_a_alone(view: ViewFunction, status: int) -> None:
    app = an_app(TESTING=False)
    app.add_url_rule("/x/view/", "view", cross_origin(origins=A)(view))
    assert is_only_for_a(app, status)


@pytest.mark.parametrize("path", ["/nowhere", "/x/view"])
def test_without_cors_on_the_app_what_no_view_answers_has_no_headers(path: str) -> None:
    app = an_app()
    app.add_url_rule("/x/view/", "view", cross_origin(origins=A)(a_view))
    assert answers(app, path) == [NOTHING] * 3


# Debug mode ----------------------------------------------------------------------------------------------------------


@locked
def test_in_debug_mode_one_setting_gives_the_error_its_headers(lock: Lock) -> None:
    app = lock(divides_by_zero)
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert is_only_for_a(app, 500)


def test_in_debug_mode_an_exception_reaches_the_debugger_as_it_would_without_cors() -> None:
    app = by_the_app(divides_by_zero)
    app.debug = True
    with pytest.raises(ZeroDivisionError):
        ask(app.test_client(), "/x/view/", B)
