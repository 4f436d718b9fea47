"""Rules about preflights: those that fail since the policy lacks something, and those that cost each call."""

from __future__ import annotations

from collections.abc import Iterator

from ... import browser as fetch
from ...policy import Policy
from ..finding import Finding, changed, covered_routes, listed, rules_of
from ..needs import Changes, is_response_header
from ..site import Cover, RouteCover, Site
from ..views import functions_of, reads_json

_KEPT = 600  # seconds: what every browser accepts
_WITH_BODY = {"POST", "PUT", "PATCH", "DELETE", "QUERY"}
_OF_FORMS = {"accept", "accept-language", "content-language", "content-type", "range", "*"}


def method_left_out(site: Site) -> Iterator[Finding]:
    """Routes whose methods the policy leaves out. Browsers need no permission for GET, HEAD and POST."""
    for cover, routes in covered_routes(site):
        left_out = _left_out(cover.policy, routes)
        if left_out:
            names = sorted({item.route.method for item in left_out})
            rules = rules_of(left_out)
            text = f"{cover.source} does not allow {', '.join(names)} for {listed(rules)}: methods does not list it."
            changes = sparing(cover.policy, {"methods": (*(cover.policy.methods or ()), *names)})
            yield Finding("method-left-out", "warning", text, cover.layer.place, rules, changed(site, cover, changes))


def _left_out(policy: Policy, routes: list[RouteCover]) -> list[RouteCover]:
    methods = policy.methods
    if methods is None or "*" in methods:
        return []
    return [item for item in routes if item.route.method not in methods and _needs_preflight(item.route.method)]


def _needs_preflight(method: str) -> bool:
    return method != "OPTIONS" and not fetch.is_safelisted_method(method) and not fetch.is_forbidden_method(method)


def json_without_content_type(site: Site) -> Iterator[Finding]:
    """Views that read JSON, under a policy that does not allow ``Content-Type: application/json``."""
    for cover, routes in covered_routes(site):
        reading = _lacking_content_type(site, cover.policy, routes)
        if reading:
            rules = rules_of(reading)
            verb = "read" if len(rules) > 1 else "reads"
            text = f"{listed(rules)} {verb} JSON, but {cover.source} does not allow Content-Type: application/json."
            changes = sparing(cover.policy, {"headers": (*cover.policy.headers, "Content-Type")})
            fix = changed(site, cover, changes)
            yield Finding("json-without-content-type", "warning", text, cover.layer.place, rules, fix)


def _lacking_content_type(site: Site, policy: Policy, routes: list[RouteCover]) -> list[RouteCover]:
    if {"content-type", "*"} & {name.lower() for name in policy.headers}:
        return []
    return [item for item in routes if _takes_json(site, item)]


def _takes_json(site: Site, item: RouteCover) -> bool:
    return item.route.method in _WITH_BODY and any(map(reads_json, functions_of(site, item)))


def preflight_each_call(site: Site) -> Iterator[Finding]:
    """Routes whose calls all need a preflight, under a policy without ``max_age``."""
    for cover, routes in covered_routes(site):
        policy = cover.policy
        is_incomplete = _left_out(policy, routes) or _lacking_content_type(site, policy, routes)
        if policy.max_age is not None or is_incomplete:  # to complete it adds max_age
            continue
        reasons = list(_reasons(site, cover, routes))
        if reasons:
            rules = tuple(dict.fromkeys(rule for rule, _ in reasons))
            why = listed({reason for _, reason in reasons})
            text = (
                f"browsers send a preflight before each call of {listed(rules)} ({why}), and keep its response for "
                f"5 seconds. max_age={_KEPT} lets them keep it for 10 minutes."
            )
            fix = changed(site, cover, sparing(policy, {}))
            yield Finding("preflight-each-call", "note", f"{cover.source}: {text}", cover.layer.place, rules, fix)


def _reasons(site: Site, cover: Cover, routes: list[RouteCover]) -> Iterator[tuple[str, str]]:
    """Yield a rule, and what causes the preflight of its calls."""
    sent = [name for name in cover.policy.headers if _is_sent(name)]
    for item in routes:
        yield from ((item.rule.rule, name) for name in sent)
        if _needs_preflight(item.route.method):
            yield item.rule.rule, item.route.method
        elif _takes_json(site, item):
            yield item.rule.rule, "JSON"


def _is_sent(name: str) -> bool:
    """Whether a header needs a preflight; ``Content-Type`` may also be that of a form."""
    return not (name.lower() in _OF_FORMS or fetch.is_forbidden_header(name) or is_response_header(name))


def sparing(policy: Policy, changes: Changes) -> Changes:
    """Return changes that make preflights necessary, with a ``max_age`` that spares most of them."""
    return changes if policy.max_age is not None else {**changes, "max_age": _KEPT}
