"""Make the mutants of a module: its source with one detail changed, at every place that mutmut knows to change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from .listed import Change


@dataclass(frozen=True)
class Mutant:
    """A change, and the whole module with it."""

    change: Change
    source: str = field(compare=False, repr=False)


def _negate(node: cst.If) -> Iterable[cst.If]:
    """Turn a guard into its contrary, which mutmut leaves alone."""
    bracketed = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), bracketed))


class _Everywhere(MutationVisitor):
    """Look into decorated functions too: mutmut's own way to run mutants passes them over, the one here need not."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.FunctionDef) and super()._skip_node_and_children(node)


def mutants(path: Path) -> list[Mutant]:
    """Make every mutant of a module; what comes to the same text is one mutant."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
    visitor = _Everywhere([*mutation_operators, (cst.If, _negate)], IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    changes: defaultdict[int, list[cst.CSTNode]] = defaultdict(list)
    for mutation in visitor.mutations:
        changes[id(mutation.original_node)].append(mutation.mutated_node)
    return list(dict.fromkeys(_mutants(wrapper.module, path.stem, changes)))


def _mutants(module: cst.Module, name: str, changes: dict[int, list[cst.CSTNode]]) -> Iterator[Mutant]:
    """Change one statement at a time, and write anew no more than that."""
    texts = [module.code_for_node(statement) for statement in module.body]
    before = module.code.removesuffix("".join(texts))
    for at, statement in enumerate(module.body):
        for node, owner in _owners(statement):
            for changed in changes.get(id(node), ()):
                mutated = module.code_for_node(cast(cst.CSTNode, deep_replace(statement, node, changed)))
                change = Change(name, owner, *_difference(texts[at], mutated))
                yield Mutant(change, "".join([before, *texts[:at], mutated, *texts[at + 1 :]]))


def _owners(node: cst.CSTNode, outer: str = "") -> Iterator[tuple[cst.CSTNode, str]]:
    """Tell in which function or class each node stands: ``Policy.answer``, or nothing at the top."""
    owner = f"{outer}.{node.name.value}".lstrip(".") if isinstance(node, (cst.ClassDef, cst.FunctionDef)) else outer
    yield node, owner
    for child in node.children:
        yield from _owners(child, owner)


def _difference(old: str, new: str) -> tuple[str, str]:
    """Show the lines that differ, before and after, each without its indentation."""
    olds, news = old.splitlines(), new.splitlines()
    start = next(at for at, pair in enumerate(zip(olds, news, strict=False)) if pair[0] != pair[1])
    ends = zip(reversed(olds[start:]), reversed(news[start:]), strict=False)
    same = next((count for count, pair in enumerate(ends) if pair[0] != pair[1]), 0)
    return _stripped(olds[start : len(olds) - same]), _stripped(news[start : len(news) - same])


def _stripped(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)
