"""Requests to the site, and what each must receive: as if it were the only one."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import NamedTuple

from tests.caches.policies import ORIGINS, POLICIES, Headers, Origin
from tests.servers.start import HOST, SECONDS

AT_ONCE = 4
BY_LANGUAGE, REFUSED, MISSING = "/{}/by_language", "/{}/refused", "/{}/missing"
VIEWS = ["/{}/plain", "/decorated/{}", BY_LANGUAGE, REFUSED, MISSING]
METHODS = ["GET"] * 7 + ["HEAD", "POST", "OPTIONS"]
LANGUAGES = ["en", "de"]
ALL_METHODS = {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}


class Seen(NamedTuple):
    """What counts of a response: its status, its CORS headers with ``Vary``, and the language of its body."""

    status: int
    cors: Headers
    language: str

    @property
    def allowed(self) -> Origin:
        return self.cors.get("Access-Control-Allow-Origin")


class Visit(NamedTuple):
    """A request for a view under a policy. Every OPTIONS is a preflight."""

    policy: str
    view: str
    method: str
    origin: Origin
    language: str

    @property
    def path(self) -> str:
        return self.view.format(self.policy)

    @property
    def headers(self) -> Headers:
        """What the visitor sends."""
        wanted = {"Access-Control-Request-Method": "GET"} if self.method == "OPTIONS" else {}
        return {"Accept-Language": self.language, **({"Origin": self.origin} if self.origin else {}), **wanted}

    @property
    def expected(self) -> Seen:
        """What the visitor must receive."""
        cors = POLICIES[self.policy].headers(self.origin)
        methods = ALL_METHODS if self.method == "OPTIONS" and cors else {}
        vary = {"Vary": ", ".join(self.depends_on)} if self.depends_on else {}
        has_language = self.view == BY_LANGUAGE and self.method == "GET"
        return Seen(self._status, {**cors, **methods, **vary}, self.language if has_language else "")

    @property
    def depends_on(self) -> list[str]:
        """The request headers on which the response depends."""
        language = ["Accept-Language"] if self.view == BY_LANGUAGE and self.is_storable else []
        return ["Origin"] * POLICIES[self.policy].varies + language

    @property
    def is_storable(self) -> bool:
        """Whether a cache may store the response: RFC 9110, section 9.2.3."""
        return self.method in {"GET", "HEAD"}

    @property
    def entry(self) -> tuple[str | None, ...]:
        """What is the same for all requests to which a cache gives the same response."""
        return self.path, *(self.headers.get(name) for name in self.depends_on)

    @property
    def _status(self) -> int:
        if self.method == "OPTIONS":
            return 200
        if self.view == MISSING:
            return 404
        if self.method == "POST":
            return 405
        return 403 if self.view == REFUSED else 200


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
        visits.append(Visit(policy, view, method, chance.choice(origins), chance.choice(LANGUAGES)))
    return visits


def make(visits: Sequence[Visit], port: int) -> list[Visited]:
    """Make all *visits*, several at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        shares = pool.map(lambda start: _make_in_turn(visits[start::AT_ONCE], port), range(AT_ONCE))
        return [visited for share in shares for visited in share]


def _make_in_turn(visits: Sequence[Visit], port: int) -> list[Visited]:
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        return [_make(visit, connection) for visit in visits]


def _make(visit: Visit, connection: HTTPConnection) -> Visited:
    connection.request(visit.method, visit.path, headers=visit.headers)
    response = connection.getresponse()
    body, headers = response.read().decode(), response.getheaders()
    names = {name for name, _ in headers if name == "Vary" or name.startswith("Access-Control-")}
    # A header that stands there twice has a value that no test expects.
    cors = {name: " AND ".join(value for other, value in headers if other == name) for name in names}
    seen = Seen(response.status, cors, body if body in LANGUAGES else "")
    return Visited(visit, seen, response.getheader("X-Cache-Status"))
