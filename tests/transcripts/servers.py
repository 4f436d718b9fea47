"""Run an application on this computer, on a free port, for as long as a ``with`` block lasts."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
SECONDS = 30


class ServerError(Exception):
    """The application did not start; the message holds what it printed."""


@contextmanager
def running(script: Path) -> Iterator[int]:
    """Run ``python script`` as a reader does, with the debugger and reloader it asks for; yield its port."""
    with tempfile.TemporaryDirectory() as directory:
        port, process = _started(script, Path(directory, "log"))
        try:
            yield port
        finally:
            _end(process)


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """Serve an application from a thread, with the server behind ``flask run``; yield its port."""
    with _listening() as listener:
        port = listener.getsockname()[1]
        server = make_server(HOST, port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno())
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            server.shutdown()
            thread.join(SECONDS)
            server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Say nothing: the transcript shows the call."""


def _listening() -> socket.socket:
    """Listen on a free port of four digits: as many as 5000 has, so that bodies keep their Content-Length."""
    for port in random.sample(range(5001, 10_000), 500):
        listener = socket.socket()
        with suppress(OSError):
            listener.bind((HOST, port))
            listener.listen()
            return listener
        listener.close()
    raise ServerError("no free port between 5001 and 9999")


def _started(script: Path, log: Path) -> tuple[int, subprocess.Popen[bytes]]:
    for _ in range(5):
        with _listening() as listener:
            port = listener.getsockname()[1]
        # Someone may take the port before the script does: then another is tried.
        process = _start(script, port, log)
        if _is_up(process, port, log):
            return port, process
        _end(process)
        if "in use" not in log.read_text():
            break
    raise ServerError(f"python {script} did not start:\n{log.read_text()}")


def _start(script: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    # A session of its own, so that the reloader's child can be ended together with it.
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, script],
            env=os.environ | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _is_up(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        if f"Running on http://{HOST}:{port}" in log.read_text():
            return True
        time.sleep(0.02)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and the children it started, politely first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
