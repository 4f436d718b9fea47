"""What may be given, what comes of it, and what is said where it cannot be."""

import itertools
import re
import subprocess
import sys
import types
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flask_cors
from flask_cors import CORS
from flask_cors.options import (
    NAMES,
    CORSOptions,
    CORSWarning,
    Given,
    Options,
    by_config,
    by_keyword,
    check_positional,
    misspelt,
    resources_of,
)
from flask_cors.policy import Policy
from flask_cors.resources import Resources
from tests import strategies

APP = "https://app.example"
API = "https://api.example"

# The options that the manual lists, in its order.
LISTED = [
    *("origins", "methods", "headers", "expose_headers", "supports_credentials"),
    *("max_age", "send_wildcard", "always_send", "automatic_options", "vary_header"),
]


def keywords(**options: Any) -> Given:
    return by_keyword(options, "CORS()", "resources")


def config(**options: Any) -> Given:
    return by_config(options, "resources")


def resources(given: Given, found: Given | None = None) -> Resources:
    """Take both steps, as the extension does: at set-up, and with the config."""
    resources_of(given)
    return resources_of(given, config() if found is None else found)


def policy(given: Given, found: Given | None = None, path: str = "/") -> Policy:
    covering = resources(given, found).policy(path)
    assert covering is not None
    return covering


def says(name: str, value: object) -> Any:
    """Return what an option comes to: origins as they were written, the others as the policy has them."""
    found = getattr(policy(keywords(**{name: value})), name)
    return found.written if name == "origins" else found


# Names ---------------------------------------------------------------------------------------------------------------


def test_the_options_are_those_of_the_manual_and_two_names_of_later_releases() -> None:
    assert {*LISTED, "allow_headers", "intercept_exceptions"} == NAMES
    assert {*NAMES, "resources"} == {*CORSOptions.__annotations__}
    assert {*Options.__annotations__} == NAMES
    assert {*flask_cors.policy.Policy._fields} == {*LISTED}


@pytest.mark.parametrize("name", LISTED)
def test_an_option_is_documented_with_meaning_default_header_example_and_danger(name: str) -> None:
    text = re.split(r"\.\. attribute:: ", Options.__doc__ or "")
    (section,) = [part for part in text if part.startswith(f"{name}\n")]
    assert [word for word in ("Default:", "Header:", "Example:", "Danger:") if word not in section] == []


# Every form of every option ------------------------------------------------------------------------------------------


def is_app(origin: str) -> bool:
    return origin == APP


PATTERN = re.compile("https://a")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("origins", APP, (APP,), id="origins: a string"),
        pytest.param("origins", f"{APP}, {API}", (APP, API), id="origins: a string with commas"),
        pytest.param("origins", "^https://a{1,2}$", ("^https://a{1,2}$",), id="origins: a pattern as a string"),
        pytest.param("origins", [APP, PATTERN, is_app], (APP, PATTERN, is_app), id="origins: a mixed list"),
        pytest.param("origins", (o for o in (APP, API)), (APP, API), id="origins: a generator"),
        pytest.param("origins", PATTERN, (PATTERN,), id="origins: a pattern"),
        pytest.param("origins", is_app, (is_app,), id="origins: a function"),
        pytest.param("origins", [], (), id="origins: an empty list"),
        pytest.param("methods", "get", ("GET",), id="methods: a string"),
        pytest.param("methods", " put , get,get,", ("GET", "PUT"), id="methods: a string with commas"),
        pytest.param("methods", ["put", "GET", "get"], ("GET", "PUT"), id="methods: a list"),
        pytest.param("methods", {"PUT"}, ("PUT",), id="methods: a set"),
        pytest.param("methods", (m for m in ("b", "a")), ("A", "B"), id="methods: a generator"),
        pytest.param("methods", "*", ("*",), id="methods: the wildcard"),
        pytest.param("methods", "", (), id="methods: an empty string"),
        pytest.param("methods", (), (), id="methods: an empty tuple"),
        pytest.param("headers", "X-B,x-a , X-B", ("X-B", "x-a"), id="headers: a string with commas"),
        pytest.param("headers", ["x-a", "X-B"], ("X-B", "x-a"), id="headers: a list"),
        pytest.param("headers", frozenset({"A"}), ("A",), id="headers: a set"),
        pytest.param("headers", {"A": 1}.keys(), ("A",), id="headers: the keys of a dict"),
        pytest.param("headers", iter(["A"]), ("A",), id="headers: an iterator"),
        pytest.param("headers", "*", ("*",), id="headers: the wildcard"),
        pytest.param("headers", [], (), id="headers: an empty list"),
        pytest.param("expose_headers", "B, A", ("A", "B"), id="expose_headers: a string with commas"),
        pytest.param("expose_headers", ["B", "A"], ("A", "B"), id="expose_headers: a list"),
        pytest.param("expose_headers", map(str, "BA"), ("A", "B"), id="expose_headers: an iterator"),
        pytest.param("max_age", 0, 0, id="max_age: nothing"),
        pytest.param("max_age", 600, 600, id="max_age: an int"),
        pytest.param("max_age", "600", 600, id="max_age: digits"),
        pytest.param("max_age", "0060", 60, id="max_age: digits with zeros before"),
        pytest.param("max_age", timedelta(days=1, seconds=2), 86402, id="max_age: a timedelta"),
        pytest.param("max_age", timedelta(0), 0, id="max_age: an empty timedelta"),
        pytest.param("max_age", 10**14 - 1, 10**14 - 1, id="max_age: a very long time"),
        pytest.param("max_age", "9" * 14, 10**14 - 1, id="max_age: a very long time in digits"),
        *(
            pytest.param(name, value, value, id=f"{name}: {value}")
            for name in ("send_wildcard", "always_send", "automatic_options", "vary_header")
            for value in (True, False)
        ),
        pytest.param("supports_credentials", False, False, id="supports_credentials: False"),
    ],
)
def test_an_option_may_be_given_as(name: str, value: object, expected: object) -> None:
    assert says(name, value) == expected


