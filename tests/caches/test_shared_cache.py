"""A real shared cache sends every visitor what the app itself would send, and asks it no more often than it must."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.caches.nginx import cached_site
from tests.caches.site import A, B
from tests.caches.visits import Visited, make, some_visits
from tests.servers.start import HOST
from tests.tables import table

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
    sys.stdout.write(f"{len(visited)} requests, {len(wrongs(visited))} wrong responses; {dict(counts)}\n")
    return visited


def wrongs(visited: list[Visited]) -> list[Visited]:
    return [one for one in visited if one.seen != one.visit.expected]


def misses(visited: list[Visited]) -> Counter[tuple[str | None, ...]]:
    """Count how often the app was asked for each response that could be stored."""
    return Counter(one.visit.entry for one in visited if one.visit.is_storable and one.status != "HIT")


def test_every_visitor_receives_what_the_app_itself_would_send(visited: list[Visited]) -> None:
    assert wrongs(visited) == []
    assert len(visited) == len(VISITS)


def test_the_app_is_asked_once_or_once_for_each_origin_on_which_the_response_depends(visited: list[Visited]) -> None:
    assert misses(visited) == dict.fromkeys(STORED, 1)
    assert {one.status for one in visited if not one.visit.is_storable} == {None}


def test_without_vary_wrong_responses_and_their_kinds_are_noticed() -> None:
    with cached_site(forgets_vary=True) as port:
        misled = make(VISITS, port)
    allow = "Access-Control-Allow-Origin"
    pairs = {(one.visit.expected[1].get(allow), one.seen[1].get(allow)) for one in wrongs(misled)}
    assert pairs >= {(A, None), (None, A), (A, B)}  # expected and seen
    assert misses(misled) != dict.fromkeys(STORED, 1)


# What nginx makes of headers: why the responses above carry what they carry, and what else keeps them apart.
@table(
    "sent, one, other, second",
    ("a response for all", {}, {}, {}, "HIT"),
    ("the same origin", {"Vary": "Origin"}, {"Origin": A}, {"Origin": A}, "HIT"),
    ("an origin and none", {"Vary": "Origin"}, {"Origin": A}, {}, "MISS"),
    ("an empty origin is the same as none", {"Vary": "Origin"}, {"Origin": ""}, {}, "HIT"),
    ("two names in Vary", {"Vary": "X-A, Origin"}, {"Origin": A}, {}, "MISS"),
    ("Vary: * is not stored", {"Vary": "*"}, {}, {}, "MISS"),
    ("a Vary of 129 letters is not stored", {"Vary": "X-" + "A" * 127}, {}, {}, "MISS"),
    ("private is not stored", {"Cache-Control": "private, max-age=60"}, {}, {}, "MISS"),
    ("no-store is not stored", {"Cache-Control": "no-store"}, {}, {}, "MISS"),
    ("a cookie is not stored", {"Set-Cookie": "a=b"}, {}, {}, "MISS"),
    ("a password does not count", {"X": "1"}, {"Authorization": "Basic eA=="}, {}, "HIT"),
)
def test_nginx_stores_a_response_by_its_headers(
    port: int, sent: dict[str, str], one: dict[str, str], other: dict[str, str], second: str
) -> None:
    url = f"http://{HOST}:{port}/send?{urlencode({**sent, 'X-Test': f'{one} {other}'})}"
    found = []
    for headers in (one, other):
        with urlopen(Request(url, headers=headers), timeout=30) as response:
            found.append(response.headers["X-Cache-Status"])
    assert found == ["MISS", second]
