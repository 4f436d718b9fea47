"""Rules about views that know their visitors, by a cookie or a token."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask, session
from werkzeug.local import LocalProxy

from ..finding import EXAMPLE, Finding, changed, listed
from ..needs import Changes
from ..site import Cover, RouteCover, Site

_LOGIN = re.compile(r"(?:login|session|user|admin|roles?|permissions?)(?:_\w+)?_required|requires?_login|authenticated")
_TOKEN = re.compile(r"(?:jwt|token|api_?key|auth)(?:_\w+)?_required|requires?_(?:auth|token|jwt)")


def login_under_wildcard(site: Site) -> Iterator[Finding]:
    """Views that seem to know their visitors, under a policy for everyone; told from names, so no more than a hint."""
    for cover in _deciding(site):
        yield from about_logins(site, site.routes, cover)


def _deciding(site: Site) -> list[Cover]:
    return list({id(item.cover.policy): item.cover for item in site.routes if item.cover}.values())


def about_logins(site: Site, routes: Iterable[RouteCover], cover: Cover) -> Iterator[Finding]:
    """Yield what the views under one policy hint at."""
    policy = cover.policy
    if not policy.origins.matches_any_origin:
        return
    here = [item for item in routes if item.cover and item.cover.policy is policy]
    cookies = [(item.rule.rule, sign) for item in here for sign in _signs(site.app, item, _LOGIN, uses_cookies)]
    if cookies:
        text = (
            f'{cover.source} says "*", but {_told_by(cookies)} to depend on cookies: '
            'with "*", browsers show no page a response to a request with cookies.'
        )
        yield _about_view(site, cover, "cookies-under-wildcard", text, cookies, _COOKIE_CHANGES)
    tokens = [(item.rule.rule, sign) for item in here for sign in _signs(site.app, item, _TOKEN)]
    if tokens and not any(re.search("auth|token|key", name, re.IGNORECASE) for name in policy.headers):
        text = f"{_told_by(tokens)} to need a token, but {cover.source} lets no page send one."
        changes = {"headers": (*policy.headers, "Authorization")}
        yield _about_view(site, cover, "token-not-allowed", text, tokens, changes)


_COOKIE_CHANGES = {"origins": (EXAMPLE,), "supports_credentials": True}


def _about_view(
    site: Site, cover: Cover, name: str, text: str, signs: list[tuple[str, str]], changes: Changes
) -> Finding:
    routes = tuple(dict.fromkeys(rule for rule, _ in signs))
    return Finding(name, "warning", text, cover.layer.place, routes, changed(site, cover, changes))


def _told_by(signs: list[tuple[str, str]]) -> str:
    rules, names = (set(column) for column in zip(*signs, strict=True))
    return f"{listed(rules)} ({listed(names)}) {'seem' if len(rules) > 1 else 'seems'}"


def uses_cookies(function: Any) -> Iterator[str]:
    """Yield by which names a function reaches Flask's session, a logged-in user, or the cookies themselves."""
    names, known = function.__code__.co_names, function.__globals__
    proxies = (name for name in names if isinstance(known.get(name), LocalProxy))
    yield from (name for name in proxies if known[name] is session or name == "current_user")
    yield from (name for name in names if name in ("cookies", "set_cookie"))


def _no_uses(_: Any) -> Iterator[str]:
    return iter(())


def _signs(
    app: Flask, item: RouteCover, pattern: re.Pattern[str], uses: Callable[[Any], Iterator[str]] = _no_uses
) -> Iterator[str]:
    """Yield what hints at a login: the names of decorators that have wrapped the view, and what it uses."""
    view = app.view_functions.get(item.rule.endpoint)
    method = getattr(getattr(view, "view_class", None), item.route.method.lower(), None)
    for function in (*_unwrapped(view), *_unwrapped(method)):
        yield from pattern.findall(function.__code__.co_qualname)
        yield from uses(function)


def _unwrapped(view: Any) -> Iterator[Any]:
    """Yield a view and all that it wraps, as far as that is written in Python."""
    while view is not None:
        if hasattr(view, "__code__"):
            yield view
        view = getattr(view, "__wrapped__", None)