def test_credentials_may_be_given_to_origins_that_are_listed() -> None:
    assert policy(keywords(supports_credentials=True, origins=APP)).supports_credentials is True


@pytest.mark.parametrize("name", [*LISTED, "allow_headers", "intercept_exceptions", "resources"])
def test_none_is_not_given(name: str) -> None:
    assert dict(keywords(**{name: None})) == {}
    assert dict(config(**{f"CORS_{name.upper()}": None})) == {}


@pytest.mark.parametrize(
    ("name", "weaker", "answer", "expected"),
    [
        pytest.param("origins", "*", [], (), id="origins"),
        pytest.param("methods", "GET", "", (), id="methods"),
        pytest.param("headers", "A", [], (), id="headers"),
        pytest.param("expose_headers", "A", "", (), id="expose_headers"),
        pytest.param("max_age", 600, 0, 0, id="max_age"),
        *(
            pytest.param(name, True, False, False, id=name)
            for name in ("send_wildcard", "always_send", "automatic_options", "vary_header")
        ),
    ],
)
def test_false_nothing_and_an_empty_list_are_answers(
    name: str, weaker: object, answer: object, expected: object
) -> None:
    beaten = config(**{f"CORS_{name.upper()}": weaker})
    for given_ in (keywords(**{name: answer}), keywords(resources={"/": {name: answer}})):
        found = getattr(policy(given_, beaten), name)
        assert (found.written if name == "origins" else found) == expected


def test_credentials_that_are_refused_in_an_entry_are_refused() -> None:
    given_ = keywords(
        origins=APP, supports_credentials=True, resources={"/a": {"supports_credentials": False}, "/": {}}
    )
    assert policy(given_, path="/a").supports_credentials is False
    assert policy(given_, path="/b").supports_credentials is True


def test_what_is_parsed_keeps_nothing_of_the_users_lists() -> None:
    names, entry = ["A"], {"headers": ["B"]}
    given_ = keywords(headers=names, resources={"/a": entry, "/": {}})
    names.append("C")
    entry["headers"].append("C")
    entry["methods"] = ["GET"]
    assert (policy(given_, path="/a").headers, policy(given_, path="/a").methods) == (("B",), None)
    assert policy(given_).headers == ("A",)


def test_two_things_that_were_given_are_never_equal_though_they_say_the_same() -> None:
    first, second = keywords(max_age=1), keywords(max_age=1)
    assert dict(first) == dict(second)
    assert first not in [second]
    assert len({first, second, first}) == 2


# The names of later releases -----------------------------------------------------------------------------------------


def test_allow_headers_is_another_name_of_headers_wherever_it_is_given() -> None:
    assert policy(keywords(allow_headers="B, A")).headers == ("A", "B")
    assert policy(keywords(), config(CORS_ALLOW_HEADERS="A")).headers == ("A",)
    assert policy(keywords(resources={"/": {"allow_headers": "A"}})).headers == ("A",)


def test_allow_headers_follows_the_same_precedence_as_headers() -> None:
    assert policy(keywords(headers="K"), config(CORS_ALLOW_HEADERS="C")).headers == ("K",)
    assert policy(keywords(allow_headers="K"), config(CORS_HEADERS="C")).headers == ("K",)
    assert policy(keywords(headers="K", resources={"/": {"allow_headers": "E"}})).headers == ("E",)


@pytest.mark.parametrize(
    ("parse", "both", "names"),
    [
        pytest.param(keywords, {"headers": "A", "allow_headers": "A"}, "allow_headers is .* headers:", id="keywords"),
        pytest.param(
            config,
            {"CORS_HEADERS": "A", "CORS_ALLOW_HEADERS": "B"},
            "CORS_ALLOW_HEADERS is .* CORS_HEADERS:",
            id="the config",
        ),
        pytest.param(
            keywords,
            {"resources": {"/a": {"headers": [], "allow_headers": "A"}}},
            r"resources\['/a'\]\['allow_headers'\] is .* resources\['/a'\]\['headers'\]:",
            id="an entry of resources",
        ),
    ],
)
def test_both_names_at_once_are_a_mistake(parse: Callable[..., Given], both: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=f"{names} give only one"):
        parse(**both)


def test_one_name_and_none_for_the_other_is_no_mistake() -> None:
    assert policy(keywords(headers="A", allow_headers=None)).headers == ("A",)


@pytest.mark.parametrize("value", [True, False])
def test_intercept_exceptions_is_accepted_and_has_no_effect(value: bool) -> None:
    entry = {"/": {"intercept_exceptions": value}}
    given_ = keywords(intercept_exceptions=value, resources=entry)
    assert policy(given_, config(CORS_INTERCEPT_EXCEPTIONS=value)) == Policy()


