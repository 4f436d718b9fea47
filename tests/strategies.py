"""What the tests feed in: Hypothesis strategies of origins, options, policies and requests, and attacks on an origin.

The pools are small on purpose: what is drawn has to meet, nearly meet and miss what else is drawn.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from flask_cors.options import CORSWarning, by_keyword, resources_of
from flask_cors.origins import OriginRule, Origins
from flask_cors.policy import CORSRequest, Policy

Strategy = st.SearchStrategy


def policy_of(**options: Any) -> Policy:
    """Make the policy of these options as the extension would, without its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CORSWarning)
        policy = resources_of(by_keyword(options, "policy_of()", "resources")).policy("/")
    assert policy is not None
    return policy


# Origins -------------------------------------------------------------------------------------------------------------

schemes = st.sampled_from(["https", "http"])
hosts = st.lists(st.sampled_from(["a", "b", "ab", "com", "co", "xn--a"]), min_size=1, max_size=4).map(".".join)
ports = st.sampled_from(["", "", ":8443", ":80"])

origins: Strategy[str] = st.builds("{}://{}{}".format, schemes, hosts, ports)
wildcards: Strategy[str] = st.one_of(
    st.builds("{}://*.{}{}".format, schemes, hosts, st.sampled_from(["", ":*", ":8443"])),
    st.builds("{}://{}:*".format, schemes, hosts),
)
pattern_texts: Strategy[str] = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "https?", "[a-z]+"]),
    st.sampled_from(["", r"(.+\.)?", r"[^.]+\.", r"\w"]),
    hosts.map(re.escape),
)


def has_few_labels(origin: str) -> bool:
    """Decide by the origin alone, as a function in ``origins`` may."""
    return origin.count(".") < 2


def is_on_http(origin: str) -> bool:
    """Decide otherwise."""
    return origin.startswith("http://")


callables = st.sampled_from([has_few_labels, is_on_http])
origin_rules: Strategy[OriginRule] = st.one_of(
    origins, origins, wildcards, pattern_texts.map(re.compile), pattern_texts.map("^{}$".format), callables
)

# What a stranger may send in a header: near an origin, near a list of names, or anything at all.
hostile_texts: Strategy[str] = st.one_of(
    st.just("null"),
    st.text(max_size=40),
    st.text("ahtps:/.*,@%\\ \t\r\n\x00", max_size=40),
    st.lists(origins, min_size=2, max_size=3).map(", ".join),
    st.builds("{}{}".format, origins, st.sampled_from([*"/?# \n", ".", "\x00", "%00", ".evil.test", "@evil.test"])),
)


# Options and policies ------------------------------------------------------------------------------------------------

header_names = st.sampled_from(["X-Token", "x-token", "Content-Type", "Authorization", "*"])
method_names = st.sampled_from(["GET", "get", "POST", "PATCH", "X-METHOD", "*"])


def in_every_form(names: Strategy[str]) -> Strategy[str | Iterable[str]]:
    """Draw a list as an option takes it: any collection, or a string with commas."""
    lists = st.lists(names, max_size=4)
    return st.one_of(lists, lists.map(tuple), lists.map(frozenset), lists.map(", ".join), lists.map(" , ".join))


origins_in_every_form: Strategy[OriginRule | Iterable[OriginRule]] = st.one_of(
    st.sampled_from(["*", ["*"], "*, https://a.com"]),
    origin_rules,
    st.lists(origin_rules, max_size=5),
    st.lists(origin_rules, max_size=3).map(tuple),
    st.lists(st.one_of(origins, wildcards), max_size=3).map(", ".join),
)

_flags = st.booleans()
_seconds = st.integers(0, 10**9)
_values: dict[str, Strategy[Any]] = {
    "origins": origins_in_every_form,
    "methods": in_every_form(method_names),
    "headers": in_every_form(header_names),
    "expose_headers": in_every_form(header_names),
    "supports_credentials": _flags,
    "max_age": st.one_of(_seconds, _seconds.map(str), _seconds.map(lambda seconds: timedelta(seconds=seconds))),
    "send_wildcard": _flags,
    "always_send": _flags,
    "automatic_options": _flags,
    "vary_header": _flags,
}


@st.composite
def _options(draw: st.DrawFn) -> dict[str, Any]:
    given = {name: draw(st.none() | values) for name, values in _values.items() if draw(_flags)}
    listed = given.get("origins")
    everyone = listed is None or Origins.parse(listed).anyone
    return {**given, "supports_credentials": False} if everyone else given


@st.composite
def _policies(draw: st.DrawFn) -> Policy:
    return policy_of(**draw(options))


# Keywords that are accepted, each left out now and then. None is an answer that says nothing.
options: Strategy[dict[str, Any]] = _options()
policies: Strategy[Policy] = _policies()


# Requests ------------------------------------------------------------------------------------------------------------

http_methods = st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS", "OPTIONS"])
origin_headers = st.one_of(origins, origins, st.none(), hostile_texts)
_requested_methods = st.one_of(st.none(), method_names, hostile_texts)
_requested_headers = st.one_of(st.none(), st.lists(header_names).map(", ".join), hostile_texts)

requests: Strategy[CORSRequest] = st.builds(
    CORSRequest, http_methods, origin_headers, _requested_methods, _requested_headers
)


