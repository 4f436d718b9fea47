"""Attacks: whatever resembles an origin that is let in is refused, however and wherever that one is listed.

What is sent is derived by ``tests/entries.py`` from each entry. Paths are attacked in ``test_spellings.py``. Each
mistake that a library has made is a row that names it, and stands on the manual's page on security.
"""

from __future__ import annotations

import ast
import logging
import re
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from flask import Flask, Response, request, session
from werkzeug.test import create_environ, run_wsgi_app

from flask_cors import CORS
from tests.entries import KINDS, Entry, exact, near_misses, on_the_wire
from tests.helpers import ALL_METHODS, ONLY_A, REFUSED, A, B, a_view, an_app, ask, cors_headers, preflight
from tests.sites import LISTS, NOBODY, PLACES, Said, Site, comma_separated, loosely_separated

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # some origins here are corrected

ROOT = Path(__file__).parents[1]

# Every way to list an origin -----------------------------------------------------------------------------------------

HOST = "app.kiosks.example"  # it holds each letter that something looks like
ENTRIES = {kind: make("https", HOST, "") for kind, make in KINDS.items()}
SEVERAL = [
    make("http", f"{re.sub('[^a-z]+', '', kind)}.kiosks.example", ":8443") for kind, make in KINDS.items()
]  # of a host each

