"""Read a request as the network panel of a browser copies it: "Copy as cURL" and "Copy as fetch".

>>> request = parse_copied("curl 'https://api.example/users' -X 'PUT' -H 'Origin: https://app.example' --data-raw '{}'")
>>> request.method, request.url, request.origin, request.body
('PUT', 'https://api.example/users', 'https://app.example', b'{}')

Nothing is executed, and no file is read. Chromium, Firefox and Safari copy for the shells of Unix; Chromium and Firefox
also for ``cmd`` of Windows. The work grows with the length of the text, and :data:`MAX_LENGTH` bounds that.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from getopt import GetoptError, gnu_getopt
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

__all__ = ["MAX_LENGTH", "CopiedRequest", "origin_of", "parse_copied"]

Headers = tuple[tuple[str, str], ...]

#: No browser copies more than that: a longer text is an error.
MAX_LENGTH = 1_000_000

# What browsers add on their own; a page cannot set most of these, and rarely sets the others. The developer tools
# add Cache-Control and Pragma while "Disable cache" is on.
_ADDED_BY_BROWSERS = re.compile(
    r"""
      accept-(?: charset | encoding | language ) | access-control-request-(?: method | headers | private-network )
    | authority | cache-control | connection | content-length | cookie2? | date | dnt | expect | host
    | if-(?: modified-since | none-match ) | keep-alive | method | origin | path | pragma | priority | referer
    | save-data | scheme | te | trailer | transfer-encoding | upgrade | upgrade-insecure-requests | user-agent | via
    | (?: proxy | sec )-.+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class CopiedRequest:
    """One request as it was copied; ``None`` stands for what the text does not tell."""

    url: str
    method: str = "GET"
    #: All headers in the order of the text, with those that the browser added.
    headers: Headers = ()
    body: bytes | None = None
    #: ``"include"`` where a cookie was sent. Chromium writes ``"omit"`` for every fetch that sent none.
    credentials: str | None = None
    mode: str | None = None
    referrer: str | None = None

    def header(self, name: str) -> str | None:
        """Return the value of a header, with its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def origin(self) -> str | None:
        """The origin of the page: the header Origin, else the origin of the referrer."""
        return self.header("Origin") or origin_of(self.referrer or self.header("Referer"))

    @property
    def page_headers(self) -> Headers:
        """The headers that the page itself has probably set; only these can make a preflight necessary."""
        return tuple(pair for pair in self.headers if not _ADDED_BY_BROWSERS.fullmatch(pair[0]))

    @property
    def is_preflight(self) -> bool:
        """Whether this is a preflight, copied in place of the request that it is for."""
        return self.method == "OPTIONS" and self.header("Access-Control-Request-Method") is not None

    def actual(self) -> CopiedRequest:
        """Return the request that a preflight is for, with empty values of its headers; else the request itself."""
        if not self.is_preflight:
            return self
        names = (self.header("Access-Control-Request-Headers") or "").split(",")
        added = tuple((name.strip(), "") for name in names if name.strip())
        method = self.header("Access-Control-Request-Method") or "GET"
        return replace(self, method=method, headers=self.headers + added)


def parse_copied(text: str) -> CopiedRequest | None:
    """Read a copied request; the first one if there are several, ``None`` if the text is something else.

    :raises ValueError: with a message for people, if the text begins like a copied request and cannot be read
    """
    text = text.strip()
    for start, parse in _FORMATS:
        if found := start.match(text):
            if len(text) > MAX_LENGTH:
                raise ValueError(f"The copied request is longer than {MAX_LENGTH:,} characters.")
            return parse(text[found.end() :])
    return None


def origin_of(url: str | None) -> str | None:
    """Return the origin of a URL of HTTP, without the default port; ``None`` for every other text."""
    try:
        parts = urlsplit(url or "")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown_port = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}"


# -- Copy as fetch -----------------------------------------------------------------------------------------

_FETCH = re.compile(r"(?:await\s+)?fetch\s*\(\s*")
_COMMA = re.compile(r"\s*+,\s*+(?!\))")
_DECODER = json.JSONDecoder()
_NOT_JSON = 'This fetch() is not as browsers copy it. Take "Copy as fetch" or "Copy as cURL" from the network panel.'


def _parse_fetch(text: str) -> CopiedRequest:
    url, end = _decode(text, 0)
    comma = _COMMA.match(text, end)
    options = _decode(text, comma.end())[0] if comma else {}
    if not isinstance(url, str) or not isinstance(options, dict):
        raise ValueError(_NOT_JSON)
    return _from_fetch(url, options)


def _decode(text: str, start: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        raise ValueError(_NOT_JSON) from None


def _from_fetch(url: str, options: dict[str, Any]) -> CopiedRequest:
    body = _string(options, "body")
    headers = _fetch_headers(options.get("headers") or {})
    return CopiedRequest(
        url=url,
        method=_string(options, "method") or "GET",
        headers=headers,
        body=None if body is None else _to_bytes(body),
        credentials=_string(options, "credentials") or _credentials(headers),
        mode=_string(options, "mode"),
        referrer=_string(options, "referrer"),
    )


def _string(options: dict[str, Any], name: str) -> str | None:
    value = options.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f'"{name}" of this fetch() is not a string.')


def _fetch_headers(headers: object) -> Headers:
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
        raise ValueError('"headers" of this fetch() are not pairs of strings.')
    return tuple((name, value) for name, value in pairs)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


# -- Copy as cURL ------------------------------------------------------------------------------------------

_CURL = re.compile(r"(?:[$>%]\s+)?(?=curl(?:\.exe)?\s)")
#: A browser copies about sixty words; more than this take too long to read.
MAX_WORDS = 4000

# Options with an argument, and without. Browsers copy few of these, and people add a few.
_SHORT = "A:b:d:e:F:H:m:o:u:w:x:X:fgGiIkLnNsSv01234"
_LONG = [
    *("url=", "request=", "header=", "data=", "data-raw=", "data-ascii=", "data-binary=", "data-urlencode=", "json="),
    *("form=", "cookie=", "user-agent=", "referer=", "user=", "output=", "max-time=", "connect-timeout=", "proxy="),
    *("write-out=", "cacert=", "cert=", "key=", "resolve=", "connect-to=", "retry=", "get", "head", "compressed"),
    *("insecure", "location", "silent", "show-error", "include", "verbose", "fail", "globoff", "no-buffer"),
    *("path-as-is", "http1.0", "http1.1", "http2", "http3", "tlsv1.2", "ipv4", "ipv6"),
]
_LONG_NAMES = {
    "X": "request", "H": "header", "d": "data", "b": "cookie", "F": "form",
    "A": "user-agent", "e": "referer", "u": "user", "G": "get", "I": "head",
}  # fmt: skip
_DATA = frozenset({"data", "data-raw", "data-ascii", "data-binary", "data-urlencode", "json"})

Options = list[tuple[str, str]]


def _parse_curl(text: str) -> CopiedRequest:
    words = list(islice(_words(text), MAX_WORDS + 1))
    if len(words) > MAX_WORDS:
        raise ValueError(f"This curl command has more than {MAX_WORDS} words.")
    try:
        options, urls = gnu_getopt(words[1:], _SHORT, _LONG)
    except GetoptError as error:
        raise ValueError(f"The option {error.opt!r:.60} of this curl command is not known, or lacks a value.") from None
    return _from_curl([(_long_name(name), value) for name, value in options], urls)


def _long_name(option: str) -> str:
    name = option.lstrip("-")
    return _LONG_NAMES.get(name, name)


def _from_curl(options: Options, urls: list[str]) -> CopiedRequest:
    urls = [value for name, value in options if name == "url"] + urls
    if not urls:
        raise ValueError("This curl command names no URL.")
    headers = tuple(_curl_headers(options))
    body = _curl_body(options)
    request = CopiedRequest(url=urls[0], headers=headers, body=body, credentials=_credentials(headers))
    return replace(
        request,
        method=_curl_method(dict(options), body),
        mode=request.header("Sec-Fetch-Mode"),
        referrer=request.header("Referer"),
    )


def _curl_method(options: dict[str, str], body: bytes | None) -> str:
    if "request" in options:
        return options["request"]
    if "head" in options:
        return "HEAD"
    sends_body = body is not None or "form" in options
    return "POST" if sends_body and "get" not in options else "GET"


def _curl_headers(options: Options) -> Iterator[tuple[str, str]]:
    for name, value in options:
        for line in _HEADER_LINES[name](value) if name in _HEADER_LINES else ():
            yield _curl_header(line)


_HEADER_LINES: dict[str, Callable[[str], list[str]]] = {
    "header": lambda value: [value],
    "cookie": lambda value: [f"Cookie: {value}"],
    "user-agent": lambda value: [f"User-Agent: {value}"],
    "referer": lambda value: [f"Referer: {value}"],
    "user": lambda value: [f"Authorization: Basic {b64encode(_to_bytes(value)).decode()}"],
    "json": lambda _: ["Content-Type: application/json", "Accept: application/json"],
    "form": lambda _: ["Content-Type: multipart/form-data"],
}


def _curl_header(line: str) -> tuple[str, str]:
    """Split ``Name: value``, and ``Name;`` for an empty value; Safari copies ``:authority: host`` for HTTP/2."""
    name, _, value = line.lstrip(": ").partition(":")
    return name.strip().removesuffix(";"), value.strip()


def _curl_body(options: Options) -> bytes | None:
    data = [(name, value) for name, value in options if name in _DATA]
    if any(value.startswith("@") for name, value in data if name != "data-raw"):
        raise ValueError("This curl command takes the body from a file. Write the body into the command.")
    return _to_bytes("&".join(value for _, value in data)) if data else None


def _credentials(headers: Headers) -> str | None:
    return "include" if any(name.lower() == "cookie" for name, _ in headers) else None


def _to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


# -- The words of a command line ---------------------------------------------------------------------------

# What separates commands, as a word of its own: "Copy all as cURL" copies several.
_END = r"(?P<end> (?<! \S ) (?: ; | && | & | \| ) (?! \S ) )"
# shlex of the standard library does not know $'...', and takes quadratic time for one long word.
_BASH = re.compile(
    rf"""
      {_END}
    | (?P<space> (?: \s | \\\r?\n )++ )
    | \$' (?P<ansi> (?: [^'\\] | \\. )*+ ) '
    | '   (?P<single> [^']*+ ) '
    | "   (?P<double> (?: [^"\\] | \\. )*+ ) "
    | \\  (?P<escaped> . )
    |     (?P<bare> [^\s'"\\$]++ | \$ )
    """,
    re.VERBOSE | re.DOTALL,
)
_CMD = re.compile(
    rf"""
      {_END}
    | (?P<space> \s++ )
    | " (?P<quoted> (?: [^"\\] | \\. | "" )*+ ) "
    |   (?P<bare> [^\s"]++ )
    """,
    re.VERBOSE | re.DOTALL,
)
_IS_CMD = re.compile(r'curl(?:\.exe)?\s+(?:--url\s+)?(?:\^"|"[^"]*+"\s*\^\r?\n)')
_CARET = re.compile(r"\^(?:(\r?\n)(\r?\n)?|(.))", re.DOTALL)
_IN_DOUBLE = re.compile(r"""\\(?:([$`"\\])|\r?\n)""")
_IN_QUOTED = re.compile(r"""\\(["\\])|("")""")
_IN_ANSI = re.compile(
    r"\\(?: (?: x([0-9A-Fa-f]{1,2}) | u([0-9A-Fa-f]{1,4}) ) | ([0-7]{1,3}) | (.) )", re.VERBOSE | re.DOTALL
)
_ANSI_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}


def _words(text: str) -> Iterator[str]:
    if _IS_CMD.match(text):
        return _join_parts(_CARET.sub(_without_caret, text), _CMD)
    return _join_parts(text, _BASH)


def _join_parts(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the words of the first command; a word is parts, quoted or not, with no space between them."""
    word: list[str] = []
    for kind, part in _parts(text, pattern):
        if kind == "end":
            break
        if kind == "space":
            yield "".join(word)
            word = []
        else:
            word.append(_UNQUOTE[kind](part))
    if word:
        yield "".join(word)


def _parts(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = pattern.match(text, position)
        if found is None or found.lastgroup is None:
            raise ValueError("A quote in this curl command is not closed.")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


def _without_caret(found: re.Match[str]) -> str:
    """Read the end of a line with a caret as a space, and one that is doubled as a line break in a body."""
    _, doubled, character = found.groups()
    if character is not None:
        return str(character)
    return "\n" if doubled else " "


def _unescape_ansi(text: str) -> str:
    text = _IN_ANSI.sub(_ansi_character, text)
    # Browsers write one \\u for each half of a character beyond U+FFFF.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _ansi_character(found: re.Match[str]) -> str:
    two_digits, four_digits, octal, letter = found.groups()
    if letter is not None:
        return _ANSI_LETTERS.get(letter, letter)
    return chr(int(octal, 8) if octal else int(two_digits or four_digits, 16))


_UNQUOTE: dict[str, Callable[[str], str]] = {
    "ansi": _unescape_ansi,
    "single": str,
    "double": lambda part: _IN_DOUBLE.sub(r"\1", part),
    "quoted": lambda part: _IN_QUOTED.sub(lambda found: found[1] or '"', part),
    "escaped": str,
    "bare": str,
}


# -- Formats -----------------------------------------------------------------------------------------------

_POWERSHELL = re.compile(r"\$session\s*=|Invoke-WebRequest\b")


def _refuse_powershell(_: str) -> CopiedRequest:
    raise ValueError('This was copied for PowerShell. Take "Copy as cURL" or "Copy as fetch" from the network panel.')


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[str], CopiedRequest]], ...] = (
    (_CURL, _parse_curl),
    (_FETCH, _parse_fetch),
    (_POWERSHELL, _refuse_powershell),
)
