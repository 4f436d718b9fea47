"""The law of caches: what a shared cache has stored for one request is right for all to whom it may send it.

The cache is that of RFC 9111. It stores responses to GET and HEAD, and may send one again for a request for the same
URL with the same values in every header that the stored ``Vary`` names. Where several fit it may take any of them, so
all are judged. ``LAWS=10000`` tries that many examples.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from flask import Blueprint, Flask, abort, request
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_cors import CORS, cross_origin
from tests import strategies
from tests.helpers import A, B, an_app, ask, cors_headers
from tests.tables import table

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # many a generated origin deserves one

# The cache -----------------------------------------------------------------------------------------------------------

Headers = dict[str, str]


class Call(NamedTuple):
    """A request as a cache sees it; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Headers


class Stored(NamedTuple):
    """A response in the cache, and its request."""

    call: Call
    response: TestResponse

    def fits(self, call: Call) -> bool:
        """Whether a cache may send the response to *call*, too: RFC 9111, sections 4 and 4.1."""
        vary = ",".join(self.response.headers.getlist("Vary")).lower()
        names = {name.strip() for name in vary.split(",")}
        same_values = all(self.call.headers.get(name) == call.headers.get(name) for name in names)
        same_url = self.call.path == call.path and self.call.method in {"GET", call.method}
        return same_url and same_values and "*" not in names


def perform(app: Flask, call: Call) -> TestResponse:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return ask(app.test_client(), call.path, method=call.method, environ_overrides=environ)


def wrongs(app: Flask, calls: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Yield each pair of *calls*, made in this order, of which the second may wrongly get the response to the first."""
    cache: list[Stored] = []
    for call in calls:
        response = perform(app, call)
        if call.method in {"GET", "HEAD"}:
            differing = [stored for stored in cache if cors_headers(stored.response) != cors_headers(response)]
            yield from ((stored.call, call) for stored in differing if stored.fits(call))
            cache.append(Stored(call, response))


# Apps and calls ------------------------------------------------------------------------------------------------------

Options = dict[str, Any]


def a_view() -> Any:
    by_hand = {"Vary": "Accept-Language", "Access-Control-Allow-Origin": "https://by.hand.example"}
    return f"in {request.headers.get('Accept-Language')}", by_hand


def site(on_the_app: Options, on_a_blueprint: Options, on_a_view: Options) -> Flask:
    app, inside = an_app(), Blueprint("inside", __name__, url_prefix="/inside")
    CORS(app, **on_the_app)
    CORS(inside, **on_a_blueprint)
    app.add_url_rule("/", "view", a_view, methods=["GET", "POST"])
    app.add_url_rule("/refused", "refused", lambda: abort(403))
    app.add_url_rule("/decorated", "decorated", cross_origin(**on_a_view)(a_view))
    inside.add_url_rule("/", "view", a_view)
    app.register_blueprint(inside)
    return app


PATHS = ["/", "/refused", "/missing", "/decorated", "/inside/", "/inside", "/inside/missing"]
PREFLIGHT = {"access-control-request-method": "PUT", "access-control-request-headers": "x-token"}


def a_call(method: str, path: str, origin: str | None, language: str | None) -> Call:
    headers = {"origin": origin, "accept-language": language, **(PREFLIGHT if method == "OPTIONS" else {})}
    return Call(method, path, {name: value for name, value in headers.items() if value is not None})


methods = st.sampled_from(["GET", "GET", "HEAD", "POST", "OPTIONS"])
languages = st.sampled_from([None, None, "en", "de"])
# What a server hands on is bytes, read as Latin-1.
strangers = strategies.origin_headers.map(lambda origin: origin and origin.encode().decode("latin-1"))


def listed(options: Options) -> list[str]:
    """Return the origins that a policy names one by one."""
    entries = options.get("origins")
    texts = entries.split(",") if isinstance(entries, str) else entries
    texts = texts if isinstance(texts, Iterable) else []
    return [text.strip() for text in texts if isinstance(text, str) and text.strip().startswith("http")]


@st.composite
def visits(draw: st.DrawFn, /, **overrides: Any) -> tuple[Flask, list[Call]]:
    """Make up a site, and calls from few origins to few paths of it, so that they meet in the cache."""
    options = strategies.options.map(lambda drawn: {**drawn, **overrides})
    policies = draw(st.tuples(options, options, options))
    friends = [origin for policy in policies for origin in listed(policy)]
    origin = st.one_of(strangers, st.sampled_from(friends)) if friends else strangers
    origins = draw(st.lists(origin, min_size=2, max_size=4, unique=True))
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True))
    call = st.builds(a_call, methods, st.sampled_from(paths), st.sampled_from(origins), languages)
    return site(*policies), draw(st.lists(call, min_size=4, max_size=12))


@given(visits(vary_header=True))
def test_the_law_of_caches(visit: tuple[Flask, list[Call]]) -> None:
    assert [*wrongs(*visit)] == []


def test_the_law_notices_a_policy_without_vary() -> None:
    tries = settings(max_examples=1000, derandomize=True, phases=[Phase.generate])
    find(visits(vary_header=False), lambda visit: any(wrongs(*visit)), settings=tries)


# The cache itself ----------------------------------------------------------------------------------------------------

GET = Call("GET", "/", {"origin": A, "accept-language": "en"})
OTHER, NONE = GET._replace(headers={"origin": B}), GET._replace(headers={})


@table(
    "vary, stored, call, fits",
    ("no Vary: for everybody", "", GET, NONE, True),
    ("the header named is the same", "Origin", GET, GET._replace(headers={"origin": A}), True),
    ("the header named differs", "ORIGIN", GET, OTHER, False),
    ("the header named is missing now", "Origin", GET, NONE, False),
    ("the header named was missing then", "Origin", NONE, GET, False),
    ("the second one named differs", "X-A, Origin", GET, OTHER, False),
    ("Vary: * fits nothing", "*", GET, GET, False),
    ("another URL", "", GET, GET._replace(path="/other"), False),
    ("HEAD gets what GET has stored", "", GET, GET._replace(method="HEAD"), True),
    ("GET never gets what HEAD has stored", "", GET._replace(method="HEAD"), GET, False),
)
def test_the_cache_sends_a_response_again_where_rfc_9111_allows(
    vary: str, stored: Call, call: Call, fits: bool
) -> None:
    app = an_app()
    app.add_url_rule("/", "view", lambda: ("", {"Vary": vary} if vary else {}))
    assert Stored(stored, ask(app.test_client(), "/")).fits(call) is fits


NO_VARY = {"vary_header": False}


@table(
    "options, caught",
    ("right", {"origins": [A, B]}, []),
    ("several, no Vary", {"origins": [A, B], **NO_VARY}, [(A, B), (A, None), (B, None)]),
    ("one, no Vary", {"origins": A, **NO_VARY}, [(A, B), (B, None)]),
    ("not always, no Vary", {"always_send": False, **NO_VARY}, [(A, None), (B, None)]),
    ("everyone needs no Vary", NO_VARY, []),
)
def test_exactly_the_calls_are_caught_that_may_get_another_response(
    options: Options, caught: list[tuple[str | None, str | None]]
) -> None:
    calls = [a_call("GET", "/refused", origin, None) for origin in (A, B, None)]
    found = wrongs(site(options, options, options), calls)
    assert [(one.headers.get("origin"), other.headers.get("origin")) for one, other in found] == caught
