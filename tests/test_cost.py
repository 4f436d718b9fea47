"""What the extension costs, where that is exact: instructions of bytecode, and memory. ``make bench`` measures time."""

import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from flask import Flask

from flask_cors import CORS
from tests.bench import scenarios
from tests.bench.measuring import answer, instructions_added
from tests.tables import table

ROOT = Path(__file__).resolve().parents[1]
ORIGINS = [f"https://tenant{number}.example" for number in range(3_000)]

Added = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def added() -> Added:
    """Instructions added to bare Flask, counted in a process of its own: coverage may trace this one."""
    command = [sys.executable, "-m", "tests.bench.measuring"]
    found: Added = json.loads(subprocess.check_output(command, cwd=ROOT, timeout=60))
    return found


# By hand, many patterns are one expression. Their limit is below.
@pytest.mark.parametrize("name", sorted(scenarios.SCENARIOS.keys() - {"preflight", "200 resource patterns"}))
def test_a_policy_adds_at_most_two_and_a_half_times_what_the_same_adds_by_hand(added: Added, name: str) -> None:
    assert 0 < added[name]["here"] <= 2.5 * added[name]["by hand"]


@table(
    "many, one, limit",
    ("100,000 exact origins cost what one costs", "100,000 origins", "one origin, listed", 1.2),
    ("1,000 wildcards cost what one costs", "1,000 wildcards", "1 wildcard", 1.2),
    ("200 patterns cost three times one", "200 resource patterns", "resources, path matches", 3),
)
def test_many_cost_little_more_than_one(added: Added, many: str, one: str, limit: float) -> None:
    assert added[many]["here"] <= limit * added[one]["here"]


def test_a_preflight_takes_little_more_than_half_of_flasks_own_response(added: Added) -> None:
    assert added["preflight"]["bare"] + added["preflight"]["here"] <= 0.56 * added["preflight"]["bare"]


def test_what_sends_other_headers_is_not_compared() -> None:
    with pytest.raises(ValueError, match=r"by hand: .*\nhere: .*'Access-Control-Allow-Origin'"):
        instructions_added(scenarios.Scenario(lambda _: None, [scenarios.request()]))


def memory_for(count: int) -> int:
    """Return how many bytes it takes to keep an app with so many origins."""
    gc.collect()
    tracemalloc.start()
    app = Flask(__name__)
    CORS(app, origins=ORIGINS[:count])
    answer(app, scenarios.request())
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size


def test_a_policy_takes_little_more_memory_than_the_set_of_its_origins() -> None:
    memory_for(1)  # what is made only once does not count
    assert memory_for(3_000) - memory_for(1) <= 1.5 * sys.getsizeof(frozenset(ORIGINS))
