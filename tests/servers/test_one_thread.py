"""Servers with one thread: of a preflight that fails, for whatever reason, nothing is left for the next visitor."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from itertools import product
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.servers.failing import REDIS
from tests.servers.loaded import SERVES
from tests.servers.start import HOST, LOADED, SECONDS, Server, free_port, gunicorn, running

PYTHON = (sys.executable, "-m")
ONE_THREAD = {
    "waitress": Server("waitress", (*PYTHON, "waitress", "--threads=1", "--listen=ADDRESS", LOADED), None),
    "gunicorn sync": Server("gunicorn", gunicorn("--worker-class=sync", "--limit-request-line=0"), None),
    "Werkzeug": Server("Werkzeug", (*PYTHON, "tests.servers.failing", "ADDRESS"), None),
}
PATHS = ["converter/x", f"number/{'1' * 4301}", "redirect", "none", "visit?origins", "visit?values"]
PATHS += ["visit?before", "visit?after", "visit?teardown", "visit?teardown-appcontext"]


class Store:
    """A Redis of its own, which keeps its data while it is stopped."""

    def __init__(self, directory: Path) -> None:
        self.port, self.directory = free_port(), str(directory)
        self.start()

    def start(self) -> None:
        files = ("--dir", self.directory, "--save", "60", "1", "--logfile", "log")
        self.process = subprocess.Popen(["redis-server", "--bind", HOST, "--port", str(self.port), *files])
        with Redis(port=self.port, retry=Retry(ConstantBackoff(0.05), SECONDS * 20)) as client:
            client.ping()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("redis"))
    yield store
    store.stop()


@pytest.fixture(scope="module", params=ONE_THREAD)
def port(request: pytest.FixtureRequest, store: Store) -> Iterator[int]:
    with running(ONE_THREAD[request.param], {SERVES: "failing", REDIS: str(store.port)}) as port:
        yield port


def ask(port: int, method: str, path: str, **headers: str) -> tuple[int, str]:
    """Return the status and the body; 0 where the server ends the connection."""
    sent = {"Origin": "https://a.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection, suppress(HTTPException):
        connection.request(method, path, headers=sent)
        response = connection.getresponse()
        return response.status, response.read().decode()
    return 0, ""


def fail(port: int, path: str) -> tuple[int, int]:
    preflight, _ = ask(port, "OPTIONS", path, Access_Control_Request_Method="PUT")
    actual, _ = ask(port, "PUT", path)
    return preflight, actual


def check_next_visitors(port: int) -> None:
    """Check that Ann finds herself alone, and others nothing; the one open context is that of the request."""
    assert ask(port, "POST", "/login") == (200, "True")
    for cookie, user in [("", None), ("session=ann", "ann"), ("", None)]:
        status, body = ask(port, "GET", "/visit", Cookie=cookie)
        assert (status, json.loads(body)) == (200, {"g": [], "user": user, "open": 1})


@pytest.mark.parametrize(("root", "path"), [*product(["/", "/app/"], PATHS)])
def test_nothing_is_left_of_a_preflight_that_fails(port: int, root: str, path: str) -> None:
    check_next_visitors(port)
    fail(port, root + path)
    check_next_visitors(port)


def test_what_fails_is_what_was_planned(port: int) -> None:
    found = {path: fail(port, f"/app/{path}") for path in ("redirect", "converter/x", *PATHS[4:])}
    handled = {"visit?origins": (200, 200), "visit?values": (200, 500), "visit?before": (200, 500)}
    assert found == dict.fromkeys(found, (500, 500)) | handled


@pytest.mark.parametrize("path", ["/visit", "/app/visit", "/converter/x"])
def test_nothing_is_left_when_the_session_store_was_down(port: int, store: Store, path: str) -> None:
    check_next_visitors(port)
    store.stop()
    preflight, actual = fail(port, path)
    store.start()
    assert (preflight, actual) == (200 if path == "/visit" else 500, 500)
    check_next_visitors(port)