# Attacks -------------------------------------------------------------------------------------------------------------


def near_misses(origin: str, fixed: str, any_port: bool = False) -> Iterator[tuple[str, str]]:
    """Yield what an attacker may send who knows that *origin* is let in, each with a name.

    *fixed* is the part of its host that a wildcard does not cover: what is changed is there.
    """
    scheme, _, rest = origin.partition("://")
    host, _, port = rest.partition(":")
    evil = "https://evil.test"
    by_host = {
        "a suffix with a dot": f"{fixed}.evil.test",
        "a suffix without a dot": f"{fixed}evil.test",
        "a longer top-level domain": f"{fixed}munity",
        "the last letter missing": fixed[:-1],
        "a prefix without a dot": f"evil{fixed}",
        "a prefix with a hyphen": f"evil-{fixed}",
        "the first letter missing": fixed[1:],
        "dots that became letters": fixed.replace(".", "x"),
        "dots that became hyphens": fixed.replace(".", "-"),
        "dots that are gone": fixed.replace(".", ""),
        "a dot doubled": f".{fixed}",
        "a trailing dot": f"{fixed}.",
        "capitals": fixed.upper(),
        "one capital": fixed.capitalize(),
        "a percent-encoded letter": fixed.replace("o", "%6f"),
        "a percent-encoded dot": fixed.replace(".", "%2e"),
        "an encoded slash behind": f"{fixed}%2f.evil.test",
        "a Cyrillic letter": fixed.replace("o", "\N{CYRILLIC SMALL LETTER O}"),
        "a fullwidth letter": fixed.replace("o", "\N{FULLWIDTH LATIN SMALL LETTER O}"),
        "a long s": fixed.replace("s", "\N{LATIN SMALL LETTER LONG S}"),
        "an ideographic full stop": fixed.replace(".", "\N{IDEOGRAPHIC FULL STOP}"),
        "an invisible letter": f"{fixed[0]}\N{ZERO WIDTH JOINER}{fixed[1:]}",
        "a soft hyphen": f"{fixed[0]}\N{SOFT HYPHEN}{fixed[1:]}",
        "the host as a user": f"{fixed}@evil.test",
        "the host as a user with a password": f"{fixed}:x@evil.test",
        "a backslash": f"{fixed}\\.evil.test",
        "a line feed inside": f"{fixed[0]}\n{fixed[1:]}",
    }
    by_port = {
        "the next port": f"{scheme}://{host}:{int(port or 443) + 1}",
        "a port cut short": f"{scheme}://{host}:{port[:-1]}",
        "a port with a digit more": f"{scheme}://{host}:{port or 443}0",
        "the port of the other scheme": f"{scheme}://{host}:{80 if scheme == 'https' else 443}",
        "the default port written out": f"{scheme}://{host}:{443 if scheme == 'https' else 80}",
    }
    whole = {
        "another scheme": ("http" if scheme == "https" else "https") + f"://{rest}",
        "the scheme of an extension": f"chrome-extension://{rest}",
        "a scheme that ends alike": f"x{scheme}://{rest}",
        "a scheme in capitals": f"{scheme.upper()}://{rest}",
        "no scheme": rest,
        "an empty scheme": f"://{rest}",
        "one slash": f"{scheme}:/{rest}",
        "a user": f"{scheme}://user@{rest}",
        "a trailing slash": f"{origin}/",
        "a path": f"{origin}/x",
        "a query": f"{origin}?x",
        "a fragment": f"{origin}#x",
        "the origin as another's path": f"{evil}/{origin}",
        "the origin as another's query": f"{evil}?{origin}",
        "the origin as another's fragment": f"{evil}#{origin}",
        "an empty port": f"{origin}:",
        "a port of letters": f"{scheme}://{fixed}:x",
        "a port that is negative": f"{scheme}://{fixed}:-1",
        "a port of six digits": f"{scheme}://{fixed}:100000",
        "a port and a suffix": f"{scheme}://{fixed}:443.evil.test",
        "a port and a user": f"{scheme}://{fixed}:443@evil.test",
        "null": "null",
        "nothing": "",
        "a wildcard": "*",
        "twice, with a comma": f"{origin},{origin}",
        "another behind a comma": f"{origin}, {evil}",
        "another before a comma": f"{evil}, {origin}",
        "another behind a space": f"{origin} {evil}",
        "another before a space": f"{evil} {origin}",
        "a line with a header": f"{origin}\r\nSet-Cookie: a=b",
        "an encoded line feed": f"{origin}%0a",
        "an encoded null character": f"{origin}%00",
        "a very long subdomain": f"{scheme}://{'a.' * 200}{rest}",
        "quotes": f'"{origin}"',
    }
    blanks = {f"U+{ord(blank):04X}": blank for blank in "\x00\t\n\v\f\r \x7f\x85\xa0\u2028\ufeff"}
    yield from ((name, origin.replace(fixed, other)) for name, other in by_host.items() if other != fixed)
    yield from () if any_port else by_port.items()
    yield from whole.items()
    yield from ((f"{name} before", blank + origin) for name, blank in blanks.items())
    yield from ((f"{name} behind", origin + blank) for name, blank in blanks.items())
