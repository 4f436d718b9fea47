"""Every server at every place: where the calls of these tests go."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.loaded import APP, PLACE, PLACES, PREFIX
from tests.servers.proxy import TARGET
from tests.servers.start import HOST, PROXY, SERVERS, Server, running


@dataclass(frozen=True)
class Setting:
    """A server, and the place at which it serves an app."""

    server: Server
    place: str

    def __str__(self) -> str:
        return f"{self.server.name} {self.place}"

    @property
    def prefix(self) -> str:
        """What stands before the app's own paths in the browser's address bar."""
        return "" if self.place == "at the root" else PREFIX

    @contextmanager
    def serves(self, example: Path | None = None) -> Iterator[int]:
        """Serve an *example*, or else the app of ``trouble``; yield the port that a browser would call."""
        environment = {APP: "" if example is None else str(example), PLACE: self.place}
        with running(self.server, environment) as port:
            if self.place != "behind a proxy":
                yield port
                return
            with running(PROXY, {TARGET: f"http://{HOST}:{port}"}) as front:
                yield front


SETTINGS = [Setting(server, place) for server in SERVERS for place in PLACES]
