"""The law of caches: what a shared cache has stored for one request is right for all to whom it may hand it.

The cache is that of RFC 9111. It stores the answers to GET and HEAD, and may use one again for a request for the same
URL that has the same values in every header that the stored ``Vary`` names. Where several fit it may take any of
them, so all are judged. ``LAWS=10000`` tries that many examples.
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

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")  # many a generated origin deserves one

# The cache -----------------------------------------------------------------------------------------------------------

Headers = dict[str, str]


class Call(NamedTuple):
    """A request, as far as a cache looks at it; the names of its headers in lower case."""

    method: str
    path: str
    headers: Headers


class Stored(NamedTuple):
    """An answer in the cache, and the call that it was given to."""

    call: Call
    answer: TestResponse

    def fits(self, call: Call) -> bool:
        """Whether a cache may give the answer to *call*, too: RFC 9111, sections 4 and 4.1."""
        vary = ",".join(self.answer.headers.getlist("Vary")).lower()
        names = {name.strip() for name in vary.split(",")}
        alike = all(self.call.headers.get(name) == call.headers.get(name) for name in names)
        return self.call.path == call.path and self.call.method in {"GET", call.method} and "*" not in names and alike


def perform(app: Flask, call: Call) -> TestResponse:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return ask(app.test_client(), call.path, method=call.method, environ_overrides=environ)


def wrongs(app: Flask, calls: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Yield each pair of *calls*, made in this order, of which the second may wrongly get the answer to the first."""
    cache: list[Stored] = []
    for call in calls:
        answer = perform(app, call)
        if call.method not in {"GET", "HEAD"}:
            continue
        differing = (stored for stored in cache if cors_headers(stored.answer) != cors_headers(answer))
        yield from ((stored.call, call) for stored in differing if stored.fits(call))
        cache.append(Stored(call, answer))


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
    """The origins that a policy names one by one."""
    entries = options.get("origins")
    texts = entries.split(",") if isinstance(entries, str) else [*entries] if isinstance(entries, Iterable) else []
    return [text.strip() for text in texts if isinstance(text, str) and text.strip().startswith("http")]


@st.composite
def visits(draw: st.DrawFn, options: st.SearchStrategy[Options]) -> tuple[Flask, list[Call]]:
    """Make a site up, and calls from few origins to few paths of it, so that they meet in the cache."""
    policies = draw(st.tuples(options, options, options))
    friends = [origin for policy in policies for origin in listed(policy)]
    origin = st.one_of(strangers, st.sampled_from(friends)) if friends else strangers
    origins = draw(st.lists(origin, min_size=2, max_size=4, unique=True))
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True))
    call = st.builds(a_call, methods, st.sampled_from(paths), st.sampled_from(origins), languages)
    return site(*policies), draw(st.lists(call, min_size=4, max_size=12))


def varying(options: Options) -> Options:
    """Leave ``vary_header=False`` out: it says that no cache is in front."""
    return {name: value for name, value in options.items() if name != "vary_header" or value is not False}


# The law -------------------------------------------------------------------------------------------------------------


@given(visits(strategies.options.map(varying)))
def test_what_a_cache_may_answer_is_what_the_app_would_answer(visit: tuple[Flask, list[Call]]) -> None:
    assert [*wrongs(*visit)] == []


# The cache itself ----------------------------------------------------------------------------------------------------

GET = Call("GET", "/", {"origin": A, "accept-language": "en"})


@pytest.mark.parametrize(
    ("vary", "stored", "call", "fits"),
    [
        pytest.param("", GET, GET._replace(headers={}), True, id="no Vary: for everybody"),
        pytest.param("Origin", GET, GET._replace(headers={"origin": A}), True, id="the header named is the same"),
        pytest.param("ORIGIN", GET, GET._replace(headers={"origin": B}), False, id="the header named differs"),
        pytest.param("Origin", GET, GET._replace(headers={}), False, id="the header named is missing now"),
        pytest.param("Origin", GET._replace(headers={}), GET, False, id="the header named was missing then"),
        pytest.param("X-A, Origin", GET, GET._replace(headers={"origin": B}), False, id="the second one named differs"),
        pytest.param("*", GET, GET, False, id="Vary: * fits nothing"),
        pytest.param("", GET, GET._replace(path="/other"), False, id="another URL"),
        pytest.param("", GET, GET._replace(method="HEAD"), True, id="HEAD gets what GET has stored"),
        pytest.param("", GET._replace(method="HEAD"), GET, False, id="GET never gets what HEAD has stored"),
    ],
)
def test_the_cache_uses_an_answer_again_where_rfc_9111_lets_it(vary: str, stored: Call, call: Call, fits: bool) -> None:
    app = an_app()
    app.add_url_rule("/", "view", lambda: ("", {"Vary": vary} if vary else {}))
    assert Stored(stored, ask(app.test_client(), "/")).fits(call) is fits


def test_the_law_notices_a_policy_without_vary() -> None:
    forgetful = strategies.options.map(lambda options: {**options, "vary_header": False})
    tries = settings(max_examples=1000, derandomize=True, phases=[Phase.generate])
    find(visits(forgetful), lambda visit: any(wrongs(*visit)), settings=tries)


@pytest.mark.parametrize(
    ("options", "caught"),
    [
        pytest.param({"origins": [A, B]}, [], id="right"),
        pytest.param({"origins": [A, B], "vary_header": False}, [(A, B), (A, None), (B, None)], id="several, no Vary"),
        pytest.param({"origins": A, "vary_header": False}, [(A, B), (B, None)], id="one, no Vary"),
        pytest.param({"always_send": False, "vary_header": False}, [(A, None), (B, None)], id="not always, no Vary"),
        pytest.param({"vary_header": False}, [], id="everyone needs no Vary"),
    ],
)
def test_exactly_the_calls_are_caught_that_may_get_anothers_answer(
    options: Options, caught: list[tuple[str | None, str | None]]
) -> None:
    calls = [a_call("GET", "/refused", origin, None) for origin in (A, B, None)]
    found = wrongs(site(options, options, options), calls)
    assert [(one.headers.get("origin"), other.headers.get("origin")) for one, other in found] == caught
