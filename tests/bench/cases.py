"""What is measured: policies, the requests that they decide on, and the same policies written by hand."""

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from flask_cors import CORS, cross_origin
from tests.bench import by_hand

ORIGIN = "https://app.example"
OTHER = "https://other.example"
WARM = 100  # different paths, or origins, that an app has seen before it is measured

Environ = dict[str, Any]
MakeApp = Callable[[], Flask]
View = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """An app with the extension, the same policy by hand, and the requests that both of them answer.

    *ask* makes the request of a number. An app is measured on *seen* different ones that it has answered before; where
    that is 0, on requests none of which it has ever seen. *against* names the case whose cost this one may have.
    """

    extended: MakeApp
    by_hand: MakeApp
    ask: Callable[[int], Environ]
    seen: int = 1
    against: str | None = None
    foreign: MakeApp | None = None  # what Flask-Cors 6 needs to send the same `Access-Control-Allow-Origin`

    def warming(self) -> list[Environ]:
        """The requests that an app is warmed up with."""
        return [self.ask(number) for number in range(self.seen or WARM)]

    def requests(self) -> Iterator[Environ]:
        """The requests that an app is measured with, without end."""
        numbers = itertools.cycle(range(self.seen)) if self.seen else itertools.count(WARM)
        return map(self.ask, numbers)


def get(path: str = "/api/thing", origin: str | None = ORIGIN) -> Environ:
    """Make the WSGI environment of a GET."""
    return EnvironBuilder(path, headers=Headers({"Origin": origin} if origin else {})).get_environ()


def preflight(method: str, _: int) -> Environ:
    """Make the WSGI environment of a preflight for such a request."""
    headers = Headers({"Origin": ORIGIN, "Access-Control-Request-Method": method})
    return EnvironBuilder("/api/thing", method="OPTIONS", headers=headers).get_environ()


def bare(decorate: Callable[[View], View] = lambda view: view) -> Flask:
    """Make an app with one view, and no thought of other origins."""
    app = Flask("bench", static_folder=None)
    view = decorate(lambda **_: "thing")
    app.add_url_rule("/api/thing", "thing", view)
    app.add_url_rule("/api/<path:rest>", "thing", view)
    return app


def extended(**options: Any) -> MakeApp:
    """The app with ``CORS`` and these options."""
    return written(CORS, **options)


def written(set_up: Callable[..., object], *arguments: Any, **options: Any) -> MakeApp:
    """The app that such a function, of those in :mod:`~tests.bench.by_hand` for example, has set up."""

    def make() -> Flask:
        app = bare()
        set_up(app, *arguments, **options)
        return app

    return make


ANYONE = Case(
    extended(), written(by_hand.everyone), lambda _: get(), foreign=extended(send_wildcard=True)
)  # unless told so, Flask-Cors 6 names the origin


# -- Origins -----------------------------------------------------------------------------------------------------


def exact(count: int) -> Case:
    """So many origins in the list; the last of them asks."""
    origins = [f"https://tenant{number}.example" for number in range(count - 1)] + [ORIGIN]
    hand = written(by_hand.one, ORIGIN) if count == 1 else written(by_hand.several, frozenset(origins))
    return Case(extended(origins=origins), hand, lambda _: get())


def wildcards(count: int) -> Case:
    """So many wildcards in the list; subdomains of the first of them ask."""
    names = [f"tenant{17 + number}" for number in range(count)]
    return Case(
        extended(origins=[f"https://*.{name}.example" for name in names]),
        written(by_hand.origins_like, *(rf"https://[a-z0-9.-]+\.{name}\.example" for name in names)),
        lambda number: get(origin=f"https://shop{number}.tenant17.example"),
        WARM,
        foreign=extended(origins=[rf"https://.+\.{name}\.example$" for name in names]),
    )


