"""``@cross_origin``: views of every kind, hidden decorations, views that call views, and headers set by hand."""

import functools
import inspect
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event
from typing import Any
from unittest import mock

import pytest
from flask import Response, abort, request, send_file, stream_with_context
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View
from werkzeug.local import LocalProxy

from flask_cors import CORS, _decorations, cross_origin
from tests import helpers as h
from tests.helpers import DENIED, FOR_A, FOR_ALL, FOR_B, FOR_NONE, ONLY_A, ONLY_B, PATH, A, B, CORSHeaders, a_view
from tests.tables import table

ViewFunction = Callable[..., Any]
only_a, only_b = cross_origin(origins=A), cross_origin(origins=B)
for_none, for_all = cross_origin(origins=[]), cross_origin()


# Views of every kind, each for A alone -------------------------------------------------------------------------------


async def an_async_view(*_: object) -> str:
    return "text"


def pieces() -> Iterator[str]:
    yield request.method
    yield "and more"


async def an_async_view_that_aborts() -> ResponseReturnValue:
    abort(403)


def raises() -> str:
    raise LookupError("no such key")


def get(_: object) -> str:
    return "text"


def methods(base: type = MethodView, **attributes: Any) -> Any:
    """Make a class with methods."""
    return type("Methods", (base,), attributes)


def method_view(*decorators: Any, **attributes: Any) -> Any:
    return methods(decorators=decorators, **attributes).as_view("view")


def class_view(*decorators: Any, **attributes: Any) -> Any:
    """Make the view of a class of any other kind."""
    return methods(View, **{"decorators": decorators, "dispatch_request": get, **attributes}).as_view("view")


Decorated = methods(get=get, decorators=[only_a])
SHOWN = [
    ("a function", only_a(a_view), 200),
    ("a partial", only_a(functools.partial(a_view)), 200),
    ("an async function", only_a(an_async_view), 200),
    ("a view that sends a file", only_a(lambda: send_file(BytesIO(b"file"), "text/plain")), 200),
    ("a view that streams", only_a(lambda: Response(stream_with_context(pieces()))), 200),
    ("an async view that aborts", only_a(an_async_view_that_aborts), 403),
    ("a view that raises", only_a(raises), 500),
    ("a class that is not a view", only_a(Response), 200),
    ("below another decorator", h.wrap(only_a(a_view)), 200),
    ("above a decorator that hides the view", only_a(h.hide(a_view)), 200),
    ("a View made once, with a decorator inside", class_view(h.wrap, only_a, init_every_request=False), 200),
    ("an async MethodView", method_view(only_a, get=an_async_view), 200),
    ("a MethodView that inherits", methods(Decorated, post=get).as_view("view"), 200),
    ("twice, and the nearest to the view counts", only_b(h.wrap(only_a(a_view))), 200),
    ("a View, twice", class_view(only_a, only_b), 200),
]
# Flask learns nothing of these: without CORS on the app, it responds to OPTIONS itself.
OF_CLASS = only_a(MethodView.dispatch_request)
NOT_SHOWN = [
    ("a method of a MethodView", method_view(get=only_a(get)), 200),
    ("an async method of a MethodView", method_view(get=only_a(an_async_view)), 200),
    ("dispatch_request of a MethodView", method_view(dispatch_request=OF_CLASS, get=get), 200),
    ("a View with a decorator outside", class_view(only_a, h.wrap), 200),
]


@table("view, status", *SHOWN, *NOT_SHOWN)
@pytest.mark.parametrize("options", [{"origins": B, "max_age": 1}, {"resources": []}, None], ids=str)
def test_the_policy_of_a_view_replaces_every_other_and_suffices_alone(
    options: Any, view: ViewFunction, status: int
) -> None:
    app = h.make_app(TESTING=False)
    if options is not None:
        CORS(app, **options)
    app.add_url_rule("/", "view", view)
    for method in ("GET", "HEAD"):
        assert h.fetch(app.test_client(), "/", method=method).status_code == status
        assert h.get_headers_for(app, method=method) == FOR_A
    if options is not None:
        assert h.get_preflight_headers_for(app) == h.as_preflights(FOR_A)
        return
    responses = [h.preflight(app.test_client(), "/", origin) for origin in (A, B)]
    assert [(response.status_code, response.data) for response in responses] == [(200, b"")] * 2
    assert {"GET", "HEAD", "OPTIONS"} <= set(responses[0].allow)
    assert view in [row[1] for row in NOT_SHOWN] or [*map(h.cors_headers, responses)] == h.as_preflights(FOR_A)


