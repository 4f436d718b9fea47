"""What a process does that is timed: answer one scenario's requests over and over."""

import json
import sys
import time

from flask import Flask

import flask_cors
from tests.bench.scenarios import SCENARIOS, Environ, answer

_BURST, _BURSTS = 0.02, 7  # CPU seconds, about; the best of so many bursts counts


def timed(app: Flask, requests: list[Environ]) -> float:
    """Return the CPU seconds that the requests take."""
    start = time.process_time()
    for environ in requests:
        answer(app, environ)
    return time.process_time() - start


def main(name: str, who: str) -> None:
    """Print the CPU microseconds of a request, the origin that is allowed, and whose ``flask_cors`` this is."""
    scenario = SCENARIOS[name]
    app, requests = scenario.app(who), scenario.requests
    timed(app, requests)
    many = requests * max(1, int(_BURST / timed(app, requests)))
    best = min(timed(app, many) for _ in range(_BURSTS))
    allowed = dict(answer(app, requests[0])).get("Access-Control-Allow-Origin")
    json.dump((best / len(many) * 1e6, allowed, flask_cors.__version__), sys.stdout)
