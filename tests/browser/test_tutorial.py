"""The tutorial, done as it is written, from an empty folder, in real terminals and Chromium.

Each step is found in the text itself. Three things differ: the two ports are free ones, the repository is made of this
checkout, and pip takes the versions with which the transcripts were made.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Chromium, chromium
from tests.tables import lines
from tests.transcripts.check import canonical
from tests.transcripts.grammar import transcripts_in
from tests.transcripts.pages import Block, blocks
from tests.transcripts.servers import HOST

#: Python's own module gives the shell a terminal of its own. A job in the background would ignore Ctrl-C.
_SHELL = [sys.executable, "-c", "import pty, signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "]
_SHELL[-1] += "pty.spawn(['bash', '--norc', '--noprofile', '--noediting'])"
_PROMPT = re.compile(r"(?:\(\S+\) )?\[status (\d+)\] \Z")
_SERVES = re.compile(r"Running on http|Serving HTTP on")
SECONDS = 120  # that a command may take: pip installs a dozen packages
ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial"
FIRST_PAGE = TUTORIAL / "first-page.rst"
#: What the prose tells the reader to do or to see, in its order.
STEP = re.compile(
    r"(?P<window>Open a(?: \w+)? terminal|[Ii]n the \w+ terminal)|(?P<key>:kbd:`Ctrl-C`)"
    r"|(?:[Ss]ave this as|[Rr]eplace the text of|In) ``(?P<name>[\w/]+\.\w+)``"
    r"|Open [^`]*``(?P<open>http:[^`]+)``|(?P<reload>Reload the page)"
    r"|[Pp]ress \*(?P<press>[^*]+)\*|(?P<nothing>Nothing appears)"
    r"|(?:prints|(?<=}``) and) ``(?P<see>[^`]+)``|``(?P<appears>\S+)`` appears"
    r"|(?:logged|is an) ``(?P<logged>[A-Z]+ \S+)``|no ``(?P<unlogged>[A-Z]+)``"
)
BUTTON = """text => [...document.querySelectorAll("button")].find(button => button.textContent === text).click()"""


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


class Reader:
    """Does what the tutorial says."""

    def __init__(self, home: Path, browser: Chromium, environ: dict[str, str], opened: ExitStack) -> None:
        self.home, self.browser, self.environ, self.opened = home, browser, environ, opened
        self.terminals: dict[str, Terminal] = {}
        self.files: dict[str, Path] = {}
        self.file, self.line, self.console, self.url = home, "", "", ""

    def follow(self, prose: str) -> Iterator[str]:
        """Do the steps of a paragraph; yield each."""
        for step in STEP.finditer(" ".join(prose.split())):
            self.do(str(step.lastgroup), step[step.lastgroup or 0])
            yield step[0]

    def do(self, kind: str, text: str) -> None:
        match kind:
            case "window":
                self.current = self.window(text)
            case "key":
                self.current.interrupt()
            case "name":
                self.file = self.files.setdefault(Path(text).name, self.home / text)
            case "open" | "reload":
                self.url = text if kind == "open" else self.url
                self.browser.open(self.url)
            case "press":
                self.console = ""
                self.browser.run(BUTTON, text)
            case "see" | "appears":
                wait(lambda: text in self.shown(), text)
            case "nothing":
                assert self.shown() == ""
            case "logged":
                wait(lambda: f'"{text} ' in self.terminals["first"].text, text)
            case "unlogged":
                assert f'"{text} ' not in self.terminals["first"].text

    def window(self, phrase: str) -> Terminal:
        """Take a terminal; open it if it is new."""
        number = re.sub(r".*?(second|third|first)? terminal", r"\1", phrase) or "first"
        if phrase.startswith("Open"):
            opening = terminal(self.home, self.environ, self.home / f"{number} terminal")
            self.terminals[number] = self.opened.enter_context(opening)
        return self.terminals[number]

    def shown(self) -> str:
        return str(self.browser.run("() => document.getElementById('out').textContent"))

    def block(self, block: Block) -> None:
        """Save a file, type commands, or find the message in the console."""
        source = block.source.strip("\n") + "\n"
        if block.language == "text":
            wait(lambda: source.strip() in self.read_console(), source)
        elif block.language == "javascript":
            self.replace(source.strip())
        elif block.language != "console":
            self.save(source)
        elif block.not_run:
            for command in source.splitlines():
                self.current.type(command.removeprefix("$ "))
        else:
            for transcript in transcripts_in(source):
                assert canonical(self.current.type(transcript.command)) == canonical(transcript.response)

    def read_console(self) -> str:
        self.console += "\n".join(self.browser.console())
        return self.console

    def replace(self, line: str) -> None:
        """Replace the line that was shown before by this one."""
        if self.line:
            text = self.file.read_text()
            assert text.count(self.line) == 1
            self.write(text.replace(self.line, line))
        self.line = "" if self.line else line

    def save(self, source: str) -> None:
        """Save a file; where a server watches it, wait until that has restarted."""
        restarts = self.restarts() + (self.file.suffix == ".py" and self.restarts() > 0)
        self.write(source)
        wait(lambda: self.restarts() == restarts, "a restart")

    def write(self, text: str) -> None:
        """Write the file, no sooner than a second after the last time: the page's server compares whole seconds."""
        written = self.file.stat().st_mtime if self.file.exists() else 0
        wait(lambda: int(time.time()) > int(written), "the next second")
        self.file.write_text(text)

    def restarts(self) -> int:
        return self.terminals["first"].text.count("Restarting with")


