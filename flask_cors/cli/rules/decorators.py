"""Rules about decorators: what they take back of the policy beneath."""

from __future__ import annotations

from collections.abc import Iterator

from ...policy import Policy
from ..finding import Finding, changed, listed
from ..needs import Changes
from ..site import Cover, Site
from ..writing import Fix
from .logins import with_credentials
from .origins import corrected_origins


def decorator_opens_more(site: Site) -> Iterator[Finding]:
    """Decorators that take back what the extension says, perhaps not on purpose."""
    groups: dict[tuple[int, int], tuple[Cover, Cover, dict[str, None]]] = {}
    for item in site.routes:
        beneath = site.cover_beneath(item.route) if item.is_decorated else None
        if item.cover is not None and beneath is not None and not item.cover.layer.error:
            key = (id(item.cover.policy), id(beneath.policy))
            groups.setdefault(key, (item.cover, beneath, {}))[2][item.rule.rule] = None
    for cover, beneath, rules in groups.values():
        yield from _compare(site, tuple(rules), cover, beneath)


def _compare(site: Site, rules: tuple[str, ...], cover: Cover, beneath: Cover) -> Iterator[Finding]:
    own, other, place = cover.policy, beneath.policy, cover.layer.place
    is_wider = own.origins.any_origin and not other.origins.any_origin
    narrow = _same_origins(other) if is_wider else {}
    if is_wider:
        text = f"@cross_origin opens {listed(rules)} to every origin, which {beneath.source} does not."
        fix = changed(site, cover, narrow) if narrow else Fix(text="Give it the origins that may read.")
        yield Finding("decorator-opens-more", "warning", text, place, rules, fix, own)
    if other.supports_credentials and not own.supports_credentials:
        text = f"@cross_origin keeps credentials from {listed(rules)}, which {beneath.source} supports."
        fix = changed(site, cover, {**with_credentials(site, own), **narrow}) if narrow or not is_wider else Fix()
        yield Finding("decorator-drops-credentials", "warning", text, place, rules, fix, own)


def _same_origins(policy: Policy) -> Changes:
    """Return the origins of a policy, unless there is a function, which cannot be written."""
    if policy.origins.callables:
        return {}
    return {"origins": corrected_origins(policy, credentials=policy.supports_credentials)}
