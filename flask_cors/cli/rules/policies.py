"""Rules about the other options of a policy: values that browsers ignore, or take for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ... import browser as fetch
from ..finding import Finding, changed, covers, finding_at
from ..needs import is_response_header
from ..site import Site

_USELESS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("headers", fetch.is_forbidden_header, "the browser sets it, and no page can"),
    ("headers", is_response_header, "it is a header of responses, and no page sends it"),
    ("expose_headers", lambda name: name.lower() in ("set-cookie", "set-cookie2"), "browsers show it to no page"),
    ("methods", fetch.is_forbidden_method, "browsers let no page use it"),
)


def useless_name(site: Site) -> Iterator[Finding]:
    """Names of headers and methods that browsers ignore."""
    for cover in covers(site):
        for option, is_useless, why in _USELESS:
            names = getattr(cover.policy, option) or ()
            useful = tuple(name for name in names if not is_useless(name))
            for name in names if len(useful) < len(names) else ():
                if is_useless(name):
                    fix = changed(site, cover, {option: useful})
                    yield finding_at(cover, "useless-name", "warning", f"{name} in {option} has no effect: {why}.", fix)


def wildcard_with_credentials(site: Site) -> Iterator[Finding]:
    """``*`` where browsers take it for a name."""
    for cover in covers(site):
        policy = cover.policy
        if not policy.supports_credentials:
            continue
        if "*" in policy.expose_headers:
            names = tuple(name for name in policy.expose_headers if name != "*") or ("X-Total-Count",)
            text = 'with credentials, "*" in expose_headers exposes nothing: list the names.'
            fix = changed(site, cover, {"expose_headers": names})
            yield finding_at(cover, "wildcard-exposes-nothing", "error", text, fix)
        for option, usual in (("headers", ("Content-Type",)), ("methods", ("GET", "POST"))):
            if "*" in (getattr(policy, option) or ()):
                text = f'with credentials, "*" in {option} is a name to browsers, so whatever they request is allowed.'
                yield finding_at(cover, "wildcard-is-a-name", "warning", text, changed(site, cover, {option: usual}))


def capped_max_age(site: Site) -> Iterator[Finding]:
    """A ``max_age`` beyond what browsers allow."""
    for cover in covers(site):
        seconds = cover.policy.max_age or 0
        limits = {name: limit for name, limit in fetch.BROWSER_MAX_AGE_LIMITS.items() if limit < seconds}
        if limits:
            cut = ", ".join(f"{name} to {limit}" for name, limit in limits.items())
            text = f"max_age={seconds} is cut down by browsers: {cut} seconds."
            fix = changed(site, cover, {"max_age": max(limits.values())})
            yield finding_at(cover, "max-age-capped", "warning", text, fix)
