"""What a page can read of the three examples."""

import importlib
from dataclasses import dataclass
from typing import Any

import pytest

from tests.browser.api import running
from tests.browser.page import Blocked, Page, Read, Why

SUCCESS = Read('{"success":true}\n')
NO_ORIGIN = Blocked(Why.NO_ORIGIN)
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"name": "Ada"}'}


@dataclass(frozen=True)
class Case:
    """One call of a page to an example: what it could read, or why it could not."""

    example: str
    path: str
    outcome: Read | Blocked
    init: dict[str, Any]


CASES = [
    Case("simple_example", "/", NO_ORIGIN, {}),
    Case("simple_example", "/api/v1/users/", SUCCESS, {}),
    Case("simple_example", "/api/v1/users/create", SUCCESS, JSON),
    Case("complicated_example", "/", NO_ORIGIN, {}),
    Case("complicated_example", "/api/v1/users/", SUCCESS, {}),
    Case("complicated_example", "/api/v1/users/create", NO_ORIGIN, JSON),
    Case("view_based_example", "/user/create", SUCCESS, {}),
    Case("view_based_example", "/user/create", SUCCESS, JSON),
]


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.example} {case.init.get('method', 'GET')} {case.path}") for case in CASES]
)
def test_a_page_reads_of_an_example_what_its_transcripts_say(page: Page, case: Case) -> None:
    app = importlib.import_module(f"examples.{case.example}").app
    with running(app) as server:
        assert page.fetch(server.url + case.path, **case.init) == case.outcome
    assert server.calls
