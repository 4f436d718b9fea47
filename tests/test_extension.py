"""``CORS``: every way to set it up, every option in every place, and what a mistake leads to."""

import inspect
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask, current_app, g, request
from werkzeug.local import LocalProxy

from flask_cors import CORS, CORSWarning, cross_origin, request_denied
from flask_cors.options import build_resources
from tests import helpers
from tests.helpers import DENIED, FOR_A, FOR_ALL, FOR_B, FOR_NONE, A, B, CORSHeaders, SetUp, a_view, configure, make_app
from tests.helpers import get_headers_for as headers_for
from tests.helpers import get_preflight_headers_for as preflights_for
from tests.tables import table

untyped: Any = CORS  # for calls that a type checker would refuse
ANY, ONLY_A, ON_PREFLIGHTS = helpers.ANY_ORIGIN, helpers.ONLY_A, helpers.ALL_METHODS
NEVER = [DENIED] * 3
SECRET: Any = {"supports_credentials": True}


def serving(*paths: str) -> Flask:
    app = make_app()
    for path in paths or ("/",):
        app.add_url_rule(path, path, a_view)
    return app


# Ways to set it up ---------------------------------------------------------------------------------------------------


def with_current_app(app: Flask) -> None:
    with app.app_context():
        CORS(current_app, origins=A)


@table(
    "set_up",
    ("with the constructor", lambda app: CORS(app, origins=A)),
    ("with the app as a keyword", lambda app: CORS(app=app, origins=A)),
    ("with init_app", lambda app: CORS().init_app(app, origins=A)),
    ("with init_app and resources", lambda app: CORS(resources="/none").init_app(app, origins=A, resources="/")),
    ("with options given before there is an app", lambda app: CORS(None, origins=A).init_app(app)),
    ("init_app overrides the constructor", lambda app: CORS(max_age=None, origins=B).init_app(app, origins=A)),
    ("with current_app", with_current_app),
    ("after the config was set", lambda app: CORS(configure(app, origins=A))),
    ("after the config was set to an iterator", lambda app: CORS(configure(app, origins=map(str, [A])))),
    ("before the config was set", lambda app: (CORS(app), configure(app, origins=A))),
    ("with an entry of the config", lambda app: (CORS(app), configure(app, resources={"/": {"origins": A}}))),
)
def test_an_app_can_be_set_up(set_up: SetUp) -> None:
    app = serving()
    set_up(app)
    assert (headers_for(app), preflights_for(app)) == (FOR_A, helpers.as_preflights(FOR_A))
    configure(app, origins=B)  # after the first request: too late
    assert headers_for(app) == FOR_A


def test_a_config_is_changed_where_it_has_iterators_as_options_alone() -> None:
    app, others = serving(), iter("ab")
    app.config["OTHERS"] = others
    CORS(configure(app, origins=map(str, [A])))
    assert headers_for(app) == FOR_A
    assert app.config["OTHERS"] is others


