"""The tutorial, done as it is written, from an empty folder, in real terminals and Chromium.

Each step is found in the text itself. Three things differ: the two ports are free ones, the repository is made of this
checkout, and pip takes the versions with which the transcripts were made.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, chromium
from tests.browser.terminal import Terminal, terminal, wait
from tests.tables import lines
from tests.transcripts.check import canonical
from tests.transcripts.grammar import transcripts_in
from tests.transcripts.pages import Block, blocks
from tests.transcripts.servers import HOST

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
            getattr(self, step.lastgroup or "")(step[step.lastgroup or ""])
            yield step[0]

    def window(self, phrase: str) -> None:
        """Take a terminal; open it if it is new."""
        number = re.sub(r".*?(second|third|first)? terminal", r"\1", phrase) or "first"
        if phrase.startswith("Open"):
            opening = terminal(self.home, self.environ, self.home / f"{number} terminal")
            self.terminals[number] = self.opened.enter_context(opening)
        self.current = self.terminals[number]

    def key(self, _: str) -> None:
        self.current.interrupt()

    def name(self, path: str) -> None:
        self.file = self.files.setdefault(Path(path).name, self.home / path)

    def open(self, url: str) -> None:
        self.url = url
        self.browser.open(url)

    def reload(self, _: str) -> None:
        self.browser.open(self.url)

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
        wait(lambda: f'"{request} ' in self.terminals["first"].text, request)

    def unlogged(self, method: str) -> None:
        assert f'"{method} ' not in self.terminals["first"].text

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


INSTALLED = """
Open a terminal.

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
