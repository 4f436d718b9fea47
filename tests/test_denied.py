"""The signal ``request_denied``, and the line in the log: what is denied is said once, and safely."""

import logging
import shlex
import subprocess
import sys
from typing import Any

import pytest
from flask import Blueprint, Flask
from hypothesis import given
from hypothesis import strategies as st

from flask_cors import CORS, cross_origin, request_denied
from flask_cors.cli import cors
from flask_cors.cli.denied import safe
from tests.tables import table

PAGE = "https://app.example"


def an_app(**options: Any) -> Flask:
    app = Flask(__name__)
    CORS(app, resources=r"/(api|users)", **options)
    app.add_url_rule("/api", "api", lambda: "")
    app.add_url_rule("/users", "users", lambda: "", methods=["PUT"])
    app.add_url_rule("/other", "other", lambda: "")
    app.add_url_rule("/own", "own", cross_origin(origins=[])(lambda: ""))
    return app


def heard(app: Flask, path: str, method: str = "GET", **headers: str) -> list[str]:
    """The reasons that a receiver gets for one request."""
    reasons: list[str] = []

    def receive(sender: Flask, *, route: Any, origin: str, reason: str) -> None:
        assert (sender, route.path, origin) == (app, path, headers["Origin"])
        reasons.append(reason)

    with request_denied.connected_to(receive, app):
        app.test_client().open(path, method=method, headers={name.replace("_", "-"): headers[name] for name in headers})
    return reasons


def preflight(method: str, headers: str = "") -> dict[str, str]:
    names = {"Access_Control_Request_Method": method, "Origin": PAGE}
    return {**names, "Access_Control_Request_Headers": headers} if headers else names


FROM_PAGE, FROM_EVIL = {"Origin": PAGE}, {"Origin": "https://evil.example"}
NO_POLICY, NOT = ["no policy covers the path"], "the policy does not allow"
# fmt: off
REQUESTS = [
    ("a request that is allowed", "/api", "GET", FROM_PAGE, []),
    ("a preflight that is granted", "/users", "OPTIONS", preflight("PUT", "x-token"), []),
    ("an origin", "/api", "GET", FROM_EVIL, [f"{NOT} the origin"]),
    ("no policy", "/other", "GET", FROM_PAGE, NO_POLICY),
    ("no policy, a preflight", "/other", "OPTIONS", preflight("PUT"), NO_POLICY),
    ("a decorated view", "/own", "GET", FROM_PAGE, [f"{NOT} the origin"]),
    ("a method", "/users", "OPTIONS", preflight("PATCH"), [f"{NOT} the method PATCH"]),
    ("two headers", "/users", "OPTIONS", preflight("PUT", "x-token,a,b"), [f"{NOT} the header a, b"]),
    ("the app's own origin", "/api", "GET", {"Origin": "http://localhost"}, []),
    ("an overlong path", f"/api/{'a' * 5000}", "GET", FROM_PAGE, []),
    ("a navigation", "/api", "GET", {**FROM_EVIL, "Sec_Fetch_Mode": "navigate"}, []),
]
# fmt: on


@table("path, method, headers, reasons", *REQUESTS)
def test_a_receiver_gets_what_is_denied(path: str, method: str, headers: dict[str, str], reasons: list[str]) -> None:
    app = an_app(origins=PAGE, methods=["GET", "PUT"], headers="X-Token")
    assert heard(app, path, method, **headers) == reasons


def test_a_function_that_denies_is_named() -> None:
    assert heard(an_app(origins=lambda _: False), "/api", Origin=PAGE) == ["the function in origins denies it"]
    assert heard(an_app(origins=lambda _: True), "/api", Origin=PAGE) == []


def test_a_wildcard_covers_all_but_authorization() -> None:
    app = an_app(headers="*", methods="*")
    reasons = heard(app, "/users", "OPTIONS", **preflight("PUT", "x-token,authorization"))
    assert reasons == ["the policy does not allow the header authorization"]


def test_a_receiver_that_fails_changes_no_response(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Flask, **__: object) -> None:
        raise RuntimeError("on purpose")

    app = an_app(origins=[])
    with request_denied.connected_to(fail, app):
        assert app.test_client().get("/api", headers={"Origin": PAGE}).status_code == 200
    assert "a receiver of request_denied failed" in caplog.text


@pytest.fixture
def logger() -> Any:
    """The logger as a program finds it, and afterwards as it was."""
    logger = logging.getLogger("flask_cors")
    level, handlers = logger.level, [*logger.handlers]
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_debug_mode_writes_one_line_with_the_command(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(origins=PAGE)
    app.debug = True
    sent = {name.replace("_", "-"): value for name, value in preflight("PUT", "a,b").items()}
    app.test_client().options("/users", headers=sent)
    [line] = [record.getMessage() for record in caplog.records if record.name == app.logger.name]
    assert line.startswith(
        f"CORS denied PUT /users from {PAGE}: the policy does not allow the header a, b. The policy is at {__file__}:"
    )
    words = shlex.split(line.partition("More: flask cors ")[2])
    assert words == ["explain", "/users", "--origin", PAGE, "--method", "PUT", "--header", "a", "--header", "b"]
    result = app.test_cli_runner().invoke(cors, words)
    assert (result.exit_code, "does not allow the headers A, B" in result.output) == (1, True)
    assert logger.level == logging.NOTSET


def test_a_production_logger_at_info_gets_the_line(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.setLevel(logging.INFO)
    monkeypatch.setattr("flask_cors.cli.denied.has_level_handler", lambda _: bool(logger.handlers))
    app = an_app(origins=PAGE)
    app.test_client().get("/own", headers={"Origin": PAGE})
    app.test_client().get("/other", headers={"Origin": PAGE})
    lines = [record.getMessage() for record in caplog.records if record.name == "flask_cors"]
    assert [line.partition(" More: ")[0].partition(" The policy is at ")[0] for line in lines] == [
        f"CORS denied GET /own from {PAGE}: the policy does not allow the origin.",
        f"CORS denied GET /other from {PAGE}: no policy covers the path.",
    ]


def test_in_production_nothing_is_loaded_for_it() -> None:
    code = (
        "import sys; from flask import Flask; from flask_cors import CORS; app = Flask('x'); CORS(app, origins=[]); "
        "app.test_client().get('/', headers={'Origin': 'https://a.example'}); "
        "sys.exit('flask_cors.cli.denied' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.text())
def test_text_of_a_request_is_safe_for_a_log(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable() or not shown
    assert shown.isascii()
    assert len(shown) <= 200


def test_a_blueprints_policy_is_found(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.INFO)
    app, blueprint = Flask(__name__), Blueprint("shop", __name__)
    CORS(blueprint, origins=[])
    blueprint.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    app.test_client().get("/", headers={"Origin": PAGE})
    assert f"The policy is at {__file__}:" in caplog.text
