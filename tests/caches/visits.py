"""Requests to the site, and what each must receive: what the app itself sends when it is asked without a cache."""

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from urllib3 import HTTPConnectionPool

from tests.caches.site import POLICIES, SUB, VARIES, A, B, make_site
from tests.servers.start import HOST, SECONDS

AT_ONCE = 4
ORIGINS = [A, B, SUB, "https://evil.example", "https://a.example.evil.example", "https://b.exampl", None]
BY_LANGUAGE = "/{}/by_language"
VIEWS = ["/{}/plain", "/decorated/{}", BY_LANGUAGE, "/{}/refused", "/{}/missing"]
METHODS = ["GET"] * 7 + ["HEAD", "POST", "OPTIONS"]
APP = make_site()

Seen = tuple[int, dict[str, str], bytes]  # the status, the CORS headers with `Vary`, and the body


def seen(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Seen:
    found: dict[str, str] = {}
    for name, value in headers:
        if name == "Vary" or name.startswith("Access-Control-"):
            found[name] = f"{found[name]} AND {value}" if name in found else value  # twice: what no test expects
    return status, found, body


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
        """What the visitor sends."""
        wanted = {"Access-Control-Request-Method": "GET"} if self.method == "OPTIONS" else {}
        return {"Accept-Language": self.language, **({"Origin": self.origin} if self.origin else {}), **wanted}

    @property
    def expected(self) -> Seen:
        """What the visitor must receive."""
        response = APP.test_client().open(self.path, method=self.method, headers=self.headers)
        return seen(response.status_code, response.headers, response.data)

    @property
    def is_storable(self) -> bool:
        """Whether a cache may store the response: RFC 9110, section 9.2.3."""
        return self.method in {"GET", "HEAD"}

    @property
    def entry(self) -> tuple[str | None, ...]:
        """What is the same for all requests to which a cache gives the same response."""
        origin = self.origin if self.policy in VARIES else None
        return self.path, origin, self.language if self.view == BY_LANGUAGE else None


class Visited(NamedTuple):
    """A visit, what it received, and what nginx says: ``HIT``, ``MISS``, or nothing if no cache was asked."""

    visit: Visit
    seen: Seen
    status: str | None


def some_visits(number: int) -> list[Visit]:
    """Draw visits; always the same ones."""
    chance = random.Random(number)  # noqa: S311 - it shall be predictable
    visits = []
    for _ in range(number):
        method = chance.choice(METHODS)
        origins = [origin for origin in ORIGINS if origin or method != "OPTIONS"]
        policy, view = chance.choice([*POLICIES]), chance.choice(VIEWS)
        visits.append(Visit(policy, view, method, chance.choice(origins), chance.choice(["en", "de"])))
    return visits


def make(visits: Sequence[Visit], port: int) -> list[Visited]:
    """Make all *visits*, several at a time."""

    def visited(visit: Visit) -> Visited:
        response = pool.request(visit.method, visit.path, headers=visit.headers, redirect=False)
        found = seen(response.status, response.headers.iteritems(), response.data)
        return Visited(visit, found, response.headers.get("X-Cache-Status"))

    with (
        ThreadPoolExecutor(AT_ONCE) as threads,
        HTTPConnectionPool(HOST, port, SECONDS, AT_ONCE, retries=False) as pool,
    ):
        return list(threads.map(visited, visits))
