"""``@cross_origin``: views of every kind, beside other decorators and other policies, and headers set by hand."""

import functools
import inspect
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, ClassVar, cast

import pytest
from flask import (
    Blueprint,
    Flask,
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
from werkzeug.datastructures import Headers

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    EVERYONE,
    NOTHING,
    ONLY_A,
    ONLY_B,
    REFUSED,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    an_app,
    answers,
    ask,
    cors_headers,
    leaves,
    preflight,
)
from tests.sites import a_middleware_before, nothing_else

ViewFunction = Callable[..., Any]

only_a = cross_origin(origins=A)


def polite(view: ViewFunction) -> ViewFunction:
    """Decorate as others do: with functools.wraps."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def rude(view: ViewFunction) -> ViewFunction:
    """Decorate without functools.wraps, so that nothing of the view shows."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


# Views of every kind, each for A alone -------------------------------------------------------------------------------


@only_a
async def an_async_view() -> str:
    return "ok"


@only_a
def a_stream() -> Response:
    def pieces() -> Iterator[str]:
        yield request.method
        yield "and more"

    return Response(stream_with_context(pieces()))


@only_a
def a_refusal() -> ResponseReturnValue:
    abort(403)


@only_a
async def an_async_refusal() -> ResponseReturnValue:
    abort(403)


@only_a
def a_refusal_with_an_answer() -> ResponseReturnValue:
    abort(make_response("no", 418))


def a_bug() -> str:
    raise LookupError("no such key")


@only_a
@polite
def below_another_decorator() -> str:
    return "ok"


@polite
@only_a
def above_another_decorator() -> str:
    return "ok"


@only_a
@rude
def below_a_rude_decorator() -> str:
    return "ok"


@cross_origin(origins=B)
@polite
@only_a
def decorated_twice() -> str:
    return "ok"


@only_a
def calls_another_view() -> ResponseReturnValue:
    return cast(ResponseReturnValue, open_to_everyone())


@cross_origin()
def open_to_everyone() -> str:
    return "ok"


THE_SAME_ANSWER = Response("cached")


@only_a
def the_same_answer() -> Response:
    return THE_SAME_ANSWER


class AView(View):
    decorators: ClassVar = [only_a]

    def dispatch_request(self) -> ResponseReturnValue:
        return "ok"


class ViewOnce(AView):
    init_every_request = False


class ViewWithOthers(AView):
    decorators: ClassVar = [polite, only_a]


class ViewTwice(AView):
    decorators: ClassVar = [only_a, cross_origin(origins=B)]


class Methods(MethodView):
    decorators: ClassVar = [only_a]

    def get(self) -> ResponseReturnValue:
        return "ok"


class AsyncMethods(MethodView):
    decorators: ClassVar = [only_a]

    async def get(self) -> ResponseReturnValue:
        return "ok"


class RaisingMethods(MethodView):
    decorators: ClassVar = [only_a]
    init_every_request = False

    def get(self) -> ResponseReturnValue:
        abort(403)


class InheritedMethods(Methods):
    def post(self) -> ResponseReturnValue:
        return "ok"


# These say nothing to Flask about their class, so that without CORS on the app Flask answers their OPTIONS itself.
class DecoratedMethod(MethodView):
    @only_a
    def get(self) -> ResponseReturnValue:
        return "ok"


class DecoratedAsyncMethod(MethodView):
    @only_a
    async def get(self) -> ResponseReturnValue:
        return "ok"


class DecoratedDispatch(View):
    @only_a
    def dispatch_request(self) -> ResponseReturnValue:
        return "ok"


class DecoratedDispatchOfMethods(MethodView):
    @only_a
    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        return super().dispatch_request(**kwargs)

    def get(self) -> ResponseReturnValue:
        return "ok"


class ViewWithAnOuterDecorator(AView):
    decorators: ClassVar = [only_a, polite]


