"""From the line in a real console to a fix that a real browser takes: what is copied goes in, nothing is added."""

from collections.abc import Callable
from typing import Any

from tests.browser.api import running
from tests.browser.page import Page, Read, printed
from tests.programs import Program, program, write
from tests.tables import table

__all__ = ["write"]

JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
PUT, COOKIES, BEARER = {"method": "PUT"}, {"credentials": "include"}, {"headers": {"Authorization": "Bearer x"}}
LOGIN = """
@app.before_request
def login():
    if 'Authorization' not in request.headers: abort(401)
"""


@table(
    "code, init",
    ("no CORS at all", "\n", {}),
    ("another origin", "CORS(app, origins='https://shop.example')\n", {}),
    ("another path", "CORS(app, resources=r'/other')\n", {}),
    ("a header", "CORS(app)\n", JSON),
    ("a method", "CORS(app, methods='GET')\n", PUT),
    ("cookies", "CORS(app)\n", COOKIES),
    ("a decorated view", "@cross_origin(methods='GET')", PUT),
    ("a login", f"{LOGIN}@cross_origin(headers='Authorization')", BEARER),
)
def test_the_fix_for_a_message_lets_the_page_read(
    page: Page, write: Callable[[str], Program], code: str, init: dict[str, Any]
) -> None:
    written = write(program(code))
    page.browser.open(f"{page.origin}/")
    page.browser.console()
    with running(written.app()) as api:
        page.browser.run("(url, init) => { fetch(url, init).catch(() => 0); }", f"{api.url}/api/items", init)
        message = printed(page.browser)
    # Firefox leaves these out of its messages.
    missing = ["--origin", page.origin, "--method", init.get("method", "GET")] if page.browser.name == "Firefox" else []
    explanation = written.explain(message, *missing, origin=None)
    assert not explanation["allowed"]
    written.apply(explanation["cause"]["fix"])
    with running(written.app()) as api:
        assert isinstance(page.fetch(f"{api.url}/api/items", **init), Read)
