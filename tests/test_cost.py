"""What the extension costs, as far as that is exact: instructions, and memory. ``make bench`` measures time."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, Response, request

from tests.bench import by_hand, footprint, pages
from tests.bench.__main__ import agree
from tests.bench.cases import ANYONE, CASES, PREFLIGHTS, bare, written
from tests.bench.instructions import Figures, check, whole
from tests.bench.tracer import Count

ROOT = Path(__file__).resolve().parents[1]

BY_HAND = [
    pytest.param("CORS(app)", 1.2, id="a policy for everyone"),
    pytest.param("CORS(app), no Origin", 1.2, id="a policy for everyone, where nobody says who asks"),
    pytest.param("1 origin, listed", 1.2, id="one origin, which asks"),
    pytest.param("1 origin, not listed", 1.2, id="one origin, where another one asks"),
    pytest.param("1 origin, no Origin", 1.2, id="one origin, where nobody says who asks"),
    pytest.param("resources, path matches", 1.2, id="a policy for some paths, on one of them"),
    pytest.param("resources, path does not", 1.2, id="a policy for some paths, on another one"),
    pytest.param("@cross_origin()", 1.2, id="a policy for one view"),
    pytest.param("@cross_origin(six options)", 1.2, id="a policy for one view that says all there is to say"),
]
ONE = [
    *(
        pytest.param(f"{count} origins, {which}", 1.2, id=f"{count} origins cost what one costs: {which}")
        for count in ("10", "1,000", "100,000")
        for which in ("listed", "not listed")
    ),
    *(
        pytest.param(f"1,000 wildcards, {which}", 2.0, id=f"a thousand wildcards cost twice what one costs: {which}")
        for which in ("listed", "not listed")
    ),
    *(
        pytest.param(f"{count} {kind} patterns, {which}", 1.5, id=f"{count} {kind} patterns cost half more: {which}")
        for kind in ("plain", "vague")
        for count in ("100", "10,000")
        for which in ("last matches", "none matches")
    ),
]
IMPORT = 70_000  # instructions; the import of Flask itself takes 2,500,000


def counted(*arguments: str) -> dict[str, Figures]:
    """Count in another process: coverage traces this one, and there is room for one tracer."""
    finished = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, timeout=300, check=True)
    found: dict[str, list[tuple[float, float]]] = json.loads(finished.stdout)
    return {name: Figures(*itertools.starmap(Count, counts)) for name, counts in found.items()}


# -- Instructions -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured() -> dict[str, Figures]:
    return counted("-m", "tests.bench.instructions", "--json")


@pytest.mark.parametrize(("name", "limit"), BY_HAND)
def test_a_policy_costs_little_more_than_the_same_by_hand(
    measured: dict[str, Figures], name: str, limit: float
) -> None:
    assert measured[name].ours.instructions <= limit * measured[name].by_hand.instructions


@pytest.mark.parametrize(("name", "limit"), ONE)
def test_many_cost_little_more_than_one(measured: dict[str, Figures], name: str, limit: float) -> None:
    one = measured[CASES[name].against or ""].ours.instructions
    assert measured[name].ours.instructions <= limit * one


@pytest.mark.parametrize(("name", "limit"), [*zip(PREFLIGHTS, (0.6, 0.62), strict=True)])
def test_a_preflight_costs_less_than_flasks_own_answer(measured: dict[str, Figures], name: str, limit: float) -> None:
    """Where the route lacks the method, it is looked up twice: then it is 0.6 by time, and a little more so counted."""
    assert whole(measured[name]) <= limit


def test_every_case_has_its_limit(measured: dict[str, Figures]) -> None:
    limited = {*(row.values[0] for row in BY_HAND), *(row.values[0] for row in ONE), *PREFLIGHTS}
    assert set(measured) == limited | {case.against for case in CASES.values()} - {None}


PLANTED = """
import dataclasses, json
from tests.bench.cases import ANYONE, written
from tests.bench.instructions import figures
from tests.test_cost import twice
print(json.dumps({"twice": figures(dataclasses.replace(ANYONE, extended=written(twice)))}))
"""


def twice(app: Flask) -> None:
    """Do by hand what is done by hand, and then once more."""
    by_hand.everyone(app)
    by_hand.everyone(app)


def test_what_does_everything_twice_is_found_out() -> None:
    found = counted("-c", PLANTED)["twice"]
    assert found.ours.instructions > 1.2 * found.by_hand.instructions


def test_what_sends_other_headers_is_not_compared() -> None:
    with pytest.raises(ValueError, match=r"by hand: .*'Access-Control-Allow-Origin'"):
        check(replace(ANYONE, extended=bare))


def test_what_lets_in_another_origin_is_not_timed() -> None:
    with pytest.raises(SystemExit, match=r"a case: .*'by hand': 'None'"):
        agree("a case", {"by hand": "None", "ours": "*", "6.0.5": "*"})


# -- Memory -------------------------------------------------------------------------------------------------------


def test_a_policy_takes_little_more_memory_than_the_set_of_its_origins() -> None:
    assert footprint.to_frozenset(10_000) <= 1.5


def test_what_keeps_two_sets_is_found_out() -> None:
    assert footprint.to_frozenset(1_000, lambda origins: [frozenset(origins), set(origins)]) > 1.5


def kept(make_app: Callable[[], Flask]) -> int:
    """Say how much is kept of two thousand strangers, after two thousand others."""
    first, second = footprint.blocks(make_app, 2_000, 4_000)
    return second - first


def remember(app: Flask) -> None:
    """Remember every path."""
    seen = set()

    @app.after_request
    def note(response: Response) -> Response:
        seen.add(request.path)
        return response


def test_nothing_is_kept_of_strangers() -> None:
    assert kept(footprint.cached) < 200


def test_what_keeps_something_of_strangers_is_found_out() -> None:
    assert kept(written(remember)) >= 2_000


# -- The import ---------------------------------------------------------------------------------------------------


def test_the_import_does_little() -> None:
    finished = subprocess.run([sys.executable, "-c", footprint.COUNTED], cwd=ROOT, capture_output=True, check=True)
    assert int(finished.stdout) <= IMPORT


# -- The manual ---------------------------------------------------------------------------------------------------


def test_the_manual_shows_the_figures_that_are_kept() -> None:
    figures = json.loads(pages.FIGURES.read_text())
    assert set(figures["times"]) == set(figures["instructions"]) == set(CASES)
    drawn = dict(pages.files(figures))
    assert {path.name: path.read_text() for path in drawn} == {path.name: text for path, text in drawn.items()}
