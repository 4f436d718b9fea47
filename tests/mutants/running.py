"""Run tests against mutants, as a plugin of pytest: all is imported and collected once, then each mutant gets a fork.

A *warm* fork swaps the code of one function, and runs the tests that are collected. That is not enough for what is no
function, for what stands in a function's head, and for a function that is called before the tests are run: what lives
of these gets a *cold* fork, which imports the mutated module, and the tests, anew.
"""

import ast
import json
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
_UNSURE = 111  # what a warm fork says where a cold one knows more
OPTIONS = ["-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "no:cov"]


class Trial:
    """The plugin: instead of running the tests once, run them on every mutant."""

    def __init__(self, mutants: list[Mutant], more: list[str], tell: Callable[[Mutant, str], None]) -> None:
        self._mutants, self._more, self._tell = mutants, more, tell

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests on no mutant first and last: what fails then would kill every mutant."""
        items = _soonest_first(session.items)
        files = [str(path) for path in dict.fromkeys(item.path for item in session.items)]
        warm = partial(_warm, items=items, early=_called_early(files))
        cold, more = partial(_cold, files=files), partial(_cold, files=self._more)
        _check(warm, cold, more)
        lived = [(mutant, outcome) for mutant in self._mutants if (outcome := self._tried(mutant, warm))]
        for mutant, outcome in lived:
            if (outcome == "survived" or self._tried(mutant, cold)) and self._tried(mutant, more):
                self._tell(mutant, "survived")
        _check(warm, cold, more)
        return True

    def _tried(self, mutant: Mutant, way: Callable[[Mutant], int]) -> str:
        """Try a mutant in one way. Tell if that kills it; else say how sure it is that it does not."""
        outcome = _outcome(partial(way, mutant))
        if outcome in ("survived", "unsure"):
            return outcome
        self._tell(mutant, outcome)
        return ""


def _check(*ways: Callable[[None], int]) -> None:
    if any(_outcome(partial(way, None)) != "survived" for way in ways):
        raise pytest.UsageError("these tests fail on the package as it is: they would kill every mutant")


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
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _UNSURE:
        return "unsure"
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


def _called_early(files: list[str]) -> set[str]:
    """Which functions of the package are called while it is imported, and the tests collected."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        _bound()
        names: set[str] = set()
        sys.setprofile(lambda frame, *_: names.add(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"))
        _cold(None, ["--collect-only", *files])
        sys.setprofile(None)
        with os.fdopen(writing, "w") as pipe:
            json.dump([name for name in names if name.startswith(f"{PACKAGE}.")], pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        called = {*json.load(pipe)}
    os.waitpid(process, 0)
    return called


def _warm(mutant: Mutant | None, items: list[pytest.Item], early: set[str]) -> int:
    if mutant is None:
        return _run(items)
    module = sys.modules[f"{PACKAGE}.{mutant.change.module}"]
    if not mutant.change.function:
        return (_set_constants(module, mutant) and _run(items)) or _UNSURE
    found, name = _function(module, mutant.change.function)
    if found is None:
        return _UNSURE
    codes = {code.co_qualname: code for code in _codes(compile(mutant.source, found.__code__.co_filename, "exec"))}
    is_all = f"{module.__name__}.{name}" not in early and _bare(codes[name]) != _bare(found.__code__)
    try:
        found.__code__ = codes[name]
    except ValueError:  # it closes over something else now
        return _UNSURE
    return _run(items) or (0 if is_all else _UNSURE)


def _bare(code: CodeType) -> CodeType:
    """What a function does, wherever its lines stand."""
    consts = (_bare(const) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=tuple(consts))


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
        for wrapped in ("fget", "__func__", "callback", "__wrapped__"):
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
