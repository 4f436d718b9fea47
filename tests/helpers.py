"""What the tests of the extension share: two origins, the header sets that recur, and how to ask for them."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

A = "https://a.example"
B = "https://b.example"

CORSHeaders = dict[str, str]
SetUp = Callable[[Flask], object]

NOTHING: CORSHeaders = {}
EVERYONE = {"Access-Control-Allow-Origin": "*"}
REFUSED = {"Vary": "Origin"}
ONLY_A = {"Access-Control-Allow-Origin": A, "Vary": "Origin"}
ONLY_B = {"Access-Control-Allow-Origin": B, "Vary": "Origin"}
ALL_METHODS = {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}


def an_app(**config: Any) -> Flask:
    """Make an app that lets exceptions out, so that none goes unseen."""
    app = Flask(__name__, static_folder=None)
    app.config.update({"TESTING": True, **config})
    return app


def a_view() -> str:
    """Answer something."""
    return "the view's own answer"


def cors_headers(response: TestResponse) -> CORSHeaders:
    """Pick all headers of CORS, and ``Vary``. One that stands there twice has a value that no test expects."""
    names = {name.title() for name in response.headers.keys()}  # noqa: SIM118 - pairs, not names
    ours = sorted(name for name in names if name.startswith("Access-Control-") or name == "Vary")
    return {name: " AND ".join(response.headers.getlist(name)) for name in ours}


def ask(client: Client, path: str, origin: str | None = None, **call: Any) -> TestResponse:
    """Make a call as a page of *origin* would; without one, as anybody else."""
    headers = {**call.pop("headers", {}), **({} if origin is None else {"Origin": origin})}
    return client.open(path, headers=headers, buffered=True, **call)  # read to the end, so that files are closed


def preflight(
    client: Client, path: str, origin: str = A, method: str = "GET", headers: str | None = None, **call: Any
) -> TestResponse:
    """Ask, as a browser does, whether a page of *origin* may use *method*, and set *headers*."""
    asked = {"Access-Control-Request-Method": method}
    if headers is not None:
        asked["Access-Control-Request-Headers"] = headers
    return ask(client, path, origin, method="OPTIONS", headers=asked, **call)


def answers(app: Flask, path: str = "/", **call: Any) -> list[CORSHeaders]:
    """Show what a page of A, one of B, and nobody's page are told."""
    return [cors_headers(ask(app.test_client(), path, origin, **call)) for origin in (A, B, None)]


def leave(response: TestResponse) -> CORSHeaders:
    """Show what a preflight was told that was answered first of all: with 200, no body, and not by Flask itself."""
    assert (response.status_code, response.data, "Allow" in response.headers) == (200, b"", False)
    return cors_headers(response)


def leaves(app: Flask, path: str = "/", method: str = "GET", **call: Any) -> list[CORSHeaders]:
    """Show the leave that a page of A and one of B are given, first of all."""
    return [leave(preflight(app.test_client(), path, origin, method, **call)) for origin in (A, B)]
