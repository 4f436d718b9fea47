"""Reading the app: its routes, and the policy that covers each. No other module here touches the extension's state."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from traceback import walk_stack
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.routing import Rule

from .._decorations import all_decorations, answers_options, view_decoration
from .._middleware import app_state
from .._routes import (
    Route,
    resolve_route,
    url_adapter,
)
from .._state import AppState, Scope
from ..browser import Request
from ..options import (
    EVERY_PATH,
    RESOURCES,
    ParsedOptions,
    build_resources,
    parse_config,
)
from ..policy import DENY_ALL, Policy
from ..resources import ANY_PATH
from ..testing import request_environ
from .advice import misspelt_keys
from .source import SETTERS, Program, SourceFile, as_path, last_name, shown_name

_MAX_FILES = 300
_NO_CONFIG = ParsedOptions({})


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{shown_name(self.file)}:{self.line}"


class Entry(NamedTuple):
    """One pattern of ``resources``, the options that it has of its own, and the policy that results."""

    pattern: re.Pattern[str]
    own: Mapping[str, Any]
    policy: Policy


@dataclass(frozen=True, eq=False)
class Layer:
    """One ``CORS`` or ``@cross_origin``: what it was given, and the policies that this makes."""

    title: str
    parsed: ParsedOptions
    config: ParsedOptions
    entries: tuple[Entry, ...]
    scope: Scope | None = None  # none for a decorator
    error: str = ""  # why there is no policy

    @property
    def place(self) -> Place | None:
        """Where it is written."""
        return Place(*self.parsed.location)

    @property
    def has_configured_resources(self) -> bool:
        """Whether its patterns come from the app's config."""
        return self.parsed.values.get(RESOURCES) is None and self.config.values.get(RESOURCES) is not None


@dataclass(frozen=True, eq=False)
class Cover:
    """What decides for a route: a layer, and one entry of it."""

    layer: Layer
    entry: Entry

    @property
    def policy(self) -> Policy:
        """The policy of the entry."""
        return self.entry.policy

    @property
    def source(self) -> str:
        """Where the policy comes from, in a few words."""
        pattern = self.entry.pattern
        return self.layer.title if pattern == ANY_PATH else f"{self.layer.title}, {as_path(pattern)}"


class RouteCover(NamedTuple):
    """A rule of the URL map with one method, one path that leads there, and what covers it."""

    rule: Rule
    route: Route
    cover: Cover | None

    @property
    def is_decorated(self) -> bool:
        """Whether the view has a policy of its own."""
        return self.cover is not None and self.cover.layer.scope is None


class MadeApp(NamedTuple):
    """A ``Flask`` object, and where the program has made it."""

    app: Flask
    place: Place


@contextmanager
def record_apps() -> Iterator[list[MadeApp]]:
    """Record which ``Flask`` objects are made meanwhile, and where."""
    made: list[MadeApp] = []
    original = Flask.__init__

    def __init__(self: Flask, *args: Any, **options: Any) -> None:  # noqa: N807 - it stands for one
        made.append(MadeApp(self, _caller(self)))
        original(self, *args, **options)

    Flask.__init__ = __init__  # type: ignore[method-assign]
    try:
        yield made
    finally:
        Flask.__init__ = original  # type: ignore[method-assign]


def _caller(app: Flask) -> Place:
    """Return the place that makes *app*, beyond the constructors of its own classes."""
    frames = (pair for pair in walk_stack(sys._getframe(2)) if pair[0].f_locals.get("self") is not app)
    frame, line = next(frames)
    return Place(frame.f_code.co_filename, line)


