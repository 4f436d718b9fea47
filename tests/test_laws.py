"""The laws of CORS, for policies and requests that Hypothesis makes up, through a real app.

The judge is what Fetch lets a browser do (https://fetch.spec.whatwg.org/), and what each option is documented to mean;
nothing of the code under test judges itself. ``LAWS=10000`` tries that many examples of each.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from flask import Blueprint, Flask
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_cors import CORS, cross_origin
from tests.helpers import an_app, ask, cors_headers, preflight

# Policies, and whom they let in --------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """One entry of ``origins``, and the origins that it is documented to let in."""

    written: Any
    admits: Callable[[str], bool]


def is_from_f(origin: str) -> bool:
    return origin.endswith("//f.example")


def fails(_: str) -> bool:
    raise LookupError("no such\ntable")


def exactly(*origins: str) -> Callable[[str], bool]:
    return lambda origin: origin in origins


ENTRIES = [
    Entry("https://a.example", exactly("https://a.example")),
    Entry("https://b.example", exactly("https://b.example")),
    Entry("https://a.example:8443", exactly("https://a.example:8443")),
    Entry("http://localhost:*", lambda origin: origin.split(":")[:2] == ["http", "//localhost"]),
    Entry("https://*.a.example", lambda origin: origin.startswith("https://") and origin.endswith(".a.example")),
    Entry("https://*.b.example:81", lambda origin: origin.startswith("https://") and origin.endswith(".b.example:81")),
    Entry(re.compile(r"https://p[0-9]\.example"), exactly(*(f"https://p{digit}.example" for digit in range(10)))),
    Entry(r"^https://q\.example$", exactly("https://q.example")),
    Entry(is_from_f, is_from_f),
]
EVERYBODY = Entry("*", lambda _: True)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"]
NAMES = ["X-A", "X-B", "Content-Type", "Authorization"]
METHODS_BY_DEFAULT = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

Options = dict[str, Any]


class Given(NamedTuple):
    """The options of a policy, and what they are documented to mean."""

    options: Options
    entries: list[Entry]

    def admits(self, origin: str, credentials: bool = False) -> bool:
        allowed = any(entry.admits(origin) for entry in self.entries)
        return allowed and (not credentials or self.options.get("supports_credentials", False))

    def allows(self, method: str, headers: set[str]) -> bool:
        methods, names = self.options.get("methods"), set(self.options.get("headers", ()))
        named = {name.lower() for name in names} | {"accept"}
        # Without credentials, "*" does not stand for Authorization: Fetch, #cors-non-wildcard-request-header-name.
        starred = self.options.get("supports_credentials") or "authorization" in named or "Authorization" not in headers
        return (
            method in {"GET", "HEAD", "POST"}
            or method in (METHODS_BY_DEFAULT if methods is None else methods)
            or "*" in (methods or ())
        ) and ({name.lower() for name in headers} <= named or ("*" in names and bool(starred)))


def as_given(options: Options, entries: list[Entry] | None) -> Given:
    if entries is None:
        assume(not options.get("supports_credentials"))
        return Given(options, [EVERYBODY])
    return Given({**options, "origins": [entry.written for entry in entries]}, entries)


policies = st.builds(
    as_given,
    st.fixed_dictionaries(
        {},
        optional={
            "methods": st.lists(st.sampled_from([*METHODS, "*"]), max_size=3),
            "headers": st.lists(st.sampled_from([*NAMES, "*"]), max_size=3),
            "expose_headers": st.lists(st.sampled_from([*NAMES, "*"]), max_size=2),
            "supports_credentials": st.booleans(),
            "max_age": st.integers(0, 86400),
            "send_wildcard": st.booleans(),
            "always_send": st.booleans(),
            "automatic_options": st.booleans(),
            "vary_header": st.booleans(),
        },
    ),
    st.none() | st.lists(st.sampled_from(ENTRIES), max_size=4, unique=True),
)

# Origins as browsers send them: listed, nearly listed, and far from it.
ORIGINS = [
    *("https://a.example", "https://b.example", "https://a.example:8443", "http://localhost", "http://localhost:3000"),
    *("https://x.a.example", "https://x.y.a.example", "https://x.b.example:81", "https://p7.example", "null"),
    *("https://q.example", "https://f.example", "http://f.example", "http://a.example", "https://a.example:444"),
    *("https://a.example.evil.test", "https://evila.example", "https://a-example", "https://aXexample".lower()),
    *("https://a.exampl", "https://a.example.com", "https://b.example:81", "https://x.a.example:81"),
    *("https://evil-a.example", "https://xa.example", "https://p77.example", "https://p7.example.test"),
    *("https://p7xexample", "https://qxexample", "https://q.example.test", "http://localhost.evil.test"),
    *("https://localhost", "http://xlocalhost:3000", "https://x.b.example:811", "https://evil.test"),
]
origins = st.sampled_from(ORIGINS)


# Where a policy may stand --------------------------------------------------------------------------------------------

BY_HAND = {"X-Own": "1", "Vary": "Cookie", "Access-Control-Allow-Origin": "https://by.hand.example"}
View = Callable[[], Any]


def a_view() -> Any:
    return "the view's own", 201, {"X-Own": "1", "Vary": "Cookie"}


def a_view_with_headers_by_hand() -> Any:
    return "the view's own", 418, BY_HAND


views = st.sampled_from([a_view, a_view_with_headers_by_hand])


def route(scaffold: Flask | Blueprint, view: View) -> None:
    scaffold.add_url_rule("/view", "view", view, methods=["GET", "POST", "PUT"])


def nowhere(app: Flask, view: View, _: Options) -> None:
    route(app, view)


def on_the_app(app: Flask, view: View, options: Options) -> None:
    CORS(app, **options)
    route(app, view)


def on_a_resource(app: Flask, view: View, options: Options) -> None:
    CORS(app, resources={"/view": options, "/": {"origins": []}})
    route(app, view)


def in_the_config(app: Flask, view: View, options: Options) -> None:
    CORS(app)
    app.config.update({f"CORS_{name.upper()}": value for name, value in options.items()})
    route(app, view)


def on_a_blueprint(app: Flask, view: View, options: Options) -> None:
    blueprint = Blueprint("inside", __name__)
    CORS(blueprint, **options)
    route(blueprint, view)
    app.register_blueprint(blueprint)


def on_the_view(app: Flask, view: View, options: Options) -> None:
    CORS(app, origins=[])
    route(app, cross_origin(**options)(view))


def on_the_view_alone(app: Flask, view: View, options: Options) -> None:
    route(app, cross_origin(**options)(view))


places = st.sampled_from([on_the_app, on_a_resource, in_the_config, on_a_blueprint, on_the_view, on_the_view_alone])
Place = Callable[[Flask, View, Options], None]


def serve(place: Place, policy: Given, view: View = a_view) -> Flask:
    app = an_app()
    place(app, view, policy.options)
    return app


# What Fetch says -----------------------------------------------------------------------------------------------------

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


def assert_valid(response: TestResponse) -> None:
    found = cors_headers(response)  # what is there twice has a value that no grammar knows
    assert {name: value for name, value in found.items() if not re.fullmatch(GRAMMAR[name], value, re.ASCII)} == {}
    assert (found.get("Access-Control-Allow-Origin"), found.get("Access-Control-Allow-Credentials")) != ("*", "true")
    others = found.keys() - {"Access-Control-Allow-Origin", "Vary"}
    assert "Access-Control-Allow-Origin" in found or not others, "nothing is said to who is not let in"


def listed(response: TestResponse, name: str) -> set[str]:
    return {item.strip() for value in response.headers.getlist(name) for item in value.split(",")} - {""}


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
    star = not credentials
    return (method in methods | {"GET", "HEAD", "POST"} or (star and "*" in methods)) and all(
        name.lower() in names | {"accept"} or (star and "*" in names and name != "Authorization") for name in headers
    )


# The laws ------------------------------------------------------------------------------------------------------------


@given(policies, places, views, st.sampled_from(METHODS), st.sampled_from(["/view", "/none"]), st.none() | origins)
def test_every_header_is_valid_and_there_once_and_no_credentials_stand_beside_everyone(
    policy: Given, place: Place, view: View, method: str, path: str, origin: str | None
) -> None:
    covered = path == "/view" and not (place is on_the_view_alone and method not in {"GET", "HEAD", "POST", "PUT"})
    assume(covered or view is a_view)  # else what was set by hand is nobody's affair but the view's
    assert_valid(ask(serve(place, policy, view).test_client(), path, origin, method=method))


@given(policies, places, views, st.sampled_from(["GET", "HEAD", "POST", "PUT"]), origins, st.booleans())
def test_a_page_can_read_an_answer_exactly_when_the_policy_says_so(
    policy: Given, place: Place, view: View, method: str, origin: str, credentials: bool
) -> None:
    response = ask(serve(place, policy, view).test_client(), "/view", origin, method=method)
    assert may_read(response, origin, credentials) == policy.admits(origin, credentials)


@given(
    policies,
    places,
    st.sampled_from([method for method in METHODS if method != "OPTIONS"]),
    st.sets(st.sampled_from([*NAMES, "Accept"])),
    origins,
    st.booleans(),
)
def test_a_page_can_send_a_request_exactly_when_the_policy_says_so(
    policy: Given, place: Place, method: str, headers: set[str], origin: str, credentials: bool
) -> None:
    alone = place is on_the_view_alone  # which answers only for a view that would be decorated for that method
    assume(policy.options.get("automatic_options", True) or not alone)
    asked = ",".join(sorted(name.lower() for name in headers))
    response = preflight(serve(place, policy).test_client(), "/view", origin, method, asked)
    assert_valid(response)
    allowed = policy.admits(origin, credentials) and policy.allows(method, headers)
    if policy.options.get("supports_credentials") and not credentials:
        # The names are repeated for pages that send credentials, and then serve those that do not, too.
        assume("*" not in {*policy.options.get("headers", ()), *(policy.options.get("methods") or ())} or not allowed)
    assert may_send(response, origin, credentials, method, headers) == allowed


@given(
    policies,
    places,
    views,
    st.sampled_from(METHODS),
    st.sampled_from(["/view", "/none"]),
    st.none() | origins | st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=20),
    st.none() | origins,
    st.sampled_from([{}, {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a, x-c"}]),
)
def test_if_two_requests_differ_in_origin_alone_and_their_answers_differ_both_vary_by_it(
    policy: Given,
    place: Place,
    view: View,
    method: str,
    path: str,
    one: str | None,
    other: str | None,
    asked: dict[str, str],
) -> None:
    assume(policy.options.get("vary_header") is not False)
    app = serve(place, policy, view)
    answers = [ask(app.test_client(), path, origin, method=method, headers=asked) for origin in (one, other)]
    # An answer to OPTIONS is in no cache (RFC 9110, 9.3.7); what counts is what it says to browsers.
    if what_counts(answers[0], method) != what_counts(answers[1], method):
        assert all("Origin" in listed(answer, "Vary") for answer in answers)


def what_counts(response: TestResponse, method: str) -> object:
    said = {name: value for name, value in cors_headers(response).items() if name != "Vary"}
    return said if method == "OPTIONS" else (response.status, response.data, said, sorted(beside_cors(response)))


def beside_cors(response: TestResponse) -> list[tuple[str, str]]:
    return [pair for pair in response.headers if pair[0] != "Vary" and not pair[0].startswith("Access-Control-")]


@given(
    policies,
    places,
    views,
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"]),
    st.sampled_from(["/view", "/none", "/view/"]),
    st.none() | origins,
)
def test_what_the_view_says_itself_is_untouched(
    policy: Given, place: Place, view: View, method: str, path: str, origin: str | None
) -> None:
    plain = ask(serve(nowhere, policy, view).test_client(), path, origin, method=method)
    answer = ask(serve(place, policy, view).test_client(), path, origin, method=method)
    assert (answer.status, answer.data, beside_cors(answer)) == (plain.status, plain.data, beside_cors(plain))
    assert listed(answer, "Vary") - {"Origin"} == listed(plain, "Vary")
    if not policy.options.get("vary_header", True):
        assert answer.headers.getlist("Vary") == plain.headers.getlist("Vary")


near_misses = st.one_of(
    st.builds(
        "{}{}".format, origins, st.sampled_from([".evil.test", "x", "/", ":1", "0", "%00", "\x00", " ", "?", ","])
    ),
    st.builds("{}{}".format, st.sampled_from(["x", " ", "null", "https://evil.test,"]), origins),
    origins.map(str.upper),
    origins.map(lambda origin: origin.replace(".", "x", 1)),
    origins.map(lambda origin: origin.replace(".", "%2E", 1)),
    origins.map(lambda origin: origin.replace("https", "http")),
    origins.map(lambda origin: origin.replace("//", "//user@")),
    origins.map(lambda origin: origin.replace("//", "//evil.test\\@")),
    st.tuples(origins, origins).map(", ".join),
    st.tuples(origins, origins).map(" ".join),
)


@given(policies, places, near_misses, st.sampled_from(["GET", "OPTIONS"]))
def test_what_is_not_listed_is_never_let_in(policy: Given, place: Place, origin: str, method: str) -> None:
    assume(policy.entries != [EVERYBODY] and not policy.admits(origin))
    response = ask(serve(place, policy).test_client(), "/view", origin, method=method)
    assert cors_headers(response).keys() <= {"Vary"}


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


pieces_of_bytes = st.sampled_from([b",", b" ", b"x-a", b"\t", b"*", b"https://a.example", b"\r\n", b"\xff", b"a" * 200])
hostile = st.one_of(
    st.binary(max_size=30), st.lists(pieces_of_bytes, max_size=200).map(b"".join), st.just(b"https://a.example")
).map(lambda raw: raw.decode("latin-1"))


@given(policies, places, st.booleans(), st.sampled_from(["GET", "OPTIONS", "PUT"]), hostile, hostile, hostile, hostile)
def test_any_bytes_at_all_get_an_ordinary_answer(
    policy: Given, place: Place, failing: bool, method: str, path: str, origin: str, asked: str, names: str
) -> None:
    options = {**policy.options, "origins": [fails]} if failing else policy.options
    app = serve(place, policy._replace(options=options))
    app.add_url_rule("/folder/<int:number>/", "folder", a_view)
    environ = {
        "PATH_INFO": path if path.startswith("\xff") else f"/{path}",
        "HTTP_ORIGIN": origin,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": asked,
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
    }
    with logged() as lines:
        for information in (environ, {**environ, "PATH_INFO": "/view"}):
            response = app.test_client().open("/", method=method, environ_overrides=information)
            assert_harmless(response, lines)
            lines.clear()


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
    CORS(app, origins=[entry.written for entry in ENTRIES], headers="*", methods="*", supports_credentials=True)
    app.add_url_rule("/folder/", view_func=a_view)
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "x-a"}
    environ = {"PATH_INFO": "/folder", "HTTP_ORIGIN": "https://a.example", **asked, key: value}
    with logged() as lines:
        started = time.process_time()
        response = app.test_client().open("/", method="OPTIONS", environ_overrides=environ)
        assert time.process_time() - started < 1
    assert_harmless(response, lines)
