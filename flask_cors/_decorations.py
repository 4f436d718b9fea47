"""Decorations: what ``@cross_origin`` was given for a view, also if an outer decorator hides it."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import Any

from flask import Flask

from .options import ParsedOptions
from .policy import ALL_METHODS

DECORATION = "cors_decoration"  # the attribute of a decorated view that holds its options
_MAX_FUNCTIONS = 100


def find_decoration(view: object, method: str = "") -> ParsedOptions | None:
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


def registered_functions(app: Flask) -> list[object]:
    """Return the views of an app, the functions before and after them, and the error handlers."""
    functions: list[object] = []
    waiting: list[Any] = [app.view_functions, app.before_request_funcs, app.after_request_funcs, app.error_handler_spec]
    for one in waiting:
        kind = type(one)  # not `isinstance`, which opens a proxy
        if issubclass(kind, dict):
            waiting += one.values()
        elif issubclass(kind, list):
            waiting += one
        else:
            functions.append(one)
    return functions


def all_decorations(functions: Iterable[object]) -> set[ParsedOptions]:
    """Return what ``@cross_origin`` was given for functions, and for those to which they refer."""
    return {decoration for one in functions for method in ALL_METHODS for decoration in _search(one, method)}


def view_decoration(app: Flask, endpoint: str | None, method: str) -> ParsedOptions | None:
    """Return the decoration that decides for the view at an endpoint, also if an outer decorator hides it.

    A view may refer to another registered view, or to an error handler, because it calls it. Then it keeps its own
    policy.
    """
    view = app.view_functions.get(endpoint)  # type: ignore[arg-type]
    if isinstance(view, FunctionType) and not view.__closure__ and not view.__dict__:
        return None  # there is nothing in it
    decoration = find_decoration(view, method)
    if decoration is None and any(_search(view, method)):
        others = registered_functions(app)
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
                    waiting.append(inner)


def _inner_functions(function: Any, method: str) -> Iterator[object]:
    """Yield the functions to which one refers as a closure, a partial, an object or a class-based view."""
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    inside = [function.func] if isinstance(function, partial) else []
    for inner in (*cells, *inside, *_handlers(function, method), *vars(function).values()):
        # Not an object that makes up its attributes: it may do so at a cost.
        kind = type(inner)
        if callable(inner) and not hasattr(kind, "__getattr__") and not issubclass(kind, (type, Flask)):
            yield inner
