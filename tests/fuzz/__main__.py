"""``python -m tests.fuzz SECONDS``: feed the extension arbitrary bytes for so long, and report the result."""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import Target

TARGETS = ["tests.fuzz.targets:REQUESTS", "tests.fuzz.targets:OPTIONS"]
TIMEOUT = 20  # seconds for one input, also on a busy computer


@dataclass(frozen=True)
class Result:
    """What libFuzzer reports: its exit status, how many inputs it tried, those that broke a law, and its output."""

    status: int
    executions: int
    findings: list[bytes]
    output: str

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or nothing tried: silence is no success."""
        return self.status != 0 or not self.executions

    def __str__(self) -> str:
        finding = f"status {self.status}, finding: {self.findings!r}\n{self.output[-3000:]}"
        return f"{self.executions:,} inputs, {finding if self.failed else 'no finding'}"


def fuzz(name: str, seconds: int, timeout: int = TIMEOUT) -> Result:
    """Fuzz the target of that *name*, ``module:attribute``, until it fails or the time is over."""
    module, _, attribute = name.partition(":")
    target: Target = getattr(importlib.import_module(module), attribute)
    with tempfile.TemporaryDirectory() as directory:
        for number, seed in enumerate(target.seeds):
            Path(directory, str(number)).write_bytes(seed)
        times = (f"-max_total_time={seconds}", f"-timeout={timeout}", "-print_final_stats=1")
        inputs = ("-max_len=100000", "-len_control=0", "-keep_seed=1", f"-artifact_prefix={directory}/", directory)
        command = [sys.executable, "-m", "tests.fuzz.run", name, *times, *inputs]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output = done.stdout.decode(errors="backslashreplace")
        executions = re.search(r"^stat::number_of_executed_units: (\d+)", output, re.MULTILINE)
        files = [*Path(directory).glob("crash-*"), *Path(directory).glob("timeout-*"), *Path(directory).glob("oom-*")]
        findings = [file.read_bytes() for file in files]
    return Result(done.returncode, int(executions[1]) if executions else 0, findings, output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("seconds", type=int, help="for all targets together")
    parser.add_argument("targets", nargs="*", default=TARGETS, metavar="MODULE:TARGET")
    given = parser.parse_args()
    failed = False
    for target in given.targets:
        result = fuzz(target, max(1, given.seconds // len(given.targets)))
        print(f"{target}: {result}", flush=True)  # noqa: T201
        failed |= result.failed
    sys.exit(failed)