async def name_of(*args: object, name: str) -> str:
    return f"{len(args)} {name}"


@table(
    "make, text, preflights",
    ("a function", lambda decorate: decorate(lambda name: name), "it", FOR_A),
    ("an async function", lambda decorate: decorate(name_of), "0 it", FOR_A),
    ("a View", lambda decorate: class_view(decorate, dispatch_request=lambda _, name: name), "it", FOR_A),
    ("an async method", lambda decorate: method_view(get=decorate(name_of)), "1 it", [h.NO_HEADERS] * 2),
)
def test_a_decorated_view_gets_what_the_route_has_found(make: Any, text: str, preflights: list[CORSHeaders]) -> None:
    app = h.make_app()
    app.add_url_rule("/<name>", "view", make(cross_origin(origins=A)))
    assert h.fetch(app.test_client(), "/it").text == text
    responses = [h.preflight(app.test_client(), "/it", origin) for origin in (A, B)]
    assert [*map(h.cors_headers, responses)] == h.as_preflights(preflights)


BESIDE_THE_CLASS = methods(get=for_all(get), post=only_b(get), put=get, decorators=[for_none])
OF_BESIDE = {"GET": FOR_ALL, "HEAD": FOR_ALL, "POST": FOR_B, "PUT": FOR_NONE}


@table(
    "view, expected",
    ("beside one for the class", BESIDE_THE_CLASS, OF_BESIDE),
    ("also for HEAD alone", methods(get=only_a(get), head=only_b(get)), {"GET": FOR_A, "HEAD": FOR_B}),
    ("not for a HEAD of its own", methods(get=only_b(get), head=get), {"GET": FOR_B, "HEAD": FOR_A}),
    ("for a HEAD that is none", methods(get=only_b(get), head=None), {"GET": FOR_B, "HEAD": FOR_B}),
    ("also for methods it lacks", methods(post=only_a(get)), dict.fromkeys(["GET", "POST", "QUERY"], FOR_A)),
)
def test_each_method_of_a_class_may_have_its_own_policy(view: Any, expected: dict[str, list[CORSHeaders]]) -> None:
    app = h.make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=view.as_view("view"))
    for method, headers in [*expected.items()] * 2:
        assert h.get_headers_for(app, method=method) == headers
        assert h.get_preflight_headers_for(app, method=method) == h.as_preflights(headers)


def test_a_decorated_view_serves_two_apps_each_with_its_config_and_several_routes() -> None:
    view = cross_origin(max_age=1)(a_view)
    for origin, only in [(A, ONLY_A), (B, ONLY_B)]:
        app = h.make_app(CORS_ORIGINS=origin, CORS_MAX_AGE=2)
        for path in ("/", "/again"):
            app.add_url_rule(path, path, view)
        app.add_url_rule("/once-more", endpoint="/again")
        for path in ("/", "/again", "/once-more"):
            assert h.cors_headers(h.fetch(app.test_client(), path, origin)) == only | {"Access-Control-Max-Age": "1"}


# Decorations that an outer decorator hides, and views that call other views; more in ``test_laws.py`` -----------------


def cors_for_a(app: Any) -> None:
    CORS(app, origins=A)


class ObjectThatCalls:
    def __init__(self, view: ViewFunction) -> None:
        self.view = view

    def __call__(self, *args: Any) -> Any:
        return self.view(*args)


class Transparent(ObjectThatCalls):
    """An object that passes for its view."""

    __class__ = property(lambda self: type(self.view))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.view, name)


def in_a_default(view: ViewFunction) -> ViewFunction:
    return lambda view=view: view()


