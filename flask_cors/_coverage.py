"""Coverage: which policy covers a request. One instance an app, in ``app.extensions["cors"]``.

The policy is that of the route that Flask dispatches to, however the path is spelt, and also where dispatching
ends in a redirect, a 404 or a 405. A decorated view's own policy comes first, then the innermost blueprint's,
then the app's; of several ``CORS`` on the same one, the latest whose resources match.
"""

from __future__ import annotations

import re
from posixpath import commonpath
from threading import RLock
from typing import NamedTuple, cast
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask, Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect

from .options import RESOURCES, Given, by_config, misspelt, resources_of, warn
from .policy import ALL_METHODS, Policy
from .resources import Choice, Resources, precision

MARK = "cors_given"  # the attribute of a decorated view that holds its `Given`
_MOST_HOPS = 8  # of a redirect that leads to a redirect


Choices = dict[tuple[object, str], Choice | None]  # by endpoint and method


class Place(NamedTuple):
    """Where a request ends: the endpoint, if any, that its method and path lead to."""

    endpoint: str | None
    method: str
    path: str


class Coverage:
    """What one app has been given. The policies that this makes are made when they are first needed."""

    def __init__(self) -> None:
        self.hooked = False
        self.policies: Policies | None = None
        self.simple: Choices = {}  # those of the policies, which is where most requests end
        self.given: dict[str | None, list[Given]] = {}
        self.prefixes: dict[str, re.Pattern[str]] = {}
        self._added = 0
        self._lock = RLock()

    def add(self, given: Given, blueprint: str | None = None, prefix: str = "") -> None:
        """Let *given* hold for the app, or for the *blueprint* of that name and what is missing below its prefix."""
        with self._lock:
            self.given.setdefault(blueprint, []).append(given)
            if blueprint is not None and prefix.strip("/"):
                self.prefixes[blueprint] = _below(prefix)
            self._added += 1
            self.policies, self.simple = None, {}

    def settle(self, app: Flask) -> Policies:
        """Make the policies, once for all threads, as the app's config now stands."""
        return self.policies or self._settle(app)

    def _settle(self, app: Flask) -> Policies:
        with self._lock:
            while self.policies is None:
                added, made = self._added, Policies(app, self)
                if added == self._added:  # else more has been given meanwhile
                    self.policies, self.simple = made, made.simple
            return self.policies


class Policies:
    """The policies of one app. What was found out once is looked up from then on."""

    def __init__(self, app: Flask, coverage: Coverage) -> None:
        warn(misspelt(app.config, set().union(*(given for every in coverage.given.values() for given in every))))
        self.config: Given = by_config(app.config, RESOURCES)
        self.resources: dict[str | None, list[Resources]] = {
            scope: [resources_of(given, self.config) for given in reversed(every)]
            for scope, every in list(coverage.given.items())
        }
        self._prefixes = dict(coverage.prefixes)
        self._app = app
        self._own: dict[Given, Resources] = {}
        self._choices: Choices = {}
        # Of these, those that ask no function. ``None`` where a request may have a policy of its own.
        self.simple: Choices = {}
        self.declared: tuple[int, bool] = (0, False)  # whether, of so many views, any is there for OPTIONS
        # Of these, the policies that decorations make.
        self.shown: dict[object, Policy] = {}

    def of(self, place: Place) -> Policy | None:
        """The policy that covers what is at *place*, if there is one."""
        choice = self._choices.get(place[:2]) or self._choice(place)
        return choice(place.path)

    def own(self, decoration: Given) -> Policy:
        """The policy that a *decoration* makes in this app."""
        return self._resources_of(decoration).rules[0][1]

    def _resources_of(self, decoration: Given) -> Resources:
        if decoration not in self._own:
            self._own[decoration] = resources_of(decoration, self.config)
        return self._own[decoration]

    def _choice(self, place: Place) -> Choice:
        given, key = self.decoration(place), place[:2]
        scopes = (*self.blueprints(place), None)
        covering = [each for scope in scopes for each in self.resources.get(scope, ())]
        candidates = covering if given is None else [self._resources_of(given)]
        choice = _first(candidates)
        if place.endpoint is not None and place.method in ALL_METHODS:
            self._choices[key] = choice
            if place.method != "OPTIONS" and not any(each.asks for each in candidates):
                self.simple.setdefault(key, choice)
                if given is not None:
                    self.shown[key] = self.own(given)
        return choice

    def decoration(self, place: Place) -> Given | None:
        """What ``@cross_origin`` was given for the view at *place*; in a class, the method's own comes first."""
        view = self._app.view_functions.get(place.endpoint or "")
        handlers = (place.method.lower(), "get" if place.method == "HEAD" else "", "dispatch_request")
        in_class = (getattr(getattr(view, "view_class", None), name, None) for name in handlers)
        return next((getattr(found, MARK) for found in (*in_class, view) if hasattr(found, MARK)), None)

    def blueprints(self, place: Place) -> list[str]:
        """The blueprints of a place, innermost first; where there is no endpoint, those whose prefix it is below."""
        if place.endpoint is not None:
            names = place.endpoint.split(".")[:-1]
            return [".".join(names[:end]) for end in range(len(names), 0, -1)]
        below = [name for name, prefix in self._prefixes.items() if prefix.match(place.path)]
        return sorted(below, key=lambda name: precision(self._prefixes[name]), reverse=True)


