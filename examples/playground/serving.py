"""Sockets on this computer alone, and the servers behind them.

A browser resolves ``localhost`` to both loopback addresses. Where a program of another user listens at one of them, it
would get requests of the page; so each server listens at both, or takes another port.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .runs import RAW_HEADERS

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

SECONDS = 10
_TRIES = 20
_LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


class Handler(WSGIRequestHandler):
    """Hands on header names as they were sent, and does not wait for a client for ever."""

    timeout = SECONDS

    def make_environ(self) -> WSGIEnvironment:
        """Add the headers as they were sent."""
        return {**super().make_environ(), RAW_HEADERS: self.headers.items()}

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the page shows all requests."""


def open_sockets(port: int) -> list[socket.socket]:
    """Listen at both loopback addresses, at *port* if that is free at both, else at another.

    :raises OSError: if no port is free at both.
    """
    for wanted in (port, *[0] * _TRIES):
        with ExitStack() as opened:
            try:
                found = [opened.enter_context(one) for one in _listen_at_all(wanted)]
            except OSError:
                continue
            opened.pop_all()
            return found
    raise OSError("No port is free at both loopback addresses, 127.0.0.1 and ::1.")


def _listen_at_all(port: int) -> Iterator[socket.socket]:
    for host in hosts():
        yield (opened := _listen(host, port))
        port = opened.getsockname()[1]


def hosts() -> list[str]:
    """Return the loopback addresses that this computer has."""
    return [host for host in _LOOPBACK if _has(host)]


def _has(host: str) -> bool:
    try:
        _listen(host, 0).close()
    except OSError:
        return False
    return True


def _listen(host: str, port: int) -> socket.socket:
    opened = socket.socket(_LOOPBACK[host])
    try:
        if os.name != "nt":  # there, it would share the port with another program
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(64)
    except OSError:
        opened.close()
        raise
    return opened


@contextmanager
def serving(app: WSGIApplication, sockets: list[socket.socket]) -> Iterator[None]:
    """Serve an app at sockets, and close them at the end."""
    servers = [_server(app, one) for one in sockets]
    threads = [Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _server(app: WSGIApplication, listening: socket.socket) -> BaseWSGIServer:
    host, port = listening.getsockname()[:2]
    with listening:  # the server has a copy
        return make_server(host, port, app, threaded=True, request_handler=Handler, fd=listening.fileno())