ACTUAL = create_environ("/view")
PREFLIGHT = {**create_environ("/view", method="OPTIONS"), "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}


def is_told_something(app: Flask, origin: str, environ: dict[str, Any]) -> bool:
    """Whether an answer to *origin* carries any header of CORS."""
    _, _, headers = run_wsgi_app(app, {**environ, "HTTP_ORIGIN": on_the_wire(origin)})
    return any(name.lower().startswith("access-control-") for name in headers.keys())  # noqa: SIM118 - pairs


BOTH = (ACTUAL, PREFLIGHT)


def let_in(app: Flask, entry: Entry, listed: list[Entry], environs: tuple[dict[str, Any], ...] = BOTH) -> list[str]:
    """Name the near misses of *entry* that are told anything, though nothing that is *listed* admits them."""
    attacks = near_misses(entry).items()
    wrong = {name: attack for name, attack in attacks if not any(one.admits(attack) for one in listed)}
    return [name for name, attack in wrong.items() if any(is_told_something(app, attack, asks) for asks in environs)]


@pytest.mark.parametrize("kind", ENTRIES)
@pytest.mark.parametrize("place", PLACES)
def test_no_near_miss_of_a_listed_origin_is_let_in(place: str, kind: str) -> None:
    entry = ENTRIES[kind]
    app = Site(PLACES[place], {"origins": Said([entry], list)}, outer=NOBODY).serve(a_view)
    assert let_in(app, entry, [entry]) == []
    assert all(is_told_something(app, entry.sample, environ) for environ in BOTH)


@pytest.mark.parametrize("form", LISTS)
def test_no_near_miss_is_let_in_where_all_kinds_stand_in_one_list(form: Callable[[list[Any]], Any]) -> None:
    texts = [entry for entry in SEVERAL if isinstance(entry.written, str) and entry.written[0] != "^"]
    listed = texts if form in {comma_separated, loosely_separated} else SEVERAL
    app = Site(PLACES["on the app"], {"origins": Said(listed, form)}).serve(a_view)
    assert [(entry.sample, wrong) for entry in listed if (wrong := let_in(app, entry, listed, (ACTUAL,)))] == []
    assert all(is_told_something(app, entry.sample, ACTUAL) for entry in listed)


# The table itself ----------------------------------------------------------------------------------------------------

CLASSES = {
    *("suffix", "prefix", "cut", "dot-swap", "case", "scheme", "port", "trailing dot", "userinfo", "percent"),
    *("look-alike", "null", "nothing", "joined", "control", "trailing slash", "path", "query", "fragment", "backslash"),
    *("quotes", "length"),
}
OF_ANY_PORT = {"port: the next", "port: a digit more", "port: a digit less", "port: zeros in front"}
OF_ANY_PORT |= {"port: that of https", "port: that of http"}


def classes(names: Iterable[str]) -> set[str]:
    return {name.partition(":")[0] for name in names}


@pytest.mark.parametrize("kind", ENTRIES)
def test_no_kind_of_entry_lacks_an_attack(kind: str) -> None:
    attacks = near_misses(ENTRIES[kind])
    assert attacks.keys() == near_misses(ENTRIES["an exact origin"]).keys()
    assert len(attacks) >= 230
    assert classes(attacks) == CLASSES


@pytest.mark.parametrize("kind", ENTRIES)
def test_only_another_port_can_be_meant_too_where_any_port_is(kind: str) -> None:
    entry = ENTRIES[kind]
    meant = {name for name, attack in near_misses(entry).items() if entry.admits(attack)}
    assert meant == (OF_ANY_PORT if "port" in kind else set())


def without_accents(text: str) -> str:
    labels = (label[4:].encode().decode("punycode") if label[:4] == "xn--" else label for label in text.split("."))
    return unicodedata.normalize("NFKD", ".".join(labels)).encode("ascii", "ignore").decode()


Matcher = Callable[[str, str], bool]
MISTAKES: dict[str, tuple[Matcher, str]] = {
    "the listed origin holds the other": (lambda listed, sent: sent in listed, "cut"),
    "the other holds the listed origin": (lambda listed, sent: listed in sent, "suffix"),
    "it begins alike": (lambda listed, sent: sent.startswith(listed), "suffix"),
    "it ends alike": (lambda listed, sent: sent.endswith(listed), "scheme"),
    "its host ends alike": (lambda listed, sent: sent.endswith(listed.partition("//")[2]), "prefix"),
    "a pattern without an end": (lambda listed, sent: bool(re.match(re.escape(listed), sent)), "suffix"),
    "a pattern that ends before a line feed": (lambda listed, sent: bool(re.match(f"{listed}$", sent)), "control"),
    "a pattern without a beginning": (lambda listed, sent: bool(re.search(f"{re.escape(listed)}$", sent)), "query"),
    "a dot that is any character": (lambda listed, sent: bool(re.fullmatch(listed, sent)), "dot-swap"),
    "a pattern without case": (lambda listed, sent: bool(re.fullmatch(listed, sent, re.IGNORECASE)), "look-alike"),
    "without case": (lambda listed, sent: sent.lower() == listed, "case"),
    "with case folded": (lambda listed, sent: sent.casefold() == listed, "look-alike"),
    "with Unicode normalised": (lambda listed, sent: unicodedata.normalize("NFKC", sent) == listed, "look-alike"),
    "with Punycode read and accents dropped": (lambda listed, sent: without_accents(sent) == listed, "look-alike"),
    "without blanks around": (lambda listed, sent: sent.strip() == listed, "control"),
    "without blanks inside": (lambda listed, sent: "".join(sent.split()) == listed, "control"),
    "up to a null character": (lambda listed, sent: sent.partition("\0")[0] == listed, "control"),
    "the first line": (lambda listed, sent: sent.splitlines()[:1] == [listed], "control"),
    "without a slash": (lambda listed, sent: sent.rstrip("/") == listed, "trailing slash"),
    "without a dot": (lambda listed, sent: sent.rstrip(".") == listed, "trailing dot"),
    "without quotes": (lambda listed, sent: sent.strip("'\"<>") == listed, "quotes"),
    "without a default port": (lambda listed, sent: sent.removesuffix(":443") == listed, "port"),
    "decoded": (lambda listed, sent: unquote(sent) == listed, "percent"),
    "one of several, by commas": (lambda listed, sent: listed in sent.split(","), "joined"),
    "one of several, by blanks": (lambda listed, sent: listed in sent.split(), "joined"),
    "its host": (lambda listed, sent: urlsplit(sent).hostname == urlsplit(listed).hostname, "userinfo"),
    "without its path": (lambda listed, sent: sent.startswith(f"{listed}/"), "path"),
    "without its fragment": (lambda listed, sent: sent.partition("#")[0] == listed, "fragment"),
    "with backslashes for slashes": (lambda listed, sent: sent.replace("\\", "/") == listed, "backslash"),
    "or null": (lambda listed, sent: sent in {listed, "null"}, "null"),
    "or nothing": (lambda listed, sent: sent in {listed, ""}, "nothing"),
    "below it, at any length": (lambda listed, sent: sent.endswith(f".{listed.partition('//')[2]}"), "length"),
}


def careless(matches: Matcher, listed: str) -> Flask:
    """Make an app that compares origins in a way that is wrong."""
    app = an_app()
    app.add_url_rule("/view", view_func=a_view, methods=["GET", "PUT"])

    @app.after_request
    def reflect(response: Response) -> Response:
        sent = request.headers["Origin"].encode("latin-1").decode("utf-8", "surrogateescape")
        with suppress(ValueError):  # of what is no URL, or no Punycode
            response.headers.update({"Access-Control-Allow-Origin": "*"} if matches(listed, sent) else {})
        return response

    return app


@pytest.mark.parametrize(("matches", "caught"), [pytest.param(*row, id=name) for name, row in MISTAKES.items()])
def test_an_app_that_compares_otherwise_is_caught(matches: Matcher, caught: str) -> None:
    entry = exact("https", HOST, "")
    assert caught in classes(let_in(careless(matches, entry.sample), entry, [entry]))


def test_each_class_of_attack_catches_something() -> None:
    assert {caught for _, caught in MISTAKES.values()} == CLASSES


def test_an_app_that_compares_whole_origins_is_not_caught() -> None:
    entry = exact("https", HOST, "")
    assert let_in(careless(str.__eq__, entry.sample), entry, [entry]) == []


# Mistakes of the past: origins ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "good", "attack"),
    [
        pytest.param(
            ["http://foo.com"], "http://foo.com", "http://foo.co", id="Flask-Cors 1.7.2: searched in a joined text"
        ),
        pytest.param(
            ["http://foo.com", "http://bar.com"],
            "http://bar.com",
            "http://foo.com, http://bar.com",
            id="Flask-Cors 1.7.2: the joined list taken for an origin",
        ),
        pytest.param(
            [re.compile(r"https://example\.com")],
            "https://example.com",
            "https://example.com.evil.test",
            id="CVE-2026-37737, sanic-cors, and Flask-Cors 6.0.5: a pattern matched at its start only",
        ),
        pytest.param(
            [r"^https://example\.com"],
            "https://example.com",
            "https://example.com.evil.test",
            id="clusterfuzz 5303: a text without a dollar at its end",
        ),
        pytest.param(
            [re.compile(r"https://.*\.example\.org")],
            "https://a.example.org",
            "https://a.example.org.evil.test",
            id="starlette 801: the example of the manual without an end",
        ),
        pytest.param(
            ["https://www.example.com"],
            "https://www.example.com",
            "https://wwwxexample.com",
            id="litestar before 2.20.0, sibling of CVE-2026-25479: a dot that is any character",
        ),
        pytest.param(
            ["https://api.*.company.com", "https://company.com"],
            "https://company.com",
            "https://api-company-com.malware.com",
            id="Flask-Cors 209 and 6.0.5: a glob read as a regular expression",
        ),
        pytest.param(
            ["https://example.com"],
            "https://example.com",
            "http://example.com",
            id="django-cors-headers before 3.0.0: the scheme ignored",
        ),
        pytest.param(
            ["https://foo.com", "https://bar.com"],
            "https://bar.com",
            "https://barfoo.com",
            id="GHSA-vhxv-fg4m-p2w8, jub0bs/cors: two origins in one tree admit their sum",
        ),
        pytest.param(
            ["https://*.foo.com", "https://bar.com"],
            "https://x.foo.com",
            "https://bar.foo.com.bar.com",
            id="GHSA-v84h-653v-4pq9, jub0bs/fcors: and so do a wildcard and an origin",
        ),
        pytest.param(
            ["https://example.com", "https://*.example.com", "https://example.com:*"],
            "https://x.example.com",
            "https://example.community",
            id="CVE-2019-25211, gin-contrib/cors: a wildcard off by one",
        ),
        pytest.param(
            [re.compile(r"(?s)https://.*\.example\.com")],
            "https://a.example.com",
            "https://evil.test/.example.com",
            id="starlette 3165: a pattern that is too wide meets no path",
        ),
        pytest.param([re.compile(r"https?://.*")], A, f"{A}, {B}", id="a pattern for every page meets no joined list"),
    ],
)
def test_an_origin_that_got_past_another_library_is_refused(listed: list[Any], good: str, attack: str) -> None:
    app = an_app()
    CORS(app, origins=listed)
    assert "Access-Control-Allow-Origin" in cors_headers(ask(app.test_client(), "/", good))
    assert cors_headers(ask(app.test_client(), "/", attack)) == REFUSED


