"""Which headers an answer carries: the tables of the manual, row by row, and what strangers may send."""

import re
import string
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flask_cors
from flask_cors import policy as module
from flask_cors.origins import EVERYONE
from flask_cors.policy import CORSRequest, Policy, is_token, merge_vary
from tests import strategies
from tests.strategies import policy_of

ORIGIN = "Access-Control-Allow-Origin"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSE = "Access-Control-Expose-Headers"
CREDENTIALS = "Access-Control-Allow-Credentials"
MAX_AGE = "Access-Control-Max-Age"

APP = "https://app.example"
OTHER = "https://other.example"
MEGABYTE = 10**6


def answer(policy: Policy, request: CORSRequest) -> dict[str, str]:
    """Return the headers, having seen that none is there twice."""
    pairs = policy.answer(request)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def is_app(origin: str) -> bool:
    return origin == APP


# Names and defaults --------------------------------------------------------------------------------------------------


def test_the_names_of_the_headers_are_those_of_the_standard() -> None:
    exported = {name: getattr(flask_cors, name) for name in flask_cors.__all__ if name.startswith("ACL_")}
    assert exported == {
        "ACL_ORIGIN": ORIGIN,
        "ACL_METHODS": METHODS,
        "ACL_HEADERS": HEADERS,
        "ACL_EXPOSE_HEADERS": EXPOSE,
        "ACL_CREDENTIALS": CREDENTIALS,
        "ACL_MAX_AGE": MAX_AGE,
    }
    assert sorted(module.RESPONSE_HEADERS) == sorted(exported.values())


def test_the_defaults_are_those_of_the_manual() -> None:
    assert Policy()._asdict() == {
        "origins": EVERYONE,
        "methods": None,
        "headers": (),
        "expose_headers": (),
        "supports_credentials": False,
        "max_age": None,
        "send_wildcard": True,
        "always_send": True,
        "automatic_options": True,
        "vary_header": True,
    }


def test_a_policy_is_frozen_and_equals_another_like_it() -> None:
    policy = Policy(max_age=600)
    for name in Policy._fields:
        with pytest.raises(AttributeError, match="set"):
            setattr(policy, name, None)
    assert policy == Policy(max_age=600) != Policy()
    assert hash(policy) == hash(Policy(max_age=600))


def test_an_answer_cannot_be_changed_for_the_next_request() -> None:
    """jub0bs/cors 14: the headers that were handed out were shared."""
    policy = policy_of(headers="X-A", max_age=1)
    for given_out in (policy.answer(CORSRequest("GET", APP)), policy.answer(CORSRequest("OPTIONS", APP, "PUT"))):
        assert {type(given_out), *map(type, given_out)} == {tuple}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({}, ((ORIGIN, "*"),), id="everyone"),
        pytest.param(
            {"methods": "GET", "vary_header": False}, ((ORIGIN, "*"), (METHODS, "GET")), id="and more to be said"
        ),
        pytest.param({"send_wildcard": False}, (), id="everyone, by name"),
        pytest.param({"always_send": False}, (), id="everyone who has an origin"),
        pytest.param({"origins": APP}, (), id="one origin"),
        pytest.param({"origins": []}, (), id="nobody"),
    ],
)
def test_what_is_said_to_everyone_alike_is_ready(options: dict[str, Any], said: Any) -> None:
    assert policy_of(**options).to_everyone == said


def test_what_a_request_does_not_say_is_absent() -> None:
    assert CORSRequest("GET") == ("GET", None, None, None)


# Which requests are preflights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "options"])
@pytest.mark.parametrize("origin", [APP, "null", "", None])
@pytest.mark.parametrize("asked", ["PUT", "", None])
def test_a_preflight_is_options_with_an_origin_and_a_requested_method(
    method: str, origin: str | None, asked: str | None
) -> None:
    expected = method == "OPTIONS" and origin in (APP, "null") and asked == "PUT"
    assert CORSRequest(method, origin, asked).is_preflight is expected
    assert CORSRequest(method, origin, asked, "x-a").is_preflight is expected


