"""Run an app on this computer, on a free port, as long as a ``with`` block lasts."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread, Timer
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
    """Run ``python script`` as a reader does, with its reloader, for 30 seconds at most; yield its port."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    how: dict[str, Any] = {**streams, "text": True, "env": {**os.environ, "PORT": str(port)}}
    # In a session of its own, so that the reloader's child ends together with it.
    process: Any = subprocess.Popen([sys.executable, script], start_new_session=True, **how)
    end = Timer(SECONDS, os.killpg, [process.pid, signal.SIGKILL])
    end.start()
    try:
        printed = ""
        while "Running on" not in printed:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"python {script} did not start:\n{printed}")
            printed += line
        yield port
    finally:
        end.cancel()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