def test_of_many_origins_that_are_alike_each_is_let_in_and_no_other() -> None:
    """An issue of jub0bs/cors (12, of 0.12.1): a look-up so clever that it refused good origins."""
    hosts = sorted({f"{a}{b}{c}" for a in ("a", "b", "ab", "c") for b in ("", "c", "bc", ".c") for c in (".d", ".e.d")})
    listed = hosts[::2]
    app = an_app()
    CORS(app, origins=[f"https://{host}" for host in listed])
    found = [host for host in hosts if is_told_something(app, f"https://{host}", ACTUAL)]
    assert found == listed


# Mistakes of the past: credentials, headers, logs, cost --------------------------------------------------------------


@pytest.mark.parametrize(
    "everyone",
    [
        pytest.param("*", id="CVE-2018-20744, GHSA-927h-x4qj-r242, rs/cors: everyone, reflected with credentials"),
        pytest.param([A, "*"], id="everyone among others"),
        pytest.param(re.compile(".*"), id="everyone as a pattern"),
        pytest.param(r"^https?://.*", id="everyone as a ^ string"),
    ],
)
@pytest.mark.parametrize("send_wildcard", [True, False])
def test_credentials_for_everyone_are_an_error_at_set_up(everyone: Any, send_wildcard: bool) -> None:
    with pytest.raises(ValueError, match="cannot be combined with supports_credentials"):
        CORS(an_app(), origins=everyone, supports_credentials=True, send_wildcard=send_wildcard)


