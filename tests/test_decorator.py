"""``@cross_origin``: views of every kind, hidden decorations, views that call views, and headers set by hand."""

import functools
import inspect
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    request,
    send_file,
    stream_with_context,
)
from flask.typing import ResponseReturnValue
from flask.views import MethodView, View

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    ANY_ORIGIN,
    DENIED,
    FOR_A,
    FOR_ALL,
    FOR_B,
    FOR_NONE,
    ONLY_A,
    ONLY_B,
    PATH,
    PLACES,
    A,
    B,
    CORSHeaders,
    a_view,
    as_preflights,
    assert_policy,
    cors_headers,
    fetch,
    for_a_hidden_view,
    for_the_view_alone,
    get_headers_for,
    get_preflight_headers_for,
    hide,
    make_app,
    no_set_up,
    preflight,
    wrap,
)

ViewFunction = Callable[..., Any]
only_a, only_b = cross_origin(origins=A), cross_origin(origins=B)
for_none, for_all = cross_origin(origins=[]), cross_origin()


# Views of every kind, each for A alone -------------------------------------------------------------------------------


async def an_async_view() -> str:
    return "text"


def a_stream() -> Response:
    def pieces() -> Iterator[str]:
        yield request.method
        yield "and more"

    return Response(stream_with_context(pieces()))


async def an_async_view_that_aborts() -> ResponseReturnValue:
    abort(403)


def raises() -> str:
    raise LookupError("no such key")


REUSED = Response("cached")


def get(_: object) -> str:
    return "text"


async def async_get(_: object) -> str:
    return "text"


def method_view(base: type = MethodView, **attributes: Any) -> Any:
    """Make a class with methods."""
    return type("Methods", (base,), attributes)


def class_view(**attributes: Any) -> Any:
    """Make a class of any other kind."""
    return type("AnyView", (View,), {"dispatch_request": get, **attributes})


Decorated = method_view(get=get, decorators=[only_a])


SHOWN = [
    pytest.param(only_a(a_view), 200, id="a function"),
    pytest.param(only_a(lambda: ("made", 201, {"X-Own": "1"})), 201, id="a lambda that returns a tuple"),
    pytest.param(only_a(functools.partial(a_view)), 200, id="a partial"),
    pytest.param(only_a(an_async_view), 200, id="an async function"),
    pytest.param(only_a(lambda: jsonify(ok=True)), 200, id="a view that returns JSON"),
    pytest.param(only_a(lambda: redirect("/elsewhere", 302)), 302, id="a view that redirects"),
    pytest.param(only_a(lambda: send_file(BytesIO(b"file"), "text/plain")), 200, id="a view that sends a file"),
    pytest.param(only_a(a_stream), 200, id="a view that streams"),
    pytest.param(only_a(an_async_view_that_aborts), 403, id="an async view that aborts"),
    pytest.param(only_a(lambda: abort(make_response("no", 418))), 418, id="a view that aborts with a response"),
    pytest.param(only_a(raises), 500, id="a view that raises"),
    pytest.param(only_a(lambda: REUSED), 200, id="a view that returns one response again and again"),
    pytest.param(only_a(wrap(a_view)), 200, id="above another decorator"),
    pytest.param(wrap(only_a(a_view)), 200, id="below another decorator"),
    pytest.param(only_a(hide(a_view)), 200, id="above a decorator that hides the view"),
    pytest.param(only_a(lambda: for_all(a_view)()), 200, id="a view that calls another decorated view"),
    pytest.param(class_view(decorators=[only_a]).as_view("view"), 200, id="a View"),
    pytest.param(class_view(decorators=[only_a], init_every_request=False).as_view("view"), 200, id="a View made once"),
    pytest.param(class_view(decorators=[wrap, only_a]).as_view("view"), 200, id="a View with a decorator inside"),
    pytest.param(Decorated.as_view("view"), 200, id="a MethodView"),
    pytest.param(method_view(get=async_get, decorators=[only_a]).as_view("view"), 200, id="an async MethodView"),
    pytest.param(method_view(Decorated, post=get).as_view("view"), 200, id="a MethodView that inherits"),
]
TWICE = [
    (only_b(wrap(only_a(a_view))), 200, "twice, and the nearest to the view counts"),
    (class_view(decorators=[only_a, only_b]).as_view("view"), 200, "a View, twice"),
]
# Flask learns nothing of these: without CORS on the app, it responds to OPTIONS itself.
NOT_SHOWN = [
    pytest.param(method_view(get=only_a(get)).as_view("view"), 200, id="a method of a MethodView"),
    pytest.param(method_view(get=only_a(async_get)).as_view("view"), 200, id="an async method of a MethodView"),
    pytest.param(class_view(dispatch_request=only_a(get)).as_view("view"), 200, id="dispatch_request of a View"),
    pytest.param(
        method_view(dispatch_request=only_a(MethodView.dispatch_request), get=get).as_view("view"),
        200,
        id="dispatch_request of a MethodView",
    ),
    pytest.param(class_view(decorators=[only_a, wrap]).as_view("view"), 200, id="a View with a decorator outside"),
]