VIEWS = [
    pytest.param(only_a(a_view), 200, id="a function"),
    pytest.param(only_a(lambda: ("made", 201, {"X-Own": "1"})), 201, id="a lambda that gives a tuple"),
    pytest.param(only_a(functools.partial(a_view)), 200, id="a partial"),
    pytest.param(an_async_view, 200, id="an async function"),
    pytest.param(only_a(lambda: jsonify(ok=True)), 200, id="a view that answers JSON"),
    pytest.param(only_a(lambda: redirect("/elsewhere")), 302, id="a view that redirects"),
    pytest.param(only_a(lambda: send_file(BytesIO(b"file"), "text/plain")), 200, id="a view that sends a file"),
    pytest.param(only_a(lambda: Response(status=304)), 304, id="a view that says it is not modified"),
    pytest.param(a_stream, 200, id="a view that streams"),
    pytest.param(a_refusal, 403, id="a view that aborts"),
    pytest.param(an_async_refusal, 403, id="an async view that aborts"),
    pytest.param(a_refusal_with_an_answer, 418, id="a view that aborts with an answer"),
    pytest.param(only_a(a_bug), 500, id="a view that raises"),
    pytest.param(the_same_answer, 200, id="a view that gives the same answer again and again"),
    pytest.param(below_another_decorator, 200, id="above another decorator"),
    pytest.param(above_another_decorator, 200, id="below another decorator"),
    pytest.param(below_a_rude_decorator, 200, id="above a decorator that hides the view"),
    pytest.param(decorated_twice, 200, id="twice, and the nearest to the view counts"),
    pytest.param(calls_another_view, 200, id="a view that calls another decorated view"),
    pytest.param(AView.as_view("view"), 200, id="a View"),
    pytest.param(ViewOnce.as_view("view"), 200, id="a View that is made once"),
    pytest.param(ViewWithOthers.as_view("view"), 200, id="a View with another decorator inside"),
    pytest.param(ViewTwice.as_view("view"), 200, id="a View, twice"),
    pytest.param(Methods.as_view("view"), 200, id="a MethodView"),
    pytest.param(AsyncMethods.as_view("view"), 200, id="an async MethodView"),
    pytest.param(RaisingMethods.as_view("view"), 403, id="a MethodView that aborts"),
    pytest.param(InheritedMethods.as_view("view"), 200, id="a MethodView that inherits"),
]
SILENT_VIEWS = [
    pytest.param(DecoratedMethod.as_view("view"), 200, id="a method of a MethodView"),
    pytest.param(DecoratedAsyncMethod.as_view("view"), 200, id="an async method of a MethodView"),
    pytest.param(DecoratedDispatch.as_view("view"), 200, id="dispatch_request of a View"),
    pytest.param(DecoratedDispatchOfMethods.as_view("view"), 200, id="dispatch_request of a MethodView"),
    pytest.param(ViewWithAnOuterDecorator.as_view("view"), 200, id="a View with another decorator outside"),
]
beside = pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app, origins=B, max_age=1), id="beside a policy for the app"),
        pytest.param(lambda app: CORS(app, resources=[]), id="beside CORS that covers nothing"),
    ],
)


@pytest.mark.parametrize(("view", "status"), VIEWS + SILENT_VIEWS)
@pytest.mark.parametrize("http_method", ["GET", "HEAD"])
@beside
def test_the_policy_of_a_view_counts_for(set_up: SetUp, http_method: str, view: ViewFunction, status: int) -> None:
    app = an_app(TESTING=False)
    set_up(app)
    app.add_url_rule("/", "view", view)
    assert ask(app.test_client(), "/", method=http_method).status_code == status
    assert answers(app, method=http_method) == [ONLY_A, REFUSED, ONLY_A]
    assert leaves(app, method=http_method) == [ONLY_A | ALL_METHODS, REFUSED]


