"""``flask cors explain``: make a call as a browser would, and name the cause where it is blocked."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from .. import browser as fetch
from .ask import LiveNetwork
from .case import Case, Cause, LoadFailure, Note, absolute, call, call_app, complete
from .causes import find_cause
from .notes import find_notes
from .question import Question
from .site import Site


@dataclass(frozen=True)
class Explanation:
    """How a call came out, why, what to change, and what else is worth knowing."""

    question: Question
    cause: Cause | None
    notes: tuple[Note, ...]
    outcome: fetch.Outcome | None
    was_live: bool

    @property
    def allowed(self) -> bool:
        """Whether the page can read the response."""
        if self.cause is not None and self.cause.blocks:
            return False
        return self.outcome is not None and self.outcome.allowed


def explain(
    question: Question, site: Site | None, failure: LoadFailure | None = None, *, live: bool = False
) -> Explanation:
    """Explain a call. Without *site*, it can only call a server, or read a message."""
    question = complete(absolute(question, site) if site else question, site)
    called = question if not question.is_schemeless else replace(question, url=f"http://{question.url}")
    case = Case(question=question, site=site, failure=failure)
    if site is not None and question.origin:
        case.app_outcome, case.evidence = call_app(called, site)
    if live and question.origin and not question.is_schemeless:
        case.live_outcome = call(question, LiveNetwork())
    return explain_case(case, live=live)


def explain_case(case: Case, *, live: bool) -> Explanation:
    """Explain a call that has been made."""
    with _request_for_functions(case):
        cause = find_cause(case)
    notes = [note for note in find_notes(case) if cause is None or not cause.blocks or note.id in _WITH_CAUSE]
    return Explanation(case.question, cause, tuple(notes), case.outcome, live)


def _request_for_functions(case: Case) -> AbstractContextManager[None]:
    """Return a request, where functions in ``origins`` are to be called again."""
    if case.site and case.cover and case.cover.policy.origins.callables and case.is_blocked:
        return case.site.request(case.question.url, case.question.origin)
    return nullcontext()


_WITH_CAUSE = {"assumed", "with-scheme", "forbidden-header"}
