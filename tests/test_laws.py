"""The ten laws of CORS, for apps, policies and requests that Hypothesis makes up; each is also broken on purpose.

The judge is what Fetch lets a browser do (https://fetch.spec.whatwg.org/; for law 5, the model of a browser), what each
option is documented to mean, and the same app without the extension. Law 7 is in ``test_spellings.py``, that nothing
grows in ``test_contexts.py``; what a real cache makes of law 4, in ``tests/caches``. ``make laws`` tries 10,000 each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast
from unittest import mock

import pytest
from flask import Flask, Response, current_app, request
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_cors import CORS, cross_origin
from flask_cors.browser import Browser
from flask_cors.browser import Request as Sent
from flask_cors.browser import Response as Received
from tests import sites as judge
from tests.entries import exact, is_sent, near_misses, on_the_wire
from tests.helpers import PATH, A, B, for_the_app, hide, wrap
from tests.sites import METHODS, ROUTED, SIMPLE_METHODS, App, Environ, Result, Site, any_sites, call, origins_for, sites

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # many a generated origin deserves one

Visit = tuple[Site, list[Environ]]
NO_OPTIONS = [method for method in METHODS if method != "OPTIONS"]


def get(app: Flask, origin: str | None, method: str = "GET", **environ: str) -> Result:
    sent = {} if origin is None else {"HTTP_ORIGIN": on_the_wire(origin)}
    return call(app, {"REQUEST_METHOD": method, **sent, **environ})


def preflight(app: Flask, origin: str, method: str = "PUT", **environ: str) -> Result:
    return get(app, origin, "OPTIONS", HTTP_ACCESS_CONTROL_REQUEST_METHOD=method, **environ)


# Laws 1 and 2: the headers -------------------------------------------------------------------------------------------


@given(judge.visits())
def test_each_header_is_valid_and_comes_from_an_option(visit: Visit) -> None:
    """Laws 1 and 2. What the app itself sets by hand where no policy covers it is its own affair."""
    site, environs = visit
    app, policy = site.serve(), site.policy
    for environ in environs:
        result, covered = call(app, environ), judge.is_covered(environ)
        by_hand = environ.get("HTTP_X_VIEW") in {"by hand", "shared"}
        if covered or not by_hand:
            judge.assert_valid(result)
        reasons = {
            "Methods": policy.methods or (policy.methods is None and environ["REQUEST_METHOD"] == "OPTIONS"),
            "Headers": policy.headers,
        }
        found = result.cors
        if covered and environ.get("HTTP_X_FAIL") not in ("open", "after", "save"):
            assert policy.supports_credentials or "Access-Control-Allow-Credentials" not in found
        if covered and not by_hand:
            assert [name for name in reasons if f"Access-Control-Allow-{name}" in found and not reasons[name]] == []
            assert policy.expose_headers or "Access-Control-Expose-Headers" not in found
            assert found.get("Access-Control-Max-Age", str(policy.max_age)) == str(policy.max_age)


@given(any_sites(hostile=False))
def test_credentials_never_stand_beside_any_origin(site: Site) -> None:
    """Law 2. Both together are an error at set-up; where only the first request can show it, no origin is allowed."""
    try:
        app = site.serve()
    except ValueError as error:
        found = [f"{error}" if site.contradictory else ""]
    else:
        result, found = get(app, A), app.lines
        judge.assert_valid(result)
        if not (site.policy.supports_credentials and site.policy.any_origin):
            return
        assert_denied(result)
    assert "cannot be combined with" in "".join(found)


# Law 3: denied origins -----------------------------------------------------------------------------------------------


def assert_denied(result: Result) -> None:
    """Law 3, of one response: no header but ``Vary``."""
    assert result.cors.keys() <= {"Vary"}


@given(sites, st.integers(0, 39))
def test_an_origin_outside_the_policy_is_denied(site: Site, first: int) -> None:
    """Law 3, for a few near misses of each origin that is listed in the app."""
    misses = [miss for entry in judge.entries_of(site) for miss in [*near_misses(entry).values()][first::40]]
    outside = [origin for origin in misses if not site.policy.allows_origin(origin)]
    assume(outside and not site.policy.any_origin)
    app = site.serve()
    for origin in outside:
        assert_denied(get(app, origin, HTTP_X_VIEW="by hand"))
        assert_denied(preflight(app, origin))


# Law 4: Vary ---------------------------------------------------------------------------------------------------------


@given(st.data(), judge.visits(sites))
def test_if_two_responses_differ_by_the_origin_both_vary_by_it(data: st.DataObject, visit: Visit) -> None:
    """Law 4."""
    site, environs = visit
    assume(all(policy.vary_header for policy in site.policies))
    app = site.serve()
    for environ in environs:
        sent = data.draw(st.none() | origins_for(site) | st.text(st.characters(codec="latin-1"), max_size=20))
        other = {name: value for name, value in environ.items() if name != "HTTP_ORIGIN"}
        other |= {} if sent is None else {"HTTP_ORIGIN": on_the_wire(sent)}
        own_headers = environ.get("HTTP_X_VIEW") == "by hand" and environ["REQUEST_METHOD"] == "OPTIONS"
        if not own_headers and (environ.get("HTTP_X_VIEW") != "shared" or environ["PATH_INFO"] == PATH):
            judge.assert_varies(call(app, environ), call(app, other), environ["REQUEST_METHOD"])


# Law 5: what a page may read -----------------------------------------------------------------------------------------


def may_read(result: Result, origin: str, credentials: bool) -> bool:
    """Fetch, #cors-check."""
    allowed = result.headers.getlist("Access-Control-Allow-Origin")
    if not credentials and allowed == ["*"]:
        return True
    needed = ["true"] if credentials else result.headers.getlist("Access-Control-Allow-Credentials")
    return allowed == [origin] and result.headers.getlist("Access-Control-Allow-Credentials") == needed


