"""Writing Python: a change of a policy, made where each of its settings is written.

A setting is a keyword of the call, or stands in an entry of ``resources``, in a dict or a variable that the call
refers to, in the app's config, or in an environment variable. The change goes there, and nowhere else.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec

from ..options import PARSERS, RESOURCES, Options, config_key
from .needs import Changes
from .plan import Plan, PlannedEntry, policy_value_of
from .site import Cover, Layer, Place, Site
from .source import (
    SETTERS,
    SourceFile,
    as_diff,
    as_path,
    as_python,
    is_computed,
    literal,
    setting_name,
    shown_name,
)

_ORDER = [RESOURCES, *Options.__annotations__]
_ALIASES = {"headers": "allow_headers"}
Written = tuple[SourceFile, ast.expr]


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What to change: in words, in files, in environment variables, in what a server sends."""

    text: str = ""
    #: Texts before and after, by the name of the file.
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Headers that a server has to send.
    headers: tuple[str, ...] = ()
    #: Lines of code for which no place is known: of Python, or of nginx.
    code: str = ""
    #: What made it, so that several fixes can be made one.
    writer: Writer | None = field(default=None, compare=False, repr=False)

    @property
    def diff(self) -> str:
        """The change of all files, as ``patch -p0`` takes it."""
        return "\n".join(as_diff(shown_name(name), *texts) for name, texts in self.files.items())

    def __bool__(self) -> bool:
        return bool(self.text or self.files or self.environment or self.headers or self.code)


Step = tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]
P = ParamSpec("P")


def _recorded(method: Callable[Concatenate[Writer, P], None]) -> Callable[Concatenate[Writer, P], None]:
    """Let a writer remember a step, so that another can repeat it."""

    def record(self: Writer, /, *args: P.args, **options: P.kwargs) -> None:
        self.steps.append((method, args, options))
        method(self, *args, **options)

    return update_wrapper(record, method)


