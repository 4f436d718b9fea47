"""``python -m tests.bench.footprint``: print what else the extension takes: memory, and a while to import.

The memory of a policy and the instructions of the import are exact; the milliseconds are a median over processes.
"""

import gc
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from flask_cors import CORS
from tests.bench.cases import Environ, MakeApp, bare, exact, extended, get
from tests.bench.instructions import headers

ROOT = Path(__file__).resolve().parents[2]

# -- A policy's memory --------------------------------------------------------------------------------------------


def kept(make: Callable[[], object]) -> int:
    """Return how many bytes it takes to keep what is made."""
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return size


def with_origins(origins: tuple[str, ...]) -> Flask:
    """Make an app that knows its policy: one that has answered a request."""
    app = bare()
    CORS(app, origins=[*origins])
    headers(app, exact(1).ask(0))
    return app


def to_frozenset(count: int, make: Callable[[tuple[str, ...]], object] = with_origins) -> float:
    """Return how the memory of a policy with so many origins compares to that of their ``frozenset``.

    The strings themselves are not counted: they are the caller's.
    """
    origins = tuple(f"https://tenant{number}.example" for number in range(count))
    make(origins[:1])  # what is made but once belongs to nobody
    return (kept(lambda: make(origins)) - kept(lambda: make(origins[:1]))) / kept(lambda: frozenset(origins))


# -- Caches -------------------------------------------------------------------------------------------------------

cached = extended(  # with everything that could be worth remembering
    origins=["https://*.tenant17.example", r"^https://[a-z]+[0-9]+\.tenant18\.example"],
    resources={rf"/api/[a-z]+/shop{number}/": {"max_age": number} for number in range(10)},
    methods="*",
    headers="*",
    supports_credentials=True,
)


_REQUEST = get()


def stranger(number: int) -> Environ:
    """Make a request of which no part was ever seen."""
    return _REQUEST | {
        "REQUEST_METHOD": "OPTIONS" if number % 2 else "GET",
        "PATH_INFO": f"/api/eu/shop{number % 20}/{number}",
        "HTTP_ORIGIN": f"https://shop{number}.tenant{17 + number // 2 % 3}.example",
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": f"M{number}",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": f"x-{number}",
    }


def blocks(make_app: MakeApp, *counts: int) -> Iterator[int]:
    """Say how many blocks of memory Python has in use once an app has answered so many strangers."""
    app, numbers, done = make_app(), itertools.count(), 0
    for count in counts:
        for number in itertools.islice(numbers, count - done):
            headers(app, stranger(number))
        done = count
        gc.collect()
        yield sys.getallocatedblocks()


# -- The import ---------------------------------------------------------------------------------------------------

TIMED = """
import flask, time
start = time.process_time_ns()
import flask_cors
print(time.process_time_ns() - start)
"""
COUNTED = """
import flask
from tests.bench.tracer import Tracer
tracer = Tracer()
with tracer.counting():
    import flask_cors
print(tracer.instructions.total())
"""


def imports(code: str, times: int) -> list[int]:
    """Run a program so many times, each in a process of its own; return what they print.

    What is imported has been compiled before, as it is where it is installed.
    """
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": directory}
        command = [sys.executable, "-c", code]
        run = [subprocess.check_output(command, cwd=ROOT, env=environment) for _ in range(times + 1)]
    return [int(output) for output in run[1:]]


# -- All of it ----------------------------------------------------------------------------------------------------


def figures() -> Iterator[tuple[str, float]]:
    """Measure everything, and say what each figure is."""
    for count in (1_000, 10_000, 100_000):
        yield f"Memory of a policy with {count:,} origins, as a multiple of their frozenset", to_frozenset(count)
    counts = (1, 10_000, 1_000_000)
    first, *later = blocks(cached, *counts)
    for count, used in zip(counts[1:], later, strict=True):
        yield f"Blocks of memory kept after {count:,} different paths, origins and headers", used - first
    yield "Import after Flask, in ms", statistics.median(imports(TIMED, 21)) / 1e6
    yield "Import after Flask, in instructions", imports(COUNTED, 1)[0]


def main() -> None:
    """Measure, and print."""
    for name, figure in figures():
        print(f"{name:75}{figure:12,.6g}", flush=True)


if __name__ == "__main__":
    main()
