"""What the consoles of browsers print is read: URL, origin, cause, and whatever else they tell."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.cli.console import CAUSES, MAX_LENGTH, WORDINGS, ConsoleMessage, Wording, parse_console
from tests.tables import blocks, table

URL, PAGE = "http://127.0.0.1:5000/users", "http://localhost:3000"
ACCESS = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
MISSING = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
NOT_ALLOWED = f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200"


def told(message: ConsoleMessage) -> str:
    """Return what a message tells, without what it does not."""
    known = {name: value for name, value in vars(message).items() if value not in (None, ()) and name != "text"}
    text = "; ".join(f"{name} {','.join(value) if name == 'headers' else value}" for name, value in known.items())
    return text.replace(URL, "URL").replace(PAGE, "PAGE")


@table("wording", *((f"{row.browser}: {row.template}", row) for row in WORDINGS))
def test_every_wording_is_read_from_its_example(wording: Wording) -> None:
    [message] = parse_console(f"some noise\n{wording.example}\nand more")
    assert (message.browser, message.cause) == (wording.browser, wording.cause)
    assert message.cause in CAUSES


@table("lines", *((sentence, lines) for sentence, _, lines in blocks("consoles.txt")))
def test_a_console_is_read(lines: list[str]) -> None:
    messages = parse_console("\n".join(line for line in lines if line[:2] != "= "))
    assert [f"= {told(message)}" for message in messages] == [line for line in lines if line[:2] == "= "]


PIECES = [word for row in WORDINGS for word in row.example.split()] + ["\n", "\u2019", "'", '"', "\0", "\ud800"]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)))
def test_arbitrary_text_is_read_without_an_error(text: str) -> None:
    for message in parse_console(text):
        assert message.cause in CAUSES


@pytest.mark.parametrize(
    "piece", ["http://a ", "Failed to load resource: net::ERR_", "Access to a at '", "x" * 99, "' "]
)
def test_the_work_grows_with_the_length_of_the_text(piece: str) -> None:
    start = time.process_time()
    parse_console(piece * (MAX_LENGTH // 4 // len(piece)))
    assert time.process_time() - start < 5  # if it grew with the square, it would take minutes


def test_a_text_is_read_as_far_as_its_limit_however_it_is_wrapped() -> None:
    text = f"{ACCESS}{MISSING}\n{NOT_ALLOWED}"
    assert len(parse_console(text)) == 2
    assert parse_console(text.replace(" ", "\r\n\t ")) == parse_console(text)
    assert len(parse_console(text.replace("\n", "\n" * MAX_LENGTH))) == 1
