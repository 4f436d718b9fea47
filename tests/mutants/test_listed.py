"""The list of mutants that survive says what is in the package, and why; the checkers refuse what they should."""

import pytest

from tests.mutants.listed import LIST, Change, listed, mistakes, unexpected

ENTRY = """[[mutant]]
module = "policy"
function = "is_token"
was = "return bool(value) and _TOKEN.issuperset(value)"
becomes = ["return bool(value) or _TOKEN.issuperset(value)"]
reason = "planted: it is not true"
"""
CHANGE = next(iter(listed(ENTRY)))


def test_every_entry_of_the_list_stands_for_text_in_the_package_and_has_a_reason() -> None:
    text = LIST.read_text()
    assert listed(text)
    assert [*mistakes(text)] == []


def test_an_entry_that_stands_for_something_is_taken() -> None:
    assert [*mistakes(ENTRY)] == []


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        pytest.param('"policy"', '"politeness"', "no such text", id="a module that does not exist"),
        pytest.param("is_token", "merge_vary", "no such text", id="a function that holds no such text"),
        pytest.param("_TOKEN.issuperset", "_TOKEN.issubset", "no such text", id="a text that is not there"),
        pytest.param(") or _TOKEN", ") and _TOKEN", "no change", id="no change"),
        pytest.param("planted: it is not true", "so", "no reason", id="no reason"),
    ],
)
def test_a_planted_mistake_is_found(right: str, wrong: str, mistake: str) -> None:
    (found,) = mistakes(ENTRY.replace(right, wrong))
    assert found.endswith(mistake)


@pytest.mark.parametrize(
    ("outcomes", "known", "said"),
    [
        pytest.param({CHANGE: "survived"}, {CHANGE}, "", id="a survivor on the list is expected"),
        pytest.param({CHANGE: "killed"}, set(), "", id="what is killed needs no entry"),
        pytest.param(
            {CHANGE: "survived"}, set(), "survived, and is not on the list", id="a survivor that is not listed"
        ),
        pytest.param({CHANGE: "killed"}, {CHANGE}, "is on the list, and did not survive", id="an entry that is killed"),
        pytest.param({CHANGE: "timeout"}, {CHANGE}, "is on the list, and did not survive", id="an entry without end"),
        pytest.param({}, {CHANGE}, "is on the list, and is no mutant", id="an entry for no mutant"),
    ],
)
def test_what_became_of_the_mutants_is_compared_with_the_list(
    outcomes: dict[Change, str], known: set[Change], said: str
) -> None:
    assert [*unexpected(outcomes, known)] == ([f"{said}: {CHANGE}"] if said else [])
