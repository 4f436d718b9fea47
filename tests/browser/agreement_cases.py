"""The cases: a policy or a hand-written server, and what a page calls; drawn at random, but always the same."""

from __future__ import annotations

import random
import re
import warnings
from dataclasses import dataclass, replace
from typing import Any, Literal
from wsgiref.types import WSGIApplication

from flask_cors import CORS, CORSWarning
from flask_cors.browser import CredentialsMode, Headers, Response, get_header
from tests.browser.agreement_site import app_for_cases, by_hand

SEED = 4
POLICIES = 150
CASES_OF_A_POLICY = 20
CASES_BY_HAND = 1000

Answers = tuple[Response, Response]
STRANGER = "https://stranger.example"
Page = Literal["page", "null", "app"]


@dataclass(frozen=True)
class Fetch:
    """What the page calls: ``fetch(url, {...})`` or something else; the URL is a path at one of the origins."""

    place: str
    path: str
    method: str = "GET"
    headers: Headers = ()
    body: str | None = None
    credentials: CredentialsMode = "same-origin"
    #: "fetch", or a name in the script of the page.
    kind: str = "fetch"
    mode: Literal["cors", "no-cors", "same-origin"] = "cors"
    crossorigin: Literal["anonymous", "use-credentials"] | None = None
    content_type: str | None = None

    @property
    def init(self) -> dict[str, Any]:
        """What follows the URL."""
        init = {"method": self.method, "headers": self.headers, "credentials": self.credentials, "mode": self.mode}
        return init if self.body is None else {**init, "body": self.body}


@dataclass(frozen=True)
class Case:
    """One call of one page, and who responds: an app with options for ``CORS``, or a server written by hand."""

    number: int
    page: Page
    fetch: Fetch
    app: WSGIApplication
    options: dict[str, Any] | None = None
    #: To the preflight, and to the request itself.
    answers: Answers | None = None

    @property
    def again(self) -> bool:
        """Whether a second call looks at the cookies."""
        return self.answers is not None and get_header(self.answers[1].headers, "Set-Cookie") is not None

    def url(self, origins: dict[str, str]) -> str:
        """Return where the page's call goes first."""
        return f"{origins[self.fetch.place]}{self.fetch.path}?case={self.number}"


# -- What pages ask ----------------------------------------------------------------------------------------

METHODS = ["GET"] * 4 + ["HEAD", "POST", "POST", "PUT", "PUT", "DELETE", "PATCH", "patch", "put", "OPTIONS", "LINK"]
MODES: list[CredentialsMode] = ["omit", "same-origin", "same-origin", "include", "include"]
BODIES = [None, "tea", "{}", "tea \u00e9"]
PATHS = ["/thing"] * 8 + ["/missing", "/bug", "/read-only", "/folder", "/cookie"]
STATUSES = (301, 302, 303, 307, 308)
REDIRECTS = [f"/{way}/{status}" for way in ("moved", "away", "home", "back", "login") for status in STATUSES]

LONG = "a" * 127
TOKEN, AUTHORIZATION, JSON = ("X-Token", "1"), ("Authorization", "Bearer tea"), ("Content-Type", "application/json")
VALUES = {
    "X-Token": [""],
    "Content-Type": [
        *("text/plain", "TEXT/plain ; charset=utf-8", 'text/plain; a="b"', "text/plain, application/json", "text", ""),
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain; a=\u00e9"),
        f"text/plain;{LONG}",
    ],
    "Accept": ["text/html", "text/html (all)", "t\u00e9xt/html", f"{LONG}b", f"{LONG}bc"],
    "Accept-Language": ["de, en;q=0.5", "de_DE"],
    "Content-Language": ["de", "d\u00e9"],
    "Range": ["bytes=0-5", "bytes=2-", "bytes=-5", "bytes=5-2", "bytes=0-1,3-4", "Bytes=0-5"],
    "X-HTTP-Method-Override": ["PUT, TRACE", "PUT"],
}
VALUES |= {"If-None-Match": ["x"], "Cache-Control": ["no-cache"], "User-Agent": ["none"], "DPR": ["2"]}
VALUES |= {"Save-Data": ["on"], "Device-Memory": ["4"], "Viewport-Width": ["320"]}
HEADERS: list[Headers] = [
    *[()] * 12,
    *[(TOKEN,), (AUTHORIZATION,), (JSON,)] * 4,
    (TOKEN, ("X-Other", "2")),
    (TOKEN, ("x-token", "2")),
    (AUTHORIZATION, TOKEN),
    *(((name, value),) for name, values in VALUES.items() for value in values),
    (("Accept", LONG), ("Accept", "b")),
    (("Accept", "a" * 60), ("Accept", "b" * 60)),
    *[(("Accept-Language", "a" * 100),) * 2, (("Content-Language", "a" * 100),) * 2],
    tuple(("Accept", LONG) for _ in range(9)),
    (("Cookie", "a=b"), ("Sec-Secret", "1"), ("Proxy-Secret", "1"), ("Host", "evil.example")),
]
THROWN = [Fetch("api", "/thing", "TRACE"), Fetch("api", "/thing", "connect"), Fetch("api", "/thing", "GET", (), "body")]


