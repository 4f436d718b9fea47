"""Policies: which headers a response carries, row by row, and what of a request can get into them."""

import re
import string
import tracemalloc
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flask_cors
from flask_cors import policy as module
from flask_cors.options import CORSWarning, build_resources, parse_keywords
from flask_cors.origins import ANY_ORIGIN
from flask_cors.policy import DENY_ALL, CORSRequest, Policy, is_token, merge_vary
from tests.tables import table

ORIGIN = "Access-Control-Allow-Origin"
METHODS = "Access-Control-Allow-Methods"
HEADERS = "Access-Control-Allow-Headers"
EXPOSE = "Access-Control-Expose-Headers"
CREDENTIALS = "Access-Control-Allow-Credentials"
MAX_AGE = "Access-Control-Max-Age"

APP = "https://app.example"
OTHER = "https://other.example"
MEGABYTE = 10**6
LISTED = {ORIGIN: APP, "Vary": "Origin"}
ON_OPTIONS = {METHODS: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}
TRUE = {CREDENTIALS: "true"}
TRUSTING = {"supports_credentials": True}

REQUESTS = {
    "GET": CORSRequest("GET"),
    "HEAD": CORSRequest("HEAD"),
    "POST": CORSRequest("POST"),
    "an OPTIONS that is no preflight": CORSRequest("OPTIONS"),
    "a preflight": CORSRequest("OPTIONS", None, "PATCH", "x-b, x-a"),
}
each_request = pytest.mark.parametrize(
    "request_", [pytest.param(request, id=name) for name, request in REQUESTS.items()]
)


def policy_of(**options: Any) -> Policy:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CORSWarning)
        policy = build_resources(parse_keywords(options, "policy_of()")).policy("/")
    assert policy is not None
    return policy


def headers_of(policy: Policy, request: CORSRequest) -> dict[str, str]:
    """Return the headers, having seen that none stands twice, and that ``Vary`` is the last."""
    pairs = policy.response_headers(request)
    names = [name for name, _ in pairs]
    assert len({*names}) == len(names)
    assert "Vary" not in names[:-1]
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
    assert sorted(module.CORS_HEADERS) == sorted(exported.values())


def test_the_defaults_are_those_of_the_manual() -> None:
    assert Policy()._asdict() == {
        **{"origins": ANY_ORIGIN, "methods": None, "headers": (), "expose_headers": (), "max_age": None},
        **{"supports_credentials": False, "automatic_options": True, "vary_header": True},
        **{"send_wildcard": True, "always_send": True},
    }


def test_a_policy_and_its_headers_cannot_be_changed_for_the_next_request() -> None:
    """jub0bs/cors 14: the headers that were handed out were shared."""
    policy = policy_of(headers="X-A", max_age=1)
    for name in Policy._fields:
        with pytest.raises(AttributeError, match="set"):
            setattr(policy, name, None)
    for request in REQUESTS.values():
        headers = policy.response_headers(request)
        assert {type(headers), *map(type, headers)} == {tuple}
    assert (policy, hash(policy)) == (policy_of(headers="X-A", max_age=1), hash(policy_of(headers="X-A", max_age=1)))


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "options"])
@pytest.mark.parametrize("origin", [APP, "null", "", None])
@pytest.mark.parametrize("requested", ["PUT", "", None])
def test_a_preflight_is_options_with_an_origin_and_a_requested_method(
    method: str, origin: str | None, requested: str | None
) -> None:
    expected = method == "OPTIONS" and origin in (APP, "null") and requested == "PUT"
    assert CORSRequest(method, origin, requested).is_preflight is expected
    assert CORSRequest(method, origin, requested, "x-a").is_preflight is expected


# Which origins are allowed, and what a response then says ------------------------------------------------------------

