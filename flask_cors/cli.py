"""``flask cors``: what an app's configuration means to a browser, on the command line.

``flask cors routes`` shows which policy covers which route, ``flask cors explain`` lets a browser's model make one
call and says what to change where it is blocked, ``flask cors check`` looks for mistakes in the whole configuration.

All that is asked of the app is in :class:`Site`; of the rest, the pure parts come first: writing a policy down as
code, what a policy lacks for a call, findings. The commands are at the end.
"""

from __future__ import annotations

import json
import os
import re
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

import click
from flask import Flask, session
from flask.cli import AppGroup, NoAppException, ScriptInfo
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder

from . import browser as fetch
from ._coverage import Coverage, Place, Policies, coverage_of, destination
from .extension import cover_late_blueprints
from .options import EVERY_PATH, NAMES, RESOURCES, CORSWarning, Given, Options, nearest
from .origins import Origins
from .policy import ALL_METHODS, Policy
from .resources import EVERYTHING, NOBODY, literal_beginning, precision
from .testing import browser, split_root, transcript

__all__ = ["cors"]

Changes = Mapping[str, Any]  # options, by name, as they ought to be

EXAMPLE = "https://app.example"
_TIMEOUT = 10  # seconds, for each step of a live call
_MOST_BYTES = 65536  # of a live answer's body
_WIDTH = 100
_MOST_SHOWN = 8  # entries of a list, in a line of code
_PACKAGE = str(Path(__file__).parent) + os.sep


class Mistake(click.ClickException):
    """What the user has to put right before there is anything to show: a message, and no traceback."""

    exit_code = 2

    def format_message(self) -> str:
        """Say it to a terminal."""
        return plain(self.message)


# -- The app: its routes, and the policy of each -----------------------------------------------------------


class Entry(NamedTuple):
    """One pattern of ``resources``, the options that it has of its own, and the policy that results."""

    pattern: re.Pattern[str]
    own: Mapping[str, Any]
    policy: Policy


class Layer(NamedTuple):
    """One ``CORS`` or ``@cross_origin``: *target* is what ``CORS`` was given, ``""`` for the decorator."""

    title: str
    target: str
    given: Given
    config: Given
    entries: tuple[Entry, ...]

    def entry(self, path: str) -> Entry | None:
        """The entry that decides for *path*: the most precise, and of equals the first."""
        matching = (entry for entry in self.entries if entry.pattern.match(path))
        return max(matching, key=lambda entry: precision(entry.pattern), default=None)

    @property
    def configured(self) -> bool:
        """Whether the patterns come from the app's config."""
        return RESOURCES in self.config and RESOURCES not in self.given


class Cover(NamedTuple):
    """Where a policy comes from."""

    layer: Layer
    entry: Entry

    @property
    def source(self) -> str:
        """Say it in a few words."""
        pattern = self.entry.pattern
        return self.layer.title if pattern == EVERYTHING else f"{self.layer.title}, {_raw(pattern)}"


class Route(NamedTuple):
    """A rule of the URL map with one method, one path that leads there, and what covers it."""

    rule: Rule
    place: Place
    cover: Cover | None

    @property
    def decorated(self) -> bool:
        """Whether the view speaks for itself."""
        return self.cover is not None and not self.cover.layer.target


class Site:
    """An app as ``flask cors`` sees it. This is the only reader of the extension's own state.

    :raises Mistake: for a configuration that the first request would refuse.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.coverage: Coverage = coverage_of(app)
        cover_late_blueprints(app)
        try:
            self.policies: Policies = self.coverage.settle(app)
            self.config: Given = self.policies.config
            self.scoped: dict[str | None, list[Layer]] = {
                scope: [*self._layers(scope, given)] for scope, given in self.coverage.given.items()
            }
            self.routes: list[Route] = list(self._routes())
        except (TypeError, ValueError) as error:
            raise Mistake(str(error)) from error

    @property
    def answers_first(self) -> bool:
        """Whether preflights are answered before anything else can."""
        return self.coverage.hooked

    def layers_of(self, scope: str | None) -> list[Layer]:
        """The ``CORS`` of a blueprint, or of the app; first choice first."""
        return self.scoped.get(scope, [])

    @property
    def layers(self) -> list[Layer]:
        """All ``CORS`` there are."""
        return list(chain.from_iterable(self.scoped.values()))

    def layers_at(self, place: Place) -> list[Layer]:
        """Those ``CORS`` that are asked about a place that is not decorated, first choice first."""
        return list(chain.from_iterable(map(self.layers_of, (*self.policies.blueprints(place), None))))

    def cover(self, place: Place) -> Cover | None:
        """What covers a place."""
        given = self.policies.decoration(place)
        if given is None:
            return self.cover_beneath(place)
        entry = Entry(EVERYTHING, {}, self.policies.own(given))
        return Cover(Layer("@cross_origin", "", given, self.config, (entry,)), entry)

    def cover_beneath(self, place: Place) -> Cover | None:
        """What covers a place, decorators aside."""
        found = ((layer, layer.entry(place.path)) for layer in self.layers_at(place))
        return next((Cover(layer, entry) for layer, entry in found if entry), None)

    def place(self, url: str, method: str) -> Place:
        """Where a request for *url* ends."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        root, path = split_root(self.app, parts.path)
        environ = EnvironBuilder(path=site + path, base_url=site + root).get_environ()
        return destination(self.app, self.app.request_class(environ), method)

    def _layers(self, scope: str | None, all_given: Sequence[Given]) -> Iterator[Layer]:
        target = "app" if scope is None else scope
        for back, resources in enumerate(self.policies.resources[scope]):
            ordinal = len(all_given) - back
            given = all_given[ordinal - 1]
            title = f"CORS({target})" + (f" no. {ordinal}" if len(all_given) > 1 else "")
            written = {RESOURCES: EVERY_PATH, **self.config, **given}[RESOURCES]
            # Resources has sorted them by precision; here they stay as they were written.
            ranked = sorted(enumerate(written), key=lambda one: precision(one[1][0]), reverse=True)
            policies = {number: rule[1] for (number, _), rule in zip(ranked, resources.rules, strict=True)}
            entries = (Entry(pattern, own, policies[number]) for number, (pattern, own) in enumerate(written))
            yield Layer(title, target, given, self.config, tuple(entries))

    def _routes(self) -> Iterator[Route]:
        for rule in self.app.url_map.iter_rules():
            for method in _methods(rule):
                for path in sample_paths(rule.rule):
                    place = Place(rule.endpoint, method, path)
                    yield Route(rule, place, self.cover(place))


def _methods(rule: Rule) -> list[str]:
    """The methods of a rule, without the ``OPTIONS`` that Flask adds."""
    return sorted((rule.methods or {"GET"}) - {"OPTIONS"}) or ["OPTIONS"]


_CONVERTER = re.compile(r"<(?:(?P<name>\w+)(?:\((?P<arguments>[^)]*)\))?:)?[^>]*>")
_SAMPLES = {
    "int": ("1", "2026"),
    "float": ("1.5",),
    "uuid": ("00000000-0000-4000-8000-000000000000",),
    "path": ("a", "a/b"),
}


