"""Entries of ``origins``, each kind with its documented meaning, and what an attacker derives from what one lets in.

The meaning is said here a second time, from contract and manual alone: nothing of the package judges itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

# Meaning -------------------------------------------------------------------------------------------------------------


class Origin(NamedTuple):
    """An origin, taken apart; a port brings its colon."""

    scheme: str
    host: str
    port: str


# Origins as browsers write them: Fetch, #origin-header. A DNS name has at most 253 characters.
SERIALIZED = re.compile(
    r"([a-z][a-z0-9+.-]*)://(?=[^:]{1,253}(?::|\Z))([a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)((?::[0-9]{1,5})?)", re.ASCII
)


def apart(text: str) -> Origin | None:
    """Take an origin apart; ``None`` for what no browser sends."""
    if text == "null":
        return Origin("", "null", "")
    match = SERIALIZED.fullmatch(text)
    return Origin(*match.groups()) if match and int(match[3][1:] or 0) < 2**16 else None


def is_sent(text: str) -> bool:
    """Tell whether a browser may send *text*: an origin without zeros before its port, or a port that goes unsaid."""
    origin = apart(text)
    unsaid = {"https": ":443", "http": ":80"}
    return origin is not None and origin.port[:2] != ":0" and origin.port != unsaid.get(origin.scheme)


class Entry(NamedTuple):
    """One entry: how it is written, an origin that it lets in, and the part of its host that it spells out."""

    written: Any
    sample: str
    fixed: str
    meant: Callable[[Origin], bool]
    everyone: bool = False

    def admits(self, text: str) -> bool:
        """Tell whether *text* is an origin that the entry is documented to let in."""
        origin = apart(text)
        return origin is not None and self.meant(origin)


# Kinds ---------------------------------------------------------------------------------------------------------------


def exact(scheme: str, host: str, port: str) -> Entry:
    origin = f"{scheme}://{host}{port}"
    return Entry(origin, origin, host, (scheme, host, port).__eq__)


def written_otherwise(scheme: str, host: str, port: str) -> Entry:
    default = {"https": ":443", "http": ":80"}[scheme]
    return exact(scheme, host, port)._replace(written=f"{scheme.upper()}://{host.title()}{port or default}/")


def a_function(scheme: str, host: str, port: str) -> Entry:
    origin = f"{scheme}://{host}{port}"
    return exact(scheme, host, port)._replace(written=lambda asked: asked == origin)


def any_subdomain(scheme: str, host: str, port: str) -> Entry:
    def meant(origin: Origin) -> bool:
        return origin.host.endswith(f".{host}") and origin == (scheme, origin.host, port)

    return Entry(f"{scheme}://*.{host}{port}", f"{scheme}://x.y.{host}{port}", host, meant)


def any_port(scheme: str, host: str, port: str) -> Entry:
    return Entry(f"{scheme}://{host}:*", f"{scheme}://{host}{port}", host, lambda origin: origin[:2] == (scheme, host))


def any_subdomain_and_port(scheme: str, host: str, port: str) -> Entry:
    def meant(origin: Origin) -> bool:
        return origin.host.endswith(f".{host}") and origin.scheme == scheme

    return Entry(f"{scheme}://*.{host}:*", f"{scheme}://x.{host}{port}", host, meant)


def pattern_of(form: str, flags: int = 0) -> Callable[[str, str, str], Entry]:
    """Make a kind: a compiled pattern that lets in one origin, written as *form* says."""

    def kind(scheme: str, host: str, port: str) -> Entry:
        entry = exact(scheme, host, port)
        return entry._replace(written=re.compile(form.format(re.escape(entry.sample)), flags))

    return kind


def text_of(form: str) -> Callable[[str, str, str], Entry]:
    """Make a kind: a string that is a pattern because it begins with ``^``."""

    def kind(scheme: str, host: str, port: str) -> Entry:
        entry = exact(scheme, host, port)
        return entry._replace(written=form.format(re.escape(entry.sample)))

    return kind


def pattern_of_subdomains(scheme: str, host: str, port: str) -> Entry:
    written = re.compile(rf"{scheme}://([a-z]+\.)+{re.escape(host + port)}")

    def meant(origin: Origin) -> bool:
        labels = origin.host.removesuffix(f".{host}").split(".")
        below = origin.host.endswith(f".{host}") and all(re.fullmatch("[a-z]+", label) for label in labels)
        return below and origin == (scheme, origin.host, port)

    return Entry(written, f"{scheme}://x.y.{host}{port}", host, meant)


Kind = Callable[[str, str, str], Entry]

#: Every way to list an origin, from its scheme, host and port.
KINDS: dict[str, Kind] = {
    "an exact origin": exact,
    "an origin that is corrected": written_otherwise,
    "any subdomain": any_subdomain,
    "any port": any_port,
    "any subdomain and port": any_subdomain_and_port,
    "a pattern": pattern_of("{}"),
    "a pattern with anchors": pattern_of("^{}$"),
    "a pattern of lines": pattern_of("^{}$", re.MULTILINE),
    "a pattern without case": pattern_of("{}", re.IGNORECASE),
    "a pattern of alternatives": pattern_of(r"https://first\.example|{}"),
    "a pattern of subdomains": pattern_of_subdomains,
    "a ^ string": text_of("^{}"),
    "a ^ string with $": text_of("^{}$"),
    "a ^ string of alternatives": text_of(r"^https://first\.example|{}"),
    "a function": a_function,
}

EVERYBODY = Entry("*", "https://anybody.example", "anybody.example", lambda _: True, everyone=True)
EVERY_PAGE = Entry(
    re.compile("https?://.*"),
    *("https://anybody.example", "anybody.example"),
    lambda origin: origin.scheme in {"http", "https"},
    everyone=True,
)
NULL = Entry("null", "null", "null", ("", "null", "").__eq__)


# Attacks -------------------------------------------------------------------------------------------------------------

# Letters and what looks like them. Browsers turn some back into the letter; others they send in Punycode.
LOOK_ALIKES = {
    "Cyrillic a": ("a", "\N{CYRILLIC SMALL LETTER A}"),
    "Cyrillic o": ("o", "\N{CYRILLIC SMALL LETTER O}"),
    "Greek omicron": ("o", "\N{GREEK SMALL LETTER OMICRON}"),
    "e with an accent": ("e", "\N{LATIN SMALL LETTER E WITH ACUTE}"),
    "e and an accent": ("e", "e\N{COMBINING ACUTE ACCENT}"),
    "dotless i": ("i", "\N{LATIN SMALL LETTER DOTLESS I}"),
    "capital i with a dot": ("i", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
    "long s": ("s", "\N{LATIN SMALL LETTER LONG S}"),
    "Kelvin sign": ("k", "\N{KELVIN SIGN}"),
    "fullwidth m": ("m", "\N{FULLWIDTH LATIN SMALL LETTER M}"),
    "bold m": ("m", "\N{MATHEMATICAL BOLD SMALL M}"),
    "fullwidth full stop": (".", "\N{FULLWIDTH FULL STOP}"),
    "ideographic full stop": (".", "\N{IDEOGRAPHIC FULL STOP}"),
    "halfwidth full stop": (".", "\N{HALFWIDTH IDEOGRAPHIC FULL STOP}"),
    "one dot leader": (".", "\N{ONE DOT LEADER}"),
    "dot in two bytes": (".", "\udcc0\udcae"),  # an encoding that UTF-8 forbids
    "soft hyphen": (".", "\N{SOFT HYPHEN}."),
    "zero width joiner": (".", "\N{ZERO WIDTH JOINER}."),
}
BLANKS = "\x00\x01\b\t\n\v\f\r\x1b\x1c\x1f \x7f\x85\xa0\u1680\u2003\u2028\u2029\u202e\u3000\ufeff"


def near_misses(entry: Entry) -> dict[str, str]:
    """Derive what an attacker may send who knows what *entry* lets in, each named by its class and a word on it."""
    origin, fixed = entry.sample, entry.fixed
    hosts = {**_around(fixed), **_within(fixed), **dict(_look_alikes(fixed))}
    whole = {name: origin.replace(fixed, host) for name, host in hosts.items()}
    derived = {**whole, **_by_port(origin), **_by_scheme(origin), **_by_more(origin), **_joined(origin)}
    return {name: attack for name, attack in {**derived, **dict(_blanks(origin, fixed))}.items() if attack != origin}


def _around(host: str) -> dict[str, str]:
    return {
        "suffix: a domain": f"{host}.evil.test",
        "suffix: letters": f"{host}evil.test",
        "suffix: a longer top-level domain": f"{host}munity",
        "suffix: a hyphen": f"{host}-evil.test",
        "prefix: letters": f"evil{host}",
        "prefix: a hyphen": f"evil-{host}",
        "prefix: an underscore": f"_{host}",
        "prefix: an empty label": f".{host}",
        "cut: the last letter": host[:-1],
        "cut: the first letter": host[1:],
        "cut: the last label": host.rpartition(".")[0],
        "trailing dot: one": f"{host}.",
        "trailing dot: two": f"{host}..",
        "userinfo: the host as a user": f"{host}@evil.test",
        "userinfo: with a password": f"{host}:x@evil.test",
        "backslash: behind": f"{host}\\.evil.test",
        "backslash: with a user": f"evil.test\\@{host}",
        "percent: a slash behind": f"{host}%2f.evil.test",
        "percent: a null character behind": f"{host}%00.evil.test",
    }


def _within(host: str) -> dict[str, str]:
    return {
        "dot-swap: letters": host.replace(".", "x"),
        "dot-swap: the first": host.replace(".", "x", 1),
        "dot-swap: hyphens": host.replace(".", "-"),
        "dot-swap: nothing": host.replace(".", ""),
        "dot-swap: doubled": host.replace(".", ".."),
        "dot-swap: commas": host.replace(".", ","),
        "case: capitals": host.upper(),
        "case: one capital": host.capitalize(),
        "case: the last letter": host[:-1] + host[-1].upper(),
        "percent: a letter": host.replace("o", "%6f"),
        "percent: a dot": host.replace(".", "%2e"),
        "percent: a letter twice": host.replace("o", "%256f"),
    }


def _look_alikes(host: str) -> Iterator[tuple[str, str]]:
    for name, (letter, other) in LOOK_ALIKES.items():
        alike = host.replace(letter, other)
        yield f"look-alike: {name}", alike
        yield f"look-alike: {name}, in percent", host.replace(letter, _in_percent(other))
        yield f"look-alike: {name}, in Punycode", ".".join(map(_in_punycode, alike.split(".")))


def _in_percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogateescape"))


def _in_punycode(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode', 'replace').decode()}"


def _by_port(origin: str) -> dict[str, str]:
    scheme, host, port = apart(origin) or Origin("", "", "")
    number = int(port[1:] or 443)
    return {
        "port: the next": f"{scheme}://{host}:{number + 1}",
        "port: a digit more": f"{scheme}://{host}:{number}0",
        "port: a digit less": f"{scheme}://{host}:{number // 10}",
        "port: zeros in front": f"{scheme}://{host}:0{number}",
        "port: that of https": f"{scheme}://{host}:443",
        "port: that of http": f"{scheme}://{host}:80",
        "port: empty": f"{scheme}://{host}:",
        "port: the wildcard": f"{scheme}://{host}:*",
        "port: letters": f"{scheme}://{host}:x",
        "port: negative": f"{scheme}://{host}:-1",
        "port: too large": f"{scheme}://{host}:65536",
        "port: digits that are not ASCII": f"{scheme}://{host}:\N{ARABIC-INDIC DIGIT FOUR}",
        "port: and a suffix": f"{scheme}://{host}:443.evil.test",
        "port: and a user": f"{scheme}://{host}:443@evil.test",
    }


def _by_scheme(origin: str) -> dict[str, str]:
    scheme, _, rest = origin.partition("://")
    return {
        "scheme: the other one": ("http" if scheme == "https" else "https") + f"://{rest}",
        "scheme: of an extension": f"chrome-extension://{rest}",
        "scheme: one that ends alike": f"x{scheme}://{rest}",
        "scheme: one that begins alike": f"{scheme}x://{rest}",
        "scheme: none": rest,
        "scheme: empty": f"://{rest}",
        "scheme: two slashes alone": f"//{rest}",
        "scheme: one slash": f"{scheme}:/{rest}",
        "scheme: three slashes": f"{scheme}:///{rest}",
        "scheme: in front of itself": f"{scheme}://{origin}",
        "case: the scheme": f"{scheme.upper()}://{rest}",
        "case: everything": origin.upper(),
        "userinfo: a user": f"{scheme}://user@{rest}",
        "userinfo: an empty user": f"{scheme}://@{rest}",
        "backslash: for the slashes": f"{scheme}:\\\\{rest}",
        "percent: the colon": origin.replace(":", "%3a", 1),
        "percent: the slashes": origin.replace("//", "%2f%2f"),
        "length: a very long subdomain": f"{scheme}://{'a.' * 200}{rest}",
    }


def _by_more(origin: str) -> dict[str, str]:
    return {
        "null: as such": "null",
        "null: in capitals": "NULL",
        "null: behind": f"{origin} null",
        "nothing: at all": "",
        "nothing: but the wildcard": "*",
        "trailing slash: one": f"{origin}/",
        "trailing slash: two": f"{origin}//",
        "path: below": f"{origin}/x",
        "path: two dots": f"{origin}/..",
        "path: of another": f"https://evil.test/{origin}",
        "query: empty": f"{origin}?",
        "query: of another": f"https://evil.test?{origin}",
        "fragment: empty": f"{origin}#",
        "fragment: of another": f"https://evil.test#{origin}",
        "backslash: at the end": f"{origin}\\",
        "percent: a line feed": f"{origin}%0a",
        "percent: a null character": f"{origin}%00",
        "control: a line with a header": f"{origin}\r\nSet-Cookie: a=b",
        "quotes: around": f'"{origin}"',
        "quotes: angles around": f"<{origin}>",
    }


def _joined(origin: str) -> dict[str, str]:
    evil = "https://evil.test"
    return {
        "joined: twice": f"{origin},{origin}",
        "joined: twice, as a doubled header": f"{origin}, {origin}",
        "joined: a comma before another": f"{origin}, {evil}",
        "joined: a comma behind another": f"{evil}, {origin}",
        "joined: a comma behind": f"{origin},",
        "joined: a comma before": f",{origin}",
        "joined: twice, with a space": f"{origin} {origin}",
        "joined: a space before another": f"{origin} {evil}",
        "joined: a space behind another": f"{evil} {origin}",
        "joined: a semicolon": f"{origin};{evil}",
        "joined: a line feed": f"{evil}\n{origin}",
    }


def _blanks(origin: str, fixed: str) -> Iterator[tuple[str, str]]:
    inside = origin.index(fixed) + 1
    for blank in BLANKS:
        yield f"control: U+{ord(blank):04X} before", blank + origin
        yield f"control: U+{ord(blank):04X} behind", origin + blank
        yield f"control: U+{ord(blank):04X} inside the host", origin[:inside] + blank + origin[inside:]
        yield f"control: U+{ord(blank):04X} inside the scheme", origin[:2] + blank + origin[2:]


def on_the_wire(text: str) -> str:
    """Write *text* as a server hands it on: its bytes in UTF-8, a character for each."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
