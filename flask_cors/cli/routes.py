"""``flask cors routes``: every route with the policy that covers it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import chain
from typing import Any, NamedTuple

import click

from ..options import NAMES
from ..origins import AllowedOrigins
from .check import policy_findings
from .finding import Finding
from .output import place_as_json
from .question import plain
from .rules.logins import about_logins
from .site import Cover, Place, RouteCover, Site
from .source import as_python, shown_name

_MOST_ORIGINS = 4


class Row(NamedTuple):
    """What covers a rule, for some of its methods and, if it matters, a certain path."""

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    path: str
    paths: tuple[str, ...]
    cover: Cover | None
    warnings: tuple[str, ...]


def rows(site: Site) -> list[Row]:
    """Return the routes, those together that differ in nothing."""
    groups: dict[tuple[int, int], list[RouteCover]] = {}
    for item in site.routes:
        policy = None if item.cover is None else item.cover.policy
        groups.setdefault((id(item.rule), id(policy)), []).append(item)
    found = policy_findings(site)
    return [_row(site, group, found) for group in groups.values()]


def _row(site: Site, items: list[RouteCover], of_policies: list[Finding]) -> Row:
    first = items[0]
    found = []
    if first.cover:
        here = [finding for finding in of_policies if finding.policy is first.cover.policy]
        found = [*here, *about_logins(site, items, first.cover)]
    methods = tuple(dict.fromkeys(item.route.method for item in items))
    paths = tuple(dict.fromkeys(item.route.path for item in items))
    texts = tuple(finding.text for finding in found)
    return Row(first.rule.rule, first.rule.endpoint, methods, paths[0], paths, first.cover, texts)


def print_rows(shown: list[Row]) -> None:
    """Print a table, and below it the warnings."""
    named = (tuple(map(plain, _cells(one))) for one in _named(shown))
    lines = [("Rule", "Methods", "Policy of", "Written at", "Origins", "Credentials"), *named]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in (lines[0], tuple("-" * width for width in widths), *lines[1:]):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for message in dict.fromkeys(chain.from_iterable(row.warnings for row in shown)):
        click.echo(f"\n{click.style('warning', fg='yellow', bold=True)}: {plain(message)}")


def _named(shown: list[Row]) -> list[tuple[str, Row]]:
    """Return each row with its rule, and with a path where it is not the rule's only row for a method."""
    seen = [(row.rule, row.endpoint, method) for row in shown for method in row.methods]
    ambiguous = {one for one in seen if seen.count(one) > 1}
    return [(_name(row, ambiguous), row) for row in shown]


def _name(row: Row, ambiguous: Collection[tuple[str, str, str]]) -> str:
    several = any((row.rule, row.endpoint, method) in ambiguous for method in row.methods)
    return f"{row.rule} as {row.path}" if several else row.rule


def _cells(named: tuple[str, Row]) -> tuple[str, ...]:
    name, row = named
    if row.cover is None:
        return (name, ", ".join(row.methods), "none", "-", "-", "-")
    policy = row.cover.policy
    origins = ", ".join(_few(list(map(_plain_origin, policy.origins.entries)))) or "no origin"
    place = str(row.cover.layer.place or "-")
    credentials = "yes" if policy.supports_credentials else "no"
    return name, ", ".join(row.methods), row.cover.source, place, origins, credentials


def _plain_origin(entry: Any) -> str:
    """Write an entry of ``origins``: the same text on each run, so without the address of an object."""
    return entry if isinstance(entry, str) else re.sub(" at 0x[0-9a-f]+", "", as_python(entry))


def _few(entries: Sequence[str]) -> Sequence[str]:
    return entries if len(entries) <= _MOST_ORIGINS else (*entries[:2], f"and {len(entries) - 2} more")


def row_as_json(row: Row) -> dict[str, Any]:
    """Return one row for programs."""
    texts = {name: value for name, value in row._asdict().items() if name != "cover"}
    return {**texts, "policy": policy_as_json(row.cover) if row.cover else None}


def policy_as_json(cover: Cover) -> dict[str, Any]:
    """Return all that a policy says, and where it comes from."""
    policy = cover.policy
    return {
        "from": cover.source,
        **_short_place(cover.layer.place),
        "pattern": cover.entry.pattern.pattern,
        "origins": list(map(_plain_origin, policy.origins.entries)),
        "allows": allowed_as_json(policy.origins),
        **{name: getattr(policy, name) for name in sorted(NAMES) if name != "origins" and hasattr(policy, name)},
    }


def _short_place(place: Place | None) -> dict[str, Any]:
    """Return a file, as it is named from the working directory, and a line: the same on every computer."""
    return place_as_json(place and Place(shown_name(place.file), place.line))


def allowed_as_json(origins: AllowedOrigins) -> dict[str, Any]:
    """Return the origins that a policy allows, each kind for itself, as they are compared."""
    return {
        "any_origin": origins.any_origin,
        "exact": sorted(origins.exact),
        "wildcards": sorted(origins.wildcards),
        "patterns": list(map(_plain_origin, origins.patterns)),
        "callables": list(map(_plain_origin, origins.callables)),
    }