def sample_paths(rule: str) -> list[str]:
    """Paths that a rule matches; a policy may cover only some of them.

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


# -- A policy as a line of code ----------------------------------------------------------------------------


def line(layer: Layer, entry: Entry, changes: Changes) -> str:
    """The line that sets up *layer*, with *changes* where *entry* has its options."""
    own = {name: value for name, value in changes.items() if _belongs_to(layer, entry, name)}
    rest = {name: value for name, value in changes.items() if name not in own}
    if not own:
        return _call(layer.target, {**layer.given, **rest})
    entries = [(one.pattern, {**one.own, **(own if one is entry else {})}) for one in layer.entries]
    return _line_of_resources(layer, entries, rest)


def _belongs_to(layer: Layer, entry: Entry, name: str) -> bool:
    """Whether an option goes into the pattern's own dict, so that it opens no more than that pattern."""
    has_dicts = any(one.own for one in layer.entries)
    return has_dicts and (name in entry.own or layer.configured or name not in layer.given)


def without(layer: Layer, entry: Entry) -> str:
    """The line that sets up *layer*, without *entry*."""
    return _line_of_resources(layer, [(one.pattern, one.own) for one in layer.entries if one is not entry], {})


def replaced(layer: Layer, entry: Entry, pattern: re.Pattern[str]) -> str:
    """The line that sets up *layer*, with another *pattern* for *entry*."""
    return _line_of_resources(layer, [(pattern if one is entry else one.pattern, one.own) for one in layer.entries], {})


def extended(layer: Layer, pattern: str, own: Changes) -> str:
    """The line that sets up *layer*, with one more *pattern*, which has options of its *own*."""
    entries = [(one.pattern, one.own) for one in layer.entries]
    return _line_of_resources(layer, [*entries, (re.compile(pattern), own)], {})


def _line_of_resources(layer: Layer, entries: Sequence[tuple[re.Pattern[str], Changes]], changes: Changes) -> str:
    if layer.configured:
        return f'app.config["CORS_RESOURCES"] = {_resources(entries)}'
    return _call(layer.target, {**layer.given, RESOURCES: tuple(entries), **changes})


def new_line(changes: Changes) -> str:
    """The line that sets up an app that has no ``CORS``."""
    return _call("app", changes)


_ORDER = [RESOURCES, *Options.__annotations__]


def _call(target: str, options: Changes) -> str:
    shown = {name: f"{name}={_option(name, options[name])}" for name in _ORDER if name in options}
    if target:
        return _fold("CORS", [target, *shown.values()])
    return _fold("@cross_origin", [text for name, text in shown.items() if name != RESOURCES])


def _fold(name: str, arguments: list[str]) -> str:
    """A call on one line, if there is room."""
    flat = f"{name}({', '.join(arguments)})"
    return flat if len(flat) <= _WIDTH else "\n".join([f"{name}(", *(f"    {one}," for one in arguments), ")"])


def _option(name: str, value: Any) -> str:
    return _resources(value) if name == RESOURCES else _value(value)


def _resources(entries: Sequence[tuple[re.Pattern[str], Changes]]) -> str:
    if not any(own for _, own in entries):
        patterns = [_path(pattern) for pattern, _ in entries]
        return patterns[0] if len(patterns) == 1 else f"[{', '.join(patterns)}]"
    return f"{{{', '.join(f'{_path(pattern)}: {_dict(own)}' for pattern, own in entries)}}}"


def _dict(options: Changes) -> str:
    return f"{{{', '.join(f'{_text(name)}: {_value(value)}' for name, value in options.items())}}}"


def _value(value: Any) -> str:
    """An option's parsed value as a program would have it."""
    if isinstance(value, Origins):
        return _value(tuple(value.written))
    if isinstance(value, tuple):
        return _value(value[0]) if len(value) == 1 else f"[{', '.join(_shortened(list(map(_value, value))))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, re.Pattern):
        return _raw(value) if value.flags & ~re.UNICODE else f"re.compile({_raw(value)})"
    return _function(value) if callable(value) else repr(value)


def _function(value: Callable[..., Any]) -> str:
    """A function by its name, and whatever else can be called by that of its class."""
    name = getattr(value, "__name__", f"{type(value).__name__}(...)")
    return "lambda origin: ..." if name == "<lambda>" else str(name)


def _shortened(items: list[str]) -> list[str]:
    return items if len(items) <= _MOST_SHOWN else [*items[: _MOST_SHOWN - 2], "...", items[-1]]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _raw(pattern: re.Pattern[str]) -> str:
    """A pattern as it is written in a program."""
    text, flags = pattern.pattern, pattern.flags & ~re.UNICODE
    if flags:
        return f"re.compile({text!r}, {re.RegexFlag(flags)!r})"  # repr(pattern) would cut a long one
    return repr(text) if '"' in text or not text.isprintable() else f'r"{text}"'


def _path(pattern: re.Pattern[str]) -> str:
    return '"*"' if pattern == EVERYTHING else _raw(pattern)


# -- What a policy lacks for a call ------------------------------------------------------------------------


class Asked(NamedTuple):
    """What a page wants: its origin, the method, the header names that need permission, cookies or not."""

    origin: str
    method: str
    headers: tuple[str, ...]
    credentials: bool


def lacking(policy: Policy, asked: Asked) -> dict[str, Any]:
    """The options, with their new values, that would let *asked* through; none if the policy does already."""
    if asked.origin == "null" and (asked.credentials or not _lets_in(policy, "null")):
        return {}  # the origin of every sandboxed page, so of anybody: no line of code should let it in
    needs = {
        "origins": _origins_needed(policy, asked),
        "methods": _methods_needed(policy, asked.method),
        "headers": _headers_needed(policy, asked),
        "supports_credentials": True if asked.credentials and not policy.supports_credentials else None,
    }
    return {name: value for name, value in needs.items() if value is not None}


def _origins_needed(policy: Policy, asked: Asked) -> tuple[Any, ...] | None:
    if asked.credentials and policy.origins.anyone:
        return (asked.origin,)
    return None if _lets_in(policy, asked.origin) else (*policy.origins.written, asked.origin)


def _lets_in(policy: Policy, origin: str) -> bool:
    try:
        return policy.allowed_origin(origin) is not None
    except Exception:  # of a function in origins; then nobody is let in
        return False


def _methods_needed(policy: Policy, method: str) -> tuple[str, ...] | None:
    """Other spellings than ``PATCH`` are beyond help: browsers compare methods to the letter."""
    listed = ALL_METHODS if policy.methods is None else policy.methods
    if fetch.is_safelisted_method(method) or not method.isupper() or {"*", method} & {*listed}:
        return None
    return (*listed, method)


