"""What to write instead: sentences about settings that are wrong, or probably wrong.

The modules of the extension decide, and find what is wrong. They load this module only then, for the words.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any

from ..options import ALIASES, CONFIG_KEYS, NAMES, RESOURCES, ParsedOptions, config_key
from ..origins import AllowedOrigins, admits_unrelated_domains, compile_pattern, serialize
from .lookalikes import find_lookalike
from .narrowing import narrowed

_INVALID = (
    "its host or its port is invalid (a port is at most 65535, a number in an IPv4 address at most 255; a * is not a "
    "top-level domain); write for example 'https://app.example:8443'"
)
# What people write instead of an origin, with its scheme and its host: "app.example", "http//x", "https://x/path".
_MISWRITTEN = r"(?:(\w[\w+.-]*(?=:/)|https?(?=[:/])):?/{0,2}|/*)(?:[^/?#@]*@)?((?:https\?)?[^/?#,]*)"
_REGEX_SIGNS = r"[\\^$|(){}+?]|\[(?![\da-f]*:[\da-f:.]*\])|(?<![\w*])\.\*"
_INSECURE = r"http://(?!((.*\.)?localhost|127\.[0-9.]+|\[::1\])(:|$))"
_PRIVATE = (
    r"([^.]+|.*\.(localhost|local|lan|internal)|(0|10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+)+)(:.*)?"
)

_NARROWER = r"write \. for each dot, (.+\.)? for the names below a domain, and nothing behind it"

# What people write who know other libraries or other releases, and what they can write here.
OTHER_NAMES = {
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
    "resources": "write it as an option of CORS(); a decorator is for the one view below it",
}


def unknown_options(names: Iterable[str], known: list[str]) -> str:
    """Say what to write in place of unknown options."""
    return "; ".join(_unknown_option(name, known) for name in names)


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
    likely = "origins" if where == "cross_origin()" else RESOURCES
    if likely == "origins" and (inspect.isroutine(value) or inspect.isclass(value)):
        return "cross_origin is missing its parentheses: write @cross_origin() above the view"
    shown = f"{value!r:.300}"
    remedy = f"{likely}={shown}"
    if isinstance(value, Mapping) and value.keys() <= {*NAMES, RESOURCES}:
        remedy = f"**{shown}"
    if _has_origin(value):
        remedy = f"origins={shown}"
    if isinstance(value, str) and value.startswith("/") and likely == "origins":
        return f"{where} takes no path: the path {shown} belongs to @app.route above it"
    return f"{where} takes its options by keyword; for {shown}, write {remedy}"


def _has_origin(value: object) -> bool:
    """Tell whether a text, or an item of a list, has a scheme."""
    items = value if isinstance(value, list | tuple | set) else [value]
    return any("://" in item for item in items if isinstance(item, str))


def not_tokens(wrong: Iterable[object]) -> str:
    """Say what to write in place of items that are not names of methods or headers."""
    for text in map(str, wrong):
        if "://" in text:
            return "an origin belongs in origins"
        if name := re.match(r"\s*([\w-]+)\s*:", text):
            return f"a value does not belong here; write {name[1]!r}"
        if re.fullmatch(r"(application|text|multipart|image)/[\w.+*-]+", text.strip()):
            return "that is a value of Content-Type; write 'Content-Type'"
    return "write tokens, letters and digits and !#$%&'*+-.^_`|~ only, as in X-Token"


def not_an_app(value: object) -> str:
    """Say what to give ``CORS`` in place of *value*."""
    remedy = "give options by keyword"
    for name in ("app", "server"):  # as Connexion and Dash name the Flask app inside of theirs
        if hasattr(getattr(value, name, None), "wsgi_app"):
            remedy = f"write CORS(app.{name}) with the name of your app"
    return f"CORS() takes a Flask app or a Blueprint first, not {value!r}; {remedy}"


def credentials_for_everyone(origins: AllowedOrigins, pattern: re.Pattern[str], *, origins_given: bool) -> str:
    """Say that credentials cannot be allowed to every origin: Fetch ``#cors-protocol-and-credentials``."""
    where = f"resources[{pattern.pattern!r}]: " if pattern.pattern else ""
    entries = origins.entries
    given = f"origins={entries[0] if len(entries) == 1 else entries!r:.300} allows every origin"
    remedy = "write the origins that you trust, as in origins='https://app.example'"
    if not origins_given:
        given = "origins is not given, so that every origin is allowed"
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
    keys = {key: ALIASES.get(name, name) for key, name in CONFIG_KEYS.items()}
    for key, value in config.items():
        if not isinstance(key, str) or not key.startswith("CORS_") or key in keys or isinstance(value, Mapping):
            continue
        near = nearest(key, keys, 0.7)
        if near and near not in config and keys[near] not in names:
            yield f"config key {key!r} is not a setting, and has no effect; did you mean {near!r}?"


