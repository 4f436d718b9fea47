"""The other half of CORS: what a browser does with the server's answer, as a model that can be read and run.

A :class:`Browser` is a page. It gets the page's origin and a network: any function from :class:`Request` to
:class:`Response`, be it a Flask test client, a socket or a table in a test.

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
Access-Control-Allow-Credentials of the response is missing; it must be 'true' as the page sends credentials.

The source is the Fetch standard, https://fetch.spec.whatwg.org/, as it stood on 21 June 2026. Each function
cites its algorithm there by anchor; a bare "step 7.5" is one of the algorithm named last.

The model follows the standard even where browsers do not. :data:`DIFFERENCES` lists where that is known, and
:attr:`Outcome.reason` says so where it matters. It leaves to others:

* to the network: cookies, ``Content-Length``, ``Host`` and whatever else HTTP adds to a message.
  :attr:`Request.credentials` tells whether cookies may travel;
* to other standards: content security policy, mixed content, blocked ports, service workers, the HTTP cache,
  password prompts, private networks. Where one of them stops a page, CORS is never asked;
* to whoever needs them: streams as bodies, and upload listeners. They alone set the use-CORS-preflight flag;
* to a real URL parser: odd spellings of hosts, such as ``http://0x7f.1/``.
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
GivenHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
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

#: For how many seconds a preflight counts if the server does not say: #cors-preflight-fetch-0, step 7.9.
DEFAULT_MAX_AGE = 5
#: The most that each browser grants, step 7.10; the standard leaves the figure to them.
BROWSER_MAX_AGE_LIMITS = {"Chromium": 7200, "Firefox": 86400, "Safari": 600}
#: The most that this model grants.
MAX_AGE_LIMIT = BROWSER_MAX_AGE_LIMITS["Chromium"]
#: How many redirects one fetch follows: #http-redirect-fetch, step 7.
MAX_REDIRECTS = 20


# -- What goes over the wire, and what comes of it ---------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One HTTP request as the browser hands it to the network; the URL is absolute, without a fragment."""

    method: str
    url: str
    headers: Headers
    body: bytes | None = None
    #: Whether cookies and HTTP authentication travel with it, and ``Set-Cookie`` in the answer counts.
    credentials: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Response:
    """One HTTP response; repeated headers stay apart, values are text with a character per byte (latin-1)."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", kw_only=True)


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and its answer; each hop of a redirect is an exchange of its own."""

    kind: ExchangeKind
    request: Request
    response: Response


@dataclass(frozen=True)
class Outcome:
    """What one call of ``fetch()`` came to."""

    #: Whether the promise is fulfilled. It is also with a 404 that the page may read.
    allowed: bool
    #: If refused: one sentence that names the header, its value and what would have been right.
    #: If allowed: ``None``, unless today's browsers are known to take another way.
    reason: str | None
    #: The algorithm of the standard and its step that decided.
    step: str
    #: All that went over the network, in order.
    exchanges: tuple[Exchange, ...]
    #: What the page may read, without the headers hidden from it; ``None`` if it may read nothing.
    response: Response | None


