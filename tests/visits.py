"""What the laws are tried on: Hypothesis strategies of sites, and of requests to them.

The pools are small on purpose: what is drawn has to meet, nearly meet and miss what else is drawn.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import current_app, session
from hypothesis import strategies as st

from tests.entries import ANY_ORIGIN, ANY_PAGE, KINDS, NULL, Entry, exact, is_sent, near_misses, on_the_wire
from tests.helpers import PATH, PLACES, for_the_view_alone, use_middleware
from tests.sites import FAILURES, PARTS, VIEWS, Options, Part, Site, functions_after

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY", "PURGE", "OPTIONS"]
NAMES = ["X-A", "X-B", "Content-Type", "Authorization"]
Environ = dict[str, str]


# Options and sites ---------------------------------------------------------------------------------------------------


def function_of_the_request(scheme: str, host: str, port: str) -> Entry:
    """Make an entry whose function needs the request: it reads the session, and counts how often it is called."""
    entry = exact(scheme, host, port)

    def allow(origin: str) -> bool:
        app: Any = current_app
        app.asked.append((origin, entry.sample, app.events[:]))
        return session.get("denied") is None and origin == entry.sample

    return entry._replace(written=allow)


@cache
def entry_of(*kind_and_origin: str) -> Entry:
    kind, *origin = kind_and_origin
    return {**KINDS, "a function of the request": function_of_the_request}[kind](*origin)


entries = st.builds(
    entry_of,
    st.sampled_from([*KINDS, *["a function of the request"] * 9]),
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.example", "b.example", "x.a.example", "localhost", "xn--tda.example"]),
    st.sampled_from(["", "", ":8443"]),
)
rarely = st.sampled_from([[], [], [], [], [NULL], [ANY_ORIGIN], [ANY_ORIGIN], [ANY_PAGE]])
lists_of_entries = st.builds(lambda several, rare: several + rare, st.lists(entries, max_size=3, unique=True), rarely)


def names(of: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*of, "*"]), max_size=3)


FLAGS = ["supports_credentials", "send_wildcard", "always_send", "automatic_options", "vary_header"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "origins": lists_of_entries,
    "headers": names(NAMES),
    "methods": names([*METHODS, "patch"]),
    "expose_headers": names(["X-Own", "x-own", *NAMES]),
    "max_age": st.integers(0, 10**6),
    **{flag: st.booleans() for flag in [*FLAGS, "intercept_exceptions"]},
}


@st.composite
def options(draw: st.DrawFn) -> Options:
    usual: set[str] = draw(st.sampled_from([{"origins"}, {"origins"}, {"origins"}, set()]))
    chosen = usual | draw(st.sets(st.sampled_from([*VALUES]), max_size=4))
    other_name = draw(st.sampled_from(["headers", "allow_headers"]))
    return {
        other_name if name == "headers" else name: draw(VALUES[name] | VALUES[name] | st.none())
        for name in VALUES
        if name in chosen
    }


parts = st.lists(st.sampled_from(PARTS), max_size=5, unique=True)


@st.composite
def any_sites(draw: st.DrawFn, hostile: bool = True) -> Site:
    place = draw(st.sampled_from([*PLACES, for_the_view_alone]))
    own_parts: list[Part] = draw(parts if hostile else st.sampled_from([[], [functions_after], [use_middleware]]))
    own_parts = [part for part in own_parts if part is not functions_after or place is not for_the_view_alone]
    cut = draw(st.integers(0, len(own_parts)))
    testing = hostile and draw(st.booleans())
    return Site(place, draw(options()), draw(options()), (*own_parts[:cut],), (*own_parts[cut:],), testing)


sites = any_sites(hostile=False).filter(lambda site: not site.contradictory)
hostile_sites = any_sites().filter(lambda site: not site.contradictory)


# Requests ------------------------------------------------------------------------------------------------------------


def entries_of(site: Site) -> list[Entry]:
    return [entry for policy in site.policies for entry in policy.origins] or [ANY_ORIGIN]


@st.composite
def origins_for(draw: st.DrawFn, site: Site, *, by_browser: bool = False) -> str:
    """Draw an origin that is listed, or a near miss; *by_browser*, one that a browser can send."""
    entry = draw(st.sampled_from(entries_of(site)))
    if draw(st.booleans()):
        return str(entry.sample)
    misses = [miss for miss in near_misses(entry).values() if is_sent(miss) or not by_browser]
    return str(draw(st.sampled_from(misses or [entry.sample])))


PATHS = ["/none", "/x/view", "//x/view/", "/X/VIEW/", "/x/view%2F", "/x/view/\x00", "/folder", "/item/good"]
PATHS += ["/old/good", "/old/slash", *[PATH] * 30, *["/own", "/item/bad", "/old/bad"] * 3, f"/number/{'1' * 4301}"]
REQUEST_HEADERS = {
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": st.sampled_from([*METHODS, "", "patch", "GET, PUT", "*"]),
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": st.sampled_from(["x-a", "x-a,authorization", "X-A, ,x-a", "*", ",;\0"]),
    "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": st.just("true"),
    "HTTP_SEC_FETCH_MODE": st.sampled_from(["cors", "navigate"]),
    "HTTP_VARY": st.just("X-Forged"),
    "HTTP_X_VIEW": st.sampled_from([*VIEWS]),
    "HTTP_X_FAIL": st.sampled_from(FAILURES),
    "HTTP_X_USER": st.sampled_from(["ann", "bob"]),
}


@st.composite
def visits(
    draw: st.DrawFn, to: st.SearchStrategy[Site] = hostile_sites, methods: list[str] = METHODS
) -> tuple[Site, list[Environ]]:
    """Draw a site, and a few requests to it."""
    site = draw(to)
    origins = st.one_of([origins_for(site)] * 4 + [st.none()])
    return site, [_request(draw, methods, draw(origins)) for _ in range(draw(st.sampled_from([4, 6, 2])))]


def _request(draw: st.DrawFn, methods: list[str], origin: str | None) -> Environ:
    environ: Environ = draw(st.fixed_dictionaries({}, optional=REQUEST_HEADERS))
    environ["REQUEST_METHOD"] = draw(st.sampled_from([*methods, *[methods[0]] * 3, *[methods[-1]] * 6]))
    environ["PATH_INFO"] = draw(st.sampled_from(PATHS))
    if environ["REQUEST_METHOD"] == "OPTIONS" and draw(st.sampled_from([True, True, False])):  # a preflight
        origin = origin or "https://a.example"
        environ.setdefault("HTTP_ACCESS_CONTROL_REQUEST_METHOD", draw(st.sampled_from(METHODS)))
    return environ if origin is None else {**environ, "HTTP_ORIGIN": on_the_wire(origin)}