class Obliging(Flask):
    """An app that has an answer for every name, as Eve's has."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def with_a_list_of_functions(app: Flask) -> None:
    app.before_request_funcs = [(None, a_view)]  # type: ignore[assignment]  # as programs write it, and Flask ignores it


def with_handlers_of_old(app: Flask) -> None:
    app.error_handler_spec[None][404] = a_view  # type: ignore[assignment]


def with_a_handler_that_only_a_request_has(app: Flask) -> None:
    app.register_error_handler(418, LocalProxy(lambda: g.handler))


@table(
    "make, change",
    ("a handler that only a request has", Flask, with_a_handler_that_only_a_request_has),
    ("an app that answers to every name", Obliging, lambda _: None),
    ("a list where Flask keeps functions", Flask, with_a_list_of_functions),
    ("error handlers as Flask 0.6 kept them", Flask, with_handlers_of_old),
)
@pytest.mark.parametrize("debug", [False, True])
def test_an_odd_app_works(make: Callable[[str], Flask], change: SetUp, debug: bool) -> None:
    app = make("odd")
    app.debug = debug
    change(app)
    helpers.use_middleware(app)  # so that functions in `origins` have to be called by a function before requests
    CORS(app, origins=lambda origin: origin == A)
    app.add_url_rule("/", "view", a_view)
    app.add_url_rule("/hidden", "hidden", helpers.hide(cross_origin(origins=A)(a_view)))
    for _ in range(2):
        assert (headers_for(app), headers_for(app, "/hidden")) == ([FOR_A[0], DENIED, DENIED], FOR_A)


def test_the_functions_that_flask_calls_have_names_and_can_be_wrapped() -> None:
    app, denied = serving(), list[str]()
    CORS(app, origins=lambda origin: origin == A)
    app.after_request_funcs[None] = [helpers.hide(function) for function in app.after_request_funcs[None]]
    receiver = request_denied.connect(lambda _, reason, **__: denied.append(reason), app, weak=False)
    assert headers_for(app) == [FOR_A[0], DENIED, DENIED]
    request_denied.disconnect(receiver, app)
    assert denied == ["the function in origins denies it"]
    assert [function.__name__ for function in app.before_request_funcs[None]] == ["ask_callables"]


def test_one_cors_serves_several_apps_each_with_its_own_options() -> None:
    cors, apps = CORS(send_wildcard=False), [serving(), configure(serving(), origins=B), serving()]
    cors.init_app(apps[0], origins=A)
    cors.init_app(apps[1])
    cors.init_app(apps[2], send_wildcard=True)
    assert [headers_for(app) for app in apps * 2] == [FOR_A, FOR_B, FOR_ALL] * 2


@pytest.mark.parametrize("key", ["cors", "flask_cors"])
@pytest.mark.parametrize("value", ["CORS", None, 7])
def test_what_an_app_puts_into_its_extensions_breaks_no_request(key: str, value: object) -> None:
    app = serving()
    cors = CORS(app, origins=A)
    app.add_url_rule("/b", "b", cross_origin(origins=B)(a_view))
    app.extensions[key] = cors if value == "CORS" else value
    assert [headers_for(app, path) for path in ("/", "/b")] == [FOR_A, FOR_B]
    assert preflights_for(app) == helpers.as_preflights(FOR_A)


# Every option, wherever it can be given ------------------------------------------------------------------------------


def plus(**headers: str) -> tuple[list[CORSHeaders], CORSHeaders]:
    """Return what every origin gets, and on a preflight, with these headers as well."""
    own = ANY | {f"Access-Control-{name.replace('_', '-')}": value for name, value in headers.items()}
    return [own] * 3, ON_PREFLIGHTS | own


NO_VARY = {"Access-Control-Allow-Origin": A}
TRUE = ONLY_A | {"Access-Control-Allow-Credentials": "true"}


@helpers.every_place
@table(
    "options, expected, on_preflight",
    ("nothing given", {}, *plus()),
    ("origins", {"origins": f"{A},{B}"}, [ONLY_A, helpers.ONLY_B, DENIED], ONLY_A | ON_PREFLIGHTS),
    ("origins, and there are none", {"origins": []}, FOR_NONE, {}),
    ("methods", {"methods": ["put", "GET"]}, *plus(Allow_Methods="GET, PUT")),
    ("headers", {"headers": "X-B, X-A"}, *plus(Allow_Headers="X-A, X-B")),
    ("headers, by their later name", {"allow_headers": ["X-A"]}, *plus(Allow_Headers="X-A")),
    ("expose_headers", {"expose_headers": ["ETag"]}, *plus(Expose_Headers="ETag")),
    ("credentials", {"supports_credentials": True, "origins": A}, [TRUE, DENIED, TRUE], TRUE | ON_PREFLIGHTS),
    ("max_age", {"max_age": timedelta(minutes=10)}, *plus(Max_Age="600")),
    ("max_age, none at all", {"max_age": 0}, *plus(Max_Age="0")),
    ("send_wildcard", {"send_wildcard": False}, [ONLY_A, helpers.ONLY_B, ANY | DENIED], ONLY_A | ON_PREFLIGHTS),
    ("always_send", {"always_send": False}, [ANY | DENIED, ANY | DENIED, DENIED], ANY | DENIED | ON_PREFLIGHTS),
    ("vary_header", {"vary_header": False, "origins": A}, [NO_VARY, {}, NO_VARY], NO_VARY | ON_PREFLIGHTS),
    ("a later option", {"intercept_exceptions": False}, *plus()),
)
def test_an_option_has_its_effect(place: Any, options: Any, expected: Any, on_preflight: CORSHeaders) -> None:
    app = make_app()
    place(app, a_view, **options)
    assert (headers_for(app, helpers.PATH), preflights_for(app, helpers.PATH)[0]) == (expected, on_preflight)


# Several on one app, and what happens meanwhile ----------------------------------------------------------------------


@table(
    "first, second, at_root, at_api",
    ("the later, where both cover all", {"origins": A}, {"origins": B}, FOR_B, FOR_B),
    ("the later, though it is broader", {"origins": A, "resources": "/api/"}, {"origins": B}, FOR_B, FOR_B),
    ("the earlier, if the later has no path", {"origins": A}, {"origins": B, "resources": []}, FOR_A, FOR_A),
    ("the later, though it allows no origin", {}, {"origins": [], "resources": "/api/"}, FOR_ALL, FOR_NONE),
    ("on an overlong path, no broader one", {}, {"origins": A, "resources": "/api/?$"}, FOR_ALL, FOR_A),
)
def test_of_two_on_one_app_one_decides(first: Any, second: Any, at_root: Any, at_api: Any) -> None:
    app = serving("/", "/api/")
    CORS(app, **first)
    CORS(app, **second)
    assert [headers_for(app, "/"), headers_for(app, "/api/")] == [at_root, at_api]
    if second.get("resources"):
        assert headers_for(app, f"/api/{'b' * 5000}") == NEVER


def test_policies_are_made_once_and_a_cors_of_another_thread_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    app, made = serving("/", "/b"), []
    meanwhile = Thread(target=CORS, args=[app], kwargs={"origins": A})
    CORS(app)
    app.view_functions["/b"] = cross_origin(origins=B)(a_view)

    def count(*args: Any) -> object:
        made.append(args)
        if len(made) == 1:
            meanwhile.start()
        return build_resources(*args)

    monkeypatch.setattr("flask_cors._state.build_resources", count)
    assert helpers.fetch(app.test_client(), "/").status_code == 200
    meanwhile.join()
    for path, expected in [("/", FOR_A), ("/b", FOR_B), ("/missing", FOR_A)] * 2:
        assert (headers_for(app, path), preflights_for(app, path)) == (expected, helpers.as_preflights(expected))
    assert len(made) <= 12  # with what `CORS` checks at once


TRACED = """
import flask
before = flask.Flask("before")
class Traced(flask.Flask): ...
flask.Flask = Traced
from flask_cors import CORS
for app in (before, Traced("after")):
    CORS(app, origins="https://a.example")
    print(app.test_client().get("/", headers={"Origin": "https://a.example"}).headers["Access-Control-Allow-Origin"])
