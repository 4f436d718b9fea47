"""A call, step by step, from what crossed the wire: a list to walk through, and the picture of the manual."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docs._ext.conversation.calls import ALLOWED_BECAUSE, Event, Message, Note, Talk
from docs._ext.conversation.calls import Call as DrawnCall
from docs._ext.conversation.drawing import draw
from flask_cors.browser import Outcome, is_safelisted_method, unsafe_header_names
from flask_cors.cli.question import plain

from .draft import Call

if TYPE_CHECKING:
    from .replay import Recorded

STANDARD = "https://fetch.spec.whatwg.org/"
PLACES = {"page": "page", "browser": "browser", "server": "server", "other": "other server"}
#: Headers that say something about CORS, or that the shop is about.
_SHOWN = {"cookie", "origin", "location", "set-cookie", "vary", "x-total-count"}


@dataclass(frozen=True)
class Step:
    """One arrow: who sends what to whom. *kind* is one of the drawing, or empty."""

    sender: str
    receiver: str
    label: str
    title: str
    lines: tuple[str, ...] = ()
    raw: str | None = None
    kind: str = ""
    sentence: str = ""
    #: The step of the standard, where the model decides at this arrow.
    decided: str = ""
    number: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return it for the page."""
        return {
            "n": self.number,
            "from": self.sender,
            "to": self.receiver,
            "label": self.label,
            "kind": self.kind or "message",
            "raw": self.raw,
            "decided": bool(self.decided),
            "anchor": STANDARD + self.decided.partition(" ")[0] if self.decided.startswith("#") else None,
            "sentence": self.sentence,
        }


def list_steps(
    call: Call, messages: Sequence[Recorded], outcome: Outcome, used: Sequence[Recorded], readable: bool | None
) -> list[Step]:
    """Return all steps. The last is what the browser gave to the page: *readable*, or what the model says."""
    found = [_first(call), *_not_sent(call, messages)]
    for message in messages:
        found += _there_and_back(call, message)
        if used and message is used[-1]:
            found[-1] = _decide(found[-1], outcome)
    if not used:
        found[0] = replace(found[0], decided=outcome.step, sentence=because(outcome))
    found.append(_last(messages, outcome.allowed if readable is None else readable))
    return [replace(step, number=number) for number, step in enumerate(found, 1)]


def _first(call: Call) -> Step:
    label = plain(f"fetch {call.method} {call.path}")
    lines = [f"{name}: {value}" for name, value in call.headers]
    if call.credentials != "same-origin":
        lines.append(f"credentials: {call.credentials}")
    raw = "\n".join([label, *lines])
    return Step("page", "browser", label, f"script on {call.origin}", tuple(map(plain, [label, *lines])), plain(raw))


def _not_sent(call: Call, messages: Sequence[Recorded]) -> Iterator[Step]:
    """Yield the preflight that is not sent because the browser has cached an earlier one."""
    needs_preflight = not is_safelisted_method(call.method) or bool(unsafe_header_names(call.headers))
    if needs_preflight and messages and messages[0].kind == "actual":
        sentence = "The browser has cached the permission of an earlier preflight, so it sends no preflight."
        yield Step("browser", "server", "OPTIONS", "not sent (cached preflight)", kind="not-sent", sentence=sentence)


def _there_and_back(call: Call, message: Recorded) -> Iterator[Step]:
    name = "preflight" if message.kind == "preflight" else "request"
    server = "server" if message.by == "shop" else "other"
    first = f"{message.method} {_without_run(message.target)}"
    title = name + _cookies(call, message)
    yield _message("browser", server, first, title, message.headers, message.body)
    response = message.response
    title = f"response to the {name}"
    yield _message(server, "browser", f"HTTP/1.1 {response.status}", title, response.headers, response.body)


def _message(
    sender: str, receiver: str, first: str, title: str, headers: Sequence[tuple[str, str]], body: bytes
) -> Step:
    lines = [f"{name}: {value}" for name, value in headers]
    shown = [_without_run(line) for line, (name, _) in zip(lines, headers, strict=True) if _is_shown(name)]
    raw = "\n".join([first, *lines, "", body.decode("utf-8", "replace")]).rstrip("\n")
    label = first.removeprefix("HTTP/1.1 ")
    return Step(sender, receiver, plain(label), title, tuple(map(plain, [first, *shown])), plain(raw))


def _is_shown(name: str) -> bool:
    return name.lower() in _SHOWN or name.lower().startswith("access-control-")


def _without_run(text: str) -> str:
    """Leave out the name of the run, which is only for the playground."""
    return re.sub(r"[?&]run=[\w-]*", "", text)


def _cookies(call: Call, message: Recorded) -> str:
    """Say where credentials are withheld: the page wants none, or the cookie does not go to another site."""
    sends_cookies = any(name.lower() == "cookie" for name, _ in message.headers)
    if message.kind == "preflight" or call.credentials == "same-origin":
        return ""
    return ", with cookies" if sends_cookies else ", no cookies"


def _decide(step: Step, outcome: Outcome) -> Step:
    kind = "allowed" if outcome.allowed else "blocked"
    return replace(step, kind=kind, decided=outcome.step, sentence=because(outcome))


def because(outcome: Outcome) -> str:
    """Say why the model decides as it does."""
    return " ".join(filter(None, [ALLOWED_BECAUSE.get(outcome.step), outcome.reason]))


def _last(messages: Sequence[Recorded], readable: bool) -> Step:
    if not readable:
        label = "\N{BALLOT X} TypeError"
        sentence = "This is all that the page's script gets; the reason is in the console."
        return Step("browser", "page", label, "the page gets no response", (label,), kind="blocked", sentence=sentence)
    label = f"\N{CHECK MARK} {messages[-1].response.status}" if messages else "\N{CHECK MARK}"
    return Step("browser", "page", label, "the page reads the response", (label,), kind="allowed")


def draw_steps(steps: Sequence[Step], outcome: Outcome) -> str:
    """Draw the steps as the manual draws its conversations."""
    events: list[Event] = []
    for step in steps:
        events.append(_drawn(step))
        if step.decided:
            events.append(_note(outcome))
    call = DrawnCall("", "", "")
    return draw([Talk(call, outcome, tuple(events))], "conversation", "The call, as it crossed the wire")


def _drawn(step: Step) -> Message:
    is_reply = step.sender in ("server", "other") or step.receiver == "page"
    places = PLACES[step.sender], PLACES[step.receiver]
    return Message(*places, step.title, step.lines or (step.label,), is_reply, step.kind, step.number)


def _note(outcome: Outcome) -> Note:
    verdict = "allowed" if outcome.allowed else "blocked"
    text = plain(f"{verdict.capitalize()}. {because(outcome)}")
    return Note("browser", text, outcome.step, verdict)
