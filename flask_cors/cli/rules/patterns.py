"""Rules about the patterns of ``resources``: those that match no route, too many, or decide for none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...resources import ANY_PATH, literal_prefix, precision
from ..advice import nearest
from ..finding import Finding, entries, listed, matching_routes
from ..readers import allows_all_of
from ..site import Cover, Layer, RouteCover, Site, escape_path
from ..source import as_path
from ..writing import Fix, Writer

_LIKE_A_PATH = re.compile(r"\^?(?P<path>(?:/[\w-]+)*/\w+)(?:/?\*|\.\*|/\?)?")


def unused_pattern(site: Site) -> Iterator[Finding]:
    """Patterns that match no route."""
    for cover in entries(site):
        routes, matching = matching_routes(site, cover)
        rules = list(dict.fromkeys(item.rule.rule for item in routes))
        pattern = cover.entry.pattern
        if matching or pattern == ANY_PATH or _could_match(pattern, rules):
            continue
        found = (_narrowed(guess, routes) for guess in _guesses(pattern, {item.route.path for item in routes}, rules))
        guess = next((guess for guess in found if _would_decide(cover, guess, routes)), None)
        fix = _correct(site, cover, guess)
        yield Finding("unused-pattern", "error", f"{cover.source} matches no route.", cover.layer.place, (), fix)


def _correct(site: Site, cover: Cover, guess: re.Pattern[str] | None) -> Fix:
    """Return the fix that writes another pattern, or removes the entry, unless it allows less than another one."""
    writer = Writer(site)
    if guess is not None:
        writer.replace_pattern(cover, guess)
        return writer.fix(f"Write {as_path(guess)}, if you mean that.")
    if "://" in cover.entry.pattern.pattern:
        return Fix(text="That is an origin or a URL, and a pattern is a path. Write origins into origins.")
    if not all(allows_all_of(cover.policy, other.policy) for other in cover.layer.entries):
        return writer.fix("It allows less than another pattern: correct it.")
    writer.remove_entry(cover)
    return writer.fix("Remove it.")


def _would_decide(cover: Cover, guess: re.Pattern[str], routes: list[RouteCover]) -> bool:
    """Whether an entry with another pattern decides for a route, so that it is not in the shadow of another entry."""
    matching = [item for item in routes if guess.match(item.route.path) and not item.is_decorated]
    return any(item.cover is None or _is_after(item.cover, cover, guess) for item in matching)


def _is_after(other: Cover, cover: Cover, guess: re.Pattern[str]) -> bool:
    return other.layer is cover.layer and precision(other.entry.pattern) < precision(guess)


def _could_match(pattern: re.Pattern[str], rules: list[str]) -> bool:
    """Whether the variable parts of a rule might make it match, where the samples did not."""
    if re.search(r"(?<!\?)(?<!\?P)(?<!\\)<", pattern.pattern):  # Flask's own way to write a rule
        return False
    beginning = _beginning(pattern).lower()
    statics = (rule.partition("<")[0].lower() for rule in rules if "<" in rule)
    return any(beginning.startswith(static) or static.startswith(beginning) for static in statics)


def _beginning(pattern: re.Pattern[str]) -> str:
    return literal_prefix(pattern)


# Only in a text of these parts, without groups, flags, sets and choices, can something be put and leave it a pattern.
# Few of its parts stretch: with many, a pattern that the program does not have could be tried for hours.
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
        path = re.sub(r"^\^?(https?://[^/]*(?=/.))?", "", pattern.pattern)
        text = re.sub(_CONVERTED, "[^/]+", path)
        yield from (re.compile(guess, pattern.flags & ~re.DEBUG) for guess in (f"/{text}", text))


def stray_pattern(site: Site) -> Iterator[Finding]:
    """Routes that a pattern covers since it ends nowhere: ``/api/*`` is ``/api`` and any number of slashes."""
    for cover in entries(site):
        _, matching = matching_routes(site, cover)
        decided = [item for item in matching if item.cover and item.cover.entry is cover.entry]
        narrow = _narrowed(cover.entry.pattern, matching)
        stray = sorted({item.rule.rule for item in decided if not narrow.match(item.route.path)})
        if stray:
            writer = Writer(site)
            text = f"{cover.source} also covers {listed(stray)}: a pattern matches every path that begins like it."
            words = "Write the whole path."
            if any(narrow.match(item.route.path) for item in decided):
                writer.replace_pattern(cover, narrow)
                words = ""
            fix = writer.fix(words)
            yield Finding("stray-pattern", "warning", text, cover.layer.place, tuple(stray), fix)


def _narrowed(pattern: re.Pattern[str], routes: list[RouteCover]) -> re.Pattern[str]:
    """Return a pattern that ends where the path ends that it spells out."""
    meant = _LIKE_A_PATH.fullmatch(pattern.pattern)
    if meant is None or pattern.flags & re.IGNORECASE:
        return pattern
    path, is_route = meant["path"], any(item.route.path == meant["path"] for item in routes)
    if all(f"{item.route.path}/".startswith(f"{path}/") for item in routes if pattern.match(item.route.path)):
        return pattern
    return re.compile(path + ("(/|$)" if is_route else "/"))


def shadowed_pattern(site: Site) -> Iterator[Finding]:
    """Patterns that decide for no route, since others come first."""
    for cover in entries(site):
        _, matching = matching_routes(site, cover)
        deciding = [item.cover for item in matching if item.cover and not item.is_decorated]
        if deciding and all(other.entry is not cover.entry for other in deciding):
            others = listed({f"{other.source} at {other.layer.place}" for other in deciding})
            text = f"{cover.source} decides for no route: {others} comes first."
            fix = _superfluous(site, cover, deciding) or _closed(site, cover, deciding)
            yield Finding("shadowed-pattern", "warning", text, cover.layer.place, (), fix)


def _superfluous(site: Site, cover: Cover, deciding: list[Cover]) -> Fix | None:
    """Return the fix that removes an entry, unless it allows less than one that decides."""
    if not all(allows_all_of(cover.policy, other.policy) for other in deciding):
        return None
    writer = Writer(site)
    if len(cover.layer.entries) > 1:
        writer.remove_entry(cover)
    elif any(other.layer.scope and not other.layer.scope.blueprint for other in deciding):
        writer.remove_call(cover.layer)
    return writer.fix("Remove it.")


def _closed(site: Site, cover: Cover, deciding: list[Cover]) -> Fix:
    """Return the fix that lets an entry decide which allows less than what decides now."""
    layers = {other.layer for other in deciding}
    other = next(iter(layers))
    writer = Writer(site)
    if other is cover.layer or len(layers) > 1:
        return writer.fix(
            "It allows less than that. Remove that, or write a longer pattern here, if this is to decide."
        )
    if _is_needed(site, other, cover.layer):
        writer.exchange_calls(cover.layer, other)
        return writer.fix("It allows less than that: write it last, since the latest CORS decides.")
    return writer.fix("It allows less than that. Remove that, if this is to decide.")


def _is_needed(site: Site, layer: Layer, first: Layer) -> bool:
    """Whether each entry of a layer decides for a route although another layer comes first."""
    if layer.scope is None or first.scope is None or layer.scope.blueprint != first.scope.blueprint:
        return False
    taken = [item for item in site.routes if any(one.pattern.match(item.route.path) for one in first.entries)]
    deciding = [item.cover.entry for item in site.routes if item.cover and item not in taken]
    return all(any(entry is one for one in deciding) for entry in layer.entries)
