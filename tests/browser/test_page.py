"""The page of the tests itself: it sees a block where there is one, and accepts no other outcome than the real one."""

import pytest

from tests.browser.api import api, running
from tests.browser.page import Blocked, Page, Read, assert_outcome


def test_a_server_without_cors_is_not_readable(page: Page) -> None:
    with running(api()) as server:
        outcome = page.fetch(f"{server.url}/thing")
    assert_outcome(outcome, Blocked("No 'Access-Control-Allow-Origin' header"))


def test_a_page_always_reads_its_own_server(page: Page) -> None:
    outcome = page.fetch(f"{page.origin}/")
    assert isinstance(outcome, Read)
    assert "<title>page</title>" in outcome.body


def test_a_server_that_is_down_does_not_count_as_blocked(page: Page) -> None:
    with running(api()) as server:
        pass
    with pytest.raises(AssertionError, match="not because of CORS"):
        page.fetch(f"{server.url}/thing")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(Read("a"), Blocked(""), id="read, expected blocked"),
        pytest.param(Blocked("no header"), Read("a"), id="blocked, expected read"),
        pytest.param(Blocked("no header"), Blocked("wrong method"), id="blocked for another reason"),
        pytest.param(Read("a"), Read("b"), id="another body"),
        pytest.param(Read("a", 404), Read("a"), id="another status"),
        pytest.param(Read("a", headers=(("x-hidden", "1"),)), Read("a"), id="a header too many"),
    ],
)
def test_a_wrong_expectation_fails(outcome: Read | Blocked, expected: Read | Blocked) -> None:
    with pytest.raises(AssertionError):
        assert_outcome(outcome, expected)
