"""``python -m tests.bench``: print the CPU time that the extension adds to a request, over bare Flask.

Each scenario has a process of its own. In every round each of them is timed once, in another order, so that whatever
slows the machine down slows all of them; the table shows medians over the rounds. What the second bare app seems to
add is noise: a difference of that size means nothing.
"""

import argparse
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tests.bench.scenarios import SCENARIOS


class Worker:
    """A process that answers one scenario's request over and over."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def time(self, requests: int) -> float:
        """Return the CPU microseconds that one of so many requests took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(requests, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline()) / 1000


@contextmanager
def started(name: str) -> Iterator[Worker]:
    """Run a worker for as long as a ``with`` block lasts."""
    command = [sys.executable, "-m", "tests.bench.worker", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Worker(process)


def measure(rounds: int, requests: int) -> dict[str, list[float]]:
    """Time every scenario once in each round."""
    times: dict[str, list[float]] = {name: [] for name in SCENARIOS}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(started(name)) for name in SCENARIOS}
        for worker in workers.values():
            worker.time(requests)
        for _ in range(rounds):
            for name in random.sample(list(workers), len(workers)):
                times[name].append(workers[name].time(requests))
    return times


def added(times: Mapping[str, Sequence[float]], name: str) -> float:
    """Return what a scenario costs over its bare Flask, compared round by round."""
    bare = times[SCENARIOS[name].bare]
    return statistics.median(mine - its for mine, its in zip(times[name], bare, strict=True))


def table(times: Mapping[str, Sequence[float]]) -> str:
    """Lay out one line for each scenario."""
    lines = [f"{'CPU time of a request, in µs':30}{'whole':>8}{'added':>8}{'by hand':>9}{'ratio':>7}"]
    for name, scenario in SCENARIOS.items():
        line = f"{name:30}{statistics.median(times[name]):8.1f}"
        if name != scenario.bare:
            line += f"{added(times, name):8.1f}"
        if scenario.by_hand is not None:
            by_hand = added(times, scenario.by_hand)
            line += f"{by_hand:9.1f}{added(times, name) / by_hand:7.1f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the table."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description="Time requests with and without CORS.")
    options.add_argument("--rounds", type=int, default=120, help="how often each scenario is timed (default: 120)")
    options.add_argument("--requests", type=int, default=120, help="requests in each timing (default: 120)")
    given = options.parse_args()
    print(table(measure(given.rounds, given.requests)))


if __name__ == "__main__":
    main()
