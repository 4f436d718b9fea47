"""The browser's half of CORS, as a model that you can read and run.

A :class:`Browser` is a page. It takes the page's origin and a network. A network is any function from
:class:`Request` to :class:`Response`, for example a Flask test client, a socket or a table in a test.

>>> def network(request: Request) -> Response:
...     return Response(200, (("Access-Control-Allow-Origin", "https://app.example"), ("X-Total", "7")))
>>> page = Browser("https://app.example", network)
>>> outcome = page.fetch("https://api.example/items")
>>> outcome.allowed, outcome.response
(True, Response(status=200, headers=(), body=b''))
>>> outcome = page.fetch("https://api.example/items", credentials="include")
>>> outcome.step
'#cors-check step 8'
>>> print(outcome.reason)
Access-Control-Allow-Credentials of the response is missing; it must be 'true' because the page sends credentials.

The source is the Fetch standard, https://fetch.spec.whatwg.org/, in its version of 21 June 2026. Each function
cites its algorithm by anchor; "step 7.5" without an anchor belongs to the algorithm cited before it.

The model follows the standard even where browsers do not. :data:`DIFFERENCES` lists the known differences, and
:attr:`Outcome.reason` mentions those that matter. The model does not include:

* cookies, ``Content-Length``, ``Host`` and other headers that HTTP adds. They belong to the network;
  :attr:`Request.credentials` says whether to send cookies;
* other standards: content security policy, mixed content, blocked ports, service workers, the HTTP cache,
  password prompts, private networks. They may block a page before CORS does;
* streams as bodies and upload listeners, which alone set the use-CORS-preflight flag;
* unusual spellings of hosts, such as ``http://0x7f.1/``. They need a real URL parser.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from itertools import pairwise, product
from typing import Literal, cast, get_args
from urllib.parse import SplitResult, quote, urljoin, urlsplit

__all__ = [
    "BROWSER_MAX_AGE_LIMITS",
    "DIFFERENCES",
    "Browser",
    "ConnectionFailed",
    "Difference",
    "Exchange",
    "Outcome",
    "Request",
    "Response",
    "is_forbidden_header",
    "is_forbidden_method",
]

Headers = tuple[tuple[str, str], ...]
Pairs = list[tuple[str, str]]
PageHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
CredentialsMode = Literal["omit", "same-origin", "include"]
ExchangeKind = Literal["preflight", "actual"]

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"
REQUEST_METHOD = "Access-Control-Request-Method"
REQUEST_HEADERS = "Access-Control-Request-Headers"

#: For how many seconds a preflight is cached without Access-Control-Max-Age: #cors-preflight-fetch-0, step 7.9.
DEFAULT_MAX_AGE = 5
#: The limit of each browser in seconds, step 7.10; the standard does not set one.
BROWSER_MAX_AGE_LIMITS = {"Chromium": 7200, "Firefox": 86400, "Safari": 600}
#: The limit of this model.
MAX_AGE_LIMIT = BROWSER_MAX_AGE_LIMITS["Chromium"]
#: How many redirects one fetch follows: #http-redirect-fetch, step 7.
MAX_REDIRECTS = 20


# -- Requests, responses and outcomes ----------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One HTTP request from the browser to the network; the URL is absolute and has no fragment."""

    method: str
    url: str
    headers: Headers
    body: bytes | None = None
    #: Whether to send cookies and HTTP authentication, and to store the cookies of the response.
    credentials: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Response:
    """One HTTP response; repeated headers stay separate, values are text with one character per byte (latin-1)."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", kw_only=True)


@dataclass(frozen=True)
class Exchange:
    """A request and its response; each hop of a redirect is an exchange of its own."""

    kind: ExchangeKind
    request: Request
    response: Response


@dataclass(frozen=True)
class Outcome:
    """The result of one call of ``fetch()``."""

    #: Whether the promise is fulfilled. A 404 that the page may read fulfils it, too.
    allowed: bool
    #: If blocked: one sentence that names the header, its value and the right value.
    #: If allowed: ``None``, or how today's browsers differ.
    reason: str | None
    #: The algorithm of the standard, and the step that decided.
    step: str
    #: All requests and responses, in order.
    exchanges: tuple[Exchange, ...]
    #: The response as the page sees it, without hidden headers; ``None`` if the page is blocked.
    response: Response | None


class Blocked(Exception):
    """A network error, or a ``TypeError`` before the browser sends anything. The page cannot tell them apart."""

    def __init__(self, reason: str, step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step


class ConnectionFailed(Exception):
    """Raised by the network if there is no response. All other exceptions of the network pass through."""


def _type_error(reason: str, step: str) -> Blocked:
    return Blocked(f"fetch() throws a TypeError: {reason}", step)


# -- Header lists (#concept-header-list) -------------------------------------------------------------------

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED_OR_COMMA_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|,|[^",]+', re.DOTALL)


def is_token(text: str) -> bool:
    """Whether *text* can be a method or a header name."""
    return _TOKEN.fullmatch(text) is not None


def get_all(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the value of each header called *name*, in order."""
    return [value for key, value in headers if key.lower() == name.lower()]


