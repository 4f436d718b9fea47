"""Routes: which view a request reaches, how that view is decorated, and whether it handles ``OPTIONS`` itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from types import CellType, FunctionType, MethodType
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Flask, Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect, Rule

from .options import ParsedOptions
from .policy import ALL_METHODS

DECORATION = "cors_decoration"  # the attribute of a decorated view that holds its options
_MAX_REDIRECTS = 8
_FUNCTIONS = (FunctionType, MethodType, partial)
_MAX_FUNCTIONS = 50
_EMPTY_CELL = CellType()  # reading such a cell raises an error; comparing cells does not


class AutomaticOptions(str):
    """``OPTIONS`` on a rule whose author did not write it.

    Werkzeug stores ``method.upper()`` in a rule. This returns the object itself, so that its class shows.
    """

    def upper(self) -> str:
        return self


class Route(NamedTuple):
    """Where a request ends: the endpoint, if there is one, the method and the path."""

    endpoint: str | None
    method: str
    path: str


def url_adapter(app: Flask, request: Request) -> MapAdapter | None:
    """Return the app's routes for this request; ``None`` if its host is not trusted."""
    try:
        return app.create_url_adapter(request)
    except HTTPException:
        return None


def request_route(app: Flask, request: Request, adapter: MapAdapter | None = None) -> Route:
    """Return the route of a request; for a preflight, the route of the request that it is for.

    :raises Exception: what a converter or a ``redirect_to`` function of the app raises.
    """
    method, rule = request.method, request.url_rule
    if method == "OPTIONS":  # without an `Origin` as well: a response that depends on it would need `Vary`
        requested = request.environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if requested:
            method, rule = requested, None
    if rule is not None:
        return Route(rule.endpoint, method, request.path)
    adapter = adapter or url_adapter(app, request)
    return resolve_route(adapter, method, request.path) if adapter else Route(None, method, request.path)


def resolve_route(adapter: MapAdapter, method: str, path: str) -> Route:
    """Resolve the route for *method*, following redirects; on 405, use an allowed method."""
    for _ in range(_MAX_REDIRECTS):
        try:
            return Route(adapter.match(path, method)[0], method, path)
        except RequestRedirect as redirect:
            url = urlsplit(redirect.new_url)
            root = adapter.script_name.rstrip("/")
            target = unquote(url.path)  # as the app will see it
            if url.netloc != adapter.get_host(None) or not target.startswith(f"{root}/"):
                break  # it leads out of this app
            path = target.removeprefix(root)
        except MethodNotAllowed as error:
            method = min({*(error.valid_methods or ())} - {"OPTIONS"}, default="OPTIONS")
        except HTTPException:
            break
    return Route(None, method, path)


def view_handles_options(app: Flask, adapter: MapAdapter) -> bool:
    """Whether ``OPTIONS`` leads to a view whose author wrote it for that."""
    try:
        rule, _ = adapter.match(method="OPTIONS", return_rule=True)
    except HTTPException:
        return False
    view = app.view_functions.get(rule.endpoint)
    return declares_options(rule) and (class_handles_options(view) or not answers_options(view))


def declares_options(rule: Rule | None) -> bool:
    """Whether the author of a rule wrote it for ``OPTIONS``."""
    if getattr(rule, "provide_automatic_options", False):
        return False
    return AutomaticOptions not in map(type, getattr(rule, "methods", None) or ())


def class_handles_options(view: object) -> bool:
    """Whether a view is a class with a method for ``OPTIONS``."""
    view_class = getattr(view, "view_class", object)
    if not hasattr(view_class, "options"):
        return False
    from flask.views import MethodView  # loaded by the program that has such a view

    return issubclass(view_class, MethodView)


def answers_options(view: object) -> bool:
    """Whether a view is decorated, and its wrapper responds to ``OPTIONS``, as far as its own options tell."""
    decoration = find_decoration(view, "OPTIONS")
    return decoration is not None and decoration.values.get("automatic_options") is not False


def deciding_decoration(app: Flask, endpoint: str | None, method: str) -> ParsedOptions | None:
    """Return the decoration of the view at an endpoint, also if an outer decorator hides it."""
    view = app.view_functions.get(endpoint)  # type: ignore[arg-type]
    if isinstance(view, FunctionType) and not view.__closure__ and not view.__dict__:
        return None  # there is nothing in it
    return find_decoration(view, method) or hidden_decoration(app, view, method, [view])


def find_decoration(view: object, method: str) -> ParsedOptions | None:
    """Return what ``@cross_origin`` was given for a view; in a class, the decoration of its method comes first."""
    decoration = getattr(view, DECORATION, None)
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        uses_get = method == "HEAD" and not getattr(view_class, "head", None)  # as Flask does
        handler = "get" if uses_get else method.lower()
        found = [getattr(getattr(view_class, name, None), DECORATION, None) for name in (handler, "dispatch_request")]
        decoration = next(filter(None, found), decoration)
    return decoration if isinstance(decoration, ParsedOptions) else None


def all_decorations(app: Flask, *, hidden: bool = True) -> Iterator[ParsedOptions]:
    """Yield what ``@cross_origin`` was given for the registered views, and for the methods of their classes."""
    for view in [*app.view_functions.values()]:
        with suppress(Exception):  # a proxy has no attributes before there is a request
            methods = ["", *(getattr(view, "methods", None) or ())]
            if hasattr(view, "view_class"):
                methods += ALL_METHODS
            found = [find_decoration(view, method) for method in methods]
            if hidden:
                found.append(hidden_decoration(app, view, "", [view]))
            yield from filter(None, found)


def decorations_beside_views(app: Flask) -> Iterator[ParsedOptions]:
    """Yield what ``@cross_origin`` was given for functions that run before and after views, and for errors."""
    functions = [*chain(*app.before_request_funcs.values(), *app.after_request_funcs.values())]
    for by_code in [*app.error_handler_spec.values()]:  # copies, since Flask adds keys when it handles an error
        for by_class in [*by_code.values()]:
            functions += by_class.values()
    for function in functions:
        decoration = find_decoration(function, "")
        if decoration is not None:
            yield decoration


def hidden_decoration(app: Flask, function: object, method: str, seen: list[object]) -> ParsedOptions | None:
    """Return the decoration that an outer decorator hides, because it does not use ``functools.wraps``.

    It is found in the functions to which *function* refers as a closure, a partial or an object. Other registered views
    are not among them, nor functions around views: a view that calls one of these keeps its own policy. *seen* holds
    the functions that are searched already, or being searched.
    """
    for inner in _inner_functions(function):
        decoration = find_decoration(inner, method)
        if decoration is None and inner not in seen and len(seen) < _MAX_FUNCTIONS:
            seen.append(inner)
            decoration = hidden_decoration(app, inner, method, seen)
        if decoration is not None and not _is_of_another(app, inner, decoration):
            return decoration
    return None


def _is_of_another(app: Flask, function: object, decoration: ParsedOptions) -> bool:
    """Whether a decoration is of a registered view, or of a function that runs before or after views, or for errors."""
    if any(function is view for view in [*app.view_functions.values()]):
        return True
    return decoration in chain(all_decorations(app, hidden=False), decorations_beside_views(app))


def _inner_functions(function: object) -> Iterator[object]:
    """Yield the functions to which a function refers as a closure, a partial or an object."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if cell != _EMPTY_CELL]
    attributes = getattr(function, "__dict__", {}).values()
    for inner in (*cells, *attributes, getattr(function, "func", None)):
        if isinstance(inner, _FUNCTIONS):
            yield inner
