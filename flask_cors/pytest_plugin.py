"""A fixture for pytest: write ``pytest_plugins = ["flask_cors.pytest_plugin"]`` into ``conftest.py``.

pytest does not load it automatically, so that installing Flask-Cors does not change the tests of other programs.
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
    """Open pages that call the app of the ``client`` fixture and share its cookies: ``cors_browser(origin)``.

    pytest-flask provides ``client``; without it, write that fixture as in Flask's tutorial.
    """
    return partial(browser, client)
