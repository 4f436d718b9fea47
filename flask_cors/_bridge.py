"""The bridge to Flask: the only reader of requests, the only writer of response headers."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

from flask import Flask, Request, Response, current_app, request
from werkzeug.datastructures import Headers as ResponseHeaders
from werkzeug.routing import MapAdapter

from ._coverage import Coverage, Place, Policies, destination
from .policy import ACL_CREDENTIALS, ACL_ORIGIN, RESPONSE_HEADERS, CORSRequest, Headers, Policy, merge_vary

Finish = Callable[[Response], Response]

# What has been found out about a request is kept with it: its facts, a policy, and what its callables said.
_FACTS = "flask_cors.facts"
_POLICY = "flask_cors.policy"
_ANSWER = "flask_cors.answer"
_WRITTEN = "flask_cors.written"  # and with headers, what has been written there: nobody else may write there then

_CREDENTIALS = {ACL_CREDENTIALS.lower()}
_STATED = {name.lower() for name in RESPONSE_HEADERS}
_OURS = {*_STATED, "vary"}

# Through the proxies, every attribute would have to be looked up twice.
this_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
this_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


def read(asked: Request) -> CORSRequest:
    """The facts that CORS wants to know of a request, read once."""
    notes, header = vars(asked), asked.environ.get
    if _FACTS not in notes:
        asks = header("HTTP_ACCESS_CONTROL_REQUEST_METHOD"), header("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
        notes[_FACTS] = CORSRequest(asked.method, header("HTTP_ORIGIN"), *asks)
    facts: CORSRequest = notes[_FACTS]
    return facts


def find_policy(app: Flask, policies: Policies, asked: Request, adapter: MapAdapter | None = None) -> Policy | None:
    """The policy that covers the request; for a preflight, the policy of what is asked for."""
    notes = vars(asked)
    if _POLICY not in notes:
        notes[_POLICY] = policies.of(_place(app, asked, adapter))
    policy: Policy | None = notes[_POLICY]
    return policy


def note_hidden(app: Flask, policies: Policies, asked: Request, policy: Policy) -> None:
    """Have the policy of a decorated view cover a request whose route does not show the decoration."""
    place = _place(app, asked)
    if _POLICY not in vars(asked) and place.endpoint == asked.endpoint and policies.decoration(place) is None:
        policies.simple[asked.endpoint, asked.method] = None  # from now on requests themselves have to be looked at
        vars(asked)[_POLICY] = policy


def _place(app: Flask, asked: Request, adapter: MapAdapter | None = None) -> Place:
    method = asked.method
    if method == "OPTIONS":  # with or without an `Origin`: answers that differ by it would have to say so in Vary
        method = read(asked).requested_method or method
    if asked.url_rule is not None and method == asked.method:
        return Place(asked.url_rule.endpoint, method, asked.path)
    return destination(app, asked, method, adapter)


def answer_to(coverage: Coverage, asked: Request) -> Headers | None:
    """What the policy that covers a request has to say; ``None`` where none covers it.

    :raises ValueError: where the config makes a policy impossible.
    """
    choice = coverage.simple.get((asked.url_rule and asked.url_rule.endpoint, asked.method))
    if choice is None:
        app = this_app()
        policy = find_policy(app, coverage.settle(app), asked)
        return policy and to_say(policy, asked)
    policy = choice(asked.path)
    return policy and (policy.to_everyone or policy.simple(asked.environ.get("HTTP_ORIGIN")))


def to_say(policy: Policy, asked: Request) -> Headers:
    """What a policy says to a request, ``Vary`` included."""
    answer, names = _answer(policy, asked), policy.vary(asked.method)
    return (*answer, ("Vary", ", ".join(names))) if names else answer


def finisher(coverage: Coverage) -> Finish:
    """Make the function that puts the headers on a response that the policy covering its request decides."""

    def finish(response: Response) -> Response:
        answer = answer_to(coverage, this_request())
        if answer is not None:
            return write(answer, response)
        return response if _WRITTEN not in response.headers.__dict__ else _unshared(response)

    return finish


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


def write(answer: Headers, response: Response) -> Response:
    """Make the response say what *answer* says: who is let in is said here alone, whatever stood there before."""
    headers, claim = response.headers, (answer,)
    if headers.__dict__.setdefault(_WRITTEN, claim) is not claim:
        return write(answer, _unshared(response))
    for name, _ in headers:
        if name.lower() in _OURS:
            headers[:] = _replaced([*headers], answer)
            return response
    for header in answer:
        headers.add(*header)
    return response


def _unshared(response: Response) -> Response:
    """A copy of a response, or of its headers, that the app returns more than once, without what was written then."""
    [written] = response.headers.__dict__[_WRITTEN]
    own = copy(response)
    own.headers = ResponseHeaders([header for header in response.headers if header not in written])
    return own


def merged(headers: list[tuple[str, str]], answer: Headers) -> list[tuple[str, str]]:
    """The headers of a response, and what *answer* says: who is let in is said there alone."""
    for name, _ in headers:
        if name.lower() in _OURS:
            return _replaced(headers, answer)
    return [*headers, *answer]


def _replaced(headers: list[tuple[str, str]], answer: Headers) -> list[tuple[str, str]]:
    """The headers without what *answer* replaces; the two are merged in ``Vary``."""
    said = dict(answer)
    if "Vary" in said:
        said["Vary"] = merge_vary(", ".join(value for name, value in headers if name.lower() == "vary"), said["Vary"])
    stale = {*map(str.lower, said), *(_CREDENTIALS if ACL_ORIGIN in said else _STATED)}
    return [*(header for header in headers if header[0].lower() not in stale), *said.items()]
