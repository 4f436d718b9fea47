"""Tables of cases: each row of a parametrized test begins with a sentence, which is its id."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example


def words(text: str) -> list[str]:
    """Split a text at white space: several lines of short values."""
    return text.split()


def table(names: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test once for each row: a sentence, then the values of *names*."""
    return pytest.mark.parametrize(names, [pytest.param(*values, id=sentence) for sentence, *values in rows])


def lines(names: str, text: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test once for each line of *text*, its own id, with columns two or more spaces apart; then for *rows*.

    A column that is missing at the end of a line is empty.
    """
    columns = len(names.split(","))
    written = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    return table(names, *((" ".join(row), *row, *[""] * (columns - len(row))) for row in written), *rows)


def blocks(name: str) -> list[tuple[str, str, list[str]]]:
    """Read a file of programs: below each line ``# HEAD: TAIL`` those lines that belong to it."""
    text = Path(__file__).with_name(name).read_text()
    found = [block.splitlines() for block in re.split(r"^# (?=.+:(?: |$))", text, flags=re.MULTILINE)[1:]]
    return [(*re.split(": |:$", head, maxsplit=1), lines) for head, *lines in found]  # type: ignore[misc]


def examples(*values: Any) -> Callable[[Any], Any]:
    """Have a property tried with each of these values, too."""

    def decorate(test: Any) -> Any:
        for value in values:
            test = example(value)(test)
        return test

    return decorate
