"""APIFlask, flask-smorest, Flask-RESTful and Flask-RESTX: views that check what they take, and handle errors."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import apiflask
import flask_restful
import flask_restx
import flask_smorest
import marshmallow
import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import (
    DENIED,
    ORIGIN,
    OTHER,
    allowed,
    allowed_preflight,
    call,
    check,
    manual_app,
    preflight,
)

OTHERS = {"Allow_Headers": "Content-Type"}


class Pet(marshmallow.Schema):
    name = marshmallow.fields.String(required=True)


def pets_of_apiflask() -> apiflask.APIBlueprint:
    blueprint = apiflask.APIBlueprint("pets", __name__, url_prefix="/pets")

    @blueprint.post("/")
    @blueprint.input(Pet)
    @blueprint.output(Pet, status_code=201)
    def create(json_data: dict[str, str]) -> dict[str, str]:
        return json_data

    @blueprint.delete("/")
    @blueprint.auth_required(apiflask.HTTPTokenAuth())
    def delete() -> None: ...

    @blueprint.get("/decorated")
    @cross_origin(origins=OTHER)
    @blueprint.output(Pet)
    def decorated() -> None:
        raise apiflask.HTTPError(403)

    return blueprint


def pets_of_smorest() -> flask_smorest.Blueprint:
    blueprint = flask_smorest.Blueprint("pets", __name__, url_prefix="/pets")

    @blueprint.route("/")
    class Pets(MethodView):
        @blueprint.arguments(Pet)
        @blueprint.response(201, Pet)
        def post(self, pet: dict[str, str]) -> dict[str, str]:
            return pet

        def delete(self) -> None:
            flask_smorest.abort(401)

    @blueprint.route("/decorated")
    @cross_origin(origins=OTHER)
    @blueprint.response(200, Pet)
    def decorated() -> None:
        flask_smorest.abort(403)

    return blueprint


def apiflask_app(cors: Callable[[Any], object], on_blueprint: bool) -> Flask:
    app: Flask = apiflask.APIFlask(__name__)
    blueprint = pets_of_apiflask()
    cors(blueprint if on_blueprint else app)
    app.register_blueprint(blueprint)
    return app


def smorest_app(cors: Callable[[Any], object], on_blueprint: bool) -> Flask:
    app, blueprint = Flask(__name__), pets_of_smorest()
    app.config.update(API_TITLE="Pets", API_VERSION="1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX="/")
    cors(blueprint if on_blueprint else app)
    flask_smorest.Api(app).register_blueprint(blueprint)
    return app


@pytest.fixture(params=[apiflask_app, smorest_app], ids=["APIFlask", "flask-smorest"])
def make(request: pytest.FixtureRequest) -> Callable[[bool], Flask]:
    cors = CORS(origins=ORIGIN, headers="Content-Type")
    return lambda on_blueprint: request.param(cors.init_app, on_blueprint)


both_ways = pytest.mark.parametrize("on_blueprint", [False, True], ids=["CORS(app)", "CORS(blueprint)"])


@both_ways
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", "/pets/", {"name": "Tom"}, 201, id="a valid body"),
        pytest.param("POST", "/pets/", {}, 422, id="an invalid body"),
        pytest.param("DELETE", "/pets/", None, 401, id="a login"),
        pytest.param("PUT", "/pets/", None, 405, id="a missing method"),
        pytest.param("POST", "/pets", {}, 308, id="a missing slash"),
        pytest.param("GET", "/pets/none", None, 404, id="a missing page"),
    ],
)
def test_the_policy_covers_preflights_responses_and_errors(
    make: Callable[[bool], Flask], on_blueprint: bool, method: str, path: str, body: object, status: int
) -> None:
    check(make(on_blueprint), method, path, status, OTHERS, json=body)


@both_ways
def test_a_decorated_view_has_its_own_policy(make: Callable[[bool], Flask], on_blueprint: bool) -> None:
    app = make(on_blueprint)
    assert preflight(app, "/pets/decorated", "GET") == (200, DENIED)
    assert call(app, "GET", "/pets/decorated") == (403, DENIED)
    assert preflight(app, "/pets/decorated", "GET", OTHER) == (200, allowed_preflight(OTHER))
    assert call(app, "GET", "/pets/decorated", OTHER) == (403, allowed(OTHER))


def test_the_description_of_the_api_is_outside_the_blueprint(make: Callable[[bool], Flask]) -> None:
    assert call(make(False), "GET", "/openapi.json") == (200, allowed(**OTHERS))
    assert call(make(True), "GET", "/openapi.json") == (200, {})


# Flask-RESTful and its successor -------------------------------------------------------------------------------------


@pytest.fixture(params=[flask_restful, flask_restx], ids=lambda package: package.__name__)
def package(request: pytest.FixtureRequest) -> ModuleType:
    chosen: ModuleType = request.param
    return chosen


def users(package: ModuleType, **attributes: object) -> type:
    def get(_: object) -> list[str]:
        return ["ann"]

    def post(_: object) -> None:
        package.abort(409)

    def delete(_: object) -> None:
        raise RuntimeError("this view is broken on purpose")

    return type("Users", (package.Resource,), {"get": get, "post": post, "delete": delete, **attributes})


def by_app(package: ModuleType) -> Flask:
    app = Flask(__name__)
    CORS(app, origins=ORIGIN)
    package.Api(app).add_resource(users(package), "/v1/users/")
    return app


def by_blueprint(package: ModuleType) -> Flask:
    app, blueprint = Flask(__name__), Blueprint("api", __name__, url_prefix="/v1")
    CORS(blueprint, origins=ORIGIN)
    package.Api(blueprint).add_resource(users(package), "/users/")
    app.register_blueprint(blueprint)
    return app


def by_decorators_of_the_api(package: ModuleType) -> Flask:
    app = Flask(__name__)
    CORS(app, resources=[])
    package.Api(app, decorators=[cross_origin(origins=ORIGIN)]).add_resource(users(package), "/v1/users/")
    return app


def by_decorators_of_the_class(package: ModuleType) -> Flask:
    return decorated(package, decorators=[cross_origin(origins=ORIGIN)])


def decorated(package: ModuleType, **attributes: object) -> Flask:
    app = Flask(__name__)
    CORS(app, resources=[])
    package.Api(app).add_resource(users(package, **attributes), "/v1/users/")
    return app


@pytest.mark.parametrize("way", [by_app, by_blueprint, by_decorators_of_the_api, by_decorators_of_the_class])
def test_a_policy_covers_a_resource_and_its_errors(package: ModuleType, way: Callable[[ModuleType], Flask]) -> None:
    app = way(package)
    for method, path, status in [
        ("GET", "/v1/users/", 200),
        ("POST", "/v1/users/", 409),
        ("DELETE", "/v1/users/", 500),
        ("PUT", "/v1/users/", 405),
        ("GET", "/v1/users", 308),
    ]:
        check(app, method, path, status)
    if way in {by_app, by_blueprint}:
        check(app, "GET", "/v1/none", 404)


def test_methods_of_a_resource_have_policies_of_their_own(package: ModuleType) -> None:
    get = cross_origin(origins=ORIGIN)(lambda _: ["ann"])
    post = cross_origin(origins=OTHER)(lambda _: "bob")
    app = decorated(package, get=get, post=post)
    check(app, "GET", "/v1/users/")
    assert preflight(app, "/v1/users/", "POST") == (200, DENIED)
    assert call(app, "POST", "/v1/users/") == (200, DENIED)
    assert preflight(app, "/v1/users/", "POST", OTHER) == (200, allowed_preflight(OTHER))


def test_method_decorators_run_too_late_for_preflights(package: ModuleType) -> None:
    app = decorated(package, method_decorators=[cross_origin(origins=ORIGIN)])
    assert call(app, "GET", "/v1/users/") == (200, allowed())
    assert preflight(app, "/v1/users/", "GET") == (200, {}), "they respond now: say so in the manual"


def test_the_code_in_the_manual_works() -> None:
    check(manual_app("flask_restful"), "POST", "/users", 201, OTHERS, json={"name": "ann"})
