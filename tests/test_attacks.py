"""Attacks: whatever resembles an allowed origin is denied, however and wherever that one is listed.

What is sent is derived by ``tests/entries.py`` from each entry. Paths are attacked in ``test_spellings.py`` too. Each
mistake that a library has made is a row with its number, and stands on the manual's page on security.
"""

from __future__ import annotations

import re
import time
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import pytest
from flask import Flask, Response, request, session

from flask_cors import CORS
from tests.entries import KINDS, Entry, near_misses, on_the_wire
from tests.helpers import ALL_METHODS, DENIED, ONLY_A, PATH, A, B, a_view, for_the_app
from tests.sites import App, Result, Site, call
from tests.tables import table

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # some origins here are corrected

ROOT = Path(__file__).parents[1]
ACTUAL: dict[str, str] = {"PATH_INFO": PATH}
PREFLIGHT = {**ACTUAL, "REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}


def send(app: Flask, origin: str, environ: dict[str, str] = ACTUAL, **more: str) -> Result:
    return call(app, {**environ, "HTTP_ORIGIN": on_the_wire(origin), **more})


def serve(*routes: str, view: Callable[[], Any] = a_view, secret_key: str | None = None, **options: Any) -> App:
    app = App(SECRET_KEY=secret_key)
    CORS(app, **options)
    for route in routes:
        app.add_url_rule(route, route, lambda **_: view())
    return app


# Every way to list an origin -----------------------------------------------------------------------------------------

HOST = "app.kiosks.example"  # it holds each letter that something looks like
ENTRIES = {kind: make("https", HOST, "") for kind, make in KINDS.items()}


def allowed(app: Flask, entry: Entry, environ: dict[str, str] = ACTUAL) -> Iterator[str]:
    """Name the near misses of *entry* that get any CORS header, though it does not cover them."""
    for name, miss in near_misses(entry).items():
        if not entry.admits(miss) and send(app, miss, environ).cors.keys() - {"Vary"}:
            yield name


@pytest.mark.parametrize("kind", ENTRIES)
def test_no_near_miss_of_a_listed_origin_is_allowed(kind: str) -> None:
    """In other places than the app, some of them are tried in ``test_laws.py``."""
    app = Site(for_the_app, {"origins": [ENTRIES[kind]]}).serve()
    for environ in (ACTUAL, PREFLIGHT):
        assert [*allowed(app, ENTRIES[kind], environ)] == []
        assert "Access-Control-Allow-Origin" in send(app, ENTRIES[kind].sample, environ).cors


# The table of near misses --------------------------------------------------------------------------------------------


Matcher = Callable[[str, str], bool]
#: Ways to compare an origin that are wrong, and a class of near misses that shows it.
MISTAKES: list[tuple[str, Matcher]] = [
    ("cut", lambda listed, sent: sent in listed),
    ("suffix", lambda listed, sent: bool(re.match(re.escape(listed), sent))),
    ("prefix", lambda listed, sent: sent.endswith(listed.partition("//")[2])),
    ("query", lambda listed, sent: bool(re.search(f"{re.escape(listed)}$", sent))),
    ("dot-swap", lambda listed, sent: bool(re.fullmatch(listed, sent))),
    ("case", lambda listed, sent: sent.lower() == listed),
    ("look-alike", lambda listed, sent: bool(re.fullmatch(listed, sent, re.IGNORECASE))),
    ("look-alike", lambda listed, sent: unicodedata.normalize("NFKC", sent) == listed),
    ("control", lambda listed, sent: bool(re.match(f"{listed}$", sent))),
    ("control", lambda listed, sent: sent.partition("\0")[0] == listed),
    ("trailing slash", lambda listed, sent: sent.rstrip("/") == listed),
    ("trailing dot", lambda listed, sent: sent.rstrip(".") == listed),
    ("port", lambda listed, sent: sent.removesuffix(":443") == listed),
    ("percent", lambda listed, sent: unquote(sent) == listed),
    ("joined", lambda listed, sent: listed in re.split("[, ]", sent)),
    ("userinfo", lambda listed, sent: urlsplit(sent).hostname == urlsplit(listed).hostname),
    ("backslash", lambda listed, sent: sent.replace("\\", "/") == listed),
    ("null", lambda listed, sent: sent in {listed, "null"}),
]


def careless(matches: Matcher, listed: str) -> Flask:
    """Make an app that compares origins in a way that is wrong."""
    app = App()
    app.add_url_rule(PATH, view_func=a_view, methods=["GET", "PUT"])

    @app.after_request
    def reflect(response: Response) -> Response:
        sent = request.headers["Origin"].encode("latin-1").decode("utf-8", "surrogateescape")
        with suppress(ValueError):  # of what is no URL, or no Punycode
            response.headers.update({"Access-Control-Allow-Origin": "*"} if matches(listed, sent) else {})
        return response

    return app


def test_an_app_that_compares_otherwise_is_caught() -> None:
    entry = ENTRIES["an exact origin"]

    def is_caught(kind: str, matches: Matcher) -> bool:
        return any(name.startswith(kind) for name in allowed(careless(matches, entry.sample), entry))

    assert [(kind, matches) for kind, matches in MISTAKES if not is_caught(f"{kind}:", matches)] == []
    assert not is_caught("", str.__eq__)


# Mistakes of the past ------------------------------------------------------------------------------------------------


@table(
    "listed, good, attack",
    ("Flask-Cors 1.7.2: searched in a joined text", ["http://foo.com"], "http://foo.com", "http://foo.co"),
    ("Flask-Cors 1.7.2: the joined list taken for an origin", [A, B], B, f"{A}, {B}"),
    ("CVE-2026-37737, sanic-cors, Flask-Cors 6.0.5: no end", [re.compile(re.escape(A))], A, f"{A}.evil.test"),
    ("clusterfuzz 5303: a text without a dollar at its end", [rf"^{re.escape(A)}"], A, f"{A}.evil.test"),
    ("starlette 801: no end", [re.compile(r"https://.*\.a\.org")], "https://x.a.org", "https://x.a.org.evil.test"),
    ("litestar 2.20.0, like CVE-2026-25479: a dot", ["https://www.a.com"], "https://www.a.com", "https://wwwxa.com"),
    ("Flask-Cors 209: a glob read as a pattern", ["https://api.*.a.com", A], A, "https://api-a-com.evil.com"),
    ("django-cors-headers before 3.0.0: the scheme ignored", [A], A, "http://a.example"),
    ("GHSA-vhxv-fg4m-p2w8: a sum", ["https://foo.com", "https://bar.com"], "https://bar.com", "https://barfoo.com"),
    ("GHSA-v84h-653v-4pq9: a sum", ["https://*.foo.com", A], "https://x.foo.com", "https://a.foo.com.a.example"),
    ("CVE-2019-25211: a wildcard off by 1", [A, "https://*.a.example", f"{A}:*"], f"{A}:1", "https://a.examplemunity"),
    ("starlette 3165: a path", [re.compile(r"(?s)https://.*\.a\.com")], "https://x.a.com", "https://evil.test/.a.com"),
    ("a pattern for every page meets no joined list", [re.compile(r"https?://.*")], A, f"{A}, {B}"),
)
def test_an_origin_that_got_past_another_library_is_denied(listed: list[Any], good: str, attack: str) -> None:
    app = serve(origins=listed)
    assert "Access-Control-Allow-Origin" in send(app, good).cors
    assert send(app, attack).cors == DENIED


def test_of_many_origins_that_are_alike_each_is_allowed_and_no_other() -> None:
    """An issue of jub0bs/cors (12, of 0.12.1): a look-up so clever that it denied good origins."""
    hosts = sorted({f"{a}{b}{c}" for a in ("a", "b", "ab", "c") for b in ("", "c", "bc", ".c") for c in (".d", ".e.d")})
    app = serve(origins=[f"https://{host}" for host in hosts[::2]])
    found = [host for host in hosts if "Access-Control-Allow-Origin" in send(app, f"https://{host}").cors]
    assert found == hosts[::2]


# CVE-2018-20744, GHSA-927h-x4qj-r242, rs/cors: any origin, reflected with credentials.
@pytest.mark.parametrize("origins", ["*", [A, "*"], re.compile(".*"), r"^https?://.*"], ids=str)
@pytest.mark.parametrize("send_wildcard", [True, False])
def test_credentials_for_any_origin_are_an_error_at_set_up(origins: Any, send_wildcard: bool) -> None:
    with pytest.raises(ValueError, match="cannot be combined with supports_credentials"):
        serve(origins=origins, supports_credentials=True, send_wildcard=send_wildcard)


def test_by_default_nothing_is_sent_that_was_not_configured() -> None:
    """CVE-2024-6221, PYSEC-2024-71, Flask-Cors before 4.0.2: a private network opened."""
    private: dict[str, Any] = {f"HTTP_ACCESS_CONTROL_REQUEST_{kind}_NETWORK": "true" for kind in ("PRIVATE", "LOCAL")}
    private["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] = "x-a"
    any_origin = {"Access-Control-Allow-Origin": "*"}
    app = serve(PATH)
    assert send(app, A, **private).cors == any_origin
    assert send(app, A, PREFLIGHT, **private).cors == any_origin | ALL_METHODS


@pytest.mark.parametrize("key", ["PATH_INFO", "HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_HOST"])
def test_nothing_in_a_request_forges_a_line_in_the_log(key: str) -> None:
    """CVE-2024-1681, GHSA-84pr-m4jr-85g5, Flask-Cors before 4.0.1."""
    app = serve(PATH, origins=mock.Mock(side_effect=LookupError))
    for environ in (ACTUAL, PREFLIGHT):
        send(app, A, {**environ, key: "/\r\nINFO:root:forged\n\x1b[2K"})
    assert not any("forged" in line for line in app.lines)
    assert all(line.isprintable() for line in app.lines)


@pytest.fixture(scope="module")
def app_with_every_kind() -> App:
    kinds = [(make, re.sub("[^a-z]+", "", kind)) for kind, make in KINDS.items()]
    entries = [make("http", f"{name}.kiosks.example", ":8443").written for make, name in kinds]
    app = serve(PATH, origins=entries, headers="*", supports_credentials=True)
    send(app, A, PREFLIGHT)  # once, so that what is made only once is made
    return app


# CVE-2025-47908, GHSA-mh55-gqvf-xfwm, rs/cors: an allocation for each comma. CVE-2026-69207, GHSA-8j4g-w8fx-2239, hono:
# blanks tried over and over.
@pytest.mark.parametrize("key", ["ORIGIN", "ACCESS_CONTROL_REQUEST_METHOD", "ACCESS_CONTROL_REQUEST_HEADERS", "PATH"])
@pytest.mark.parametrize("piece", [",", " ", "a", "x-a,", "/", "https://", "a.", "\0", "%d,"])
def test_a_megabyte_costs_little_and_brings_little_back(key: str, piece: str, app_with_every_kind: App) -> None:
    text = (",".join(map(str, range(200_000))) if piece == "%d," else piece * 10**6)[: 10**6]
    origin = "http://anexactorigin.kiosks.example:8443"
    environ = {**PREFLIGHT, "HTTP_ORIGIN": origin, "PATH_INFO" if key == "PATH" else f"HTTP_{key}": text}
    if key == "ACCESS_CONTROL_REQUEST_HEADERS":
        tracemalloc.start()
    started = time.process_time()
    result = call(app_with_every_kind, environ)
    assert time.process_time() - started < 10  # what is not linear would take hours
    assert tracemalloc.get_traced_memory()[1] < 12 * 10**6  # a list of all names would take fifty times their length
    tracemalloc.stop()
    assert result.error is None
    assert sum(map(len, result.cors.values())) < 10_000


def test_what_is_done_to_a_response_is_not_done_to_the_next() -> None:
    """jub0bs/cors 14, of 0.13.6: a shared header changed by outer code."""
    app = serve(PATH, origins=A, headers="X-A")
    first, expected = send(app, A), send(app, A).cors
    first.headers.update({"Access-Control-Allow-Origin": B, "Access-Control-Allow-Headers": "X-Evil"})
    assert send(app, A).cors == expected


def test_vary_is_that_of_the_response_and_names_origin_and_session() -> None:
    """GHSA-q7jf-gf43-6x6p, hono: copied from the request; CVE-2026-27205, Flask: no Cookie where a session was read."""
    app = serve(PATH, view=lambda: str(session.get("user")), secret_key="of a test", origins=A)
    assert send(app, A, PATH_INFO="/", HTTP_VARY="*, X-Evil").cors == ONLY_A
    assert send(app, A).cors["Vary"] == "Origin, Cookie"


@table(
    "broad, precise, path, is_a",  # two resources, of B and of A; each row is a way to miss the more precise one
    ("CVE-2020-25032, GHSA-xc3p-ff3m-f46v: matched as it was written", "/", "/admin/", "/admin/users", True),
    ("CVE-2024-6844: a plus decoded to a space", "/", r"/a\+b", "/a+b", True),
    ("CVE-2024-6844, the other way round", "/", "/a b", "/a+b", False),
    ("Flask-Cors 6.0.5: decoded a second time", "/", "/a%2Fb", "/a%2Fb", True),
    ("CVE-2024-6866: matched without case", "/", "/Admin", "/admin", False),
    ("CVE-2024-6839: the longest pattern", "/api/[a-z0-9_./-]*", "/api/admin", "/api/admin", True),
    ("Flask-Cors 6.0.5: a long alternation", "/api/(users|prices|admin)", "/api/admin", "/api/admin", True),
)
def test_a_path_that_got_past_another_library_has_its_policy(broad: str, precise: str, path: str, is_a: bool) -> None:
    resources = {broad: {"origins": B}, precise: {"origins": A}}
    for entries in (resources, dict(reversed(resources.items()))):
        app = serve("/<path:_>", resources=entries)
        for environ in (ACTUAL, PREFLIGHT):  # with the path as servers decode it, once
            assert ("Access-Control-Allow-Origin" in send(app, A, environ, PATH_INFO=path).cors) == is_a


# The pages that name these tests -------------------------------------------------------------------------------------

PAGES = [ROOT / "SECURITY.rst", ROOT / "docs/explanation/security.rst"]
TEST = re.compile(r"\b(tests/[\w/]+\.py)::(\w+)")
ADVISORY = re.compile(r"\b(?:CVE-\d+-\d+|GHSA(?:-\w{4}){3}|PYSEC-\d+-\d+)\b")


def missing(page: str) -> list[str]:
    """Name the tests that a page names and that do not exist."""
    return [name for file, name in TEST.findall(page) if f"\ndef {name}(" not in read(ROOT / file)]


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def test_each_test_that_a_page_names_exists() -> None:
    assert [missing(page.read_text()) for page in PAGES] == [[], []]
    lies = "tests/test_attacks.py::test_of_nothing, tests/test_nowhere.py::functions"
    assert missing(lies) == ["test_of_nothing", "functions"]


def test_each_mistake_and_each_advisory_in_the_manual_names_a_test() -> None:
    _, rows = PAGES[1].read_text().split("     - tested by\n")
    mistakes = re.split(r"^   \* - ", rows, flags=re.MULTILINE)[1:]
    assert len(mistakes) >= 18
    assert [mistake for mistake in mistakes if not TEST.search(mistake)] == []
    here = set(ADVISORY.findall(Path(__file__).read_text()))
    assert len(here) >= 20
    assert set(ADVISORY.findall(PAGES[1].read_text())) == here
