"""The laws of CORS, for policies and requests that Hypothesis makes up, through a real app.

The judge is what Fetch lets a browser do (https://fetch.spec.whatwg.org/), and what each option is documented to mean;
nothing of the code under test judges itself. Law 7 is in ``test_spellings.py``, and law 4 as a cache sees it in
``test_caches.py``. ``make laws`` tries 10,000 examples of each.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, Response, abort, request
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_cors import CORS
from flask_cors.testing import browser
from tests.entries import EVERY_PAGE, EVERYBODY, KINDS, NULL, Entry, exact, is_sent, near_misses, on_the_wire
from tests.helpers import A, B, a_view, an_app, cors_headers
from tests.sites import BESIDE, LISTS, PLACES, ROUTED, SECONDS, SIMPLE_METHODS, Answer, Options, Said, Site, not_given

# Many a generated origin deserves a warning.
pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")

# Sites: every option in every form, in every place -------------------------------------------------------------------

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"]
NAMES = ["X-A", "X-B", "Content-Type", "Authorization"]

schemes = st.sampled_from(["https", "http"])
hosts = st.sampled_from(["a.example", "b.example", "x.a.example", "localhost", "xn--tda.example"])
ports = st.sampled_from(["", "", ":8443"])
entries = st.builds(lambda kind, *at: KINDS[kind](*at), st.sampled_from([*KINDS]), schemes, hosts, ports)
several = st.lists(entries, min_size=1, max_size=4)
rarely = st.sampled_from([[], [], [NULL], [EVERYBODY], [EVERYBODY], [EVERY_PAGE]])
lists_of_entries = st.one_of(several, several, several, rarely, st.builds(lambda a, b: a + b, several, rarely))


def said(values: st.SearchStrategy[Any], *forms: Callable[[Any], Any]) -> st.SearchStrategy[Said]:
    return st.builds(Said, values, st.sampled_from([*forms, *forms, not_given]))


def names(values: list[str]) -> st.SearchStrategy[Said]:
    return said(st.lists(st.sampled_from([*values, "*"]), max_size=3), *LISTS)


SAYS = {
    "origins": said(lists_of_entries, *LISTS),
    "headers": names(NAMES),
    "methods": names([*METHODS, "patch"]),
    "expose_headers": names(["X-Own", "x-own", *NAMES]),
    "supports_credentials": said(st.booleans(), bool),
    "max_age": said(st.integers(0, 10**6), *SECONDS),
    "send_wildcard": said(st.booleans(), bool),
    "always_send": said(st.booleans(), bool),
    "automatic_options": said(st.booleans(), bool),
    "vary_header": said(st.booleans(), bool),
    "intercept_exceptions": said(st.booleans(), bool),
}


@st.composite
def options(draw: st.DrawFn) -> Options:
    usual: set[str] = draw(st.sampled_from([{"origins"}, {"origins"}, set()]))
    chosen = usual | draw(st.sets(st.sampled_from([*SAYS]), max_size=4))
    other_names = {"headers": draw(st.sampled_from(["headers", "allow_headers"]))}
    return {other_names.get(name, name): draw(SAYS[name]) for name in SAYS if name in chosen}


@st.composite
def any_sites(draw: st.DrawFn) -> Site:
    place = PLACES[draw(st.sampled_from([*PLACES]))]
    used = " ".join([place.layers, *place.beside]).split()
    late, beside = draw(st.booleans()), draw(st.sampled_from(BESIDE))
    return Site(place, late=late, beside=beside, **{layer: draw(options()) for layer in sorted({*used})})


def entries_of(site: Site) -> list[Entry]:
    return [entry for policy in site.policies for entry in policy.origins]


sites = any_sites().filter(lambda site: not any(policy.contradictory for policy in site.policies))


# Views ---------------------------------------------------------------------------------------------------------------

OWN = {"X-Own": "1", "Vary": "Cookie"}
BY_HAND = {
    **OWN,
    "Access-Control-Allow-Origin": "https://by.hand.example",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Max-Age": "7",
}


Views = Callable[[], Answer]  # each makes the view of one app


def answering() -> Answer:
    return lambda: ("the view's own", 201, OWN)


def setting_headers_by_hand() -> Answer:
    return lambda: ("the view's own", 418, BY_HAND)


def sharing_one_object() -> Answer:
    response = Response("the view's own", 200, BY_HAND)
    return lambda: response


def aborting() -> Answer:
    return lambda: abort(Response("the view's own", 403, OWN))


def failing() -> Answer:
    def view() -> Any:
        raise LookupError

    return view


views = st.sampled_from([answering, setting_headers_by_hand, sharing_one_object, aborting, failing])


def serve(site: Site, view: Views = answering, *, plain: bool = False) -> Flask:
    """Make the app of a site; where its view fails, as in production, without a word."""
    app = site.serve(view(), plain=plain)
    app.config["PROPAGATE_EXCEPTIONS"] = view is not failing
    app.logger.disabled = view is failing
    return app


# Requests ------------------------------------------------------------------------------------------------------------

Environ = dict[str, str]


@st.composite
def visits(draw: st.DrawFn, to: st.SearchStrategy[Site] | None = None, *, by_browser: bool = False) -> tuple[Site, str]:
    """Draw a site and an origin: one that is listed, or nearly; *by_browser*, one that a browser can send."""
    site = draw(sites if to is None else to)
    entry = draw(st.sampled_from(entries_of(site) or [EVERYBODY]))
    if draw(st.booleans()):
        return site, entry.sample
    sent = [attack for attack in near_misses(entry).values() if is_sent(attack) or not by_browser]
    return site, draw(st.sampled_from(sent))


paths = st.sampled_from(["/view", "/view", "/view", "/none", "/view/", "//view", "/VIEW", "/view%2F", "/view\x00"])
requested = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": st.sampled_from([*METHODS, "", "patch", "GET, PUT", "*"]),
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": st.sampled_from(["x-a", "x-a,authorization", "X-A, ,x-a", "*", ",;\0"]),
        "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": st.just("true"),
        "HTTP_VARY": st.just("X-Forged"),
        "HTTP_COOKIE": st.just("session=1"),
    },
)


def call(app: Flask, origin: str | None, method: str = "GET", path: str = "/view", **environ: str) -> TestResponse:
    given = {"PATH_INFO": path, **({} if origin is None else {"HTTP_ORIGIN": on_the_wire(origin)}), **environ}
    return app.test_client().open("/", method=method, environ_overrides=given, buffered=True)


def preflight(app: Flask, origin: str, method: str = "PUT", asked: set[str] | None = None) -> TestResponse:
    environ = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
    if asked:
        environ["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] = ",".join(sorted(asked))
    return call(app, origin, "OPTIONS", **environ)


# Law 1 ---------------------------------------------------------------------------------------------------------------

TOKEN = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
LIST = f"{TOKEN}(, {TOKEN})*"
GRAMMAR = {  # Fetch, #http-new-header-syntax
    "Access-Control-Allow-Origin": r"\*|null|[a-z][a-z0-9+.-]*://([a-z0-9._~%-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": LIST,
    "Access-Control-Allow-Headers": LIST,
    "Access-Control-Expose-Headers": LIST,
    "Access-Control-Max-Age": "[0-9]+",
    "Vary": rf"\*|{LIST}",
}
NOTHING = "(?!)"


def assert_valid(response: TestResponse) -> None:
    """Law 1, of one answer; what is there twice has a value that no grammar knows."""
    found = cors_headers(response)
    invalid = {name for name, value in found.items() if not re.fullmatch(GRAMMAR.get(name, NOTHING), value, re.ASCII)}
    assert not invalid, found
    others = found.keys() - {"Access-Control-Allow-Origin", "Vary"}
    assert "Access-Control-Allow-Origin" in found or not others, "nothing is said to who is not let in"


@given(visits(), views, st.sampled_from(METHODS), paths, requested)
def test_every_header_is_valid_and_there_once(
    visit: tuple[Site, str], view: Views, method: str, path: str, asked: Environ
) -> None:
    """Law 1."""
    site, origin = visit
    app = serve(site, view)
    assert_valid(call(app, origin, method, path, **asked))
    assert_valid(call(app, None, method, path, **asked))


@given(visits(), st.sampled_from(METHODS), requested)
def test_nothing_is_said_that_was_not_asked_for(visit: tuple[Site, str], method: str, asked: Environ) -> None:
    """Law 1, the other side of it: each header comes from an option that was given."""
    site, origin = visit
    assume(method != "OPTIONS" or site.place.covers_options)
    found = cors_headers(call(serve(site), origin, method, **asked))
    policy = site.policy
    reasons = {
        "Access-Control-Allow-Methods": policy.methods or (policy.methods is None and method == "OPTIONS"),
        "Access-Control-Allow-Headers": policy.headers,
        "Access-Control-Expose-Headers": policy.expose_headers,
        "Access-Control-Allow-Credentials": policy.supports_credentials,
        "Access-Control-Max-Age": policy.max_age is not None,
    }
    assert [name for name, reason in reasons.items() if name in found and not reason] == []
    assert found.get("Access-Control-Max-Age", str(policy.max_age)) == str(policy.max_age)


# Law 2 ---------------------------------------------------------------------------------------------------------------


def assert_no_credentials_beside_everyone(response: TestResponse) -> None:
    """Law 2, of one answer."""
    if response.headers.getlist("Access-Control-Allow-Origin") == ["*"]:
        assert "Access-Control-Allow-Credentials" not in response.headers


@given(visits(any_sites()), views, st.sampled_from(METHODS), requested)
def test_credentials_never_stand_beside_everyone(
    visit: tuple[Site, str], view: Views, method: str, asked: Environ
) -> None:
    """Law 2. Who asks for both gets an error, at set-up or at the first request."""
    site, origin = visit
    if any(policy.contradictory for policy in site.policies):
        with pytest.raises(ValueError, match="cannot be combined with"):
            call(serve(site), None)
    else:
        assert_no_credentials_beside_everyone(call(serve(site, view), origin, method, **asked))


# Law 3 ---------------------------------------------------------------------------------------------------------------


def assert_refused(*answers: TestResponse) -> None:
    """Law 3, of answers to one origin: no header but ``Vary``."""
    assert [found for answer in answers if (found := cors_headers(answer).keys() - {"Vary"})] == []


@given(sites, views, st.integers(0, 23))
def test_an_origin_outside_the_policy_is_never_let_in(site: Site, view: Views, first: int) -> None:
    """Law 3, for a 24th of what resembles the origins that are listed in the app."""
    alike = [attack for entry in entries_of(site) for attack in [*near_misses(entry).values()][first::24]]
    outside = [origin for origin in alike if not site.policy.admits(origin)]
    assume(outside and not site.policy.everyone)
    app = serve(site, view)
    for origin in outside:
        assert_refused(call(app, origin))
        if origin or site.place.covers_options:  # without an origin it is no preflight
            assert_refused(preflight(app, origin))
        if site.place.covers_options:
            assert_refused(call(app, origin, "OPTIONS"))


# Law 4 ---------------------------------------------------------------------------------------------------------------


def listed(response: TestResponse, name: str) -> set[str]:
    return {item.strip() for value in response.headers.getlist(name) for item in value.split(",")} - {""}


def what_counts(response: TestResponse, method: str) -> object:
    """Take from an answer what may not depend on the origin in silence.

    An answer to OPTIONS is in no cache (RFC 9110, 9.3.7); of it, what it says to browsers.
    """
    found = {name: value for name, value in cors_headers(response).items() if name != "Vary"}
    return found if method == "OPTIONS" else (response.status, response.data, found, beside_cors(response))


def beside_cors(response: TestResponse) -> list[tuple[str, str]]:
    pairs = [pair for pair in response.headers if pair[0] != "Vary" and not pair[0].startswith("Access-Control-")]
    return sorted(pairs)


def assert_varies(one: TestResponse, other: TestResponse, method: str) -> None:
    """Law 4, of two answers."""
    if what_counts(one, method) != what_counts(other, method):
        assert all("Origin" in listed(answer, "Vary") for answer in (one, other))


anything = st.text(st.characters(codec="latin-1"), max_size=20)


@given(st.data(), sites, views, st.sampled_from(METHODS), paths, requested)
def test_if_two_answers_differ_by_the_origin_both_vary_by_it(
    data: st.DataObject, site: Site, view: Views, method: str, path: str, asked: Environ
) -> None:
    """Law 4."""
    assume(all(policy.vary_header for policy in site.policies))
    _, origin = data.draw(visits(st.just(site)))
    _, second = data.draw(visits(st.just(site)))
    other = data.draw(st.none() | st.just(second) | anything)
    app = serve(site, view)
    one, another = (call(app, sent, method, path, **asked) for sent in (origin, other))
    assert_varies(one, another, method)


# Law 5 ---------------------------------------------------------------------------------------------------------------

SENT = {"x-a": "1", "x-b": "1", "content-type": "application/json", "authorization": "Basic Zm9v", "accept": "a/b"}
Readable = set[str] | None  # the names of the headers that a page may read, where it may read the answer


def may_read(response: TestResponse, origin: str, credentials: bool) -> bool:
    """Fetch, #cors-check."""
    allowed = response.headers.getlist("Access-Control-Allow-Origin")
    if not credentials and allowed == ["*"]:
        return True
    return allowed == [origin] and (
        not credentials or response.headers.getlist("Access-Control-Allow-Credentials") == ["true"]
    )


