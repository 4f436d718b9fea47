"""Read what the consoles of Chromium, Firefox and Safari print when they block a request.

>>> [message] = parse_console('''
... users.html:7 Access to fetch at 'https://api.example/users' from origin 'https://app.example' has been blocked
... by CORS policy: Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.
... PUT https://api.example/users net::ERR_FAILED
... ''')
>>> message.cause, message.url, message.origin, message.method
('method-not-allowed', 'https://api.example/users', 'https://app.example', 'PUT')

:data:`WORDINGS` is the table, one row for each wording. A row is a template: the words of the browser, with names in
braces for what differs, and brackets around what may be missing. A row stands alone, or follows a frame: words that a
browser prints before every reason. A reason in a frame that no row knows is read too, with the cause ``"unknown"``.

The output of a console is joined to one line first, so that neither line breaks nor anything else between the messages
matters. Each pattern begins with words of its own, or at the start of a word: the work grows with the length of the
text, and :data:`MAX_LENGTH` bounds that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

from .copied import MAX_LENGTH, origin_of

__all__ = ["CAUSES", "MAX_LENGTH", "WORDINGS", "ConsoleMessage", "Wording", "parse_console"]

BrowserName = Literal["Chromium", "Firefox", "Safari"]

#: Each cause, and what it says. These names are stable.
CAUSES = {
    "missing-allow-origin": "The response has no header Access-Control-Allow-Origin.",
    "origin-mismatch": "Access-Control-Allow-Origin of the response names another origin than the page's.",
    "origin-not-allowed": "Access-Control-Allow-Origin is missing or names another origin; Safari does not tell which.",
    "multiple-values": "The response has Access-Control-Allow-Origin more than once, or with several values.",
    "invalid-value": "Access-Control-Allow-Origin of the response is neither an origin nor *.",
    "wildcard-with-credentials": "The page sends credentials, and Access-Control-Allow-Origin is *.",
    "credentials-not-true": "The page sends credentials, and Access-Control-Allow-Credentials is not true.",
    "preflight-status": "The preflight response has a status that is not from 200 to 299.",
    "preflight-redirect": "The preflight response is a redirect.",
    "method-not-allowed": "Access-Control-Allow-Methods of the preflight response does not list the method.",
    "header-not-allowed": "Access-Control-Allow-Headers of the preflight response does not list a request header.",
    "invalid-allow-methods": "Access-Control-Allow-Methods of the preflight response is not a list of methods.",
    "invalid-allow-headers": "Access-Control-Allow-Headers of the preflight response is not a list of header names.",
    "redirect": "A redirect was not followed.",
    "unsupported-scheme": "The URL does not begin with http: or https:.",
    "same-origin-only": "This kind of request cannot leave the page's own origin, even if the server allows it.",
    "mixed-content": "A page of https called a URL of http.",
    "private-network": "A public page called an address of this computer or of the local network.",
    "content-security-policy": "The Content-Security-Policy of the page itself forbids the request.",
    "resource-policy": "The header Cross-Origin-Resource-Policy of the response keeps it from other sites.",
    "mime-type": "The response is not a script or a stream of events; most often it is an error page.",
    "connection-refused": "No server listens there.",
    "host-not-found": "The name of the host is not known.",
    "tls-error": "There is no secure connection: the certificate is wrong, or the server does not speak https.",
    "unsafe-port": "Browsers block this port.",
    "blocked-by-client": "An extension of the browser blocked the request.",
    "network-error": "No response arrived.",
    "cors-disabled": "CORS is turned off in this browser.",
    "origin-not-added": "The browser could not add the header Origin.",
    "unexplained": "The request failed, and this line does not tell why.",
    "unknown": "The browser blocked the request for a reason that is not known here.",
}

# Such a line often follows another one that tells more.
_WEAK = frozenset({"unexplained", "network-error"})
_WITH_CREDENTIALS = frozenset({"wildcard-with-credentials", "credentials-not-true"})
_OF_PREFLIGHT = frozenset(
    {
        *("preflight-status", "preflight-redirect", "method-not-allowed", "header-not-allowed"),
        *("invalid-allow-methods", "invalid-allow-headers"),
    }
)
_BEFORE_PREFLIGHT = frozenset(
    {"unsupported-scheme", "same-origin-only", "mixed-content", "content-security-policy", "unsafe-port"}
)


@dataclass(frozen=True, kw_only=True)
class ConsoleMessage:
    """One blocked or failed request, as the console tells it; ``None`` stands for what it does not tell."""

    browser: BrowserName
    #: One of :data:`CAUSES`.
    cause: str
    #: ``"fetch"``, ``"xhr"``, ``"script"``, ``"font"``, ``"image"``, ``"eventsource"`` and so on.
    api: str | None = None
    url: str | None = None
    #: The origin of the page. Chromium names it even after a redirect between other origins, when ``null`` is sent.
    origin: str | None = None
    method: str | None = None
    #: The names of request headers that were not allowed.
    headers: tuple[str, ...] = ()
    #: The value of a response header, or the address space, that the message quotes.
    value: str | None = None
    credentials: bool | None = None
    #: Whether the preflight failed, and not the request itself.
    preflight: bool | None = None
    redirected_from: str | None = None
    redirected_to: str | None = None
    status: int | None = None
    #: The words that were read.
    text: str = field(default="", compare=False)


# -- Templates ---------------------------------------------------------------------------------------------

_HOLE = re.compile(r"""(['"`]?)\{(\w+)\}|\[|\]""")
_ESCAPED_HOLE = re.compile(r"""(['"`]?)\\\{(\w+)\\\}|\\\[|\\\]""")
# A word, without the punctuation that follows it.
_WORD = r"\S+?(?=[.:]?(?:\s|$))"
_CHARACTERS = {"api": "[A-Za-z ]{1,30}", "status": r"\d{1,3}"}
_SAMPLES = {
    "api": "fetch", "url": "http://127.0.0.1:5000/users", "origin": "http://localhost:3000", "method": "PUT",
    "page": "http://localhost:3000/", "header": "content-type", "value": "https://shop.example", "status": "200",
    "redirected_from": "http://127.0.0.1:5000/users/", "redirected_to": "http://127.0.0.1:5000/login", "any": "x",
}  # fmt: skip


def _compile(template: str) -> re.Pattern[str]:
    """Turn a template into a pattern with a group for each name; ``{any}`` has none."""
    return re.compile(_ESCAPED_HOLE.sub(_characters, re.escape(template)))


def _characters(hole: re.Match[str]) -> str:
    quote, name = hole.groups()
    if name is None:
        return "(?:" if hole[0] == r"\[" else ")?"
    characters = f"[^{quote}]*+" if quote else _CHARACTERS.get(name, _WORD)
    return f"{quote}(?:{characters})" if name == "any" else f"{quote}(?P<{name}>{characters})"


def _fill(template: str) -> str:
    return _HOLE.sub(lambda hole: f"{hole[1]}{_SAMPLES[hole[2]]}" if hole[2] else "", template)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Words that a browser prints around every reason of a kind."""

    example: str
    before: re.Pattern[str]
    after: re.Pattern[str] = re.compile("")
    #: Whether the request was blocked, for any reason.
    blocked: bool = True


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One row: what a browser prints, and the cause."""

    browser: BrowserName
    cause: str
    template: str
    frames: tuple[Frame, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches the words, without the frame."""
        return _compile(self.template)

    @property
    def example(self) -> str:
        """A whole message of this wording."""
        reason = _fill(self.template)
        return self.frames[0].example.replace("REASON", reason) if self.frames else reason


# -- Frames ------------------------------------------------------------------------------------------------

_PREFLIGHT = "Response to preflight request doesn't pass access control check: "
_THEREFORE = re.compile(
    r"[^']{0,200}Origin '(?P<origin>[^']*+)' is therefore not allowed access\."
    r"(?: The response had HTTP status code (?P<status>\d{3}))?"
)


def _frame(template: str, **more: Any) -> Frame:
    before, _, after = template.partition("REASON")
    without_preflight = before.replace(f"[{_PREFLIGHT}]", "")
    example = _fill(re.sub(r"\[[^]]*\]", "", without_preflight)) + "REASON" + _fill(after)
    return Frame(example=example, before=_compile(before), **more)


_ACCESS_TO = _frame(
    "Access to {api} at '{url}'[ (redirected from '{redirected_from}')] from origin '{origin}' "
    f"has been blocked by CORS policy: [{_PREFLIGHT}]REASON"
)
# Chromium before 2018 names the origin last.
_OLD_FRAMES = (
    _frame(f"Failed to load {{url}}: [{_PREFLIGHT}]REASON", after=_THEREFORE, blocked=False),
    _frame(f"XMLHttpRequest cannot load {{url}}. [{_PREFLIGHT}]REASON", after=_THEREFORE, blocked=False),
    _frame(f"Fetch API cannot load {{url}}. [{_PREFLIGHT}]REASON", after=_THEREFORE, blocked=False),
    _frame(
        f"Redirect from '{{redirected_from}}' to '{{url}}' has been blocked by CORS policy: [{_PREFLIGHT}]REASON",
        after=_THEREFORE,
    ),
)
_CORS = (_ACCESS_TO, *_OLD_FRAMES)
_NET = Frame(
    example="GET http://127.0.0.1:5000/users net::REASON",
    before=re.compile(
        r"(?<!\S)(?:(?P<method>[A-Z]{3,7}) )?(?P<url>\S++) (?:- )?(?:Failed to load resource: )?net::(?=ERR_)"
    ),
    after=re.compile(r"(?: (?P<status>\d{3}) \()?"),
    blocked=False,
)
_SAME_ORIGIN_POLICY = Frame(
    example="Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at "
    "http://127.0.0.1:5000/users. (Reason: REASON).",
    before=re.compile(r"disallows reading the remote resource at '?(?P<url>\S+?)'?\. \(Reason: "),
    after=re.compile(r"\)\.?(?: Status code: (?P<status>\d{3}))?"),
)
_FRAMES: tuple[tuple[BrowserName, Frame], ...] = (
    *(("Chromium", frame) for frame in (*_CORS, _NET)),
    ("Firefox", _SAME_ORIGIN_POLICY),
)


# -- The table ---------------------------------------------------------------------------------------------


#: Each row is a cause and a template; a line that is indented goes on with the row. The first row that matches decides.
_TABLE = """
# Chromium, in a frame
missing-allow-origin: No 'Access-Control-Allow-Origin' header is present on the requested resource.
origin-mismatch: The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied
  origin.[ Have the server send the header with a valid value.]
multiple-values: The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed.[
  Have the server send the header with a valid value.]
invalid-value: The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.[ Have the server send the
  header with a valid value.]
wildcard-with-credentials: The value of the 'Access-Control-Allow-Origin' header in the response must not be the
  wildcard '*' when the request's credentials mode is 'include'.
credentials-not-true: The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must
  be 'true' when the request's credentials mode is 'include'.
preflight-status: [PREFLIGHT]It does not have HTTP ok status.
preflight-redirect: [PREFLIGHT]Redirect is not allowed for a preflight request.
method-not-allowed: Method {method} is not allowed by Access-Control-Allow-Methods[ in preflight response].
header-not-allowed: Request header field {header} is not allowed by Access-Control-Allow-Headers[ in preflight
  response].
invalid-allow-methods: Cannot parse Access-Control-Allow-Methods response header field in preflight response.
invalid-allow-headers: Cannot parse Access-Control-Allow-Headers response header field in preflight response.
redirect: Redirect location '{redirected_to}' contains a username and password, which is disallowed for cross-origin
  requests.
unsupported-scheme: Cross origin requests are only supported for[ protocol schemes: chrome, data, http, https]
private-network: Permission was denied for this request to access the `{value}` address space.
private-network: The request client is not a secure context and the resource is in more-private address space `{value}`.
private-network: [PREFLIGHT]No 'Access-Control-Allow-Private-Network' header was present in the preflight response for
  this private network request targeting the `{value}` address space.
# Chromium before 2018, in a frame
wildcard-with-credentials: A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the
  credentials flag is true.
credentials-not-true: Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is '{value}'.
preflight-status: Response for preflight has invalid HTTP status code {status}
preflight-status: Response for preflight does not have HTTP ok status.
preflight-redirect: Response for preflight is invalid (redirect)
# Chromium
unsupported-scheme: Fetch API cannot load {url}. URL scheme "{any}" is not supported.
unsupported-scheme: Not allowed to load local resource: {url}
same-origin-only: Fetch API cannot load {url}. Request mode is "same-origin" but the URL's origin is not same as the
  request origin {origin}
same-origin-only: Failed to construct '{api}': Script at '{url}' cannot be accessed from origin '{origin}'.
mixed-content: Mixed Content: The page at '{page}' was loaded over HTTPS, but requested an insecure {api} '{url}'. This
  request has been blocked; the content must be served over HTTPS.
content-security-policy: Connecting to '{url}' violates the following Content Security Policy directive:
content-security-policy: Refused to connect to '{url}' because it violates the following Content Security Policy
  directive:
content-security-policy: Fetch API cannot load {url}. Refused to connect because it violates the document's Content
  Security
mime-type: EventSource's response has a MIME type ("{value}") that is not "text/event-stream".
unexplained: TypeError: Failed to fetch
# Chromium, of the network
connection-refused: ERR_CONNECTION_REFUSED
host-not-found: ERR_NAME_NOT_RESOLVED
tls-error: ERR_CERT_{any}
tls-error: ERR_SSL_{any}
unsafe-port: ERR_UNSAFE_PORT
redirect: ERR_UNSAFE_REDIRECT
redirect: ERR_TOO_MANY_REDIRECTS
resource-policy: ERR_BLOCKED_BY_RESPONSE[.{any}]
blocked-by-client: ERR_BLOCKED_BY_CLIENT
unexplained: ERR_FAILED
network-error: ERR_{any}
# Firefox, in a frame
missing-allow-origin: CORS header 'Access-Control-Allow-Origin' missing
multiple-values: Multiple CORS header 'Access-Control-Allow-Origin' not allowed
origin-mismatch: CORS header 'Access-Control-Allow-Origin' does not match '{value}'
wildcard-with-credentials: Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'
credentials-not-true: expected 'true' in CORS header 'Access-Control-Allow-Credentials'
preflight-status: CORS preflight response did not succeed
preflight-status: CORS preflight channel did not succeed
preflight-redirect: CORS request external redirect not allowed
method-not-allowed: Did not find method in CORS header 'Access-Control-Allow-Methods'
header-not-allowed: header '{header}' is not allowed according to header 'Access-Control-Allow-Headers' from CORS
  preflight response
header-not-allowed: missing token '{header}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel
invalid-allow-methods: invalid token '{value}' in CORS header 'Access-Control-Allow-Methods'
invalid-allow-headers: invalid token '{value}' in CORS header 'Access-Control-Allow-Headers'
unsupported-scheme: CORS request not http
unsupported-scheme: CORS request not HTTP
network-error: CORS request did not succeed
cors-disabled: CORS disabled
origin-not-added: CORS header 'Origin' cannot be added
# Firefox
mixed-content: Blocked loading mixed active content "{url}"
content-security-policy: The page's settings blocked the loading of a resource[ (connect-src)] at {url}
same-origin-only: Security Error: Content at {page} may not load data from {url}
unsupported-scheme: Security Error: Content at {page} may not load or link to {url}
resource-policy: The resource at "{url}" was blocked due to its Cross-Origin-Resource-Policy header
mime-type: Loading module from "{url}" was blocked because of a disallowed MIME type ("{value}").
unexplained: Firefox can't establish a connection to the server at {url}
unexplained: downloadable {api}: download failed (font-family: "{any}" style:{any} weight:{any} stretch:{any} src
  index:{any} bad URI or cross-site access not allowed source: {url}
unexplained: TypeError: NetworkError when attempting to fetch resource.
# Safari
origin-not-allowed: Origin {origin} is not allowed by Access-Control-Allow-Origin.[ Status code: {status}]
origin-not-allowed: XMLHttpRequest cannot load {url}. Origin {origin} is not allowed by Access-Control-Allow-Origin.
redirect: Cross-origin redirection to {redirected_to} denied by Cross-Origin Resource Sharing policy:[ Origin {origin}
  is not allowed by Access-Control-Allow-Origin.[ Status code: {status}]]
redirect: Not allowed to follow a redirection while loading {url}
multiple-values: Access-Control-Allow-Origin cannot contain more than one origin.
wildcard-with-credentials: Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.
credentials-not-true: Credentials flag is true, but Access-Control-Allow-Credentials is not "true".
preflight-status: Preflight response is not successful[. Status code: {status}]
method-not-allowed: Method {method} is not allowed by Access-Control-Allow-Methods.
header-not-allowed: Request header field {header} is not allowed by Access-Control-Allow-Headers.
invalid-allow-methods: Header Access-Control-Allow-Methods has an invalid value:
invalid-allow-headers: Header Access-Control-Allow-Headers has an invalid value:
unsupported-scheme: Cross origin requests are only supported for HTTP.
same-origin-only: Unsafe attempt to load URL {url} from origin {origin}. Domains, protocols and ports must match.
mixed-content: The page at {page} requested insecure content from {url}
mixed-content: The page at {page} was not allowed to display insecure content from {url}
mixed-content: The page at {page} was not allowed to run insecure content from {url}
mixed-content: Not allowed to request resource
content-security-policy: Refused to connect to {url} because it does not appear in the connect-src directive of the
  Content Security Policy.
resource-policy: Cancelled load to {url} because it violates the resource's Cross-Origin-Resource-Policy response
  header.
connection-refused: Could not connect to the server.
connection-refused: Could not connect to {any}: Connection refused
host-not-found: A server with the specified hostname could not be found.
tls-error: The certificate for this server is invalid.
tls-error: An SSL error has occurred and a secure connection to the server cannot be made.
network-error: The network connection was lost.
unsafe-port: Not allowed to use restricted network port {any}: {url}
unexplained: Fetch API cannot load {url} due to access control checks.
unexplained: XMLHttpRequest cannot load {url} due to access control checks.
unexplained: EventSource cannot load {url} due to access control checks.
unexplained: Beacon API cannot load {url} due to access control checks.
unexplained: Cannot load image {url} due to access control checks.
unexplained: Cross-origin {api} load denied by Cross-Origin Resource Sharing policy.
unexplained: TypeError: Load failed
"""
_SECTIONS: dict[str, tuple[BrowserName, tuple[Frame, ...]]] = {
    "Chromium, in a frame": ("Chromium", _CORS),
    "Chromium before 2018, in a frame": ("Chromium", _OLD_FRAMES),
    "Chromium": ("Chromium", ()),
    "Chromium, of the network": ("Chromium", (_NET,)),
    "Firefox, in a frame": ("Firefox", (_SAME_ORIGIN_POLICY,)),
    "Firefox": ("Firefox", ()),
    "Safari": ("Safari", ()),
}


def _wordings() -> Iterator[Wording]:
    for section in _TABLE.split("\n# ")[1:]:
        title, *rows = section.replace("\n  ", " ").splitlines()
        browser, frames = _SECTIONS[title]
        for cause, template in (row.split(": ", 1) for row in rows):
            whole = template.replace("[PREFLIGHT]", f"[{_PREFLIGHT}]")
            yield Wording(browser=browser, cause=cause, template=whole, frames=frames)


WORDINGS: tuple[Wording, ...] = tuple(_wordings())
_ALONE = tuple(wording for wording in WORDINGS if not wording.frames)
_FRAMED = {frame: [wording for wording in WORDINGS if frame in wording.frames] for _, frame in _FRAMES}


# -- Reading -----------------------------------------------------------------------------------------------

_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u201b", "'") | dict.fromkeys("\u201c\u201d\u201e\u201f", '"'))
_APIS = {
    "XMLHttpRequest": "xhr", "XMLHttpRequest endpoint": "xhr", "Fetch API": "fetch", "Beacon API": "beacon",
    "EventSource": "eventsource", "EventSource endpoint": "eventsource", "CSS stylesheet": "stylesheet",
    "Cannot load image": "image",
}  # fmt: skip
_REST_OF_UNKNOWN = 200
# Consoles shorten "http://localhost:5000/users" to "localhost:5000/users:1", with the line of the file.
_SHORTENED = re.compile(r"((?:localhost|[\w.-]+:\d+)/.*):\d+")

# Where it stands in the text, and what it tells.
_Found = tuple[int, int, ConsoleMessage]


def parse_console(text: str) -> list[ConsoleMessage]:
    """Return what the output of a console tells of blocked and failed requests, each of them once, in order."""
    line = " ".join(text[:MAX_LENGTH].translate(_QUOTES).split())
    messages = _without_overlaps([*_find_framed(line), *_find_alone(line)])
    return _without_repetitions(_combine(_join_lines(messages)))


def _find_framed(line: str) -> Iterator[_Found]:
    for browser, frame in _FRAMES:
        for before in frame.before.finditer(line):
            if found := _read_reason(line, browser, frame, before):
                yield found


def _read_reason(line: str, browser: BrowserName, frame: Frame, before: re.Match[str]) -> _Found | None:
    start = before.start()
    for wording in _FRAMED[frame]:
        if reason := wording.pattern.match(line, before.end()):
            after = frame.after.match(line, reason.end())
            end = after.end() if after else reason.end()
            return start, end, _message(browser, wording.cause, line[start:end], _groups(before, reason, after))
    if frame.blocked:
        text = line[start : before.end() + _REST_OF_UNKNOWN]
        return start, before.end(), _message(browser, "unknown", text, _groups(before))
    return None


def _find_alone(line: str) -> Iterator[_Found]:
    for wording in _ALONE:
        for match in wording.pattern.finditer(line):
            yield match.start(), match.end(), _message(wording.browser, wording.cause, match[0], _groups(match))


def _groups(*matches: re.Match[str] | None) -> dict[str, str]:
    """Collect what the groups of all matches have taken."""
    pairs = (pair for match in matches if match for pair in match.groupdict().items())
    return {name: value for name, value in pairs if value}


def _message(browser: BrowserName, cause: str, text: str, groups: dict[str, str]) -> ConsoleMessage:
    status = int(groups.get("status", 0))
    cause = _refined(cause, status, groups.get("value", ""))
    return ConsoleMessage(
        browser=browser,
        cause=cause,
        api=_api(groups.get("api"), text),
        url=_url(groups.get("url"), text),
        origin=groups.get("origin") or origin_of(groups.get("page")),
        method=groups.get("method"),
        headers=(groups["header"],) if "header" in groups else (),
        value=groups.get("value"),
        credentials=True if cause in _WITH_CREDENTIALS else None,
        preflight=_preflight(cause, text),
        redirected_from=groups.get("redirected_from"),
        redirected_to=groups.get("redirected_to"),
        status=status or None,
        text=text,
    )


def _refined(cause: str, status: int, value: str) -> str:
    """Tell apart what Firefox and Safari print in the same words."""
    if cause == "preflight-status" and 300 <= status < 400:
        return "preflight-redirect"
    if cause == "origin-mismatch" and "," in value:
        return "multiple-values"
    return cause


def _api(name: str | None, text: str) -> str | None:
    if name is None:
        return next((api for words, api in _APIS.items() if text.startswith(words)), None)
    return _APIS.get(name, name.lower()) if name != "resource" else None


def _url(url: str | None, text: str) -> str | None:
    if url is None or "://" in url or f"{url} Failed to load" not in text:
        return url
    shortened = _SHORTENED.fullmatch(url)
    return f"http://{shortened[1]}" if shortened else None


def _preflight(cause: str, text: str) -> bool | None:
    """Chromium always tells whether it was the preflight, the others only sometimes."""
    if cause in _OF_PREFLIGHT or _PREFLIGHT in text:
        return True
    return False if cause in _BEFORE_PREFLIGHT or "has been blocked by CORS policy" in text else None


def _without_overlaps(found: Iterable[_Found]) -> Iterator[ConsoleMessage]:
    """Keep the longest of the messages that begin at one place, and none that begins within another."""
    last_end = 0
    for start, end, message in sorted(found, key=lambda item: (item[0], -item[1])):
        if start >= last_end:
            last_end = end
            yield message


def _join_lines(messages: Iterable[ConsoleMessage]) -> list[ConsoleMessage]:
    """Join the two lines of Safari: the reason, and then the URL."""
    joined: list[ConsoleMessage] = []
    for message in messages:
        if joined and message.cause == "unexplained" and _lacks_url(joined[-1]) and message.browser == "Safari":
            joined[-1] = _merge(joined[-1], message)
        else:
            joined.append(message)
    return joined


def _lacks_url(message: ConsoleMessage) -> bool:
    return message.browser == "Safari" and message.url is None


def _combine(messages: Iterable[ConsoleMessage]) -> list[ConsoleMessage]:
    """Combine the lines about one request: what a weak line adds goes to the one that tells the cause."""
    combined: list[ConsoleMessage] = []
    last_about: dict[tuple[str, str | None], int] = {}
    for message in messages:
        about = message.browser, message.url
        place = last_about.get(about)
        if place is not None and message.url is not None and _is_same(combined[place], message):
            combined[place] = _merge(combined[place], message)
        else:
            last_about[about] = len(combined)
            combined.append(message)
    return combined


def _is_same(one: ConsoleMessage, other: ConsoleMessage) -> bool:
    return one.cause == other.cause or not _WEAK.isdisjoint((one.cause, other.cause))


def _merge(one: ConsoleMessage, other: ConsoleMessage) -> ConsoleMessage:
    """Take the message with the cause, and fill its gaps from the other one."""
    if one.cause in _WEAK and other.cause not in _WEAK:
        one, other = other, one
    gaps = {item.name: getattr(other, item.name) for item in fields(one) if getattr(one, item.name) in (None, ())}
    if _tells_of_preflight(one, other):
        gaps["preflight"] = True
    return replace(one, **gaps)


def _tells_of_preflight(one: ConsoleMessage, other: ConsoleMessage) -> bool:
    """Firefox adds that the request did not succeed where the preflight failed, and after some redirects."""
    followed = other.cause == "network-error" and one.cause not in _WEAK and one.browser == "Firefox"
    redirects = one.status is not None and 300 <= one.status < 400
    return followed and one.preflight is None and not redirects


def _without_repetitions(messages: list[ConsoleMessage]) -> list[ConsoleMessage]:
    """Leave out equal messages, and those without a URL that another one with a URL makes needless."""
    told = {_signature(message) for message in messages if message.url is not None}
    explained = any(message.cause != "unexplained" for message in messages)
    kept = dict.fromkeys(
        message
        for message in messages
        if message.url is not None
        or not (_signature(message) in told or (message.cause == "unexplained" and explained))
    )
    return list(kept)


def _signature(message: ConsoleMessage) -> ConsoleMessage:
    """Return the reason without the request."""
    return replace(message, url=None, api=None, preflight=None)