class Writer:
    """Collects changes of one program, and makes one :class:`Fix` of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.plan: Plan = Plan(site)
        self.steps: list[Step] = []
        self._environment: dict[str, str] = {}
        self._words: list[str] = []
        self._code: list[str] = []

    def fix(self, text: str = "") -> Fix:
        """Return all that was changed, with *text* before what there is to say in words."""
        self._write_plan()
        words = " ".join(filter(None, [text, *dict.fromkeys(self._words)]))
        files = self._site.program.take_change()
        code = "\n".join(dict.fromkeys(self._code))
        return Fix(text=words, files=files, environment=self._environment, code=code, writer=self)

    def repeat(self, fix: Fix) -> None:
        """Do all that made another fix."""
        for method, args, options in fix.writer.steps if fix.writer else ():
            self.steps.append((method, args, options))
            method(self, *args, **options)

    def config_place(self, name: str) -> Place | None:
        """Return where the config gets an option."""
        found = self._find_config(name)
        return Place(found[0][0].file, found[0][1].lineno) if found else None

    # What can be changed

    @_recorded
    def change(self, cover: Cover, changes: Changes, *, in_place: bool = False) -> None:
        """Change options of the policy that decides for a route; *in_place*, for other routes as well."""
        self.plan.change(cover, changes, in_place=in_place)
        for name in changes:
            for other in self._sharing(cover.layer, name):
                self.plan.change(other, {name: changes[name]}, in_place=True)

    def _sharing(self, layer: Layer, name: str) -> Iterator[Cover]:
        """Yield the other policies that have the value of an option from the same variable."""
        value = self._variable_of(layer, name)
        if value is None:
            return
        decorated = {id(item.cover.policy): item.cover for item in self._site.routes if item.cover}
        for other in (*(Cover(one, one.entries[0]) for one in self._site.layers if one.entries), *decorated.values()):
            if other.layer.parsed is not layer.parsed and self._variable_of(other.layer, name) is value:
                yield other

    def _variable_of(self, layer: Layer, name: str) -> ast.expr | None:
        """Return the value of the variable that gives an option, if one does."""
        call = self._call_of(layer)
        written = self._find_argument(*call, name) if call else None
        value = self._resolve(*written)[1] if written else None
        is_in_call = call is not None and any(value is keyword.value for keyword in call[1].keywords)
        return None if is_in_call else value

    @_recorded
    def add_entry(self, layer: Layer, pattern: str, own: Changes) -> None:
        """Add a pattern with options of its own."""
        self.plan.entries(layer).append(PlannedEntry(re.compile(pattern), own))

    @_recorded
    def replace_pattern(self, cover: Cover, pattern: re.Pattern[str]) -> None:
        """Write another pattern in place of that of an entry."""
        self.plan.entry(cover).pattern = pattern

    @_recorded
    def remove_entry(self, cover: Cover) -> None:
        """Remove a pattern with its options."""
        self.plan.entry(cover).is_removed = True

    @_recorded
    def remove_call(self, layer: Layer) -> None:
        """Remove a whole ``CORS``."""
        self.plan.removed.append(layer)

    @_recorded
    def exchange_calls(self, one: Layer, other: Layer) -> None:
        """Write two ``CORS`` in the other order."""
        self.plan.exchanged.append((one, other))

    @_recorded
    def add_cors(self, changes: Changes) -> None:
        """Write a new ``CORS`` below the line that makes the app, with its import."""
        self._insert_cors(lambda name, app: _call(name, app, changes))
        self.plan.added.append(changes)

    def _insert_cors(self, line: Callable[[str, str], str]) -> None:
        made = self._site.made_at()
        if made is None:
            self._code += ["from flask_cors import CORS", line("CORS", "app")]
            return
        file, statement, app = made
        name = file.name_of("CORS")
        if name is None:
            file.insert_import("from flask_cors import CORS", statement.lineno)
        file.insert_lines(statement, line(name or "CORS", app))

    @_recorded
    def copy_call(self, layer: Layer) -> None:
        """Write the call of ``CORS`` that another app was given below the line that makes this one."""
        call = self._call_of(layer)
        options = [call[0].keyword_text(one) for one in call[1].keywords] if call else []
        self._insert_cors(lambda name, app: f"{name}({', '.join([app, *options])})")

    @_recorded
    def add_config(self, values: Mapping[str, Any]) -> None:
        """Set keys of the config where they are set, or below the line that makes the app."""
        self._add_config(values)

    def _add_config(self, values: Mapping[str, Any]) -> None:
        made = self._site.made_at()
        new = []
        for key, value in values.items():
            found = self._site.program.find_setting(key, made[0].file if made else "", self._is_now(key))
            if found:
                found[0].replace(found[1], as_python(value))
            else:
                new.append(f"{key}={as_python(value)}")
        if new and made:
            made[0].insert_lines(made[1], f"{made[2]}.config.update({', '.join(new)})")
        else:
            self._code += [f"app.config.update({', '.join(new)})"] if new else []

    @_recorded
    def rename_key(self, key: str, new: str) -> None:
        """Write another name in place of a key of the config."""
        self.plan.rename(key, new)
        if f"FLASK_{key}" in os.environ:
            self._environment[f"FLASK_{new}"] = os.environ[f"FLASK_{key}"]
        for file in filter(None, map(self._site.program.file, self._site.program.names())):
            for node in file.nodes(ast.Constant | ast.Name):
                if getattr(node, "value", "") == key:
                    file.replace(node, as_python(new))
                if getattr(node, "id", "") == key:
                    file.replace(node, new)
            for keyword in file.nodes(ast.keyword):
                if keyword.arg == key:
                    start, _ = file.span(keyword)
                    file.replace_text(start, start + len(key), new)

    @_recorded
    def replace_text(self, file: SourceFile, start: int, end: int, text: str) -> None:
        """Write *text* in place of a part of a file."""
        file.replace_text(start, end, text)

    # The plan

    def _write_plan(self) -> None:
        resources = {id(layer.parsed): layer for layer, _ in self.plan.resources.values()}
        for layer in {**{key: layer for key, (layer, _) in self.plan.calls.items()}, **resources}.values():
            if layer not in self.plan.removed:
                self._write_layer(layer)
        for name, (old, new) in self.plan.config.items():
            self._change_config(name, old, new)
        for layer in self.plan.removed:
            self._remove_call(layer)
        for one, other in self.plan.exchanged:
            self._exchange_calls(one, other)

    def _write_layer(self, layer: Layer) -> None:
        """Write the options of a call and its entries, each where it is written; the whole call, if that is hidden."""
        _, changes = self.plan.calls.get(id(layer.parsed), (layer, {}))
        is_planned = any(one is layer for one, _ in self.plan.resources.values())
        entries = self.plan.entries(layer) if is_planned and _is_changed(layer, self.plan.entries(layer)) else None
        call = self._call_of(layer)
        in_call = {**changes, **({RESOURCES: None} if entries and not layer.has_configured_resources else {})}
        if not call or any(self._is_hidden(layer, call, name) for name in in_call):
            self._write_call(layer, call, changes, in_call, entries)
            return
        for name, new in changes.items():
            self._write_option(layer, *call, name, new)
        if entries:
            self._write_resources(layer, entries)

    def _is_hidden(self, layer: Layer, call: tuple[SourceFile, ast.Call], name: str) -> bool:
        """Whether an argument is given, but cannot be seen in the source."""
        return name in layer.parsed.values and _has_spread(call[1]) and self._find_argument(*call, name) is None

    def _write_call(self, layer: Layer, call: Any, changes: Changes, in_call: Changes, entries: Any) -> None:
        values = {**changes, **({RESOURCES: _pairs_of(entries)} if RESOURCES in in_call else {})}
        if call:
            file, node = call
            file.replace(node, self._whole_call(layer, values, file, node))
        elif values:
            self._code.append(self._whole_call(layer, values))
        if entries and RESOURCES not in in_call:
            self._write_resources(layer, entries)

    def _write_option(self, layer: Layer, file: SourceFile, node: ast.Call, name: str, new: Any) -> None:
        written = self._find_argument(file, node, name)
        if written:
            self._write(*written, name, policy_value_of(layer.parsed.values.get(name)), new)
        else:
            self._import_for(file, new)
            file.set_argument(node, name, as_python(new))

    def _remove_call(self, layer: Layer) -> None:
        call = self._call_of(layer)
        statement = call[0].whole_statement(call[1]) if call else None
        if call and statement:
            call[0].remove_statement(statement)

    def _exchange_calls(self, one: Layer, other: Layer) -> None:
        first, second = self._call_of(one), self._call_of(other)
        if first and second and first[0] is second[0]:
            first[0].exchange(first[1], second[1])

    def _call_of(self, layer: Layer) -> tuple[SourceFile, ast.Call] | None:
        file = self._site.program.file(layer.place.file) if layer.place else None
        call = file.find_call(layer.place.line, SETTERS) if file and layer.place else None
        return (file, call) if file and call else None

    def _find_argument(self, file: SourceFile, call: ast.Call, name: str) -> Written | None:
        names = {name, _ALIASES.get(name, name)}
        for keyword in call.keywords:
            if keyword.arg in names:
                return file, keyword.value
            if keyword.arg is None:
                where, display = self._resolve(file, keyword.value)
                for key, value in _pairs(display):
                    if key in names:
                        return where, value
        return None

    def _resolve(self, file: SourceFile, node: ast.expr) -> Written:
        """Follow a name to the literal that it stands for; return *node* itself if it leads nowhere."""
        name = setting_name(node)
        found = self._site.program.find_setting(name, file.file, self._is_now(name)) if name else None
        return found or (file, node)

    def _is_now(self, name: str) -> Any:
        """Return whether a literal is the value that the config has for a key; any literal, where it has none."""
        config = self._site.app.config
        if name in config:
            return lambda value: value == config[name]
        return lambda value: not isinstance(value, type)

    # A value

    def _write(self, file: SourceFile, node: ast.expr, name: str, old: Any, new: Any) -> None:
        """Write a new value where the old one is written."""
        variable = file.environment_behind(node)
        if variable:
            self._set_environment(variable, new)
            return
        where, value = self._resolve(file, node)
        if (where, value) != (file, node) and _parse(name, literal(value)) == old:
            self._write_literal(where, value, name, old, new)
        elif setting_name(node) and self._comes_from_environment(setting_name(node) or ""):
            self._set_environment(f"FLASK_{setting_name(node)}", new)
        else:
            self._write_literal(file, node, name, old, new)

    def _write_literal(self, file: SourceFile, node: ast.expr, name: str, old: Any, new: Any) -> None:
        self._import_for(file, new)
        if not isinstance(new, tuple) or not isinstance(old, tuple):
            if isinstance(new, bool) and is_computed(node):
                self._say_computed(file, node, name, new)
            else:
                file.replace(node, as_python(new))
            return
        added = [item for item in new if item not in old]
        removed = [item for item in old if item not in new]
        match node:
            case ast.List() | ast.Tuple() | ast.Set() if len(added) >= len(removed):
                self._write_items(file, node, removed, added)
            case ast.Constant(value=str() as text) if "," in text and all(isinstance(item, str) for item in new):
                file.replace(node, as_python(", ".join(new)))
            case ast.Constant():
                file.replace(node, as_python(new))
            case _ if not removed and file.shape_of(node) == "item" and len(old) == 1:
                file.replace(node, f"[{', '.join([file.segment(node), *map(as_python, added)])}]")
            case _ if not is_computed(node):
                file.replace(node, as_python(new))
            case _ if not removed and file.shape_of(node) == "list":
                file.replace(node, f"[*{_operand(file, node)}, {', '.join(map(as_python, added))}]")
            case _:
                self._say_computed(file, node, name, new)

    def _say_computed(self, file: SourceFile, node: ast.expr, name: str, new: Any) -> None:
        place = Place(file.file, node.lineno)
        self._words.append(f"{name} is computed at {place}: let it give {as_python(new)}.")

    def _write_items(self, file: SourceFile, node: Any, removed: list[Any], added: list[Any]) -> None:
        gone = [item for item in node.elts if literal(item) in removed]
        for item, value in zip(gone, added, strict=False):
            file.replace(item, as_python(value))
        for value in added[len(gone) :]:
            file.append_item(node, as_python(value))

    def _import_for(self, file: SourceFile, value: Any) -> None:
        if "re.compile(" in as_python(value):
            file.insert_import("import re", 1_000_000)

    # The config

    def _change_config(self, name: str, old: Any, new: Any) -> None:
        key = config_key(name)
        if self._comes_from_environment(key) or (self._is_environmental(name)):
            self._set_environment(f"FLASK_{key}", new)
            return
        if key not in self._site.app.config and name not in self._site.config.values:
            self._add_config({key: new})
            return
        for file, node in self._find_config(name):
            _, value = self._resolve(file, node)
            if file.environment_behind(node) or _parse(name, literal(value)) == old:
                self._write(file, node, name, old, new)
                return
        self._code.append(f'app.config["{key}"] = {as_python(new)}')

    def _find_config(self, name: str) -> list[Written]:
        """Return the values to which the key of an option is set, the last first."""
        made = self._site.made_at()
        keys = (config_key(name), config_key(_ALIASES.get(name, name)))
        near = made[0].file if made else ""
        return [found for key in dict.fromkeys(keys) for found in self._site.program.find_config(key, near)]

    def _comes_from_environment(self, key: str) -> bool:
        raw = os.environ.get(f"FLASK_{key}")
        return raw is not None and self._site.app.config.get(key) in (raw, _from_json(raw))

    def _is_environmental(self, name: str) -> bool:
        """Whether an option is new, and the environment sets the others."""
        values = self._site.config.values
        return name not in values and any(self._comes_from_environment(config_key(other)) for other in values)

    def _set_environment(self, variable: str, new: Any) -> None:
        raw = os.environ.get(variable, "")
        items = new if isinstance(new, tuple) else (new,)
        if raw.lstrip().startswith("["):
            value = json.dumps(list(items))
        else:
            texts = ("true" if item is True else str(item).strip() for item in items)
            value = (", " if ", " in raw else ",").join(filter(None, texts))
        self._environment[variable] = value

    # Resources

    def _write_resources(self, layer: Layer, entries: list[PlannedEntry]) -> None:
        """Write what changes of the patterns and their options, where it is written."""
        written = self._resources_of(layer)
        if written is None:
            self._code.append(f'app.config["{config_key(RESOURCES)}"] = {resources_text(_pairs_of(entries))}')
        else:
            self._write_entries(*self._resolve(*written), layer, entries)

    def _resources_of(self, layer: Layer) -> Written | None:
        """Return where ``resources`` are written: in the call, or in the config."""
        if layer.has_configured_resources:
            return next(iter(self._find_config(RESOURCES)), None)
        call = self._call_of(layer)
        return self._find_argument(*call, RESOURCES) if call else None

    def _write_entries(self, file: SourceFile, node: ast.expr, layer: Layer, entries: list[PlannedEntry]) -> None:
        if any("re.compile" in as_path(one.pattern) for one in entries if not _is_kept(one)):
            self._import_for(file, re.compile(""))
        nodes = _nodes(node)
        if len(nodes) != len(layer.entries):
            file.replace(node, resources_text(_pairs_of(entries)))
            return
        options = {id(one): self._options_of(file, node, number) for number, one in enumerate(entries)}
        is_dict = isinstance(node, ast.Dict)
        is_written = all(options[id(one)] for one in entries if one.entry and one.changes)
        is_list = _has_items(node) and len(entries) == len(nodes) and not any(one.planned for one in entries)
        if is_written and (is_dict or is_list):
            self._edit_entries(file, node, nodes, entries, options)
            return
        kept = [(one, item) for one, item in zip(entries, nodes, strict=False) if one.has_same_pattern]
        spelling = {id(one.pattern): file.segment(item) for one, item in kept}
        file.replace(node, resources_text(_pairs_of(entries), spelling))

    def _edit_entries(self, file: SourceFile, node: Any, nodes: list[Any], entries: list[Any], options: Any) -> None:
        values = getattr(node, "values", nodes)
        for item, one in zip(nodes, entries, strict=False):
            if not one.has_same_pattern:
                file.replace(item, as_path(one.pattern))
            if one.changes and not one.is_removed:
                where, own = options[id(one)]
                self._write_own(where, own, one)
        for one in entries[len(nodes) :]:
            file.append_pair(node, f"{as_path(one.pattern)}: {as_python(one.planned)}")
        gone = {number for number, one in enumerate(entries) if one.is_removed}
        file.remove_items(list(zip(nodes, values, strict=True)), gone)

    def _options_of(self, file: SourceFile, node: Any, number: int) -> Written | None:
        """Return the dict of an entry's own options, if it is written as one."""
        if not isinstance(node, ast.Dict) or number >= len(node.values):
            return None
        where, options = self._resolve(file, node.values[number])
        return (where, options) if isinstance(options, ast.Dict) and None not in options.keys else None

    def _write_own(self, file: SourceFile, node: Any, one: PlannedEntry) -> None:
        present = dict(_pairs(node))
        for name, value in one.changes.items():
            key = name if name in present else _ALIASES.get(name, name)
            if key in present:
                self._write(file, present[key], name, policy_value_of(one.own.get(name)), value)
            else:
                file.append_pair(node, f"{as_python(name)}: {as_python(value)}")

    # A whole call

    def _whole_call(
        self, layer: Layer, changes: Mapping[str, Any], file: SourceFile | None = None, call: ast.Call | None = None
    ) -> str:
        """Write a call with all that it is given, where its arguments cannot be seen in the source."""
        function = file.segment(call.func) if file and call else "CORS" if layer.scope else "@cross_origin"
        target = file.segment(call.args[0]) if file and call and call.args else "app" if layer.scope else ""
        values = {name: policy_value_of(value) for name, value in layer.parsed.values.items() if name != RESOURCES}
        if layer.scope and RESOURCES in layer.parsed.values:
            values[RESOURCES] = list(layer.parsed.values[RESOURCES])
        return _call(function, target, {**values, **changes})


