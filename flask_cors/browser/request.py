"""A request in progress, from the page's call to the last redirect."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from .cache import CacheKey, Grant
from .differences import LOCATION
from .headers import (
    REQUEST_HEADERS,
    REQUEST_METHOD,
    PageHeaders,
    Pairs,
    combine,
    get_all,
    is_token,
    set_default,
    short_repr,
)
from .messages import Blocked, CredentialsMode, Exchange, Mode, Request, Response, describe_header
from .metadata import fetch_metadata
from .safelists import (
    BODY_HEADERS,
    is_forbidden_method,
    is_safelisted_method,
    normalize_method,
    page_headers,
    unsafe_header_names,
)
from .urls import DEFAULT_PORTS, Url, is_redirect_tainted, parse_url, same_origin, site_of

#: How many redirects one fetch follows: #http-redirect-fetch, step 7.
MAX_REDIRECTS = 20


@dataclass
class Fetch:
    """A request of the standard: one for all hops of a redirect."""

    origin: str
    method: str
    urls: list[Url]
    credentials: CredentialsMode
    mode: Mode = "cors"
    #: What the response is for: "" for scripts of the page, "image", "font" (#concept-request-destination).
    destination: str = ""
    #: Whether the page chooses method and headers, so that a preflight may be necessary (#unsafe-request-flag).
    is_unsafe: bool = True
    #: Whether there is a preflight even if the request is simple (#use-cors-preflight-flag).
    always_preflight: bool = False
    #: The URL of the page, as far as the server may know it.
    referrer: str | None = None
    headers: Pairs = field(default_factory=list)
    body: bytes | None = None
    tainting: Literal["basic", "cors", "opaque"] = "basic"
    step: str = "#main-fetch step 12"
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def url(self) -> Url:
        """The URL of the last redirect (#concept-request-current-url)."""
        return self.urls[-1]

    @property
    def serialized_origin(self) -> str:
        """The ``Origin`` to send and to compare (#serializing-a-request-origin)."""
        return "null" if is_redirect_tainted(self.origin, self.urls) else self.origin

    @property
    def includes_credentials(self) -> bool:
        """Whether to send credentials to every origin; then ``*`` is not a wildcard."""
        return self.credentials == "include"

    @property
    def cache_key(self) -> CacheKey:
        """The key of this request in the preflight cache (#concept-cache-create-entry)."""
        return self.serialized_origin, self.url.text

    def needed_grants(self) -> list[Grant]:
        """Return what an HTML form cannot send, and so needs a preflight (#main-fetch, step 12)."""
        if not self.is_unsafe and not self.always_preflight:
            return []
        grants: list[Grant] = [("header", name) for name in unsafe_header_names(self.headers)]
        if self.always_preflight or not is_safelisted_method(self.method):
            grants.append(("method", self.method))
        return grants

    def to_network(self) -> Request:
        """Return the actual request (#http-network-or-cache-fetch, steps 8.3 and 8.11 to 8.14)."""
        credentials = self.includes_credentials or (self.credentials == "same-origin" and self.tainting == "basic")
        headers = [*self.headers, *self._headers_about_the_page(self.mode, self._origin_to_send())]
        site = site_of(self.origin)
        return Request(self.method, self.url.text, headers, self.body, credentials=credentials, page_site=site)

    def to_preflight(self) -> Request:
        """Return the preflight (#cors-preflight-fetch-0, steps 1 to 5): no credentials, no space after commas."""
        headers = [("Accept", "*/*"), (REQUEST_METHOD, self.method)]
        if names := unsafe_header_names(self.headers):
            headers.append((REQUEST_HEADERS, ",".join(names)))
        headers += self._headers_about_the_page("cors", self.serialized_origin)
        return Request("OPTIONS", self.url.text, headers, page_site=site_of(self.origin))

    def _headers_about_the_page(self, mode: Mode, origin: str | None) -> Pairs:
        named = (("Referer", self.referrer), ("Origin", origin))
        headers = [(name, value) for name, value in named if value is not None]
        return headers + fetch_metadata(self.origin, self.urls, mode, self.destination)

    def _origin_to_send(self) -> str | None:
        """Return the ``Origin`` of the actual request, if any (#append-a-request-origin-header)."""
        if self.tainting == "cors":
            return self.serialized_origin
        if self.method in ("GET", "HEAD"):
            return None
        is_downgrade = self.origin.startswith("https:") and self.url.scheme != "https"
        return "null" if is_downgrade else self.serialized_origin

    def drop_headers(self, names: Collection[str]) -> None:
        """Delete all headers with these lower-case names (#concept-header-list-delete)."""
        self.headers = [(name, value) for name, value in self.headers if name.lower() not in names]


def new_fetch(origin: str, url: Url, method: str, credentials: CredentialsMode, mode: Mode) -> Fetch:
    """Start a request after the checks of ``new Request()`` (#dom-request, steps 5 to 32)."""
    _check_choice("credentials", credentials, get_args(CredentialsMode), "#requestcredentials")
    _check_choice("mode", mode, get_args(Mode), "#requestmode")
    fetch = Fetch(origin, _page_method(method), [url], credentials, mode)
    if mode == "no-cors" and not is_safelisted_method(fetch.method):
        raise Blocked(f"mode='no-cors' allows GET, HEAD and POST, not {fetch.method!r}.", "#dom-request step 32.1")
    return fetch


def set_headers_and_body(fetch: Fetch, headers: PageHeaders, body: str | bytes | None) -> None:
    """Add headers and body of the page (#dom-request, steps 33 to 37), and a default (#concept-fetch, step 12)."""
    fetch.headers = page_headers(headers, fetch.mode)
    if fetch.always_preflight:
        fetch.headers, body = _as_xhr(fetch, body)
    if body is not None and fetch.method in ("GET", "HEAD"):
        raise Blocked(f"a {fetch.method} request cannot have a body.", "#dom-request step 35")
    fetch.body = body.encode("utf-8", "replace") if isinstance(body, str) else body
    if isinstance(body, str):
        set_default(fetch.headers, "Content-Type", "text/plain;charset=UTF-8")
    # These three bytes are part of the 1024 of the safelist.
    set_default(fetch.headers, "Accept", "*/*")


def _as_xhr(fetch: Fetch, body: str | bytes | None) -> tuple[Pairs, str | bytes | None]:
    """Return headers and body as an XMLHttpRequest has them (https://xhr.spec.whatwg.org/#the-send()-method)."""
    return combine(fetch.headers), None if fetch.method in ("GET", "HEAD") else body


def page_target(url: str, base: str) -> Url:
    """Parse the URL that a page calls (#dom-request, step 5)."""
    try:
        target = parse_url(url, base)  # relative to "null/", nothing is a URL
    except ValueError:
        raise Blocked(f"{short_repr(url)} is not a URL.", "#dom-request step 5.2") from None
    if target.has_credentials:
        raise Blocked(f"the URL {short_repr(url)} has a user name or password.", "#dom-request step 5.3")
    return target


def _page_method(method: str) -> str:
    if not is_token(method):
        raise Blocked(f"{short_repr(method)} is not a valid method.", "#dom-request step 25.2")
    if is_forbidden_method(method):
        raise Blocked(f"pages must not use the method {method!r}.", "#dom-request step 25.2")
    return normalize_method(method)


def _check_choice(name: str, value: str, choices: Sequence[str], step: str) -> None:
    if value not in choices:
        raise Blocked(f"{name}={value!r} must be one of {', '.join(choices)}.", step)


def redirect_location(fetch: Fetch, response: Response) -> Url | None:
    """Return the target of a redirect (#concept-response-location-url); ``None`` if it is not a redirect."""
    locations = get_all(response.headers, "Location")
    if response.status not in (301, 302, 303, 307, 308) or not locations:
        return None
    try:
        (location,) = locations
        return parse_url(_percent_encode_bytes(location), fetch.url.text)
    except ValueError:
        found = describe_header("Location", response, "actual")
        note = f" {LOCATION.note}" if len(set(locations)) == 1 < len(locations) else ""
        raise Blocked(f"{found}; it must be one URL.{note}", "#http-redirect-fetch step 5") from None


def _percent_encode_bytes(location: str) -> str:
    """Encode bytes that are not ASCII, each as it is. As characters, they would be encoded twice."""
    return "".join(f"%{ord(char):02X}" if "\x80" <= char <= "\xff" else char for char in location)


def follow_redirect(fetch: Fetch, status: int, location: Url) -> None:
    """Change *fetch* into the request for *location*, steps 6 to 18."""
    _check_redirect(fetch, location)
    becomes_get = status == 303 and fetch.method not in ("GET", "HEAD")
    if becomes_get or (status in (301, 302) and fetch.method == "POST"):
        fetch.method, fetch.body = "GET", None
        fetch.drop_headers(BODY_HEADERS)
    if not same_origin(fetch.url.origin, location.origin):
        fetch.drop_headers({"authorization"})
    fetch.urls.append(location)


def _check_redirect(fetch: Fetch, location: Url) -> None:
    """Apply steps 6 to 10; step 10 is for redirects back to the page's own origin."""
    is_cross_origin = not same_origin(fetch.origin, location.origin)
    has_password = location.has_credentials
    rules = (
        (6, location.scheme not in DEFAULT_PORTS, "must be an http: or https: URL"),
        (7, len(fetch.urls) > MAX_REDIRECTS, f"would exceed the limit of {MAX_REDIRECTS} redirects"),
        (
            9,
            has_password and is_cross_origin and fetch.mode == "cors",
            "must have no user name or password (not shown here)",
        ),
        (10, has_password and fetch.tainting == "cors", "must have no user name or password (not shown here)"),
    )
    for step, broken, rule in rules:
        if broken:
            reason = f"Location of the response is {short_repr(location.text)}; it {rule}."
            raise Blocked(reason, f"#http-redirect-fetch step {step}")
