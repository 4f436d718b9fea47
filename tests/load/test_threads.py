"""Many threads meet at an app, also at one that gets its first requests: each receives the response to its request."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from flask_cors import CORS, cross_origin
from tests.helpers import ALL_METHODS, DENIED, A, B, a_view, cors_headers, fetch, make_app
from tests.tables import table

Origin = str | None
Expected = dict[Origin, Origin]  # the origin that the response allows, for each origin that sends a request

FOR_BOTH: Expected = {A: A, B: B, None: None}
FOR_A: Expected = {A: A, B: None, None: A}
FOR_B: Expected = {A: None, B: B, None: B}


class AView(MethodView):
    @cross_origin(origins=B)
    def get(self) -> str:
        return a_view()


def decorate(app: Flask) -> None:
    app.add_url_rule("/", view_func=cross_origin(origins=B)(a_view))


def cors_for_a(app: Flask) -> None:
    CORS(app, origins=A)


def register_blueprint(app: Flask) -> None:
    blueprint = Blueprint("inside", __name__)
    blueprint.add_url_rule("/", view_func=a_view)
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)


CROWD: list[tuple[str, Origin]] = [*(("GET", origin) for origin in (A, B, None) * 2), ("OPTIONS", A), ("OPTIONS", B)]
ROUNDS = max(10, int(os.environ.get("REQUESTS") or 20_000) // len(CROWD) // 10)

Wrong = tuple[str, Origin, dict[str, str]]


def meet(pool: ThreadPoolExecutor, app: Flask, expected: Expected) -> list[Wrong]:
    """Send the requests of the crowd at the same moment; return the responses that are not as expected."""
    start = Barrier(len(CROWD))

    def send(method: str, origin: Origin) -> list[Wrong]:
        start.wait(timeout=30)
        sent = {"Access-Control-Request-Method": "GET"} if method == "OPTIONS" else {}
        found = cors_headers(fetch(app.test_client(), "/", origin, method=method, headers=sent))
        allowed = expected[origin]
        wanted = DENIED | ({"Access-Control-Allow-Origin": allowed} if allowed else {})
        wanted |= ALL_METHODS if allowed and method == "OPTIONS" else {}
        return [] if found == wanted else [(method, origin, found)]

    return [wrong for wrongs in pool.map(send, *zip(*CROWD, strict=True)) for wrong in wrongs]


def new_apps(*steps: Callable[[Flask], object]) -> Iterator[Flask]:
    for _ in range(ROUNDS):
        app = make_app()
        for step in steps:
            step(app)
        if not app.view_functions:
            app.add_url_rule("/", view_func=a_view)
        yield app


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Have a thread for each request, interrupted after nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(CROWD)) as pool:
            yield pool
    finally:
        sys.setswitchinterval(before)


@table(
    "expected, steps",
    ("the app", FOR_BOTH, [lambda app: CORS(app, origins=[A, B])]),
    ("the config", FOR_BOTH, [CORS, lambda app: app.config.update(CORS_ORIGINS=[A, B])]),
    ("a function", FOR_A | {None: None}, [lambda app: CORS(app, origins=A.__eq__)]),
    ("resources", FOR_B, [lambda app: CORS(app, resources={"/api/": {"origins": A}, "/": {"origins": B}})]),
    ("the app, twice", FOR_A, [lambda app: CORS(app, origins=[A, B]), cors_for_a]),
    ("the view", FOR_B, [decorate]),
    ("the view and the app", FOR_B, [cors_for_a, decorate]),
    ("a method", FOR_B, [cors_for_a, lambda app: app.add_url_rule("/", view_func=AView.as_view("view"))]),
    ("a blueprint", FOR_A, [register_blueprint]),
    ("a blueprint and the app", FOR_A, [lambda app: CORS(app, origins=B), register_blueprint]),
)
def test_an_app_responds_correctly_from_its_first_request_on(
    pool: ThreadPoolExecutor, expected: Expected, steps: list[Callable[[Flask], object]]
) -> None:
    wrongs = [wrong for app in new_apps(*steps) for wrong in meet(pool, app, expected)]
    assert (len(wrongs), wrongs[:3]) == (0, [])


def set_up_by_the_first_request(app: Flask) -> None:
    """Plant a mistake: the second request may overtake the first, which is still setting the app up."""
    begun: list[bool] = []

    @app.before_request
    def set_up() -> None:
        if not begun:
            begun.append(True)
            CORS(app, origins=[A, B])


def test_an_app_that_responds_before_it_is_ready_is_noticed(pool: ThreadPoolExecutor) -> None:
    assert any(meet(pool, app, FOR_BOTH) for app in new_apps(set_up_by_the_first_request))