def _first(resources: list[Resources]) -> Choice:
    """The policy of the first of several *resources* that has one for a path."""
    if len(resources) == 1:
        return resources[0].policy
    return lambda path: next((found for each in resources if (found := each.policy(path)) is not None), None)


_LATE: WeakKeyDictionary[Blueprint, list[Given]] = WeakKeyDictionary()


def remember_late(blueprint: Blueprint, given: Given) -> None:
    """Let *given* hold for a blueprint that is registered already, in all apps that have it."""
    _LATE.setdefault(blueprint, []).append(given)


def cover_late(app: Flask) -> bool:
    """Let hold what the blueprints of an app were given too late to know of the app; say whether there was any."""
    coverage = coverage_of(app)
    found = [
        (name, given)
        for name, blueprint in app.blueprints.items()
        for given in _LATE.get(cast(Blueprint, blueprint), [])
    ]
    new = [(name, given) for name, given in found if given not in coverage.given.get(name, ())]
    for name, given in new:
        coverage.add(given, name, _prefix(app, name))
    return bool(new)


def _prefix(app: Flask, blueprint: str) -> str:
    """The prefix of a registered blueprint, as far as it can still be told: its own, or else what its rules share."""
    parent, nested, _ = blueprint.rpartition(".")
    own = (app.blueprints[blueprint].url_prefix or "").strip("/")
    likely = (_prefix(app, parent) if nested else "") + f"/{own}" * bool(own)
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint}.")]
    return likely if all(f"{rule}/".startswith(f"{likely}/") for rule in rules) else commonpath(rules)


def coverage_of(app: Flask) -> Coverage:
    """The app's coverage; made when first asked for."""
    coverage: Coverage | None = app.extensions.get("cors")
    return coverage or app.extensions.setdefault("cors", Coverage())  # setdefault: of two threads, one makes it


def settled(app: Flask) -> Policies:
    """The app's policies, those of blueprints that got theirs late among them."""
    if _LATE:
        cover_late(app)
    return coverage_of(app).settle(app)


def adapter_of(app: Flask, request: Request) -> MapAdapter | None:
    """The app's routes, as a request meets them; none where its host is not trusted."""
    try:
        return app.create_url_adapter(request)
    except HTTPException:
        return None


def destination(app: Flask, request: Request, method: str, adapter: MapAdapter | None = None) -> Place:
    """Where a request like this one, but for *method*, ends, once redirects are followed and methods mended."""
    adapter, path = adapter or adapter_of(app, request), request.path
    return Place(None, method, path) if adapter is None else _follow(adapter, method, path)


def _follow(adapter: MapAdapter, method: str, path: str) -> Place:
    for _ in range(_MOST_HOPS):
        try:
            return Place(adapter.match(path, method)[0], method, path)
        except RequestRedirect as redirect:
            path = _path_here(adapter, redirect.new_url, path)
        except MethodNotAllowed as refusal:
            method = min({*(refusal.valid_methods or ())} - {"OPTIONS"}, default="OPTIONS")
        except HTTPException:
            break
    return Place(None, method, path)


def _path_here(adapter: MapAdapter, url: str, path: str) -> str:
    """The path to which *url* leads, decoded as it will be when it comes back; *path* if it leads out of this app."""
    parts, root = urlsplit(url), adapter.script_name.rstrip("/")
    target = unquote(parts.path)
    here = parts.netloc == adapter.get_host(None) and target.startswith(f"{root}/")
    return target.removeprefix(root) if here else path


def _below(prefix: str) -> re.Pattern[str]:
    """What paths below a blueprint's prefix look like; its converters stand for any segment."""
    texts_and_converters = re.split(r"<([^>]*)>", prefix.strip("/"))
    texts = map(re.escape, texts_and_converters[::2])
    converters = (".+" if name.startswith("path:") else "[^/]+" for name in [*texts_and_converters[1::2], ""])
    parts = (part for pair in zip(texts, converters, strict=True) for part in pair)
    return re.compile(f"/{''.join([*parts][:-1])}(?:/|\\Z)")