# Who is let in, and what is said of it -------------------------------------------------------------------------------

REQUESTS = {
    "GET": CORSRequest("GET"),
    "HEAD": CORSRequest("HEAD"),
    "POST": CORSRequest("POST"),
    "an OPTIONS that is no preflight": CORSRequest("OPTIONS"),
    "a preflight": CORSRequest("OPTIONS", None, "PATCH", "x-b, x-a"),
}
each_request = pytest.mark.parametrize("asked", [pytest.param(request, id=name) for name, request in REQUESTS.items()])

# Options; what `Access-Control-Allow-Origin` says to APP, to OTHER, and without `Origin`; whether that varies.
Row = tuple[dict[str, Any], tuple[str | None, str | None, str | None], bool]
LISTED: dict[str, Row] = {
    "one": ({"origins": APP}, (APP, None, APP), True),
    "one, not always": ({"origins": [APP], "always_send": False}, (APP, None, None), True),
    "one, no wildcard to send": ({"origins": APP, "send_wildcard": False}, (APP, None, APP), True),
    "one that was corrected": ({"origins": "HTTPS://APP.example:443/"}, (APP, None, APP), True),
    "several": ({"origins": f"{APP}, https://b.example"}, (APP, None, None), True),
    "several, not always": ({"origins": [APP, "https://b.example"], "always_send": False}, (APP, None, None), True),
    "subdomains": ({"origins": "https://*.example"}, (APP, OTHER, None), True),
    "any port": ({"origins": f"{APP}:*"}, (APP, None, None), True),
    "a pattern": ({"origins": re.compile(r"https://app\..*")}, (APP, None, None), True),
    "a pattern as a string": ({"origins": r"^https://app\..*$"}, (APP, None, None), True),
    "a function": ({"origins": is_app}, (APP, None, None), True),
    "one and a function": ({"origins": ["https://b.example", is_app]}, (APP, None, None), True),
    "nobody": ({"origins": []}, (None, None, None), False),
    "nobody, not always": ({"origins": "", "always_send": False}, (None, None, None), False),
}
EVERYONES: dict[str, Row] = {
    "everyone": ({}, ("*", "*", "*"), False),
    "everyone, not always": ({"always_send": False}, ("*", "*", None), True),
    "everyone by name": ({"send_wildcard": False}, (APP, OTHER, "*"), True),
    "everyone by name, not always": ({"send_wildcard": False, "always_send": False}, (APP, OTHER, None), True),
    "everyone and one": ({"origins": f"{APP}, *"}, ("*", "*", "*"), False),
    "everyone and one, by name": ({"origins": [APP, "*"], "send_wildcard": False}, (APP, OTHER, "*"), True),
}
CREDENTIALED: dict[str, Row] = {
    f"{name}, with credentials": ({**options, "supports_credentials": True}, allowed, varies)
    for name, (options, allowed, varies) in LISTED.items()
}
ROWS = {**EVERYONES, **LISTED, **CREDENTIALED}
each_row = pytest.mark.parametrize(
    ("options", "allowed", "varies"), [pytest.param(*row, id=name) for name, row in ROWS.items()]
)


