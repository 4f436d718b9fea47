"""Coverage: which policy covers a request. One instance an app, in ``app.extensions["cors"]``.

The policy is that of the route that Flask dispatches to, however the path is spelt, and also where dispatching
ends in a redirect, a 404 or a 405. A decorated view's own policy comes first, then the innermost blueprint's,
then the app's; of several ``CORS`` on the same one, the latest whose resources match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Flask, Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect

from .options import RESOURCES, Given, by_config, misspelt, resources_of, warn
from .policy import ALL_METHODS, Policy
from .resources import Resources, precision

MARK = "cors_given"  # the attribute of a decorated view that holds its `Given`
_MOST_HOPS = 8  # of a redirect that leads to a redirect


class Place(NamedTuple):
    """Where a request ends: the endpoint, if any, that its method and path lead to."""

    endpoint: str | None
    method: str
    path: str


class Coverage:
    """What one app has been given, and, from its first request on, the policies that this makes."""

    def __init__(self) -> None:
        self.hooked = False
        self._given: dict[str | None, list[Given]] = {}
        self._prefixes: dict[str, re.Pattern[str]] = {}
        self._config: Given | None = None
        self._added, self._resolved = 0, -1  # how much has been given, and how much of it the policies know

    def add(self, given: Given, blueprint: str | None = None, prefix: str = "") -> None:
        """Let *given* hold for the app, or for the *blueprint* of that name and what is missing below its prefix."""
        self._given.setdefault(blueprint, []).append(given)
        if blueprint is not None and prefix.strip("/"):
            self._prefixes[blueprint] = _below(prefix)
        self._added += 1

    def holds(self, given: Given, blueprint: str) -> bool:
        """Whether *given* has been added for the *blueprint* of that name."""
        return given in self._given.get(blueprint, ())

    def policy(self, app: Flask, request: Request, method: str, hidden: Given | None = None) -> Policy | None:
        """The policy that covers *request*, were it for *method*; ``None`` where there is none.

        *hidden* is the decoration of a view that is running, for the case that its route does not show it.
        """
        if self._resolved != self._added:
            self._resolve(app)
        place = _destination(app, request, method)
        if hidden is not None and place.endpoint == request.endpoint and decoration(app, place) is None:
            return self.own(hidden)
        for resources in self._plans.get(place[:2]) or self._plan(app, place):
            policy = resources.policy(place.path)
            if policy is not None:
                return policy
        return None

    def _plan(self, app: Flask, place: Place) -> list[Resources]:
        """The resources that may cover a place, first choice first; remembered for what only the app can name."""
        plans, given = self._plans, decoration(app, place)
        plan = [*self._candidates(place)] if given is None else [self._resources_of(given)]
        if place.endpoint is not None and place.method in ALL_METHODS:
            plans[place[:2]] = plan  # never into plans that another thread has begun meanwhile
        return plan

    def own(self, decoration: Given) -> Policy:
        """The policy that a *decoration* makes in this app."""
        return self._resources_of(decoration).rules[0][1]

    def _resources_of(self, decoration: Given) -> Resources:
        decorated = self._decorated  # another thread may put a new one in its place
        if decoration not in decorated:
            decorated[decoration] = resources_of(decoration, self._config)
        return decorated[decoration]

    def _resolve(self, app: Flask) -> None:
        added, config = self._added, by_config(app.config, RESOURCES)
        warn(misspelt(app.config, set().union(*(given for every in self._given.values() for given in every))))
        self._decorated: dict[Given, Resources] = {}
        self._resources = {
            scope: [resources_of(given, config) for given in reversed(all_given)]
            for scope, all_given in list(self._given.items())
        }
        self._plans: dict[tuple[str | None, str], list[Resources]] = {}
        self._config, self._resolved = config, added  # last: other threads look at it

    def _candidates(self, place: Place) -> Iterator[Resources]:
        for name in (*self._blueprints(place), None):
            yield from self._resources.get(name, ())

    def _blueprints(self, place: Place) -> list[str]:
        """The blueprints of a place, innermost first; where there is no endpoint, those whose prefix it is below."""
        if place.endpoint is not None:
            names = place.endpoint.split(".")[:-1]
            return [".".join(names[:end]) for end in range(len(names), 0, -1)]
        below = [name for name, prefix in self._prefixes.items() if prefix.match(place.path)]
        return sorted(below, key=lambda name: precision(self._prefixes[name]), reverse=True)


def coverage_of(app: Flask) -> Coverage:
    """The app's coverage; made when first asked for."""
    coverage: Coverage | None = app.extensions.get("cors")
    return coverage or app.extensions.setdefault("cors", Coverage())  # setdefault: of two threads, one makes it


def decoration(app: Flask, place: Place) -> Given | None:
    """What ``@cross_origin`` was given for the view at *place*; in a class, the method's own decoration comes first."""
    view = app.view_functions.get(place.endpoint or "")
    handlers = (place.method.lower(), "get" if place.method == "HEAD" else "", "dispatch_request")
    in_class = (getattr(getattr(view, "view_class", None), name, None) for name in handlers)
    return next((getattr(found, MARK) for found in (*in_class, view) if hasattr(found, MARK)), None)


def _destination(app: Flask, request: Request, method: str) -> Place:
    """Where a request like this one, but for *method*, ends, once redirects are followed and methods mended."""
    if request.url_rule is not None and method == request.method:
        return Place(request.url_rule.endpoint, method, request.path)
    try:
        adapter = app.create_url_adapter(request)
    except HTTPException:  # an untrusted host, say
        adapter = None
    place = Place(None, method, request.path)
    return place if adapter is None else _follow(adapter, place)


def _follow(adapter: MapAdapter, place: Place) -> Place:
    for _ in range(_MOST_HOPS):
        try:
            return place._replace(endpoint=adapter.match(place.path, place.method)[0])
        except RequestRedirect as redirect:
            place = place._replace(path=_path_here(adapter, redirect.new_url, place.path))
        except MethodNotAllowed as refusal:
            place = place._replace(method=min({*(refusal.valid_methods or ())} - {"OPTIONS"}, default="OPTIONS"))
        except HTTPException:
            break
    return place


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
