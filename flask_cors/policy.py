"""CORS, the server's half: which headers an answer carries. Read this file to learn the protocol.

**The rule that CORS relaxes.** A browser lets a page send requests anywhere, but lets its scripts *read* an
answer only if the answer comes from the page's own *origin* (scheme, host and port). CORS is how a server
says: pages of that other origin may read this, too. The server only ever states its **policy**, in response
headers; the browser enforces it. (So CORS guards a browser's user. A program that is no browser reads what it
likes: CORS is no login, and no protection against forged requests.)

**Simple requests.** Every cross-origin request carries the header ``Origin: https://app.example``. What a plain
HTML form could have sent anyway (a GET, a POST of form fields) is sent at once. The browser then looks for
``Access-Control-Allow-Origin`` in the answer: it must name that origin, or be ``*``. If not, the page gets a
network error, although the server did its work.

**Preflights.** Before anything a form could not send (``DELETE``, a JSON body, a header ``X-Token``), the browser
asks first, with a request of its own making::

    OPTIONS /users/7
    Origin: https://app.example
    Access-Control-Request-Method: DELETE
    Access-Control-Request-Headers: x-token

and sends the *actual request* only if the answer has an ok status, allows the origin, and lists the method
(``Access-Control-Allow-Methods``) and the headers (``Access-Control-Allow-Headers``). It may remember the answer
for ``Access-Control-Max-Age`` seconds.

**Credentials.** Cookies and HTTP authentication stay at home unless the page asks for them *and* the answer says
``Access-Control-Allow-Credentials: true``. Then ``*`` means nothing any more: the origin must be named.

**Exposed headers.** Of the answer's headers a page sees a handful (``Content-Type`` among them), and those that
``Access-Control-Expose-Headers`` lists.

**Caches.** If the answer depends on the origin, it says ``Vary: Origin``: else a cache could hand one origin's
answer to another.

The law is the `Fetch standard <https://fetch.spec.whatwg.org/>`__, cited below by its anchors; chiefly
``#http-cors-protocol``. This module is pure: strings in, strings out, no Flask.
"""

from functools import cached_property
from string import ascii_letters, digits
from typing import NamedTuple

from .origins import EVERYONE, Origins, is_origin

# The six headers by which a server states its policy: Fetch, #http-responses.
ACL_ORIGIN = "Access-Control-Allow-Origin"
ACL_METHODS = "Access-Control-Allow-Methods"
ACL_HEADERS = "Access-Control-Allow-Headers"
ACL_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
ACL_CREDENTIALS = "Access-Control-Allow-Credentials"
ACL_MAX_AGE = "Access-Control-Max-Age"
RESPONSE_HEADERS = (ACL_ORIGIN, ACL_METHODS, ACL_HEADERS, ACL_EXPOSE_HEADERS, ACL_CREDENTIALS, ACL_MAX_AGE)

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Headers = tuple[tuple[str, str], ...]

# What a preflight may make this server repeat: more names than any page sends, and never a long answer.
_MOST_NAMES = 64
_LONGEST_NAME = 128
_TOKEN = frozenset(f"!#$%&'*+-.^_`|~{digits}{ascii_letters}")  # RFC 9110, section 5.6.2: what names are made of


