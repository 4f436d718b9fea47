"""Policies: which headers a response carries, row by row, and what of a request can get into them."""

import itertools
import re
import string
from typing import Any
from unittest import mock

import pytest

import flask_cors
from flask_cors.options import build_resources, parse_keywords
from flask_cors.policy import CORS_HEADERS, DENY_ALL, CORSRequest, Policy, is_token
from tests.helpers import ALL_METHODS, DENIED
from tests.tables import table

ORIGIN, METHODS, HEADERS = (f"Access-Control-Allow-{name}" for name in ("Origin", "Methods", "Headers"))
EXPOSE, CREDENTIALS, MAX_AGE = (f"Access-Control-{name}" for name in ("Expose-Headers", "Allow-Credentials", "Max-Age"))
VARY_METHOD, VARY_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"

APP, OTHER = "https://app.example", "https://other.example"
LISTED = {ORIGIN: APP, "Vary": "Origin"}
TRUSTING = {"supports_credentials": True}
TRUE = {CREDENTIALS: "true"}

PREFLIGHT = CORSRequest("OPTIONS", None, "PATCH", "x-b, x-a")
REQUESTS = [*map(CORSRequest, ("GET", "HEAD", "POST", "OPTIONS")), PREFLIGHT]


def policy_of(**options: Any) -> Policy:
    [(_, policy)] = build_resources(parse_keywords(options, "policy_of()")).rules
    return policy


def headers_of(policy: Policy, request: CORSRequest, origin: str | None = None) -> dict[str, str]:
    """Return the headers, having seen that none stands twice, and that ``Vary`` is the last."""
    pairs = policy.response_headers(request if origin is None else request._replace(origin=origin))
    names = [name for name, _ in pairs]
    assert (len({*names}), "Vary" in names[:-1]) == (len(names), False)
    return dict(pairs)


def test_the_names_of_the_headers_are_those_of_the_standard() -> None:
    expected = (ORIGIN, METHODS, HEADERS, EXPOSE, CREDENTIALS, MAX_AGE)
    names = ["ORIGIN", "METHODS", "HEADERS", "EXPOSE_HEADERS", "CREDENTIALS", "MAX_AGE"]
    assert tuple(getattr(flask_cors, f"ACL_{name}") for name in names) == expected == CORS_HEADERS


def test_a_policy_and_its_headers_cannot_be_changed_for_the_next_request() -> None:
    """jub0bs/cors 14: the headers that were handed out were shared."""
    policy = policy_of(headers="X-A", max_age=1)
    with pytest.raises(AttributeError, match="set"):
        policy.max_age = 2  # type: ignore[misc]
    for request in REQUESTS:
        assert {tuple} == {type(policy.response_headers(request)), *map(type, policy.response_headers(request))}


def test_a_preflight_is_options_with_an_origin_and_a_method() -> None:
    requests = itertools.product(["OPTIONS", "GET", "options"], [APP, "null", "", None], ["PUT", "", None])
    preflights = [request for request in requests if CORSRequest(*request).is_preflight is True]
    assert preflights == [("OPTIONS", APP, "PUT"), ("OPTIONS", "null", "PUT")]


# Options; `Access-Control-Allow-Origin` for APP, for OTHER and without `Origin`; whether the response varies.
LISTS: list[tuple[str, dict[str, Any], tuple[str | None, ...], bool]] = [
    ("one", {"origins": APP}, (APP, None, APP), True),
    ("one, not as a wildcard", {"origins": APP, "send_wildcard": False}, (APP, None, APP), True),
    ("several", {"origins": f"{APP}, https://b.example"}, (APP, None, None), True),
    ("subdomains", {"origins": "https://*.example"}, (APP, OTHER, None), True),
    ("any port", {"origins": f"{APP}:*"}, (APP, None, None), True),
    ("one and a function", {"origins": ["https://b.example", APP.__eq__]}, (APP, None, None), True),
    ("none", {"origins": []}, (None, None, None), False),
]


