"""What a rule of ``flask cors check`` yields, and what the rules share."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..options import config_key
from ..policy import Policy
from .needs import Changes
from .plan import is_configured, policy_value_of
from .site import Cover, Place, RouteCover, Site
from .source import SETTERS, SourceFile, environment_name, is_literal, literal, setting_name
from .writing import Fix, Writer

EXAMPLE = "https://app.example"
_MOST_NAMED = 8
Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """A mistake, or what may be one: where it is, which routes it concerns, and what to write."""

    id: str
    level: Level
    text: str
    place: Place | None = None
    routes: tuple[str, ...] = ()
    fix: Fix = field(default_factory=Fix)
    policy: Policy | None = None  # the one that it is about


def changed(site: Site, cover: Cover, changes: Changes) -> Fix:
    """Return the fix that gives a policy other values, where they are written; words, if the program computes them."""
    computed = [name for name, new in changes.items() if _loses(cover, name, new) and is_computed(site, cover, name)]
    if computed:
        return Fix(text=f"The program computes {listed(computed)}: correct that.")
    writer = Writer(site)
    if changes:
        writer.change(cover, changes, in_place=True)
    return writer.fix()


def _loses(cover: Cover, option: str, new: Any) -> bool:
    """Whether a value lacks something that the policy has now."""
    old = policy_value_of(getattr(cover.policy, option))
    return isinstance(old, tuple) and any(item not in new for item in old)


def is_computed(site: Site, cover: Cover, option: str) -> bool:
    """Whether an option of a call is an expression: neither a literal nor the name of one."""
    place = cover.layer.place
    file = site.program.file(place.file) if place else None
    call = file.find_call(place.line, SETTERS) if file and place else None
    if file is None or call is None:
        return False
    inside = {*ast.walk(call)}
    return any(node in inside and _is_expression(site, file, node) for node in file.find_settings(option))


def _is_expression(site: Site, file: SourceFile, node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp | ast.JoinedStr):  # of which a part may come from the environment
        return True
    if environment_name(node) or isinstance(node, ast.List | ast.Tuple | ast.Set) or is_literal(literal(node)):
        return False
    name = setting_name(node)
    return name is None or site.program.find_setting(name, file.file, is_literal) is None


def covers(site: Site) -> list[Cover]:
    """Return every entry of every ``CORS``, and every decorator of a route."""
    found = [Cover(layer, entry) for layer in site.layers for entry in layer.entries]
    decorated = {id(item.cover.layer.parsed): item.cover for item in site.routes if item.is_decorated and item.cover}
    return [*found, *decorated.values()]


def finding_at(cover: Cover, name: str, level: Level, text: str, fix: Fix, routes: Iterable[str] = ()) -> Finding:
    """Return a finding about one policy."""
    place = cover.layer.place
    return Finding(name, level, f"{cover.layer.title}: {text}", place, tuple(routes), fix, cover.policy)


def setting_finding(
    site: Site, cover: Cover, option: str, name: str, level: Level, text: str, changes: Changes
) -> Finding:
    """Return a finding about one option of a policy, at the place where it is written: the config, an entry, a call."""
    title, place = cover.layer.title, cover.layer.place
    if is_configured(cover, option):
        title, place = config_key(option), Writer(site).config_place(option) or place
    elif option in cover.entry.own:
        title = cover.source
    return Finding(name, level, f"{title}: {text}", place, (), changed(site, cover, changes), cover.policy)


def matching_routes(site: Site, cover: Cover) -> tuple[list[RouteCover], list[RouteCover]]:
    """Return the routes for which a layer may decide, and those of them that a pattern matches."""
    routes = [item for item in site.routes if any(cover.layer is layer for layer in site.layers_at(item.route))]
    return routes, [item for item in routes if cover.entry.pattern.match(item.route.path)]


def entries(site: Site) -> list[Cover]:
    """Return every entry of every ``CORS`` that is not wrong."""
    return [Cover(layer, entry) for layer in site.layers if not layer.error for entry in layer.entries]


def covered_routes(site: Site) -> list[tuple[Cover, list[RouteCover]]]:
    """Return each policy that decides and allows some origin, with the routes for which it decides."""
    found: dict[int, tuple[Cover, list[RouteCover]]] = {}
    for item in site.routes:
        if item.cover and item.cover.policy.origins.entries and not item.cover.layer.error:
            found.setdefault(id(item.cover.policy), (item.cover, []))[1].append(item)
    return list(found.values())


def rules_of(routes: Iterable[RouteCover]) -> tuple[str, ...]:
    """Return the rules of some routes, each once."""
    return tuple(dict.fromkeys(item.rule.rule for item in routes))


def listed(names: Collection[str]) -> str:
    """List a few names, sorted."""
    return ", ".join(sorted(names)[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
