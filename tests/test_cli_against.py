"""``flask cors check --against``: who may read more than before, and what is no more."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_cors import CORS, cross_origin
from flask_cors.cli.source import as_python
from tests.helpers import A, B
from tests.programs import run_cors
from tests.tables import table

pytestmark = pytest.mark.filterwarnings("ignore::flask_cors.CORSWarning")
X_A, SUBS = "https://x.a.example", "https://*.a.example"
AB, FLAGS = re.compile("https://[ab][.]example"), re.compile("https://a.*", re.IGNORECASE)
WITHOUT, COOKIES = "without cookies", {"supports_credentials": True}
VERBS = {"route": "read", "credentials": "read", "request-headers": "call", "response-headers": "read"}


def make_orders(policy: dict[str, Any] | None) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/orders", "orders", lambda: "", methods=["GET", "PUT"])
    if policy is not None:
        CORS(app, **policy)
    return app


def ours(origin: str) -> bool:
    return origin == A


def compared(before: Flask, now: Flask, folder: Path) -> list[Any]:
    """Keep what one app prints, and compare the other with it."""
    kept = folder / "policies.json"
    kept.write_text(run_cors(before, "routes", "--json").output)
    result = run_cors(now, "check", "--against", str(kept), "--json")
    found: list[Any] = json.loads(result.output)["findings"]
    assert result.exit_code == bool(found)
    return found


# fmt: off
MORE = [
    ("an origin", {"origins": A, **COOKIES}, {"origins": [A, B], **COOKIES}, "route", B, f"with cookies|only {A}"),
    ("every origin", {"origins": [A, B]}, {}, "route", "every origin", f"{WITHOUT}|only {A}, {B}"),
    ("a first policy", None, {"origins": "null"}, "route", "null", f"{WITHOUT}|no origin"),
    ("a wildcard", {"origins": X_A}, {"origins": SUBS}, "route", SUBS, f"{WITHOUT}|only {X_A}"),
    ("a pattern", {"origins": A}, {"origins": AB}, "route", f"what {as_python(AB)} matches", f"{WITHOUT}|only {A}"),
    ("a function", {"origins": A}, {"origins": [A, ours]}, "route", "what ours allows", f"{WITHOUT}|only {A}"),
    ("cookies", {"origins": A}, {"origins": A, **COOKIES}, "credentials", A, f"with cookies|{WITHOUT}"),
    ("headers", {"headers": "X-A"}, {"headers": "x-a, X-B, X-C"}, "request-headers", "every origin",
     "with the headers x-b, x-c|x-a"),
    ("a token, which * does not cover", {"headers": "*"}, {"headers": "*, Authorization"}, "request-headers",
     "every origin", "with the headers authorization|*"),
    ("response headers", {}, {"expose_headers": "X-A"}, "response-headers", "every origin",
     "with the response headers x-a|none"),
]
# fmt: on


@table("before, now, name, who, what", *MORE)
def test_more_is_one_finding_and_less_is_none(
    before: Any, now: Any, name: str, who: str, what: str, tmp_path: Path
) -> None:
    [found] = compared(make_orders(before), make_orders(now), tmp_path)
    text = f"{who} may now {VERBS[name]} GET /orders, PUT /orders {what.replace('|', ' (before: ')})."
    assert (found["id"], found["level"], found["text"]) == (f"opened-{name}", "error", text)
    assert (Path(found["file"]), found["line"] > 0, found["routes"]) == (Path(__file__), True, ["/orders"])
    assert compared(make_orders(now), make_orders(before), tmp_path) == []


@table(
    "before, now, number",
    ("an origin in another spelling", {"origins": "https://A.example:443/"}, {"origins": A}, 0),
    ("a wildcard below another", {"origins": "https://*.a.example:*"}, {"origins": "https://*.b.a.example"}, 0),
    ("origins that a pattern matches", {"origins": AB}, {"origins": [A, B]}, 0),
    ("a pattern with flags", {"origins": FLAGS}, {"origins": FLAGS}, 0),
    ("an object, whose address changes", {"origins": partial(lambda _: True)}, {"origins": partial(lambda _: True)}, 0),
    ("headers that * covers", {"headers": "*"}, {"headers": "X-A"}, 0),
    ("exposed headers that * covers", {"expose_headers": "*"}, {"expose_headers": "X-A"}, 0),
    ("other settings", {}, {"max_age": 5, "send_wildcard": False, "methods": "PUT, GET"}, 0),
    ("a pattern that nobody can compare", {"origins": AB}, {"origins": re.compile("https://a[.]example")}, 1),
    ("an origin and a pattern with flags", {"origins": FLAGS}, {"origins": A}, 1),
)
def test_what_lets_no_page_do_more_is_no_finding(before: Any, now: Any, number: int, tmp_path: Path) -> None:
    assert len(compared(make_orders(before), make_orders(now), tmp_path)) == number


def view(rule: str, origins: Any = A, name: str = "new", method: str = "GET", allow: Any = None) -> Any:
    """Add a view with a policy of its own."""
    own = cross_origin(origins=origins, methods=allow)(lambda **_: "")
    return lambda app: app.add_url_rule(rule, name, own, methods=[method])


def docs(pattern: str) -> Any:
    """Add two paths, of which a pattern covers one or both."""
    return lambda app: [CORS(app, resources=pattern, origins=A), app.add_url_rule("/d/<any(a, b):x>", "docs", str)]


NOT_ALLOWED, ALLOWED = (view("/new", method="PUT", allow=method) for method in ("GET", "PUT"))
SWAPPED = [view("/new", []), view("/new", A, "other")]


@table(
    "before, now, route",
    ("a new route that is open", [], [view("/new")], "GET /new|no such route"),
    ("a new route that is closed", [], [view("/new", [])], ""),
    ("a view of another name", [view("/new", name="old")], [view("/new")], ""),
    ("a variable of another name", [view("/<int:a>")], [view("/<int:b>")], ""),
    ("a route that is gone", [view("/new")], [], ""),
    ("one of two views on one rule", [view("/new"), view("/new", [], "other")], SWAPPED, "GET /new|no origin"),
    ("a method that the policy allows", [NOT_ALLOWED], [ALLOWED], "PUT /new|no origin"),
    ("a path that a pattern did not cover", [docs("/d/a")], [docs("/d/")], "GET /d/<any(a, b):x>|no origin"),
)
def test_routes_are_compared(before: Any, now: Any, route: str, tmp_path: Path) -> None:
    was, becomes = make_orders(None), make_orders(None)
    for app, changes in ((was, before), (becomes, now)):
        for change in changes:
            change(app)
    expected = [f"{A} may now read {route.replace('|', f' {WITHOUT} (before: ')})."] if route else []
    assert [one["text"] for one in compared(was, becomes, tmp_path)] == expected


def test_the_output_is_the_same_on_each_run_and_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    policies = [{"origins": [partial(lambda _: True), A]} for _ in range(2)]
    one, other = (run_cors(make_orders(policy), "routes", "--json").output for policy in policies)
    assert (one, str(Path.cwd()) in one) == (other, False)
    assert json.loads(one)["routes"][0]["policy"]["file"] == "test_cli_against.py"


OTHER = "is not what flask cors routes --json prints. Write it again"


@table(
    "text, words",
    ("no text", "\udcff", OTHER),
    ("other JSON", "[]", OTHER),
    ("routes that lack something", '{"version": 1, "routes": [{"methods": []}]}', OTHER),
    ("another version", '{"version": 2, "routes": []}', "is of version 2, and this release reads 1. Write it again"),
)
def test_a_file_of_another_kind_has_the_exit_code_2(text: str, words: str, tmp_path: Path) -> None:
    kept = tmp_path / "policies.json"
    kept.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run_cors(make_orders({}), "check", "--against", str(kept))
    assert (result.exit_code, words in result.output) == (2, True)
    assert f"flask cors routes --json > {kept}" in result.output
