"""What to write instead: sentences about settings that are wrong, or probably wrong.

The modules of the extension decide, and find what is wrong. They load this module only then, for the words.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any

from ..options import ALIASES, CONFIG_KEYS, NAMES, RESOURCES, ParsedOptions, config_key
from ..origins import ANY_ORIGIN, AllowedOrigins, admits_unrelated_domains, compile_pattern, serialize
from .lookalikes import find_lookalike, matches_something
from .narrowing import escape_dots, narrowed

_INVALID = (
    "its host or its port is invalid (a port is at most 65535, a number in an IPv4 address at most 255; a * is not a "
    "top-level domain); write for example 'https://app.example:8443'"
)
# What people write instead of an origin, with its scheme and its host: "app.example", "http//x", "https://x/path".
_MISWRITTEN = r"(?:(\w[\w+.-]*(?=:/)|https?(?=[:/])):?/{0,2}|/*)(?:[^/?#@]*@)?((?:https\?)?[^/?#,]*)"
_REGEX_SIGNS = r"[\\^$|(){}+?]|\[(?![\da-f]*:[\da-f:.]*\])|(?<![\w*])\.\*"
_INSECURE = r"http://(?!((.*\.)?localhost|127\.[0-9.]+|\[::1\])(:|$))"
# The quotes of JSON and of code around a text, and brackets around all of it. IPv6 addresses keep theirs.
_QUOTES = r"""^(?:re\.compile\()?r?["']|["']\)?"""
_BRACKETS = r"^(?!.*::)[\[{(]?([^\[\](){}]*)[\])}]?$"
_NO_ORIGIN = "(?i)null|none|any|all|true|false|undefined||/(?!/)[\\w/*-]*"  # a word, nothing, a path
_LONGEST = 300  # as of an origin
_EXAMPLE = "write the origins of your pages, for example 'https://app.example'"
_PRIVATE = (
    r"([^.]+|.*\.(localhost|local|lan|internal)|(0|10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+)+)(:.*)?"
)

_NARROWER = r"write \. for each dot, (.+\.)? for the names below a domain, and nothing behind it"

# What people write who know other libraries or other releases, and what they can write here.
OTHER_NAMES = {
    "allow_all": 'write origins="*"',
    "allow_all_origins": 'write origins="*"',
    "allow_credentials": "write supports_credentials",
    "allow_methods": "write methods",
    "allow_origin": "write origins",
    "allow_origin_regex": 'write origins=re.compile(r"...")',
    "allow_origins": "write origins",
    "allow_private_network": "remove it: browsers have given up private network access, and no header is sent for it",
    "allowed_headers": "write headers",
    "allowed_methods": "write methods",
    "allowed_origins": "write origins",
    "credentials": "write supports_credentials",
    "exposed_headers": "write expose_headers",
    "resource": "write resources",
    "resources": "write it as an option of CORS(), not of a decorator or of an entry",
}


def unknown_options(names: Iterable[object], known: frozenset[str], where: str) -> str:
    """Say what to write in place of the unknown ones of *names*; *where* is empty for an entry of ``resources``."""
    advice = "; ".join(_unknown_option(str(name), sorted(known)) for name in names if name not in known)
    return advice if where else re.sub(r"(\w+)=([^;]*?)(, or set [^;]*)?(?=;|$)", r"'\1': \2", advice)


def _unknown_option(name: str, known: list[str]) -> str:
    option = name.lower().removeprefix("cors_")
    near = nearest(name, known, 0.6)
    remedy = f"write {', '.join(known)}"
    if option in known:
        remedy = f"write {option}=..., or set app.config[{config_key(option)!r}]"
    elif option in OTHER_NAMES:
        remedy = OTHER_NAMES[option]
    elif near:
        remedy = f"did you mean {near!r}?"
    return f"{name!r} is not an option here; {remedy}"


def nearest(word: str, known: Iterable[str], likeness: float) -> str:
    """Return which of the *known* words is most like *word*, or an empty text if none is as like it as that."""
    import difflib  # takes as long to load as the rest of this package, and only mistakes need it

    return next(iter(difflib.get_close_matches(word, [*known], 1, likeness)), "")


def option_without_name(value: object, where: str) -> str:
    """Say how an option can be written that is given without its name."""
    of_decorator = where == "cross_origin()"
    if of_decorator and (inspect.isroutine(value) or inspect.isclass(value)):
        return "cross_origin is missing its parentheses: write @cross_origin() above the view"
    shown = f"{value!r:.300}"
    if isinstance(value, str) and value.startswith("/") and of_decorator:
        return f"{where} takes no path: the path {shown} belongs to @app.route above it"
    rule = f"{where} takes its options by keyword"
    if value is not None and not isinstance(value, str | Collection | re.Pattern) and not callable(value):
        return f"{rule}; {shown} has no name: write it before the value, as in max_age=60"
    return f"{rule}; for {shown}, write {_as_keyword(value, of_decorator)}"


def _as_keyword(value: object, of_decorator: bool) -> str:
    shown = f"{value!r:.300}"
    if isinstance(value, Mapping) and value.keys() <= {*NAMES, RESOURCES}:
        return f"**{shown}"
    if of_decorator or callable(value) or _has_origin(value):
        return f"origins={shown}"
    return f"{RESOURCES}={shown}"


def _has_origin(value: object) -> bool:
    """Tell whether a text, or an item of a list, has a scheme."""
    items = value if isinstance(value, list | tuple | set) else [value]
    return any("://" in item for item in items if isinstance(item, str))


def invalid_pattern(text: str) -> str:
    """Say what to write in place of a regular expression that does not compile."""
    if path := re.fullmatch(r"\^?\**(/[\w/-]*)?\**", text):
        return f"a path is a regular expression from its start, not a glob; write r{path[1] or '/'!r}"
    return r"write a backslash before a character that stands for itself, as in r'\('"


def not_tokens(names: Collection[object]) -> str:
    """Say what to write in place of *names*, of which some are not names of methods or headers."""
    texts = [name for name in names if isinstance(name, str)]
    for text in texts:
        if "://" in text:
            return "an origin belongs in origins"
        if name := re.match(r"(?a)\s*([\w-]+)\s*:", text):
            return f"a value does not belong here; write {name[1]!r}"
        if re.fullmatch(r"(application|text|multipart|image)/[\w.+*-]+", text.strip()):
            return "that is a value of Content-Type; write 'Content-Type'"
    joined = re.sub(r"(?i)(?<=\bcontent)\s+(?=type\b)|\s*-\s*", "-", ";".join(texts))
    split = re.split(r"[\s,;]+", joined.strip())
    if len(texts) == len(names) and all(re.fullmatch(r"(?a)[\w-]+", name) for name in split):
        return f"commas separate names, and a name has no space; write {', '.join(split)!r}"
    return "write tokens, letters and digits and !#$%&'*+-.^_`|~ only, as in X-Token"


def not_an_app(value: object) -> str:
    """Say what to give ``CORS`` in place of *value*."""
    return f"CORS() takes a Flask app or a Blueprint first, not {value!r:.300}; {_call_of_cors(value)}"


def _call_of_cors(value: object) -> str:
    for name in ("app", "server"):  # as Connexion and Dash name the Flask app inside of theirs
        if hasattr(getattr(value, name, None), "wsgi_app"):
            return f"write CORS(app.{name}) with the name of your app"
    if inspect.isfunction(value):
        return f"a function that makes the app is called first; write CORS({value.__name__}())"
    if isinstance(value, list | tuple | set) and any(hasattr(item, "register_blueprint") for item in value):
        return "it takes one at a time; write [CORS(each) for each in them], with your list for them"
    if isinstance(value, str | list | tuple | set | dict):
        return f"give options by keyword; write CORS(app, {_as_keyword(value, of_decorator=False)})"
    return "write CORS(app) with your Flask app"


def credentials_for_everyone(origins: AllowedOrigins, pattern: re.Pattern[str]) -> str:
    """Say that credentials cannot be allowed to every origin: Fetch ``#cors-protocol-and-credentials``."""
    where = f"resources[{pattern.pattern!r}]: " if pattern.pattern else ""
    entries = origins.entries
    given = f"origins={entries[0] if len(entries) == 1 else entries!r:.300} allows every origin"
    remedy = "write the origins that you trust, as in origins='https://app.example'"
    if origins is ANY_ORIGIN:
        given = "origins is not given (@cross_origin takes none from CORS(app)), so that every origin is allowed"
        remedy += ", or set CORS_ORIGINS in the app's config before CORS(app)"
    rule = "this cannot be combined with supports_credentials=True"
    return f"{where}{given}; {rule}: {remedy}, or remove supports_credentials"


def _names(parsed: ParsedOptions) -> Iterator[str]:
    """Yield the names of the options that are given, those in entries of ``resources`` included."""
    yield from parsed.values
    for _, options in parsed.values.get(RESOURCES, ()):
        yield from options


def misspelt_keys(config: Mapping[Any, Any], given: Iterable[ParsedOptions]) -> Iterator[str]:
    """Warn about config keys that are like an option's, unless that option is *given* elsewhere."""
    names = set(chain.from_iterable(map(_names, given)))
    for key, value in config.items():
        if not isinstance(key, str) or not key.startswith("CORS_") or key in CONFIG_KEYS or isinstance(value, Mapping):
            continue
        near = nearest(re.sub("CORS_(ALLOW(ED)?_|PREFLIGHT_)?", "", key).lower(), CONFIG_KEYS.values(), 0.6)
        if near and config_key(near) not in config and ALIASES.get(near, near) not in names:
            yield f"config key {key!r} is not a setting, and has no effect; did you mean {config_key(near)!r}?"


def credential_risks(origins: AllowedOrigins) -> Iterator[str]:
    """Yield a sentence about each entry that is risky together with credentials."""
    for origin in sorted(origins.exact | origins.wildcards):
        if re.match(_INSECURE, origin):
            secure = serialize(f"https{origin[4:]}")
            yield f"{origin!r} with credentials: others on the network can change it; write {secure!r}"
        parent = re.search(r"://\*\.([^:]+)", origin)
        if parent and is_public_suffix(parent[1]):
            yield f"{origin!r} with credentials: anyone can get a name below {parent[1]!r}; write your own domain"
    for pattern in origins.patterns:
        if origin := lookalike_of(pattern):
            yield f"{pattern!r} with credentials: it allows {origin!r} too; {_NARROWER}"


def is_public_suffix(domain: str) -> bool:
    """Tell whether anyone can register a name below *domain*; without ``publicsuffixlist``, if it is one label."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return "." not in domain and domain != "localhost"
    return bool(_load(PublicSuffixList).is_public(domain))


@cache
def _load(suffix_list: Callable[..., Any]) -> Any:
    return suffix_list(accept_unknown=False)  # takes 40 ms


def why_never(text: str) -> str:
    """Say why *text* can never match, and what to write instead."""
    is_json = re.match(r"""\s*[\[{]\s*["']""", text)
    text = re.sub(_QUOTES, "", "".join(text.split()))
    text = re.sub(_BRACKETS, r"\1", text)
    if re.fullmatch(_NO_ORIGIN, text):
        return f"it is not an origin; {_EXAMPLE}"
    parts = [*filter(None, re.split("[,;]", text))]
    origins = [*map(_origin_meant, parts)]
    if not parts or not all(origins):
        return _explain_pattern(text)
    if is_json:
        return f"it is JSON as text; write {', '.join(origins)!r}"
    if len(parts) > 1:
        rule = "commas separate origins, without semicolons, brackets or quotation marks"
        return f"{rule}; write {', '.join(origins)!r}"
    return f"an origin has a scheme, a host and perhaps a port, and nothing else; write {origins[0]!r}"


def _origin_meant(text: str) -> str:
    """Return the origin in a text that has too little, or more; ``""`` if it has no origin, or one of anyone."""
    if len(text) > _LONGEST:
        return ""
    text = re.sub(r"(^|//)(?=\.[\w.:-]+/?$)", r"\1*", text)  # ".app.example", as cookies and Django write it
    text = re.sub(r"(?<=//)(localhost|127\.0\.0\.1|0\.0\.0\.0)\.?\*$", r"\1:*", text)  # where only the port can vary
    scheme, host = re.findall(_MISWRITTEN, text)[0]
    if re.fullmatch(r"\*\.[^.:]+(:.*)?", host) and not re.fullmatch(_PRIVATE, host):
        return ""
    return serialize(f"{scheme}://{host}" if scheme else _with_scheme(host))


def _explain_pattern(text: str) -> str:
    """Show the pattern that *text* stands for, if it is right."""
    if re.search(r"//\*\.(\[|[0-9.]+(:|$))", text):
        return f"an IP address has no subdomains; {_EXAMPLE}"
    is_pattern = re.search(rf"(?<!\D\.)\*|\*(?!:|$)|{_REGEX_SIGNS}", text)
    if not is_pattern or len(text) > _LONGEST or not text.isprintable():
        return _INVALID
    try:
        pattern = compile_pattern(_as_regex(text))
        is_possible = matches_something(pattern.pattern)
    except ValueError:
        return _INVALID
    if not is_possible:
        return f"as a pattern it would match no page, or take very long; {_EXAMPLE}"
    if admits_unrelated_domains(pattern):
        return f"as a pattern it would allow every site; that is '*', and not possible with credentials; {_EXAMPLE}"
    pattern = next((one for one in (pattern, narrowed(pattern)) if not lookalike_of(one)), pattern)
    if lookalike := lookalike_of(pattern):
        return f"as a pattern it would allow {lookalike!r} too; {_EXAMPLE}"
    code = f're.compile(r"{pattern.pattern}")'
    return f'a string is not a pattern (only a first "*." and a last ":*" are wildcards); write {code}'


def _as_regex(text: str) -> str:
    """Write a glob, or what is half a glob, as a regular expression.

    A ``*`` spans a dot only at the beginning, so not into other domains, and in an IP address.
    """
    regex = re.sub(r"^/(?!/)(.+)/[a-z]*$", r"\1", text.replace(r"\/", "/"))  # as in JavaScript: /https:\/\/x/i
    regex = re.sub(r"(?<![:/])/[\w./*-]*$", "", regex.lstrip("/^"))  # the path
    is_regex = re.search(_REGEX_SIGNS, regex)
    regex = _with_scheme(regex)
    regex = re.sub(r"(//\d[\d.]*\*+)$", r"\1:*", regex)  # pages in private networks are on ports
    star = "[0-9.]*" if re.search(r"//\d[\d.*]*(:|$)", regex) else "[^.:/]*"
    regex = re.sub(r":\*(?=[)|$]|$)", "(:[0-9]+)?", regex)
    regex = re.sub(r"(?<=[/(|])\*+(?=\w)", r"([^:/]+\.)?", regex)
    regex = re.sub(r"(?<=[/(|])\*+", "[^:/]+", regex)
    if is_regex:
        return re.sub(r"(?<=[\w-])(?<!\\\w)\*+", star, escape_dots(regex))
    return re.sub(r"\*+", star, re.sub(r"(?<!\\)\.", r"\.", regex))


def _with_scheme(text: str) -> str:
    """Write a scheme before a host, or a pattern, without one. Pages in private networks are on http, and on a port."""
    if "//" in text:
        return text
    host = f"({text})" if "|" in re.sub(r"\(.*\)", "", text) else text
    if not re.fullmatch(_PRIVATE, text.replace("*", "1")):
        return f"https://{host}"
    return f"http://{host}" if re.search(r":(?![\da-f:.]*\])", text) else f"http://{host}:*"


def lookalike_of(pattern: re.Pattern[str]) -> str:
    """Return an origin of another owner that a pattern allows, or an empty text."""
    return find_lookalike(pattern.pattern, AllowedOrigins.parse([pattern]).allow)
