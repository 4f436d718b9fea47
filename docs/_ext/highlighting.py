"""Highlight transcripts: the command, the response, and in both the headers of CORS.

The headers that are the same in every response are dimmed, not removed: the tests compare the whole response.
``Origin:`` begins a line; the break is in the style sheet, so a copied command has none.
"""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, inherit, using
from pygments.lexers.python import PythonLexer
from pygments.lexers.shell import BashLexer
from pygments.lexers.textfmts import HttpLexer
from pygments.token import Comment, Generic, Literal, Name, String, Whitespace
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

#: In HTML, the last part of each name becomes a class: ``na-Cors``, ``l-Cors``, ``c-Routine``, ``w-Break``.
CORS_NAME, CORS_VALUE, ROUTINE, BREAK = Name.Attribute.Cors, Literal.Cors, Comment.Routine, Whitespace.Break

HEADERS = [
    (r" *(?:Connection|Content-Length|Date|Server):[^\n]*\n?", ROUTINE),
    (r"( *)((?:Access-Control-[\w-]+|Vary):)([^\n]*\n?)", bygroups(Whitespace, CORS_NAME, CORS_VALUE)),
]


class CommandLexer(BashLexer):
    """A command; HTTPie takes headers as words of it."""

    tokens: ClassVar = {
        "root": [
            (r"(?<=\S) (?=Origin:)", BREAK),
            (r"((?:Origin|Access-Control-[\w-]+):)([^\s'\"]*)", bygroups(CORS_NAME, CORS_VALUE)),
            inherit,
        ]
    }


class ResponseLexer(HttpLexer):
    """A response; its Content-Type says how to highlight its body."""

    tokens: ClassVar = {"headers": [*HEADERS, inherit]}


COMMAND = (r"( *\$ )((?:[^\n]*\\\n)*[^\n]*\n?)", bygroups(Generic.Prompt, using(CommandLexer)))


class TranscriptLexer(RegexLexer):
    """Commands, and what the terminal shows after each."""

    tokens: ClassVar = {
        "root": [COMMAND, (r"HTTP/[\s\S]*?(?=^\$ |\Z)", using(ResponseLexer)), (r"[^\n]+|\n", Generic.Output)]
    }


class DocstringLexer(RegexLexer):
    """The transcripts in a docstring; its other text stays as it is."""

    tokens: ClassVar = {"root": [COMMAND, *HEADERS, (r"[^\n]*\n|[^\n]+", String.Doc)]}


class ExampleLexer(PythonLexer):
    """Python, with transcripts in its docstrings."""

    tokens: ClassVar = {
        "root": [
            (r'^(\s*)([rR]?)("""[\s\S]*?""")', bygroups(Whitespace, String.Affix, using(DocstringLexer))),
            inherit,
        ]
    }


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the lexers."""
    app.add_lexer("console", TranscriptLexer)
    app.add_lexer("python", ExampleLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