@each_request
@each_row
def test_an_answer_carries_exactly_these_headers(
    options: dict[str, Any], allowed: tuple[str | None, ...], varies: bool, asked: CORSRequest
) -> None:
    policy = policy_of(**options)
    beside = {METHODS: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"} if asked.method == "OPTIONS" else {}
    if options.get("supports_credentials"):
        beside[CREDENTIALS] = "true"
    for origin, value in zip((APP, OTHER, None), allowed, strict=True):
        assert answer(policy, asked._replace(origin=origin)) == ({ORIGIN: value, **beside} if value else {})
    assert policy.vary(asked.method) == ("Origin",) * varies


@each_request
@each_row
def test_without_vary_header_the_answer_is_the_same_and_vary_is_left_alone(
    options: dict[str, Any], allowed: tuple[str | None, ...], varies: bool, asked: CORSRequest
) -> None:
    policy, silent = policy_of(**options), policy_of(**options, vary_header=False)
    for origin in (APP, OTHER, None):
        request = asked._replace(origin=origin)
        assert silent.answer(request) == policy.answer(request)
    assert silent.vary(asked.method) == ()
    assert (len(allowed), varies) == (3, bool(policy.vary(asked.method)))


ON_OPTIONS = {METHODS: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"}
PROUD = {CREDENTIALS: "true"}
TRUSTING = {"supports_credentials": True}

# What stands beside the origin: on GET, on an OPTIONS that is no preflight, on a preflight for PATCH with x-b and x-a.
BESIDE = [
    pytest.param({}, {}, ON_OPTIONS, ON_OPTIONS, id="nothing configured"),
    pytest.param({"methods": "put, GET"}, *[{METHODS: "GET, PUT"}] * 3, id="methods"),
    pytest.param({"methods": []}, {}, {}, {}, id="no methods at all"),
    pytest.param({"methods": "*"}, *[{METHODS: "*"}] * 3, id="all methods"),
    pytest.param(
        {"methods": "*", **TRUSTING}, PROUD, PROUD, {METHODS: "PATCH", **PROUD}, id="all methods, with credentials"
    ),
    pytest.param(
        {"methods": ["*", "GET"], **TRUSTING},
        *[{METHODS: "GET", **PROUD}] * 2,
        {METHODS: "GET, PATCH", **PROUD},
        id="all methods and one, with credentials",
    ),
    pytest.param(
        {"headers": ["x-z", "A"]},
        {HEADERS: "A, x-z"},
        *[{HEADERS: "A, x-z", **ON_OPTIONS}] * 2,
        id="headers, and what is asked for makes no difference",
    ),
    pytest.param({"headers": ""}, {}, ON_OPTIONS, ON_OPTIONS, id="no headers at all"),
    pytest.param({"headers": "*"}, {HEADERS: "*"}, *[{HEADERS: "*", **ON_OPTIONS}] * 2, id="all headers"),
    pytest.param(
        {"headers": "X-Z, *"}, {HEADERS: "*, X-Z"}, *[{HEADERS: "*, X-Z", **ON_OPTIONS}] * 2, id="all headers and one"
    ),
    pytest.param(
        {"headers": "*", **TRUSTING},
        PROUD,
        {**PROUD, **ON_OPTIONS},
        {HEADERS: "x-a, x-b", **PROUD, **ON_OPTIONS},
        id="all headers, with credentials",
    ),
    pytest.param(
        {"headers": "*, X-Z, x-a", **TRUSTING},
        {HEADERS: "X-Z, x-a", **PROUD},
        {HEADERS: "X-Z, x-a", **PROUD, **ON_OPTIONS},
        {HEADERS: "X-Z, x-a, x-b", **PROUD, **ON_OPTIONS},
        id="all headers and two, with credentials",
    ),
    pytest.param(
        {"expose_headers": "X-B, ETag"}, {EXPOSE: "ETag, X-B"}, *[{EXPOSE: "ETag, X-B", **ON_OPTIONS}] * 2, id="exposed"
    ),
    pytest.param({"expose_headers": "*"}, {EXPOSE: "*"}, *[{EXPOSE: "*", **ON_OPTIONS}] * 2, id="all exposed"),
    pytest.param({"max_age": 0}, {MAX_AGE: "0"}, *[{MAX_AGE: "0", **ON_OPTIONS}] * 2, id="a maximum age of nothing"),
    pytest.param({"max_age": "600"}, {MAX_AGE: "600"}, *[{MAX_AGE: "600", **ON_OPTIONS}] * 2, id="a maximum age"),
    pytest.param(TRUSTING, PROUD, *[{**PROUD, **ON_OPTIONS}] * 2, id="credentials"),
    pytest.param(
        {"methods": "GET", "headers": "A", "expose_headers": "B", "max_age": 1, **TRUSTING},
        *[{METHODS: "GET", HEADERS: "A", EXPOSE: "B", MAX_AGE: "1", **PROUD}] * 3,
        id="everything",
    ),
]


@pytest.mark.parametrize(("options", "on_get", "on_options", "on_preflight"), BESIDE)
def test_beside_the_origin_stand_exactly_these_headers(
    options: dict[str, Any], on_get: dict[str, str], on_options: dict[str, str], on_preflight: dict[str, str]
) -> None:
    policy = policy_of(origins=APP, **options)
    expected = dict(zip(REQUESTS, [on_get] * 3 + [on_options, on_preflight], strict=True))
    for name, request in REQUESTS.items():
        for origin in (APP, None):
            assert answer(policy, request._replace(origin=origin)) == {ORIGIN: APP, **expected[name]}, name
        assert answer(policy, request._replace(origin=OTHER)) == {}


@pytest.mark.parametrize(
    ("options", "on_get", "on_options"),
    [
        pytest.param({"headers": "*"}, ["Origin"], ["Origin"], id="all headers"),
        pytest.param({"methods": "*"}, ["Origin"], ["Origin"], id="all methods"),
        pytest.param({"headers": "X-A", **TRUSTING}, ["Origin"], ["Origin"], id="a header, with credentials"),
        pytest.param(
            {"headers": "X-A, *", **TRUSTING},
            ["Origin"],
            ["Origin", "Access-Control-Request-Headers"],
            id="all headers, with credentials",
        ),
        pytest.param(
            {"methods": "*", **TRUSTING},
            ["Origin"],
            ["Origin", "Access-Control-Request-Method"],
            id="all methods, with credentials",
        ),
        pytest.param(
            {"methods": "*", "headers": "*", **TRUSTING},
            ["Origin"],
            ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"],
            id="both, with credentials",
        ),
        pytest.param({"headers": "*", "vary_header": False, **TRUSTING}, [], [], id="without vary_header"),
    ],
)
def test_vary_names_what_is_repeated(options: dict[str, Any], on_get: list[str], on_options: list[str]) -> None:
    policy = policy_of(origins=APP, **options)
    assert [list(policy.vary(method)) for method in ("GET", "OPTIONS")] == [on_get, on_options]


# What strangers send -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["", "*", "null\n", "https://app.example\r\nSet-Cookie: a=b", f"{APP}, {APP}", f"{APP}/", "é", "\x00", "a" * 400],
    ids=lambda text: ascii(text[:30]),
)
@each_request
def test_what_is_no_origin_is_never_repeated(origin: str, asked: CORSRequest) -> None:
    request = asked._replace(origin=origin)
    assert answer(policy_of(send_wildcard=False), request) == {}
    assert answer(policy_of(origins=[APP, re.compile(".*", re.DOTALL)]), request) == {}
    assert answer(policy_of(origins=APP), request) == {}
    assert answer(policy_of(), request)[ORIGIN] == "*"


def test_null_is_let_in_with_everyone_and_where_it_is_listed() -> None:
    request = CORSRequest("GET", "null")
    assert answer(policy_of(send_wildcard=False), request) == {ORIGIN: "null"}
    assert answer(policy_of(origins="null"), request) == {ORIGIN: "null"}
    assert answer(policy_of(origins=APP), request) == {}


def test_a_function_is_asked_once_and_only_if_there_is_an_origin() -> None:
    asked: list[str] = []

    def note(origin: str) -> bool:
        asked.append(origin)
        return True

    policy = policy_of(origins=note)
    assert answer(policy, CORSRequest("OPTIONS", None, "PUT")) == {}
    assert asked == []
    assert answer(policy, CORSRequest("OPTIONS", APP, "PUT"))[ORIGIN] == APP
    assert asked == [APP]


def test_what_a_function_raises_comes_through() -> None:
    def fail(origin: str) -> bool:
        raise LookupError(origin)

    with pytest.raises(LookupError):
        policy_of(origins=fail).answer(CORSRequest("GET", APP))


REPEATING = policy_of(origins=APP, methods="*", headers="*", supports_credentials=True)


def repeated(requested: str) -> str:
    """Return what is repeated of a list, having seen that for methods and headers it is the same."""
    found = answer(REPEATING, CORSRequest("OPTIONS", APP, requested, requested))
    assert found.get(METHODS) == found.get(HEADERS)
    return found.get(HEADERS, "")


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        pytest.param("x-a", "x-a", id="a name"),
        pytest.param("x-b,x-a", "x-a, x-b", id="two, which are sorted"),
        pytest.param(" x-a ,\tx-b\t", "x-a, x-b", id="blanks around names"),
        pytest.param("X-A, x-a, x-a", "X-A, x-a", id="a name twice, and in capitals"),
        pytest.param("", "", id="nothing"),
        pytest.param(",, ,", "", id="commas"),
        pytest.param("*", "", id="the wildcard, which would be a name"),
        pytest.param("*, x-a", "x-a", id="the wildcard and a name"),
        pytest.param("x a, x-b", "x-b", id="a blank inside a name"),
        pytest.param("x-a\r\nSet-Cookie: a=b, x-b", "x-b", id="a line with a header"),
        pytest.param("x-a\n, x-b", "x-b", id="a line feed behind a name"),
        pytest.param("x-a\x0b, x-b\xa0, x-c", "x-c", id="blanks that are none in HTTP"),
        pytest.param('x:, "x", (x), x/y, x=y, x;y, x@y, x[y], {x}, x?, <x>, x\\y', "", id="what is no token"),
        pytest.param("é, x\x00, \x7f, \u212a, x-a", "x-a", id="what is no ASCII"),
        pytest.param("a" * 128, "a" * 128, id="a name of 128 characters"),
        pytest.param("a" * 129 + ", x-a", "x-a", id="a name of 129 characters"),
    ],
)
def test_what_is_asked_for_is_repeated_if_it_is_a_token(requested: str, expected: str) -> None:
    assert repeated(requested) == expected


