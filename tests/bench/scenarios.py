"""What is measured: policies, the same policies by hand, and the requests that both answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from flask_cors import CORS, cross_origin
from tests.bench import by_hand

WHO = ("bare", "by hand", "here", "6.0.5")
ORIGIN, OTHER = "https://app.example", "https://other.example"
SIX: dict[str, Any] = {"origins": [ORIGIN, OTHER], "methods": ["GET", "PUT"], "expose_headers": ["X-Total"]}
SIX |= {"allow_headers": ["Content-Type", "X-Token"], "supports_credentials": True, "max_age": 600}
SIX_HEADERS = {
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": "Content-Type, X-Token",
    "Access-Control-Expose-Headers": "X-Total",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Max-Age": "600",
}
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY",
}
ASTERISK = {"send_wildcard": True}  # what Flask-Cors 6.0.5 needs to allow everyone by `*`

Environ = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A policy, and the requests that it decides on."""

    by_hand: Callable[[Flask], object]
    requests: list[Environ]
    options: dict[str, Any] = field(default_factory=dict)
    foreign: dict[str, Any] = field(default_factory=dict)  # options of Flask-Cors 6.0.5, to allow the same origins
    on_view: bool = False  # by `cross_origin`, not by `CORS`

    def app(self, who: str) -> Flask:
        """Make the app of one of :data:`WHO`."""
        app, view = Flask("bench", static_folder=None), thing
        options = self.options | (self.foreign if who == "6.0.5" else {})
        if who == "by hand":
            self.by_hand(app)
        elif who != "bare" and self.on_view:
            view = cross_origin(**options)(thing)
        elif who != "bare":
            CORS(app, **options)
        app.add_url_rule("/api/<path:name>", "thing", view)
        return app


def thing(name: str) -> str:
    return name


def request(path: str = "/api/thing", method: str = "GET", **headers: str) -> Environ:
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return EnvironBuilder(path, method=method, headers=named).get_environ()


def exact(*origins: str) -> Scenario:
    contains = frozenset(origins).__contains__
    return Scenario(lambda app: by_hand.several_origins(app, contains), [request(Origin=ORIGIN)], {"origins": origins})


def wildcards(*names: str) -> Scenario:
    pattern = re.compile("|".join(rf"https://[a-z0-9.-]+\.{name}\.example" for name in names))
    return Scenario(
        lambda app: by_hand.several_origins(app, pattern.fullmatch),
        [request(Origin=f"https://shop{number}.{names[len(names) // 2]}.example") for number in range(100)],
        {"origins": [f"https://*.{name}.example" for name in names]},
        {"origins": [rf"https://.+\.{name}\.example$" for name in names]},
    )


def resources(patterns: list[str], *paths: str) -> Scenario:
    matches = re.compile("|".join(patterns)).match
    return Scenario(
        lambda app: by_hand.everyone_on_paths(app, matches),
        [request(path, Origin=ORIGIN) for path in paths],
        {"resources": patterns},
        ASTERISK,
    )


def one(**headers: str) -> Scenario:
    return Scenario(lambda app: by_hand.one_origin(app, ORIGIN), [request(**headers)], {"origins": ORIGIN})


SCENARIOS = {
    "CORS(app)": Scenario(by_hand.everyone, [request(Origin=ORIGIN)], foreign=ASTERISK),
    "CORS(app), no Origin": Scenario(by_hand.everyone, [request()], foreign=ASTERISK),
    "one origin, listed": one(Origin=ORIGIN),
    "one origin, not listed": one(Origin=OTHER),
    "one origin, no Origin": one(),
    "several origins": exact(ORIGIN, OTHER, "https://admin.example"),
    "100,000 origins": exact(*(f"https://tenant{number}.example" for number in range(99_999)), ORIGIN),
    "1 wildcard": wildcards("tenant0"),
    "1,000 wildcards": wildcards(*(f"tenant{number}" for number in range(1_000))),
    "resources, path matches": resources(["/api/*"], "/api/thing"),
    "resources, path does not": resources(["/other/*"], "/api/thing"),
    "200 resource patterns": resources(
        [rf"/api/shop{number}/items/\d+" for number in range(200)],
        *(f"/api/shop{number}/items/{number}" for number in range(200)),
    ),
    "@cross_origin()": Scenario(by_hand.everyone_at_one_view, [request(Origin=ORIGIN)], foreign=ASTERISK, on_view=True),
    "@cross_origin(six options)": Scenario(
        lambda app: by_hand.six_options(app, SIX["origins"], SIX_HEADERS), [request(Origin=ORIGIN)], SIX, on_view=True
    ),
    "preflight": Scenario(
        lambda app: by_hand.preflights(app, PREFLIGHT_HEADERS),
        [request(method="OPTIONS", Origin=ORIGIN, Access_Control_Request_Method="GET")],
        foreign=ASTERISK,
    ),
}