# Options; `Access-Control-Allow-Origin` for APP, for OTHER and without `Origin`; whether the response varies.
Row = tuple[dict[str, Any], tuple[str | None, str | None, str | None], bool]
LISTS: dict[str, Row] = {
    "one": ({"origins": APP}, (APP, None, APP), True),
    "one, not always": ({"origins": [APP], "always_send": False}, (APP, None, None), True),
    "one, not as a wildcard": ({"origins": APP, "send_wildcard": False}, (APP, None, APP), True),
    "one that was corrected": ({"origins": "HTTPS://APP.example:443/"}, (APP, None, APP), True),
    "several": ({"origins": f"{APP}, https://b.example"}, (APP, None, None), True),
    "several, not always": ({"origins": [APP, "https://b.example"], "always_send": False}, (APP, None, None), True),
    "subdomains": ({"origins": "https://*.example"}, (APP, OTHER, None), True),
    "any port": ({"origins": f"{APP}:*"}, (APP, None, None), True),
    "a pattern": ({"origins": re.compile(r"https://app\..*")}, (APP, None, None), True),
    "a pattern, not always": ({"origins": r"^https://app\..*$", "always_send": False}, (APP, None, None), True),
    "a function": ({"origins": is_app}, (APP, None, None), True),
    "one and a function": ({"origins": ["https://b.example", is_app]}, (APP, None, None), True),
    "none": ({"origins": []}, (None, None, None), False),
    "none, from None": ({"origins": None, "send_wildcard": False}, (None, None, None), False),
}
ROWS: dict[str, Row] = {
    **LISTS,
    **{f"{name}, with credentials": ({**row[0], **TRUSTING}, *row[1:]) for name, row in LISTS.items()},
    "every": ({}, ("*", "*", "*"), False),
    "every, not always": ({"always_send": False}, ("*", "*", None), True),
    "every by name": ({"send_wildcard": False}, (APP, OTHER, "*"), True),
    "every by name, not always": ({"send_wildcard": False, "always_send": False}, (APP, OTHER, None), True),
    "every and one": ({"origins": f"{APP}, *"}, ("*", "*", "*"), False),
    "every and one, by name": ({"origins": [APP, "*"], "send_wildcard": False}, (APP, OTHER, "*"), True),
}


@each_request
@table("options, values, varies", *((name, *row) for name, row in ROWS.items()))
def test_a_response_carries_exactly_these_headers(
    options: dict[str, Any], values: tuple[str | None, ...], varies: bool, request_: CORSRequest
) -> None:
    policy, without_vary = policy_of(**options), policy_of(**options, vary_header=False)
    others = {**(ON_OPTIONS if request_.method == "OPTIONS" else {}), **(TRUE if policy.supports_credentials else {})}
    for origin, value in zip((APP, OTHER, None), values, strict=True):
        request = request_._replace(origin=origin)
        expected = {ORIGIN: value, **others} if value else {}
        assert headers_of(policy, request) == expected | ({"Vary": "Origin"} if varies else {})
        assert headers_of(without_vary, request) == expected


@table(
    "options, on_get, on_options, on_preflight",
    ("nothing configured", {}, {}, ON_OPTIONS, ON_OPTIONS),
    ("methods", {"methods": "put, GET"}, *[{METHODS: "GET, PUT"}] * 3),
    ("no methods at all", {"methods": []}, {}, {}, {}),
    ("all methods", {"methods": "*"}, *[{METHODS: "*"}] * 3),
    (
        "headers, whatever is requested",
        {"headers": ["x-z", "A"]},
        {HEADERS: "A, x-z"},
        *[{HEADERS: "A, x-z", **ON_OPTIONS}] * 2,
    ),
    ("all headers", {"headers": "*"}, {HEADERS: "*"}, *[{HEADERS: "*", **ON_OPTIONS}] * 2),
    ("all headers and one", {"headers": "X-Z, *"}, {HEADERS: "*, X-Z"}, *[{HEADERS: "*, X-Z", **ON_OPTIONS}] * 2),
    ("exposed headers", {"expose_headers": "B, A"}, {EXPOSE: "A, B"}, *[{EXPOSE: "A, B", **ON_OPTIONS}] * 2),
    ("all headers exposed", {"expose_headers": "*"}, {EXPOSE: "*"}, *[{EXPOSE: "*", **ON_OPTIONS}] * 2),
    ("a maximum age of 0", {"max_age": 0}, {MAX_AGE: "0"}, *[{MAX_AGE: "0", **ON_OPTIONS}] * 2),
    ("a maximum age", {"max_age": "600"}, {MAX_AGE: "600"}, *[{MAX_AGE: "600", **ON_OPTIONS}] * 2),
    ("credentials", TRUSTING, TRUE, *[{**TRUE, **ON_OPTIONS}] * 2),
    (
        "everything",
        {"methods": "GET", "headers": "A", "expose_headers": "B", "max_age": 1, **TRUSTING},
        *[{METHODS: "GET", HEADERS: "A", EXPOSE: "B", MAX_AGE: "1", **TRUE}] * 3,
    ),
)
def test_beside_the_origin_stand_exactly_these_headers(
    options: dict[str, Any], on_get: dict[str, str], on_options: dict[str, str], on_preflight: dict[str, str]
) -> None:
    policy = policy_of(origins=APP, **options)
    expected = dict(zip(REQUESTS, [on_get] * 3 + [on_options, on_preflight], strict=True))
    for name, request in REQUESTS.items():
        for origin in (APP, None):
            assert headers_of(policy, request._replace(origin=origin)) == LISTED | expected[name], name
        assert headers_of(policy, request._replace(origin=OTHER)) == {"Vary": "Origin"}