# Unknown names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        pytest.param("origin", "origins", id="the last letter missing"),
        pytest.param("support_credentials", "supports_credentials", id="Flask-Cors 197: a letter missing inside"),
        pytest.param("allow_origins", "origins", id="what starlette calls it"),
        pytest.param("allow_methods", "methods", id="what starlette calls methods"),
        pytest.param("allow_credentials", "supports_credentials", id="what starlette calls credentials"),
        pytest.param("maxage", "max_age", id="no underscore"),
        pytest.param("Max_Age", "max_age", id="capitals"),
        pytest.param("header", "headers", id="one for many"),
        pytest.param("resource", "resources", id="the option that CORS alone has"),
        pytest.param("automatic_option", "automatic_options", id="a long one"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_real_one(name: str, nearest: str) -> None:
    with pytest.raises(TypeError, match=rf"^CORS\(\): '{name}' is not an option here; did you mean '{nearest}'\?$"):
        keywords(**{name: 1})


def test_a_name_that_is_like_no_other_is_refused_with_all_of_them() -> None:
    with pytest.raises(TypeError, match=r"^CORS\(\): 'zzz' is not an option here; write ") as caught:
        keywords(zzz=1)
    assert {*re.findall(r"\w+", str(caught.value).partition("; write ")[2])} == {*NAMES, "resources"}


def test_all_unknown_names_are_in_one_message() -> None:
    with pytest.raises(TypeError, match=r"'origin' .*'origins'.*'maxage' .*'max_age'"):
        keywords(origin=1, maxage=2, methods="GET")


def test_an_unknown_name_comes_before_wrong_values_and_even_if_it_is_none() -> None:
    with pytest.raises(TypeError, match="'origin'"):
        keywords(max_age=-1, origin=None)


def test_resources_is_an_option_only_where_it_is_asked_for() -> None:
    with pytest.raises(TypeError, match=r"^cross_origin\(\): 'resources' is not an option here"):
        by_keyword({"resources": "/"}, "cross_origin()")
    assert dict(by_config({"CORS_RESOURCES": "/"})) == {}


@pytest.mark.parametrize(
    ("entry", "names"),
    [
        pytest.param({"origin": "*"}, "'origin' is not an option here; did you mean 'origins'", id="a misspelt one"),
        pytest.param({"resources": "/"}, "'resources' is not an option here", id="resources inside resources"),
        pytest.param({1: 2}, "'1' is not an option here; write ", id="a number"),
    ],
)
def test_an_unknown_name_in_an_entry_of_resources_is_refused_and_the_entry_named(
    entry: dict[Any, Any], names: str
) -> None:
    with pytest.raises(TypeError, match=rf"^resources\['/a'\]: {names}"):
        keywords(resources={"/": {}, "/a": entry})
    with pytest.raises(TypeError, match=rf"^CORS_RESOURCES\['/a'\]: {names}"):
        config(CORS_RESOURCES={"/a": entry})


@pytest.mark.parametrize("given_", [("*",), ({"/a": {}}, "*"), (None,)], ids=repr)
def test_an_option_by_position_is_refused_and_shown_with_a_name(given_: tuple[object, ...]) -> None:
    with pytest.raises(TypeError) as caught:
        check_positional(given_, "CORS()", "resources")
    assert str(caught.value) == f"CORS() takes its options by keyword; for {given_[0]!r}, write resources={given_[0]!r}"


def test_no_option_by_position_is_no_mistake() -> None:
    check_positional((), "CORS()", "resources")


# The config ----------------------------------------------------------------------------------------------------------


def test_the_config_is_read_by_name_and_nothing_else_of_it() -> None:
    found = by_config({"CORS_MAX_AGE": 5, "MAX_AGE": 6, "cors_methods": "GET", "CORS_ANYWHERE_URL": 7, "SECRET": "x"})
    assert dict(found) == {"max_age": 5}


@pytest.mark.parametrize("name", LISTED)
def test_each_option_has_its_key_in_the_config(name: str) -> None:
    value = {"origins": APP, "methods": "GET", "headers": "A", "expose_headers": "A", "max_age": "5"}.get(name, False)
    assert dict(config(**{f"CORS_{name.upper()}": value})) == dict(keywords(**{name: value}))


def test_the_config_may_hold_resources() -> None:
    covered = resources(keywords(), config(CORS_RESOURCES={"/a/": {"max_age": 1}}, CORS_HEADERS="A"))
    found = covered.policy("/a/b")
    assert found == Policy(max_age=1, headers=("A",))
    assert covered.policy("/b") is None


MISSPELT = [
    pytest.param("CORS_ORIGIN", "CORS_ORIGINS", id="a letter missing"),
    pytest.param("CORS_SUPPORT_CREDENTIALS", "CORS_SUPPORTS_CREDENTIALS", id="a letter missing inside"),
    pytest.param("CORS_MAXAGE", "CORS_MAX_AGE", id="an underscore missing"),
    pytest.param("CORS_HEADER", "CORS_HEADERS", id="one for many"),
    pytest.param("CORS_RESOURCE", "CORS_RESOURCES", id="the option that CORS alone has"),
    pytest.param("CORS_ALLOW_ORIGINS", "CORS_ORIGINS", id="what starlette calls it"),
    pytest.param("CORS_ORIGINS ", "CORS_ORIGINS", id="a blank behind"),
]


@pytest.mark.parametrize(("key", "meant"), MISSPELT)
def test_a_misspelt_key_in_the_config_is_remarked_on(key: str, meant: str) -> None:
    (remark,) = misspelt({"SECRET_KEY": "x", key: APP}, ())
    assert repr(key) in remark
    assert repr(meant) in remark
    assert dict(config(**{key: APP})) == {}


@pytest.mark.parametrize(("key", "meant"), MISSPELT)
def test_a_misspelt_key_is_not_remarked_on_where_the_right_one_is_set_or_the_keyword_given(
    key: str, meant: str
) -> None:
    assert list(misspelt({key: APP, meant: APP, 1: "no text"}, ())) == []
    assert list(misspelt({key: APP}, {meant.removeprefix("CORS_").lower()})) == []


@pytest.mark.parametrize("name", [*sorted(NAMES), "resources"])
def test_a_real_key_is_never_taken_for_a_misspelt_one(name: str) -> None:
    assert list(misspelt({f"CORS_{name.upper()}": None}, ())) == []


def test_misspelt_keys_are_remarked_on_in_order_and_others_not_at_all() -> None:
    unrelated = ["CORS_ANYWHERE_URL", "CORS_ENABLED", "CORS_DEBUG", "ORIGIN", "CORS", "XCORS_ORIGIN", "cors_origin"]
    remarks = misspelt([*unrelated, "CORS_ORIGIN", "CORS_HEADER", "CORS_METHODS"], ())
    assert [re.findall("'(.*?)'", remark)[0] for remark in remarks] == ["CORS_HEADER", "CORS_ORIGIN"]


# Precedence ----------------------------------------------------------------------------------------------------------

LAYERS = ["config", "keyword", "entry"]
VALUES: dict[str, tuple[Any, Any, Any]] = {
    "origins": ("https://config.example", "https://keyword.example", "https://entry.example"),
    "methods": (("CONFIG",), ("KEYWORD",), ("ENTRY",)),
    "headers": (("config",), ("keyword",), ("entry",)),
    "expose_headers": (("config",), ("keyword",), ("entry",)),
    "max_age": (1, 2, 3),
    **dict.fromkeys(
        ("supports_credentials", "send_wildcard", "always_send", "automatic_options", "vary_header"),
        (True, False, True),
    ),
}


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize(
    "layers",
    [layers for size in range(4) for layers in itertools.combinations(LAYERS, size)],
    ids=lambda layers: " and ".join(layers) or "nowhere",
)
@pytest.mark.parametrize("flip", [False, True], ids=["", "the other way round"])
def test_the_strongest_layer_in_which_an_option_is_given_decides(
    name: str, layers: tuple[str, ...], flip: bool
) -> None:
    values = dict(zip(LAYERS, [(not v if isinstance(v, bool) and flip else v) for v in VALUES[name]], strict=True))
    others = {"origins": APP} if name == "supports_credentials" else {}  # else credentials would be refused
    in_config = {f"CORS_{name.upper()}": values["config"] if "config" in layers else None}
    by_keyword_ = {name: values["keyword"] if "keyword" in layers else None}
    in_entry = {name: values["entry"] if "entry" in layers else None}

    found = policy(keywords(**others, **by_keyword_, resources={"/": in_entry}), config(**in_config))
    strongest = values[layers[-1]] if layers else getattr(Policy(), name)
    assert getattr(found, name) == (
        flask_cors.origins.Origins.parse(strongest) if name == "origins" and layers else strongest
    )


def test_every_option_keeps_its_own_layer() -> None:
    found = policy(
        keywords(headers="K", expose_headers="K", resources={"/": {"expose_headers": "E"}}),
        config(CORS_METHODS="C", CORS_HEADERS="C", CORS_EXPOSE_HEADERS="C"),
    )
    assert found == Policy(methods=("C",), headers=("K",), expose_headers=("E",))


def test_resources_by_keyword_replace_those_of_the_config_whole() -> None:
    covered = resources(keywords(resources={"/k": {}}), config(CORS_RESOURCES={"/k": {"max_age": 1}, "/c": {}}))
    assert covered.policy("/k") == Policy()
    assert covered.policy("/c") is None


def test_the_order_of_options_makes_no_difference() -> None:
    options = {"origins": [APP], "headers": "A", "max_age": 5, "supports_credentials": True}
    found = {policy(keywords(**dict(order))) for order in itertools.permutations(options.items())}
    assert len(found) == 1


@given(strategies.options)
def test_options_that_are_accepted_say_the_same_by_keyword_in_the_config_and_in_an_entry(
    given_: dict[str, Any],
) -> None:
    in_config = {f"CORS_{name.upper()}": value for name, value in given_.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CORSWarning)
        found = {
            policy(keywords(**given_)),
            policy(keywords(), config(**in_config)),
            policy(keywords(resources={"/": given_})),
            policy(keywords(), config(CORS_RESOURCES={"/": given_})),
        }
    assert len(found) == 1


# Resources -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "covered"),
    [
        pytest.param(None, ["/", "/a", "/a/b", ""], id="not given"),
        pytest.param("*", ["/", "/a", "/a/b", ""], id="the wildcard"),
        pytest.param(["*"], ["/", "/a", "/a/b", ""], id="the wildcard in a list"),
        pytest.param({"*": {}}, ["/", "/a", "/a/b", ""], id="the wildcard in a dict"),
        pytest.param("/a", ["/a", "/a/b"], id="a string"),
        pytest.param("/a{1,2}$", ["/a"], id="a string with a comma, which is its own"),
        pytest.param(re.compile("/A", re.IGNORECASE), ["/a", "/a/b"], id="a compiled pattern"),
        pytest.param(["/a/", re.compile("/$")], ["/", "/a/b"], id="a list"),
        pytest.param(("/a/",), ["/a/b"], id="a tuple"),
        pytest.param({"/a/"}, ["/a/b"], id="a set"),
        pytest.param((p for p in ["/a/"]), ["/a/b"], id="a generator"),
        pytest.param({"/a/": {}}, ["/a/b"], id="a dict"),
        pytest.param({"/a/": None}, ["/a/b"], id="a dict with nothing special"),
        pytest.param({re.compile("/a$"): {}}, ["/a"], id="a dict with a compiled pattern"),
        pytest.param(types.MappingProxyType({"/a/": types.MappingProxyType({})}), ["/a/b"], id="other mappings"),
        pytest.param([], [], id="an empty list covers nothing"),
        pytest.param({}, [], id="an empty dict covers nothing"),
    ],
)
def test_resources_may_be_given_as(value: object, covered: list[str]) -> None:
    by_key = resources(keywords(resources=value))
    assert [path for path in ("/", "/a", "/a/b", "") if by_key.policy(path)] == covered


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(5, "=5 must be a pattern, patterns, or a dict", id="a number"),
        pytest.param(True, "=True must be", id="a bool"),
        pytest.param(b"/a", "=b'/a' must be", id="bytes"),
        pytest.param("", "['']: a pattern is a text that is not empty", id="an empty string"),
        pytest.param([5], "[5]: a pattern is a text", id="a number in a list"),
        pytest.param([b"/a"], "[b'/a']: a pattern is a text", id="bytes in a list"),
        pytest.param([None], "[None]: a pattern is a text", id="None in a list"),
        pytest.param(re.compile(b"/a"), "[re.compile(b'/a')]: a pattern is a text", id="a compiled pattern of bytes"),
        pytest.param({5: {}}, "[5]: a pattern is a text", id="a number in a dict"),
        pytest.param({"": {}}, "['']: a pattern is a text", id="an empty string in a dict"),
        pytest.param("/a(", "['/a(']: '/a(' is not a valid regular expression: missing )", id="an open group"),
        pytest.param(["/", "["], "['[']: '[' is not a valid regular expression", id="an open set in a list"),
        pytest.param("*/a", "['*/a']: '*/a' is not a valid regular expression", id="a glob"),
        pytest.param({"/a": "*"}, "['/a']='*' must be a dict of options; write", id="a string for options"),
        pytest.param({"/a": [APP]}, f"['/a']=['{APP}'] must be a dict", id="a list for options"),
        pytest.param({"/a": False}, "['/a']=False must be a dict", id="False for options"),
    ],
)
def test_resources_that_cannot_be_are_named_with_the_rule(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^resources{re.escape(message)}"):
        keywords(resources=value)
    with pytest.raises(ValueError, match=f"^CORS_RESOURCES{re.escape(message)}"):
        config(CORS_RESOURCES=value)


# Wrong values --------------------------------------------------------------------------------------------------------

SECONDS = "must be a whole number of seconds, 0 or more: a timedelta, an int, or digits; "
BOOL = "must be a bool; "
STRINGS = "must be a string or an iterable of strings; "
ORIGINS = "must be a string, a compiled re.Pattern of text, a function"
NO_BOOLS: list[object] = ["true", 1, 0, "", []]
NO_SECONDS: list[object] = [
    *(-1, 1.0, 1.5, True, False, 10**14, "", "-1", "1.5", "10 minutes", " 5", "5\n", "٣", "²", "9" * 15),
    *(timedelta(seconds=-1), timedelta(seconds=1.5), timedelta(microseconds=1), [5], b"5"),
]
WRONG = [
    *(pytest.param("origins", value, ORIGINS, id=f"origins: {value!r}") for value in (5, b"*", [None])),
    *(
        pytest.param(name, value, STRINGS, id=f"{name}: {value!r}")
        for name in ("methods", "headers", "expose_headers", "allow_headers")
        for value in (5, b"GET", True)
    ),
    *(
        pytest.param(name, value, f"holds {shown}: ", id=f"{name}: {value!r}")
        for name in ("methods", "headers", "expose_headers", "allow_headers")
        for value, shown in [
            ("A B", "'A B'"),
            (["A", "B,C"], "'B,C'"),
            (["A:", "ok", "ä"], "'A:', 'ä'"),
            (["A\n"], r"'A\n'"),
            ([""], "''"),
            ([5, None, b"A"], "5, None, b'A'"),
        ]
    ),
    *(
        pytest.param(name, value, BOOL, id=f"{name}: {value!r}")
        for name in (
            *("supports_credentials", "send_wildcard", "always_send", "automatic_options", "vary_header"),
            "intercept_exceptions",
        )
        for value in NO_BOOLS
    ),
    *(pytest.param("max_age", value, SECONDS, id=f"max_age: {value!r}") for value in NO_SECONDS),
]


@pytest.mark.parametrize(("name", "value", "rule"), WRONG)
def test_a_wrong_value_is_refused_with_option_value_rule_and_what_to_write(name: str, value: object, rule: str) -> None:
    places: list[tuple[str, Callable[[], Given]]] = [
        (name, lambda: keywords(**{name: value})),
        (f"CORS_{name.upper()}", lambda: config(**{f"CORS_{name.upper()}": value})),
        (f"resources['/a']['{name}']", lambda: keywords(resources={"/a": {name: value}})),
        (f"CORS_RESOURCES['/a']['{name}']", lambda: config(CORS_RESOURCES={"/a": {name: value}})),
    ]
    for place, parse in places:
        with pytest.raises(ValueError, match=f"^{re.escape(f'{place}={value!r} {rule}')}.*write "):
            parse()


def test_a_number_with_more_digits_than_python_reads_is_refused_by_the_same_rule() -> None:
    with pytest.raises(ValueError, match=f"^max_age='1+[.]{{3}} {re.escape(SECONDS)}"):
        keywords(max_age="1" * 5000)


def test_all_mistakes_are_in_one_message_a_line_each() -> None:
    with pytest.raises(ValueError, match=r"^CORS options:\n") as caught:
        keywords(
            origins=5,
            methods="A B",
            max_age=-1,
            headers="A",
            allow_headers="A",
            vary_header="no",
            resources={"/a": {"max_age": -2}, "(": {"methods": 3}, "/b": "x", 4: {}},
        )
    lines = str(caught.value).splitlines()
    assert [re.split("[= :]", line)[1] for line in lines[1:]] == [
        "allow_headers",
        "origins",
        "methods",
        "max_age",
        "vary_header",
        "resources['/a']['max_age']",
        "resources['(']['methods']",
        "resources['(']",
        "resources['/b']",
        "resources[4]",
    ]


def test_a_long_value_is_shown_by_its_beginning() -> None:
    with pytest.raises(ValueError, match=r"^headers='a b,") as caught:
        keywords(headers="a b," * 100)
    shown = str(caught.value).partition(" holds ")[0]
    assert shown == f"headers={repr('a b,' * 100)[:300]}..."
    with pytest.raises(TypeError) as positional:
        check_positional(("x" * 10**6,), "CORS()", "resources")
    assert len(str(positional.value)) < 1000


def test_a_value_of_300_characters_is_shown_whole() -> None:
    value = "x " + "y" * 296
    with pytest.raises(ValueError, match=re.escape(f"headers={value!r} holds {value!r}")):
        keywords(headers=value)


# Credentials for everyone --------------------------------------------------------------------------------------------

EVERYONE = [
    pytest.param("*", id="the wildcard"),
    pytest.param(["*"], id="the wildcard in a list"),
    pytest.param("https://a.example,*", id="the wildcard behind a comma"),
    pytest.param([APP, "*"], id="the wildcard among others"),
    pytest.param(re.compile(".*"), id="a pattern of anything"),
    pytest.param([APP, re.compile(".*")], id="a pattern of anything among others"),
    pytest.param("^.*$", id="a pattern of anything as a string"),
    pytest.param(r"^https?://.*$", id="a pattern of all web pages"),
    pytest.param(re.compile(r"https?://[^/]+"), id="a pattern of all hosts"),
]


@pytest.mark.parametrize("everyone", EVERYONE)
@pytest.mark.parametrize("send_wildcard", [None, False], ids=["", "by name"])
def test_credentials_for_everyone_are_refused_at_set_up_if_all_is_given_there(
    everyone: object, send_wildcard: bool | None
) -> None:
    """CVE-2018-20744, rs/cors: `*` with credentials let everyone in."""
    given_ = keywords(origins=everyone, supports_credentials=True, send_wildcard=send_wildcard)
    with pytest.raises(ValueError, match="everyone") as caught:
        resources_of(given_)
    expected = ("supports_credentials=True", "cannot be combined", "origins=", "write", "https://app.example")
    assert [part for part in expected if part not in str(caught.value)] == []


def test_what_was_taken_for_everyone_is_shown() -> None:
    for everyone in ("*", "^.*$", re.compile(".*")):
        with pytest.raises(ValueError, match=re.escape(f"origins={everyone!r}")):
            resources_of(keywords(origins=everyone, supports_credentials=True))


@pytest.mark.parametrize("everyone", EVERYONE)
@pytest.mark.parametrize(
    ("by_keyword_", "in_config"),
    [
        pytest.param(["supports_credentials"], ["origins"], id="origins in the config"),
        pytest.param(["origins"], ["supports_credentials"], id="credentials in the config"),
        pytest.param([], ["origins", "supports_credentials"], id="both in the config"),
    ],
)
def test_credentials_for_everyone_are_refused_once_the_config_is_known(
    everyone: object, by_keyword_: list[str], in_config: list[str]
) -> None:
    values = {"origins": everyone, "supports_credentials": True}
    given_ = keywords(**{name: values[name] for name in by_keyword_})
    resources_of(given_)
    with pytest.raises(ValueError, match="everyone"):
        resources_of(given_, config(**{f"CORS_{name.upper()}": values[name] for name in in_config}))


def test_credentials_for_the_default_origins_are_refused_once_the_config_is_known() -> None:
    given_ = keywords(supports_credentials=True)
    resources_of(given_)
    with pytest.raises(ValueError, match=r"everyone"):
        resources_of(given_, config())
    assert resources_of(given_, config(CORS_ORIGINS=APP)).policy("/") is not None


@pytest.mark.parametrize(
    ("options", "found", "early"),
    [
        pytest.param(
            {"supports_credentials": True, "resources": {"/a": {"origins": APP}, "/b": {"origins": "*"}}},
            {},
            True,
            id="origins in an entry",
        ),
        pytest.param(
            {"origins": "*", "resources": {"/a": {}, "/b": {"supports_credentials": True}}},
            {},
            True,
            id="credentials in an entry",
        ),
        pytest.param(
            {"resources": {"/b": {"origins": "*", "supports_credentials": True}}}, {}, True, id="both in an entry"
        ),
        pytest.param(
            {"origins": APP, "supports_credentials": True, "resources": {"/b": {"origins": "^.*$"}}},
            {},
            True,
            id="an entry that opens what the keywords have closed",
        ),
        pytest.param(
            {"resources": {"/b": {"supports_credentials": True}}}, {}, False, id="credentials for the default origins"
        ),
        pytest.param(
            {"resources": {"/b": {"supports_credentials": True}}},
            {"CORS_ORIGINS": "*"},
            False,
            id="credentials in an entry, origins in the config",
        ),
        pytest.param(
            {"resources": {"/b": {"origins": "*"}}},
            {"CORS_SUPPORTS_CREDENTIALS": True},
            False,
            id="origins in an entry, credentials in the config",
        ),
        pytest.param(
            {},
            {"CORS_RESOURCES": {"/b": {"origins": "*", "supports_credentials": True}}},
            False,
            id="both in an entry in the config",
        ),
        pytest.param(
            {"supports_credentials": True},
            {"CORS_ORIGINS": APP, "CORS_RESOURCES": {"/a": {}, "/b": {"origins": "*"}}},
            False,
            id="origins in an entry in the config, credentials by keyword",
        ),
        pytest.param(
            {"origins": APP, "supports_credentials": True},
            {"CORS_RESOURCES": {"/b": {"origins": "*"}}},
            False,
            id="an entry in the config that opens what the keywords have closed",
        ),
        pytest.param(
            {"origins": "*", "supports_credentials": False},
            {"CORS_RESOURCES": {"/b": {"supports_credentials": True}}},
            False,
            id="credentials in an entry in the config, refused by keyword",
        ),
    ],
)
def test_credentials_are_judged_on_the_final_policy_of_each_resource(
    options: dict[str, Any], found: dict[str, Any], early: bool
) -> None:
    given_ = keywords(**options)
    if early:
        with pytest.raises(ValueError, match="everyone"):
            resources_of(given_)
        return
    resources_of(given_)
    with pytest.raises(ValueError, match="everyone"):
        resources_of(given_, config(**found))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        pytest.param(
            {"origins": "*", "resources": {"/a": {"origins": APP, "supports_credentials": True}, "/b": {}}},
            {},
            id="everyone here, credentials there",
        ),
        pytest.param({"origins": "*"}, {"CORS_SUPPORTS_CREDENTIALS": False}, id="refused in the config"),
        pytest.param(
            {"origins": APP},
            {"CORS_ORIGINS": "*", "CORS_SUPPORTS_CREDENTIALS": True},
            id="the keyword mends the config",
        ),
        pytest.param(
            {"supports_credentials": True, "resources": []}, {}, id="no resource at all, so nobody gets anything"
        ),
        pytest.param(
            {"supports_credentials": True},
            {"CORS_RESOURCES": {"/a": {"origins": APP}}},
            id="each entry in the config lists its own",
        ),
    ],
)
def test_credentials_and_everyone_may_be_said_of_different_resources(
    options: dict[str, Any], found: dict[str, Any]
) -> None:
    resources(keywords(**options), config(**found))