def fetch(app: Flask, origin: str, credentials: bool, method: str, headers: set[str], view: str) -> set[str] | None:
    """Return the names of the headers that a page of *origin* may read; ``None`` if it may not read the response."""

    def network(sent: Sent) -> Received:
        fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.headers}
        result = call(app, {**fields, "REQUEST_METHOD": sent.method, "HTTP_X_VIEW": view})
        return Received(int(result.status[:3]), tuple(result.headers))

    mode = "include" if credentials else "omit"
    given: Any = {"method": method, "headers": dict.fromkeys(headers, "a/b"), "credentials": mode}
    outcome = Browser(origin, network).fetch(f"http://api.test{PATH}", **given)
    return {name.lower() for name, _ in outcome.response.headers} if outcome.response else None


simple_or_not = st.sampled_from([*NO_OPTIONS, *["GET"] * 6])
pool = st.sampled_from(["x-a", "x-b", "content-type", "authorization", "accept"])
header_sets: st.SearchStrategy[set[str]] = st.sets(pool) | st.just(set())
fetches = st.tuples(st.booleans(), simple_or_not, header_sets)


@given(st.data(), sites, fetches, st.sampled_from(["text", "shared", "by hand", "abort", "stream", "failing"]))
def test_a_page_can_read_a_response_exactly_when_the_policy_allows_it(
    data: st.DataObject, site: Site, fetched: tuple[bool, str, set[str]], view: str
) -> None:
    """Law 5, errors included."""
    policy, origin = site.policy, data.draw(origins_for(site, by_browser=True))
    credentials, method, headers = fetched
    # On its own, a decorator answers only where Flask leads to it.
    assume(not site.alone or (method in ROUTED and policy.automatic_options))
    unsafe = headers - {"accept"}
    simple = method in SIMPLE_METHODS and not unsafe
    allowed = policy.allows_origin(origin, credentials) and (simple or policy.allows_request(method, unsafe))
    found = fetch(site.serve(), origin, credentials, method, headers, view)
    assert (found is not None) == allowed
    if found is not None and method in ROUTED and view != "failing":
        assert ("x-own" in found) == policy.exposes("x-own", credentials)


# Laws 6 and 8: the app itself ----------------------------------------------------------------------------------------


@given(judge.visits())
def test_an_app_behaves_as_it_does_without_the_extension(visit: Visit) -> None:
    """Laws 6 and 8: responses, exceptions, contexts, ``g``, teardowns and what they get, in the same order."""
    site, environs = visit
    app, plain = site.serve(), site.serve(plain=True)
    for environ in environs:
        judge.assert_same_end(site, environ, app, plain)


