"""Measure one app: how many instructions of bytecode a request takes, exactly, and how much time.

The same Python and the same Flask give the same count on every machine. Work inside C functions is not in it.
``python -m tests.bench.measuring`` prints what a request takes more than in bare Flask, as JSON.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from timeit import Timer
from types import FrameType
from typing import Any

from flask import Flask

from tests.bench.scenarios import SCENARIOS, WHO, Environ, Scenario


def answer(app: Flask, environ: Environ) -> list[tuple[str, str]]:
    """Answer a request, and return the headers of the response."""
    sent: list[tuple[str, str]] = []

    def start_response(_: str, headers: list[tuple[str, str]], *__: object) -> Any:
        sent.extend(headers)

    for _ in app(environ.copy(), start_response):
        pass
    return sent


def seconds(app: Flask, requests: list[Environ], burst: float = 0.02) -> float:
    """Return the CPU seconds of a request: in the fastest of seven bursts, each about *burst* long."""
    timer = Timer(lambda: [answer(app, environ) for environ in requests], gc.enable, time.process_time)
    timer.timeit(1)
    times = max(1, int(burst / timer.timeit(1)))
    return min(timer.repeat(7, times)) / times / len(requests)


def instructions(app: Flask, requests: list[Environ]) -> float:
    """Return the instructions of a request, once the app is warm and while the garbage collector does nothing."""
    for environ in requests * 2:
        answer(app, environ)
    gc.disable()
    counted = _counted(lambda: [answer(app, environ) for environ in requests])
    gc.enable()
    return counted / len(requests)


def _counted(run: Callable[[], object]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    def done(*_: object) -> None:
        nonlocal count
        count += 1

    if sys.version_info >= (3, 12):  # where sys.settrace misses what runs for the first time
        watch = sys.monitoring
        watch.use_tool_id(watch.PROFILER_ID, "bench")
        watch.register_callback(watch.PROFILER_ID, watch.events.INSTRUCTION, done)
        watch.set_events(watch.PROFILER_ID, watch.events.INSTRUCTION)
        run()
        watch.set_events(watch.PROFILER_ID, 0)
        watch.free_tool_id(watch.PROFILER_ID)
    else:
        sys.settrace(trace)
        run()
        sys.settrace(None)
    return count


def instructions_added(scenario: Scenario) -> dict[str, float]:
    """Count what is added by hand and here to bare Flask; both must send the same headers."""
    apps, requests = {who: scenario.app(who) for who in WHO[:3]}, scenario.requests[::10]
    by_hand, here = ([sorted(answer(apps[who], each)) for each in requests] for who in ("by hand", "here"))
    if by_hand != here:
        raise ValueError(f"by hand: {by_hand}\nhere:    {here}")
    counts = {who: instructions(app, requests) for who, app in apps.items()}
    return {who: count - counts["bare"] * (who != "bare") for who, count in counts.items()}


if __name__ == "__main__":
    print(json.dumps({name: instructions_added(scenario) for name, scenario in SCENARIOS.items()}))