@pytest.mark.parametrize(("view", "status"), VIEWS)
def test_without_cors_on_the_app_the_decorator_alone_serves(view: ViewFunction, status: int) -> None:
    app = an_app(TESTING=False)
    app.add_url_rule("/", "view", view)
    assert ask(app.test_client(), "/").status_code == status
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    for origin, expected in [(A, ONLY_A | ALL_METHODS), (B, REFUSED)]:
        response = preflight(app.test_client(), "/", origin)
        assert (response.status_code, response.data, cors_headers(response)) == (200, b"", expected)
        assert {"GET", "HEAD", "OPTIONS"} <= set(response.allow)


@pytest.mark.parametrize(("view", "status"), SILENT_VIEWS)
def test_without_cors_on_the_app_actual_requests_are_all_that_is_served_for(view: ViewFunction, status: int) -> None:
    app = an_app()
    app.add_url_rule("/", "view", view)
    assert ask(app.test_client(), "/").status_code == status
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


@pytest.mark.parametrize("set_up", [lambda _: None, lambda app: CORS(app, origins=B)], ids=["alone", "beside CORS"])
def test_a_decorator_above_that_hides_the_view_hides_no_policy_while_the_view_runs(set_up: SetUp) -> None:
    app = an_app(TESTING=False)
    set_up(app)
    app.add_url_rule("/", "fine", rude(only_a(a_view)))
    app.add_url_rule("/refused", "refused", rude(a_refusal))
    app.add_url_rule("/broken", "broken", rude(only_a(a_bug)))
    for path in ("/", "/refused", "/broken"):
        assert answers(app, path) == [ONLY_A, REFUSED, ONLY_A]


def test_a_view_without_a_policy_that_calls_one_with_a_policy_has_that_one() -> None:
    """It cannot be told from another decorator, without functools.wraps, above a view that is to be locked."""
    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/open", view_func=open_to_everyone)
    app.add_url_rule("/", "calling", lambda: open_to_everyone())
    assert [answers(app, path) for path in ("/open", "/")] == [[EVERYONE] * 3] * 2


def test_each_method_of_a_class_may_have_its_own_policy() -> None:
    class Own(MethodView):
        decorators: ClassVar = [cross_origin(origins=[])]

        @cross_origin()
        def get(self) -> ResponseReturnValue:
            return "ok"

        @cross_origin(origins=B)
        def post(self) -> ResponseReturnValue:
            return "ok"

        def put(self) -> ResponseReturnValue:
            return "ok"

    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=Own.as_view("own"))
    for _ in range(2):
        assert answers(app, method="GET") == [EVERYONE] * 3
        assert answers(app, method="HEAD") == [EVERYONE] * 3
        assert answers(app, method="POST") == [REFUSED, ONLY_B, ONLY_B]
        assert answers(app, method="PUT") == [NOTHING] * 3


def test_a_method_that_such_a_class_lacks_has_the_policy_of_one_that_it_has() -> None:
    class Own(MethodView):
        @only_a
        def post(self) -> ResponseReturnValue:
            return "ok"

    app = an_app()
    CORS(app)
    app.add_url_rule("/", view_func=Own.as_view("own"))
    assert ask(app.test_client(), "/").status_code == 405
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]


def test_a_method_of_its_own_for_head_may_have_its_own_policy() -> None:
    class Own(DecoratedMethod):
        @cross_origin(origins=B)
        def head(self) -> ResponseReturnValue:
            return ""

    app = an_app()
    CORS(app)
    app.add_url_rule("/", view_func=Own.as_view("own"))
    assert answers(app, method="GET") == [ONLY_A, REFUSED, ONLY_A]
    assert answers(app, method="HEAD") == [REFUSED, ONLY_B, ONLY_B]


def test_a_view_of_several_routes_has_one_policy_and_a_policy_serves_several_views() -> None:
    app = an_app()
    app.add_url_rule("/one", view_func=only_a(a_view))
    app.add_url_rule("/two", endpoint="a_view")
    app.add_url_rule("/three/<name>", "three", only_a(lambda name: name))
    for path in ("/one", "/two", "/three/x"):
        assert answers(app, path) == [ONLY_A, REFUSED, ONLY_A]