def _headers_needed(policy: Policy, asked: Asked) -> tuple[str, ...] | None:
    listed = {name.lower() for name in policy.headers}
    missing = [name for name in asked.headers if name.lower() not in listed]
    if "*" in listed:  # with credentials the names asked for are repeated
        repeats = policy.supports_credentials or asked.credentials
        missing = [name for name in missing if fetch.is_non_wildcard_header(name) and not repeats]
    return (*policy.headers, *missing) if missing else None


# -- flask cors explain ------------------------------------------------------------------------------------


class Advice(NamedTuple):
    """What to do: in words, as headers that the server has to send, and as code."""

    text: str
    wire: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True)
class Explanation:
    """How a call came out, what else is worth knowing, and what to change."""

    outcome: fetch.Outcome
    notes: tuple[str, ...]
    advice: Advice | None


NOT_OK = "#cors-preflight-fetch-0 step 7"
_ELSEWHERE = {
    "#dom-request": "No server can allow this: change the call in the page.",
    "#http-network-fetch": "Is the server running, and is this its URL?",
    "#http-redirect-fetch": "Let the page ask for the URL where the redirect leads, or mend the redirect.",
}
_NULL = (
    "Sandboxed pages and pages opened as files have this origin, so it can be anybody's: do not let it in. "
    "Serve the page over http instead, from http://localhost:8000 for instance."
)
_REDIRECTED = (
    "The redirect led from one origin to another, and from there on the browser says Origin: null. "
    "Let the page ask for the last URL itself."
)
_TWICE = "Two parts of the server add the header, a proxy and the app for instance: let one of them do it."
_OTHERS = (
    "The policy allows this call, so other code changes the answer: look for Access-Control- in the app, "
    "and in what stands before it."
)
_LONG_PATH = "On a path of more than 4,096 characters no pattern is tried, and nobody is let in: use a shorter one."
_NO_OK = "The server has to answer OPTIONS with a status from 200 to 299, before any login and without a redirect."


def explain(
    page: fetch.Browser, url: str, method: str, headers: fetch.Pairs, credentials: bool, site: Site | None
) -> Explanation:
    """Let a *page* make a call; *site* is the app that answers, or ``None`` for a server of which nothing is known."""
    mode: fetch.CredentialsMode = "include" if credentials else "same-origin"
    outcome = page.fetch(url, method=method, headers=headers, credentials=mode)
    notes = (*_dropped(headers), *_elsewhere(outcome), *_heard(outcome))
    return Explanation(outcome, notes, _advice(outcome, page.origin, credentials, site))


def _dropped(headers: fetch.Pairs) -> list[str]:
    names = [name for name, value in headers if fetch.is_forbidden_header(name, value)]
    return [f"Browsers keep {name} to themselves: what a page sets is dropped." for name in names]


def _elsewhere(outcome: fetch.Outcome) -> list[str]:
    """A redirect may lead away from the app, which answers all the same when nothing is sent."""
    hosts = [urlsplit(exchange.request.url).netloc for exchange in outcome.exchanges]
    away = dict.fromkeys(host for host in hosts if host != hosts[0])
    return [
        f"A redirect led to {host}; a path of that host is another server's affair, unless it is yours."
        for host in away
    ]


def _heard(outcome: fetch.Outcome) -> list[str]:
    return [outcome.reason] if outcome.allowed and outcome.reason else []


def _advice(outcome: fetch.Outcome, origin: str, credentials: bool, site: Site | None) -> Advice | None:
    if outcome.allowed:
        return _exposing(outcome, site) if site else None
    known = _ELSEWHERE.get(outcome.step.partition(" ")[0])
    if known:
        return Advice(known)
    asked = asked_last(outcome, credentials)
    if asked.origin == "null" != origin:
        return Advice(_REDIRECTED)
    return advise_app(site, outcome, asked) if site else advise_server(outcome, asked)


def asked_last(outcome: fetch.Outcome, credentials: bool) -> Asked:
    """What the page wanted when it was refused."""
    sent = outcome.exchanges[-1].request
    origin = fetch.get_header(sent.headers, "Origin") or ""
    method = fetch.get_header(sent.headers, fetch.REQUEST_METHOD) or sent.method
    names = fetch.extract_list(sent.headers, fetch.REQUEST_HEADERS) or []
    return Asked(origin, method, tuple(names), credentials)


def advise_app(site: Site, outcome: fetch.Outcome, asked: Asked) -> Advice:
    """What to change in the app."""
    place = site.place(outcome.exchanges[-1].request.url, asked.method)
    cover = site.cover(place)
    if site.policies.of(place) is NOBODY:
        return Advice(_LONG_PATH)
    if cover is None:
        return _cover_it(site, place, asked)
    changes = lacking(cover.entry.policy, asked)
    first = ""
    if outcome.step == NOT_OK:
        changes |= {} if cover.entry.policy.automatic_options else {"automatic_options": True}
        first = "" if site.answers_first else new_line({RESOURCES: ()})
    lines = [first, line(*cover, changes) if changes else ""]
    if any(lines):
        return Advice(f"{cover.source} decides here.{_near(cover, asked)} Write:", code="\n".join(filter(None, lines)))
    return _beyond_the_policy(outcome, asked)


def _near(cover: Cover, asked: Asked) -> str:
    """Point out an origin that was meant, perhaps."""
    written = [entry for entry in cover.entry.policy.origins.written[:1000] if isinstance(entry, str)]
    hosts = {entry.partition("://")[2]: entry for entry in written}
    near = nearest(asked.origin.partition("://")[2], hosts, 0.8)
    if _lets_in(cover.entry.policy, asked.origin) or not near:
        return ""
    return f" It lists {hosts[near]!r}, but scheme, host and port must all be the same."


def _beyond_the_policy(outcome: fetch.Outcome, asked: Asked) -> Advice:
    if asked.origin == "null":
        return Advice(_NULL)
    if outcome.step == NOT_OK:
        return Advice("The view answers OPTIONS itself: let it answer with 200, or take OPTIONS out of its methods.")
    return Advice(_spelling(asked) or _OTHERS)


def _spelling(asked: Asked) -> str:
    if asked.method.isupper():
        return ""
    return f"Methods are compared to the letter: in the page, write {asked.method.upper()!r}."


def _cover_it(site: Site, place: Place, asked: Asked) -> Advice:
    """Add a pattern for a path that no policy covers."""
    if asked.origin == "null":
        return Advice(_NULL)
    missing = "" if place.endpoint else f" (and the app has no route for {asked.method} there)"
    text = f"No policy covers {place.path}{missing}. To open it to this page, write:"
    layer = next(iter(site.layers_of(None)), Layer("", "app", Given(), Given(), ()))
    base = {name: value for name, value in {**site.config, **layer.given}.items() if name != RESOURCES}
    own = {**({} if "origins" in base else {"origins": (asked.origin,)}), **lacking(Policy(**base), asked)}
    pattern = _pattern_of(site, place)
    if layer.entries or layer.configured:
        return Advice(text, code=extended(layer, pattern, own))
    return Advice(text, code=_call(layer.target, {**layer.given, RESOURCES: ((re.compile(pattern), {}),), **own}))


