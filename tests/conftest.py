"""How much Hypothesis tries, and which tests run without coverage.

Hypothesis tries always the same few examples; ``LAWS=10000 make test`` tries as many others.
"""

import os

import pytest
from hypothesis import settings

LAWS = os.environ.get("LAWS")

settings.register_profile("laws", max_examples=int(LAWS or 40), deadline=None, database=None, derandomize=LAWS is None)
settings.load_profile("laws")

#: These make thousands of requests, which take twice as long with coverage; the other tests cover everything.
WITHOUT_COVERAGE = {"test_attacks.py", "test_hostile.py", "test_laws.py", "test_spellings.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the tests of whole files out of the measuring of pytest-cov, and run them last.

    What the package makes only once in a process is then made by another test, where it is measured.
    """
    items.sort(key=lambda item: item.path.name in WITHOUT_COVERAGE)
    for item in items:
        if item.path.name in WITHOUT_COVERAGE:
            item.add_marker(pytest.mark.no_cover)