def test_each_resource_that_gives_credentials_to_everyone_is_in_the_message() -> None:
    entries = {"/a": {"origins": "*"}, "/b": {"origins": "^.*$"}, "/c": {"origins": APP}}
    with pytest.raises(ValueError, match=r"(?s)'\*'.*everyone.*\^\.\*\$.*everyone") as caught:
        resources_of(keywords(supports_credentials=True, resources=entries))
    assert str(caught.value).count("is everyone") == 2


@mock.patch.dict(sys.modules, {"publicsuffixlist": None})
@given(strategies.origins_in_every_form, st.booleans())
def test_no_policy_that_comes_out_gives_credentials_to_everyone(origins: Any, by_config_: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CORSWarning)
        try:
            given_ = keywords(supports_credentials=True, origins=None if by_config_ else origins)
            found = policy(given_, config(CORS_ORIGINS=origins if by_config_ else None))
        except ValueError:
            assert flask_cors.origins.Origins.parse(origins).anyone
        else:
            assert not found.origins.anyone


# Warnings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parse",
    [
        pytest.param(lambda origins: keywords(origins=origins), id="by keyword"),
        pytest.param(lambda origins: config(CORS_ORIGINS=origins), id="in the config"),
        pytest.param(lambda origins: keywords(resources={"/a": {"origins": origins}}), id="in an entry"),
        pytest.param(
            lambda origins: config(CORS_RESOURCES={"/a": {"origins": origins}}), id="in an entry in the config"
        ),
    ],
)
def test_a_correction_is_warned_of_once_with_old_and_new(parse: Callable[[object], Given]) -> None:
    with pytest.warns(CORSWarning) as caught:
        parse(["HTTPS://App.example/", "https://b.example", "app.example"])
    corrected, never = [str(warning.message) for warning in caught]
    assert "'HTTPS://App.example/'" in corrected
    assert "'https://app.example'" in corrected
    assert "'app.example' can never match" in never