def _pattern_of(site: Site, place: Place) -> str:
    """A pattern for the rule that leads to *place*, or for its path alone, and for nothing else."""
    rules = [route.rule.rule for route in site.routes if route.place.endpoint == place.endpoint]
    patterns = ("".join(map(_pattern_part, re.split(r"(<[^>]*>)", rule))) + "$" for rule in rules)
    return next((pattern for pattern in patterns if re.match(pattern, place.path)), _escape(place.path) + "$")


def _pattern_part(text: str) -> str:
    if not text.startswith("<"):
        return _escape(text)
    return ".+" if text.startswith("<path:") else "[^/]+"


def _escape(path: str) -> str:
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", path)


def advise_server(outcome: fetch.Outcome, asked: Asked) -> Advice:
    """What a server of which nothing is known has to send."""
    answer = outcome.exchanges[-1].response
    if len(fetch.get_all(answer.headers, fetch.ALLOW_ORIGIN)) > 1:
        return Advice(_TWICE)
    policy = observed(outcome, asked)
    missing = lacking(policy, asked)
    text = _NO_OK if outcome.step == NOT_OK else "The server has to send:"
    if missing or outcome.step == NOT_OK:
        # Where a server lists no method, a policy for Flask need not either: by default it lists the usual ones.
        changes = lacking(policy._replace(methods=policy.methods or None), asked)
        return Advice(text, tuple(_on_the_wire(missing, asked)), new_line({**_options(policy, asked), **changes}))
    return Advice(_NULL if asked.origin == "null" else _spelling(asked) or _OTHERS)


def observed(outcome: fetch.Outcome, asked: Asked) -> Policy:
    """The policy that the last answers speak of; with credentials, ``*`` is no more than a name."""
    answer = outcome.exchanges[-1].response
    preflights = [exchange.response for exchange in outcome.exchanges if exchange.kind == "preflight"]
    permission = [answer, *preflights][-1]
    allowed = fetch.get_header(answer.headers, fetch.ALLOW_ORIGIN)
    return Policy(
        origins=Origins.parse([allowed] if allowed in ("*", asked.origin) else []),
        methods=_names_in(permission, fetch.ALLOW_METHODS, asked),
        headers=_names_in(permission, fetch.ALLOW_HEADERS, asked),
        supports_credentials=fetch.get_header(answer.headers, fetch.ALLOW_CREDENTIALS) == "true",
    )


def _options(policy: Policy, asked: Asked) -> dict[str, Any]:
    """What a policy says and an app has to, apart from what holds by default."""
    origins = () if policy.origins.everyone else policy.origins.written
    credentials = policy.supports_credentials and bool(origins or asked.credentials)  # there are none for everyone
    options = {"origins": origins, "methods": policy.methods, "headers": policy.headers}
    return {name: value for name, value in {**options, "supports_credentials": credentials}.items() if value}


def _names_in(answer: fetch.Response, name: str, asked: Asked) -> tuple[str, ...]:
    try:
        names = fetch.extract_list(answer.headers, name) or []
    except ValueError:
        names = []
    return tuple(name for name in names if not (name == "*" and asked.credentials))


def _on_the_wire(changes: Changes, asked: Asked) -> Iterator[str]:
    values = {
        fetch.ALLOW_ORIGIN: asked.origin if "origins" in changes else "",
        fetch.ALLOW_METHODS: ", ".join(changes.get("methods", ())),
        fetch.ALLOW_HEADERS: ", ".join(changes.get("headers", ())),
        fetch.ALLOW_CREDENTIALS: "true" if "supports_credentials" in changes else "",
    }
    return (f"{name}: {value}" for name, value in values.items() if value)


# What a page has no use for, or may never see.
_DULL = {"allow", "connection", "date", "keep-alive", "server", "set-cookie", "transfer-encoding", "vary"}


def hidden(outcome: fetch.Outcome) -> list[str]:
    """The headers of the answer that the page cannot read, and might want to."""
    read = outcome.response or fetch.Response(0)
    seen = {name.lower() for name, _ in read.headers} | _DULL
    names = (name for name, _ in outcome.exchanges[-1].response.headers)
    return list(
        dict.fromkeys(name for name in names if not name.lower().startswith("access-") and name.lower() not in seen)
    )


def _exposing(outcome: fetch.Outcome, site: Site) -> Advice | None:
    names = hidden(outcome)
    last = outcome.exchanges[-1].request
    cover = site.cover(site.place(last.url, last.method)) if names else None
    if cover is None:
        return None
    listed = [name for name in cover.entry.policy.expose_headers if name != "*"]
    text = f"Hidden from the page: {', '.join(names)}. To expose what is hidden, write:"
    return Advice(text, code=line(*cover, {"expose_headers": (*listed, *names)}))


# -- The network, for --live -------------------------------------------------------------------------------


def over_the_wire(request: fetch.Request) -> fetch.Response:
    """Send *request* for real."""
    url = urlsplit(request.url)
    try:
        connection = _connection(url)
        try:
            return _exchanged(connection, url, request)
        finally:
            connection.close()
    except (OSError, HTTPException, UnicodeError) as error:
        raise fetch.ConnectionFailed(str(error) or type(error).__name__) from error


def _connection(url: SplitResult) -> HTTPConnection:
    kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
    return kind(url.hostname or "", url.port, timeout=_TIMEOUT)


def _exchanged(connection: HTTPConnection, url: SplitResult, request: fetch.Request) -> fetch.Response:
    connection.putrequest(request.method, url.path + (f"?{url.query}" if url.query else ""))
    for name, value in request.headers:
        connection.putheader(name, value)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    headers = ((name, re.sub(r"\s*[\r\n]+\s*", " ", value)) for name, value in answer.getheaders())
    return fetch.Response(answer.status, tuple(headers), body=answer.read(_MOST_BYTES))


# -- flask cors check --------------------------------------------------------------------------------------


class Finding(NamedTuple):
    """A mistake, or what may be one, and the line to write instead."""

    level: Literal["error", "warning"]
    message: str
    write: str = ""


def findings(site: Site) -> list[Finding]:
    """All that can be said about an app's configuration, errors first."""
    decorated = [route for route in site.routes if route.decorated]
    patterns = [Cover(layer, entry) for layer in site.layers for entry in layer.entries]
    found = chain(
        _about_keys(site),
        _about_set_up(site),
        *map(about_policy, patterns),
        *(about_policy(route.cover) for route in decorated if route.cover),
        *(_about_pattern(site, cover) for cover in patterns),
        *(_about_decorator(site, route) for route in decorated),
        *(about_logins(site, site.routes, cover) for cover in _deciding(site)),
    )
    return sorted(dict.fromkeys(found), key=lambda finding: finding.level)


def _deciding(site: Site) -> list[Cover]:
    """What covers at least one route, once each."""
    return list({id(route.cover.entry.policy): route.cover for route in site.routes if route.cover}.values())


# The app as a whole

_KEYS = {f"CORS_{name.upper()}": name for name in sorted(NAMES | {RESOURCES})}


