"""``python -m tests.bench.instructions``: print how many instructions of bytecode a request takes, exactly, as JSON.

The same Python and the same Flask give the same counts on every machine. Work inside of C functions is not in them.
"""

import gc
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask

from tests.bench.scenarios import SCENARIOS, WHO, Environ, Scenario, answer


def counted(run: Callable[[], object]) -> int:
    """Count the instructions that a function takes, in which the garbage collector does nothing."""
    count = 0

    def done(*_: object) -> None:
        nonlocal count
        count += 1

    gc.disable()
    if sys.version_info >= (3, 12):  # where sys.settrace misses what runs for the first time
        monitoring = sys.monitoring
        monitoring.use_tool_id(monitoring.PROFILER_ID, "bench")
        monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION, done)
        monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.INSTRUCTION)
        run()
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    else:

        def trace(frame: FrameType, event: str, _: object) -> Any:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            if event == "opcode":
                done()
            return trace

        sys.settrace(trace)
        run()
        sys.settrace(None)
    gc.enable()
    return count


def per_request(app: Flask, requests: list[Environ]) -> float:
    """Count what one request takes once the app is warm."""
    for environ in requests * 2:
        answer(app, environ)
    return counted(lambda: [answer(app, environ) for environ in requests]) / len(requests)


def added(scenario: Scenario) -> dict[str, float]:
    """Count bare Flask's instructions, and what is added by hand and here; both must send the same headers."""
    apps = {who: scenario.app(who) for who in WHO if who != "6.0.5"}
    headers = [[sorted(answer(apps[who], each)) for each in scenario.requests] for who in ("by hand", "here")]
    if headers[0] != headers[1]:
        raise ValueError(f"by hand: {headers[0]}\nhere:    {headers[1]}")
    counts = {who: per_request(app, scenario.requests) for who, app in apps.items()}
    return {who: count if who == "bare" else count - counts["bare"] for who, count in counts.items()}


if __name__ == "__main__":
    print(json.dumps({name: added(scenario) for name, scenario in SCENARIOS.items()}))
