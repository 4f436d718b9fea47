"""The examples' transcripts, from every server, at every place: the responses are the documented ones."""

import dataclasses
import re
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest

from tests.servers.rule import without_server_headers
from tests.servers.start import ROOT, SETTINGS, Setting
from tests.transcripts.calls import PORT, http
from tests.transcripts.check import Call, problem
from tests.transcripts.grammar import Transcript
from tests.transcripts.pages import transcripts

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_responses_of_an_example_are_the_documented_ones(setting: Setting, path: Path) -> None:
    found = transcripts(path)
    with setting.serves(str(path)) as port:
        call = partial(http, port=port)
        reports = [f"{one.place}: {report}" for one in found if (report := compare(one, call, setting.prefix))]
    assert reports == []
    assert len(found) == path.read_text().count("$ http ") > 0


def test_the_servers_are_installed_and_named_in_the_manual_in_the_pinned_versions() -> None:
    assert (len(SETTINGS), len(EXAMPLES)) == (4 * 3, 3)
    pins = dict(re.findall(r"^(\w+)==(\S+)", Path(__file__).with_name("requirements.txt").read_text(), re.MULTILINE))
    assert {package: metadata.version(package) for package in pins} == pins
    page = (ROOT / "docs" / "how-to" / "behind-a-server.rst").read_text()
    listed = {name.lower(): version for name, version in re.findall(r"^   \* - (\w+).*\n     - ([\d.]+)$", page, re.M)}
    versions = {package.removeprefix("py"): version.partition(".post")[0] for package, version in pins.items()}
    assert listed | {"redis": pins["redis"]} == versions


def compare(transcript: Transcript, call: Call, prefix: str = "") -> str | None:
    """Make a documented call below *prefix*, and compare the response as if it were not there."""

    def below(command: str) -> list[str]:
        lines = call(command.replace(f":{PORT}/", f":{PORT}{prefix}/"))
        # The first line of the request, which ``http --verbose`` shows.
        shown = [line.replace(f" {prefix}/", " /") if line.endswith(" HTTP/1.1") else line for line in lines]
        return without_server_headers(shown)

    documented = dataclasses.replace(transcript, response=tuple(without_server_headers(transcript.response)))
    return problem(documented, below)


def test_only_the_headers_of_the_server_are_left_out_and_a_wrong_letter_is_noticed() -> None:
    status, server = "HTTP/1.1 200 OK", ["Server: gunicorn", "Date: Sun, 22 Nov 2026 18:38:33 GMT"]
    others = ["Server: Apache", "Date: Mon, 22 Nov 2026 18:38:33 GMT", "Vary: Origin"]
    assert without_server_headers([status, *server, *others, "", *server]) == [status, *others, "", *server]
    [transcript, *_] = transcripts(EXAMPLES[0])
    documented = list(transcript.response)
    assert compare(transcript, lambda _: documented) is None
    wrong = [line.replace("Content-Type: text/html", "Content-Type: text/plain") for line in documented]
    assert compare(transcript, lambda _: wrong) is not None
