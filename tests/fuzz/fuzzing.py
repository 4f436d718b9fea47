"""A fuzzer at work on one target, in a process of its own, and what it has found."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import Target

TIMEOUT = 20  # seconds for one input, also on a busy computer
KINDS = ("crash", "timeout", "oom", "leak")  # of files that libFuzzer writes its findings to


@dataclass(frozen=True)
class Result:
    """What libFuzzer says: its exit status, how many inputs it tried, those that broke a law, and all it printed."""

    status: int
    executions: int
    findings: list[bytes]
    output: str

    @property
    def failed(self) -> bool:
        """Whether a law was broken, or nothing tried: silence is no success."""
        return self.status != 0 or not self.executions

    def __str__(self) -> str:
        if not self.failed:
            return f"{self.executions:,} inputs, no finding"
        return f"{self.executions:,} inputs, status {self.status}, finding: {self.findings!r}\n{self.output[-3000:]}"


def fuzz(name: str, seconds: int, timeout: int = TIMEOUT) -> Result:
    """Fuzz the target of that *name*, ``module:attribute``, until it fails or the time is over."""
    module, _, attribute = name.partition(":")
    target: Target = getattr(importlib.import_module(module), attribute)
    with tempfile.TemporaryDirectory() as directory:
        for number, seed in enumerate(target.seeds):
            Path(directory, str(number)).write_bytes(seed)
        times = (f"-max_total_time={seconds}", f"-timeout={timeout}", "-print_final_stats=1")
        inputs = ("-max_len=100000", "-len_control=0", "-keep_seed=1", f"-artifact_prefix={directory}/", directory)
        status, output = _run(name, *times, *inputs)
        executions = re.search(r"^stat::number_of_executed_units: (\d+)", output, re.MULTILINE)
        findings = [file.read_bytes() for kind in KINDS for file in Path(directory).glob(f"{kind}-*")]
    return Result(status, int(executions[1]) if executions else 0, findings, output)


def _run(name: str, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.fuzz.run", name, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            output, _ = process.communicate()
        finally:
            process.kill()
    return process.returncode, output.decode(errors="backslashreplace")
