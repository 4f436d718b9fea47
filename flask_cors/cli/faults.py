"""Faults of a deployment: how the responses of a server differ from those of the app behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..browser import ALLOW_ORIGIN, Response, get_all, get_header
from ..policy import CORS_HEADERS
from .finding import Finding, listed
from .writing import Fix

Origin = str | None
_NOT_OF_THE_APP = (429, 502, 503, 504)


class Seen(NamedTuple):
    """One request to a server: what the app sends for each origin, and what came, or why nothing did."""

    rule: str
    method: str
    path: str
    origin: Origin
    is_first: bool  # to its URL, so that no cache has a response
    by_app: Mapping[Origin, Response]
    result: Response | str

    @property
    def expected(self) -> Response:
        """What the app sends."""
        return self.by_app[self.origin]

    @property
    def response(self) -> Response:
        """What came, where something did."""
        return Response(0) if isinstance(self.result, str) else self.result

    @property
    def wrong_headers(self) -> list[str]:
        """The CORS headers that are not as the app sends them."""
        return [name for name in CORS_HEADERS if get_all(self.response.headers, name) != self.sent(name)]

    def sent(self, name: str) -> list[str]:
        """Return the values of one header that the app sends."""
        return get_all(self.expected.headers, name)


class Fault(NamedTuple):
    """What is wrong with one response, with which header."""

    id: str
    header: str
    seen: Seen


class Kind(NamedTuple):
    """What all faults of one id have in common: a text, what to do, and the line for nginx."""

    text: str
    words: str
    nginx: str = ""


_OTHER_APP = "or the server runs another version of the app, or with other options"
#: In the order in which they are shown.
KINDS = {
    "live-unreachable": Kind(
        "No response of the app came for some requests.",
        "Start the app and read its log; raise the limits and the timeouts of the proxy before it.",
    ),
    "live-redirected": Kind(
        "{server} redirects what the app does not redirect. No preflight may be redirected.",
        "Give --live, and the page, the URL to which the redirect leads.",
    ),
    "live-options-eaten": Kind(
        "{server} responds to OPTIONS itself, with {status}; the app responds with {expected_status}.",
        "Let the proxy pass OPTIONS on to the app, before any login, and add no headers there.",
        "# remove: if ($request_method = OPTIONS) {{ return ...; }}",
    ),
    "live-doubled-header": Kind(
        "{headers} comes twice, and a browser blocks that: the app and {server} both add it.",
        "Let the app alone add it.",
        "# remove: add_header {header} ...;",
    ),
    "live-header-added": Kind(
        "{server} adds {headers} where the app does not.",
        "Let the app alone add it: it knows the routes and the origins.",
        "# remove: add_header {header} ...;",
    ),
    "live-header-changed": Kind(
        f"{{server}} changes {{headers}}, {_OTHER_APP}.",
        "Let the proxy leave the header as it is; restart the server with this app.",
        "# remove: add_header {header} ...;",
    ),
    "live-headers-missing": Kind(
        f"{{server}} removes {{headers}}, {_OTHER_APP}.",
        "Let the proxy leave the header as it is; restart the server with this app.",
        "# remove: proxy_hide_header {header};",
    ),
    "live-origin-stripped": Kind(
        f"{{server}} strips Origin from the request, {_OTHER_APP}.",
        "Let the proxy pass Origin on; restart the server with this app.",
        "proxy_set_header Origin $http_origin;",
    ),
    "live-vary-dropped": Kind(
        "{server} drops Vary: Origin, so that a cache can send the response for one origin to another.",
        "Let the proxy leave Vary as it is.",
        "# remove: proxy_hide_header Vary;",
    ),
    "live-wrong-origin-cached": Kind(
        "A cache sends the response for one origin to another: it ignores Vary.",
        "Let the cache respect Vary: Origin, or do not cache these responses.",
        "proxy_cache_key $scheme$proxy_host$request_uri$http_origin;",
    ),
}
_LOST = {"live-unreachable", "live-redirected", "live-options-eaten", "live-headers-missing", "live-origin-stripped"}
#: Where the first is found, the others have the same reason.
_SAME_REASON = (
    ("live-doubled-header", ("live-header-added", "live-header-changed")),
    ("live-header-added", ("live-header-changed",)),
    ("live-headers-missing", ("live-origin-stripped",)),
)


def find_faults(probes: Iterable[Sequence[Seen]]) -> list[Finding]:
    """Return one finding for each fault, however many routes it concerns."""
    faults = [fault for seen in probes for fault in _faults_of_probe(seen)]
    for name, same in _SAME_REASON:
        if any(fault.id == name for fault in faults):
            faults = [fault._replace(id=name) if fault.id in same else fault for fault in faults]
    groups = [[fault for fault in faults if fault.id == name] for name in KINDS]
    return [_finding(group) for group in groups if group]


def _faults_of_probe(seen: Sequence[Seen]) -> Iterator[Fault]:
    # What is right in the first response to a URL, and wrong in a later one, is wrong because of what came before.
    is_right_at_first = not any(one.wrong_headers for one in seen if one.is_first)
    found = [fault for one in seen for fault in _faults_of_response(one, is_right_at_first and not one.is_first)]
    yield from found
    if _LOST.isdisjoint(fault.id for fault in found):
        yield from (Fault("live-vary-dropped", "Vary", one) for one in seen if _lacks_vary(one))


def _faults_of_response(seen: Seen, may_be_cached: bool) -> Iterator[Fault]:
    reason = _reason_for_all(seen, may_be_cached)
    if reason:
        yield Fault(reason, [*seen.wrong_headers, ALLOW_ORIGIN][0], seen)
    else:
        yield from (Fault(_reason(seen, name), name, seen) for name in seen.wrong_headers)


def _reason_for_all(seen: Seen, may_be_cached: bool) -> str:
    """Return what is wrong with the response as a whole, if something is."""
    has_other_status = seen.response.status != seen.expected.status
    if isinstance(seen.result, str) or (has_other_status and seen.response.status in _NOT_OF_THE_APP):
        return "live-unreachable"
    if has_other_status and 300 <= seen.response.status < 400:
        return "live-redirected"
    if not seen.wrong_headers:
        return ""
    if may_be_cached:
        return "live-wrong-origin-cached"
    if _is_as_without_origin(seen):
        return "live-origin-stripped"
    return "live-options-eaten" if has_other_status and seen.method == "OPTIONS" else ""


def _is_as_without_origin(seen: Seen) -> bool:
    other = seen._replace(origin=None)
    is_same = (other.response.status, _varies(other.response)) == (other.expected.status, _varies(other.expected))
    return is_same and not other.wrong_headers


def _reason(seen: Seen, name: str) -> str:
    values = get_all(seen.response.headers, name)
    if len(values) > 1 or (name == ALLOW_ORIGIN and "," in "".join(values)):
        return "live-doubled-header"
    if not values:
        return "live-headers-missing"
    return "live-header-changed" if seen.sent(name) else "live-header-added"


def _lacks_vary(seen: Seen) -> bool:
    return _varies(seen.expected) and not _varies(seen.response)


def _varies(response: Response) -> bool:
    names = (get_header(response.headers, "Vary") or "").lower().replace(" ", "").split(",")
    return "origin" in names or "*" in names


# -- Their findings ----------------------------------------------------------------------------------------


def _finding(faults: Sequence[Fault]) -> Finding:
    first = faults[0]
    kind = KINDS[first.id]
    nginx = [value for value in get_all(first.seen.response.headers, "Server") if "nginx" in value]
    headers = list(dict.fromkeys(fault.header for fault in faults))
    text = kind.text.format(
        server=nginx[0] if nginx else "the server in front of the app",
        headers=", ".join(headers),
        status=first.seen.response.status,
        expected_status=first.seen.expected.status,
    )
    lines = dict.fromkeys(kind.nginx.format(header=header) for header in headers if nginx)
    routes = tuple(dict.fromkeys(fault.seen.rule for fault in faults))
    texts = [text if nginx else f"{text[0].upper()}{text[1:]}", _example(first), f"Routes: {listed(routes)}."]
    return Finding(first.id, "error", " ".join(texts), None, routes, Fix(text=kind.words, code="\n".join(lines)))


def _example(fault: Fault) -> str:
    seen = fault.seen
    page = f"from {seen.origin}" if seen.origin else "without Origin"
    return f"{seen.method} {seen.path} {page}: the app sends {_shown(fault, seen.expected)}, and {_came(fault)} came."


def _came(fault: Fault) -> str:
    result = fault.seen.result
    if isinstance(result, str):
        return f"nothing ({result})"
    if fault.id in ("live-unreachable", "live-redirected"):
        return f"{result.status} {get_header(result.headers, 'Location') or ''}".strip()
    return _shown(fault, result)


def _shown(fault: Fault, response: Response) -> str:
    if fault.id in ("live-unreachable", "live-redirected"):
        return str(response.status)
    values = get_all(response.headers, fault.header)
    return " and ".join(f"{fault.header}: {value}" for value in values) or f"no {fault.header}"