def _operand(file: SourceFile, node: ast.expr) -> str:
    """Return an expression as what ``*`` takes."""
    is_one = isinstance(node, ast.Name | ast.Call | ast.ListComp | ast.SetComp)
    return file.segment(node) if is_one else f"({file.segment(node)})"


def _is_changed(layer: Layer, entries: list[PlannedEntry]) -> bool:
    return len(entries) > len(layer.entries) or not all(map(_is_kept, entries))


def _is_kept(one: PlannedEntry) -> bool:
    """Whether an entry stays as it is."""
    return one.has_same_pattern and not one.changes and not one.is_removed


def _pairs_of(entries: list[PlannedEntry]) -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    return [(one.pattern, one.planned) for one in entries if not one.is_removed]


def _nodes(node: ast.expr) -> list[Any]:
    """Return the patterns of a literal."""
    if isinstance(node, ast.Dict):
        return [] if None in node.keys else node.keys
    if _has_items(node):
        return list(getattr(node, "elts", ()))
    return [node] if isinstance(node, ast.Constant) else []


def _has_items(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple | ast.Set)


def _parse(name: str, value: Any) -> Any:
    try:
        return policy_value_of(PARSERS[name](value))
    except (KeyError, TypeError, ValueError):
        return None


def _pairs(node: ast.expr) -> list[tuple[Any, ast.expr]]:
    """Return the keys and values of a dict display, or of a call ``dict(...)``."""
    if isinstance(node, ast.Dict):
        return [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
    return []


def _has_spread(call: ast.Call) -> bool:
    return any(keyword.arg is None for keyword in call.keywords)


def _from_json(raw: str) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _call(function: str, target: str, options: Mapping[str, Any]) -> str:
    """Write a call: its target, and options in their usual order."""
    given = [f"{name}={_option(name, options[name])}" for name in _ORDER if name in options]
    return f"{function}({', '.join([target, *given] if target else given)})"


def _option(name: str, value: Any) -> str:
    return resources_text(value) if name == RESOURCES else as_python(value)


def resources_text(entries: Any, spelling: Mapping[int, str] | None = None) -> str:
    """Write the value of ``resources``: a dict where any pattern has options of its own."""
    known = spelling or {}
    texts = [known.get(id(pattern)) or as_path(pattern) for pattern, _ in entries]
    if any(own for _, own in entries):
        values = [as_python({name: policy_value_of(value) for name, value in own.items()}) for _, own in entries]
        return "{" + ", ".join(f"{text}: {value}" for text, value in zip(texts, values, strict=True)) + "}"
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def call_line(changes: Changes) -> str:
    """Write a new ``CORS`` for an app of which nothing is known."""
    return _call("CORS", "app", changes)
