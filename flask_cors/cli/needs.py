"""What a policy lacks for a call: the options that have to change, and their new values."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import browser as fetch
from ..origins import AllowedOrigins
from ..policy import ALL_METHODS, Policy

Changes = dict[str, Any]


class Wanted(NamedTuple):
    """What a page wants: its origin, the method, the header names that need permission, cookies or not."""

    origin: str
    method: str
    headers: tuple[str, ...]
    credentials: bool


def wanted_last(outcome: fetch.Outcome, credentials: bool) -> Wanted:
    """Return what the page wanted when it was blocked."""
    sent = outcome.exchanges[-1].request
    origin = fetch.get_header(sent.headers, "Origin") or ""
    method = fetch.get_header(sent.headers, fetch.REQUEST_METHOD) or sent.method
    names = fetch.extract_list(sent.headers, fetch.REQUEST_HEADERS) or []
    return Wanted(origin, method, tuple(names), credentials)


def changes_for(policy: Policy, wanted: Wanted, spelling: Mapping[str, str]) -> Changes:
    """Return the options, with their new values, that allow a call; nothing if the policy allows it already.

    ``null`` is the origin of every sandboxed page, so of any site: no change allows it.

    :param spelling: header names by their lower-case form, as the page spells them.
    """
    if wanted.origin == "null" and (wanted.credentials or not allows(policy, "null")):
        return {}
    needs = {
        "origins": _origins(policy, wanted),
        "methods": _methods(policy, wanted.method),
        "headers": _headers(policy, wanted, spelling),
        "supports_credentials": True if wanted.credentials and not policy.supports_credentials else None,
    }
    return {name: value for name, value in needs.items() if value is not None}


def allows(policy: Policy, origin: str) -> bool:
    """Whether a policy allows an origin; a function in ``origins`` that raises denies."""
    try:
        return policy.allows(origin)
    except Exception:
        return False


def _origins(policy: Policy, wanted: Wanted) -> tuple[Any, ...] | None:
    if wanted.credentials and policy.origins.matches_any_origin:
        return (wanted.origin,)
    if allows(policy, wanted.origin):
        return None
    kept = [entry for written in policy.origins.entries for entry in _unquoted(written)]
    return tuple(dict.fromkeys([*(entry for entry in kept if not is_meant(entry, wanted.origin)), wanted.origin]))


def _unquoted(entry: Any) -> list[Any]:
    """Return what a text of JSON holds, as the warning about it says; any other entry as it is."""
    has_quotes = isinstance(entry, str) and entry.strip().startswith(("[", '"', "'"))
    found = re.search("; write ('.*')$", "".join(never_matching(entry))) if has_quotes else None
    return str(ast.literal_eval(found[1])).split(", ") if found else [entry]


def is_meant(entry: Any, origin: str) -> bool:
    """Whether an entry that matches no origin was meant for this one: it has no scheme, or is a pattern as text.

    >>> is_meant("localhost:3000", "http://localhost:3000"), is_meant("https://a.example", "https://b.example")
    (True, False)
    """
    if not isinstance(entry, str) or not never_matching(entry):
        return False
    host = origin.partition("://")[2]
    text = re.sub(r"^(\w*:)?/{1,2}|/.*$", "", entry.strip())
    return text.lower() == host or _matches(entry, origin)


def never_matching(entry: Any) -> tuple[str, ...]:
    """Return what there is to say about an entry of ``origins`` that matches no origin."""
    found = AllowedOrigins.parse([entry])
    works = found.any_origin or found.exact or found.wildcards or found.patterns or found.callables
    return () if works else found.warnings


def _matches(pattern: str, origin: str) -> bool:
    try:
        return re.fullmatch(pattern, origin) is not None
    except re.error:
        return False


def _methods(policy: Policy, method: str) -> tuple[str, ...] | None:
    """Browsers compare methods exactly, and options are upper-cased: ``patch`` can never be listed."""
    listed = ALL_METHODS if policy.methods is None else policy.methods
    if fetch.is_safelisted_method(method) or not method.isupper() or {"*", method} & {*listed}:
        return None
    return (*listed, method)


def _headers(policy: Policy, wanted: Wanted, spelling: Mapping[str, str]) -> tuple[str, ...] | None:
    listed = {name.lower() for name in policy.headers}
    missing = [name for name in wanted.headers if name.lower() not in listed and not is_response_header(name)]
    if "*" in listed:  # with credentials, the requested names are sent
        echoes = policy.supports_credentials or wanted.credentials
        missing = [name for name in missing if fetch.is_non_wildcard_header(name) and not echoes]
    return (*policy.headers, *(spelling.get(name, name) for name in missing)) if missing else None


def is_response_header(name: str) -> bool:
    """Whether this is a header of responses that people set on requests: ``Access-Control-Allow-Origin``."""
    return name.lower().startswith("access-control-") and not fetch.is_forbidden_header(name)
