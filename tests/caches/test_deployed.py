"""``flask cors check --live`` names what a real nginx does to an app, and its line for nginx mends that."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response

from flask_cors import CORS
from tests.caches.nginx import CACHED, proxy
from tests.programs import run_cors, serving
from tests.servers.start import HOST
from tests.tables import table


def an_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    several = {"origins": ["https://a.example", "https://b.example"], "headers": "X-Token"}
    CORS(app, resources={"/orders": {**several, "supports_credentials": True}, "/prices": {}})
    for rule, methods in {"/orders/<int:number>": ["GET", "PUT"], "/prices": ["GET"], "/admin": ["POST"]}.items():
        app.add_url_rule(rule, rule, lambda **_: "tea", methods=methods)
    app.after_request(storable)
    return app


def storable(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(an_app()) as url:
        yield int(url.rpartition(":")[2])


def findings(port: int, lines: str) -> list[Any]:
    with proxy(port, lines) as front:
        result = run_cors(an_app(), "check", "--live", f"http://{HOST}:{front}", "--json")
    found = json.loads(result.output)["findings"]
    assert result.exit_code == bool(found)
    return list(found)


def mended(lines: str, code: str) -> str:
    """Do to a configuration what the line says."""
    for line in code.split("\n"):
        name = re.escape(line.removeprefix("# remove: ")).replace(re.escape("..."), ".*?")
        if line.startswith("# remove: "):
            assert re.search(name, lines)
            lines = re.sub(name, "", lines)
        else:
            lines = re.sub(r"proxy_set_header Origin [^;]*;", "", lines) + line
    return lines


@table("lines", ("a proxy", ""), ("a cache", CACHED), ("compression", "gzip on; gzip_proxied any; gzip_vary on;"))
def test_a_right_deployment_has_no_findings(port: int, lines: str) -> None:
    assert findings(port, lines) == []


ORDERS, PRICES, ADMIN = "/orders/<int:number>", "/prices", "/admin"


@table(
    "lines, name, routes",
    ("a header twice", "add_header Access-Control-Allow-Origin * always;", "doubled-header", [ORDERS, PRICES, ADMIN]),
    ("OPTIONS caught", "if ($request_method = OPTIONS) { return 204; }", "options-eaten", [ORDERS, PRICES]),
    ("Vary dropped", "proxy_hide_header Vary;", "vary-dropped", [ORDERS]),
    ("a cache that ignores Vary", f"{CACHED} proxy_ignore_headers Vary;", "wrong-origin-cached", [ORDERS]),
    ("a header removed", "proxy_hide_header Access-Control-Allow-Origin;", "headers-missing", [ORDERS, PRICES]),
    ("Origin stripped", 'proxy_set_header Origin "";', "origin-stripped", [ORDERS]),
    (
        "a header where the app denies",
        "if ($uri = /admin) { add_header Access-Control-Allow-Origin https://a.example always; }",
        "header-added",
        [ADMIN],
    ),
)
def test_a_fault_is_named_and_mended_by_its_line(port: int, lines: str, name: str, routes: list[str]) -> None:
    [found] = findings(port, lines)
    assert (found["id"], found["routes"]) == (f"live-{name}", routes)
    assert findings(port, mended(lines, found["fix"]["code"])) == []


def test_two_faults_are_two_findings(port: int) -> None:
    found = findings(port, "proxy_hide_header Vary; add_header Access-Control-Allow-Origin * always;")
    assert [one["id"] for one in found] == ["live-doubled-header", "live-vary-dropped"]
