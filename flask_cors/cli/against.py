"""``flask cors check --against``: who may read more than when the output of ``flask cors routes --json`` was kept.

Request headers, exposed headers and credentials count as well. What is no longer allowed is not reported.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .. import browser as fetch
from ..origins import AllowedOrigins
from ..policy import ALL_METHODS
from .finding import Finding, listed
from .output import VERSION
from .question import Mistake
from .site import Place
from .writing import Fix

Row = Mapping[str, Any]
Key = tuple[str, ...]
OPENED_IDS = ("opened-route", "opened-credentials", "opened-request-headers", "opened-response-headers")
_KINDS = {
    "any_origin": "every origin",
    "exact": "{}",
    "wildcards": "{}",
    "patterns": "what {} matches",
    "callables": "what {} allows",
}


class Name(NamedTuple):
    """What allows origins: one of the kinds in ``allows``, and its text."""

    kind: str
    text: str = ""

    def __str__(self) -> str:
        return _KINDS[self.kind].format(self.text)


class Origins:
    """The origins that a policy allows, as ``flask cors routes --json`` has them."""

    def __init__(self, allows: Mapping[str, Any]) -> None:
        lists = [Name(kind, text) for kind in _KINDS if kind != "any_origin" for text in allows[kind]]
        self.names: list[Name] = [Name("any_origin")] if allows["any_origin"] else lists
        self._names = frozenset(self.names)

    def cover(self, name: Name) -> bool:
        """Whether every origin is allowed for which a name stands. Patterns and functions are compared as texts."""
        if not self._names.isdisjoint((name, Name("any_origin"))):
            return True
        if name.kind == "wildcards":
            return self._wildcards.allow(name.text.replace("*.", "any.").replace(":*", ":49151"))
        return name.kind == "exact" and self._known.allow(name.text)

    @cached_property
    def _wildcards(self) -> AllowedOrigins:
        return AllowedOrigins.parse(self._texts("wildcards"))

    @cached_property
    def _known(self) -> AllowedOrigins:
        """All that can be compared: not functions, and not patterns with flags."""
        patterns = _compiled(self._texts("patterns"))
        return AllowedOrigins.parse([*self._texts("exact"), *self._texts("wildcards"), *patterns])

    def _texts(self, kind: str) -> list[str]:
        return [name.text for name in self.names if name.kind == kind]


def _compiled(patterns: Iterable[str]) -> Iterator[re.Pattern[str]]:
    for text in patterns:
        with suppress(ValueError, SyntaxError, TypeError, re.error):
            yield re.compile(literal_eval(text.removeprefix("re.compile(").removesuffix(")")))


class Access(NamedTuple):
    """What pages may do with one route, by one method."""

    rule: str
    method: str
    place: Place
    origins: Origins
    headers: frozenset[str]
    exposed: frozenset[str]
    credentials: bool

    @property
    def cookies(self) -> str:
        """How pages may read, in words."""
        return "with cookies" if self.credentials else "without cookies"

    def allows_header(self, name: str) -> bool:
        """Whether a page may send a header: without credentials, ``*`` stands for all but ``Authorization``."""
        return name in self.headers or ("*" in self.headers and (self.credentials or name != "authorization"))

    def exposes(self, name: str) -> bool:
        """Whether a page may read a header of the response."""
        return not self.exposed.isdisjoint(("*", name))


_ALLOWS_NONE = {"any_origin": False, "exact": (), "wildcards": (), "patterns": (), "callables": ()}
_NO_ORIGIN = Origins(_ALLOWS_NONE)
_NO_POLICY: Row = {
    "allows": _ALLOWS_NONE,
    "methods": (),
    "headers": (),
    "expose_headers": (),
    "supports_credentials": False,
    "file": "",
    "line": 0,
}


def _accesses(row: Row) -> Iterator[Access]:
    """Yield what may be done by each method; HEAD as well as GET would say everything twice."""
    policy = row["policy"] or _NO_POLICY
    origins, credentials = Origins(policy["allows"]), policy["supports_credentials"]
    methods = ALL_METHODS if policy["methods"] is None else policy["methods"]
    exposed = frozenset(map(str.lower, policy["expose_headers"]))
    for method in row["methods"]:
        can_be_sent = fetch.is_safelisted_method(method) or not {"*", method}.isdisjoint(methods)
        if method != "HEAD" or "GET" not in row["methods"]:
            yield Access(
                rule=row["rule"],
                method=method,
                place=Place(str(Path(policy["file"]).absolute()), policy["line"]),
                origins=origins if can_be_sent else _NO_ORIGIN,
                headers=frozenset(map(str.lower, policy["headers"])),
                exposed=exposed - {"*"} if credentials else exposed,  # with credentials, * is no more than a name
                credentials=credentials,
            )


# -- Reading -----------------------------------------------------------------------------------------------


def read_kept(file: Path) -> list[Row]:
    """Read what ``flask cors routes --json`` has printed.

    :raises Mistake: if the file is something else, or of another version.
    """
    remedy = f"Write it again, and look at what has changed: flask cors routes --json > {file}"
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        version, rows = kept["version"], kept["routes"]
        if version == VERSION:
            _by_key(rows)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise Mistake(f"{file} is not what flask cors routes --json prints. {remedy}") from None
    if version != VERSION:
        raise Mistake(f"{file} is of version {version!r}, and this release reads {VERSION}. {remedy}")
    return list(rows)


def _by_key(rows: Iterable[Row]) -> dict[Key, Access]:
    """Return what may be done at each path by each method; the first rule of a path decides, as in Flask."""
    found: dict[Key, Access] = {}
    for row in rows:
        for access in _accesses(row):
            for key in _keys(row, access.method):
                found.setdefault(key, access)
    return found


def _keys(row: Row, method: str) -> Iterator[Key]:
    """Yield two keys for each path, with the endpoint and without: hosts may share a rule, and views are renamed."""
    rule = re.sub(r"(<(?:[^<>]*:)?)[^<>]*>", r"\1>", row["rule"])  # variables are renamed as well
    for path in row["paths"]:
        yield rule, method, path, row["endpoint"]
        yield rule, method, path


# -- Comparing ---------------------------------------------------------------------------------------------


class _Opening(NamedTuple):
    """What may be done now, as the text before the routes and after them."""

    id: str
    head: str
    tail: str
    place: Place


def find_openings(kept: Sequence[Row], rows: Sequence[Row]) -> list[Finding]:
    """Return a finding for each group of origins that may read, or send, more than before."""
    before = _by_key(kept)
    routes: dict[_Opening, list[Access]] = {}
    for key, new in _by_key(rows).items():
        if len(key) == 4:  # with its endpoint, so that each is compared once
            for opening in _openings(before.get(key) or before.get(key[:3]), new):
                routes.setdefault(opening, []).append(new)
    return [_finding(opening, those) for opening, those in routes.items()]


def _openings(old: Access | None, new: Access) -> Iterator[_Opening]:
    allowed = old.origins if old else _NO_ORIGIN
    others, same = list[Name](), list[Name]()
    for name in new.origins.names:
        group = same if allowed.cover(name) else others
        group.append(name)
    if others:
        yield _opening("opened-route", new, others, "read", f"{new.cookies} (before: {_before(old)})")
    if old and same:
        yield from _openings_for_same(old, new, same)


def _openings_for_same(old: Access, new: Access, names: list[Name]) -> Iterator[_Opening]:
    if new.credentials and not old.credentials:
        yield _opening("opened-credentials", new, names, "read", "with cookies (before: without cookies)")
    headers = sorted(name for name in new.headers if not old.allows_header(name))
    if headers:
        tail = f"with the headers {', '.join(headers)} (before: {_shown(old.headers)})"
        yield _opening("opened-request-headers", new, names, "call", tail)
    exposed = sorted(name for name in new.exposed if not old.exposes(name))
    if exposed:
        tail = f"with the response headers {', '.join(exposed)} (before: {_shown(old.exposed)})"
        yield _opening("opened-response-headers", new, names, "read", tail)


def _shown(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _before(old: Access | None) -> str:
    if old is None:
        return "no such route"
    return f"only {_listed(old.origins.names)}" if old.origins.names else "no origin"


def _listed(names: Iterable[Name]) -> str:
    return listed(list(map(str, names)))


def _opening(name: str, new: Access, names: list[Name], verb: str, tail: str) -> _Opening:
    return _Opening(name, f"{_listed(names)} may now {verb}", tail, new.place)


def _finding(opening: _Opening, those: list[Access]) -> Finding:
    routes = listed({f"{one.method} {one.rule}" for one in those})
    fix = Fix(text="Undo it; or, if it is intended, keep the new output of flask cors routes --json.")
    rules = tuple(dict.fromkeys(one.rule for one in those))
    return Finding(opening.id, "error", f"{opening.head} {routes} {opening.tail}.", opening.place, rules, fix)