@pytest.mark.parametrize(
    ("view", "status"), [*SHOWN, *NOT_SHOWN, *[pytest.param(*case[:2], id=case[2]) for case in TWICE]]
)
@pytest.mark.parametrize(
    "options", [{"origins": B, "max_age": 1}, {}, {"origins": []}, {"resources": []}, {"resources": "/else"}], ids=str
)
def test_beside_cors_the_policy_of_a_view_replaces_every_other(
    options: dict[str, Any], view: ViewFunction, status: int
) -> None:
    app = make_app(TESTING=False)
    CORS(app, **options)
    app.add_url_rule("/", "view", view)
    for method in ("GET", "HEAD"):
        assert_policy(app, FOR_A, "/", status, method=method)


@pytest.mark.parametrize(("view", "status"), [*SHOWN, *[pytest.param(*case[:2], id=case[2]) for case in TWICE]])
def test_without_cors_on_the_app_the_decorator_alone_suffices(view: ViewFunction, status: int) -> None:
    app = make_app(TESTING=False)
    app.add_url_rule("/", "view", view)
    assert fetch(app.test_client(), "/").status_code == status
    assert get_headers_for(app) == FOR_A
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, DENIED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.data, cors_headers(response)) == (200, b"", expected)
        assert {"GET", "HEAD", "OPTIONS"} <= set(response.allow)


@pytest.mark.parametrize(("view", "status"), NOT_SHOWN)
def test_without_cors_on_the_app_actual_requests_alone_have_the_headers(view: ViewFunction, status: int) -> None:
    app = make_app()
    app.add_url_rule("/", "view", view)
    assert fetch(app.test_client(), "/").status_code == status
    assert get_headers_for(app) == FOR_A


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param([], FOR_NONE, id="no origin"),
        pytest.param([B, A], [ONLY_A, ONLY_B, DENIED], id="several origins"),
        pytest.param("*", FOR_ALL, id="every origin"),
    ],
)
def test_the_policy_of_a_view_counts_on_its_errors_too_also_where_it_allows(
    origins: Any, expected: list[CORSHeaders]
) -> None:
    app = make_app(TESTING=False)
    CORS(app, origins=A, supports_credentials=True, max_age=1)
    views: dict[str, ViewFunction] = {"/": a_view, "/refused": lambda: abort(403), "/broken": raises}
    for path, view in views.items():
        app.add_url_rule(path, path, cross_origin(origins=origins)(view))
    for path in views:
        assert get_headers_for(app, path) == expected
        assert get_headers_for(app, path, method="DELETE") == expected
        assert get_preflight_headers_for(app, path) == as_preflights(expected)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(
            method_view(get=for_all(get), post=only_b(get), put=get, decorators=[for_none]),
            {"GET": FOR_ALL, "HEAD": FOR_ALL, "POST": FOR_B, "PUT": FOR_NONE},
            id="beside one for the class",
        ),
        pytest.param(
            method_view(get=only_a(get), head=only_b(get)), {"GET": FOR_A, "HEAD": FOR_B}, id="also for HEAD alone"
        ),
        pytest.param(
            method_view(post=only_a(get)), {"GET": FOR_A, "POST": FOR_A, "QUERY": FOR_A}, id="also for methods it lacks"
        ),
    ],
)
def test_each_method_of_a_class_may_have_its_own_policy(view: Any, expected: dict[str, list[CORSHeaders]]) -> None:
    app = make_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=view.as_view("view"))
    for method, headers in [*expected.items()] * 2:
        assert get_headers_for(app, method=method) == headers
        assert get_preflight_headers_for(app, method=method) == as_preflights(headers)


