"""The rules of ``flask cors check``: one function each, in one table. Each yields findings with an id and a fix."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask, session
from werkzeug.local import LocalProxy

from .. import browser as fetch
from ..options import nearest
from ..origins import AllowedOrigins
from ..resources import ANY_PATH, literal_prefix
from .finding import EXAMPLE, Finding, Level, changed, covers, entries, finding_at, listed, matching_routes
from .needs import Changes, is_response_header
from .site import Cover, RouteCover, Site, escape_path
from .source import as_python
from .writing import Fix, Writer


def find_mistakes(site: Site) -> list[Finding]:
    """Return all findings of all rules, errors first, each once."""
    found = [finding for rule in RULES for finding in rule(site)]
    unique = {(finding.id, finding.text, finding.place): finding for finding in found}
    return sorted(unique.values(), key=lambda finding: finding.level)


# -- The app as a whole ------------------------------------------------------------------------------------


def wrong_options(site: Site) -> Iterator[Finding]:
    """Options that are wrong together: then no origin is allowed."""
    for layer, error in site.errors:
        yield Finding("wrong-options", "error", error, layer.place if layer else None)


def misspelt_key(site: Site) -> Iterator[Finding]:
    """Keys of the config that resemble a setting, and are none."""
    for text in site.misspelt_keys():
        [wrong, right] = re.findall(r"'(CORS_\w+)'", text)
        writer = Writer(site)
        writer.rename_key(wrong, right)
        yield Finding("misspelt-key", "error", f"{text[0].upper()}{text[1:]}", fix=writer.fix(f"Write {right!r}."))


def no_cors(site: Site) -> Iterator[Finding]:
    """An app that has neither ``CORS`` nor a decorator."""
    if not site.layers and not any(item.is_decorated for item in site.routes):
        writer = Writer(site)
        writer.add_cors({"origins": (EXAMPLE,)})
        text = "The app has neither CORS nor @cross_origin: pages of other origins can read nothing."
        yield Finding("no-cors", "warning", text, fix=writer.fix())


def decorators_alone(site: Site) -> Iterator[Finding]:
    """Decorators without ``CORS`` on an app that has functions before a request."""
    routes = tuple(item.rule.rule for item in site.routes if item.is_decorated)
    if routes and not site.is_installed and any(site.app.before_request_funcs.values()):
        writer = Writer(site)
        writer.add_cors({"resources": ()})
        text = (
            "Without CORS on the app, the functions of before_request meet the preflights of decorated views first, "
            "and may refuse them."
        )
        yield Finding("decorators-alone", "warning", text, None, routes, writer.fix())


# -- One policy --------------------------------------------------------------------------------------------


def doubtful_origin(site: Site) -> Iterator[Finding]:
    """Origins that can never match, or that were corrected."""
    for cover in covers(site):
        origins = cover.policy.origins
        if not origins.warnings and not origins.patterns:
            continue
        for entry in origins.entries:
            level, text = _doubt(entry)
            if text:
                yield finding_at(cover, "doubtful-origin", level, f"{text}.", _mend_origin(site, cover, entry, text))


def _doubt(entry: Any) -> tuple[Level, str]:
    found = AllowedOrigins.parse([entry])
    if any(map(_matches_no_origin, found.patterns)):
        text = f"{as_python(entry)} can never match: an origin begins with its scheme and ends with host or port"
        return "error", text
    works = found.exact or found.wildcards or found.any_origin
    return ("warning" if works else "error"), "".join(found.warnings)


def _matches_no_origin(pattern: re.Pattern[str]) -> bool:
    if pattern.flags & ~re.UNICODE:  # they change how it is read
        return False
    beginning = literal_prefix(pattern.pattern)
    begins = "://" in beginning or any(known.startswith(beginning[:4]) for known in ("http://", "null"))
    return not begins or pattern.pattern.rstrip("$").endswith("/")


def _mend_origin(site: Site, cover: Cover, entry: Any, text: str) -> Fix:
    """Write what the sentence says; remove what it does not mend."""
    mended = [_mend_pattern(entry)] if text.endswith("ends with host or port") else _named_in(text)
    kept = [item for one in cover.policy.origins.entries for item in (mended if one == entry else [one])]
    if not kept:
        return Fix(text="Write the origins of your pages there.")
    return changed(site, cover, {"origins": tuple(dict.fromkeys(kept))})


def _mend_pattern(entry: Any) -> Any:
    """Return a pattern with a scheme at its beginning, and no slash at its end."""
    text = (entry.pattern if isinstance(entry, re.Pattern) else entry).removeprefix("^").removesuffix("$")
    regex = text.rstrip("/") if "://" in text else f"https://{text.strip('/')}"
    return re.compile(regex) if isinstance(entry, re.Pattern) else f"^{regex}$"


def _named_in(text: str) -> list[Any]:
    """Return what a sentence says to write."""
    code = re.search(r'write re\.compile\(r"(.*)"\)', text)
    if code:
        return [re.compile(code[1])]
    quoted = re.search(r"write (\[.*\]|'[^']*')", text)
    value = ast.literal_eval(quoted[1]) if quoted and EXAMPLE not in quoted[1] else []
    return value if isinstance(value, list) else [value]


def risky_origin(site: Site) -> Iterator[Finding]:
    """Origins that others can take over, with credentials."""
    for cover in covers(site):
        origins = cover.policy.origins
        for risk in origins.credential_warnings() if cover.policy.supports_credentials else ():
            safer = [_safer(one) if risk.startswith(repr(one)) else one for one in origins.entries]
            fix = changed(site, cover, {"origins": tuple(one for one in safer if one)}) if any(safer) else Fix()
            yield finding_at(cover, "risky-origin", "warning", f"{risk}.", fix)


def _safer(origin: Any) -> Any:
    return (
        "" if "://*." in str(origin) and not str(origin).startswith("http:") else str(origin).replace("http:", "https:")
    )


_USELESS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("headers", fetch.is_forbidden_header, "the browser sets it, and no page can"),
    ("headers", is_response_header, "it is a header of responses, and no page sends it"),
    ("expose_headers", lambda name: name.lower() in ("set-cookie", "set-cookie2"), "browsers show it to no page"),
    ("methods", fetch.is_forbidden_method, "browsers let no page use it"),
)


def useless_name(site: Site) -> Iterator[Finding]:
    """Names of headers and methods that browsers ignore."""
    for cover in covers(site):
        for option, is_useless, why in _USELESS:
            names = getattr(cover.policy, option) or ()
            useful = tuple(name for name in names if not is_useless(name))
            for name in names if len(useful) < len(names) else ():
                if is_useless(name):
                    fix = changed(site, cover, {option: useful})
                    yield finding_at(cover, "useless-name", "warning", f"{name} in {option} has no effect: {why}.", fix)


def wildcard_with_credentials(site: Site) -> Iterator[Finding]:
    """``*`` where browsers take it for a name."""
    for cover in covers(site):
        policy = cover.policy
        if not policy.supports_credentials:
            continue
        if "*" in policy.expose_headers:
            names = tuple(name for name in policy.expose_headers if name != "*") or ("X-Total-Count",)
            text = 'with credentials, "*" in expose_headers exposes nothing: list the names.'
            fix = changed(site, cover, {"expose_headers": names})
            yield finding_at(cover, "wildcard-exposes-nothing", "error", text, fix)
        for option, usual in (("headers", ("Content-Type",)), ("methods", ("GET", "POST"))):
            if "*" in (getattr(policy, option) or ()):
                text = f'with credentials, "*" in {option} is a name to browsers, so whatever they request is allowed.'
                yield finding_at(cover, "wildcard-is-a-name", "warning", text, changed(site, cover, {option: usual}))


def capped_max_age(site: Site) -> Iterator[Finding]:
    """A ``max_age`` beyond what browsers allow."""
    for cover in covers(site):
        seconds = cover.policy.max_age or 0
        limits = {name: limit for name, limit in fetch.BROWSER_MAX_AGE_LIMITS.items() if limit < seconds}
        if limits:
            cut = ", ".join(f"{name} to {limit}" for name, limit in limits.items())
            text = f"max_age={seconds} is cut down by browsers: {cut} seconds."
            fix = changed(site, cover, {"max_age": max(limits.values())})
            yield finding_at(cover, "max-age-capped", "warning", text, fix)


# -- One pattern -------------------------------------------------------------------------------------------

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


# -- One view ----------------------------------------------------------------------------------------------


def decorator_opens_more(site: Site) -> Iterator[Finding]:
    """Decorators that take back what the extension says, perhaps not on purpose."""
    for item in site.routes:
        beneath = site.cover_beneath(item.route) if item.is_decorated else None
        if item.cover is None or beneath is None:
            continue
        own, other, rule = item.cover.policy, beneath.policy, item.rule.rule
        is_wider = own.origins.any_origin and not other.origins.any_origin
        changes: Changes = {"origins": tuple(other.origins.entries)} if is_wider else {}
        if is_wider:
            text = f"@cross_origin opens {rule} to everyone, which {beneath.source} does not."
            fix = changed(site, item.cover, changes)
            yield Finding("decorator-opens-more", "warning", text, item.cover.layer.place, (rule,), fix)
        if other.supports_credentials and not own.supports_credentials:
            text = f"@cross_origin keeps credentials from {rule}, which {beneath.source} supports."
            fix = changed(site, item.cover, {"supports_credentials": True, **changes})
            yield Finding("decorator-drops-credentials", "warning", text, item.cover.layer.place, (rule,), fix)


_LOGIN = re.compile(r"(?:login|session|user|admin|roles?|permissions?)(?:_\w+)?_required|requires?_login|authenticated")
_TOKEN = re.compile(r"(?:jwt|token|api_?key|auth)(?:_\w+)?_required|requires?_(?:auth|token|jwt)")


def login_under_wildcard(site: Site) -> Iterator[Finding]:
    """Views that seem to know their visitors, under a policy for everyone; told from names, so no more than a hint."""
    for cover in _deciding(site):
        yield from about_logins(site, site.routes, cover)


def _deciding(site: Site) -> list[Cover]:
    return list({id(item.cover.policy): item.cover for item in site.routes if item.cover}.values())


def about_logins(site: Site, routes: Iterable[RouteCover], cover: Cover) -> Iterator[Finding]:
    """Yield what the views under one policy hint at."""
    policy = cover.policy
    if not policy.origins.matches_any_origin:
        return
    here = [item for item in routes if item.cover and item.cover.policy is policy]
    cookies = [(item.rule.rule, sign) for item in here for sign in _signs(site.app, item, _LOGIN, uses_cookies)]
    if cookies:
        text = (
            f'{cover.source} says "*", but {_told_by(cookies)} to depend on cookies: '
            'with "*", browsers show no page a response to a request with cookies.'
        )
        yield _about_view(site, cover, "cookies-under-wildcard", text, cookies, _COOKIE_CHANGES)
    tokens = [(item.rule.rule, sign) for item in here for sign in _signs(site.app, item, _TOKEN)]
    if tokens and not any(re.search("auth|token|key", name, re.IGNORECASE) for name in policy.headers):
        text = f"{_told_by(tokens)} to need a token, but {cover.source} lets no page send one."
        changes = {"headers": (*policy.headers, "Authorization")}
        yield _about_view(site, cover, "token-not-allowed", text, tokens, changes)


_COOKIE_CHANGES = {"origins": (EXAMPLE,), "supports_credentials": True}


def _about_view(
    site: Site, cover: Cover, name: str, text: str, signs: list[tuple[str, str]], changes: Changes
) -> Finding:
    routes = tuple(dict.fromkeys(rule for rule, _ in signs))
    return Finding(name, "warning", text, cover.layer.place, routes, changed(site, cover, changes))


def _told_by(signs: list[tuple[str, str]]) -> str:
    rules, names = (set(column) for column in zip(*signs, strict=True))
    return f"{listed(rules)} ({listed(names)}) {'seem' if len(rules) > 1 else 'seems'}"


def uses_cookies(function: Any) -> Iterator[str]:
    """Yield by which names a function reaches Flask's session, a logged-in user, or the cookies themselves."""
    names, known = function.__code__.co_names, function.__globals__
    proxies = (name for name in names if isinstance(known.get(name), LocalProxy))
    yield from (name for name in proxies if known[name] is session or name == "current_user")
    yield from (name for name in names if name in ("cookies", "set_cookie"))


