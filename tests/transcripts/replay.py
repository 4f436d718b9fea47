"""Run the files that hold transcripts, and hand out each transcript with the means to make its call.

A *way* turns an application into an ``Ask``: ``client`` in process, ``server`` with a server and ``http``.
"""

import doctest
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from .calls import in_process, over_the_wire
from .check import Ask
from .grammar import Transcript, in_docstrings
from .pages import Block, blocks, in_page
from .servers import running, serving

Way = Callable[[Flask], AbstractContextManager[Ask]]
Namespace = dict[str, Any]
Replay = Iterator[tuple[Transcript, Ask]]


class PageError(Exception):
    """A block of a page fails; the message names file and line, and says how."""


@contextmanager
def client(app: Flask) -> Iterator[Ask]:
    """Ask an application in process."""

    def ask(command: str) -> list[str]:
        # A new client for each call: like the http program, it must not remember cookies.
        with in_process(app.test_client()) as once:
            return once(command)

    yield ask


@contextmanager
def server(app: Flask) -> Iterator[Ask]:
    """Ask an application through a server, with the ``http`` program."""
    with serving(app) as port, over_the_wire(port) as ask:
        yield ask


def transcripts(path: Path, text: str | None = None) -> list[Transcript]:
    """Find the transcripts of an example or a page, or of the *text* that it might hold instead."""
    source = path.read_text() if text is None else text
    return in_docstrings(path, source) if path.suffix == ".py" else in_page(path, source)


def replay_for_real(path: Path) -> Replay:
    """Replay an example or a page as its reader would: a server runs, and ``http`` makes the calls."""
    return replay_script(path) if path.suffix == ".py" else replay_page(path, server)


def replay_script(path: Path) -> Replay:
    """Run an example with ``python``, and hand out its transcripts."""
    with running(path) as port, over_the_wire(port) as ask:
        for transcript in transcripts(path):
            yield transcript, ask


def application(path: Path) -> Flask:
    """Load the application of an example, without its changes to ``sys.path``."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = sys.path.copy()
    spec.loader.exec_module(module)
    sys.path[:] = before
    app: Flask = module.app
    return app


def replay_page(path: Path, way: Way) -> Replay:
    """Run the blocks of a page in order, and hand out its transcripts as they come."""
    namespace: Namespace = {"__name__": "page"}
    for block in blocks(path, path.read_text()):
        if block.runs and block.language == "console":
            yield from _asked(block, namespace, way)
        elif block.runs:
            _execute(block, namespace)


def _asked(block: Block, namespace: Namespace, way: Way) -> Replay:
    app = namespace.get("app")
    if not isinstance(app, Flask):
        raise PageError(f"{block.place}: no block before this one defines app, which is to answer the call")
    with way(app) as ask:
        for transcript in block.transcripts():
            yield transcript, ask


def _execute(block: Block, namespace: Namespace) -> None:
    if block.language == "pycon":
        _doctest(block, namespace)
    else:
        _python(block, namespace)


def _python(block: Block, namespace: Namespace) -> None:
    # The blank lines before the code give every line its number in the page.
    source = "\n" * (block.line - 1) + block.source
    try:
        exec(compile(source, str(block.path), "exec", dont_inherit=True), namespace)  # noqa: S102  # the page is this project's own
    except Exception as error:
        raise PageError(f"{block.place}: the python block fails\n\n{_from_the_page_on(error)}") from None


def _from_the_page_on(error: Exception) -> str:
    above = error.__traceback__
    return "".join(traceback.format_exception(error.with_traceback(above.tb_next if above else None)))


def _doctest(block: Block, namespace: Namespace) -> None:
    test = doctest.DocTestParser().get_doctest(
        block.source, namespace, block.path.name, str(block.path), block.line - 1
    )
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    result = runner.run(test, out=report.append, clear_globs=False)
    namespace.update(test.globs)
    if result.failed or not result.attempted:
        raise PageError(f"{block.place}: the pycon block fails\n\n{''.join(report) or 'it has no line with >>>'}")
