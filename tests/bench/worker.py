"""``python -m tests.bench.worker NAME``: time one scenario's request, as often as standard input says."""

import sys
import time
from typing import Any
from wsgiref.types import WSGIApplication

from tests.bench.scenarios import SCENARIOS, Scenario


def main(name: str) -> None:
    """For each count on standard input, print the CPU nanoseconds that one request took."""
    scenario = SCENARIOS[name]
    app, environ = scenario.make_app(), scenario.environ()
    _check(app, environ, scenario)
    for line in sys.stdin:
        print(_timed(app, environ, int(line)), flush=True)


def _timed(app: WSGIApplication, environ: dict[str, Any], count: int) -> float:
    start = time.process_time_ns()
    for _ in range(count):
        b"".join(app(environ.copy(), _start_response))
    return (time.process_time_ns() - start) / count


def _start_response(*_: Any) -> Any:
    return None


def _check(app: WSGIApplication, environ: dict[str, Any], scenario: Scenario) -> None:
    """Refuse to time an app that does not do what its row says."""
    granted: list[str | None] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        granted.append(dict(headers).get("Access-Control-Allow-Origin") if status == "200 OK" else status)

    b"".join(app(environ.copy(), start_response))
    if granted != [scenario.grants]:
        raise SystemExit(f"the app grants {granted}, not {[scenario.grants]}")


if __name__ == "__main__":
    main(sys.argv[1])
