"""Flask-Admin: pages for people who are logged in, which an app-wide policy had better not open."""

from typing import Any

import pytest
from flask import Flask
from flask_admin import Admin, BaseView, expose

from flask_cors import CORS, cross_origin
from tests.ecosystem.helpers import DENIED, ORIGIN, OTHER, allowed, allowed_preflight, call, preflight


class Reports(BaseView):
    @expose("/")
    def index(self) -> str:
        return "reports"

    @expose("/new", methods=["POST"])
    @cross_origin(origins=OTHER)
    def new(self) -> str:
        return "a new report"


def app_with(**options: Any) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a secret of these tests"
    CORS(app, **options)
    Admin(app).add_view(Reports(endpoint="reports"))
    app.add_url_rule("/api/prices", "prices", lambda: [3])
    return app


def test_an_app_wide_policy_covers_the_admin_pages_too() -> None:
    app = app_with(origins=ORIGIN)
    assert preflight(app, "/admin/", "GET") == (200, allowed_preflight())
    assert call(app, "GET", "/admin/") == (200, allowed() | {"Vary": "Origin, Cookie"})  # they read the session
    assert call(app, "GET", "/admin/reports/") == (200, allowed())


@pytest.mark.parametrize(
    "resources", [{"/api/": {"origins": ORIGIN}}, {"/": {"origins": ORIGIN}, "/admin": {"origins": []}}]
)
def test_resources_keep_the_admin_pages_closed(resources: dict[str, Any]) -> None:
    app = app_with(origins=ORIGIN, resources=resources)
    for path, status in {"reports/": 200, "reports": 308, "none": 404, "static/admin/js/helpers.js": 200}.items():
        assert preflight(app, f"/admin/{path}", "GET")[1] == {}
        assert call(app, "GET", f"/admin/{path}") == (status, {})
    assert call(app, "GET", "/admin/") == (200, {"Vary": "Cookie"})
    assert call(app, "GET", "/api/prices") == (200, allowed())


def test_an_exposed_method_may_be_decorated() -> None:
    app = app_with(resources=[])
    assert preflight(app, "/admin/reports/new", "POST", OTHER) == (200, allowed_preflight(OTHER))
    assert call(app, "POST", "/admin/reports/new", OTHER) == (200, allowed(OTHER))
    assert call(app, "POST", "/admin/reports/new") == (200, DENIED)