def credential_risks(origins: AllowedOrigins) -> Iterator[str]:
    """Yield a sentence about each entry that is risky together with credentials."""
    for origin in sorted(origins.exact | origins.wildcards):
        if re.match(_INSECURE, origin):
            yield f"{origin!r} with credentials: others on the network can change it; write 'https{origin[4:]}'"
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
    if quoted := re.findall(r"""["']([^"'\[\],\s]+)["']""", text):
        return f"it is JSON, or has quotation marks of its own; write {', '.join(quoted)!r}"
    text = "".join(text[:400].split())
    origins = text.split(";")
    if len(origins) > 1 and all("://" in one for one in origins):
        return f"commas separate origins, and semicolons do not; write {origins!r}"
    text = re.sub(r"(^|//)(?=\.[\w.:-]+/?$)", r"\1*", text)  # ".app.example", as cookies and Django write it
    scheme, host = re.findall(_MISWRITTEN, text)[0]
    if not scheme:
        scheme = "http" if re.fullmatch(_PRIVATE, host) else "https"
    if origin := serialize(f"{scheme}://{host}"):
        return f"an origin has a scheme, a host and perhaps a port, and nothing else; write {origin!r}"
    if re.search(rf"(?<!\D\.)\*|\*(?!:|$)|{_REGEX_SIGNS}", text):
        return _explain_pattern(text)
    return _INVALID


def _explain_pattern(text: str) -> str:
    """Show the pattern that *text* stands for. A ``*`` spans a dot only at the beginning, so not into other domains."""
    regex = re.sub(r"^/\^?|(?<!/)/(\.?\*)?$", "", text)
    regex = _with_scheme(regex)
    if not re.search(_REGEX_SIGNS, regex):
        star = "[0-9]*" if re.search(r"//\d+\.", regex) else "[^.:/]*"
        regex = re.sub(r":\*$", "(:[0-9]+)?", regex.replace(".", r"\."))
        regex = re.sub(r"//\*(?=\w)", r"//([^:/]+\\.)?", regex)
        regex = re.sub(r"\*+", star, regex.replace("//*", "//[^:/]+"))
    try:
        pattern = compile_pattern(regex)
    except ValueError:
        return _INVALID
    if admits_unrelated_domains(pattern):
        return "as a pattern it would allow every site; write your page's origin, as in 'https://app.example', or '*'"
    pattern = next((one for one in (pattern, narrowed(pattern)) if not lookalike_of(one)), pattern)
    if lookalike := lookalike_of(pattern):
        return f"as a pattern it would allow {lookalike!r} too; write the origins of your pages, as in 'https://app.example'"
    code = f're.compile(r"{pattern.pattern}")'
    return f'a string is not a pattern (only a first "*." and a last ":*" are wildcards); write {code}'


def _with_scheme(text: str) -> str:
    """Write a scheme before a pattern that has none. In private networks, pages are on http, and on a port."""
    if re.search(r"/\\?/", text):
        return text
    if not re.fullmatch(_PRIVATE, text.replace("*", "1")):
        return f"https://{text}"
    return f"http://{text}" if ":" in text else f"http://{text}:*"


def lookalike_of(pattern: re.Pattern[str]) -> str:
    """Return an origin of another owner that a pattern allows, or an empty text."""
    return find_lookalike(pattern.pattern, AllowedOrigins.parse([pattern]).allow)
