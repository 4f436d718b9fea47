"""The rule about session cookies that browsers do not send to the app from another site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..case import host_of, is_private
from ..finding import Finding, covered_routes, listed
from ..site import Cover, Place, RouteCover, Site
from ..views import functions_of
from ..writing import Fix, Writer
from .logins import uses_cookies

_NEEDED = {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_PARTITIONED": True}


def cookie_does_not_travel(site: Site) -> Iterator[Finding]:
    """A policy with credentials, while the app's session cookie does not travel to pages of another site."""
    found = [(cover, routes) for cover, routes in covered_routes(site) if cover.policy.supports_credentials]
    if not any(_uses_session(site, routes) for _, routes in found):
        return
    pages = {origin for cover, _ in found for origin in _public_origins(cover)}
    sites = {_site_of(host_of(origin)) for origin in pages}
    missing = {key: value for key, value in _NEEDED.items() if site.app.config.get(key, value) != value}
    if not pages or not missing:
        return
    place = found[0][0].layer.place
    if _is_cross_site(site, sites):
        yield _lost(site, pages, missing, place)
    elif site.app.config["SESSION_COOKIE_SAMESITE"] is None and not _own_host(site):
        yield _undecided(pages, missing, place)


def _uses_session(site: Site, routes: list[RouteCover]) -> bool:
    functions = (function for item in routes for function in functions_of(site, item))
    return bool(site.app.secret_key) or any({*uses_cookies(one)} & {"session", "current_user"} for one in functions)


def _public_origins(cover: Cover) -> list[str]:
    origins = cover.policy.origins
    named = [origin.removesuffix(":*") for origin in origins.exact | origins.wildcards]
    return [origin for origin in named if origin.startswith("https://") and not is_private(host_of(origin))]


def _site_of(host: str) -> str:
    return ".".join(host.split(".")[-2:])


def _own_host(site: Site) -> str:
    named = site.app.config["SESSION_COOKIE_DOMAIN"] or site.app.config["SERVER_NAME"] or ""
    return str(named).lstrip(".").partition(":")[0]


def _is_cross_site(site: Site, sites: set[str]) -> bool:
    """Whether some page is surely on another site than the app, or the config says so."""
    if site.app.config["SESSION_COOKIE_SAMESITE"] == "None" or len(sites) > 1:
        return True
    host = _own_host(site)
    return bool(host) and not is_private(host) and sites != {_site_of(host)}


def _lost(site: Site, pages: set[str], missing: dict[str, Any], place: Place | None) -> Finding:
    text = (
        f"The session cookie does not travel to {listed(pages)}: on another site, browsers send only cookies with "
        "SameSite=None and Secure, and many, as Chromium's default profile, only those with Partitioned as well."
    )
    writer = Writer(site)
    writer.add_config(missing)
    remark = "Serve the app over https. Protect it against forged requests: pages of any site can now cause them."
    return Finding("cookie-does-not-travel", "note", text, place, (), writer.fix(remark))


def _undecided(pages: set[str], missing: dict[str, Any], place: Place | None) -> Finding:
    text = (
        f"The session cookie has no SameSite. So browsers send it with calls of {listed(pages)} only if the app is on "
        "the same site."
    )
    values = ", ".join(f"{key}={value!r}" for key, value in missing.items())
    fix = Fix(
        text='If it is, say so: app.config["SESSION_COOKIE_SAMESITE"] = "Lax". '
        f"If it is not: app.config.update({values}), and protect the app against forged requests."
    )
    return Finding("cookie-does-not-travel", "note", text, place, (), fix)