"""


def test_a_tracer_may_replace_the_class_of_all_apps_before_this_package_is_imported() -> None:
    assert subprocess.check_output([sys.executable, "-c", TRACED], text=True) == "https://a.example\n" * 2


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["https://a.example", a_view, [A], object(), Flask, SimpleNamespace(app=1)])
def test_what_is_no_app_is_an_error(what: Any) -> None:
    message = rf"^CORS\(\) takes a Flask app or a Blueprint first, not {re.escape(repr(what))}; (?!write CORS\(app\.)"
    with pytest.raises(TypeError, match=message):
        untyped(what)


@pytest.mark.parametrize("what", [serving, object(), [A], A, "/api/", {"/a": {}}])
def test_what_is_said_to_be_given_in_place_of_it_works(what: Any) -> None:
    with pytest.raises(TypeError) as caught:
        untyped(what)
    [written] = re.findall(r"write (CORS\(.*\))", str(caught.value))
    eval(written, {"CORS": CORS, "app": serving(), "serving": serving})  # noqa: S307


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_several_blueprints_are_set_up_one_by_one(kind: Callable[..., Any]) -> None:
    them = kind(Blueprint(name, __name__) for name in "ab")
    with pytest.raises(TypeError, match=r"one at a time; write \[CORS\(each\) for each in them\]") as caught:
        untyped(them)
    [written] = re.findall(r"write (\[.*\])", str(caught.value))
    assert len(eval(written, {"CORS": CORS, "them": them})) == 2  # noqa: S307


@pytest.mark.parametrize("name", ["app", "server"])  # as Connexion, and Dash, name it
def test_an_object_around_a_flask_app_leads_to_that_app(name: str) -> None:
    around = SimpleNamespace(**{name: serving()})
    with pytest.raises(TypeError, match=rf"^CORS\(\) takes a Flask app.* write CORS\(app.{name}\)"):
        untyped(around)


@pytest.mark.parametrize("name", ["route", "config"])
def test_what_cors_returns_is_no_app(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"'{name}'.*write CORS\(app\) on its own line"):
        getattr(CORS(serving()), name)


@table(
    "wrong, error, message",
    ("an option by position", lambda app: untyped(app, "/a"), TypeError, r"^CORS\(\).* resources='/a'"),
    ("the same, for init_app", lambda app: untyped().init_app(app, "/a"), TypeError, r"^init_app\(\).* resources='/a'"),
    ("an unknown option", lambda _: untyped(orgins=A), TypeError, r"^CORS\(\): 'orgins'.*'origins'"),
    ("one in init_app", lambda app: untyped().init_app(app, orgins=A), TypeError, r"^init_app\(\): 'orgins'"),
    ("or in an entry", lambda app: CORS(configure(app, resources={"/": {"max": 1}})), TypeError, "'max'"),
    ("a wrong value", lambda app: CORS(configure(app, max_age="soon")), ValueError, "CORS_MAX_AGE='soon'"),
    ("credentials without origins", lambda app: CORS(app, supports_credentials=True), ValueError, "CORS_ORIGINS"),
    ("and every origin", lambda app: CORS(**SECRET).init_app(app, origins="*"), ValueError, "credentials"),
)
def test_what_is_wrong_already_raises_at_once_and_does_nothing_to_the_app(
    wrong: SetUp, error: type[Exception], message: str
) -> None:
    app = serving()
    with pytest.raises(error, match=message):
        wrong(app)
    assert headers_for(app) == FOR_NONE


@table(
    "config, messages",
    ("wrong values", {"max_age": "soon", "headers": "a b"}, ["CORS_MAX_AGE='soon' must", "CORS_HEADERS='a b' holds"]),
    ("a misspelt option", {"resources": {"/": {"orgins": A}}}, ["'orgins' is not an option here; did you mean"]),
    ("credentials for every origin", SECRET, ["cannot be combined", "set CORS_ORIGINS in the app's config"]),
    ("a warning as an error", {"origins": "HTTPS://a.example"}, ["'HTTPS://a.example' is corrected to"]),
    ("a misspelt key, the warning as an error", {"origin": A}, ["'CORS_ORIGIN' is not a setting"]),
)
def test_what_only_the_first_request_shows_is_logged_once_and_no_origin_is_allowed(
    config: dict[str, Any], messages: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    app = serving("/", "/decorated")
    CORS(app)
    app.view_functions["/decorated"] = cross_origin()(a_view)
    configure(app, **config)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CORSWarning)
        for path in ("/", "/decorated", "/"):
            assert (headers_for(app, path), preflights_for(app, path)) == (NEVER, NEVER[:2])
            assert helpers.fetch(app.test_client(), path, A).text == a_view()
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("CORS: no origin is allowed, because the options are wrong: ")
    assert [message for message in messages if message not in record.getMessage()] == []


class CallsTheApp(logging.Handler):
    """A handler that sends each record to a route of the app itself, in another thread, and waits for the response."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._app = app
        self.calls = 0
        self.waits = False

    def emit(self, record: logging.LogRecord) -> None:
        self.calls += 1
        thread = Thread(target=lambda: self._app.test_client().get(f"/?{record.levelno}"), daemon=True)
        thread.start()
        thread.join(10)
        self.waits = thread.is_alive()