def may_send(response: TestResponse, origin: str, credentials: bool, method: str, headers: set[str]) -> bool:
    """Fetch, #cors-preflight-fetch-0, step 7."""
    if not (may_read(response, origin, credentials) and 200 <= response.status_code <= 299):
        return False
    methods = listed(response, "Access-Control-Allow-Methods")
    names = {name.lower() for name in listed(response, "Access-Control-Allow-Headers")}
    starred = set() if credentials or "*" not in names else headers - {"authorization"}
    return (method in methods | SIMPLE_METHODS or ("*" in methods and not credentials)) and headers <= names | starred


def readable(response: TestResponse, credentials: bool) -> set[str]:
    """Fetch, #main-fetch, step 14, and #cors-safelisted-response-header-name."""
    safe = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
    exposed = {name.lower() for name in listed(response, "Access-Control-Expose-Headers")}
    everything = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - pairs, not names
    return everything if "*" in exposed and not credentials else everything & (safe | exposed)


def fetch_by_hand(app: Flask, origin: str, credentials: bool, method: str, headers: set[str]) -> Readable:
    """Fetch, #http-fetch, for a page of another origin."""
    unsafe = headers - {"accept"}
    if method not in SIMPLE_METHODS or unsafe:
        leave = preflight(app, origin, method, unsafe)
        assert_valid(leave)
        if not may_send(leave, origin, credentials, method, unsafe):
            return None
    response = call(app, origin, method)
    return readable(response, credentials) if may_read(response, origin, credentials) else None


