"""The rule about patterns, wildcards and functions that allow an origin of another owner."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

from ...lookalikes import find_lookalike
from ...origins import AllowedOrigins, _is_public_suffix
from ..finding import Finding, changed, covers, finding_at
from ..site import Cover, Site
from ..source import as_python
from ..writing import Fix

_ANYBODY = "https://evil.net"
_HOSTERS = (
    "vercel.app netlify.app herokuapp.com github.io gitlab.io pages.dev workers.dev web.app firebaseapp.com fly.dev "
    "onrender.com azurewebsites.net azurestaticapps.net cloudfront.net amplifyapp.com surge.sh replit.app glitch.me"
)


def pattern_allows_more(site: Site) -> Iterator[Finding]:
    """Patterns, wildcards and functions that allow an origin of another owner."""
    for cover in covers(site):
        origins = cover.policy.origins
        for entry in () if origins.matches_any_origin else origins.entries:
            origin = _unwanted(site, cover, entry)
            if origin:
                whose = ", and with credentials" if cover.policy.supports_credentials else ""
                text = f"{_shown(entry)} also allows {origin}{whose}, which others may own."
                yield finding_at(cover, "pattern-allows-more", "warning", text, _mend(site, cover, entry))


def _unwanted(site: Site, cover: Cover, entry: Any) -> str:
    found = AllowedOrigins.parse([entry])
    if found.callables:
        allow = _careful(site, found.callables[0])
        texts = [*_texts_of(found.callables[0]), *_listed(site)]
        return _ANYBODY if allow(_ANYBODY) else next(filter(None, (find_lookalike(one, allow) for one in texts)), "")
    if cover.policy.supports_credentials and any(map(_is_public_suffix, _parents(found))):
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


def _mend(site: Site, cover: Cover, entry: Any) -> Fix:
    """Write a pattern that allows less; say what to do where none is known."""
    if callable(entry):
        return Fix(text="Let the function compare the whole origin, with == or in, or with re.fullmatch.")
    found = AllowedOrigins.parse([entry])
    if not found.patterns:
        return Fix(text="Anyone can get a name there: list the origins of your own pages.")
    regex = _narrowed(found.patterns[0].pattern)
    mended = re.compile(regex, found.patterns[0].flags) if isinstance(entry, re.Pattern) else regex
    if find_lookalike(regex, AllowedOrigins.parse([mended]).allow) or regex == found.patterns[0].pattern:
        return Fix(text=r"Write \. for each dot, and (.+\.)? for names below a domain of your own; end with its name.")
    kept = [mended if one == entry else one for one in cover.policy.origins.entries]
    return changed(site, cover, {"origins": tuple(kept)})


def _narrowed(regex: str) -> str:
    r"""Return a pattern that allows a part of what *regex* does.

    >>> _narrowed("https://.*app.example.com.*")
    'https://(.+\\.)?app\\.example\\.com(:\\d+)?'
    """
    regex = re.sub(r"(?<=[\w)-])\.(?=[a-z(])", r"\.", regex)  # a dot between names is a dot
    regex = re.sub(r"(?:\.\*|\(\.\*\)\??)(?=[a-z])", r"(.+\.)?", regex)
    regex = re.sub(r"\.\*(\$?)$", r"(:\\d+)?\1", regex)
    return regex if "://" in regex else re.sub(r"^(\^?)(?=\(\.\+)", r"\1https://", regex)