def _about_keys(site: Site) -> Iterator[Finding]:
    """Config keys that look like an option and are none."""
    for key, value in site.app.config.items():
        near = _near_key(key) if key.startswith("CORS_") and key not in _KEYS else ""
        if near:
            level: Literal["error", "warning"] = "warning" if _is_given(site, _KEYS[near]) else "error"
            message = f"app.config[{key!r}] is no option of Flask-Cors, so it has no effect by itself: {near} is."
            yield Finding(level, message, f'app.config["{near}"] = {_value(value)}')


def _near_key(key: str) -> str:
    plain = re.sub(r"_ALLOW(ED)?_", "_", key)
    return nearest(plain, _KEYS, 0.75)


def _is_given(site: Site, name: str) -> bool:
    covers = [*site.layers, *(route.cover.layer for route in site.routes if route.cover)]
    return name in site.config or any(name in layer.given for layer in covers)


def _about_set_up(site: Site) -> Iterator[Finding]:
    decorated = any(route.decorated for route in site.routes)
    if not site.layers and not decorated:
        message = "The app has neither CORS nor @cross_origin: pages of other origins can read nothing."
        yield Finding("warning", message, new_line({"origins": (EXAMPLE,)}))
    if decorated and not site.answers_first and any(site.app.before_request_funcs.values()):
        message = (
            "Without CORS on the app, the functions of before_request meet the preflights of decorated views first, "
            "and may refuse them."
        )
        yield Finding("warning", message, new_line({RESOURCES: ()}))


# One policy


def about_policy(cover: Cover) -> Iterator[Finding]:
    """What is wrong with a policy, wherever it is used."""
    yield from _about_origins(cover)
    yield from _about_names(cover)
    yield from _about_wildcards(cover)
    yield from _about_max_age(cover)


def _about_origins(cover: Cover) -> Iterator[Finding]:
    origins, title = cover.entry.policy.origins, cover.layer.title
    remarks = zip(origins.written, map(_remark, origins.written), strict=True) if _is_doubtful(origins) else ()
    for entry, (level, remark) in remarks:
        if remark:
            new = tuple(dict.fromkeys(_mended(one) if one == entry else one for one in origins.written))
            yield Finding(level, f"{title}: {remark}.", line(*cover, {"origins": new}))
    for risk in origins.risks_with_credentials() if cover.entry.policy.supports_credentials else ():
        new = tuple(_safer(str(one)) if risk.startswith(repr(one)) else one for one in origins.written)
        yield Finding("warning", f"{title}: {risk}.", line(*cover, {"origins": new}))


def _is_doubtful(origins: Origins) -> bool:
    return bool(origins.remarks or origins.patterns)


def _remark(entry: Any) -> tuple[Literal["error", "warning"], str]:
    """What is odd about one entry of ``origins``; an error if it lets nobody in."""
    found = Origins.parse([entry])
    if any(map(_matches_no_origin, found.patterns)):
        return "error", f"{_value(entry)} can never match: an origin begins with its scheme and ends with host or port"
    works = found.exact or found.wildcards or found.everyone
    return ("warning" if works else "error"), "".join(found.remarks)


def _matches_no_origin(pattern: re.Pattern[str]) -> bool:
    if pattern.flags & ~re.UNICODE:  # they change how it is read
        return False
    beginning = literal_beginning(pattern.pattern)
    begins = "://" in beginning or any(known.startswith(beginning[:4]) for known in ("http://", "null"))
    return not begins or pattern.pattern.rstrip("$").endswith("/")


def _mended(entry: Any) -> Any:
    """An entry of ``origins`` as it may have been meant."""
    text = entry.pattern if isinstance(entry, re.Pattern) else entry
    text = text.removeprefix("^").rstrip("$/").replace("\\.", ".")
    found = Origins.parse([text])
    guesses = [
        *found.exact,
        *found.wildcards,
        *re.findall(r"^\w+://[^/]+", text),
        f"https://{text.lstrip('/')}",
        re.sub(r"\.[*+]\.", "*.", text),
    ]
    right = (guess for guess in guesses if "null" not in guess and not Origins.parse([guess]).remarks)
    return next(right, EXAMPLE)


def _safer(origin: str) -> str:
    return EXAMPLE if "://*." in origin else origin.replace("http:", "https:")


def _is_of_the_response(name: str) -> bool:
    return name.lower().startswith("access-control-") and not fetch.is_forbidden_header(name)


_USELESS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("headers", fetch.is_forbidden_header, "the browser sets it, and no page can"),
    ("headers", _is_of_the_response, "it is a header of the answer, and no page sends it"),
    ("expose_headers", lambda name: name.lower() in ("set-cookie", "set-cookie2"), "browsers show it to no page"),
    ("methods", fetch.is_forbidden_method, "browsers let no page use it"),
)


def _about_names(cover: Cover) -> Iterator[Finding]:
    for option, is_useless, why in _USELESS:
        names = getattr(cover.entry.policy, option) or ()
        useful = tuple(name for name in names if not is_useless(name))
        for name in names:
            if is_useless(name):
                message = f"{cover.layer.title}: {name} in {option} has no effect: {why}."
                yield Finding("warning", message, line(*cover, {option: useful}))


def _about_wildcards(cover: Cover) -> Iterator[Finding]:
    policy = cover.entry.policy
    if not policy.supports_credentials:
        return
    title = cover.layer.title
    if "*" in policy.expose_headers:
        message = f'{title}: with credentials, "*" in expose_headers exposes nothing: list the names.'
        names = tuple(name for name in policy.expose_headers if name != "*") or ("X-Total-Count",)
        yield Finding("error", message, line(*cover, {"expose_headers": names}))
    for option, names in (("headers", ("Content-Type",)), ("methods", ("GET", "POST"))):
        if "*" in (getattr(policy, option) or ()):
            why = "is no wildcard to browsers, so whatever they ask for is allowed"
            message = f'{title}: with credentials, "*" in {option} {why}.'
            yield Finding("warning", message, line(*cover, {option: names}))


def _about_max_age(cover: Cover) -> Iterator[Finding]:
    seconds = cover.entry.policy.max_age or 0
    limits = {name: limit for name, limit in fetch.BROWSER_MAX_AGE_LIMITS.items() if limit < seconds}
    if limits:
        cut = ", ".join(f"{name} to {limit}" for name, limit in limits.items())
        message = f"{cover.layer.title}: max_age={seconds} is cut down by browsers: {cut} seconds."
        yield Finding("warning", message, line(*cover, {"max_age": max(limits.values())}))


# One pattern

_LIKE_A_PATH = re.compile(r"\^?(?P<path>(?:/[\w-]+)*/\w+)(?:/?\*|\.\*|/\?)?")


def _about_pattern(site: Site, cover: Cover) -> Iterator[Finding]:
    pattern = cover.entry.pattern
    routes = [route for route in site.routes if cover.layer in site.layers_at(route.place)]
    matching = [route for route in routes if pattern.match(route.place.path)]
    if not matching:
        yield from _about_unused(cover, routes)
    yield from _about_stray(cover, matching)
    yield from _about_shadowed(cover, [route for route in matching if not route.decorated])


