"""Requests to the site, and what each must receive: what the app itself sends when it is asked without a cache."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import NamedTuple

from tests.caches.site import POLICIES, SUB, VARIES, A, B, make_site
from tests.servers.start import HOST, SECONDS

AT_ONCE = 4
ORIGINS = [A, B, SUB, "https://evil.example", "https://a.example.evil.example", "https://b.exampl", None]
BY_LANGUAGE = "/{}/by_language"
VIEWS = ["/{}/plain", "/decorated/{}", BY_LANGUAGE, "/{}/refused", "/{}/missing"]
METHODS = ["GET"] * 7 + ["HEAD", "POST", "OPTIONS"]
APP = make_site()

Seen = tuple[int, dict[str, str], bytes]  # the status, the CORS headers with `Vary`, and the body


def seen(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> Seen:
    names = {name for name, _ in headers if name == "Vary" or name.startswith("Access-Control-")}
    # A header that stands there twice has a value that no test expects.
    return status, {name: " AND ".join(value for other, value in headers if other == name) for name in names}, body


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
        return seen(response.status_code, [*response.headers], response.data)

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

    def make_share(start: int) -> list[Visited]:
        with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
            return [_make(visit, connection) for visit in visits[start::AT_ONCE]]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [visited for share in pool.map(make_share, range(AT_ONCE)) for visited in share]


def _make(visit: Visit, connection: HTTPConnection) -> Visited:
    connection.request(visit.method, visit.path, headers=visit.headers)
    response = connection.getresponse()
    found = seen(response.status, response.getheaders(), response.read())
    return Visited(visit, found, response.getheader("X-Cache-Status"))
