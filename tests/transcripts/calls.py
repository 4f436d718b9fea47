"""Call an app with HTTPie, in this process, and return what a terminal without colours shows.

HTTPie's own entry point reads the arguments, makes the request and prints the response. Only the port is another than
the documented one: Werkzeug's server listens there, with the app.
"""

import io
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from wsgiref.types import StartResponse, WSGIApplication

from flask import Flask
from flask.testing import FlaskClient
from httpie.context import Environment  # type: ignore[import-untyped]
from httpie.core import main  # type: ignore[import-untyped]
from httpie.plugins.registry import plugin_manager  # type: ignore[import-untyped]
from httpie.status import ExitStatus  # type: ignore[import-untyped]
from werkzeug.wrappers import Request

from .check import CallError
from .grammar import without_blank_end
from .servers import HOST, SECONDS, serving

#: The port that the manual writes: there `flask run` and `app.run()` listen.
PORT = 5000

#: Makes the call of a command to an app, and returns the lines that a terminal shows.
AppCall = Callable[[Flask, str], list[str]]

_URL = re.compile(rf"(?:http://)?(127\.0\.0\.1|localhost|):{PORT}((?:/.*)?)")
#: Certificates and plugins are not loaded: that takes longer than a call.
_SETTINGS = {"SSL_CERT_FILE": os.devnull, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def over_http(wrap: Callable[[Flask], WSGIApplication] = lambda app: app) -> Iterator[AppCall]:
    """Serve each app that is called, once, until the ``with`` block ends."""
    with ExitStack() as stack:
        port_of = cache(lambda app: stack.enter_context(serving(wrap(app))))
        yield lambda app, command: http(command, port_of(app))


def behind(client: FlaskClient) -> WSGIApplication:
    """Make a server pass each request to a test client, and send the response that the client receives."""
    client.preserve_context = False  # it would be closed by another thread than the server's

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = io.BytesIO(Request(environ).get_data())  # a client wants one that it can read twice
        response = client.open(environ | {"wsgi.input": body})
        start_response(response.status, response.headers.to_wsgi_list())
        return response.iter_encoded()

    return application


def through_client(app: Flask) -> WSGIApplication:
    """Put an app behind a test client that keeps no cookies, as the http program keeps none."""
    return behind(app.test_client(use_cookies=False))


def http(command: str, port: int) -> list[str]:
    """Run HTTPie with an empty home, a terminal as its output, and *port* in place of the documented one."""
    output, errors = io.BytesIO(), io.StringIO()
    streams = {"stdin": None, "stdout": output, "stderr": errors, "stdout_isatty": True, "stderr_isatty": False}
    options = ["--ignore-stdin", "--pretty=format", f"--timeout={SECONDS}"]
    environment = patch.dict(os.environ, _SETTINGS)
    with tempfile.TemporaryDirectory() as home, environment, patch.object(plugin_manager, "load_installed_plugins"):
        Path(home, "config.json").write_text('{"disable_update_warnings": true}')
        arguments = ["http", *options, *arguments_for(command, port)]
        status = main(arguments, env=Environment(config_dir=Path(home), **streams))
    if status in {ExitStatus.ERROR, ExitStatus.ERROR_TIMEOUT}:
        raise CallError(errors.getvalue().strip())
    return terminal_lines(output.getvalue())


def arguments_for(command: str, port: int) -> list[str]:
    """Split a command into arguments that call *port*; the request still names the documented host and port."""
    try:
        words = shlex.split(command)[1:]
    except ValueError as error:
        raise CallError(str(error)) from error
    for place, word in enumerate(words):
        if found := _URL.fullmatch(word):
            host, path = found.groups()
            words[place : place + 1] = [f"http://{HOST}:{port}{path}", f"Host:{host or 'localhost'}:{PORT}"]
            return words
    raise CallError(f"a transcript calls http://{HOST}:{PORT}, where the app runs")


def terminal_lines(output: bytes) -> list[str]:
    """Split the output into lines, without the blank ones at its end."""
    return without_blank_end(output.decode().replace("\r\n", "\n").split("\n"))
