"""Flask-WTF: the app of the manual, and what a page gets for each mistake in the manual's table."""

from typing import Any

import pytest
from flask import Flask
from flask_wtf.csrf import CSRFProtect

from flask_cors.browser import Outcome
from flask_cors.testing import assert_allowed, assert_blocked, browser
from tests.ecosystem.helpers import HOW_TO, manual_app
from tests.tables import table

SHOP, API = "https://www.shop.example", "https://api.shop.example"
PAGE = (HOW_TO / "csrf.rst").read_text()


@pytest.fixture
def app() -> Flask:
    app = manual_app("flask_wtf.csrf")
    assert isinstance(app.extensions["csrf"], CSRFProtect)
    return app


def order(app: Flask, credentials: Any = "include", *, sends_token: bool = True) -> Outcome:
    page = browser(app, SHOP)
    token = assert_allowed(page.fetch(f"{API}/csrf", credentials="include")).json["token"]
    headers = {"X-CSRFToken": token} if sends_token else {}
    return page.fetch(f"{API}/orders", method="POST", json={"tea": "green"}, headers=headers, credentials=credentials)


def test_a_page_of_another_origin_gets_a_token_and_sends_it_and_others_get_and_send_nothing(app: Flask) -> None:
    assert assert_allowed(order(app)).json == {"ordered": "green"}
    page = browser(app, "https://other.shop.example")  # so that its cookies travel
    assert_blocked(page.fetch(f"{API}/csrf", credentials="include"), step="#cors-check")
    outcome = page.fetch(f"{API}/orders", method="POST", body="tea=green", mode="no-cors", credentials="include")
    assert outcome.exchanges[0].response.status == 403


@table(
    "config, call, message",
    ("no header", {}, {"sends_token": False}, "The CSRF token is missing."),
    ("an old token", {"WTF_CSRF_TIME_LIMIT": -1}, {}, "The CSRF token has expired."),
    ("no cookie", {}, {"credentials": "omit"}, "The CSRF session token is missing."),
    ("a check of Referer", {"WTF_CSRF_SSL_STRICT": True}, {}, "The referrer does not match the host."),
)
def test_a_page_can_read_what_the_manual_says_of(
    config: dict[str, Any], call: dict[str, Any], message: str, app: Flask
) -> None:
    app.config.update(config)
    response = assert_allowed(order(app, **call))
    assert (response.status, message in response.body.decode(), f"``{message}``" in PAGE) == (400, True, True)
