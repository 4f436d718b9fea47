"""``flask cors check --live``: request the app's routes from a deployment, and from the app itself.

No view runs at the deployment but those of ``GET``; no redirect is followed, and no body is read.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from ..browser import ConnectionFailed, Headers, Request, Response, parse_url
from .ask import AppNetwork, LiveNetwork
from .faults import Origin, Seen, find_faults
from .finding import EXAMPLE, Finding, covers
from .question import Mistake
from .site import RouteCover, Site

SECONDS = 120.0  # for all requests together
EACH = 10.0
MOST_ROUTES = 100
UNLISTED = "https://unlisted.example"
_AT_ONCE = 4
_SAFE = ("GET", "HEAD")


class Probe(NamedTuple):
    """One kind of request: a method at a path, as pages of several origins send it."""

    rule: str
    method: str
    path: str
    headers: Headers
    origins: tuple[Origin, ...]

    def request(self, base: str, origin: Origin, query: str = "") -> Request:
        """Return the request of a page of *origin* to a server at *base*."""
        headers = (*self.headers, *([("Origin", origin)] if origin else ()))
        return Request(self.method, parse_url(f"{base}{self.path}{query}").text, headers)

    def orders(self) -> list[tuple[Origin, ...]]:
        """Return the origins twice each, in both orders: a cache may keep the first response for the others."""
        first, *others = self.origins
        return [self.origins * 2, (*others, first) * 2]


class Deployment(NamedTuple):
    """What was found, and the rules that were not tried, or not in full."""

    findings: list[Finding]
    left_out: list[str]


def check_deployment(site: Site, url: str) -> Deployment:
    """Compare the responses of the server at *url* with those of the app.

    :raises Mistake: if the server cannot be reached.
    """
    base = url.rstrip("/")
    probes = find_probes(site, base)
    _check_contact(base, probes[:1])
    expected = [_expected(site, base, probe) for probe in probes]  # one after the other: it changes the app meanwhile
    network = LiveNetwork(SECONDS, EACH, reads_bodies=False)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        seen = list(pool.map(partial(_ask, network, base), probes, expected))
    rules = dict.fromkeys(item.rule.rule for item in site.routes)
    partly = {probe.rule for probe, those in zip(probes, seen, strict=True) if not those}
    whole = {probe.rule for probe in probes} - partly
    return Deployment(find_faults(seen), [rule for rule in rules if rule not in whole])


def _check_contact(base: str, probes: Iterable[Probe]) -> None:
    try:
        for probe in probes:
            LiveNetwork(EACH, reads_bodies=False)(probe.request(base, None))
    except ConnectionFailed as error:
        raise Mistake(f"{base} cannot be called: {error}. Is the server running, and is this its URL?") from None


def _expected(site: Site, base: str, probe: Probe) -> dict[Origin, Response]:
    """Let the app respond in this process; where it fails, there is nothing to compare with."""
    network, inside = AppNetwork(site.app), _base_inside(site, base)
    try:
        return {origin: network(probe.request(inside, origin)) for origin in probe.origins}
    except ConnectionFailed:
        return {}


def _base_inside(site: Site, base: str) -> str:
    """Return where the app is in this process: a proxy may remove a prefix that only the deployment has."""
    url = urlsplit(base)
    return f"{url.scheme}://{url.netloc}{str(site.app.config['APPLICATION_ROOT']).rstrip('/')}"


def _ask(network: LiveNetwork, base: str, probe: Probe, expected: dict[Origin, Response]) -> list[Seen]:
    """Send one probe in both orders, each to a URL of its own, for which no cache has a response yet."""
    seen = []
    for order in probe.orders() if expected else ():
        query = f"?cors-check={secrets.token_hex(8)}"
        for place, origin in enumerate(order):
            result = _send(network, probe.request(base, origin, query))
            seen.append(Seen(probe.rule, probe.method, probe.path, origin, place == 0, expected, result))
    return seen if network.has_time else []


def _send(network: LiveNetwork, request: Request) -> Response | str:
    try:
        return network(request)
    except ConnectionFailed as error:
        return str(error)


# -- What is tried -----------------------------------------------------------------------------------------


def find_probes(site: Site, base: str) -> list[Probe]:
    """Return a GET and a preflight for each rule and each policy, where that is safe."""
    candidates = list(dict.fromkeys(_candidates(site)))
    rules = list(dict.fromkeys(item.rule.rule for item in site.routes))[:MOST_ROUTES]
    chosen: dict[tuple[object, ...], RouteCover] = {}
    # The others first: a preflight for GET is sent only where a rule has no other method.
    for item in sorted(site.routes, key=_is_safe):
        for is_preflight in _kinds(site, base, item):
            chosen.setdefault((id(item.rule), id(item.cover and item.cover.policy), is_preflight), item)
    found = [
        _probe(site, base, item, candidates, is_preflight=bool(is_preflight))
        for (_, _, is_preflight), item in chosen.items()
        if item.rule.rule in rules
    ]
    return sorted(found, key=lambda probe: rules.index(probe.rule))


def _is_safe(item: RouteCover) -> bool:
    return item.route.method in _SAFE


def _kinds(site: Site, base: str, item: RouteCover) -> Iterator[bool]:
    if _is_safe(item):
        yield False
    if not site.handles_options(_base_inside(site, base) + item.route.path):
        yield True


def _probe(site: Site, base: str, item: RouteCover, candidates: list[str], *, is_preflight: bool) -> Probe:
    route = item.route
    headers: Headers = (("Accept", "*/*"),)
    if is_preflight:
        headers = (*headers, ("Access-Control-Request-Method", route.method), *_requested_headers(item))
    listed = _listed_origin(site, base, item, candidates)
    origins = (UNLISTED, None) if listed is None else (listed, UNLISTED, None)
    return Probe(item.rule.rule, "OPTIONS" if is_preflight else route.method, route.path, headers, origins)


def _requested_headers(item: RouteCover) -> Headers:
    names = [name for name in (item.cover.policy.headers if item.cover else ()) if name != "*"]
    return (("Access-Control-Request-Headers", names[0].lower()),) if names else ()


def _listed_origin(site: Site, base: str, item: RouteCover, candidates: list[str]) -> str | None:
    """Return an origin that the policy of a route allows, if one is known."""
    for origin in candidates if item.cover else ():
        with site.request(_base_inside(site, base) + item.route.path, origin), suppress(Exception):
            if item.cover and item.cover.policy.allows(origin):
                return origin
    return None


def _candidates(site: Site) -> Iterator[str]:
    """Yield origins that some policy of the app allows, or may allow."""
    for origins in (cover.policy.origins for cover in covers(site)):
        yield from sorted(origins.exact)
        yield from (text.replace("*.", "www.").replace(":*", ":8443") for text in sorted(origins.wildcards))
        yield from (sample_of(pattern.pattern) for pattern in origins.patterns)
    yield EXAMPLE


_SIMPLER = (
    (r"^\^|\$$|\\[AZ]|\(\?[a-z]+\)", ""),
    (r"\(\?:", "("),
    (r"\\d|\[(?:0-9|\\d)\]", "8"),
    (r"\\w|\[[^\]]*\]|(?<!\\)\.", "a"),
    (r"\(([^()|]*)(?:\|[^()]*)?\)", r"\1"),
    (r"[+*?]|\{[^}]*\}", ""),
    (r"\\(.)", r"\1"),
)


def sample_of(pattern: str) -> str:
    r"""Return a text that a simple pattern matches; of another pattern, it may not.

    >>> sample_of(r"^https?://(shop|cart)-\d+\.[a-z]+\.example(:[0-9]+)?$")
    'https://shop-8.a.example:8'
    """
    for part, text in _SIMPLER:
        pattern = re.sub(part, text, pattern)
    return pattern
