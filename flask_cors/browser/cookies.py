"""Cookies: which ones a browser stores, and with which requests they travel.

The source is RFC 6265bis, https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html, and for partitions
https://www.ietf.org/archive/id/draft-cutler-httpbis-partitioned-cookies-01.html. The model leaves out navigations,
``document.cookie`` and the time when a cookie expires; only a time in the past matters, because it deletes the cookie.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, cast
from urllib.parse import urlsplit

from .headers import HeaderList, get_all
from .messages import Request, Response
from .urls import is_address, is_public_suffix, is_trustworthy, site_of

SameSite = Literal["none", "lax", "strict"]


@dataclass(frozen=True)
class Cookie:
    """A stored cookie.

    >>> def network(request: Request) -> Response:
    ...     return Response(200, [("Set-Cookie", "user=ann; Domain=shop.example; Secure")])
    >>> jar = CookieJar(network)
    >>> response = jar(Request("GET", "https://api.shop.example/", (), credentials=True))
    >>> [cookie] = jar.stored()
    >>> cookie.domain, cookie.host_only, cookie.same_site
    ('shop.example', False, 'lax')
    """

    name: str
    value: str
    domain: str
    path: str = "/"
    #: Whether only this host gets it, and none below.
    host_only: bool = True
    secure: bool = False
    #: ``"lax"`` if the server gives no valid ``SameSite``.
    same_site: SameSite = "lax"
    #: The site of the pages that have it, if it is partitioned.
    partition: str | None = None
    expired: bool = False

    @property
    def key(self) -> tuple[str, str, str, str | None]:
        """What two cookies must differ in to be stored both."""
        return self.name, self.domain, self.path, self.partition


class CookieJar:
    """A network that sends and stores cookies where a browser would. Pages that share it are tabs of one browser.

    >>> def network(request: Request) -> Response:
    ...     return Response(200, [("Set-Cookie", "a=b; SameSite=None; Secure")], body=repr(request.headers).encode())
    >>> jar = CookieJar(network)
    >>> request = Request("GET", "https://api.example/", (), credentials=True, page_site="https://api.example")
    >>> jar(request).body, jar(request).body
    (b'()', b"(('Cookie', 'a=b'),)")
    >>> request = Request("GET", "https://api.example/", (), credentials=True, page_site="https://app.example")
    >>> print(jar(request).remarks[0])
    The cookie 'a' stays away: it is not Partitioned, and the page is of another site.

    :param third_party: whether pages of other sites get cookies that are not partitioned. Section 7.1 of RFC 6265bis
        leaves this to browsers, and today they need the consent of the user.
    """

    def __init__(self, send: Callable[[Request], Response], *, third_party: bool = False) -> None:
        self.send = send
        self.third_party = third_party
        self._stored: dict[tuple[str, str, str, str | None], Cookie] = {}

    def __call__(self, request: Request) -> Response:
        """Send a request with its cookies, and store those of the response."""
        if not request.credentials:
            return self.send(request)
        cookies, remarks = self._cookies_for(request)
        pairs = [f"{cookie.name}={cookie.value}" for cookie in cookies]
        cookie_header = [("Cookie", "; ".join(pairs))] if pairs else []
        response = self.send(replace(request, headers=HeaderList([*request.headers, *cookie_header])))
        remarks += self._store_all(response, request)
        return replace(response, remarks=(*response.remarks, *remarks))

    def stored(self) -> Iterable[Cookie]:
        """Return all cookies, the oldest first."""
        return self._stored.values()

    def store(self, cookie: Cookie, header: str, request: Request) -> None:  # noqa: ARG002 - for other stores
        """Keep a cookie in place of an older one, or delete it."""
        if cookie.expired:
            self._stored.pop(cookie.key, None)
        else:
            self._stored[cookie.key] = cookie

    def _cookies_for(self, request: Request) -> tuple[list[Cookie], list[str]]:
        """Return the cookies that travel, the longest path first (section 5.8.3), and why others do not."""
        addressed = [cookie for cookie in self.stored() if is_addressed(cookie, request)]
        obstacles = {cookie: obstacle(cookie, request, third_party=self.third_party) for cookie in addressed}
        found = [cookie for cookie, why in obstacles.items() if why is None]
        remarks = [f"The cookie {cookie.name!r} stays away: {why}." for cookie, why in obstacles.items() if why]
        return sorted(found, key=_path_length, reverse=True), remarks

    def _store_all(self, response: Response, request: Request) -> list[str]:
        """Store the cookies of a response; return why some are not stored."""
        remarks: list[str] = []
        for header in get_all(response.headers, "Set-Cookie"):
            cookie = parse_cookie(header, request)
            why = mistake(cookie, request) or obstacle(cookie, request, third_party=self.third_party)
            if why is None:
                self.store(cookie, header, request)
            else:
                remarks.append(f"The browser ignores the new cookie {cookie.name!r}: {why}.")
        return remarks


def _path_length(cookie: Cookie) -> int:
    return len(cookie.path)


# With which requests a cookie travels (RFC 6265bis, section 5.8.3)


def is_addressed(cookie: Cookie, request: Request) -> bool:
    """Whether a cookie is for the host and the path of a request."""
    url = urlsplit(request.url)
    host = url.hostname or ""
    is_for_host = host == cookie.domain if cookie.host_only else domain_matches(host, cookie.domain)
    return is_for_host and _matches_path(cookie.path, url.path)


def obstacle(cookie: Cookie, request: Request, *, third_party: bool = False) -> str | None:
    """Return why a browser does not send a cookie with a request, no navigation, or ``None`` (section 5.8.3)."""
    is_same_site = request.page_site in (None, site_of(request.url))
    is_third_party = not is_same_site and cookie.partition is None and not third_party
    rules = (
        (cookie.secure and not is_trustworthy(request.url), "it is Secure, and the URL is not https:"),
        (cookie.same_site != "none" and not is_same_site, "it is not SameSite=None, and the page is of another site"),
        (is_third_party, "it is not Partitioned, and the page is of another site"),
        (cookie.partition not in (None, request.page_site), f"it is Partitioned for pages of {cookie.partition}"),
    )
    return next((why for found, why in rules if found), None)


def domain_matches(host: str, domain: str) -> bool:
    """Whether *host* is *domain* or below it (RFC 6265bis, section 5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def _matches_path(cookie_path: str, path: str) -> bool:
    """Whether *path* is *cookie_path* or below it (RFC 6265bis, section 5.1.4)."""
    return path == cookie_path or path.startswith(cookie_path.rstrip("/") + "/")


# Which cookies are stored (RFC 6265bis, sections 5.6 and 5.7)


def parse_cookie(header: str, request: Request) -> Cookie:
    """Return the cookie of a ``Set-Cookie`` header (section 5.6)."""
    pair, *attributes = header.split(";")
    name, equals, value = pair.partition("=")
    name, value = (name.strip(), value.strip()) if equals else ("", pair.strip())
    found = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in attributes)}
    url = urlsplit(request.url)
    host, domain = url.hostname or "", found.get("domain", "").removeprefix(".").lower()
    is_host_only = not domain or (domain == host and is_public_suffix(host))
    return Cookie(
        name,
        value,
        host if is_host_only else domain,
        _cookie_path(found.get("path", ""), url.path),
        host_only=is_host_only,
        secure="secure" in found,
        same_site=parse_same_site(found.get("samesite")),
        partition=(request.page_site or site_of(request.url)) if "partitioned" in found else None,
        expired=_is_expired(found),
    )


