"""A terminal, as a reader has it: an interactive shell, where commands are typed and keys are pressed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Python's own module gives the shell a terminal of its own.
_SHELL = [sys.executable, "-c", "import pty; pty.spawn(['bash', '--norc', '--noprofile', '--noediting'])"]
_PROMPT = re.compile(r"(?:\(\S+\) )?\[status (\d+)\] \Z")
_SERVES = re.compile(r"Running on http|Serving HTTP on")
SECONDS = 120  # that a command may take: pip installs a dozen packages


class Terminal:
    """A terminal; ``text`` is all that it shows."""

    def __init__(self, shell: subprocess.Popen[bytes], screen: Path) -> None:
        self._shell, self._screen, self._seen = shell, screen, 0
        wait(lambda: _PROMPT.search(self._new()), "a prompt")
        self.type("stty -echo")

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[\d;]*m|\r", "", self._screen.read_bytes().decode())  # without colours

    def type(self, command: str) -> list[str]:
        """Type a command; return what it prints, once it has ended or is a server that listens."""
        self._send(f"{command}\n")
        wait(lambda: _PROMPT.search(self._new()) or _SERVES.search(self._new()), f"the end of {command}", SECONDS)
        printed, status, _ = (*_PROMPT.split(self._new()), "0", "")[:3]
        assert status == "0", f"{command}: {printed}"
        return printed.rstrip().split("\n")

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait until what runs has ended."""
        self._send("\x03")
        wait(lambda: _PROMPT.search(self._new()), "the end after Ctrl-C")

    def _send(self, keys: str) -> None:
        self._seen = len(self.text)
        assert self._shell.stdin
        self._shell.stdin.write(keys.encode())
        self._shell.stdin.flush()

    def _new(self) -> str:
        return self.text[self._seen :]


@contextmanager
def terminal(folder: Path, environ: dict[str, str], screen: Path) -> Iterator[Terminal]:
    """Open a terminal in a folder, with an environment; it is closed with all that runs in it."""
    options: Any = {"cwd": folder, "env": {**environ, "PS1": "[status $?] ", "PS2": ""}, "start_new_session": True}
    with (
        screen.open("wb") as out,
        subprocess.Popen(_SHELL, stdin=subprocess.PIPE, stdout=out, stderr=out, **options) as shell,
    ):
        try:
            yield Terminal(shell, screen)
        finally:
            os.kill(shell.pid, signal.SIGKILL)  # the system hangs up on the others


def wait(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)
