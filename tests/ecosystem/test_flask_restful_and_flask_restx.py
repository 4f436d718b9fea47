"""Flask-RESTful and Flask-RESTX, which spell alike: their resources, and the places where these take decorators."""

from collections.abc import Callable
from types import ModuleType

import flask_restful
import flask_restx
import pytest
from flask import Blueprint, Flask

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, REFUSED, call, granted, granted_to_preflight, preflight
from tests.ecosystem.manual import app_in_manual

Way = Callable[[ModuleType], Flask]


@pytest.fixture(params=[flask_restful, flask_restx], ids=lambda package: package.__name__)
def package(request: pytest.FixtureRequest) -> ModuleType:
    chosen: ModuleType = request.param
    return chosen


def users(package: ModuleType, **attributes: object) -> type:
    """A resource, with what a class may say besides."""

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
    return closed_but_for(package, decorators=[cross_origin(origins=ORIGIN)])


def closed_but_for(package: ModuleType, **attributes: object) -> Flask:
    app = Flask(__name__)
    CORS(app, resources=[])
    package.Api(app).add_resource(users(package, **attributes), "/v1/users/")
    return app


WAYS = [by_app, by_blueprint, by_decorators_of_the_api, by_decorators_of_the_class]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v1/users/", 200, id="an answer"),
        pytest.param("POST", "/v1/users/", 409, id="abort"),
        pytest.param("DELETE", "/v1/users/", 500, id="an exception"),
        pytest.param("PUT", "/v1/users/", 405, id="a missing method"),
        pytest.param("GET", "/v1/users", 308, id="a missing slash"),
    ],
)
def test_a_resource_answers_its_preflight_and_keeps_its_policy_on_errors(
    package: ModuleType, way: Way, method: str, path: str, status: int
) -> None:
    app = way(package)
    assert preflight(app, path, method) == (200, granted_to_preflight())
    assert call(app, method, path) == (status, granted())
    assert call(app, method, path, OTHER) == (status, REFUSED)


@pytest.mark.parametrize("way", [by_app, by_blueprint])
def test_what_is_missing_has_the_policy_of_the_app_or_blueprint(package: ModuleType, way: Way) -> None:
    app = way(package)
    assert preflight(app, "/v1/none", "GET") == (200, granted_to_preflight())
    assert call(app, "GET", "/v1/none") == (404, granted())


def test_methods_of_a_resource_have_policies_of_their_own(package: ModuleType) -> None:
    @cross_origin(origins=ORIGIN)
    def get(_: object) -> list[str]:
        return ["ann"]

    @cross_origin(origins=OTHER)
    def post(_: object) -> str:
        return "bob"

    app = closed_but_for(package, get=get, post=post)
    assert preflight(app, "/v1/users/", "GET") == (200, granted_to_preflight())
    assert call(app, "GET", "/v1/users/") == (200, granted())
    assert preflight(app, "/v1/users/", "POST") == (200, REFUSED)
    assert call(app, "POST", "/v1/users/") == (200, REFUSED)
    assert preflight(app, "/v1/users/", "POST", OTHER) == (200, granted_to_preflight(OTHER))


def test_method_decorators_run_too_late_for_preflights(package: ModuleType) -> None:
    app = closed_but_for(package, method_decorators=[cross_origin(origins=ORIGIN)])
    assert call(app, "GET", "/v1/users/") == (200, granted())
    assert preflight(app, "/v1/users/", "GET") == (200, {}), "it is answered now: say so in the manual"


def test_the_code_in_the_manual_works() -> None:
    app = app_in_manual("flask_restful")
    beside = {"Allow_Headers": "Content-Type"}
    assert preflight(app, "/users", "POST") == (200, granted_to_preflight(**beside))
    assert call(app, "POST", "/users", json={"name": "ann"}) == (201, granted(**beside))
