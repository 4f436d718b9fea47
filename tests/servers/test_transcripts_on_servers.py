"""The examples' transcripts, from every server, at every place: the answers are the documented ones."""

import dataclasses
from functools import partial
from pathlib import Path

import pytest

from tests.servers.rule import without_the_servers_own
from tests.servers.settings import SETTINGS, Setting
from tests.servers.start import ROOT
from tests.transcripts.calls import PORT, http
from tests.transcripts.check import Call, problem
from tests.transcripts.grammar import Transcript
from tests.transcripts.pages import transcripts

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_an_example_is_answered_as_documented(setting: Setting, path: Path) -> None:
    found = transcripts(path)
    with setting.serves(path) as port:
        call = _below(setting.prefix, partial(http, port=port))
        reports = [f"{one.place}: {report}" for one in found if (report := problem(_comparable(one), call))]
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)
    assert len(found) == path.read_text().count("$ http ") > 0


def test_there_are_four_servers_at_three_places_and_three_examples() -> None:
    assert (len(SETTINGS), len(EXAMPLES)) == (4 * 3, 3)


def _comparable(transcript: Transcript) -> Transcript:
    return dataclasses.replace(transcript, response=tuple(without_the_servers_own(transcript.response)))


def _below(prefix: str, call: Call) -> Call:
    """Make a documented call below *prefix*, and show it as if it were not."""
    root = f":{PORT}"

    def below(command: str) -> list[str]:
        lines = call(command.replace(f"{root}/", f"{root}{prefix}/"))
        return without_the_servers_own([_request_line(line, prefix) for line in lines])

    return below


def _request_line(line: str, prefix: str) -> str:
    """Take *prefix* out of the first line of a request, which ``http --verbose`` shows."""
    return line.replace(f" {prefix}/", " /") if line.endswith(" HTTP/1.1") else line


@pytest.mark.parametrize(
    ("line", "left"),
    [
        pytest.param("Server: gunicorn", [], id="a server"),
        pytest.param("Server: Apache", ["Server: Apache"], id="a server that was not started"),
        pytest.param("Date: Sun, 22 Nov 2026 18:38:33 GMT", [], id="a date"),
        pytest.param("Date: Mon, 22 Nov 2026 18:38:33 GMT", ["Date: Mon, 22 Nov 2026 18:38:33 GMT"], id="no date"),
        pytest.param("Vary: Origin", ["Vary: Origin"], id="a header of the app"),
    ],
)
def test_only_the_servers_own_headers_are_left_out(line: str, left: list[str]) -> None:
    status = "HTTP/1.1 200 OK"
    assert without_the_servers_own([status, line, "", line]) == [status, *left, "", line]


def test_a_wrong_letter_in_an_answer_is_noticed() -> None:
    [transcript, *_] = transcripts(EXAMPLES[0])
    documented = list(transcript.response)
    assert problem(_comparable(transcript), _below("", lambda _: documented)) is None
    wrong = [line.replace("Content-Type: text/html", "Content-Type: text/plain") for line in documented]
    assert problem(_comparable(transcript), _below("", lambda _: wrong)) is not None
