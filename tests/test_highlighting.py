"""Transcripts in the manual's HTML show their point, and all of their text."""

import itertools
from pathlib import Path

import pytest

from tests.transcripts.pages import blocks

pytest.importorskip("sphinx", reason="the manual is built where Sphinx is: .ci/requirements.txt")
from docs._ext.highlighting import BREAK, CORS_NAME, CORS_VALUE, ROUTINE, ExampleLexer, TranscriptLexer

TRANSCRIPT = """\
$ http PUT http://a.example/ Origin:https://app.example \\
    Access-Control-Request-Method:PUT X-Token:1
HTTP/1.1 200 OK
Access-Control-Allow-Origin: https://app.example
Connection: close
Date: Sun, 22 Nov 2026 18:46:46 GMT
Vary: Origin
"""
BODY = "\nVary: in a body\n\n$ export Date=1\n"


@pytest.mark.parametrize(
    ("lexer", "shown"),
    [(TranscriptLexer(), TRANSCRIPT + BODY), (ExampleLexer(), f'"""A view::\n\n{TRANSCRIPT}"""\n')],
    ids=["on a page", "in a docstring"],
)
def test_headers_of_cors_are_marked_and_routine_ones_dimmed(lexer: TranscriptLexer, shown: str) -> None:
    tokens = list(lexer.get_tokens(shown))
    names, values, dimmed = (
        [value.strip() for kind, value in tokens if kind in marked] for marked in (CORS_NAME, CORS_VALUE, ROUTINE)
    )
    assert names == ["Origin:", "Access-Control-Request-Method:", "Access-Control-Allow-Origin:", "Vary:"]
    assert values == ["https://app.example", "PUT", "https://app.example", "Origin"]
    assert [line.partition(":")[0] for line in dimmed] == ["Connection", "Date"]
    assert [after for (kind, _), (_, after) in itertools.pairwise(tokens) if kind in BREAK] == ["Origin:"]


def test_every_transcript_of_the_manual_keeps_its_characters() -> None:
    pages = [(page, page.read_text()) for page in (Path(__file__).parents[1] / "docs").glob("*/*.rst")]
    shown = [block.source for page, text in pages for block in blocks(page, text) if block.language == "console"]
    assert len(shown) > 80
    for source in shown:
        assert "".join(value for _, value in TranscriptLexer().get_tokens(source)) == source.strip("\n") + "\n"