# Beside other policies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        pytest.param([], [NOTHING] * 3, id="nobody"),
        pytest.param(B, [REFUSED, ONLY_B, ONLY_B], id="one other origin"),
        pytest.param([B, A], [ONLY_A, ONLY_B, REFUSED], id="several origins"),
        pytest.param("*", [EVERYONE] * 3, id="everyone"),
    ],
)
@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app), id="an app for everyone"),
        pytest.param(lambda app: CORS(app, origins=A, supports_credentials=True, max_age=1), id="an app for A"),
        pytest.param(lambda app: CORS(app, resources={"/": {"methods": "PUT"}}), id="an app with resources"),
        pytest.param(lambda app: CORS(app, origins=[]), id="an app for nobody"),
    ],
)
def test_the_policy_of_a_view_replaces_that_of(set_up: SetUp, origins: Any, expected: list[CORSHeaders]) -> None:
    app = an_app(TESTING=False)
    set_up(app)
    app.add_url_rule("/", "fine", cross_origin(origins=origins)(a_view))
    app.add_url_rule("/refused", "refused", cross_origin(origins=origins)(lambda: abort(403)))
    app.add_url_rule("/broken", "broken", cross_origin(origins=origins)(a_bug))
    assert [answers(app, path) for path in ("/", "/refused", "/broken")] == [expected] * 3
    assert answers(app, method="DELETE") == expected


def test_a_view_taken_out_of_the_policy_of_the_app_has_no_headers_on_preflights_either() -> None:
    app = an_app()
    CORS(app)
    app.add_url_rule("/", view_func=cross_origin(origins=[])(a_view))
    assert leaves(app) == [NOTHING, NOTHING]


def test_the_policy_of_a_view_replaces_that_of_its_blueprint() -> None:
    app, inside = an_app(), Blueprint("inside", __name__)
    CORS(inside, origins=B)
    inside.add_url_rule("/", view_func=only_a(a_view))
    inside.add_url_rule("/else", "else", a_view)
    app.register_blueprint(inside)
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert answers(app, "/else") == [REFUSED, ONLY_B, ONLY_B]


def test_a_decorated_view_reads_the_config_of_the_app_that_serves_it() -> None:
    view = cross_origin(max_age=1)(a_view)
    for origin, only in [(A, ONLY_A), (B, ONLY_B)]:
        app = an_app(CORS_ORIGINS=origin, CORS_MAX_AGE=2)
        app.add_url_rule("/", view_func=view)
        assert cors_headers(ask(app.test_client(), "/", origin)) == only | {"Access-Control-Max-Age": "1"}


def with_a_decorated_error_handler() -> Flask:
    app = an_app()

    @app.errorhandler(404)
    @only_a
    def missing(_: Exception) -> ResponseReturnValue:
        return "nothing here", 404

    return app


def test_a_decorated_error_handler_gives_its_policy_to_what_no_view_answers() -> None:
    app = with_a_decorated_error_handler()
    assert answers(app, "/nowhere") == [ONLY_A, REFUSED, ONLY_A]
    assert ask(app.test_client(), "/nowhere", A).status_code == 404


def test_a_decorated_error_handler_makes_no_ok_of_an_error() -> None:
    app = with_a_decorated_error_handler()
    response = ask(app.test_client(), "/nowhere", A, method="OPTIONS")
    assert (response.status_code, response.text) == (404, "nothing here")


# Headers that are there already --------------------------------------------------------------------------------------

BY_HAND = {
    "access-control-allow-origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "X-Own",
    "Vary": "Cookie, origin",
}
GRANTED = ONLY_A | {"Access-Control-Expose-Headers": "X-Own", "Vary": "Origin, Cookie"}
WITHHELD = {"Vary": "Origin, Cookie"}


