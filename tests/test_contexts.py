"""What stays as it is without the extension: contexts, ``g``, the app's own functions, its error pages, its memory."""

import gc
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any
from unittest import mock
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Response, abort, current_app, session
from flask import ctx as flask_contexts
from werkzeug.datastructures import Headers
from werkzeug.local import LocalProxy
from werkzeug.test import Client

from flask_cors import CORS, _middleware, cross_origin, current_policy
from flask_cors._middleware import app_state
from flask_cors._state import AppState
from tests import helpers as h
from tests.entries import exact
from tests.helpers import (
    ALL_METHODS,
    DENIED,
    FOR_A,
    FOR_NONE,
    ONLY_A,
    A,
    B,
    a_view,
    configure,
    cors_headers,
    fetch,
    make_app,
)
from tests.helpers import get_headers_for as headers_for
from tests.sites import Site, assert_same_end, call, error_handlers, function_of_the_request, functions, session_store
from tests.tables import table

PREFLIGHT = {"Origin": A, "Access-Control-Request-Method": "PUT"}
TAKES_CONTEXT = "RequestContext" not in vars(flask_contexts)  # as methods of the next Flask do


def use_cors(app: Flask) -> None:
    CORS(app, origins=A)


# Apps in which requests fail at each stage ---------------------------------------------------------------------------

FOR_ONE: Any = {"origins": [exact("https", "a.example", "")]}
FOR_A_FUNCTION: Any = {"origins": [function_of_the_request("https", "a.example", "")]}
PARTS: Any = {"after": (functions, error_handlers, session_store), "testing": False}
USUAL = Site(h.for_the_app, FOR_ONE, **PARTS)
FUNCTION = Site(h.for_the_app, FOR_A_FUNCTION, **PARTS)
LEFT_TO_THE_APP = Site(h.for_the_app, {**FOR_ONE, "automatic_options": False}, **PARTS)
BEHIND_A_MIDDLEWARE = Site(h.for_the_app, FOR_ONE, before=(h.use_middleware,), **PARTS)

