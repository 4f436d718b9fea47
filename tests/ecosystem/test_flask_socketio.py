"""Flask-SocketIO: it stands in front of the Flask app and has a policy of its own, which this extension cannot see."""

from typing import Any
from wsgiref.types import WSGIEnvironment

from flask import Flask
from flask_socketio import SocketIO

from flask_cors import CORS, current_policy
from tests.ecosystem.helpers import ORIGIN, OTHER, Seen, call, check, manual_app
from tests.tables import table

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


@table(
    "origins, origin, response",
    ("a listed origin", [ORIGIN], ORIGIN, (200, by_socketio())),
    ("an origin that only the app allows", [ORIGIN], OTHER, REFUSED),
    ("any origin, which is named", "*", ORIGIN, (200, by_socketio())),
    ("without the option: another origin", None, OTHER, REFUSED),
    ("without the option: the app's own", None, LOCALHOST, (200, by_socketio(LOCALHOST))),
    ("an empty list switches its check off, and this extension does nothing", [], ORIGIN, (200, {})),
)
def test_its_own_option_decides_for_the_handshake(origins: Any, origin: str, response: Seen) -> None:
    app = app_with(origins, origins=OTHER)
    assert call(app, "GET", HANDSHAKE, origin) == response
    assert call(app, "GET", "/", OTHER)[1]["Access-Control-Allow-Origin"] == OTHER


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
