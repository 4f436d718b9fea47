"""Rules about views that know their visitors, by a cookie or a token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from flask import session
from werkzeug.local import LocalProxy

from ...policy import Policy
from ..finding import EXAMPLE, Finding, changed, listed
from ..needs import Changes
from ..site import Cover, RouteCover, Site
from ..views import all_functions_of
from .origins import corrected_origins
from .policies import names_in_place_of_wildcards
from .preflights import sparing

_LOGIN = re.compile(r"(?:login|session|user|admin|roles?|permissions?)(?:_\w+)?_required|requires?_login|authenticated")
_SURELY_COOKIES = ("cookies", "session", "set_cookie")
_TOKEN = re.compile(r"(?:jwt|token|api_?key|auth)(?:_\w+)?_required|requires?_(?:auth|token|jwt)")


def views_behind_logins(site: Site) -> Iterator[Finding]:
    """Views that seem to know their visitors, whose pages cannot say who they are; no more than a hint, from names."""
    for cover in {id(item.cover.policy): item.cover for item in site.routes if item.cover}.values():
        yield from about_logins(site, site.routes, cover)


def about_logins(site: Site, routes: Iterable[RouteCover], cover: Cover) -> Iterator[Finding]:
    """Yield what the views under one policy hint at."""
    policy = cover.policy
    here = [item for item in routes if item.cover and item.cover.policy is policy]
    if not policy.origins.entries or site.errors:
        return
    cookies = _cookie_signs(site, here)
    if _allows_token(policy):  # which may be the login
        cookies = [(rule, sign) for rule, sign in cookies if sign in _SURELY_COOKIES]
    if cookies and policy.origins.matches_any_origin:
        text = (
            f"{cover.source} allows every origin, but {_told_by(cookies)} to depend on cookies: "
            'with "*", no page can read a response to a request with cookies.'
        )
        changes = {"origins": (EXAMPLE,), "supports_credentials": True, **_without_wildcards(site, policy)}
        yield _about_view(site, cover, "cookies-under-wildcard", text, cookies, changes, _YOUR_PAGES)
    elif cookies and not policy.supports_credentials:
        text = (
            f"{_told_by(cookies)} to depend on cookies, but {cover.source} does not support credentials: "
            "no page can read a response to a request with cookies."
        )
        yield _about_view(site, cover, "cookies-not-supported", text, cookies, with_credentials(site, policy))
    tokens = _token_signs(site, here)
    if tokens and not _allows_token(policy):
        text = f"{_told_by(tokens)} to need a token, but {cover.source} allows no page to send one."
        changes = sparing(policy, {"headers": (*policy.headers, "Authorization")})
        yield _about_view(site, cover, "token-not-allowed", text, tokens, changes)


_YOUR_PAGES = f"In place of {EXAMPLE}, write the origin of your pages."


def with_credentials(site: Site, policy: Policy) -> Changes:
    """Return the changes by which a policy supports credentials, with nothing in it that is wrong with them."""
    origins = corrected_origins(policy, credentials=True)
    safer: Changes = (
        {} if origins == corrected_origins(policy, credentials=False) or not origins else {"origins": origins}
    )
    return {"supports_credentials": True, **safer, **_without_wildcards(site, policy)}


def _without_wildcards(site: Site, policy: Policy) -> Changes:
    """Return names in place of wildcards, which stand for nothing with credentials."""
    named = names_in_place_of_wildcards(site, policy)
    return sparing(policy, named) if "headers" in named else {**named}


def needs_of_views(site: Site) -> Changes:
    """Return the options that a new policy needs for the views of an app."""
    changes: Changes = {}
    if _token_signs(site, site.routes):
        changes["headers"] = ("Authorization",)
    if _cookie_signs(site, site.routes):
        changes["supports_credentials"] = True
    return changes


def _allows_token(policy: Policy) -> bool:
    """Whether a page may send a token; ``*`` does not cover ``Authorization``, except for the names that are echoed."""
    echoes = "*" in policy.headers and policy.supports_credentials
    return echoes or any(re.search("auth|token|key", name, re.IGNORECASE) for name in policy.headers)


def _cookie_signs(site: Site, routes: Iterable[RouteCover]) -> list[tuple[str, str]]:
    """Return what hints at a login, with its rule: the names of decorators, and what the view uses."""
    found = ((item.rule.rule, function) for item in routes for function in all_functions_of(site, item))
    return [(rule, sign) for rule, one in found for sign in (*_names_like(_LOGIN, one), *uses_cookies(one))]


def _token_signs(site: Site, routes: Iterable[RouteCover]) -> list[tuple[str, str]]:
    found = ((item.rule.rule, function) for item in routes for function in all_functions_of(site, item))
    return [(rule, sign) for rule, one in found for sign in _names_like(_TOKEN, one)]


def _names_like(pattern: re.Pattern[str], function: Any) -> list[str]:
    return pattern.findall(function.__code__.co_qualname)


def _about_view(
    site: Site, cover: Cover, name: str, text: str, signs: list[tuple[str, str]], changes: Changes, words: str = ""
) -> Finding:
    routes = tuple(dict.fromkeys(rule for rule, _ in signs))
    fix = changed(site, cover, changes)
    return Finding(name, "warning", text, cover.layer.place, routes, replace(fix, text=words or fix.text), cover.policy)


def _told_by(signs: list[tuple[str, str]]) -> str:
    rules, names = (set(column) for column in zip(*signs, strict=True))
    return f"{listed(rules)} ({listed(names)}) {'seem' if len(rules) > 1 else 'seems'}"


def uses_cookies(function: Any) -> Iterator[str]:
    """Yield by which names a function reaches Flask's session, a logged-in user, or the cookies themselves."""
    names, known = function.__code__.co_names, function.__globals__
    proxies = (name for name in names if isinstance(known.get(name), LocalProxy))
    yield from (name for name in proxies if known[name] is session or name == "current_user")
    yield from (name for name in names if name in ("cookies", "set_cookie"))
