"""``flask cors check --live``: small proxies before an app; a real nginx is in ``tests/caches``."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import repeat
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from flask_cors import CORS
from flask_cors.cli import deployed
from tests.helpers import A, B
from tests.programs import run_cors, serving
from tests.tables import table

Headers = list[tuple[str, str]]
Change = Callable[[dict[str, Any], str, Headers], tuple[str, Headers]]
ORIGIN, AGE = "Access-Control-Allow-Origin", "Access-Control-Max-Age"
ALL = ORDERS, PRICES, ADMIN = ["/orders/<int:number>", "/prices", "/admin"]
ENDLESS = repeat("tea")


def make_shop(body: Any = ENDLESS, **options: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    orders = {"origins": [A, B], "headers": "X-Token", "max_age": 60, **options}
    CORS(app, resources={"/orders": orders, "/prices": {}})
    for rule, methods in {ORDERS: ["GET", "PUT"], PRICES: ["GET"], ADMIN: ["POST"]}.items():
        app.add_url_rule(rule, rule, lambda **_: body, methods=methods)
    return app


def behind(app: Any, change: Change) -> Any:
    """A proxy that changes the status and the headers of each response."""
    return lambda environ, start: app(environ, lambda status, headers, *_: start(*change(environ, status, headers)))


def findings_at(url: str, app: Flask) -> list[Any]:
    result = run_cors(app, "check", "--live", url, "--json")
    found: list[Any] = json.loads(result.stdout)["findings"]
    assert (result.output, result.exit_code) == (result.stdout, bool(found))
    return found


def findings(app: Flask, server: Any) -> list[Any]:
    with serving(server) as url:
        return findings_at(url, app)


@table(
    "origins",
    ("exact origins", [A, B]),
    ("a wildcard", "https://*.example.com:*"),
    ("a pattern", re.compile(r"https?://(?:shop|cart)-\d+\.[a-z]+\.example")),
    ("a function", lambda origin: origin == "https://app.example"),
    ("every origin", "*"),
    ("no origin", []),
)
def test_a_right_deployment_has_no_findings_and_a_stripped_origin_is_noticed(origins: Any) -> None:
    app, expected = make_shop(origins=origins), [] if origins in ("*", []) else ["live-origin-stripped"]
    assert findings(app, app) == []
    found = findings(app, lambda environ, start: app({**environ, "HTTP_ORIGIN": None}, start))
    assert [one["id"] for one in found] == expected


def test_an_app_below_a_path_is_asked_there() -> None:
    with serving(DispatcherMiddleware(Flask("front"), {"/shop": make_shop()})) as url:
        assert findings_at(f"{url}/shop/", make_shop()) == []


def target(environ: dict[str, Any]) -> str:
    return "{REQUEST_METHOD} {PATH_INFO}?{QUERY_STRING}".format(**environ)


def check_recorded(app: Flask) -> tuple[str, dict[str, list[str | None]]]:
    """Check a right deployment; return what is printed, and the origins of the requests to each URL."""
    calls: defaultdict[str, list[str | None]] = defaultdict(list)

    def record(environ: dict[str, Any], start_response: Any) -> Any:
        calls[target(environ)].append(environ.get("HTTP_ORIGIN"))
        return shop(environ, start_response)

    shop = make_shop()
    with serving(record) as url:
        return run_cors(app, "check", "--live", url).output, calls


def test_each_route_is_asked_twice_in_both_orders_and_only_views_of_get_run() -> None:
    _, calls = check_recorded(make_shop())
    other = deployed.UNLISTED
    orders = [[A, other, None] * 2, [other, None, A] * 2]
    expected = dict.fromkeys(["GET /orders/1", "OPTIONS /orders/1", "GET /prices", "OPTIONS /prices"], orders)
    expected |= {"OPTIONS /admin": [[other, None] * 2, [None, other] * 2]}
    calls.pop("OPTIONS /orders/1?")  # whether the server is there
    found = {path: [calls[call] for call in calls if call.partition("?")[0] == path] for path in expected}
    assert (found, len(calls)) == (expected, 2 * len(expected))


def fail(*_: Any) -> Any:
    raise KeyError


# fmt: off
NOT_ASKED = [
    ("a view that handles OPTIONS", lambda app, _: app.add_url_rule("/own", "own", fail, methods=["PUT", "OPTIONS"]),
     ["/own"], {"/orders/1", "/prices", "/admin"}),
    ("too many routes", lambda _, patch: patch.setattr(deployed, "MOST_ROUTES", 1), [PRICES, ADMIN], {"/orders/1"}),
    ("no time left", lambda _, patch: patch.setattr(deployed, "SECONDS", 0), ALL, {"/orders/1"}),
    ("an app that fails in this process", lambda app, _: setattr(app, "wsgi_app", fail), ALL, {"/orders/1"}),
]
# fmt: on


@table("set_up, left_out, asked", *NOT_ASKED)
def test_what_is_not_asked_is_named(set_up: Any, left_out: Any, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(app := make_shop(), monkeypatch)
    output, calls = check_recorded(app)
    assert f"Not tried, or not in full: {', '.join(left_out)}.\n" in output
    assert {call.split()[1].partition("?")[0] for call in calls} == asked


def on(path: str, *added: tuple[str, str], status: str = "", removed: str = "", method: str = "") -> Change:
    """A proxy that changes the responses of one path, or of all."""

    def change(environ: dict[str, Any], now: str, headers: Headers) -> tuple[str, Headers]:
        if not environ["PATH_INFO"].startswith(path) or method not in ("", environ["REQUEST_METHOD"]):
            return now, headers
        return status or now, [*(pair for pair in headers if pair[0] != removed), *added]

    return change


def cached() -> Change:
    """A cache that ignores Vary."""
    kept: dict[str, tuple[str, Headers]] = {}
    return lambda environ, *response: kept.setdefault(target(environ), response)


# fmt: off
CHANGES = [
    ("Vary: *", on("/", ("Vary", "*"), removed="Vary"), "", [], ""),
    ("another status of a preflight", on("/", status="204 NO CONTENT", method="OPTIONS"), "", [], ""),
    ("an error of a view", on("/", status="500 NO", method="GET"), "", [], ""),
    ("a header twice", on("/", (ORIGIN, "*")), "doubled-header", ALL, f"and {ORIGIN}: {A} and {ORIGIN}: * came"),
    ("two values in one header", on("/prices", (ORIGIN, "*, *"), removed=ORIGIN), "doubled-header", [PRICES],
     f"the app sends {ORIGIN}: *, and {ORIGIN}: *, * came"),
    ("a static origin", on("/prices", (ORIGIN, A), removed=ORIGIN), "header-changed", [PRICES], f"{ORIGIN}: {A} came"),
    ("a header on all routes", on("/", (AGE, "5"), removed=AGE), "header-added", ALL, f"{AGE}: 5 came"),
    ("a header removed", on("/orders", removed=AGE), "headers-missing", [ORDERS], f"no {AGE} came"),
    ("a preflight that the proxy answers", on("/orders", removed=ORIGIN, method="OPTIONS", status="204 NO"),
     "options-eaten", [ORDERS], "The server in front of the app responds to OPTIONS itself, with 204; the app"),
    ("a proxy without the app", on("/orders", status="502 NO"), "unreachable", [ORDERS], "and 502 came"),
    ("a response that is none", on("/prices", ("X", "x" * 70_000)), "unreachable", [PRICES], "and nothing (got more"),
    ("a redirect", on("/orders", ("Location", "https://b.example/"), status="301 MOVED"), "redirected", [ORDERS],
     "and 301 https://b.example/ came"),
    ("Vary dropped", on("/", removed="Vary"), "vary-dropped", [ORDERS], "sends Vary: Origin, and no Vary came"),
    ("a cache", cached(), "wrong-origin-cached", [ORDERS], f"sends no {ORIGIN}, and {ORIGIN}: {A} came"),
]
# fmt: on


@table("change, name, routes, words", *CHANGES)
def test_a_fault_is_one_finding(change: Change, name: str, routes: list[str], words: str) -> None:
    found = findings(make_shop(), behind(make_shop(), change))
    expected = [(f"live-{name}", "error", routes, "")] if name else []
    assert [(one["id"], one["level"], one["routes"], one["fix"]["code"]) for one in found] == expected
    assert all(words in one["text"] for one in found)


def test_the_manual_shows_what_is_printed() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/orders", "orders", str, methods=["GET", "POST"])
    CORS(app, origins=["https://admin.example", B])
    with serving(behind(app, on("/", ("Server", "nginx/1.27"), removed="Vary"))) as url:
        output = run_cors(app, "check", "--live", url).output
    page = Path(__file__).parents[1] / "docs" / "how-to" / "check-a-deployment.rst"
    assert indent(output.partition("\n\n")[0], "   ") in page.read_text()


NO_URLS = ["api.example", "http://localhost/?a", "http://a:b@localhost/", "http://localhost:x/"]


@table(
    "url, words",
    *((url, url, "is not the URL of a server") for url in NO_URLS),
    ("no server", "http://127.0.0.1:1", "Is the server running"),
)
def test_what_cannot_be_asked_has_the_exit_code_2(url: str, words: str) -> None:
    result = run_cors(make_shop(), "check", "--live", url)
    assert (result.exit_code, words in result.output) == (2, True)
