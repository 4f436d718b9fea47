"""Firefox, over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it speaks without a driver.

Commands and their results are JSON in messages of a WebSocket, and belong together by number. A message without a
number is an event: here, a line of the console.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from tests.browser.chromium import BAD_PORTS, SECONDS

# The first keeps Firefox from calling anyone but the servers of the tests: every name leads to this computer.
_PREFERENCES = f"""
user_pref("network.dns.forceResolve", "127.0.0.1");
user_pref("network.security.ports.banned.override", "{BAD_PORTS}");
"""


class Firefox:
    """A running Firefox with one tab; its methods are those of ``Chromium``."""

    name = "Firefox"

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._numbers = count(1)
        self._said: list[str] = []
        self._tell("session.new", capabilities={})
        self._tell("session.subscribe", events=["log.entryAdded"])
        [tab] = self._tell("browsingContext.getTree")["contexts"]
        self._tab = {"context": tab["context"]}

    def open(self, url: str) -> None:
        self._tell("browsingContext.navigate", **self._tab, url=url, wait="complete")

    def run(self, function: str, *args: Any) -> Any:
        # Values travel as JSON in a string: BiDi spells out the type of each part of them.
        declaration = f"async args => JSON.stringify(await ({function})(...JSON.parse(args)) ?? null)"
        arguments = [{"type": "string", "value": json.dumps(args)}]
        call = {"functionDeclaration": declaration, "arguments": arguments, "awaitPromise": True, "target": self._tab}
        done = self._tell("script.callFunction", **call)
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return json.loads(done["result"]["value"])

    def console(self) -> list[str]:
        self._tell("session.status")  # what the console printed before arrives before the result
        said, self._said = self._said, []
        return said

    def forget_cookies(self) -> None:
        self._tell("storage.deleteCookies", partition={"type": "context", **self._tab})

    def press(self, *keys: str) -> None:
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._tell("input.performActions", **self._tab, actions=[{"type": "key", "id": "keys", "actions": down + up}])

    def resize(self, width: int) -> None:
        self._tell("browsingContext.setViewport", **self._tab, viewport={"width": width, "height": 900})

    def _tell(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != number:
            self._said.append(message["params"]["text"])
        assert message["type"] == "success", f"{method}: {message['message']}"
        return message["result"]


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Run the Firefox that is installed, with a new profile."""
    (profile / "user.js").write_text(_PREFERENCES)
    command = ["firefox-esr", "--headless", "--remote-debugging-port=0", "--profile", str(profile)]
    with (profile / "log").open("w+") as log:
        # A session of its own, so that all its processes can be ended together.
        process = subprocess.Popen(
            command, env=os.environ | {"HOME": str(profile)}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            with closing(create_connection(_address(profile / "log"), SECONDS, suppress_origin=True)) as socket:
                yield Firefox(socket)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(log: Path) -> str:
    """Wait for Firefox to print where it listens."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := re.search(r"listening on (ws://\S+)\n", log.read_text()):
            return f"{found[1]}/session"
        time.sleep(0.02)
    raise TimeoutError(f"Firefox did not start:\n{log.read_text()}")