@pytest.mark.parametrize("name", ["CVE-2024-6221, PYSEC-2024-71, Flask-Cors before 4.0.2: a private network opened"])
def test_by_default_nothing_is_said_that_nobody_asked_for(name: str) -> None:
    app = an_app()
    CORS(app)
    app.add_url_rule("/view", view_func=a_view)
    private = {"Access-Control-Request-Private-Network": "true", "Access-Control-Request-Local-Network": "true"}
    asked = {**private, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}
    everyone = {"Access-Control-Allow-Origin": "*"}
    assert cors_headers(ask(app.test_client(), "/view", A, headers=private)) == everyone, name
    assert cors_headers(ask(app.test_client(), "/view", A, method="OPTIONS", headers=asked)) == everyone | ALL_METHODS


@pytest.mark.parametrize("name", ["CVE-2024-1681, GHSA-84pr-m4jr-85g5, Flask-Cors before 4.0.1: forged log lines"])
@pytest.mark.parametrize("key", ["PATH_INFO", "HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_HOST"])
def test_what_a_stranger_sends_forges_no_line_in_the_log(name: str, key: str, caplog: pytest.LogCaptureFixture) -> None:
    def knows_nobody(_: str) -> bool:
        raise LookupError

    caplog.set_level(logging.DEBUG)
    app = an_app()
    app.add_url_rule("/view", view_func=a_view)
    CORS(app, origins=knows_nobody)
    for environ in (ACTUAL, PREFLIGHT):
        run_wsgi_app(app, {**environ, "HTTP_ORIGIN": A, key: "/\r\nINFO:root:forged\n\x1b[2K"})
    assert not any("forged" in record.getMessage() for record in caplog.records), name
    assert all(record.getMessage().isprintable() for record in caplog.records)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param("," * 10**6, id="CVE-2025-47908, GHSA-mh55-gqvf-xfwm, rs/cors: an allocation for each comma"),
        pytest.param(" " * 10**6 + ",", id="CVE-2026-69207, GHSA-8j4g-w8fx-2239, hono: blanks tried over and over"),
        pytest.param("x-a," * (10**6 // 4), id="as many names as fit"),
        pytest.param(",".join(f"x-{number}" for number in range(10**5)), id="as many different names"),
    ],
)
def test_a_million_characters_of_headers_asked_for_cost_little_and_bring_little_back(names: str) -> None:
    app = an_app()
    CORS(app, origins=A, headers="*", supports_credentials=True)
    environ = {**PREFLIGHT, "HTTP_ORIGIN": A, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names}
    run_wsgi_app(app, {**PREFLIGHT, "HTTP_ORIGIN": A})  # once, so that what is made only once is made
    tracemalloc.start()
    try:
        _, _, headers = run_wsgi_app(app, environ)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(names)  # a list of them all would take fifty times that
    assert len(headers.get("Access-Control-Allow-Headers", "")) < 64 * 130


@pytest.mark.parametrize("name", ["jub0bs/cors 14, of 0.13.6: a shared header changed by outer code"])
def test_what_is_done_to_an_answer_is_not_done_to_the_next(name: str) -> None:
    app = an_app()
    CORS(app, origins=A, headers="X-A")
    app.add_url_rule("/view", view_func=a_view)
    first, second = (app.test_client().get("/view", headers={"Origin": A}) for _ in range(2))
    expected = cors_headers(second)
    first.headers["Access-Control-Allow-Origin"] = B
    first.headers.add("Access-Control-Allow-Headers", "X-Evil")
    assert cors_headers(app.test_client().get("/view", headers={"Origin": A})) == expected, name


