"""Header lists (#concept-header-list)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import SupportsIndex, cast, overload

Headers = tuple[tuple[str, str], ...]
Pairs = list[tuple[str, str]]
PageHeaders = Mapping[str, str] | Iterable[tuple[str, str]]

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"
REQUEST_METHOD = "Access-Control-Request-Method"
REQUEST_HEADERS = "Access-Control-Request-Headers"
RESOURCE_POLICY = "Cross-Origin-Resource-Policy"


#: For how many seconds a preflight is cached without Access-Control-Max-Age: #cors-preflight-fetch-0, step 7.9.
DEFAULT_MAX_AGE = 5
#: The limit of each browser in seconds, step 7.10; the standard does not set one.
BROWSER_MAX_AGE_LIMITS = {"Chromium": 7200, "Firefox": 86400, "Safari": 600}
#: The limit of this model.
MAX_AGE_LIMIT = BROWSER_MAX_AGE_LIMITS["Chromium"]


class HeaderList(Headers):
    """A tuple of names and values that finds values by name, too, in any case.

    >>> headers = HeaderList([("X-Total", "7"), ("Vary", "Origin"), ("Vary", "Cookie")])
    >>> headers["x-total"], headers["vary"], headers.get("etag"), headers[0]
    ('7', 'Origin, Cookie', None, ('X-Total', '7'))
    """

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, key: slice, /) -> Headers: ...
    @overload
    def __getitem__(self, key: str, /) -> str: ...
    def __getitem__(self, key: str | SupportsIndex | slice, /) -> str | tuple[str, str] | Headers:
        """Return the values of a header, joined into one; or, as of every tuple, a pair or a part."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        value = get_header(self, key)
        if value is None:
            raise KeyError(f"{key!r} is not among {', '.join(sorted({name for name, _ in self})) or 'no headers'}")
        return value

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the values of a header, joined into one, or *default* without any."""
        value = get_header(self, name)
        return default if value is None else value


def short_repr(text: str) -> str:
    """Quote text of others on one short line."""
    return repr(text if len(text) <= 200 else text[:197] + "...")


TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_QUOTED_OR_COMMA_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|,|[^",]+', re.DOTALL)


def is_token(text: str) -> bool:
    """Whether *text* can be a method or a header name."""
    return TOKEN.fullmatch(text) is not None


def get_all(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """Return the value of each header called *name*, in order."""
    return [value for key, value in headers if key.lower() == name.lower()]


def get_header(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the values of *name*, joined into one, or ``None`` (#concept-header-list-get).

    This is why two ``Access-Control-Allow-Origin`` headers fail, even if both have the right origin.
    """
    values = get_all(headers, name)
    return ", ".join(values) if values else None


def combine(headers: Pairs) -> Pairs:
    """Join the values of each name into one header (#concept-header-list-combine); equal names are spelled alike."""
    return [(name, ", ".join(get_all(headers, name))) for name in dict.fromkeys(name for name, _ in headers)]


def header_pairs(headers: PageHeaders) -> Pairs:
    """Return the headers of a page as pairs (#concept-headers-fill)."""
    return list(cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers)


def set_default(headers: Pairs, name: str, value: str) -> None:
    """Add a header unless there is one of that name."""
    if get_header(headers, name) is None:
        headers.append((name, value))


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
        raise ValueError(f"{name} contains {short_repr(invalid)}, which is not a token")
    return [item for item in items if item] if values else None


def extract_max_age(headers: Headers) -> int:
    """Return for how many seconds to cache a preflight (#cors-preflight-fetch-0, steps 7.8 to 7.10)."""
    values = get_all(headers, MAX_AGE)
    if len(values) != 1 or re.fullmatch("[0-9]+", values[0]) is None:
        return DEFAULT_MAX_AGE
    # Ten digits are always over the limit; int() fails on thousands of digits.
    return min(int(values[0].lstrip("0")[:10] or "0"), MAX_AGE_LIMIT)
