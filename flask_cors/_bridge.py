"""The bridge to Flask: the only reader of requests, the only writer of response headers."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from operator import itemgetter

from flask import Flask, Request, Response, current_app, request
from werkzeug.datastructures import Headers as ResponseHeaders

from ._coverage import Coverage, Place, Policies, destination
from .policy import ACL_CREDENTIALS, ACL_ORIGIN, RESPONSE_HEADERS, CORSRequest, Headers, Policy, merge_vary

Finish = Callable[[Response], Response]

# What has been found out about a request is kept with it: a policy, and what its callables said.
_POLICY = "flask_cors.policy"
_ANSWER = "flask_cors.answer"
_WRITTEN = "flask_cors.written"  # and with headers, what has been written there: nobody else may write there then

_DECIDED = {ACL_ORIGIN.lower(), ACL_CREDENTIALS.lower()}
_STATED = {name.lower() for name in RESPONSE_HEADERS}
_OURS = {*_STATED, "vary"}
_name, _lower = itemgetter(0), str.lower

# Through the proxies, every attribute would have to be looked up twice.
this_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
this_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


def read(asked: Request) -> CORSRequest:
    """The facts that CORS wants to know of a request."""
    header = asked.environ.get
    return CORSRequest(
        asked.method,
        header("HTTP_ORIGIN"),
        header("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
        header("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    )


def find_policy(policies: Policies, asked: Request) -> Policy | None:
    """The policy that covers the request; for a preflight, the policy of what is asked for."""
    notes = vars(asked)
    if _POLICY not in notes:
        notes[_POLICY] = policies.of(_place(asked))
    policy: Policy | None = notes[_POLICY]
    return policy


def note_hidden(policies: Policies, asked: Request, policy: Policy) -> None:
    """Have the policy of a decorated view cover a request whose route does not show the decoration."""
    place = _place(asked)
    if _POLICY not in vars(asked) and place.endpoint == asked.endpoint and policies.decoration(place) is None:
        policies.simple[asked.endpoint, asked.method] = None  # from now on requests themselves have to be looked at
        vars(asked)[_POLICY] = policy


def _place(asked: Request) -> Place:
    facts = read(asked)
    # With or without an `Origin`: answers that differ by it would have to say so in Vary.
    method = facts.requested_method if facts.method == "OPTIONS" else None
    return destination(this_app(), asked, method or facts.method)


def finisher(coverage: Coverage) -> Finish:
    """Make the function that puts the headers on a response that the policy covering its request decides."""

    def finish(response: Response) -> Response:
        asked = this_request()
        choice = coverage.simple.get((asked.url_rule and asked.url_rule.endpoint, asked.method))
        if choice is None:
            return _finish(response, asked, find_policy(coverage.settle(this_app()), asked))
        policy = choice(asked.path)
        if policy is None:
            return response if _WRITTEN not in response.headers.__dict__ else _unshared(response)
        return write(response, policy.to_everyone or policy.simple(asked.environ.get("HTTP_ORIGIN")))

    return finish


def simple_finisher(policy: Policy, asked: Request) -> Finish:
    """Make that function where the policy is known, asks no function, and the method is not ``OPTIONS``."""

    def finish(response: Response) -> Response:
        return write(response, policy.to_everyone or policy.simple(asked.environ.get("HTTP_ORIGIN")))

    return finish


def _finish(response: Response, asked: Request, policy: Policy | None) -> Response:
    if policy is None:
        return response if _WRITTEN not in response.headers.__dict__ else _unshared(response)
    vary = ", ".join(policy.vary(asked.method))
    return write(response, (*_answer(policy, asked), *[("Vary", vary)] * bool(vary)))


def _answer(policy: Policy, asked: Request) -> Headers:
    """The policy's answer, found once a request. If a function in ``origins`` fails, nobody is let in."""
    notes = vars(asked)
    if _ANSWER not in notes:
        try:
            notes[_ANSWER] = policy.answer(read(asked))
        except Exception:
            notes[_ANSWER] = ()
            # Only what fits the grammar of an origin reaches a function: safe to log.
            origin = asked.environ.get("HTTP_ORIGIN")
            this_app().logger.exception("CORS: the function in origins failed for %s, which is refused", origin)
    answer: Headers = notes[_ANSWER]
    return answer


def write(response: Response, answer: Headers) -> Response:
    """Make the response say what *answer* says: who is let in is said here alone, whatever stood there before."""
    headers, claim = response.headers, (answer,)
    if headers.__dict__.setdefault(_WRITTEN, claim) is not claim:
        return write(_unshared(response), answer)
    if not _OURS.isdisjoint(map(_lower, map(_name, headers))):
        answer = _make_room(headers, dict(answer))
    for name, value in answer:
        headers.add(name, value)
    return response


def _unshared(response: Response) -> Response:
    """A copy of a response, or of its headers, that the app returns more than once, without what was written then."""
    [written] = response.headers.__dict__[_WRITTEN]
    own = copy(response)
    own.headers = ResponseHeaders([header for header in response.headers if header not in written])
    return own


def _make_room(headers: ResponseHeaders, answer: dict[str, str]) -> Headers:
    """Remove from *headers* what *answer* replaces, and merge the two in ``Vary``."""
    if "Vary" in answer:
        answer["Vary"] = merge_vary(", ".join(headers.getlist("Vary")), answer["Vary"])
    stale = {*map(_lower, answer), *(_DECIDED if ACL_ORIGIN in answer else _STATED)}
    for name in [name for name, _ in headers if name.lower() in stale]:
        headers.remove(name)
    return tuple(answer.items())
