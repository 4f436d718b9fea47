"""Hypothesis strategies of origins and options, for the tests of pure functions; ``visits.py`` has those of whole apps.

The pools are small on purpose: what is drawn has to meet, nearly meet and miss what else is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from flask_cors.origins import AllowedOrigins, OriginRule

Strategy = st.SearchStrategy


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

# What a client may send in a header: near an origin, near a list of names, or anything at all.
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
    drawn = {name: draw(st.none() | values) for name, values in _values.items() if draw(_flags)}
    everyone = "origins" not in drawn or AllowedOrigins.parse(drawn["origins"] or []).matches_any_origin
    return {**drawn, "supports_credentials": False} if everyone else drawn


# Keywords that are accepted, each left out now and then.
options: Strategy[dict[str, Any]] = _options()
origin_headers = st.one_of(origins, origins, st.none(), hostile_texts)