@table(
    "options, values, varies",
    *LISTS,
    *((f"{name}, with credentials", {**options, **TRUSTING}, *row) for name, options, *row in LISTS),
    ("every", {}, ("*", "*", "*"), False),
    ("every, not always", {"always_send": False}, ("*", "*", None), True),
    ("every by name", {"send_wildcard": False}, (APP, OTHER, "*"), True),
    ("every by name, not always", {"send_wildcard": False, "always_send": False}, (APP, OTHER, None), True),
    ("every and one, by name", {"origins": [APP, "*"], "send_wildcard": False}, (APP, OTHER, "*"), True),
)
def test_a_response_carries_exactly_these_headers(options: Any, values: tuple[str, ...], varies: bool) -> None:
    policy, without_vary = policy_of(**options), policy_of(**options, vary_header=False)
    for request in REQUESTS:
        others = (ALL_METHODS if request.method == "OPTIONS" else {}) | (TRUE if policy.supports_credentials else {})
        for origin, value in zip((APP, OTHER, None), values, strict=True):
            expected = {ORIGIN: value, **others} if value else {}
            assert headers_of(policy, request, origin) == expected | (DENIED if varies else {})
            assert headers_of(without_vary, request, origin) == expected


@table(
    "options, on_get, on_options",
    ("nothing configured", {}, {}, ALL_METHODS),
    ("methods", {"methods": "put, GET"}, {METHODS: "GET, PUT"}, {}),
    ("no methods at all", {"methods": []}, {}, {}),
    ("all methods", {"methods": "*"}, {METHODS: "*"}, {}),
    ("headers, whatever is requested", {"headers": ["x-z", "A"]}, {HEADERS: "A, x-z"}, ALL_METHODS),
    ("all headers and one", {"headers": "X-Z, *"}, {HEADERS: "*, X-Z"}, ALL_METHODS),
    ("exposed headers", {"expose_headers": "B, A, *"}, {EXPOSE: "*, A, B"}, ALL_METHODS),
    ("a maximum age of 0", {"max_age": 0}, {MAX_AGE: "0"}, ALL_METHODS),
    ("credentials", TRUSTING, TRUE, ALL_METHODS),
    ("two lists", {"methods": "GET", "headers": "A", "max_age": 1}, {METHODS: "GET", HEADERS: "A", MAX_AGE: "1"}, {}),
)
def test_beside_the_origin_stand_exactly_these_headers(options: Any, on_get: Any, on_options: Any) -> None:
    policy = policy_of(origins=APP, **options)
    for request in REQUESTS:
        expected = LISTED | on_get | (on_options if request.method == "OPTIONS" else {})
        assert headers_of(policy, request, APP) == headers_of(policy, request) == expected
        assert headers_of(policy, request, OTHER) == DENIED


@table(
    "options, otherwise, on_preflight, varies",
    ("methods and one", {"methods": "*, GET"}, {METHODS: "GET"}, {METHODS: "GET, PATCH"}, [VARY_METHOD]),
    ("headers and one", {"headers": "*, x-a", "methods": []}, {HEADERS: "x-a"}, {HEADERS: "x-a, x-b"}, [VARY_HEADERS]),
    ("all", {"headers": "*", "methods": "*"}, {}, {METHODS: "PATCH", HEADERS: "x-a, x-b"}, [VARY_METHOD, VARY_HEADERS]),
)
def test_with_credentials_the_wildcard_becomes_the_requested_names(
    options: Any, otherwise: dict[str, str], on_preflight: dict[str, str], varies: list[str]
) -> None:
    policy, without_vary = [policy_of(origins=APP, vary_header=vary, **options, **TRUSTING) for vary in (True, False)]
    for request in REQUESTS:
        expected = {ORIGIN: APP} | TRUE | (on_preflight if request is PREFLIGHT else otherwise)
        vary = {"Vary": ", ".join(["Origin", *(varies if request.method == "OPTIONS" else [])])}
        assert headers_of(policy, request, APP) == expected | vary
        assert headers_of(without_vary, request, APP) == expected
        assert headers_of(policy, request, OTHER) == vary


