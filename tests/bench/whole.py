"""``python -m tests.bench.whole``, where gunicorn is: say how many requests a second gunicorn answers on this machine.

One worker; a client of its own process keeps it busy over a few connections. Unlike the other figures this one has
everything in it: the server, the network of the machine, and what the client needs of the processor.
"""

import json
import random
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from tests.bench.processes import command
from tests.servers.start import HOST, Server, running

CONNECTIONS = 8
WHO = {"bare": "bare Flask", "by hand": "by hand", "extended": "Flask-Cors here", "foreign": "Flask-Cors 6.0.5"}
_REQUEST = b"GET /api/thing HTTP/1.1\r\nHost: api.example\r\nOrigin: https://app.example\r\n\r\n"
_END = b"thing"  # of every answer


class Client:
    """Connections to a server that ask again as soon as they are answered."""

    def __init__(self, port: int) -> None:
        self._sockets = [socket.create_connection((HOST, port), timeout=10) for _ in range(CONNECTIONS)]

    def rate(self, seconds: float) -> float:
        """Return the requests answered in a second."""
        start, answered = time.monotonic(), 0
        for connection in self._sockets:
            connection.sendall(_REQUEST)
        while time.monotonic() < start + seconds:
            for connection in self._sockets:
                _read(connection)
                connection.sendall(_REQUEST)
            answered += CONNECTIONS
        elapsed = time.monotonic() - start
        for connection in self._sockets:
            _read(connection)
        return answered / elapsed

    def close(self) -> None:
        """Close the connections."""
        for connection in self._sockets:
            connection.close()


def _read(connection: socket.socket) -> None:
    answer = b""
    while not answer.endswith(_END):
        answer += (received := connection.recv(65536))
        if not received or not answer.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(answer)


@contextmanager
def serving(who: str) -> Iterator[Client]:
    """Serve for as long as a ``with`` block lasts."""
    options = ("--bind=ADDRESS", "--no-control-socket", "--worker-class=gthread", "--threads=1", "--keep-alive=60")
    program = command("gunicorn", *options, "tests.bench.served:application", foreign=who == "foreign")
    environment = {"BENCH_WHO": who}
    with running(Server(who, tuple(program), "gunicorn"), environment) as port, closing(Client(port)) as client:
        yield client


def rates(rounds: int, seconds: float) -> dict[str, float]:
    """Ask everybody in each round, in another order; return the medians over the rounds."""
    found: dict[str, list[float]] = {who: [] for who in WHO}
    with ExitStack() as stack:
        clients = {who: stack.enter_context(serving(who)) for who in found}
        for _ in range(rounds + 1):
            for who in random.sample(list(clients), len(clients)):
                found[who].append(clients[who].rate(seconds))
    return {f"Requests per second, {WHO[who]}": statistics.median(some[1:]) for who, some in found.items()}


if __name__ == "__main__":
    print(json.dumps(rates(rounds=50, seconds=0.2)))
