"""Routes: which view a request reaches, and whether that view handles ``OPTIONS`` itself."""

from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Flask, Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import MapAdapter, RequestRedirect, Rule

_MAX_REDIRECTS = 8


class AutomaticOptions(str):
    """``OPTIONS`` on a rule whose author did not write it.

    Werkzeug stores ``method.upper()`` in a rule. This returns the object itself, so that its class shows.
    """

    def upper(self) -> str:
        return self


class Route(NamedTuple):
    """Where a request ends: the endpoint, if there is one, the method and the path."""

    endpoint: str | None
    method: str
    path: str


def url_adapter(app: Flask, request: Request) -> MapAdapter | None:
    """Return the app's routes for this request; ``None`` if its host is not trusted."""
    try:
        return app.create_url_adapter(request)
    except HTTPException:
        return None


def request_route(app: Flask, request: Request, adapter: MapAdapter | None = None) -> Route:
    """Return the route of a request; for a preflight, the route of the request that it is for.

    :raises Exception: what a converter or a ``redirect_to`` function of the app raises.
    """
    method, rule = request.method, request.url_rule
    if method == "OPTIONS":  # without an `Origin` as well: a response that depends on it would need `Vary`
        requested = request.environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        if requested:
            method, rule = requested, None
    if rule is not None:
        return Route(rule.endpoint, method, request.path)
    adapter = adapter or url_adapter(app, request)
    return resolve_route(adapter, method, request.path) if adapter else Route(None, method, request.path)


def resolve_route(adapter: MapAdapter, method: str, path: str) -> Route:
    """Resolve the route for *method*, following redirects; on 405, use an allowed method."""
    for _ in range(_MAX_REDIRECTS):
        try:
            return Route(adapter.match(path, method)[0], method, path)
        except RequestRedirect as redirect:
            url = urlsplit(redirect.new_url)
            target = url.netloc + unquote(url.path)  # as the app will see it
            root = adapter.get_host(None) + adapter.script_name
            if not target.startswith(root):
                break  # it leads out of this app
            path = f"/{target.removeprefix(root)}"
        except MethodNotAllowed as error:
            method = min({*(error.valid_methods or ())} - {"OPTIONS"}, default="OPTIONS")
        except HTTPException:
            break
    return Route(None, method, path)


def declares_options(rule: Rule | None) -> bool:
    """Whether the author of a rule wrote it for ``OPTIONS``. Without a rule, nothing is automatic."""
    if getattr(rule, "provide_automatic_options", False):
        return False
    return AutomaticOptions not in map(type, getattr(rule, "methods", None) or ())


def class_handles_options(view: object) -> bool:
    """Whether a view is a class with a method for ``OPTIONS``."""
    from flask.views import MethodView  # here, since few programs need it

    view_class = getattr(view, "view_class", object)
    return hasattr(view_class, "options") and issubclass(view_class, MethodView)