def for_the_app(app: Flask, view: ViewFunction) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/", "view", view)


def for_the_view(app: Flask, view: ViewFunction) -> None:
    app.add_url_rule("/", "view", only_a(view))


def for_the_blueprint(app: Flask, view: ViewFunction) -> None:
    inside = Blueprint("inside", __name__)
    CORS(inside, origins=A)
    inside.add_url_rule("/", "view", view)
    app.register_blueprint(inside)


placed = pytest.mark.parametrize("place", [for_the_app, for_the_view, for_the_blueprint])


@placed
def test_what_a_view_sets_by_hand_is_replaced_or_merged_and_never_doubled(
    place: Callable[[Flask, ViewFunction], None],
) -> None:
    app = an_app()
    place(app, lambda: ("ok", BY_HAND))
    assert answers(app) == [GRANTED, WITHHELD, GRANTED]


@placed
def test_what_a_view_has_doubled_is_said_once(place: Callable[[Flask, ViewFunction], None]) -> None:
    app = an_app()
    doubled = [
        ("Access-Control-Allow-Origin", A),
        ("Access-Control-Allow-Origin", B),
        ("Vary", "Cookie"),
        ("Vary", "X"),
    ]
    place(app, lambda: ("ok", doubled))
    varied = {"Vary": "Origin, Cookie, X"}
    assert answers(app) == [ONLY_A | varied, varied, ONLY_A | varied]


def test_what_the_policy_says_replaces_every_header_of_that_name() -> None:
    app = an_app()
    CORS(app, origins=A, expose_headers="ETag", max_age=1)
    exposed, age = "Access-Control-Expose-Headers", "Access-Control-Max-Age"
    app.add_url_rule("/", "view", lambda: ("ok", [(exposed, "X-Own"), (exposed, "X-Too"), (age, "2"), (age, "3")]))
    ours = ONLY_A | {exposed: "ETag", age: "1"}
    assert answers(app) == [ours, REFUSED, ours]


@pytest.mark.parametrize("http_vary", ["*", "Cookie, *"])
@placed
def test_an_answer_that_varies_by_everything_keeps_saying_so(
    place: Callable[[Flask, ViewFunction], None], http_vary: str
) -> None:
    app = an_app()
    place(app, lambda: ("ok", {"Vary": http_vary}))
    assert answers(app) == [ONLY_A | {"Vary": "*"}, {"Vary": "*"}, ONLY_A | {"Vary": "*"}]


def test_where_no_policy_covers_the_view_its_own_headers_stay() -> None:
    app = an_app()
    CORS(app, resources=[])
    app.add_url_rule("/", "view", lambda: ("ok", BY_HAND))
    by_hand = {name.title(): value for name, value in BY_HAND.items()}
    assert answers(app) == [by_hand] * 3


@placed
def test_a_cached_response_says_to_each_origin_what_is_meant_for_it(
    place: Callable[[Flask, ViewFunction], None],
) -> None:
    app, cached = an_app(), Response("cached", headers={"Vary": "Cookie"})
    place(app, lambda: cached)
    for _ in range(2):
        assert answers(app) == [ONLY_A | WITHHELD, WITHHELD, ONLY_A | WITHHELD]


def a_shared_response() -> Callable[[], ResponseReturnValue]:
    shared = Response("ok", headers={"Vary": "Cookie", "X-Own": "stays"})
    return lambda: shared


def shared_headers() -> Callable[[], ResponseReturnValue]:
    shared = Headers({"Vary": "Cookie", "X-Own": "stays"})
    return lambda: ("ok", shared)


