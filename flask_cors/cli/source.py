"""A program's source: where a call stands, how the program names its app, and edits that leave all else as it is.

>>> file = SourceFile("shop.py", 'CORS(app, origins="https://a.example")')
>>> call = file.find_call(1, {"CORS"})
>>> file.set_argument(call, "max_age", "600")
>>> file.changed_text
'CORS(app, origins="https://a.example", max_age=600)'
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

SETTERS = {"CORS", "cross_origin", "init_app"}
_MAX_STEPS = 4  # from variable to variable
_ASSIGNMENTS = ast.Assign | ast.AnnAssign
_SHAPES = {
    **dict.fromkeys(("list", "sorted", "tuple", "set", "split", "splitlines"), "list"),
    **dict.fromkeys(("compile", "str", "strip", "format"), "item"),
}
_ENVIRONMENT = re.compile(r"(?:os\.)?(?:environ(?:\.get)?|getenv)")


class Edit(NamedTuple):
    """A part of a text, and what stands there afterwards."""

    start: int
    end: int
    text: str


class SourceFile:
    """One file of a program, its syntax tree, and the edits that were requested so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.edits: list[Edit] = []
        self._nodes: dict[Any, list[Any]] = {}
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    # Reading

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; an empty one if the file is not Python."""
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    @cached_property
    def functions(self) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions of the file, each by the line of its first decorator, or its own."""
        found = self.nodes((ast.FunctionDef, ast.AsyncFunctionDef))
        return {min([node.lineno, *(one.lineno for one in node.decorator_list)]): node for node in found}

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where *node* begins and ends in the text."""
        place: Any = node
        return (
            self._offset(place.lineno, place.col_offset),
            self._offset(place.end_lineno, place.end_col_offset),
        )

    def segment(self, node: ast.AST) -> str:
        """Return *node* as it is written."""
        start, end = self.span(node)
        return self.text[start:end]

    def keyword_text(self, keyword: ast.keyword) -> str:
        """Return a keyword as it is written."""
        value = self.segment(keyword.value)
        return f"**{value}" if keyword.arg is None else f"{keyword.arg}={value}"

    def nodes(self, kind: Any) -> Iterator[Any]:
        """Yield all nodes of a kind, in the order of the text."""
        if kind not in self._nodes:
            found = [node for node in ast.walk(self.tree) if isinstance(node, kind)]
            self._nodes[kind] = sorted(found, key=_position)
        return iter(self._nodes[kind])

    def find_call(self, line: int, names: set[str]) -> ast.Call | None:
        """Return the call at *line* of a function of one of these *names*, or of an import under another name."""
        imported = self._aliases(self.nodes(ast.ImportFrom))
        known = names | {alias.asname for alias in imported if alias.name in names and alias.asname}
        calls = [call for call in self.nodes(ast.Call) if call.lineno <= line <= call.end_lineno]
        return next((call for call in reversed(calls) if last_name(call.func) in known), None)

    def line_start(self, line: int) -> int:
        """Return where a line begins in the text."""
        return self._starts[line - 1]

    def header_lines(self, line: int) -> range:
        """Return the lines of the decorators and the ``def`` of the function that begins at *line*."""
        for node in self.nodes(ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if line in (first, node.lineno):
                return range(first, max(node.lineno + 1, node.body[0].lineno))
        return range(0)

    def find_statement(self, line: int) -> ast.stmt | None:
        """Return the innermost statement that contains *line*."""
        statements = [one for one in self.nodes(ast.stmt) if one.lineno <= line <= one.end_lineno]
        return statements[-1] if statements else None

    def find_settings(self, name: str) -> list[ast.expr]:
        """Return the values that anything called *name* is set to: a variable, a keyword, a key of a dict."""
        if name not in self.text:  # most files, which need no parsing then
            return []
        found = [value for node in ast.walk(self.tree) for key, value in _settings(node) if key == name]
        return sorted(found, key=lambda value: value.lineno)

    def assigned(self, name: str) -> list[ast.expr]:
        """Return the values that are assigned to a variable."""
        return [value for node in self.nodes(_ASSIGNMENTS) for key, value in _settings(node) if key == name]

    def environment_behind(self, node: ast.expr, depth: int = _MAX_STEPS) -> str | None:
        """Return the environment variable that alone gives a value, perhaps through variables of this file."""
        if any(isinstance(part, ast.BinOp | ast.JoinedStr) for part in ast.walk(node)):
            return None
        names = {part.id: 0 for part in ast.walk(node) if isinstance(part, ast.Name) and depth}
        behind = (self.environment_behind(value, depth - 1) for name in names for value in self.assigned(name))
        return environment_name(node) or next(filter(None, behind), None)

    def shape_of(self, node: ast.expr, depth: int = _MAX_STEPS) -> str:
        """Tell whether an expression gives a ``"list"`` or one ``"item"``; nothing where the source does not tell."""
        parts: list[ast.expr] = []
        match node:
            case ast.List() | ast.Tuple() | ast.Set() | ast.ListComp() | ast.SetComp():
                return "list"
            case ast.JoinedStr() | ast.Constant(value=str()):
                return "item"
            case ast.Call(func=function):
                return _SHAPES.get(last_name(function), "")
            case ast.BinOp(left=left, right=right):  # a sum has the shape of both
                return self.shape_of(left, depth) or self.shape_of(right, depth)
            case ast.IfExp(body=left, orelse=right):
                parts = [left, right]
            case ast.BoolOp(values=values):
                parts = values
            case ast.Name(id=name) if depth:
                parts = self.assigned(name)
        shapes = {self.shape_of(part, depth - 1) for part in parts}
        return shapes.pop() if len(shapes) == 1 else ""

    def name_of(self, function: str) -> str | None:
        """Return how the program calls something that it imports from this package."""
        names = {alias.name: alias.asname or alias.name for alias in self._aliases(self.tree.body)}
        modules = [alias for node in self.tree.body if isinstance(node, ast.Import) for alias in node.names]
        names |= {f"{function}": f"{one.asname or one.name}.{function}" for one in modules if one.name == "flask_cors"}
        return names.get(function)

    @staticmethod
    def _aliases(nodes: Iterable[ast.AST]) -> list[ast.alias]:
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        return [alias for node in imports if (node.module or "").startswith("flask_cors") for alias in node.names]

    def _offset(self, line: int, column: int) -> int:
        """Turn a place in bytes, as syntax trees have it, into one in characters."""
        start = self._starts[line - 1]
        encoded = self.text[start : self._starts[line]].encode()
        return start + len(encoded[:column].decode())

    # Writing

    def replace(self, node: ast.AST, text: str) -> None:
        """Write *text* in place of *node*."""
        self.edits.append(Edit(*self.span(node), text))

    def insert_after(self, node: ast.AST, text: str) -> None:
        """Write *text* behind *node*."""
        _, end = self.span(node)
        self.edits.append(Edit(end, end, text))

    def insert_lines(self, statement: ast.stmt, *lines: str) -> None:
        """Write *lines* below a statement, with its indentation."""
        start, end = self.span(statement)
        line_start = self._starts[statement.lineno - 1]
        indent = self.text[line_start:start] if not self.text[line_start:start].strip() else ""
        line_end = self.text.find("\n", end)
        place = len(self.text) if line_end < 0 else line_end
        self.edits.append(Edit(place, place, "".join(f"\n{indent}{line}" for line in lines)))

    def insert_import(self, line: str, before: int) -> None:
        """Write an import below those that stand before a line, unless it is there already."""
        name = line.rpartition(" ")[2]
        if name in self._imported() or any(line in edit.text for edit in self.edits):
            return
        imports = [node for node in self.tree.body if _is_import(node) and node.lineno < before]
        if imports:
            self.insert_lines(imports[-1], line)
        else:
            self.edits.append(Edit(0, 0, f"{line}\n"))

    def _imported(self) -> set[str]:
        """Return the names that the imports of the program make."""
        imports = [node for node in self.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        return {alias.asname or alias.name for node in imports for alias in node.names}

    def set_argument(self, call: ast.Call, name: str, text: str) -> None:
        """Write an argument of a call by keyword, in place of the one that has this name."""
        for keyword in call.keywords:
            if keyword.arg == name:
                self.replace(keyword.value, text)
                return
        self._append(call, [*call.args, *(one.value for one in call.keywords)], f"{name}={text}")

    def append_pair(self, display: ast.Dict, text: str) -> None:
        """Write one more pair into a dict display."""
        self._append(display, display.values, text)

    def replace_text(self, start: int, end: int, text: str) -> None:
        """Write *text* in place of a part of the file."""
        self.edits.append(Edit(start, end, text))

    def append_item(self, display: ast.List | ast.Tuple | ast.Set, text: str) -> None:
        """Write one more item into a list, a tuple or a set."""
        self._append(display, display.elts, text)

    def _append(self, container: ast.AST, items: list[ast.expr], text: str) -> None:
        if items:
            last = max(items, key=lambda item: self.span(item)[1])
            self.insert_after(last, f", {text}")
        else:
            _, end = self.span(container)
            follows = any(edit.start == end - 1 for edit in self.edits)
            self.edits.append(Edit(end - 1, end - 1, f", {text}" if follows else text))

    def remove_items(self, items: list[tuple[ast.AST, ast.AST]], gone: set[int]) -> None:
        """Remove items of a display, each with the comma behind it; an item has a first and a last node."""
        spans = [(self.span(first)[0], self.span(last)[1]) for first, last in items]
        last_kept = max(set(range(len(spans))) - gone, default=-1)
        for number in sorted(gone):
            if number < last_kept:
                self.replace_text(spans[number][0], spans[number + 1][0], "")
        if last_kept + 1 < len(spans):
            start, end = spans[last_kept + 1][0], spans[-1][1]
            if last_kept >= 0:  # with what divides it from the item before, but not with a comment there
                between = self.text[spans[last_kept][1] : start]
                start -= len(between) - max(between.rfind("\n"), 0)
            has_comma = start != spans[last_kept][1] and self.text.startswith(",", end)
            self.replace_text(start, end + has_comma, "")

    def whole_statement(self, call: ast.Call) -> ast.stmt | None:
        """Return the statement that is this call and nothing else, if its block has others."""
        for node in ast.walk(self.tree):
            for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
                for statement in block if isinstance(block, list) and len(block) > 1 else ():
                    if isinstance(statement, ast.Expr) and statement.value is call:
                        return statement
        return None

    def remove_statement(self, statement: ast.stmt) -> None:
        """Remove a statement with its lines."""
        _, end = self.span(statement)
        line_end = self.text.find("\n", end)
        self.replace_text(self._starts[statement.lineno - 1], len(self.text) if line_end < 0 else line_end + 1, "")

    def exchange(self, one: ast.AST, other: ast.AST) -> None:
        """Write two parts of the text in each other's place, as they are edited so far."""
        spans = [self.span(one), self.span(other)]
        texts = [self._edited(*span) for span in spans]
        inside = [edit for edit in self.edits if any(start <= edit.start and edit.end <= end for start, end in spans)]
        self.edits = [edit for edit in self.edits if edit not in inside]
        self.edits += [Edit(*span, text) for span, text in zip(spans, reversed(texts), strict=True)]

    @property
    def changed_text(self) -> str:
        """The text after all edits; those at one place follow each other."""
        return self._edited(0, len(self.text))

    def _edited(self, start: int, end: int) -> str:
        """Return a part of the text after the edits in it. Of two that overlap, the first counts."""
        parts, position = [], start
        edits = dict.fromkeys(edit for edit in self.edits if start <= edit.start and edit.end <= end)
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            if edit.start >= position:
                parts += [self.text[position : edit.start], edit.text]
                position = edit.end
        return "".join([*parts, self.text[position:end]])


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _settings(node: ast.AST) -> Iterator[tuple[object, ast.expr]]:
    match node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            yield _target_name(target), value
        case ast.keyword(arg=str() as name, value=value):
            yield name, value
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            yield from ((key.value, value) for key, value in pairs if isinstance(key, ast.Constant))