def beside_others(view: ViewFunction) -> ViewFunction:
    a_closure, b_function = h.hide(a_view), a_view
    return lambda: a_closure() and b_function() and view()


HIDDEN = [
    ("in closures of closures", lambda view: h.hide(h.hide(h.hide(h.hide(h.hide(view)))))),
    ("beside other functions", beside_others),
    ("in a partial", functools.partial),
    ("in an object", ObjectThatCalls),
    ("in objects, one in another", lambda view: ObjectThatCalls(ObjectThatCalls(view))),
    ("in an object in a closure", lambda view: h.hide(ObjectThatCalls(view))),
]
HIDDEN_DEEPER = [  # the preflight has the app's policy then; the manual says so
    ("in an object's method", lambda view: ObjectThatCalls(view).__call__),
    ("in a default", in_a_default),
    ("in a proxy of it, as tracers make", lambda view: h.hide(Transparent(view))),
]


def only_b_recording(calls: list[str]) -> ViewFunction:
    """Make a view for B alone that records its calls."""

    def view() -> str:
        calls.append(request.method)
        return "text"

    return only_b(h.hide(view))


@pytest.mark.parametrize("set_up", [h.no_set_up, cors_for_a, lambda app: CORS(app, resources="/else")])
@table("hidden", *HIDDEN, *HIDDEN_DEEPER)
def test_where_the_route_lists_options_a_hidden_wrapper_responds_and_the_view_never_runs(
    set_up: h.SetUp, hidden: ViewFunction
) -> None:
    app, calls = h.make_app(), list[str]()
    set_up(app)
    app.add_url_rule("/", "hidden", hidden(only_b_recording(calls)), methods=["GET", "PUT", "OPTIONS"])
    for method in ("GET", "PUT", "POST"):
        responses = [h.preflight(app.test_client(), "/", origin, method) for origin in (A, B)]
        assert [(response.status_code, response.text) for response in responses] == [(200, "")] * 2
        assert [*map(h.cors_headers, responses)] == h.as_preflights(FOR_B)
    assert calls == []
    assert h.get_headers_for(app, method="PUT") == FOR_B


@pytest.mark.parametrize(("set_up", "expected"), [(h.no_set_up, FOR_NONE), (cors_for_a, FOR_A)])
@pytest.mark.parametrize("hidden", [h.hide, in_a_default])
def test_a_hidden_wrapper_does_not_decide_for_another_view_of_its_path(
    set_up: h.SetUp, expected: Any, hidden: ViewFunction
) -> None:
    app = h.make_app()
    app.add_url_rule("/", "hidden", hidden(only_b(a_view)), methods=["PUT", "OPTIONS"])
    app.add_url_rule("/", "other", a_view, methods=["GET"])
    h.use_middleware(app)  # so that the wrapper gets the preflight
    set_up(app)
    responses = [h.preflight(app.test_client(), "/", origin, "GET") for origin in (A, B)]
    assert [*map(h.cors_headers, responses)] == h.as_preflights(expected)


def login_first(view: ViewFunction) -> ViewFunction:
    return lambda *args: view(*args) if "Authorization" in request.headers else ("log in", 401)


def test_beside_cors_a_login_cannot_deny_the_preflight_of_a_hidden_view_that_lists_options() -> None:
    app, calls = h.make_app(), list[str]()
    cors_for_a(app)
    app.add_url_rule("/", "hidden", login_first(only_b_recording(calls)), methods=["PUT", "OPTIONS"])
    responses = [h.preflight(app.test_client(), "/", origin, "PUT") for origin in (A, B)]
    assert [(response.status_code, h.cors_headers(response)) for response in responses] == [
        (200, headers) for headers in h.as_preflights(FOR_B)
    ]
    assert calls == []


