"""What stays as it is without the extension: contexts, ``g``, the app's own functions, its error pages, its memory."""

import gc
import http.client
import logging
import re
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Response, abort, g, has_app_context, has_request_context, request, session
from flask import ctx as flask_contexts
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter
from werkzeug.serving import make_server
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

import flask_cors
from flask_cors import CORS, CORSWarning, cross_origin, current_policy
from tests.helpers import (
    ALL_METHODS,
    DENIED,
    FOR_A,
    NO_HEADERS,
    ONLY_A,
    ONLY_B,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    cors_headers,
    fetch,
    get_headers_for,
    get_preflight_headers_for,
    hide,
    make_app,
    preflight,
    preflight_headers,
)

PREFLIGHT = {"Origin": A, "Access-Control-Request-Method": "PUT"}


def use_cors(app: Flask) -> None:
    CORS(app, origins=A)


def use_a_callable(app: Flask) -> None:
    CORS(app, origins=lambda origin: origin == A)


def leave_preflights_to_the_app(app: Flask) -> None:
    CORS(app, origins=A, automatic_options=False)


def use_cors_behind_a_middleware(app: Flask) -> None:
    wrap_in_a_middleware(app)
    CORS(app, origins=A)


def wrap_in_a_middleware(app: Flask) -> None:
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner(environ, start_response)  # type: ignore[method-assign]


every_set_up = pytest.mark.parametrize(
    "set_up", [use_cors, use_a_callable, leave_preflights_to_the_app, use_cors_behind_a_middleware]
)


# Apps in which requests fail at each stage ---------------------------------------------------------------------------


class Item(BaseConverter):
    def to_python(self, value: str) -> str:
        return {"book": "a book"}[value]


class Store(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Any) -> Any:
        if request.args.get("fail") == "open":
            raise ConnectionError("the session store is down")
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        if request.args.get("fail") == "save":
            raise ConnectionError("the session store is down")
        super().save_session(app, session, response)


def make_failing_app(set_up: SetUp = lambda _: None) -> tuple[Flask, list[str]]:
    """Make an app in which requests fail in many ways, and the list of what has run in it."""
    app, log = make_app(TESTING=False, SECRET_KEY="secret"), list[str]()
    app.session_interface = Store()
    app.url_map.converters["item"] = Item
    set_up(app)
    app.register_error_handler(500, lambda _: ("our own page", 500))
    app.teardown_request(lambda error: log.append(f"teardown_request {error!r}"))
    app.teardown_appcontext(lambda error: log.append(f"teardown_appcontext {error!r}"))

    @app.before_request
    def before() -> None:
        log.append(f"before {g.setdefault('user', request.headers.get('X-User', 'nobody'))}")
        if request.args.get("fail") == "before":
            raise LookupError

    @app.after_request
    def after(response: Response) -> Response:
        log.append(f"after {response.status_code}")
        return response

    app.add_url_rule("/who", "who", lambda: str(g.user), methods=["GET", "PUT"])
    app.add_url_rule("/items/<item:name>", "items", lambda name: name, methods=["GET", "PUT"])
    app.add_url_rule("/number/<int:number>", "number", lambda number: str(number), methods=["GET", "PUT"])
    app.add_url_rule("/moved/<name>", endpoint="moved", redirect_to=lambda _, name: {"book": "/who"}[name])
    app.add_url_rule("/own", "own", lambda: str(1 / 0), methods=["GET", "OPTIONS"])
    return app, log


every_failure = pytest.mark.parametrize(
    "path",
    [
        pytest.param("/who", id="nothing"),
        pytest.param("/who?fail=open", id="the session store, when the session is opened"),
        pytest.param("/who?fail=save", id="the session store, when the session is saved"),
        pytest.param("/who?fail=before", id="a before_request function"),
        pytest.param("/items/unknown", id="a converter"),
        pytest.param("/moved/unknown", id="a redirect_to function"),
        pytest.param(f"/number/{'9' * 4301}", id="a number with too many digits"),
        pytest.param("/own", id="a view that handles OPTIONS itself"),
        pytest.param("/nowhere", id="the path"),
    ],
)


