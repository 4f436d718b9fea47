"""Counting what Python does: calls, and instructions of bytecode."""

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, NamedTuple


class Count(NamedTuple):
    """What a request takes, or what it takes more than another."""

    instructions: float
    calls: float

    def over(self, other: "Count") -> "Count":
        """Return what this is more."""
        return Count(self.instructions - other.instructions, self.calls - other.calls)


class Tracer:
    """Counts instructions and calls of Python, by function."""

    def __init__(self) -> None:
        self.instructions: Counter[CodeType] = Counter()
        self.calls: Counter[CodeType] = Counter()

    def per(self, requests: int) -> Count:
        """Return what one of so many requests has taken."""
        return Count(self.instructions.total() / requests, self.calls.total() / requests)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count for as long as a ``with`` block lasts, in which the garbage collector does nothing."""
        gc.disable()
        self._start()
        try:
            yield
        finally:
            self._stop()
            gc.enable()

    if sys.version_info >= (3, 12):  # where sys.settrace misses what runs for the first time

        def _start(self) -> None:
            watch, events = sys.monitoring, sys.monitoring.events
            watch.use_tool_id(watch.PROFILER_ID, "bench")
            for event in (events.PY_START, events.PY_RESUME):
                watch.register_callback(watch.PROFILER_ID, event, self._called)
            watch.register_callback(watch.PROFILER_ID, events.INSTRUCTION, self._done)
            watch.set_events(watch.PROFILER_ID, events.PY_START | events.PY_RESUME | events.INSTRUCTION)

        def _stop(self) -> None:
            sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
            sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)

        def _called(self, code: CodeType, _: int) -> None:
            self.calls[code] += 1

        def _done(self, code: CodeType, _: int) -> None:
            self.instructions[code] += 1
    else:

        def _start(self) -> None:
            sys.settrace(self._called)

        def _stop(self) -> None:
            sys.settrace(None)

        def _called(self, frame: FrameType, _: str, __: object) -> Any:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            self.calls[frame.f_code] += 1
            return self._done

        def _done(self, frame: FrameType, event: str, _: object) -> Any:
            self.instructions[frame.f_code] += event == "opcode"
            return self._done