def _no_uses(_: Any) -> Iterator[str]:
    return iter(())


def _signs(
    app: Flask, item: RouteCover, pattern: re.Pattern[str], uses: Callable[[Any], Iterator[str]] = _no_uses
) -> Iterator[str]:
    """Yield what hints at a login: the names of decorators that have wrapped the view, and what it uses."""
    view = app.view_functions.get(item.rule.endpoint)
    method = getattr(getattr(view, "view_class", None), item.route.method.lower(), None)
    for function in (*_unwrapped(view), *_unwrapped(method)):
        yield from pattern.findall(function.__code__.co_qualname)
        yield from uses(function)


def _unwrapped(view: Any) -> Iterator[Any]:
    """Yield a view and all that it wraps, as far as that is written in Python."""
    while view is not None:
        if hasattr(view, "__code__"):
            yield view
        view = getattr(view, "__wrapped__", None)


#: Each rule takes the app as it was read, and yields findings.
RULES: tuple[Callable[[Site], Iterator[Finding]], ...] = (
    wrong_options,
    misspelt_key,
    no_cors,
    decorators_alone,
    doubtful_origin,
    risky_origin,
    useless_name,
    wildcard_with_credentials,
    capped_max_age,
    unused_pattern,
    stray_pattern,
    shadowed_pattern,
    decorator_opens_more,
    login_under_wildcard,
)


def policy_findings(site: Site, cover: Cover) -> list[Finding]:
    """Return what the rules say of one policy."""
    rules = (doubtful_origin, risky_origin, useless_name, wildcard_with_credentials, capped_max_age)
    found = [finding for rule in rules for finding in rule(site)]
    return [finding for finding in found if finding.place == cover.layer.place]
