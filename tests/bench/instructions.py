"""``python -m tests.bench.instructions``: print how many instructions and calls of Python a request takes, exactly.

No noise touches these figures: the same code gives the same ones on every machine with the same Python. What happens
inside of functions written in C (matching a pattern, say) does not show in them: for that, see ``make bench``.
"""

import argparse
import functools
import itertools
import json
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any, NamedTuple

from flask import Flask

import flask_cors
from tests.bench.cases import CASES, PREFLIGHTS, Case, Environ, MakeApp, bare
from tests.bench.tracer import Count, Tracer

_ROUNDS = 2  # of warming up
TRACED = 10  # requests

Headers = list[tuple[str, str]]


@functools.cache  # some take long to make, and serve several cases
def _app(make_app: MakeApp) -> Flask:
    return make_app()


def traced(make_app: MakeApp, case: Case) -> Tracer:
    """Trace an app while it answers requests of the case, once it is warm."""
    app, tracer = _app(make_app), Tracer()
    for environ in case.warming() * _ROUNDS:
        headers(app, environ.copy())
    requests = list(itertools.islice(case.requests(), TRACED))
    with tracer.counting():
        for environ in requests:
            answer(app, environ.copy())
    return tracer


def answer(app: Flask, environ: Environ) -> None:
    """Have the app answer a request."""
    for _ in app(environ, _start_response):
        pass


def _start_response(*_: object) -> Any:
    return None


def headers(app: Flask, environ: Environ) -> Headers:
    """Return the headers of the answer to a request."""
    sent: list[Headers] = []

    def start_response(_: str, headers: Headers, *__: object) -> Any:
        sent.append(sorted(headers))

    b"".join(app(environ, start_response))
    return sent[0]


def check(case: Case) -> None:
    """Refuse to compare what does not send the same headers."""
    written, extended = _app(case.by_hand), _app(case.extended)
    for environ in itertools.islice(case.requests(), TRACED):
        by_hand, ours = (headers(app, environ.copy()) for app in (written, extended))
        if by_hand != ours:
            raise ValueError(f"by hand: {by_hand}\nours:    {ours}")


class Figures(NamedTuple):
    """What a request of a case takes: the whole of bare Flask's work, and what is added to it."""

    bare: Count
    by_hand: Count
    ours: Count


def figures(case: Case) -> Figures:
    """Count a case."""
    first, by_hand, ours = (traced(make, case).per(TRACED) for make in (bare, case.by_hand, case.extended))
    check(case)  # only now: before, it would show the apps what they have not seen
    return Figures(first, by_hand.over(first), ours.over(first))


def whole(preflight: Figures) -> float:
    """Return how much a whole preflight is of bare Flask's own answer to it."""
    return (preflight.bare.instructions + preflight.ours.instructions) / preflight.bare.instructions


def line(name: str, known: dict[str, Figures]) -> str:
    """Lay out a line of the table."""
    mine, against = known[name], CASES[name].against
    columns = "".join(f"{added.instructions:8.0f} ({added.calls:3.0f})" for added in (mine.by_hand, mine.ours))
    ratio = whole(mine) if name in PREFLIGHTS else mine.ours.instructions / mine.by_hand.instructions
    to_one = f"{mine.ours.instructions / known[against].ours.instructions:7.2f}" if against else ""
    return f"{name:50}{columns}{ratio:7.2f}{to_one}"


def table(known: dict[str, Figures]) -> Iterator[str]:
    """Lay out the figures of every case as soon as they are *known*."""
    yield f"{'Instructions (and calls) added to bare Flask':50}{'by hand':>14}{'ours':>14}{'ratio':>7}{'to one':>7}"
    for name, case in CASES.items():
        known[name] = figures(case)
        yield line(name, known)
    yield "The ratio is to what is written by hand; for preflights, of the whole to bare Flask's own answer."


def profile(name: str) -> Iterator[str]:
    """Say in which functions the instructions are that a case adds."""
    case = CASES[name]
    first, *others = (traced(make, case) for make in (bare, case.by_hand, case.extended))
    for whose, tracer in zip(("by hand", "ours"), others, strict=True):
        tracer.instructions.subtract(first.instructions)
        tracer.calls.subtract(first.calls)
        yield f"{name}, {whose}: instructions and calls added, by function"
        for code, added in tracer.instructions.most_common():
            if added:
                yield f"{added / TRACED:9.1f}{tracer.calls[code] / TRACED:6.1f}  {_name(code)}"


def _name(code: CodeType) -> str:
    return f"{'/'.join(code.co_filename.split('/')[-2:])}: {code.co_qualname}"


def as_json() -> Iterator[str]:
    """Give the figures to another program, but for unseen paths: what these cost is for the most part done in C."""
    yield json.dumps({name: figures(case) for name, case in CASES.items() if case.seen})


def main() -> None:
    """Count, and print the table, or one case's profile."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.instructions", description="Count instructions.")
    options.add_argument("--json", action="store_true", help="print the figures of what was seen before, as JSON")
    options.add_argument("--profile", metavar="CASE", help="show where this case's instructions are")
    given = options.parse_args()
    print(f"Python {sys.version.split()[0]}, {flask_cors.__file__}", file=sys.stderr)
    for text in as_json() if given.json else profile(given.profile) if given.profile else table({}):
        print(text, flush=True)


if __name__ == "__main__":
    main()
