"""Entries of ``origins``: every kind, what each is documented to allow, and near misses of what one allows.

This is written a second time, from the contract and the manual alone: nothing of the package judges itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """An origin, parsed; a port has its colon."""

    scheme: str
    host: str
    port: str


# Origins as browsers write them: Fetch, #origin-header. A DNS name has at most 253 characters.
SERIALIZED = re.compile(
    r"([a-z][a-z0-9+.-]*)://(?=[^:]{1,253}(?::|\Z))([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)((?::[0-9]{1,5})?)", re.ASCII
)
WEB = {"http", "https"}
DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def parse(text: str) -> Origin | None:
    """Parse an origin; ``None`` for what no browser sends."""
    if text == "null":
        return Origin("", "null", "")
    match = SERIALIZED.fullmatch(text)
    return Origin(*match.groups()) if match and int(match[3][1:] or 0) < 2**16 else None


def is_sent(text: str) -> bool:
    """Whether a browser may send *text*: an origin with no zeros before its port, and no default port."""
    origin = parse(text)
    return origin is not None and origin.port[:2] != ":0" and origin.port != DEFAULT_PORTS.get(origin.scheme)


class Entry(NamedTuple):
    """One entry: how it is written, an origin that it allows, and the part of its host that it spells out."""

    written: Any
    sample: str
    fixed: str
    covers: Callable[[Origin], bool]
    any_origin: bool = False

    def admits(self, text: str) -> bool:
        """Whether *text* is an origin that the entry is documented to allow."""
        origin = parse(text)
        return origin is not None and self.covers(origin)


Kind = Callable[[str, str, str], Entry]


def kind(
    form: str, make: Callable[[str], Any] = str, sample: str = "", hosts: str = "_", any_port: bool = False
) -> Kind:
    """Make a kind of entries of this form; they allow all whose host matches *hosts*, where ``_`` is the one given."""

    def entry(scheme: str, host: str, port: str) -> Entry:
        def covers(origin: Origin) -> bool:
            below = re.fullmatch(hosts.replace("_", re.escape(host)), origin.host) is not None
            return below and origin.scheme == scheme and (any_port or origin.port == port)

        origin, explicit_port = f"{scheme}://{host}{port}", port or DEFAULT_PORTS[scheme]
        parts = {"origin": origin, "scheme": scheme, "host": host, "port": port, "pattern": re.escape(origin)}
        corrected = f"{scheme.upper()}://{host.title()}{explicit_port}/"
        written = make(form.format(**parts, host_pattern=re.escape(host), corrected=corrected))
        return Entry(written, f"{scheme}://{sample}{host}{port}", host, covers)

    return entry


SUBDOMAINS = "{scheme}://([a-z]+[.])+{host_pattern}{port}"
exact = kind("{origin}")
#: Every way to list an origin, from its scheme, host and port.
KINDS: dict[str, Kind] = {
    "an exact origin": exact,
    "an origin that is corrected": kind("{corrected}"),
    "any subdomain": kind("{scheme}://*.{host}{port}", sample="x.y.", hosts=r".+\._"),
    "any port": kind("{scheme}://{host}:*", any_port=True),
    "any subdomain and port": kind("{scheme}://*.{host}:*", sample="x.", hosts=r".+\._", any_port=True),
    "a pattern": kind("{pattern}", re.compile),
    "a pattern with anchors": kind("^{pattern}$", re.compile),
    "a pattern of lines": kind("(?m)^{pattern}$", re.compile),
    "a pattern without case": kind("(?i){pattern}", re.compile),
    "a pattern of alternatives": kind(r"https://first\.example|{pattern}", re.compile),
    "a pattern of subdomains": kind(SUBDOMAINS, re.compile, sample="x.y.", hosts=r"([a-z]+\.)+_"),
    "a ^ string": kind("^{pattern}"),
    "a ^ string with $": kind("^{pattern}$"),
    "a ^ string of alternatives": kind(r"^https://first\.example|{pattern}"),
    "a function": kind("{origin}", lambda origin: origin.__eq__),
}
ANY_ORIGIN = Entry("*", "https://any.example", "any.example", lambda _: True, any_origin=True)
ANY_PAGE = ANY_ORIGIN._replace(written=re.compile("https?://.*"), covers=lambda origin: origin.scheme in WEB)
NULL = Entry("null", "null", "null", ("", "null", "").__eq__)

# By class: what to write for the host, for its port, and for the whole origin. {_} is a space.
HOSTS = {
    "suffix": "{host}.evil.test {host}evil.test {host}munity {host}-evil.test",
    "prefix": "evil{host} evil-{host} _{host} .{host}",
    "trailing dot": "{host}. {host}..",
    "userinfo": "{host}@evil.test {host}:x@evil.test",
    "backslash": r"{host}\.evil.test evil.test\@{host}",
    "percent": "{host}%2f.evil.test {host}%00.evil.test",
}
PORTS = ":{next} :{number}0 :{cut} :0{number} :443 :80 : :* :x :-1 :65536 :\u0664 :443.evil.test :443@evil.test"
WHOLE = {
    "scheme": "{other}://{rest} chrome-extension://{rest} x{all} {scheme}x://{rest} {rest} ://{rest} //{rest} "
    "{scheme}:/{rest} {scheme}:///{rest} {scheme}://{all}",
    "userinfo": "{scheme}://user@{rest} {scheme}://@{rest}",
    "backslash": "{scheme}:\\\\{rest} {all}\\",
    "percent": "{scheme}%3a//{rest} {scheme}:%2f%2f{rest} {all}%0a {all}%00",
    "null": "null NULL {all}{_}null",
    "nothing": "{nothing} *",
    "trailing slash": "{all}/ {all}//",
    "path": "{all}/x {all}/.. https://evil.test/{all}",
    "query": "{all}? https://evil.test?{all}",
    "fragment": "{all}# https://evil.test#{all}",
    "quotes": "\"{all}\" '{all}' <{all}>",
    "joined": "{all},{all} {all},{_}{all} {all},{_}https://evil.test https://evil.test,{_}{all} {all}, ,{all} "
    "{all}{_}{all} {all}{_}https://evil.test https://evil.test{_}{all} {all};https://evil.test "
    "https://evil.test{line}{all}",
    "control": "{all}{line}Set-Cookie:{_}a=b",
}
REPLACEMENTS = {
    "dot-swap": [(".", "x"), (".", "-"), (".", ""), (".", ".."), (".", ",")],
    "percent": [("o", "%6f"), (".", "%2e"), ("o", "%256f")],
    # Letters and what looks like them. Browsers turn some back into the letter; others they send in Punycode.
    "look-alike": [
        *(("a", "\N{CYRILLIC SMALL LETTER A}"), ("o", "\N{CYRILLIC SMALL LETTER O}")),
        *(("o", "\N{GREEK SMALL LETTER OMICRON}"), ("e", "\N{LATIN SMALL LETTER E WITH ACUTE}")),
        *(("e", "e\N{COMBINING ACUTE ACCENT}"), ("i", "\N{LATIN SMALL LETTER DOTLESS I}")),
        *(("i", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"), ("s", "\N{LATIN SMALL LETTER LONG S}")),
        *(("k", "\N{KELVIN SIGN}"), ("m", "\N{FULLWIDTH LATIN SMALL LETTER M}")),
        *(("m", "\N{MATHEMATICAL BOLD SMALL M}"), (".", "\N{FULLWIDTH FULL STOP}")),
        *((".", "\N{IDEOGRAPHIC FULL STOP}"), (".", "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}")),
        *((".", "\N{ONE DOT LEADER}"), (".", "\N{SOFT HYPHEN}."), (".", "\N{ZERO WIDTH JOINER}.")),
        (".", "\udcc0\udcae"),  # an encoding of the dot that UTF-8 forbids
    ],
}
BLANKS = "\x00\x01\b\t\n\v\f\r\x1b\x1c\x1f \x7f\x85\xa0\u1680\u2003\u2028\u2029\u202e\u3000\ufeff"


@cache
def near_misses(entry: Entry) -> dict[str, str]:
    """Derive what an attacker may send who knows what *entry* allows, by class and way of writing."""
    return {name: attack for name, attack in _derive(entry.sample, entry.fixed) if attack != entry.sample}


def _derive(origin: str, host: str) -> Iterator[tuple[str, str]]:
    for name, changed in _hosts(host):
        yield name, origin.replace(host, changed)
    scheme, its_host, port = parse(origin) or Origin("", "", "")
    number = int(port[1:] or 443)
    for form in PORTS.split():
        written = form.format(number=number, next=number + 1, cut=number // 10)
        yield f"port: {form}", f"{scheme}://{its_host}{written}"
    parts = {"all": origin, "scheme": scheme, "rest": origin.partition("://")[2], "_": " ", "nothing": "", "line": "\n"}
    parts["other"] = "http" if scheme == "https" else "https"
    for name, forms in WHOLE.items():
        for form in forms.split():
            yield f"{name}: {form}", form.format(**parts)
    yield "length: a very long subdomain", f"{scheme}://{'a.' * 200}{parts['rest']}"
    yield "case: the scheme", f"{scheme.upper()}://{parts['rest']}"
    yield "case: everything", origin.upper()
    inside = origin.index(host) + 1
    for blank in BLANKS:
        places = {"before": 0, "in the scheme": 2, "in the host": inside, "behind": len(origin)}
        for place, at in places.items():
            yield f"control: U+{ord(blank):04X} {place}", origin[:at] + blank + origin[at:]


def _hosts(host: str) -> Iterator[tuple[str, str]]:
    for name, forms in HOSTS.items():
        for form in forms.split():
            yield f"{name}: {form}", form.format(host=host)
    for name, pairs in REPLACEMENTS.items():
        for old, new in pairs:
            changed = host.replace(old, new)
            yield f"{name}: {new!a} for {old}", changed
            if name == "look-alike":
                in_percent = "".join(f"%{byte:02X}" for byte in new.encode("utf-8", "surrogateescape"))
                yield f"{name}: {in_percent} for {old}", host.replace(old, in_percent)
                yield f"{name}: {new!a} in Punycode", ".".join(map(_punycode, changed.split(".")))
    yield "dot-swap: the first", host.replace(".", "x", 1)
    yield from (("cut: the last letter", host[:-1]), ("cut: the first letter", host[1:]))
    yield "cut: the last label", host.rpartition(".")[0]
    yield from (("case: capitals", host.upper()), ("case: one capital", host.capitalize()))
    yield "case: the last letter", host[:-1] + host[-1].upper()


def _punycode(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode', 'replace').decode()}"


def on_the_wire(text: str) -> str:
    """Write *text* as a server passes it to an app: its bytes in UTF-8, a character for each."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
