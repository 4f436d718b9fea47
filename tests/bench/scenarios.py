"""What is measured: apps that differ only in how they answer pages of other origins, and a request to each."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from flask_cors import CORS, cross_origin

ORIGIN = "https://app.example"
OTHER = "https://other.example"

BARE = "bare Flask"
BARE_OPTIONS = "bare Flask, OPTIONS"
BY_HAND_ANY = "by hand: *"
BY_HAND_ONE = "by hand: one origin"


@dataclass(frozen=True)
class Scenario:
    """An app, a request to it, and the rows of the table that it is compared with."""

    make_app: Callable[[], Flask]
    origin: str | None
    grants: str | None
    bare: str = BARE
    by_hand: str | None = None
    preflight: bool = False

    def environ(self) -> dict[str, Any]:
        """Make the WSGI environment of the request."""
        headers = Headers()
        if self.origin is not None:
            headers["Origin"] = self.origin
        if self.preflight:
            headers["Access-Control-Request-Method"] = "PUT"
        method = "OPTIONS" if self.preflight else "GET"
        return EnvironBuilder("/api/thing", method=method, headers=headers).get_environ()


def bare() -> Flask:
    """An app with one view, and no thought of other origins."""
    app = Flask("bench")
    app.add_url_rule("/api/thing", "thing", lambda: "thing", methods=["GET", "PUT"])
    return app


def by_hand_any() -> Flask:
    """The two lines that everybody writes first."""
    app = bare()

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return app


def by_hand(origins: Collection[str]) -> Flask:
    """What somebody writes who has heard of caches."""
    app = bare()

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Vary"] = "Origin"
        return response

    return app


def extended(**options: Any) -> Flask:
    """The extension with these options."""
    app = bare()
    CORS(app, **options)
    return app


def decorated() -> Flask:
    """One decorated view."""
    app = Flask("bench")
    app.add_url_rule("/api/thing", "thing", cross_origin()(lambda: "thing"))
    return app


def many(count: int) -> list[str]:
    """Make a list of so many origins, the one that asks among them."""
    return [f"https://tenant{number}.example" for number in range(count - 1)] + [ORIGIN]


def _with_origins(count: int) -> dict[str, Scenario]:
    def make_app() -> Flask:
        return extended(origins=many(count))

    return {
        f"{count:,} origins, listed": Scenario(make_app, ORIGIN, ORIGIN, by_hand=BY_HAND_ONE),
        f"{count:,} origins, not listed": Scenario(make_app, OTHER, None, by_hand=BY_HAND_ONE),
    }


SCENARIOS: dict[str, Scenario] = {
    BARE: Scenario(bare, ORIGIN, None),
    "bare Flask again: the noise": Scenario(bare, ORIGIN, None),
    BY_HAND_ANY: Scenario(by_hand_any, ORIGIN, "*", by_hand=BY_HAND_ANY),
    BY_HAND_ONE: Scenario(lambda: by_hand({ORIGIN}), ORIGIN, ORIGIN, by_hand=BY_HAND_ONE),
    "CORS(app)": Scenario(extended, ORIGIN, "*", by_hand=BY_HAND_ANY),
    "CORS(app), no Origin": Scenario(extended, None, "*", by_hand=BY_HAND_ANY),
    "resources, path matches": Scenario(lambda: extended(resources="/api/"), ORIGIN, "*", by_hand=BY_HAND_ANY),
    "resources, path does not": Scenario(lambda: extended(resources="/other/"), ORIGIN, None, by_hand=BY_HAND_ANY),
    "@cross_origin()": Scenario(decorated, ORIGIN, "*", by_hand=BY_HAND_ANY),
    "one origin": Scenario(lambda: extended(origins=ORIGIN), ORIGIN, ORIGIN, by_hand=BY_HAND_ONE),
    **_with_origins(10),
    **_with_origins(1_000),
    **_with_origins(100_000),
    BARE_OPTIONS: Scenario(bare, ORIGIN, None, BARE_OPTIONS, preflight=True),
    "preflight": Scenario(extended, ORIGIN, "*", BARE_OPTIONS, preflight=True),
}
