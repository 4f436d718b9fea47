"""``python -m tests.fuzz.patterns``: how long an ``Origin`` made for it keeps a regular expression in ``origins`` busy.

What is matched fits the grammar of an origin, and has at most 300 characters: the extension feeds a pattern nothing
else, as tests/test_hostile.py shows. Of several ways to make such an origin, the worst counts.
"""

import re
import sys
import time
from itertools import product

from tests.hostile import TookTooLong, time_limit

LENGTHS = (*range(20, 60, 2), *range(60, 300, 40), 300)  # of an origin, in characters
SECONDS = 1.0  # of CPU time
PIECES = ("a", "a.", ".a", "a-", "1")  # repeated, they make a host
ENDS = ("", ":8443", ".b")

PATTERNS = {
    "a repetition repeated": r"https://(a+)+\.example",
    "a set of letters repeated": r"https://([a-z]+)*\.example",
    "a dot that may be missing": r"https://([a-z0-9-]+\.?)+example",
    "anything and a dot, repeated": r"https://(.+\.)+example\.com",
    "one choice inside another": r"https://(a|aa)+\.example",
    "three times anything": r"https://.*.*.*\.example",
    "six times anything": r"https://.*.*.*.*.*.*\.example",
    "a dot that is there": r"https://([a-z0-9-]+\.)+example\.com",
    "a repetition that gives nothing back": r"https://(a++)+\.example",
}


def worst(pattern: re.Pattern[str], length: int) -> float:
    """Find out how long matching the worst origin of that *length* takes.

    :raises TookTooLong: if that is longer than `SECONDS`.
    """
    times = [0.0]
    for piece, end in product(PIECES, ENDS):
        host = (piece * length)[: length - len(f"https://{end}")]
        started = time.process_time()
        with time_limit(SECONDS):
            pattern.fullmatch(f"https://{host.strip('.')}{end}")
        times.append(time.process_time() - started)
    return max(times)


def report(pattern: re.Pattern[str]) -> str:
    """Say how long the worst origin takes, or from which length on it takes too long."""
    taken = 0.0
    for length in LENGTHS:
        try:
            taken = worst(pattern, length)
        except TookTooLong:
            return f"more than {SECONDS:.0f} s from {length} characters on"
    return f"{1000 * taken:.2f} ms for {LENGTHS[-1]} characters"


if __name__ == "__main__":
    for name, text in PATTERNS.items():
        sys.stdout.write(f"{name:38} {text:58} {report(re.compile(text))}\n")