@pytest.fixture
def context_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each context that is opened and closed, whoever does it."""
    calls: list[str] = []

    def count(owner: type, name: str) -> None:
        original = vars(owner)[name]

        def counting(*args: Any, **kwargs: Any) -> Any:
            calls.append(f"{owner.__name__}.{name}")
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    for owner in {flask_contexts.AppContext, getattr(flask_contexts, "RequestContext", flask_contexts.AppContext)}:
        for name in ("push", "pop"):
            count(owner, name)
    return calls


def send(app: Flask, path: str, **call: Any) -> tuple[int, str]:
    """Send a request; return its status and text, or the exception that it raises."""
    try:
        response = fetch(app.test_client(), path, **call)
    except Exception as error:
        return 0, repr(error)
    return response.status_code, response.text


CALLS: list[dict[str, Any]] = [
    {"method": "GET", "headers": {"Origin": A}},
    {"method": "GET", "headers": {"Origin": B, "Sec-Fetch-Mode": "navigate"}},
    {"method": "PUT"},
    {"method": "PURGE", "headers": {"Origin": A}},
    {"method": "OPTIONS", "headers": {"Origin": A}},
    {"method": "OPTIONS", "headers": {"Access-Control-Request-Method": "PUT"}},
]


@every_set_up
@every_failure
def test_each_request_that_is_no_preflight_runs_as_without_the_extension(
    set_up: SetUp, path: str, context_calls: list[str]
) -> None:
    found = []
    for app, log in (make_failing_app(), make_failing_app(set_up)):
        context_calls.clear()
        responses = [send(app, path, **call) for call in CALLS]
        found.append((responses, log, [*context_calls]))
    assert found[0] == found[1]


@every_set_up
@every_failure
def test_a_preflight_runs_as_without_the_extension_or_not_at_all(
    set_up: SetUp, path: str, context_calls: list[str]
) -> None:
    found, responses = [], []
    for app, log in (make_failing_app(), make_failing_app(set_up)):
        context_calls.clear()
        responses.append(send(app, path, method="OPTIONS", headers=PREFLIGHT))
        log[:] = [line.split()[0] if line.startswith("after") else line for line in log]  # its status may differ
        found.append((log, [*context_calls]))
        assert (has_app_context(), has_request_context()) == (False, False)
    assert found[1] in (found[0], ([], []))
    assert responses[1] in (responses[0], (200, ""))


@every_set_up
def test_after_preflights_that_fail_the_next_visitors_share_nothing_on_a_server_with_one_thread(set_up: SetUp) -> None:
    app, log = make_failing_app(set_up)
    server = make_server("127.0.0.1", 0, app, threaded=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def call(method: str, path: str, **headers: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request(method, path, headers={"Origin": A, **headers})
        return connection.getresponse().read().decode()

    for path in ("/who?fail=open", "/who?fail=before", "/items/unknown", "/moved/unknown", "/own"):
        call("OPTIONS", path, **PREFLIGHT)
        log.clear()
        assert [call("GET", "/who", **{"X-User": name}) for name in ("alice", "bob")] == ["alice", "bob"]
        assert call("GET", "/who") == "nobody"
        assert [line for line in log if line.startswith("teardown")] == [
            "teardown_request None",
            "teardown_appcontext None",
        ] * 3
    server.shutdown()
    server.server_close()


# Ways into the app ---------------------------------------------------------------------------------------------------

Entrance = Callable[[Flask], WSGIApplication]


class Manager:
    """Stands in place of ``app.wsgi_app``, and calls the app's own methods, as middleware managers do."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.app.request_context(environ):
            return self.app.full_dispatch_request()(environ, start_response)