VARY_METHOD, VARY_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"


@table(
    "options, on_get, on_options, on_preflight, varies",
    ("methods", {"methods": "*"}, {}, {}, {METHODS: "PATCH"}, [VARY_METHOD]),
    ("methods and one", {"methods": "*, GET"}, *[{METHODS: "GET"}] * 2, {METHODS: "GET, PATCH"}, [VARY_METHOD]),
    ("headers", {"headers": "*", "methods": []}, {}, {}, {HEADERS: "x-a, x-b"}, [VARY_HEADERS]),
    (
        "headers and two",
        {"headers": "*, Z, x-a", "methods": []},
        *[{HEADERS: "Z, x-a"}] * 2,
        {HEADERS: "Z, x-a, x-b"},
        [VARY_HEADERS],
    ),
    (
        "both",
        {"headers": "*", "methods": "*"},
        {},
        {},
        {METHODS: "PATCH", HEADERS: "x-a, x-b"},
        [VARY_METHOD, VARY_HEADERS],
    ),
)
def test_with_credentials_the_wildcard_becomes_the_requested_names_and_the_response_varies(
    options: dict[str, Any],
    on_get: dict[str, str],
    on_options: dict[str, str],
    on_preflight: dict[str, str],
    varies: list[str],
) -> None:
    """Fetch ``#cors-preflight-fetch-0``, step 7."""
    policy, without_vary = [policy_of(origins=APP, vary_header=vary, **options, **TRUSTING) for vary in (True, False)]
    for request, expected in zip(REQUESTS.values(), [on_get] * 3 + [on_options, on_preflight], strict=True):
        vary = {"Vary": ", ".join(["Origin", *(varies if request.method == "OPTIONS" else [])])}
        assert headers_of(policy, request._replace(origin=APP)) == {ORIGIN: APP} | TRUE | expected | vary
        assert headers_of(without_vary, request._replace(origin=APP)) == {ORIGIN: APP} | TRUE | expected
        assert headers_of(policy, request._replace(origin=OTHER)) == vary


@each_request
def test_a_denied_path_has_no_header_but_vary(request_: CORSRequest) -> None:
    assert [headers_of(DENY_ALL, request_._replace(origin=origin)) for origin in (APP, None)] == [
        {"Vary": "Origin"}
    ] * 2


# What a request can contain ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    ["", "*", "null\n", "https://app.example\r\nSet-Cookie: a=b", f"{APP}, {APP}", f"{APP}/", "é", "\x00", "a" * 400],
    ids=lambda text: ascii(text[:30]),
)
@each_request
def test_what_is_no_origin_is_never_sent_back(origin: str, request_: CORSRequest) -> None:
    request = request_._replace(origin=origin)
    for options in ({"send_wildcard": False}, {"origins": [APP, re.compile(".*", re.DOTALL)]}, {"origins": APP}):
        assert headers_of(policy_of(**options), request) == {"Vary": "Origin"}
    assert headers_of(policy_of(), request)[ORIGIN] == "*"


def test_null_is_allowed_with_every_origin_and_where_it_is_listed() -> None:
    request = CORSRequest("GET", "null")
    for options in ({"send_wildcard": False}, {"origins": "null"}):
        assert headers_of(policy_of(**options), request) == {ORIGIN: "null", "Vary": "Origin"}
    assert headers_of(policy_of(origins=APP), request) == {"Vary": "Origin"}


def test_a_function_is_called_only_if_there_is_an_origin_and_the_result_is_not_known() -> None:
    calls: list[str] = []

    def count(origin: str) -> bool:
        calls.append(origin)
        return origin == APP

    policy, preflight = policy_of(origins=count), CORSRequest("OPTIONS", APP, "PUT")
    assert (policy.allows(APP), policy.allows(OTHER), calls) == (True, False, [APP, OTHER])
    assert headers_of(policy, preflight._replace(origin=None)) == {"Vary": "Origin"}
    assert dict(policy.response_headers(preflight, False)) == {"Vary": "Origin"}
    assert dict(policy.response_headers(preflight, True)) == LISTED | ON_OPTIONS
    assert len(calls) == 2
    assert headers_of(policy, preflight) == LISTED | ON_OPTIONS
    assert len(calls) == 3