def get_header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the values of *name*, joined into one, or ``None`` (#concept-header-list-get).

    This is why two ``Access-Control-Allow-Origin`` headers fail, even if both have the right origin.
    """
    values = get_all(headers, name)
    return ", ".join(values) if values else None


def split_value(value: str) -> list[str]:
    """Split at commas outside quotes (#concept-header-list-get-decode-split).

    >>> split_value('"1,2", 3,')
    ['"1,2"', '3', '']
    """
    items = [""]
    for piece in _QUOTED_OR_COMMA_OR_TEXT.findall(value):
        if piece == ",":
            items.append("")
        else:
            items[-1] += piece
    return [item.strip(" \t") for item in items]


def extract_list(headers: Headers, name: str) -> list[str] | None:
    """Return the tokens in all headers called *name*, or ``None`` without any (#extract-header-list-values).

    The grammar is ``#token``: items may be empty, and one invalid item makes the list invalid (``ValueError``).
    """
    values = get_all(headers, name)
    items = [item.strip(" \t") for value in values for item in value.split(",")]
    invalid = next((item for item in items if item and not is_token(item)), None)
    if invalid is not None:
        raise ValueError(f"{name} contains {_short_repr(invalid)}, which is not a token")
    return [item for item in items if item] if values else None


def extract_max_age(headers: Headers) -> int:
    """Return for how many seconds to cache a preflight (#cors-preflight-fetch-0, steps 7.8 to 7.10)."""
    values = get_all(headers, MAX_AGE)
    if len(values) != 1 or re.fullmatch("[0-9]+", values[0]) is None:
        return DEFAULT_MAX_AGE
    # Ten digits are always over the limit; int() fails on thousands of digits.
    return min(int(values[0].lstrip("0")[:10] or "0"), MAX_AGE_LIMIT)


# -- Methods (#methods) ------------------------------------------------------------------------------------

_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})


def normalize_method(method: str) -> str:
    """Upper-case six methods and no others (#concept-method-normalize): ``patch`` stays ``patch``."""
    return method.upper() if method.upper() in _NORMALIZED_METHODS else method


def is_safelisted_method(method: str) -> bool:
    """Whether a page may send *method* to another origin without a preflight (#cors-safelisted-method)."""
    return method in {"GET", "HEAD", "POST"}


def is_forbidden_method(method: str) -> bool:
    """Whether ``fetch()`` throws on *method* for every origin (#forbidden-method)."""
    return method.upper() in {"CONNECT", "TRACE", "TRACK"}


# -- Request headers (#terminology-headers) ----------------------------------------------------------------

# fmt: off
_FORBIDDEN_HEADERS = frozenset({
    "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
    "connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive",
    "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
})
# fmt: on
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
_BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})

_SAFE_VALUE_SIZE = 128
_SAFE_TOTAL_SIZE = 1024
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_MIME_TYPE = re.compile(rf"({_TOKEN.pattern}/{_TOKEN.pattern})[ \t]*(?:;.*)?")
_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})


def is_forbidden_header(name: str, value: str = "") -> bool:
    """Whether only the browser may set this header (#forbidden-request-header).

    If a page sets one, the browser drops it silently. The value matters only for headers that override the
    method on some servers: they must not contain a forbidden method.
    """
    lowered = name.lower()
    if lowered in _FORBIDDEN_HEADERS or lowered.startswith(("proxy-", "sec-")):
        return True
    return lowered in _METHOD_OVERRIDES and any(map(is_forbidden_method, split_value(value)))


def is_non_wildcard_header(name: str) -> bool:
    """Whether ``*`` does not cover this header (#cors-non-wildcard-request-header-name)."""
    return name.lower() == "authorization"


def is_safelisted_header(name: str, value: str) -> bool:
    """Whether a page may send this header to another origin without a preflight (#cors-safelisted-request-header).

    >>> is_safelisted_header("Content-Type", "text/plain;charset=UTF-8")
    True
    >>> is_safelisted_header("Content-Type", "application/json")
    False
    """
    rule = _SAFELIST.get(name.lower())
    return rule is not None and len(value) <= _SAFE_VALUE_SIZE and rule(value)


def _has_safe_bytes(value: str) -> bool:
    """Whether there is no #cors-unsafe-request-header-byte; bytes above 0x7F are safe."""
    return _UNSAFE_BYTE.search(value) is None


