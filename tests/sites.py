"""Sites: apps with policies in every place, every option in every form, and parts of their own that fail now and then.

What a policy means is written a second time here, from the contract alone: nothing of the package judges itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import flask
from flask import Flask, Response, abort, current_app, g, request, session, signals
from flask.sessions import SecureCookieSessionInterface
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter
from werkzeug.test import create_environ

from tests.entries import ANY_ORIGIN, ANY_PAGE, KINDS, NULL, Entry, exact, is_sent, near_misses, on_the_wire
from tests.helpers import PATH, PLACES, configure, cors_headers, for_the_view_alone, use_middleware

# Options, and what they mean -----------------------------------------------------------------------------------------

Options = dict[str, Any]  # by the option's name, or its other name; `origins` holds entries
METHODS_BY_DEFAULT = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"}
SIMPLE_METHODS = {"GET", "HEAD", "POST"}


def keywords(options: Options) -> Any:
    origins = options.get("origins")
    return options if origins is None else {**options, "origins": [entry.written for entry in origins]}


@dataclass(frozen=True)
class ExpectedPolicy:
    """What a policy is documented to mean."""

    origins: list[Entry] = field(default_factory=lambda: [ANY_ORIGIN])
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

    @classmethod
    def of(cls, *layers: Options) -> ExpectedPolicy:
        """Combine layers, the weakest first. ``None`` is no value, but ``origins=None`` allows no origin."""
        values: dict[str, Any] = {}
        for name, value in [item for layer in layers for item in layer.items()]:
            if value is not None:
                values[{"allow_headers": "headers"}.get(name, name)] = value
            elif name == "origins":
                values[name] = []
        return cls(**values)

    @property
    def any_origin(self) -> bool:
        return any(entry.any_origin for entry in self.origins)

    def allows_origin(self, origin: str, credentials: bool = False) -> bool:
        return any(entry.admits(origin) for entry in self.origins) and (self.supports_credentials or not credentials)

    def allows_request(self, method: str, names: set[str]) -> bool:
        """Whether a page whose origin is allowed may use *method* and set the headers *names*."""
        methods = METHODS_BY_DEFAULT if self.methods is None else {name.upper() for name in self.methods}
        listed = {name.lower() for name in self.headers}
        # "*" is every name but Authorization (Fetch, #cors-non-wildcard-request-header-name). With credentials it would
        # mean nothing, so the requested names are repeated, and that one with them.
        covered = names if self.supports_credentials else names - {"authorization"}
        missing = names - listed - (covered if "*" in listed else set())
        return not missing and (method in SIMPLE_METHODS | methods or "*" in methods)

    def exposes(self, name: str, credentials: bool) -> bool:
        listed = {name.lower() for name in self.expose_headers}
        return name in listed or ("*" in listed and not credentials)


# Hostile apps: each part records what it sees, and fails if the request wants it to -----------------------------------


class App(Flask):
    """An app that records which of its functions ran in which order, with what error and in what ``g``."""

    def __init__(self, **config: Any) -> None:
        super().__init__("site", static_folder=None)
        self.config.update({"TESTING": True, **config})
        self.events: list[tuple[str, ...]] = []
        self.asked: list[Any] = []  # the events so far, each time that a function in `origins` is called
        self.lines: list[str] = []
        self.logger = logging.Logger("site")
        self.logger.addFilter(self.logged)
        self.shared: Response = Response("shared", 200, BY_HAND)
        for signal in (signals.appcontext_pushed, signals.appcontext_popped):
            signal.connect(self.context_changed, self)

    def logged(self, record: logging.LogRecord) -> bool:
        self.lines.append(record.getMessage())
        return False

    def context_changed(self, _: object, **__: object) -> None:
        self.events.append(("context", str(flask.has_app_context())))

    def reached(self, name: str, error: object = None) -> None:
        """Record that a part is reached; fail if the request wants that."""
        seen = [f"{key}={g.get(key)}" for key in sorted(g)]
        self.events.append((name, type(error).__name__, *seen))
        if flask.has_request_context() and request.headers.get("X-Fail") == name:
            raise LookupError(name)


OWN = {"X-Own": "1", "Vary": "Cookie"}
BY_HAND = {"Access-Control-Allow-Origin": "https://by.hand.example", "Access-Control-Allow-Credentials": "true"}
BY_HAND |= {**OWN, "Access-Control-Max-Age": "7"}


class Late(Response):
    """A response that starts late."""

    def __call__(self, _: Any, start_response: Any) -> Iterator[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        yield b"late"


#: What a view can do; a request names one of them.
VIEWS: dict[str, Callable[[App], Any]] = {
    "text": lambda _: ("the view's own", 201, OWN),
    "by hand": lambda _: ("the view's own", 418, BY_HAND),
    "shared": lambda app: app.shared,
    "abort": lambda _: abort(Response("the view's own", 403, OWN)),
    "stream": lambda _: Response(iter(["a", "b"]), headers=OWN),
    "late": lambda _: Late(headers=OWN),
    "failing": lambda _: OWN["missing"],
}
Part = Callable[[App], object]


def functions_after(app: Flask) -> None:
    @app.after_request
    def by_hand(response: Response) -> Response:
        response.headers.update(BY_HAND if request.headers.get("X-View") == "by hand" else {})
        return response


def functions(app: App) -> None:
    """Functions that record what they see: the later ones, what the first leaves in ``g``."""

    @app.before_request
    def before() -> Any:
        g.setdefault("user", request.headers.get("X-User"))  # in a context that stays open, another visitor's
        app.reached("before")
        return ("log in", 401, OWN) if request.headers.get("X-Fail") == "refused" else None

    @app.after_request
    def after(response: Response) -> Response:
        app.reached("after")
        return response

    app.url_value_preprocessor(lambda *_: app.reached("values"))
    app.teardown_request(lambda error: app.reached("teardown", error))
    app.teardown_appcontext(lambda error: app.reached("app teardown", error))


def error_handlers(app: App) -> None:
    @app.errorhandler(404)
    @app.errorhandler(LookupError)
    @app.errorhandler(500)
    def own_page(error: Any) -> Any:
        app.reached("handler", error)
        return "the app's own page", getattr(error, "code", 503), OWN


class Sessions(SecureCookieSessionInterface):
    def open_session(self, app: Any, request: Any) -> Any:
        if request.headers.get("X-Fail") == "open":  # not recorded: the next Flask opens it when it is first read
            raise LookupError("open")
        return super().open_session(app, request)

    def save_session(self, app: Any, *_: Any) -> None:
        app.reached("save")


def session_store(app: App) -> None:
    app.secret_key = "of a test"
    app.session_interface = Sessions()


PARTS: list[Part] = [functions, error_handlers, functions_after, use_middleware, session_store]
#: What a request can make fail. Some paths fail, too.
FAILURES = ["open", "values", "before", "refused", "view", "handler", "after", "save", "teardown", "app teardown"]


class ItemConverter(BaseConverter):
    def to_python(self, value: str) -> str:
        return {"good": value}[value]


# Sites ---------------------------------------------------------------------------------------------------------------

ROUTED = ["GET", "HEAD", "POST", "PUT"]  # the methods of the view; Flask adds OPTIONS


@dataclass(frozen=True)
class Site:
    """One app: the place of its policy and the options there, the config, and its own parts before and after."""

    place: Callable[..., None]
    own: Options
    config: Options = field(default_factory=dict)
    before: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()
    testing: bool = True  # or in production

    @property
    def policy(self) -> ExpectedPolicy:
        """The policy that covers the view."""
        return ExpectedPolicy.of(self.config, self.own)

    @property
    def policies(self) -> list[ExpectedPolicy]:
        """All that the app has."""
        return [self.policy, ExpectedPolicy.of(self.config)]

    @property
    def alone(self) -> bool:
        """Whether the policy is on a view, in an app without CORS."""
        return self.place is for_the_view_alone

    @property
    def contradictory(self) -> bool:
        """Whether credentials are for every origin."""
        return any(policy.supports_credentials and policy.any_origin for policy in self.policies)

    def serve(self, *, plain: bool = False) -> App:
        """Make the app; *plain*, without any policy."""
        app = App(TESTING=self.testing)

        def view() -> Any:
            app.reached("view")
            return VIEWS[request.headers.get("X-View", "text")](app)

        vars(view)["methods"] = ["GET", "POST", "PUT"]
        for part in self.before:
            part(app)
        if plain:
            app.add_url_rule(PATH, "view", view)
        else:
            self.place(configure(app, **keywords(self.config)), view, **keywords(self.own))
        app.url_map.converters["item"] = ItemConverter
        app.add_url_rule("/item/<item:item>", "item", lambda item: item)  # a KeyError for any other
        app.add_url_rule("/old/<item>", "old", redirect_to=lambda _, item: {"good": PATH, "slash": "folder"}[item])
        app.add_url_rule("/folder/", "folder", view)
        app.add_url_rule("/number/<int:number>", "number", lambda number: f"{number}")
        app.add_url_rule("/own", "own", view, methods=["GET", "OPTIONS"])
        for part in self.after:
            part(app)
        return app


# Requests and responses ----------------------------------------------------------------------------------------------

BASE = create_environ(PATH, "http://api.test")


class Result(NamedTuple):
    """What a request ends with: a response, or the name of an exception that left the app."""

    status: str
    data: bytes
    headers: Headers
    error: str | None = None

    def listed(self, name: str) -> set[str]:
        return {item.strip() for value in self.headers.getlist(name) for item in value.split(",")} - {""}

    @property
    def cors(self) -> dict[str, str]:
        """All CORS headers, and ``Vary``. One that is there twice has a value that no test expects."""
        return cors_headers(self)

    @property
    def other_headers(self) -> list[tuple[str, str]]:
        return sorted(pair for pair in self.headers if not re.match("access-control-|vary$", pair[0].lower()))


def call(app: Flask, environ: dict[str, str]) -> Result:
    """Send one request, as a server does, and read the response to its end."""
    started: list[Any] = []
    try:
        body: Iterable[bytes] = app({**BASE, **environ}, lambda *start: started.append(start))  # type: ignore[arg-type]
        data = b"".join(body)
        getattr(body, "close", list)()
    except Exception as error:
        return Result("", b"", Headers(), type(error).__name__)
    return Result(started[0][0], data, Headers(started[0][1]))


# Laws of one response ------------------------------------------------------------------------------------------------

# Shells of desktop and mobile apps send schemes of their own, and perhaps no host.
SENT_ORIGIN = (
    r"(null|((https?|wss?)://([a-z0-9._-]+|\[[0-9a-f:]+\])|(?!(https?|wss?):)[a-z][a-z0-9+.-]*://"
    r"([a-zA-Z0-9._~%-]*|\[[0-9a-f:]+\]))(:[0-9]{1,5})?)"
)
TOKEN = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
LIST = f"{TOKEN}(, {TOKEN})*"
GRAMMAR = {  # Fetch, #http-new-header-syntax
    "Access-Control-Allow-Origin": rf"\*|{SENT_ORIGIN}",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": LIST,
    "Access-Control-Allow-Headers": LIST,
    "Access-Control-Expose-Headers": LIST,
    "Access-Control-Max-Age": "[0-9]+",
    "Vary": rf"\*|{LIST}",
}
NOTHING = "(?!)"


def assert_valid(result: Result) -> None:
    """Laws 1 and 2, of one response; a header that is there twice has a value that no grammar knows."""
    found = result.cors
    assert all(re.fullmatch(GRAMMAR.get(name, NOTHING), value, re.ASCII) for name, value in found.items()), found
    if "Access-Control-Allow-Origin" not in found:
        assert found.keys() <= {"Vary"}, "a denied origin learns nothing"
    elif found["Access-Control-Allow-Origin"] == "*":
        assert "Access-Control-Allow-Credentials" not in found


def assert_varies(one: Result, other: Result, method: str) -> None:
    """Law 4, of two responses. Those to OPTIONS are in no cache (RFC 9110, 9.3.7); of these, what browsers read."""
    contents = [
        ({**result.cors, "Vary": ""}, () if method == "OPTIONS" else (*result[:2], result.other_headers))
        for result in (one, other)
    ]
    assert contents[0] == contents[1] or all("Origin" in result.listed("Vary") for result in (one, other))


# The app itself ------------------------------------------------------------------------------------------------------

OUR_VARY = {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}


def is_preflight(environ: dict[str, str]) -> bool:
    headers = environ.get("HTTP_ORIGIN") and environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    return bool(environ["REQUEST_METHOD"] == "OPTIONS" and headers)


def is_covered(environ: dict[str, str]) -> bool:
    """Whether the policy of the view alone decides on the headers of the response."""
    method = environ["REQUEST_METHOD"]
    return environ["PATH_INFO"] == PATH and method in [*ROUTED, "OPTIONS"]


def assert_as_without(result: Result, without: Result) -> None:
    """Law 6, of one response and that of the same app without the extension."""
    assert (*result[:2], result.error) == (*without[:2], without.error)
    assert result.other_headers == without.other_headers
    assert result.listed("Vary") - OUR_VARY == without.listed("Vary") - OUR_VARY


def assert_same_end(site: Site, environ: dict[str, str], app: App, plain: App) -> None:
    """Laws 6 and 8, of one request to a site with and without the extension."""
    for each in (app, plain):
        each.events.clear()
        each.asked.clear()
    result, without = call(app, environ), call(plain, environ)
    assert not flask.has_app_context()
    assert not flask.has_request_context()
    assert len(app.asked) == len({function for _, function, _ in app.asked}), "each is called once"
    early = {"view"} if site.alone else {"view", "before"}
    assert not any(event[0] in early for *_, events in app.asked for event in events), "functions in origins come first"
    if is_preflight(environ):
        left_to_app = is_covered(environ) and not site.policy.automatic_options
        only_app = left_to_app or environ["PATH_INFO"] in {"/own", "/item/bad", "/old/bad"}
        assert app.events == plain.events or (app.events == [] and not only_app), "the app's functions run all or none"
    else:
        assert app.events == plain.events
        assert_as_without(result, without)
        if not site.policy.vary_header and is_covered(environ):
            assert result.headers.getlist("Vary") == without.headers.getlist("Vary")


# What the laws are tried on: sites, and requests to them -------------------------------------------------------------

# The pools are small on purpose: what is drawn has to meet, nearly meet and miss what else is drawn.
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY", "PURGE", "OPTIONS"]
NAMES = ["X-A", "X-B", "Content-Type", "Authorization"]
Environ = dict[str, str]


def function_of_the_request(scheme: str, host: str, port: str) -> Entry:
    """Make an entry whose function needs the request: it reads the session, and counts how often it is called."""
    entry = exact(scheme, host, port)

    def allow(origin: str) -> bool:
        app: Any = current_app
        app.asked.append((origin, entry.sample, app.events[:]))
        return session.get("denied") is None and origin == entry.sample

    return entry._replace(written=allow)


@cache
def entry_of(*kind_and_origin: str) -> Entry:
    kind, *origin = kind_and_origin
    return {**KINDS, "a function of the request": function_of_the_request}[kind](*origin)


entries = st.builds(
    entry_of,
    st.sampled_from([*KINDS, *["a function of the request"] * 9]),
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.example", "b.example", "x.a.example", "localhost", "xn--tda.example"]),
    st.sampled_from(["", "", ":8443"]),
)
rarely = st.sampled_from([[], [], [], [], [NULL], [ANY_ORIGIN], [ANY_ORIGIN], [ANY_PAGE]])
lists_of_entries = st.builds(lambda several, rare: several + rare, st.lists(entries, max_size=3, unique=True), rarely)


def names(of: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*of, "*"]), max_size=3)


FLAGS = ["supports_credentials", "send_wildcard", "always_send", "automatic_options", "vary_header"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "origins": lists_of_entries,
    "headers": names(NAMES),
    "methods": names([*METHODS, "patch"]),
    "expose_headers": names(["X-Own", "x-own", *NAMES]),
    "max_age": st.integers(0, 10**6),
    **{flag: st.booleans() for flag in [*FLAGS, "intercept_exceptions"]},
}


@st.composite
def options(draw: st.DrawFn) -> Options:
    usual: set[str] = draw(st.sampled_from([{"origins"}, {"origins"}, {"origins"}, set()]))
    chosen = usual | draw(st.sets(st.sampled_from([*VALUES]), max_size=4))
    other_name = draw(st.sampled_from(["headers", "allow_headers"]))
    return {
        other_name if name == "headers" else name: draw(VALUES[name] | VALUES[name] | st.none())
        for name in VALUES
        if name in chosen
    }


parts = st.lists(st.sampled_from(PARTS), max_size=5, unique=True)


@st.composite
def any_sites(draw: st.DrawFn, hostile: bool = True) -> Site:
    place = draw(st.sampled_from([*PLACES, for_the_view_alone]))
    own_parts: list[Part] = draw(parts if hostile else st.sampled_from([[], [functions_after], [use_middleware]]))
    own_parts = [part for part in own_parts if part is not functions_after or place is not for_the_view_alone]
    cut = draw(st.integers(0, len(own_parts)))
    testing = hostile and draw(st.booleans())
    return Site(place, draw(options()), draw(options()), (*own_parts[:cut],), (*own_parts[cut:],), testing)


sites = any_sites(hostile=False).filter(lambda site: not site.contradictory)
hostile_sites = any_sites().filter(lambda site: not site.contradictory)


def entries_of(site: Site) -> list[Entry]:
    return [entry for policy in site.policies for entry in policy.origins] or [ANY_ORIGIN]


@st.composite
def origins_for(draw: st.DrawFn, site: Site, *, by_browser: bool = False) -> str:
    """Draw an origin that is listed, or a near miss; *by_browser*, one that a browser can send."""
    entry = draw(st.sampled_from(entries_of(site)))
    if draw(st.booleans()):
        return str(entry.sample)
    misses = [miss for miss in near_misses(entry).values() if is_sent(miss) or not by_browser]
    return str(draw(st.sampled_from(misses or [entry.sample])))


PATHS = ["/none", "/x/view", "//x/view/", "/X/VIEW/", "/x/view%2F", "/x/view/\x00", "/folder", "/item/good"]
PATHS += ["/old/good", "/old/slash", *[PATH] * 30, *["/own", "/item/bad", "/old/bad"] * 3, f"/number/{'1' * 4301}"]
REQUEST_HEADERS = {
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": st.sampled_from([*METHODS, "", "patch", "GET, PUT", "*"]),
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": st.sampled_from(["x-a", "x-a,authorization", "X-A, ,x-a", "*", ",;\0"]),
    "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": st.just("true"),
    "HTTP_SEC_FETCH_MODE": st.sampled_from(["cors", "navigate"]),
    "HTTP_VARY": st.just("X-Forged"),
    "HTTP_X_VIEW": st.sampled_from([*VIEWS]),
    "HTTP_X_FAIL": st.sampled_from(FAILURES),
    "HTTP_X_USER": st.sampled_from(["ann", "bob"]),
}


@st.composite
def visits(
    draw: st.DrawFn, to: st.SearchStrategy[Site] = hostile_sites, methods: list[str] = METHODS
) -> tuple[Site, list[Environ]]:
    """Draw a site, and a few requests to it."""
    site = draw(to)
    origins = st.one_of([origins_for(site)] * 4 + [st.none()])
    return site, [_request(draw, methods, draw(origins)) for _ in range(draw(st.sampled_from([4, 6, 2])))]


def _request(draw: st.DrawFn, methods: list[str], origin: str | None) -> Environ:
    environ: Environ = draw(st.fixed_dictionaries({}, optional=REQUEST_HEADERS))
    environ["REQUEST_METHOD"] = draw(st.sampled_from([*methods, *[methods[0]] * 3, *[methods[-1]] * 6]))
    environ["PATH_INFO"] = draw(st.sampled_from(PATHS))
    if environ["REQUEST_METHOD"] == "OPTIONS" and draw(st.sampled_from([True, True, False])):  # a preflight
        origin = origin or "https://a.example"
        environ.setdefault("HTTP_ACCESS_CONTROL_REQUEST_METHOD", draw(st.sampled_from(METHODS)))
    return environ if origin is None else {**environ, "HTTP_ORIGIN": on_the_wire(origin)}