def a_fetch(random: random.Random) -> Fetch:
    if random.random() < 0.01:
        return random.choice(THROWN)
    method = random.choice(METHODS)
    place = "page" if random.random() < 0.08 else "api"
    path = random.choice(PATHS if random.random() < 0.7 else REDIRECTS)
    headers = random.choice(HEADERS)
    body = None if method in ("GET", "HEAD") else random.choice(BODIES)
    return Fetch(place, path, method, headers, body, random.choice(MODES))


def a_page(random: random.Random) -> Page:
    """Draw a page with an origin or, now and then, a sandboxed one, whose origin is null."""
    return "null" if random.random() < 0.12 else "page"


# -- What policies there are -------------------------------------------------------------------------------


def origins_options(page: str) -> list[object]:
    pattern = r"http://127\.0\.0\.1:\d+"
    right = [[STRANGER, page], ["null", page], "http://127.0.0.1:*", re.compile(pattern), f"^{pattern}"]
    wrong = [STRANGER, f"{page}1", []]
    return [*["*"] * 3, *[page] * 3, *right, lambda origin: origin.startswith("http:"), *wrong]


LISTS: dict[str, list[object]] = {
    "methods": [None, None, "*", "PUT", ["DELETE", "PATCH"], "get, put", "LINK, PUT"],
    "headers": [None, "*", "*", "X-Token", "X-Token, Content-Type, Authorization", ["x-token", "content-type"]],
    "expose_headers": [None, "*", "X-Shown", "x-shown, X-HIDDEN", "Set-Cookie, X-Shown"],
    "max_age": [None, 0, 600],
    "send_wildcard": [True, True, False],
    "always_send": [True, True, False],
    "vary_header": [True, True, False],
}


def cases_of_policies(random: random.Random, origins: dict[str, str]) -> list[Case]:
    """Draw policies, and for each of them cases; numbers start at 1."""
    cases: list[Case] = []
    for _ in range(POLICIES):
        options: dict[str, Any] = {"origins": random.choice(origins_options(origins["page"]))}
        options |= {name: random.choice(values) for name, values in LISTS.items()}
        options["supports_credentials"] = options["origins"] != "*" and random.random() < 0.6
        app = app_for_cases(origins)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CORSWarning)  # null, for one, is a bad origin, and is here on purpose
            CORS(app, **options)
        numbers = range(len(cases) + 1, len(cases) + 1 + CASES_OF_A_POLICY)
        cases += [Case(number, a_page(random), a_fetch(random), app, options) for number in numbers]
    return cases


# -- What servers say that are written by hand -------------------------------------------------------------

#: Values of each header, with bars between them.
SAID = {
    "Access-Control-Allow-Credentials": "true|true|true|True|TRUE|1|true, true||true\t",
    "Access-Control-Allow-Methods": "PUT, DELETE, PATCH, LINK|PUT, DELETE, PATCH, LINK|*|*, PUT|put, patch|PUT DELETE"
    '|PUT;|"PUT"|(PUT)|,PUT , ,DELETE,|PUT\t,\tDELETE||,|PUT/DELETE|G\u00c9T|patch',
    "Access-Control-Allow-Headers": "X-Token, Content-Type, Authorization|X-Token, Content-Type, Authorization, X-Other"
    '|X-Token X-Other|*|*, authorization|x-token,x-other,content-type|X-Token/1|"X-Token"|, X-Token ,,||*,X Y'
    "|X-Tok\u00e9n|content-type;|X-Token,\tContent-Type",
    "Access-Control-Expose-Headers": 'X-Shown|*|x-shown , X-HIDDEN|X-Shown X-Hidden|X-Shown,,|"X-Shown"|X-Shown/'
    "|Set-Cookie|*, X-Shown||X-Shown,X Y|*, X Y",
    "Access-Control-Max-Age": "0|600|-1|x|",
}
PREFLIGHT_STATUSES = [200] * 8 + [201, 204, 299, 301, 307, 400, 404, 500]
ACTUAL_STATUSES = [200] * 10 + [201, 203, 206, 299, 304, 400, 403, 404, 410, 418, 500, 503, 599, *STATUSES]
DONE, AWAY = "/thing?case={case}&done", "{other}/thing?case={case}&done"
BYTES = DONE + "&\xe2\x98\x83\xff"
LOCATIONS = [[], [DONE], [BYTES], [AWAY], [AWAY, AWAY], [AWAY, DONE], [""], ["data:,tea"], ["http://:bad:/"]]


