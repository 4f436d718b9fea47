"""``@cross_origin()``: a policy for one view. The rules are in ``policy.py``."""

import inspect
from collections.abc import Callable
from copy import copy
from functools import partial, update_wrapper, wraps
from typing import Any, Never, TypeVar, Unpack, cast

from ._decorations import DECORATION, answers_options, find_decoration
from ._middleware import before_view
from ._routes import AutomaticOptions
from .options import EVERY_PATH, RESOURCES, Options, ParsedOptions, check_now, parse_keywords

AnyView = Callable[..., Any]
View = TypeVar("View", bound=AnyView)


def cross_origin(*positional: Never, **options: Unpack[Options]) -> Callable[[View], View]:
    """Give one view a policy of its own.

    Put it below ``@app.route``::

        @app.route("/")
        @cross_origin(origins="https://app.example")
        def index(): ...

    The policy overrides that of :class:`CORS` for this view, on errors too, even if it allows no origin.
    ``cross_origin`` decorates functions, ``async def`` functions and methods of a ``MethodView``, and can be in the
    ``decorators`` of a ``View``.

    Without options, pages of every origin may read the view. If the view changes something, or if a client can try
    passwords there, protect it against forged requests as well: CORS does not.

    Without :class:`CORS` on the app, the view's wrapper responds to preflights, after the app's ``before_request``
    functions. If one of these functions responds, that response has no CORS headers. If only a method of a class is
    decorated, Flask responds to preflights, without CORS headers. With ``CORS(app, resources=[])``, preflights get
    their response before these functions, and all responses to the view's requests carry the headers.

    :param options: see :class:`~flask_cors.options.Options`.
    :raises TypeError: for an unknown option, an option given by position, missing parentheses, or a class.
    :raises ValueError: for values that break a rule, all in one message.
    """
    decoration = parse_keywords(options, "cross_origin()", positional=positional)
    decoration.values[RESOURCES] = EVERY_PATH  # `CORS_RESOURCES` is for `CORS` alone
    check_now(decoration)

    def decorate(view: View) -> View:
        if inspect.isclass(view) and hasattr(view, "as_view"):
            raise TypeError(
                f"cross_origin() is for functions, not for the class {view.__name__}; "
                "write decorators = [cross_origin()] in the class"
            )
        # A decorator nearer to the view decides. A copy tells this view from others with the same decorator.
        decides = find_decoration(view) or copy(decoration)
        wrapper = _wrap(view, decides)
        vars(wrapper)[DECORATION] = decides
        if answers_options(decides):
            wrapper = _route_options(wrapper)
        return cast(View, wrapper)

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
    if wrapper.__qualname__.startswith("View.as_view."):
        wrapper = update_wrapper(_ClassBasedView(wrapper), wrapper)
    required = {AutomaticOptions("OPTIONS"), *getattr(wrapper, "required_methods", ())}
    vars(wrapper).update(required_methods=required, provide_automatic_options=False)
    return wrapper


class _ClassBasedView(partial[Any]):
    """A view made by ``View.as_view``, which sets attributes of what its decorators return.

    One of these attributes would keep ``OPTIONS`` from being routed to the view. So it cannot be set.
    """

    provide_automatic_options = property(lambda _: False, lambda _, __: None)
