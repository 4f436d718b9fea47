"""The checker of transcripts: what it reads, calls, compares, refuses and rewrites."""

import re
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from tests.tables import table
from tests.transcripts.__main__ import main
from tests.transcripts.calls import over_http
from tests.transcripts.check import canonical, problem
from tests.transcripts.grammar import GrammarError, transcripts_in
from tests.transcripts.pages import transcripts
from tests.transcripts.servers import running

SIMPLE = Path(__file__).parents[1] / "examples" / "simple_example.py"
HERE = "http://127.0.0.1:5000"
STATUS = "HTTP/1.1 200 OK"
DATE, LATER = "Date: Sat, 09 Aug 2014 00:26:41 GMT", "Date: Sun, 10 Aug 2014 10:26:41 GMT"

# What a transcript is -------------------------------------------------------------------------------------------------

TEXT = """\
Prose.

    $ http :5000/ \\
        Origin:https://app.example \\
        X-Y:z
    HTTP/1.1 200 OK
    A: 1

    a body
      of lines

    $ http :5000/two
    HTTP/1.1 404 NOT FOUND

Prose after a text that is indented less.
"""


def test_a_transcript_is_a_command_and_all_that_follows_up_to_the_next_prompt_or_a_smaller_indentation() -> None:
    [one, two] = transcripts_in(TEXT)
    assert (one.place, one.command.split()) == ("text:3", ["http", ":5000/", "Origin:https://app.example", "X-Y:z"])
    assert one.response == (STATUS, "A: 1", "", "a body", "  of lines")
    assert (two.place, two.command, two.response) == ("text:12", "http :5000/two", ("HTTP/1.1 404 NOT FOUND",))


@pytest.mark.parametrize("line", ["$ https :5000/", "$ httpie", "http :5000/", "> http :5000/"])
def test_another_program_or_prompt_makes_no_transcript(line: str) -> None:
    assert transcripts_in(f"{line}\n{STATUS}\n") == []


def test_a_transcript_in_a_docstring_has_the_line_of_its_file_and_a_backslash_in_it_is_refused() -> None:
    text = 'class View:\n    async def get(self):\n        """So::\n\n            $ http :5000/ END\n        """\n'
    [one] = transcripts(Path("example.py"), text.replace(" END", ""))
    assert (one.place, one.command, one.response) == ("example.py:5", "http :5000/", ())
    with pytest.raises(GrammarError, match=r"^example\.py:5: the docstring holds a backslash"):
        transcripts(Path("example.py"), text.replace("END", "\\\n          A:b"))


# What is compared -----------------------------------------------------------------------------------------------------


@table(
    "one, other",
    ("Date", DATE, LATER),
    ("Server", "Server: Werkzeug/0.9.4 Python/2.7.8", "Server: Werkzeug/3.2.0.dev1 Python/3.14.0rc1+"),
    ("Allow", "Allow: B, A", "Allow: A, B"),
)
def test_date_server_and_allow_may_differ_in_a_head_where_they_are_valid(one: str, other: str) -> None:
    for before in ([STATUS], ["GET / HTTP/1.1", "Host: 127.0.0.1:5000", "", "", STATUS]):
        assert canonical([*before, one]) == canonical([*before, other])
    for elsewhere in ([STATUS, ""], []):
        assert canonical([*elsewhere, one]) != canonical([*elsewhere, other])
    assert canonical([STATUS, f"X-{one}"]) != canonical([STATUS, f"X-{other}"])
    assert canonical([STATUS, "Allow: A, A"]) != canonical([STATUS, "Allow: A"])


def test_a_report_shows_the_command_and_all_lines_and_marks_those_that_differ() -> None:
    documented, real = [STATUS, DATE, "A: 1", "Vary: Origin"], [STATUS, LATER, "A: 2", "X: y", "Vary: Origin"]
    [transcript] = transcripts_in("\n".join(["$ http :5000/", *documented]))
    assert problem(transcript, lambda _: documented) is None
    assert problem(transcript, lambda _: real) == (
        "the response is not the documented one\n\n$ http :5000/\n\n--- documented\n+++ real\n@@ -1,4 +1,5 @@\n"
        f" {STATUS}\n {DATE}\n-A: 1\n+A: 2\n+X: y\n Vary: Origin\n\n"
        "If the real response is right, `make transcripts` writes it into the file."
    )


# The call of a command, and servers. The pages show that the real response comes, with and without a test client. -----

app = Flask(__name__)


@table(
    "command, message",
    ("another port", "http http://127.0.0.1:5001/", f"a transcript calls {HERE}, where the app runs"),
    ("https", "http https://127.0.0.1:5000/", "a transcript calls"),
    ("a quote too few", f"http {HERE}/ 'a=b", "No closing quotation"),
    ("a pipe", f"http {HERE}/ | cat", "argument REQUEST_ITEM"),
    ("an option that there is not", f"http --no-such-option {HERE}/", "no-such-option"),
    ("what asks for a password", f"http --auth ada {HERE}/", "prompt"),
)
def test_a_command_that_cannot_be_called_is_reported(command: str, message: str) -> None:
    [transcript] = transcripts_in(f"$ {command}\n{STATUS}")
    with over_http() as call:
        report = problem(transcript, partial(call, app)) or ""
    assert re.fullmatch(rf"(?s)this call cannot be made: .*{message}.*\n\n\$ {re.escape(command)}", report)


def test_an_example_that_does_not_start_shows_what_it_printed(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no such database')")
    with pytest.raises(RuntimeError, match="no such database"), running(script):
        raise AssertionError


# Rewriting ------------------------------------------------------------------------------------------------------------


def test_a_damaged_example_is_rewritten_and_then_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A response that is wrong, one that lacks a line, and one that is missing are all made right."""
    example, whole, bare = tmp_path / "example.py", SIMPLE.read_text(), transcripts(SIMPLE)[-1]
    damaged = whole[: bare.start] + bare.typed + whole[bare.end :]
    example.write_text(damaged.replace("Allow-Origin: *", "Allow-Origin: null").replace("Connection: close\n", "", 1))
    for report in ("1 of 1 files changed\n", "0 of 1 files changed\n"):
        assert main([example]) == 0
        assert capsys.readouterr().out == report
        text = example.read_text()
        assert text[: bare.start] == whole[: bare.start]  # whatever may differ is as it was
        assert canonical(transcripts(example)[-1].response) == canonical(bare.response)
        assert text.endswith(whole[bare.end :])


def test_an_example_that_cannot_be_called_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = tmp_path / "example.py"
    example.write_text(SIMPLE.read_text().replace(":5000/", ":80/"))
    before = example.read_text()
    assert (main([example]), example.read_text()) == (1, before)
    assert re.match(rf"{example}:\d+: a transcript calls", capsys.readouterr().err)