def allowed_origins(page: str) -> list[list[str]]:
    """Return values of ``Access-Control-Allow-Origin``, one or more of them, that may let the page in."""
    right = [[page], ["*"]] * 4
    nearly = [page + "/", page.upper(), page + ", " + page, page + ", *", "null", f"\t{page} ", "", "true", f'"{page}"']
    return [*right, ["null"], ["null"], *([value] for value in nearly), [page, page], ["*", "*"], [page, STRANGER], []]


def an_answer(random: random.Random, origins: dict[str, str], statuses: list[int], number: int) -> Response:
    """Draw the response of a server that has never heard of the grammar."""
    status = random.choice(statuses)
    headers = [("Access-Control-Allow-Origin", value) for value in random.choice(allowed_origins(origins["page"]))]
    for name, values in SAID.items():
        headers += [(name, value) for value in random.sample(values.split("|"), random.choice([0, 1, 1, 1, 1, 2]))]
    if status in STATUSES:
        targets = random.choice(LOCATIONS)
        headers += [("Location", target.format(case=number, other=origins["other"])) for target in targets]
    headers += [("X-Shown", "shown"), ("X-Hidden", "hidden"), ("Content-Type", "text/plain; charset=utf-8")]
    return Response(status, tuple(headers), body=b"" if status in (204, 304) else b"by hand")


def cases_by_hand(random: random.Random, origins: dict[str, str], first: int) -> list[Case]:
    """Draw hand-written servers, and a case for each."""
    found: list[Case] = []
    for number in range(first, first + CASES_BY_HAND):
        fetch = a_fetch(random)
        answers = [an_answer(random, origins, statuses, number) for statuses in (PREFLIGHT_STATUSES, ACTUAL_STATUSES)]
        found.append(Case(number, a_page(random), fetch, by_hand(*answers), answers=(answers[0], answers[1])))
    return found


# -- What else pages do ------------------------------------------------------------------------------------

KINDS = 1350
GIF = "GIF89a\1\0\1\0\x80\0\0\0\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
#: For each kind the type and the body of a response that it can use.
CONTENTS = {
    **dict.fromkeys(["fetch", "repeated", "upload", "beacon", "font"], ("text/plain", "tea")),
    **dict.fromkeys(["events", "resumed"], ("text/event-stream", "id: 7\nretry: 20\ndata: tea\n\n")),
    **dict.fromkeys(["script", "module"], ("text/javascript", "0")),
    "image": ("image/gif", GIF),
    "style": ("text/css", ""),
}
#: Scripts and styles need success, and browsers differ in where they resume a stream after a redirect, and in what
#: they forget of their preflights.
NOT_COMPARED = {(404, "script"), (404, "module"), (404, "style"), (307, "resumed"), (307, "repeated")}
BEACONS = [(None, None), ("tea", None), ("{}", "application/json"), ("a=b", "application/x-www-form-urlencoded")]
ATTRIBUTES = (
    "|SameSite=Lax|SameSite=Strict|SameSite=None; Secure|SameSite=None; Secure; Max-Age=60|SameSite=None|SameSite=odd"
    "|SameSite=None; Secure; Partitioned|SameSite=None; Partitioned|SameSite=None; Secure; Domain=app.localhost|Secure"
    "|Secure; Partitioned|Path=/other|Path=/thing|Path=x|Domain=localhost|Domain=evil.test"
    "|Max-Age=0; SameSite=None; Secure|Expires=Thu, 01 Jan 1970 00:00:00 GMT"
)
RESOURCE_POLICIES = [None, None, None, "same-origin", "same-site", "cross-origin", "odd"]
SIMPLE_HEADERS = [(), (), (TOKEN,), (JSON,), (("Accept", "a"), ("Accept", LONG)), (("Range", "bytes=0-"),)]


