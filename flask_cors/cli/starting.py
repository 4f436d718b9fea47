"""The cause of ``flask cors explain`` for an app that does not start, and the change that lets it start."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from ..options import PARSERS, RESOURCES
from ..origins import AllowedOrigins
from .case import Case, Cause, LoadFailure
from .question import Question
from .site import Place
from .source import SETTERS, Program, SourceFile, literal
from .writing import Fix

_CREDENTIALS = "supports_credentials"
_Pairs = dict[Any, ast.expr]


def app_does_not_start(case: Case) -> Cause | None:
    """Find an exception while the app is loaded: the options of ``CORS``, above all."""
    if case.failure is None:
        return None
    error, place = case.failure.error, case.failure.place
    text = f"The app does not start: {type(error).__name__}: {error}"
    return Cause(id="app-does-not-start", text=text, place=place, fix=_fix(case, place), step="")


def _fix(case: Case, place: Place | None) -> Fix:
    """Name the page's origin where credentials are for every origin; for other errors, refer to the message."""
    file = Program(list).file(place.file) if place else None
    call = file.find_call(place.line, SETTERS) if file and place else None
    error = str(cast(LoadFailure, case.failure).error)
    if file is None or call is None or f"cannot be combined with {_CREDENTIALS}" not in error:
        return _AS_TOLD
    if not case.question.origin:
        return Fix(text="Write origins=... there, with the origin of the page; with --origin, this is the whole line.")
    _Correction(file, call, case.question).make()
    is_changed = file.changed_text != file.text
    return Fix(files={file.file: (file.text, file.changed_text)}) if is_changed else _AS_TOLD


_AS_TOLD = Fix(text="Correct what the message names.")


class _Entry(NamedTuple):
    """A pattern with the dict of its own options."""

    pattern: ast.expr
    node: ast.Dict
    own: _Pairs


class _Correction:
    """Names the origin of a page in each policy of a call that supports credentials for every origin."""

    def __init__(self, file: SourceFile, call: ast.Call, question: Question) -> None:
        self._file = file
        self._call = call
        self._origin = question.origin
        self._path = urlsplit(question.url).path

    def make(self) -> None:
        """Change the program, unless some of the options cannot be seen in it."""
        options = self._options()
        entries = self._entries(options.get(RESOURCES)) if options is not None else None
        if options is None or entries is None or self._origin == "null":
            return
        wrong = [one for one in entries if _may_be_true({**options, **one.own}.get(_CREDENTIALS))]
        for entry in wrong:
            if "origins" in entry.own:
                self._correct(entry, is_only=len(entries) == 1)
        if not entries or not all("origins" in entry.own for entry in wrong):
            self._name_for_call(options.get("origins"))

    def _options(self) -> _Pairs | None:
        """Return the options of the call; ``None`` if the source does not show them."""
        found: _Pairs = {}
        for keyword in self._call.keywords:
            if keyword.arg is None:
                display = self._dict(keyword.value)
                if display is None:
                    return None
                found |= _pairs(display)
            else:
                found[keyword.arg] = keyword.value
        return found

    def _entries(self, resources: ast.expr | None) -> list[_Entry] | None:
        """Return the entries of ``resources`` with options of their own; ``None`` if the source does not show them."""
        display = self._dict(resources)
        if display is None:
            hidden = [one for one in self._meanings(resources) if isinstance(literal(one), type)]
            return None if hidden else []
        owns = map(self._dict, display.values)
        found = [_Entry(key, own, _pairs(own)) for key, own in zip(display.keys, owns, strict=True) if key and own]
        return found if len(found) == len(display.values) else None

    def _correct(self, entry: _Entry, *, is_only: bool) -> None:
        """Name the origin, or let a public entry that is not for this page keep its ``*``, without credentials."""
        found = self._find_open(entry.own["origins"])
        if found is None:
            return
        if is_only or self._is_for_page(entry.pattern):
            self._name(found)
        elif _CREDENTIALS in entry.own:
            self._file.replace(entry.own[_CREDENTIALS], "False")
        else:
            self._file.append_pair(entry.node, f'"{_CREDENTIALS}": False')

    def _is_for_page(self, pattern: ast.expr) -> bool:
        [(compiled, _)] = PARSERS[RESOURCES]([literal(pattern)])
        return bool(compiled.match(self._path))

    def _name_for_call(self, node: ast.expr | None) -> None:
        found = self._find_open(node) if node else None
        if found:
            self._name(found)
        elif node is None:
            self._file.set_argument(self._call, "origins", f'"{self._origin}"')

    def _name(self, node: ast.expr) -> None:
        named = f'"{self._origin}"'
        self._file.replace(node, f"[{named}]" if isinstance(node, ast.List) else named)

    def _dict(self, node: ast.expr | None) -> ast.Dict | None:
        found = (one for one in self._meanings(node) if isinstance(one, ast.Dict))
        return next(found, None)

    def _find_open(self, node: ast.expr) -> ast.expr | None:
        return next(filter(_allows_all, self._meanings(node)), None)

    def _meanings(self, node: ast.expr | None) -> list[ast.expr]:
        """Return an expression; for a name, what the file assigns to it, the last first."""
        if isinstance(node, ast.Name):
            return self._file.assigned(node.id)[::-1]
        return [node] if node else []


def _pairs(display: ast.Dict) -> _Pairs:
    pairs = zip(display.keys, display.values, strict=True)
    return {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}


def _may_be_true(node: ast.expr | None) -> bool:
    return node is not None and literal(node) is not False


def _allows_all(node: ast.expr) -> bool:
    try:
        return AllowedOrigins.parse(literal(node)).matches_any_origin
    except (TypeError, ValueError):
        return False
