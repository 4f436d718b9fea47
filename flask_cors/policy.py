"""CORS on the server: which headers a response carries. Read this file to learn the protocol.

**The rule that CORS relaxes.** A browser lets a page send requests to any server. But it lets the page's scripts
*read* a response only if that comes from the page's own *origin*: the same scheme, host and port. With CORS, a
server says in response headers which other origins may read its responses. That is its **policy**. The server
states the policy; the browser enforces it. (So CORS protects the user of a browser. Other programs ignore it. CORS
is not a login, and it does not protect against forged requests.)

**Simple requests.** Each cross-origin request whose response a script wants to read carries a header such as
``Origin: https://app.example``. What an HTML form can send as well (a GET, a POST of form fields) is sent at once.
Then the browser looks at the response header ``Access-Control-Allow-Origin``: it must be that origin, or ``*``. If it
is not, the page gets a network error, although the server did its work.

**Preflights.** Before a request that no form can send (``DELETE``, a JSON body, a header ``X-Token``), the browser
sends a *preflight*::

    OPTIONS /users/7
    Origin: https://app.example
    Access-Control-Request-Method: DELETE
    Access-Control-Request-Headers: x-token

It sends the *actual request* only if the preflight response has an ok status, allows the origin, and lists the method
(in ``Access-Control-Allow-Methods``; ``GET``, ``HEAD`` and ``POST`` need not be listed) and the headers (in
``Access-Control-Allow-Headers``). It may cache this permission for ``Access-Control-Max-Age`` seconds.

**Credentials.** A browser sends cookies and HTTP authentication to another origin only if the page wants it. The page
can then read the response only if that says ``Access-Control-Allow-Credentials: true``. In this case ``*`` is not
a wildcard: the origin must be named.

**Exposed headers.** A page can read a few response headers (``Content-Type`` is one), and those that
``Access-Control-Expose-Headers`` lists.

**Caches.** If a response depends on the origin, it says ``Vary: Origin``. Without that, a cache could send the response
for one origin to another.

The specification is the `Fetch standard <https://fetch.spec.whatwg.org/>`__, cited below by its anchors; most of it is
at ``#http-cors-protocol``. This module is pure: strings in, strings out, no Flask.
"""

import re
from functools import cached_property
from typing import NamedTuple

from .origins import ANY_ORIGIN, AllowedOrigins

# The six headers by which a server states its policy: Fetch, #http-responses.
ACL_ORIGIN = "Access-Control-Allow-Origin"
ACL_METHODS = "Access-Control-Allow-Methods"
ACL_HEADERS = "Access-Control-Allow-Headers"
ACL_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
ACL_CREDENTIALS = "Access-Control-Allow-Credentials"
ACL_MAX_AGE = "Access-Control-Max-Age"
CORS_HEADERS = (ACL_ORIGIN, ACL_METHODS, ACL_HEADERS, ACL_EXPOSE_HEADERS, ACL_CREDENTIALS, ACL_MAX_AGE)

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")

Headers = tuple[tuple[str, str], ...]
Tokens = tuple[str, ...]  # methods, or names of headers

_CHARACTER = "[!#$%&'*+.^_`|~0-9A-Za-z-]"  # of a name: RFC 9110, section 5.6.2
# A client chooses the names in a preflight. More and longer ones are not echoed, so that the response stays short.
_MAX_NAMES = 64
_REQUESTED_NAME = rf"[ \t]*{_CHARACTER}{{1,128}}[ \t]*"


class CORSRequest(NamedTuple):
    """What CORS reads of a request: the method, and three headers, which are ``None`` where absent."""

    method: str
    origin: str | None = None
    requested_method: str | None = None
    requested_headers: str | None = None

    @property
    def is_preflight(self) -> bool:
        """Whether this is a preflight: Fetch ``#cors-preflight-request``.

        Any other ``OPTIONS`` is an ordinary request and gets no special treatment. If it got its response before
        a login is checked, that would be a hole in the login.
        """
        return bool(self.method == "OPTIONS" and self.origin and self.requested_method)


_NO_REQUEST = CORSRequest("")


class _PolicyFields(NamedTuple):  # apart, since a NamedTuple itself cannot have cached properties
    origins: AllowedOrigins = ANY_ORIGIN
    methods: Tokens | None = None
    headers: Tokens = ()
    expose_headers: Tokens = ()
    supports_credentials: bool = False
    max_age: int | None = None
    send_wildcard: bool = True
    always_send: bool = True
    automatic_options: bool = True
    vary_header: bool = True


