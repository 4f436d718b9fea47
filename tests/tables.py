"""Tables of cases: each row of a parametrized test begins with a sentence, which is its id."""

from typing import Any

import pytest


def table(names: str, *rows: tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test once for each row: a sentence, then the values of *names*."""
    return pytest.mark.parametrize(names, [pytest.param(*values, id=sentence) for sentence, *values in rows])
