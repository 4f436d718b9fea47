"""Flask-SocketIO: it stands in front of the Flask app and has a policy of its own, which this extension cannot see."""

from collections.abc import Iterable
from wsgiref.types import WSGIEnvironment

import pytest
from flask import Flask
from flask_socketio import SocketIO

from flask_cors import CORS, current_policy
from tests.ecosystem.helpers import (
    ORIGIN,
    OTHER,
    Seen,
    allowed,
    allowed_preflight,
    app_in_manual,
    call,
    preflight,
    seen,
)

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"

#: What Flask-SocketIO itself sends; it leaves out `Vary`.
BY_SOCKETIO = {"Access-Control-Allow-Origin": ORIGIN, "Access-Control-Allow-Credentials": "true"}


def app_with(allowed: str | Iterable[str] | None) -> Flask:
    app = Flask(__name__)
    CORS(app, origins=OTHER)
    SocketIO(app, async_mode="threading", cors_allowed_origins=allowed)
    app.add_url_rule("/", "index", lambda: "hello")
    return app


def handshake(app: Flask, origin: str) -> Seen:
    return call(app, "GET", HANDSHAKE, origin)


def test_its_own_option_decides_for_the_handshake_and_this_extension_for_the_app() -> None:
    app = app_with([ORIGIN])
    assert handshake(app, ORIGIN) == (200, BY_SOCKETIO)
    assert handshake(app, OTHER) == (400, {})
    assert call(app, "GET", "/", OTHER) == (200, allowed(OTHER))
    assert preflight(app, "/", "POST", OTHER) == (200, allowed_preflight(OTHER))


def test_it_answers_its_own_preflights() -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = app_with([ORIGIN]).test_client().options(HANDSHAKE, headers={"Origin": ORIGIN, **asked})
    allowed = {"Access-Control-Allow-Methods": "OPTIONS, GET, POST", "Access-Control-Allow-Headers": "content-type"}
    assert seen(answer) == (200, BY_SOCKETIO | allowed)


def test_without_the_option_it_refuses_every_other_origin() -> None:
    assert handshake(app_with(None), OTHER) == (400, {})
    assert handshake(app_with(None), "http://localhost") == (
        200,
        BY_SOCKETIO | {"Access-Control-Allow-Origin": "http://localhost"},
    )


@pytest.mark.parametrize("allowed", ["*", [ORIGIN, OTHER]])
def test_each_origin_that_it_lets_in_is_named(allowed: str | list[str]) -> None:
    assert handshake(app_with(allowed), ORIGIN) == (200, BY_SOCKETIO)


def test_an_empty_list_switches_its_check_off_and_this_extension_does_not_take_its_place() -> None:
    assert handshake(app_with([]), ORIGIN) == (200, {})


def test_the_policy_of_the_app_decides_for_the_handshake_too() -> None:
    def is_allowed(origin: str | None, environ: WSGIEnvironment) -> bool:
        with app.request_context(environ):
            policy = current_policy()
            return origin is not None and policy is not None and policy.allows(origin)

    app = Flask(__name__)
    CORS(app, origins="https://*.example", resources={"/socket.io/": {}, "/": {"origins": "https://page.test"}})
    SocketIO(app, async_mode="threading", cors_allowed_origins=is_allowed)
    assert handshake(app, ORIGIN) == (200, BY_SOCKETIO)
    assert handshake(app, "https://page.test") == (400, {})


def test_the_code_in_the_manual_lets_one_list_decide_for_both() -> None:
    app = app_in_manual("flask_socketio")
    assert handshake(app, ORIGIN) == (200, BY_SOCKETIO)
    assert handshake(app, OTHER) == (400, {})
    assert call(app, "GET", "/rooms") == (200, allowed())
    assert preflight(app, "/rooms", "PUT") == (200, allowed_preflight())
