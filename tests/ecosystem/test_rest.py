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
from tests.ecosystem import helpers
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, check, preflight
from tests.tables import table

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


def apiflask_app(on_blueprint: bool) -> Flask:
    app: Flask = apiflask.APIFlask(__name__)
    blueprint = pets_of_apiflask()
    CORS(blueprint if on_blueprint else app, origins=ORIGIN, headers="Content-Type")
    app.register_blueprint(blueprint)
    return app


def smorest_app(on_blueprint: bool) -> Flask:
    app, blueprint = Flask(__name__), pets_of_smorest()
    app.config.update(API_TITLE="Pets", API_VERSION="1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX="/")
    CORS(blueprint if on_blueprint else app, origins=ORIGIN, headers="Content-Type")
    flask_smorest.Api(app).register_blueprint(blueprint)
    return app


Make = Callable[[bool], Flask]
by_each = pytest.mark.parametrize("make", [apiflask_app, smorest_app], ids=["APIFlask", "flask-smorest"])
both_ways = pytest.mark.parametrize("on_blueprint", [False, True], ids=["CORS(app)", "CORS(blueprint)"])


@by_each
@both_ways
@table(
    "method, path, body, status",
    ("a valid body", "POST", "/pets/", {"name": "Tom"}, 201),
    ("an invalid body", "POST", "/pets/", {}, 422),
    ("a login", "DELETE", "/pets/", None, 401),
    ("a missing method", "PUT", "/pets/", None, 405),
    ("a missing slash", "POST", "/pets", {}, 308),
    ("a missing page", "GET", "/pets/none", None, 404),
)
def test_the_policy_covers_preflights_responses_and_errors(
    make: Make, on_blueprint: bool, method: str, path: str, body: object, status: int
) -> None:
    check(make(on_blueprint), method, path, status, OTHERS, json=body)


@by_each
@both_ways
def test_a_decorated_view_has_its_own_policy(make: Make, on_blueprint: bool) -> None:
    app = make(on_blueprint)
    assert preflight(app, "/pets/decorated", "GET") == (200, DENIED)
    assert call(app, "GET", "/pets/decorated") == (403, DENIED)
    assert preflight(app, "/pets/decorated", "GET", OTHER) == (200, allowed_preflight(OTHER))
    assert call(app, "GET", "/pets/decorated", OTHER) == (403, allowed(OTHER))


@by_each
def test_the_description_of_the_api_is_outside_the_blueprint(make: Make) -> None:
    assert call(make(False), "GET", "/openapi.json") == (200, allowed(**OTHERS))
    assert call(make(True), "GET", "/openapi.json") == (200, {})


# Flask-RESTful and its successor -------------------------------------------------------------------------------------


every_package = pytest.mark.parametrize("package", [flask_restful, flask_restx], ids=lambda package: package.__name__)


decorator = cross_origin(origins=ORIGIN)


def users(package: ModuleType, **attributes: object) -> type:
    def get(_: object) -> list[str]:
        return ["ann"]

    def post(_: object) -> None:
        package.abort(409)

    def delete(_: object) -> None:
        raise RuntimeError("this view is broken on purpose")

    return type("Users", (package.Resource,), {"get": get, "post": post, "delete": delete, **attributes})


def resource(package: ModuleType, cors: Any = None, api: Any = (), **attributes: object) -> Flask:
    """Make an app with a resource: with options of CORS, decorators of the API, and attributes of the class."""
    app = Flask(__name__)
    CORS(app, **(cors or {"resources": []}))
    package.Api(app, decorators=[*api]).add_resource(users(package, **attributes), "/v1/users/")
    return app


def by_blueprint(package: ModuleType) -> Flask:
    app, blueprint = Flask(__name__), Blueprint("api", __name__, url_prefix="/v1")
    CORS(blueprint, origins=ORIGIN)
    package.Api(blueprint).add_resource(users(package), "/users/")
    app.register_blueprint(blueprint)
    return app


@every_package
@table(
    "make, covers_missing",
    ("by the app", lambda package: resource(package, {"origins": ORIGIN}), True),
    ("by the blueprint", by_blueprint, True),
    ("by decorators of the API", lambda package: resource(package, api=[decorator]), False),
    ("by those of the class", lambda package: resource(package, decorators=[decorator]), False),
)
def test_a_policy_covers_a_resource_and_its_errors(
    package: ModuleType, make: Callable[[ModuleType], Flask], covers_missing: bool
) -> None:
    app = make(package)
    for method, status in {"GET": 200, "POST": 409, "DELETE": 500, "PUT": 405}.items():
        check(app, method, "/v1/users/", status)
    check(app, "GET", "/v1/users", 308)
    if covers_missing:
        check(app, "GET", "/v1/none", 404)


@every_package
def test_methods_of_a_resource_have_policies_of_their_own(package: ModuleType) -> None:
    get = decorator(lambda _: ["ann"])
    post = cross_origin(origins=OTHER)(lambda _: "bob")
    app = resource(package, get=get, post=post)
    check(app, "GET", "/v1/users/")
    assert preflight(app, "/v1/users/", "POST") == call(app, "POST", "/v1/users/") == (200, DENIED)
    assert preflight(app, "/v1/users/", "POST", OTHER) == (200, allowed_preflight(OTHER))


@every_package
def test_method_decorators_run_too_late_for_preflights(package: ModuleType) -> None:
    app = resource(package, method_decorators=[decorator])
    assert call(app, "GET", "/v1/users/") == (200, allowed())
    assert preflight(app, "/v1/users/", "GET") == (200, {}), "they respond now: say so in the manual"


def test_the_code_in_the_manual_works() -> None:
    check(helpers.manual_app("flask_restful"), "POST", "/users", 201, OTHERS, json={"name": "ann"})
