"""Frameworks and platforms that stand around the Flask app, replace its ``wsgi_app``, or call its inner methods."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import flask.templating
import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from azure.functions import HttpRequest, WsgiMiddleware
from flask import Flask, Request, Response
from flask_http_middleware import BaseHTTPMiddleware, MiddlewareManager
from functions_framework import create_app

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, check

with warnings.catch_warnings(action="ignore"):  # about its own dependencies
    from connexion import FlaskApp
    from connexion.resolver import Resolver

Step = Callable[[Flask], object]

in_either_order = pytest.mark.parametrize("order", [1, -1], ids=["CORS first", "CORS last"])


def app_with(step: Step, order: int) -> Flask:
    app = Flask(__name__)
    steps: list[Step] = [lambda app: CORS(app, origins=ORIGIN), step]
    for each in steps[::order]:
        each(app)
    app.add_url_rule("/users", "users", lambda: "ann", methods=["GET", "POST"])
    return app


@in_either_order
def test_x_ray_records_whole_requests(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask.templating._render", vars(flask.templating)["_render"])  # it replaces this for all apps
    sent: list[int] = []
    xray_recorder.configure(service="shop", sampling=False)
    xray_recorder.emitter._socket.close()  # which was opened by the import
    xray_recorder.emitter.send_entity = lambda segment: sent.append(segment.http["response"]["status"])
    app = app_with(lambda app: XRayMiddleware(app, xray_recorder), order)
    check(app, "POST", "/users")
    assert call(app, "OPTIONS", "/users") == (200, allowed_preflight())
    assert sent == [200, 200, 200]  # no preflight is in there


class Log(BaseHTTPMiddleware):
    def __init__(self) -> None:
        super().__init__()

    def dispatch(self, request: Request, call_next: Callable[[Request], Response]) -> Response:
        return call_next(request)


@in_either_order
def test_a_manager_of_middlewares_replaces_wsgi_app(order: int) -> None:
    def manage(app: Flask) -> None:
        manager = MiddlewareManager(app)
        manager.add_middleware(Log)
        app.wsgi_app = manager  # type: ignore[method-assign]

    check(app_with(manage, order), "POST", "/users")


inner = Flask("inner")
CORS(inner, origins=ORIGIN)
inner.add_url_rule("/users", "users", lambda: "ann", methods=["GET", "POST"])


def whole_app(outer: Request) -> Response:
    """Dispatch in a context made by hand, as programs in Cloud Functions do."""
    details: dict[str, Any] = {"method": outer.method, "headers": dict(outer.headers), "data": outer.get_data()}
    with inner.test_request_context(outer.full_path, **details):
        return inner.full_dispatch_request()


def on_request(function: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Wrap a function as firebase-functions does: ``cross_origin`` inside, ``functools.wraps`` outside."""
    covered = cross_origin(origins=ORIGIN)(lambda request: function(request))
    return functools.wraps(function)(lambda request: covered(request))


@on_request
def function(request: Request) -> str:
    assert request.method != "OPTIONS", "the function itself runs for a preflight"
    return "ann"


@pytest.mark.parametrize("target", ["whole_app", "function"])
def test_functions_framework_calls_a_function_with_the_request(target: str) -> None:
    check(create_app(target, __file__), "POST", "/users")


@in_either_order
def test_azure_functions_keep_wsgi_app_from_before(order: int) -> None:
    adapters: list[WsgiMiddleware] = []
    app_with(lambda app: adapters.append(WsgiMiddleware(app.wsgi_app)), order)
    for method, origin, expected in [("GET", ORIGIN, allowed()), ("OPTIONS", OTHER, DENIED)]:
        headers = {"Host": "fn.example", "Origin": origin, "Access-Control-Request-Method": "POST"}
        response = adapters[0].handle(HttpRequest(method, "https://fn.example/users", headers=headers, body=b""))
        assert (response.status_code, dict(response.headers).items() >= expected.items()) == (200, True)


@in_either_order
def test_connexion_refuses_preflights_before_flask_sees_them(order: int) -> None:
    app = FlaskApp(__name__)
    operation = {"operationId": "users", "responses": {"200": {"description": "names"}}}
    paths = {"/users": {"get": operation}}
    api = {"openapi": "3.0.0", "info": {"title": "Users", "version": "1"}, "paths": paths}
    users = Resolver({"users": lambda: ["ann"]}.get)
    steps = [lambda: CORS(app.app, origins=ORIGIN), lambda: app.add_api(api, resolver=users)]
    for step in steps[::order]:
        step()
    wanted = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    responses = [app.test_client().request(method, "/users", headers=wanted) for method in ("GET", "OPTIONS")]
    found = [(response.status_code, response.headers.get("Access-Control-Allow-Origin")) for response in responses]
    assert found == [(200, ORIGIN), (405, None)], "preflights pass now: say so in the manual"
