"""Flask-SocketIO: it stands in front of the Flask app and has a policy of its own, which this extension cannot see."""

from typing import Any
from wsgiref.types import WSGIEnvironment

import pytest
from flask import Flask
from flask_socketio import SocketIO

from flask_cors import CORS, current_policy
from tests.ecosystem.helpers import ORIGIN, OTHER, Seen, call, check, manual_app, seen

HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
LOCALHOST = "http://localhost"  # the app's own origin
REFUSED: Seen = (400, {})


def by_socketio(origin: str = ORIGIN) -> dict[str, str]:
    """Return what Flask-SocketIO itself sends; it leaves out `Vary`."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


def app_with(origins: Any, /, **options: Any) -> Flask:
    app = Flask(__name__)
    CORS(app, **options)
    SocketIO(app, async_mode="threading", cors_allowed_origins=origins)
    app.add_url_rule("/", "index", lambda: "hello", methods=["GET", "POST"])
    return app


@pytest.mark.parametrize(
    ("origins", "origin", "response"),
    [
        pytest.param([ORIGIN], ORIGIN, (200, by_socketio()), id="a listed origin"),
        pytest.param([ORIGIN], OTHER, REFUSED, id="an origin that only the app allows"),
        pytest.param("*", ORIGIN, (200, by_socketio()), id="any origin, which is named"),
        pytest.param(None, OTHER, REFUSED, id="without the option: another origin"),
        pytest.param(None, LOCALHOST, (200, by_socketio(LOCALHOST)), id="without the option: the app's own"),
        pytest.param([], ORIGIN, (200, {}), id="an empty list switches its check off, and this extension does nothing"),
    ],
)
def test_its_own_option_decides_for_the_handshake(origins: Any, origin: str, response: Seen) -> None:
    app = app_with(origins, origins=OTHER)
    assert call(app, "GET", HANDSHAKE, origin) == response
    assert call(app, "GET", "/", OTHER)[1]["Access-Control-Allow-Origin"] == OTHER


def test_it_responds_to_its_own_preflights() -> None:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    response = app_with([ORIGIN]).test_client().options(HANDSHAKE, headers={"Origin": ORIGIN, **wanted})
    lists = {"Access-Control-Allow-Methods": "OPTIONS, GET, POST", "Access-Control-Allow-Headers": "content-type"}
    assert seen(response) == (200, by_socketio() | lists)


def test_the_policy_of_the_app_may_decide_for_the_handshake() -> None:
    def is_allowed(origin: str | None, environ: WSGIEnvironment) -> bool:
        with app.request_context(environ):
            policy = current_policy()
            return origin is not None and policy is not None and policy.allows(origin)

    app = app_with(is_allowed, origins="https://*.example", resources={"/socket.io/": {}, "/": {"origins": LOCALHOST}})
    assert call(app, "GET", HANDSHAKE, ORIGIN) == (200, by_socketio())
    assert call(app, "GET", HANDSHAKE, LOCALHOST) == REFUSED


def test_the_code_in_the_manual_lets_one_list_decide_for_both() -> None:
    app = manual_app("flask_socketio")
    assert call(app, "GET", HANDSHAKE, ORIGIN) == (200, by_socketio())
    assert call(app, "GET", HANDSHAKE, OTHER) == REFUSED
    check(app, "PUT", "/rooms")
