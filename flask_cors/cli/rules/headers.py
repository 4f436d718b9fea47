"""Rules about the names of headers: those that are odd, in the wrong option, or exposed to no page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from ...policy import Policy
from ..finding import Finding, changed, covered_routes, covers, finding_at, listed
from ..site import Site
from ..source import last_name
from ..views import definition_of, functions_of
from .preflights import sparing

_KNOWN = (
    "Accept-Language Authorization Cache-Control Content-Disposition Content-Language Content-Length Content-Range "
    "Content-Type ETag If-Match If-Modified-Since If-None-Match Last-Modified Retry-After X-API-Key X-Auth-Token "
    "X-CSRF-Token X-CSRFToken X-Request-ID X-Requested-With X-Total-Count X-XSRF-Token"
)
_BARE = {re.sub("-", "", name.lower()): name for name in _KNOWN.split()}
_SPELLINGS = {name.lower() for name in _KNOWN.split()}


def odd_header_name(site: Site) -> Iterator[Finding]:
    """Names that resemble a header, and are not one: ``content_type``."""
    for cover in covers(site):
        for option in ("headers", "expose_headers"):
            names: tuple[str, ...] = getattr(cover.policy, option)
            meant = {name: _meant(name) for name in names}
            odd = [name for name in names if meant[name] != name]
            if odd:
                pairs = ", ".join(f"{meant[name]} for {name}" for name in odd)
                text = f"{', '.join(odd)} in {option} is not a header that browsers or servers know: write {pairs}."
                fix = changed(site, cover, {option: tuple(dict.fromkeys(meant.values()))})
                yield finding_at(cover, "odd-header-name", "warning", text, fix)


def _meant(name: str) -> str:
    known = _BARE.get(re.sub("[-_]", "", name.lower()), name)
    if name.lower() not in _SPELLINGS and known != name:
        return known
    return name.replace("_", "-") if re.match("x_", name, re.IGNORECASE) else name


def authorization_exposed(site: Site) -> Iterator[Finding]:
    """``Authorization`` in ``expose_headers``: a page sends it, and does not read it."""
    for cover in covers(site):
        policy = cover.policy
        exposed = tuple(name for name in policy.expose_headers if name.lower() != "authorization")
        if len(exposed) == len(policy.expose_headers) or _is_set(site, "authorization"):
            continue
        text = "Authorization is a header of requests, and no view sends it back: expose_headers does nothing with it"
        if {"authorization", "*"} & {name.lower() for name in policy.headers}:
            fix = changed(site, cover, {"expose_headers": exposed})
            yield finding_at(cover, "authorization-exposed", "warning", f"{text}.", fix)
        else:
            changes = {"headers": (*policy.headers, "Authorization"), "expose_headers": exposed}
            fix = changed(site, cover, sparing(policy, changes))
            text += ". Write it into headers, so that pages may send it."
            yield finding_at(cover, "authorization-exposed", "warning", text, fix)


def _is_set(site: Site, header: str) -> bool:
    return any(name.lower() == header for _, _, names in _set_names(site) for name in names)


# -- What views send ---------------------------------------------------------------------------------------

_FOR_PAGES = re.compile(r"x-.+|link|etag|content-disposition|retry-after|ratelimit.*", re.IGNORECASE)
_FOR_OTHERS = re.compile(
    r"x-(frame-options|content-type-options|xss-protection|robots-tag|accel-.*|sendfile|powered-by|download-options"
    r"|permitted-cross-domain-policies|dns-prefetch-control|ua-compatible|forwarded-.*|real-ip)",
    re.IGNORECASE,
)
_OF_REQUESTS = re.compile("req|session|client", re.IGNORECASE)


def header_not_exposed(site: Site) -> Iterator[Finding]:
    """Headers that views set for pages, and that the policy does not expose."""
    found: dict[int, list[tuple[str, str]]] = {}
    for number, rule, names in _set_names(site):
        found.setdefault(number, []).extend((rule, name) for name in names if _is_for_pages(name))
    for cover, _ in covered_routes(site):
        exposed = {name.lower() for name in cover.policy.expose_headers}
        hidden = [pair for pair in found.get(id(cover.policy), ()) if pair[1].lower() not in exposed]
        if hidden and "*" not in exposed:
            rules = tuple(dict.fromkeys(rule for rule, _ in hidden))
            unlisted = tuple({name.lower(): name for _, name in hidden}.values())
            text = f"no page can read {listed(unlisted)} of {listed(rules)}: expose_headers does not list it."
            fix = changed(site, cover, {"expose_headers": (*cover.policy.expose_headers, *unlisted)})
            yield Finding("header-not-exposed", "note", f"{cover.source}: {text}", cover.layer.place, rules, fix)


def names_for_pages(site: Site, policy: Policy) -> tuple[str, ...]:
    """Return the headers that the views under a policy set for pages."""
    found = (name for number, _, names in _set_names(site) if number == id(policy) for name in names)
    return tuple(dict.fromkeys(filter(_is_for_pages, found)))


def _is_for_pages(name: str) -> bool:
    return _FOR_PAGES.fullmatch(name) is not None and _FOR_OTHERS.fullmatch(name) is None


def _set_names(site: Site) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the policy of a route, its rule, and the names of the headers that its view sets."""
    for cover, routes in covered_routes(site):
        for item in routes:
            for function in functions_of(site, item):
                written = definition_of(site, function)
                names = list(_names_in(written[1])) if written else []
                yield id(cover.policy), item.rule.rule, names


def _names_in(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Attribute() as target, slice=name)]):
                yield from _name_for(target, name)
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as target, attr="set" | "add"), args=[name, *_]):
                yield from _name_for(target, name)
            case ast.Call() if last_name(node.func) in ("Response", "response_class", "make_response"):
                yield from _keys([*node.args[1:], *(one.value for one in node.keywords if one.arg == "headers")])
            case ast.Call() if last_name(node.func) in ("send_file", "send_from_directory"):
                if any(one.arg == "as_attachment" and ast.unparse(one.value) != "False" for one in node.keywords):
                    yield "Content-Disposition"
            case ast.Return(value=ast.Tuple(elts=[_, *others])):
                yield from _keys(others)


def _name_for(target: ast.Attribute, name: ast.expr) -> Iterator[str]:
    """Yield the name if *target* is ``headers`` of a response."""
    if target.attr == "headers" and not _OF_REQUESTS.search(last_name(target.value)):
        yield from _texts([name])


def _keys(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Dict):
            yield from _texts(node.keys)


def _texts(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