def free_port() -> str:
    with socket.create_server((HOST, 0)) as free:
        return str(free.getsockname()[1])


def publish(address: Path) -> None:
    """Make a repository of the package as it is in this checkout."""
    git = ["git", f"--git-dir={address}", f"--work-tree={ROOT}", "-c", "user.name=a", "-c", "user.email=a@a.example"]
    package = ["pyproject.toml", "setup.py", "README.rst", "LICENSE", "flask_cors"]
    for command in (["init"], ["add", *package], ["-c", "commit.gpgsign=false", "commit", "--message=Publish"]):
        subprocess.run([*git, *command], cwd=ROOT, capture_output=True, check=True)


def environment(home: Path, flask_port: str) -> dict[str, str]:
    """Return the environment of a reader, who has this Python and nothing else of the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    (home / "config.json").write_text('{"disable_update_warnings": true}')
    return kept | {
        "PATH": f"{Path(sys.base_prefix, 'bin')}:{os.defpath}",
        "PIP_CONSTRAINT": f"{ROOT}/.ci/constraints.txt {ROOT}/.ci/flask.txt",
        "FLASK_RUN_PORT": flask_port,
        "HTTPIE_CONFIG_DIR": str(home),
        "NO_PROXY": HOST,
    }


def replay(text: str, home: Path, profile: Path) -> list[str]:
    """Do the tutorial; return its steps."""
    ports = {port: free_port() for port in ("5000", "3000")}
    for written, there in {**ports, "clone URL ": f"clone {home.parent}/published "}.items():
        text = text.replace(written, there)
    steps: list[str] = []
    position = 0
    with chromium(profile) as browser, ExitStack() as opened:
        reader = Reader(home, browser, environment(home, ports["5000"]), opened)
        for block in blocks(Path("page.rst"), text):
            steps += reader.follow(text[position : block.region.start])
            reader.block(block)
            position = block.region.end
        return [*steps, *reader.follow(text[position:])]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the folders where readers open their terminals."""
    homes = tmp_path_factory.mktemp("homes")
    publish(homes / "published")
    return homes


@pytest.mark.parametrize("page", [TUTORIAL / "installation.rst", FIRST_PAGE], ids=lambda page: page.stem)
def test_the_tutorial_does_what_it_says(page: Path, homes: Path, tmp_path: Path) -> None:
    text, home = page.read_text(), homes / page.stem
    home.mkdir()
    steps = "\n".join(replay(text, home, tmp_path))
    for phrase in ("ress *", "Open ", "prints ``", " appears", "place the text", "Ctrl-C", "Reload"):
        assert steps.count(phrase) == text.count(phrase), f"what is to be done at {phrase!r}?"


INSTALLED = """Open a terminal.

.. not-run: it is done

.. code-block:: console

   $ cd guestbook
   $ . .venv/bin/activate

The server
-"""


@lines(
    "old, new, message",
    r"""
    Content-Length: 8            Content-Length: 9          Content-Length
    policy: No 'Access-Control-  policy: No 'Access-Point-  never: Access to fetch
    ``["ann"]`` appears          ``["eve"]`` appears        never: \["eve"\]
    flask --app guests run       flask --app guest run      Could not import 'guest'
    """,
)
def test_a_tutorial_that_is_wrong_is_noticed(old: str, new: str, message: str, homes: Path, tmp_path: Path) -> None:
    """It goes on after the installation of the right tutorial."""
    home = homes / FIRST_PAGE.stem
    shutil.rmtree(home / "guestbook" / "page")
    text = INSTALLED + FIRST_PAGE.read_text().partition("The server\n-")[2]
    with pytest.raises(AssertionError, match=message):
        replay(text.replace(old, new), home, tmp_path)
