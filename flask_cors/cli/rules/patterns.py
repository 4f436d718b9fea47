"""Rules about the patterns of ``resources``: those that match no route, too many, or decide for none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...options import nearest
from ...resources import ANY_PATH, literal_prefix
from ..finding import Finding, entries, listed, matching_routes
from ..site import Site, escape_path
from ..writing import Writer

_LIKE_A_PATH = re.compile(r"\^?(?P<path>(?:/[\w-]+)*/\w+)(?:/?\*|\.\*|/\?)?")


def unused_pattern(site: Site) -> Iterator[Finding]:
    """Patterns that match no route."""
    for cover in entries(site):
        routes, matching = matching_routes(site, cover)
        rules = list(dict.fromkeys(item.rule.rule for item in routes))
        pattern = cover.entry.pattern
        if matching or pattern == ANY_PATH or _could_match(pattern, rules):
            continue
        guess = next(_guesses(pattern, {item.route.path for item in routes}, rules), None)
        writer = Writer(site)
        if guess is None:
            writer.remove_entry(cover)
        else:
            writer.replace_pattern(cover, guess)
        yield Finding(
            "unused-pattern", "error", f"{cover.source} matches no route.", cover.layer.place, (), writer.fix()
        )


def _could_match(pattern: re.Pattern[str], rules: list[str]) -> bool:
    """Whether the variable parts of a rule might make it match, where the samples did not."""
    if re.search(r"(?<!\?)(?<!\?P)(?<!\\)<", pattern.pattern):  # Flask's own way to write a rule
        return False
    beginning = _beginning(pattern).lower()
    statics = (rule.partition("<")[0].lower() for rule in rules if "<" in rule)
    return any(beginning.startswith(static) or static.startswith(beginning) for static in statics)


def _beginning(pattern: re.Pattern[str]) -> str:
    return "" if pattern.flags & re.VERBOSE else literal_prefix(pattern.pattern)


# Only in a text of these parts, without groups, flags, sets and choices, can something be put and leave it a pattern.
# Few of its parts stretch: with many, a pattern that nobody has written could be tried for hours.
_PART = r"(?:[^\\^$|?*+()\[\]{}<>]|\\[dswDSW]|\\\W)"
_CONVERTED = r"<[^<>]*>[*+?]*"
_SIMPLE = re.compile(rf"\^?(?:{_PART}*(?:[*+?]|{_CONVERTED})){{,3}}{_PART}*\$?")


def _guesses(pattern: re.Pattern[str], paths: Iterable[str], rules: list[str]) -> Iterator[re.Pattern[str]]:
    """Yield patterns that may have been meant: with the slash, with no converter of Flask's, with another spelling."""
    yield from (guess for guess in _variants(pattern) if any(map(guess.match, paths)))
    statics = (rule.partition("<")[0] for rule in rules)
    # "/" is the beginning of every path: a slip of the pen must not open them all.
    near = nearest(_beginning(pattern), (static for static in statics if static != "/"), 0.6)
    if near:
        yield re.compile(escape_path(near))


def _variants(pattern: re.Pattern[str]) -> Iterator[re.Pattern[str]]:
    if _SIMPLE.fullmatch(pattern.pattern) and not pattern.flags & re.VERBOSE:
        text = re.sub(_CONVERTED, "[^/]+", pattern.pattern.removeprefix("^"))
        yield from (re.compile(guess, pattern.flags & ~re.DEBUG) for guess in (f"/{text}", text))


def stray_pattern(site: Site) -> Iterator[Finding]:
    """Routes that a pattern covers since it ends nowhere: ``/api/*`` is ``/api`` and any number of slashes."""
    for cover in entries(site):
        pattern, (_, matching) = cover.entry.pattern, matching_routes(site, cover)
        meant = _LIKE_A_PATH.fullmatch(pattern.pattern)
        if meant is None or pattern.flags & re.IGNORECASE:
            continue
        decided = [item for item in matching if item.cover and item.cover.entry is cover.entry]
        stray = {item.rule.rule for item in decided if not f"{item.route.path}/".startswith(f"{meant['path']}/")}
        if stray:
            exact = any(item.route.path == meant["path"] for item in matching)
            writer = Writer(site)
            writer.replace_pattern(cover, re.compile(meant["path"] + ("(/|$)" if exact else "/")))
            text = f"{cover.source} also covers {listed(stray)}: a regular expression matches all that begins like it."
            routes = tuple(sorted(stray))
            yield Finding("stray-pattern", "warning", text, cover.layer.place, routes, writer.fix())


def shadowed_pattern(site: Site) -> Iterator[Finding]:
    """Patterns that decide for no route, since others come first."""
    for cover in entries(site):
        _, matching = matching_routes(site, cover)
        deciding = [item.cover for item in matching if item.cover and not item.is_decorated]
        if deciding and all(other.entry is not cover.entry for other in deciding):
            others = listed({f"{other.source} at {other.layer.place}" for other in deciding})
            writer = Writer(site)
            if len(cover.layer.entries) > 1:
                writer.remove_entry(cover)
            text = f"{cover.source} decides for no route: {others} comes first. Remove it."
            yield Finding("shadowed-pattern", "warning", text, cover.layer.place, (), writer.fix())
