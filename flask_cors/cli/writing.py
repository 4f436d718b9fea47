"""Writing Python: a change of a policy, made where each of its settings is written.

A setting is a keyword of the call, or stands in an entry of ``resources``, in a dict or a variable that the call
refers to, in the app's config, or in an environment variable. The change goes there, and nowhere else.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..options import _PARSERS, RESOURCES, Options, config_key
from .needs import Changes
from .site import Cover, Entry, Layer, Site
from .source import (
    SETTERS,
    SourceFile,
    as_diff,
    as_path,
    as_python,
    environment_name,
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

    @property
    def diff(self) -> str:
        """The change of all files, as ``patch -p0`` takes it."""
        return "\n".join(as_diff(shown_name(name), *texts) for name, texts in self.files.items())

    def __bool__(self) -> bool:
        return bool(self.text or self.files or self.environment or self.headers or self.code)


class Writer:
    """Collects changes of one program, and makes one :class:`Fix` of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._environment: dict[str, str] = {}
        self._words: list[str] = []
        self._code: list[str] = []

    def fix(self, text: str = "") -> Fix:
        """Return all that was changed, with *text* before what there is to say in words."""
        words = " ".join(filter(None, [text, *self._words]))
        files = self._site.program.take_change()
        return Fix(text=words, files=files, environment=self._environment, code="\n".join(self._code))

    # What can be changed

    def change(self, cover: Cover, changes: Changes, *, in_place: bool = False) -> None:
        """Change options of the policy that decides for a route; *in_place*, for other routes as well."""
        new = {name: value for name, value in changes.items() if not self._has_functions(cover, name)}
        own = {name: value for name, value in new.items() if _belongs_to_entry(cover, name, in_place=in_place)}
        for name, value in new.items():
            if name not in own:
                self._change_option(cover, name, value)
        if own:
            self._change_entry(cover.layer, cover.entry, own)

    def add_entry(self, layer: Layer, pattern: str, own: Changes) -> None:
        """Add a pattern with options of its own."""
        entries = [(one.pattern, one.own) for one in layer.entries]
        self._write_resources(layer, [*entries, (re.compile(pattern), own)])

    def replace_pattern(self, cover: Cover, pattern: re.Pattern[str]) -> None:
        """Write another pattern in place of that of an entry."""
        entries = [(pattern if one is cover.entry else one.pattern, one.own) for one in cover.layer.entries]
        self._write_resources(cover.layer, entries)

    def remove_entry(self, cover: Cover) -> None:
        """Remove a pattern with its options."""
        entries = [(one.pattern, one.own) for one in cover.layer.entries if one is not cover.entry]
        self._write_resources(cover.layer, entries)

    def add_cors(self, changes: Changes) -> None:
        """Write a new ``CORS`` below the line that makes the app, with its import."""
        self._insert_cors(lambda name, app: _call(name, app, changes))

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

    def copy_call(self, layer: Layer) -> None:
        """Write the call of ``CORS`` that another app was given below the line that makes this one."""
        call = self._call_of(layer)
        options = [call[0].keyword_text(one) for one in call[1].keywords] if call else []
        self._insert_cors(lambda name, app: f"{name}({', '.join([app, *options])})")

    def add_config(self, values: Mapping[str, Any]) -> None:
        """Set keys of the config where they are set, or below the line that makes the app."""
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

    def rename_key(self, key: str, new: str) -> None:
        """Write another name in place of a key of the config."""
        for file in filter(None, map(self._site.program.file, self._site.program.names())):
            for node in file.nodes(ast.Constant):
                if node.value == key:
                    file.replace(node, as_python(new))
            for keyword in file.nodes(ast.keyword):
                if keyword.arg == key:
                    start, _ = file.span(keyword)
                    file.replace_text(start, start + len(key), new)

    # One option

    def _has_functions(self, cover: Cover, name: str) -> bool:
        """Whether a function decides. No list replaces it."""
        return name == "origins" and bool(cover.policy.origins.callables)

    def _change_option(self, cover: Cover, name: str, new: Any) -> None:
        layer, old = cover.layer, policy_value(cover, name)
        if name not in layer.parsed.values and name in layer.config.values:
            self._change_config(name, old, new)
            return
        call = self._call_of(layer)
        if call is None:
            self._code.append(self._whole_call(layer, {name: new}))
            return
        file, node = call
        written = self._find_argument(file, node, name)
        if written:
            self._write(*written, name, old, new)
        elif name in layer.parsed.values and _has_spread(node):
            file.replace(node, self._whole_call(layer, {name: new}, file, node))
        else:
            self._import_for(file, new)
            file.set_argument(node, name, as_python(new))

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
        variable = environment_name(node)
        if variable:
            self._set_environment(variable, new)
            return
        where, value = self._resolve(file, node)
        if (where, value) != (file, node) and _parse(name, literal(value)) == old:
            self._write_literal(where, value, old, new)
        elif setting_name(node) and self._comes_from_environment(setting_name(node) or ""):
            self._set_environment(f"FLASK_{setting_name(node)}", new)
        else:
            self._write_literal(file, node, old, new)

    def _write_literal(self, file: SourceFile, node: ast.expr, old: Any, new: Any) -> None:
        self._import_for(file, new)
        if not isinstance(new, tuple) or not isinstance(old, tuple):
            file.replace(node, as_python(new))
            return
        added = [item for item in new if item not in old]
        removed = [item for item in old if item not in new]
        match node:
            case ast.List() | ast.Tuple() | ast.Set() if len(added) >= len(removed):
                self._write_items(file, node, removed, added)
            case ast.Constant(value=str() as text) if "," in text and all(isinstance(item, str) for item in new):
                file.replace(node, as_python(", ".join(new)))
            case ast.Constant() | ast.List() | ast.Tuple() | ast.Set():
                file.replace(node, as_python(new))
            case _ if len(old) == 1 and not removed:
                file.replace(node, f"[{', '.join([file.segment(node), *map(as_python, added)])}]")
            case _:
                file.replace(node, as_python(new))

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
        if self._comes_from_environment(key):
            self._set_environment(f"FLASK_{key}", new)
            return
        made = self._site.made_at()
        found = self._site.program.find_config(key, made[0].file if made else "")
        for file, node in found:
            variable = environment_name(node)
            if variable:
                self._set_environment(variable, new)
                return
            if _parse(name, literal(node)) == old:
                self._write_literal(file, node, old, new)
                return
        self._code.append(f'app.config["{key}"] = {as_python(new)}')

    def _comes_from_environment(self, key: str) -> bool:
        raw = os.environ.get(f"FLASK_{key}")
        return raw is not None and self._site.app.config.get(key) in (raw, _from_json(raw))

    def _set_environment(self, variable: str, new: Any) -> None:
        raw = os.environ.get(variable, "")
        items = new if isinstance(new, tuple) else (new,)
        if raw.lstrip().startswith("["):
            value = json.dumps(list(items))
        else:
            value = (", " if ", " in raw else ",").join("true" if item is True else str(item).strip() for item in items)
        self._environment[variable] = value

    # Resources

    def _change_entry(self, layer: Layer, entry: Entry, own: Changes) -> None:
        written = self._resources_of(layer)
        display = self._resolve(*written) if written else None
        options = self._options_of(layer, entry, display) if display else None
        if options is None:
            entries = [(one.pattern, {**one.own, **own} if one is entry else one.own) for one in layer.entries]
            self._write_resources(layer, entries)
            return
        file, node = options
        present = dict(_pairs(node))
        for name, value in own.items():
            key = name if name in present else _ALIASES.get(name, name)
            if key in present:
                self._write(file, present[key], name, policy_value(Cover(layer, entry), name), value)
            else:
                file.append_pair(cast(ast.Dict, node), f"{as_python(name)}: {as_python(value)}")

    def _resources_of(self, layer: Layer) -> Written | None:
        """Return where ``resources`` are written: in the call, or in the config."""
        if layer.has_configured_resources:
            made = self._site.made_at()
            found = self._site.program.find_config(config_key(RESOURCES), made[0].file if made else "")
            return found[0] if found else None
        call = self._call_of(layer)
        return self._find_argument(*call, RESOURCES) if call else None

    def _options_of(self, layer: Layer, entry: Entry, display: Written) -> Written | None:
        """Return the dict of an entry's own options, if it is written as one."""
        file, node = display
        if not isinstance(node, ast.Dict) or None in node.keys or len(node.keys) != len(layer.entries):
            return None
        number = next(number for number, one in enumerate(layer.entries) if one is entry)
        where, options = self._resolve(file, node.values[number])
        return (where, options) if isinstance(options, ast.Dict) and None not in options.keys else None

    def _write_resources(self, layer: Layer, entries: list[tuple[re.Pattern[str], Mapping[str, Any]]]) -> None:
        """Write all entries anew, where they are written; the patterns that stay keep their spelling."""
        written = self._resources_of(layer)
        call = self._call_of(layer)
        if written is None and layer.has_configured_resources:
            self._code.append(f'app.config["{config_key(RESOURCES)}"] = {resources_text(entries)}')
        elif written is None and call is None:
            self._code.append(self._whole_call(layer, {RESOURCES: entries}))
        elif written is None:
            file, node = cast(tuple[SourceFile, ast.Call], call)
            file.replace(node, self._whole_call(layer, {RESOURCES: entries}, file, node))
        else:
            file, value = self._resolve(*written)
            self._write_entries(file, value, layer, entries)

    def _write_entries(self, file: SourceFile, node: ast.expr, layer: Layer, entries: list[Any]) -> None:
        old = [(one.pattern, one.own) for one in layer.entries]
        if isinstance(node, ast.Dict) and entries[:-1] == old and None not in node.keys:
            pattern, own = entries[-1]
            file.append_pair(node, f"{as_path(pattern)}: {as_python(dict(own))}")
            return
        self._import_for(file, None if not any("re.compile" in as_path(one) for one, _ in entries) else re.compile(""))
        file.replace(node, resources_text(entries, self._spelling(file, node, layer)))

    def _spelling(self, file: SourceFile, node: ast.expr, layer: Layer) -> dict[int, str]:
        """Return how each pattern of a literal is spelt."""
        nodes: list[Any] = []
        if isinstance(node, ast.Constant):
            nodes = [node]
        elif isinstance(node, ast.Dict):
            nodes = node.keys
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            nodes = node.elts
        if len(nodes) != len(layer.entries) or None in nodes:
            return {}
        return {id(one.pattern): file.segment(item) for one, item in zip(layer.entries, nodes, strict=True)}

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


def policy_value(cover: Cover, name: str) -> Any:
    """Return the value that an option has now."""
    return policy_value_of(getattr(cover.policy, name))


def policy_value_of(value: Any) -> Any:
    """Return a parsed value as programs write it."""
    return tuple(value.entries) if hasattr(value, "entries") else value


def _belongs_to_entry(cover: Cover, name: str, *, in_place: bool) -> bool:
    """Whether an option goes into the entry's own dict, so that no other path gets it."""
    layer, entry = cover.layer, cover.entry
    if name in entry.own:
        return True
    if name in layer.parsed.values and in_place:
        return False
    if name not in layer.parsed.values and name in layer.config.values:
        return False
    return len(layer.entries) > 1 or (bool(entry.own) and name not in layer.parsed.values)


def _parse(name: str, value: Any) -> Any:
    try:
        return policy_value_of(_PARSERS[name](value))
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