def _about_unused(cover: Cover, routes: list[Route]) -> Iterator[Finding]:
    pattern = cover.entry.pattern
    rules = list(dict.fromkeys(route.rule.rule for route in routes))
    if pattern == EVERYTHING or _could_match(pattern, rules):
        return
    message = f"{cover.source} matches no route."
    guess = next(_guesses(pattern, {route.place.path for route in routes}, rules), None)
    yield Finding("error", message, without(*cover) if guess is None else replaced(*cover, guess))


def _could_match(pattern: re.Pattern[str], rules: list[str]) -> bool:
    """Whether the variable parts of a rule might make it match, where the samples did not."""
    if re.search(r"(?<!\?)(?<!\?P)(?<!\\)<", pattern.pattern):  # Flask's own way to write a rule
        return False
    beginning = _beginning(pattern).lower()
    statics = (rule.partition("<")[0].lower() for rule in rules if "<" in rule)
    return any(beginning.startswith(static) or static.startswith(beginning) for static in statics)


def _beginning(pattern: re.Pattern[str]) -> str:
    """With which text all that a pattern matches begins, as far as it is known; the case of letters aside."""
    return "" if pattern.flags & re.VERBOSE else literal_beginning(pattern.pattern)


# Only in a text of these parts, without groups, flags, sets and choices, can something be put and leave it a pattern.
# Few of its parts stretch: with many, a pattern that nobody has written could be tried for hours.
_PART = r"(?:[^\\^$|?*+()\[\]{}<>]|\\[dswDSW]|\\\W)"
_CONVERTED = r"<[^<>]*>[*+?]*"
_SIMPLE = re.compile(rf"\^?(?:{_PART}*(?:[*+?]|{_CONVERTED})){{,3}}{_PART}*\$?")


def _guesses(pattern: re.Pattern[str], paths: Iterable[str], rules: list[str]) -> Iterator[re.Pattern[str]]:
    """Patterns that may have been meant: with the slash, with no converter of Flask's, with another spelling."""
    yield from (guess for guess in _variants(pattern) if any(map(guess.match, paths)))
    statics = (rule.partition("<")[0] for rule in rules)
    # "/" is the beginning of every path: a slip of the pen must not open them all.
    if near := nearest(_beginning(pattern), (static for static in statics if static != "/"), 0.6):
        yield re.compile(_escape(near))


def _variants(pattern: re.Pattern[str]) -> Iterator[re.Pattern[str]]:
    """A pattern that reads like a path or a rule, with the slash and without converters."""
    if _SIMPLE.fullmatch(pattern.pattern) and not pattern.flags & re.VERBOSE:
        text = re.sub(_CONVERTED, "[^/]+", pattern.pattern.removeprefix("^"))
        yield from (re.compile(guess, pattern.flags & ~re.DEBUG) for guess in (f"/{text}", text))


def _about_stray(cover: Cover, matching: list[Route]) -> Iterator[Finding]:
    """Routes that a pattern covers since it ends nowhere: ``/api/*`` is ``/api`` and any number of slashes."""
    meant = _LIKE_A_PATH.fullmatch(cover.entry.pattern.pattern)
    if meant is None or cover.entry.pattern.flags & re.IGNORECASE:
        return
    decided = [route for route in matching if route.cover and route.cover.entry is cover.entry]
    stray = {route.rule.rule for route in decided if not f"{route.place.path}/".startswith(f"{meant['path']}/")}
    if stray:
        exact = any(route.place.path == meant["path"] for route in matching)
        message = f"{cover.source} also covers {_listed(stray)}: a regular expression matches all that begins like it."
        yield Finding("warning", message, replaced(*cover, re.compile(meant["path"] + ("(/|$)" if exact else "/"))))


def _about_shadowed(cover: Cover, matching: list[Route]) -> Iterator[Finding]:
    deciding = [route.cover for route in matching if route.cover]
    if deciding and all(other.entry is not cover.entry for other in deciding):
        others = _listed({other.source for other in deciding})
        message = f"{cover.source} decides for no route: {others} comes first. Remove it."
        yield Finding("warning", message, without(*cover) if len(cover.layer.entries) > 1 else "")


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:_MOST_SHOWN]) + (", ..." if len(names) > _MOST_SHOWN else "")


# One view


def _about_decorator(site: Site, route: Route) -> Iterator[Finding]:
    """Where a decorator takes back what the extension says, perhaps not on purpose."""
    beneath = site.cover_beneath(route.place)
    if route.cover is None or beneath is None:
        return
    own, other = route.cover.entry.policy, beneath.entry.policy
    wider = own.origins.anyone and not other.origins.anyone
    if wider:
        message = f"@cross_origin opens {route.rule.rule} to everyone, which {beneath.source} does not."
        yield Finding("warning", message, line(*route.cover, {"origins": other.origins}))
    if other.supports_credentials and not own.supports_credentials:
        message = f"@cross_origin keeps credentials from {route.rule.rule}, which {beneath.source} supports."
        changes = {"supports_credentials": True, **({"origins": other.origins} if wider else {})}
        yield Finding("warning", message, line(*route.cover, changes))


_LOGIN = re.compile(r"(?:login|session|user|admin|roles?|permissions?)(?:_\w+)?_required|requires?_login|authenticated")
_TOKEN = re.compile(r"(?:jwt|token|api_?key|auth)(?:_\w+)?_required|requires?_(?:auth|token|jwt)")


def about_logins(site: Site, routes: Iterable[Route], cover: Cover) -> Iterator[Finding]:
    """Views that seem to know their visitors, under a policy for everyone; told from names, so no more than a hint."""
    policy = cover.entry.policy
    if not policy.origins.everyone:
        return
    here = [route for route in routes if route.cover and route.cover.entry.policy is policy]
    cookies = [(route.rule.rule, sign) for route in here for sign in _signs(site.app, route, _LOGIN, uses_cookies)]
    if cookies:
        message = (
            f'{cover.source} says "*", but {_told_by(cookies)} to depend on cookies: '
            'with "*", browsers show no page an answer to a request with cookies.'
        )
        yield Finding("warning", message, line(*cover, {"origins": (EXAMPLE,), "supports_credentials": True}))
    tokens = [(route.rule.rule, sign) for route in here for sign in _signs(site.app, route, _TOKEN)]
    if tokens and not any(re.search("auth|token|key", name, re.IGNORECASE) for name in policy.headers):
        message = f"{_told_by(tokens)} to need a token, but {cover.source} lets no page send one."
        yield Finding("warning", message, line(*cover, {"headers": (*policy.headers, "Authorization")}))


def _told_by(signs: list[tuple[str, str]]) -> str:
    rules, names = (set(column) for column in zip(*signs, strict=True))
    return f"{_listed(rules)} ({_listed(names)}) {'seem' if len(rules) > 1 else 'seems'}"


