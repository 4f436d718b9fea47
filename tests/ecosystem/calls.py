"""The calls that a browser makes for a page, and what the page's browser gets to know of the answers."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

ORIGIN = "https://app.example"
OTHER = "https://other.example"
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

Seen = tuple[int, dict[str, str]]


def preflight(app: Flask, path: str, method: str, origin: str = ORIGIN) -> Seen:
    """Ask, as browsers do, whether a page of *origin* may use *method* with a JSON body and a token."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
    answer = app.test_client().options(path, headers={"Origin": origin, **asked})
    assert answer.status_code != 200 or answer.data == b"", "a preflight that is answered gets no body"
    return seen(answer)


def call(app: Flask, method: str, path: str, origin: str = ORIGIN, **details: Any) -> Seen:
    """Make the call that a page of *origin* makes."""
    headers = {"Origin": origin, **details.pop("headers", {})}
    answer = app.test_client().open(path, method=method, headers=headers, **details)
    with answer:
        return seen(answer)


def seen(answer: TestResponse) -> Seen:
    """The status, and every CORS header with ``Vary``; each stands there once."""
    found = [(name, value) for name, value in answer.headers if name == "Vary" or name.startswith("Access-Control-")]
    assert len(dict(found)) == len(found), f"a header is sent twice: {found}"
    return answer.status_code, dict(found)


def granted(origin: str = ORIGIN, /, **others: str) -> dict[str, str]:
    """The headers that let *origin* in; *others* are given as ``Allow_Headers="Content-Type"``."""
    beside = {f"Access-Control-{name.replace('_', '-')}": value for name, value in others.items()}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **beside}


def granted_to_preflight(origin: str = ORIGIN, /, **others: str) -> dict[str, str]:
    """The same on ``OPTIONS``, where all methods are listed."""
    return granted(origin, Allow_Methods=METHODS, **others)


#: What an origin gets that is not let in.
REFUSED = {"Vary": "Origin"}
