"""What stays as it is without the extension: contexts, ``g``, the app's own functions, its error pages, its memory."""

import gc
import threading
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Response, abort, g, has_app_context, has_request_context, request, session
from flask import ctx as flask_contexts
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import Headers
from werkzeug.routing import BaseConverter
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from flask_cors import CORS, cross_origin, current_policy
from tests import helpers as h
from tests.helpers import ALL_METHODS, DENIED, FOR_A, ONLY_A, A, B, SetUp, a_view, cors_headers, fetch, make_app
from tests.helpers import get_headers_for as headers_for
from tests.helpers import get_preflight_headers_for as preflights_for
from tests.tables import table

PREFLIGHT = {"Origin": A, "Access-Control-Request-Method": "PUT"}


def use_cors(app: Flask) -> None:
    CORS(app, origins=A)


def use_a_callable(app: Flask) -> None:
    CORS(app, origins=lambda origin: origin == A)


def leave_preflights_to_the_app(app: Flask) -> None:
    CORS(app, origins=A, automatic_options=False)


def use_cors_behind_a_middleware(app: Flask) -> None:
    h.use_middleware(app)
    use_cors(app)


SET_UPS = [use_cors, use_a_callable, leave_preflights_to_the_app, use_cors_behind_a_middleware]
every_set_up = pytest.mark.parametrize("set_up", SET_UPS)


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


every_failure = table(
    "path",
    ("nothing", "/who"),
    ("the session store, when the session is opened", "/who?fail=open"),
    ("the session store, when the session is saved", "/who?fail=save"),
    ("a before_request function", "/who?fail=before"),
    ("a converter", "/items/unknown"),
    ("a redirect_to function", "/moved/unknown"),
    ("a number with too many digits", f"/number/{'9' * 4301}"),
    ("a view that handles OPTIONS itself", "/own"),
    ("the path", "/nowhere"),
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

    for kind in ("AppContext", "RequestContext"):
        if kind in vars(flask_contexts):  # the next Flask has one kind
            count(vars(flask_contexts)[kind], "push")
            count(vars(flask_contexts)[kind], "pop")
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
    {"method": "PURGE", "headers": {"Origin": A}},
    {"method": "OPTIONS", "headers": {"Origin": A}},
    {"method": "OPTIONS", "headers": {"Access-Control-Request-Method": "PUT"}},
]


@every_set_up
@every_failure
def test_each_request_runs_as_without_the_extension_or_if_it_is_a_preflight_not_at_all(
    set_up: SetUp, path: str, context_calls: list[str]
) -> None:
    found = []
    for app, log in (make_failing_app(), make_failing_app(set_up)):
        actual = [send(app, path, **call) for call in CALLS], log[:], context_calls[:]
        log.clear()
        context_calls.clear()
        response = send(app, path, method="OPTIONS", headers=PREFLIGHT)
        assert (has_app_context(), has_request_context()) == (False, False)
        log = [line.split()[0] if line.startswith("after") else line for line in log]  # its status may differ
        found.append((actual, response, (log, context_calls[:])))
        context_calls.clear()
    without, having = found
    assert having[0] == without[0]
    assert having[1] in (without[1], (200, ""))
    assert having[2] in (without[2], ([], []))


@table(
    "set_up, path, runs",
    ("of an app with CORS", use_cors, "/who", False),
    ("of an app with CORS, for an unknown URL", use_cors, "/nowhere", False),
    ("where a function in origins needs the request", use_a_callable, "/who", True),
    ("that is left to the app", leave_preflights_to_the_app, "/who", True),
    ("for a view that handles OPTIONS itself", use_cors, "/own", True),
    ("behind a middleware that was there before", use_cors_behind_a_middleware, "/who", True),
)
def test_the_functions_of_the_app_run_for_a_preflight(
    set_up: SetUp, path: str, runs: bool, context_calls: list[str]
) -> None:
    app, log = make_failing_app(set_up)
    send(app, path, method="OPTIONS", headers=PREFLIGHT)
    assert (bool(log), bool(context_calls)) == (runs, runs)


# Ways into the app ---------------------------------------------------------------------------------------------------