class OwnEntrance(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return super().wsgi_app(environ, start_response)


def only_cors(app: Flask) -> WSGIApplication:
    CORS(app, origins=A)
    return app


def a_middleware_before_cors(app: Flask) -> WSGIApplication:
    use_cors_behind_a_middleware(app)
    return app


def a_middleware_after_cors(app: Flask) -> WSGIApplication:
    CORS(app, origins=A)
    wrap_in_a_middleware(app)
    return app


def wsgi_app_kept_from_before_cors(app: Flask) -> WSGIApplication:
    kept = app.wsgi_app
    CORS(app, origins=A)
    return kept


def full_dispatch_request(app: Flask) -> WSGIApplication:
    CORS(app, origins=A)
    return Manager(app)


def a_manager_before_cors(app: Flask) -> WSGIApplication:
    app.wsgi_app = Manager(app)  # type: ignore[method-assign]
    CORS(app, origins=A)
    return app


def a_manager_after_cors(app: Flask) -> WSGIApplication:
    CORS(app, origins=A)
    app.wsgi_app = Manager(app)  # type: ignore[method-assign]
    return app


def two_cors(app: Flask) -> WSGIApplication:
    CORS(app)
    wrap_in_a_middleware(app)
    CORS(app, origins=A)
    return app


every_entrance = pytest.mark.parametrize(
    "enter",
    [
        only_cors,
        a_middleware_before_cors,
        a_middleware_after_cors,
        wsgi_app_kept_from_before_cors,
        full_dispatch_request,
        a_manager_before_cors,
        a_manager_after_cors,
        two_cors,
    ],
)
every_app = pytest.mark.parametrize("make", [Flask, OwnEntrance], ids=["Flask", "a subclass with its own wsgi_app"])


@every_app
@every_entrance
def test_headers_are_there_whatever_the_way_in(make: type[Flask], enter: Entrance) -> None:
    app = make(__name__)
    app.add_url_rule("/", view_func=a_view, methods=["GET", "PUT"])
    client = Client(enter(app))
    for path, status in (("/", 200), ("/nowhere", 404)):
        for origin, expected in ((A, ONLY_A), (B, DENIED), (None, ONLY_A)):
            response = fetch(client, path, origin)
            assert (response.status_code, cors_headers(response)) == (status, expected)
        for origin, expected in ((A, ONLY_A | ALL_METHODS), (B, DENIED)):
            assert preflight_headers(preflight(client, path, origin, "PUT")) == expected


@every_app
@every_entrance
@pytest.mark.parametrize("login", [False, True], ids=["", "behind a login"])
def test_functions_that_need_each_other_run_all_or_not_at_all(make: type[Flask], enter: Entrance, login: bool) -> None:
    app, ran = make(__name__), list[str]()
    app.testing = True  # lets out whatever a function raises

    def before() -> None:
        g.start = "set"
        ran.append("before")

    def after(response: Response) -> Response:
        ran.append(f"after {g.start}")
        return response

    def add_functions() -> None:
        app.before_request(before)
        app.before_request(lambda: abort(401) if login else None)
        app.after_request(after)
        app.teardown_request(lambda _: ran.append(f"teardown {g.start}"))

    add_functions()
    client = Client(enter(app))
    add_functions()
    app.add_url_rule("/", view_func=a_view, methods=["PUT"])
    assert preflight_headers(preflight(client, "/", A, "PUT")) == ONLY_A | ALL_METHODS
    befores = 1 if login else 2  # the first login ends what comes before the view
    assert ran in ([], ["before"] * befores + ["after set"] * 2 + ["teardown set"] * 2)


def test_process_response_adds_the_headers() -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=a_view)
    with app.test_request_context(headers={"Origin": A}):
        response = app.process_response(app.response_class("from elsewhere"))
    assert (response.get_data(True), response.headers["Access-Control-Allow-Origin"]) == ("from elsewhere", A)
    with app.test_request_context(method="OPTIONS", headers=PREFLIGHT):
        response = app.process_response(app.response_class("from elsewhere", 404))
    assert (response.status_code, response.data, response.headers["Access-Control-Allow-Origin"]) == (200, b"", A)


