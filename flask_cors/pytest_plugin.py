"""A fixture for pytest: write ``pytest_plugins = ["flask_cors.pytest_plugin"]`` into ``conftest.py``.

It is not loaded by itself: the test runs of programs that only happen to have Flask-Cors installed stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask.testing import FlaskClient

from .browser import Browser
from .testing import browser

__all__ = ["cors_browser"]


@pytest.fixture
def cors_browser(client: FlaskClient) -> Callable[..., Browser]:
    """Open pages that call the app behind the ``client`` fixture, and share its cookies: ``cors_browser(origin)``.

    ``client`` is what pytest-flask provides, and what Flask's own tutorial has you write.
    """
    return partial(browser, client)