@given(judge.visits(judge.hostile_sites, ["OPTIONS"]))
def test_a_preflight_gets_an_empty_200_whatever_the_app_would_do(visit: Visit) -> None:
    """Contract, section 2, for the path of the view."""
    site, environs = visit
    policy, app = site.policy, site.serve()
    assume(not site.alone and policy.automatic_options)
    for environ in environs:
        sent = {"HTTP_ORIGIN": A, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT", **environ, "PATH_INFO": PATH}
        if not judge.is_preflight(sent) or sent["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] not in ROUTED:
            continue
        app.events.clear()
        result = call(app, sent)
        assert ("view", "NoneType") not in [event[:2] for event in app.events]
        if app.events == []:
            assert (result.status, result.data) == ("200 OK", b"")
        origin = sent["HTTP_ORIGIN"].encode("latin-1").decode("utf-8", "surrogateescape")
        fails_to_open = sent.get("HTTP_X_FAIL") == "open"  # so that a function that reads the session fails, and denies
        if result.status == "200 OK" and is_sent(origin) and not fails_to_open:
            assert may_read(result, origin, credentials=False) == policy.allows_origin(origin)
        # Only an exception that leaves the app can prevent it, and what fails after the request.
        assert result.status == "200 OK" or result.error or sent.get("HTTP_X_FAIL") in ("open", "after", "save")


# Law 9: what fails inside --------------------------------------------------------------------------------------------


def fails(*_: object, **__: object) -> Any:
    raise LookupError("lost\nits table")


INSIDE = ["_middleware.request_policy", "_middleware.read_request", "policy.Policy.response_headers"]


def assert_denied_and_logged(result: Result, without: Result, lines: int) -> None:
    """Law 9, of one response."""
    judge.assert_as_without(result, without)
    assert_denied(result)
    assert "Origin" in result.listed("Vary")
    assert lines == 1


@given(sites, st.sampled_from(["GET", "HEAD", "PUT", "POST"]), st.sampled_from(INSIDE), st.sampled_from([A, B, None]))
def test_what_fails_inside_leaves_the_app_alone_and_allows_no_origin(
    site: Site, method: str, target: str, origin: str | None
) -> None:
    """Law 9."""
    app, plain = site.serve(), site.serve(plain=True)
    get(app, None)
    with mock.patch(f"flask_cors.{target}", fails):
        before = len(app.lines)
        result = get(app, origin, method, HTTP_X_VIEW="by hand")
    without = get(plain, origin, method, HTTP_X_VIEW="by hand")
    assert_denied_and_logged(result, without, len(app.lines) - before)


# Law 10: decorations -------------------------------------------------------------------------------------------------

APP, OWN, OTHER = A, B, "https://other.example"
View = Callable[..., Any]


def decorate(view: View) -> View:
    return cross_origin(origins=OWN)(view)


def assert_allowed(expected: set[str], result: Callable[[str], Result]) -> None:
    """Law 10, of one view: exactly the *expected* origins are allowed."""
    assert {origin for origin in (APP, OWN, OTHER) if may_read(result(origin), origin, False)} == expected


@given(st.booleans(), st.booleans(), st.lists(st.sampled_from([hide, wrap, decorate]), max_size=4, unique=True))
def test_a_view_has_its_own_policy_whatever_it_calls_and_whatever_hides_it(
    on_app: bool, calls: bool, stack: list[Any]
) -> None:
    """Law 10: hidden decorations, views that call other views, and a view that is replaced between requests."""
    app, other = App(), cast(View, cross_origin(origins=OTHER)(lambda: "other"))
    if on_app:
        CORS(app, origins=APP)

    def view() -> Any:
        app.reached("view")
        return other() if calls else "view"

    decorated: View = view
    for step in stack:
        decorated = step(decorated)
    app.add_url_rule("/other", "other", other)
    app.add_url_rule("/replaced", "replaced", lambda: "", methods=["GET", "PUT"])
    app.add_url_rule(PATH, "view", decorated, methods=["GET", "PUT"])
    get(app, APP, PATH_INFO="/replaced")
    app.view_functions["replaced"] = decorated
    expected = {OWN} if decorate in stack else {APP} if on_app else set()
    for path in (PATH, "/replaced"):
        assert_allowed(expected, partial(get, app, PATH_INFO=path))
        app.events.clear()
        if on_app:
            assert_allowed(expected, partial(preflight, app, PATH_INFO=path))
        preflight(app, OWN, PATH_INFO=path)
        assert not any(event[0] == "view" for event in app.events), "a preflight runs no view"


# Each law, broken ----------------------------------------------------------------------------------------------------

LISTED = Site(for_the_app, {"origins": [exact("https", "a.example", "")], "headers": ["X-A"], "max_age": 1})


def assert_reads(names: set[str] | None) -> None:
    assert names is not None


LAWS: dict[str, Callable[[App], object]] = {
    "1 and 2": lambda app: judge.assert_valid(get(app, A)),
    "3": lambda app: assert_denied(get(app, B)),
    "4": lambda app: judge.assert_varies(get(app, A), get(app, B), "GET"),
    "5": lambda app: assert_reads(fetch(app, A, True, "PUT", {"x-a"}, "text")),
    "6": lambda app: judge.assert_as_without(get(app, A), get(LISTED.serve(plain=True), A)),
    "8, contexts": lambda app: judge.assert_same_end(LISTED, {"REQUEST_METHOD": "GET"}, app, LISTED.serve(plain=True)),
    "9": lambda app: assert_denied_and_logged(get(app, B), get(LISTED.serve(plain=True), B), 1),
    "10": lambda app: assert_allowed({A}, lambda origin: get(app, origin)),
}


def sends(**headers: str) -> Callable[[Response], object]:
    """Make a careless stand-in for the extension, which sends the same to every origin."""
    values = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda response: response.headers.update(values)


def reflected(response: Response) -> None:
    response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "")


def context(_: Response) -> None:
    with cast(Any, current_app).app_context():
        pass


ALLOW = "Access-Control-Allow-Origin"
ORIGIN, METHODS_SENT, AGE = (f"Access_Control_{name}" for name in ("Allow_Origin", "Allow_Methods", "Max_Age"))
WITH_CREDENTIALS = {ORIGIN: A, "Access_Control_Allow_Credentials": "true"}
BROKEN: list[tuple[str, str, Callable[[Response], object]]] = [
    ("1 and 2", "an origin sent twice", lambda response: response.headers.extend({ALLOW: [A, B]})),
    ("1 and 2", "a number below zero", sends(**{ORIGIN: "*", AGE: "-1"})),
    ("1 and 2", "a header of no standard", sends(**{ORIGIN: "*", "Access_Control_Allow_Private_Network": "true"})),
    ("1 and 2", "methods for no origin", sends(**{METHODS_SENT: "GET"})),
    ("1 and 2", "credentials for any origin", sends(**{**WITH_CREDENTIALS, ORIGIN: "*"})),
    ("3", "any origin reflected", reflected),
    ("3", "something sent to a denied origin", sends(**{AGE: "1"})),
    ("4", "no Vary", reflected),
    ("5", "nothing sent", sends()),
    ("5", "credentials not allowed", sends(**{ORIGIN: A, METHODS_SENT: "PUT", "Access_Control_Allow_Headers": "x-a"})),
    ("5", "a method not allowed", sends(**WITH_CREDENTIALS, Access_Control_Allow_Headers="x-a")),
    ("6", "another status", lambda response: setattr(response, "status_code", 200)),
    ("8, contexts", "a context opened", context),
    ("9", "no Vary", sends()),
    ("9", "an origin allowed", sends(**{ORIGIN: B, "Vary": "Origin"})),
    ("10", "no origin allowed", sends()),
]


@pytest.mark.parametrize(("law", "hook"), [pytest.param(law, hook, id=f"{law}: {name}") for law, name, hook in BROKEN])
def test_a_law_that_is_broken_is_noticed(law: str, hook: Callable[[Response], object]) -> None:
    @(app := LISTED.serve(plain=True)).after_request
    def broken(response: Response) -> Response:
        hook(response)
        return response

    with pytest.raises(AssertionError):
        LAWS[law](app)


@pytest.mark.parametrize("law", LAWS)
def test_a_law_that_is_kept_is_not(law: str) -> None:
    LAWS[law](replace(LISTED, own={**LISTED.own, "supports_credentials": True}).serve())
