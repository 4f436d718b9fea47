"""APIFlask: an app class of its own, with views that check what they take and give."""

from typing import ClassVar

import pytest
from apiflask import APIBlueprint, APIFlask, HTTPError, HTTPTokenAuth, Schema
from apiflask.fields import String
from apiflask.views import MethodView

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, REFUSED, call, granted, granted_to_preflight, preflight

LET_IN = granted(Allow_Headers="Authorization, Content-Type")
PREFLIGHT = granted_to_preflight(Allow_Headers="Authorization, Content-Type")
HEADERS = "Authorization, Content-Type"


class Pet(Schema):
    name = String(required=True)


def pets() -> APIBlueprint:
    blueprint = APIBlueprint("pets", __name__, url_prefix="/pets")

    @blueprint.post("/")
    @blueprint.input(Pet)
    @blueprint.output(Pet, status_code=201)
    def create(json_data: dict[str, str]) -> dict[str, str]:
        return json_data

    @blueprint.get("/private")
    @blueprint.auth_required(HTTPTokenAuth())
    def private() -> dict[str, str]:
        return {}

    @blueprint.get("/locked")
    @cross_origin(origins=OTHER)
    @blueprint.output(Pet)
    def locked() -> dict[str, str]:
        raise HTTPError(403)

    class ByClass(MethodView):
        decorators: ClassVar = [cross_origin(origins=OTHER)]

        def delete(self) -> None:
            raise HTTPError(403)

    blueprint.add_url_rule("/class", view_func=ByClass.as_view("class"))
    return blueprint


def by_app() -> APIFlask:
    app = APIFlask(__name__)
    CORS(app, origins=ORIGIN, headers=HEADERS)
    app.register_blueprint(pets())
    return app


def by_blueprint() -> APIFlask:
    app, blueprint = APIFlask(__name__), pets()
    CORS(blueprint, origins=ORIGIN, headers=HEADERS)
    app.register_blueprint(blueprint)
    return app


both_ways = pytest.mark.parametrize("way", [by_app, by_blueprint])


@both_ways
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", "/pets/", {"name": "Tom"}, 201, id="a body that is taken"),
        pytest.param("POST", "/pets/", {}, 422, id="a body that is refused"),
        pytest.param("GET", "/pets/private", None, 401, id="a login"),
        pytest.param("GET", "/pets/", None, 405, id="a missing method"),
        pytest.param("POST", "/pets", {}, 308, id="a missing slash"),
        pytest.param("GET", "/pets/none", None, 404, id="a missing page"),
    ],
)
def test_a_view_answers_its_preflight_and_keeps_its_policy_on_errors(
    way: type, method: str, path: str, body: object, status: int
) -> None:
    app = way()
    assert preflight(app, path, method) == (200, PREFLIGHT)
    assert call(app, method, path, json=body) == (status, LET_IN)
    assert call(app, method, path, OTHER, json=body) == (status, REFUSED)


@both_ways
@pytest.mark.parametrize(("method", "path"), [("GET", "/pets/locked"), ("DELETE", "/pets/class")])
def test_a_decorated_view_has_its_own_policy(way: type, method: str, path: str) -> None:
    app = way()
    assert preflight(app, path, method) == (200, REFUSED)
    assert call(app, method, path) == (403, REFUSED)
    assert preflight(app, path, method, OTHER) == (200, granted_to_preflight(OTHER))
    assert call(app, method, path, OTHER) == (403, granted(OTHER))


def test_the_description_of_the_api_is_outside_the_blueprint() -> None:
    assert call(by_app(), "GET", "/openapi.json") == (200, LET_IN)
    assert call(by_blueprint(), "GET", "/openapi.json") == (200, {})