def _target_name(target: ast.expr) -> object:
    match target:
        case ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=key)):
            return key
    return None


def last_name(node: ast.expr) -> str:
    """Return the last name of ``a.b.c``.

    >>> last_name(ast.parse("flask_cors.CORS", mode="eval").body)
    'CORS'
    """
    return getattr(node, "attr", "") or getattr(node, "id", "")


def setting_name(node: ast.expr) -> str | None:
    """Return the name of the setting to which an expression refers: ``NAME``, ``settings.NAME``, ``config["NAME"]``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as name), *_]):
            return name
    return None


def environment_name(node: ast.expr) -> str | None:
    """Return the name of the environment variable that an expression reads, wherever in it."""
    for part in ast.walk(node):
        match part:
            case ast.Call(func=function, args=[ast.Constant(value=str() as name), *_]):
                if _ENVIRONMENT.fullmatch(ast.unparse(function)):
                    return name
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as name)):
                if _ENVIRONMENT.fullmatch(ast.unparse(value)):
                    return name
    return None


def is_computed(node: ast.expr) -> bool:
    """Whether an expression reads variables, or calls anything else than ``re.compile``."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return not names <= {"re", "compile"}


class Program:
    """The files of a program, read when they are needed, and all edits that make one change."""

    def __init__(self, roots: Callable[[], Iterable[str]]) -> None:
        self._roots = roots
        self._files: dict[str, SourceFile | None] = {}

    def file(self, name: str) -> SourceFile | None:
        """Return a file, unless it cannot be read, or is not Python."""
        if name not in self._files:
            self._files[name] = _read(name)
        return self._files[name]

    def find_setting(self, name: str, near: str, is_right: Callable[[Any], bool]) -> tuple[SourceFile, ast.expr] | None:
        """Return the literal to which *name* is set and that *is_right*, in the file *near*, or in any other."""
        for file in filter(None, map(self.file, dict.fromkeys([near, *self._roots()]))):
            for value in reversed(file.find_settings(name)):
                if is_right(literal(value)):
                    return file, value
        return None

    def names(self) -> list[str]:
        """Return the files in which the program may have its settings."""
        return list(self._roots())

    def find_config(self, key: str, near: str) -> list[tuple[SourceFile, ast.expr]]:
        """Return the values to which a key of the config is set, the last first."""
        files = filter(None, map(self.file, dict.fromkeys([near, *self._roots()])))
        return [(file, value) for file in files for value in reversed(file.find_settings(key))]

    def take_change(self) -> dict[str, tuple[str, str]]:
        """Return the texts of the files that were edited, before and after, and forget the edits."""
        edited = [file for file in self._files.values() if file and file.edits]
        change = {file.file: (file.text, file.changed_text) for file in edited}
        for file in edited:
            file.edits.clear()
        return {name: texts for name, texts in change.items() if texts[0] != texts[1]}


