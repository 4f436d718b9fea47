"""A real shared cache tells every visitor what the app itself would say, and asks it no more often than it must."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.caches.nginx import cached_site
from tests.caches.policies import A, Headers
from tests.caches.visits import Visited, make, some_visits
from tests.servers.start import HOST

VISITS = some_visits(int(os.environ.get("REQUESTS") or 3000))  # `make cache-test REQUESTS=100000` is the long form
STORED = {visit.entry for visit in VISITS if visit.is_storable}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with cached_site() as port:
        yield port


@pytest.fixture(scope="module")
def visited(port: int) -> list[Visited]:
    visited = make(VISITS, port)
    counts = Counter(one.status or "not for a cache" for one in visited)
    sys.stdout.write(f"{len(visited)} requests, {len(wrongs(visited))} wrong answers; {dict(counts)}\n")
    return visited


def wrongs(visited: list[Visited]) -> list[Visited]:
    return [one for one in visited if one.answer != one.visit.expected]


def misses(visited: list[Visited]) -> Counter[tuple[str | None, ...]]:
    """Count how often the app was asked for each answer that could be stored."""
    return Counter(one.visit.entry for one in visited if one.visit.is_storable and one.status != "HIT")


def test_everyone_is_told_what_the_app_itself_would_say(visited: list[Visited]) -> None:
    assert wrongs(visited) == []
    assert len(visited) == len(VISITS)


def test_the_app_is_asked_once_for_all_origins_or_once_for_each_where_the_answer_depends_on_it(
    visited: list[Visited],
) -> None:
    assert misses(visited) == dict.fromkeys(STORED, 1)


def test_no_answer_to_another_method_is_stored(visited: list[Visited]) -> None:
    assert {one.status for one in visited if not one.visit.is_storable} == {None}


@pytest.fixture(scope="module")
def misled() -> list[Visited]:
    """Make the same visits where no policy says ``Vary``."""
    with cached_site(forgets_vary=True) as port:
        return make(VISITS, port)


@pytest.mark.parametrize(
    ("due", "told"),
    [
        pytest.param(A, None, id="a listed origin is refused"),
        pytest.param(None, A, id="an unlisted origin is told of a listed one"),
        pytest.param(A, "https://b.example", id="a listed origin is told of another"),
    ],
)
def test_an_answer_that_reaches_another_origin_is_noticed(
    misled: list[Visited], due: str | None, told: str | None
) -> None:
    pairs = {(one.visit.expected.allowed, one.answer.allowed) for one in wrongs(misled)}
    assert (due, told) in pairs


def test_a_cache_that_stores_too_little_is_noticed(misled: list[Visited]) -> None:
    assert misses(misled) != dict.fromkeys(STORED, 1)


# What nginx makes of headers: why the answers above say what they say, and what else keeps them from being mixed up.
@pytest.mark.parametrize(
    ("said", "one", "other", "statuses"),
    [
        pytest.param({}, {}, {}, ["MISS", "HIT"], id="an answer for all"),
        pytest.param({"Vary": "Origin"}, {"Origin": A}, {"Origin": A}, ["MISS", "HIT"], id="the same origin"),
        pytest.param({"Vary": "Origin"}, {"Origin": A}, {}, ["MISS", "MISS"], id="an origin and none"),
        pytest.param({"Vary": "Origin"}, {"Origin": ""}, {}, ["MISS", "HIT"], id="an empty origin is the same as none"),
        pytest.param({"Vary": "X-A, Origin"}, {"Origin": A}, {}, ["MISS", "MISS"], id="two names in Vary"),
        pytest.param({"Vary": "*"}, {}, {}, ["MISS", "MISS"], id="Vary: * is not stored"),
        pytest.param({"Vary": "X-" + "A" * 127}, {}, {}, ["MISS", "MISS"], id="a Vary of 129 letters is not stored"),
        pytest.param({"Cache-Control": "private, max-age=60"}, {}, {}, ["MISS", "MISS"], id="private is not stored"),
        pytest.param({"Cache-Control": "no-store"}, {}, {}, ["MISS", "MISS"], id="no-store is not stored"),
        pytest.param({"Set-Cookie": "a=b"}, {}, {}, ["MISS", "MISS"], id="a cookie is not stored"),
        pytest.param(
            {"X": "1"}, {"Authorization": "Basic eA=="}, {}, ["MISS", "HIT"], id="a password is not looked at"
        ),
    ],
)
def test_nginx_stores_an_answer_by_what_it_says(
    port: int, said: Headers, one: Headers, other: Headers, statuses: list[str], request: pytest.FixtureRequest
) -> None:
    url = f"http://{HOST}:{port}/saying?{urlencode({**said, 'X-Test': request.node.callspec.id})}"
    found = []
    for headers in (one, other):
        with urlopen(Request(url, headers=headers), timeout=30) as answer:
            found.append(answer.headers["X-Cache-Status"])
    assert found == statuses