@pytest.mark.parametrize(
    ("beside", "vary"),
    [
        pytest.param(nothing_else, {"Vary": "Cookie"}, id="at the door"),
        # That Vary goes on naming the origin harms nobody.
        pytest.param(a_middleware_before, WITHHELD, id="behind a middleware"),
    ],
)
@pytest.mark.parametrize("share", [a_shared_response, shared_headers])
def test_what_views_share_carries_nothing_from_one_to_the_other(
    share: Callable[[], Callable[[], ResponseReturnValue]], beside: SetUp, vary: CORSHeaders
) -> None:
    app, view = an_app(), share()
    beside(app)
    CORS(app, resources={"/everyone": {"expose_headers": "X-Own"}, "/a": {"origins": A}, "/b": {"origins": [A, B]}})
    for path in ("/everyone", "/a", "/b", "/decorated", "/"):
        app.add_url_rule(path, path, only_a(view) if path == "/decorated" else view)
    for _ in range(2):
        assert answers(app, "/a") == [ONLY_A | WITHHELD, WITHHELD, ONLY_A | WITHHELD]
        assert answers(app, "/everyone") == [EVERYONE | vary | {"Access-Control-Expose-Headers": "X-Own"}] * 3
        assert answers(app, "/b") == [ONLY_A | WITHHELD, ONLY_B | WITHHELD, WITHHELD]
        assert answers(app, "/decorated") == [ONLY_A | WITHHELD, WITHHELD, ONLY_A | WITHHELD]
        assert answers(app, "/") == [vary] * 3
        assert ask(app.test_client(), "/", A).headers.getlist("X-Own") == ["stays"]


@pytest.mark.parametrize("share", [a_shared_response, shared_headers])
def test_what_a_function_in_origins_decides_is_not_shared_either(
    share: Callable[[], Callable[[], ResponseReturnValue]],
) -> None:
    app, view = an_app(), share()
    CORS(app, resources="/asked", origins=lambda origin: origin == A)
    app.add_url_rule("/asked", "asked", view)
    app.add_url_rule("/<path:_>", "other", lambda _: view(), methods=["PURGE"])
    for _ in range(2):
        assert answers(app, "/asked") == [ONLY_A | WITHHELD, WITHHELD, WITHHELD]
        purged = app.test_client().open("/x", method="PURGE", headers={"Origin": A})
        assert purged.headers.get("Access-Control-Allow-Origin") is None


def by_hand(response: Response) -> Response:
    response.headers.extend(BY_HAND)
    return response


@pytest.mark.parametrize("on_views", [False, True], ids=["for the app", "for a view, beside CORS"])
@pytest.mark.parametrize("early", [True, False], ids=["registered before CORS", "registered after CORS"])
def test_what_a_function_of_after_request_sets_by_hand_is_replaced(early: bool, on_views: bool) -> None:
    app = an_app()
    if early:
        app.after_request(by_hand)
    CORS(app, origins=A, resources=[] if on_views else "*")
    if not early:
        app.after_request(by_hand)
    app.add_url_rule("/", view_func=only_a(a_view) if on_views else a_view)
    assert answers(app) == [GRANTED, WITHHELD, GRANTED]


@pytest.mark.parametrize("register", [Blueprint.after_request, Blueprint.after_app_request])
def test_what_a_blueprint_sets_by_hand_after_the_request_is_replaced(register: Callable[..., object]) -> None:
    app, inside = an_app(), Blueprint("inside", __name__)
    inside.add_url_rule("/", view_func=a_view)
    register(inside, by_hand)
    CORS(app, origins=A)
    app.register_blueprint(inside)
    assert answers(app) == [GRANTED, WITHHELD, GRANTED]


def test_the_answer_of_the_view_is_as_it_was_without_cors() -> None:
    def view() -> ResponseReturnValue:
        return "ok", 201, {"X-Own": "1", "Content-Language": "de"}

    plain, covered = an_app(), an_app()
    CORS(covered, origins=A)
    for app in (plain, covered):
        app.add_url_rule("/", "view", view)
    before, after = (ask(app.test_client(), "/", A) for app in (plain, covered))
    assert (after.status, after.data) == (before.status, before.data)
    assert {*after.headers} == {*before.headers, *ONLY_A.items()}


