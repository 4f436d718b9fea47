"""Call an app with HTTPie, in this process, and return what a terminal without colours shows.

HTTPie's own entry point reads the arguments, makes the request and prints the response. Only its connection ends at
another port than the documented one, where Werkzeug's server has the app.
"""

import io
import os
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication

import requests
from flask import Flask
from flask.testing import FlaskClient
from httpie.adapters import HTTPieHTTPAdapter  # type: ignore[import-untyped]
from httpie.context import Environment  # type: ignore[import-untyped]
from httpie.core import main  # type: ignore[import-untyped]
from httpie.plugins import TransportPlugin  # type: ignore[import-untyped]
from httpie.plugins.registry import plugin_manager  # type: ignore[import-untyped]
from httpie.status import ExitStatus  # type: ignore[import-untyped]
from urllib3 import HTTPConnectionPool
from werkzeug.wrappers import Request

from .check import CallError
from .grammar import without_blank_end
from .servers import HOST, SECONDS, serving

#: The port that the manual writes: there `flask run` and `app.run()` listen.
PORT = 5000

#: Makes the call of a command to an app, and returns the lines that a terminal shows.
AppCall = Callable[[Flask, str], list[str]]


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
    try:
        with tempfile.TemporaryDirectory() as home, _connected_to(port):
            Path(home, "config.json").write_text('{"disable_update_warnings": true}')
            arguments = ["http", *options, *shlex.split(command)[1:]]
            status = main(arguments, env=Environment(config_dir=Path(home), **streams))
    except ValueError as error:
        raise CallError(str(error)) from error
    if status in {ExitStatus.ERROR, ExitStatus.ERROR_TIMEOUT}:
        raise CallError(errors.getvalue().strip())
    return terminal_lines(output.getvalue())


def terminal_lines(output: bytes) -> list[str]:
    """Split the output into lines, without the blank ones at its end."""
    return without_blank_end(output.decode().replace("\r\n", "\n").split("\n"))


@contextmanager
def _connected_to(port: int) -> Iterator[None]:
    """Give HTTPie the connection, and neither certificates nor other plugins: to load them takes longer than a call."""
    adapter = _Adapter(port)
    members: dict[str, Any] = {"get_adapter": lambda _: adapter}
    plugins = [type("Plugin", (TransportPlugin,), members | {"prefix": prefix}) for prefix in ("http://", "https://")]
    plugin_manager.register(*plugins)
    try:
        no_certificates = patch.dict(os.environ, {"SSL_CERT_FILE": os.devnull})
        with no_certificates, patch.object(plugin_manager, "load_installed_plugins"):
            yield
    finally:
        for plugin in plugins:
            plugin_manager.unregister(plugin)
        adapter.close()


class _Adapter(HTTPieHTTPAdapter):  # type: ignore[misc]
    """A connection for the documented port that goes to another one; the request still names the documented one."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send the request with the documented host, through no proxy."""
        url = urlsplit(request.url or "")
        if url.scheme != "http" or url.hostname not in {HOST, "localhost"} or url.port != PORT:
            raise requests.ConnectionError(f"a transcript calls http://{HOST}:{PORT}, where the app runs")
        request.headers.setdefault("Host", f"{url.hostname}:{url.port}")
        response: requests.Response = super().send(request, **kwargs | {"proxies": {}})
        return response

    def get_connection_with_tls_context(self, *_args: Any, **_kwargs: Any) -> HTTPConnectionPool:
        """Connect to the port of the server, whatever the URL of the request."""
        pool: HTTPConnectionPool = self.poolmanager.connection_from_host(HOST, self._port)
        return pool