class Blocked(Exception):
    """A network error, or a ``TypeError`` before anything was sent: to the page both are a refusal."""

    def __init__(self, reason: str, step: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.step = step


class ConnectionFailed(Exception):
    """For the network to raise where there is no answer at all. Whatever else it raises passes through."""


def _thrown(reason: str, step: str) -> Blocked:
    return Blocked(f"fetch() throws a TypeError: {reason}", step)


# -- Header lists (#concept-header-list) -------------------------------------------------------------------

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED_OR_COMMA_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|,|[^",]+', re.DOTALL)


def is_token(text: str) -> bool:
    """Tell whether *text* can be a method or a header name."""
    return _TOKEN.fullmatch(text) is not None


def get_all(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the values of every header called *name*, in order and apart."""
    return [value for key, value in headers if key.lower() == name.lower()]


def get_header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the values of *name* joined into one, or ``None`` (#concept-header-list-get).

    This is why two ``Access-Control-Allow-Origin`` headers fail, even if both hold the right origin.
    """
    values = get_all(headers, name)
    return ", ".join(values) if values else None


def split_value(value: str) -> list[str]:
    """Split at the commas that stand outside of quotes (#concept-header-list-get-decode-split).

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

    The grammar is ``#token``: items may be empty, and one that is no token spoils the list (``ValueError``).
    """
    values = get_all(headers, name)
    items = [item.strip(" \t") for value in values for item in value.split(",")]
    wrong = next((item for item in items if item and not is_token(item)), None)
    if wrong is not None:
        raise ValueError(f"{name} contains {_quoted(wrong)}, which is not a token")
    return [item for item in items if item] if values else None


def extract_max_age(headers: Headers) -> int:
    """Return for how many seconds a preflight counts (#cors-preflight-fetch-0, steps 7.8 to 7.10)."""
    values = get_all(headers, MAX_AGE)
    if len(values) != 1 or re.fullmatch("[0-9]+", values[0]) is None:
        return DEFAULT_MAX_AGE
    # Ten digits show that the limit is passed; int() refuses thousands of them.
    return min(int(values[0].lstrip("0")[:10] or "0"), MAX_AGE_LIMIT)


# -- Methods (#methods) ------------------------------------------------------------------------------------

_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})


def normalize_method(method: str) -> str:
    """Upper-case the six old methods and no other (#concept-method-normalize): ``patch`` stays ``patch``."""
    return method.upper() if method.upper() in _NORMALIZED_METHODS else method


def is_safelisted_method(method: str) -> bool:
    """Tell whether a page may use *method* on another origin without asking (#cors-safelisted-method)."""
    return method in {"GET", "HEAD", "POST"}


def is_forbidden_method(method: str) -> bool:
    """Tell whether ``fetch()`` throws on *method*, whatever the origin (#forbidden-method)."""
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
    """Tell whether the browser keeps this header to itself (#forbidden-request-header).

    A page that sets one is not told: it is dropped. The value matters only for the headers by which some
    servers let a request change its method, since they could smuggle in a forbidden one.
    """
    lowered = name.lower()
    if lowered in _FORBIDDEN_HEADERS or lowered.startswith(("proxy-", "sec-")):
        return True
    return lowered in _METHOD_OVERRIDES and any(map(is_forbidden_method, split_value(value)))


def is_non_wildcard_header(name: str) -> bool:
    """Tell whether ``*`` does not cover this header (#cors-non-wildcard-request-header-name)."""
    return name.lower() == "authorization"


def is_safelisted_header(name: str, value: str) -> bool:
    """Tell whether a page may send this to another origin without asking (#cors-safelisted-request-header).

    >>> is_safelisted_header("Content-Type", "text/plain;charset=UTF-8")
    True
    >>> is_safelisted_header("Content-Type", "application/json")
    False
    """
    rule = _SAFELIST.get(name.lower())
    return rule is not None and len(value) <= _SAFE_VALUE_SIZE and rule(value)


def _has_safe_bytes(value: str) -> bool:
    """Find no #cors-unsafe-request-header-byte; those above 0x7F are none."""
    return _UNSAFE_BYTE.search(value) is None


def _is_plain_language(value: str) -> bool:
    return _LANGUAGE.fullmatch(value) is not None


def _is_form_type(value: str) -> bool:
    """Accept what an HTML form can send: the essence of the MIME type counts, its parameters do not."""
    match = _MIME_TYPE.fullmatch(value) if _has_safe_bytes(value) else None
    return match is not None and match[1].lower() in _FORM_TYPES


def _is_plain_range(value: str) -> bool:
    """Accept one range with a first byte (#simple-range-header-value); browsers never sent ``bytes=-500``."""
    match = _RANGE.fullmatch(value)
    return match is not None and (match[2] == "" or int(match[1]) <= int(match[2]))


_SAFELIST: dict[str, Callable[[str], bool]] = {
    "accept": _has_safe_bytes,
    "accept-language": _is_plain_language,
    "content-language": _is_plain_language,
    "content-type": _is_form_type,
    "range": _is_plain_range,
}


def sort_out_headers(headers: Iterable[tuple[str, str]]) -> tuple[Pairs, Pairs]:
    """Return the safelisted headers and the others, names lower-cased."""
    safe: Pairs = []
    unsafe: Pairs = []
    for name, value in headers:
        (safe if is_safelisted_header(name, value) else unsafe).append((name.lower(), value))
    return safe, unsafe


def is_too_much(safe: Pairs) -> bool:
    """Tell whether headers that are safe one by one are unsafe together."""
    return sum(len(value) for _, value in safe) > _SAFE_TOTAL_SIZE


def unsafe_header_names(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return what needs permission, lower-cased, sorted, once each (#cors-unsafe-request-header-names)."""
    safe, unsafe = sort_out_headers(headers)
    return sorted({name for name, _ in (safe + unsafe if is_too_much(safe) else unsafe)})


def page_headers(given: GivenHeaders) -> Pairs:
    """Return what becomes of the headers that a page sets (#concept-headers-append, guard "request")."""
    pairs = cast("Mapping[str, str]", given).items() if isinstance(given, Mapping) else given
    kept: Pairs = []
    for name, raw in pairs:
        value = raw.strip("\t\n\r ")
        _check_header(name, value)
        if not is_forbidden_header(name, value):
            # #concept-header-list-append, step 1: a repeated name is spelt like the first.
            kept.append((next((key for key, _ in kept if key.lower() == name.lower()), name), value))
    return kept


def _check_header(name: str, value: str) -> None:
    if not is_token(name):
        raise _thrown(f"{_quoted(name)} is not a header name.", "#concept-header")
    if re.search(r"[\0\n\r]|[^\0-\xff]", value):
        raise _thrown(f"{_quoted(value)}, for {name}, cannot be a header's value.", "#concept-header")


# -- URLs and origins --------------------------------------------------------------------------------------

_DEFAULT_PORTS = {"http": 80, "https": 443}
_C0_OR_SPACE = "".join(map(chr, range(0x21)))
_DOMAIN = re.compile(r"[^\0-\x20#%/:<>?@\[\\\]^|\x7f-\U0010ffff]+")
_OTHER_ORIGIN = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://[^\0-\x20/?#@]+")
_PATH_SAFE = "!$%&'()*+,-./:;=@[]_|~"
_QUERY_SAFE = "!$%&()*+,-./:;=?@[\\]^_`{|}~"


@dataclass(frozen=True)
class Url:
    """What CORS looks at in a URL; ``origin`` is "null" unless the scheme is http or https."""

    text: str
    scheme: str
    origin: str
    has_credentials: bool


def parse_url(text: str, base: str = "") -> Url:
    """Parse and normalize, or raise ``ValueError`` (https://url.spec.whatwg.org/#concept-url-parser)."""
    head, mark, query = text.strip(_C0_OR_SPACE).partition("?")
    # Browsers take a backslash for a slash: "/\\evil.example" leads to another host.
    parts = urlsplit(urljoin(base, head.replace("\\", "/") + mark + query))
    if not parts.scheme:
        raise ValueError(f"{_quoted(text)} has no scheme")
    if parts.scheme not in _DEFAULT_PORTS:
        return Url(parts.geturl(), parts.scheme, "null", False)
    origin = _origin(parts)
    target = _path(parts.path) + ("?" + quote(parts.query, safe=_QUERY_SAFE) if parts.query else "")
    return Url(origin + target, parts.scheme, origin, bool(parts.username or parts.password))


def _origin(parts: SplitResult) -> str:
    """Serialize by the grammar of #origin-header: lower case, punycode, the default port left out."""
    host = _host(parts.hostname or "")
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _host(text: str) -> str:
    if ":" in text:
        return f"[{IPv6Address(text).compressed}]"
    host = text if text.isascii() else text.encode("idna").decode("ascii")
    if _DOMAIN.fullmatch(host) is None:
        raise ValueError(f"{_quoted(text)} is not a host")
    return host.lower()


def _path(path: str) -> str:
    """Resolve dot segments, however spelt, and percent-encode: a browser never sends ``/a/../b``."""
    segments = path.split("/")[1:] or [""]
    spelt_out = [segment.lower().replace("%2e", ".") for segment in segments]
    kept: list[str] = []
    for segment, plain in zip(segments, spelt_out, strict=True):
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
    if spelt_out[-1] in (".", ".."):
        kept.append("")
    return "/" + quote("/".join(kept), safe=_PATH_SAFE)


def same_origin(one: str, other: str) -> bool:
    """Compare two serialized origins; "null" stands for many, of which no two are the same."""
    return one == other != "null"


def is_redirect_tainted(origin: str, urls: Sequence[Url]) -> bool:
    """Tell whether another origin had a say in where the request goes (#concept-request-tainted-origin)."""
    return any(
        not same_origin(url.origin, last.origin) and not same_origin(origin, last.origin)
        for last, url in pairwise(urls)
    )


def check_origin(origin: str) -> str:
    """Accept only what browsers send, lest a slip of the caller look like a mistake of the server."""
    if _OTHER_ORIGIN.fullmatch(origin):
        return origin
    try:
        right = parse_url(origin).origin
    except ValueError:
        right = "null"  # which may be what was given
    if origin != right:
        example = "https://app.example" if right == "null" else right
        raise ValueError(f"origin={origin!r} is not what browsers send as Origin; write it like {example!r}")
    return origin


# -- The CORS check (#cors-check) --------------------------------------------------------------------------


def cors_check(response: Response, origin: str, *, credentials: bool, kind: ExchangeKind = "actual") -> str:
    """Return the step that lets a page at *origin* read *response*, or raise :exc:`Blocked` (#cors-check).

    :param credentials: whether the credentials mode is "include", no matter if there are any cookies.
    """
    allowed = get_header(response.headers, ALLOW_ORIGIN)
    if allowed == "*" and not credentials:
        return "#cors-check step 3"
    if allowed != origin:
        found = _found(ALLOW_ORIGIN, response, kind) + _origin_mistake(allowed, origin)
        right = repr(origin) if credentials else f"{origin!r} or '*'"
        raise Blocked(f"{found}; it must be {right}.", f"#cors-check step {2 if allowed is None else 4}")
    if not credentials:
        return "#cors-check step 5"
    if get_header(response.headers, ALLOW_CREDENTIALS) != "true":
        found = _found(ALLOW_CREDENTIALS, response, kind)
        raise Blocked(f"{found}; it must be 'true' as the page sends credentials.", "#cors-check step 8")
    return "#cors-check step 7"


def _origin_mistake(allowed: str | None, origin: str) -> str:
    """Say what the eye may miss in a value that is not the origin."""
    if allowed is None:
        return ""
    if allowed == "*":
        return ", which does not count as the page sends credentials"
    if "," in allowed:
        return ", but only one value counts"
    if origin == "null":
        return ", but Origin is 'null' (a page without an origin, or a redirect from one origin to another)"
    return ", which is not the page's origin to the letter"


_WHOSE: dict[ExchangeKind, str] = {"actual": "response", "preflight": "preflight response"}


def _found(name: str, response: Response, kind: ExchangeKind) -> str:
    """Begin a reason: which header, of which response, and its value."""
    value = get_header(response.headers, name)
    return f"{name} of the {_WHOSE[kind]} is {'missing' if value is None else _quoted(value)}"


def _quoted(text: str) -> str:
    """Quote what others wrote, so that it makes neither new lines nor megabytes."""
    return repr(text if len(text) <= 200 else text[:197] + "...")


# -- The preflight cache (#cors-preflight-cache) -----------------------------------------------------------

#: What needs permission, and a preflight grants: ``("method", "PUT")``, ``("header", "x-lower-case")``.
Grant = tuple[Literal["method", "header"], str]
CacheKey = tuple[str, str]
_Slot = tuple[CacheKey, bool, Grant]


class PreflightCache:
    """What servers have granted, one entry for each method or header name.

    *key* is the serialized origin and the URL; the network partition is the same for all that one page does.
    A renewed entry counts from its renewal.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expiry: dict[_Slot, float] = {}

    def allows(self, key: CacheKey, credentials: bool, grant: Grant) -> bool:
        """Tell whether there is a #concept-cache-match-method or #concept-cache-match-header."""
        return bool(self._matches(key, credentials, grant))

    def store(self, key: CacheKey, credentials: bool, grants: Iterable[Grant], max_age: int) -> None:
        """Renew the entries that match, create the others (#cors-preflight-fetch-0, steps 7.12 to 7.15)."""
        for grant in grants:
            for slot in self._matches(key, credentials, grant) or [(key, credentials, grant)]:
                self._expiry[slot] = self._clock() + max_age

    def clear(self, key: CacheKey) -> None:
        """Forget all that was granted for *key* (#concept-cache-clear)."""
        self._expiry = {slot: expiry for slot, expiry in self._expiry.items() if slot[0] != key}

    def _matches(self, key: CacheKey, credentials: bool, grant: Grant) -> list[_Slot]:
        """Find entries (#concept-cache-match); one made with credentials counts without, not vice versa."""
        kind, name = grant
        flags = [True] if credentials else [True, False]
        names = {name} if kind == "header" and is_non_wildcard_header(name) else {name, "*"}
        slots: list[_Slot] = [(key, flag, (kind, entry)) for flag, entry in product(flags, names)]
        return [slot for slot in slots if slot in self._expiry and self._clock() < self._expiry[slot]]


# -- A request under way (#concept-request) ----------------------------------------------------------------


@dataclass
class Fetch:
    """What the standard calls a request: one for all hops of a redirect. Its mode is always "cors"."""

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
        """Return where the last redirect led (#concept-request-current-url)."""
        return self.urls[-1]

    @property
    def serialized_origin(self) -> str:
        """Return the ``Origin`` to send and to compare with (#serializing-a-request-origin)."""
        return "null" if is_redirect_tainted(self.origin, self.urls) else self.origin

    @property
    def include(self) -> bool:
        """Tell whether credentials go to every origin, which makes ``*`` a name like any other."""
        return self.credentials == "include"

    @property
    def cache_key(self) -> CacheKey:
        """Return what the preflight cache goes by (#concept-cache-create-entry)."""
        return self.serialized_origin, self.url.text

    def needs_permission(self) -> list[Grant]:
        """Return what goes beyond an HTML form and so makes a preflight necessary (#main-fetch, step 12)."""
        methods: list[Grant] = [] if is_safelisted_method(self.method) else [("method", self.method)]
        return [*methods, *(("header", name) for name in unsafe_header_names(self.headers))]

    def to_network(self) -> Request:
        """Add credentials and ``Origin`` where due (#http-network-or-cache-fetch, steps 8.3 and 8.12)."""
        credentials = self.include or (self.credentials == "same-origin" and self.tainting == "basic")
        headers = list(self.headers)
        if self.tainting == "cors" or self.method not in ("GET", "HEAD"):
            headers.append(("Origin", self.serialized_origin))
        return Request(self.method, self.url.text, tuple(headers), self.body, credentials=credentials)

    def to_preflight(self) -> Request:
        """Ask permission (#cors-preflight-fetch-0, steps 1 to 5): no credentials, no space after commas."""
        headers = [("Accept", "*/*"), (REQUEST_METHOD, self.method)]
        if names := unsafe_header_names(self.headers):
            headers.append((REQUEST_HEADERS, ",".join(names)))
        return Request("OPTIONS", self.url.text, (*headers, ("Origin", self.serialized_origin)))

    def drop_headers(self, names: Collection[str]) -> None:
        """Delete all headers of these lower-case names (#concept-header-list-delete)."""
        self.headers = [(name, value) for name, value in self.headers if name.lower() not in names]


def new_fetch(origin: str, url: str, method: str, credentials: CredentialsMode) -> Fetch:
    """Check what the page asks for, as ``new Request()`` does (#dom-request, steps 5 to 25)."""
    _check_credentials(credentials)
    return Fetch(origin, _page_method(method), [_page_url(url, origin)], credentials)


def fill(fetch: Fetch, headers: GivenHeaders, body: str | bytes | None) -> None:
    """Add what the page gives (#dom-request, steps 33 to 37) and a default (#concept-fetch, step 12)."""
    fetch.headers = page_headers(headers)
    if body is not None and fetch.method in ("GET", "HEAD"):
        raise _thrown(f"a {fetch.method} request cannot have a body.", "#dom-request step 35")
    fetch.body = body.encode("utf-8", "replace") if isinstance(body, str) else body
    if isinstance(body, str):
        _set_default(fetch.headers, "Content-Type", "text/plain;charset=UTF-8")
    # These three bytes count towards the 1024 of the safelist.
    _set_default(fetch.headers, "Accept", "*/*")


def _page_url(url: str, origin: str) -> Url:
    try:
        target = parse_url(url, origin + "/")  # from "null/", what is relative leads nowhere
    except ValueError:
        raise _thrown(f"{_quoted(url)} is not a URL.", "#dom-request step 5.2") from None
    if target.has_credentials:
        raise _thrown(f"the URL {_quoted(url)} has a user name or password.", "#dom-request step 5.3")
    return target


def _page_method(method: str) -> str:
    if not is_token(method):
        raise _thrown(f"{_quoted(method)} is not a method.", "#dom-request step 25.2")
    if is_forbidden_method(method):
        raise _thrown(f"the method {method!r} is forbidden to pages.", "#dom-request step 25.2")
    return normalize_method(method)


def _check_credentials(mode: str) -> None:
    choices = get_args(CredentialsMode)
    if mode not in choices:
        raise _thrown(f"credentials={mode!r} is none of {', '.join(choices)}.", "#requestcredentials")


def _set_default(headers: Pairs, name: str, value: str) -> None:
    if get_header(headers, name) is None:
        headers.append((name, value))


# -- What a preflight grants (#cors-preflight-fetch-0) -----------------------------------------------------


def check_preflight(fetch: Fetch, response: Response) -> list[Grant]:
    """Judge the answer to a preflight, step 7, and return what it grants."""
    _check_ok(response.status)
    cors_check(response, fetch.serialized_origin, credentials=fetch.include, kind="preflight")
    methods, names = _granted(response.headers)
    _check_method_granted(fetch, methods, response)
    _check_headers_granted(fetch, names, response)
    # Header names are compared without regard to case, methods are not.
    return [*(("method", method) for method in methods), *(("header", name.lower()) for name in names)]


def _check_ok(status: int) -> None:
    """Ask for an #ok-status. Step 7 joins this to the CORS check; where both fail, it is the deeper cause."""
    if not 200 <= status <= 299:
        why = ", and a redirect is not followed" if 300 <= status <= 399 else ""
        reason = f"The preflight response has status {status}; it must be one from 200 to 299{why}."
        raise Blocked(reason, "#cors-preflight-fetch-0 step 7")


def _granted(headers: Headers) -> tuple[list[str], list[str]]:
    """Read both lists, steps 7.1 to 7.3."""
    try:
        return extract_list(headers, ALLOW_METHODS) or [], extract_list(headers, ALLOW_HEADERS) or []
    except ValueError as error:
        reason = f"{error}; the preflight response must list names with commas between them."
        raise Blocked(reason, "#cors-preflight-fetch-0 step 7.3") from None


def _check_method_granted(fetch: Fetch, methods: list[str], response: Response) -> None:
    """Check the method, step 7.5. A safelisted one needs no entry, even if a header made the preflight."""
    if fetch.method in methods or is_safelisted_method(fetch.method) or _is_wildcard(fetch, methods):
        return
    differs_in_case = fetch.method.upper() in map(str.upper, methods)
    hint = " (upper and lower case differ)" if differs_in_case else _wildcard_hint(methods)
    reason = f"{_found(ALLOW_METHODS, response, 'preflight')}; it must list {fetch.method!r}{hint}."
    raise Blocked(reason, "#cors-preflight-fetch-0 step 7.5")


def _check_headers_granted(fetch: Fetch, names: list[str], response: Response) -> None:
    """Check the headers, steps 7.6 and 7.7. ``*`` may cover them, though not ``Authorization``."""
    granted = {name.lower() for name in names}
    asked = [name for name in unsafe_header_names(fetch.headers) if name not in granted]
    found = _found(ALLOW_HEADERS, response, "preflight")
    if any(map(is_non_wildcard_header, asked)):
        note = f" {_AUTHORIZATION.note}" if _is_wildcard(fetch, names) else ""
        raise Blocked(f"{found}; it must list 'authorization'.{note}", "#cors-preflight-fetch-0 step 7.6")
    if asked and not _is_wildcard(fetch, names):
        wanted = ", ".join(map(_quoted, asked)) + _wildcard_hint(names)
        raise Blocked(f"{found}; it must list {wanted}.", "#cors-preflight-fetch-0 step 7.7")


def _is_wildcard(fetch: Fetch, names: list[str]) -> bool:
    return "*" in names and not fetch.include


def _wildcard_hint(names: list[str]) -> str:
    return " ('*' is a name like any other as the page sends credentials)" if "*" in names else ""


# -- What the page may read (#main-fetch, step 14) ---------------------------------------------------------

# fmt: off
_SAFELISTED_RESPONSE_HEADERS = frozenset({
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified",
    "pragma",
})
# fmt: on
_FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})


def visible_response(fetch: Fetch, response: Response) -> Response:
    """Hide headers: #concept-filtered-response-basic or, with tainting, #concept-filtered-response-cors."""
    names = {name.lower() for name, _ in response.headers} - _FORBIDDEN_RESPONSE_HEADERS
    if fetch.tainting == "cors":
        names &= _SAFELISTED_RESPONSE_HEADERS | _exposed_names(fetch, response, names)
    return replace(response, headers=tuple(pair for pair in response.headers if pair[0].lower() in names))


def _exposed_names(fetch: Fetch, response: Response, all_names: set[str]) -> set[str]:
    """Read step 14.1's list. A malformed one exposes nothing, but does not hide the response."""
    try:
        listed = extract_list(response.headers, EXPOSE_HEADERS) or []
    except ValueError:
        return set()
    return all_names if _is_wildcard(fetch, listed) else {name.lower() for name in listed}


# -- The browser -------------------------------------------------------------------------------------------


class Browser:
    """A page at *origin* whose requests go out through *send*; its preflight cache lasts as long as it does.

    :param origin: as browsers write it: ``https://app.example``, or ``null`` for sandboxed pages and files.
    :param send: the network: one request in, its answer out, redirects not followed.
    :param clock: seconds that only grow; the preflight cache goes by it.
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
        headers: GivenHeaders = (),
        body: str | bytes | None = None,
        credentials: CredentialsMode = "same-origin",
    ) -> Outcome:
        """Do what ``fetch(url, {...})`` does on the page (#dom-global-fetch), and tell how it came out.

        :param url: absolute, or relative to the root of the page's origin.
        :param body: text goes out as UTF-8, and as ``text/plain`` unless the page sets ``Content-Type``.
        """
        try:
            fetch = new_fetch(self.origin, url, method, credentials)
            fill(fetch, headers, body)
        except Blocked as blocked:
            return Outcome(False, blocked.reason, blocked.step, (), None)
        try:
            response = visible_response(fetch, self._main_fetch(fetch))
        except Blocked as blocked:
            reason = " ".join([blocked.reason, *_differences(fetch)])
            return Outcome(False, reason, blocked.step, tuple(fetch.exchanges), None)
        note = " ".join(_differences(fetch)) or None
        return Outcome(True, note, fetch.step, tuple(fetch.exchanges), response)

    def _main_fetch(self, fetch: Fetch) -> Response:
        """#main-fetch, step 12. After a hop over another origin, the page's own is "cors", too."""
        if same_origin(fetch.url.origin, self.origin) and fetch.tainting == "basic":
            return self._http_fetch(fetch)
        if fetch.url.scheme not in _DEFAULT_PORTS:
            reason = f"{_quoted(fetch.url.text)} is not an http: or https: URL, and only those have CORS."
            raise Blocked(reason, "#main-fetch step 12")
        fetch.tainting = "cors"
        if not fetch.needs_permission():
            return self._http_fetch(fetch)
        try:
            self._ask_permission(fetch)
            return self._http_fetch(fetch)
        except Blocked:
            self._cache.clear(fetch.cache_key)
            raise

    def _ask_permission(self, fetch: Fetch) -> None:
        """#http-fetch, step 4.1: send a preflight, unless the cache holds all that it would ask for."""
        key = fetch.cache_key
        if all(self._cache.allows(key, fetch.include, grant) for grant in fetch.needs_permission()):
            return
        response = self._exchange(fetch, "preflight", fetch.to_preflight())
        grants = check_preflight(fetch, response)
        self._cache.store(key, fetch.include, grants, extract_max_age(response.headers))

    def _http_fetch(self, fetch: Fetch) -> Response:
        """#http-fetch, steps 4.3 to 6. A redirect must pass the CORS check like any other answer."""
        response = self._exchange(fetch, "actual", fetch.to_network())
        if fetch.tainting == "cors":
            fetch.step = cors_check(response, fetch.serialized_origin, credentials=fetch.include)
        location = redirect_location(fetch, response)
        if location is None:
            return response
        follow_redirect(fetch, response.status, location)
        return self._main_fetch(fetch)

    def _exchange(self, fetch: Fetch, kind: ExchangeKind, request: Request) -> Response:
        """#http-network-fetch. White space around values ends here, as it does in any parser of HTTP."""
        try:
            raw = self._send(request)
        except ConnectionFailed as error:
            reason = f"There is no answer to {request.method} {_quoted(request.url)}: {error}."
            raise Blocked(reason, "#http-network-fetch step 8.1") from error
        response = replace(raw, headers=tuple((name, value.strip(" \t")) for name, value in raw.headers))
        fetch.exchanges.append(Exchange(kind, request, response))
        return response


# -- Redirects (#http-redirect-fetch) ----------------------------------------------------------------------


def redirect_location(fetch: Fetch, response: Response) -> Url | None:
    """Return where the answer leads (#concept-response-location-url); ``None`` if it is not a redirect."""
    locations = get_all(response.headers, "Location")
    if response.status not in (301, 302, 303, 307, 308) or not locations:
        return None
    try:
        (location,) = locations
        return parse_url(location, fetch.url.text)
    except ValueError:
        found = _found("Location", response, "actual")
        note = f" {_LOCATION.note}" if len(set(locations)) == 1 < len(locations) else ""
        raise Blocked(f"{found}; it must be one URL.{note}", "#http-redirect-fetch step 5") from None


def follow_redirect(fetch: Fetch, status: int, location: Url) -> None:
    """Turn *fetch* into the request for *location*, steps 6 to 18."""
    _check_redirect(fetch, location)
    becomes_get = status == 303 and fetch.method not in ("GET", "HEAD")
    if becomes_get or (status in (301, 302) and fetch.method == "POST"):
        fetch.method, fetch.body = "GET", None
        fetch.drop_headers(_BODY_HEADERS)
    if not same_origin(fetch.url.origin, location.origin):
        fetch.drop_headers({"authorization"})
    fetch.urls.append(location)


def _check_redirect(fetch: Fetch, location: Url) -> None:
    """Apply steps 6 to 10. The last catches the way back to the page's own origin."""
    elsewhere = not same_origin(fetch.origin, location.origin)
    hides = location.has_credentials
    rules = (
        (6, location.scheme not in _DEFAULT_PORTS, "must be an http: or https: URL"),
        (7, len(fetch.urls) > MAX_REDIRECTS, f"would be redirect number {MAX_REDIRECTS + 1}, one too many"),
        (9, hides and elsewhere, "must have no user name or password (not shown here)"),
        (10, hides and fetch.tainting == "cors", "must have no user name or password (not shown here)"),
    )
    for step, broken, rule in rules:
        if broken:
            reason = f"Location of the response is {_quoted(location.text)}; it {rule}."
            raise Blocked(reason, f"#http-redirect-fetch step {step}")


# -- Where browsers differ from the standard ---------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """How today's browsers are known to depart from the standard, and with which headers of a page."""

    note: str
    applies: Callable[[Pairs], bool]


def _depends_on_answer(_: Pairs) -> bool:
    """Leave it to the step that sees the answer."""
    return False


def _has_high_bytes(headers: Pairs) -> bool:
    safe, _ = sort_out_headers(headers)
    return any(name in ("accept", "content-type") and not value.isascii() for name, value in safe)


def _is_too_much(headers: Pairs) -> bool:
    return is_too_much(sort_out_headers(headers)[0])


def _repeats_unsafe_name(headers: Pairs) -> bool:
    names = [name for name, _ in sort_out_headers(headers)[1]]
    return len(names) > len(set(names))


def _joins_accept(headers: Pairs) -> bool:
    values = get_all(sort_out_headers(headers)[0], "accept")  # one alone keeps to the limit, or would not be safe
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
_AUTHORIZATION = Difference("(Chromium 156 and Firefox 153 let '*' cover Authorization.)", _depends_on_answer)
_LOCATION = Difference(
    "(Chromium 156 and Firefox 153 take equal Location headers for one, and Chromium an empty one for none.)",
    _depends_on_answer,
)
#: For :attr:`Outcome.reason`, and for the manual's table.
DIFFERENCES = (
    _AUTHORIZATION,
    Difference("(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)", _has_high_bytes),
    Difference("(Firefox 153 does not limit safelisted headers to 1024 bytes together.)", _is_too_much),
    Difference(f"(Firefox 153 repeats a repeated name in {REQUEST_HEADERS}.)", _repeats_unsafe_name),
    Difference("(Chromium 156 joins repeated Accept headers before the limit of 128 bytes.)", _joins_accept),
    Difference("(Chromium 156 does not preflight client hints, such as Save-Data.)", _sets_client_hint),
    Difference("(Chromium 156 drops a User-Agent that a page sets.)", _sets_user_agent),
    _LOCATION,
    Difference(
        "(Firefox 153 names the page's origin in a preflight where a redirect has made it null.)", _depends_on_answer
    ),
    Difference(
        "(Firefox 153 sends a preflight after a redirect although nothing needs permission any more.)",
        _depends_on_answer,
    ),
    Difference("(Firefox 153 lets '*' expose every header though nonsense follows in the list.)", _depends_on_answer),
    Difference("(Firefox 153 does not remember a preflight that only '*' allowed.)", _depends_on_answer),
)


def _differences(fetch: Fetch) -> list[str]:
    """Return the notes that concern this fetch; on the page's own origin none does."""
    return [item.note for item in DIFFERENCES if fetch.tainting == "cors" and item.applies(fetch.headers)]
