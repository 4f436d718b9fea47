"""The causes of ``flask cors explain``: one function each, in one table, tried in its order.

First, whether this app responded at all; then, whether it failed, or redirected; then what the page does wrong, since
no policy corrects that; then the headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from .. import browser as fetch
from .._routes import Route
from ..options import RESOURCES
from ..origins import AllowedOrigins
from ..policy import Policy
from .advice import nearest
from .ask import place_of_function
from .case import Case, Cause, call_app, is_loopback
from .deployment import DEPLOYMENT_CAUSES
from .needs import Wanted, allows, changes_for, is_response_header, never_matching
from .outside import BAD_PORTS, BEFORE_CORS, OF_CONNECTION
from .rules.placement import decorator_above_route
from .site import Cover, Layer, Site, escape_path, rule_pattern
from .starting import app_does_not_start
from .unbound import cors_is_not_bound
from .writing import Fix, Writer

# -- Before any server is called ----------------------------------------------------------------------------


def url_without_scheme(case: Case) -> Cause | None:
    """Find a URL such as ``localhost:5000/users``."""
    if not case.question.is_schemeless:
        return None
    host = case.question.url.partition(":")[0]
    text = (
        f"The page's URL {case.question.url!r} has no http://. Browsers read '{host}:' as a scheme, or all of it as "
        "a path of the page's own server, so the request never reaches this app."
    )
    scheme = "http" if is_loopback(host) or re.fullmatch(r"[\d.]+", host) else "https"
    fix = Fix(text=f"In the page, write {scheme}://{case.question.url}")
    return Cause(id="url-without-scheme", text=text, fix=fix, step="")


def decided_before_cors(case: Case) -> Cause | None:
    """Find in the message, or in the URL, what stops a request before CORS applies."""
    name = case.question.message.cause if case.question.message else ""
    name = name if name in BEFORE_CORS else _told_by_url(case)
    if not name or (case.live_outcome and case.live_outcome.exchanges and name in OF_CONNECTION):
        return None
    parts = urlsplit(case.question.url)
    text, fix = BEFORE_CORS[name]
    if name == "mixed-content":
        fix = f"Serve the API over https, and write https://{parts.netloc}{parts.path} into the page."
    return Cause(id=name, text=text.format(site=parts.netloc), fix=Fix(text=fix), step="")


def _told_by_url(case: Case) -> str:
    url, page = urlsplit(case.question.url), urlsplit(case.question.origin)
    if page.scheme == "https" and url.scheme == "http" and not is_loopback(url.hostname or ""):
        return "mixed-content"
    return "unsafe-port" if url.port in BAD_PORTS else ""


# -- Whether this app responded ----------------------------------------------------------------------------


def middleware_responds(case: Case) -> Cause | None:
    """Find a middleware around the app that responds in its place, such as that of Flask-SocketIO."""
    if not case.is_blocked or case.site is None or case.last is None or case.seen.was_reached:
        return None
    app = case.site.app
    if case.last.kind == "preflight" and case.last.response.status == 200 and case.cover:
        return None
    if "socketio" in app.extensions and urlsplit(case.question.url).path.startswith("/socket.io"):
        text = "Flask-SocketIO responds below /socket.io/, with a list of origins of its own."
        fix = (
            f'Write SocketIO(app, cors_allowed_origins=["{case.question.origin}"]), beside the origins that it has now.'
        )
        return Cause(id="socketio", text=text, fix=Fix(text=fix))
    name = type(app.wsgi_app).__name__
    if case.cover is not None and name not in ("PreflightMiddleware", "method"):
        text = f"The app did not get the request: the middleware {name} around it responded."
        return Cause(
            id="middleware", text=text, fix=Fix(text=f"Let {name} send the headers, or give CORS the app inside it.")
        )
    return None


def mounted_app_responds(case: Case) -> Cause | None:
    """Find why another ``Flask`` object blocks the call, to which a middleware passes the rest of the path."""
    mounted, path = case.seen.mounted, case.seen.mounted_path
    if not case.is_blocked or case.site is None or mounted is None or case.seen.was_reached:
        return None
    site = Site(mounted, case.site.made)
    question = replace(case.question, url=urlsplit(case.question.url)._replace(path=path).geturl())
    outcome, evidence = call_app(question, site)
    cause = find_cause(Case(question=question, site=site, app_outcome=outcome, evidence=evidence))
    return cause and replace(cause, text=f"A mounted app responds, and gets the path {path}. {cause.text}")


def other_app_has_cors(case: Case) -> Cause | None:
    """Find a ``CORS`` that was given another ``Flask`` object than the one that runs."""
    site = case.site
    if not case.is_blocked or site is None or site.layers or case.cover:
        return None
    for made in site.made:
        other = Site(made.app) if made.app is not site.app else None
        if other and other.layers:
            own = next((one.place for one in site.made if one.app is site.app), None)
            text = f"CORS was given another Flask object, made at {made.place}. The app that runs is made at {own}."
            return Cause(id="other-app", text=text, place=other.layers[0].place, fix=_move_call(case, other.layers[0]))
    return None


def _move_call(case: Case, layer: Layer) -> Fix:
    policies = [entry.policy for entry in layer.entries if case.route and entry.pattern.match(case.route.path)]
    if not policies or changes_for(policies[0], case.wanted, {}):
        return _cover_fix(case)
    writer = case.writer()
    writer.copy_call(layer)
    return writer.fix()


# -- Whether it failed -------------------------------------------------------------------------------------


def app_failed(case: Case) -> Cause | None:
    """Find an exception of the app."""
    error, place = case.seen.error, case.seen.error_place
    if error is None or not _shows_failure(case):
        return None
    where = f" at {place}" if place else ""
    text = f"The app raised {type(error).__name__}{where}: {error}"
    readable = _why_unreadable(case) if case.is_blocked else " The page can read the 500: CORS is not the cause."
    data = " Add --data with what the page sends." if case.question.body is None and case.wanted.method != "GET" else ""
    fix = Fix(text=f"Fix the app there; the policy is right.{data}" if not case.is_blocked else "")
    if case.is_blocked:
        change = _policy_fix(case)
        words = " For the page to read its errors:" if change else ""
        fix = replace(change, text=f"Fix the app there.{data}{words}")
    return Cause(id="app-failed", text=text + "." + readable, place=place, fix=fix, blocks=case.is_blocked)


def _why_unreadable(case: Case) -> str:
    """Say what becomes of an exception that Flask passes on."""
    if case.site is None or not case.seen.error_is_passed_on:
        return ""
    if case.site.app.debug:
        return " In debug mode the debugger responds, and no page can read its response."
    setting = "PROPAGATE_EXCEPTIONS" if case.site.app.config["PROPAGATE_EXCEPTIONS"] else "TESTING"
    return f" {setting} is True, so the app sends no response when a view raises."


def _shows_failure(case: Case) -> bool:
    """Whether the response is a 500, or missing because the app raised."""
    if case.live_outcome is None and case.outcome and case.outcome.step.startswith("#http-network-fetch"):
        return True
    return case.last is not None and case.last.response.status == 500


# -- Whether it redirected ---------------------------------------------------------------------------------


def redirected(case: Case) -> Cause | None:
    """Find a redirect that ends the call: to a login, to another server, or in a preflight."""
    if not case.is_blocked or case.outcome is None:
        return None
    for exchange in case.outcome.exchanges:
        location = fetch.get_header(exchange.response.headers, "Location")
        if 300 <= exchange.response.status < 400 and location:
            return _redirect_cause(case, exchange, fetch.parse_url(location, exchange.request.url).text)
    return None


def _redirect_cause(case: Case, exchange: fetch.Exchange, target: str) -> Cause:
    begin = f"The response to {exchange.request.method} is a redirect, {exchange.response.status}, to {target}"
    begin += f", by {name_function(case.seen.refused_by)}" if case.seen.refused_by and not case.live_outcome else ""
    note = "A browser that has cached a 301 or 308 keeps following it; clear its cache."
    same_host = urlsplit(target).netloc == urlsplit(exchange.request.url).netloc
    if same_host and _without_slash(target) == _without_slash(exchange.request.url):
        fix = _slash_fix(case, target, note)
        return Cause(id="redirect", text=f"{begin}: the page's URL is not the one of the view.", fix=fix)
    if same_host and "login" not in target:
        return Cause(id="redirect", text=f"{begin}.", fix=Fix(text=f"In the page, request {target} itself. {note}"))
    login = "Respond to a fetch with 401 instead of the redirect, and let the page go to the login itself."
    where = "another server, which must allow the page as well" if not same_host else "a page for people, not for fetch"
    place = place_of_function(case.seen.refused_by) if case.seen.refused_by else None
    fix = Fix(text=f"{login} If it is not a login, request {target} itself in the page.")
    is_away = case.outcome is not None and case.outcome.step.startswith("#http-network-fetch")
    return Cause(id="redirect", text=f"{begin}: {where}.", place=place, fix=fix, step="" if is_away else None)


def _slash_fix(case: Case, target: str, note: str) -> Fix:
    text = f"In the page, request {target}. {note}"
    if case.site and case.cover and not case.site.is_installed:
        writer = case.writer()
        writer.add_cors({"resources": ()})
        return writer.fix(text)
    return Fix(text=text)


def _without_slash(url: str) -> str:
    return url.partition("://")[2].partition("?")[0].rstrip("/")


# -- What the page does wrong ------------------------------------------------------------------------------


def page_sends_response_header(case: Case) -> Cause | None:
    """Find ``Access-Control-Allow-Origin`` and its like on the request."""
    names = list({name.lower(): name for name, _ in case.question.headers if is_response_header(name)}.values())
    if not case.is_blocked or not names:
        return None
    text = f"The page sends {', '.join(names)}: that is a header of responses, and makes a preflight necessary."
    kept = case.wanted._replace(headers=tuple(name for name in case.wanted.headers if not is_response_header(name)))
    words = f"In the page, remove {', '.join(names)} from the headers of the call."
    fix = replace(_policy_fix(case, kept), text=words) if case.cover else Fix(text=words)
    return Cause(id="page-sends-response-header", text=text, fix=fix, cover=case.cover)


def page_spells_method(case: Case) -> Cause | None:
    """Find ``patch``: browsers upper-case only the older methods."""
    method = case.wanted.method
    if not case.is_blocked or method.isupper() or not case.outcome or "step 7.5" not in case.outcome.step:
        return None
    text = (
        f"The page sends the method {method!r}. Method names are case-sensitive, and browsers upper-case only old ones."
    )
    return Cause(id="page-spells-method", text=text, fix=Fix(text=f"In the page, write {method.upper()!r}."))


def page_makes_no_call(case: Case) -> Cause | None:
    """Find a call that the browser itself rejects: a forbidden method, a body on GET."""
    if not case.is_blocked or case.outcome is None or case.outcome.exchanges:
        return None
    text = f"{case.outcome.reason} No server can allow this."
    return Cause(id="page-makes-no-call", text=text, fix=Fix(text="Change the call in the page."))


def origin_is_null(case: Case) -> Cause | None:
    """Find ``Origin: null``, which any site can have."""
    if not case.is_blocked or case.wanted.origin != "null":
        return None
    if case.cover and allows(case.cover.policy, "null") and not case.wanted.credentials:
        return None
    text = "The page has the origin null: it is a file, or sandboxed. Any site can make such a page: do not allow it."
    return Cause(id="origin-null", text=text, fix=Fix(text="Serve the page over http, as from http://localhost:8000."))


# -- The headers -------------------------------------------------------------------------------------------


def options_are_wrong(case: Case) -> Cause | None:
    """Find options that are wrong together, so that the extension denies every origin."""
    if not case.is_blocked or case.site is None:
        return None
    own = [(layer, error) for layer, error in case.site.errors if layer is None or _concerns(case, layer)]
    if not own:
        return None
    layer, error = own[0]
    names = error.startswith("origins is not given") or "allows every origin" in error
    fix = Fix(text="Correct what the message names.")
    if layer and names:
        writer = case.writer()
        writer.change(Cover(layer, layer.entries[0]._replace(policy=Policy())), {"origins": (case.question.origin,)})
        fix = writer.fix()
    what = _name_of_layer(case, layer)
    text = f"The options of {what} are wrong, so that no origin is allowed: {error}."
    return Cause(id="wrong-options", text=text, fix=fix, place=layer.place if layer else None)


def _concerns(case: Case, layer: Layer) -> bool:
    if case.cover and case.cover.layer.scope is None:
        return case.cover.layer.parsed is layer.parsed
    return layer.scope is not None


def _name_of_layer(case: Case, layer: Layer | None) -> str:
    if layer is None:
        return "the app's config"
    return f"{layer.title} of {case.route.endpoint}" if layer.scope is None and case.route else layer.title


def path_is_too_long(case: Case) -> Cause | None:
    """Find a path so long that no pattern is tried on it."""
    if not case.is_blocked or not case.site or not case.route or not case.site.is_too_long(case.route):
        return None
    text = "A path of more than 4,096 characters is not matched with patterns, and no origin is allowed."
    return Cause(id="path-too-long", text=text, fix=Fix(text="Use a shorter path; put the rest into the body."))


def function_denies(case: Case) -> Cause | None:
    """Find a function in ``origins`` that returned False, or raised."""
    origins = case.cover.policy.origins if case.cover else None
    origin = case.wanted.origin
    if not case.is_blocked or not origins or not origins.callables or allows(case.cover.policy, origin):  # type: ignore[union-attr]
        return None
    function = origins.callables[0]
    place = place_of_function(function) or (case.cover.layer.place if case.cover else None)
    text = f"The function in origins, {name_function(function)}, {_verdict(function, origin)} for {origin!r}."
    fix = Fix(text=f"Let it return True for {origin!r}, if this page may read; it alone decides.")
    return Cause(id="function-denies", text=text, fix=fix, cover=case.cover, place=place)


def _verdict(function: Callable[[str], object], origin: str) -> str:
    try:
        result = function(origin)
    except Exception as error:
        return f"raised {type(error).__name__} ({error})"
    return f"returned {result!r}"


def name_function(function: Any) -> str:
    """Name a function and the line where it is written."""
    name = getattr(function, "__qualname__", type(function).__name__)
    place = place_of_function(function)
    return f"{name} at {place}" if place else str(name)


def preflight_is_refused(case: Case) -> Cause | None:
    """Find a preflight that something else responds to, since the app has no ``CORS``, or was told to leave it."""
    if not case.is_blocked or not case.cover or not case.last or case.last.kind != "preflight" or not case.site:
        return None
    if _is_answered(case):
        return None
    if case.site.is_installed and case.cover.policy.automatic_options:
        return _view_handles_options(case)
    refused = case.seen.refused_by
    who = f"the before_request function {name_function(refused)}" if refused else "Flask itself"
    why = "automatic_options is False" if case.site.is_installed else "there is no CORS on the app, only decorators"
    text = f"The preflight gets its response, {case.last.response.status}, from {who}, because {why}."
    place = place_of_function(refused) if refused else case.cover.layer.place
    return Cause(id="preflight-refused", text=text, fix=_policy_fix(case), cover=case.cover, place=place)


def _is_answered(case: Case) -> bool:
    """Whether the extension has responded to the preflight, so that its headers decide."""
    if case.site is None or case.last is None or case.route is None or case.last.response.status != 200:
        return False
    if case.site.is_installed:
        return case.cover is not None and case.cover.policy.automatic_options
    return case.site.has_preflight_wrapper(case.last.request.url, case.route.endpoint) and not case.seen.refused_by


def _view_handles_options(case: Case) -> Cause | None:
    if not case.last or 200 <= case.last.response.status < 300:
        return None
    text = f"The view handles OPTIONS itself, and responds with {case.last.response.status}."
    fix = Fix(text="Let it respond with 200, or take OPTIONS out of its methods.")
    return Cause(id="view-handles-options", text=text, fix=fix, cover=case.cover)


def decorator_has_no_effect(case: Case) -> Cause | None:
    """Find ``@cross_origin`` above the route of the view."""
    if not case.is_blocked or case.site is None or case.route is None:
        return None
    rules = [(item.rule.rule,) for item in case.site.routes if item.route.endpoint == case.route.endpoint]
    found = next((one for one in decorator_above_route(case.site) if one.routes in rules), None)
    if found is None:
        return None
    return Cause(id="decorator-above-route", text=found.text, fix=found.fix, place=found.place)


def not_covered(case: Case) -> Cause | None:
    """Find a path that no policy covers."""
    if not case.is_blocked or case.site is None or case.cover or case.route is None:
        return None
    site, path = case.site, case.route.path
    has_none = not site.layers and not any(route.is_decorated for route in site.routes)
    text = f"There is no CORS on the app, so no policy covers {path}." if has_none else f"No policy covers {path}."
    if case.route.endpoint is None:
        text += f" The app has no route for {case.route.method} there, either."
    return Cause(id="no-cors" if has_none else "not-covered", text=text, fix=_cover_fix(case))


def _cover_fix(case: Case) -> Fix:
    site, route = cast(Site, case.site), cast(Route, case.route)
    writer = Writer(site)
    _keep_error(case, writer)
    layer = next(iter(site.app_layers()), None)
    pattern = _pattern_of(site, route)
    if layer is None:
        writer.add_cors({"resources": ((re.compile(pattern), {}),), **_new_policy(case)})
        return writer.fix()
    known = {**layer.config.values, **layer.parsed.values}
    own = {} if "origins" in known else {"origins": (case.wanted.origin,)}
    own |= changes_for(_policy_of(known), case.wanted, case.question.spelling)
    writer.add_entry(layer, pattern, own)
    return writer.fix()


def _new_policy(case: Case) -> dict[str, Any]:
    policy = _policy_of(cast(Site, case.site).config.values)
    needed = changes_for(policy, case.wanted, case.question.spelling)
    return {"origins": (case.wanted.origin,), **needed} if policy.origins.any_origin else needed


def _policy_of(values: Mapping[str, Any]) -> Policy:
    return Policy(**{name: value for name, value in values.items() if name != RESOURCES})


def _pattern_of(site: Site, route: Route) -> str:
    """Return a pattern for the rule that leads to the path, or for the path alone, and for nothing else."""
    rules = [item.rule.rule for item in site.routes if item.route.endpoint == route.endpoint]
    patterns = [rule_pattern(rule) for rule in rules if not rule.startswith("/<path:")]  # such a rule has every path
    return next((pattern for pattern in patterns if re.match(pattern, route.path)), escape_path(route.path) + "$")


def policy_lacks(case: Case) -> Cause | None:
    """Find what the policy lacks: the origin, the method, headers, credentials."""
    if not case.is_blocked or case.cover is None:
        return None
    changes = changes_for(case.cover.policy, case.wanted, case.question.spelling)
    if not changes:
        return None
    text = " ".join(filter(None, (say(changes, case) for say in _SENTENCES)))
    return Cause(id=f"policy-lacks-{next(iter(changes))}", text=text, fix=_policy_fix(case), cover=case.cover)


def _say_origin(changes: dict[str, Any], case: Case) -> str:
    if "origins" not in changes or case.cover is None:
        return ""
    origins, origin = case.cover.policy.origins, case.wanted.origin
    if origins.matches_any_origin:
        return "The page sends credentials, so the policy must name its origin: * is not enough."
    replaced = [entry for entry in origins.entries if entry not in changes["origins"]]
    meant = replaced or _resembling(origins, origin)
    doubts = [sentence for entry in meant for sentence in never_matching(entry)]
    if not any(origins.entries):  # None, or no more than an empty text
        doubts = list(origins.warnings)
    hint = f" It lists {meant[0]!r}, but scheme, host and port must all be the same." if meant else ""
    return f"The policy does not allow the origin {origin}.{''.join(f' {one}.' for one in doubts) or hint}"


def _resembling(origins: AllowedOrigins, origin: str) -> list[str]:
    """Return the entry that is most like an origin; another name of this computer is like it, too."""
    hosts = {_as_host(one): one for one in origins.entries[:1000] if isinstance(one, str)}
    near = nearest(_as_host(origin), hosts, 0.8)
    return [hosts[near]] if near else []


def _as_host(origin: str) -> str:
    return re.sub(r"^(127\.0\.0\.1|\[::1\])(?=:|$)", "localhost", origin.rpartition("://")[2])


def _say_methods(changes: dict[str, Any], case: Case) -> str:
    return f"The preflight response does not allow the method {case.wanted.method}." if "methods" in changes else ""


def _say_headers(changes: dict[str, Any], case: Case) -> str:
    if "headers" not in changes or case.cover is None:
        return ""
    names = [name for name in changes["headers"] if name not in case.cover.policy.headers]
    word = "header" if len(names) == 1 else "headers"
    return f"The preflight response does not allow the {word} {', '.join(names)}."


def _say_credentials(changes: dict[str, Any], _: Case) -> str:
    return "The policy does not allow credentials (cookies)." if "supports_credentials" in changes else ""


_SENTENCES = (_say_origin, _say_methods, _say_headers, _say_credentials)


def _policy_fix(case: Case, wanted: Wanted | None = None) -> Fix:
    """Change the policy that decides, so that it allows the call."""
    if case.cover is None or case.site is None:
        return _cover_fix(case)
    writer = case.writer()
    changes = changes_for(case.cover.policy, wanted or case.wanted, case.question.spelling)
    if case.last and case.last.kind == "preflight":
        if not case.cover.policy.automatic_options:
            changes["automatic_options"] = True
        if not case.site.is_installed and not _is_answered(case):
            writer.add_cors({"resources": ()})
    _keep_error(case, writer)
    writer.change(case.cover, changes)
    return writer.fix()


def _keep_error(case: Case, writer: Writer) -> None:
    """Let the app respond in place of an exception that it has passed on."""
    site = cast(Site, case.site)
    if not case.seen.error_is_passed_on:
        return
    if not site.app.debug or site.is_installed:
        writer.add_config({"PROPAGATE_EXCEPTIONS": False})
    elif case.cover:
        writer.add_cors({"resources": ()})


def other_decorator_responds(case: Case) -> Cause | None:
    """Find what responds before ``@cross_origin`` runs, as a login does, where there is no ``CORS`` on the app."""
    if not case.is_blocked or case.site is None or case.site.is_installed or case.cover is None or case.last is None:
        return None
    if fetch.get_header(case.last.response.headers, fetch.ALLOW_ORIGIN) is not None:
        return None
    refused = case.seen.refused_by
    who = f"The before_request function {name_function(refused)}" if refused else "A decorator above @cross_origin"
    text = f"{who} responds with {case.last.response.status}, so @cross_origin does not run."
    writer = case.writer()
    writer.add_cors({"resources": ()})
    return Cause(id="login-above-decorator", text=text, fix=writer.fix(), cover=case.cover)


def other_code_changes_headers(case: Case) -> Cause | None:
    """Find a response that other code has changed, since the policy allows the call."""
    if not case.is_blocked or case.outcome is None or case.site is None:
        return None
    text = f"{case.outcome.reason} The policy allows this call, so other code changes the response."
    fix = Fix(text="Look for Access-Control- in the app, and in the proxy before it.")
    return Cause(id="other-code", text=text, fix=fix, cover=case.cover)


CAUSES: tuple[Callable[[Case], Cause | None], ...] = (
    url_without_scheme,
    app_does_not_start,
    decided_before_cors,
    *DEPLOYMENT_CAUSES[:-1],
    mounted_app_responds,
    middleware_responds,
    other_app_has_cors,
    app_failed,
    redirected,
    page_sends_response_header,
    page_spells_method,
    page_makes_no_call,
    origin_is_null,
    DEPLOYMENT_CAUSES[-1],
    options_are_wrong,
    path_is_too_long,
    function_denies,
    preflight_is_refused,
    decorator_has_no_effect,
    cors_is_not_bound,
    not_covered,
    policy_lacks,
    other_decorator_responds,
    other_code_changes_headers,
)


def find_cause(case: Case) -> Cause | None:
    """Return the first cause that applies; ``None`` where the page can read a response and that is not an error."""
    cause = next(filter(None, (find(case) for find in CAUSES)), None)
    if cause is None or cause.step is not None or not case.outcome or not cause.blocks:
        return cause
    return replace(cause, step=case.outcome.step)
