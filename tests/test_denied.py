"""The signal ``request_denied``, and the line in the log: what is denied is said once, and safely."""

import logging
import shlex
import subprocess
import sys
from typing import Any
from unittest import mock

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
    for path in ("/api", "/users", "/other"):
        app.add_url_rule(path, path, lambda: "", methods=["GET", "PUT"])
    app.add_url_rule("/own", "own", cross_origin(origins=[])(lambda: ""))
    return app


def preflight(method: str, headers: str = "") -> dict[str, str]:
    return {"Origin": PAGE, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


FROM_PAGE, FROM_EVIL = {"Origin": PAGE}, {"Origin": "https://evil.example"}
NO_POLICY, NOT = ["no policy covers the path"], "the policy does not allow"
LISTS = {"origins": PAGE, "methods": ["GET", "PUT"], "headers": "X-Token"}
STARS = {"headers": "*", "methods": "*"}


@table(
    "options, path, headers, reasons",
    ("a request that is allowed", LISTS, "/api", FROM_PAGE, []),
    ("a preflight that is granted", LISTS, "/users", preflight("PUT", "x-token"), []),
    ("an origin", LISTS, "/api", FROM_EVIL, [f"{NOT} the origin"]),
    ("no policy", LISTS, "/other", FROM_PAGE, NO_POLICY),
    ("no policy, a preflight", LISTS, "/other", preflight("PUT"), NO_POLICY),
    ("a decorated view", LISTS, "/own", FROM_PAGE, [f"{NOT} the origin"]),
    ("a method", LISTS, "/users", preflight("PATCH"), [f"{NOT} the method PATCH"]),
    ("two headers", LISTS, "/users", preflight("PUT", "x-token,a,b"), [f"{NOT} the header a, b"]),
    ("the wildcard", STARS, "/users", preflight("PUT", "x-token,authorization"), [f"{NOT} the header authorization"]),
    ("a function", {"origins": "".__eq__}, "/api", FROM_PAGE, ["the function in origins denies it"]),
    ("a function that allows", {"origins": PAGE.__eq__}, "/api", FROM_PAGE, []),
    ("the app's own origin", LISTS, "/api", {"Origin": "http://localhost"}, []),
    ("an overlong path", LISTS, f"/api/{'a' * 5000}", FROM_PAGE, []),
    ("a navigation", LISTS, "/api", {**FROM_EVIL, "Sec-Fetch-Mode": "navigate"}, []),
)
def test_a_receiver_gets_what_is_denied(options: Any, path: str, headers: dict[str, str], reasons: list[str]) -> None:
    app, receive = an_app(**options), mock.Mock()
    with request_denied.connected_to(receive, app):
        is_preflight = "Access-Control-Request-Method" in headers
        app.test_client().open(path, method="OPTIONS" if is_preflight else "GET", headers=headers)
    assert [call.kwargs["reason"] for call in receive.call_args_list] == reasons
    for call in receive.call_args_list:
        assert (call.args, call.kwargs["route"].path, call.kwargs["origin"]) == ((app,), path, headers["Origin"])


def test_a_receiver_that_fails_changes_no_response(caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(origins=[])
    with request_denied.connected_to(mock.Mock(side_effect=RuntimeError), app):
        assert app.test_client().get("/api", headers=FROM_PAGE).status_code == 200
    assert "a receiver of request_denied failed" in caplog.text


@pytest.fixture
def logger() -> Any:
    logger = logging.getLogger("flask_cors")
    level, handlers = logger.level, [*logger.handlers]
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_debug_mode_writes_one_line_with_the_command(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    app = an_app(origins=PAGE)
    app.debug = True
    app.test_client().options("/users", headers=preflight("PUT", "a,b"))
    [line] = [record.getMessage() for record in caplog.records if record.name == app.logger.name]
    assert line.startswith(f"CORS denied PUT /users from {PAGE}: {NOT} the header a, b. The policy is at {__file__}:")
    words = shlex.split(line.partition("More: flask cors ")[2])
    assert words == ["explain", "/users", "--origin", PAGE, "--method", "PUT", "--header", "a", "--header", "b"]
    result = app.test_cli_runner().invoke(cors, words)
    assert (result.exit_code, "does not allow the headers A, B" in result.output) == (1, True)
    assert logger.level == logging.NOTSET


def test_a_production_logger_at_info_gets_the_line(logger: logging.Logger, caplog: Any, monkeypatch: Any) -> None:
    logger.setLevel(logging.INFO)
    monkeypatch.setattr("flask_cors.cli.denied.has_level_handler", lambda _: bool(logger.handlers))
    app = an_app(origins=PAGE)
    for path in ("/own", "/other"):
        app.test_client().get(path, headers=FROM_PAGE)
    of_own, of_other = [record.getMessage() for record in caplog.records if record.name == "flask_cors"]
    assert of_own.startswith(f"CORS denied GET /own from {PAGE}: {NOT} the origin. The policy is at")
    assert of_other.startswith(f"CORS denied GET /other from {PAGE}: no policy covers the path. More: ")


def test_in_production_nothing_is_loaded_for_it() -> None:
    code = "import sys; from flask import Flask; from flask_cors import CORS; app = Flask('x'); CORS(app, origins=[]); "
    code += "app.test_client().get('/', headers={'Origin': 'https://a'}); print('flask_cors.cli' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@given(st.text())
def test_text_of_a_request_is_safe_for_a_log(text: str) -> None:
    shown = safe(text)
    assert (shown.isprintable(), shown.isascii(), len(shown) <= 200) == (True, True, True)


def test_a_blueprints_policy_is_found(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.INFO)
    app, blueprint = Flask(__name__), Blueprint("shop", __name__)
    CORS(blueprint, origins=[])
    blueprint.add_url_rule("/", "index", lambda: "")
    app.register_blueprint(blueprint)
    app.test_client().get("/", headers={"Origin": PAGE})
    assert f"The policy is at {__file__}:" in caplog.text
