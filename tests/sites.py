"""Sites: an app with policies in every place where one may stand, every option in every form, and what that means.

The meaning is said here a second time, from contract and manual alone: nothing of the package judges itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from flask import Blueprint, Flask
from flask.views import MethodView, View

from flask_cors import CORS, cross_origin
from tests.entries import EVERYBODY, Entry
from tests.helpers import an_app

# Options, as given and as meant --------------------------------------------------------------------------------------


class Said(NamedTuple):
    """What one option is given: what it holds, and the form in which that is written."""

    holds: Any
    form: Callable[[Any], Any]

    @property
    def written(self) -> Any:
        """Write it anew: an iterator can be read only once."""
        items = self.holds
        of_entries = isinstance(items, list) and items and isinstance(items[0], Entry)
        return self.form([entry.written for entry in items] if of_entries else items)


def not_given(_: object) -> None:
    """``None`` says nothing."""


def alone(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items


def comma_separated(items: list[Any]) -> Any:
    return _joined(items, ", ")


def loosely_separated(items: list[Any]) -> Any:
    return _joined(items, " ,, ")


def _joined(items: list[Any], comma: str) -> Any:
    """Join texts; a text that begins with ``^`` may hold commas of its own, so that such a list stays one."""
    plain = all(isinstance(item, str) and item[:1] != "^" for item in items)
    return comma.join(items) if plain else items


def keys(items: list[Any]) -> Iterable[Any]:
    return dict.fromkeys(items).keys()


def as_timedelta(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


#: How a list may be written.
LISTS: list[Callable[[list[Any]], Any]] = [
    *(alone, list, tuple, set, frozenset, iter, keys, comma_separated, loosely_separated)
]
SECONDS: list[Callable[[int], Any]] = [int, str, as_timedelta]

Options = dict[str, Said]  # an option's name, or its other name, to what it is given
NOBODY: Options = {"origins": Said([], list)}
ALIASES = {"allow_headers": "headers"}


def keywords(options: Options) -> Any:
    return {name: said.written for name, said in options.items()}


def config_keys(options: Options) -> dict[str, Any]:
    return {f"CORS_{name.upper()}": said.written for name, said in options.items()}


METHODS_BY_DEFAULT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
SIMPLE_METHODS = frozenset({"GET", "HEAD", "POST"})


@dataclass(frozen=True)
class Meaning:
    """What a policy is documented to mean."""

    origins: list[Entry] = field(default_factory=lambda: [EVERYBODY])
    methods: list[str] | None = None
    headers: list[str] = field(default_factory=list)
    expose_headers: list[str] = field(default_factory=list)
    supports_credentials: bool = False
    max_age: int | None = None
    send_wildcard: bool = True
    always_send: bool = True
    automatic_options: bool = True
    vary_header: bool = True
    intercept_exceptions: bool = True

    @property
    def everyone(self) -> bool:
        return any(entry.everyone for entry in self.origins)

    @property
    def contradictory(self) -> bool:
        """Whether it gives credentials to everyone."""
        return self.supports_credentials and self.everyone

    def admits(self, origin: str, credentials: bool = False) -> bool:
        allowed = any(entry.admits(origin) for entry in self.origins)
        return allowed and (self.supports_credentials or not credentials)

    def allows(self, method: str, names: set[str]) -> bool:
        """Tell whether a page that is let in may use *method* and set the headers *names*."""
        methods = METHODS_BY_DEFAULT if self.methods is None else {name.upper() for name in self.methods}
        listed = {name.lower() for name in self.headers}
        # "*" is every name but Authorization (Fetch, #cors-non-wildcard-request-header-name). With credentials, where
        # it would mean nothing, the names asked for are repeated, and that one with them.
        covered = names if self.supports_credentials else names - {"authorization"}
        uncovered = names - listed - (covered if "*" in listed else set())
        return not uncovered and (method in SIMPLE_METHODS | methods or "*" in methods)

    def exposes(self, name: str, credentials: bool) -> bool:
        listed = {name.lower() for name in self.expose_headers}
        return name.lower() in listed or ("*" in listed and not credentials)


def meaning(*layers: Options) -> Meaning:
    """Fold layers, the weakest first."""
    given = {ALIASES.get(name, name): said for layer in layers for name, said in layer.items() if _says(said)}
    return Meaning(**{name: said.holds for name, said in given.items()})


def _says(said: Said) -> bool:
    return said.form is not not_given


# Places --------------------------------------------------------------------------------------------------------------

Answer = Callable[[], Any]
ROUTED = ["GET", "HEAD", "POST", "PUT"]  # the methods of the view; Flask adds OPTIONS


def route(scaffold: Flask | Blueprint, answer: Callable[..., Any]) -> None:
    scaffold.add_url_rule("/view", "view", answer, methods=["GET", "POST", "PUT"])


def nothing_else(_: Flask) -> None:
    """An app that has no part of its own in the answer to a preflight."""


def functions_after(app: Flask) -> None:
    app.after_request(lambda response: response)


def a_middleware_before(app: Flask) -> None:
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]


#: What else an app may have, so that requests are met elsewhere.
BESIDE: list[Callable[[Flask], None]] = [nothing_else, functions_after, a_middleware_before]


@dataclass(frozen=True)
class Site:
    """One app: where it has policies, and the options of each, weakest first."""

    place: Place
    own: Options
    outer: Options = field(default_factory=dict)
    config: Options = field(default_factory=dict)
    late: bool = False  # whether the config is set last
    beside: Callable[[Flask], None] = nothing_else

    @property
    def policy(self) -> Meaning:
        """The policy that covers the view."""
        return self._meaning(self.place.layers)

    @property
    def policies(self) -> list[Meaning]:
        """All that the app has."""
        return [self.policy, *map(self._meaning, self.place.beside)]

    def _meaning(self, layers: str) -> Meaning:
        return meaning(*(getattr(self, layer) for layer in layers.split()))

    def serve(self, answer: Answer, *, plain: bool = False) -> Flask:
        """Make the app; *plain*, without any policy."""
        app = an_app()
        if plain:
            route(app, answer)
            return app
        self.beside(app)
        app.config.update({} if self.late else config_keys(self.config))
        self.place.set_up(app, self, answer)
        app.config.update(config_keys(self.config) if self.late else {})
        return app


@dataclass(frozen=True)
class Place:
    """A place for a policy: how it is set up, which layers cover the view, and which make other policies."""

    set_up: Callable[[Flask, Site, Answer], None]
    layers: str = "config own"
    beside: tuple[str, ...] = ()
    alone: bool = False  # on a view, in an app that knows nothing of it
    covers_options: bool = True  # and not only the methods of a class, of which OPTIONS is none


def on_the_app(app: Flask, site: Site, answer: Answer) -> None:
    CORS(app, **keywords(site.own))
    route(app, answer)


def by_init_app(app: Flask, site: Site, answer: Answer) -> None:
    route(app, answer)
    CORS(**keywords(site.outer)).init_app(app, **keywords(site.own))


def after_another(app: Flask, site: Site, answer: Answer) -> None:
    CORS(app, **keywords(site.outer))
    on_the_app(app, site, answer)


def in_the_config(app: Flask, site: Site, answer: Answer) -> None:
    app.config.update(config_keys(site.own))
    CORS(app)
    route(app, answer)


def in_an_entry(app: Flask, site: Site, answer: Answer) -> None:
    elsewhere = keywords(NOBODY)
    CORS(app, resources={"/": elsewhere, "/view": keywords(site.own), ".*w": elsewhere}, **keywords(site.outer))
    route(app, answer)


def in_an_entry_of_the_config(app: Flask, site: Site, answer: Answer) -> None:
    app.config["CORS_RESOURCES"] = {re.compile("/view$"): keywords(site.own), "/none": None}
    CORS(app)
    route(app, answer)


def for_resources(resources: Any) -> Callable[[Flask, Site, Answer], None]:
    def set_up(app: Flask, site: Site, answer: Answer) -> None:
        CORS(app, resources=resources, **keywords(site.own))
        route(app, answer)

    return set_up


def on_a_blueprint(app: Flask, site: Site, answer: Answer) -> None:
    blueprint = Blueprint("inside", __name__)
    CORS(blueprint, **keywords(site.own))
    CORS(app, **keywords(site.outer))
    route(blueprint, answer)
    app.register_blueprint(blueprint)


def on_a_registered_blueprint(app: Flask, site: Site, answer: Answer) -> None:
    blueprint = Blueprint("inside", __name__)
    route(blueprint, answer)
    app.register_blueprint(blueprint)
    CORS(blueprint, **keywords(site.own))


def on_a_nested_blueprint(app: Flask, site: Site, answer: Answer) -> None:
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    CORS(parent, **keywords(site.outer))
    CORS(child, **keywords(site.own))
    route(child, answer)
    parent.register_blueprint(child)
    app.register_blueprint(parent)


def on_the_view(app: Flask, site: Site, answer: Answer) -> None:
    CORS(app, **keywords(site.outer))
    route(app, cross_origin(**keywords(site.own))(answer))


def on_the_methods_of_a_class(app: Flask, site: Site, answer: Answer) -> None:
    class Methods(MethodView):
        get = post = put = cross_origin(**keywords(site.own))(lambda _: answer())

    CORS(app, **keywords(site.outer))
    route(app, Methods.as_view("view"))


def on_a_class(app: Flask, site: Site, answer: Answer) -> None:
    class Whole(View):
        decorators: ClassVar = [cross_origin(**keywords(site.own))]

        def dispatch_request(self) -> Any:
            return answer()

    CORS(app, **keywords(site.outer))
    route(app, Whole.as_view("view"))


def on_the_view_alone(app: Flask, site: Site, answer: Answer) -> None:
    route(app, cross_origin(**keywords(site.own))(answer))


OUTER = ("config outer",)

#: Every place for a policy.
PLACES = {
    "on the app": Place(on_the_app),
    "on the app, in two steps": Place(by_init_app, "config outer own"),
    "on the app, after another": Place(after_another, beside=OUTER),
    "in the config": Place(in_the_config, "own"),
    "in an entry of resources": Place(in_an_entry, "config outer own"),
    "in an entry of the config's resources": Place(in_an_entry_of_the_config, beside=("config",)),
    "for resources that are one string": Place(for_resources("/view")),
    "for resources that are patterns": Place(for_resources(["/x", re.compile("/(view|x)")])),
    "for every resource": Place(for_resources("*")),
    "on a blueprint": Place(on_a_blueprint, beside=OUTER),
    "on a registered blueprint": Place(on_a_registered_blueprint),
    "on a nested blueprint": Place(on_a_nested_blueprint, beside=OUTER),
    "on the view": Place(on_the_view, beside=OUTER),
    "on the methods of a class": Place(on_the_methods_of_a_class, beside=OUTER, covers_options=False),
    "on a class": Place(on_a_class, beside=OUTER),
    "on the view alone": Place(on_the_view_alone, alone=True),
}
