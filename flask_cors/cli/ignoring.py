"""``# cors: ignore[id]``: comments that silence findings at their line, and those of them that silence nothing."""

from __future__ import annotations

import inspect
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher
from io import StringIO
from itertools import chain
from typing import NamedTuple

from .advice import nearest
from .finding import Finding
from .site import Place, Site
from .source import SETTERS, SourceFile
from .writing import Writer

_COMMENT = re.compile(r"#\s*cors:\s*ignore\[([^\]]*)\]")


class Comment(NamedTuple):
    """A comment, its place, and the ids that it has."""

    file: SourceFile
    line: int
    start: int
    end: int
    ids: tuple[str, ...]


def silence(site: Site, found: list[Finding], known: Collection[str]) -> list[Finding]:
    """Return what no comment silences, and a finding for each comment that silences nothing."""
    names = [finding.place.file for finding in found if finding.place]
    comments = list(_comments(site, dict.fromkeys([*site.program.names(), *names])))
    used: set[tuple[int, str]] = set()
    kept = []
    for finding in found:
        lines = set(_lines(site, finding)) if comments else set()
        here = [one for one in comments if (one.file.file, one.line) in lines and finding.id in one.ids]
        used |= {(id(one), finding.id) for one in here}
        kept += [] if here else [finding]
    unused = [(one, [name for name in one.ids if (id(one), name) not in used]) for one in comments]
    return [*kept, *(_unused(site, one, names, known) for one, names in unused if names)]


def _comments(site: Site, names: Iterable[str]) -> Iterator[Comment]:
    for file in filter(None, map(site.program.file, names)):
        if not _COMMENT.search(file.text) or not file.tree.body:
            continue
        for token in tokenize.generate_tokens(StringIO(file.text).readline):
            match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
            if match:
                start = file.line_start(token.start[0]) + token.start[1] + match.start()
                ids = tuple(filter(None, map(str.strip, match[1].split(","))))
                yield Comment(file, token.start[0], start, start + len(match[0]), ids)


def _unused(site: Site, comment: Comment, names: list[str], known: Collection[str]) -> Finding:
    near = [nearest(name, known, 0.6) for name in names if name not in known]
    hint = "".join(f" Did you mean {name}?" for name in near if name)
    text = f"The comment cors: ignore[{', '.join(names)}] silences nothing.{hint}"
    kept = [name for name in comment.ids if name not in names]
    start, rest = comment.start, f"# cors: ignore[{', '.join(kept)}]"
    if not kept:
        start, rest = len(comment.file.text[:start].rstrip(" ")), ""
    writer = Writer(site)
    writer.replace_text(comment.file, start, comment.end, rest)
    return Finding("unused-ignore", "warning", text, Place(comment.file.file, comment.line), (), writer.fix())


def _lines(site: Site, finding: Finding) -> Iterator[tuple[str, int]]:
    """Yield the lines where a comment silences a finding: of the call, of what the fix changes, of its views."""
    if finding.place:
        yield finding.place
        file = site.program.file(finding.place.file)
        call = file.find_call(finding.place.line, SETTERS) if file else None
        if call:
            yield from ((finding.place.file, line) for line in range(call.lineno, (call.end_lineno or 0) + 1))
    for name, (before, after) in finding.fix.files.items():
        blocks = SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False).get_opcodes()
        changed = (range(start, end) for tag, start, end, _, _ in blocks if tag != "equal")
        yield from ((name, number + 1) for number in chain.from_iterable(changed))
    for rule in site.app.url_map.iter_rules():
        if rule.rule in finding.routes:
            yield from _lines_of_view(site, rule.endpoint)


def _lines_of_view(site: Site, endpoint: str) -> Iterator[tuple[str, int]]:
    """Yield the lines of a view's decorators and its ``def``."""
    view = inspect.unwrap(site.app.view_functions[endpoint])
    code = getattr(view, "__code__", None)
    file = site.program.file(code.co_filename) if code else None
    if code and file:
        yield from ((file.file, line) for line in file.header_lines(code.co_firstlineno))