def test_the_first_64_names_are_repeated() -> None:
    names = [f"x-{number:03}" for number in range(70)]
    for count in (64, 65, 70):
        assert repeated(",".join(names[:count])) == ", ".join(names[:64])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("," * MEGABYTE, id="CVE-2025-47908, rs/cors: commas"),
        pytest.param(" ," * MEGABYTE, id="CVE-2026-69207, hono: blanks and commas"),
        pytest.param(" " * MEGABYTE, id="blanks"),
        pytest.param("x-a," * MEGABYTE, id="one name often"),
        pytest.param(",".join(map("x-{:07}".format, range(MEGABYTE // 10))), id="many names"),
        pytest.param("x" * MEGABYTE, id="one long name"),
        pytest.param(",".join(["x" * 129] * 10_000), id="many long names"),
    ],
)
def test_a_megabyte_makes_little_work_and_a_short_answer(text: str) -> None:
    tracemalloc.start()
    try:
        found = repeated(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) <= 64 * 130
    assert most < 2 * len(text) + 100_000, "more than a copy or two of it was made"


@pytest.mark.parametrize("name", ["Content-Type", "GET", "*", "x_y", "!#$%&'*+-.^_`|~", string.ascii_letters, "0"])
def test_these_are_tokens(name: str) -> None:
    assert is_token(name)


@pytest.mark.parametrize("name", ["", "a b", "a\n", " a", "a ", "ä", "\u212a", "a:b", "a,b"], ids=ascii)
def test_these_are_no_tokens(name: str) -> None:
    assert not is_token(name)


def test_of_all_characters_77_may_stand_in_a_token() -> None:
    found = {character for character in map(chr, range(0x3000)) if is_token(character)}
    assert found == set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")


# Vary ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "needed", "merged"),
    [
        pytest.param("", "Origin", "Origin", id="nothing was there"),
        pytest.param("Cookie", "Origin", "Origin, Cookie", id="the origin comes first"),
        pytest.param("Origin", "Origin", "Origin", id="never twice"),
        pytest.param("origin, ORIGIN", "Origin", "Origin", id="never twice, in any case"),
        pytest.param("Cookie, oRiGiN , Accept", "Origin", "Origin, Cookie, Accept", id="the order stays"),
        pytest.param(" Cookie ,, Accept,", "Origin", "Origin, Cookie, Accept", id="blanks and empty pieces go"),
        pytest.param("*", "Origin", "*", id="the wildcard stays"),
        pytest.param("Cookie, *", "Origin", "*", id="the wildcard among others stays alone"),
        pytest.param("X-*", "Origin", "Origin, X-*", id="a star in a name is no wildcard"),
        pytest.param("Original", "Origin", "Origin, Original", id="a longer name is another"),
        pytest.param("B, A", "Origin, A", "Origin, A, B", id="several are needed"),
    ],
)
def test_vary_is_merged_into_what_was_there(present: str, needed: str, merged: str) -> None:
    assert merge_vary(present, needed) == merged


@given(
    st.lists(st.sampled_from(["Origin", "origin", "Cookie", "Accept", "*", ""])).map(", ".join),
    st.sampled_from(["Origin", "Origin, Cookie", "Origin, Access-Control-Request-Headers"]),
)
def test_vary_merged_twice_is_vary_merged_once_and_loses_nothing(present: str, needed: str) -> None:
    merged = merge_vary(present, needed)
    names = [name.lower() for name in merged.split(", ")]
    assert merge_vary(merged, needed) == merged
    wanted = {*filter(None, f"{needed}, {present}".lower().split(", "))}
    assert names == ["*"] if "*" in wanted else sorted(names) == sorted(wanted)


# Laws ----------------------------------------------------------------------------------------------------------------


@given(strategies.policies, strategies.requests)
def test_an_answer_is_valid_and_says_nothing_that_was_not_configured(policy: Policy, request: CORSRequest) -> None:
    """CVE-2024-6221: a header that nobody asked for was sent by default."""
    found = answer(policy, request)
    configured = {
        ORIGIN: True,
        METHODS: policy.methods if policy.methods is not None else request.method == "OPTIONS",
        HEADERS: policy.headers,
        EXPOSE: policy.expose_headers,
        CREDENTIALS: policy.supports_credentials,
        MAX_AGE: policy.max_age is not None,
    }
    assert found.keys() <= {name for name, is_configured in configured.items() if is_configured}
    assert not found or ORIGIN in found
    assert all(re.fullmatch(r"[!-~]+(, [!-~]+)*", value) for value in found.values())


@given(strategies.policies, strategies.requests)
def test_the_origin_is_one_value_and_granted_only_to_whom_the_policy_lists(
    policy: Policy, request: CORSRequest
) -> None:
    value = answer(policy, request).get(ORIGIN)
    if request.origin is None:
        assert value in (None, "*" if policy.origins.everyone else policy.origins.only)
    elif value is not None:
        assert policy.origins.admit(request.origin)
        assert value in ("*", request.origin)


@given(strategies.policies, strategies.requests)
def test_a_wildcard_never_stands_beside_credentials(policy: Policy, request: CORSRequest) -> None:
    found = answer(policy, request)
    if CREDENTIALS in found:
        assert "*" not in {found[ORIGIN], *found.get(METHODS, "").split(", "), *found.get(HEADERS, "").split(", ")}


@pytest.mark.parametrize(
    ("part", "name", "values"),
    [
        pytest.param("origin", "Origin", strategies.origin_headers, id="the origin"),
        pytest.param(
            "requested_method", "Access-Control-Request-Method", strategies.method_names, id="the method asked for"
        ),
        pytest.param(
            "requested_headers", "Access-Control-Request-Headers", strategies.header_names, id="the headers asked for"
        ),
    ],
)
@given(policy=strategies.policies, request_=strategies.requests, data=st.data())
def test_where_two_answers_differ_by_it_vary_names(
    part: str, name: str, values: st.SearchStrategy[Any], policy: Policy, request_: CORSRequest, data: st.DataObject
) -> None:
    other = request_._replace(**{part: data.draw(values)})
    if policy.answer(request_) != policy.answer(other):
        assert name in policy.vary(request_.method) or not policy.vary_header