class Unready:
    """An object that makes up its attributes, and is not ready to."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    __call__ = __getattr__


class Unwilling:
    @property
    def func(self) -> Any:
        raise RuntimeError

    def __call__(self) -> None: ...


@table(
    "make",
    ("a proxy", lambda: LocalProxy(lambda: Unready().user)),
    ("an object that has every attribute", Unready),
    ("an object with a property", Unwilling),
)
def test_what_makes_up_its_attributes_is_not_touched_in_the_search_for_hidden_decorations(make: Any) -> None:
    app, unready = h.make_app(), make()
    cors_for_a(app)
    app.add_url_rule("/", "view", lambda: "text" if request.method else unready.name)
    h.assert_policy(app, FOR_A)


def test_the_search_for_hidden_decorations_opens_no_proxy() -> None:
    app, opened = h.make_app(), mock.Mock()
    cors_for_a(app)
    database: Any = LocalProxy(opened)
    app.add_url_rule("/", "view", lambda: database.name if request.args else "text")
    h.assert_policy(app, FOR_A)
    assert opened.mock_calls == []


def calls_its_attribute() -> Any:
    return calls_its_attribute.view()  # type: ignore[attr-defined]


def test_beside_cors_what_a_function_has_as_an_attribute_counts_but_what_the_app_has_does_not() -> None:
    app = h.make_app()
    cors_for_a(app)
    vars(calls_its_attribute)["view"] = only_b(a_view)
    vars(app)["helper"] = only_b(a_view)
    app.add_url_rule("/attribute", "attribute", calls_its_attribute)
    app.add_url_rule("/app", "app", lambda: app.name)
    assert (h.get_headers_for(app, "/attribute"), h.get_headers_for(app, "/app")) == (FOR_B, FOR_A)


def test_the_resources_of_the_config_are_not_for_decorated_views() -> None:
    app = h.make_app(CORS_RESOURCES=["/a", "/b"])
    app.add_url_rule("/", "view", only_a(a_view))
    assert h.get_headers_for(app) == FOR_A


@table("hidden", *HIDDEN)
@pytest.mark.parametrize("set_up", [CORS, cors_for_a])
def test_beside_cors_a_preflight_and_the_request_after_it_have_the_hidden_policy(
    set_up: h.SetUp, hidden: ViewFunction
) -> None:
    app, calls = h.make_app(TESTING=False), list[str]()
    set_up(app)
    app.add_url_rule("/", "hidden", hidden(only_b_recording(calls)), methods=["GET", "PUT"])
    app.add_url_rule("/refused", "refused", hidden(only_b(lambda: abort(403))))
    app.add_url_rule("/broken", "broken", hidden(only_b(lambda: 1 / 0)))
    app.add_url_rule("/login", "login", login_first(only_b(a_view)))
    assert h.get_headers_for(app, "/login") == FOR_B
    assert h.get_preflight_headers_for(app, method="PUT") == h.as_preflights(FOR_B)
    assert calls == []
    assert (
        h.get_headers_for(app, method="PUT")
        == h.get_headers_for(app, "/refused")
        == h.get_headers_for(app, "/broken")
        == FOR_B
    )


@pytest.mark.parametrize("view", [a_view, an_async_view])
def test_beside_cors_a_view_that_only_its_running_shows_has_its_own_policy(view: ViewFunction) -> None:
    app, views = h.make_app(), [only_b(view)]
    CORS(app)

    async def calling_later() -> Any:
        return await views[0]()

    app.add_url_rule("/", "calling", calling_later if view is an_async_view else lambda: views[0]())
    assert h.get_headers_for(app) == FOR_B


class Pages:
    @only_b
    def index(self) -> str:
        return "text"


@table(
    "hidden",
    ("the view of a class, in its list", method_view(only_b, login_first, get=get)),
    ("the view of a class of any other kind", class_view(only_b, login_first)),
    ("the view of a class, where it is registered", login_first(method_view(only_b, get=get))),
    ("a method of the view of a class", login_first(method_view(get=only_b(get)))),
    ("a method of an object", login_first(Pages().index)),
    ("a method of a class, inside of it", method_view(get=login_first(only_b(get)))),
)
def test_beside_cors_what_denies_a_login_has_the_hidden_policy_of(hidden: ViewFunction) -> None:
    app = h.make_app()
    cors_for_a(app)
    app.add_url_rule("/", "hidden", hidden)
    h.assert_policy(app, FOR_B, "/", 401)


def test_beside_cors_a_view_that_is_put_in_late_does_not_decide_for_one_that_calls_it() -> None:
    app = h.make_app()
    cors_for_a(app)
    for path in ("/", "/late"):
        app.add_url_rule(path, path, h.hide(only_b(a_view)))
    assert h.get_headers_for(app) == FOR_B
    late = app.view_functions["/late"] = only_b(a_view)
    app.view_functions["/"] = h.hide(late)
    assert (h.get_headers_for(app), h.get_headers_for(app, "/late")) == (FOR_A, FOR_B)


class Incomparable(ObjectThatCalls):
    def __eq__(self, other: object) -> bool:
        raise TypeError(other)

    __hash__ = ObjectThatCalls.__hash__


def test_views_are_never_compared() -> None:
    app = h.make_app()
    cors_for_a(app)
    app.add_url_rule("/", "view", Incomparable(h.hide(only_b(a_view))))
    app.add_url_rule("/other", "other", Incomparable(a_view))
    for _ in range(2):
        assert (h.get_headers_for(app), h.get_headers_for(app, "/other")) == (FOR_B, FOR_A)
        app.view_functions["other"] = Incomparable(a_view)


@pytest.mark.parametrize("inner", [only_b(a_view), h.hide(only_b(a_view))], ids=["shown", "hidden"])
def test_of_two_decorations_of_what_a_view_calls_neither_decides_for_it(inner: ViewFunction) -> None:
    app = h.make_app()
    cors_for_a(app)
    both = cross_origin(origins="https://c.example")(inner)
    app.add_url_rule("/both", "both", both)
    calls = [both]
    app.add_url_rule("/", "calling", lambda: calls[0]())
    assert h.get_headers_for(app) == FOR_A


def test_beside_cors_a_view_that_is_wrapped_while_the_app_runs_keeps_its_policy() -> None:
    app, view = h.make_app(), only_b(a_view)
    CORS(app)
    app.add_url_rule("/", "view", view)
    assert h.get_headers_for(app) == FOR_B
    app.view_functions["view"] = in_a_default(view)
    assert h.get_headers_for(app) == FOR_B


def swap_in_a_class() -> tuple[ViewFunction, Callable[[ViewFunction], None]]:
    view_class = methods(get=for_all(get))
    return view_class.as_view("view"), lambda view: setattr(view_class, "get", staticmethod(view))


def swap_in_a_closure() -> tuple[ViewFunction, Callable[[ViewFunction], None]]:
    current = for_all(a_view)

    def swap(view: ViewFunction) -> None:
        nonlocal current
        current = view

    return lambda: current(), swap


def swap_behind_a_proxy() -> tuple[ViewFunction, Callable[[ViewFunction], None]]:
    views = [for_all(a_view)]
    return LocalProxy(lambda: views[-1]), views.append


@pytest.mark.parametrize("swapped", [swap_in_a_class, swap_in_a_closure, swap_behind_a_proxy])
@table(
    "new, expected",
    ("for no decorated one", a_view, FOR_A),
    ("for a mock", mock.Mock(return_value="text"), FOR_A),
    ("for one for B", only_b(a_view), FOR_B),
)
def test_what_a_view_is_at_the_time_of_the_request_decides(swapped: Any, new: ViewFunction, expected: Any) -> None:
    app, (view, swap) = h.make_app(), swapped()
    CORS(app, origins=A)
    app.add_url_rule("/", endpoint="view")
    app.view_functions["view"] = view
    assert h.get_headers_for(app) == FOR_ALL
    swap(new)
    assert h.get_headers_for(app) == expected
    assert h.get_preflight_headers_for(app) == h.as_preflights(expected)


@pytest.mark.parametrize("order", [1, -1])
def test_one_decorator_serves_a_view_that_shows_it_and_one_that_hides_it(order: int) -> None:
    app = h.make_app()
    CORS(app)
    app.add_url_rule("/shown", "shown", only_a(a_view))
    app.add_url_rule("/hidden", "hidden", h.hide(only_a(a_view)))
    assert [h.get_headers_for(app, path) for path in ["/shown", "/hidden"][::order]] == [FOR_A] * 2


@pytest.mark.parametrize("set_up", [h.no_set_up, CORS, cors_for_a])
@table(
    "called",
    ("for all, below another decorator", h.wrap(for_all(a_view))),
    ("for B", only_b(a_view)),
    ("for B, hidden", h.hide(only_b(a_view))),
)
def test_a_view_that_calls_another_registered_view_keeps_its_own_policy(set_up: h.SetUp, called: ViewFunction) -> None:
    app, outer = h.make_app(), h.wrap(called)  # as below a decorator that is above @app.route
    hidden = h.hide(only_a(a_view))
    set_up(app)
    app.add_url_rule("/called", "called", called)
    app.add_url_rule("/", "calling", lambda: f"secret {called()}")
    app.add_url_rule("/outer", "outer", lambda: f"secret {outer()}")
    app.add_url_rule("/plain", "plain", a_view)
    app.add_url_rule("/own", "own", only_a(lambda: called()))
    app.add_url_rule("/hidden", "hidden", lambda: called() and hidden())
    plain = h.get_headers_for(app, "/plain")
    assert h.get_headers_for(app, "/") == h.get_headers_for(app, "/outer") == plain
    assert h.get_headers_for(app, "/own") == h.get_headers_for(app, "/hidden") == FOR_A
    if set_up is not h.no_set_up:
        assert h.get_preflight_headers_for(app, "/") == h.as_preflights(plain)
        assert h.get_preflight_headers_for(app, "/hidden") == h.as_preflights(FOR_A)


@table(
    "register, path, status",
    ("before the request", lambda app, function: app.before_request(function(lambda: None)), "/fine", 200),
    ("after the request", lambda app, function: app.after_request(function(lambda it: it)), "/fine", 200),
    ("for 404", lambda app, function: app.register_error_handler(404, function(lambda _: ("none", 404))), "/no", 404),
    ("for 500", lambda app, function: app.register_error_handler(500, function(lambda _: ("no", 500))), "/fails", 500),
)
def test_beside_cors_a_decorated_function_that_is_not_a_view_decides_nothing(
    register: Callable[..., Any], path: str, status: int
) -> None:
    app = h.make_app(TESTING=False)
    CORS(app, origins=B, supports_credentials=True)
    app.add_url_rule("/fine", "fine", a_view)
    app.add_url_rule("/fails", "fails", raises)
    register(app, only_a)
    with_credentials = FOR_B[1] | {"Access-Control-Allow-Credentials": "true"}
    responses = [h.fetch(app.test_client(), path, origin) for origin in (A, B)]
    assert [response.status_code for response in responses] == [status] * 2
    assert [*map(h.cors_headers, responses)] == [h.DENIED, with_credentials]


@pytest.mark.parametrize("set_up", [h.no_set_up, cors_for_a])
def test_a_view_that_refers_to_a_decorated_error_handler_keeps_its_own_policy(set_up: h.SetUp) -> None:
    app = h.make_app()
    set_up(app)

    @app.errorhandler(404)
    @only_b
    def not_found(_: object) -> Any:
        return "text", 404

    def view() -> Any:
        return not_found(None) if request.args else "text"

    for path, one in (("/", view), ("/hidden", h.hide(view)), ("/wrapped", h.wrap(view)), ("/plain", a_view)):
        app.add_url_rule(path, path, one)
    for path in ("/", "/hidden", "/wrapped"):
        assert h.get_headers_for(app, path) == h.get_headers_for(app, "/plain")
    if set_up is cors_for_a:
        h.assert_policy(app, FOR_A, "/?call=1", 404)


def test_decorations_of_error_handlers_are_found_while_other_threads_handle_errors() -> None:
    app, ended = h.make_app(), Event()
    app.register_error_handler(404, only_a(lambda _: "text"))

    def look_up() -> None:  # as Flask does, which adds the keys that it looks up
        while not ended.is_set():
            for name in map(str, range(50)):
                app.error_handler_spec[name][404]
            for name in map(str, range(50)):
                app.error_handler_spec.pop(name)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(look_up)
        try:
            functions = (_decorations.registered_functions(app) for _ in range(20_000))
            assert all(len(_decorations.all_decorations(found)) == 1 for found in functions)
        finally:
            ended.set()


def test_a_view_that_calls_a_method_of_a_registered_class_keeps_its_own_policy() -> None:
    app, called = h.make_app(), only_b(get)
    cors_for_a(app)
    view_class = methods(get=called)
    view_class.patch = only_b(a_view)  # after the methods were collected
    app.add_url_rule("/called", view_func=view_class.as_view("called"))
    app.add_url_rule("/", "calling", lambda: called(None) if request.args else view_class.patch())
    assert h.get_headers_for(app, "/called") == FOR_B
    assert h.get_headers_for(app) == h.get_headers_for(app, "/?called=1") == FOR_A


# Headers that are there already --------------------------------------------------------------------------------------

ORIGIN, EXPOSED, AGE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age"
BY_HAND = [(ORIGIN.lower(), "*"), (ORIGIN, B), ("Access-Control-Allow-Credentials", "true")]
BY_HAND += [(EXPOSED, "X-Own"), ("Vary", "Cookie"), ("Vary", "X, origin")]
MERGED = {"Vary": "Origin, Cookie, X"}
MERGED_FOR_A = [ONLY_A | MERGED | {EXPOSED: "X-Own"}, MERGED, ONLY_A | MERGED | {EXPOSED: "X-Own"}]
ALONE, STARS = {"Vary": "*"}, {"Vary": "Origin, Cookie, X-*"}


@pytest.mark.parametrize("place", [*h.PLACES, h.for_a_hidden_view, h.for_the_view_alone])
@table(
    "headers, expected",
    ("of every kind, some twice", BY_HAND, MERGED_FOR_A),
    ("Vary: *", ALONE, [ONLY_A | ALONE, ALONE, ONLY_A | ALONE]),
    ("and more", {"Vary": "X, *"}, [ONLY_A | ALONE, ALONE, ONLY_A | ALONE]),
    ("empty pieces", {"Vary": " Cookie ,, oRiGiN ,X-*,"}, [ONLY_A | STARS, STARS, ONLY_A | STARS]),
)
def test_headers_set_by_hand_are_replaced_or_merged(place: h.Place, headers: Any, expected: Any) -> None:
    app = h.make_app()
    place(app, lambda: ("text", headers), origins=A)
    assert h.get_headers_for(app, PATH) == expected


@pytest.mark.parametrize("place", [*h.PLACES, h.for_a_hidden_view, h.for_the_view_alone])
def test_headers_that_a_function_after_the_request_sets_are_replaced(place: h.Place) -> None:
    app = h.make_app()

    @app.after_request
    def set_by_hand(response: Response) -> Response:
        response.headers.extend(BY_HAND)
        return response

    place(app, a_view, origins=A)
    assert h.get_headers_for(app, PATH) == MERGED_FOR_A


def test_the_headers_of_the_policy_replace_every_header_of_that_name() -> None:
    app = h.make_app()
    CORS(app, origins=A, expose_headers="ETag", max_age=1)
    app.add_url_rule("/", "view", lambda: ("text", [(EXPOSED, "X-Own"), (EXPOSED, "X-Too"), (AGE, "2"), (AGE, "3")]))
    ours = ONLY_A | {EXPOSED: "ETag", AGE: "1"}
    assert h.get_headers_for(app) == [ours, DENIED, ours]


# The decorator as a decorator ----------------------------------------------------------------------------------------


def test_a_decorated_view_keeps_what_it_is_and_what_it_is_called_with() -> None:
    def view(name: str, times: int = 1) -> str:
        """Greet."""
        return name * times

    vars(view)["required_methods"] = {"PUT"}  # by another decorator
    decorated = only_a(view)
    assert (decorated.__name__, decorated.__doc__) == ("view", "Greet.")
    assert inspect.signature(decorated) == inspect.signature(view)
    assert inspect.unwrap(decorated) is view
    as_view = Decorated.as_view("methods")
    assert (as_view.__name__, as_view.view_class, as_view.methods) == ("methods", Decorated, {"GET"})
    assert inspect.iscoroutinefunction(only_a(an_async_view))
    assert not inspect.iscoroutinefunction(only_a(h.hide(an_async_view)))

    app = h.make_app()
    app.add_url_rule("/<name>/<int:times>", "view", decorated)
    assert h.fetch(app.test_client(), "/ab/2").text == "abab"
    assert set(h.preflight(app.test_client(), "/ab/2").allow) == {"GET", "HEAD", "OPTIONS", "PUT"}
    with app.test_request_context("/"):
        assert decorated("a", times=3) == "aaa"


def test_a_mock_is_no_class() -> None:
    app = h.make_app()
    app.add_url_rule("/", "mock", only_a(mock.MagicMock(return_value="text")))
    assert h.get_headers_for(app) == FOR_A


def test_a_class_raises_and_with_what_is_to_write_in_it_its_view_has_the_policy() -> None:
    with pytest.raises(TypeError, match=r"not for the class Methods; write decorators = \[cross_origin\(\)\] in the"):
        cross_origin()(Decorated)
    app = h.make_app()
    app.add_url_rule("/", view_func=method_view(cross_origin(), get=get))
    assert h.get_headers_for(app) == FOR_ALL


@pytest.mark.parametrize("view", [a_view, an_async_view, Decorated, Decorated().get, len])
def test_without_parentheses_it_shows_the_right_spelling(view: Any) -> None:
    with pytest.raises(TypeError, match=r"^cross_origin is missing its parentheses: write @cross_origin\(\) above the"):
        cross_origin(view)


untyped: Any = cross_origin  # as a program without a type checker calls it


@table(
    "call, options, error, text",
    ("None, by position", (None,), {}, TypeError, r"^cross_origin\(\).*origins=None"),
    ("unknown", (), {"orgins": A}, TypeError, r"^cross_origin.*'orgins'.*'origins'"),
    ("a wrong value", (), {"max_age": "soon"}, ValueError, r"max_age='soon'"),
    ("for all", (), {"origins": "*", "supports_credentials": True}, ValueError, r"supports_"),
)
def test_a_mistake_raises_at_once(call: Any, options: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        untyped(*call, **options)


def functions_that_know_each_other() -> object:
    def one() -> object:
        return two, three, four

    def two() -> object:
        return one, three, four

    def three() -> object:
        return one, two, four

    def four() -> object:
        return one, two, three

    return one


def many_decorators() -> object:
    view: Any = functions_that_know_each_other
    for _ in range(40):
        view = h.wrap(view)
    return view


def many_functions() -> object:
    view = ObjectThatCalls(a_view)
    vars(view).update({str(number): h.hide(a_view) for number in range(1_000)})
    return view


@table(
    "make_view, most",  # a decorator with `functools.wraps` refers to its view twice
    ("functions that know each other", functions_that_know_each_other, 4 * 3 + 3),
    ("many decorators", many_decorators, 40 * 2),
    ("many functions", many_functions, 100),
)
def test_functions_are_searched_once(
    monkeypatch: pytest.MonkeyPatch, make_view: Callable[[], object], most: int
) -> None:
    looked_at = mock.Mock(return_value=None)
    monkeypatch.setattr(_decorations, "find_decoration", looked_at)
    assert not [*_decorations._search(make_view(), "GET")]
    assert looked_at.call_count <= most


@pytest.mark.parametrize("count", [10, 100])
def test_a_search_in_many_views_looks_at_each_a_few_times(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    app = h.make_app()
    cors_for_a(app)
    app.register_error_handler(404, only_a(lambda _: ("no", 404)))
    for number in range(count):
        app.add_url_rule(f"/{number}", str(number), h.hide(only_b(a_view)))
    looked_at = mock.Mock(side_effect=_decorations.find_decoration)
    monkeypatch.setattr(_decorations, "find_decoration", looked_at)
    for path in ("/0", "/0", "/unknown"):
        h.fetch(app.test_client(), path, B)
    assert looked_at.call_count <= 35 * count
