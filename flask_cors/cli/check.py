"""``flask cors check``: the table of its rules, what of their findings is kept, and one fix for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from .finding import LEVELS, Finding
from .ignoring import silence
from .readers import openings
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
from .site import Site
from .writing import Fix, Writer

#: Each rule takes the app as it was read, and yields findings with these ids.
RULES: dict[Callable[[Site], Iterator[Finding]], tuple[str, ...]] = {
    setup.wrong_options: ("wrong-options",),
    setup.misspelt_key: ("misspelt-key",),
    setup.no_cors: ("no-cors",),
    setup.decorators_alone: ("decorators-alone",),
    origins.doubtful_origin: ("doubtful-origin",),
    origins.risky_origin: ("risky-origin",),
    policies.useless_name: ("useless-name",),
    policies.wildcard_with_credentials: ("wildcard-exposes-nothing", "wildcard-is-a-name"),
    policies.capped_max_age: ("max-age-capped",),
    patterns.unused_pattern: ("unused-pattern",),
    patterns.stray_pattern: ("stray-pattern",),
    patterns.shadowed_pattern: ("shadowed-pattern",),
    decorators.decorator_opens_more: ("decorator-opens-more", "decorator-drops-credentials"),
    logins.views_behind_logins: ("cookies-under-wildcard", "cookies-not-supported", "token-not-allowed"),
    wideness.pattern_allows_more: ("pattern-allows-more",),
    slowness.slow_pattern: ("slow-pattern",),
    production.development_origin: ("development-origin",),
    production.errors_not_sent: ("errors-not-sent",),
    production.overridden_key: ("overridden-key",),
    preflights.method_left_out: ("method-left-out",),
    preflights.json_without_content_type: ("json-without-content-type",),
    preflights.preflight_each_call: ("preflight-each-call",),
    headers.odd_header_name: ("odd-header-name",),
    headers.authorization_exposed: ("authorization-exposed",),
    headers.header_not_exposed: ("header-not-exposed",),
    cookies.cookie_does_not_travel: ("cookie-does-not-travel",),
    placement.decorator_above_route: ("decorator-above-route",),
    placement.preflight_of_other_view: ("preflight-of-other-view",),
    placement.login_above_decorator: ("login-above-decorator",),
    placement.options_denied: ("options-denied",),
    placement.blueprint_left_out: ("blueprint-left-out",),
}
#: Those that look at one policy alone.
POLICY_RULES = (
    origins.doubtful_origin,
    origins.risky_origin,
    policies.useless_name,
    policies.wildcard_with_credentials,
    policies.capped_max_age,
)
#: Every id: those of the rules, and that of a comment without effect.
IDS = (*(name for names in RULES.values() for name in names), "unused-ignore")


def find_mistakes(site: Site) -> list[Finding]:
    """Return all findings of all rules, errors first and notes last, without those that a comment silences."""
    found = silence(site, _each_once(site, (finding for rule in RULES for finding in rule(site))), IDS)
    return sorted((_with_openings(site, one) for one in found), key=lambda finding: LEVELS.index(finding.level))


def choose(found: Iterable[Finding], select: Collection[str], ignore: Collection[str]) -> list[Finding]:
    """Return the findings with the selected ids, or all if none is selected, without the ignored ones."""
    return [one for one in found if (not select or one.id in select) and one.id not in ignore]


def _each_once(site: Site, found: Iterable[Finding]) -> list[Finding]:
    """Make one finding of those that say the same of one place, with one fix."""
    groups: dict[object, list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.id, finding.text, finding.place), []).append(finding)
    return [replace(same[0], fix=combined_fix(site, same)) if len(same) > 1 else same[0] for same in groups.values()]


def combined_fix(site: Site, found: Iterable[Finding]) -> Fix:
    """Return one fix in place of several: after it, there is nothing left to report of what they correct."""
    writer = Writer(site)
    texts = []
    for finding in found:
        writer.repeat(finding.fix)
        texts.append(finding.fix.text)
    return writer.fix("\n".join(dict.fromkeys(filter(None, texts))))


def _with_openings(site: Site, finding: Finding) -> Finding:
    """Let a fix say what it opens to whom."""
    writer = finding.fix.writer
    if writer is None:
        return finding
    words = " ".join(filter(None, [finding.fix.text, *openings(site, writer.plan)]))
    return replace(finding, fix=replace(finding.fix, text=words))


def policy_findings(site: Site) -> list[Finding]:
    """Return what the rules say of each policy by itself."""
    return [finding for rule in POLICY_RULES for finding in rule(site)]
