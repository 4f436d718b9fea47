"""What a page may send without a preflight, and what it may never send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from .headers import TOKEN, PageHeaders, Pairs, get_header, header_pairs, is_token, short_repr, split_value
from .messages import Blocked, Mode

# Methods (#methods)

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


# fmt: off
_FORBIDDEN_HEADERS = frozenset({
    "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
    "connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive",
    "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
})
# fmt: on
_METHOD_OVERRIDES = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})

_SAFE_VALUE_SIZE = 128
_SAFE_TOTAL_SIZE = 1024
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_MIME_TYPE = re.compile(rf"({TOKEN.pattern}/{TOKEN.pattern})[ \t]*(?:;.*)?")
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
    """Whether an HTML form can send this MIME type, with any parameters."""
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


def page_headers(headers: PageHeaders, mode: Mode = "cors") -> Pairs:
    """Return the headers of a page as the browser keeps them (#concept-headers-append); it drops others silently."""
    kept: Pairs = []
    for name, raw in header_pairs(headers):
        value = raw.strip("\t\n\r ")
        _check_header(name, value)
        if not is_forbidden_header(name, value) and (mode != "no-cors" or _is_kept_without_cors(name, value, kept)):
            kept.append((_first_spelling(name, kept), value))
    return kept


def _is_kept_without_cors(name: str, value: str, kept: Pairs) -> bool:
    """Whether the value and earlier ones are safe together, and no ``Range`` (guard "request-no-cors")."""
    joined = get_header([*kept, (name, value)], name) or ""
    return name.lower() != "range" and is_safelisted_header(name, joined)


def _first_spelling(name: str, headers: Pairs) -> str:
    """Spell a repeated name like the first one (#concept-header-list-append, step 1)."""
    return next((key for key, _ in headers if key.lower() == name.lower()), name)


def _check_header(name: str, value: str) -> None:
    if not is_token(name):
        raise Blocked(f"{short_repr(name)} is not a valid header name.", "#concept-header")
    if re.search(r"[\0\n\r]|[^\0-\xff]", value):
        raise Blocked(f"{short_repr(value)} is not a valid value for the header {name}.", "#concept-header")
