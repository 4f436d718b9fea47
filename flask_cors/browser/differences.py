"""Where today's browsers differ from the standard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .headers import REQUEST_HEADERS, Pairs, combine, get_header
from .safelists import exceeds_safelist_limit, split_safelisted, unsafe_header_names


def _depends_on_response(_: Pairs) -> bool:
    """Leave the decision to the step that sees the response."""
    return False


@dataclass(frozen=True)
class Difference:
    """A known difference of today's browsers from the standard, and for which headers of a page it matters.

    ``note`` is a sentence. ``applies`` is a function that takes the headers of a page, as pairs of name and value, and
    returns whether the difference matters for them.
    """

    note: str
    applies: Callable[[Pairs], bool] = _depends_on_response


def _has_bytes_above_0x7f(headers: Pairs) -> bool:
    safe, _ = split_safelisted(headers)
    return any(name in ("accept", "content-type") and not value.isascii() for name, value in safe)


def _exceeds_safelist_limit(headers: Pairs) -> bool:
    return exceeds_safelist_limit(split_safelisted(headers)[0])


def _repeats_unsafe_name(headers: Pairs) -> bool:
    names = [name for name, _ in split_safelisted(headers)[1]]
    return len(names) > len(set(names))


def _differs_when_joined(headers: Pairs) -> bool:
    return unsafe_header_names(combine(headers)) != unsafe_header_names(headers)


def _sets_client_hint(headers: Pairs) -> bool:
    return any(name.lower() in _CLIENT_HINTS for name, _ in headers)


def _sets_user_agent(headers: Pairs) -> bool:
    return get_header(headers, "User-Agent") is not None


# fmt: off
_CLIENT_HINTS = frozenset({
    "device-memory", "downlink", "dpr", "ect", "rtt", "save-data", "viewport-width", "width",
})
# fmt: on
AUTHORIZATION = Difference("(Chromium 156 and Firefox 153 let '*' cover Authorization.)")
LOCATION = Difference(
    "(Chromium 156 and Firefox 153 accept equal Location headers, and Chromium ignores an empty one.)"
)
UPLOAD_WITHOUT_BODY = Difference("(Chromium 156 sends no preflight for an upload without a body.)")
UPLOAD_METHOD = Difference("(Chromium 156 and Firefox 153 allow the method of an upload only if it is listed.)")
#: For :attr:`Outcome.reason`, and for the manual's table.
DIFFERENCES = (
    AUTHORIZATION,
    Difference("(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)", _has_bytes_above_0x7f),
    Difference("(Firefox 153 does not limit safelisted headers to 1024 bytes together.)", _exceeds_safelist_limit),
    Difference(f"(Firefox 153 repeats a repeated name in {REQUEST_HEADERS}.)", _repeats_unsafe_name),
    Difference("(Chromium 156 joins repeated headers before it looks whether they are safe.)", _differs_when_joined),
    Difference("(Chromium 156 does not preflight client hints, such as Save-Data.)", _sets_client_hint),
    Difference("(Chromium 156 drops a User-Agent that a page sets.)", _sets_user_agent),
    LOCATION,
    Difference("(Firefox 153 sends the page's origin in a preflight after a redirect, where it must be null.)"),
    Difference("(Firefox 153 sends a preflight after a redirect even if the request no longer needs one.)"),
    Difference("(Firefox 153 lets '*' expose every header even if the list has an invalid item.)"),
    Difference("(Firefox 153 does not cache a preflight that only '*' allowed.)"),
    Difference("(Firefox 153 does not cache a preflight for HEAD unless HEAD is listed.)"),
    Difference("(Firefox 153 caches no preflight with an invalid Access-Control-Max-Age, Chromium 156 none with -1.)"),
    Difference("(Chromium 156 does not cache a preflight of a page of origin null.)"),
    UPLOAD_WITHOUT_BODY,
    UPLOAD_METHOD,
    Difference("(Firefox 153 partitions all cookies of other sites, whether or not they say Partitioned.)"),
    Difference("(Firefox 153 takes a cookie without SameSite for SameSite=None.)"),
    Difference("(Firefox 153 takes a request after a redirect for cross-site.)"),
    Difference("(Chromium 156 takes two ports of one IP address for two sites in Cross-Origin-Resource-Policy.)"),
    Difference("(Chromium 156 and Firefox 153 send Referer from a page on localhost to an http: server elsewhere.)"),
    Difference("(Chromium 156 sends Origin for an element with crossorigin, even to the page's own origin.)"),
    Difference("(Chromium 156 sends Origin: null for a POST without CORS after a redirect to another origin.)"),
    Difference("(Chromium 156 forgets earlier redirects in Sec-Fetch-Site of a preflight.)"),
)


def notes_on_browsers(headers: Pairs) -> list[str]:
    """Return the notes for a page that sends these headers to another origin."""
    return [item.note for item in DIFFERENCES if item.applies(headers)]
