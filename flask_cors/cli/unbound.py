"""The cause of ``flask cors explain`` for a ``CORS`` that stands in the program, and that the app never gets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .case import Case, Cause
from .site import Place, Site
from .source import SourceFile
from .writing import Fix

Call = tuple[SourceFile, ast.Call]


def cors_is_not_bound(case: Case) -> Cause | None:
    """Find ``CORS()`` without an app and without ``init_app``, and one that runs only below ``__main__``."""
    if not case.is_blocked or case.site is None or case.site.layers or case.cover:
        return None
    causes = (_without_app(case.site, call) or _below_main(case.site, call) for call in _calls(case.site))
    return next(filter(None, causes), None)


def _calls(site: Site) -> Iterator[Call]:
    for file in filter(None, map(site.program.file, site.program.names())):
        name = file.name_of("CORS") if "CORS" in file.text else None
        yield from ((file, call) for call in file.nodes(ast.Call) if ast.unparse(call.func) == name)


def _without_app(site: Site, written: Call) -> Cause | None:
    file, call = written
    statement, made = file.find_statement(call.lineno), site.made_at()
    if call.args or not isinstance(statement, ast.Assign) or made is None:
        return None
    line = f"{file.segment(statement.targets[0])}.init_app({made[2]})"
    if made[0] is file:
        file.insert_lines(max(statement, made[1], key=_line), line)
    words = "" if made[0] is file else f"Below the line that makes the app, write {line}."
    place = Place(file.file, call.lineno)
    text = f"The CORS at {place} has no app, so it has no effect: the program does not call init_app."
    return Cause(id="cors-not-bound", text=text, place=place, fix=_fix(site, words))


def _below_main(site: Site, written: Call) -> Cause | None:
    file, call = written
    blocks = [node for node in file.nodes(ast.If) if "__main__" in ast.unparse(node.test)]
    statement, made = file.whole_statement(call), site.made_at()
    if not any(_line(block) <= _line(call) <= (block.end_lineno or 0) for block in blocks):
        return None
    if statement and made and made[0] is file:
        file.remove_statement(statement)
        file.insert_lines(made[1], file.segment(call))
    place = Place(file.file, call.lineno)
    text = f"The CORS at {place} runs only if Python runs this file itself; flask run and servers import it."
    return Cause(
        id="cors-not-bound", text=text, place=place, fix=_fix(site, "Move it below the line that makes the app.")
    )


def _fix(site: Site, words: str) -> Fix:
    return Fix(text=words, files=site.program.take_change())


def _line(node: ast.stmt | ast.expr) -> int:
    return node.lineno
