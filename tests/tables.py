"""Tables of cases: each row of a parametrized test begins with a sentence, which is its id."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example


def table(names: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test once for each row: a sentence, then the values of *names*."""
    return pytest.mark.parametrize(names, [pytest.param(*values, id=sentence) for sentence, *values in rows])


def examples(*values: Any) -> Callable[[Any], Any]:
    """Have a property tried with each of these values, too."""

    def decorate(test: Any) -> Any:
        for value in values:
            test = example(value)(test)
        return test

    return decorate
