"""The requests that a browser sends for a page, what they get, and the code in the manual that needs more packages."""

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests import helpers
from tests.transcripts.pages import Block, blocks

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to"
ORIGIN, OTHER = "https://app.example", "https://other.example"

Seen = tuple[int, dict[str, str]]

DENIED = {"Vary": "Origin"}


def preflight(app: Flask, path: str, method: str, origin: str = ORIGIN) -> Seen:
    """Send the preflight for a page of *origin* that uses *method* with a JSON body and a token."""
    response = helpers.preflight(app.test_client(), path, origin, method, "authorization,content-type")
    assert response.status_code != 200 or response.data == b"", "the response to a preflight has no body"
    return seen(response)


def call(app: Flask, method: str, path: str, origin: str = ORIGIN, **details: Any) -> Seen:
    """Send the request of a page of *origin*."""
    return seen(helpers.fetch(app.test_client(), path, origin, method=method, **details))


def seen(response: TestResponse) -> Seen:
    """Return the status, and every CORS header with ``Vary``."""
    return response.status_code, helpers.cors_headers(response)


def allowed(origin: str = ORIGIN, /, **others: str) -> dict[str, str]:
    """Return the headers that allow *origin*; *others* are given as ``Allow_Headers="Content-Type"``."""
    named = {f"Access-Control-{name.replace('_', '-')}": value for name, value in others.items()}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **named}


def allowed_preflight(origin: str = ORIGIN, /, **others: str) -> dict[str, str]:
    """Return the same for ``OPTIONS``, where all methods are listed."""
    return allowed(origin, **others) | helpers.ALL_METHODS


def check(
    app: Flask, method: str, path: str, status: int = 200, others: dict[str, str] | None = None, **body: Any
) -> None:
    """Check that pages of one origin can make a call and read the *status* of the response, and others cannot."""
    assert preflight(app, path, method) == (200, allowed_preflight(**(others or {})))
    assert preflight(app, path, method, OTHER) == (200, DENIED)
    assert call(app, method, path, **body) == (status, allowed(**(others or {})))
    assert call(app, method, path, OTHER, **body) == (status, DENIED)


def blocks_not_run() -> list[Block]:
    """Return the Python blocks of the manual that only these tests run."""
    found = [block for page in HOW_TO.glob("*.rst") for block in blocks(page, page.read_text())]
    return [block for block in found if block.language == "python" and "test-ecosystem" in (block.not_run or "")]


def manual_app(package: str, what: str = "") -> Flask:
    """Run the one block that imports *package* and has *what* in it, and return its app."""
    imported = [block for block in blocks_not_run() if f"from {package} import" in block.source]
    [block] = [block for block in imported if what in block.source]
    namespace: dict[str, Any] = {"__name__": "page"}
    exec(compile(block.source, package, "exec", dont_inherit=True), namespace)  # noqa: S102  # this project's own
    app: Flask = namespace["app"]
    return app
