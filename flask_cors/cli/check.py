"""``flask cors check``: the table of its rules. Each yields findings with an id and a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .finding import Finding
from .rules import (
    cookies,
    decorators,
    headers,
    logins,
    origins,
    patterns,
    placement,
    policies,
    preflights,
    production,
    setup,
    slowness,
    wideness,
)
from .site import Cover, Site

#: Each rule takes the app as it was read, and yields findings.
RULES: tuple[Callable[[Site], Iterator[Finding]], ...] = (
    setup.wrong_options,
    setup.misspelt_key,
    setup.no_cors,
    setup.decorators_alone,
    origins.doubtful_origin,
    origins.risky_origin,
    policies.useless_name,
    policies.wildcard_with_credentials,
    policies.capped_max_age,
    patterns.unused_pattern,
    patterns.stray_pattern,
    patterns.shadowed_pattern,
    decorators.decorator_opens_more,
    logins.login_under_wildcard,
    wideness.pattern_allows_more,
    slowness.slow_pattern,
    production.development_origin,
    production.overridden_key,
    preflights.method_left_out,
    preflights.json_without_content_type,
    preflights.preflight_each_call,
    headers.odd_header_name,
    headers.authorization_exposed,
    headers.header_not_exposed,
    cookies.cookie_does_not_travel,
    placement.decorator_above_route,
    placement.preflight_of_other_view,
    placement.login_above_decorator,
    placement.blueprint_left_out,
)
#: Those that look at one policy alone.
POLICY_RULES = (
    origins.doubtful_origin,
    origins.risky_origin,
    policies.useless_name,
    policies.wildcard_with_credentials,
    policies.capped_max_age,
)


def find_mistakes(site: Site) -> list[Finding]:
    """Return all findings of all rules, errors first, each once."""
    found = [finding for rule in RULES for finding in rule(site)]
    unique = {(finding.id, finding.text, finding.place): finding for finding in found}
    return sorted(unique.values(), key=lambda finding: finding.level)


def policy_findings(site: Site, cover: Cover) -> list[Finding]:
    """Return what the rules say of one policy."""
    found = [finding for rule in POLICY_RULES for finding in rule(site)]
    return [finding for finding in found if finding.place == cover.layer.place]