def fetch_by_model(app: Flask, origin: str, credentials: bool, method: str, headers: set[str]) -> Readable:
    """Let the package's own model of a browser do the same."""
    sent = {name: SENT[name] for name in headers}
    mode: Any = "include" if credentials else "omit"
    outcome = browser(app, origin).fetch("http://api.test/view", method=method, headers=sent, credentials=mode)
    return {name.lower() for name, _ in outcome.response.headers} if outcome.response else None


Judge = Callable[[Flask, str, bool, str, set[str]], Readable]


@pytest.mark.parametrize("fetch", [fetch_by_hand, fetch_by_model])
@given(
    visits(by_browser=True),
    views,
    st.booleans(),
    st.sampled_from([method for method in METHODS if method != "OPTIONS"]),
    st.sets(st.sampled_from([*SENT])),
)
def test_a_page_can_read_an_answer_exactly_when_the_policy_says_so(
    fetch: Judge, visit: tuple[Site, str], view: Views, credentials: bool, method: str, headers: set[str]
) -> None:
    """Law 5."""
    site, origin = visit
    policy = site.policy
    # On its own, a decorator answers only where Flask leads to it.
    assume(not site.place.alone or (method in ROUTED and policy.automatic_options))
    unsafe = headers - {"accept"}
    simple = method in SIMPLE_METHODS and not unsafe
    allowed = policy.admits(origin, credentials) and (simple or policy.allows(method, unsafe))
    seen = fetch(serve(site, view), origin, credentials, method, headers)
    assert (seen is not None) == allowed
    if seen is not None and method in ROUTED and view is not failing:
        assert ("x-own" in seen) == policy.exposes("X-Own", credentials)


