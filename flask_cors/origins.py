r"""Origins: how to parse the ``origins`` option, and whether a policy allows an origin.

An *origin* is the scheme, the host and the port of a page, as in ``https://app.example:8443``. Browsers send it in the
``Origin`` header in one serialisation only: lower case, no path, no default port (Fetch ``#origin-header``). So an
exact origin is compared whole, byte for byte.

Pure: this module knows neither Flask nor HTTP messages. "URL" below is https://url.spec.whatwg.org.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple
from unicodedata import normalize

Pattern = re.Pattern[str]
OriginRule = str | Pattern | Callable[[str], bool]
_ParsedRules = Iterator[tuple[str, Any]]  # pairs of a field of AllowedOrigins and one item for it

_SERIALIZATION = "browsers send lower-case ASCII, no white space, no path, no default port, and short IP addresses"
_UNSET = " (perhaps an environment variable is not set)"

# An origin as browsers serialise it, or "null", of at most 300 characters: 253 for a DNS name, the rest for scheme and
# port. Only the schemes of the web have hosts of a strict grammar; desktop and mobile shells have others, as in app://.
# and file:// (URL #special-scheme, #concept-host-serializer).
_SERIALIZED = (
    r"(?=[\s\S]{1,300}\Z)(?!(?:http|ws):.*:80\Z|(?:https|wss):.*:443\Z)"
    r"(?:null|(?:(?P<web>https?|wss?)(?=:)|(?!(?:https?|wss?):)[a-z][a-z0-9+.-]*)://"
    r"(?:\[[0-9a-f:]+\]|(?(web)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[a-zA-Z0-9._~%-]*))"
    r"(?::(?:0|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)"
)
# An origin as people write it: any case, Unicode, a default port, a trailing slash or "/*", and the two wildcards. An
# address has no subdomains.
_WRITTEN = (
    r"(?=[\s\S]{1,300}\Z)\s*(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://(?P<subdomains>\*\.(?!\[|[0-9.]*(?:[:/\s]|\Z)))?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/?#@:*\\^$|(){}\[\]+,;'\"\u00ad\u200b\u200e\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff\uff0a\uff1a]*)"
    r"(?::(?:0*(?P<port>[0-9]+|(?<=:)\*))?)?(?:/\*?)?\s*"
)
_DEFAULT_PORT = r"^((?:http|ws):.*):80$|^((?:https|wss):.*):443$|:$"
_JOINED = r"""[^\\^$|(){}+?"']*[\s,][^\\^$|(){}+?"']*://[^\\^$|(){}+?"']*"""  # several origins in one text

# Names that anyone may register, two of each kind, such that no pattern names two of them. And what stands before and
# behind them: a suffix, and also a port.
_STARTS = "https:// http:// https://www. http://www. https://a.b. http://a.b."
_NAMES = "evil shop j z a1 b2c my-fizz our-buzz somewhere elsewhere 173 370"
_ENDINGS = (
    "com net org co.uk studio de fr nl eu it es pl se ch at be cz dk fi no ie pt ro gr hu uk us ca mx br com.br ar cl "
    "ru ua xn--p1ai tr in co.in cn com.cn jp co.jp kr tw hk sg id vn au com.au nz co.nz za co.za ng ke il ae ir "
    "io dev app ai co me tv cc gg so sh to xyz info biz site online store shop tech cloud blog page link live club top "
    "com:80 com:81 com:3000 com:5173 com:8000 com:8080 com:8443 com:12345 com:50000"
)


def is_origin(value: str) -> bool:
    """Tell whether *value* is an origin as browsers serialise it, or ``null``, by grammar and length."""
    return re.fullmatch(_SERIALIZED, value) is not None


class AllowedOrigins(NamedTuple):
    """The origins that a policy allows, made by :meth:`parse`. Its one question is :meth:`allow`.

    *warnings* are sentences about entries that were corrected or can never match.
    """

    entries: tuple[OriginRule, ...] = ("*",)  # as written
    any_origin: bool = True
    exact: frozenset[str] = frozenset()
    wildcards: frozenset[str] = frozenset()  # "https://*.example.com", "http://localhost:*"
    patterns: tuple[Pattern, ...] = ()
    callables: tuple[Callable[[str], bool], ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Any) -> "AllowedOrigins":
        """Parse the value of the ``origins`` option, in any of its forms.

        :raises ValueError: with an argument for each rule that *value* breaks.
        """
        if isinstance(value, str) and not re.match(r"""\s*(\^|\[\s*["'])""", value):  # a pattern or a JSON list
            value = filter(None, map(str.strip, value.split(",")))
        elif callable(value) or isinstance(value, str | bytes | dict) or not isinstance(value, Iterable):
            value = [value]
        found: defaultdict[str, list[Any]] = defaultdict(list, entries=[*value])
        for entry in found["entries"]:
            try:
                for field, item in _parse_entry(entry):
                    found[field].append(item)
            except ValueError as error:
                found["errors"] += error.args
        if found["errors"]:
            raise ValueError(*found["errors"])
        # The default of a field is of the field's type: tuple, frozenset, bool.
        return cls(**{field: type(default)(found[field]) for field, default in cls._field_defaults.items()})

    def allow(self, origin: str) -> bool:
        """Tell whether *origin* is allowed. 100,000 exact origins or wildcards cost what one costs.

        Patterns and callables get only what is an origin by grammar and length. Callables come last.

        :raises TypeError: if a callable returns anything but a bool.
        :raises Exception: what a callable raises.
        """
        if origin in self.exact:
            return True
        if self._only_exact or not is_origin(origin):
            return False
        if self.any_origin:
            return True
        if self.wildcards and not self.wildcards.isdisjoint(_covering_wildcards(origin)):
            return True
        for pattern in self.patterns:
            if pattern.fullmatch(origin):
                return True
        for function in self.callables:
            result: object = function(origin)
            if not isinstance(result, bool):
                raise TypeError(
                    f"origins={getattr(function, '__qualname__', function)} must return True or False; "
                    f"for {origin!r} it returned {result!r}"
                )
            if result:
                return True
        return False

    @property
    def single(self) -> str | None:
        """What allows the same for every request: ``*``, or the one origin that can match, if it is an exact one."""
        if self.any_origin:
            return "*"
        if len(self.exact) == 1 and self._only_exact:
            return next(iter(self.exact))
        return None

    @property
    def _only_exact(self) -> bool:
        return not (self.any_origin or self.wildcards or self.patterns or self.callables)

    @property
    def matches_any_origin(self) -> bool:
        """Whether every origin is allowed, in any spelling: ``*``, or a pattern that admits unrelated domains."""
        return self.any_origin or any(map(admits_unrelated_domains, self.patterns))


ANY_ORIGIN = AllowedOrigins()


def compile_pattern(text: Any) -> Pattern:
    """Compile a regular expression, a text or one that is compiled already.

    :raises ValueError: for an invalid expression; the message names the mistake and a remedy.
    """
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError, FutureWarning) as error:
        from .cli.advice import invalid_pattern

        raise ValueError(f": {text!r} is not a valid regular expression: {error}; {invalid_pattern(text)}") from None


def _parse_entry(entry: Any) -> _ParsedRules:
    if isinstance(entry, str):
        yield from _parse_text(entry)
    elif isinstance(entry, re.Pattern) and isinstance(entry.pattern, str):
        yield "patterns", entry
    elif callable(entry) and not any(map(inspect.iscoroutinefunction, (entry, type(entry).__call__))):
        yield "callables", entry
    else:
        raise ValueError(
            " must be a string, a compiled re.Pattern of text, a function (not async) of one origin, or an iterable of "
            'these; write for example origins=["https://app.example"]; '
            f"{entry!r} is not one of these{_UNSET if entry is None else ''}"
            f"{'; write resources= in place of origins= for a dict of paths' if isinstance(entry, dict) else ''}"
        )


def _parse_text(text: str) -> _ParsedRules:
    plain = text.strip()
    if plain == "*":
        yield "any_origin", True
    elif plain == "null":
        yield "exact", "null"
        yield "warnings", "'null' is the origin of every sandboxed page, so any site can have it; remove it"
    elif plain.startswith("^"):
        yield "patterns", compile_pattern(plain)
        if re.search(r"\$\s*,\s*(\^|\w+:)", plain):
            written = re.split(r"\s*,\s*(?=\^|\w+:)", plain)
            yield "warnings", f"{text!r} can never match: it is one pattern, with its commas; write {written!r}"
    elif not plain:
        yield "warnings", f"{text!r} is empty and matches no origin{_UNSET}; remove it"
    elif re.fullmatch(_JOINED, plain):
        origins = re.split(r"[\s,]+", plain)
        yield "warnings", f"{text!r} is one item with several origins and is split; write {origins!r}"
        for origin in origins:
            yield from _parse_text(origin)
    elif origin := serialize(text):
        if origin != text:
            yield "warnings", f"{text!r} is corrected to {origin!r}: {_SERIALIZATION}; write {origin!r}"
        yield ("wildcards" if "*" in origin else "exact"), origin
    else:
        from .cli.advice import why_never  # here, since few programs need it

        yield "warnings", f"{text!r} can never match: {why_never(text)}"


def serialize(text: str) -> str:
    """Write *text* as browsers serialise it, keeping wildcards; return ``""`` if it is not an origin."""
    match = re.fullmatch(_WRITTEN, text)
    if match is None:
        return ""
    scheme, subdomains, host, port = match.groups("")
    scheme = scheme.lower()
    if re.fullmatch("https?|wss?", scheme):
        host = _parse_host(host)
    origin = re.sub(_DEFAULT_PORT, r"\1\2", f"{scheme}://{subdomains}{host}:{port}")
    if not is_origin(origin.replace("://*.", "://").removesuffix(":*")):
        return ""
    return text if origin == text else origin  # the same object, so that long lists are in memory once


def _parse_host(host: str) -> str:
    """Write *host* as the URL standard's ``#concept-host-parser`` does; return ``""`` if it is invalid."""
    # Letter by letter: str.lower() of a whole word would make another letter of a final sigma.
    host = normalize("NFKC", "".join(map(str.lower, normalize("NFKC", host)))).replace("\u3002", ".")
    if re.search(r"^\[|(^|\.)([0-9]+|0x[0-9a-f]*)\.?$", host):
        return _parse_address(host)
    return re.sub(r"[^.]*[^.\x00-\x7f][^.]*", lambda label: f"xn--{label[0].encode('punycode').decode()}", host)


def _parse_address(host: str) -> str:
    """Write an IP address in its shortest form: URL ``#concept-ipv4-parser``, ``#concept-ipv6-serializer``."""
    from ipaddress import IPv6Address  # here, since few programs need it
    from socket import inet_aton, inet_ntoa

    try:
        if not host.startswith("["):
            return inet_ntoa(inet_aton(host.removesuffix(".")))  # octal, hexadecimal and fewer than four numbers too
        address = IPv6Address(host[1:-1])
    except (OSError, ValueError):
        return ""
    # Not str(address), which ends in an IPv4 address from Python 3.13 on.
    return f"[{super(IPv6Address, address).__str__()}]"


@cache
def admits_unrelated_domains(pattern: Pattern) -> bool:
    """Tell whether two domains that different people may register match under the same public ending."""
    # Ports that it names, or begins to name, as in ":300[0-9]". They stand at its end.
    numbers = re.findall("[0-9]+", pattern.pattern)[-20:]
    on_ports = [f"com:{number:0<{width}}" for number in numbers for width in range(2, 6)]
    on_ports += [f"{ending}:8443" for ending in _ENDINGS.split()]
    for start, ending in product(_STARTS.split(), [*_ENDINGS.split(), *on_ports]):
        origins = [f"{start}{name}.{ending}" for name in _NAMES.split()]
        if len([*filter(pattern.fullmatch, origins)]) > 1:
            return True
    return False


def _covering_wildcards(origin: str) -> Iterator[str]:
    """Yield the wildcard entries that would allow *origin*, so that they are looked up, not looped over."""
    scheme, _, rest = origin.partition("://")
    host = re.sub(":[0-9]+$", "", rest)
    yield f"{scheme}://{host}:*"
    for dot in re.finditer(r"\.", host):
        yield f"{scheme}://*{rest[dot.start() :]}"
        yield f"{scheme}://*{host[dot.start() :]}:*"
