"""The module that a server loads. The environment says which app it serves, and where the app is mounted."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import cast
from wsgiref.types import WSGIApplication

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.servers import trouble
from tests.transcripts.pages import application as example

APP = "FLASK_CORS_TESTS_APP"  # the path of an example; nothing for the app of `trouble`
PLACE = "FLASK_CORS_TESTS_PLACE"  # one of `PLACES`

PREFIX = "/below/here"


def at_the_root(app: Flask) -> WSGIApplication:
    return app


def in_a_dispatcher(app: Flask) -> WSGIApplication:
    return DispatcherMiddleware(cast(WSGIApplication, NotFound()), {PREFIX: app})


def behind_a_proxy(app: Flask) -> WSGIApplication:
    return ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)


PLACES: dict[str, Callable[[Flask], WSGIApplication]] = {
    "at the root": at_the_root,
    "in a dispatcher": in_a_dispatcher,
    "behind a proxy": behind_a_proxy,
}


def _app() -> Flask:
    path = os.environ.get(APP)
    if not path:
        return trouble.app
    app = example(Path(path))
    # The transcripts show the JSON of debug mode, which no server but Werkzeug's is to run in.
    app.debug = False
    cast(DefaultJSONProvider, app.json).compact = False
    return app


if PLACE in os.environ:
    application = PLACES[os.environ[PLACE]](_app())
