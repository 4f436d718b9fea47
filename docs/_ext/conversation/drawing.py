"""Draw talks as SVG: a lifeline for each place, an arrow for each message, a box for each note.

The picture is as wide as a phone. Colours are in ``conversation.css``, as variables of the theme; without it, the
attributes here draw everything in the colour of the text.
"""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from .calls import Event, Message, Note, Talk

WIDTH = 360
MARGIN = 6
CODE = 6.95  # the width of a character of 11.5 px in a monospaced font
PROSE = 6.1  # and of 12 px in others, on average
LINE = 15
HEAD = 24  # the height of the box with a name
#: Headers that say nothing about CORS; the text beside the picture has them.
ROUTINE = {"accept", "content-length", "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site"}
ROUTINE_OF_RESPONSES = ROUTINE | {"content-type", "allow"}


def draw(talks: list[Talk], number: str, title: str) -> str:
    """Return the picture of *talks*; *number* makes its ids unique on the page."""
    picture = _Picture(places(event for talk in talks for event in talk.events), number)
    for talk in talks:
        picture.add_talk(talk)
    return picture.finish(title, describe(talks))


def places(events: Iterable[Event]) -> list[str]:
    """List the lifelines from left to right: the page, the browser, what is in between, the servers."""
    found = [place for event in events if isinstance(event, Message) for place in (event.sender, event.receiver)]
    between = [name for name in ("cache", "proxy") if name in found]
    return list(dict.fromkeys(["page", "browser", *between, *found]))


def describe(talks: list[Talk]) -> str:
    """Say in a few sentences what the picture shows."""
    return " ".join([*(talk.decision.text for talk in talks), "The list below the picture has every message."])