def test_with_credentials_the_names_are_those_of_a_preflight_only() -> None:
    policy = policy_of(origins=APP, headers="*", **TRUSTING)
    for request in REQUESTS[:3]:
        assert headers_of(policy, request, APP) == LISTED | TRUE
    assert headers_of(policy, PREFLIGHT, APP)[METHODS] == ALL_METHODS[METHODS]


def test_a_denied_path_has_no_header_but_vary() -> None:
    assert [headers_of(DENY_ALL, request, origin) for request in REQUESTS for origin in (APP, None)] == [DENIED] * 10


NO_ORIGINS = ["", "*", "null\n", f"{APP}\r\nSet-Cookie: a=b", f"{APP}, {APP}", f"{APP}/", "é", "\x00", "a" * 400]


def test_what_is_no_origin_is_never_sent_back_and_null_where_it_is_allowed() -> None:
    for request in (request._replace(origin=origin) for request in REQUESTS for origin in NO_ORIGINS):
        for options in ({"send_wildcard": False}, {"origins": [APP, re.compile(".*", re.DOTALL)]}, {"origins": APP}):
            assert headers_of(policy_of(**options), request) == DENIED
        assert headers_of(policy_of(), request)[ORIGIN] == "*"
    assert headers_of(policy_of(origins=APP), REQUESTS[0], "null") == DENIED
    assert headers_of(policy_of(send_wildcard=False), REQUESTS[0], "null") == {ORIGIN: "null", "Vary": "Origin"}


def test_a_function_is_called_only_if_there_is_an_origin_and_the_result_is_not_known() -> None:
    function = mock.Mock(side_effect=[True, LookupError])
    policy, preflight = policy_of(origins=function), PREFLIGHT._replace(origin=APP)
    assert headers_of(policy, PREFLIGHT) == dict(policy.response_headers(preflight, False)) == DENIED
    assert dict(policy.response_headers(preflight, True)) == LISTED | ALL_METHODS
    assert function.call_args_list == []
    assert headers_of(policy, preflight) == LISTED | ALL_METHODS
    assert function.call_args_list == [mock.call(APP)]
    with pytest.raises(LookupError):
        policy.allows(APP)


SOME = [f"x{number:02}" for number in range(70)]


@table(
    "requested, expected",
    ("white space around names, which are sorted", " x-b ,\tx-a\t", "x-a, x-b"),
    ("a name twice, and in capitals", "X-A, x-a, x-a", "X-A, x-a"),
    ("the wildcard, which is a name", "*, x-a", "*, x-a"),
    ("a line with a header", "x-a\r\nSet-Cookie: a=b, x-b", "x-b"),
    ("white space that is none in HTTP", "x-a\x0b, x-b\xa0, x-c", "x-c"),
    ("what is no token", 'x:, "x", (x), x/y, x=y, x;y, x@y, x[y], {x}, x?, <x>, x\\y', ""),
    ("what is no ASCII", "é, x\x00, \x7f, \u212a, x-a", "x-a"),
    ("names of 128 and of 129 characters", f"{'a' * 128}, {'b' * 129}", "a" * 128),
    *((f"{count} names", ",".join(SOME[:count]), ", ".join(SOME[:64])) for count in (64, 65, 70)),
)
def test_a_requested_name_is_sent_if_it_is_a_token(requested: str, expected: str) -> None:
    policy = policy_of(origins=APP, methods="*", headers="*", supports_credentials=True)
    found = headers_of(policy, CORSRequest("OPTIONS", APP, requested, requested))
    assert found.get(METHODS, "") == found.get(HEADERS, "") == expected


def test_of_all_characters_77_can_stand_in_a_token() -> None:
    found = {character for character in map(chr, range(0x3000)) if is_token(character)}
    assert found == set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
    assert [is_token(name) for name in ("Content-Type", "", "a\n")] == [True, False, False]
