"""``CORS``: policies for a whole app, or for a blueprint. The rules are in ``policy.py``."""

from typing import Never, NoReturn, Unpack, cast

from flask import Blueprint
from flask.app import Flask  # since tracers replace `flask.Flask` with a class of their own
from flask.blueprints import BlueprintSetupState
from werkzeug.local import LocalProxy

from ._middleware import app_state, install
from ._state import Scope, blueprint_scope
from .options import RESOURCES, CORSOptions, ParsedOptions, check_now, parse_keywords


class CORS:
    """Give an app, or a blueprint, a policy for cross-origin requests.

    ::

        app = Flask(__name__)
        CORS(app, resources=r"/api/", origins="https://app.example")

    Without options, pages of every origin may read everything. Options can also be set in the app's config, before or
    after this call: the app reads it when it gets its first request.

    Preflights get their response before the app's ``before_request`` functions run, unless ``automatic_options`` is
    ``False``, the view handles ``OPTIONS``, ``origins`` holds a function, or another middleware was there first. Error
    responses carry the headers of the policy that covers them. If two calls on one app match, the later one decides.

    :param app: the app or blueprint; without it, call :meth:`init_app` later, once for each.
    :param options: see :class:`~flask_cors.options.Options`, and ``resources`` in
        :class:`~flask_cors.options.CORSOptions`.
    :raises TypeError: for an unknown option, an option given by position, or what is not an app.
    :raises ValueError: for values that break a rule, all in one message.
    :raises RuntimeError: for a blueprint that is registered already.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, *positional: Never, **options: Unpack[CORSOptions]
    ) -> None:
        self._options = parse_keywords(options, "CORS()", RESOURCES, positional=positional)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, *positional: Never, **options: Unpack[CORSOptions]) -> None:
        """Set up *app*; these options override those of the constructor. This object keeps nothing of *app*.

        A blueprint uses the options for its own views, and for a 404, a 405 or a redirect below its ``url_prefix``,
        unless another route of the app has the path.

        :raises TypeError: for an unknown option, an option given by position, or what is not an app.
        :raises ValueError: for values that break a rule, all in one message.
        :raises RuntimeError: for a blueprint that is registered already.
        """
        parsed = self._options
        if options or positional:
            parsed = parse_keywords(options, "init_app()", RESOURCES, positional=positional)
            parsed.values = self._options.values | parsed.values
        check_now(parsed)
        target: object = app  # programs that check no types may give anything
        if isinstance(target, LocalProxy):  # `current_app`
            target = target._get_current_object()
        if isinstance(target, Flask):
            _add(target, Scope(parsed))
        elif isinstance(target, Blueprint):
            _set_up_blueprint(target, parsed)
        else:
            from .cli.advice import not_an_app

            raise TypeError(not_an_app(target))

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"CORS has no {name!r}: it is not an app; write CORS(app) on its own line, without app =")


def _add(app: Flask, scope: Scope) -> None:
    state = app_state(app)
    state.add(scope)
    install(state)


def _set_up_blueprint(blueprint: Blueprint, parsed: ParsedOptions) -> None:
    def registered(setup: BlueprintSetupState) -> None:
        name = f"{setup.name_prefix}.{setup.name}".lstrip(".")
        _add(cast(Flask, setup.app), blueprint_scope(parsed, name, setup.url_prefix or ""))

    try:
        blueprint.record(registered)
    except AssertionError:
        raise RuntimeError(
            f"CORS(blueprint) comes too late: {blueprint.name!r} is registered already; "
            "move CORS(blueprint) above app.register_blueprint(blueprint), or if a factory runs twice, out of it, "
            "beside the blueprint"
        ) from None
