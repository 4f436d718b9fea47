"""``python -m tests.fuzz SECONDS``: feed the extension arbitrary bytes for so long, and say what came of it."""

import argparse
import sys
from collections.abc import Iterable, Iterator

from tests.fuzz.fuzzing import fuzz

TARGETS = ["tests.fuzz.targets:REQUESTS", "tests.fuzz.targets:OPTIONS"]


def failures(targets: Iterable[str], seconds: int) -> Iterator[str]:
    """Fuzz each target for so many seconds, say what came of it, and yield those that failed."""
    for target in targets:
        result = fuzz(target, seconds)
        sys.stdout.write(f"{target} for {seconds} s: {result}\n")
        sys.stdout.flush()
        if result.failed:
            yield target


parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("seconds", type=int, help="for all targets together")
parser.add_argument("targets", nargs="*", default=TARGETS, metavar="MODULE:TARGET")
given = parser.parse_args()
sys.exit(bool([*failures(given.targets, max(1, given.seconds // len(given.targets)))]))