def uses_cookies(function: Any) -> Iterator[str]:
    """Yield by which names a function reaches Flask's session, a logged-in user, or the cookies themselves."""
    names, known = function.__code__.co_names, function.__globals__
    proxies = (name for name in names if isinstance(known.get(name), LocalProxy))
    yield from (name for name in proxies if known[name] is session or name == "current_user")
    yield from (name for name in names if name in ("cookies", "set_cookie"))


def _no_uses(_: Any) -> Iterator[str]:
    return iter(())


def _signs(
    app: Flask, route: Route, pattern: re.Pattern[str], uses: Callable[[Any], Iterator[str]] = _no_uses
) -> Iterator[str]:
    """Yield what hints at a login: the names of decorators that have wrapped the view, and what it uses."""
    view = app.view_functions.get(route.rule.endpoint)
    method = getattr(getattr(view, "view_class", None), route.place.method.lower(), None)
    for function in (*_unwrapped(view), *_unwrapped(method)):
        yield from pattern.findall(function.__code__.co_qualname)
        yield from uses(function)


def _unwrapped(view: Any) -> Iterator[Any]:
    """A view and all that it wraps, as far as that is written in Python."""
    while view is not None:
        if hasattr(view, "__code__"):
            yield view
        view = getattr(view, "__wrapped__", None)


# -- flask cors routes -------------------------------------------------------------------------------------


class Row(NamedTuple):
    """What covers a rule, for some of its methods and, if it matters, a certain path."""

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    path: str
    cover: Cover | None
    warnings: tuple[str, ...]


def rows(site: Site) -> list[Row]:
    """The routes, those together that differ in nothing."""
    groups: dict[tuple[int, int], list[Route]] = {}
    for route in site.routes:
        policy = None if route.cover is None else route.cover.entry.policy
        groups.setdefault((id(route.rule), id(policy)), []).append(route)
    return [_row(site, group) for group in groups.values()]


def _row(site: Site, routes: list[Route]) -> Row:
    first = routes[0]
    found = [*about_policy(first.cover), *about_logins(site, routes, first.cover)] if first.cover else []
    methods = tuple(dict.fromkeys(route.place.method for route in routes))
    messages = tuple(finding.message for finding in found)
    return Row(first.rule.rule, first.rule.endpoint, methods, first.place.path, first.cover, messages)


# -- What is printed ---------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """*text*, which may come from anywhere, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text)


def _indented(text: str) -> str:
    return "\n".join(f"    {one}".rstrip() for one in text.split("\n"))


def print_json(data: object) -> None:
    """For programs."""
    click.echo(json.dumps(data, indent=2))


def policy_as_json(cover: Cover) -> dict[str, Any]:
    """All that a policy says, and where it comes from."""
    policy = cover.entry.policy
    return {
        "from": cover.source,
        "pattern": cover.entry.pattern.pattern,
        "origins": [one if isinstance(one, str) else _value(one) for one in policy.origins.written],
        **{name: getattr(policy, name) for name in sorted(NAMES) if name != "origins" and hasattr(policy, name)},
    }


def row_as_json(row: Row) -> dict[str, Any]:
    """One row of ``flask cors routes``."""
    texts = {name: value for name, value in row._asdict().items() if name != "cover"}
    return {**texts, "policy": policy_as_json(row.cover) if row.cover else None}


def print_rows(shown: list[Row]) -> None:
    """A table, and below it the warnings."""
    named = (tuple(map(plain, _cells(one))) for one in _named(shown))
    lines = [("Rule", "Methods", "Policy of", "Origins", "Credentials"), *named]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in (lines[0], tuple("-" * width for width in widths), *lines[1:]):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for message in dict.fromkeys(chain.from_iterable(row.warnings for row in shown)):
        click.echo(f"\n{_level('warning')}: {plain(message)}")


def _named(shown: list[Row]) -> list[tuple[str, Row]]:
    """Each row with its rule, and with a path where it is not the rule's only row for a method."""
    seen = [(row.rule, row.endpoint, method) for row in shown for method in row.methods]
    ambiguous = {one for one in seen if seen.count(one) > 1}
    return [(_name(row, ambiguous), row) for row in shown]


def _name(row: Row, ambiguous: Collection[tuple[str, str, str]]) -> str:
    several = any((row.rule, row.endpoint, method) in ambiguous for method in row.methods)
    return f"{row.rule} as {row.path}" if several else row.rule


def _cells(named: tuple[str, Row]) -> tuple[str, ...]:
    name, row = named
    if row.cover is None:
        return (name, ", ".join(row.methods), "none", "-", "-")
    policy = row.cover.entry.policy
    origins = (
        ", ".join(one if isinstance(one, str) else _value(one) for one in _few(policy.origins.written)) or "nobody"
    )
    return name, ", ".join(row.methods), row.cover.source, origins, "yes" if policy.supports_credentials else "no"


def _few(written: Sequence[Any]) -> Sequence[Any]:
    return written if len(written) <= _MOST_SHOWN // 2 else (*written[:2], f"and {len(written) - 2} more")


_COLORS = {"error": "red", "warning": "yellow", "Blocked": "red", "Allowed": "green"}


def _level(word: str) -> str:
    return click.style(word, fg=_COLORS[word], bold=True)


def print_finding(finding: Finding) -> None:
    """One mistake, and the line to write."""
    click.echo(f"{_level(finding.level)}: {plain(finding.message)}")
    if finding.write:
        click.echo(_indented(plain(finding.write)))
    click.echo()


def print_explanation(explanation: Explanation) -> None:
    """The conversation, the verdict, and what to change."""
    outcome = explanation.outcome
    click.echo(plain(transcript(outcome)))
    click.echo(f"\n{_level('Allowed' if outcome.allowed else 'Blocked')} by {outcome.step} of the Fetch standard.")
    click.echo(_readable(outcome) if outcome.response else plain(outcome.reason or ""))
    for note in explanation.notes:
        click.echo(plain(note))
    if explanation.advice:
        _print_advice(explanation.advice)


def _readable(outcome: fetch.Outcome) -> str:
    response = outcome.response or fetch.Response(0)
    names = ", ".join(dict.fromkeys(name for name, _ in response.headers)) or "none"
    return plain(f"The page may read the status, {response.status}, the body, and of the headers: {names}.")


def _print_advice(advice: Advice) -> None:
    click.echo(f"\n{plain(advice.text)}")
    if advice.wire:
        click.echo(f"\n{_indented(plain(chr(10).join(advice.wire)))}")
    if advice.wire and advice.code:
        click.echo("\nIf it is a Flask app:")
    if advice.code:
        click.echo(f"\n{_indented(plain(advice.code))}")


def explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    """All that ``flask cors explain`` has to say."""
    outcome, advice = explanation.outcome, explanation.advice
    return {
        "allowed": outcome.allowed,
        "step": outcome.step,
        "reason": outcome.reason,
        "notes": explanation.notes,
        "advice": advice and {"text": advice.text, "headers": advice.wire, "code": advice.code},
        "exchanges": list(map(_exchange_as_json, outcome.exchanges)),
        "response": outcome.response and _response_as_json(outcome.response),
    }


