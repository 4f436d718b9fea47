"""Real WSGI servers on this computer: each listens on a free port as long as a ``with`` block lasts."""

import os
import random
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.servers.loaded import PLACE, PLACES, PREFIX, SERVES, TARGET

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
SECONDS = 30  # that a server may take to listen

LOADED = "tests.servers.loaded:application"


@dataclass(frozen=True)
class Server:
    """A WSGI server: the command that runs it, and its ``Server`` header, if it sends one."""

    name: str
    command: tuple[str, ...]
    signature: str | None

    def arguments(self, port: int) -> list[str]:
        return [part.replace("ADDRESS", f"{HOST}:{port}") for part in self.command]


def gunicorn(*options: str) -> tuple[str, ...]:
    # Its control socket would be in the user's home directory.
    return (sys.executable, "-m", "gunicorn", *options, "--bind=ADDRESS", "--no-control-socket", LOADED)


# Unless told otherwise, uWSGI drops the connection while a long body is being sent that the view does not read,
# and takes SIGTERM for an order to start again.
_UWSGI: tuple[str, ...] = (f"{sysconfig.get_path('scripts')}/uwsgi", "--http-socket=ADDRESS", f"--module={LOADED}")
_UWSGI += (f"--pythonpath={ROOT}", "--master", "--processes=2", "--need-app", "--die-on-term", "--post-buffering=65536")

WAITRESS = Server("waitress", (sys.executable, "-m", "waitress", "--listen=ADDRESS", LOADED), "waitress")
SERVERS = (
    Server("gunicorn sync", gunicorn("--worker-class=sync", "--workers=2"), "gunicorn"),
    Server("gunicorn gthread", gunicorn("--worker-class=gthread", "--threads=4"), "gunicorn"),
    WAITRESS,
    Server("uWSGI", _UWSGI, None),
)


@dataclass(frozen=True)
class Setting:
    """A server, and the place at which it serves an app."""

    server: Server
    place: str

    def __str__(self) -> str:
        return f"{self.server.name} {self.place}"

    @property
    def prefix(self) -> str:
        return "" if self.place == "at the root" else PREFIX

    @contextmanager
    def serves(self, name: str) -> Iterator[int]:
        """Serve an app; yield the port that a browser would call."""
        with running(self.server, {SERVES: name, PLACE: self.place}) as port:
            if self.place != "behind a proxy":
                yield port
                return
            with running(WAITRESS, {SERVES: "proxy", TARGET: f"http://{HOST}:{port}"}) as front:
                yield front


SETTINGS = [Setting(server, place) for server in SERVERS for place in PLACES]


@contextmanager
def running(server: Server, environment: Mapping[str, str]) -> Iterator[int]:
    """Run *server* with *environment* added to this process's; yield its port. It is ended in any case."""
    port, environment = free_port(), {**os.environ, **environment}
    how: Any = {"cwd": ROOT, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(server.arguments(port), stdout=log, env=environment, **how)
        try:
            if not _is_up(process, port):
                log.seek(0)
                raise RuntimeError(f"{server.name} did not start:\n{log.read()}")
            yield port
        finally:
            _end(process)


def free_port() -> int:
    """Return a free port of four digits: as many as 5000 has, so that bodies keep their Content-Length."""
    for port in random.sample(range(5001, 10_000), 500):
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind((HOST, port))
            return port
    raise RuntimeError("no free port between 5001 and 9999")


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    # That it listens is not enough: uWSGI does so long before it has loaded the app.
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, HTTPException), closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        time.sleep(0.02)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end its workers and itself, and end by force what is left of them."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(2)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