class Site:
    """An app as ``flask cors`` sees it."""

    def __init__(self, app: Flask, made: Sequence[MadeApp] = (), program: Program | None = None) -> None:
        self.app = app
        self.made = made
        self.program: Program = program or Program(self._project_files)
        self._state: AppState = app_state(app)
        if not self._state.ready:
            self._state.build()
            self._state.ready = True
        self.config_error: str = ""
        self.config: ParsedOptions = self._parse_config()
        self.layers: list[Layer] = [
            self._layer(scope) for scope, _ in self._state.resources if scope in self._state.scopes
        ]
        if len(self.layers) < len(self._state.scopes):  # the options are wrong, and the state denies every origin
            self.layers = list(map(self._layer, self._state.scopes))

    def _parse_config(self) -> ParsedOptions:
        try:
            return parse_config(self.app.config)
        except (TypeError, ValueError) as error:
            self.config_error = str(error)
            return _NO_CONFIG

    @property
    def is_installed(self) -> bool:
        """Whether there is a ``CORS`` on the app, so that preflights get their response before any login."""
        return bool(self._state.scopes)

    @property
    def errors(self) -> list[tuple[Layer | None, str]]:
        """The options that are wrong together, although each is right; then no origin is allowed."""
        decorated = {id(item.cover.layer.parsed): item.cover.layer for item in self.routes if item.cover}
        layers = {**{id(layer.parsed): layer for layer in self.layers}, **decorated}
        found: list[tuple[Layer | None, str]] = [(layer, layer.error) for layer in layers.values() if layer.error]
        return [(None, self.config_error), *found] if self.config_error else found

    def app_layers(self) -> list[Layer]:
        """Return the ``CORS`` on the app itself, the latest first."""
        return [layer for layer in self.layers if layer.scope and not layer.scope.blueprint]

    def layers_at(self, route: Route) -> list[Layer]:
        """Return those ``CORS`` that can decide for a route that is not decorated, in their order."""
        return [layer for layer in self.layers if layer.scope and layer.scope.covers(route)]

    def misspelt_keys(self) -> list[str]:
        """Return sentences about keys of the config that resemble a setting."""
        given = [
            self.config,
            *all_decorations(self.app.view_functions.values()),
            *(scope.parsed for scope in self._state.scopes),
        ]
        return [*misspelt_keys(self.app.config, given)]

    # Covers

    def cover(self, route: Route) -> Cover | None:
        """Return what decides for a route."""
        decoration = view_decoration(self.app, route.endpoint, route.method)
        if decoration is not None:
            layer = self._decoration(decoration)
            return Cover(layer, layer.entries[0])
        return self.cover_beneath(route)

    def cover_beneath(self, route: Route) -> Cover | None:
        """Return what decides for a route, decorators aside."""
        for layer in self.layers_at(route):
            for pattern, policy in self._rules(layer):
                if pattern.match(route.path):
                    entry = next(one for one in layer.entries if one.pattern is pattern and one.policy is policy)
                    return Cover(layer, entry)
        return None

    def is_too_long(self, route: Route) -> bool:
        """Whether the path is so long that no pattern is tried."""
        return self._state.policy_for(route) is DENY_ALL and not self.errors

    def _rules(self, layer: Layer) -> list[tuple[re.Pattern[str], Policy]]:
        kept = [resources.rules for scope, resources in self._state.resources if scope is layer.scope]
        return kept[0] if kept else [(entry.pattern, entry.policy) for entry in layer.entries]

    def _layer(self, scope: Scope) -> Layer:
        rules = [resources.rules for one, resources in self._state.resources if one is scope]
        written = scope.parsed.values.get(RESOURCES, self.config.values.get(RESOURCES))
        title = self._title(scope)
        if not rules:
            return Layer(title, scope.parsed, self.config, _DENIED, scope, _error(scope.parsed, self.config))
        policies = {id(pattern): policy for pattern, policy in rules[0]}
        entries = [Entry(pattern, own, policies[id(pattern)]) for pattern, own in self._entries(written)]
        return Layer(title, scope.parsed, self.config, tuple(entries), scope)

    @staticmethod
    def _entries(written: Any) -> Iterable[tuple[re.Pattern[str], Mapping[str, Any]]]:
        return EVERY_PATH if written is None else written

    def _decoration(self, decoration: ParsedOptions) -> Layer:
        policy = self._state.decorated_policy(decoration)
        error = _error(decoration, self.config) if policy is DENY_ALL else ""
        return Layer("@cross_origin", decoration, self.config, (Entry(ANY_PATH, {}, policy),), None, error)

    def _title(self, scope: Scope) -> str:
        """Name the call as the program has it, ``CORS(auth_bp)``."""
        target = scope.blueprint.rstrip(".") or "app"
        name, line = scope.parsed.location
        file = self.program.file(name)
        call = file and file.find_call(line, SETTERS)
        if file and call and call.args:
            target = file.segment(call.args[0])
        return f"CORS({target})"

    # Routes

    @cached_property
    def routes(self) -> list[RouteCover]:
        """All rules, methods, and paths that stand for others."""
        return [
            RouteCover(rule, route, self.cover(route))
            for rule in self.app.url_map.iter_rules()
            for method in rule_methods(rule)
            for route in (Route(rule.endpoint, method, path) for path in sample_paths(rule.rule))
        ]

    def route(self, url: str, method: str) -> Route:
        """Return the route that a request reaches."""
        request = self.app.request_class(request_environ(self.app, Request(method, url, ()), {}))
        adapter = url_adapter(self.app, request)
        return Route(None, method, request.path) if adapter is None else resolve_route(adapter, method, request.path)

    def handles_options(self, url: str) -> bool:
        """Whether ``OPTIONS`` leads to a view that was written for it, so that a preflight may run that."""
        environ = request_environ(self.app, Request("OPTIONS", url, ()), {})
        adapter = url_adapter(self.app, self.app.request_class(environ))
        return adapter is not None and self._state.view_handles_options(adapter)

    def has_preflight_wrapper(self, url: str, endpoint: str | None) -> bool:
        """Whether ``OPTIONS`` leads to the decorated view itself, so that its wrapper responds to a preflight."""
        decoration = view_decoration(self.app, endpoint, "OPTIONS")
        return self.route(url, "OPTIONS").endpoint == endpoint and answers_options(decoration)

    @contextmanager
    def request(self, url: str, origin: str) -> Iterator[None]:
        """Be in a request, if the app lets that happen: functions in ``origins`` may read it."""
        environ = request_environ(self.app, Request("GET", url, (("Origin", origin),)), {})
        with ExitStack() as stack:
            with suppress(Exception):
                stack.enter_context(self.app.request_context(environ))
            yield

    def methods_at(self, url: str) -> set[str]:
        """Return the methods that a path has a view for."""
        methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")
        found = [(method, self.route(url, method)) for method in methods]
        return {method for method, route in found if route.endpoint is not None and route.method == method}

    # The program

    def made_at(self) -> tuple[SourceFile, Any, str] | None:
        """Return the file and the statement that make the app, and the name that it has there."""
        for place in self._candidates():
            file = self.program.file(place.file)
            statement = file.find_statement(place.line) if file else None
            target = _first_target(statement)
            if file and target is not None:
                return file, statement, file.segment(target)
        return None

    def _candidates(self) -> Iterator[Place]:
        yield from (made.place for made in self.made if made.app is self.app)
        module = sys.modules.get(self.app.import_name)
        name = getattr(module, "__file__", None)
        file = self.program.file(name) if name else None
        calls = file.nodes(ast.Call) if file else ()
        yield from (Place(name, call.lineno) for call in calls if name and last_name(call.func) == "Flask")
        names = [key for key, value in vars(module).items() if value is self.app] if module else []
        settings = [value for key in names for value in file.find_settings(key)] if file else []
        yield from (Place(name, value.lineno) for value in settings if name)

    def _project_files(self) -> list[str]:
        """Return the files in which the program may have its settings."""
        below = (os.path.join(Path.cwd(), ""), os.path.join(self.app.root_path, ""))
        loaded = [getattr(module, "__file__", None) or "" for module in [*sys.modules.values()]]
        python = [name for name in loaded if name.startswith(below) and name.endswith(".py")]
        own = [name for name in python if "site-packages" not in Path(name).parts]
        beside = [str(path) for path in Path(self.app.instance_path).glob("*.py")]
        return [*own, *beside, *map(str, Path(self.app.root_path).glob("*.cfg"))][:_MAX_FILES]


