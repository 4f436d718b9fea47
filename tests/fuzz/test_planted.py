"""The fuzzer finds what is broken; else it would say nothing that it finds nothing."""

import subprocess
import sys

import pytest

from tests.fuzz.fuzzing import Result, fuzz

PLANTED = "tests.fuzz.planted"
SECONDS = 120  # at the most; each takes a few, on an idle computer


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param("LETS_IN_WHAT_BEGINS_ALIKE", "is allowed", id="a stranger is let in"),
        pytest.param("COMPILES_ANYTHING", "in _compiles_anything", id="an exception of another kind"),
        pytest.param("MATCHES_FOR_EVER", "libFuzzer: timeout", id="an input that takes for ever"),
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


def test_a_target_that_breaks_no_law_is_passed_and_its_inputs_are_counted() -> None:
    result = fuzz("tests.fuzz.targets:REQUESTS", 2)
    assert not result.failed
    assert str(result) == f"{result.executions:,} inputs, no finding"


def test_that_nothing_was_tried_is_a_failure() -> None:
    assert Result(0, 0, [], "").failed