def test_a_decorated_view_of_a_blueprint_or_of_two_apps_or_of_several_routes() -> None:
    view = cross_origin(max_age=1)(a_view)
    for origin, only in [(A, ONLY_A), (B, ONLY_B)]:
        app, inside = make_app(CORS_ORIGINS=origin, CORS_MAX_AGE=2), Blueprint("inside", __name__)
        CORS(inside, origins="*")
        inside.add_url_rule("/", "view", view)
        inside.add_url_rule("/else", "else", a_view)
        app.register_blueprint(inside)
        app.add_url_rule("/again", "again", view)
        app.add_url_rule("/once-more", endpoint="again")
        for path in ("/", "/again", "/once-more"):
            assert cors_headers(fetch(app.test_client(), path, origin)) == only | {"Access-Control-Max-Age": "1"}
        assert get_headers_for(app, "/else") == [ANY_ORIGIN | {"Access-Control-Max-Age": "2"}] * 3


# Headers that are there already --------------------------------------------------------------------------------------

EXPOSED, AGE = "Access-Control-Expose-Headers", "Access-Control-Max-Age"
BY_HAND = [
    ("access-control-allow-origin", "*"),
    ("Access-Control-Allow-Origin", B),
    ("Access-Control-Allow-Credentials", "true"),
    (EXPOSED, "X-Own"),
    ("Vary", "Cookie"),
    ("Vary", "X, origin"),
]
MERGED = {"Vary": "Origin, Cookie, X"}
MERGED_FOR_A = [ONLY_A | MERGED | {EXPOSED: "X-Own"}, MERGED, ONLY_A | MERGED | {EXPOSED: "X-Own"}]


@pytest.mark.parametrize("place", [*PLACES, for_a_hidden_view, for_the_view_alone])
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(BY_HAND, MERGED_FOR_A, id="of every kind, some twice"),
        pytest.param({"Vary": "*"}, [ONLY_A | {"Vary": "*"}, {"Vary": "*"}, ONLY_A | {"Vary": "*"}], id="Vary: *"),
        pytest.param({"Vary": "X, *"}, [ONLY_A | {"Vary": "*"}, {"Vary": "*"}, ONLY_A | {"Vary": "*"}], id="and more"),
    ],
)
def test_headers_set_by_hand_are_replaced_or_merged(
    place: Callable[..., None], headers: Any, expected: list[CORSHeaders]
) -> None:
    app = make_app()
    place(app, lambda: ("text", headers), origins=A)
    assert get_headers_for(app, PATH) == expected


def test_the_headers_of_the_policy_replace_every_header_of_that_name() -> None:
    app = make_app()
    CORS(app, origins=A, expose_headers="ETag", max_age=1)
    app.add_url_rule("/", "view", lambda: ("text", [(EXPOSED, "X-Own"), (EXPOSED, "X-Too"), (AGE, "2"), (AGE, "3")]))
    ours = ONLY_A | {EXPOSED: "ETag", AGE: "1"}
    assert get_headers_for(app) == [ours, DENIED, ours]


def set_by_hand(response: Response) -> Response:
    response.headers.extend(BY_HAND)
    return response


