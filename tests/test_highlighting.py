"""Transcripts in the manual's HTML show their point, and all of their text."""

import itertools
from pathlib import Path

import pytest

from tests.transcripts.pages import blocks

pytest.importorskip("sphinx", reason="the manual is built where Sphinx is: .ci/requirements.txt")
from docs._ext.highlighting import BREAK, CORS_NAME, CORS_VALUE, ROUTINE, ExampleLexer, TranscriptLexer

ROOT = Path(__file__).parents[1]
TRANSCRIPT = """\
$ http PUT http://a.example/ Origin:https://app.example \\
    Access-Control-Request-Method:PUT X-Token:1
HTTP/1.1 200 OK
Access-Control-Allow-Origin: https://app.example
Connection: close
Content-Length: 6
Content-Type: text/html
Date: Sun, 22 Nov 2026 18:46:46 GMT
Server: Werkzeug
Vary: Origin
"""
BODY = "\nVary: in a body\n\n$ export Date=1\n"


def sources() -> list[tuple[str, TranscriptLexer | ExampleLexer]]:
    pages = [(page, page.read_text()) for page in ROOT.glob("docs/*/*.rst")]
    shown = [block.source for page, text in pages for block in blocks(page, text) if block.language == "console"]
    examples = [(path.read_text(), ExampleLexer()) for path in ROOT.glob("examples/*.py")]
    return [*((source, TranscriptLexer()) for source in shown), *examples]


def test_every_transcript_of_the_manual_keeps_its_characters() -> None:
    found = sources()
    assert len(found) > 80
    for source, lexer in found:
        assert "".join(value for _, value in lexer.get_tokens(source)) == source.strip("\n") + "\n"


@pytest.mark.parametrize(
    ("lexer", "shown"),
    [(TranscriptLexer(), TRANSCRIPT + BODY), (ExampleLexer(), f'"""A view::\n\n{TRANSCRIPT}"""\n')],
    ids=["on a page", "in a docstring"],
)
def test_headers_of_cors_are_marked_and_routine_ones_dimmed(lexer: TranscriptLexer, shown: str) -> None:
    tokens = list(lexer.get_tokens(shown))
    assert [value.strip() for kind, value in tokens if kind in CORS_NAME] == [
        *("Origin:", "Access-Control-Request-Method:", "Access-Control-Allow-Origin:", "Vary:")
    ]
    assert [value.strip() for kind, value in tokens if kind in CORS_VALUE] == [
        *("https://app.example", "PUT", "https://app.example", "Origin")
    ]
    dimmed = [value.partition(":")[0] for kind, value in tokens if kind in ROUTINE]
    assert dimmed == ["Connection", "Content-Length", "Date", "Server"]
    follows = [after for (kind, _), (_, after) in itertools.pairwise(tokens) if kind in BREAK]
    assert follows == ["Origin:"]
