"""The tutorial, done as it is written, in an empty directory, with the real programs and Chromium.

Each step is found in the text itself. Only the two ports are others: those that are free.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, chromium
from tests.tables import lines
from tests.transcripts.check import canonical
from tests.transcripts.grammar import transcripts_in
from tests.transcripts.pages import Block, blocks
from tests.transcripts.servers import HOST

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "first-page.rst"
#: What the prose tells the reader to do or to see, in its order.
STEP = re.compile(
    r"(?P<make>Make an? \w+ directory)|(?:save this there as|place the text of) ``(?P<name>\w+\.\w+)``"
    r"|Open [^`]*``(?P<open>http[^`]+)``|[Pp]ress \*(?P<press>[^*]+)\*|(?P<nothing>Nothing appears)"
    r"|(?:prints|(?<=}``) and) ``(?P<see>[^`]+)``|``(?P<appears>\S+)`` appears"
    r"|(?:logged|is an) ``(?P<logged>[A-Z]+ \S+)``|no ``(?P<unlogged>[A-Z]+)``"
)
BUTTON = """text => [...document.querySelectorAll("button")].find(button => button.textContent === text).click()"""
SECONDS = 10


class Reader:
    """Does what the tutorial says."""

    def __init__(self, home: Path, browser: Chromium, ports: dict[str, str], programs: ExitStack) -> None:
        self.home, self.browser, self.ports, self.programs = home, browser, ports, programs
        self.folder, self.file, self.console = home, home, ""
        self.log = home / "log"
        self.environ = os.environ | {"FLASK_RUN_PORT": ports["5000"], "PYTHONUNBUFFERED": "1"}
        self.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def follow(self, prose: str) -> Iterator[str]:
        """Do the steps of a paragraph; yield each."""
        for step in STEP.finditer(" ".join(prose.split())):
            getattr(self, step.lastgroup or "")(step[step.lastgroup or ""])
            yield step[0]

    def make(self, phrase: str) -> None:
        self.folder = self.home / phrase.replace(" ", "-")
        self.folder.mkdir()

    def name(self, name: str) -> None:
        self.file = next(self.home.rglob(name), self.folder / name)

    def open(self, url: str) -> None:
        self.browser.open(url)

    def press(self, button: str) -> None:
        self.console = ""
        self.browser.run(BUTTON, button)

    def see(self, text: str) -> None:
        wait(lambda: text in self.shown(), text)

    appears = see

    def nothing(self, _: str) -> None:
        assert self.shown() == ""

    def shown(self) -> str:
        return str(self.browser.run("() => document.getElementById('out').textContent"))

    def logged(self, request: str) -> None:
        wait(lambda: f'"{request} ' in self.log.read_text(), request)

    def unlogged(self, method: str) -> None:
        assert f'"{method} ' not in self.log.read_text()

    def block(self, block: Block) -> None:
        """Save a file, run a command, or find the message in the console."""
        source = block.source.strip("\n") + "\n"
        if block.language == "text":
            wait(lambda: source.strip() in self.read_console(), source)
        elif block.language != "console":
            self.save(source)
        elif block.not_run:
            self.start(shlex.split(source.removeprefix("$ ")))
        else:
            for transcript in transcripts_in(source):
                assert canonical(self.http(transcript.command)) == canonical(transcript.response)

    def read_console(self) -> str:
        self.console += "\n".join(self.browser.console())
        return self.console

    def save(self, source: str) -> None:
        """Save a file; where a server runs it, wait until that has restarted."""
        restarts = self.restarts() + self.file.exists()
        self.file.write_text(source)
        wait(lambda: self.restarts() == restarts, "a restart")

    def restarts(self) -> int:
        return self.log.read_text().count("Restarting with") if self.log.exists() else 0

    def start(self, command: list[str]) -> None:
        port = next(port for port in self.ports.values() if port in command or command[0] == "flask")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        self.programs.enter_context(process)
        self.programs.callback(os.killpg, process.pid, signal.SIGKILL)  # the reloader's child, too
        wait(lambda: listens(int(port)), f"{command} on port {port}")

    def http(self, command: str) -> list[str]:
        options = ["--ignore-stdin", "--print=hb", "--pretty=format"]
        done = subprocess.run(
            [*shlex.split(command), *options],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return done.stdout.replace("\r", "").rstrip().split("\n")


def wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def free_port() -> str:
    with socket.create_server((HOST, 0)) as free:
        return str(free.getsockname()[1])


def replay(text: str, home: Path) -> list[str]:
    """Do the tutorial; return its steps."""
    ports = {port: free_port() for port in ("5000", "3000")}
    for written, free in ports.items():
        text = text.replace(written, free)
    steps: list[str] = []
    position = 0
    with chromium(home / "profile") as browser, ExitStack() as programs:
        reader = Reader(home, browser, ports, programs)
        for block in blocks(TUTORIAL, text):
            steps += reader.follow(text[position : block.region.start])
            reader.block(block)
            steps.append(block.language)
            position = block.region.end
        return [*steps, *reader.follow(text[position:])]


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    text = TUTORIAL.read_text()
    steps = "\n".join(replay(text, tmp_path))
    for phrase in ("ress *", "Open ", "prints ``", " appears", "place the text"):
        assert steps.count(phrase) == text.count(phrase), f"what is to be done at {phrase!r}?"


@lines(
    "old, new, message",
    r"""
    Content-Length: 8            Content-Length: 9          Content-Length
    policy: No 'Access-Control-  policy: No 'Access-Point-  never: Access to fetch
    ``["ann"]`` appears          ``["eve"]`` appears        never: \["eve"\]
    """,
)
def test_a_tutorial_that_is_wrong_is_noticed(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=message):
        replay(TUTORIAL.read_text().replace(old, new), tmp_path)