# Law 6 ---------------------------------------------------------------------------------------------------------------


def assert_untouched(answer: TestResponse, plain: TestResponse) -> None:
    """Law 6, of one answer and the one that the app gives without a policy."""
    assert (answer.status, answer.data, beside_cors(answer)) == (plain.status, plain.data, beside_cors(plain))
    assert listed(answer, "Vary") - {"Origin"} == listed(plain, "Vary") - {"Origin"}


@given(visits(), views, st.sampled_from([method for method in METHODS if method != "OPTIONS"]), paths, requested)
def test_what_the_view_says_itself_is_untouched(
    visit: tuple[Site, str], view: Views, method: str, path: str, asked: Environ
) -> None:
    """Law 6."""
    site, origin = visit
    app, without = serve(site, view), serve(site, view, plain=True)
    for sent in (origin, None):
        answer, plain = (call(one, sent, method, path, **asked) for one in (app, without))
        assert_untouched(answer, plain)
        if not any(policy.vary_header for policy in site.policies):
            assert answer.headers.getlist("Vary") == plain.headers.getlist("Vary")


# Each law, broken ----------------------------------------------------------------------------------------------------

LISTED = Site(
    PLACES["on the app"],
    {"origins": Said([exact("https", "a.example", "")], list), "headers": Said(["X-A"], list)},
)
Hook = Callable[[Response], Response]
Law = Callable[[Flask], None]