def another_call(random: random.Random) -> Fetch:
    """Draw a call of any kind; half of the calls are ``fetch()`` without CORS, or to look at the other headers."""
    kind = random.choice(["fetch"] * 5 + ["upload"] * 3 + ["repeated"] * 2 + ["beacon"] * 2 + [*CONTENTS])
    place = random.choice(["page", "api", "far", "plain", "app", "sub"])
    fetch = Fetch(place, "/thing", kind=kind, credentials=random.choice(["same-origin", "include", "include"]))
    if kind == "repeated":  # with a preflight, or there would be nothing to cache
        return replace(fetch, method=random.choice(["GET", "HEAD", "PUT"]), headers=random.choice([(TOKEN,), (JSON,)]))
    if kind == "fetch":
        mode: Any = random.choice(["cors", "cors", "no-cors", "no-cors", "same-origin"])
        method, headers = random.choice(["GET", "GET", "POST", "HEAD", "PUT"]), random.choice(SIMPLE_HEADERS)
        return replace(fetch, mode=mode, method=method, body="tea" if method == "POST" else None, headers=headers)
    if kind == "upload":
        method, body = random.choice(
            [("GET", None), ("GET", "tea"), *[("POST", None), ("POST", "tea")] * 2, ("PUT", None), ("PUT", "tea")]
        )
        return replace(fetch, method=method, body=body, headers=random.choice(SIMPLE_HEADERS))
    if kind == "beacon":
        body, content_type = random.choice(BEACONS)
        return replace(fetch, body=body, content_type=content_type)
    crossorigin: Any = None if kind == "font" else random.choice([None, "anonymous", "use-credentials"])
    return replace(fetch, crossorigin=crossorigin)


def answers_to(fetch: Fetch, random: random.Random, number: int, origins: dict[str, str], page: str) -> Answers:
    """Draw what a server responds that knows how, but not always to whom; and a cookie."""
    kind, body = CONTENTS[fetch.kind]
    allowed, policy = random.choice([page, page, page, "*", None]), random.choice(RESOURCE_POLICIES)
    headers = [("Access-Control-Allow-Origin", allowed), ("Cross-Origin-Resource-Policy", policy)]
    headers += [("Access-Control-Allow-Credentials", random.choice(["true", "true", None])), ("Content-Type", kind)]
    headers += [("Set-Cookie", f"c{number}=1; {random.choice(ATTRIBUTES.split('|'))}"), ("Cache-Control", "no-store")]
    preflight = [*headers[:3], ("Access-Control-Allow-Methods", random.choice(["PUT, POST", "*", None]))]
    allowed_headers = random.choice(["X-Token, Content-Type", "X-Token, *", "*", None])
    preflight.append(("Access-Control-Allow-Headers", allowed_headers))
    preflight.append(("Access-Control-Max-Age", random.choice(["600", "600", "-1", None])))
    status = random.choice([200] * 5 + [307, 404])
    if (status, fetch.kind) in NOT_COMPARED:
        status = 200
    if status == 307:
        target = random.choice([*origins.values()])
        headers.append(("Location", f"{target}/thing?case={number}&done"))
    return _answer(200, preflight, ""), _answer(status, headers, body)


def _answer(status: int, headers: list[tuple[str, str | None]], body: str) -> Response:
    sent = [(name, value) for name, value in headers if value is not None]
    return Response(status, sent, body=body.encode("latin-1"))


def cases_of_kinds(random: random.Random, origins: dict[str, str], first: int) -> list[Case]:
    """Draw calls of all kinds, each to a server of its own."""
    found: list[Case] = []
    for number in range(first, first + KINDS):
        page: Page = random.choice(["page", "app", "app", "null"])
        fetch = another_call(random)
        answers = answers_to(fetch, random, number, origins, origins.get(page, "null"))
        found.append(Case(number, page, fetch, by_hand(*answers), answers=answers))
    return found


def all_cases(origins: dict[str, str]) -> list[Case]:
    """Return the cases for a site with these origins; only the ports in them differ from one run to another."""
    drawer = random.Random(SEED)  # noqa: S311 - it shall be predictable
    of_policies = cases_of_policies(drawer, origins)
    cases = of_policies + cases_by_hand(drawer, origins, len(of_policies) + 1)
    return cases + cases_of_kinds(drawer, origins, len(cases) + 1)