def test_what_a_function_raises_is_raised() -> None:
    def fail(origin: str) -> bool:
        raise LookupError(origin)

    for call in (
        policy_of(origins=fail).allows,
        lambda _: policy_of(origins=fail).response_headers(CORSRequest("GET", APP)),
    ):
        with pytest.raises(LookupError):
            call(APP)


ECHOING = policy_of(origins=APP, methods="*", headers="*", supports_credentials=True)


def echoed(requested: str) -> str:
    """Return which of the requested names are sent, having seen that for methods and headers it is the same."""
    found = headers_of(ECHOING, CORSRequest("OPTIONS", APP, requested, requested))
    assert found.get(METHODS) == found.get(HEADERS)
    assert found["Vary"] == f"Origin, {VARY_METHOD}, {VARY_HEADERS}"
    return found.get(HEADERS, "")


@table(
    "requested, expected",
    ("a name", "x-a", "x-a"),
    ("two, which are sorted", "x-b,x-a", "x-a, x-b"),
    ("white space around names", " x-a ,\tx-b\t", "x-a, x-b"),
    ("a name twice, and in capitals", "X-A, x-a, x-a", "X-A, x-a"),
    ("commas", ",, ,", ""),
    ("the wildcard, which would be a name", "*, x-a", "x-a"),
    ("white space inside a name", "x a, x-b", "x-b"),
    ("a line with a header", "x-a\r\nSet-Cookie: a=b, x-b", "x-b"),
    ("a line feed behind a name", "x-a\n, x-b", "x-b"),
    ("white space that is none in HTTP", "x-a\x0b, x-b\xa0, x-c", "x-c"),
    ("what is no token", 'x:, "x", (x), x/y, x=y, x;y, x@y, x[y], {x}, x?, <x>, x\\y', ""),
    ("what is no ASCII", "é, x\x00, \x7f, \u212a, x-a", "x-a"),
    ("a name of 128 characters", "a" * 128, "a" * 128),
    ("a name of 129 characters", "a" * 129 + ", x-a", "x-a"),
    *(
        (f"{n} names", ",".join(f"x{i:02}" for i in range(n)), ", ".join(f"x{i:02}" for i in range(64)))
        for n in (64, 65, 70)
    ),
)
def test_a_requested_name_is_sent_if_it_is_a_token(requested: str, expected: str) -> None:
    assert echoed(requested) == expected


