"""``@cross_origin()``: a policy for one view. There is no policy in here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from functools import partial, update_wrapper, wraps
from typing import Any, Never, TypeVar, Unpack, cast

from flask import Response, after_this_request

from ._middleware import HIDDEN_POLICY, add_headers, ask_callables, read_request, this_request, this_state
from ._routes import (
    DECORATION,
    AutomaticOptions,
    all_decorations,
    answers_options,
    class_handles_options,
    declares_options,
    find_decoration,
    hidden_decoration,
    request_route,
    url_adapter,
)
from .options import (
    EVERY_PATH,
    RESOURCES,
    Options,
    ParsedOptions,
    check_now,
    check_positional,
    parse_keywords,
)

AnyView = Callable[..., Any]
View = TypeVar("View", bound=AnyView)


def cross_origin(*positional: Never, **options: Unpack[Options]) -> Callable[[View], View]:
    """Give one view a policy of its own.

    Put it below ``@app.route``::

        @app.route("/")
        @cross_origin(origins="https://app.example")
        def index(): ...

    The policy overrides that of :class:`CORS` for this view, on errors too, even if it allows no origin. It decorates
    functions, ``async def`` functions and methods of a ``MethodView``, and can be in the ``decorators`` of a ``View``.

    Without options, pages of every origin may read the view. If the view changes something, or if a client can try
    passwords there, protect it against forged requests as well: CORS does not.

    Without :class:`CORS` on the app, the view's wrapper responds to preflights, after the app's ``before_request``
    functions, and a response of these carries no CORS headers. ``CORS(app, resources=[])`` changes both.

    :param options: see :class:`~flask_cors.options.Options`.
    :raises TypeError: for an unknown option, an option given by position, or missing parentheses.
    :raises ValueError: for values that break a rule, all in one message.
    """
    check_positional(positional, "cross_origin()", "origins")
    decoration = parse_keywords(options, "cross_origin()")
    decoration.values[RESOURCES] = EVERY_PATH  # not those of the config
    check_now(decoration)

    def decorate(view: View) -> View:
        own = copy(decoration)  # so that it tells this view from others with the same decorator
        wrapper = _wrap(view, own)
        if not hasattr(wrapper, DECORATION):  # otherwise a decorator nearer to the view has set it
            setattr(wrapper, DECORATION, own)
        return cast(View, _route_options(wrapper) if answers_options(wrapper) else wrapper)

    return decorate


def _wrap(view: AnyView, decoration: ParsedOptions) -> AnyView:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        response = before_view(decoration)
        return view(*args, **kwargs) if response is None else response

    async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
        response = before_view(decoration)
        return await view(*args, **kwargs) if response is None else response

    return wraps(view)(async_wrapper if inspect.iscoroutinefunction(view) else wrapper)


def _route_options(wrapper: AnyView) -> AnyView:
    """Make Flask route ``OPTIONS`` to *wrapper*: ``Flask.add_url_rule`` reads these two attributes."""
    if getattr(wrapper, "__qualname__", "").startswith("View.as_view."):
        wrapper = _ClassBasedView(wrapper)
    required = {AutomaticOptions("OPTIONS"), *getattr(wrapper, "required_methods", ())}
    vars(wrapper).update(required_methods=required, provide_automatic_options=False)
    return wrapper


class _ClassBasedView:
    """A view made by ``View.as_view``, which sets attributes of what its decorators return.

    One of these attributes would keep ``OPTIONS`` from being routed to the view. So it cannot be set.
    """

    provide_automatic_options = property(lambda _: False, lambda _, __: None)

    def __init__(self, view: AnyView) -> None:
        update_wrapper(self, view)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)  # type: ignore[attr-defined]


def before_view(decoration: ParsedOptions) -> Response | None:
    """Use the decoration's policy for this request, before its view runs; return a response in place of the view's."""
    state, current = this_state(), this_request()
    view = state.app.view_functions.get(current.endpoint or "")
    shown = find_decoration(view, current.method)
    if shown not in (None, decoration):  # a decorator nearer to the view decides
        return None
    # A view may also call another registered view, and keeps its own policy then.
    hidden = shown is None and (
        hidden_decoration(state.app, view) is decoration or decoration not in all_decorations(state.app)
    )
    if hidden:
        with suppress(Exception):  # what routing raises; `add_headers` meets it as well
            if request_route(state.app, current).endpoint == current.endpoint:
                setattr(current, HIDDEN_POLICY, state.decorated_policy(decoration))
    if hidden or shown is decoration:
        if state.has_callables:
            ask_callables(state)
        if not state.installed:
            after_this_request(partial(add_headers, state))
    if current.method != "OPTIONS" or class_handles_options(view):
        return None
    is_for_wrapper = shown is decoration or read_request(current).is_preflight
    is_automatic = not declares_options(current.url_rule)
    if not is_for_wrapper or not (is_automatic or state.decorated_policy(decoration).automatic_options):
        return None
    # As Flask's own response to OPTIONS.
    response = state.app.response_class()
    adapter = url_adapter(state.app, current)
    response.allow.update(adapter.allowed_methods() if adapter else ())
    return response
