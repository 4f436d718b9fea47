"""What a page can read of the three examples."""

import importlib

import pytest

from tests.browser.api import running
from tests.browser.page import Blocked, Page, Read, Why

SUCCESS = Read('{"success":true}\n')
NO_ORIGIN = Blocked(Why.NO_ORIGIN)
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": '{"name": "Ada"}'}


CASES = {
    "simple_example GET /": NO_ORIGIN,
    "simple_example GET /api/v1/users/": SUCCESS,
    "simple_example POST /api/v1/users/create": SUCCESS,
    "complicated_example GET /": NO_ORIGIN,
    "complicated_example GET /api/v1/users/": SUCCESS,
    "complicated_example POST /api/v1/users/create": NO_ORIGIN,
    "view_based_example GET /user/create": SUCCESS,
    "view_based_example POST /user/create": SUCCESS,
}


@pytest.mark.parametrize("case", CASES)
def test_a_page_reads_of_an_example_what_its_transcripts_show(page: Page, case: str) -> None:
    example, method, path = case.split()
    with running(importlib.import_module(f"examples.{example}").app) as server:
        assert page.fetch(server.url + path, **(JSON if method == "POST" else {})) == CASES[case]
    assert server.calls