def _read(name: str) -> SourceFile | None:
    try:
        with tokenize.open(name) as stream:
            return SourceFile(name, stream.read())
    except (OSError, SyntaxError, ValueError):
        return None


class _Missing:
    """No literal; equal to nothing."""


def literal(node: ast.expr) -> Any:
    """Return the value of a literal, or a pattern that is compiled there; ``_Missing`` for anything else."""
    try:
        if isinstance(node, ast.Call) and last_name(node.func) == "compile" and len(node.args) == 1:
            return re.compile(ast.literal_eval(node.args[0]))
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, re.error):
        return _Missing


def is_literal(value: Any) -> bool:
    """Whether :func:`literal` has returned a value."""
    return value is not _Missing


def as_diff(name: str, before: str, after: str) -> str:
    """Return a unified diff that ``patch`` takes."""
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, n=2, lineterm="")
    return "\n".join(lines)


def shown_name(file: str) -> str:
    """Return a file's name, from the working directory on if it is in there."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


# -- Values ------------------------------------------------------------------------------------------------


def as_python(value: Any) -> str:
    """Write a value as a program would.

    >>> as_python(("https://a.example", re.compile("https://.*")))
    '["https://a.example", re.compile(r"https://.*")]'
    """
    if isinstance(value, tuple | list):
        return as_python(value[0]) if len(value) == 1 else f"[{', '.join(map(as_python, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_python(key)}: {as_python(item)}" for key, item in value.items()) + "}"
    if isinstance(value, re.Pattern):
        return _as_compiled(value)
    if isinstance(value, str):
        return _quoted(value)
    return str(value.__qualname__) if hasattr(value, "__qualname__") else repr(value)


def as_path(pattern: re.Pattern[str]) -> str:
    """Write a pattern of ``resources``."""
    if not pattern.pattern:
        return '"*"'
    return _as_compiled(pattern) if pattern.flags & ~re.UNICODE else _raw(pattern.pattern)


def _as_compiled(pattern: re.Pattern[str]) -> str:
    flags = pattern.flags & ~re.UNICODE
    return f"re.compile({_raw(pattern.pattern)}{f', {re.RegexFlag(flags)!r}' if flags else ''})"


def _raw(text: str) -> str:
    return repr(text) if '"' in text or not text.isprintable() or text.endswith("\\") else f'r"{text}"'


def _quoted(text: str) -> str:
    return f'"{text}"' if text.isprintable() and not set(text) & {'"', "\\"} else repr(text)


def _position(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset
