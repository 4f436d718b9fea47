"""``CORS``: every way to set it up, every option in every place, and what is refused."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Blueprint, Flask, Request, Response, current_app, has_request_context
from werkzeug.routing import MapAdapter

from flask_cors import CORS, CORSWarning, cross_origin
from flask_cors.options import Given, resources_of
from flask_cors.resources import Resources
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
from tests.sites import BESIDE


def serving(*paths: str, **config: Any) -> Flask:
    app = an_app(**config)
    for path in paths or ("/",):
        app.add_url_rule(path, endpoint=path, view_func=a_view)
    return app


# Ways to set it up ---------------------------------------------------------------------------------------------------


def by_current_app(app: Flask) -> None:
    with app.app_context():
        CORS(current_app, origins=A)


def before_the_config(app: Flask) -> None:
    CORS(app)
    app.config["CORS_ORIGINS"] = A


def after_the_config(app: Flask) -> None:
    app.config["CORS_ORIGINS"] = A
    CORS(app)


def with_none(app: Flask) -> None:
    CORS(origins=A, resources=None).init_app(app, origins=None)


@pytest.mark.parametrize(
    "set_up",
    [
        pytest.param(lambda app: CORS(app, origins=A), id="with the constructor"),
        pytest.param(lambda app: CORS(app=app, origins=A), id="with the app as a keyword"),
        pytest.param(lambda app: CORS().init_app(app, origins=A), id="with init_app"),
        pytest.param(lambda app: CORS(None, origins=A).init_app(app), id="with options given before the app is there"),
        pytest.param(lambda app: CORS(origins=B).init_app(app, origins=A), id="init_app overrides the constructor"),
        pytest.param(with_none, id="None is not given, and overrides nothing"),
        pytest.param(by_current_app, id="with current_app"),
        pytest.param(after_the_config, id="after the config was set"),
        pytest.param(before_the_config, id="before the config was set"),
    ],
)
def test_an_app_can_be_set_up(set_up: SetUp) -> None:
    app = serving()
    set_up(app)
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    assert leaves(app) == [ONLY_A | ALL_METHODS, REFUSED]


def test_without_options_everyone_may_read_everything() -> None:
    app = serving()
    CORS(app)
    assert answers(app) == [EVERYONE, EVERYONE, EVERYONE]
    assert leaves(app) == [EVERYONE | ALL_METHODS, EVERYONE | ALL_METHODS]


def test_without_cors_nobody_is_told_anything() -> None:
    assert answers(serving()) == [NOTHING, NOTHING, NOTHING]


def test_one_cors_serves_several_apps_and_nothing_leaks_between_them() -> None:
    cors = CORS(expose_headers="ETag")
    first, second, third = serving(), serving(CORS_ORIGINS=B), serving()
    cors.init_app(first, origins=A, max_age=1)
    cors.init_app(second)
    cors.init_app(third)
    exposed = {"Access-Control-Expose-Headers": "ETag"}
    assert answers(first)[0] == ONLY_A | exposed | {"Access-Control-Max-Age": "1"}
    assert answers(second)[1] == ONLY_B | exposed
    assert answers(third)[0] == EVERYONE | exposed
    assert answers(first)[0] == ONLY_A | exposed | {"Access-Control-Max-Age": "1"}


def test_the_state_is_kept_by_each_app() -> None:
    cors, first, second = CORS(), an_app(), an_app()
    cors.init_app(first)
    cors.init_app(second)
    state = first.extensions["cors"]
    CORS(first)
    assert first.extensions["cors"] is state
    assert second.extensions["cors"] is not state


def test_the_config_is_read_with_the_first_request_and_never_again() -> None:
    app = serving(CORS_ORIGINS=B)
    CORS(app)
    app.config["CORS_ORIGINS"] = A
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]
    app.config["CORS_ORIGINS"] = B
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


def test_a_list_that_changes_after_set_up_changes_nothing() -> None:
    app, origins = serving(), [A]
    CORS(app, origins=origins)
    origins.append(B)
    assert answers(app)[1] == REFUSED


# Every option, wherever it may be given ------------------------------------------------------------------------------


def keyword(app: Flask, options: dict[str, Any]) -> None:
    CORS(app, **options)


def init_app(app: Flask, options: dict[str, Any]) -> None:
    CORS().init_app(app, **options)


def config(app: Flask, options: dict[str, Any]) -> None:
    CORS(app)
    app.config.update({f"CORS_{name.upper()}": value for name, value in options.items()})


def entry(app: Flask, options: dict[str, Any]) -> None:
    CORS(app, resources={"/": options})


def config_entry(app: Flask, options: dict[str, Any]) -> None:
    CORS(app)
    app.config["CORS_RESOURCES"] = {"/": options}


def blueprint(app: Flask, options: dict[str, Any]) -> None:
    inside = Blueprint("inside", __name__)
    CORS(inside, **options)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)


def decorator(app: Flask, options: dict[str, Any]) -> None:
    CORS(app, resources=[])
    app.add_url_rule("/", view_func=cross_origin(**options)(a_view))


def decorator_and_config(app: Flask, options: dict[str, Any]) -> None:
    app.config["CORS_RESOURCES"] = []  # says nothing about decorated views
    config(app, options)
    app.add_url_rule("/", view_func=cross_origin()(a_view))


PLACES = [keyword, init_app, config, entry, config_entry, blueprint, decorator, decorator_and_config]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("options", "a", "b", "nobody", "leave_for_a"),
    [
        pytest.param({}, EVERYONE, EVERYONE, EVERYONE, EVERYONE | ALL_METHODS, id="nothing given"),
        pytest.param({"origins": f"{A},{B}"}, ONLY_A, ONLY_B, REFUSED, ONLY_A | ALL_METHODS, id="origins"),
        pytest.param({"origins": []}, NOTHING, NOTHING, NOTHING, NOTHING, id="origins, and there are none"),
        pytest.param(
            {"methods": ["put", "GET"]},
            *[EVERYONE | {"Access-Control-Allow-Methods": "GET, PUT"}] * 4,
            id="methods",
        ),
        pytest.param({"methods": []}, *[EVERYONE] * 4, id="methods, and there are none"),
        pytest.param(
            {"headers": "X-B, X-A"},
            *[EVERYONE | {"Access-Control-Allow-Headers": "X-A, X-B"}] * 3,
            EVERYONE | ALL_METHODS | {"Access-Control-Allow-Headers": "X-A, X-B"},
            id="headers",
        ),
        pytest.param(
            {"allow_headers": ["X-A"]},
            *[EVERYONE | {"Access-Control-Allow-Headers": "X-A"}] * 3,
            EVERYONE | ALL_METHODS | {"Access-Control-Allow-Headers": "X-A"},
            id="headers, by their later name",
        ),
        pytest.param(
            {"expose_headers": ["ETag", "Age"]},
            *[EVERYONE | {"Access-Control-Expose-Headers": "Age, ETag"}] * 3,
            EVERYONE | ALL_METHODS | {"Access-Control-Expose-Headers": "Age, ETag"},
            id="expose_headers",
        ),
        pytest.param(
            {"supports_credentials": True, "origins": A},
            ONLY_A | {"Access-Control-Allow-Credentials": "true"},
            REFUSED,
            ONLY_A | {"Access-Control-Allow-Credentials": "true"},
            ONLY_A | ALL_METHODS | {"Access-Control-Allow-Credentials": "true"},
            id="supports_credentials",
        ),
        pytest.param({"supports_credentials": False}, *[EVERYONE] * 3, EVERYONE | ALL_METHODS, id="no credentials"),
        pytest.param(
            {"max_age": timedelta(minutes=10)},
            *[EVERYONE | {"Access-Control-Max-Age": "600"}] * 3,
            EVERYONE | ALL_METHODS | {"Access-Control-Max-Age": "600"},
            id="max_age",
        ),
        pytest.param(
            {"max_age": 0},
            *[EVERYONE | {"Access-Control-Max-Age": "0"}] * 3,
            EVERYONE | ALL_METHODS | {"Access-Control-Max-Age": "0"},
            id="max_age, none at all",
        ),
        pytest.param(
            {"send_wildcard": False}, ONLY_A, ONLY_B, EVERYONE | REFUSED, ONLY_A | ALL_METHODS, id="send_wildcard"
        ),
        pytest.param(
            {"always_send": False},
            *[EVERYONE | REFUSED] * 2,
            REFUSED,
            EVERYONE | REFUSED | ALL_METHODS,
            id="always_send",
        ),
        pytest.param(
            {"vary_header": False, "origins": A},
            *[{"Access-Control-Allow-Origin": A}, NOTHING, {"Access-Control-Allow-Origin": A}],
            {"Access-Control-Allow-Origin": A} | ALL_METHODS,
            id="vary_header",
        ),
        pytest.param({"intercept_exceptions": False}, *[EVERYONE] * 3, EVERYONE | ALL_METHODS, id="a later option"),
    ],
)
def test_an_option_has_its_effect_in(
    place: Callable[[Flask, dict[str, Any]], None],
    options: dict[str, Any],
    a: CORSHeaders,
    b: CORSHeaders,
    nobody: CORSHeaders,
    leave_for_a: CORSHeaders,
) -> None:
    app = an_app()
    place(app, options)
    if not app.view_functions:
        app.add_url_rule("/", view_func=a_view)
    assert answers(app) == [a, b, nobody]
    assert leaves(app)[0] == leave_for_a


@pytest.mark.parametrize(
    ("resources", "covered"),
    [
        pytest.param("/a", {"/a", "/a/b"}, id="a string"),
        pytest.param("*", {"/", "/a", "/a/b", "/A"}, id="the string for every path"),
        pytest.param(re.compile(r"/a\Z"), {"/a"}, id="a compiled pattern"),
        pytest.param(["/a/", "/A"], {"/a/b", "/A"}, id="several"),
        pytest.param({"/a/": {}, "/A": None}, {"/a/b", "/A"}, id="a dict"),
        pytest.param([], set(), id="none"),
        pytest.param({}, set(), id="an empty dict"),
        pytest.param(None, {"/", "/a", "/a/b", "/A"}, id="not given"),
    ],
)
@pytest.mark.parametrize("place", [keyword, init_app, config])
def test_resources_say_which_paths_are_covered(
    place: Callable[[Flask, dict[str, Any]], None], resources: Any, covered: set[str]
) -> None:
    app = serving("/", "/a", "/a/b", "/A")
    place(app, {"resources": resources})
    assert {path for path in ("/", "/a", "/a/b", "/A") if answers(app, path) == [EVERYONE] * 3} == covered
    assert {path for path in ("/", "/a", "/a/b", "/A") if answers(app, path) == [NOTHING] * 3} == {
        "/",
        "/a",
        "/a/b",
        "/A",
    } - covered


# Which of several counts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        pytest.param({}, None, id="the default, which is none"),
        pytest.param({"config": 1}, "1", id="the config over the default"),
        pytest.param({"config": 1, "keyword": 2}, "2", id="the keyword over the config"),
        pytest.param({"config": 1, "keyword": 0}, "0", id="the keyword over the config, though it is zero"),
        pytest.param({"config": 1, "keyword": None}, "1", id="the config, if the keyword is None"),
        pytest.param({"config": 1, "keyword": 2, "entry": 3}, "3", id="the entry over the keyword"),
        pytest.param({"config": 1, "entry": 3}, "3", id="the entry over the config"),
        pytest.param({"keyword": 2, "entry": None}, "2", id="the keyword, if the entry is None"),
    ],
)
def test_what_counts_is(given: dict[str, int], seconds: str | None) -> None:
    app = serving(CORS_MAX_AGE=given.get("config"))
    CORS(app, max_age=given.get("keyword"), resources={"/": {"max_age": given.get("entry")}})
    assert answers(app)[0] == EVERYONE | ({} if seconds is None else {"Access-Control-Max-Age": seconds})


@pytest.mark.parametrize(
    ("first", "second", "at_root", "at_api"),
    [
        pytest.param({"origins": A}, {"origins": B}, B, B, id="the later, where both cover all"),
        pytest.param({"origins": A}, {"origins": B, "resources": "/api/"}, A, B, id="the later, where it matches"),
        pytest.param({"origins": A, "resources": "/api/"}, {"origins": B}, B, B, id="the later, though it is broader"),
        pytest.param({"origins": A}, {"origins": B, "resources": []}, A, A, id="the earlier, if the later has no path"),
        pytest.param(
            {"origins": A, "resources": "/"}, {"origins": B, "resources": "/a"}, A, B, id="each where it matches"
        ),
    ],
)
def test_of_two_on_one_app_there_counts(
    first: dict[str, Any], second: dict[str, Any], at_root: str, at_api: str
) -> None:
    app = serving("/", "/api/")
    CORS(app, **first)
    CORS(app, **second)
    policies = {A: [ONLY_A, REFUSED, ONLY_A], B: [REFUSED, ONLY_B, ONLY_B]}
    assert [answers(app, "/"), answers(app, "/api/")] == [policies[at_root], policies[at_api]]


def test_a_later_one_that_lets_nobody_in_counts_too() -> None:
    app = serving()
    CORS(app)
    CORS(app, origins=[])
    assert answers(app) == [NOTHING, NOTHING, NOTHING]


def test_however_many_there_are_they_are_asked_once_a_request() -> None:
    app = serving()
    CORS(app)
    answering = app.wsgi_app
    CORS(app)
    assert app.wsgi_app is answering
    assert not app.before_request_funcs
    assert not app.after_request_funcs


def test_of_the_patterns_in_one_the_most_precise_counts() -> None:
    app = serving("/api/users")
    CORS(app, resources={"/api/.*|/nowhere": {"origins": B}, "/api/u": {"origins": A}, "/": {}})
    assert answers(app, "/api/users") == [ONLY_A, REFUSED, ONLY_A]


@pytest.mark.parametrize("method", ["GET", "PURGE"])
def test_what_is_set_up_while_a_request_is_being_answered_opens_nothing(method: str) -> None:
    class Busy(Flask):
        def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
            if has_request_context():  # as another thread may do, at this very moment
                CORS(self, resources="/nowhere")
            return super().create_url_adapter(request)

    app = Busy(__name__)
    app.config.update(TESTING=True, CORS_ORIGINS=A)
    CORS(app)
    app.add_url_rule("/", view_func=cross_origin()(a_view))
    assert leaves(app, method=method) == [ONLY_A | ALL_METHODS, REFUSED]


def another_thread(app: Flask) -> None:
    CORS(app, origins=[])


def another_thread_that_asks(app: Flask) -> None:
    inside: Any = app.blueprints["inside"]
    CORS(inside, origins=[])
    ask(app.test_client(), "/")


@pytest.mark.parametrize("meanwhile", [another_thread, another_thread_that_asks])
def test_what_is_set_up_while_the_policies_are_being_made_is_not_lost(
    meanwhile: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, inside = an_app(), Blueprint("inside", __name__)
    CORS(app)
    inside.add_url_rule("/", view_func=a_view)
    app.register_blueprint(inside)
    waiting = [meanwhile]

    def make(given: Given, config: Given | None) -> Resources:
        if waiting:
            waiting.pop()(app)
        return resources_of(given, config)

    monkeypatch.setattr("flask_cors._coverage.resources_of", make)
    assert ask(app.test_client(), "/").status_code == 200
    assert answers(app) == [NOTHING] * 3


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["https://a.example", __name__, a_view, [A], object(), Flask, CORS])
def test_what_is_no_app_is_refused(what: Any) -> None:
    with pytest.raises(TypeError, match=r"takes a Flask app or a Blueprint first"):
        CORS(what)
    with pytest.raises(TypeError, match=re.escape(repr(what))):
        CORS().init_app(what)


untyped: Any = CORS  # as it is called by who has no type checker


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        pytest.param(lambda app: untyped(app, "/api/"), TypeError, r"resources='/api/'", id="an option by position"),
        pytest.param(lambda app: untyped().init_app(app, "/a"), TypeError, r"resources='/a'", id="also for init_app"),
        pytest.param(lambda app: untyped(app, orgins=A), TypeError, r"'orgins'.*'origins'", id="an unknown option"),
        pytest.param(lambda _: untyped(orgins=A), TypeError, r"'orgins'.*'origins'", id="even before there is an app"),
        pytest.param(lambda app: untyped().init_app(app, max_agee=1), TypeError, r"'max_age'", id="one in init_app"),
        pytest.param(lambda app: CORS(app, resources={"/": {"max": 1}}), TypeError, r"'max'", id="one in an entry"),
        pytest.param(lambda app: CORS(app, max_age="soon"), ValueError, r"max_age='soon'", id="a wrong value"),
        pytest.param(lambda _: CORS(max_age="soon"), ValueError, r"max_age='soon'", id="one before there is an app"),
        pytest.param(
            lambda app: CORS(app, supports_credentials=True, origins="*"),
            ValueError,
            r"origins='\*'.*supports_credentials",
            id="credentials for everyone",
        ),
        pytest.param(
            lambda app: CORS(supports_credentials=True).init_app(app, origins="*"),
            ValueError,
            r"supports_credentials",
            id="credentials for everyone, in two steps",
        ),
        pytest.param(
            lambda app: CORS(app, supports_credentials=True, origins=A, resources={"/": {"origins": "*"}}),
            ValueError,
            r"supports_credentials",
            id="credentials for everyone, by an entry",
        ),
    ],
)
def test_a_mistake_is_refused_at_once_and_leaves_the_app_as_it_was(
    wrong: SetUp, error: type[Exception], says: str
) -> None:
    app = serving()
    with pytest.raises(error, match=says):
        wrong(app)
    assert answers(app) == [NOTHING, NOTHING, NOTHING]


def credentials_in_the_config(app: Flask) -> None:
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    CORS(app)


def everyone_in_the_config(app: Flask) -> None:
    app.config["CORS_ORIGINS"] = "*"
    CORS(app, supports_credentials=True)


def credentials_in_the_config_and_a_decorator(app: Flask) -> None:
    CORS(app, resources=[], origins=A)
    app.config["CORS_SUPPORTS_CREDENTIALS"] = True
    app.view_functions["/"] = cross_origin()(a_view)


def no_number_in_the_config(app: Flask) -> None:
    app.config["CORS_MAX_AGE"] = "soon"
    CORS(app)


first_use = pytest.mark.parametrize(
    ("set_up", "says"),
    [
        pytest.param(credentials_in_the_config, "supports_credentials", id="credentials in the config"),
        pytest.param(lambda app: CORS(app, supports_credentials=True), "origins", id="credentials, and no config"),
        pytest.param(everyone_in_the_config, "supports_credentials", id="everyone in the config"),
        pytest.param(
            credentials_in_the_config_and_a_decorator, "supports_credentials", id="credentials in the config, decorator"
        ),
        pytest.param(no_number_in_the_config, "CORS_MAX_AGE='soon'", id="a wrong value in the config"),
    ],
)


@pytest.mark.parametrize("key", ["CORS_ORIGIN", "CORS_ORIGNS"])
def test_a_misspelt_config_key_is_told_with_the_first_request_and_only_then(key: str) -> None:
    app = serving(**{key: A})
    CORS(app)
    with pytest.warns(CORSWarning, match=rf"'{key}'.*'CORS_ORIGINS'") as told:
        assert answers(app) == [EVERYONE] * 3
    assert len(told) == 1


def test_a_config_key_that_looks_like_no_option_is_the_affair_of_another_extension() -> None:
    app = serving(CORS_PROXY_URL="https://proxy.example")
    CORS(app)
    assert answers(app) == [EVERYONE] * 3


@first_use
def test_a_mistake_that_needs_the_config_is_raised_at_first_use(set_up: SetUp, says: str) -> None:
    app = serving()
    set_up(app)
    with pytest.raises(ValueError, match=says):
        ask(app.test_client(), "/", A)
    with pytest.raises(ValueError, match=says):
        preflight(app.test_client(), "/", A)


@first_use
def test_with_such_a_mistake_in_production_every_answer_is_a_500_that_no_page_can_read(
    set_up: SetUp, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = serving(TESTING=False)
    set_up(app)
    for response in [ask(app.test_client(), "/", A), ask(app.test_client(), "/", A), preflight(app.test_client(), "/")]:
        assert (response.status_code, cors_headers(response)) == (500, NOTHING)
    assert says in caplog.text


@pytest.mark.parametrize("beside", BESIDE)
def test_a_function_that_was_there_before_does_not_say_who_is_let_in(beside: SetUp) -> None:
    app = an_app()
    beside(app)
    app.add_url_rule("/", view_func=a_view)

    @app.after_request
    def meddle(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = B
        return response

    CORS(app, origins=A)
    assert answers(app) == [ONLY_A, REFUSED, ONLY_A]


def test_on_a_path_that_is_too_long_no_broader_policy_stands_in() -> None:
    app = an_app()
    app.add_url_rule("/<path:_>", view_func=lambda _: "ok")
    CORS(app)
    CORS(app, resources="/a/", origins=A)
    assert answers(app, "/a/b") == [ONLY_A, REFUSED, ONLY_A]
    assert answers(app, f"/a/{'b' * 5000}") == [NOTHING] * 3


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_paths_that_strangers_ask_for_are_not_kept(method: str) -> None:
    app = an_app()
    CORS(app, origins=A)
    app.add_url_rule("/<path:_>", view_func=lambda _: "ok")
    kept = []
    for number in range(3):
        assert cors_headers(ask(app.test_client(), f"/{number}", B, method=method)) == REFUSED
        kept.append(repr(vars(app.extensions["cors"]) | vars(app.extensions["cors"].policies)))
    assert kept[1] == kept[2]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(lambda app: untyped(app, origin=A), r"^CORS\(\): 'origin' is not an option", id="unknown to CORS"),
        pytest.param(lambda app: untyped(app, A), r"^CORS\(\) takes its options by keyword", id="by position, to CORS"),
        pytest.param(
            lambda app: untyped().init_app(app, origin=A), r"^init_app\(\): 'origin' is not", id="unknown to init_app"
        ),
        pytest.param(
            lambda app: untyped().init_app(app, A), r"^init_app\(\) takes its options", id="by position, to init_app"
        ),
    ],
)
def test_a_mistake_names_the_call_it_was_made_in(call: SetUp, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        call(an_app())