every_site = table(
    "site",
    ("CORS", USUAL),
    ("a function in origins", FUNCTION),
    ("preflights left to the app", LEFT_TO_THE_APP),
    ("a middleware that was there before", BEHIND_A_MIDDLEWARE),
)
REQUESTS: list[dict[str, str]] = [
    {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": A},
    {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": B, "HTTP_SEC_FETCH_MODE": "navigate"},
    {"REQUEST_METHOD": "PURGE", "HTTP_ORIGIN": A},
    {"REQUEST_METHOD": "OPTIONS", "HTTP_ORIGIN": A},
    {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"},
    {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT", "HTTP_ORIGIN": A},
]


@every_site
@table(
    "path, fails",
    ("nothing", h.PATH, ""),
    ("the session store, when the session is opened", h.PATH, "open"),
    ("the session store, when the session is saved", h.PATH, "save"),
    ("a before_request function", h.PATH, "before"),
    ("a converter", "/item/bad", ""),
    ("a redirect_to function", "/old/bad", ""),
    ("a number with too many digits", f"/number/{'9' * 4301}", ""),
    ("a view that handles OPTIONS itself", "/own", "view"),
    ("the path", "/nowhere", ""),
)
def test_each_request_runs_as_without_the_extension_or_if_it_is_a_preflight_not_at_all(
    site: Site, path: str, fails: str
) -> None:
    app, plain = site.serve(), site.serve(plain=True)
    for request in REQUESTS:
        assert_same_end(site, {**request, "PATH_INFO": path, "HTTP_X_FAIL": fails}, app, plain)


@table(
    "site, path, runs",
    ("of an app with CORS", USUAL, h.PATH, False),
    ("of an app with CORS, for an unknown URL", USUAL, "/nowhere", False),
    ("where a function in origins needs the request", FUNCTION, h.PATH, True),
    ("that is left to the app", LEFT_TO_THE_APP, h.PATH, True),
    ("for a view that handles OPTIONS itself", USUAL, "/own", True),
    ("behind a middleware that was there before", BEHIND_A_MIDDLEWARE, h.PATH, True),
)
def test_the_functions_of_the_app_run_for_a_preflight(site: Site, path: str, runs: bool) -> None:
    app = site.serve()
    call(app, {**REQUESTS[-1], "PATH_INFO": path})
    assert bool(app.events) == runs


@every_site
@pytest.mark.parametrize("path", ["/item/bad", "/old/bad"], ids=["a converter", "a redirect_to function"])
def test_where_routing_fails_the_app_shows_its_own_page_and_no_origin_is_allowed(site: Site, path: str) -> None:
    for request in (REQUESTS[0], REQUESTS[-1]):
        app = site.serve()
        result = call(app, {**request, "PATH_INFO": path})
        assert (result.data, result.cors) == (b"the app's own page", {"Vary": "Origin, Cookie"})
        assert len([line for line in app.lines if line.startswith("CORS: ")]) == 1


# Ways into the app ---------------------------------------------------------------------------------------------------


class Manager:
    """Stands in place of ``app.wsgi_app``, and calls the app's own methods, as middleware managers do."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        context = self.app.request_context(environ)
        with context:
            return self.app.full_dispatch_request(*[context] * TAKES_CONTEXT)(environ, start_response)


class OwnEntrance(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return super().wsgi_app({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/mounted")}, start_response)


def test_preflights_pass_through_the_wsgi_app_of_a_class() -> None:
    app = OwnEntrance(__name__)
    CORS(app, resources={"/": {"origins": h.B}, "/a": {"origins": A}})
    assert h.get_preflight_headers_for(app, "/mounted/a") == h.as_preflights(FOR_A)


def test_what_is_put_on_the_class_later_is_called() -> None:
    class Own(Flask): ...

    app, traced = Own(__name__), list[str]()
    use_cors(app)

    def trace(self: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        traced.append(environ["PATH_INFO"])
        return Flask.wsgi_app(self, environ, start_response)

    Own.wsgi_app = trace  # type: ignore[method-assign]
    fetch(app.test_client(), "/")
    assert traced == ["/"]


def test_without_cors_an_app_is_not_wrapped() -> None:
    app = make_app()
    app.add_url_rule("/", "view", cross_origin(origins=A)(a_view))
    assert headers_for(app) == FOR_A
    assert "wsgi_app" not in vars(app)


def use_a_manager(app: Flask) -> None:
    app.wsgi_app = Manager(app)  # type: ignore[method-assign]


@table(
    "make, steps",  # a step may return the way into the app
    ("only CORS", Flask, [use_cors]),
    ("a class with a wsgi_app of its own", OwnEntrance, [use_cors]),
    ("a middleware before CORS", Flask, [h.use_middleware, use_cors]),
    ("a middleware after CORS", Flask, [use_cors, h.use_middleware]),
    ("wsgi_app kept from before CORS", Flask, [lambda app: app.wsgi_app, use_cors]),
    ("full_dispatch_request", Flask, [use_cors, Manager]),
    ("a manager before CORS", Flask, [use_a_manager, use_cors]),
    ("a manager after CORS", Flask, [use_cors, use_a_manager]),
    ("two CORS", Flask, [CORS, h.use_middleware, use_cors]),
)
def test_whatever_the_way_in_headers_are_there_and_the_functions_run_all_or_not_at_all(
    make: type[Flask], steps: list[Callable[[Flask], Any]]
) -> None:
    app, ran = make(__name__), list[str]()

    def after(response: Response) -> Response:
        ran.append("after")
        return response

    def add_functions() -> None:
        app.before_request(lambda: ran.append("before"))
        app.after_request(after)
        app.teardown_request(lambda _: ran.append("teardown"))

    add_functions()
    ways = [way for step in steps if callable(way := step(app))]
    add_functions()
    client = Client([*ways, app][0])
    app.add_url_rule("/", view_func=a_view, methods=["GET", "PUT"])
    for path, status in (("/", 200), ("/nowhere", 404)):
        for origin, expected in ((A, ONLY_A), (B, DENIED), (None, ONLY_A)):
            response = fetch(client, path, origin)
            assert (response.status_code, cors_headers(response)) == (status, expected)
        for origin, expected in ((A, ONLY_A | ALL_METHODS), (B, DENIED)):
            ran.clear()
            assert h.preflight_headers(h.preflight(client, path, origin, "PUT")) == expected
            assert ran in ([], ["before"] * 2 + ["after"] * 2 + ["teardown"] * 2)


@table(
    "status, sent, expected",
    ("a response from elsewhere", 404, {"headers": {"Origin": A}}, (404, b"text")),
    ("a preflight", 404, {"method": "OPTIONS", "headers": PREFLIGHT}, (200, b"")),
)
def test_process_response_adds_the_headers(status: int, sent: dict[str, Any], expected: tuple[int, bytes]) -> None:
    app = make_app()
    use_cors(app)
    with app.test_request_context(**sent) as context:
        response = app.process_response(*[context] * TAKES_CONTEXT, Response("text", status))  # type: ignore[arg-type, call-arg]
    assert (response.status_code, response.data) == expected
    assert response.headers["Access-Control-Allow-Origin"] == A


def test_tracing_that_patches_the_class_later_sees_the_requests() -> None:
    app = make_app()
    use_cors(app)
    app.add_url_rule("/", view_func=a_view)
    assert headers_for(app) == FOR_A
    with mock.patch.object(Flask, "wsgi_app", autospec=True, side_effect=Flask.wsgi_app) as traced:
        assert headers_for(app) == FOR_A
    assert traced.call_count == 3


def test_a_middleware_that_is_equal_to_what_it_wraps_stays() -> None:
    app = make_app()
    flasks_own = app.wsgi_app
    app.wsgi_app = LocalProxy(lambda: flasks_own)  # type: ignore[method-assign]
    use_cors(app)
    assert type(app.wsgi_app) is LocalProxy


def test_a_view_that_is_a_proxy_of_the_request_takes_no_app_down() -> None:
    app = make_app(VIEW=a_view)
    app.add_url_rule("/", endpoint="view")
    app.view_functions["view"] = LocalProxy(lambda: current_app.config["VIEW"])
    app.add_url_rule("/elsewhere", endpoint="unbound")
    app.view_functions["unbound"] = LocalProxy(ContextVar("unbound"))
    app.add_url_rule("/missing", endpoint="missing")
    app.view_functions["missing"] = LocalProxy(lambda: dict[str, Any]()["view"])
    hidden = [cross_origin(origins=h.B)(a_view)]
    app.add_url_rule("/hidden", "hidden", lambda: hidden[0]())
    use_cors(app)
    assert (headers_for(app), headers_for(app, "/hidden")) == (FOR_A, h.FOR_B)


def test_if_the_empty_response_cannot_be_changed_the_apps_own_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    app.before_request(lambda: ("log in first", 401))
    h.use_middleware(app)
    use_cors(app)
    fails_once = mock.Mock(side_effect=[LookupError, mock.DEFAULT], wraps=_middleware.set_headers)
    monkeypatch.setattr(_middleware, "set_headers", fails_once)
    response = h.preflight(app.test_client(), "/")
    assert (response.status_code, response.text, cors_headers(response)) == (401, "log in first", DENIED)


def test_the_empty_response_closes_the_one_that_it_replaces() -> None:
    app, closed, response = make_app(), list[str](), Response("log in first", 401)
    response.call_on_close(lambda: closed.append("closed"))
    app.before_request(lambda: response)
    h.use_middleware(app)
    use_cors(app)
    assert h.preflight_headers(h.preflight(app.test_client(), "/")) == ONLY_A | ALL_METHODS
    assert closed == ["closed"]


class Envelope(Response):
    """Responses of an app that wraps every body."""

    default_status = 201

    def __init__(self, response: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(f"<envelope>{response}</envelope>", *args, **kwargs)


def test_a_preflight_gets_an_empty_200_where_the_apps_own_responses_are_neither() -> None:
    app = make_app()
    app.response_class = Envelope
    h.use_middleware(app)
    use_cors(app)
    client = Client(app)  # that of the app would wrap the body itself
    assert h.preflight_headers(h.preflight(client, "/")) == ONLY_A | ALL_METHODS


# Responses that cannot be changed, or that are returned again and again ----------------------------------------------


def test_headers_that_are_a_plain_dict_are_added_to() -> None:
    def view() -> Response:
        response = Response("text")
        response.headers = {"X-Own": "1"}  # type: ignore[assignment]
        return response

    app = make_app()
    CORS(app, resources="/covered", origins=A)
    app.add_url_rule("/<_>", "view", lambda _: view())
    shared = view()
    for path in ("/covered/again", "/again"):
        app.add_url_rule(path, path, lambda: shared)
    for path, expected in [("/covered", ONLY_A), ("/else", {}), ("/covered/again", ONLY_A), ("/again", {})]:
        response = fetch(app.test_client(), path, A)
        assert (response.headers["X-Own"], cors_headers(response)) == ("1", expected)


def test_headers_that_cannot_be_changed_take_no_app_down(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    use_cors(app)
    app.add_url_rule("/", "view", a_view)
    monkeypatch.setattr(_middleware, "set_headers", mock.Mock(side_effect=TypeError))
    assert headers_for(app) == FOR_NONE


@pytest.mark.parametrize("shares_headers", [False, True])
@pytest.mark.parametrize("vary", ["X", "Cookie, X"], ids=["", "with a session"])
def test_what_views_share_carries_no_headers_of_another_request(shares_headers: bool, vary: str) -> None:
    app, headers = make_app(SECRET_KEY="secret"), Headers({"Vary": "X", "X-Own": "stays"})
    shared: Any = ("text", headers) if shares_headers else Response("text", headers=headers)
    if "Cookie" in vary:
        app.before_request(lambda: session.get("user"))
    CORS(app, resources={"/all": {"max_age": 1}, "/a": {"origins": A}, "/ab": {"origins": [A, B]}})
    CORS(app, resources="/called", origins=lambda origin: origin == A)
    a, b = {"Access-Control-Allow-Origin": A}, {"Access-Control-Allow-Origin": B}
    all_origins = {"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "1"}
    expected: dict[str, list[dict[str, str]]] = {"/a": [a, {}, a], "/all": [all_origins] * 3, "/ab": [a, b, {}]}
    expected |= {"/called": [a, {}, {}], "/decorated": [a, {}, a], "/": [{}, {}, {}]}
    for path in expected:
        app.add_url_rule(
            path, path, cross_origin(origins=A)(lambda: shared) if path == "/decorated" else lambda: shared
        )
    for path, grants in [*expected.items()] * 2:
        found = headers_for(app, path)
        names = [{*each.pop("Vary").split(", ")} for each in found]
        assert all(each - {"Origin"} == {*vary.split(", ")} for each in names)  # that "Origin" stays harms nobody
        assert path in ("/all", "/") or all("Origin" in each for each in names)
        assert found == grants
        assert fetch(app.test_client(), path, A).headers.getlist("X-Own") == ["stays"]


def test_in_an_app_without_cors_what_views_share_carries_no_headers_to_the_others() -> None:
    app, shared = make_app(), Response("not found", 404)
    app.register_error_handler(404, lambda _: shared)
    app.add_url_rule("/public", "public", cross_origin(origins=A)(lambda: abort(404)))
    app.add_url_rule("/private", "private", lambda: abort(404))
    for path, expected in [("/private", [{}] * 3), ("/public", FOR_A)] * 2:
        assert headers_for(app, path) == expected


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("set_up", [h.no_set_up, use_cors])
def test_each_function_of_the_app_runs_once_for_the_first_request(debug: bool, set_up: h.SetUp) -> None:
    app, calls = make_app(DEBUG=debug), list[object]()
    app.before_request(lambda: calls.append(current_policy()))
    app.teardown_request(calls.append)
    set_up(app)
    configure(app, origins=lambda _: True)
    app.add_url_rule("/", "view", cross_origin()(a_view))
    with app.test_request_context("/", headers={"Origin": A}) as context:
        app.full_dispatch_request(*[context] * TAKES_CONTEXT)
    assert len(calls) == 2


def test_two_threads_get_one_state(monkeypatch: pytest.MonkeyPatch) -> None:
    app, make = make_app(), AppState.__init__

    def slowly(state: AppState, app: Flask) -> None:
        time.sleep(0.05)
        make(state, app)

    monkeypatch.setattr(AppState, "__init__", slowly)
    with ThreadPoolExecutor(2) as pool:
        assert len({*pool.map(app_state, (app, app))}) == 1


def test_two_threads_may_share_a_response() -> None:
    barrier = threading.Barrier(2, timeout=5)

    class Waiting(Response):
        def __call__(self, *args: Any) -> Any:
            barrier.wait()  # until the headers of both are added
            return super().__call__(*args)

    app, shared = make_app(), Waiting("text")
    CORS(app, origins=[A, B])
    app.add_url_rule("/", "view", lambda: shared)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            responses = pool.map(lambda origin: fetch(app.test_client(), "/", origin), (A, B))
            assert [*map(cors_headers, responses)] == [ONLY_A, h.ONLY_B]


FORKS = """
import os, signal
from flask import Flask
from flask_cors import CORS, _middleware
app = Flask("forks")
CORS(app)
with _middleware._LOCK:  # as a thread that sets headers holds it
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        os._exit(app.test_client().get("/").status_code != 404)
raise SystemExit(os.waitpid(child, 0)[1])
"""


def test_a_child_process_does_not_wait_for_a_thread_of_its_parent() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS], check=True, timeout=30)


def test_a_response_for_which_there_is_no_policy_gets_no_headers_while_it_is_sent() -> None:
    class Slow(Response):
        def __call__(self, environ: Any, *args: Any) -> Any:
            if environ["PATH_INFO"] == "/private":
                others.append(fetch(app.test_client(), "/shared", A))
            return super().__call__(environ, *args)

    app, shared, others = make_app(), Slow("text"), list[Any]()
    CORS(app, resources="/shared", origins=A)
    for path in ("/private", "/shared"):
        app.add_url_rule(path, path, lambda: shared)
    assert cors_headers(fetch(app.test_client(), "/private", A)) == {}
    assert [*map(cors_headers, others)] == [ONLY_A]


# The policy of the request at hand -----------------------------------------------------------------------------------

X = "https://x.a.example"
ORIGINS = [A, X, B, "https://aXexample", "not an origin"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@table(
    "path, allowed, alone",
    ("of the app, on an unknown path", "/unknown", [A, X], None),
    ("of where a URL leads", "/open", [A, X, B], None),
    ("of a blueprint, on an unknown path", "/inside/unknown", [B], None),
    ("of a view", "/decorated", [B], [B]),
    ("of a view, with a function", "/called", [B], [B]),
)
def test_the_current_policy_is_that(path: str, allowed: list[str], alone: list[str] | None, method: str) -> None:
    for with_cors in (True, False):
        app, inside, found = make_app(), Blueprint("inside", __name__, url_prefix="/inside"), list[Any]()
        if with_cors:
            CORS(app, origins=[A, "https://*.a.example"], resources={"/": {}, "/open": {"origins": "*"}})
            CORS(inside, origins=B)
        app.register_blueprint(inside)
        app.add_url_rule("/open/", "open", a_view)
        app.add_url_rule("/decorated", "decorated", cross_origin(origins=B)(a_view))
        app.add_url_rule("/called", "called", cross_origin(origins=lambda origin: origin == B)(a_view))
        app.before_request(lambda found=found: found.append(current_policy()))
        app.teardown_request(lambda _, found=found: found.append(current_policy()))
        fetch(app.test_client(), path, method=method)
        fetch(app.test_client(), path, method="OPTIONS", headers={"Access-Control-Request-Method": method})
        expected = allowed if with_cors else alone
        assert [policy and [*filter(policy.allows, ORIGINS)] for policy in found] == [expected] * 4


def test_the_current_policy_is_a_hidden_one_inside_its_view_and_none_where_nothing_covers() -> None:
    app, found = make_app(), list[Any]()
    CORS(app, resources="/else", origins=A)

    def view() -> str:
        found.append(current_policy())
        return "text"

    app.add_url_rule("/", "hidden", h.hide(cross_origin(origins=B)(view)))
    app.add_url_rule("/plain", "plain", view)
    for path in ("/", "/plain"):
        fetch(app.test_client(), path)
    assert (found[0].allows(A), found[0].allows(B), found[1]) == (False, True, None)


def test_outside_of_a_request_there_is_no_current_policy() -> None:
    with pytest.raises(RuntimeError, match="outside of"):
        current_policy()
    with make_app().app_context(), pytest.raises(RuntimeError, match=r"outside of request context|no request"):
        current_policy()


# Nothing that a client chooses makes the memory grow -----------------------------------------------------------------


@table(
    "target, origin, requested, leaks",
    ("methods", "M{0} /", A, "GET", False),
    ("something that this test itself keeps", "GET /", A, "GET", True),
    ("long paths, and a decorated error handler", "GET /{0}{1}", A, "GET", False),
    ("origins, and a decoration made per request", "GET /made", "https://{0}.example", "GET", False),
    ("origins, and a function", "GET /called", "https://{0}.example", "GET", False),
    ("preflights", "OPTIONS /{0}{1}", A, "M{0}", False),
    ("preflights, and a function", "OPTIONS /called/{0}{1}", A, "M{0}", False),
)
def test_memory_does_not_grow_with(target: str, origin: str, requested: str, leaks: bool) -> None:
    app, kept, long = make_app(), list[bytes](), "a" * 60_000
    CORS(app, origins=A, headers="*", supports_credentials=True)
    CORS(app, resources="/called", origins=lambda origin: origin == A)
    app.register_error_handler(404, cross_origin()(lambda _: ("nothing here", 404)))
    app.add_url_rule("/made", "made", lambda: cross_origin(origins=B)(a_view)())
    method, path = target.split()
    chosen = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_ORIGIN": origin}
    chosen |= {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": requested, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-{0}"}

    def send_many(numbers: range) -> int:
        for i in numbers:  # without the client, which has caches of its own
            call(app, {key: text.format(i, long) for key, text in chosen.items()})
            kept.append(bytes(10_000 if leaks else 0))
        gc.collect()
        return len(gc.get_objects())

    tracemalloc.start()
    send_many(range(10))
    before = send_many(range(10, 12)), tracemalloc.get_traced_memory()[0]
    after = send_many(range(12, 32)), tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after[0] - before[0] < 15
    assert (after[1] - before[1] > 100_000) is leaks
