"""Flask-Smorest: blueprints whose views check what they take and give."""

from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema, fields

from flask_cors import CORS, cross_origin
from tests.ecosystem.calls import ORIGIN, OTHER, REFUSED, call, granted, granted_to_preflight, preflight

LET_IN = granted(Allow_Headers="Content-Type")
PREFLIGHT = granted_to_preflight(Allow_Headers="Content-Type")


class Pet(Schema):
    name = fields.String(required=True)


def pets() -> Blueprint:
    blueprint = Blueprint("pets", __name__, url_prefix="/pets")

    @blueprint.route("/")
    class Pets(MethodView):
        @blueprint.response(200, Pet(many=True))
        def get(self) -> list[Any]:
            return [{"name": "Tom"}]

        @blueprint.arguments(Pet)
        @blueprint.response(201, Pet)
        def post(self, pet: dict[str, str]) -> dict[str, str]:
            return pet

        def delete(self) -> None:
            abort(403, message="they stay")

    @blueprint.route("/locked")
    @cross_origin(origins=OTHER)
    @blueprint.response(200, Pet)
    def locked() -> dict[str, str]:
        return {"name": "Tom"}

    return blueprint


def app_with(blueprint: Blueprint) -> Flask:
    app = Flask(__name__)
    app.config.update(API_TITLE="Pets", API_VERSION="1", OPENAPI_VERSION="3.1.0", OPENAPI_URL_PREFIX="/")
    Api(app).register_blueprint(blueprint)
    return app


def by_app() -> Flask:
    app = app_with(pets())
    CORS(app, origins=ORIGIN, headers="Content-Type")
    return app


def by_blueprint() -> Flask:
    blueprint = pets()
    CORS(blueprint, origins=ORIGIN, headers="Content-Type")
    return app_with(blueprint)


both_ways = pytest.mark.parametrize("way", [by_app, by_blueprint])


@both_ways
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("GET", "/pets/", None, 200, id="an answer"),
        pytest.param("POST", "/pets/", {"name": "Tom"}, 201, id="a body that is taken"),
        pytest.param("POST", "/pets/", {}, 422, id="a body that is refused"),
        pytest.param("DELETE", "/pets/", None, 403, id="abort"),
        pytest.param("PUT", "/pets/", None, 405, id="a missing method"),
        pytest.param("GET", "/pets", None, 308, id="a missing slash"),
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
def test_a_decorated_view_has_its_own_policy(way: type) -> None:
    app = way()
    assert preflight(app, "/pets/locked", "GET", OTHER)[1]["Access-Control-Allow-Origin"] == OTHER
    assert call(app, "GET", "/pets/locked")[1] == REFUSED


def test_the_description_of_the_api_is_outside_the_blueprint() -> None:
    assert call(by_app(), "GET", "/openapi.json") == (200, LET_IN)
    assert call(by_blueprint(), "GET", "/openapi.json") == (200, {})
