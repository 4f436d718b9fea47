"""``python -m tests.bench.worker CASE WHO``: time one case's requests, whenever a line comes in.

WHO answers them: ``bare``, ``by hand`` or ``extended``; ``foreign`` is for a Python that has Flask-Cors 6. Bare Flask
answers them too, in turns, in the same process: two processes differ by more than what is to be measured.
"""

import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence

from flask import Flask

from tests.bench.cases import CASES, Case, Environ, MakeApp, bare
from tests.bench.instructions import answer, headers

_SLICE, _BURST = 0.001, 0.04  # seconds, about: of a timing (the shorter, the more alike are two in turn), and of many


def app_of(case: Case, who: str) -> MakeApp:
    """Find who answers."""
    foreign = case.foreign or case.extended
    return {"bare": bare, "by hand": case.by_hand, "extended": case.extended, "foreign": foreign}[who]


def timed(app: Flask, requests: Sequence[Environ]) -> float:
    """Return the CPU seconds that a request took, the first of them not counted."""
    first, *copies = [environ.copy() for environ in requests]
    answer(app, first)  # brings back what the other app has driven out of the processor's caches
    start = time.process_time()
    for environ in copies:
        answer(app, environ)
    return (time.process_time() - start) / len(copies)


def timings(apps: Sequence[Flask], case: Case) -> Iterator[list[float]]:
    """Time the apps in turns, once they are warm."""
    slowest = max(timed(app, case.warming() * 2) for app in apps)
    requests, count = case.requests(), 1 + max(1, int(_SLICE / slowest))
    while True:
        some, times = list(itertools.islice(requests, count)), [0.0] * len(apps)
        for turn in random.sample(range(len(apps)), len(apps)):
            times[turn] = timed(apps[turn], some)
        yield times


def burst(timings: Iterator[list[float]]) -> Iterator[list[float]]:
    """Take as many of the timings as there is time for."""
    end = time.process_time() + _BURST
    yield next(timings)
    while time.process_time() < end:
        yield next(timings)


def origin_granted(app: Flask, case: Case) -> str | None:
    """Return the one header that everybody's answer must have in common."""
    return dict(headers(app, case.ask(0))).get("Access-Control-Allow-Origin")


def main(name: str, who: str) -> None:
    """Print what has been granted, and then, for each line of standard input, timings of bare Flask and of who."""
    case = CASES[name]
    apps = bare(), app_of(case, who)()
    print(origin_granted(apps[1], case), flush=True)
    endless = timings(apps, case)
    for _ in sys.stdin:
        print(json.dumps([*burst(endless)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
