"""What views do, as their code shows it: the functions that make a view, and how these are written."""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any

from flask import request

from .site import RouteCover, Site
from .source import SourceFile

Definition = ast.FunctionDef | ast.AsyncFunctionDef
_PACKAGE = str(Path(__file__).parents[1])


def functions_of(site: Site, item: RouteCover) -> Iterator[FunctionType]:
    """Yield the functions of a route's view, from the outermost decorator inwards, without those of libraries."""
    yield from (one for one in all_functions_of(site, item) if isinstance(one, FunctionType) and is_own(one))


def all_functions_of(site: Site, item: RouteCover) -> Iterator[Any]:
    """Yield the functions and methods of a route's view, from the outermost decorator inwards."""
    view = site.app.view_functions.get(item.rule.endpoint)
    method = getattr(getattr(view, "view_class", None), item.route.method.lower(), None)
    yield from (*unwrapped(view), *unwrapped(method))


def unwrapped(view: Any) -> Iterator[Any]:
    """Yield a view and all that it wraps, as far as that is written in Python."""
    while view is not None:
        if hasattr(view, "__code__"):
            yield view
        view = getattr(view, "__wrapped__", None)


def is_own(function: FunctionType) -> bool:
    """Whether the program has a function, and not a library."""
    name = function.__code__.co_filename
    return "site-packages" not in name and not name.startswith(_PACKAGE)


def definition_of(site: Site, function: FunctionType) -> tuple[SourceFile, Definition] | None:
    """Return how a function is written."""
    code = function.__code__
    file = site.program.file(code.co_filename)
    node = file.functions.get(code.co_firstlineno) if file else None
    return (file, node) if file and node and node.name == code.co_name else None


def reads_json(function: FunctionType) -> bool:
    """Whether a function reads ``request.json``, or calls ``request.get_json()`` without ``force``."""
    if any("force" in names for names in function.__code__.co_consts if isinstance(names, tuple)):
        return False
    names = [step.argval for step in dis.get_instructions(function)]
    return any(_is_request(function, name) and after in ("json", "get_json") for name, after in pairwise(names))


def _is_request(function: FunctionType, name: Any) -> bool:
    return name == "request" or function.__globals__.get(str(name)) is request