def sends(**headers: str) -> Hook:
    """Make a careless stand-in for the extension, which says the same to everyone."""

    def hook(response: Response) -> Response:
        response.headers.update({f"Access-Control-{name.replace('_', '-')}": value for name, value in headers.items()})
        return response

    return hook


def sends_twice(response: Response) -> Response:
    for value in (A, B):
        response.headers.add("Access-Control-Allow-Origin", value)
    return response


def reflects(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
    return response


def loses_the_status(response: Response) -> Response:
    response.status_code = 200
    return response


def law_1(app: Flask) -> None:
    assert_valid(call(app, A))


def law_2(app: Flask) -> None:
    assert_no_credentials_beside_everyone(call(app, A))


def law_3(app: Flask) -> None:
    assert_refused(call(app, B))


def law_4(app: Flask) -> None:
    assert_varies(call(app, A), call(app, B), "GET")


def law_5_by_hand(app: Flask) -> None:
    assert fetch_by_hand(app, A, True, "PUT", {"x-a"}) is not None


def law_5_by_model(app: Flask) -> None:
    assert fetch_by_model(app, A, True, "PUT", {"x-a"}) is not None


def law_6(app: Flask) -> None:
    assert_untouched(call(app, A), call(serve(LISTED, plain=True), A))


ALLOWED = {"Allow_Origin": A, "Allow_Methods": "PUT", "Allow_Headers": "x-a"}


@pytest.mark.parametrize(
    ("law", "hook"),
    [
        pytest.param(law_1, sends_twice, id="law 1: an origin sent twice"),
        pytest.param(law_1, sends(Allow_Origin=f"{A}, {B}"), id="law 1: two origins in one header"),
        pytest.param(law_1, sends(Allow_Origin="*", Max_Age="-1"), id="law 1: a number below zero"),
        pytest.param(law_1, sends(Allow_Origin="*", Allow_Private_Network="true"), id="law 1: a header of no standard"),
        pytest.param(law_1, sends(Allow_Methods="GET"), id="law 1: methods for nobody"),
        pytest.param(law_2, sends(Allow_Origin="*", Allow_Credentials="true"), id="law 2: credentials for everyone"),
        pytest.param(law_3, reflects, id="law 3: any origin reflected"),
        pytest.param(law_3, sends(Max_Age="1"), id="law 3: a word to a stranger"),
        pytest.param(law_4, reflects, id="law 4: no Vary"),
        pytest.param(law_5_by_hand, sends(), id="law 5: nothing said"),
        pytest.param(law_5_by_hand, sends(**ALLOWED), id="law 5: credentials not allowed"),
        pytest.param(law_5_by_hand, sends(Allow_Origin=A, Allow_Credentials="true"), id="law 5: a method not allowed"),
        pytest.param(law_5_by_model, sends(**ALLOWED), id="law 5 by the model: credentials not allowed"),
        pytest.param(law_6, loses_the_status, id="law 6: another status"),
    ],
)
def test_a_law_that_is_broken_is_noticed(law: Law, hook: Hook) -> None:
    app = serve(LISTED, plain=True)
    app.after_request(hook)
    with pytest.raises(AssertionError):
        law(app)


@pytest.mark.parametrize("law", [law_1, law_2, law_3, law_4, law_5_by_hand, law_5_by_model, law_6])
def test_a_law_that_is_kept_is_not(law: Law) -> None:
    credentials = {"supports_credentials": Said(True, bool)}
    law(serve(replace(LISTED, own={**LISTED.own, **credentials})))


# Hostile bytes -------------------------------------------------------------------------------------------------------


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect what is logged, as one line each would be written."""
    lines: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Collect()
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)


def assert_harmless(response: TestResponse, lines: list[str]) -> None:
    assert response.status_code in {200, 201, 308, 404, 405}
    assert_valid(response)
    assert sum(map(len, cors_headers(response).values())) < 10_000
    assert len(lines) <= 1
    assert all(line.isprintable() for line in lines)


def loses_its_table(_: str) -> bool:
    raise LookupError("no such\ntable")


BROKEN: Options = {"origins": Said([loses_its_table], list)}
pieces_of_bytes = st.sampled_from([b",", b" ", b"x-a", b"\t", b"*", b"https://a.example", b"\r\n", b"\xff", b"a" * 200])
hostile = st.one_of(
    st.binary(max_size=30), st.lists(pieces_of_bytes, max_size=200).map(b"".join), st.just(b"https://a.example")
).map(lambda raw: raw.decode("latin-1"))


@given(sites, st.booleans(), st.sampled_from(["GET", "OPTIONS", "PUT"]), hostile, hostile, hostile, hostile)
def test_any_bytes_at_all_get_an_ordinary_answer(
    site: Site, broken: bool, method: str, path: str, origin: str, asked: str, names: str
) -> None:
    """Law 1 and contract section 3: one ordinary answer, and one line in the log at the most."""
    app = serve(replace(site, own=BROKEN) if broken else site)
    app.add_url_rule("/folder/<int:number>/", "folder", a_view)
    environ = {
        "HTTP_ORIGIN": origin,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked,
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
    }
    for path_info in (path if path.startswith("\xff") else f"/{path}", "/view"):
        with logged() as lines:
            assert_harmless(call(app, None, method, path_info, **environ), lines)


MUCH = 1_000_000


@pytest.mark.parametrize(
    "key",
    ["HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "PATH_INFO"],
)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("," * MUCH, id="a million commas"),
        pytest.param(" " * MUCH, id="a million spaces"),
        pytest.param("a" * MUCH, id="a million letters"),
        pytest.param("a," * (MUCH // 2), id="half a million names"),
        pytest.param("/" * MUCH, id="a million slashes"),
        pytest.param("https://" + "a." * (MUCH // 2), id="half a million subdomains"),
        pytest.param("\x00" * MUCH, id="a million zero bytes"),
    ],
)
def test_a_megabyte_costs_little_and_brings_little_back(key: str, value: str) -> None:
    app = an_app()
    listed = [kind("https", "a.example", "").written for kind in KINDS.values()]
    CORS(app, origins=listed, headers="*", methods="*", supports_credentials=True)
    app.add_url_rule("/folder/", view_func=a_view)
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a"}
    environ = {"PATH_INFO": "/folder", "HTTP_ORIGIN": "https://a.example", **asked, key: value}
    with logged() as lines:
        started = time.process_time()
        response = app.test_client().open("/", method="OPTIONS", environ_overrides=environ)
        assert time.process_time() - started < 30  # what is not linear would take hours
    assert_harmless(response, lines)
