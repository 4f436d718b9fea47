"""Decorations: what ``@cross_origin`` was given for a view, also if an outer decorator hides it."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import Any

from flask import Flask

from .options import ParsedOptions
from .policy import ALL_METHODS

DECORATION = "cors_decoration"  # the attribute of a decorated view that holds its options
_MAX_FUNCTIONS = 100


def find_decoration(view: object, method: str) -> ParsedOptions | None:
    """Return what ``@cross_origin`` was given for a view; in a class, the decoration of its method comes first."""
    try:
        decoration = getattr(view, DECORATION, None)
        for handler in _handlers(view, method):
            decoration = getattr(handler, DECORATION, decoration)
    except Exception:  # of a proxy that has no attributes before there is a request
        return None
    return decoration if isinstance(decoration, ParsedOptions) else None


def _handlers(view: object, method: str) -> list[object]:
    """Return the functions of a class-based view for a method, the first to run last."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return []
    name = method.lower()
    if method == "HEAD" and not getattr(view_class, "head", None):  # as Flask does
        name = "get"
    return [getattr(view_class, "dispatch_request", None), getattr(view_class, name, None)]


def answers_options(decoration: ParsedOptions | None) -> bool:
    """Whether the wrapper of a decorated view responds to ``OPTIONS``, as far as its own options tell."""
    return decoration is not None and decoration.values.get("automatic_options") is not False


def app_decorations(app: Flask) -> set[ParsedOptions]:
    """Return what ``@cross_origin`` was given for the views of an app, and for functions to which they refer."""
    views = app.view_functions.values()
    return {decoration for view in views for method in ALL_METHODS for decoration in _search(view, method)}


def view_decoration(app: Flask, endpoint: str | None, method: str) -> ParsedOptions | None:
    """Return the decoration that decides for the view at an endpoint, also if an outer decorator hides it.

    A view may refer to another registered view because it calls it. Then it keeps its own policy.
    """
    view = app.view_functions.get(endpoint)  # type: ignore[arg-type]
    if isinstance(view, FunctionType) and not view.__closure__ and not view.__dict__:
        return None  # there is nothing in it
    decoration = find_decoration(view, method)
    if decoration is None and any(_search(view, method)):
        others = [other for other in app.view_functions.values() if other is not view]
        visible = [find_decoration(other, method) for other in others]
        for hidden in _search(view, method, others):
            if hidden not in visible:
                return hidden
    return decoration


def _search(view: object, method: str, others: Collection[object] = ()) -> Iterator[ParsedOptions]:
    """Yield the decorations in a view: its own, and those of the functions to which it refers, but not of *others*."""
    waiting = [view]
    seen = {id(view), *map(id, others)}
    for function in waiting:
        decoration = find_decoration(function, method)
        if decoration is not None:
            yield decoration
        with suppress(Exception):  # of a proxy, as above, or of a variable that has no value yet
            for inner in _inner_functions(function, method):
                if id(inner) not in seen and len(waiting) < _MAX_FUNCTIONS:
                    seen.add(id(inner))
                    if not _is_beside(function, inner) or find_decoration(inner, method) is None:
                        waiting.append(inner)


def _inner_functions(function: Any, method: str) -> Iterator[object]:
    """Yield the functions to which one refers as a closure, a partial, an object or a class-based view."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    inside = [function.func] if isinstance(function, partial) else []
    for inner in (*cells, *inside, *_handlers(function, method), *vars(function).values()):
        # Not an object that makes up its attributes: it may do so at a cost.
        if callable(inner) and not hasattr(type(inner), "__getattr__") and not isinstance(inner, (type, Flask)):
            yield inner


def _is_beside(function: object, inner: object) -> bool:
    """Whether two functions are defined in one, such as an app factory. One may call the other, but not decorate it."""
    scope, inner_scope = (str(getattr(one, "__qualname__", "")).rpartition(".")[0] for one in (function, inner))
    return scope == inner_scope and scope.endswith("<locals>")
