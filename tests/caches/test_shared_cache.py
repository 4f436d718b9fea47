"""A real shared cache sends every visitor what the app itself would send, and asks it no more often than it must."""

import os
import random
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import product, starmap
from typing import NamedTuple

import pytest
from urllib3 import HTTPConnectionPool

from tests.caches.nginx import cached_site
from tests.caches.site import POLICIES, SUB, VARIES, A, B, make_site
from tests.servers.start import HOST, SECONDS

AT_ONCE = 4
ORIGINS = [A, B, SUB, "https://evil.example", "https://a.example.evil.example", "https://b.exampl", None]
BY_LANGUAGE = "/{}/by_language"
VIEWS = ["/{}/plain", "/decorated/{}", BY_LANGUAGE, "/{}/refused", "/{}/missing"]
APP = make_site()

Received = tuple[int, dict[str, str], bytes]  # the status, the CORS headers with `Vary`, and the body


class Visit(NamedTuple):
    """A request for a view under a policy. Every OPTIONS is a preflight."""

    policy: str
    view: str
    method: str
    origin: str | None
    language: str

    @property
    def path(self) -> str:
        return self.view.format(self.policy)

    @property
    def headers(self) -> dict[str, str]:
        wanted = {"Access-Control-Request-Method": "GET"} if self.method == "OPTIONS" else {}
        return {"Accept-Language": self.language, **({"Origin": self.origin} if self.origin else {}), **wanted}

    @property
    def expected(self) -> Received:
        """What the app sends without a cache."""
        response = APP.test_client().open(self.path, method=self.method, headers=self.headers)
        return received(response.status_code, response.headers, response.data)

    @property
    def is_storable(self) -> bool:
        """Whether a cache may store the response: RFC 9110, section 9.2.3."""
        return self.method in {"GET", "HEAD"}

    @property
    def entry(self) -> tuple[str | None, ...]:
        """What is the same for all requests to which a cache gives the same response."""
        origin = self.origin if self.policy in VARIES else None
        return self.path, origin, self.language if self.view == BY_LANGUAGE else None


#: A visit, what it received, and what nginx says: ``HIT``, ``MISS``, or nothing if no cache was asked.
Visited = tuple[Visit, Received, str | None]


def received(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Received:
    found: dict[str, str] = {}
    for name, value in headers:
        if name == "Vary" or name.startswith("Access-Control-"):
            found[name] = f"{found[name]} AND {value}" if name in found else value  # twice: what no test expects
    return status, found, body


METHODS = [*["GET"] * 7, "HEAD", "POST", "OPTIONS"]
EVERY = starmap(Visit, product(POLICIES, VIEWS, METHODS, ORIGINS, ["en", "de"]))
POSSIBLE = [visit for visit in EVERY if visit.origin or visit.method != "OPTIONS"]
REQUESTS = int(os.environ.get("REQUESTS") or 3000)  # `make cache-test REQUESTS=100000` is the long form
VISITS = random.Random(REQUESTS).choices(POSSIBLE, k=REQUESTS)  # noqa: S311 - always the same ones
STORED = {visit.entry for visit in VISITS if visit.is_storable}


def make_visits(port: int) -> list[Visited]:
    """Make all visits, several at a time."""

    def make(visit: Visit) -> Visited:
        response = pool.request(visit.method, visit.path, headers=visit.headers, redirect=False)
        found = received(response.status, response.headers.iteritems(), response.data)
        return visit, found, response.headers.get("X-Cache-Status")

    with (
        HTTPConnectionPool(HOST, port, SECONDS, AT_ONCE, retries=False) as pool,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        return list(threads.map(make, VISITS))


@pytest.fixture(scope="module")
def visited() -> list[Visited]:
    with cached_site() as port:
        visited = make_visits(port)
    counts = Counter(status or "not for a cache" for *_, status in visited)
    sys.stdout.write(f"{len(visited)} requests, {len(wrongs(visited))} wrong responses; {dict(counts)}\n")
    return visited


def wrongs(visited: list[Visited]) -> list[tuple[Received, Received]]:
    return [(visit.expected, found) for visit, found, _ in visited if found != visit.expected]


def misses(visited: list[Visited]) -> Counter[tuple[str | None, ...]]:
    """Count how often the app was asked for each response that could be stored."""
    return Counter(visit.entry for visit, _, status in visited if visit.is_storable and status != "HIT")


def test_every_visitor_receives_what_the_app_itself_would_send(visited: list[Visited]) -> None:
    assert wrongs(visited) == []
    assert len(visited) == len(VISITS)


def test_the_app_is_asked_once_or_once_for_each_origin_on_which_the_response_depends(visited: list[Visited]) -> None:
    assert misses(visited) == dict.fromkeys(STORED, 1)
    assert {status for visit, _, status in visited if not visit.is_storable} == {None}


def test_without_vary_wrong_responses_and_their_kinds_are_noticed() -> None:
    with cached_site(forgets_vary=True) as port:
        misled = make_visits(port)
    allow = "Access-Control-Allow-Origin"
    pairs = {(expected[1].get(allow), found[1].get(allow)) for expected, found in wrongs(misled)}
    assert pairs >= {(A, None), (None, A), (A, B)}
    assert misses(misled) != dict.fromkeys(STORED, 1)
