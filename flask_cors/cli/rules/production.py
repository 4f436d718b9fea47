"""Rules about what was made for development and is still there, and about what the environment cannot change."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...options import RESOURCES, config_key
from ...origins import AllowedOrigins
from ..case import host_of, is_private
from ..finding import EXAMPLE, Finding, covered_routes, covers, is_computed, listed, rules_of
from ..site import Cover, Site
from ..source import as_python
from ..writing import Fix, Writer

_TUNNELS = (
    "ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev loca.lt localtunnel.me trycloudflare.com lhr.life "
    "localhost.run serveo.net devtunnels.ms app.github.dev gitpod.io"
)
_SAMPLES = (
    *(f"{scheme}://{host}{port}" for scheme in ("http", "https") for host in ("localhost", "127.0.0.1", "192.168.0.1")
      for port in ("", ":3000", ":8080")),
    *(f"https://evil.{tunnel}" for tunnel in _TUNNELS.split()),
)  # fmt: skip


def development_origin(site: Site) -> Iterator[Finding]:
    """Origins of development, such as ``http://localhost:3000``, that are allowed outside debug mode."""
    for cover, routes in [] if site.app.debug else covered_routes(site):
        entries = cover.policy.origins.entries
        found = [entry for entry in entries if _is_of_development(entry)]
        if not found or cover.policy.origins.any_origin or _is_of_mobile_app(entries):
            continue
        whose = ", with the cookies of the user" if cover.policy.supports_credentials else ""
        names = ", ".join(map(_shown, found))
        text = f"{cover.source} allows {names} outside debug mode: any page that runs there may read responses{whose}."
        kept = [entry for entry in entries if entry not in found and not _never_matches(entry)]
        computed = is_computed(site, cover, "origins")
        fix = Fix(text="Allow it in debug mode only." if computed else _for_debug_mode(cover, found, kept))
        yield Finding("development-origin", "warning", text, cover.layer.place, rules_of(routes), fix)


def _never_matches(entry: Any) -> bool:
    found = AllowedOrigins.parse([entry])
    return not (found.exact or found.wildcards or found.patterns or found.callables)


def _is_of_development(entry: Any) -> bool:
    found = AllowedOrigins.parse([entry])
    if found.matches_any_origin:
        return False
    named = any(_is_development_host(origin) for origin in found.exact | found.wildcards)
    return named or any(pattern.fullmatch(sample) for pattern in found.patterns for sample in _SAMPLES)


def _shown(entry: Any) -> str:
    """Write an entry as browsers write it, if it is an origin."""
    found = AllowedOrigins.parse([entry])
    return ", ".join(sorted(found.exact | found.wildcards)) or as_python(entry)


def _is_development_host(origin: str) -> bool:
    if not re.match("https?:", origin):
        return False
    host = host_of(origin.removesuffix(":*"))
    is_tunnel = any(f".{host}".endswith(f".{tunnel}") for tunnel in _TUNNELS.split())
    is_of_company = host.endswith((".lan", ".internal"))  # these may be in production
    return is_tunnel or host.endswith(".test") or (is_private(host) and not is_of_company)


def _is_of_mobile_app(entries: tuple[Any, ...]) -> bool:
    """Whether ``http://localhost`` may be the origin of a mobile app, beside ``capacitor://localhost``."""
    return any(str(entry).startswith(("capacitor://", "ionic://")) for entry in entries)


def _for_debug_mode(cover: Cover, found: list[Any], kept: list[Any]) -> str:
    is_keyword = "origins" in cover.layer.parsed.values or "origins" in cover.entry.own
    if not is_keyword:
        return f"In production, set {config_key('origins')} without it."
    listed_entries = ", ".join(map(as_python, kept or [EXAMPLE]))
    names = ", ".join(map(as_python, found))
    return f"Allow it in debug mode only: origins=[{listed_entries}, *([{names}] if app.debug else [])]."


# -- Exceptions --------------------------------------------------------------------------------------------


def errors_not_sent(site: Site) -> Iterator[Finding]:
    """``PROPAGATE_EXCEPTIONS`` outside debug mode and tests: no response to an exception comes from the app."""
    app, covered = site.app, covered_routes(site)
    is_production = not app.debug and not app.testing
    has_handler = Exception in app.error_handler_spec[None][None]
    if app.config["PROPAGATE_EXCEPTIONS"] and is_production and not has_handler and covered:
        writer = Writer(site)
        writer.add_config({"PROPAGATE_EXCEPTIONS": False})
        text = "PROPAGATE_EXCEPTIONS is True: when a view raises, the server sends its own 500, without CORS headers."
        yield Finding("errors-not-sent", "warning", text, covered[0][0].layer.place, (), writer.fix())


# -- The environment ---------------------------------------------------------------------------------------


def overridden_key(site: Site) -> Iterator[Finding]:
    """Keys of the config that have no effect, since a keyword gives the same option another value everywhere."""
    for name, value in site.config.values.items():
        using = [cover for cover in covers(site) if name != RESOURCES or cover.layer.scope]
        given = [_given(cover) for cover in using]
        if not given or any(name not in options for options in given):
            continue
        if any(options[name] != value for options in given):
            key = _key(site, name)
            variable = f"FLASK_{key}"
            source = f"The environment variable {variable}" if variable in os.environ else key
            places = listed({f"{cover.layer.title} at {cover.layer.place}" for cover in using})
            text = (
                f"{source} has no effect: {places} gives {name} another value, and a keyword comes before the config."
            )
            fix = Fix(text=f"Take {name} out of the call if {key} is to decide; otherwise remove {key}.")
            yield Finding("overridden-key", "warning", text, using[0].layer.place, (), fix)


def _given(cover: Cover) -> Mapping[str, Any]:
    return {**cover.layer.parsed.values, **cover.entry.own}


def _key(site: Site, name: str) -> str:
    key = config_key(name)
    return key if key in site.app.config else "CORS_ALLOW_HEADERS"
