"""From the line in a real console to a fix that a real browser takes: what is copied goes in, nothing is added."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.api import running
from tests.browser.page import Page, Read
from tests.programs import Program, program, write

__all__ = ["write"]

JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
CALL = "(url, init) => fetch(url, init).then(response => response.status, () => 0)"


@pytest.mark.parametrize(
    ("code", "init"),
    [
        pytest.param("", {}, id="no CORS at all"),
        pytest.param("CORS(app, origins='https://shop.example')", {}, id="another origin"),
        pytest.param("CORS(app, resources=r'/other')", {}, id="another path"),
        pytest.param("CORS(app)", JSON, id="a header"),
        pytest.param("CORS(app, methods='GET')", {"method": "PUT"}, id="a method"),
        pytest.param("CORS(app)", {"credentials": "include"}, id="cookies"),
        pytest.param("@cross_origin(methods='GET')", {"method": "PUT"}, id="a decorated view"),
        pytest.param(
            "@app.before_request\ndef login():\n"
            "    if 'Authorization' not in request.headers: abort(401)\n@cross_origin(headers='Authorization')",
            {"headers": {"Authorization": "Bearer x"}},
            id="a login",
        ),
    ],
)
def test_the_fix_for_a_message_lets_the_page_in(
    page: Page, write: Callable[[str], Program], code: str, init: dict[str, Any]
) -> None:
    written = write(program(code if "@cross" in code else f"{code}\n"))
    with running(written.app()) as api:
        url = f"{api.url}/api/items"
        message = printed(page, url, init)
    explanation = written.explain(message, *said_by_no_message(page, init), origin=None)
    assert not explanation["allowed"]
    written.apply(explanation["cause"]["fix"])
    with running(written.app()) as api:
        assert isinstance(page.fetch(f"{api.url}/api/items", **init), Read)


def said_by_no_message(page: Page, init: dict[str, Any]) -> list[str]:
    """Return what the browser leaves out of its messages: Firefox the page's origin, and the method."""
    if page.browser.name == "Chromium":
        return []
    return ["--origin", page.origin, "--method", init.get("method", "GET")]


def printed(page: Page, url: str, init: dict[str, Any]) -> str:
    """Make the call in a new page, and return all that the console prints about it."""
    page.browser.open(f"{page.origin}/")
    page.browser.console()
    assert page.browser.run(CALL, url, init) == 0
    lines: list[str] = []
    end = time.monotonic() + 5
    while time.monotonic() < end and not any("blocked" in line.lower() for line in lines):
        time.sleep(0.1)
        lines += page.browser.console()
    return "\n".join(lines)
