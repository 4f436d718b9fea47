"""Run an app on this computer, on a free port, as long as a ``with`` block lasts."""

import os
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
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
SECONDS = 30  # that a server may take to start, to respond or to end


class _Silent(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def serving(app: WSGIApplication) -> Iterator[int]:
    """Serve an app from a thread, with the server behind ``flask run``; yield its port."""
    server = make_server(HOST, 0, app, threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join(SECONDS)
        server.server_close()


@contextmanager
def running(script: Path) -> Iterator[int]:
    """Run ``python script`` as a reader does, with its debugger and reloader; yield its port."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, script],
            env=os.environ | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that the reloader's child ends together with it
        )
        try:
            _wait_until_it_listens(process, port, Path(log.name))
            yield port
        finally:
            _end(process)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while f"Running on http://{HOST}:{port}" not in log.read_text():
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError(f"python {process.args!r} did not start:\n{log.read_text()}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, by force after five seconds."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