class _Picture:
    def __init__(self, names: list[str], number: str) -> None:
        self._widths = {name: max(60, 7 * len(name) + 8) for name in names}
        gap = (WIDTH - 2 - sum(self._widths.values())) / (len(names) - 1)
        lefts = [1, *itertools.accumulate(width + gap for width in self._widths.values())]
        self._x = {name: left + self._widths[name] / 2 for name, left in zip(names, lefts, strict=False)}
        self._number = number
        self._y = HEAD + 20.0
        self._svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
        self._part = self._svg
        self._lifelines = ET.SubElement(self._svg, "g", {"class": "lifelines", "stroke": "currentColor"})

    def add_talk(self, talk: Talk) -> None:
        """Draw one talk below the last; in the last exchange, mark the headers that the decision mentions."""
        if len(self._svg) > 1:
            self._y += 6
            self._line((0, self._y), (WIDTH, self._y), "next-call")
            self._y += 20
        for event in talk.events:
            if isinstance(event, Note):
                self._add_note(event)
            else:
                self._add_message(event, talk.decision if event in talk.deciding else None)

    def finish(self, title: str, description: str) -> str:
        """Add what depends on the height, and the text alternative; return the XML."""
        for name, x in self._x.items():
            self._add_lifeline(name, x)
        self._svg.attrib |= {
            "class": "conversation-picture",
            "viewBox": f"0 0 {WIDTH} {self._y:g}",
            "width": str(WIDTH),
            "aria-labelledby": f"{self._number}-title {self._number}-desc",
        }
        for tag, text in (("desc", description), ("title", title)):
            element = ET.Element(tag, id=f"{self._number}-{tag}")
            element.text = text
            self._svg.insert(0, element)
        return ET.tostring(self._svg, encoding="unicode")

    def _add_lifeline(self, name: str, x: float) -> None:
        ends = {"x1": f"{x:g}", "y1": f"{HEAD}", "x2": f"{x:g}", "y2": f"{self._y:g}"}
        ET.SubElement(self._lifelines, "line", ends)
        self._box("place", x - self._widths[name] / 2, 1, self._widths[name], HEAD - 1)
        self._text(name, x, 17, "name", anchor="middle")

    def _add_message(self, message: Message, decision: Note | None) -> None:
        start, end = self._x[message.sender], self._x[message.receiver]
        self._part = self._group(message)
        lines = [part for line in shown_lines(message) for part in _wrapped(line)]
        width = max([PROSE * len(message.title), *(CODE * len(line) for line in lines)])
        x = max(MARGIN, min(min(start, end) + MARGIN, WIDTH - MARGIN - width))
        self._box("paper", x - 2, self._y - 11, width + 4, LINE * (len(lines) + 1))
        self._text(message.title, x, self._y, "title")
        for line in lines:
            self._y += LINE
            self._text(line, x, self._y, "code" + _mark(line, decision))
        self._y += 9
        self._arrow(start, end, f"{'reply' if message.is_reply else 'message'} {message.kind}".strip())
        if message.kind == "blocked" and message.receiver == "browser":
            self._line((end + 10, self._y - 6), (end + 10, self._y + 9), "bar")
        self._y += 22
        self._part = self._svg

    def _group(self, message: Message) -> ET.Element:
        """Return what a message is drawn into: a group of its own, where it is a step to walk to."""
        if not message.step:
            return self._svg
        kind = {"class": f"step {message.kind}".strip(), "data-step": str(message.step)}
        return ET.SubElement(self._svg, "g", kind)

    def _add_note(self, note: Note) -> None:
        sentence = f"{note.text} ({note.step.replace(' ', ', ', 1)})" if note.step else note.text
        lines = textwrap.wrap(sentence, 52, break_on_hyphens=False)
        width = PROSE * max(map(len, lines)) + 16
        x = max(1, min(self._x[note.place] - width / 2, WIDTH - 1 - width))
        self._box(f"note {note.verdict}".strip(), x, self._y - 12, width, LINE * len(lines) + 8)
        for line in lines:
            self._text(line, x + 8, self._y + 3, f"prose {note.verdict}".strip())
            self._y += LINE
        self._y += 20

    def _box(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}", "rx": "4"}
        stroke = "none" if kind == "paper" else "currentColor"
        ET.SubElement(self._part, "rect", {"class": kind, "fill": "none", "stroke": stroke, **place})

    def _arrow(self, start: float, end: float, kind: str) -> None:
        back = -7 if end > start else 7
        self._line((start, self._y), (end, self._y), kind)
        points = f"{end:g},{self._y:g} {end + back:g},{self._y - 4:g} {end + back:g},{self._y + 4:g}"
        ET.SubElement(self._part, "polygon", {"class": "head", "fill": "currentColor", "points": points})

    def _line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        ends = {"x1": f"{start[0]:g}", "y1": f"{start[1]:g}", "x2": f"{end[0]:g}", "y2": f"{end[1]:g}"}
        ET.SubElement(self._part, "line", {"class": kind, "stroke": "currentColor", **ends})

    def _text(self, text: str, x: float, y: float, kind: str, anchor: str = "start") -> None:
        place = {"x": f"{x:g}", "y": f"{y:g}", "class": kind, "fill": "currentColor", "text-anchor": anchor}
        ET.SubElement(self._part, "text", place).text = text.replace("  ", "\N{NO-BREAK SPACE}" * 2)


def _mark(line: str, decision: Note | None) -> str:
    """Return the classes of a header that the decision mentions."""
    name, colon, _ = line.partition(": ")
    if decision is None or not colon or not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", decision.text):
        return ""
    return f" deciding {decision.verdict}"


def shown_lines(message: Message) -> list[str]:
    """Leave out the routine headers; the first line is not a header."""
    routine = ROUTINE_OF_RESPONSES if message.is_reply else ROUTINE
    first, *headers = message.lines
    return [first, *(line for line in headers if line.partition(":")[0].lower() not in routine)]


def _wrapped(line: str) -> list[str]:
    further = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, 49, subsequent_indent=further, break_on_hyphens=False)
