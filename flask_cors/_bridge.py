"""The bridge to Flask: the only reader of requests, the only writer of response headers."""

from __future__ import annotations

from flask import Flask, Request, Response, after_this_request, current_app, request
from flask.views import MethodView, View
from werkzeug.datastructures import Headers as ResponseHeaders
from werkzeug.routing import Rule

from ._coverage import Place, coverage_of, decoration
from .options import Given
from .policy import ACL_CREDENTIALS, ACL_ORIGIN, RESPONSE_HEADERS, CORSRequest, Headers, Policy, merge_vary

# What has been found out about a request is kept with it: a policy, and what its callables said.
_POLICY = "flask_cors.policy"
_ANSWER = "flask_cors.answer"

_DECIDED = {ACL_ORIGIN.lower(), ACL_CREDENTIALS.lower()}
_STATED = {name.lower() for name in RESPONSE_HEADERS}


class _Undeclared(str):
    """``OPTIONS``, on a rule that was not declared for it. A rule keeps what ``upper`` makes of its methods."""

    __slots__ = ()

    def upper(self) -> str:
        return self


UNDECLARED = _Undeclared("OPTIONS")
ANSWERS_OPTIONS = "cors_answers_options"  # the attribute of a decorated view whose wrapper answers OPTIONS


def answer_preflight() -> Response | None:
    """Answer a preflight before anything else can; ``None`` lets Flask go its usual way."""
    if request.method != "OPTIONS":
        return None
    app, asked = _here()
    facts = read(asked)
    if not facts.is_preflight or _declares_options(app, asked):
        return None
    policy = _covering(app, asked, facts)
    if policy is None or not policy.automatic_options:
        return None
    return app.response_class()


def finish(response: Response) -> Response:
    """Put the headers on *response* that the policy covering this request decides, if one does."""
    app, asked = _here()
    facts = read(asked)
    policy = _covering(app, asked, facts)
    if policy is not None:
        response.headers = ResponseHeaders(response.headers)  # views may share the object that stood there
        write(response.headers, _decide(app, asked, policy, facts), policy.vary(facts.method))
    return response


def enter(given: Given) -> Response | None:
    """Note that a decorated view is about to run; for ``OPTIONS``, answer in its stead where it is to be so."""
    app, asked = _here()
    if _POLICY not in vars(asked):
        _covering(app, asked, read(asked), hidden=given)
        if not coverage_of(app).hooked:
            after_this_request(finish)
    return app.make_default_options_response() if _stands_in(app, asked, given) else None


def _stands_in(app: Flask, asked: Request, given: Given) -> bool:
    """Whether ``OPTIONS`` has led to this very view, which its author has not written for that."""
    rule = asked.url_rule
    if asked.method != "OPTIONS" or rule is None or _class_has_options(app, rule):
        return False
    declared = not any(name is UNDECLARED for name in rule.methods or ())
    routed_here = decoration(app, Place(rule.endpoint, asked.method, asked.path)) is given
    return routed_here and (coverage_of(app).own(given).automatic_options or not declared)


def read(asked: Request) -> CORSRequest:
    """The facts that CORS wants to know of a request."""
    header = asked.environ.get
    return CORSRequest(
        asked.method,
        header("HTTP_ORIGIN"),
        header("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        header("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    )


def write(headers: ResponseHeaders, answer: Headers, vary: tuple[str, ...]) -> None:
    """Make *headers* say what *answer* says: who is let in is said here alone, whatever stood there before."""
    stale = _DECIDED if answer else _STATED
    for name in [name for name, _ in headers if name.lower() in stale]:
        headers.remove(name)
    for name, value in answer:
        headers[name] = value
    if vary:
        headers["Vary"] = merge_vary(", ".join(headers.getlist("Vary")), vary)


def _here() -> tuple[Flask, Request]:
    return current_app._get_current_object(), request._get_current_object()  # type: ignore[attr-defined]


def _covering(app: Flask, asked: Request, facts: CORSRequest, hidden: Given | None = None) -> Policy | None:
    """The policy that covers the request; for a preflight, the policy of what is asked for."""
    known: Policy | None = vars(asked).get(_POLICY)
    if known is None:
        method = facts.requested_method if facts.is_preflight and facts.requested_method else facts.method
        known = coverage_of(app).policy(app, asked, method, hidden)
        vars(asked)[_POLICY] = known
    return known


def _declares_options(app: Flask, asked: Request) -> bool:
    """Whether ``OPTIONS`` leads to a view whose author has written it for that."""
    rule = asked.url_rule
    if rule is None or getattr(rule, "provide_automatic_options", False) or "OPTIONS" not in (rule.methods or ()):
        return False
    return not getattr(app.view_functions[rule.endpoint], ANSWERS_OPTIONS, False) or _class_has_options(app, rule)


def _class_has_options(app: Flask, rule: Rule) -> bool:
    view_class = getattr(app.view_functions[rule.endpoint], "view_class", View)
    return issubclass(view_class, MethodView) and hasattr(view_class, "options")


def _decide(app: Flask, asked: Request, policy: Policy, facts: CORSRequest) -> Headers:
    """The policy's answer, found once a request. If a function in ``origins`` fails, nobody is let in."""
    notes = vars(asked)
    if _ANSWER not in notes:
        try:
            notes[_ANSWER] = policy.answer(facts)
        except Exception:
            notes[_ANSWER] = ()
            # Only what fits the grammar of an origin reaches a function: safe to log.
            app.logger.exception("CORS: the function in origins failed for %s, which is refused", facts.origin)
    answer: Headers = notes[_ANSWER]
    return answer