_DENIED = (Entry(ANY_PATH, {}, DENY_ALL),)


def _error(parsed: ParsedOptions, config: ParsedOptions) -> str:
    try:
        build_resources(parsed, config)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _first_target(statement: Any) -> Any:
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return targets[0]


def rule_methods(rule: Rule) -> list[str]:
    """Return the methods of a rule, without the ``OPTIONS`` that Flask adds."""
    return sorted((rule.methods or {"GET"}) - {"OPTIONS"}) or ["OPTIONS"]


# -- Paths that stand for others ---------------------------------------------------------------------------

_CONVERTER = re.compile(r"<(?:(?P<name>\w+)(?:\((?P<arguments>[^)]*)\))?:)?[^>]*>")
_SAMPLES = {
    "int": ("1", "2026"),
    "float": ("1.5",),
    "uuid": ("00000000-0000-4000-8000-000000000000",),
    "path": ("a", "a/b"),
}


def sample_paths(rule: str) -> list[str]:
    """Return paths that a rule matches; a policy may cover only some of them.

    >>> sample_paths("/users/<int:id>/<any(posts, likes):what>")
    ['/users/1/posts', '/users/2026/likes']
    """
    samples = [_samples(match) for match in _CONVERTER.finditer(rule)]
    count = max(map(len, samples), default=1)
    return list(dict.fromkeys(_fill(rule, samples, number) for number in range(count)))


def _samples(converter: re.Match[str]) -> Sequence[str]:
    if converter["name"] == "any":
        return [item.strip(" \"'") for item in str(converter["arguments"]).split(",")]
    return _SAMPLES.get(converter["name"], ("1", "a"))


def _fill(rule: str, samples: Iterable[Sequence[str]], number: int) -> str:
    values = (some[number % len(some)] for some in samples)
    return _CONVERTER.sub(lambda _: next(values), rule)


def rule_pattern(rule: str) -> str:
    """Return a pattern for the paths of one rule, and for nothing else."""
    return "".join(map(_pattern_part, re.split(r"(<[^>]*>)", rule))) + "$"


def _pattern_part(text: str) -> str:
    if not text.startswith("<"):
        return escape_path(text)
    return ".+" if text.startswith("<path:") else "[^/]+"


def escape_path(path: str) -> str:
    """Escape what a pattern would take for an operator, and nothing else."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", path)
