"""Options: what each can be given as, which of several values decides, and what the messages say to write."""

import os  # noqa: F401 - for what the messages say to write
import re
import types
import warnings
from ast import literal_eval
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations, product
from typing import Any

import pytest
from flask import Blueprint, Flask

from flask_cors import CORS, CORSWarning, cross_origin
from flask_cors.options import NAMES, ParsedOptions, build_resources, config_key, parse_config, parse_keywords
from flask_cors.policy import Policy
from tests.helpers import FOR_NONE, A, a_view, get_headers_for, make_app
from tests.tables import table, words

APP, API = "https://app.example", "https://api.example"
SWITCHES = ["send_wildcard", "always_send", "automatic_options", "vary_header"]


def keywords(**options: Any) -> ParsedOptions:
    return parse_keywords(options, "CORS()", "resources")


def config(**options: Any) -> ParsedOptions:
    return parse_config({config_key(name): value for name, value in options.items()})


# How a message spells an option that stands in each place, and what it calls that place.
PLACES: dict[str, Callable[..., ParsedOptions]] = {
    "{}": keywords,
    "CORS_{upper}": config,
    "resources['/a']['{}']": lambda **options: keywords(resources={"/a": options}),
    "CORS_RESOURCES['/a']['{}']": lambda **options: config(resources={"/a": options}),
}
CALLS: dict[str, Callable[..., ParsedOptions]] = {
    "CORS()": keywords,
    "cross_origin()": lambda **options: parse_keywords(options, "cross_origin()"),
    **{spelling.removesuffix("['{}']"): parse for spelling, parse in [*PLACES.items()][2:]},
}


def remedy(name: str, call: str = "CORS()", value: object = 1) -> str:
    """Return what the message about an unknown name says to write, having seen where it says that the name stands."""
    head, _, tail = refused(TypeError, CALLS[call], **{name: value}).partition("; ")
    assert head == f"{call}: {name!r} is not an option here"
    return tail


def policy(parsed: ParsedOptions, found: ParsedOptions | None = None, path: str = "/") -> Policy:
    covering = build_resources(parsed, found or config()).policy(path)
    assert covering is not None
    return covering


def refused(error: type[Exception], call: Callable[..., object], *args: Any, **options: Any) -> str:
    with pytest.raises(error) as caught:
        call(*args, **options)
    return str(caught.value)


def warned(step: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True, action="always") as caught:
        step()
    assert {warning.category for warning in caught} <= {CORSWarning}
    return caught


def serve(**config: Any) -> Flask:
    app = make_app(**config)
    app.add_url_rule("/", view_func=a_view)
    return app


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
        assert parse(**dict.fromkeys(NAMES - {"origins"})).values.keys() - {"resources"} == set()
    assert keywords(resources=None).values == config(resources=None).values == {}
    assert keywords(methods=None, max_age=1).values == {"max_age": 1}


@table(
    "options, settings",
    ("in an entry", {"resources": {"/": {"origins": None}}}, {}),
    ("in the config", {}, {"CORS_ORIGINS": None}),
    ("in a keyword, with credentials", {"origins": None, "supports_credentials": True}, {}),
    ("an empty text", {"origins": ""}, {}),
    ("commas alone, in the config", {}, {"CORS_ORIGINS": " , "}),
)
def test_origins_that_are_not_set_allow_no_origin_and_warn_with_what_to_write(options: Any, settings: Any) -> None:
    app = serve(**settings)
    [warning] = warned(lambda: (CORS(app, **options), get_headers_for(app)))
    assert re.match("origins is (None|''|' , '), which allows no origin", str(warning.message))
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


