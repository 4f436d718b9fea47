"""``CORS``: policies for a whole app, or for a blueprint. There is no policy in here."""

from __future__ import annotations

from threading import RLock
from typing import Never, Unpack, cast

from flask import Blueprint, Flask, request_started
from flask.blueprints import BlueprintSetupState

from ._coverage import cover_late, coverage_of, remember_late, settled
from ._door import hook
from .options import RESOURCES, CORSOptions, Given, by_keyword, check_positional, resources_of


class CORS:
    """Give an app, or a blueprint, a policy for cross-origin requests.

    ::

        app = Flask(__name__)
        CORS(app, resources=r"/api/", origins="https://app.example")

    Without options, pages of every origin may read everything. Options may also be set in the app's config, before
    or after this call: what counts is how the config stands when the app answers its first request.

    Preflights are answered first of all, before the app's ``before_request`` functions; errors carry the headers
    of the policy that covers them. Used twice on one app, the later one decides where both match.

    :param app: the app or blueprint; left out, call :meth:`init_app` later, once for each.
    :param options: see :class:`~flask_cors.options.Options`, and ``resources`` in
        :class:`~flask_cors.options.CORSOptions`.
    :raises TypeError: for an unknown option, or an option given by position.
    :raises ValueError: for values that break a rule, all in one message.
    """

    def __init__(
        self, app: Flask | Blueprint | None = None, *positional: Never, **options: Unpack[CORSOptions]
    ) -> None:
        check_positional(positional, "CORS()", RESOURCES)
        self._given = by_keyword(options, "CORS()", RESOURCES)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, *positional: Never, **options: Unpack[CORSOptions]) -> None:
        """Set up *app* with these options over those of the constructor. Nothing of *app* is kept in this object.

        A blueprint takes the options for its own views, and for what is missing below its ``url_prefix``.

        :raises TypeError: for an unknown option, an option given by position, or what is no app.
        :raises ValueError: for values that break a rule, all in one message.
        """
        check_positional(positional, "init_app()", RESOURCES)
        given = Given({**self._given, **by_keyword(options, "init_app()", RESOURCES)})
        resources_of(given)  # refuses now what no config can mend
        if isinstance(app, Flask):
            _cover(getattr(app, "_get_current_object", lambda: app)(), given)  # it may be `current_app`
        elif isinstance(app, Blueprint):
            _cover_blueprint(app, given)
        else:
            raise TypeError(f"CORS() takes a Flask app or a Blueprint first, and options by keyword, not {app!r}")


def _cover(app: Flask, given: Given, blueprint: str | None = None, prefix: str = "") -> None:
    coverage_of(app).add(given, blueprint, prefix)
    hook(app)


def _cover_blueprint(blueprint: Blueprint, given: Given) -> None:
    def registered(setup: BlueprintSetupState) -> None:
        name = f"{setup.name_prefix}.{setup.name}".lstrip(".")
        _cover(cast(Flask, setup.app), given, name, setup.url_prefix or "")

    try:
        blueprint.record(registered)
    except AssertionError:  # it is registered, and does not know where: the apps that have it will, when they start
        remember_late(blueprint, given)
        request_started.connect(cover_late_blueprints)


def cover_late_blueprints(app: Flask, **_: object) -> None:
    """Let the blueprints of *app* have what they were given after it had them; an app does so when it starts."""
    with _LOCK:
        if cover_late(app):
            hook(app, late=True)
            settled(app)


_LOCK = RLock()  # of two first requests, the second one waits until the first is covered
