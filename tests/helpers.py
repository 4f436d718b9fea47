"""What the tests of the extension share: two origins, the headers that recur, and the requests of a page."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask
from werkzeug.test import Client, TestResponse

from flask_cors import CORS, cross_origin

A = "https://a.example"
B = "https://b.example"

CORSHeaders = dict[str, str]
SetUp = Callable[[Flask], object]
View = Callable[..., Any]
Change = Callable[[Any], object]  # of what serves a view: the app, or the blueprint

NO_HEADERS: CORSHeaders = {}
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
DENIED = {"Vary": "Origin"}
ONLY_A = {"Access-Control-Allow-Origin": A, "Vary": "Origin"}
ONLY_B = {"Access-Control-Allow-Origin": B, "Vary": "Origin"}
ALL_METHODS = {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}

# The headers for a page of A, for one of B, and for a request without an origin, as `get_headers_for` returns them.
FOR_A = [ONLY_A, DENIED, ONLY_A]
FOR_B = [DENIED, ONLY_B, ONLY_B]
FOR_ALL = [ANY_ORIGIN] * 3
FOR_NONE = [NO_HEADERS] * 3


def make_app(**config: Any) -> Flask:
    """Make an app that lets exceptions out, so that none goes unseen."""
    app = Flask(__name__, static_folder=None)
    app.config.update({"TESTING": True, **config})
    return app


def a_view() -> str:
    """Return a text."""
    return "the view's own answer"


def cors_headers(response: Any) -> CORSHeaders:
    """Return all CORS headers, and ``Vary``. One that stands there twice has a value that no test expects."""
    names = {name.title() for name in response.headers.keys()}  # noqa: SIM118 - pairs, not names
    ours = sorted(name for name in names if name.startswith("Access-Control-") or name == "Vary")
    return {name: " AND ".join(response.headers.getlist(name)) for name in ours}


def fetch(client: Client, path: str, origin: str | None = None, **call: Any) -> TestResponse:
    """Send a request as a page of *origin* does; without an origin, as other programs do."""
    headers = {**call.pop("headers", {}), **({} if origin is None else {"Origin": origin})}
    return client.open(path, headers=headers, buffered=True, **call)  # read to the end, so that files are closed


def preflight(
    client: Client, path: str, origin: str = A, method: str = "GET", headers: str | None = None, **call: Any
) -> TestResponse:
    """Send the preflight of a page of *origin*, for *method* and *headers*."""
    requested = {"Access-Control-Request-Method": method}
    if headers is not None:
        requested["Access-Control-Request-Headers"] = headers
    return fetch(client, path, origin, method="OPTIONS", headers=requested, **call)


def get_headers_for(app: Flask, path: str = "/", **call: Any) -> list[CORSHeaders]:
    """Return the headers for a page of A, for one of B, and for a request without an origin."""
    return [cors_headers(fetch(app.test_client(), path, origin, **call)) for origin in (A, B, None)]


def preflight_headers(response: TestResponse) -> CORSHeaders:
    """Return the headers of a preflight to which CORS responded: 200, no body, and no ``Allow`` of Flask's."""
    assert (response.status, response.data, response.headers["Content-Length"]) == ("200 OK", b"", "0")
    assert "Allow" not in response.headers
    return cors_headers(response)


def get_preflight_headers_for(app: Flask, path: str = "/", method: str = "GET", **call: Any) -> list[CORSHeaders]:
    """Return the headers of the preflights of a page of A, and of one of B."""
    return [preflight_headers(preflight(app.test_client(), path, origin, method, **call)) for origin in (A, B)]


def as_preflights(headers: list[CORSHeaders]) -> list[CORSHeaders]:
    """Turn what `get_headers_for` returns into what `get_preflight_headers_for` returns under the same policy."""
    return [found | (ALL_METHODS if "Access-Control-Allow-Origin" in found else NO_HEADERS) for found in headers[:2]]


def assert_policy(app: Flask, expected: list[CORSHeaders], path: str = "/", status: int = 200, **call: Any) -> None:
    """Assert the status of a path, the headers for A, for B and without an origin, and those of preflights."""
    assert fetch(app.test_client(), path, **call).status_code == status
    assert get_headers_for(app, path, **call) == expected
    assert get_preflight_headers_for(app, path, **call) == as_preflights(expected)


def no_set_up(_: object) -> None:
    """Do nothing."""


def configure(app: Flask, **options: Any) -> Flask:
    """Set options in the app's config."""
    app.config.update({f"CORS_{name.upper()}": value for name, value in options.items()})
    return app


def use_middleware(app: Flask) -> None:
    """Wrap the app's WSGI entrance, as middlewares do."""
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]


def hide(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate without ``functools.wraps``, so that nothing of the view can be seen from outside."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate with ``functools.wraps``."""
    return functools.wraps(view)(hide(view))


# Places for a policy: each gives the view at PATH the policy of *options*; elsewhere, all origins may read ------------

PATH = "/x/view/"
Place = Callable[..., None]


def for_the_app(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    CORS(app, **options)
    app.add_url_rule(PATH, "view", view)
    change(app)


def for_a_resource(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_app(app, view, change, resources={"/x/": options, "/": {}})


def for_the_config(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_app(app, view, change)
    configure(app, **{name: value for name, value in options.items() if value is not None or name == "origins"})


def for_the_blueprint(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    inside = Blueprint("inside", __name__, url_prefix="/x")
    CORS(app)
    CORS(inside, **options)
    inside.add_url_rule(PATH.removeprefix("/x"), "view", view)
    change(inside)
    app.register_blueprint(inside)


def for_the_view(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_app(app, cross_origin(**options)(view), change)


def for_the_view_of_a_blueprint(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_blueprint(app, cross_origin(**options)(view), change)


def for_the_view_twice(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_view(app, cross_origin(**options)(view), change)


def for_the_view_where_cors_covers_nothing(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_app(app, cross_origin(**options)(view), change, resources=[])


def for_a_hidden_view(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    for_the_app(app, hide(cross_origin(**options)(view)), change)


def for_the_view_alone(app: Flask, view: View, change: Change = no_set_up, **options: Any) -> None:
    app.add_url_rule(PATH, "view", cross_origin(**options)(view))
    change(app)


PLACES: list[Place] = [
    *(for_the_app, for_a_resource, for_the_config, for_the_blueprint, for_the_view, for_the_view_of_a_blueprint),
    *(for_the_view_twice, for_the_view_where_cors_covers_nothing),
]
every_place = pytest.mark.parametrize("place", PLACES)
every_place_while_the_view_runs = pytest.mark.parametrize("place", [*PLACES, for_the_view_alone])