class Manager:
    """Stands in place of ``app.wsgi_app``, and calls the app's own methods, as middleware managers do."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        context = self.app.request_context(environ)
        with context:
            takes_context = "RequestContext" not in vars(flask_contexts)  # in the next Flask
            response = self.app.full_dispatch_request(*[context] * takes_context)
            return response(environ, start_response)


class OwnEntrance(Flask):
    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return super().wsgi_app(environ, start_response)


def use_cors_for_all(app: Flask) -> None:
    CORS(app)


def use_a_manager(app: Flask) -> None:
    app.wsgi_app = Manager(app)  # type: ignore[method-assign]


def keep(app: Flask) -> WSGIApplication:
    return app.wsgi_app


def every_entrance(test: Any) -> Any:
    """Run a test with the steps that lead to each way into the app; a step may return the way, else it is the app."""
    steps = table(
        "steps",
        ("only CORS", [use_cors]),
        ("a middleware before CORS", [h.use_middleware, use_cors]),
        ("a middleware after CORS", [use_cors, h.use_middleware]),
        ("wsgi_app kept from before CORS", [keep, use_cors]),
        ("full_dispatch_request", [use_cors, Manager]),
        ("a manager before CORS", [use_a_manager, use_cors]),
        ("a manager after CORS", [use_cors, use_a_manager]),
        ("two CORS", [use_cors_for_all, h.use_middleware, use_cors]),
    )
    return pytest.mark.parametrize("make", [Flask, OwnEntrance])(steps(test))


Steps = list[Callable[[Flask], Any]]


def enter(app: Flask, steps: Steps) -> Client:
    return Client(next(filter(None, [step(app) for step in steps]), app))


@every_entrance
def test_headers_are_there_whatever_the_way_in(make: type[Flask], steps: Steps) -> None:
    app = make(__name__)
    app.add_url_rule("/", view_func=a_view, methods=["GET", "PUT"])
    client = enter(app, steps)
    for path, status in (("/", 200), ("/nowhere", 404)):
        for origin, expected in ((A, ONLY_A), (B, DENIED), (None, ONLY_A)):
            response = fetch(client, path, origin)
            assert (response.status_code, cors_headers(response)) == (status, expected)
        for origin, expected in ((A, ONLY_A | ALL_METHODS), (B, DENIED)):
            assert h.preflight_headers(h.preflight(client, path, origin, "PUT")) == expected


@every_entrance
@pytest.mark.parametrize("login", [False, True], ids=["", "behind a login"])
def test_functions_that_need_each_other_run_all_or_not_at_all(make: type[Flask], steps: Steps, login: bool) -> None:
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
    client = enter(app, steps)
    add_functions()
    app.add_url_rule("/", view_func=a_view, methods=["PUT"])
    assert h.preflight_headers(h.preflight(client, "/", A, "PUT")) == ONLY_A | ALL_METHODS
    befores = 1 if login else 2  # the first login ends what comes before the view
    assert ran in ([], ["before"] * befores + ["after set"] * 2 + ["teardown set"] * 2)


@table(
    "status, sent, expected",
    ("a response from elsewhere", 404, {"headers": {"Origin": A}}, (404, b"text")),
    ("a preflight", 404, {"method": "OPTIONS", "headers": PREFLIGHT}, (200, b"")),
)
def test_process_response_adds_the_headers(status: int, sent: dict[str, Any], expected: tuple[int, bytes]) -> None:
    app = make_app()
    use_cors(app)
    with app.test_request_context(**sent) as context:
        takes_context = "RequestContext" not in vars(flask_contexts)  # in the next Flask
        response = app.process_response(*[context] * takes_context, Response("text", status))  # type: ignore[arg-type, call-arg]
    assert (response.status_code, response.data) == expected
    assert response.headers["Access-Control-Allow-Origin"] == A


def test_tracing_that_patches_the_class_later_sees_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    app, traced, original = make_app(), list[str](), Flask.wsgi_app
    use_cors(app)
    app.add_url_rule("/", view_func=a_view)

    def tracing(self: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        traced.append(environ["REQUEST_METHOD"])
        return original(self, environ, start_response)

    assert headers_for(app) == FOR_A
    monkeypatch.setattr(Flask, "wsgi_app", tracing)
    assert headers_for(app) == FOR_A
    assert traced == ["GET"] * 3


def test_the_empty_response_closes_the_one_that_it_replaces() -> None:
    app, closed = make_app(), list[str]()

    @app.before_request
    def refuse() -> Response:
        response = Response("log in first", 401)
        response.call_on_close(lambda: closed.append("closed"))
        return response

    use_cors_behind_a_middleware(app)
    assert preflights_for(app) == [ONLY_A | ALL_METHODS, DENIED]
    assert closed == ["closed"] * 2


# The app's own error pages, and no grant, when something fails inside the extension --------------------------------


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


def test_headers_that_are_a_plain_dict_take_no_app_down() -> None:
    app, response = make_app(), Response("text")
    use_cors(app)
    response.headers = {"X-Own": "1"}  # type: ignore[assignment]
    app.add_url_rule("/", "view", lambda: response)
    assert fetch(app.test_client(), "/", A).text == "text"


# Responses that are returned again and again -------------------------------------------------------------------------


@pytest.mark.parametrize("shares_headers", [False, True])
@pytest.mark.parametrize("vary", ["X", "Cookie, X"], ids=["", "with a session"])
def test_what_views_share_carries_no_headers_of_another_request(shares_headers: bool, vary: str) -> None:
    app, headers = make_app(SECRET_KEY="secret"), Headers({"Vary": "X", "X-Own": "stays"})
    shared: Any = ("text", headers) if shares_headers else Response("text", headers=headers)
    if "Cookie" in vary:
        app.before_request(lambda: session.get("user"))
    CORS(app, resources={"/all": {"max_age": 1}, "/a": {"origins": A}, "/ab": {"origins": [A, B]}})
    CORS(app, resources="/called", origins=lambda origin: origin == A)
    allow_a, allow_b = {"Access-Control-Allow-Origin": A}, {"Access-Control-Allow-Origin": B}
    expected: dict[str, list[dict[str, str]]] = {
        "/a": [allow_a, {}, allow_a],
        "/all": [{"Access-Control-Allow-Origin": "*", "Access-Control-Max-Age": "1"}] * 3,
        "/ab": [allow_a, allow_b, {}],
        "/called": [allow_a, {}, {}],
        "/decorated": [allow_a, {}, allow_a],
        "/": [{}, {}, {}],
    }

    def view() -> Any:
        return shared

    for path in expected:
        app.add_url_rule(path, path, cross_origin(origins=A)(view) if path == "/decorated" else view)
    for path, grants in [*expected.items()] * 2:
        found = headers_for(app, path)
        for headers_found in found:
            names = {*headers_found.pop("Vary").split(", ")}
            assert names - {"Origin"} == {*vary.split(", ")}  # that it stays where it is not needed harms nobody
            assert "Origin" in names or path in ("/all", "/")
        assert found == grants
        assert fetch(app.test_client(), path, A).headers.getlist("X-Own") == ["stays"]


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
        assert found == {A: ONLY_A, B: h.ONLY_B}


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


X = "https://x.a.example"


@table(
    "path, allowed, alone",
    ("of the app", "/", [A, X], None),
    ("of the app, on an unknown path", "/unknown", [A, X], None),
    ("of a resource", "/open/", [A, X, B], None),
    ("of where a URL leads", "/open", [A, X, B], None),
    ("of a blueprint", "/inside/", [B], None),
    ("of a blueprint, on an unknown path", "/inside/unknown", [B], None),
    ("of a view", "/decorated", [B], [B]),
    ("of a view, with a function", "/called", [B], [B]),
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_current_policy_is_that(path: str, allowed: list[str], alone: list[str] | None, method: str) -> None:
    for with_cors, expected in ((True, allowed), (False, alone)):
        app, found = make_app_with_policies(with_cors), list[object]()

        def note(found: list[object] = found) -> None:
            policy = current_policy()
            origins = [A, X, B, "https://aXexample", "not an origin"]
            found.append(policy and [origin for origin in origins if policy.allows(origin)])

        app.before_request(note)
        app.teardown_request(lambda _, note=note: note())
        for call in ({"method": method}, {"method": "OPTIONS", "headers": {"Access-Control-Request-Method": method}}):
            fetch(app.test_client(), path, **call)
        assert found == [expected] * 4


def test_the_current_policy_is_a_hidden_one_inside_its_view_and_none_where_nothing_covers_or_there_is_no_request() -> (
    None
):
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
    with pytest.raises(RuntimeError, match="outside of"):
        current_policy()
    with app.app_context(), pytest.raises(RuntimeError, match=r"outside of request context|no request"):
        current_policy()


# Nothing that a client chooses makes the memory grow -----------------------------------------------------------------


@table(
    "call, origin, requested, leaks",
    ("methods", "M{0} /", A, "GET", False),
    ("methods, unless this test itself keeps something", "M{0} /", A, "GET", True),
    ("long paths, and a decorated error handler", "GET /{0}{1}", A, "GET", False),
    ("origins, and a decoration made per request", "GET /made", "https://{0}.example", "GET", False),
    ("origins, and a function", "GET /called", "https://{0}.example", "GET", False),
    ("preflights", "OPTIONS /{0}{1}", A, "M{0}", False),
    ("preflights, and a function", "OPTIONS /called/{0}{1}", A, "M{0}", False),
)
def test_memory_does_not_grow_with(call: str, origin: str, requested: str, leaks: bool) -> None:
    app, kept = make_app(), list[bytes]()
    CORS(app, origins=A, headers="*", supports_credentials=True)
    CORS(app, resources="/called", origins=lambda origin: origin == A)
    app.register_error_handler(404, cross_origin()(lambda _: ("nothing here", 404)))
    app.add_url_rule("/made", "made", lambda: cross_origin(origins=B)(a_view)())
    method, path = call.split()
    long, environ = "a" * 60_000, EnvironBuilder().get_environ()  # sent without the client, which has caches of its own

    def send_many(numbers: range) -> int:
        for i in numbers:
            headers = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": requested}
            headers |= {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-{0}"}
            chosen = {"REQUEST_METHOD": method, "PATH_INFO": path, **headers}
            run_wsgi_app(app, environ | {key: text.format(i, long) for key, text in chosen.items()}, buffered=True)
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
