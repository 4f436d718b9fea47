"""Options: what each can be given as, which of several values decides, and what the messages say to write."""

import itertools
import re
import types
import warnings
from ast import literal_eval
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_cors import CORS, CORSWarning, cross_origin
from flask_cors.cli import advice
from flask_cors.options import (
    NAMES,
    CORSOptions,
    Options,
    ParsedOptions,
    build_resources,
    config_key,
    parse_config,
    parse_keywords,
)
from flask_cors.policy import Policy
from tests.helpers import FOR_NONE, A, a_view, get_headers_for, make_app
from tests.tables import table

APP = "https://app.example"
API = "https://api.example"

# The options that the manual lists, in its order; those that are true or false; and two names of later releases.
SWITCHES = ["send_wildcard", "always_send", "automatic_options", "vary_header"]
LISTED = ["origins", "methods", "headers", "expose_headers", "supports_credentials", "max_age", *SWITCHES]
LATER = ["allow_headers", "intercept_exceptions"]


def keywords(**options: Any) -> ParsedOptions:
    return parse_keywords(options, "CORS()", "resources")


def config(**options: Any) -> ParsedOptions:
    return parse_config({config_key(name): value for name, value in options.items()})


# How a message spells an option that stands in each place.
PLACES: dict[str, Callable[..., ParsedOptions]] = {
    "{}": keywords,
    "CORS_{upper}": config,
    "resources['/a']['{}']": lambda **options: keywords(resources={"/a": options}),
    "CORS_RESOURCES['/a']['{}']": lambda **options: config(resources={"/a": options}),
}


def policy(parsed: ParsedOptions, found: ParsedOptions | None = None, path: str = "/") -> Policy:
    covering = build_resources(parsed, found or config()).policy(path)
    assert covering is not None
    return covering


def refused(error: type[Exception], call: Callable[..., object], *args: Any, **options: Any) -> str:
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


