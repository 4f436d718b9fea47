"""Hypothesis strategies of origins, for the tests of pure functions; ``visits.py`` has those of whole apps.

The pools are small on purpose: what is drawn has to meet, nearly meet and miss what else is drawn.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from flask_cors.origins import OriginRule

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
