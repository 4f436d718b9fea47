"""The rule about patterns, wildcards and functions that allow an origin of another owner."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import CodeType
from typing import Any

from ...origins import AllowedOrigins
from ..advice import is_public_suffix
from ..finding import Finding, covers, setting_finding
from ..lookalikes import find_lookalike
from ..narrowing import narrowed
from ..site import Cover, Site
from ..source import as_python

_ANYBODY = "https://evil.net"
_HOSTERS = (
    "vercel.app netlify.app herokuapp.com github.io gitlab.io pages.dev workers.dev web.app firebaseapp.com fly.dev "
    "onrender.com azurewebsites.net azurestaticapps.net cloudfront.net amplifyapp.com surge.sh replit.app glitch.me"
)


def pattern_allows_more(site: Site) -> Iterator[Finding]:
    """Patterns, wildcards and functions that allow an origin of another owner."""
    for cover in covers(site):
        entries = () if cover.policy.origins.matches_any_origin else cover.policy.origins.entries
        unwanted = {number: _unwanted(site, cover, entry) for number, entry in enumerate(entries)}
        wide = [(entry, unwanted[number]) for number, entry in enumerate(entries) if unwanted[number]]
        if wide:
            whose = ", and with credentials" if cover.policy.supports_credentials else ""
            shown = "; ".join(f"{_shown(entry)} also allows {origin}" for entry, origin in wide)
            corrected = tuple(_corrected(entry) if unwanted[number] else entry for number, entry in enumerate(entries))
            changes = {"origins": corrected} if corrected != entries and not cover.policy.origins.callables else {}
            text = f"{shown}{whose}: others may own that."
            found = setting_finding(site, cover, "origins", "pattern-allows-more", "warning", text, changes)
            remarks = [_remark(entry) for entry, _ in wide if not changes or _corrected(entry) == entry]
            yield replace(found, fix=replace(found.fix, text=" ".join(dict.fromkeys(remarks)) or found.fix.text))


def _unwanted(site: Site, cover: Cover, entry: Any) -> str:
    found = AllowedOrigins.parse([entry])
    if found.callables:
        allow = _careful(site, found.callables[0])
        texts = [*_texts_of(found.callables[0]), *_listed(site)]
        return _ANYBODY if allow(_ANYBODY) else next(filter(None, (find_lookalike(one, allow) for one in texts)), "")
    if cover.policy.supports_credentials and any(map(is_public_suffix, _parents(found))):
        return ""  # a risky origin, and found as such
    hosted = (f"https://evil.{hoster}" for hoster in _HOSTERS.split())
    patterns = (find_lookalike(pattern.pattern, found.allow) for pattern in found.patterns)
    return next(filter(None, patterns), "") or next(filter(found.allow, hosted), "")


def _parents(origins: AllowedOrigins) -> Iterator[str]:
    yield from (re.sub(r".*//\*\.|:\*$", "", origin) for origin in origins.wildcards)


def _shown(entry: Any) -> str:
    return as_python(entry if hasattr(entry, "__qualname__") or not callable(entry) else type(entry))


# -- Functions ---------------------------------------------------------------------------------------------


def _careful(site: Site, function: Callable[[str], Any]) -> Callable[[str], bool]:
    """Return a function that calls another one in a request. What that raises denies."""

    def allow(origin: str) -> bool:
        try:
            with site.request("http://localhost/", origin):
                return function(origin) is True
        except Exception:
            return False

    return allow


def _listed(site: Site) -> Iterator[str]:
    yield from sorted({origin for cover in covers(site) for origin in cover.policy.origins.exact})


def _texts_of(function: Any) -> Iterator[str]:
    """Yield the texts in a function, and in the variables that it uses."""
    inner = inspect.unwrap(function)
    if hasattr(inner, "__code__"):
        variables = inspect.getclosurevars(inner)
        yield from _texts([*_constants(inner.__code__), *variables.globals.values(), *variables.nonlocals.values()])


def _constants(code: CodeType) -> Iterator[Any]:
    for constant in code.co_consts:
        yield from _constants(constant) if isinstance(constant, CodeType) else [constant]


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield value.pattern
        elif isinstance(value, tuple | list | set | frozenset):
            yield from _texts(value)


# -- The fix -----------------------------------------------------------------------------------------------


def _corrected(entry: Any) -> Any:
    """Return a pattern that allows less and shows no gap; the entry itself, if none is known."""
    for pattern in AllowedOrigins.parse([entry]).patterns:
        new = narrowed(pattern)
        corrected = new if isinstance(entry, re.Pattern) else new.pattern
        if not find_lookalike(new.pattern, AllowedOrigins.parse([corrected]).allow):
            return corrected
    return entry


def _remark(entry: Any) -> str:
    """Say what to do with an entry that is not corrected."""
    if callable(entry):
        return "Let the function compare the whole origin, with == or in, or with re.fullmatch."
    if AllowedOrigins.parse([entry]).wildcards:
        return "Anyone can get a name there: list the origins of your own pages."
    return r"Write \. for each dot, and (.+\.)? for names below a domain of your own; end with its name."
