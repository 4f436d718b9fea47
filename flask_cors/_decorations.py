"""Decorations: what ``@cross_origin`` was given for a view, also if an outer decorator hides it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import CellType, FunctionType
from typing import Any

from flask import Flask
from werkzeug.local import LocalProxy

from .options import ParsedOptions
from .policy import ALL_METHODS

DECORATION = "cors_decoration"  # the attribute of a decorated view that holds its options
_MAX_FUNCTIONS = 100
_EMPTY_CELL = CellType()  # reading such a cell raises an error; comparing cells does not

Found = tuple[ParsedOptions, set[int]]  # a decoration, and the `id` of each function on the way to it


def find_decoration(view: object, method: str) -> ParsedOptions | None:
    """Return what ``@cross_origin`` was given for a view; in a class, the decoration of its method comes first."""
    decoration = getattr(view, DECORATION, None)
    if hasattr(view, "view_class"):
        for handler in _handlers(view, method):
            decoration = getattr(handler, DECORATION, decoration)
    return decoration if isinstance(decoration, ParsedOptions) else None


def _handlers(view: object, method: str) -> list[object]:
    """Return the functions of a class-based view for a method, the first to run last."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return []
    uses_get = method == "HEAD" and not getattr(view_class, "head", None)  # as Flask does
    names = ("dispatch_request", "get" if uses_get else method.lower())
    return [getattr(view_class, name, None) for name in names]


def answers_options(decoration: ParsedOptions | None) -> bool:
    """Whether the wrapper of a decorated view responds to ``OPTIONS``, as far as its own options tell."""
    return decoration is not None and decoration.values.get("automatic_options") is not False


def search_decorations(view: object, method: str) -> Iterator[Found]:
    """Yield the decoration of a view, or those that an outer decorator without ``functools.wraps`` may hide.

    They are searched in the functions to which the view refers as a closure, a partial or an object, each once.
    """
    ways: dict[int, set[int]] = {id(view): set()}
    waiting = [view]
    for function in waiting:
        way = ways[id(function)]
        with suppress(Exception):  # of a proxy that has no attributes before there is a request
            decoration = find_decoration(function, method)
            if decoration is not None:
                yield decoration, way
            for inner in _inner_functions(function, method):
                if id(inner) not in ways and len(ways) < _MAX_FUNCTIONS:
                    ways[id(inner)] = {id(inner), *way}
                    waiting.append(inner)


def _inner_functions(function: Any, method: str) -> Iterator[object]:
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if cell != _EMPTY_CELL]
    attributes = getattr(function, "__dict__", {}).values()
    inside = [function.func] if isinstance(function, partial) else []
    for inner in (*cells, *attributes, *inside, *_handlers(function, method)):
        if not callable(inner) or issubclass(type(inner), LocalProxy):
            continue
        # Not an object that makes up its attributes: it may do so at a cost.
        if isinstance(inner, FunctionType) or not (
            hasattr(type(inner), "__getattr__") or isinstance(inner, (type, Flask))
        ):
            yield inner


class Decorations:
    """What ``@cross_origin`` was given for the functions of an app, as they are when this is made."""

    def __init__(self, app: Flask) -> None:
        self.views = [*app.view_functions.values()]
        beside_views = _leaves([app.before_request_funcs, app.after_request_funcs, app.error_handler_spec])
        self.beside_views = [
            one for function in beside_views for one, way in search_decorations(function, "") if not way
        ]
        found = [one for view in self.views for method in _methods(view) for one in search_decorations(view, method)]
        self._views = {*map(id, self.views)}
        self._visible = {*self.beside_views, *(decoration for decoration, way in found if not way)}
        self.of_views = [decoration for decoration, way in found if self.is_own(decoration, way)]

    def know(self, decoration: ParsedOptions, app: Flask) -> bool:
        """Whether these are the app's views still, and the decoration is of one of its functions.

        A class or a list of functions may have changed unseen; then the decoration is a new one.
        """
        is_known = decoration in self._visible or decoration in self.of_views
        return is_known and [*map(id, self.views)] == [*map(id, app.view_functions.values())]

    def is_own(self, decoration: ParsedOptions, way: set[int]) -> bool:
        """Whether a decoration is of the view from which the search began, or hidden in it.

        It may be of another registered view, or of a function before or after views or for errors. A view that calls
        one of these keeps its own policy.
        """
        return not way or (decoration not in self._visible and self._views.isdisjoint(way))


def _methods(view: object) -> list[str]:
    """Return the methods for which a view may have a decoration of its own."""
    with suppress(Exception):
        if hasattr(view, "view_class"):
            return ["", *ALL_METHODS, *(getattr(view, "methods", None) or ())]
    return [""]


def _leaves(registry: Any) -> Iterator[object]:
    """Yield what nested dicts and lists hold. They are copied, since Flask adds keys when it handles an error."""
    for value in [*registry.values()] if isinstance(registry, dict) else registry:
        if isinstance(value, dict | list):
            yield from _leaves(value)
        else:
            yield value