class WithoutLogger(Flask):
    logger = property(lambda self: self.no_such_name)


def fails(_: object) -> bool:
    raise ValueError


@table("origins, max_age", ("a wrong option", A, "soon"), ("a function that fails", fails, 1))
def test_a_logger_that_is_not_there_takes_no_app_down(origins: Any, max_age: object) -> None:
    app = WithoutLogger("none")
    app.add_url_rule("/", "view", a_view)
    CORS(app, origins=origins)
    configure(app, max_age=max_age)
    assert headers_for(app) == NEVER
    assert helpers.fetch(app.test_client(), "/", A).text == a_view()


def test_a_logger_that_fails_or_calls_the_app_takes_no_app_down() -> None:
    for name in ("fails", "calls"):
        app = Flask(name)  # with a logger of its own
        app.add_url_rule("/", "view", a_view)
        CORS(app, origins=A)
        configure(app, max_age="soon")
        handler = CallsTheApp(app)
        app.logger.addHandler(handler)
        if name == "fails":
            app.logger.addFilter(lambda _: bool(request.path))
        assert headers_for(app) == NEVER
        assert (handler.calls, handler.waits) == (name == "calls", False)


def test_a_mistake_of_one_decorator_and_the_config_denies_that_view_alone(caplog: pytest.LogCaptureFixture) -> None:
    app = serving("/", "/decorated", "/other")
    CORS(app, origins=A)
    app.view_functions["/decorated"] = cross_origin(origins="*")(a_view)
    app.view_functions["/other"] = cross_origin(origins=A)(a_view)
    configure(app, **SECRET)
    for_a = [TRUE, DENIED, TRUE]
    paths = ("/decorated", "/", "/other", "/decorated")
    assert [headers_for(app, path) for path in paths] == [NEVER, for_a, for_a, NEVER]
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert re.match(r"CORS: no origin is allowed, because .*:\d+: origins='\*' allows every", record.getMessage())
    app.view_functions["/"] = cross_origin(origins="*")(a_view)  # while the app runs
    assert (headers_for(app), len(caplog.records)) == (NEVER, 2)


def test_a_mistake_of_a_decorator_is_logged_with_the_line_of_the_call(caplog: pytest.LogCaptureFixture) -> None:
    app = configure(make_app(), **SECRET)
    app.add_url_rule("/", "view", cross_origin(origins="*")(a_view))
    headers_for(app)
    line = inspect.getsourcelines(test_a_mistake_of_a_decorator_is_logged_with_the_line_of_the_call)[1] + 2
    assert f"wrong: {__file__}:{line}: origins='*'" in caplog.text