class CORSRequest(NamedTuple):
    """All that CORS wants to know of a request: its method and three headers, ``None`` where absent."""

    method: str
    origin: str | None = None
    requested_method: str | None = None
    requested_headers: str | None = None

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks leave for another request: Fetch ``#cors-preflight-request``.

        Any other ``OPTIONS`` is an ordinary request, and gets no special treatment: an answer that
        skipped the login for it would be a hole in that login.
        """
        return bool(self.method == "OPTIONS" and self.origin and self.requested_method)


class _Options(NamedTuple):
    origins: Origins = EVERYONE
    methods: tuple[str, ...] | None = None
    headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    supports_credentials: bool = False
    max_age: int | None = None
    send_wildcard: bool = True
    always_send: bool = True
    automatic_options: bool = True
    vary_header: bool = True


class Policy(_Options):
    """Who may read a resource, and how. Frozen: made once, at set-up, and only read by requests.

    The fields are the options of :class:`~flask_cors.options.Options`, parsed. Never
    ``supports_credentials`` together with ``origins.anyone``: :mod:`~flask_cors.options` sees to it.
    """

    def answer(self, request: CORSRequest) -> Headers:
        """The CORS headers for the answer to *request*; none whatever if its origin is not let in.

        Fetch ``#http-responses``. An origin that is refused learns nothing, not even the list of those
        that are not. Where the origin is let in, the other headers stand beside it.

        :raises Exception: what a callable in ``origins`` raises.
        """
        origin = self.allowed_origin(request.origin)
        if origin is None:
            return ()
        if request.method != "OPTIONS":
            return ((ACL_ORIGIN, origin), *self._beside_simple)
        if self._repeating:
            asked = request.requested_method, request.requested_headers
            return ((ACL_ORIGIN, origin), *self._beside(self._on_options, *asked))
        return ((ACL_ORIGIN, origin), *self._beside_options)

    def simple(self, origin: str | None) -> Headers:
        """What :meth:`answer` and :meth:`vary` say together, to *origin* and any method but ``OPTIONS``."""
        allowed = self.allowed_origin(origin)
        return self._refusal if allowed is None else ((ACL_ORIGIN, allowed), *self._beside_simple, *self._refusal)

    # What does not depend on a request is computed once.

    @cached_property
    def to_everyone(self) -> Headers:
        """What :meth:`simple` says, where it says the same to all."""
        alike = self.origins.everyone and self.send_wildcard and self.always_send
        return ((ACL_ORIGIN, "*"), *self._beside_simple, *self._refusal) if alike else ()

    @cached_property
    def _refusal(self) -> Headers:
        return tuple(("Vary", name) for name in self._vary)

    @cached_property
    def _vary(self) -> tuple[str, ...]:
        depends = self.origins.written and not (self.origins.everyone and self.send_wildcard and self.always_send)
        return ("Origin",) if depends and self.vary_header else ()

    @cached_property
    def _beside_simple(self) -> Headers:
        return self._beside(self.methods or ())

    @cached_property
    def _beside_options(self) -> Headers:
        return self._beside(self._on_options)

    def allowed_origin(self, origin: str | None) -> str | None:
        """The value of ``Access-Control-Allow-Origin``: ``*``, one origin, or ``None`` for no header.

        The browser compares it with the page's origin, byte for byte: Fetch ``#cors-check``, step 4.
        So there is never a list in it.
        """
        if origin is None:  # what is the same for everybody can be said to nobody in particular
            return ("*" if self.origins.everyone else self.origins.only) if self.always_send else None
        if origin in self.origins.exact:
            return origin
        if not self.origins.inexact:
            return None
        if self.origins.everyone:
            return "*" if self.send_wildcard else origin if is_origin(origin) else None
        return origin if self.origins.matches(origin) else None

    def vary(self, method: str) -> tuple[str, ...]:
        """The request headers on which the answer to *method* depends, granted or refused.

        Fetch ``#cors-protocol-and-http-caches``: refused and origin-less answers need it as much, since
        those are what a cache would hand to an origin that is let in.
        """
        if method != "OPTIONS" or not self._repeating or not self.vary_header:
            return self._vary
        asked = (("Access-Control-Request-Method", self._on_options), ("Access-Control-Request-Headers", self.headers))
        return (*self._vary, *(name for name, names in asked if self._repeats(names)))

    @cached_property
    def _repeating(self) -> bool:
        return self._repeats((*self._on_options, *self.headers))

    @property
    def _on_options(self) -> tuple[str, ...]:
        return ALL_METHODS if self.methods is None else self.methods

    def _beside(self, methods: tuple[str, ...], method: str | None = None, headers: str | None = None) -> Headers:
        """The headers beside ``Access-Control-Allow-Origin``, where *method* and *headers* are asked for."""
        values = {
            ACL_METHODS: self._listed(methods, method),
            ACL_HEADERS: self._listed(self.headers, headers),
            ACL_EXPOSE_HEADERS: ", ".join(self.expose_headers),
            ACL_CREDENTIALS: "true" if self.supports_credentials else "",
            ACL_MAX_AGE: "" if self.max_age is None else str(self.max_age),
        }
        return tuple((name, value) for name, value in values.items() if value)

    def _listed(self, names: tuple[str, ...], requested: str | None) -> str:
        return ", ".join(sorted({*names, *_tokens(requested or "")} - {"*"}) if self._repeats(names) else names)

    def _repeats(self, names: tuple[str, ...]) -> bool:
        """Whether to answer with the names that are asked for, because ``*`` would not be understood.

        Fetch ``#cors-preflight-fetch-0``, step 7: with credentials, ``*`` is a name like any other.
        """
        return self.supports_credentials and "*" in names


def _tokens(value: str) -> list[str]:
    """The valid names in a list that a stranger sent: bounded work, bounded result."""
    names = (name.strip(" \t") for name in value.split(",", _MOST_NAMES)[:_MOST_NAMES])
    return [name for name in names if len(name) <= _LONGEST_NAME and is_token(name)]


def is_token(value: str) -> bool:
    """Whether *value* can be a method or a header name: RFC 9110's ``token``."""
    return bool(value) and _TOKEN.issuperset(value)


def merge_vary(present: str, needed: str) -> str:
    """The ``Vary`` that says what *present* says and what is *needed*, each name once, ours first."""
    merged: dict[str, str] = {}
    for name in filter(None, map(str.strip, f"{needed},{present}".split(","))):
        merged.setdefault(name.lower(), name)
    return "*" if "*" in merged else ", ".join(merged.values())