def _is_safe_language(value: str) -> bool:
    return _LANGUAGE.fullmatch(value) is not None


def _is_form_type(value: str) -> bool:
    """Whether an HTML form can send this MIME type, whatever its parameters."""
    match = _MIME_TYPE.fullmatch(value) if _has_safe_bytes(value) else None
    return match is not None and match[1].lower() in _FORM_TYPES


def _is_safe_range(value: str) -> bool:
    """Whether it is one range with a first byte (#simple-range-header-value); browsers never sent ``bytes=-500``."""
    match = _RANGE.fullmatch(value)
    return match is not None and (match[2] == "" or int(match[1]) <= int(match[2]))


_SAFELIST: dict[str, Callable[[str], bool]] = {
    "accept": _has_safe_bytes,
    "accept-language": _is_safe_language,
    "content-language": _is_safe_language,
    "content-type": _is_form_type,
    "range": _is_safe_range,
}


def split_safelisted(headers: Iterable[tuple[str, str]]) -> tuple[Pairs, Pairs]:
    """Return the safelisted headers and all others, with lower-case names."""
    safe: Pairs = []
    unsafe: Pairs = []
    for name, value in headers:
        group = safe if is_safelisted_header(name, value) else unsafe
        group.append((name.lower(), value))
    return safe, unsafe


def exceeds_safelist_limit(safe: Pairs) -> bool:
    """Whether safelisted headers are too long together."""
    return sum(len(value) for _, value in safe) > _SAFE_TOTAL_SIZE