# The decorator as a decorator ----------------------------------------------------------------------------------------


def test_the_view_keeps_its_name_its_text_and_its_signature() -> None:
    def view(name: str, times: int = 1) -> str:
        """Greet."""
        return name * times

    decorated = only_a(view)
    assert (decorated.__name__, decorated.__doc__) == ("view", "Greet.")
    assert inspect.signature(decorated) == inspect.signature(view)
    assert inspect.unwrap(decorated) is view


def test_a_class_based_view_keeps_what_flask_says_of_it() -> None:
    view: Any = Methods.as_view("methods")
    assert (view.__name__, view.view_class, view.methods) == ("methods", Methods, {"GET"})


def test_what_another_decorator_asks_of_the_route_is_kept() -> None:
    def view() -> str:
        return "ok"

    vars(view)["required_methods"] = {"PUT"}
    app = an_app()
    app.add_url_rule("/", view_func=only_a(view))
    assert set(preflight(app.test_client(), "/").allow) == {"GET", "HEAD", "OPTIONS", "PUT"}


def test_an_async_view_stays_async() -> None:
    assert inspect.iscoroutinefunction(an_async_view)
    assert not inspect.iscoroutinefunction(above_another_decorator)


def test_what_a_view_is_given_reaches_it() -> None:
    app = an_app()
    app.add_url_rule("/<int:number>", "view", only_a(lambda number: str(number + 1)))
    assert ask(app.test_client(), "/1").text == "2"


class SomeClass:
    def method(self) -> None:
        """Do nothing."""


async def some_async_view() -> None:
    """Do nothing."""


@pytest.mark.parametrize("view", [a_view, some_async_view, SomeClass, SomeClass().method, AView, len])
def test_without_parentheses_it_shows_the_right_spelling(view: Any) -> None:
    with pytest.raises(TypeError, match=r"missing its parentheses: write @cross_origin\(\)"):
        cross_origin(view)


untyped: Any = cross_origin  # as it is called by who has no type checker


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        pytest.param(lambda: untyped("https://a.example"), TypeError, r"origins='https://a", id="a position"),
        pytest.param(lambda: untyped(None), TypeError, r"origins=None", id="nothing, by position"),
        pytest.param(lambda: untyped(orgins=A), TypeError, r"'orgins'.*'origins'", id="an unknown option"),
        pytest.param(lambda: untyped(resources="/"), TypeError, r"'resources'", id="resources"),
        pytest.param(lambda: untyped(max_age="soon"), ValueError, r"max_age='soon'", id="a wrong value"),
        pytest.param(
            lambda: untyped(origins="*", supports_credentials=True),
            ValueError,
            r"supports_credentials",
            id="credentials for everyone",
        ),
    ],
)
def test_a_mistake_is_refused_at_once(wrong: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        wrong()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(
            lambda wrong: wrong(a_view),
            r"^cross_origin is missing its parentheses: write @cross_origin\(\) above the view$",
            id="no parentheses",
        ),
        pytest.param(lambda wrong: wrong(A), r"^cross_origin\(\) takes its options by keyword", id="by position"),
        pytest.param(lambda wrong: wrong(origin=A), r"^cross_origin\(\): 'origin' is not an option", id="unknown"),
    ],
)
def test_a_mistake_names_the_decorator(call: Callable[[Any], object], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        call(cross_origin)


async def in_time(*parts: str, **named: str) -> str:
    return " ".join([*parts, *named, *named.values()])


class InClass(View):
    decorators: ClassVar = [cross_origin()]

    def dispatch_request(self, **named: str) -> str:
        return " ".join([*named, *named.values()])


def test_a_view_gets_all_that_it_is_called_with() -> None:
    app = an_app()
    with app.test_request_context("/"):
        assert app.ensure_sync(cross_origin()(in_time))("a", "b", name="c") == "a b name c"
        assert InClass.as_view("in_class")(name="c") == "name c"