def mistake(cookie: Cookie, request: Request) -> str | None:
    """Return why no browser stores a cookie, for any page, or ``None`` (section 5.7)."""
    host, prefix = urlsplit(request.url).hostname or "", cookie.name.lower()
    is_foreign = not cookie.host_only and is_public_suffix(cookie.domain)
    is_locked = cookie.host_only and cookie.path == "/"
    rules = (
        (not cookie.name and not cookie.value, "it is empty"),
        (is_foreign or not domain_matches(host, cookie.domain), f"its Domain is {cookie.domain}"),
        (not cookie.secure and cookie.same_site == "none", "it is SameSite=None, but not Secure"),
        (not cookie.secure and cookie.partition is not None, "it is Partitioned, but not Secure"),
        (not cookie.secure and prefix.startswith(("__secure-", "__host-")), "its name promises Secure"),
        (not is_locked and prefix.startswith("__host-"), "its name promises Path=/ and no Domain"),
    )
    return next((why for found, why in rules if found), None)


def parse_same_site(text: str | None) -> SameSite:
    """Read the attribute (section 5.6.7); any other value counts as ``Lax``, like none."""
    value = (text or "").lower()
    return cast(SameSite, value) if value in ("none", "strict") else "lax"


def _cookie_path(path: str, url_path: str) -> str:
    """Return the path, by default that of the URL without its last segment (RFC 6265bis, section 5.1.4)."""
    return path if path.startswith("/") else url_path.rpartition("/")[0] or "/"


def _is_expired(attributes: dict[str, str]) -> bool:
    """Whether the server deletes the cookie; ``Max-Age`` beats ``Expires``."""
    if re.fullmatch("-?[0-9]+", attributes.get("max-age", "")):
        return int(attributes["max-age"][:10]) <= 0
    try:
        expires = parsedate_to_datetime(attributes.get("expires", ""))
    except (ValueError, OverflowError):
        return False
    return expires.replace(tzinfo=UTC) <= datetime.now(UTC)