def unsafe_header_names(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names that need a preflight: lower-case, sorted, unique (#cors-unsafe-request-header-names)."""
    safe, unsafe = split_safelisted(headers)
    if exceeds_safelist_limit(safe):
        unsafe += safe
    return sorted({name for name, _ in unsafe})


def page_headers(headers: PageHeaders) -> Pairs:
    """Return the headers of a page as the browser keeps them (#concept-headers-append, guard "request")."""
    pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    kept: Pairs = []
    for name, raw in pairs:
        value = raw.strip("\t\n\r ")
        _check_header(name, value)
        if not is_forbidden_header(name, value):
            kept.append((_first_spelling(name, kept), value))
    return kept


def _first_spelling(name: str, headers: Pairs) -> str:
    """Spell a repeated name like the first one (#concept-header-list-append, step 1)."""
    return next((key for key, _ in headers if key.lower() == name.lower()), name)


def _check_header(name: str, value: str) -> None:
    if not is_token(name):
        raise _type_error(f"{_short_repr(name)} is not a valid header name.", "#concept-header")
    if re.search(r"[\0\n\r]|[^\0-\xff]", value):
        raise _type_error(f"{_short_repr(value)} is not a valid value for the header {name}.", "#concept-header")


# -- URLs and origins --------------------------------------------------------------------------------------

_DEFAULT_PORTS = {"http": 80, "https": 443}
_C0_OR_SPACE = "".join(map(chr, range(0x21)))
_DOMAIN = re.compile(r"[^\0-\x20#%/:<>?@\[\\\]^|\x7f-\U0010ffff]+")
_OTHER_ORIGIN = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://[^\0-\x20/?#@]+")
_PATH_SAFE = "!$%&'()*+,-./:;=@[]_|~"
_QUERY_SAFE = "!$%&()*+,-./:;=?@[\\]^_`{|}~"


@dataclass(frozen=True)
class Url:
    """A URL and what CORS needs of it; ``origin`` is "null" unless the scheme is http or https."""

    text: str
    scheme: str
    origin: str
    has_credentials: bool


def parse_url(text: str, base: str = "") -> Url:
    """Parse and normalize, or raise ``ValueError`` (https://url.spec.whatwg.org/#concept-url-parser)."""
    head, mark, query = text.strip(_C0_OR_SPACE).partition("?")
    # Browsers read a backslash as a slash: "/\\evil.example" leads to another host.
    parts = urlsplit(urljoin(base, head.replace("\\", "/") + mark + query))
    if not parts.scheme:
        raise ValueError(f"{_short_repr(text)} has no scheme")
    if parts.scheme not in _DEFAULT_PORTS:
        return Url(parts.geturl(), parts.scheme, "null", False)
    origin = _origin(parts)
    target = _path(parts.path) + ("?" + quote(parts.query, safe=_QUERY_SAFE) if parts.query else "")
    return Url(origin + target, parts.scheme, origin, bool(parts.username or parts.password))


def _origin(parts: SplitResult) -> str:
    """Serialize by the grammar of #origin-header: lower case, punycode, without the default port."""
    origin = f"{parts.scheme}://{_host(parts.hostname or '')}"
    if parts.port in (None, _DEFAULT_PORTS[parts.scheme]):
        return origin
    return f"{origin}:{parts.port}"


def _host(text: str) -> str:
    if ":" in text:
        return f"[{IPv6Address(text).compressed}]"
    host = text if text.isascii() else text.encode("idna").decode("ascii")
    if _DOMAIN.fullmatch(host) is None:
        raise ValueError(f"{_short_repr(text)} is not a host")
    return host.lower()


def _path(path: str) -> str:
    """Resolve dot segments in all spellings, and percent-encode: a browser never sends ``/a/../b``."""
    segments = path.split("/")[1:] or [""]
    decoded = [segment.lower().replace("%2e", ".") for segment in segments]
    kept: list[str] = []
    for segment, plain in zip(segments, decoded, strict=True):
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
    if decoded[-1] in (".", ".."):
        kept.append("")
    return "/" + quote("/".join(kept), safe=_PATH_SAFE)


def same_origin(one: str, other: str) -> bool:
    """Whether two serialized origins are the same; "null" is never the same as "null"."""
    return one == other != "null"


def is_redirect_tainted(origin: str, urls: Sequence[Url]) -> bool:
    """Whether another origin redirected the request to a different one (#concept-request-tainted-origin)."""
    return any(
        not same_origin(url.origin, last.origin) and not same_origin(origin, last.origin)
        for last, url in pairwise(urls)
    )


def check_origin(origin: str) -> str:
    """Return *origin* if browsers can send it, so that a typing error does not look like an error of the server."""
    if _OTHER_ORIGIN.fullmatch(origin):
        return origin
    try:
        normalized = parse_url(origin).origin
    except ValueError:
        normalized = "null"  # "null" itself is not a URL, but a valid origin
    if origin != normalized:
        example = "https://app.example" if normalized == "null" else normalized
        raise ValueError(f"origin={origin!r} is not what browsers send as Origin; write it like {example!r}")
    return origin


# -- The CORS check (#cors-check) --------------------------------------------------------------------------


def cors_check(response: Response, origin: str, *, credentials: bool, kind: ExchangeKind = "actual") -> str:
    """Return the step that allows a page at *origin* to read *response*, or raise :exc:`Blocked` (#cors-check).

    :param credentials: whether the credentials mode is "include", with or without cookies.
    """
    allowed = get_header(response.headers, ALLOW_ORIGIN)
    if allowed == "*" and not credentials:
        return "#cors-check step 3"
    if allowed != origin:
        found = _describe_header(ALLOW_ORIGIN, response, kind) + _explain_origin(allowed, origin)
        expected = repr(origin) if credentials else f"{origin!r} or '*'"
        step = 2 if allowed is None else 4
        raise Blocked(f"{found}; it must be {expected}.", f"#cors-check step {step}")
    if not credentials:
        return "#cors-check step 5"
    if get_header(response.headers, ALLOW_CREDENTIALS) != "true":
        found = _describe_header(ALLOW_CREDENTIALS, response, kind)
        raise Blocked(f"{found}; it must be 'true' because the page sends credentials.", "#cors-check step 8")
    return "#cors-check step 7"


def _explain_origin(allowed: str | None, origin: str) -> str:
    """Explain why a value is not the origin, where it is easy to miss."""
    if allowed is None:
        return ""
    if allowed == "*":
        return ", which is not enough because the page sends credentials"
    if "," in allowed:
        return ", but only one value is valid"
    if origin == "null":
        return ", but Origin is 'null' (a page without an origin, or a redirect from one origin to another)"
    return ", which is not exactly the page's origin"


_RESPONSE_NAMES: dict[ExchangeKind, str] = {"actual": "response", "preflight": "preflight response"}


def _describe_header(name: str, response: Response, kind: ExchangeKind) -> str:
    """Start a reason: the header, the response and the value."""
    value = get_header(response.headers, name)
    shown = "missing" if value is None else _short_repr(value)
    return f"{name} of the {_RESPONSE_NAMES[kind]} is {shown}"


def _short_repr(text: str) -> str:
    """Quote text of others on one short line."""
    return repr(text if len(text) <= 200 else text[:197] + "...")


# -- The preflight cache (#cors-preflight-cache) -----------------------------------------------------------

#: What a preflight allows: ``("method", "PUT")`` or ``("header", "x-lower-case")``.
Grant = tuple[Literal["method", "header"], str]
CacheKey = tuple[str, str]
_Entry = tuple[CacheKey, bool, Grant]


class PreflightCache:
    """The cached permissions: one entry for each method or header name, with the time when it expires.

    *key* is the serialized origin and the URL; one page has one network partition. Renewing an entry restarts its time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expiry: dict[_Entry, float] = {}

    def allows(self, key: CacheKey, credentials: bool, grant: Grant) -> bool:
        """Whether an entry matches (#concept-cache-match-method or #concept-cache-match-header)."""
        return bool(self._matches(key, credentials, grant))

    def store(self, key: CacheKey, credentials: bool, grants: Iterable[Grant], max_age: int) -> None:
        """Renew the entries that match, create the others (#cors-preflight-fetch-0, steps 7.12 to 7.15)."""
        for grant in grants:
            entries = self._matches(key, credentials, grant) or [(key, credentials, grant)]
            self._expiry.update(dict.fromkeys(entries, self._clock() + max_age))

    def clear(self, key: CacheKey) -> None:
        """Delete all entries of *key* (#concept-cache-clear)."""
        self._expiry = {entry: expiry for entry, expiry in self._expiry.items() if entry[0] != key}

    def _matches(self, key: CacheKey, credentials: bool, grant: Grant) -> list[_Entry]:
        """Find entries (#concept-cache-match); an entry with credentials also matches without, not vice versa."""
        kind, name = grant
        flags = [True] if credentials else [True, False]
        names = {name} if kind == "header" and is_non_wildcard_header(name) else {name, "*"}
        entries: list[_Entry] = [(key, flag, (kind, entry)) for flag, entry in product(flags, names)]
        return [entry for entry in entries if entry in self._expiry and self._clock() < self._expiry[entry]]


# -- A request in progress (#concept-request) --------------------------------------------------------------


@dataclass
class Fetch:
    """A request of the standard: one for all hops of a redirect. Its mode is always "cors"."""

    origin: str
    method: str
    urls: list[Url]
    credentials: CredentialsMode
    headers: Pairs = field(default_factory=list)
    body: bytes | None = None
    tainting: Literal["basic", "cors"] = "basic"
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
        grants: list[Grant] = [("header", name) for name in unsafe_header_names(self.headers)]
        if not is_safelisted_method(self.method):
            grants.append(("method", self.method))
        return grants

    def to_network(self) -> Request:
        """Return the actual request (#http-network-or-cache-fetch, steps 8.3 and 8.12)."""
        credentials = self.includes_credentials or (self.credentials == "same-origin" and self.tainting == "basic")
        headers = list(self.headers)
        if self.tainting == "cors" or self.method not in ("GET", "HEAD"):
            headers.append(("Origin", self.serialized_origin))
        return Request(self.method, self.url.text, tuple(headers), self.body, credentials=credentials)

    def to_preflight(self) -> Request:
        """Return the preflight (#cors-preflight-fetch-0, steps 1 to 5): no credentials, no space after commas."""
        headers = [("Accept", "*/*"), (REQUEST_METHOD, self.method)]
        if names := unsafe_header_names(self.headers):
            headers.append((REQUEST_HEADERS, ",".join(names)))
        return Request("OPTIONS", self.url.text, (*headers, ("Origin", self.serialized_origin)))

    def drop_headers(self, names: Collection[str]) -> None:
        """Delete all headers with these lower-case names (#concept-header-list-delete)."""
        self.headers = [(name, value) for name, value in self.headers if name.lower() not in names]


def new_fetch(origin: str, url: str, method: str, credentials: CredentialsMode) -> Fetch:
    """Start a request after the checks of ``new Request()`` (#dom-request, steps 5 to 25)."""
    _check_credentials(credentials)
    return Fetch(origin, _page_method(method), [_page_url(url, origin)], credentials)


def set_headers_and_body(fetch: Fetch, headers: PageHeaders, body: str | bytes | None) -> None:
    """Add headers and body of the page (#dom-request, steps 33 to 37), and a default (#concept-fetch, step 12)."""
    fetch.headers = page_headers(headers)
    if body is not None and fetch.method in ("GET", "HEAD"):
        raise _type_error(f"a {fetch.method} request cannot have a body.", "#dom-request step 35")
    fetch.body = body.encode("utf-8", "replace") if isinstance(body, str) else body
    if isinstance(body, str):
        _set_default(fetch.headers, "Content-Type", "text/plain;charset=UTF-8")
    # These three bytes are part of the 1024 of the safelist.
    _set_default(fetch.headers, "Accept", "*/*")


def _page_url(url: str, origin: str) -> Url:
    try:
        target = parse_url(url, origin + "/")  # relative to "null/", nothing is a URL
    except ValueError:
        raise _type_error(f"{_short_repr(url)} is not a URL.", "#dom-request step 5.2") from None
    if target.has_credentials:
        raise _type_error(f"the URL {_short_repr(url)} has a user name or password.", "#dom-request step 5.3")
    return target


def _page_method(method: str) -> str:
    if not is_token(method):
        raise _type_error(f"{_short_repr(method)} is not a valid method.", "#dom-request step 25.2")
    if is_forbidden_method(method):
        raise _type_error(f"pages must not use the method {method!r}.", "#dom-request step 25.2")
    return normalize_method(method)


def _check_credentials(mode: str) -> None:
    choices = get_args(CredentialsMode)
    if mode not in choices:
        raise _type_error(f"credentials={mode!r} must be one of {', '.join(choices)}.", "#requestcredentials")


def _set_default(headers: Pairs, name: str, value: str) -> None:
    if get_header(headers, name) is None:
        headers.append((name, value))


# -- What a preflight allows (#cors-preflight-fetch-0) -----------------------------------------------------


def check_preflight(fetch: Fetch, response: Response) -> list[Grant]:
    """Check the response to a preflight, step 7, and return what it allows."""
    _check_ok(response.status)
    cors_check(response, fetch.serialized_origin, credentials=fetch.includes_credentials, kind="preflight")
    methods, names = _allowed_lists(response.headers)
    _check_method(fetch, methods, response)
    _check_headers(fetch, names, response)
    # Case matters in methods, not in header names.
    return [*(("method", method) for method in methods), *(("header", name.lower()) for name in names)]


def _check_ok(status: int) -> None:
    """Require an #ok-status, step 7. If the CORS check of that step fails as well, the status is the likely cause."""
    if 200 <= status <= 299:
        return
    note = ", and browsers do not follow a redirect here" if 300 <= status <= 399 else ""
    reason = f"The preflight response has status {status}; it must be one from 200 to 299{note}."
    raise Blocked(reason, "#cors-preflight-fetch-0 step 7")


def _allowed_lists(headers: Headers) -> tuple[list[str], list[str]]:
    """Read both lists, steps 7.1 to 7.3."""
    try:
        return extract_list(headers, ALLOW_METHODS) or [], extract_list(headers, ALLOW_HEADERS) or []
    except ValueError as error:
        reason = f"{error}; the preflight response must list names with commas between them."
        raise Blocked(reason, "#cors-preflight-fetch-0 step 7.3") from None


def _check_method(fetch: Fetch, methods: list[str], response: Response) -> None:
    """Check the method, step 7.5. A safelisted method needs no entry."""
    if fetch.method in methods or is_safelisted_method(fetch.method) or _is_wildcard(fetch, methods):
        return
    hint = _wildcard_hint(methods)
    if fetch.method.upper() in map(str.upper, methods):
        hint = " (upper and lower case differ)"
    reason = f"{_describe_header(ALLOW_METHODS, response, 'preflight')}; it must list {fetch.method!r}{hint}."
    raise Blocked(reason, "#cors-preflight-fetch-0 step 7.5")


def _check_headers(fetch: Fetch, names: list[str], response: Response) -> None:
    """Check the headers, steps 7.6 and 7.7. ``*`` may cover them, but not ``Authorization``."""
    allowed = {name.lower() for name in names}
    missing = [name for name in unsafe_header_names(fetch.headers) if name not in allowed]
    found = _describe_header(ALLOW_HEADERS, response, "preflight")
    if any(map(is_non_wildcard_header, missing)):
        note = f" {_AUTHORIZATION.note}" if _is_wildcard(fetch, names) else ""
        raise Blocked(f"{found}; it must list 'authorization'.{note}", "#cors-preflight-fetch-0 step 7.6")
    if missing and not _is_wildcard(fetch, names):
        expected = ", ".join(map(_short_repr, missing)) + _wildcard_hint(names)
        raise Blocked(f"{found}; it must list {expected}.", "#cors-preflight-fetch-0 step 7.7")


def _is_wildcard(fetch: Fetch, names: list[str]) -> bool:
    return "*" in names and not fetch.includes_credentials


def _wildcard_hint(names: list[str]) -> str:
    return " ('*' is not a wildcard because the page sends credentials)" if "*" in names else ""


# -- What the page may read (#main-fetch, step 14) ---------------------------------------------------------

# fmt: off
_SAFELISTED_RESPONSE_HEADERS = frozenset({
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified",
    "pragma",
})
# fmt: on
_FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})


def visible_response(fetch: Fetch, response: Response) -> Response:
    """Remove hidden headers: #concept-filtered-response-basic or, with tainting, #concept-filtered-response-cors."""
    names = {name.lower() for name, _ in response.headers} - _FORBIDDEN_RESPONSE_HEADERS
    if fetch.tainting == "cors":
        names &= _SAFELISTED_RESPONSE_HEADERS | _exposed_names(fetch, response, names)
    return replace(response, headers=tuple(pair for pair in response.headers if pair[0].lower() in names))


def _exposed_names(fetch: Fetch, response: Response, all_names: set[str]) -> set[str]:
    """Read the list of step 14.1. An invalid list exposes no header, but does not hide the response."""
    try:
        listed = extract_list(response.headers, EXPOSE_HEADERS) or []
    except ValueError:
        return set()
    return all_names if _is_wildcard(fetch, listed) else {name.lower() for name in listed}


# -- The browser -------------------------------------------------------------------------------------------


class Browser:
    """A page at *origin* that sends its requests through *send*. It has a preflight cache of its own.

    :param origin: as browsers send it: ``https://app.example``, or ``null`` for sandboxed pages and files.
    :param send: the network: it takes a request and returns the response; it does not follow redirects.
    :param clock: returns seconds that never decrease, for the preflight cache.
    """

    def __init__(
        self, origin: str, send: Callable[[Request], Response], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.origin: str = check_origin(origin)
        self._send = send
        self._cache = PreflightCache(clock)

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: PageHeaders = (),
        body: str | bytes | None = None,
        credentials: CredentialsMode = "same-origin",
    ) -> Outcome:
        """Do what ``fetch(url, {...})`` does on the page (#dom-global-fetch), and return the outcome.

        :param url: absolute, or relative to the root of the page's origin.
        :param body: text is sent as UTF-8, and as ``text/plain`` unless the page sets ``Content-Type``.
        """
        try:
            fetch = new_fetch(self.origin, url, method, credentials)
            set_headers_and_body(fetch, headers, body)
        except Blocked as blocked:
            return Outcome(False, blocked.reason, blocked.step, (), None)
        try:
            response = visible_response(fetch, self._main_fetch(fetch))
        except Blocked as blocked:
            reason = " ".join([blocked.reason, *_notes_on_browsers(fetch)])
            return Outcome(False, reason, blocked.step, tuple(fetch.exchanges), None)
        note = " ".join(_notes_on_browsers(fetch)) or None
        return Outcome(True, note, fetch.step, tuple(fetch.exchanges), response)

    def _main_fetch(self, fetch: Fetch) -> Response:
        """#main-fetch, step 12. After a redirect from another origin, the page's own origin is "cors", too."""
        if same_origin(fetch.url.origin, self.origin) and fetch.tainting == "basic":
            return self._http_fetch(fetch)
        if fetch.url.scheme not in _DEFAULT_PORTS:
            reason = f"{_short_repr(fetch.url.text)} is not an http: or https: URL, so CORS cannot allow it."
            raise Blocked(reason, "#main-fetch step 12")
        fetch.tainting = "cors"
        if not fetch.needed_grants():
            return self._http_fetch(fetch)
        try:
            self._send_preflight(fetch)
            return self._http_fetch(fetch)
        except Blocked:
            self._cache.clear(fetch.cache_key)
            raise

    def _send_preflight(self, fetch: Fetch) -> None:
        """#http-fetch, step 4.1: send a preflight, unless the cache allows all that is needed."""
        key = fetch.cache_key
        if all(self._cache.allows(key, fetch.includes_credentials, grant) for grant in fetch.needed_grants()):
            return
        response = self._exchange(fetch, "preflight", fetch.to_preflight())
        grants = check_preflight(fetch, response)
        self._cache.store(key, fetch.includes_credentials, grants, extract_max_age(response.headers))

    def _http_fetch(self, fetch: Fetch) -> Response:
        """#http-fetch, steps 4.3 to 6. A redirect must pass the CORS check like any other response."""
        response = self._exchange(fetch, "actual", fetch.to_network())
        if fetch.tainting == "cors":
            fetch.step = cors_check(response, fetch.serialized_origin, credentials=fetch.includes_credentials)
        location = redirect_location(fetch, response)
        if location is None:
            return response
        follow_redirect(fetch, response.status, location)
        return self._main_fetch(fetch)

    def _exchange(self, fetch: Fetch, kind: ExchangeKind, request: Request) -> Response:
        """#http-network-fetch. Strip white space around values, as every HTTP parser does."""
        try:
            raw = self._send(request)
        except ConnectionFailed as error:
            reason = f"There is no response to {request.method} {_short_repr(request.url)}: {error}."
            raise Blocked(reason, "#http-network-fetch step 8.1") from error
        response = replace(raw, headers=tuple((name, value.strip(" \t")) for name, value in raw.headers))
        fetch.exchanges.append(Exchange(kind, request, response))
        return response


# -- Redirects (#http-redirect-fetch) ----------------------------------------------------------------------


def redirect_location(fetch: Fetch, response: Response) -> Url | None:
    """Return the target of a redirect (#concept-response-location-url); ``None`` if it is not a redirect."""
    locations = get_all(response.headers, "Location")
    if response.status not in (301, 302, 303, 307, 308) or not locations:
        return None
    try:
        (location,) = locations
        return parse_url(location, fetch.url.text)
    except ValueError:
        found = _describe_header("Location", response, "actual")
        note = f" {_LOCATION.note}" if len(set(locations)) == 1 < len(locations) else ""
        raise Blocked(f"{found}; it must be one URL.{note}", "#http-redirect-fetch step 5") from None


def follow_redirect(fetch: Fetch, status: int, location: Url) -> None:
    """Change *fetch* into the request for *location*, steps 6 to 18."""
    _check_redirect(fetch, location)
    becomes_get = status == 303 and fetch.method not in ("GET", "HEAD")
    if becomes_get or (status in (301, 302) and fetch.method == "POST"):
        fetch.method, fetch.body = "GET", None
        fetch.drop_headers(_BODY_HEADERS)
    if not same_origin(fetch.url.origin, location.origin):
        fetch.drop_headers({"authorization"})
    fetch.urls.append(location)


def _check_redirect(fetch: Fetch, location: Url) -> None:
    """Apply steps 6 to 10; step 10 is for redirects back to the page's own origin."""
    is_cross_origin = not same_origin(fetch.origin, location.origin)
    has_password = location.has_credentials
    rules = (
        (6, location.scheme not in _DEFAULT_PORTS, "must be an http: or https: URL"),
        (7, len(fetch.urls) > MAX_REDIRECTS, f"would exceed the limit of {MAX_REDIRECTS} redirects"),
        (9, has_password and is_cross_origin, "must have no user name or password (not shown here)"),
        (10, has_password and fetch.tainting == "cors", "must have no user name or password (not shown here)"),
    )
    for step, broken, rule in rules:
        if broken:
            reason = f"Location of the response is {_short_repr(location.text)}; it {rule}."
            raise Blocked(reason, f"#http-redirect-fetch step {step}")


# -- Where browsers differ from the standard ---------------------------------------------------------------


def _depends_on_response(_: Pairs) -> bool:
    """Leave the decision to the step that sees the response."""
    return False


@dataclass(frozen=True)
class Difference:
    """A known difference of today's browsers from the standard, and for which headers of a page it matters."""

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


def _exceeds_accept_limit(headers: Pairs) -> bool:
    values = get_all(split_safelisted(headers)[0], "accept")  # each value alone is within the limit
    return len(", ".join(values)) > _SAFE_VALUE_SIZE


def _sets_client_hint(headers: Pairs) -> bool:
    return any(name.lower() in _CLIENT_HINTS for name, _ in headers)


def _sets_user_agent(headers: Pairs) -> bool:
    return get_header(headers, "User-Agent") is not None


# fmt: off
_CLIENT_HINTS = frozenset({
    "device-memory", "downlink", "dpr", "ect", "rtt", "save-data", "viewport-width", "width",
})
# fmt: on
_AUTHORIZATION = Difference("(Chromium 156 and Firefox 153 let '*' cover Authorization.)")
_LOCATION = Difference(
    "(Chromium 156 and Firefox 153 accept equal Location headers, and Chromium ignores an empty one.)"
)
#: For :attr:`Outcome.reason`, and for the manual's table.
DIFFERENCES = (
    _AUTHORIZATION,
    Difference("(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)", _has_bytes_above_0x7f),
    Difference("(Firefox 153 does not limit safelisted headers to 1024 bytes together.)", _exceeds_safelist_limit),
    Difference(f"(Firefox 153 repeats a repeated name in {REQUEST_HEADERS}.)", _repeats_unsafe_name),
    Difference("(Chromium 156 joins repeated Accept headers before the limit of 128 bytes.)", _exceeds_accept_limit),
    Difference("(Chromium 156 does not preflight client hints, such as Save-Data.)", _sets_client_hint),
    Difference("(Chromium 156 drops a User-Agent that a page sets.)", _sets_user_agent),
    _LOCATION,
    Difference("(Firefox 153 sends the page's origin in a preflight after a redirect, where it must be null.)"),
    Difference("(Firefox 153 sends a preflight after a redirect even if the request no longer needs one.)"),
    Difference("(Firefox 153 lets '*' expose every header even if the list has an invalid item.)"),
    Difference("(Firefox 153 does not cache a preflight that only '*' allowed.)"),
)


def _notes_on_browsers(fetch: Fetch) -> list[str]:
    """Return the notes for this fetch; on the page's own origin there are none."""
    return [item.note for item in DIFFERENCES if fetch.tainting == "cors" and item.applies(fetch.headers)]
