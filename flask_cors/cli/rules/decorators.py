"""Rules about decorators: what they take back of the policy beneath."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding, changed
from ..needs import Changes
from ..site import Site


def decorator_opens_more(site: Site) -> Iterator[Finding]:
    """Decorators that take back what the extension says, perhaps not on purpose."""
    for item in site.routes:
        beneath = site.cover_beneath(item.route) if item.is_decorated else None
        if item.cover is None or beneath is None:
            continue
        own, other, rule = item.cover.policy, beneath.policy, item.rule.rule
        is_wider = own.origins.any_origin and not other.origins.any_origin
        changes: Changes = {"origins": tuple(other.origins.entries)} if is_wider else {}
        if is_wider:
            text = f"@cross_origin opens {rule} to everyone, which {beneath.source} does not."
            fix = changed(site, item.cover, changes)
            yield Finding("decorator-opens-more", "warning", text, item.cover.layer.place, (rule,), fix)
        if other.supports_credentials and not own.supports_credentials:
            text = f"@cross_origin keeps credentials from {rule}, which {beneath.source} supports."
            fix = changed(site, item.cover, {"supports_credentials": True, **changes})
            yield Finding("decorator-drops-credentials", "warning", text, item.cover.layer.place, (rule,), fix)
