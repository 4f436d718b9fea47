"""Origins: how one is written, how a policy lists them, and whether a given one is on the list.

An *origin* is where a page comes from: scheme, host and port, as in ``https://app.example:8443``.
Browsers send it in the ``Origin`` header, always in one spelling: lower case, no path, no default port
(Fetch ``#origin-header``). So an exact origin is compared whole and byte for byte, and what is not in that
spelling is nobody's origin.

Pure: this module knows neither Flask nor HTTP messages.
"""

import inspect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

OriginRule = str | re.Pattern[str] | Callable[[str], bool]

NULL = "null"
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_LONGEST = 300  # a DNS name has at most 253 characters; the rest is room for scheme and port

# What people write where they mean an origin: any case, a trailing slash, Unicode, and the two wildcards.
_WRITTEN = (
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<subdomains>\*\.)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@:*\\^$|(){}\[\]+\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]+)"
    r"(?::(?:0*(?P<port>[0-9]+)|(?P<any_port>\*))?)?/?"
)
# Two hosts with nothing in common: a pattern that takes both, in one of these ways, takes everyone.
_STRANGERS = ("nobody-knows-me.test", "a.stranger.invalid")
_WAYS = ("https://{}", "http://{}", "https://{}:8443", "http://{}:8080")
_FORMS = (
    "must be a string, a compiled re.Pattern of text, a function (not async) of one origin, or an iterable of these; "
    'write for example origins=["https://app.example"]'
)


