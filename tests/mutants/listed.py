"""The list of mutants that no test can kill, each with the reason; read and checked without making one."""

import ast
import tomllib
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path("flask_cors")
LIST = Path(__file__).with_name("equivalent.toml")


class Change(NamedTuple):
    """What a mutant changes, told without line numbers: these move."""

    module: str
    function: str
    was: str
    becomes: str


def listed(text: str) -> dict[Change, str]:
    """Read the list: the changes, and why each changes nothing that anybody could notice."""
    return {
        Change(entry["module"], entry["function"], entry["was"], becomes): entry["reason"]
        for entry in tomllib.loads(text)["mutant"]
        for becomes in entry["becomes"]
    }


def mistakes(text: str) -> Iterator[str]:
    """Say which entries have no reason, or stand for text that is in the package no longer."""
    for change, reason in listed(text).items():
        if len(reason.split()) < 4:
            yield f"{change}: no reason"
        if change.was == change.becomes:
            yield f"{change}: no change"
        if change.was not in _texts(change.module).get(change.function, ""):
            yield f"{change}: no such text"


def unexpected(outcomes: Mapping[Change, str], known: Set[Change]) -> Iterator[str]:
    """Compare what became of the mutants with the list."""
    for change, outcome in outcomes.items():
        if outcome == "survived" and change not in known:
            yield f"survived, and is not on the list: {change}"
        if outcome in ("killed", "timeout") and change in known:
            yield f"is on the list, and did not survive: {change}"
    for change in sorted(known - outcomes.keys()):
        yield f"is on the list, and is no mutant: {change}"


def _texts(module: str) -> dict[str, str]:
    """The text of each function and class of a module, its lines stripped; of the module itself, by no name."""
    path = PACKAGE / f"{module}.py"
    source = path.read_text() if path.exists() else ""
    texts = {"": source, **_inside(ast.parse(source), source)}
    return {name: "\n".join(map(str.strip, text.splitlines())) for name, text in texts.items()}


def _inside(node: ast.AST, source: str, owner: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for child in ast.iter_child_nodes(node):
        inner = owner
        if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            inner = f"{owner}.{child.name}".lstrip(".")
            texts[inner] = "\n".join(source.splitlines()[child.lineno - 1 : child.end_lineno])
        texts |= _inside(child, source, inner)
    return texts