def test_a_correction_in_several_places_is_warned_of_once_and_not_again_when_the_config_is_known() -> None:
    twice = {"origins": "HTTPS://a.example"}
    with pytest.warns(CORSWarning) as caught:
        resources(keywords(**twice, resources={"/a": twice, "/b": {"origins": ["HTTPS://a.example"]}}))
    assert len(caught) == 1


def make_a_correction() -> None:
    by_keyword({"origins": "HTTPS://a.example"}, "CORS()")


def take_a_risk() -> None:
    resources_of(RISK)


def correct_the_config() -> None:
    by_config({"CORS_ORIGINS": "HTTPS://a.example"})


RISK = keywords(origins="http://a.example", supports_credentials=True)


@pytest.mark.parametrize("program", [make_a_correction, take_a_risk, correct_the_config])
def test_a_warning_points_at_the_line_of_the_program_that_calls_this_package(program: types.FunctionType) -> None:
    with pytest.warns(CORSWarning) as caught:
        program()
    (warning,) = caught
    assert (warning.filename, warning.lineno) == (__file__, program.__code__.co_firstlineno + 1)


@pytest.mark.parametrize(
    ("module", "inside"),
    [
        pytest.param("flask_cors.extension", True, id="a module of this package"),
        pytest.param("flask_cors", True, id="this package itself"),
        pytest.param("flask_corsair", False, id="a package whose name begins alike"),
        pytest.param("app.flask_cors", False, id="a module of the same name elsewhere"),
    ],
)
def test_a_warning_points_beyond_the_modules_of_this_package_and_no_others(module: str, inside: bool) -> None:
    scope: dict[str, Any] = {"__name__": module, "by_keyword": by_keyword}
    exec(compile("def call():\n    by_keyword({'origins': 'A://b'}, '')\n", "between.py", "exec"), scope)  # noqa: S102
    with pytest.warns(CORSWarning) as caught:
        scope["call"]()
    assert [warning.filename for warning in caught] == [__file__ if inside else "between.py"]


