"""Who may read which route, with cookies or without, before a change and after it: no fix opens more silently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..policy import Policy
from .narrowing import narrowed
from .plan import Plan
from .site import Site
from .source import as_python

Reader = tuple[Any, bool]  # an entry of `origins`, and whether with cookies


def readers(policy: Policy | None) -> Iterator[Reader]:
    """Yield who may read under a policy."""
    if policy is None:
        return
    origins = policy.origins
    any_origin = ("*",) if origins.any_origin else ()
    for entry in (*any_origin, *sorted(origins.exact | origins.wildcards), *origins.patterns, *origins.callables):
        yield entry, False
        if policy.supports_credentials:
            yield entry, True


def may_read(policy: Policy | None, reader: Reader) -> bool:
    """Whether a policy allows what another one allows to a reader. No function is called for it."""
    if policy is None or (reader[1] and not policy.supports_credentials):
        return False
    entry, origins = reader[0], policy.origins._replace(callables=())
    if isinstance(entry, re.Pattern) and entry in map(narrowed, origins.patterns):
        return True
    if origins.any_origin or entry in (*origins.wildcards, *origins.patterns, *policy.origins.callables):
        return True
    return isinstance(entry, str) and origins.allow(entry)


def allows_all_of(policy: Policy, other: Policy) -> bool:
    """Whether every page that may read under another policy may read under this one."""
    return all(may_read(policy, reader) for reader in readers(other))


def openings(site: Site, plan: Plan) -> Iterator[str]:
    """Yield a sentence about each reader who may read more after a change, and which routes."""
    opened: dict[Reader, dict[str, None]] = {}
    for item, after in zip(site.routes, plan.policies(), strict=True):
        before = item.cover.policy if item.cover else None
        for reader in readers(after):
            if not may_read(before, reader):
                opened.setdefault(reader, {})[item.rule.rule] = None
    together: dict[tuple[tuple[str, ...], bool], list[Any]] = {}
    for (entry, with_cookies), found in opened.items():
        if with_cookies or opened.get((entry, True)) != found:
            together.setdefault((tuple(found), with_cookies), []).append(entry)
    for (rules, with_cookies), entries in together.items():
        yield f"This opens {_few(rules)} to {_named(entries)}{', with cookies' if with_cookies else ''}."


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _named(entries: list[Any]) -> str:
    if "*" in entries:
        return "every origin"
    return ", ".join(entry if isinstance(entry, str) else as_python(entry) for entry in entries)
