"""What the extension costs, where that is exact: instructions of bytecode, and memory. ``make bench`` measures time."""

import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response, request

from flask_cors import CORS
from tests.bench import scenarios
from tests.bench.measuring import answer, instructions_added

ROOT = Path(__file__).resolve().parents[1]
ORIGINS = [f"https://tenant{number}.example" for number in range(10_000)]

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


@pytest.mark.parametrize(
    ("many", "one", "limit"),
    [
        pytest.param("100,000 origins", "one origin, listed", 1.2, id="100,000 exact origins cost what one costs"),
        pytest.param("1,000 wildcards", "1 wildcard", 1.2, id="1,000 wildcards cost what one costs"),
        pytest.param("200 resource patterns", "resources, path matches", 3, id="200 patterns cost three times one"),
    ],
)
def test_many_cost_little_more_than_one(added: Added, many: str, one: str, limit: float) -> None:
    assert added[many]["here"] <= limit * added[one]["here"]


def test_a_preflight_takes_little_more_than_half_of_flasks_own_response(added: Added) -> None:
    """By time it takes less: most of what it leaves out is done in C."""
    assert added["preflight"]["bare"] + added["preflight"]["here"] <= 0.55 * added["preflight"]["bare"]


def test_what_sends_other_headers_is_not_compared() -> None:
    with pytest.raises(ValueError, match=r"by hand: .*\nhere: .*'Access-Control-Allow-Origin'"):
        instructions_added(scenarios.Scenario(lambda _: None, [scenarios.request()]))


def kept(make: Callable[[], object]) -> int:
    """Return how many bytes it takes to keep what is made."""
    gc.collect()
    tracemalloc.start()
    made = make()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return size


def with_origins(count: int) -> Flask:
    app = Flask(__name__)
    CORS(app, origins=ORIGINS[:count])
    answer(app, scenarios.request())
    return app


def test_a_policy_takes_little_more_memory_than_the_set_of_its_origins() -> None:
    with_origins(1)  # what is made but once belongs to nobody
    assert kept(lambda: with_origins(10_000)) - kept(lambda: with_origins(1)) <= 1.5 * kept(lambda: frozenset(ORIGINS))


def every_kind_of_policy(app: Flask) -> None:
    patterns = {rf"/api/[a-z]+/shop{number}/": {"max_age": number} for number in range(10)}
    CORS(app, origins=["https://*.tenant17.example"], resources=patterns, supports_credentials=True)


def a_memory_of_paths(app: Flask) -> None:
    seen = set()

    @app.after_request
    def remember(response: Response) -> Response:
        seen.add(request.path)
        return response


@pytest.mark.parametrize(("set_up", "is_kept"), [(every_kind_of_policy, False), (a_memory_of_paths, True)])
def test_nothing_is_kept_of_strangers(set_up: Callable[[Flask], None], is_kept: bool) -> None:
    """Of 1,500 made-up paths, origins and methods, after as many others; the second app is a planted mistake."""
    app, blocks = Flask(__name__), []
    set_up(app)
    for first in (0, 1_500):
        for number in range(first, first + 1_500):
            path, origin = f"/api/eu/shop{number % 20}/{number}", f"https://shop{number}.tenant17.example"
            names = {"Access_Control_Request_Method": f"M{number}", "Access_Control_Request_Headers": f"x-{number}"}
            answer(app, scenarios.request(path, ("GET", "OPTIONS")[number % 2], Origin=origin, **names))
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    assert (blocks[1] - blocks[0] > 200) is is_kept