def warned(step: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step()
    return caught


def serve() -> Flask:
    app = make_app()
    app.add_url_rule("/", view_func=a_view)
    return app


# What each option can be given as ------------------------------------------------------------------------------------


def test_the_options_are_those_of_the_manual_and_two_names_of_later_releases() -> None:
    assert {*LISTED, *LATER} == NAMES == {*Options.__annotations__}
    assert {*NAMES, "resources"} == {*CORSOptions.__annotations__}
    assert {*Policy._fields} == {*LISTED}


is_app, PATTERN = APP.__eq__, re.compile("https://a")


@table(
    "name, expected, forms",
    ("origins: strings", "origins", (APP, API), [f"{APP}, {API}", [APP, API], (o for o in (APP, API))]),
    ("origins: others", "origins", (PATTERN, is_app, APP), [[PATTERN, is_app, APP]]),
    ("origins: a pattern", "origins", (PATTERN,), [PATTERN, {PATTERN}]),
    ("methods", "methods", ("GET", "PUT"), [" put , get,get,", ["put", "GET", "get"]]),
    ("headers", "headers", ("X-B", "x-a"), ["X-B,x-a , X-B", frozenset({"x-a", "X-B"}), {"x-a": 1, "X-B": 2}.keys()]),
    ("expose_headers", "expose_headers", ("A", "B"), ["B, A", map(str, "BA")]),
    ("max_age", "max_age", 86402, [86402, "86402", "00086402", timedelta(days=1, seconds=2)]),
    ("max_age: the most digits", "max_age", 10**14 - 1, [10**14 - 1, "9" * 14]),
)
def test_an_option_can_be_given_as(name: str, expected: object, forms: list[object]) -> None:
    found = [getattr(policy(keywords(**{name: form})), name) for form in forms]
    assert [value.entries if name == "origins" else value for value in found] == [expected] * len(forms)


def test_none_is_not_given() -> None:
    for parse in PLACES.values():
        assert parse(**dict.fromkeys([*LISTED[1:], *LATER])).values.keys() - {"resources"} == set()
    assert keywords(resources=None).values == config(resources=None).values == {}


@table(
    "place",
    ("an entry", lambda app: CORS(app, resources={"/": {"origins": None}})),
    ("the config", lambda app: (app.config.update(CORS_ORIGINS=None), CORS(app))),
    ("a keyword, with credentials", lambda app: CORS(app, origins=None, supports_credentials=True)),
)
def test_origins_none_allows_no_origin_and_warns_with_what_to_write(place: Callable[[Flask], object]) -> None:
    app = serve()
    [warning] = warned(lambda: (place(app), get_headers_for(app)))
    assert "origins is None, which allows no origin" in str(warning.message)
    remedies = re.findall(r"origins='([^']*)'", str(warning.message))
    assert [policy(keywords(origins=remedy)).allows(APP) for remedy in remedies] == [True, True]
    assert get_headers_for(app) == FOR_NONE


def test_what_is_parsed_keeps_nothing_of_the_users_lists() -> None:
    names, entry = ["A"], {"headers": ["B"]}
    parsed = keywords(headers=names, resources={"/a": entry, "/": {}})
    names.append("C")
    entry["headers"].append("C")
    entry["methods"] = ["GET"]
    assert [policy(parsed, path=path) for path in ("/a", "/")] == [Policy(headers=("B",)), Policy(headers=("A",))]


# Which of several values decides -------------------------------------------------------------------------------------

VALUES: dict[str, list[Any]] = {
    "origins": ["https://a.example", [A, APP], [], PATTERN],
    **{name: ["A", "", ["B", "C"], "*"] for name in ("methods", "headers", "expose_headers")},
    "max_age": [0, 1, "2"],
    **{name: [True, False] for name in ("supports_credentials", *SWITCHES)},
}


@pytest.mark.parametrize("name", LISTED)
def test_a_value_decides_wherever_it_is_given(name: str) -> None:
    """Also ``False``, ``0`` and an empty collection."""
    for first, second in itertools.permutations(VALUES[name], 2):
        others = {"origins": APP} if name == "supports_credentials" else {}
        expected = [policy(keywords(**{**others, name: value})) for value in (first, second)]
        assert policy(keywords(**others), config(**{name: first})) == expected[0]
        assert policy(keywords(**others, **{name: second}), config(**{name: first})) == expected[1]
        assert policy(keywords(**others, **{name: second}, resources={"/": {name: first}})) == expected[0]
        assert policy(keywords(**others, resources={"/": {name: first}}), config(**{name: second})) == expected[0]
        entry_of_config = config(**{name: second}, resources={"/": {name: first}})
        assert policy(keywords(**others), entry_of_config) == expected[0]


def test_the_config_is_read_by_name_and_its_resources_are_replaced_as_a_whole() -> None:
    found = parse_config({"CORS_MAX_AGE": 5, "MAX_AGE": 6, "cors_methods": "GET", "CORS_PROXY_URL": 7, "SECRET": "x"})
    assert found.values == {"max_age": 5}
    covering = build_resources(keywords(resources={"/k": {}}), config(resources={"/k": {"max_age": 1}, "/c": {}}))
    assert [covering.policy("/k"), covering.policy("/c")] == [Policy(), None]


@pytest.mark.parametrize(("spelling", "parse"), [*PLACES.items()], ids=PLACES)
def test_names_of_later_releases_are_accepted_everywhere(spelling: str, parse: Callable[..., ParsedOptions]) -> None:
    assert policy(keywords(), parse(intercept_exceptions=True, allow_headers="A"), "/a") == Policy(headers=("A",))
    for one, other in [("A, B", ["B", "A"]), ("A", "A"), ("A", None), (None, "A"), ((), "")]:
        parse(headers=one, allow_headers=other)
    for one, other in [("A", "B"), ("", "A"), ("A", "a")]:
        message = refused(ValueError, parse, headers=one, allow_headers=other)
        assert message.startswith(spelling.format("allow_headers", upper="ALLOW_HEADERS"))
        assert re.search("headers and allow_headers .*give only one", message)
    for weaker, stronger in itertools.product(["headers", "allow_headers"], repeat=2):  # with the same precedence
        assert policy(keywords(**{stronger: "K"}), config(**{weaker: "C"})).headers == ("K",)
        assert policy(keywords(**{weaker: "K"}, resources={"/": {stronger: "E"}})).headers == ("E",)


# Unknown names -------------------------------------------------------------------------------------------------------

CALLS: dict[str, Callable[..., ParsedOptions]] = {
    "CORS()": keywords,
    "cross_origin()": lambda **options: parse_keywords(options, "cross_origin()"),
    "resources['/a']": PLACES["resources['/a']['{}']"],
    "CORS_RESOURCES['/a']": PLACES["CORS_RESOURCES['/a']['{}']"],
}


def remedy(name: str, call: str = "CORS()", value: object = 1) -> str:
    """Return what the message about an unknown name says to write, having seen where it says that the name stands."""
    head, _, tail = refused(TypeError, CALLS[call], **{name: value}).partition("; ")
    assert head == f"{call}: {name!r} is not an option here"
    return tail


# Flask-Cors 197: support_credentials had no effect.
NEAR = {"origin": "origins", "orgins": "origins", "support_credentials": "supports_credentials", "maxage": "max_age"}


@pytest.mark.parametrize("call", [*CALLS])
def test_an_unknown_name_is_an_error_with_the_nearest_real_one(call: str) -> None:
    assert {name: remedy(name, call) for name in NEAR} == {
        name: f"did you mean {near!r}?" for name, near in NEAR.items()
    }


# What people write who know other names, a value for it, and the options to which the message has to lead.
ORIGIN_NAMES = ("allow_origin", "allow_origins", "allowed_origins", "cors_allowed_origins")
REGEX = r"https://[a-z]+\.app\.example"
TRANSLATED: dict[str, tuple[Any, dict[str, Any]]] = {
    **dict.fromkeys(ORIGIN_NAMES, (APP, {"origins": APP})),
    "allow_origin_regex": (REGEX, {"origins": re.compile(REGEX)}),
    "allow_all_origins": ("*", {"origins": "*"}),
    "allow_private_network": (False, {}),
    **dict.fromkeys(("allow_credentials", "credentials"), (True, {"supports_credentials": True})),
    **dict.fromkeys(("allow_methods", "allowed_methods"), ("PUT", {"methods": "PUT"})),
    "allowed_headers": ("X-A", {"headers": "X-A"}),
    "exposed_headers": ("X-A", {"expose_headers": "X-A"}),
}


@pytest.mark.parametrize("name", sorted({*advice.OTHER_NAMES} - {"resource", "resources"}))
def test_the_remedy_for_a_name_of_another_library_or_release_works(name: str) -> None:
    value, meant = TRANSLATED[name]
    text = remedy(name, value=value)
    assert remedy(f"CORS_{name.upper()}").startswith(text)
    written: dict[str, Any] = {}
    if "=" in text:
        written = eval(f"dict({text.removeprefix('write ').replace('...', value)})", {"re": re})  # noqa: S307
    elif not text.startswith("remove it"):
        written = {text.removeprefix("write "): value}
    assert policy(keywords(**{"origins": API, **written})) == policy(keywords(**{"origins": API, **meant}))


def test_a_config_key_as_a_keyword_is_an_error_with_both_ways_to_write_it() -> None:
    for name in [*NAMES, "resources"]:
        assert remedy(f"CORS_{name.upper()}") == f"write {name}=..., or set app.config['CORS_{name.upper()}']"
        assert remedy(name.upper()).startswith(f"write {name}=")


def test_a_name_that_is_like_no_other_is_an_error_with_all_of_them() -> None:
    assert {*re.findall(r"\w+", remedy("zzz").removeprefix("write "))} == {*NAMES, "resources"}
    assert {*re.findall(r"\w+", remedy("zzz", "cross_origin()").removeprefix("write "))} == NAMES
    assert remedy("resources", "cross_origin()", "/a").startswith("write it as an option of CORS()")
    assert build_resources(keywords(resources="/a")).policy("/b") is None


@table(
    "options, message",
    ("all at once", {"origin": 1, "maxage": 2}, "'origin' .*did you mean 'origins'.; 'maxage' .*'max_age'"),
    ("before wrong values, and although it is None", {"max_age": -1, "origin": None}, "'origin'"),
    ("resources inside resources", {"resources": {"/a": {"resources": "/"}}}, r"^resources\['/a'\]: 'resources' is"),
    ("a number", {"resources": {"/a": {1: 2}}}, r"^resources\['/a'\]: '1' is not an option here"),
)
def test_unknown_names_are_an_error(options: Any, message: str) -> None:
    assert re.search(message, refused(TypeError, keywords, **options))


BOTH = {"origins": APP, "resources": "/a"}


@table(
    "function, value, meant",
    ("CORS(app, {options})", CORS, {"origins": "*"}, {"origins": "*"}),
    ("CORS(app, path)", CORS, "/api/", {"resources": "/api/"}),
    ("CORS(app, {resources})", CORS, {"/api/": {}}, {"resources": {"/api/": {}}}),
    ("CORS(app, [paths])", CORS, ["/a", "/b"], {"resources": ["/a", "/b"]}),
    ("cross_origin(origin)", cross_origin, "*", {"origins": "*"}),
    ("cross_origin([origins])", cross_origin, [APP], {"origins": [APP]}),
    ("cross_origin({options})", cross_origin, {"max_age": 5}, {"max_age": 5}),
    ("CORS(app, {options and resources})", CORS, BOTH, BOTH),
    ("CORS(app, origin)", CORS, APP, {"origins": APP}),
)
def test_the_remedy_for_an_option_by_position_works(function: Any, value: object, meant: dict[str, Any]) -> None:
    app = [Flask("app")] if function is CORS else []
    message = refused(TypeError, function, *app, value)
    assert message.startswith(f"{function.__name__}() takes its options by keyword; for ")
    written = eval(f"dict({message.rpartition('write ')[2]})")  # noqa: S307
    assert written == meant
    function(*app, **written)


def test_a_path_in_a_decorator_belongs_to_the_route() -> None:
    assert "path '/users' belongs to @app.route" in refused(TypeError, cross_origin, "/users")


# Config keys that look like an option --------------------------------------------------------------------------------


def key_warnings(config: dict[Any, Any], set_up: Callable[[Flask], object] = CORS) -> list[str]:
    """Set up an app with this config, send it requests, and return what it warned about."""
    app = serve()
    app.config.update(config)
    caught = warned(lambda: (set_up(app), get_headers_for(app), get_headers_for(app)))
    return [str(warning.message) for warning in caught]


like_an_option = table(
    "key, value, name",
    ("a letter missing", "CORS_ORIGIN", A, "origins"),
    ("a letter missing inside", "CORS_SUPPORT_CREDENTIALS", False, "supports_credentials"),
    ("an underscore missing", "CORS_MAXAGE", 5, "max_age"),
    ("one for many", "CORS_HEADER", "X-A", "headers"),
    ("what django-cors-headers calls it", "CORS_ALLOWED_ORIGINS", [A], "origins"),
    ("what starlette calls it", "CORS_ALLOW_METHODS", ["GET"], "methods"),
)


@like_an_option
def test_a_config_key_that_is_like_an_option_is_warned_about_once(key: str, value: object, name: str) -> None:
    [text] = key_warnings({key: value})
    assert re.match(f"config key {key!r} .*did you mean {config_key(name)!r}", text)


def decorate(app: Flask, **options: Any) -> None:
    CORS(app)
    app.add_url_rule("/d", "d", cross_origin(**options)(a_view))


@like_an_option
@table(
    "use",
    ("a keyword", CORS),
    ("an entry", lambda app, **o: CORS(app, resources={"/": o})),
    ("an entry of the config", lambda app, **o: CORS(app.config.update(CORS_RESOURCES={"/": o}) or app)),
    ("a decorator", decorate),
    ("the right key", lambda app, **o: CORS(app.config.update({config_key(name): o[name] for name in o}) or app)),
)
def test_a_config_key_whose_option_is_given_anywhere_is_not_warned_about(
    use: Callable[..., object], key: str, value: object, name: str
) -> None:
    assert key_warnings({key: value}, lambda app: use(app, **{name: value})) == []


def test_a_config_key_that_cannot_be_an_option_is_not_warned_about() -> None:
    other = [1, "CORS_PROXY_URL", "CORS_ENABLED", "CORS_DEBUG", "ORIGIN", "CORS", "XCORS_ORIGIN", "cors_origin"]
    unusable = {"CORS_OPTIONS": {"origins": A}, "CORS_ORIGIN": {}}
    assert key_warnings({**dict.fromkeys(other, A), **unusable}) == []
    assert key_warnings({"CORS_RESOURCE": "/"}, lambda app: CORS(app, resources="/")) == []
    assert key_warnings({"CORS_ALLOWED_HEADERS": "X-A"}, lambda app: CORS(app, headers="X-A")) == []  # one of two names


# Resources -----------------------------------------------------------------------------------------------------------

PATHS = ["/", "/a", "/a/b", ""]


@table(
    "value, covered",
    ("not given", None, PATHS),
    ("the wildcard", "*", PATHS),
    ("the wildcard in a dict", {"*": {}}, PATHS),
    ("a string with a comma of its own", "/a{1,2}$", ["/a"]),
    ("a compiled pattern", re.compile("/A", re.IGNORECASE), ["/a", "/a/b"]),
    ("a list", ["/a/", re.compile("/$")], ["/", "/a/b"]),
    ("a generator", (p for p in ["/a/"]), ["/a/b"]),
    ("a dict", {"/a/": None, re.compile("/a$"): {}}, ["/a", "/a/b"]),
    ("other mappings", types.MappingProxyType({"/a/": types.MappingProxyType({})}), ["/a/b"]),
    ("an empty list", [], []),
    ("an empty dict", {}, []),
)
def test_resources_can_be_given_as(value: object, covered: list[str]) -> None:
    covering = build_resources(keywords(resources=value))
    assert [path for path in PATHS if covering.policy(path)] == covered


@table(
    "value, message",
    *((f"{value!r}", value, f"={value!r} must be a pattern, patterns, or a dict") for value in (5, b"/")),
    *((f"[{item!r}]", [item], f"[{item!r}]: a pattern is a text") for item in ("", 5, b"/a", None)),
    ("a dict with an empty pattern", {"": {}}, "['']: a pattern is a text"),
    ("a pattern of bytes", re.compile(b"/a"), "[re.compile(b'/a')]: a pattern is a text"),
    ("an open group", "/a(", "['/a(']: '/a(' is not a valid regular expression: missing )"),
    ("a glob in a list", ["/", "*/a"], "['*/a']: '*/a' is not a valid regular expression"),
    *((f"/a: {v}", {"/a": v}, f"['/a']={v!r} must be a dict of options; write") for v in ("*", [APP], False)),
)
def test_resources_that_cannot_be_are_an_error_with_the_rule(value: object, message: str) -> None:
    for parse, name in ((keywords, "resources"), (config, "CORS_RESOURCES")):
        assert refused(ValueError, parse, resources=value).startswith(name + message)


# Wrong values --------------------------------------------------------------------------------------------------------

NAME_LISTS = ["methods", "headers", "expose_headers", "allow_headers"]
NO_TOKENS: list[object] = ["A B", ["A", "B,C"], ["ok", "ä"], ["A\n"], [""], [None], [b"A"]]
NO_SECONDS: list[object] = [
    *(-1, 1.0, True, False, 10**14, "", "-1", "1.5", "10 minutes", " 5", "5\n", "٣", "²", "9" * 15, "0" * 15),
    *(timedelta(seconds=-1), timedelta(seconds=1.5), [5], b"5", "1" * 5000),
]
ENTRY_TYPES = "must be a string, a compiled re.Pattern of text, a function"
FLAGS = ["supports_credentials", *SWITCHES, "intercept_exceptions"]


@table(
    "names, rule, write, values",
    ("of another type", ["origins"], ENTRY_TYPES, '["https://app.example"]', [5, b"*"]),
    ("no list", NAME_LISTS, "must be a string or an iterable of strings", "'Content-Type, X-Token'", [5, b"GET", True]),
    ("no token", NAME_LISTS, "letters and digits and !#$%&'*+-.^_`|~ only", "X-Token", NO_TOKENS),
    ("no bool", FLAGS, "must be a bool", "True", ["true", 1, 0, "", [], "x" * 5000]),
    ("no number", ["max_age"], "must be a whole number of seconds, 0 or more", "600", NO_SECONDS),
)
@pytest.mark.parametrize(("spelling", "parse"), [*PLACES.items()], ids=PLACES)
def test_a_wrong_value_is_an_error_with_option_value_rule_and_what_to_write(
    names: list[str], rule: str, write: str, values: list[object], spelling: str, parse: Callable[..., ParsedOptions]
) -> None:
    for name, value in itertools.product(names, values):
        message = refused(ValueError, parse, **{name: value})
        assert message.startswith(spelling.format(name, upper=name.upper()))
        assert repr(value)[:300] in message
        assert len(message) < 1000
        assert write in message.partition(rule)[2]
        keywords(**{name: write if write == "X-Token" else literal_eval(write)})


ENTRIES = {"/a": {"max_age": -2, "methods": 3}, "(": {"methods": 3}, "/b": "x", 4: {}}


@table(
    "options, mistakes",
    ("of several options", {"origins": 5, "methods": "A B", "vary_header": "no"}, "origins methods vary_header"),
    ("of two names", {"max_age": -1, "headers": "A", "allow_headers": "B"}, "max_age allow_headers"),
    ("of entries", {"resources": ENTRIES}, "[/a][max_age] [/a][methods] [(] [(][methods] [/b] [4]"),
)
def test_all_mistakes_are_in_one_message_a_line_each(options: dict[str, Any], mistakes: str) -> None:
    first, *others = refused(ValueError, keywords, **options).splitlines()
    assert first == "CORS options:"
    found = [re.split("[= :]", line.removeprefix("- "))[0].removeprefix("resources") for line in others]
    assert [name.replace("'", "") for name in found] == mistakes.split()


def test_a_message_shows_which_item_is_wrong_and_of_a_long_value_the_beginning() -> None:
    value = ["x" * 400, 5, "a b"]
    expected = f"headers={repr(value)[:300]} holds [5, 'a b']: write tokens"
    assert refused(ValueError, keywords, headers=value).startswith(expected)
    message = refused(TypeError, CORS, make_app(), value)
    assert (f"for {repr(value)[:300]}, write " in message, len(message) < 1000) == (True, True)


# Credentials for every origin ----------------------------------------------------------------------------------------

PATTERNS = [re.compile(text) for text in (".*", r"https?://[^/]+", r"https?://[\w.]+", r".+\.[a-z]{2,3}")]
EVERY_ORIGIN: list[Any] = ["*", ["*"], f"{APP},*", [APP, "*"], [APP, PATTERNS[0]], "^.*$", "^https?://.*$", *PATTERNS]
TO_ALL = {"origins": "*", "supports_credentials": True}


@pytest.mark.parametrize("origins", EVERY_ORIGIN, ids=repr)
@pytest.mark.parametrize("in_config", [[], ["origins"], ["supports_credentials"], [*TO_ALL]], ids=repr)
def test_credentials_for_every_origin_are_an_error_once_both_are_known(origins: object, in_config: list[str]) -> None:
    """CVE-2018-20744, rs/cors: ``*`` with credentials allowed every site."""
    values = {**TO_ALL, "origins": origins}
    parsed = keywords(**{name: value for name, value in values.items() if name not in in_config})
    found = config(**{name: values[name] for name in in_config}) if in_config else None
    if found:
        build_resources(parsed)  # nothing is wrong as long as the config is not known
    message = refused(ValueError, build_resources, parsed, found)
    assert "cannot be combined with supports_credentials=True" in message
    assert re.match(r"origins=.*('\*'|'\^.*\$'|re\.compile\(.*\)).* allows every origin", message)
    [written] = re.findall(r"write .*?origins='([^']*)'", message)
    assert policy(keywords(origins=written, supports_credentials=True)).allows(written)


def test_credentials_without_origins_are_an_error_that_names_the_config_key() -> None:
    message = refused(ValueError, build_resources, keywords(supports_credentials=True), config())
    assert re.search("origins is not given.*or set CORS_ORIGINS in the app's config before CORS", message)
    assert policy(keywords(supports_credentials=True), config(origins=APP)).supports_credentials


LISTS_BOTH = {"/a": {"origins": APP, "supports_credentials": True}, "/b": {}}


@table(
    "wrong, options, found",
    ("origins in an entry", True, {"supports_credentials": True, "resources": {"/a": {"origins": "*"}}}, {}),
    ("credentials in an entry", True, {"origins": "*", "resources": {"/a": {"supports_credentials": True}}}, {}),
    ("both in an entry", True, {"resources": {"/a": TO_ALL, "/b": {}}}, {}),
    ("an entry opens it", True, {**TO_ALL, "origins": APP, "resources": {"/b": {"origins": "^.*$"}}}, {}),
    ("both in the config's entry", True, {}, {"resources": {"/b": TO_ALL}}),
    ("the config's entry opens it", True, {**TO_ALL, "origins": APP}, {"resources": {"/b": {"origins": "*"}}}),
    ("in an entry, in the config", True, {"resources": {"/b": {"origins": "*"}}}, {"supports_credentials": True}),
    ("different resources", False, {"origins": "*", "resources": LISTS_BOTH}, {}),
    ("the config allows no credentials", False, {"origins": "*"}, {"supports_credentials": False}),
    ("the keyword overrides the config", False, {"origins": APP}, TO_ALL),
    ("no resource at all", False, {"supports_credentials": True, "resources": []}, {}),
    ("the config's entries", False, {"supports_credentials": True}, {"resources": {"/a": {"origins": APP}}}),
    ("entries close it", False, {**TO_ALL, "resources": {"/a": {"supports_credentials": False}}}, {}),
)
def test_credentials_are_judged_on_the_final_policy_of_each_resource(wrong: bool, options: Any, found: Any) -> None:
    for known in [config(**found)] if found else [None, config()]:
        if wrong:
            assert "cannot be combined" in refused(ValueError, build_resources, keywords(**options), known)
        else:
            build_resources(keywords(**options), known)


def test_each_resource_that_gives_credentials_to_every_origin_is_in_the_message() -> None:
    entries = {"/a": {"origins": "*"}, "/b": {"origins": "^.*$"}, "/c": {"origins": APP}}
    message = refused(ValueError, build_resources, keywords(supports_credentials=True, resources=entries))
    assert re.findall(r"origins='(.*?)' allows every origin", message) == ["*", "^.*$"]


# Warnings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"supports_credentials": True}], ids=["a correction", "a risk"])
@table(
    "call",
    ("by keyword", lambda app, o: CORS(app, **o)),
    ("by init_app", lambda app, o: CORS(**o).init_app(app)),
    ("in several entries", lambda app, o: CORS(app, resources={"/": o, "/a": {**o, "max_age": 1}})),
    ("for a blueprint", lambda app, o: (CORS(b := Blueprint("b", "b"), **o), app.register_blueprint(b))),
    ("for a view", lambda app, o: app.add_url_rule("/d", "d", cross_origin(**o)(a_view))),
)
def test_a_fault_is_warned_about_once_at_the_line_of_the_call(call: types.FunctionType, more: Any) -> None:
    app, options = serve(), {"origins": "http://a.example" if more else "HTTPS://a.example", **more}
    [warning] = warned(lambda: (call(app, options), get_headers_for(app), get_headers_for(app, "/d")))
    assert (warning.category, warning.filename) == (CORSWarning, __file__)
    assert warning.lineno == call.__code__.co_firstlineno
    assert options["origins"] in str(warning.message)


def test_a_fault_of_the_config_is_warned_about_once_at_the_first_request() -> None:
    app = serve()
    app.config["CORS_ORIGINS"] = "localhost:3000"
    assert warned(lambda: CORS(app)) == []
    [warning] = warned(lambda: (get_headers_for(app), get_headers_for(app)))
    assert "'localhost:3000' can never match" in str(warning.message)


@pytest.mark.parametrize("module", ["flask_corsair", "app.flask_cors", None])
def test_code_of_another_name_or_of_none_is_not_taken_for_the_package(module: str | None) -> None:
    scope: dict[str, Any] = {"CORS": CORS, "app": make_app(), **({"__name__": module} if module else {})}
    program = compile("CORS(app, origins='A://b/c')", "between.py", "exec")
    [warning] = warned(lambda: exec(program, scope))  # noqa: S102
    assert warning.filename == "between.py"


def test_several_faults_are_several_warnings_and_a_mistake_is_an_error_and_no_warning_besides() -> None:
    caught = warned(lambda: CORS(make_app(), origins=["HTTPS://App.example/", "https://b.example", "app.example"]))
    assert [str(warning.message).split(":")[0] for warning in caught] == ["'HTTPS", "'app.example' can never match"]
    # A warning would be an error of its own.
    assert "max_age" in refused(ValueError, CORS, make_app(), origins="HTTPS://a.example", max_age=-1)
