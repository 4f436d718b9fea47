"""What a request tells the server about the page: ``Referer`` and ``Sec-Fetch-*``."""

from __future__ import annotations

from collections.abc import Sequence

from .headers import Pairs
from .urls import DEFAULT_PORTS, Url, is_trustworthy, parse_url, same_origin, site_of

#: A referrer that is longer loses its path: https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer
_LONGEST_REFERRER = 4096


def page_referrer(origin: str, path: str) -> str | None:
    """Return what a page tells of its URL; a page without an origin tells nothing."""
    try:
        url = parse_url(path, f"{origin}/")
    except ValueError:
        return None
    return url.text if url.scheme in DEFAULT_PORTS else None


def strip_referrer(referrer: str | None, target: Url) -> str | None:
    """Return what *target* may know of *referrer*, by the policy of pages that set none.

    https://w3c.github.io/webappsec-referrer-policy/#referrer-policy-strict-origin-when-cross-origin
    """
    if referrer is None:
        return None
    source = parse_url(referrer)
    if same_origin(source.origin, target.origin) and len(referrer) <= _LONGEST_REFERRER:
        return referrer
    if is_trustworthy(source.origin) and not is_trustworthy(target.origin):
        return None
    return source.origin + "/"


def fetch_metadata(origin: str, urls: Sequence[Url], mode: str, destination: str) -> Pairs:
    """Return ``Sec-Fetch-*``, which only trustworthy servers get (https://w3c.github.io/webappsec-fetch-metadata/#abstract-opdef-append-the-fetch-metadata-headers-for-a-request)."""
    if not is_trustworthy(urls[-1].origin):
        return []
    return [
        ("Sec-Fetch-Dest", destination or "empty"),
        ("Sec-Fetch-Mode", mode),
        ("Sec-Fetch-Site", _relation(origin, urls)),
    ]


def _relation(origin: str, urls: Sequence[Url]) -> str:
    """Return how far the page is from the farthest server of the request (https://html.spec.whatwg.org/#same-site)."""
    if all(same_origin(url.origin, origin) for url in urls):
        return "same-origin"
    if all(site_of(url.origin) == site_of(origin) for url in urls):
        return "same-site"
    return "cross-site"
