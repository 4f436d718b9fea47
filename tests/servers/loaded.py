"""The module that a server loads. The environment says what it serves, and at which place."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from wsgiref.types import WSGIApplication

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.hostile import hostile_app
from tests.transcripts.pages import application as example

SERVES = "FLASK_CORS_TESTS_SERVES"  # the path of an example, or one of `OTHERS`
PLACE = "FLASK_CORS_TESTS_PLACE"  # one of `PLACES`
LOG = "FLASK_CORS_TESTS_LOG"  # the file that gets all output of the server and its workers
TARGET = "FLASK_CORS_TESTS_TARGET"  # the address of the server behind the proxy

PREFIX = "/below/here"

PLACES: dict[str, Callable[[Flask], WSGIApplication]] = {
    "at the root": lambda app: app,
    "in a dispatcher": lambda app: DispatcherMiddleware(cast(WSGIApplication, NotFound()), {PREFIX: app}),
    "behind a proxy": lambda app: ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1),
}


def proxy() -> Any:
    """Pass on host and path as most proxies are set up to do: the host as it came, the path without the prefix."""
    headers = {"X-Forwarded-Prefix": PREFIX}
    target = {"target": os.environ[TARGET], "remove_prefix": True, "host": None, "headers": headers}
    return ProxyMiddleware(cast(Any, NotFound()), {PREFIX: target})


OTHERS: dict[str, Callable[[], Any]] = {
    "trouble": lambda: import_module("tests.servers.trouble").app,
    "failing": lambda: import_module("tests.servers.failing").app,
    "hostile": hostile_app,
    "proxy": proxy,
}


def load(name: str) -> Any:
    if name in OTHERS:
        return OTHERS[name]()
    app = example(Path(name))
    # The transcripts show the JSON of debug mode, which no server but Werkzeug's is to run in.
    app.debug = False
    cast(DefaultJSONProvider, app.json).compact = False
    return app


if LOG in os.environ:
    for output in (1, 2):
        os.dup2(os.open(os.environ[LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND), output)
if SERVES in os.environ:
    application = PLACES[os.environ.get(PLACE, "at the root")](load(os.environ[SERVES]))