@table(
    "text",
    ("CVE-2025-47908, rs/cors: commas", "," * MEGABYTE),
    ("CVE-2026-69207, hono: white space and commas", " ," * MEGABYTE),
    ("white space", " " * MEGABYTE),
    ("one name often", "x-a," * MEGABYTE),
    ("many names", ",".join(map("x-{:07}".format, range(MEGABYTE // 10)))),
    ("one long name", "x" * MEGABYTE),
    ("many long names", ",".join(["x" * 129] * 10_000)),
)
def test_a_megabyte_makes_little_work_and_a_short_response(text: str) -> None:
    tracemalloc.start()
    try:
        found = echoed(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) <= 64 * 130
    assert most < 2 * len(text) + 100_000, "more than a copy or two of it was made"


def test_of_all_characters_77_can_stand_in_a_token() -> None:
    found = {character for character in map(chr, range(0x3000)) if is_token(character)}
    assert found == set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
    assert [is_token(name) for name in ("Content-Type", "", "a b", "a\n", " a", "a:b")] == [True] + [False] * 5


# Vary ----------------------------------------------------------------------------------------------------------------


@table(
    "present, needed, merged",
    ("nothing was there", "", "Origin", "Origin"),
    ("the origin comes first", "Cookie", "Origin", "Origin, Cookie"),
    ("never twice, in any case", "origin, ORIGIN", "Origin", "Origin"),
    ("the order stays", "Cookie, oRiGiN , Accept", "Origin", "Origin, Cookie, Accept"),
    ("white space and empty pieces go", " Cookie ,, Accept,", "Origin", "Origin, Cookie, Accept"),
    ("the wildcard stays alone", "Cookie, *", "Origin", "*"),
    ("a star in a name is no wildcard", "X-*", "Origin", "Origin, X-*"),
    ("a longer name is another", "Original", "Origin", "Origin, Original"),
    ("several are needed", "B, A", "Origin, A", "Origin, A, B"),
)
def test_vary_is_merged(present: str, needed: str, merged: str) -> None:
    assert merge_vary(present, needed) == merged


@given(
    st.lists(st.sampled_from(["Origin", "origin", "Cookie", "Accept", "*", ""])).map(", ".join),
    st.sampled_from(["Origin", "Origin, Cookie", "Origin, Access-Control-Request-Headers"]),
)
def test_vary_merged_twice_is_vary_merged_once_and_loses_nothing(present: str, needed: str) -> None:
    merged = merge_vary(present, needed)
    wanted = {*filter(None, f"{needed}, {present}".lower().split(", "))}
    assert merge_vary(merged, needed) == merged
    assert sorted(merged.lower().split(", ")) == (["*"] if "*" in wanted else sorted(wanted))


# Laws ----------------------------------------------------------------------------------------------------------------

SITES = [APP, OTHER, "https://app.example:8443", "null", "https://app.example.evil.test"]
EITHER = st.booleans()
NAMES = ["X-A", "x-a", "GET", "*"]
names = st.lists(st.sampled_from(NAMES), max_size=3)
listed = st.lists(st.sampled_from([*SITES, "https://*.example", is_app]), max_size=3)
options = st.fixed_dictionaries(
    {"origins": listed, "supports_credentials": EITHER} | dict.fromkeys(["send_wildcard", "always_send"], EITHER),
    optional={
        "methods": names,
        "headers": names,
        "expose_headers": names,
        "max_age": st.just(5),
        "vary_header": EITHER,
    },
)
policies = st.one_of(options, options.map(lambda chosen: chosen | {"origins": "*", "supports_credentials": False})).map(
    lambda chosen: policy_of(**chosen)
)
origins = st.sampled_from([*SITES, None, "", f"{APP}, {OTHER}", f"{APP}\r\n", "https://app.example.evil.test"])
requested = st.one_of(st.none(), names.map(", ".join), st.text(max_size=9))
requests = st.builds(CORSRequest, st.sampled_from(["GET", "OPTIONS"]), origins, requested, requested)


@given(policies, requests)
def test_a_response_is_valid_and_has_only_headers_that_are_configured(policy: Policy, request: CORSRequest) -> None:
    """CVE-2024-6221: a header that nobody had configured was sent by default."""
    found = headers_of(policy, request)
    configured = {
        ORIGIN: True,
        METHODS: policy.methods if policy.methods is not None else request.method == "OPTIONS",
        HEADERS: policy.headers,
        EXPOSE: policy.expose_headers,
        CREDENTIALS: policy.supports_credentials,
        MAX_AGE: policy.max_age is not None,
        "Vary": policy.vary_header,
    }
    assert found.keys() <= {name for name, is_configured in configured.items() if is_configured}
    assert found.keys() <= {"Vary"} or ORIGIN in found
    assert all(re.fullmatch(r"[!-~]+(, [!-~]+)*", value) for value in found.values())


@given(policies, requests)
def test_the_origin_is_one_value_that_the_policy_allows_and_no_wildcard_beside_credentials(
    policy: Policy, request: CORSRequest
) -> None:
    found = headers_of(policy, request)
    value = found.get(ORIGIN)
    if request.origin is None:
        assert value in (None, "*" if policy.origins.any_origin else policy.origins.single)
    elif value is not None:
        assert value == "*" or (policy.allows(request.origin) and value == request.origin)
    if CREDENTIALS in found:
        assert "*" not in {value, *found.get(METHODS, "").split(", "), *found.get(HEADERS, "").split(", ")}


@table(
    "part, name, values",
    ("the origin", "origin", "Origin", origins),
    ("the requested method", "requested_method", VARY_METHOD, st.sampled_from(NAMES)),
    ("the requested headers", "requested_headers", VARY_HEADERS, st.sampled_from(NAMES)),
)
@given(policy=policies, request_=requests, data=st.data())
def test_where_two_responses_differ_by_it_both_vary(
    part: str, name: str, values: st.SearchStrategy[Any], policy: Policy, request_: CORSRequest, data: st.DataObject
) -> None:
    found, other = (
        headers_of(policy, request) for request in (request_, request_._replace(**{part: data.draw(values)}))
    )
    if found != other and policy.vary_header:
        assert name in found["Vary"].split(", ")
        assert found["Vary"] == other["Vary"]
