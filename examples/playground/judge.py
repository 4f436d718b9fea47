"""What the standard says about the recorded messages, and what to change: both are those of ``flask cors explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_cors.browser import Outcome
from flask_cors.cli.case import Case
from flask_cors.cli.explain import Explanation, explain_case
from flask_cors.cli.output import explanation_as_json
from flask_cors.cli.question import Question
from flask_cors.cli.writing import Fix

from .addresses import Addresses
from .draft import Call, Draft, url_of
from .paste import read_policy
from .program import FILE
from .replay import Choose, Page, Recorded, of_app, of_wire
from .runs import Run
from .steps import draw_steps, list_steps


def judge(run: Run, addresses: Addresses, readable: bool | None) -> dict[str, Any]:
    """Judge the last call of a run, once: the model would remember it. *readable*: what the browser made of it."""
    if run.verdict is None:
        run.verdict = _judge(run, addresses, readable)
    return run.verdict


def _judge(run: Run, addresses: Addresses, readable: bool | None) -> dict[str, Any]:
    draft, messages = run.draft, tuple(run.messages)
    url = url_of(draft, run.id, addresses)
    outcome, used = _call(run, "wire", url, messages, of_wire)
    case = Case(question_of(draft.call, url), run.site, live_outcome=outcome)
    case.app_outcome, _ = _call(run, "app", url, messages, of_app)
    case.evidence = [one.evidence for one in used]
    explanation = explain_case(case, live=True)
    steps = list_steps(draft.call, messages, outcome, used, readable)
    return {
        "wire": [wire_of(one) for one in messages],
        "model": explanation_as_json(explanation),
        "steps": [step.as_json() for step in steps],
        "drawing": draw_steps(steps, outcome),
        "change": change_of(explanation, draft),
        "orders": run.book.changes if draft.call.method.upper() not in ("GET", "HEAD", "OPTIONS") else None,
        "left_over": len(messages) - len(used),
    }


def _call(
    run: Run, name: str, url: str, messages: Sequence[Recorded], choose: Choose
) -> tuple[Outcome, list[Recorded]]:
    call = run.draft.call
    page = run.pages.setdefault(f"{name} {call.origin}", Page(call.origin))
    return page.call(call, url, messages, choose), page.used


def question_of(call: Call, url: str) -> Question:
    """Return the call as ``flask cors explain`` takes it."""
    return Question(
        url=url,
        origin=call.origin,
        method=call.method,
        headers=call.headers,
        credentials=call.credentials == "include",
        body=None if call.body is None else call.body.encode("utf-8", "replace"),
    )


def wire_of(one: Recorded) -> dict[str, Any]:
    """Return a message as the page shows it."""
    return {
        "kind": one.kind,
        "method": one.method,
        "target": one.target,
        "request": one.headers,
        "body": one.body.decode("utf-8", "replace"),
        "status": one.response.status,
        "response": one.response.headers,
        "content": one.response.body.decode("utf-8", "replace"),
        "by": one.by,
    }


def change_of(explanation: Explanation, draft: Draft) -> dict[str, Any] | None:
    """Return what to change, if the explanation has a fix: the first one."""
    found = [explanation.cause, *explanation.notes]
    fix = next((one.fix for one in found if one is not None and one.fix), None)
    if fix is None:
        return None
    python = changed_line(fix)
    is_of_front = explanation.cause is not None and explanation.cause.id == "changed-on-the-way"
    return {
        "sentence": fix.text,
        "diff": fix.diff,
        "python": python,
        "options": read_policy(python).options if python else draft.options,
        "front": "" if is_of_front else draft.front,
    }


def changed_line(fix: Fix) -> str | None:
    """Return the line of the policy as the fix leaves it."""
    _, text = fix.files.get(FILE, ("", ""))
    return next((line for line in text.split("\n") if line.startswith("CORS(")), None)
