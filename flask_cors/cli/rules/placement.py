"""Rules about where ``CORS`` and ``@cross_origin`` stand, and what stands between them and the request."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import update_wrapper
from itertools import takewhile
from types import FunctionType
from typing import Any

from ... import browser as fetch
from ..._decorations import answers_options, find_decoration
from ..._routes import declares_options
from ..ask import AppNetwork
from ..finding import EXAMPLE, Finding, listed, rules_of
from ..site import Place, RouteCover, Site
from ..source import SourceFile, last_name
from ..views import Definition, definition_of, functions_of, is_own, unwrapped
from ..writing import Fix, Writer

_ROUTING = {"route", "get", "post", "put", "patch", "delete"}


def decorator_above_route(site: Site) -> Iterator[Finding]:
    """``@cross_origin`` above ``@app.route``: Flask has registered the view without it."""
    for item in site.routes:
        for function in () if item.is_decorated else functions_of(site, item):
            written = definition_of(site, function)
            order = _right_order(*written) if written else None
            if written and order:
                file, node = written
                place = Place(file.file, order[-1].lineno)
                writer = Writer(site)
                for old, new in zip(_moved(node, order), order, strict=True):
                    writer.replace_text(file, *file.span(old), file.segment(new))
                text = (
                    f"@cross_origin above the route of {node.name}() has no effect: Flask registers the view below it."
                )
                fix = writer.fix("Put it below the route. Then its policy decides.")
                yield Finding("decorator-above-route", "error", text, place, (item.rule.rule,), fix)


def _right_order(file: SourceFile, node: Definition) -> list[ast.expr] | None:
    """Return the decorators from ``@cross_origin`` to the last route, in the order that has an effect."""
    name = file.name_of("cross_origin") or "cross_origin"
    decorators = node.decorator_list
    own = [number for number, one in enumerate(decorators) if ast.unparse(one).startswith(f"{name}(")]
    routes = [number for number, one in enumerate(decorators) if _is_route(one)]
    if not own or not routes or own[0] > routes[-1]:
        return None
    first, last = own[0], routes[-1]
    return [*decorators[first + 1 : last + 1], decorators[first]]


def _moved(node: Definition, order: list[ast.expr]) -> list[ast.expr]:
    return [one for one in node.decorator_list if one in order]


def _is_route(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and last_name(node.func) in _ROUTING


# -- Decorators without CORS on the app --------------------------------------------------------------------


def preflight_of_other_view(site: Site) -> Iterator[Finding]:
    """Two views on one path, where ``OPTIONS`` leads to the one without ``@cross_origin``."""
    lost = [item for item in _on_their_own(site) if _meets_other_view(site, item)]
    if lost:
        rules = rules_of(lost)
        text = (
            f"Two views share {listed(rules)}, and preflights reach the one without @cross_origin. So pages get no "
            "permission for the other one."
        )
        yield _add_cors(site, "preflight-of-other-view", text, lost)


def login_above_decorator(site: Site) -> Iterator[Finding]:
    """A login above ``@cross_origin``: without ``CORS`` on the app, it denies the preflights."""
    lost = [item for item in _on_their_own(site) if _is_behind_login(site, item)]
    if lost:
        text = (
            f"A decorator above @cross_origin gets the preflights of {listed(rules_of(lost))} first. "
            "A preflight has no cookie and no token, so a login denies it."
        )
        yield _add_cors(site, "login-above-decorator", text, lost)


def _on_their_own(site: Site) -> list[RouteCover]:
    """Return decorated routes that need preflights, of an app that has neither ``CORS`` nor what is found already."""
    if site.is_installed or any(site.app.before_request_funcs.values()):
        return []
    return [item for item in site.routes if item.is_decorated and _may_need_preflight(item)]


def _may_need_preflight(item: RouteCover) -> bool:
    policy = item.cover.policy if item.cover else None
    if policy is None or not policy.automatic_options or not policy.origins.entries:
        return False
    return bool(policy.headers) or item.route.method not in ("GET", "HEAD", "OPTIONS")


def _meets_other_view(site: Site, item: RouteCover) -> bool:
    endpoint = site.route(f"http://localhost{item.route.path}", "OPTIONS").endpoint
    if endpoint in (None, item.rule.endpoint):
        return False
    return not answers_options(find_decoration(site.app.view_functions.get(endpoint), "OPTIONS"))


_LOGIN = re.compile("login|log_in|token|jwt|auth|require|session|permission|role|admin|api_?key|user", re.IGNORECASE)


def _is_behind_login(site: Site, item: RouteCover) -> bool:
    view = site.app.view_functions.get(item.rule.endpoint)
    if find_decoration(view, item.route.method) is None:  # hidden, as the decorator does not use functools.wraps
        return True
    return _has_login(view)


def _has_login(view: Any) -> bool:
    """Whether a decorator of the program seems to be a login, and to know nothing of ``OPTIONS``."""
    functions = (one for one in unwrapped(view) if isinstance(one, FunctionType))
    decorators = (one for one in takewhile(is_own, functions) if hasattr(one, "__wrapped__"))
    logins = [one.__code__ for one in decorators if _LOGIN.search(one.__code__.co_qualname)]
    return any("OPTIONS" not in code.co_consts and "EXEMPT_METHODS" not in code.co_names for code in logins)


def _add_cors(site: Site, name: str, text: str, routes: list[RouteCover]) -> Finding:
    writer = Writer(site)
    writer.add_cors({"resources": ()})
    fix = writer.fix("With CORS on the app, preflights get their response first. It opens nothing more.")
    place = routes[0].cover.layer.place if routes[0].cover else None
    return Finding(name, "warning", text, place, rules_of(routes), fix)


# -- Routes that list OPTIONS ------------------------------------------------------------------------------


def options_denied(site: Site) -> Iterator[Finding]:
    """Routes that list ``OPTIONS`` behind a login: ``CORS`` leaves their preflights to the app, and it denies them."""
    lost = [item for item in site.routes if _leaves_preflight(site, item) and _is_denied(site, item)]
    if lost:
        text = (
            f"A view handles OPTIONS for {listed(rules_of(lost))}, and a login denies the preflights, which have no "
            "cookie and no token."
        )
        fix = Fix(text="Take OPTIONS out of its methods: then preflights get their response before any login.")
        place = lost[0].cover.layer.place if lost[0].cover else None
        yield Finding("options-denied", "warning", text, place, rules_of(lost), fix)


def _leaves_preflight(site: Site, item: RouteCover) -> bool:
    """Whether ``CORS`` leaves the preflights of a route to its view."""
    if not site.is_installed or "OPTIONS" not in (item.rule.methods or ()) or not declares_options(item.rule):
        return False
    is_covered = item.cover is not None and item.cover.policy.automatic_options
    return is_covered and site.handles_options(_url_of(site, item))


def _url_of(site: Site, item: RouteCover) -> str:
    return f"https://{site.app.config['SERVER_NAME'] or 'localhost'}{item.route.path}"


def _is_denied(site: Site, item: RouteCover) -> bool:
    """Whether a decorator or a function before the request denies a preflight. The view itself does not run."""
    views, endpoint = site.app.view_functions, item.rule.endpoint
    origins = sorted(item.cover.policy.origins.exact) if item.cover else []
    headers = (("Origin", [*origins, EXAMPLE][0]), (fetch.REQUEST_METHOD, item.route.method))

    def do_nothing(**_: Any) -> str:
        return ""

    view = views[endpoint]
    views[endpoint] = update_wrapper(do_nothing, view)  # an app may look at the attributes of its views
    try:
        response = AppNetwork(site.app)(fetch.Request("OPTIONS", _url_of(site, item), headers))
    except fetch.ConnectionFailed:
        return False
    finally:
        views[endpoint] = view
    leads_to_login = "login" in (fetch.get_header(response.headers, "Location") or "")
    return leads_to_login or response.status in (401, 403) or _has_login(view)


# -- Blueprints --------------------------------------------------------------------------------------------

_NOT_FOR_PAGES = re.compile("admin|internal|static|docs|health|metrics|debug", re.IGNORECASE)


def blueprint_left_out(site: Site) -> Iterator[Finding]:
    """One blueprint without ``CORS`` among at least two that have it, unless it has pages or a name of its own kind."""
    covered = {layer.scope.blueprint.rstrip(".") for layer in site.layers if layer.scope}
    if "" in covered or len(covered) < 2:  # "" is the app itself
        return
    others: dict[str, list[RouteCover]] = {}
    for item in site.routes:
        blueprint = item.rule.endpoint.rpartition(".")[0]
        if blueprint and item.cover is None and not item.rule.endpoint.endswith(".static"):
            others.setdefault(blueprint, []).append(item)
    [(name, routes), *more] = others.items() or [("", [])]
    if name and not more and not _NOT_FOR_PAGES.search(name) and not _has_pages(site, routes):
        text = f"The blueprint {name!r} has no CORS, and {listed(covered)} have one: pages can read none of its routes."
        fix = Fix(text=f"Write CORS({name}, ...) as for the others, or CORS({name}, origins=[]) for no page.")
        yield Finding("blueprint-left-out", "warning", text, None, rules_of(routes), fix)


def _has_pages(site: Site, routes: list[RouteCover]) -> bool:
    codes = [function.__code__ for item in routes for function in functions_of(site, item)]
    return any("render_template" in code.co_names for code in codes)
