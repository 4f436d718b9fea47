"""Run tests against mutants, as a plugin of pytest: all is imported and collected once, then each mutant gets a fork.

A *warm* fork swaps the code of one function, and runs the tests that are collected. What lives through that, and
what is no function, gets a *cold* fork: it imports the mutated module, and the tests, anew.
"""

import ast
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

from .listed import PACKAGE
from .making import Mutant

_CPU_SECONDS = 30  # for the tests of one mutant; without one they take less than 15
_SECONDS = 300  # for a mutant that waits
_MEMORY = 4 << 30
OPTIONS = ["-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "no:cov"]


class Trial:
    """The plugin: instead of running the tests once, run them on every mutant."""

    def __init__(self, mutants: list[Mutant], more: list[str], tell: Callable[[Mutant, str], None]) -> None:
        self._mutants, self._more, self._tell = mutants, more, tell

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests on no mutant first, in both ways: what fails then would kill every mutant."""
        items = _soonest_first(session.items)
        files = [str(path) for path in dict.fromkeys(item.path for item in session.items)]
        ways = [partial(_warm, items=items), partial(_cold, files=files), partial(_cold, files=self._more)]
        for way in ways:
            if _outcome(partial(way, None)) != "survived":
                raise pytest.UsageError("these tests fail on the package as it is: they would kill every mutant")
        lived = self._mutants
        for way in ways:
            lived = [mutant for mutant in lived if self._lives(mutant, partial(way, mutant))]
        for mutant in lived:
            self._tell(mutant, "survived")
        return True

    def _lives(self, mutant: Mutant, run: Callable[[], int]) -> bool:
        outcome = _outcome(run)
        if outcome != "survived":
            self._tell(mutant, outcome)
        return outcome == "survived"


def _soonest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Mix the tests, so that one that fails comes soon; those that first search for a smaller failure come last."""
    mixed = random.Random(0).sample(items, len(items))  # noqa: S311 - the same on every run
    return sorted(mixed, key=lambda item: item.get_closest_marker("hypothesis") is not None)


def _outcome(run: Callable[[], int]) -> str:
    sys.stdout.flush()
    process = os.fork()
    if not process:
        _bound()
        code = 1
        try:
            code = run()
        finally:
            os._exit(code)
    status = os.waitpid(process, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL):
        return "timeout"
    return "killed" if status else "survived"


def _bound() -> None:
    """Silence this process, and end it where a mutant never would."""
    signal.alarm(_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(silence, stream)


def _run(items: list[pytest.Item]) -> int:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed:
            return 1
    return 0


def _warm(mutant: Mutant | None, items: list[pytest.Item]) -> int:
    if mutant is None:
        return _run(items)
    module = sys.modules[f"{PACKAGE}.{mutant.change.module}"]
    if not mutant.change.function:
        return _run(items) if _set_constants(module, mutant) else 0
    found, name = _function(module, mutant.change.function)
    if found is None:
        return 0
    codes = {code.co_qualname: code for code in _codes(compile(mutant.source, found.__code__.co_filename, "exec"))}
    try:
        found.__code__ = codes[name]
    except ValueError:  # it closes over something else now
        return 0
    return _run(items)


def _set_constants(module: ModuleType, mutant: Mutant) -> bool:
    """Give the package's modules the constants that the mutant changes; whether there are any."""
    names = {"__name__": module.__name__, "__package__": module.__package__, "__file__": module.__file__}
    exec(compile(mutant.source, str(module.__file__), "exec", dont_inherit=True), names)  # noqa: S102 - that is the point
    changed = _constants(mutant.source).items() - _constants(Path(str(module.__file__)).read_text()).items()
    package = [each for name, each in sys.modules.items() if name.partition(".")[0] == str(PACKAGE)]
    for name, _ in changed:
        old = getattr(module, name)
        for each in package:
            if vars(each).get(name) is old:
                setattr(each, name, names[name])
    return bool(changed)


def _constants(source: str) -> dict[str, str]:
    assignments = (node for node in ast.parse(source).body if isinstance(node, (ast.Assign, ast.AnnAssign)))
    stored = ((found, node) for node in assignments for found in ast.walk(node) if isinstance(found, ast.Name))
    return {found.id: ast.dump(node) for found, node in stored if isinstance(found.ctx, ast.Store)}


def _function(within: object, name: str) -> tuple[FunctionType | None, str]:
    """Find the outermost function on the way to *name*, and its own name."""
    path = []
    for part in name.split("."):
        within = vars(within).get(part)
        path.append(part)
        for wrapped in ("fget", "__func__", "__wrapped__"):
            within = getattr(within, wrapped, within)
        if isinstance(within, FunctionType):
            return within, ".".join(path)
        if not isinstance(within, type):
            break
    return None, name


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _codes(const)


class _Finder(SourceFileLoader):
    """Find one module of the package as a mutant has it."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(f"{PACKAGE}.{mutant.change.module}", str((PACKAGE / f"{mutant.change.module}.py").resolve()))
        self._source = mutant.source

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - importlib gives it
        return compile(self._source, self.path, "exec", dont_inherit=True)


def _cold(mutant: Mutant | None, files: list[str]) -> int:
    if not files:
        return 0
    for name in list(sys.modules):
        if name.partition(".")[0] in (str(PACKAGE), "tests", "conftest") or name.startswith("test_"):
            del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
    return pytest.main([*OPTIONS, *files])
