"""The state of an app: what it was given, the policies that this makes, and which of them covers a route.

A decorated view's own policy comes first, then the innermost blueprint's, then the app's. Of several ``CORS`` on the
same one, the latest decides whose resources match.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from threading import RLock
from weakref import WeakKeyDictionary

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from ._decorations import all_decorations, answers_options, registered_functions, view_decoration
from ._routes import Route, class_handles_options, declares_options
from .options import CONFIG_KEYS, ParsedOptions, build_resources, parse_config, policy_warnings, warn
from .policy import DENY_ALL, Policy
from .resources import ANY_PATH, Resources, precision


class Scope:
    """What one ``CORS`` was given, and where it counts: in the app, or in a blueprint and below its prefix."""

    def __init__(self, parsed: ParsedOptions, blueprint: str = "", paths: re.Pattern[str] = ANY_PATH) -> None:
        self.parsed = parsed
        self.blueprint = blueprint  # the start of its endpoints
        self.paths = paths

    def covers(self, route: Route) -> bool:
        """Whether a route is the blueprint's; where there is no endpoint, whether its path is below the prefix."""
        if route.endpoint is None:
            return self.paths.match(route.path) is not None
        return route.endpoint.startswith(self.blueprint)


class AppState:
    """What one app was given, and the policies that this makes when the app gets its first request."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.lock = RLock()
        self.ready = False
        self.may_have_callables = False  # whether a policy has functions in `origins`
        self.asks_callables = False  # whether the function that calls them is installed
        self.installed = False  # whether `app.wsgi_app` is wrapped, or must not be
        self.scopes: list[Scope] = []  # the latest first
        self.resources: list[tuple[Scope, Resources]] = []
        self._views: list[object] = []
        self._decorations: set[ParsedOptions] = set()
        self._decorated: WeakKeyDictionary[ParsedOptions, Policy] = WeakKeyDictionary()
        self._config: ParsedOptions | None = None
        self._warned: set[str] = set()
        self._errors: list[str] = []  # to be logged

    def add(self, scope: Scope) -> None:
        """Add what a ``CORS`` was given.

        :raises TypeError: for unknown names in an entry of ``CORS_RESOURCES``, as it is now.
        :raises ValueError: for what is wrong already, with the config as it is now.
        """
        resources = build_resources(scope.parsed, self._parse_config())
        with self.lock:
            self._note_callables(resources)
            self.scopes.insert(0, scope)
            self.ready = False

    def policy_for(self, route: Route) -> Policy | None:
        """Return the policy that covers *route*, if there is one."""
        decoration = view_decoration(self.app, route.endpoint, route.method)
        if decoration is not None:
            return self.decorated_policy(decoration)
        for scope, resources in self.resources:
            if not scope.blueprint or scope.covers(route):  # the app's own covers every route
                policy = resources.policy(route.path)
                if policy is not None:
                    return policy
        return None

    def decorated_policy(self, decoration: ParsedOptions) -> Policy:
        """Return the policy that a decoration makes in this app. If its options are wrong, it allows no origin."""
        policy = self._decorated.get(decoration)
        if policy is None:
            policy = DENY_ALL
            try:
                if self._config is not None:
                    [(_, policy)] = self._build_resources(decoration).rules
            except Exception as error:
                self._log("{}:{}: {}".format(*decoration.location, error))
            self._decorated[decoration] = policy
        return policy

    def view_handles_options(self, adapter: MapAdapter) -> bool:
        """Whether the view that ``OPTIONS`` reaches handles it itself."""
        try:
            rule, _ = adapter.match(method="OPTIONS", return_rule=True)
        except HTTPException:
            return False
        if not declares_options(rule):
            return False
        responds = answers_options(view_decoration(self.app, rule.endpoint, "OPTIONS"))
        return not responds or class_handles_options(self.app.view_functions.get(rule.endpoint))

    def build(self) -> None:
        """Make the policies, with the config as it is at the first request. If that is wrong, no origin is allowed."""
        self._find_decorations()
        # The longest prefix first, and so the app's own last. Of equal ones the latest: Flask registers nested
        # blueprints last.
        scopes = sorted(self.scopes, key=lambda scope: precision(scope.paths), reverse=True)
        try:
            if self._config is None:
                self._config = self._parse_config()
            self.resources = [(scope, self._build_resources(scope.parsed)) for scope in scopes]
            if any(str(key).startswith("CORS_") for key in self.app.config.keys() - CONFIG_KEYS.keys()):
                from .cli.advice import misspelt_keys

                given = [self._config, *self._decorations, *(scope.parsed for scope in scopes)]
                warn(misspelt_keys(self.app.config, given), self._warned)
        except Exception as error:
            self._config = None
            self.resources = [(Scope(ParsedOptions({})), Resources([(ANY_PATH, DENY_ALL)]))]
            self._log(error)
        for decoration in self._decorations:
            self.decorated_policy(decoration)

    def _find_decorations(self) -> None:
        views: list[object] = [*self.app.view_functions.values()]
        # Beside `CORS`, the decorations of functions that are not views do not count.
        functions = registered_functions(self.app) if self.scopes else views
        self._decorations = all_decorations(functions)
        self._views = views  # last, since another thread may compare them

    def is_registered(self, decoration: ParsedOptions) -> bool:
        """Whether a decoration is of a function that is registered with the app, or hidden in one."""
        if [*map(id, self._views)] != [*map(id, self.app.view_functions.values())]:  # one was replaced
            self._find_decorations()
        return decoration in self._decorations

    def _build_resources(self, parsed: ParsedOptions) -> Resources:
        resources = build_resources(parsed, self._config)
        self._note_callables(resources)
        self._warned |= parsed.warned
        warn(policy_warnings(resources), self._warned)
        return resources

    def _parse_config(self) -> ParsedOptions:
        for key, value in [*self.app.config.items()]:
            if key in CONFIG_KEYS and isinstance(value, Iterator):  # it is read at set-up and at the first request
                self.app.config[key] = [*value]
        return parse_config(self.app.config)

    def _note_callables(self, resources: Resources) -> None:
        if not self.may_have_callables and any(policy.origins.callables for _, policy in resources.rules):
            self.may_have_callables = True
            self.ready = False  # what calls them has to be installed

    def _log(self, error: object) -> None:
        self._errors.append(f"CORS: no origin is allowed, because the options are wrong: {error}")
        if self.ready:
            self.log_errors()

    def log_errors(self) -> None:
        """Log what was found wrong. Not while the lock is held: a handler of the app's may call the app."""
        while self._errors:
            error = self._errors.pop(0)
            with suppress(Exception):  # a filter of the app's may need a request
                self.app.logger.error(error)


def blueprint_scope(parsed: ParsedOptions, blueprint: str, prefix: str) -> Scope:
    """Return the scope of a registered blueprint; the converters in its prefix stand for any segment."""
    pattern = re.sub("<path:[^>]*>", ".+", re.escape(prefix.strip("/")))
    pattern = re.sub("<[^>]*>", "[^/]+", pattern)
    paths = rf"/{pattern}(?:/|\Z)" if pattern else "(?!)"  # without a prefix, no path is its own
    return Scope(parsed, f"{blueprint}.", re.compile(paths))
