"""Many threads meet at an app, also at one that has never been asked before: each gets the answer to its request."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Blueprint, Flask, Response
from flask.views import MethodView
from werkzeug.datastructures import Headers

from flask_cors import CORS, cross_origin
from tests.helpers import (
    ALL_METHODS,
    EVERYONE,
    ONLY_A,
    ONLY_B,
    REFUSED,
    A,
    B,
    CORSHeaders,
    SetUp,
    a_view,
    an_app,
    ask,
    cors_headers,
)
from tests.load.settings import REQUESTS

Origin = str | None
Answers = dict[Origin, CORSHeaders]

FOR_BOTH: Answers = {A: ONLY_A, B: ONLY_B, None: REFUSED}
FOR_A: Answers = {A: ONLY_A, B: REFUSED, None: ONLY_A}
FOR_B: Answers = {A: REFUSED, B: ONLY_B, None: ONLY_B}


# Ways to set an app up -----------------------------------------------------------------------------------------------


def on_the_app(app: Flask) -> None:
    CORS(app, origins=[A, B])
    app.add_url_rule("/", view_func=a_view)


def in_the_config(app: Flask) -> None:
    CORS(app)
    app.config["CORS_ORIGINS"] = [A, B]
    app.add_url_rule("/", view_func=a_view)


def on_resources(app: Flask) -> None:
    CORS(app, origins=B, resources={"/api/": {"origins": [A, B]}, "/": {}})
    app.add_url_rule("/", view_func=a_view)


def twice_on_the_app(app: Flask) -> None:
    on_the_app(app)
    CORS(app, origins=A)


def on_the_view(app: Flask) -> None:
    app.add_url_rule("/", view_func=cross_origin(origins=B)(a_view))


def on_the_view_of_an_app_with_a_policy(app: Flask) -> None:
    CORS(app, origins=A)
    on_the_view(app)


class AView(MethodView):
    @cross_origin(origins=B)
    def get(self) -> str:
        return a_view()


def on_a_method(app: Flask) -> None:
    CORS(app, origins=A)
    app.add_url_rule("/", view_func=AView.as_view("view"))


def a_blueprint() -> Blueprint:
    blueprint = Blueprint("inside", __name__)
    blueprint.add_url_rule("/", view_func=a_view)
    return blueprint


def on_a_blueprint(app: Flask) -> None:
    blueprint = a_blueprint()
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)


def on_a_registered_blueprint(app: Flask) -> None:
    blueprint = a_blueprint()
    app.register_blueprint(blueprint)
    CORS(blueprint, origins=A)


def on_a_registered_blueprint_of_an_app_with_a_policy(app: Flask) -> None:
    CORS(app, origins=B)
    on_a_registered_blueprint(app)


WAYS: list[tuple[SetUp, Answers]] = [
    (on_the_app, FOR_BOTH),
    (in_the_config, FOR_BOTH),
    (on_resources, FOR_B),
    (twice_on_the_app, FOR_A),
    (on_the_view, FOR_B),
    (on_the_view_of_an_app_with_a_policy, FOR_B),
    (on_a_method, FOR_B),
    (on_a_blueprint, FOR_A),
    (on_a_registered_blueprint, FOR_A),
    (on_a_registered_blueprint_of_an_app_with_a_policy, FOR_A),
]

# The crowd -----------------------------------------------------------------------------------------------------------

CROWD: list[tuple[str, Origin]] = [*(("GET", origin) for origin in (A, B, None) * 2), ("OPTIONS", A), ("OPTIONS", B)]
ROUNDS = max(10, REQUESTS // len(CROWD) // 10)

Wrong = tuple[str, Origin, CORSHeaders]


def meet(pool: ThreadPoolExecutor, app: Flask, answers: Answers) -> list[Wrong]:
    """Let everyone of the crowd ask *app* at the same moment; return the answers that are not what they should be."""
    start = Barrier(len(CROWD))

    def visit(method: str, origin: Origin) -> list[Wrong]:
        headers = {"Access-Control-Request-Method": "GET"} if method == "OPTIONS" else {}
        start.wait(timeout=30)
        found = cors_headers(ask(app.test_client(), "/", origin, method=method, headers=headers))
        return [] if found == expected(answers, method, origin) else [(method, origin, found)]

    return [wrong for wrongs in pool.map(visit, *zip(*CROWD, strict=True)) for wrong in wrongs]


def expected(answers: Answers, method: str, origin: Origin) -> CORSHeaders:
    told = answers[origin]
    return told | ALL_METHODS if method == "OPTIONS" and "Access-Control-Allow-Origin" in told else told


def fresh_apps(set_up: SetUp) -> Iterator[Flask]:
    for _ in range(ROUNDS):
        app = an_app()
        set_up(app)
        yield app


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Have a thread for everyone, each interrupted after nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(CROWD)) as pool:
            yield pool
    finally:
        sys.setswitchinterval(before)


# Tests ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("set_up", "answers"), WAYS, ids=[set_up.__name__ for set_up, _ in WAYS])
def test_an_app_answers_right_from_its_first_request_on(
    pool: ThreadPoolExecutor, set_up: SetUp, answers: Answers
) -> None:
    wrongs = [wrong for app in fresh_apps(set_up) for wrong in meet(pool, app, answers)]
    assert (len(wrongs), wrongs[:3]) == (0, [])


SHARED_HEADERS = Headers()
SHARED_RESPONSE = Response("the same for everybody")
sharing_views = pytest.mark.parametrize(
    "view",
    [
        pytest.param(lambda: Response("new", headers=SHARED_HEADERS), id="headers"),
        pytest.param(lambda: SHARED_RESPONSE, id="a whole response"),
    ],
)


@sharing_views
def test_what_views_share_carries_the_headers_of_each_request_alone(
    pool: ThreadPoolExecutor, view: Callable[[], Response]
) -> None:
    app = an_app()
    CORS(app, origins=[A, B])
    app.add_url_rule("/", "view", view)
    wrongs = [wrong for _ in range(4 * ROUNDS) for wrong in meet(pool, app, FOR_BOTH)]
    assert (len(wrongs), wrongs[:3]) == (0, [])


@sharing_views
def test_what_views_share_opens_no_resource_that_no_policy_covers(view: Callable[[], Response]) -> None:
    app = an_app()
    CORS(app, resources="/open/")
    app.add_url_rule("/open/", "open", view)
    app.add_url_rule("/closed/", "closed", view)
    assert cors_headers(ask(app.test_client(), "/open/", A)) == EVERYONE
    assert cors_headers(ask(app.test_client(), "/closed/", A)) == {}


def by_the_first_request(app: Flask) -> None:
    """Plant a mistake: the second request may overtake the first, which is still setting the app up."""
    begun: list[bool] = []
    app.add_url_rule("/", view_func=a_view)

    @app.before_request
    def set_up() -> None:
        if not begun:
            begun.append(True)
            CORS(app, origins=[A, B])


def test_an_app_that_answers_before_it_is_ready_is_noticed(pool: ThreadPoolExecutor) -> None:
    assert any(meet(pool, app, FOR_BOTH) for app in fresh_apps(by_the_first_request))
