"""Rules about the other options of a policy: values that browsers ignore, or take for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ... import browser as fetch
from ...policy import Policy
from ..finding import Finding, Level, covers, setting_finding
from ..needs import is_response_header
from ..site import Site
from .headers import names_for_pages
from .preflights import sparing

_USELESS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("headers", fetch.is_forbidden_header, "the browser sets it, and no page can"),
    ("headers", is_response_header, "it is a header of responses, and no page sends it"),
    ("expose_headers", lambda name: name.lower() in ("set-cookie", "set-cookie2"), "browsers show it to no page"),
    ("methods", fetch.is_forbidden_method, "browsers block it for every page"),
)


def useless_name(site: Site) -> Iterator[Finding]:
    """Names of headers and methods that browsers ignore."""
    for cover in covers(site):
        for option in ("headers", "expose_headers", "methods"):
            names = getattr(cover.policy, option) or ()
            reasons = {name: why for name in names for why in _useless(option, name)}
            if reasons:
                text = " ".join(f"{name} in {option} has no effect: {why}." for name, why in reasons.items())
                useful = tuple(name for name in names if name not in reasons)
                yield setting_finding(site, cover, option, "useless-name", "warning", text, {option: useful})


def _useless(option: str, name: str) -> Iterator[str]:
    """Yield why a name has no effect."""
    yield from (why for where, is_useless, why in _USELESS if where == option and is_useless(name))


def wildcard_with_credentials(site: Site) -> Iterator[Finding]:
    """``*`` where browsers take it for a name."""
    for cover in covers(site):
        named = names_in_place_of_wildcards(site, cover.policy) if cover.policy.supports_credentials else {}
        for option, names in named.items():
            name, level, text = _about_wildcard(option)
            changes = sparing(cover.policy, {option: names}) if option == "headers" else {option: names}
            found = setting_finding(site, cover, option, name, level, text, changes)
            if option == "headers" and found.fix.writer:
                found = replace(found, fix=replace(found.fix, text=_YOUR_HEADERS))
            yield found


def _about_wildcard(option: str) -> tuple[str, Level, str]:
    if option == "expose_headers":
        text = 'with credentials, "*" in expose_headers exposes nothing: list the names.'
        return "wildcard-exposes-nothing", "error", text
    text = f'with credentials, browsers read "*" in {option} as a name, so every name that they request is allowed.'
    return "wildcard-is-a-name", "warning", text


_YOUR_HEADERS = "In place of these names, write those that your pages send."


def names_in_place_of_wildcards(site: Site, policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the options that hold ``*``, with names in place of it: those of the routes and their views, too."""
    found = {"headers": ("Authorization", "Content-Type"), "methods": _methods_under(site, policy)}
    found["expose_headers"] = names_for_pages(site, policy)
    named = {}
    for option, others in found.items():
        names = getattr(policy, option) or ()
        if "*" in names:
            kept = (name for name in names if name != "*" and not any(_useless(option, name)))
            named[option] = tuple({name.lower(): name for name in (*others, *kept)}.values())
    return named


def _methods_under(site: Site, policy: Policy) -> tuple[str, ...]:
    """Return the methods of the routes for which a policy decides, or usual ones."""
    methods = {item.route.method for item in site.routes if item.cover and item.cover.policy is policy}
    return tuple(sorted(methods - {"HEAD", "OPTIONS"})) or ("GET", "POST")


def capped_max_age(site: Site) -> Iterator[Finding]:
    """A ``max_age`` beyond what the most used browser allows."""
    for cover in covers(site):
        seconds, most = cover.policy.max_age or 0, fetch.BROWSER_MAX_AGE_LIMITS["Chromium"]
        if seconds > most:
            limits = {name: limit for name, limit in fetch.BROWSER_MAX_AGE_LIMITS.items() if limit < seconds}
            cut = ", ".join(f"{name} to {limit}" for name, limit in limits.items())
            text = f"browsers reduce max_age={seconds}: {cut} seconds."
            yield setting_finding(site, cover, "max_age", "max-age-capped", "warning", text, {"max_age": most})
