"""The fuzzer finds planted mistakes; else it would prove nothing that it finds none."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.fuzz.__main__ import Result, fuzz
from tests.fuzz.targets import OPTIONS, REQUESTS, Requests
from tests.hostile import GUARDS, hostile_app

PLANTED = "tests.fuzz.test_planted"
SECONDS = 120  # at the most; each takes a few, on an idle computer


def _compiles_anything(data: bytes) -> None:
    for option in data.decode(errors="replace").split("\x1e"):
        if option.startswith("resources="):
            re.compile(option)


def _matches_for_ever(data: bytes) -> None:
    re.fullmatch(rb"(?:origins=[a-z]+:(.+)+!|.*)" if b"*" in data else b"", data)


_LAX = {**GUARDS, "/function": replace(GUARDS["/function"], options={"origins": lambda o: "//ours.example" in o})}

ALLOWS_WHAT_BEGINS_ALIKE = replace(REQUESTS, function=Requests(hostile_app(_LAX)))
COMPILES_ANYTHING = replace(OPTIONS, function=_compiles_anything)
MATCHES_FOR_EVER = replace(OPTIONS, function=_matches_for_ever)


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("ALLOWS_WHAT_BEGINS_ALIKE", "is allowed"),
        ("COMPILES_ANYTHING", "in _compiles_anything"),
        ("MATCHES_FOR_EVER", "libFuzzer: timeout"),
    ],
)
def test_a_planted_mistake_is_found(target: str, complaint: str) -> None:
    result = fuzz(f"{PLANTED}:{target}", SECONDS, timeout=3)
    assert result.failed
    assert len(result.findings) == 1
    assert complaint in result.output


def test_the_command_fails_and_shows_what_was_found() -> None:
    command = [sys.executable, "-m", "tests.fuzz", str(SECONDS), f"{PLANTED}:COMPILES_ANYTHING"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.returncode == 1
    assert ", finding: [b" in done.stdout


def test_a_target_that_breaks_no_law_passes_and_its_inputs_are_counted() -> None:
    result = fuzz("tests.fuzz.targets:REQUESTS", 2)
    assert not result.failed
    assert str(result) == f"{result.executions:,} inputs, no finding"


def test_that_nothing_was_tried_is_a_failure() -> None:
    assert Result(0, 0, [], "").failed
