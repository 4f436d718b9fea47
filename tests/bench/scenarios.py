"""What is measured: policies, the same policies by hand, and the requests that both answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from flask_cors import CORS, cross_origin
from tests.bench import by_hand

WHO = ("bare", "by hand", "here", "6.0.5")
ORIGIN, OTHER = "https://app.example", "https://other.example"

Environ = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A policy, and the requests that it decides on."""

    by_hand: Callable[[Flask], object]
    requests: list[Environ]
    options: dict[str, Any] = field(default_factory=dict)
    on_view: bool = False  # the options belong to `cross_origin`, not to `CORS`
    foreign: dict[str, Any] = field(default_factory=dict)  # Flask-Cors 6.0.5 needs these to allow the same origin

    def app(self, who: str) -> Flask:
        """Make the app of one of :data:`WHO`."""
        extended = who in ("here", "6.0.5")
        options = {**self.options, **(self.foreign if who == "6.0.5" else {})}
        view = cross_origin(**options)(thing) if extended and self.on_view else thing
        app = Flask("bench", static_folder=None)
        app.add_url_rule("/api/<path:name>", "thing", view)
        if who == "by hand":
            self.by_hand(app)
        elif extended and not self.on_view:
            CORS(app, **options)
        return app


def thing(name: str) -> str:
    """The only view."""
    return name


def request(path: str = "/api/thing", method: str = "GET", **headers: str) -> Environ:
    """Make the WSGI environment of a request; *headers* are written with underscores."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return EnvironBuilder(path, method=method, headers=named).get_environ()


def answer(app: Flask, environ: Environ) -> list[tuple[str, str]]:
    """Answer a request, and return the headers of the response."""
    sent: list[tuple[str, str]] = []

    def start_response(_: str, headers: list[tuple[str, str]], *__: object) -> Any:
        sent.extend(headers)

    for _ in app(environ.copy(), start_response):
        pass
    return sent


SEVERAL = ["https://www.example", ORIGIN, "https://admin.example"]
EXACT = [*(f"https://tenant{number}.example" for number in range(99_999)), ORIGIN]
NAMES = [f"tenant{number}.example" for number in range(1_000)]
SIX = {
    "origins": [ORIGIN, OTHER],
    "methods": ["GET", "PUT"],
    "allow_headers": ["Content-Type", "X-Token"],
    "expose_headers": ["X-Total"],
    "supports_credentials": True,
    "max_age": 600,
}
BESIDE = {
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": "Content-Type, X-Token",
    "Access-Control-Expose-Headers": "X-Total",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Max-Age": "600",
}
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
}

LISTED, NOT_LISTED, NO_ORIGIN = [request(Origin=ORIGIN)], [request(Origin=OTHER)], [request()]
ASTERISK = {"send_wildcard": True}
everyone = partial(Scenario, by_hand.everyone, foreign=ASTERISK)
one = partial(Scenario, partial(by_hand.one, origin=ORIGIN), options={"origins": [ORIGIN]})


def several(origins: list[str]) -> Scenario:
    """Exact origins, of which one asks."""
    return Scenario(partial(by_hand.several, origins=frozenset(origins)), LISTED, {"origins": origins})


def wildcards(names: list[str]) -> Scenario:
    """A wildcard for each name; subdomains of the one in the middle ask."""
    escaped = [re.escape(name) for name in names]
    return Scenario(
        partial(by_hand.origins_like, pattern="|".join(rf"https://[a-z0-9.-]+\.{name}" for name in escaped)),
        [request(Origin=f"https://shop{number}.{names[len(names) // 2]}") for number in range(100)],
        {"origins": [f"https://*.{name}" for name in names]},
        foreign={"origins": [rf"https://.+\.{name}$" for name in escaped]},
    )


def resources(*patterns: str, path: str = "/api/thing") -> Scenario:
    """Everyone, on some paths; the paths that are asked for count up, where *path* has a place for a number."""
    paths = dict.fromkeys(path.format(number) for number in range(len(patterns)))
    requests = [request(each, Origin=ORIGIN) for each in paths]
    return Scenario(
        partial(by_hand.paths_like, pattern="|".join(patterns)), requests, {"resources": [*patterns]}, foreign=ASTERISK
    )


SCENARIOS = {
    "CORS(app)": everyone(LISTED),
    "CORS(app), no Origin": everyone(NO_ORIGIN),
    "one origin, listed": one(LISTED),
    "one origin, not listed": one(NOT_LISTED),
    "one origin, no Origin": one(NO_ORIGIN),
    "several origins": several(SEVERAL),
    "100,000 origins": several(EXACT),
    "one wildcard": wildcards(NAMES[:1]),
    "1,000 wildcards": wildcards(NAMES),
    "resources, path matches": resources("/api/*"),
    "resources, path does not": resources("/other/*"),
    "200 resource patterns": resources(
        *(rf"/api/shop{number}/items/\d+" for number in range(200)), path="/api/shop{0}/items/{0}"
    ),
    "@cross_origin()": Scenario(by_hand.everyone_at, LISTED, on_view=True, foreign=ASTERISK),
    "@cross_origin(six options)": Scenario(
        partial(by_hand.several_at, origins=SIX["origins"], beside=BESIDE), LISTED, SIX, on_view=True
    ),
    "preflight": Scenario(
        partial(by_hand.preflights, headers=PREFLIGHT),
        [request(method="OPTIONS", Origin=ORIGIN, Access_Control_Request_Method="GET")],
        foreign=ASTERISK,
    ),
}
