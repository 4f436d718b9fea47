"""APIFlask, flask-smorest, Flask-RESTful and Flask-RESTX: views that check what they take, and handle errors."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, cast

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


def of_apiflask(cors: Callable[[Any], object], on_blueprint: bool) -> Flask:
    app, pets = apiflask.APIFlask(__name__), apiflask.APIBlueprint("pets", __name__, url_prefix="/pets")
    cors(pets if on_blueprint else app)
    pets.post("/")(pets.input(Pet)(pets.output(Pet, status_code=201)(lambda json_data: json_data)))
    pets.delete("/", endpoint="delete")(pets.auth_required(apiflask.HTTPTokenAuth())(lambda: None))

    @pets.get("/decorated")
    @cross_origin(origins=OTHER)
    @pets.output(Pet)
    def decorated() -> None:
        raise apiflask.HTTPError(403)

    app.register_blueprint(pets)
    return cast(Flask, app)


def of_smorest(cors: Callable[[Any], object], on_blueprint: bool) -> Flask:
    app, pets = Flask(__name__), flask_smorest.Blueprint("pets", __name__, url_prefix="/pets")
    app.config.update(API_TITLE="Pets", API_VERSION="1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX="/")
    cors(pets if on_blueprint else app)

    @pets.route("/")
    class Pets(MethodView):
        @pets.arguments(Pet)
        @pets.response(201, Pet)
        def post(self, pet: dict[str, str]) -> dict[str, str]:
            return pet

        def delete(self) -> None:
            flask_smorest.abort(401)

    @pets.route("/decorated")
    @cross_origin(origins=OTHER)
    @pets.response(200, Pet)
    def decorated() -> None:
        flask_smorest.abort(403)

    flask_smorest.Api(app).register_blueprint(pets)
    return app


@pytest.mark.parametrize("make", [of_apiflask, of_smorest])
@pytest.mark.parametrize("on_blueprint", [False, True], ids=["CORS(app)", "CORS(blueprint)"])
def test_the_policy_covers_preflights_responses_and_errors(make: Callable[..., Flask], on_blueprint: bool) -> None:
    app = make(lambda covered: CORS(covered, origins=ORIGIN, headers="Content-Type"), on_blueprint)
    check(app, "POST", "/pets/", 201, OTHERS, json={"name": "Tom"})
    check(app, "POST", "/pets/", 422, OTHERS, json={})  # an invalid body
    check(app, "POST", "/pets", 308, OTHERS, json={})
    for method, path, status in [("DELETE", "/pets/", 401), ("PUT", "/pets/", 405), ("GET", "/pets/none", 404)]:
        check(app, method, path, status, OTHERS)
    assert preflight(app, "/pets/decorated", "GET", OTHER) == (200, allowed_preflight(OTHER))
    assert call(app, "GET", "/pets/decorated", OTHER) == (403, allowed(OTHER))
    assert call(app, "GET", "/pets/decorated") == (403, DENIED)
    # The description of the API is outside the blueprint.
    assert call(app, "GET", "/openapi.json") == (200, {} if on_blueprint else allowed(**OTHERS))


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
def test_method_decorators_run_too_late_for_preflights(package: ModuleType) -> None:
    app = resource(package, method_decorators=[decorator])
    assert call(app, "GET", "/v1/users/") == (200, allowed())
    assert preflight(app, "/v1/users/", "GET") == (200, {}), "they respond now: say so in the manual"


def test_the_code_in_the_manual_works() -> None:
    check(helpers.manual_app("flask_restful"), "POST", "/users", 201, OTHERS, json={"name": "ann"})
