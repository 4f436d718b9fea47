"""A page, and what its scripts and elements call."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from json import dumps
from typing import Any, Literal, NamedTuple, get_args

from .cache import PreflightCache
from .checks import check_preflight, check_resource_policy, cors_check, visible_response
from .differences import UPLOAD_METHOD, UPLOAD_WITHOUT_BODY, notes_on_browsers
from .headers import HeaderList, PageHeaders, Pairs, extract_max_age, get_header, header_pairs, set_default, short_repr
from .messages import (
    Blocked,
    ConnectionFailed,
    CredentialsMode,
    Exchange,
    ExchangeKind,
    Mode,
    Outcome,
    Request,
    Response,
)
from .metadata import page_referrer, strip_referrer
from .request import Fetch, follow_redirect, new_fetch, page_target, redirect_location, set_headers_and_body
from .safelists import is_safelisted_header, is_safelisted_method
from .urls import DEFAULT_PORTS, check_origin, same_origin

CrossOrigin = Literal["anonymous", "use-credentials"]


class _Load(NamedTuple):
    """A destination, its mode without ``crossorigin``, and its ``Accept`` (#concept-fetch, step 12)."""

    destination: str
    mode: Mode
    accept: str


_LOADS = {
    "image": _Load("image", "no-cors", "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"),
    "script": _Load("script", "no-cors", "*/*"),
    "module": _Load("script", "cors", "*/*"),
    "style": _Load("style", "no-cors", "text/css,*/*;q=0.1"),
    "font": _Load("font", "cors", "*/*"),
}
_EVENT_STREAM = re.compile(r"text/event-stream[ \t]*(;.*)?", re.IGNORECASE)


class Browser:
    """A page at *origin* that sends its requests through *send*. It has a preflight cache of its own.

    :param origin: as browsers send it: ``https://app.example``, or ``null`` for sandboxed pages and files.
    :param send: the network: it takes a request and returns the response; it does not follow redirects.
    :param path: of the page's URL, for ``Referer`` and for relative URLs.
    :param clock: returns seconds that never decrease, for the preflight cache.
    """

    def __init__(
        self,
        origin: str,
        send: Callable[[Request], Response],
        *,
        path: str = "/",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.origin: str = check_origin(origin)
        self._send = send
        self._referrer = page_referrer(origin, path)
        self._base = self._referrer or f"{origin}/"
        self._cache = PreflightCache(clock)

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: PageHeaders = (),
        body: str | bytes | None = None,
        json: Any = None,
        credentials: CredentialsMode = "same-origin",
        mode: Mode = "cors",
        upload: bool = False,
    ) -> Outcome:
        """Do what ``fetch(url, {...})`` does on the page (#dom-global-fetch), and return the outcome.

        :param url: absolute, or relative to the URL of the page.
        :param body: text is sent as UTF-8, and as ``text/plain`` unless the page sets ``Content-Type``.
        :param json: a value to send instead of *body*, as ``application/json``.
        :param upload: whether it is an ``XMLHttpRequest`` with a listener on ``xhr.upload``: then even a simple request
            needs a preflight (#use-cors-preflight-flag). It joins equal headers, and drops the body of a GET or HEAD.
        """
        if json is not None:
            if body is not None:
                raise ValueError("fetch() takes a body or json, not both")
            headers, body = header_pairs(headers), dumps(json, ensure_ascii=False, separators=(",", ":"))
            set_default(headers, "Content-Type", "application/json")
        try:
            fetch = new_fetch(self.origin, page_target(url, self._base), method, credentials, mode)
            fetch.always_preflight = upload
            set_headers_and_body(fetch, headers, body)
        except Blocked as blocked:
            return _thrown("fetch() throws a TypeError", blocked)
        return self._run(fetch)

    def load(self, kind: str, url: str, *, crossorigin: CrossOrigin | None = None) -> Outcome:
        """Load what an element or a style sheet names (https://html.spec.whatwg.org/#create-a-potential-cors-request).

        Without CORS, the page can show an image or run a script, but not read it: the response is opaque. The model
        does not look at the status and the type of the response.

        :param kind: ``image``, ``script``, ``module`` (a script of that type), ``style`` or ``font``.
        :param crossorigin: the attribute of the element. Modules and fonts always use CORS.
        """
        if kind not in _LOADS:
            raise ValueError(f"load({kind!r}): it must be one of {', '.join(_LOADS)}")
        if crossorigin not in (None, *get_args(CrossOrigin)):
            raise ValueError(f"crossorigin={crossorigin!r}: it must be one of {', '.join(get_args(CrossOrigin))}")
        load = _LOADS[kind]
        mode: Mode = "cors" if crossorigin else load.mode
        credentials: CredentialsMode = "same-origin"
        if mode == "no-cors" or crossorigin == "use-credentials":
            credentials = "include"
        return self._request("The element fails", url, mode, credentials, [("Accept", load.accept)], load.destination)

    def event_source(self, url: str, *, with_credentials: bool = False, last_event_id: str = "") -> Outcome:
        """Do what ``new EventSource(url)`` does until the headers of the response are there.

        https://html.spec.whatwg.org/#dom-eventsource; no header of it needs a preflight, not even ``Last-Event-ID``.

        :param last_event_id: as after a connection that broke, with the ID of the last event.
        """
        headers = [("Accept", "text/event-stream"), ("Cache-Control", "no-cache"), ("Pragma", "no-cache")]
        if last_event_id:
            headers.append(("Last-Event-ID", last_event_id.encode().decode("latin-1")))
        credentials: CredentialsMode = "include" if with_credentials else "same-origin"
        outcome = self._request("new EventSource() throws a SyntaxError", url, "cors", credentials, headers)
        return _check_stream(outcome)

    def send_beacon(self, url: str, body: str | bytes | None = None, *, content_type: str | None = None) -> Outcome:
        """Do what ``navigator.sendBeacon(url, body)`` does (https://w3c.github.io/beacon/#sec-processing-model).

        The page never reads the response. A beacon always has credentials, and a preflight only if its type needs one.

        :param content_type: of a ``Blob``; text is ``text/plain``, and bytes have no type.
        """
        if content_type is None and isinstance(body, str):
            content_type = "text/plain;charset=UTF-8"
        headers = [] if content_type is None else [("Content-Type", content_type)]
        mode: Mode = "no-cors" if all(is_safelisted_header(*header) for header in headers) else "cors"
        try:
            fetch = new_fetch(self.origin, page_target(url, self._base), "POST", "include", "cors")
            set_headers_and_body(fetch, headers, body)
        except Blocked as blocked:
            return _thrown("sendBeacon() throws a TypeError", blocked)
        fetch.mode = mode
        outcome = self._run(fetch)
        return replace(outcome, response=Response(0)) if outcome.allowed else outcome

    def _request(
        self, failure: str, url: str, mode: Mode, credentials: CredentialsMode, headers: Pairs, destination: str = ""
    ) -> Outcome:
        """Send a request that is the browser's own, so that its headers need no preflight."""
        try:
            target = page_target(url, self._base)
        except Blocked as blocked:
            return _thrown(failure, blocked)
        fetch = Fetch(self.origin, "GET", [target], credentials, mode, destination, is_unsafe=False, headers=headers)
        return self._run(fetch)

    def _run(self, fetch: Fetch) -> Outcome:
        fetch.referrer = self._referrer
        try:
            response = visible_response(fetch, self._main_fetch(fetch))
        except Blocked as blocked:
            reason = " ".join([blocked.reason, *_notes(fetch)])
            return Outcome(False, reason, blocked.step, tuple(fetch.exchanges), None)
        note = " ".join(_notes(fetch)) or None
        return Outcome(True, note, fetch.step, tuple(fetch.exchanges), response)

    def _main_fetch(self, fetch: Fetch) -> Response:
        """#main-fetch, steps 9 and 12. After a redirect from another origin, the page's own origin is "cors", too."""
        fetch.referrer = strip_referrer(fetch.referrer, fetch.url)
        if same_origin(fetch.url.origin, self.origin) and fetch.tainting == "basic":
            return self._http_fetch(fetch)
        _check_other_origin(fetch)
        if fetch.mode == "no-cors":
            fetch.tainting = "opaque"
            return self._http_fetch(fetch)
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
        """#http-fetch, steps 4.3 to 6. A redirect must pass the checks like any other response."""
        response = self._exchange(fetch, "actual", fetch.to_network())
        if fetch.tainting == "cors":
            fetch.step = cors_check(response, fetch.serialized_origin, credentials=fetch.includes_credentials)
        if fetch.tainting == "opaque":
            check_resource_policy(fetch, response)
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
            reason = f"There is no response to {request.method} {short_repr(request.url)}: {error}."
            raise Blocked(reason, "#http-network-fetch step 8.1") from error
        response = replace(raw, headers=HeaderList((name, value.strip(" \t")) for name, value in raw.headers))
        fetch.exchanges.append(Exchange(kind, request, response))
        return response


def _thrown(failure: str, blocked: Blocked) -> Outcome:
    """Return the outcome of a call that is wrong in itself: nothing is sent."""
    return Outcome(False, f"{failure}: {blocked.reason}", blocked.step, (), None)


def _notes(fetch: Fetch) -> list[str]:
    """Return how browsers differ; on the page's own origin and without CORS, they do not."""
    if fetch.tainting != "cors" or not fetch.is_unsafe:
        return []
    notes = notes_on_browsers(fetch.headers)
    if fetch.always_preflight and fetch.body is None:
        notes.append(UPLOAD_WITHOUT_BODY.note)
    if fetch.always_preflight and not is_safelisted_method(fetch.method):
        notes.append(UPLOAD_METHOD.note)
    return notes


def _check_other_origin(fetch: Fetch) -> None:
    """Block what cannot lead to another origin (#main-fetch, step 12), and what the model does not include."""
    if fetch.url.scheme in ("data", "blob"):
        reason = f"{short_repr(fetch.url.text)} is not modelled: CORS does not apply to data: and blob: URLs."
        raise Blocked(reason, "#scheme-fetch")
    if fetch.mode == "same-origin":
        reason = (
            f"{short_repr(fetch.url.text)} is of another origin, and mode='same-origin' allows only the page's own."
        )
        raise Blocked(reason, "#main-fetch step 12")
    if fetch.url.scheme not in DEFAULT_PORTS:
        reason = f"{short_repr(fetch.url.text)} is not an http: or https: URL, so CORS cannot allow it."
        raise Blocked(reason, "#main-fetch step 12")


def _check_stream(outcome: Outcome) -> Outcome:
    """Block an EventSource whose response is not a stream of events (https://html.spec.whatwg.org/#dom-eventsource)."""
    response = outcome.response
    if response is None:
        return outcome
    kind = get_header(response.headers, "Content-Type") or ""
    if response.status == 200 and _EVENT_STREAM.fullmatch(kind):
        return outcome
    found = f"The response has status {response.status} and Content-Type {short_repr(kind)}"
    reason = f"{found}; an EventSource needs 200 and 'text/event-stream'."
    return replace(
        outcome, allowed=False, reason=reason, step="html.spec.whatwg.org#dom-eventsource step 15", response=None
    )
