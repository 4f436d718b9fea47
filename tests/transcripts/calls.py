"""Make a documented call: with the ``http`` program against a server, or in process against a test client.

HTTPie itself does both. In process it parses the same arguments and prints through the same formatter; only
its connection is replaced. Either way the output is what a terminal without colours shows.
"""

import io
import os
import re
import shlex
import subprocess
import sysconfig
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import requests
from flask.testing import FlaskClient
from httpie.cli.definition import parser  # type: ignore[import-untyped]
from httpie.context import Environment  # type: ignore[import-untyped]
from httpie.core import program  # type: ignore[import-untyped]
from httpie.plugins import TransportPlugin  # type: ignore[import-untyped]
from httpie.plugins.registry import plugin_manager  # type: ignore[import-untyped]

from .check import Ask, CallError
from .connection import Connection
from .grammar import without_blank_end

#: The address that the manual writes, which is where `flask run` and `app.run()` listen.
PORT = 5000
ADDRESS = re.compile(rf"http://([^/?#]*@)?(127\.0\.0\.1|localhost):{PORT}([/?#].*)?")
SECONDS = 30

#: HTTPie loads all of them before any call, although ours need none; it takes longer than the call.
NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull}


@contextmanager
def over_the_wire(port: int) -> Iterator[Ask]:
    """Make calls with the ``http`` program, to the server that listens on *port* in place of 5000."""
    with _settings() as settings:
        yield lambda command: _terminal(_run_http(_arguments(command), port, settings))


@contextmanager
def in_process(client: FlaskClient) -> Iterator[Ask]:
    """Make calls with HTTPie as a library, answered by Flask's test client."""
    with _settings() as settings, _connected_to(client):
        yield lambda command: _terminal(_call_httpie(_arguments(command), settings))


@contextmanager
def _settings() -> Iterator[Path]:
    """Give HTTPie an empty home: no settings or sessions of the user's, and no look for a newer release."""
    with tempfile.TemporaryDirectory() as directory:
        settings = Path(directory)
        (settings / "config.json").write_text('{"disable_update_warnings": true}')
        yield settings


def _arguments(command: str) -> list[str]:
    """Return the reader's arguments after those that make a pipe show what a terminal would."""
    typed = _words(command)
    understood = _understood(typed)
    if not ADDRESS.fullmatch(understood.url):
        raise CallError(f"it must go to http://127.0.0.1:{PORT}, where the application runs")
    return ["--ignore-stdin", "--pretty=format", f"--print={understood.output_options}", *typed]


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)[1:]
    except ValueError as error:
        raise CallError(f"a shell cannot read it: {error}") from None


def _understood(arguments: list[str]) -> Namespace:
    """Let HTTPie's own parser read the arguments, as if it had a terminal before it."""
    errors = io.StringIO()
    env = Environment(stdin=None, stdout=io.BytesIO(), stdout_isatty=True, stderr=errors, stderr_isatty=False)
    try:
        understood: Namespace = parser.parse_args(args=["--ignore-stdin", *arguments], env=env)
    except (SystemExit, ValueError) as error:
        raise CallError(errors.getvalue().strip() or str(error)) from None
    _close_uploads()
    return understood


def _close_uploads() -> None:
    """Close the files that HTTPie, as a program that ends, leaves open."""
    for _name, file, _content_type in parser.args.files.values():
        file.close()


def _terminal(output: bytes) -> list[str]:
    return without_blank_end(output.decode().replace("\r\n", "\n").split("\n"))


def _run_http(arguments: list[str], port: int, settings: Path) -> bytes:
    http = Path(sysconfig.get_path("scripts"), "http")
    try:
        done = subprocess.run(
            [http, *(_move(argument, PORT, port) for argument in arguments)],
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CallError(f"no answer came within {SECONDS} seconds") from None
    return _move(_output(done.stdout, done.stderr).decode(), port, PORT).encode()


def _move(text: str, old: int, new: int) -> str:
    """Move the addresses in a text to another port; ``:5000/path`` is HTTPie's short form of one."""
    return re.sub(rf"(^|127\.0\.0\.1|localhost):{old}\b", rf"\g<1>:{new}", text)


def _environment(settings: Path) -> dict[str, str]:
    """The user's environment, without proxies, which would not know the way to this computer."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | NO_CERTIFICATES | {"HTTPIE_CONFIG_DIR": str(settings), "PYTHONUTF8": "1"}


def _output(stdout: bytes, stderr: bytes) -> bytes:
    if stderr and not stdout:
        raise CallError(stderr.decode().strip())
    return stdout


def _call_httpie(arguments: list[str], settings: Path) -> bytes:
    stdout, errors = io.BytesIO(), io.StringIO()
    env = Environment(
        config_dir=settings,
        stdin=None,
        stdout=stdout,
        stdout_isatty=False,
        stderr=errors,
        stderr_isatty=False,
    )
    try:
        with patch.dict(os.environ, NO_CERTIFICATES):
            program(args=parser.parse_args(args=arguments, env=env), env=env)
    except requests.RequestException as error:
        raise CallError(str(error)) from error
    _close_uploads()
    return _output(stdout.getvalue(), errors.getvalue().encode())


@contextmanager
def _connected_to(client: FlaskClient) -> Iterator[None]:
    """Plug a connection into HTTPie that ends at a test client."""
    connection = Connection(client)
    members = {"prefix": "http://", "get_adapter": lambda _: connection}
    plugin = type("TestClientPlugin", (TransportPlugin,), members)
    plugin_manager.register(plugin)
    try:
        yield
    finally:
        plugin_manager.unregister(plugin)
