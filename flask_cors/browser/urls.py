"""URLs, origins and sites."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from itertools import pairwise
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..origins import _parse_host
from .headers import short_repr

DEFAULT_PORTS = {"http": 80, "https": 443}
_C0_OR_SPACE = "".join(map(chr, range(0x21)))
_DOMAIN = re.compile(r"[^\0-\x20#%/:<>?@\[\\\]^|\x7f-\U0010ffff]+")
_IGNORED = "[\u00ad\u200b\u2060-\u2064\ufe00-\ufe0f\ufeff]"  # in domains: https://www.unicode.org/reports/tr46/
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
        raise ValueError(f"{short_repr(text)} has no scheme")
    if parts.scheme not in DEFAULT_PORTS:
        return Url(parts.geturl(), parts.scheme, "null", False)
    origin = _origin(parts)
    target = _path(parts.path) + ("?" + quote(parts.query, safe=_QUERY_SAFE) if parts.query else "")
    return Url(origin + target, parts.scheme, origin, bool(parts.username or parts.password))


def _origin(parts: SplitResult) -> str:
    """Serialize by the grammar of #origin-header: lower case, punycode, without the default port."""
    origin = f"{parts.scheme}://{_host(parts.hostname or '')}"
    if parts.port in (None, DEFAULT_PORTS[parts.scheme]):
        return origin
    return f"{origin}:{parts.port}"


def _host(text: str) -> str:
    host = _parse_host(f"[{text}]" if ":" in text else re.sub(_IGNORED, "", text))
    if not host.startswith("[") and _DOMAIN.fullmatch(host) is None:
        raise ValueError(f"{short_repr(text)} is not a host")
    return host


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


# Sites (https://html.spec.whatwg.org/#sites)


def site_of(origin: str) -> str:
    """Return the scheme and the registrable domain (https://html.spec.whatwg.org/#obtain-a-site); no port.

    >>> site_of("https://api.shop.example:8443"), site_of("http://127.0.0.1:5000"), site_of("null")
    ('https://shop.example', 'http://127.0.0.1', 'null')
    """
    parts = urlsplit(origin)
    return f"{parts.scheme}://{registrable_domain(parts.hostname or '')}" if parts.scheme else origin


def registrable_domain(host: str) -> str:
    """Return what was registered of a host (https://url.spec.whatwg.org/#host-registrable-domain), or the whole host.

    Without the package ``publicsuffixlist``, these are the last two labels.
    """
    if is_address(host):
        return host
    suffixes = _public_suffixes()
    if suffixes is None:
        return ".".join(host.split(".")[-2:])
    return str(suffixes.privatesuffix(host) or host)


def is_public_suffix(host: str) -> bool:
    """Whether anyone can register a name below *host* (https://url.spec.whatwg.org/#host-public-suffix)."""
    return registrable_domain(f"a.{host}") != registrable_domain(host)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, as an origin has it or without brackets."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _public_suffixes() -> Any:
    try:
        from publicsuffixlist import PublicSuffixList
    except ImportError:
        return None
    return PublicSuffixList()


def is_trustworthy(origin: str) -> bool:
    """Whether the network cannot change what comes from there (https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy)."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    is_local = host == "localhost" or host.endswith(".localhost")
    return parts.scheme == "https" or is_local or (is_address(host) and ip_address(host).is_loopback)