def test_a_mistake_is_an_error_and_no_warning_besides() -> None:
    with pytest.raises(ValueError, match="max_age"):  # a warning would be an error of its own
        keywords(origins="HTTPS://a.example", max_age=-1)


RISKY = [
    pytest.param("http://a.example", "'http://a.example' with credentials", id="plain http"),
    pytest.param("https://*.com", "'https://*.com' with credentials", id="a public suffix"),
]


@pytest.fixture(params=[True, False], ids=["with the list of suffixes", "without the list"])
def suffixes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the package of public suffixes installed, or not."""
    package = types.ModuleType("publicsuffixlist")
    vars(package)["PublicSuffixList"] = lambda: types.SimpleNamespace(is_public={"com"}.__contains__)
    monkeypatch.setitem(sys.modules, "publicsuffixlist", package if request.param else None)


@pytest.mark.usefixtures("suffixes")
@pytest.mark.parametrize(("origins", "message"), RISKY)
@pytest.mark.parametrize(
    ("options", "found", "early"),
    [
        pytest.param(["origins", "supports_credentials"], [], True, id="all by keyword"),
        pytest.param(["origins"], ["supports_credentials"], False, id="credentials in the config"),
        pytest.param(["supports_credentials"], ["origins"], False, id="origins in the config"),
        pytest.param([], ["origins", "supports_credentials"], False, id="all in the config"),
    ],
)
def test_a_risk_with_credentials_is_warned_of_once_as_soon_as_it_is_known(
    origins: str, message: str, options: list[str], found: list[str], early: bool
) -> None:
    values = {"origins": origins, "supports_credentials": True}
    given_ = keywords(**{name: values[name] for name in options})
    known = config(**{f"CORS_{name.upper()}": values[name] for name in found})
    steps: list[Callable[[], object]] = [lambda: resources_of(given_), lambda: resources_of(given_, known)]
    caught = [[str(w.message) for w in warned(step)] for step in steps]
    assert [len(messages) for messages in caught] == ([1, 0] if early else [0, 1])
    assert caught[not early][0].startswith(message)


def warned(step: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step()
    return caught


@pytest.mark.usefixtures("suffixes")
@pytest.mark.parametrize(("origins", "message"), RISKY)
def test_without_credentials_there_is_no_risk_to_warn_of(origins: str, message: str) -> None:
    assert message.startswith(repr(origins))
    assert policy(keywords(origins=origins)).supports_credentials is False
    assert policy(keywords(origins=origins, supports_credentials=False)).supports_credentials is False


def test_a_risk_in_several_resources_is_warned_of_once() -> None:
    entries: dict[str, dict[str, Any]] = {"/a": {}, "/b": {"max_age": 1}}
    given_ = keywords(origins="http://a.example", supports_credentials=True, resources=entries)
    assert len(warned(lambda: resources(given_))) == 1


def test_a_risk_in_an_entry_of_the_config_is_warned_of() -> None:
    given_ = keywords(origins=APP, supports_credentials=True)
    found = config(CORS_RESOURCES={"/a": {"origins": "http://a.example"}})
    assert len(warned(lambda: resources(given_, found))) == 1


def test_a_risk_that_was_warned_of_is_not_warned_of_again_for_an_entry_of_the_config_that_leaves_it() -> None:
    given_ = keywords(origins="http://a.example", supports_credentials=True)
    found = config(CORS_RESOURCES={"/a": {"max_age": 1}, "/b": {}})
    assert len(warned(lambda: resources(given_, found))) == 1


# Purity --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["origins", "policy", "resources", "options"])
def test_a_module_that_decides_can_be_imported_without_flask(module: str) -> None:
    program = (
        "import importlib, sys, types\n"
        "package = sys.modules['flask_cors'] = types.ModuleType('flask_cors')\n"
        f"package.__path__ = [{str(Path(flask_cors.__file__).parent)!r}]\n"
        f"importlib.import_module('flask_cors.{module}')\n"
        "print(sorted({'flask', 'werkzeug', 'jinja2', 'blinker'}.intersection(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout == "[]\n"


# Said to the letter, and at the edge ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ending"),
    [
        pytest.param(
            {"resources": ""},
            "a pattern is a text that is not empty, or a compiled re.Pattern of text; write '*' for every path",
            id="a pattern",
        ),
        pytest.param(
            {"send_wildcard": 1},
            "must be a bool; write True or False (in an environment variable: true or false)",
            id="a flag",
        ),
        pytest.param(
            {"headers": 1},
            "must be a string or an iterable of strings; write for example 'Content-Type, X-Token'",
            id="a list of names",
        ),
    ],
)
def test_what_to_write_is_said_to_the_letter(options: dict[str, Any], ending: str) -> None:
    with pytest.raises(ValueError, match=f"{re.escape(ending)}$"):
        by_keyword(options, "CORS()", "resources")


def test_credentials_for_everyone_are_answered_with_both_ways_out() -> None:
    ending = (
        "cannot be combined with supports_credentials=True; write the origins that you trust, as in "
        "origins='https://app.example', or leave supports_credentials out"
    )
    given = by_keyword({"origins": ["*", APP], "supports_credentials": True}, "CORS()")
    with pytest.raises(ValueError, match=re.escape(f"origins=('*', '{APP}') is everyone, which {ending}") + "$"):
        resources_of(given)


def test_unknown_names_stand_side_by_side() -> None:
    with pytest.raises(TypeError, match=r"did you mean 'origins'\?; 'method' is not"):
        by_keyword({"origin": "*", "method": "GET"}, "CORS()")


def test_fifteen_digits_are_no_number_of_seconds() -> None:
    with pytest.raises(ValueError, match="must be a whole number of seconds"):
        by_keyword({"max_age": "000000000000600"}, "CORS()")


def test_a_name_that_is_none_is_told_of_what_names_are_made() -> None:
    with pytest.raises(ValueError, match="holds 'X Token': ") as refused:
        keywords(headers="X Token")
    assert "write tokens, letters and digits and !#$%&'*+-.^_`|~ only, as in X-Token" in str(refused.value)


def test_code_without_a_name_is_warned_too() -> None:
    with pytest.warns(CORSWarning, match="can never match"):
        exec("CORS(origins='app.example')", {"CORS": CORS})  # noqa: S102 - as a console may do
