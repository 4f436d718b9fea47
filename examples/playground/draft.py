"""What the visitor has typed, read from JSON: a policy for the shop, and a call of the page. Nothing of it is run."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from flask_cors.browser.messages import CredentialsMode
from flask_cors.cli.source import as_python
from flask_cors.options import Options

from .addresses import Addresses
from .patterns import pattern_mistake, typed_patterns
from .shop import Front

_ORDER = ["resources", *Options.__annotations__]
LONGEST_POLICY = 4_000
LONGEST_PATH = 200
LONGEST_CALL_BODY = 4_096
MOST_HEADERS = 20


class Malformed(ValueError):
    """JSON of another shape than the page sends."""


class Mistake(ValueError):
    """What the visitor has to put right."""


@dataclass(frozen=True)
class Call:
    """The call of the page: what ``fetch`` gets."""

    origin: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    credentials: CredentialsMode


@dataclass(frozen=True)
class Draft:
    """A policy, what stands in front of the views, and a call. Without *options*, there is no ``CORS``."""

    options: dict[str, Any] | None
    front: Front
    call: Call

    @property
    def python(self) -> str:
        """The policy as a program has it."""
        if self.options is None:
            return ""
        names = sorted(self.options, key=_place)
        given = [f"{name}={as_python(self.options[name])}" for name in names]
        return f"CORS({', '.join(['app', *given])})"

    def command(self, addresses: Addresses) -> str:
        """Return the command that explains the call."""
        call, url = self.call, f"{addresses.shop}{self.call.path}"
        words = ["flask", "--app", "app", "cors", "explain", url, "--origin", call.origin, "--method", call.method]
        for name, value in call.headers:
            words += ["--header", f"{name}: {value}"]
        words += ["--data", call.body] if call.body is not None else []
        words += ["--credentials"] if call.credentials == "include" else []
        return shlex.join(words)


def _place(name: str) -> int:
    """Return where programs usually write an option."""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def read_draft(data: dict[str, Any], addresses: Addresses) -> Draft:
    """Read what ``/plan`` gets.

    :raises Malformed: for JSON that the page does not send.
    :raises Mistake: for a value that the visitor can put right.
    """
    data = addresses.fill(data)
    options = data.get("options")
    if options is not None:
        _check_policy(_object(options, "options"))
    front = _choice(data.get("front", ""), "front", get_args(Front))
    return Draft(options, cast(Front, front), _read_call(_object(data.get("call"), "call"), addresses))


def _check_policy(options: dict[str, Any]) -> None:
    if len(json.dumps(options)) > LONGEST_POLICY:
        raise Mistake(f"The policy is longer than {LONGEST_POLICY} characters.")
    mistakes = filter(None, map(pattern_mistake, typed_patterns(options)))
    text = "\n".join(dict.fromkeys(mistakes))
    if text:
        raise Mistake(text)


def _read_call(data: dict[str, Any], addresses: Addresses) -> Call:
    method, path, body = data.get("method", "GET"), data.get("path", "/"), data.get("body")
    if not isinstance(method, str) or not isinstance(path, str) or not isinstance(body, str | None):
        raise Malformed("method, path and body of the call must be text.")
    _check_call(method, path, body)
    return Call(
        origin=addresses.origins[_choice(data.get("from"), "from", tuple(addresses.origins))],
        method=method,
        path=path,
        headers=_read_headers(data.get("headers", [])),
        body=body,
        credentials=cast(
            CredentialsMode,
            _choice(data.get("credentials", "same-origin"), "credentials", get_args(CredentialsMode)),
        ),
    )


def _check_call(method: str, path: str, body: str | None) -> None:
    if not path.startswith("/") or "#" in path or "\\" in path or not path.isprintable() or " " in path:
        raise Mistake(f"The path {path!r:.60} is not a path of the shop: write a path such as /orders.")
    if len(path) > LONGEST_PATH or len(method) > LONGEST_PATH:
        raise Mistake(f"The path and the method have {LONGEST_PATH} characters at most.")
    if body is not None and len(body.encode("utf-8", "replace")) > LONGEST_CALL_BODY:
        raise Mistake(f"The body is longer than {LONGEST_CALL_BODY} bytes.")


def _read_headers(data: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(data, list) or len(data) > MOST_HEADERS:
        raise Malformed(f"headers must be a list of {MOST_HEADERS} pairs at most.")
    for pair in data:
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise Malformed("Each of headers must be a pair of texts.")
    return tuple((name, value) for name, value in data)


def _object(data: Any, name: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Malformed(f"{name} must be an object.")
    return data


def _choice(value: Any, name: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Malformed(f"{name} must be one of {', '.join(map(repr, allowed))}.")
    return str(value)


def url_of(draft: Draft, run: str, addresses: Addresses) -> str:
    """Return the URL that the page calls."""
    mark = "&" if urlsplit(draft.call.path).query else "?"
    return f"{addresses.shop}{draft.call.path}{mark}run={run}"


def portable(text: str, addresses: Addresses) -> str:
    """Write origins that mean something elsewhere for those of this start."""
    return text.replace(addresses.page, "https://app.example").replace(addresses.shop, "http://127.0.0.1:5000")