VALUES: dict[str, list[Any]] = {
    "origins": ["https://a.example", [A, APP], [], PATTERN],
    **{name: ["A", "", ["B", "C"], "*"] for name in ("methods", "headers", "expose_headers")},
    "max_age": [0, 1, "2"],
    **{name: [True, False] for name in ("supports_credentials", *SWITCHES)},
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_decides_wherever_it_is_given_also_false_0_and_an_empty_collection(name: str) -> None:
    others = {"origins": APP} if name == "supports_credentials" else {}
    for first, second in permutations(VALUES[name], 2):
        decides = {**others, name: first}
        entry, weaker = {"resources": {"/": {name: first}}}, {name: second}
        for parsed, found in [
            (keywords(**others), config(**{name: first})),
            (keywords(**decides), config(**weaker)),
            (keywords(**others, **entry, **weaker), config()),
            (keywords(**others, **entry), config(**weaker)),
            (keywords(**others), config(**entry, **weaker)),
        ]:
            assert policy(parsed, found) == policy(keywords(**decides))


def test_the_config_is_read_by_name_and_its_resources_are_replaced_as_a_whole() -> None:
    found = parse_config({"CORS_MAX_AGE": 5, "MAX_AGE": 6, "cors_methods": "GET", "CORS_PROXY_URL": 7, "SECRET": "x"})
    assert found.values == {"max_age": 5}
    covering = build_resources(keywords(resources={"/k": {}}), config(resources={"/k": {"max_age": 1}, "/c": {}}))
    assert [covering.policy("/k"), covering.policy("/c")] == [Policy(), None]


@pytest.mark.parametrize(("spelling", "parse"), [*PLACES.items()], ids=PLACES)
def test_names_of_later_releases_are_accepted_everywhere(spelling: str, parse: Callable[..., ParsedOptions]) -> None:
    assert policy(keywords(), parse(intercept_exceptions=True, allow_headers="A"), "/a") == Policy(headers=("A",))
    for one, other in [("A, B", ["B", "A"]), ("A", None), (None, "A"), ((), "")]:
        parse(headers=one, allow_headers=other)
    for one, other in [("A", "B"), ("", "A"), ("A", "a")]:
        message = refused(ValueError, parse, headers=one, allow_headers=other)
        assert message.startswith(spelling.format("allow_headers", upper="ALLOW_HEADERS"))
        assert re.search("headers and allow_headers .*give only one", message)
    assert "give only one" not in refused(ValueError, keywords, headers="A B", allow_headers="C")
    for weaker, stronger in product(["headers", "allow_headers"], repeat=2):  # with the same precedence
        assert policy(keywords(**{stronger: "K"}), config(**{weaker: "C"})).headers == ("K",)
        assert policy(keywords(**{weaker: "K"}, resources={"/": {stronger: "E"}})).headers == ("E",)


# Flask-Cors 197: support_credentials had no effect.
NEAR = {"origin": "origins", "orgins": "origins", "support_credentials": "supports_credentials", "maxage": "max_age"}


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_name_is_an_error_with_the_nearest_real_one(call: str) -> None:
    assert [remedy(name, call) for name in NEAR] == [f"did you mean {near!r}?" for near in NEAR.values()]


@table(
    "option, names",
    ("origins", "origins", words("allow_origin allow_origins allowed_origins cors_allowed_origins")),
    ("every origin", 'origins="*"', ["allow_all", "allow_all_origins"]),
    ("a pattern", 'origins=re.compile(r"...")', ["allow_origin_regex"]),
    ("credentials", "supports_credentials", ["allow_credentials", "credentials"]),
    ("methods", "methods", ["allow_methods", "allowed_methods"]),
    ("headers", "headers", ["allowed_headers"]),
    ("exposed headers", "expose_headers", ["exposed_headers"]),
    ("paths", "resources", ["resource"]),
)
def test_a_name_of_another_library_or_release_is_an_error_with_the_name_here(option: str, names: list[str]) -> None:
    assert {remedy(name) for name in names} == {f"write {option}"}
    assert remedy(f"CORS_{names[0].upper()}") == f"write {option}"
    eval(f"keywords({option if '=' in option else f'{option}=None'})")  # noqa: S307


def test_a_name_that_is_like_no_other_is_an_error_with_all_of_them() -> None:
    assert {*re.findall(r"\w+", remedy("zzz").removeprefix("write "))} == {*NAMES, "resources"}
    assert {*re.findall(r"\w+", remedy("zzz", "cross_origin()").removeprefix("write "))} == NAMES
    assert remedy("logging") == remedy("zzz")
    assert remedy("resources", "cross_origin()", "/a").startswith("write it as an option of CORS()")
    assert remedy("allow_private_network").startswith("remove it: browsers have given up private network access")
    for name in [*NAMES, "resources"]:
        assert remedy(f"CORS_{name.upper()}") == f"write {name}=..., or set app.config['CORS_{name.upper()}']"
        assert remedy(name.upper()).startswith(f"write {name}=")
    for name, written in {"Origins": "'origins': ...", "allow_all_origins": "'origins': \"*\""}.items():
        assert remedy(name, "resources['/a']") == f"write {written}"


def test_all_unknown_names_are_in_one_error_before_wrong_values() -> None:
    message = refused(TypeError, keywords, max_age=-1, origin=None, maxage=2)
    assert re.search("'origin' .*did you mean 'origins'.; 'maxage' .*'max_age'", message)
    message = refused(TypeError, keywords, resources={"/a": {"resources": "/", 1: 2}})
    assert re.search(r"^resources\['/a'\]: 'resources' is not .*; '1' is not an option here", message)
    message = refused(ValueError, keywords, resources={"/a": {}, "max_age": 5})
    assert message == "resources['max_age']: 'max_age' is an option, not a path; write it beside resources"


@table(
    "function, value, meant",
    ("CORS(app, {options})", CORS, {"origins": APP, "resources": "/a"}, {"origins": APP, "resources": "/a"}),
    ("CORS(app, path)", CORS, "/api/", {"resources": "/api/"}),
    ("CORS(app, {resources})", CORS, {"/api/": {}}, {"resources": {"/api/": {}}}),
    ("CORS(app, origin)", CORS, APP, {"origins": APP}),
    ("cross_origin(origin)", cross_origin, "*", {"origins": "*"}),
    ("CORS(app, [origins])", CORS, [APP], {"origins": [APP]}),
    ("CORS(app, [paths])", CORS, ["/a"], {"resources": ["/a"]}),
    ("cross_origin([origins])", cross_origin, [APP], {"origins": [APP]}),
)
def test_the_remedy_for_an_option_by_position_works(function: Any, value: object, meant: dict[str, Any]) -> None:
    app = [Flask("app")] if function is CORS else []
    message = refused(TypeError, function, *app, value)
    assert message.startswith(f"{function.__name__}() takes its options by keyword; for ")
    written = eval(f"dict({message.rpartition('write ')[2]})")  # noqa: S307
    assert written == meant
    function(*app, **written)
    assert "path '/users' belongs to @app.route" in refused(TypeError, cross_origin, "/users")
    assert refused(TypeError, function, *app, True).endswith(
        "True has no name: write it before the value, as in max_age=60"
    )


def key_warnings(config: dict[Any, Any], decoration: dict[str, Any] | None = None, **options: Any) -> list[str]:
    """Set up an app with this config, send it requests, and return what it warned about."""
    app = serve()
    app.config.update(config)
    if decoration:
        app.add_url_rule("/d", "d", cross_origin(**decoration)(a_view))
    caught = warned(lambda: (CORS(app, **options), get_headers_for(app), get_headers_for(app)))
    return [str(warning.message) for warning in caught]


@table(
    "key, value, name",
    ("a letter missing", "CORS_ORIGIN", A, "origins"),
    ("an underscore missing", "CORS_MAXAGE", 5, "max_age"),
    ("what django-cors-headers calls it", "CORS_ALLOWED_ORIGINS", [A], "origins"),
)
def test_a_config_key_like_an_option_is_warned_about_once_unless_that_is_given(key: str, value: Any, name: str) -> None:
    [text] = key_warnings({key: value})
    assert re.match(f"config key {key!r} .*did you mean {config_key(name)!r}", text)
    option = {name: value}
    assert key_warnings({key: value}, **option) == key_warnings({key: value}, resources={"/": option}) == []
    assert key_warnings({key: value}, option) == key_warnings({key: value, config_key(name): value}) == []
    assert key_warnings({key: value, "CORS_RESOURCES": {"/": option}}) == []


def test_a_config_key_that_cannot_be_an_option_is_not_warned_about() -> None:
    other = [
        1,
        "CORS_PROXY_URL",
        "CORS_ENABLED",
        "CORS_DEBUG",
        "CORS_LOGGING",
        "CORS_DOMAINS",
        "ORIGIN",
        "CORS",
        "XCORS_ORIGIN",
        "cors_origin",
    ]
    unusable = {"CORS_OPTIONS": {"origins": A}, "CORS_ORIGIN": {}}
    assert key_warnings({**dict.fromkeys(other, A), **unusable}) == []
    assert key_warnings({"CORS_RESOURCE": "/"}, resources="/") == []
    assert key_warnings({"CORS_ALLOWED_HEADERS": "X-A"}, headers="X-A") == []  # one of two names


PATHS = ["/", "/a", "/a/b", ""]


@table(
    "value, covered",
    ("not given", None, PATHS),
    ("the wildcard", "*", PATHS),
    ("the wildcard in a dict", {"*": {}}, PATHS),
    ("a string with a comma of its own", "/a{1,2}$", ["/a"]),
    ("a string with commas between patterns", " ^/a$ , /a/, ", ["/a", "/a/b"]),
    ("a string with commas between anchored patterns", "^/a$, ^/a/", ["/a", "/a/b"]),
    ("a string with commas before slashes in a set and a group", r"/a[^,/]|/a(?:,/b)?$", ["/a"]),
    ("a compiled pattern", re.compile("/A", re.IGNORECASE), ["/a", "/a/b"]),
    ("a generator", (p for p in ["/a/", re.compile("/$")]), ["/", "/a/b"]),
    ("a dict", {"/a/": None, re.compile("/a$"): {}}, ["/a", "/a/b"]),
    ("other mappings", types.MappingProxyType({"/a/": types.MappingProxyType({})}), ["/a/b"]),
    ("an empty list", [], []),
    ("an empty dict", {}, []),
)
def test_resources_can_be_given_as(value: object, covered: list[str]) -> None:
    covering = build_resources(keywords(resources=value))
    assert [path for path in PATHS if covering.policy(path)] == covered


NO_PATTERNS: list[object] = ["", 5, b"/a", None, {"/a": {}}, []]
AS_TEXT = ('{"/a": {}}', '[ "/a"]', "['/a']", "['/a', '/b']", "{'/a': {}}")


@table(
    "value, message",
    *((f"{value!r}", value, f"={value!r} must be a pattern, patterns, or a dict") for value in (5, b"/")),
    *((f"[{item!r}]", [item], f"[{item!r}]: a pattern is a text") for item in NO_PATTERNS),
    ("a pattern of bytes", re.compile(b"/a"), "[re.compile(b'/a')]: a pattern is a text"),
    *((f"as text: {text}", text, f"[{text!r}]: {text!r} is a list or a dict as text") for text in AS_TEXT),
    ("an object with a pattern", types.SimpleNamespace(pattern="/a"), "=namespace(pattern='/a') must be a pattern"),
    ("an open group", "/a(", "['/a(']: '/a(' is not a valid regular expression: missing )"),
    ("a glob in a list", ["/", "*/a"], "['*/a']: '*/a' is not a valid regular expression"),
    ("no dict", {"/a": "*"}, "['/a']='*' must be a dict of options; for origins, write {'origins': '*'}"),
)
def test_resources_that_cannot_be_are_an_error_with_the_rule(value: object, message: str) -> None:
    for parse, name in ((keywords, "resources"), (config, "CORS_RESOURCES")):
        assert refused(ValueError, parse, resources=value).startswith(name + message)


@pytest.mark.parametrize("glob", words("/a/** */a/* /** **"))
def test_a_glob_of_paths_is_told_from_a_regular_expression(glob: str) -> None:
    message = refused(ValueError, keywords, resources={glob: {}})
    assert "a path is a regular expression from its start, not a glob; write r'/" in message
    assert policy(keywords(resources=literal_eval(message.rpartition("write ")[2])), path="/a/b")


NAME_LISTS = ["methods", "headers", "expose_headers", "allow_headers"]
NO_TOKENS: list[object] = [["ok", "ä"], "Ünï: x", [""], [None], [b"A"], ["A", 5]]
NO_SECONDS: list[object] = [-1, 1.0, True, 10**14, "", "-1", "1.5", "10 minutes", "5\n", "٣", "9" * 15, "0" * 15]
NO_SECONDS += [timedelta(seconds=-1), timedelta(seconds=1.5), [5], b"5", "1" * 5000]
ENTRY_TYPES = "must be a string, a compiled re.Pattern of text, a function"
FLAGS = ["supports_credentials", *SWITCHES, "intercept_exceptions"]


@table(
    "names, rule, write, values",
    ("of another type", ["origins"], ENTRY_TYPES, '["https://app.example"]', [5, b"*"]),
    ("no list", NAME_LISTS, "must be a string or an iterable of strings", "'Content-Type, X-Token'", [5, b"GET", True]),
    ("no methods", ["methods"], "or for methods ", "'GET, PUT'", [True]),
    ("no token", NAME_LISTS, "letters and digits and !#$%&'*+-.^_`|~ only", "X-Token", NO_TOKENS),
    ("no bool", FLAGS, "must be a bool", "True", ["true", 1, 0, "", [], "x" * 5000]),
    ("no number", ["max_age"], "must be a whole number of seconds, 0 or more", "600", NO_SECONDS),
)
def test_a_wrong_value_is_an_error_with_the_rule_and_a_remedy(names: Any, rule: str, write: str, values: Any) -> None:
    for name, value, (spelling, parse) in product(names, values, PLACES.items()):
        message = refused(ValueError, parse, **{name: value})
        assert message.startswith(spelling.format(name, upper=name.upper()))
        assert repr(value)[:300] in message
        assert len(message) < 1000
        assert write in message.partition(rule)[2]
        keywords(**{name: write if write == "X-Token" else literal_eval(write)})


@table(
    "value, advice",
    ("a content type", "application/json", "that is a value of Content-Type; write 'Content-Type'"),
    ("a header with its value", ["X-A: application/json"], "a value does not belong here; write 'X-A'"),
    ("an origin", ["X-A", APP], "an origin belongs in origins"),
    ("a space or a semicolon", "A B; C", "commas separate names, and a name has no space; write 'A, B, C'"),
    ("an item with a comma", ["A", "B,C"], "commas separate names, and a name has no space; write 'A, B, C'"),
    ("a space in a name", ["Content- Type\n"], "commas separate names, and a name has no space; write 'Content-Type'"),
    ("a known name", "A, content type", "commas separate names, and a name has no space; write 'A, content-type'"),
)
def test_what_is_no_header_is_told_where_it_belongs(value: Any, advice: str) -> None:
    assert refused(ValueError, keywords, headers=value).endswith(f"]: {advice}")
    for written in re.findall("write '(.*)'", advice):
        assert keywords(headers=written).values == {"headers": tuple(written.split(", "))}


@pytest.mark.parametrize("text", [*words("True TRUE true 1 yes on False 0 no"), ""])
def test_the_remedy_for_the_text_of_a_variable_is_right_for(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", text)
    written = refused(ValueError, keywords, supports_credentials=text).rpartition("write ")[2]
    assert eval(written) is (text not in [*words("False 0 no"), ""])  # noqa: S307


@pytest.mark.parametrize("option", ["headers", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("name", ["X-.*", "^X-", "X-A|X-B", "X$"])
def test_a_pattern_in_place_of_names_of_headers_is_warned_about(option: str, name: str) -> None:
    options: Any = {option: [name, "*", "X-A"]}
    [warning] = warned(lambda: CORS(make_app(), **options))
    advice = "is sent as it is, since names of headers are not patterns; write each name, or '*'"
    assert str(warning.message) == f"{name!r} {advice}"


def test_all_mistakes_are_in_one_message_a_line_each() -> None:
    entries = {"/a": {"max_age": -2, "methods": 3}, "(": {"methods": 3}, "/b": "x", 4: {}}
    wrong = {"origins": 5, "headers": "A", "allow_headers": "B", "vary_header": "no", "resources": entries}
    first, *others = refused(ValueError, keywords, **wrong).splitlines()
    assert first == "CORS options:"
    found = [re.split("[= :]", line.removeprefix("- "))[0].replace("'", "") for line in others]
    names = "origins allow_headers vary_header r[/a][max_age] r[/a][methods] r[(] r[(][methods] r[/b] r[4]"
    assert found == names.replace("r[", "resources[").split()


def test_a_message_shows_which_item_is_wrong_and_of_a_long_value_the_beginning() -> None:
    value = ["x" * 400, 5, "a b"]
    expected = f"headers={repr(value)[:300]} holds [5, 'a b']: write tokens"
    assert refused(ValueError, keywords, headers=value).startswith(expected)
    message = refused(TypeError, CORS, make_app(), value)
    assert (f"for {repr(value)[:300]}, write " in message, len(message) < 1000) == (True, True)


TO_ALL = {"origins": "*", "supports_credentials": True}


@pytest.mark.parametrize("in_config", [[], ["origins"], ["supports_credentials"], [*TO_ALL]], ids=repr)
def test_credentials_for_every_origin_are_an_error_once_both_are_known(in_config: list[str]) -> None:
    """CVE-2018-20744, rs/cors: ``*`` with credentials allowed every site. More spellings are in test_origins.py."""
    for origins in ("*", ["*"], [APP, "*"], f"{APP},*", "^https?://.*$", re.compile(".*"), [APP, re.compile(".*")]):
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


LISTS_BOTH = {"/a": {"origins": APP, "supports_credentials": True}, "/b": {}}


@table(
    "wrong, options, found",
    ("credentials in an entry", True, {"origins": "*", "resources": {"/a": {"supports_credentials": True}}}, {}),
    ("the config's entry opens it", True, {**TO_ALL, "origins": APP}, {"resources": {"/b": {"origins": "*"}}}),
    ("different resources", False, {"origins": "*", "resources": LISTS_BOTH}, {}),
    ("no resource at all", False, {"supports_credentials": True, "resources": []}, {}),
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
    message = refused(ValueError, CORS, make_app(), supports_credentials=True, resources=entries)
    found = re.findall(r"resources\['(.*?)'\]: origins='(.*?)' allows every origin", message)
    assert found == [("/a", "*"), ("/b", "^.*$")]
    message = refused(ValueError, build_resources, keywords(supports_credentials=True), config())
    assert re.search("origins is not given.*or set CORS_ORIGINS in the app's config before CORS", message)


@pytest.mark.parametrize("more", [{}, {"supports_credentials": True}], ids=["a correction", "a risk"])
@table(
    "call",
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


def test_what_was_given_before_there_was_an_app_is_warned_about_once_for_several_apps() -> None:
    cors = CORS(origins="HTTPS://a.example")
    assert len(warned(lambda: [*map(cors.init_app, (make_app(), make_app()))])) == 1


@pytest.mark.parametrize("more", [{"__name__": "flask_corsair"}, {"__name__": "app.flask_cors"}, {}], ids=repr)
def test_code_of_another_name_or_of_none_is_not_taken_for_the_package(more: dict[str, str]) -> None:
    scope: dict[str, Any] = {"CORS": CORS, "app": make_app(), **more}
    program = compile("CORS(app, origins='A://b/c')", "between.py", "exec")
    [warning] = warned(lambda: exec(program, scope))  # noqa: S102
    assert warning.filename == "between.py"


def test_several_faults_are_several_warnings_those_of_the_config_at_the_first_request() -> None:
    caught = warned(lambda: CORS(make_app(), origins=["HTTPS://App.example/", "https://b.example", "app.example"]))
    assert [str(warning.message).split(":")[0] for warning in caught] == ["'HTTPS", "'app.example' can never match"]
    app = serve(CORS_ORIGINS="app.example")
    assert warned(lambda: CORS(app)) == []
    [warning] = warned(lambda: (get_headers_for(app), get_headers_for(app)))
    assert "'app.example' can never match" in str(warning.message)
    # A mistake is an error alone: a warning would be an error of its own.
    assert "max_age" in refused(ValueError, CORS, make_app(), origins="HTTPS://a.example", max_age=-1)
