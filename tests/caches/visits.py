"""Visits to the site, and what each must be told: as if it were the only one."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import NamedTuple

from tests.caches.policies import ORIGINS, POLICIES, Headers, Origin
from tests.servers.start import HOST, SECONDS

VISITORS = 4  # that call at the same time
BY_LANGUAGE, REFUSED, MISSING = "/{}/by-language", "/{}/refused", "/{}/missing"
VIEWS = ["/{}/plain", "/decorated/{}", BY_LANGUAGE, REFUSED, MISSING]
METHODS = ["GET"] * 7 + ["HEAD", "POST", "OPTIONS"]
LANGUAGES = ["en", "de"]
STATUSES = {REFUSED: 403, MISSING: 404}
ALL_METHODS = {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}


class Answer(NamedTuple):
    """What counts of an answer: its status, its headers of CORS and ``Vary``, and the language of its body."""

    status: int
    cors: Headers
    language: str

    @property
    def allowed(self) -> Origin:
        """The origin that the answer names."""
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
        """Where the view is."""
        return self.view.format(self.policy)

    @property
    def headers(self) -> Headers:
        """What the visitor sends."""
        asked = {"Access-Control-Request-Method": "GET"} if self.method == "OPTIONS" else {}
        origin = {} if self.origin is None else {"Origin": self.origin}
        return {"Accept-Language": self.language, **origin, **asked}

    @property
    def expected(self) -> Answer:
        """What the visitor must be told."""
        told = POLICIES[self.policy].told(self.origin)
        methods = ALL_METHODS if self.method == "OPTIONS" and told else {}
        vary = {"Vary": ", ".join(self.depends_on)} if self.depends_on else {}
        return Answer(self._status, {**told, **methods, **vary}, self.language if self._has_language else "")

    @property
    def depends_on(self) -> list[str]:
        """The request's headers on which the answer depends."""
        own = ["Accept-Language"] if self.view == BY_LANGUAGE and self.is_storable else []
        return ["Origin"] * POLICIES[self.policy].varies + own

    @property
    def is_storable(self) -> bool:
        """Whether a cache may store the answer: RFC 9110, section 9.2.3."""
        return self.method in {"GET", "HEAD"}

    @property
    def entry(self) -> tuple[str | None, ...]:
        """What is the same for all visits to which a cache gives the same answer."""
        return self.path, *(self.headers.get(name) for name in self.depends_on)

    @property
    def _status(self) -> int:
        missing_method = self.method == "POST" and self.view != MISSING
        return 200 if self.method == "OPTIONS" else 405 if missing_method else STATUSES.get(self.view, 200)

    @property
    def _has_language(self) -> bool:
        return self.view == BY_LANGUAGE and self.method == "GET"


class Visited(NamedTuple):
    """A visit, what it was told, and what nginx says of it: ``HIT``, ``MISS``, or nothing if it asked for no answer."""

    visit: Visit
    answer: Answer
    status: str | None


def some_visits(number: int) -> list[Visit]:
    """Make visits up; always the same ones."""
    chance = random.Random(number)  # noqa: S311
    return [_a_visit(chance) for _ in range(number)]


def _a_visit(chance: random.Random) -> Visit:
    method = chance.choice(METHODS)
    origins = [origin for origin in ORIGINS if origin or method != "OPTIONS"]
    policy, view = chance.choice([*POLICIES]), chance.choice(VIEWS)
    return Visit(policy, view, method, chance.choice(origins), chance.choice(LANGUAGES))


def make(visits: Sequence[Visit], port: int) -> list[Visited]:
    """Make all *visits*, several at a time."""
    with ThreadPoolExecutor(VISITORS) as pool:
        shares = pool.map(lambda start: _make_in_turn(visits[start::VISITORS], port), range(VISITORS))
        return [visited for share in shares for visited in share]


def _make_in_turn(visits: Sequence[Visit], port: int) -> list[Visited]:
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        return [_make(visit, connection) for visit in visits]


def _make(visit: Visit, connection: HTTPConnection) -> Visited:
    connection.request(visit.method, visit.path, headers=visit.headers)
    response = connection.getresponse()
    body, headers = response.read().decode(), response.getheaders()
    names = {name for name, _ in headers if name == "Vary" or name.startswith("Access-Control-")}
    # A header that stands there twice has a value that nobody expects.
    cors = {name: " AND ".join(value for other, value in headers if other == name) for name in names}
    answer = Answer(response.status, cors, body if body in LANGUAGES else "")
    return Visited(visit, answer, response.getheader("X-Cache-Status"))