@pytest.mark.parametrize("place", [*PLACES, for_a_hidden_view])
@pytest.mark.parametrize("early", [True, False], ids=["registered early", "registered late, or by the blueprint"])
def test_headers_that_a_function_after_the_request_sets_are_replaced(place: Callable[..., None], early: bool) -> None:
    app = make_app()
    if early:
        app.after_request(set_by_hand)
    place(app, a_view, no_set_up if early else lambda served: served.after_request(set_by_hand), origins=A)
    assert get_headers_for(app, PATH) == MERGED_FOR_A


def test_what_the_view_returns_is_as_without_cors() -> None:
    def view() -> ResponseReturnValue:
        return "text", 201, [*BY_HAND, ("X-Own", "1"), ("Content-Language", "de")]

    plain, covered, elsewhere = make_app(), make_app(), make_app()
    CORS(covered, origins=A)
    CORS(elsewhere, resources="/else")
    for app in (plain, covered, elsewhere):
        app.add_url_rule("/", "view", view)
    before, after, uncovered = (fetch(app.test_client(), "/", A) for app in (plain, covered, elsewhere))
    assert (uncovered.status, uncovered.data, [*uncovered.headers]) == (before.status, before.data, [*before.headers])
    assert (after.status, after.data) == (before.status, before.data)
    ours = {"vary", "access-control-allow-origin", "access-control-allow-credentials"}
    assert [h for h in after.headers if h[0].lower() not in ours] == [
        h for h in before.headers if h[0].lower() not in ours
    ]


# The decorator as a decorator ----------------------------------------------------------------------------------------


def test_a_decorated_view_keeps_what_it_is_and_what_it_is_called_with() -> None:
    def view(name: str, times: int = 1) -> str:
        """Greet."""
        return name * times

    decorated = only_a(view)
    assert (decorated.__name__, decorated.__doc__) == ("view", "Greet.")
    assert inspect.signature(decorated) == inspect.signature(view)
    assert inspect.unwrap(decorated) is view
    as_view = Decorated.as_view("methods")
    assert (as_view.__name__, as_view.view_class, as_view.methods) == ("methods", Decorated, {"GET"})
    assert inspect.iscoroutinefunction(only_a(an_async_view))
    assert not inspect.iscoroutinefunction(only_a(hide(an_async_view)))

    app = make_app()
    app.add_url_rule("/<name>/<int:times>", "view", decorated)
    assert fetch(app.test_client(), "/ab/2").text == "abab"
    with app.test_request_context("/"):
        assert decorated("a", times=3) == "aaa"


def test_what_another_decorator_requires_of_the_route_is_kept() -> None:
    def view() -> str:
        return "text"

    vars(view)["required_methods"] = {"PUT"}
    app = make_app()
    app.add_url_rule("/", view_func=only_a(view))
    assert set(preflight(app.test_client(), "/").allow) == {"GET", "HEAD", "OPTIONS", "PUT"}


class SomeClass:
    def method(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("view", [a_view, an_async_view, SomeClass, SomeClass().method, Decorated, len])
def test_without_parentheses_it_shows_the_right_spelling(view: Any) -> None:
    with pytest.raises(TypeError, match=r"^cross_origin is missing its parentheses: write @cross_origin\(\) above the"):
        cross_origin(view)


untyped: Any = cross_origin  # as a program without a type checker calls it


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        pytest.param(lambda: untyped(A), TypeError, r"^cross_origin\(\).*origins='https://a", id="by position"),
        pytest.param(lambda: untyped(None), TypeError, r"origins=None", id="None, by position"),
        pytest.param(lambda: untyped(orgins=A), TypeError, r"^cross_origin.*'orgins'.*'origins'", id="unknown"),
        pytest.param(lambda: untyped(resources="/"), TypeError, r"'resources'", id="resources"),
        pytest.param(lambda: untyped(max_age="soon"), ValueError, r"max_age='soon'", id="a wrong value"),
        pytest.param(lambda: untyped(origins="*", supports_credentials=True), ValueError, r"supports_", id="for all"),
    ],
)
def test_a_mistake_raises_at_once(wrong: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        wrong()
