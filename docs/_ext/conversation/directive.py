"""The ``conversation`` directive: a picture of calls that are really made, so that it cannot lie.

::

    .. conversation::
       :app: app
       :origin: https://app.example
       :fetch: PUT https://api.example/users Content-Type:application/json
       :outcome: allowed
       :caption: The preflight allows the PUT.

``app`` is a Flask app, or a function from ``Request`` to ``Response``, as the blocks above on the page leave it; or a
file with an ``app``, from the root of the manual. ``:fetch:`` holds a call a line; ``:origin:`` and ``:outcome:`` hold
one value for all calls or a line for each. ``:cache:`` puts a shared cache before the server, and ``:proxy:`` a proxy
that adds the header given there. The build fails if a call comes out otherwise than ``:outcome:`` or the caption says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import flask_cors
from tests.transcripts.grammar import Transcript
from tests.transcripts.pages import application, parse

from .between import Intermediary, Proxy, SharedCache
from .calls import Event, Message, Talk, hold_talks, parse_call
from .drawing import draw

HERE = Path(__file__).parent
#: Words of a caption that claim an outcome.
CLAIMS = {"allowed": "allowed", "blocked": "blocked", "denied": "blocked"}


class Conversation(SphinxDirective):
    """Draws calls to the app of the page."""

    option_spec: ClassVar[dict[str, Any]] = {
        "app": directives.unchanged_required,
        "fetch": directives.unchanged_required,
        "origin": directives.unchanged_required,
        "outcome": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "cache": directives.flag,
        "proxy": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Make the calls, compare their outcomes, and draw them."""
        for path in [*Path(flask_cors.__file__).parent.rglob("*.py"), *HERE.iterdir()]:
            self.env.note_dependency(str(path))
        if missing := {"fetch", "origin", "outcome", "caption"} - self.options.keys():
            raise self.error(f"conversation: give :{sorted(missing)[0]}:")
        try:
            talks = self._hold_talks()
        except Exception as error:
            raise self.error(f"conversation: {type(error).__name__}: {error}") from error
        caption = self.options["caption"]
        if mistake := _mistake(talks, self._lines("outcome", len(talks)), caption):
            raise self.error(f"conversation: {mistake}")
        return [self._figure(talks, caption)]

    def _hold_talks(self) -> list[Talk]:
        fetches = self.options["fetch"].splitlines()
        origins = self._lines("origin", len(fetches))
        calls = [parse_call(text, origin) for text, origin in zip(fetches, origins, strict=True)]
        return hold_talks(self._app(), calls, self._between())

    def _lines(self, option: str, number: int) -> list[str]:
        """Return a line of an option for each call."""
        lines: list[str] = self.options[option].splitlines()
        return lines * number if len(lines) == 1 else lines

    def _app(self) -> Any:
        name = self.options.get("app", "app")
        if name.endswith(".py"):
            path = Path(self.env.srcdir, name)
            self.env.note_dependency(str(path))
            return application(path)
        return _namespace(Path(self.env.doc2path(self.env.docname)), self.lineno)[name]

    def _between(self) -> Intermediary | None:
        if "proxy" in self.options:
            return Proxy(self.options["proxy"])
        return SharedCache() if "cache" in self.options else None

    def _figure(self, talks: list[Talk], caption: str) -> nodes.Node:
        number = f"conversation-{self.env.new_serialno('conversation')}"
        words, messages = self.parse_inline(caption, lineno=self.lineno)
        title = nodes.caption(caption, "", *words, *messages)
        svg = nodes.raw("", draw(talks, number, title.astext()), format="html")
        listed = [node for talk in talks for node in _in_words(talk)]
        before, after = "<details><summary>The same in words, with all headers</summary>", "</details>"
        return nodes.figure(
            "",
            svg,
            title,
            nodes.legend("", nodes.raw("", before, format="html"), *listed, nodes.raw("", after, format="html")),
            classes=["conversation"],
        )


def _namespace(page: Path, line: int) -> dict[str, Any]:
    """Run the Python above *line* of a page as the tests do, and return what it defines."""
    above = "".join(page.read_text().splitlines(keepends=True)[: line - 1])
    document = parse(page, above)
    document.namespace["__name__"] = "page"
    for example in document:
        if not isinstance(example.parsed, Transcript):
            example.evaluate()
    return document.namespace


def _mistake(talks: list[Talk], outcomes: list[str], caption: str) -> str | None:
    """Return what is wrong with the outcomes that the page promises."""
    if len(outcomes) != len(talks):
        return f":outcome: has {len(outcomes)} lines for {len(talks)} calls"
    for talk, outcome in zip(talks, outcomes, strict=True):
        if talk.verdict != outcome:
            told = f":outcome: of {talk.call.method} {talk.call.url} is {outcome!r}, but the call is {talk.verdict}"
            return f"{told} ({talk.outcome.reason or talk.outcome.step}); correct the app or the page"
    for word, verdict in CLAIMS.items():
        if re.search(rf"\b{word}\b", caption, re.IGNORECASE) and verdict not in outcomes:
            return f":caption: says {word!r}, but no call is {verdict}: {caption}"
    return None


def _in_words(talk: Talk) -> list[nodes.Node]:
    """Return a talk as a numbered list."""
    head = nodes.paragraph(
        "", f"A page of {talk.call.origin} calls {talk.call.method} {talk.call.url}: {talk.verdict}."
    )
    items = [_item(event) for event in talk.events]
    return [head, nodes.enumerated_list("", *items, enumtype="arabic", prefix="", suffix=".")]


def _item(event: Event) -> nodes.list_item:
    if isinstance(event, Message):
        head = nodes.paragraph("", f"{event.title}, from {event.sender} to {event.receiver}:")
        lines = [nodes.list_item("", nodes.paragraph("", "", nodes.literal("", line))) for line in event.lines]
        return nodes.list_item("", head, nodes.bullet_list("", *lines, bullet="*"))
    text = nodes.paragraph("", f"{event.place}: {event.text} ", support_smartquotes=False)
    if event.step:
        anchor = event.step.partition(" ")[0]
        text += nodes.reference("", event.step, refuri=f"https://fetch.spec.whatwg.org/{anchor}", internal=False)
    return nodes.list_item("", text)


def _add_static_path(_app: Sphinx, config: Config) -> None:
    config.html_static_path.append(str(HERE / "static"))


def set_up(app: Sphinx) -> ExtensionMetadata:
    """Register the directive and its style sheet."""
    app.add_directive("conversation", Conversation)
    app.connect("config-inited", _add_static_path)
    app.add_css_file("conversation.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