class Policy(_PolicyFields):
    """Who may read a resource, and how. It never changes.

    The fields are the options of :class:`~flask_cors.options.Options`, parsed. ``supports_credentials`` is never
    combined with ``origins.matches_any_origin``: :mod:`~flask_cors.options` raises then.
    """

    def allows(self, origin: str) -> bool:
        """Whether pages of *origin* may read responses under this policy.

        Use it where another part of an app keeps a list of origins, such as a WebSocket server.

        :raises TypeError: if a callable in ``origins`` returns anything but a bool.
        :raises Exception: what a callable in ``origins`` raises.
        """
        return self.origins.allow(origin)

    def response_headers(self, request: CORSRequest, origin_allowed: bool | None = None) -> Headers:
        """Return the CORS headers of the response to *request*, and its ``Vary``.

        Fetch ``#http-responses``. A denied origin gets no CORS header: it learns nothing, not even which origins are
        allowed. For an allowed origin, all other headers of the policy are sent as well.

        :param origin_allowed: the result of :meth:`allows`, if it is known already.
        :raises Exception: what a callable in ``origins`` raises.
        """
        vary, others = self._vary, self._headers_of_actual_response
        if request.method == "OPTIONS":
            vary, others = self._vary_on_options, self._headers_on_options
        allow_origin = self._allow_origin(request.origin, origin_allowed)
        if allow_origin is None:
            return vary
        if request.method == "OPTIONS" and self._echoes:
            others = self._list_headers(self._methods_on_options, request)
        return ((ACL_ORIGIN, allow_origin), *others, *vary)

    def _allow_origin(self, origin: str | None, allowed: bool | None) -> str | None:
        """Return the value of ``Access-Control-Allow-Origin``: ``*``, one origin, or ``None`` for no header.

        The browser compares it with the page's origin, byte for byte: Fetch ``#cors-check``, step 4. So it never
        holds a list.
        """
        if origin is None:
            return self.origins.single if self.always_send else None
        if self.origins.any_origin and self.send_wildcard:
            return "*"
        if allowed is None:
            allowed = self.allows(origin)
        return origin if allowed else None

    @cached_property
    def _vary(self) -> Headers:
        """The ``Vary`` of a response, whether the origin is allowed or not: Fetch ``#cors-protocol-and-http-caches``.

        A response that denies the origin, or to a request without ``Origin``, needs it as well. A cache could send
        it to an origin that is allowed.
        """
        same_for_all = self.origins.any_origin and self.send_wildcard and self.always_send
        if same_for_all or not self.origins.entries or not self.vary_header:
            return ()
        return (("Vary", "Origin"),)

    @cached_property
    def _vary_on_options(self) -> Headers:
        names = [value for _, value in self._vary]
        if self._echoes_requested_names(self._methods_on_options):
            names.append("Access-Control-Request-Method")
        if self._echoes_requested_names(self.headers):
            names.append("Access-Control-Request-Headers")
        if not self.vary_header or not names:
            return ()
        return (("Vary", ", ".join(names)),)

    @cached_property
    def _headers_on_options(self) -> Headers:
        return self._list_headers(self._methods_on_options)

    @cached_property
    def _headers_of_actual_response(self) -> Headers:
        return self._list_headers(self.methods or ())

    @cached_property
    def _echoes(self) -> bool:
        return self._echoes_requested_names((*self._methods_on_options, *self.headers))

    @property
    def _methods_on_options(self) -> Tokens:
        return ALL_METHODS if self.methods is None else self.methods

    def _list_headers(self, methods: Tokens, request: CORSRequest = _NO_REQUEST) -> Headers:
        values = {
            ACL_METHODS: self._join_names(methods, request.requested_method),
            ACL_HEADERS: self._join_names(self.headers, request.requested_headers),
            ACL_EXPOSE_HEADERS: ", ".join(self.expose_headers),
            ACL_CREDENTIALS: "true" if self.supports_credentials else "",
            ACL_MAX_AGE: "" if self.max_age is None else str(self.max_age),
        }
        return tuple(header for header in values.items() if header[1])

    def _join_names(self, names: Tokens, requested: str | None) -> str:
        if not self._echoes_requested_names(names):
            return ", ".join(names)
        # The client chooses these names: the work and the result are bounded.
        pieces = (requested or "").split(",", _MAX_NAMES)[:_MAX_NAMES]
        echoed = {piece.strip(" \t") for piece in pieces if re.fullmatch(_REQUESTED_NAME, piece)}
        return ", ".join(sorted(echoed | ({*names} - {"*"})))

    def _echoes_requested_names(self, names: Tokens) -> bool:
        """Whether to send the names that a preflight requests, because a browser would not understand ``*``.

        Fetch ``#cors-preflight-fetch-0``, step 7: with credentials, ``*`` is a name like any other.
        """
        return self.supports_credentials and "*" in names


# Where no policy could be made. It has an entry, which no browser sends, so that responses carry `Vary`.
DENY_ALL = Policy(origins=AllowedOrigins(entries=("(none)",), any_origin=False))


def is_token(value: str) -> bool:
    """Whether *value* can be a method or a header name: RFC 9110's ``token``."""
    return re.fullmatch(f"{_CHARACTER}+", value) is not None
