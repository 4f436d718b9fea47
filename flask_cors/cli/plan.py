"""What is to change in a program's options, and the policies that this makes. ``writing`` writes it.

Changes of one setting add up: each removes and adds items of a list, so that several findings can share one plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..options import PARSERS, RESOURCES
from ..policy import Policy
from ..resources import ANY_PATH, Resources
from .needs import Changes
from .site import Cover, Entry, Layer, Site


@dataclass(eq=False)
class PlannedEntry:
    """One pattern of ``resources``, and what becomes of it."""

    pattern: re.Pattern[str]
    own: Changes  # as written
    entry: Entry | None = None  # none for a new one
    changes: Changes = field(default_factory=dict)
    is_removed: bool = False

    @property
    def has_same_pattern(self) -> bool:
        """Whether its pattern is the one that is written now."""
        return self.entry is not None and self.pattern is self.entry.pattern

    @property
    def planned(self) -> Changes:
        """Its own options, as programs write them."""
        return {**{name: policy_value_of(value) for name, value in self.own.items()}, **self.changes}


class Plan:
    """Changes of the calls, of the config and of the patterns."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.calls: dict[int, tuple[Layer, Changes]] = {}
        self.config: dict[str, tuple[Any, Any]] = {}  # the value now, and then
        self.resources: dict[int, tuple[Layer, list[PlannedEntry]]] = {}
        self.renamed: Changes = {}
        self.removed: list[Layer] = []
        self.exchanged: list[tuple[Layer, Layer]] = []
        self.added: list[Changes] = []

    def change(self, cover: Cover, changes: Changes, *, in_place: bool) -> None:
        """Plan other values of options, each where it is written."""
        for name, value in changes.items():
            if name == "origins" and cover.policy.origins.callables:  # a function decides, and no list replaces it
                continue
            old = policy_value(cover, name)
            if is_configured(cover, name) or (in_place and self._belongs_to_config(cover)):
                _, planned = self.config.get(name, (old, old))
                self.config[name] = (old, _merge(old, planned, value))
                continue
            values = self._values(cover, name, in_place=in_place)
            values[name] = _merge(old, values.get(name, old), value)

    def _belongs_to_config(self, cover: Cover) -> bool:
        """Whether a new option goes into the config: where the only policy has all that it has from there."""
        layer = cover.layer
        is_only = self._site.layers == [layer] and not any(item.is_decorated for item in self._site.routes)
        has_own = layer.parsed.values or cover.entry.own or len(layer.entries) > 1
        return is_only and bool(layer.config.values) and not has_own

    def _values(self, cover: Cover, name: str, *, in_place: bool) -> Changes:
        if _belongs_to_entry(cover, name, in_place=in_place):
            return self.entry(cover).changes
        return self.calls.setdefault(id(cover.layer.parsed), (cover.layer, {}))[1]

    def entries(self, layer: Layer) -> list[PlannedEntry]:
        """Return the entries of a layer as they are planned so far."""
        key = 0 if layer.has_configured_resources else id(layer.parsed)
        if key not in self.resources:
            self.resources[key] = (layer, [PlannedEntry(one.pattern, dict(one.own), one) for one in layer.entries])
        return self.resources[key][1]

    def rename(self, key: str, new: str) -> None:
        """Plan that an option gets the value of a key that has no effect now, if that is a value for it."""
        name = new.removeprefix("CORS_").lower()
        with suppress(TypeError, ValueError):
            self.renamed[name] = PARSERS[name](self._site.app.config[key])

    def entry(self, cover: Cover) -> PlannedEntry:
        """Return what is planned for one entry."""
        entries = self.entries(cover.layer)
        number = next(number for number, one in enumerate(cover.layer.entries) if one.pattern is cover.entry.pattern)
        return entries[number]

    # What results

    @property
    def is_contradictory(self) -> bool:
        """Whether a policy would support credentials for every origin, so that the app does not start."""
        found = filter(None, self.policies())
        return any(one.supports_credentials and one.origins.matches_any_origin for one in found)

    def policies(self) -> Iterator[Policy | None]:
        """Yield the policy that will cover each route, in the order of ``site.routes``."""
        if self._site.errors:  # no origin is allowed, with any other options
            yield from (item.cover.policy if item.cover else None for item in self._site.routes)
            return
        before = {layer: layer for layer in self._site.layers}
        for one, other in self.exchanged:
            before[one], before[other] = other, one
        rules = {layer: self._resources(layer) for layer in self._site.layers if layer not in self.removed}
        added = [Resources(self._added(changes)) for changes in self.added]
        for item in self._site.routes:
            if item.is_decorated and item.cover:
                yield self._policy(item.cover.layer, {})
            else:
                layers = [before[layer] for layer in self._site.layers_at(item.route)]
                found = [*added, *(rules[layer] for layer in layers if layer in rules)]
                yield next(filter(None, (resources.policy(item.route.path) for resources in found)), None)

    def _resources(self, layer: Layer) -> Resources:
        key = 0 if layer.has_configured_resources else id(layer.parsed)
        if key not in self.resources:
            entries = [(one.pattern, dict(one.own)) for one in layer.entries]
            if RESOURCES in self.renamed and layer.parsed.values.get(RESOURCES) is None:
                entries = self.renamed[RESOURCES]
            return Resources((pattern, self._policy(layer, own)) for pattern, own in entries)
        kept = [one for one in self.resources[key][1] if not one.is_removed]
        return Resources((one.pattern, self._policy(layer, {**one.own, **_parsed(one.changes)})) for one in kept)

    def _policy(self, layer: Layer, own: Changes) -> Policy:
        config = _parsed({name: new for name, (_, new) in self.config.items()})
        _, changes = self.calls.get(id(layer.parsed), (layer, {}))
        values = {**layer.config.values, **self.renamed, **config, **layer.parsed.values, **_parsed(changes), **own}
        return Policy(**{name: value for name, value in values.items() if name != RESOURCES})

    def _added(self, changes: Changes) -> Iterator[tuple[re.Pattern[str], Policy]]:
        values = _parsed({name: value for name, value in changes.items() if name != RESOURCES})
        for pattern, own in changes.get(RESOURCES, [(ANY_PATH, {})]):
            yield pattern, Policy(**{**self._site.config.values, **values, **own})


def _parsed(changes: Changes) -> Changes:
    return {name: PARSERS[name](value) for name, value in changes.items()}


def _merge(old: Any, planned: Any, new: Any) -> Any:
    """Apply the change from *old* to *new* to what is planned."""
    if not isinstance(old, tuple) or not isinstance(new, tuple) or planned == old:
        return new
    kept = [item for item in planned if item in new or item not in old]
    return (*kept, *(item for item in new if item not in old and item not in kept))


def policy_value(cover: Cover, name: str) -> Any:
    """Return the value that an option has now."""
    return policy_value_of(getattr(cover.policy, name))


def policy_value_of(value: Any) -> Any:
    """Return a parsed value as programs write it."""
    return tuple(value.entries) if hasattr(value, "entries") else value


def is_configured(cover: Cover, name: str) -> bool:
    """Whether an option has its value from the app's config."""
    layer = cover.layer
    return name not in cover.entry.own and name not in layer.parsed.values and name in layer.config.values


def _belongs_to_entry(cover: Cover, name: str, *, in_place: bool) -> bool:
    """Whether an option goes into the entry's own dict, so that no other path gets it."""
    layer, entry = cover.layer, cover.entry
    if name in entry.own:
        return True
    if name in layer.parsed.values and in_place:
        return False
    return len(layer.entries) > 1 or (bool(entry.own) and name not in layer.parsed.values)