def _exchange_as_json(exchange: fetch.Exchange) -> dict[str, Any]:
    sent = exchange.request
    request = {"method": sent.method, "url": sent.url, "headers": sent.headers, "credentials": sent.credentials}
    return {"kind": exchange.kind, "request": request, "response": _response_as_json(exchange.response)}


def _response_as_json(response: fetch.Response) -> dict[str, Any]:
    return {"status": response.status, "headers": response.headers}


# -- The commands ------------------------------------------------------------------------------------------


@click.group("cors", cls=AppGroup)
@click.pass_context
def cors(context: click.Context) -> None:
    """Show what browsers make of this app's CORS."""
    if os.environ.get("NO_COLOR"):
        context.color = False


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@cors.command("routes", with_appcontext=False)
@_as_json
def routes_command(as_json: bool) -> None:
    """Show every route with the policy that covers it.

    Where a policy covers only some of the paths that a rule stands for, the rule is shown with one of them.
    """
    with _quietly():
        shown = rows(Site(_load_app()))
    if as_json:
        print_json(list(map(row_as_json, shown)))
    else:
        print_rows(shown)


def _parsed_target(_: click.Context, __: click.Parameter, value: str) -> str:
    if not re.match(r"/|https?://", value, re.IGNORECASE):
        raise click.BadParameter(
            f"{value!r} is neither a path, as /api/users, nor a URL, as https://api.example/users."
        )
    try:
        fetch.parse_url(value, "http://localhost")
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a URL: {error}.") from None
    return value


def _parsed_origin(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        return fetch.check_origin(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _parsed_method(_: click.Context, __: click.Parameter, value: str) -> str:
    if not fetch.is_token(value):
        raise click.BadParameter(f"{value!r} is not a method, as GET or PATCH.")
    return value


def _parsed_headers(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> fetch.Pairs:
    return list(map(_parsed_header, values))


def _parsed_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not fetch.is_token(name) or re.search(r"[\0\r\n]|[^\0-\xff]", value):
        raise click.BadParameter(f"{text!r} is not a header, as 'X-Token: 1'.")
    return name, value.strip()


@cors.command("explain", with_appcontext=False)
@click.argument("target", metavar="URL-OR-PATH", callback=_parsed_target)
@click.option("--origin", required=True, callback=_parsed_origin, help="Where the page is, as https://app.example.")
@click.option("--method", default="GET", callback=_parsed_method, help="What the page asks for; GET if left out.")
@click.option(
    "--header", "headers", multiple=True, callback=_parsed_headers, help="'Name: value', as the page sets it."
)
@click.option("--credentials", is_flag=True, help="The page says credentials: 'include', so cookies would be sent.")
@click.option("--live", is_flag=True, help="Call a server by URL over the network, be it of Flask or not.")
@_as_json
@click.pass_context
def explain_command(
    context: click.Context,
    target: str,
    origin: str,
    method: str,
    headers: fetch.Pairs,
    credentials: bool,
    live: bool,
    as_json: bool,
) -> None:
    """Make a call as a browser would, and say what a page may read.

    Nothing is sent: the app answers in this process. Its views run all the same, so a DELETE deletes. With --live,
    a server is called.

    The exit code is 0 if the page may read the answer, 1 if it is blocked, and 2 if there was nothing to ask.
    """
    with _quietly():
        explanation = _explained(target, origin, method, headers, credentials, live)
    if as_json:
        print_json(explanation_as_json(explanation))
    else:
        print_explanation(explanation)
    context.exit(0 if explanation.outcome.allowed else 1)


def _explained(
    target: str, origin: str, method: str, headers: fetch.Pairs, credentials: bool, live: bool
) -> Explanation:
    if live and target.startswith("/"):
        raise click.UsageError(f"--live needs a whole URL, as http://127.0.0.1:5000{target}.")
    if live:
        return explain(fetch.Browser(origin, over_the_wire), target, method, headers, credentials, None)
    app = _load_app()
    site = Site(app)
    with _answering(app):
        return explain(browser(app, origin), _absolute(app, target), method, headers, credentials, site)


@contextmanager
def _answering(app: Flask) -> Iterator[None]:
    """Let an error of a view be an answer, 500, as it is on a server.

    :raises Mistake: for an error that Flask makes no answer of: of a teardown function, of a middleware.
    """
    propagate, app.config["PROPAGATE_EXCEPTIONS"] = app.config["PROPAGATE_EXCEPTIONS"], False
    try:
        yield
    except Exception as error:
        raise Mistake(f"The app gives no answer. {_told(error)}") from error
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = propagate


def _absolute(app: Flask, target: str) -> str:
    if not target.startswith("/"):
        return target
    host = app.config["SERVER_NAME"] or "localhost"
    root = str(app.config["APPLICATION_ROOT"]).rstrip("/")
    return f"{app.config['PREFERRED_URL_SCHEME']}://{host}{root}{target}"


@cors.command("check", with_appcontext=False)
@_as_json
@click.pass_context
def check_command(context: click.Context, as_json: bool) -> None:
    """Look for mistakes in the whole configuration.

    The exit code is 1 if there are errors. Warnings are settings that may be meant as they are.
    """
    with _quietly():
        found = _checked()
    if as_json:
        print_json([finding._asdict() for finding in found])
    else:
        _print_findings(found)
    context.exit(1 if any(finding.level == "error" for finding in found) else 0)


def _checked() -> list[Finding]:
    app = _load_app()
    try:
        return findings(Site(app))
    except Mistake as mistake:
        return [Finding("error", mistake.message)]


def _print_findings(found: list[Finding]) -> None:
    for finding in found:
        print_finding(finding)
    levels = [finding.level for finding in found]
    click.echo(f"Errors: {levels.count('error')}. Warnings: {levels.count('warning')}.")


def _quietly() -> warnings.catch_warnings[None]:
    """What :class:`CORSWarning` says, ``flask cors check`` says better."""
    return warnings.catch_warnings(action="ignore", category=CORSWarning)


def _load_app() -> Flask:
    """Load the app that ``flask --app`` names, and push its context.

    :raises Mistake: for whatever the app raises while it is set up; a mistake in the options of ``CORS``, say.
    """
    context = click.get_current_context()
    try:
        app = context.ensure_object(ScriptInfo).load_app()
    except Exception as error:
        if isinstance(error, click.ClickException) and "Traceback" not in error.message:
            raise
        raise Mistake(f"The app cannot be loaded. {_told(error)}") from error
    context.with_resource(app.app_context())
    return app


def _told(error: BaseException) -> str:
    """An error as a message, with the line of the user's program that it comes from."""
    if isinstance(error, NoAppException):  # its message holds the traceback of what has happened
        error = error.__context__ or error
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if not frame.filename.startswith(_PACKAGE)), frames[-1])
    return f"{frame.filename}, line {frame.lineno}:\n    {frame.line}\n{type(error).__name__}: {error}"
