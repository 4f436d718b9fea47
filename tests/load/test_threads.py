"""Many threads meet at an app, also at one that gets its first requests: each receives the response to its request."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from flask_cors import CORS
from tests import helpers
from tests.helpers import ALL_METHODS, DENIED, ONLY_A, PATH, A, B, a_view, cors_headers, fetch, make_app

CROWD: list[tuple[str, str | None]] = [
    *(("GET", origin) for origin in (A, B, None) * 2),
    ("OPTIONS", A),
    ("OPTIONS", B),
]
ROUNDS = max(10, int(os.environ.get("REQUESTS") or 20_000) // len(CROWD) // 10)
PLACES = [*helpers.PLACES, helpers.for_a_hidden_view, helpers.for_the_view_alone]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Have a thread for each request, interrupted after nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(len(CROWD)) as pool:
        yield pool
    sys.setswitchinterval(before)


def meet(pool: ThreadPoolExecutor, place: Callable[..., None], **options: Any) -> list[Any]:
    """Send the requests of the crowd to a new app at the same moment; return the responses that are not as expected."""
    app, start = make_app(), Barrier(len(CROWD))
    place(app, a_view, **options)

    def send(method: str, origin: str | None) -> dict[str, str]:
        start.wait(timeout=30)
        sent = {"Access-Control-Request-Method": "GET"} if method == "OPTIONS" else {}
        return cors_headers(fetch(app.test_client(), PATH, origin, method=method, headers=sent))

    found = zip(CROWD, pool.map(send, *zip(*CROWD, strict=True)), strict=True)
    expected: dict[Any, dict[str, str]] = {("GET", A): ONLY_A, ("OPTIONS", A): ONLY_A | ALL_METHODS}
    return [(request, headers) for request, headers in found if headers != expected.get(request, DENIED)]


@pytest.mark.parametrize("origins", [[A, "https://c.example"], A.__eq__], ids=["listed", "by a function"])
@pytest.mark.parametrize("place", PLACES)
def test_an_app_responds_correctly_from_its_first_request(pool: ThreadPoolExecutor, place: Any, origins: Any) -> None:
    assert [wrong for _ in range(ROUNDS // 2) for wrong in meet(pool, place, origins=origins)] == []


def set_up_by_the_first_request(app: Flask, view: Callable[..., Any], **options: Any) -> None:
    """Plant a mistake: the second request may overtake the first, which is still setting the app up."""
    begun: list[bool] = []

    @app.before_request
    def set_up() -> None:
        if not begun:
            begun.append(True)
            CORS(app, **options)

    app.add_url_rule(PATH, "view", view)


def test_an_app_that_responds_before_it_is_ready_is_noticed(pool: ThreadPoolExecutor) -> None:
    assert any(meet(pool, set_up_by_the_first_request, origins=[A, B]) for _ in range(ROUNDS))
