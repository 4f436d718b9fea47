"""``@cross_origin()``: a policy for one view. There is no policy in here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper, wraps
from typing import Any, Never, TypeVar, Unpack, cast

from flask import Flask, Request, Response, after_this_request

from ._bridge import finisher, note_hidden, this_app, this_request, write
from ._coverage import MARK, Coverage, Place, Policies, coverage_of
from ._preflight import ANSWERS_OPTIONS, class_has_options
from .options import EVERY_PATH, RESOURCES, Given, Options, by_keyword, check_positional, resources_of


class _Undeclared(str):
    """``OPTIONS``, on a rule that was not declared for it. A rule keeps what ``upper`` makes of its methods."""

    __slots__ = ()

    def upper(self) -> str:
        return self


_UNDECLARED = _Undeclared("OPTIONS")

View = TypeVar("View", bound=Callable[..., Any])


def cross_origin(*positional: Never, **options: Unpack[Options]) -> Callable[[View], View]:
    """Give one view a policy of its own.

    Put it below ``@app.route``::

        @app.route("/")
        @cross_origin(origins="https://app.example")
        def index(): ...

    The policy replaces that of :class:`CORS` for this view, on errors too, and also where it lets nobody in. It goes
    on functions, on ``async def``, on methods of a ``MethodView``, and into ``decorators`` of a ``View``.

    Without options, pages of every origin may read the view. If the view changes something, or can be tried with
    guessed passwords, protect it against forged requests as well: CORS does not.

    Without :class:`CORS` on the app, the view itself answers preflights, after the functions of ``before_request``,
    and what these refuse carries no headers. ``CORS(app, resources=[])`` mends both.

    :param options: see :class:`~flask_cors.options.Options`.
    :raises TypeError: for an unknown option, an option given by position, or missing parentheses.
    :raises ValueError: for values that break a rule, all in one message.
    """
    if any(inspect.isroutine(first) or inspect.isclass(first) for first in cast(tuple[object, ...], positional)):
        raise TypeError("cross_origin is missing its parentheses: write @cross_origin() above the view")
    check_positional(positional, "cross_origin()", "origins")
    given = by_keyword(options, "cross_origin()")
    given[RESOURCES] = EVERY_PATH
    resources_of(given)  # refuses now what no config can mend
    answers = options.get("automatic_options") is not False

    def decorate(view: View) -> View:
        return cast(View, _decorate(view, given, answers))

    return decorate


def _decorate(view: Callable[..., Any], given: Given, answers: bool) -> Callable[..., Any]:
    wrap = _wrap_async if inspect.iscoroutinefunction(view) else _wrap
    wrapper = wrap(view, given)
    if not hasattr(wrapper, MARK):  # else another decorator, nearer to the view, has spoken
        vars(wrapper).update({MARK: given, ANSWERS_OPTIONS: answers})
    return _route_options(wrapper) if getattr(wrapper, ANSWERS_OPTIONS) else wrapper


def _wrap(view: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        answer = _enter(given)
        return view(*args, **kwargs) if answer is None else answer

    return wrapper


def _wrap_async(view: Callable[..., Any], given: Given) -> Callable[..., Any]:
    @wraps(view)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        answer = _enter(given)
        return await view(*args, **kwargs) if answer is None else answer

    return wrapper


def _route_options(wrapper: Callable[..., Any]) -> Callable[..., Any]:
    """Have Flask route ``OPTIONS`` to *wrapper* rather than answer it: ``Flask.add_url_rule`` reads two attributes."""
    if getattr(wrapper, "__qualname__", "").startswith("View.as_view."):
        wrapper = _ClassBasedView(wrapper)
    required = {_UNDECLARED, *getattr(wrapper, "required_methods", ())}
    vars(wrapper).update(required_methods=required, provide_automatic_options=False)
    return wrapper


class _ClassBasedView:
    """A view made by ``View.as_view``, which sets attributes of what the decorators return.

    One of them would undo that ``OPTIONS`` is routed to the view: so that one cannot be set.
    """

    provide_automatic_options = property(lambda _: False, lambda _, __: None)

    def __init__(self, view: Callable[..., Any]) -> None:
        update_wrapper(self, view)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)  # type: ignore[attr-defined]


def _enter(given: Given) -> Response | None:
    """Note that a decorated view is about to run; for ``OPTIONS``, answer in its stead where it is to be so."""
    app, asked = this_app(), this_request()
    coverage = coverage_of(app)
    policies = coverage.policies or coverage.settle(app)
    shown = policies.shown.get((asked.url_rule and asked.url_rule.endpoint, asked.method))
    if shown is None:
        return _enter_anew(app, coverage, asked, given)
    if not coverage.hooked:
        answer = shown.to_everyone or shown.simple(asked.environ.get("HTTP_ORIGIN"))
        after_this_request(lambda response: write(answer, response))
    return None


def _enter_anew(app: Flask, coverage: Coverage, asked: Request, given: Given) -> Response | None:
    policies = coverage.settle(app)
    if not coverage.hooked:
        after_this_request(finisher(coverage))
    note_hidden(app, policies, asked, policies.own(given))
    if asked.method == "OPTIONS" and _stands_in(app, asked, policies, given):
        return app.make_default_options_response()
    return None


def _stands_in(app: Flask, asked: Request, policies: Policies, given: Given) -> bool:
    """Whether ``OPTIONS`` has led to this very view, which its author has not written for that."""
    rule = asked.url_rule
    if rule is None or class_has_options(app.view_functions[rule.endpoint]):
        return False
    declared = not any(name is _UNDECLARED for name in rule.methods or ())
    routed_here = policies.decoration(Place(rule.endpoint, asked.method, asked.path)) is given
    return routed_here and (policies.own(given).automatic_options or not declared)