@pytest.mark.parametrize("name", ["GHSA-q7jf-gf43-6x6p, hono: Vary copied from the request"])
def test_vary_is_that_of_the_answer(name: str) -> None:
    app = an_app()
    CORS(app, origins=A)
    answer = ask(app.test_client(), "/", A, headers={"Vary": "*, X-Evil"})
    assert cors_headers(answer) == ONLY_A, name


@pytest.mark.parametrize("name", ["CVE-2026-27205, Flask: the session read, and Vary without Cookie"])
def test_vary_names_the_origin_and_the_session(name: str) -> None:
    app = an_app(SECRET_KEY="of a test")
    CORS(app, origins=A)
    app.add_url_rule("/view", view_func=lambda: str(session.get("user")))
    assert cors_headers(ask(app.test_client(), "/view", A))["Vary"] == "Origin, Cookie", name


# Mistakes of the past: paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resources", "path", "locked"),
    [
        pytest.param(
            {"/": {"origins": B}, "/admin/": {"origins": A}},
            "/%61dmin/users",
            True,
            id="CVE-2020-25032, GHSA-xc3p-ff3m-f46v, Flask-Cors before 3.0.9: the path matched as it was written",
        ),
        pytest.param(
            {"/": {"origins": B}, r"/a\+b": {"origins": A}},
            "/a+b",
            True,
            id="CVE-2024-6844, Flask-Cors before 6.0.0: a plus decoded to a space",
        ),
        pytest.param(
            {"/": {"origins": B}, "/a b": {"origins": A}}, "/a+b", False, id="CVE-2024-6844, the other way round"
        ),
        pytest.param(
            {"/": {"origins": B}, "/a%2Fb": {"origins": A}},
            "/a%252Fb",
            True,
            id="Flask-Cors 6.0.5: the path decoded a second time",
        ),
        pytest.param(
            {"/": {"origins": B}, "/Admin": {"origins": A}},
            "/admin",
            False,
            id="CVE-2024-6866, Flask-Cors before 6.0.0: paths matched without case",
        ),
        pytest.param(
            {"/api/[a-z0-9_./-]*": {"origins": B}, "/api/admin": {"origins": A}},
            "/api/admin",
            True,
            id="CVE-2024-6839, Flask-Cors before 6.0.1: the longest pattern taken for the most precise",
        ),
        pytest.param(
            {"/api/(users|prices|admin)": {"origins": B}, "/api/admin": {"origins": A}},
            "/api/admin",
            True,
            id="Flask-Cors 6.0.5: a long alternation taken for more precise",
        ),
    ],
)
def test_a_path_that_got_past_another_library_has_its_policy(
    resources: dict[str, Any], path: str, locked: bool
) -> None:
    for entries in (resources, dict(reversed(resources.items()))):
        app = an_app()
        CORS(app, resources=entries)
        app.add_url_rule("/<path:_>", view_func=lambda _: a_view())
        for answer in (ask(app.test_client(), path, A), preflight(app.test_client(), path, A)):
            assert ("Access-Control-Allow-Origin" in answer.headers) == locked


# The pages that speak of this ----------------------------------------------------------------------------------------

PAGES = [ROOT / "SECURITY.rst", ROOT / "docs/explanation/security.rst"]
TEST = re.compile(r"\b(tests/[\w/]+\.py)::(\w+)")
ADVISORY = re.compile(r"\b(?:CVE-\d+-\d+|GHSA(?:-\w{4}){3}|PYSEC-\d+-\d+)\b")


def missing(page: str) -> list[str]:
    """Name the tests that a page speaks of and that do not exist."""
    return [f"{file}::{name}" for file, name in TEST.findall(page) if name not in functions(ROOT / file)]


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_test_that_a_page_names_exists(page: Path) -> None:
    assert missing(page.read_text()) == []


def test_each_mistake_in_the_manual_names_a_test() -> None:
    _, rows = PAGES[1].read_text().split("     - tested by\n")
    mistakes = re.split(r"^   \* - ", rows, flags=re.MULTILINE)[1:]
    assert len(mistakes) >= 18
    assert [mistake for mistake in mistakes if not TEST.search(mistake)] == []


def test_each_advisory_is_a_row_here_and_on_the_page() -> None:
    here = set(ADVISORY.findall(Path(__file__).read_text()))
    assert len(here) >= 20
    assert set(ADVISORY.findall(PAGES[1].read_text())) == here


@pytest.mark.parametrize(
    "page",
    ["``tests/test_attacks.py::test_of_nothing``", "tests/test_nowhere.py::test_each_test_that_a_page_names_exists"],
)
def test_a_test_that_does_not_exist_is_found(page: str) -> None:
    assert missing(page) == [page.strip("`")]