@cache
def _serialized() -> re.Pattern[str]:
    """The serialisation of an origin, as browsers send it: Fetch, ``#origin-header``. Compiled when first needed."""
    return re.compile(
        r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
        r"(?P<host>[a-z0-9_~%-]+(?:\.[a-z0-9_~%-]+)*\.?|\[[0-9a-f:.]+\])"
        r"(?P<port>:(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    )


def is_origin(value: str) -> bool:
    """Whether *value* is what a browser may send as ``Origin``: a serialised origin, or ``null``."""
    return value == NULL or _parsed(value) is not None


def _parsed(value: str) -> re.Match[str] | None:
    return _serialized().fullmatch(value) if len(value) <= _LONGEST else None


class AllowedOrigins(NamedTuple):
    """The origins that a policy lets in. Its one question is whether they :meth:`admit` one.

    Made by :meth:`parse`. *remarks* are sentences about entries that were corrected, or can never match.
    """

    entries: tuple[OriginRule, ...] = ("*",)
    any_origin: bool = True
    exact: frozenset[str] = frozenset()
    wildcards: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()
    callables: tuple[Callable[[str], bool], ...] = ()
    warnings: tuple[str, ...] = ()
    inexact: bool = True  # whether there is more to try than `exact`

    @classmethod
    def parse(cls, value: object) -> "AllowedOrigins":
        """Read the option's value, in any of its forms.

        :raises ValueError: with the rules that *value* breaks.
        """
        written = tuple(_entries(value))
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for kind, entry, remark in map(_read, written):
            found[kind].append(entry)
            found["remarks"] += [remark] * bool(remark)
        if found["wrong"]:
            raise ValueError("; ".join(dict.fromkeys(found["remarks"])))
        sets = (frozenset(found["exact"] if not found["everyone"] else ()), frozenset(found["wildcard"]))
        lists = (tuple(found["pattern"]), tuple(found["callable"]), tuple(found["remarks"]))
        return cls(written, bool(found["everyone"]), *sets, *lists, any((found["everyone"], sets[1], *lists[:2])))

    def allow(self, origin: str) -> bool:
        """Whether *origin* may read the answer. Exact entries cost one look-up, however many there are.

        :raises Exception: what a callable among the entries raises.
        :raises TypeError: when a callable answers anything but a bool.
        """
        return origin in self.exact or (self.inexact and self.matches(origin))

    @property
    def single(self) -> str | None:
        """The origin, where exactly one is listed, and that one exactly."""
        return next(iter(self.exact)) if len(self.exact) == len(self.entries) == 1 else None

    @property
    def matches_any_origin(self) -> bool:
        """Whether everyone is let in, in any spelling: ``*``, or a pattern that takes all comers."""
        ways = [[way.format(host) for host in _STRANGERS] for way in _WAYS]
        return self.any_origin or any(all(map(p.fullmatch, both)) for p in self.patterns for both in ways)

    def matches(self, origin: str) -> bool:
        """Whether an entry that is not exact lets *origin* in; raises what :meth:`admit` raises."""
        parsed = _parsed(origin)
        if self.any_origin or (parsed is None and origin != NULL):
            return self.any_origin
        return (
            not (parsed is None or self.wildcards.isdisjoint(_wildcards_over(*parsed.groups(""))))
            or any(pattern.fullmatch(origin) for pattern in self.patterns)
            or any(_ask(function, origin) for function in self.callables)
        )

    def credential_warnings(self) -> Iterator[str]:
        """Sentences about entries that are risky once cookies may be sent."""
        for origin in sorted(self.exact | self.wildcards):
            scheme, _, rest = origin.partition("://")
            host = re.sub(r":[0-9*]+$", "", rest)
            if scheme == "http" and not re.fullmatch(r"(.*\.)?localhost|127\.[0-9.]+|\[::1\]", host):
                yield f"{origin!r} with credentials: whoever is on the network path can speak for it; write https"
            if host.startswith("*.") and _is_public_suffix(host[2:]):
                yield f"{origin!r} with credentials: anyone can register a name there; list the domains that are yours"


ANY_ORIGIN = AllowedOrigins()


def _entries(value: Any) -> Iterable[Any]:
    """Take the option's value apart. Only a string is split at commas, and never a regular expression."""
    if isinstance(value, str):
        return [value] if value.startswith("^") else filter(None, map(str.strip, value.split(",")))
    if isinstance(value, re.Pattern) or callable(value):
        return [value]
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return value
    raise ValueError(_FORMS)


def _read(entry: Any) -> tuple[str, Any, str]:
    """Classify one entry: its kind, its value, and a remark where it is not as browsers write it."""
    if isinstance(entry, str):
        return _read_pattern(entry) if entry.startswith("^") else _read_text(entry)
    if isinstance(entry, re.Pattern) and isinstance(entry.pattern, str):
        return "pattern", entry, ""
    if callable(entry) and not any(map(inspect.iscoroutinefunction, (entry, type(entry).__call__))):
        return "callable", entry, ""
    return "wrong", entry, f"{_FORMS}; {entry!r} is none of them"


def _read_pattern(text: str) -> tuple[str, Any, str]:
    try:
        return "pattern", compile_pattern(text), ""
    except ValueError as error:
        return "wrong", text, str(error)


def _read_text(text: str) -> tuple[str, Any, str]:
    if text == "*":
        return "everyone", text, ""
    if text == NULL:
        return "exact", text, "'null' is the origin of every sandboxed page, of anybody; remove it"
    match = re.fullmatch(_WRITTEN, text, re.IGNORECASE)
    spelling = _as_browsers_write(match) if match else ""
    if not is_origin(spelling.replace("://*.", "://").removesuffix(":*")):
        return "never", text, f"{text!r} can never match: {_why_never(text)}"
    kind = "wildcard" if "*" in spelling else "exact"
    if spelling == text:
        return kind, text, ""  # this very object, which is in memory already
    return kind, spelling, f"{text!r} was corrected to {spelling!r}, as browsers send it; write that"


def _as_browsers_write(match: re.Match[str]) -> str:
    scheme, port = match["scheme"].lower(), match["any_port"] or match["port"]
    # Letter by letter: str.lower() of a whole word would make another letter of a final sigma.
    host = "".join(map(str.lower, unicodedata.normalize("NFKC", match["host"]))).replace("\u3002", ".")
    labels = (name if name.isascii() else f"xn--{name.encode('punycode').decode()}" for name in host.split("."))
    ending = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{match['subdomains'] or ''}{'.'.join(labels)}{ending}"


def _why_never(text: str) -> str:
    if re.search(r"[\\^$|(){}\[\]+]|(^|://)\.\*", text):
        return "a regular expression as text is not taken for one; write re.compile(...) around it"
    if "://" not in text:
        return f"an origin has a scheme; write 'https://{text.strip('/').partition('/')[0]}'"
    if "*" in text:
        return "the two wildcards are 'https://*.example.com' and 'http://localhost:*'"
    return "an origin is scheme, host and port, with no path or user; write for example 'https://app.example'"


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression; what is wrong with it becomes a ``ValueError`` for people."""
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        remedy = r"write a backslash before a character that stands for itself, as in r'\('"
        raise ValueError(f"{text!r} is not a valid regular expression: {error}; {remedy}") from None


def _ask(function: Callable[[str], object], origin: str) -> bool:
    answer = function(origin)
    if isinstance(answer, bool):
        return answer
    name = getattr(function, "__qualname__", repr(function))
    raise TypeError(f"origins={name} must return True or False; for {origin!r} it returned {answer!r}")


def _wildcards_over(scheme: str, host: str, port: str) -> Iterator[str]:
    """The wildcard entries that let an origin in; few, so that looking them up costs the same for any number listed."""
    yield f"{scheme}://{host}:*"
    for dot in re.finditer(r"\.", host):
        parents = f"{scheme}://*{host[dot.start() :]}"
        yield from (parents + port, f"{parents}:*")


def _is_public_suffix(domain: str) -> bool:
    """Whether anyone can register below *domain*: by the public suffix list if installed, else by its one label."""
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return "." not in domain and domain != "localhost"
    return domain != "localhost" and bool(PublicSuffixList().is_public(domain))
