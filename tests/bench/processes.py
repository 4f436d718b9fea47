"""Processes that are timed against each other, of which some have another ``flask_cors``."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ROOT / ".venv-foreign" / "bin" / "python"  # what has Flask-Cors 6

# Runs a module as `python -m` does, but with the flask_cors that is installed, rather than that of this directory.
_RUN = """
import flask_cors, runpy, sys
assert flask_cors.__version__.startswith("6.")
sys.path.append(".")
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""

Pair = tuple[float, float]


def command(module: str, *arguments: str, foreign: bool = False) -> list[str]:
    """The command that runs a module, here or where Flask-Cors 6 is installed."""
    start = [str(FOREIGN), "-P", "-c", _RUN] if foreign else [sys.executable, "-m"]
    return [*start, module, *arguments]


class Worker:
    """A process that answers one case's requests over and over."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    def granted(self) -> str:
        """Say to which origin the first answer was given."""
        return self._stdout.readline().strip()

    def time(self) -> list[Pair]:
        """Return the CPU microseconds that a request takes now, many times: of bare Flask, and of who answers."""
        print(file=self._stdin, flush=True)
        return [(bare * 1e6, who * 1e6) for bare, who in json.loads(self._stdout.readline())]


@contextmanager
def working(case: str, who: str) -> Iterator[Worker]:
    """Run a worker for as long as a ``with`` block lasts."""
    arguments = command("tests.bench.worker", case, who, foreign=who == "foreign")
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Worker(process)
