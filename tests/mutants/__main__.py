"""Mutate the package, and see whether the tests notice: every survivor is on the list, and all of the list survives."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from .listed import LIST, Change, listed, unexpected
from .trial import FIRST

_PROCESSES = 2


def main(modules: list[str]) -> int:
    """Try the mutants of some modules in a copy of the tree, and print the score and what is not as listed."""
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / "tree"
        shutil.copytree(".", copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"))
        with ThreadPoolExecutor(_PROCESSES) as pool:
            found = dict(zip(modules, pool.map(partial(_tried, copy), modules), strict=True))
    for module, outcomes in found.items():
        sys.stdout.write(f"{module}: {len(outcomes)} mutants: {_counted(outcomes)}\n")
    outcomes = {change: outcome for each in found.values() for change, outcome in each.items()}
    known = {change for change in listed(LIST.read_text()) if change.module in found}
    complaints = [*unexpected(outcomes, known)]
    sys.stdout.write("".join(f"{complaint}\n" for complaint in complaints))
    return len(complaints) > 0


def _tried(copy: Path, module: str) -> dict[Change, str]:
    output = copy / f"{module}.jsonl"
    command = [sys.executable, "-m", "tests.mutants.trial", module, str(output)]
    # What the tests of thousands of mutants leave behind goes where it is swept away.
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTEST_DEBUG_TEMPROOT": str(copy.parent)}
    subprocess.run(command, cwd=copy, env=env, check=True)
    return {Change(*line[:4]): line[4] for line in map(json.loads, output.read_text().splitlines())}


def _counted(outcomes: dict[Change, str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(outcomes.values()).items()))


parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
parser.add_argument("modules", nargs="*", choices=[[], *FIRST], help="these alone")
sys.exit(main(parser.parse_args().modules or [*FIRST]))