def test_tracing_that_patches_the_class_later_sees_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    app, traced, original = make_app(), list[str](), Flask.wsgi_app
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=a_view)

    def tracing(self: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        traced.append(environ["REQUEST_METHOD"])
        return original(self, environ, start_response)

    assert get_headers_for(app) == FOR_A
    monkeypatch.setattr(Flask, "wsgi_app", tracing)
    assert get_headers_for(app) == FOR_A
    assert traced == ["GET"] * 3


def test_the_empty_response_closes_the_one_that_it_replaces() -> None:
    app, closed = make_app(), list[str]()

    @app.before_request
    def refuse() -> Response:
        response = Response("log in first", 401)
        response.call_on_close(lambda: closed.append("closed"))
        return response

    use_cors_behind_a_middleware(app)
    assert get_preflight_headers_for(app) == [ONLY_A | ALL_METHODS, DENIED]
    assert closed == ["closed"] * 2


# The app's own error pages, and no grant, when something fails inside the extension --------------------------------


def a_misspelt_option(app: Flask) -> None:
    CORS(app)
    app.config["CORS_RESOURCES"] = {"/": {"orgins": A}}


def a_wrong_value(app: Flask) -> None:
    CORS(app)
    app.config["CORS_MAX_AGE"] = "soon"


def credentials_for_all(app: Flask) -> None:
    CORS(app, origins=A)
    CORS(app, resources="/api")
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True


def a_warning_as_an_error(app: Flask) -> None:
    CORS(app)
    app.config["CORS_ORIGINS"] = "https://A.example"


def a_misspelt_option_for_a_decorator(app: Flask) -> None:
    CORS(app, resources=[])
    app.view_functions["view"] = cross_origin(methods="GET")(a_view)
    app.config["CORS_MAX_AGE"] = "soon"


@pytest.mark.parametrize(
    "set_up",
    [a_misspelt_option, a_wrong_value, credentials_for_all, a_warning_as_an_error, a_misspelt_option_for_a_decorator],
)
@pytest.mark.parametrize("first", ["GET", "OPTIONS"])
def test_wrong_options_that_only_the_first_request_can_show_allow_no_origin(
    set_up: SetUp, first: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    app.add_url_rule("/", "view", a_view)
    set_up(app)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CORSWarning)
        fetch(app.test_client(), "/", A, method=first)
        assert get_headers_for(app) == [DENIED] * 3
        assert get_preflight_headers_for(app) == [DENIED] * 2
    assert fetch(app.test_client(), "/", A).text == a_view()
    assert [(record.levelno, record.getMessage()[:35]) for record in caplog.records] == [
        (logging.ERROR, "CORS: no origin is allowed, because")
    ]


@every_set_up
@pytest.mark.parametrize("path", ["/items/unknown", "/moved/unknown"], ids=["a converter", "a redirect_to function"])
def test_where_routing_fails_the_app_shows_its_own_page_and_no_origin_is_allowed(
    set_up: SetUp, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = make_failing_app(set_up)
    for call in ({"origin": A}, {"origin": A, "method": "OPTIONS", "headers": PREFLIGHT}):
        caplog.clear()
        response = fetch(app.test_client(), path, **call)
        assert (response.status_code, response.text, cors_headers(response)) == (500, "our own page", DENIED)
        assert len([record for record in caplog.records if record.getMessage().startswith("CORS: ")]) == 1


def test_a_response_that_starts_late_is_sent_with_the_headers() -> None:
    class Late(Response):
        def __call__(self, _: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
            start_response(self.status, [*self.headers])
            yield b"late"

    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", "view", lambda: Late())
    assert fetch(app.test_client(), "/", A).text == "late"
    assert get_headers_for(app) == FOR_A


def test_a_response_that_hands_over_to_another_app_gets_no_headers_for_it() -> None:
    inner, outer = make_app(), make_app()
    inner.add_url_rule("/", "index", a_view)

    class HandOver(Response):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return inner(environ, start_response)

    CORS(outer)
    outer.add_url_rule("/", "index", lambda: HandOver())
    assert get_headers_for(outer) == [NO_HEADERS] * 3


@pytest.mark.xfail(strict=True, reason="set_headers takes response.headers for Werkzeug's, and raises twice")
def test_headers_that_are_a_plain_dict_take_no_app_down() -> None:
    app = make_app()
    CORS(app, origins=A)

    @app.get("/")
    def view() -> Response:
        response = Response("text")
        response.headers = {"X-Own": "1"}  # type: ignore[assignment]
        return response

    assert fetch(app.test_client(), "/", A).text == "text"


@pytest.mark.parametrize("value", ["an object of the program's own", CORS(), None, {"cors": 1}])
def test_what_a_program_keeps_among_the_extensions_breaks_nothing(value: object) -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=a_view)
    app.extensions["cors"] = value
    assert get_headers_for(app) == FOR_A


# Responses that are returned again and again -------------------------------------------------------------------------


def share_a_response() -> Callable[[], Any]:
    shared = Response("text", headers={"Vary": "X", "X-Own": "stays"})
    return lambda: shared


def share_headers() -> Callable[[], Any]:
    shared = Headers({"Vary": "X", "X-Own": "stays"})
    return lambda: ("text", shared)


@pytest.mark.parametrize("share", [share_a_response, share_headers])
@pytest.mark.parametrize("vary", ["X", "Cookie, X"], ids=["", "with a session"])
def test_what_views_share_carries_no_headers_of_another_request(share: Callable[[], Any], vary: str) -> None:
    app, view = make_app(SECRET_KEY="secret"), share()
    if "Cookie" in vary:
        app.before_request(lambda: session.get("user"))
    CORS(app, resources={"/all": {"max_age": 1}, "/a": {"origins": A}, "/ab": {"origins": [A, B]}})
    CORS(app, resources="/called", origins=lambda origin: origin == A)
    for path in ("/all", "/a", "/ab", "/called", "/decorated", "/"):
        app.add_url_rule(path, path, cross_origin(origins=A)(view) if path == "/decorated" else view)

    def get_grants(path: str) -> list[CORSHeaders]:
        grants = get_headers_for(app, path)
        for headers in grants:
            names = {*headers.pop("Vary").split(", ")}
            # That `Origin` stays where it is not needed harms nobody.
            assert names - {"Origin"} == {*vary.split(", ")}
            assert "Origin" in names or path in ("/all", "/")
        return grants

    allow_a, allow_b = {"Access-Control-Allow-Origin": A}, {"Access-Control-Allow-Origin": B}
    for _ in range(2):
        assert get_grants("/a") == [allow_a, {}, allow_a]
        assert get_grants("/all") == [{"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "1"}] * 3
        assert get_grants("/ab") == [allow_a, allow_b, {}]
        assert get_grants("/called") == [allow_a, {}, {}]
        assert get_grants("/decorated") == [allow_a, {}, allow_a]
        assert get_grants("/") == [{}, {}, {}]
        assert fetch(app.test_client(), "/", A).headers.getlist("X-Own") == ["stays"]


def test_two_threads_may_share_a_response() -> None:
    barrier, found = threading.Barrier(2, timeout=5), {}

    class Waiting(Response):
        def __call__(self, *args: Any) -> Any:
            barrier.wait()  # until the headers of both are added
            return super().__call__(*args)

    app, shared = make_app(), Waiting("text")
    CORS(app, origins=[A, B])
    app.add_url_rule("/", "view", lambda: shared)

    def send(origin: str) -> None:
        found[origin] = cors_headers(fetch(app.test_client(), "/", origin))

    for _ in range(5):
        threads = [threading.Thread(target=send, args=[origin]) for origin in (A, B)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {A: ONLY_A, B: ONLY_B}


# The policy of the request at hand -----------------------------------------------------------------------------------


def make_app_with_policies(with_cors: bool) -> Flask:
    app, inside = make_app(), Blueprint("inside", __name__, url_prefix="/inside")
    if with_cors:
        CORS(app, origins=[A, "https://*.a.example"], resources={"/": {}, "/open": {"origins": "*"}})
        CORS(inside, origins=B)
    inside.add_url_rule("/", "view", a_view)
    app.register_blueprint(inside)
    for path in ("/", "/open/"):
        app.add_url_rule(path, path, a_view)
    app.add_url_rule("/decorated", "decorated", cross_origin(origins=B)(a_view))
    app.add_url_rule("/called", "called", cross_origin(origins=lambda origin: origin == B)(a_view))
    return app


@pytest.mark.parametrize(
    ("path", "allowed", "alone"),
    [
        pytest.param("/", [A, "https://x.a.example"], None, id="of the app"),
        pytest.param("/unknown", [A, "https://x.a.example"], None, id="of the app, on an unknown path"),
        pytest.param("/open/", [A, "https://x.a.example", B], None, id="of a resource"),
        pytest.param("/open", [A, "https://x.a.example", B], None, id="of where a URL leads"),
        pytest.param("/inside/", [B], None, id="of a blueprint"),
        pytest.param("/inside/unknown", [B], None, id="of a blueprint, on an unknown path"),
        pytest.param("/decorated", [B], [B], id="of a view"),
        pytest.param("/called", [B], [B], id="of a view, with a function"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_current_policy_is_that(path: str, allowed: list[str], alone: list[str] | None, method: str) -> None:
    for with_cors, expected in ((True, allowed), (False, alone)):
        app, found = make_app_with_policies(with_cors), list[object]()

        def note(found: list[object] = found) -> None:
            policy = current_policy()
            origins = [A, "https://x.a.example", B, "https://aXexample", "not an origin"]
            found.append(policy and [origin for origin in origins if policy.allows(origin)])

        app.before_request(note)
        app.teardown_request(lambda _, note=note: note())
        for call in ({"method": method}, {"method": "OPTIONS", "headers": {"Access-Control-Request-Method": method}}):
            fetch(app.test_client(), path, **call)
        assert found == [expected] * 4


def test_the_current_policy_inside_a_hidden_decoration_is_that_of_the_view_and_none_where_nothing_covers() -> None:
    app, found = make_app(), list[Any]()
    CORS(app, resources="/else", origins=A)

    def view() -> str:
        found.append(current_policy())
        return "text"

    app.add_url_rule("/", "hidden", hide(cross_origin(origins=B)(view)))
    app.add_url_rule("/plain", "plain", view)
    for path in ("/", "/plain"):
        fetch(app.test_client(), path)
    assert (found[0].allows(A), found[0].allows(B), found[1]) == (False, True, None)


def test_there_is_no_current_policy_outside_of_a_request() -> None:
    app = make_app()
    CORS(app)
    with pytest.raises(RuntimeError, match="outside of"):
        current_policy()
    with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        current_policy()
    with app.test_request_context("/"):
        assert current_policy() is not None


# Nothing that a client chooses makes the memory grow -----------------------------------------------------------------


def a_decorated_error_handler(app: Flask) -> None:
    app.register_error_handler(404, cross_origin()(lambda _: ("nothing here", 404)))


def decorations_made_per_request(app: Flask) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/made", "made", lambda: cross_origin(origins=B)(a_view)())


GROWTH = [use_cors, use_a_callable, a_decorated_error_handler, decorations_made_per_request]


@pytest.mark.parametrize("set_up", GROWTH)
@pytest.mark.parametrize(
    ("call", "headers"),
    [
        pytest.param("M{0} /", {"Origin": A}, id="methods"),
        pytest.param("GET /{0}{1}", {"Origin": A}, id="long paths"),
        pytest.param("GET /made", {"Origin": "https://{0}.example"}, id="origins"),
        pytest.param("OPTIONS /{0}{1}", {"Origin": A, "Access-Control-Request-Method": "M{0}"}, id="preflights"),
    ],
)
def test_memory_does_not_grow_with(set_up: SetUp, call: str, headers: dict[str, str]) -> None:
    app = make_app()
    set_up(app)
    method, path = call.split()
    long = "a" * 60_000

    environ = EnvironBuilder().get_environ()  # sent without the client, which has caches of its own

    def send_many(numbers: range) -> int:
        for i in numbers:
            filled = {f"HTTP_{key.upper().replace('-', '_')}": value.format(i) for key, value in headers.items()}
            chosen = {"REQUEST_METHOD": method.format(i), "PATH_INFO": path.format(i, long)}
            run_wsgi_app(app, environ | filled | chosen, buffered=True)
        gc.collect()
        return len(gc.get_objects())

    tracemalloc.start()
    send_many(range(20))
    before = send_many(range(20, 30)), tracemalloc.get_traced_memory()[0]
    after = send_many(range(30, 60)), tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after[0] - before[0] < 20
    assert after[1] - before[1] < 100_000


# The next Flask ------------------------------------------------------------------------------------------------------

FORBIDDEN = """
    make_default_options_response full_dispatch_request process_response handle_exception preprocess_request
    dispatch_request( request_context app_context .push(
"""
CORE = ("_middleware", "_routes", "_state", "decorator", "extension", "options", "origins", "policy", "resources")


def test_the_core_calls_nothing_that_takes_the_context_in_the_next_flask_and_opens_none() -> None:
    package = Path(flask_cors.__file__).parent
    text = "".join((package / f"{module}.py").read_text() for module in CORE)
    assert [name for name in FORBIDDEN.split() if name in text] == []
    assert {*re.findall(r"(\w+)\.pop\(", text)} <= {"environ", "parsed"}  # dicts
