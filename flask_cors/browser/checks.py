"""The checks of a response: whether the page may read it, and what of it."""

from __future__ import annotations

from dataclasses import replace

from .cache import Grant
from .differences import AUTHORIZATION
from .headers import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    RESOURCE_POLICY,
    HeaderList,
    Headers,
    extract_list,
    get_header,
    short_repr,
)
from .messages import Blocked, ExchangeKind, Response, describe_header
from .request import Fetch
from .safelists import is_non_wildcard_header, is_safelisted_method, unsafe_header_names
from .urls import same_origin, site_of

# The CORS check (#cors-check)


def cors_check(response: Response, origin: str, *, credentials: bool, kind: ExchangeKind = "actual") -> str:
    """Return the step that allows a page at *origin* to read *response*, or raise :exc:`Blocked` (#cors-check).

    :param credentials: whether the credentials mode is "include", with or without cookies.
    """
    allowed = get_header(response.headers, ALLOW_ORIGIN)
    if allowed == "*" and not credentials:
        return "#cors-check step 3"
    if allowed != origin:
        found = describe_header(ALLOW_ORIGIN, response, kind) + _explain_origin(allowed, origin)
        expected = repr(origin) if credentials else f"{origin!r} or '*'"
        step = 2 if allowed is None else 4
        raise Blocked(f"{found}; it must be {expected}.", f"#cors-check step {step}")
    if not credentials:
        return "#cors-check step 5"
    if get_header(response.headers, ALLOW_CREDENTIALS) != "true":
        found = describe_header(ALLOW_CREDENTIALS, response, kind)
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


def check_preflight(fetch: Fetch, response: Response) -> list[Grant]:
    """Check the response to a preflight, step 7, and return what it allows."""
    _check_ok(response.status)
    cors_check(response, fetch.serialized_origin, credentials=fetch.includes_credentials, kind="preflight")
    methods, names = _allowed_lists(fetch, response.headers)
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


def _allowed_lists(fetch: Fetch, headers: Headers) -> tuple[list[str], list[str]]:
    """Read both lists, steps 7.1 to 7.4: without a list of methods, an upload's own method is cached."""
    try:
        methods, names = extract_list(headers, ALLOW_METHODS), extract_list(headers, ALLOW_HEADERS)
    except ValueError as error:
        reason = f"{error}; the preflight response must list names with commas between them."
        raise Blocked(reason, "#cors-preflight-fetch-0 step 7.3") from None
    if methods is None and fetch.always_preflight:
        methods = [fetch.method]
    return methods or [], names or []


def _check_method(fetch: Fetch, methods: list[str], response: Response) -> None:
    """Check the method, step 7.5. A safelisted method needs no entry."""
    if fetch.method in methods or is_safelisted_method(fetch.method) or _is_wildcard(fetch, methods):
        return
    hint = _wildcard_hint(methods)
    if fetch.method.upper() in map(str.upper, methods):
        hint = " (upper and lower case differ)"
    reason = f"{describe_header(ALLOW_METHODS, response, 'preflight')}; it must list {fetch.method!r}{hint}."
    raise Blocked(reason, "#cors-preflight-fetch-0 step 7.5")


def _check_headers(fetch: Fetch, names: list[str], response: Response) -> None:
    """Check the headers, steps 7.6 and 7.7. ``*`` may cover them, but not ``Authorization``."""
    allowed = {name.lower() for name in names}
    missing = [name for name in unsafe_header_names(fetch.headers) if name not in allowed]
    found = describe_header(ALLOW_HEADERS, response, "preflight")
    if any(map(is_non_wildcard_header, missing)):
        note = f" {AUTHORIZATION.note}" if _is_wildcard(fetch, names) else ""
        raise Blocked(f"{found}; it must list 'authorization'.{note}", "#cors-preflight-fetch-0 step 7.6")
    if missing and not _is_wildcard(fetch, names):
        expected = ", ".join(map(short_repr, missing)) + _wildcard_hint(names)
        raise Blocked(f"{found}; it must list {expected}.", "#cors-preflight-fetch-0 step 7.7")


def _is_wildcard(fetch: Fetch, names: list[str]) -> bool:
    return "*" in names and not fetch.includes_credentials


def _wildcard_hint(names: list[str]) -> str:
    return " ('*' is not a wildcard because the page sends credentials)" if "*" in names else ""


# fmt: off
_SAFELISTED_RESPONSE_HEADERS = frozenset({
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified",
    "pragma",
})
# fmt: on
_FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})


def visible_response(fetch: Fetch, response: Response) -> Response:
    """Remove what is hidden: #concept-filtered-response-basic, or by tainting -cors or -opaque."""
    if fetch.tainting == "opaque":
        return Response(0)
    names = {name.lower() for name, _ in response.headers} - _FORBIDDEN_RESPONSE_HEADERS
    if fetch.tainting == "cors":
        names &= _SAFELISTED_RESPONSE_HEADERS | _exposed_names(fetch, response, names)
    return replace(response, headers=HeaderList(pair for pair in response.headers if pair[0].lower() in names))


def _exposed_names(fetch: Fetch, response: Response, all_names: set[str]) -> set[str]:
    """Read the list of step 14.1. An invalid list exposes no header, but does not hide the response."""
    try:
        listed = extract_list(response.headers, EXPOSE_HEADERS) or []
    except ValueError:
        return set()
    return all_names if _is_wildcard(fetch, listed) else {name.lower() for name in listed}


# Responses that a page cannot read (#cross-origin-resource-policy-check)


def check_resource_policy(fetch: Fetch, response: Response) -> None:
    """Block a response that its server keeps to its own origin or site (#cross-origin-resource-policy-check)."""
    policy = get_header(response.headers, RESOURCE_POLICY)
    if policy not in ("same-origin", "same-site") or (policy == "same-site" and _is_of_same_site(fetch)):
        return
    if policy == "same-origin" and same_origin(fetch.origin, fetch.url.origin):
        return
    reason = (
        f"{describe_header(RESOURCE_POLICY, response, 'actual')}; it must be 'cross-origin' for a page without CORS."
    )
    raise Blocked(reason, "#cross-origin-resource-policy-check step 4")


def _is_of_same_site(fetch: Fetch) -> bool:
    """Whether page and server have one site; a page of ``http:`` is not of the site of an ``https:`` server."""
    page, server = site_of(fetch.origin), site_of(fetch.url.origin)
    is_safe = page.startswith("https:") or not server.startswith("https:")
    return page != "null" and is_safe and page.partition(":")[2] == server.partition(":")[2]
