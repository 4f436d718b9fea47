"""A crowd asks a server with two workers of eight threads: each response belongs to its request, nothing grows."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.load.site import MISTAKE
from tests.servers.start import HOST, Server, running

REQUESTS = int(os.environ.get("REQUESTS") or 20_000)  # `make load-test REQUESTS=200000` is the long form
BOUND = 16_000  # kilobytes by which a worker may grow: what an allocator needs, but no list of requests
SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 32  # twice as many as the server handles at a time
SECONDS = 2  # that wrk runs without a break
SLOWEST = 50  # responses a second: if there are fewer, something hangs

_OPTIONS = ("--bind=ADDRESS", "--no-control-socket", "--worker-class=gthread", "--workers=2", "--threads=8")
SERVER = Server("gunicorn", (sys.executable, "-m", "gunicorn", *_OPTIONS, "tests.load.site:application"), "gunicorn")


@dataclass
class Load:
    """What has come of a load so far."""

    counts: Counter[str] = field(default_factory=Counter)  # responses checked and wrong, connections lost
    examples: list[str] = field(default_factory=list)  # of what was wrong
    growth: list[int] = field(default_factory=list)  # of each worker, in kilobytes; one that has died is a KeyError


def crowd(requests: int, mistake: str = "") -> Load:
    """Serve the app, with a *mistake* in it or without, warm it up, and make at least so many *requests* more."""
    load = Load()
    with running(SERVER, {MISTAKE: mistake}) as port:
        _ask(port, 1, load)
        before, wanted = _memory(port), load.counts["checked"] + requests
        for seed in range(2, 3 + requests // SECONDS // SLOWEST):
            _ask(port, seed, load)
            if load.counts["checked"] >= wanted:
                after = _memory(port)
                load.growth = [after[worker] - memory for worker, memory in before.items()]
                return load
    raise TimeoutError(f"fewer than {SLOWEST} responses a second")


def _ask(port: int, seed: int, load: Load) -> None:
    command = ["wrk", f"--threads={CONNECTIONS}", f"--connections={CONNECTIONS}", f"--duration={SECONDS}s"]
    command += ["--timeout=30s", f"--script={SCRIPT}", f"http://{HOST}:{port}", "--", str(seed)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS + 60).stdout
    load.counts.update({name: int(count) for name, count in re.findall(r"^(\w+)=(\d+)$", output, re.MULTILINE)})
    load.examples += re.findall(r"^wrong: (.*)$", output, re.MULTILINE)


def _memory(port: int) -> dict[int, int]:
    with urlopen(f"http://{HOST}:{port}/parent", timeout=30) as answer:
        parent = int(answer.read())
    workers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    statuses = {int(worker): Path(f"/proc/{worker}/status").read_text() for worker in workers}
    return {worker: int(re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.M)[0]) for worker, status in statuses.items()}


def test_every_response_belongs_to_its_own_request_and_no_worker_grows() -> None:
    load = crowd(REQUESTS)
    sys.stdout.write(f"{load.counts['checked']} responses checked, kB by which the workers grew: {load.growth}\n")
    assert (load.examples, load.counts["wrong"], load.counts["lost"]) == ([], 0, 0)
    assert load.counts["checked"] >= REQUESTS
    assert [growth < BOUND for growth in load.growth] == [True, True]


@pytest.mark.parametrize(
    ("mistake", "noticed"),
    [("HTTP_ORIGIN", "Access-Control-Allow-Origin: "), ("HTTP_X_REQUEST", "the response to another request")],
)
def test_a_wrong_response_is_noticed(mistake: str, noticed: str) -> None:
    load = crowd(1000, mistake)
    assert load.counts["wrong"] > 0
    assert any(noticed in example for example in load.examples)


def test_a_worker_that_grows_is_noticed() -> None:
    assert max(crowd(2000, "leaks").growth) > BOUND