def by_number_of_origins() -> Iterator[tuple[str, Case]]:
    """Lists of every length, asked by an origin that is listed, and by one that is not."""
    for count in (1, 10, 1_000, 100_000):
        case = exact(count)
        yield from _both(count, "origin", case, replace(case, ask=lambda _: get(origin=OTHER)))
    for count in (1, 1_000):
        case = wildcards(count)
        unlisted = replace(case, ask=lambda number: get(origin=f"https://shop{number}.other.example"))
        yield from _both(count, "wildcard", case, unlisted)


def _both(count: int, noun: str, listed: Case, unlisted: Case) -> Iterator[tuple[str, Case]]:
    for which, case in (("listed", listed), ("not listed", unlisted)):
        yield f"{named(count, noun)}, {which}", replace(case, against=against(count, f"1 {noun}, {which}"))


def named(count: int, noun: str) -> str:
    """Say a number and a noun."""
    return f"{count:,} {noun}{'s' * (count > 1)}"


def against(count: int, one: str) -> str | None:
    """What many are measured against."""
    return one if count > 1 else None


# -- Resources ---------------------------------------------------------------------------------------------------

# Of each kind: patterns, paths that the last of them matches, and paths that none of them matches.
KINDS = {
    "plain": (r"/api/shop{}/items/\d+", "/api/shop{}/items/{}", "/api/other/items/{}"),
    "vague": (r"/api/[a-z]+/shop{}/", "/api/eu/shop{}/{}", "/api/eu/other/{}"),  # whose beginning says nothing
}


def resources(*patterns: str) -> Case:
    """These patterns."""
    return replace(
        ANYONE,
        extended=extended(resources=patterns),
        by_hand=written(by_hand.paths_like, *patterns),
        foreign=extended(resources=patterns, send_wildcard=True),
    )


def by_number_of_patterns() -> Iterator[tuple[str, Case]]:
    """Patterns of every kind and number, on paths that the app has seen, and on others."""
    for kind, (pattern, last, none) in KINDS.items():
        for count in (1, 100, 10_000):
            case = resources(*map(pattern.format, range(count)))
            for which, path in (("last matches", last.format(count - 1, "{}")), ("none matches", none)):
                yield from _seen_and_unseen(count, f"{kind} pattern", which, replace(case, ask=_paths(path)))


def _paths(path: str) -> Callable[[int], Environ]:
    return lambda number: get(path.format(number))


def _seen_and_unseen(count: int, noun: str, which: str, case: Case) -> Iterator[tuple[str, Case]]:
    name = f"{named(count, noun)}, {which}"
    yield name, replace(case, seen=WARM, against=against(count, f"1 {noun}, {which}"))
    yield f"{name}, unseen paths", replace(case, seen=0)


# -- Views -------------------------------------------------------------------------------------------------------

SIX: dict[str, Any] = {
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
LEAVE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
}
PREFLIGHTS = {"preflight": "GET", "preflight, for a method that the route lacks": "PUT"}
LEFT = replace(ANYONE, by_hand=written(by_hand.preflights, LEAVE))


def decorated(**options: Any) -> MakeApp:
    """The app with a decorated view."""
    return lambda: bare(cross_origin(**options))


CASES: dict[str, Case] = {
    "CORS(app)": ANYONE,
    "CORS(app), no Origin": replace(ANYONE, ask=lambda _: get(origin=None)),
    "resources, path matches": resources("/api/*"),
    "resources, path does not": resources("/other/*"),
    "@cross_origin()": replace(
        ANYONE,
        extended=decorated(),
        by_hand=written(by_hand.everyone_at, "thing"),
        foreign=decorated(send_wildcard=True),
    ),
    "@cross_origin(six options)": Case(
        decorated(**SIX), written(by_hand.several_at, "thing", SIX["origins"], BESIDE), lambda _: get()
    ),
    "1 origin, no Origin": replace(exact(1), ask=lambda _: get(origin=None)),
    **dict(by_number_of_origins()),
    **dict(by_number_of_patterns()),
    **{name: replace(LEFT, ask=functools.partial(preflight, method)) for name, method in PREFLIGHTS.items()},
}
