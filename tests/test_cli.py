"""``flask cors``: what it prints, that the lines it recommends heal, and that a mistake never gets a traceback."""

import functools
import json
import re
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from click.testing import Result
from flask import Blueprint, Flask, Response, abort, redirect, request, request_started, session
from flask.cli import ScriptInfo
from flask.views import MethodView
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule
from werkzeug.serving import make_server

from flask_cors import ACL_ORIGIN, CORS, cli, cross_origin
from flask_cors.cli import cors, sample_paths
from flask_cors.options import CORSWarning
from tests.transcripts.pages import application

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "docs" / "reference" / "command"
PAGE = "https://app.example"


def run(app: Flask, *args: str, **how: Any) -> Result:
    """Run ``flask cors`` on an app; whatever goes wrong, there is no traceback."""
    result = app.test_cli_runner().invoke(cors, args, **how)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def as_json(app: Flask, *args: str) -> Any:
    return json.loads(run(app, *args, "--json").output)


# The examples, as the manual shows them -------------------------------------------------------------------------------

CREATE = ["explain", "/api/v1/users/create", "--method", "POST"]
SHOWN = {
    "simple-routes": ("simple", ["routes"]),
    "complicated-routes": ("complicated", ["routes"]),
    "view-based-routes": ("view_based", ["routes"]),
    "simple-explain": ("simple", [*CREATE, "--origin", PAGE, "--header", "X-Token: 1"]),
    "complicated-explain": ("complicated", [*CREATE, "--origin", PAGE, "--header", "Content-Type: application/json"]),
    "view-based-explain": ("view_based", ["explain", "/user/create", "--origin", PAGE]),
    "simple-check": ("simple", ["check"]),
    "complicated-check": ("complicated", ["check"]),
    "view-based-check": ("view_based", ["check"]),
}


def shown(name: str) -> str:
    """What a terminal shows, from the prompt on."""
    example, args = SHOWN[name]
    typed = " ".join(f'"{arg}"' if " " in arg else arg for arg in args)
    result = run(application(ROOT / "examples" / f"{example}_example.py"), *args)
    return f"$ flask --app examples/{example}_example.py cors {typed}\n{result.output}"


@pytest.mark.parametrize("name", SHOWN)
def test_the_manual_shows_what_the_examples_print(name: str) -> None:
    assert (GOLDEN / f"{name}.txt").read_text() == shown(name)


def test_the_manual_includes_every_output_and_no_other() -> None:
    page = (GOLDEN.parent / "command.rst").read_text()
    assert re.findall(r"literalinclude:: command/(\S+)\.txt", page) == list(SHOWN)
    assert {path.stem for path in GOLDEN.iterdir()} == set(SHOWN)


# Apps to ask --------------------------------------------------------------------------------------------------------


def refuse(_: str) -> bool:
    return False


def build(code: str, **config: Any) -> Flask:
    """An app with a few routes that is set up by *code*: a call of ``CORS``, or a decorator for ``/api/items``."""
    app = Flask(__name__, static_folder=None)
    app.config.update(config)
    app.logger.disabled = True  # what fails here does so on purpose
    names: dict[str, Any] = {
        "app": app,
        "abort": abort,
        "request": request,
        "re": re,
        "functools": functools,
        "CORS": CORS,
        "cross_origin": cross_origin,
        "refuse": refuse,
    }
    decorator = code[code.index("@") :] if "@" in code else ""
    view = "def items(number=1): return 'items', 200, {'X-Total': '7'}"
    exec(f"{code.removesuffix(decorator)}\n{decorator}\n{view}", names)  # noqa: S102 - as a program would have it
    methods = ["GET", "PUT", "PATCH", "POST", "PROPFIND"]
    app.add_url_rule("/api/items", "items", names["items"], methods=methods)
    app.add_url_rule("/api/items/<int:number>", "items", methods=methods)
    app.add_url_rule("/api-internal", "internal", lambda: "internal")
    app.add_url_rule("/files/<path:name>", "files", lambda name: name)
    app.add_url_rule("/old", "old", lambda: redirect("https://other.example/api/items"))
    app.add_url_rule("/moved", "moved", lambda: redirect("/api/items"))
    app.add_url_rule("/nowhere", "nowhere", lambda: redirect("ftp://x"))
    app.add_url_rule("/options", "options", lambda: abort(403), methods=["PUT", "OPTIONS"])
    app.add_url_rule("/fails", "fails", lambda: str(1 / 0))
    return app


def explained(app: Flask, target: str, *args: str, origin: str = PAGE) -> Any:
    return as_json(app, "explain", target, "--origin", origin, *args)


# explain: the line to write, and that it heals ------------------------------------------------------------------------

PUT = ["--method", "PUT"]
TOKEN = ["--header", "X-Token: 1"]


@pytest.mark.parametrize(
    ("code", "call", "line"),
    [
        pytest.param(
            "",
            ["/api/items"],
            'CORS(app, resources=r"/api/items$", origins="https://app.example")',
            id="no CORS at all",
        ),
        pytest.param(
            'CORS(app, resources=r"/api/items$")',
            ["/api/items/7"],
            'CORS(app, resources={r"/api/items$": {}, r"/api/items/[^/]+$": {"origins": "https://app.example"}})',
            id="a path that no pattern matches",
        ),
        pytest.param(
            'CORS(app, resources=["/one", "/two"], origins=["https://app.example"])',
            ["/files/a/b", *TOKEN],
            'CORS(\n    app,\n    resources={r"/one": {}, r"/two": {}, r"/files/.+$": {"headers": "x-token"}},\n'
            '    origins="https://app.example",\n)',
            id="a path that no pattern matches, where the origins are known",
        ),
        pytest.param(
            "CORS(app, resources=[])",
            ["/api-internal", "--credentials"],
            'CORS(app, resources=r"/api-internal$", origins="https://app.example", supports_credentials=True)',
            id="an app that exposes nothing",
        ),
        pytest.param(
            'CORS(app)\napp.config["CORS_RESOURCES"] = "/one"',
            ["/api/items"],
            'app.config["CORS_RESOURCES"] = {r"/one": {}, r"/api/items$": {"origins": "https://app.example"}}',
            id="a path that no pattern of the config matches",
        ),
        pytest.param(
            'app.config["CORS_RESOURCES"] = "/api/items"\napp.config["CORS_HEADERS"] = "A"\n',
            ["/api/items", *TOKEN],
            'CORS(app, resources=r"/api/items$", origins="https://app.example", headers=["A", "x-token"])',
            id="a config that no CORS reads",
        ),
        pytest.param(
            'CORS(app, origins="http://app.example")',
            ["/api/items"],
            'CORS(app, origins=["http://app.example", "https://app.example"])',
            id="another origin",
        ),
        pytest.param(
            'CORS(app, origins=[re.compile(r"https://x\\.example"), refuse, "https://*.b.example"])',
            ["/api/items"],
            'CORS(\n    app,\n    origins=[re.compile(r"https://x\\.example"), refuse, "https://*.b.example", '
            '"https://app.example"],\n)',
            id="another origin than a pattern, a function and a wildcard let in",
        ),
        pytest.param(
            "CORS(app, origins=[f'https://{n}.example' for n in range(30)])",
            ["/api/items"],
            "CORS(\n    app,\n    origins=["
            + ", ".join(f'"https://{n}.example"' for n in range(6))
            + ', ..., "https://app.example"],\n)',
            id="one origin more than a hundred",
        ),
        pytest.param("CORS(app)", ["/api/items", *TOKEN], 'CORS(app, headers="x-token")', id="a header"),
        pytest.param(
            "CORS(app, headers=['A', 'B'])",
            ["/api/items", *TOKEN],
            'CORS(app, headers=["A", "B", "x-token"])',
            id="one more header",
        ),
        pytest.param(
            "CORS(app, headers='*')",
            ["/api/items", "--header", "Authorization: x", *TOKEN],
            'CORS(app, headers=["*", "authorization"])',
            id="the header that * does not cover",
        ),
        pytest.param(
            "CORS(app, headers='*')",
            ["/api/items", "--header", "Authorization: x", "--credentials"],
            'CORS(app, origins="https://app.example", headers="*", supports_credentials=True)',
            id="credentials, where * is repeated as the names that are asked for",
        ),
        pytest.param(
            "CORS(app, methods='GET')", ["/api/items", *PUT], 'CORS(app, methods=["GET", "PUT"])', id="a method"
        ),
        pytest.param(
            "CORS(app)",
            ["/api/items", "--method", "PROPFIND"],
            'CORS(app, methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "PROPFIND"])',
            id="a method beyond the usual ones",
        ),
        pytest.param(
            "CORS(app, max_age=5)",
            ["/api/items", "--credentials"],
            'CORS(app, origins="https://app.example", supports_credentials=True, max_age=5)',
            id="credentials",
        ),
        pytest.param(
            "@cross_origin()",
            ["/api/items", *PUT, *TOKEN, "--credentials"],
            '@cross_origin(origins="https://app.example", headers="x-token", supports_credentials=True)',
            id="several at once, for a decorated view",
        ),
        pytest.param(
            "CORS(app, resources={'/api/': {'headers': 'A'}, '/b': {'origins': []}})",
            ["/api/items", *TOKEN],
            'CORS(app, resources={r"/api/": {"headers": ["A", "x-token"]}, r"/b": {"origins": []}})',
            id="options of a pattern's own",
        ),
        pytest.param(
            "CORS(app, resources={'/api/': {'headers': 'A'}, '/b': {}}, headers='B')",
            ["/api/items", *TOKEN, "--credentials"],
            'CORS(\n    app,\n    resources={r"/api/": {"headers": ["A", "x-token"], "origins": "https://app.example", '
            '"supports_credentials": True}, r"/b": {}},\n    headers="B",\n)',
            id="options of a pattern's own over the others, and what nobody has named",
        ),
        pytest.param(
            "CORS(app, resources={'/api/': {'max_age': 5}}, headers='B')",
            ["/api/items", *TOKEN],
            'CORS(app, resources={r"/api/": {"max_age": 5}}, headers=["B", "x-token"])',
            id="an option that is given for all patterns",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_RESOURCES'] = {'/api/': {'headers': 'A'}}",
            ["/api/items", *TOKEN],
            'app.config["CORS_RESOURCES"] = {r"/api/": {"headers": ["A", "x-token"]}}',
            id="options of a pattern in the config",
        ),
        pytest.param(
            "CORS(app, headers='B')\napp.config['CORS_RESOURCES'] = {'/api/': {'max_age': 5}}",
            ["/api/items", *TOKEN],
            'app.config["CORS_RESOURCES"] = {r"/api/": {"max_age": 5, "headers": ["B", "x-token"]}}',
            id="an option that is given for all patterns of the config",
        ),
        pytest.param(
            "CORS(app, methods='*')",
            ["/api/items", *PUT, *TOKEN],
            'CORS(app, methods="*", headers="x-token")',
            id="a header, where every method is allowed",
        ),
        pytest.param(
            "app.before_request(lambda: abort(401))\n@cross_origin(headers='A')",
            ["/api/items", *TOKEN],
            'CORS(app, resources=[])\n@cross_origin(headers=["A", "x-token"])',
            id="a login that refuses the preflight of a decorated view",
        ),
        pytest.param(
            "app.before_request(lambda: abort(401) if request.method == 'OPTIONS' else None)\nCORS(app, "
            "automatic_options=False)",
            ["/api/items", *PUT],
            "CORS(app, automatic_options=True)",
            id="a login that refuses the preflight where it is left to Flask",
        ),
    ],
)
def test_the_line_to_write_lets_the_page_in(code: str, call: list[str], line: str) -> None:
    before = explained(build(code), *call)
    assert (before["allowed"], before["advice"]["code"]) == (False, line)
    if "..." not in line:
        # A line of the config or of the decorator stands beside what else there is; a call of CORS takes the place.
        kept, _, _ = code.rpartition("\n")
        assert explained(build(f"{kept}\n{line}"), *call)["allowed"]


def test_a_path_that_no_policy_covers_is_named() -> None:
    text = explained(build(""), "/api/items")["advice"]["text"]
    assert text == "No policy covers /api/items. To open it to this page, write:"


def test_a_path_that_leads_nowhere_is_pointed_out() -> None:
    advice = explained(build(""), "/missing/a.b")["advice"]
    assert advice["text"].startswith("No policy covers /missing/a.b (and the app has no route for GET there).")
    assert advice["code"] == r'CORS(app, resources=r"/missing/a\.b$", origins="https://app.example")'


CHANGE_THE_CALL = "No server can allow this: change the call in the page."
ANYBODY = (
    "Sandboxed pages and pages opened as files have this origin, so it can be anybody's: do not let it in. "
    "Serve the page over http instead, from http://localhost:8000 for instance."
)
OTHER_CODE = (
    "The policy allows this call, so other code changes the answer: look for Access-Control- in the app, "
    "and in what stands before it."
)


@pytest.mark.parametrize(
    ("code", "call", "step", "text"),
    [
        pytest.param(
            "CORS(app)",
            ["/api/items", "--method", "TRACE"],
            "#dom-request step 25.2",
            CHANGE_THE_CALL,
            id="a forbidden method",
        ),
        pytest.param(
            "CORS(app)",
            ["http://a:b@localhost/api/items"],
            "#dom-request step 5.3",
            CHANGE_THE_CALL,
            id="a URL with a password",
        ),
        pytest.param(
            "CORS(app)",
            ["/nowhere"],
            "#http-redirect-fetch step 6",
            "Let the page ask for the URL where the redirect leads, or mend the redirect.",
            id="a redirect to no server",
        ),
        pytest.param(
            f"CORS(app, origins='{PAGE}')",
            ["/old"],
            "#cors-check step 2",
            "The redirect led from one origin to another, and from there on the browser says Origin: null. "
            "Let the page ask for the last URL itself.",
            id="a redirect to another origin",
        ),
        pytest.param(
            "CORS(app)",
            ["/api/items", "--method", "patch"],
            "#cors-preflight-fetch-0 step 7.5",
            "Methods are compared to the letter: in the page, write 'PATCH'.",
            id="a method in the wrong case",
        ),
        pytest.param(
            "CORS(app, resources='/files/')",
            ["/files/" + "a" * 4096],
            "#cors-check step 2",
            "On a path of more than 4,096 characters no pattern is tried, and nobody is let in: use a shorter one.",
            id="a path that is too long",
        ),
        pytest.param(
            "CORS(app)",
            ["/options", *PUT],
            "#cors-preflight-fetch-0 step 7",
            "The view answers OPTIONS itself: let it answer with 200, or take OPTIONS out of its methods.",
            id="a view that refuses OPTIONS",
        ),
    ],
)
def test_where_no_line_can_help_there_is_other_advice(code: str, call: list[str], step: str, text: str) -> None:
    shown = explained(build(code), *call)
    assert (shown["allowed"], shown["step"]) == (False, step)
    assert shown["advice"] == {"text": text, "headers": [], "code": ""}


def test_code_that_spoils_the_answer_is_suspected() -> None:
    app = Flask(__name__)
    CORS(app)
    inner = app.wsgi_app

    def spoil(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            return start_response(status, [*(header for header in headers if header[1] != "*"), (ACL_ORIGIN, "x")])

        return inner(environ, start)

    app.wsgi_app = spoil  # type: ignore[method-assign]
    assert explained(app, "/")["advice"]["text"] == OTHER_CODE


@pytest.mark.parametrize("code", ["CORS(app, origins='https://a.example')", "CORS(app, resources=[])"])
def test_no_line_lets_in_pages_that_can_be_anybodys(code: str) -> None:
    advice = explained(build(code), "/api/items", origin="null")["advice"]
    assert advice == {"text": ANYBODY, "headers": [], "code": ""}


def test_credentials_are_advised_for_no_page_that_can_be_anybodys() -> None:
    assert explained(build("CORS(app)"), "/api/items", "--credentials", origin="null")["advice"]["code"] == ""


def test_the_null_origin_may_be_told_what_else_it_lacks() -> None:
    assert (
        explained(build("CORS(app)"), "/api/items", *TOKEN, origin="null")["advice"]["code"]
        == 'CORS(app, headers="x-token")'
    )
    with pytest.warns(CORSWarning, match="sandboxed"):
        app = build("CORS(app, origins=['null'])")
    assert (
        explained(app, "/api/items", *TOKEN, origin="null")["advice"]["code"]
        == 'CORS(app, origins="null", headers="x-token")'
    )


def test_an_origin_that_is_almost_listed_is_pointed_out() -> None:
    text = explained(build("CORS(app, origins=['http://app.example', 'https://b.example'])"), "/api/items")["advice"][
        "text"
    ]
    assert (
        text
        == "CORS(app) decides here. It lists 'http://app.example', but scheme, host and port must all be the same. "
        "Write:"
    )


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("CORS(app, origins='https://shop.example')", id="another name"),
        pytest.param(f"CORS(app, origins='{PAGE}')", id="the origin itself, where a header is missing"),
        pytest.param(f"CORS(app, origins=['{PAGE}', 'https://b.example'])", id="the same, beside another one"),
        pytest.param(f"CORS(app, origins=[f'https://{{n}}.test' for n in range(1000)] + ['{PAGE}x'])", id="too many"),
    ],
)
def test_an_origin_that_no_listed_one_is_mistaken_for_is_not_compared(code: str) -> None:
    assert explained(build(code), "/api/items", *TOKEN)["advice"]["text"] == "CORS(app) decides here. Write:"


def test_of_a_thousand_origins_each_is_compared() -> None:
    code = f"CORS(app, origins=[f'https://{{n}}.test' for n in range(999)] + ['{PAGE}:8'])"
    assert f" It lists '{PAGE}:8', but " in explained(build(code), "/api/items")["advice"]["text"]


def test_a_function_that_fails_lets_nobody_in() -> None:
    app = build("CORS(app, origins=lambda origin: 1 / 0)")
    assert (
        explained(app, "/api/items")["advice"]["code"]
        == 'CORS(app, origins=[lambda origin: ..., "https://app.example"])'
    )


def test_headers_that_the_page_cannot_read_are_named() -> None:
    app = build("CORS(app, expose_headers=['ETag'])")
    shown = explained(app, "/api/items")
    assert shown["advice"]["text"] == "Hidden from the page: X-Total. To expose what is hidden, write:"
    assert shown["advice"]["code"] == 'CORS(app, expose_headers=["ETag", "X-Total"])'
    assert "X-Total" not in dict(shown["response"]["headers"])
    after = explained(build(shown["advice"]["code"]), "/api/items")
    assert after["advice"] is None
    assert dict(after["response"]["headers"])["X-Total"] == "7"


def test_what_a_page_has_no_use_for_is_not_named() -> None:
    names = ["Allow", "Connection", "Date", "Keep-Alive", "Server", "Set-Cookie", "Transfer-Encoding", "Vary"]
    names += ["Access-Control-X", "ETag", "X-Total"]
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: ("", dict.fromkeys(names, "x")))
    CORS(app)
    assert explained(app, "/")["advice"] == {
        "text": "Hidden from the page: ETag, X-Total. To expose what is hidden, write:",
        "headers": [],
        "code": 'CORS(app, expose_headers=["ETag", "X-Total"])',
    }


def test_with_credentials_a_list_takes_the_place_of_everything_exposed() -> None:
    app = build(f"CORS(app, origins='{PAGE}', supports_credentials=True, expose_headers='*')")
    assert (
        explained(app, "/api/items", "--credentials")["advice"]["code"]
        == 'CORS(app, origins="https://app.example", expose_headers="X-Total", supports_credentials=True)'
    )


def test_where_no_policy_exposes_anything_hidden_headers_are_left_alone() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: ("", {"Access-Control-Allow-Origin": "*", "X-Total": "7"}))
    assert explained(app, "/")["advice"] is None


def test_on_its_own_origin_a_page_reads_everything() -> None:
    shown = explained(build(""), "/api/items", origin="http://localhost")
    assert (shown["allowed"], shown["step"], shown["advice"]) == (True, "#main-fetch step 12", None)


@pytest.mark.parametrize("propagate", [None, True])
def test_an_error_of_a_view_is_an_answer_that_the_page_reads(propagate: bool | None) -> None:
    app = build("CORS(app)", TESTING=True, PROPAGATE_EXCEPTIONS=propagate)
    shown = explained(app, "/fails")
    assert (shown["allowed"], shown["response"]["status"]) == (True, 500)
    assert app.config["PROPAGATE_EXCEPTIONS"] is propagate


def fail(*_: object) -> Any:
    raise RuntimeError("on purpose")


def break_off() -> Iterator[str]:
    yield "the beginning"
    fail()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda app: app.teardown_request(fail), id="a function that cleans up"),
        pytest.param(lambda app: setattr(app, "wsgi_app", fail), id="a middleware"),
        pytest.param(lambda app: app.add_url_rule("/x", view_func=break_off), id="a stream"),
    ],
)
def test_an_app_that_gives_no_answer_at_all_is_a_message(spoil: Callable[[Flask], object]) -> None:
    app = build("CORS(app)")
    spoil(app)
    result = run(app, "explain", "/x", "--origin", PAGE)
    assert result.exit_code == 2
    assert re.fullmatch(r"Error: The app gives no answer\. \S+, line \d+:\n    .*\n\w+: on purpose\n", result.output)
    assert app.config["PROPAGATE_EXCEPTIONS"] is None


def test_what_the_browser_keeps_to_itself_is_noted() -> None:
    headers = ["Cookie: a=b", "X-HTTP-Method: TRACE", "X-HTTP-Method-Override: PUT"]
    call = [arg for header in headers for arg in ("--header", header)]
    shown = explained(build("CORS(app, headers='X-HTTP-Method-Override')"), "/api/items", *call)
    assert shown["notes"] == [
        "Browsers keep Cookie to themselves: what a page sets is dropped.",
        "Browsers keep X-HTTP-Method to themselves: what a page sets is dropped.",
    ]


def test_a_redirect_that_leaves_the_app_is_noted() -> None:
    notes = explained(build("CORS(app)"), "/old")["notes"]
    assert notes == [
        "A redirect led to other.example; a path of that host is another server's affair, unless it is yours."
    ]
    assert explained(build("CORS(app)"), "/moved")["notes"] == []


def test_a_difference_between_browsers_is_noted() -> None:
    result = run(build("CORS(app)"), "explain", "/api/items", "--origin", PAGE, "--header", "Accept: \xe4")
    assert "(Firefox 153 preflights bytes above 0x7F in Accept and Content-Type.)\n" in result.output


@pytest.mark.parametrize(
    ("config", "url"),
    [
        pytest.param({}, "http://localhost/api/items", id="nothing configured"),
        pytest.param({"SERVER_NAME": "api.example:81"}, "http://api.example:81/api/items", id="a server's name"),
        pytest.param({"PREFERRED_URL_SCHEME": "https"}, "https://localhost/api/items", id="a scheme"),
        pytest.param({"APPLICATION_ROOT": "/shop"}, "http://localhost/shop/api/items", id="a root"),
        pytest.param({"APPLICATION_ROOT": "/shop/"}, "http://localhost/shop/api/items", id="a root with a slash"),
        pytest.param({"APPLICATION_ROOT": "/X"}, "http://localhost/X/api/items", id="a root in another case"),
    ],
)
def test_a_path_is_one_of_the_app_wherever_that_is(config: dict[str, str], url: str) -> None:
    app = build("CORS(app, resources='/api/items$', headers='A')", **config)
    shown = explained(app, "/api/items", *TOKEN)
    assert shown["exchanges"][0]["request"]["url"] == url
    assert shown["advice"]["code"] == 'CORS(app, resources=r"/api/items$", headers=["A", "x-token"])'


def test_a_url_outside_the_root_of_the_app_is_a_path_without_it() -> None:
    app = build("CORS(app, resources='/api/items$', headers='A')", APPLICATION_ROOT="/shop")
    for url in ("http://localhost/api/items", "http://localhost/shop/api/items"):
        assert explained(app, url, *TOKEN)["advice"]["code"].endswith('headers=["A", "x-token"])')


def test_routes_are_told_apart_by_host() -> None:
    app = Flask(__name__, static_folder=None, host_matching=True)
    app.add_url_rule("/", "a", cross_origin(headers="A")(lambda: ""), host="a.example")
    app.add_url_rule("/", "b", cross_origin(headers="B")(lambda: ""), host="b.example")
    for name in "ab":
        code = explained(app, f"https://{name}.example/", *TOKEN)["advice"]["code"]
        assert code == f'@cross_origin(headers=["{name.upper()}", "x-token"])'


@pytest.mark.parametrize("url", ["https://api.example/api/items", "HTTPS://API.EXAMPLE/api/items"])
def test_a_url_is_taken_as_a_browser_takes_it(url: str) -> None:
    [exchange] = explained(build("CORS(app)"), url)["exchanges"]
    assert exchange["request"]["url"] == "https://api.example/api/items"


def test_an_exchange_is_told_whole() -> None:
    app = build(f"CORS(app, origins='{PAGE}', headers='X-Token', supports_credentials=True, vary_header=False)")
    call = ["/api/items", "--method", "PUT", "--header", "X-Token: a:b", "--credentials"]
    preflight, actual = explained(app, *call)["exchanges"]
    assert preflight["kind"] == "preflight"
    assert actual == {
        "kind": "actual",
        "request": {
            "method": "PUT",
            "url": "http://localhost/api/items",
            "headers": [["X-Token", "a:b"], ["Accept", "*/*"], ["Origin", PAGE]],
            "credentials": True,
        },
        "response": {
            "status": 200,
            "headers": [
                ["X-Total", "7"],
                ["Content-Type", "text/html; charset=utf-8"],
                ["Content-Length", "5"],
                ["Access-Control-Allow-Origin", PAGE],
                ["Access-Control-Allow-Headers", "X-Token"],
                ["Access-Control-Allow-Credentials", "true"],
            ],
        },
    }


def test_other_warnings_than_ours_are_heard() -> None:
    def warned() -> Flask:
        warnings.warn("this app is old", DeprecationWarning, stacklevel=1)
        return build("CORS(app)")

    with pytest.warns(DeprecationWarning, match="this app is old"):
        run(build(""), "routes", obj=ScriptInfo(create_app=warned))


def test_the_exit_code_tells_allowed_from_blocked() -> None:
    call = ["explain", "/api/items", "--origin", PAGE]
    assert run(build("CORS(app)"), *call).exit_code == 0
    assert run(build(""), *call).exit_code == 1


# explain --live -------------------------------------------------------------------------------------------------------


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve *app* on a free port until the block ends."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_server(
    *headers: tuple[str, str], status: str = "200 OK", preflight: Iterable[tuple[str, str]] | None = None
) -> Any:
    """A server that is not Flask: the same answer for everyone, and maybe another one for preflights."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        asking = environ["REQUEST_METHOD"] == "OPTIONS"
        start_response(status if asking else "200 OK", list(headers if preflight is None or not asking else preflight))
        return [b"hello"]

    return application


OPEN = ("Access-Control-Allow-Origin", "*")
MINE = ("Access-Control-Allow-Origin", PAGE)
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
LOGIN = "The server has to answer OPTIONS with a status from 200 to 299, before any login and without a redirect."


@pytest.mark.parametrize(
    ("server", "call", "advice"),
    [
        pytest.param(
            a_server(),
            [],
            {"text": "The server has to send:", "headers": [": ".join(MINE)], "code": f'CORS(app, origins="{PAGE}")'},
            id="no headers",
        ),
        pytest.param(
            a_server(OPEN),
            ["--credentials"],
            {
                "text": "The server has to send:",
                "headers": [": ".join(MINE), "Access-Control-Allow-Credentials: true"],
                "code": f'CORS(app, origins="{PAGE}", supports_credentials=True)',
            },
            id="credentials",
        ),
        pytest.param(
            a_server(OPEN, ("Access-Control-Allow-Methods", "GET")),
            [*PUT, *TOKEN],
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Methods: GET, PUT", "Access-Control-Allow-Headers: x-token"],
                "code": 'CORS(app, methods=["GET", "PUT"], headers="x-token")',
            },
            id="a method and a header",
        ),
        pytest.param(
            a_server(OPEN),
            PUT,
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Methods: PUT"],
                "code": "CORS(app)",
            },
            id="a method, where none is listed",
        ),
        pytest.param(
            a_server(OPEN, ("Access-Control-Allow-Headers", "a b")),
            TOKEN,
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Headers: x-token"],
                "code": 'CORS(app, headers="x-token")',
            },
            id="a list that is none",
        ),
        pytest.param(
            a_server(MINE, ("Access-Control-Allow-Credentials", "true"), ("Access-Control-Allow-Headers", "*")),
            ["--credentials", *TOKEN],
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Headers: x-token"],
                "code": f'CORS(app, origins="{PAGE}", headers="x-token", supports_credentials=True)',
            },
            id="a wildcard that is none with credentials",
        ),
        pytest.param(
            a_server(MINE, CREDENTIALS, ("Access-Control-Allow-Methods", "*")),
            ["--credentials", *PUT],
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Methods: PUT"],
                "code": f'CORS(app, origins="{PAGE}", supports_credentials=True)',
            },
            id="a wildcard for methods, that is none with credentials",
        ),
        pytest.param(
            a_server(OPEN, CREDENTIALS),
            TOKEN,
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Headers: x-token"],
                "code": 'CORS(app, headers="x-token")',
            },
            id="a header, where credentials are allowed to everyone, which means nothing",
        ),
        pytest.param(
            a_server(OPEN, CREDENTIALS),
            ["--credentials"],
            {
                "text": "The server has to send:",
                "headers": [": ".join(MINE)],
                "code": f'CORS(app, origins="{PAGE}", supports_credentials=True)',
            },
            id="credentials, which are allowed to everyone, so to nobody",
        ),
        pytest.param(
            a_server(),
            [*PUT, *TOKEN, "--header", "A: 1"],
            {
                "text": "The server has to send:",
                "headers": [
                    ": ".join(MINE),
                    "Access-Control-Allow-Methods: PUT",
                    "Access-Control-Allow-Headers: a, x-token",
                ],
                "code": f'CORS(app, origins="{PAGE}", headers=["a", "x-token"])',
            },
            id="no headers, where all are needed",
        ),
        pytest.param(
            a_server(OPEN, preflight=[OPEN], status="401 NO"),
            TOKEN,
            {
                "text": LOGIN,
                "headers": ["Access-Control-Allow-Headers: x-token"],
                "code": 'CORS(app, headers="x-token")',
            },
            id="a login in front",
        ),
        pytest.param(
            a_server(OPEN, status="404 NO", preflight=[OPEN, ("Access-Control-Allow-Methods", "PUT")]),
            PUT,
            {"text": LOGIN, "headers": [], "code": 'CORS(app, methods="PUT")'},
            id="a status alone",
        ),
        pytest.param(
            a_server(preflight=[OPEN, ("Access-Control-Allow-Methods", "PUT")]),
            PUT,
            {
                "text": "The server has to send:",
                "headers": [": ".join(MINE)],
                "code": f'CORS(app, origins="{PAGE}", methods="PUT")',
            },
            id="a preflight that passes, and an answer without headers",
        ),
        pytest.param(
            a_server(MINE, preflight=[MINE, CREDENTIALS, ("Access-Control-Allow-Headers", "A, X-Token")]),
            [*TOKEN, "--credentials"],
            {
                "text": "The server has to send:",
                "headers": ["Access-Control-Allow-Credentials: true"],
                "code": f'CORS(app, origins="{PAGE}", headers=["A", "X-Token"], supports_credentials=True)',
            },
            id="a preflight that passes, and an answer without credentials",
        ),
        pytest.param(
            a_server(OPEN, MINE),
            [],
            {
                "text": "Two parts of the server add the header, a proxy and the app for instance: let one of them "
                "do it.",
                "headers": [],
                "code": "",
            },
            id="the header twice",
        ),
        pytest.param(
            a_server(OPEN, ("Access-Control-Allow-Methods", "PATCH")),
            ["--method", "patch"],
            {"text": "Methods are compared to the letter: in the page, write 'PATCH'.", "headers": [], "code": ""},
            id="a method in the wrong case",
        ),
    ],
)
def test_a_live_server_is_told_what_to_send(server: Any, call: list[str], advice: dict[str, Any]) -> None:
    with serving(server) as url:
        shown = explained(Flask(__name__), f"{url}/a?b=c", "--live", *call)
    assert shown["allowed"] is False
    assert shown["advice"] == advice
    if advice["code"]:
        assert explained(build(advice["code"]), "/api/items", *call)["allowed"]


def test_nobodys_page_is_not_let_in_to_a_live_server() -> None:
    with serving(a_server()) as url:
        advice = explained(Flask(__name__), url, "--live", origin="null")["advice"]
    assert advice["text"] == ANYBODY


def test_a_live_server_of_flask_says_the_same_as_the_app_in_process() -> None:
    app = build("CORS(app, headers='X-Token')")
    call = ["--method", "POST", *TOKEN]
    with serving(app) as url:
        live = explained(app, f"{url}/api/items", "--live", *call)
    here = explained(app, "/api/items", *call)
    assert [live["allowed"], live["step"]] == [here["allowed"], here["step"]]
    assert live["advice"] is None
    ours = [
        {name: value for name, value in one["response"]["headers"] if name.startswith("Access-")}
        for one in live["exchanges"]
    ]
    assert ours == [
        {name: value for name, value in one["response"]["headers"] if name.startswith("Access-")}
        for one in here["exchanges"]
    ]


def test_a_live_answer_is_shown_with_all_its_headers_and_whatever_is_in_them() -> None:
    app = Flask(__name__)
    with serving(a_server(OPEN, ("X-Odd", "a\x1b[31mb"), ("X-Odd", "\xe4"))) as url:
        output = run(app, "explain", url, "--origin", PAGE, "--live").output
    assert "X-Odd: a\\x1b[31mb\nX-Odd: \xe4\n" in output
    assert "\n\nhello\n\nAllowed by #cors-check step 3" in output


def test_a_live_blocked_call_shows_the_headers_to_send_and_the_line_for_flask() -> None:
    with serving(a_server()) as url:
        output = run(Flask(__name__), "explain", url, "--origin", PAGE, "--live", *PUT).output
    assert output.endswith(
        "\nThe server has to send:\n\n    Access-Control-Allow-Origin: https://app.example\n"
        "    Access-Control-Allow-Methods: PUT\n"
        '\nIf it is a Flask app:\n\n    CORS(app, origins="https://app.example")\n'
    )


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        result = run(Flask(__name__), "explain", url, "--origin", PAGE, "--live")
    assert result.exit_code == 1
    assert "There is no response to GET" in result.output
    assert result.output.endswith("\nIs the server running, and is this its URL?\n")


@contextmanager
def answering(*lines: str) -> Iterator[tuple[str, list[bytes]]]:
    """Send the same bytes to whoever calls, and keep what they sent."""
    heard: list[bytes] = []

    def answer() -> None:
        with suppress(OSError):  # when the listener is closed
            while True:
                caller = listener.accept()[0]
                with caller:
                    caller.settimeout(5)
                    heard.append(caller.recv(65536))
                    caller.sendall("\r\n".join([*lines, "", "hello"]).encode("latin-1"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("target", "call", "sent"),
    [
        pytest.param("/a?b=c", [], [["GET /a?b=c"]], id="a query"),
        pytest.param("", ["--method", "HEAD"], [["HEAD /"]], id="no path"),
        pytest.param("/?", ["--method", "POST"], [["POST /", "Content-Length: 0"]], id="an empty query"),
        pytest.param(
            "/",
            ["--method", "PUT", *TOKEN],
            [
                ["OPTIONS /", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-token"],
                ["PUT /", "X-Token: 1", "Content-Length: 0"],
            ],
            id="a preflight",
        ),
    ],
)
def test_a_live_server_gets_what_a_browser_sends(target: str, call: list[str], sent: list[list[str]]) -> None:
    allowed = [": ".join(header) for header in (OPEN, ("Access-Control-Allow-Methods", "PUT"))]
    with answering("HTTP/1.1 200 OK", *allowed, "Access-Control-Allow-Headers: x-token") as (host, heard):
        shown = explained(Flask(__name__), f"http://{host}{target}", "--live", *call)
    assert shown["allowed"]
    for message, (line, *headers) in zip(heard, sent, strict=True):
        first, *others = message.decode().split("\r\n")
        assert first == f"{line} HTTP/1.1"
        usual = [f"Host: {host}", "Accept-Encoding: identity", "Accept: */*", f"Origin: {PAGE}", "", ""]
        assert sorted(others) == sorted([*usual, *headers])


def test_where_a_page_may_read_no_header_that_is_said() -> None:
    with answering("HTTP/1.1 200 OK", ": ".join(OPEN)) as (host, _):
        output = run(Flask(__name__), "explain", f"http://{host}/", "--origin", PAGE, "--live").output
    assert output.endswith("\nThe page may read the status, 200, the body, and of the headers: none.\n")


def test_a_header_in_several_lines_is_one() -> None:
    with answering("HTTP/1.1 200 OK", ": ".join(OPEN), "X-Folded: a", "\t b") as (host, _):
        shown = explained(Flask(__name__), f"http://{host}/", "--live")
    assert ["X-Folded", "a b"] in shown["exchanges"][0]["response"]["headers"]


def test_a_secure_server_is_spoken_to_in_tls() -> None:
    with answering("HTTP/1.1 200 OK") as (host, heard):
        shown = explained(Flask(__name__), f"https://{host}/", "--live")
    assert shown["reason"].startswith(f"There is no response to GET 'https://{host}/': [SSL: ")
    assert heard[0][:1] == b"\x16"  # of a TLS record, a handshake


def test_an_error_without_text_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> Any:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    shown = explained(Flask(__name__), "http://127.0.0.1:1/", "--live")
    assert shown["reason"] == "There is no response to GET 'http://127.0.0.1:1/': TimeoutError."


def test_a_server_has_ten_seconds_for_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = []

    def connect(_: tuple[str, int], timeout: float, *__: object) -> Any:
        seconds.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", connect)
    result = run(Flask(__name__), "explain", "http://127.0.0.1:1/", "--origin", PAGE, "--live")
    assert "timed out" in result.output
    assert seconds == [10]


def test_no_more_than_the_beginning_of_a_live_answer_is_read() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "long", lambda: ("x" * 70000, {OPEN[0]: OPEN[1]}))
    with serving(app) as url:
        output = run(Flask(__name__), "explain", url, "--origin", PAGE, "--live").output
    assert f"{'x' * 500}\n... and {65536 - 500} bytes more\n" in output


def test_a_host_that_cannot_be_and_a_server_that_speaks_no_http_are_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        port = listener.getsockname()[1]
        assert run(Flask(__name__), "explain", f"http://127.0.0.1:{port}/", "--origin", PAGE, "--live").exit_code == 1
        thread.join()
    assert run(Flask(__name__), "explain", f"https://{'a' * 70}.invalid/", "--origin", PAGE, "--live").exit_code == 1


def test_no_app_is_needed_to_ask_a_live_server() -> None:
    def no_app() -> Flask:
        raise AssertionError("nobody asked for it")

    with serving(a_server(OPEN)) as url:
        result = run(Flask(__name__), "explain", url, "--origin", PAGE, "--live", obj=ScriptInfo(create_app=no_app))
    assert result.exit_code == 0


# Mistakes of the user -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(
            ["api", "--origin", PAGE],
            "'api' is neither a path, as /api/users, nor a URL, as https://api.example/users.",
            id="no slash",
        ),
        pytest.param(["ftp://a/", "--origin", PAGE], "'ftp://a/' is neither a path", id="another scheme"),
        pytest.param(["http://[/", "--origin", PAGE], "'http://[/' is not a URL: ", id="a URL that cannot be"),
        pytest.param(["http://a:port/", "--origin", PAGE], "'http://a:port/' is not a URL: ", id="a port that is none"),
        pytest.param(["/"], "Missing option '--origin'", id="no origin"),
        pytest.param(
            ["/", "--origin", "app.example"],
            "origin='app.example' is not what browsers send as Origin; write it like",
            id="an origin without scheme",
        ),
        pytest.param(["/", "--origin", PAGE + "/"], "write it like 'https://app.example'", id="an origin with a slash"),
        pytest.param(
            ["/", "--origin", PAGE, "--method", "G T"],
            "'G T' is not a method, as GET or PATCH.",
            id="a method that is none",
        ),
        pytest.param(
            ["/", "--origin", PAGE, "--header", "X-Token"],
            "'X-Token' is not a header, as 'X-Token: 1'.",
            id="a header without value",
        ),
        pytest.param(
            ["/", "--origin", PAGE, "--header", "X Token: 1"],
            "'X Token: 1' is not a header",
            id="a header's name that is none",
        ),
        pytest.param(["/", "--origin", PAGE, "--header", "X: \u20ac"], "is not a header", id="a letter beyond latin-1"),
        pytest.param(
            ["/", "--origin", PAGE, "--live"],
            "--live needs a whole URL, as http://127.0.0.1:5000/.",
            id="a path of no server",
        ),
    ],
)
def test_bad_usage_gets_a_message_and_code_2(args: list[str], message: str) -> None:
    result = run(build("CORS(app)"), "explain", *args)
    assert result.exit_code == 2
    assert message in re.sub(r"\s+", " ", result.output)


COMMANDS = [["routes"], ["explain", "/", "--origin", PAGE]]


@pytest.mark.parametrize("command", COMMANDS, ids=["routes", "explain"])
def test_a_mistake_in_the_config_is_shown_as_its_message(command: list[str]) -> None:
    app = build("CORS(app)", CORS_MAX_AGE="long")
    result = run(app, *command)
    assert result.exit_code == 2
    assert result.output.startswith("Error: CORS_MAX_AGE='long' must be a whole number of seconds")


def test_a_mistake_in_the_config_is_an_error_to_check() -> None:
    app = build("@cross_origin(supports_credentials=True)")
    [finding] = as_json(app, "check")
    assert (finding["level"], finding["write"]) == ("error", "")
    assert finding["message"].startswith(
        "origins='*' is everyone, which cannot be combined with supports_credentials=True"
    )
    assert run(app, "check").exit_code == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "from flask import Flask\nfrom flask_cors import CORS\napp = Flask(__name__)\nCORS(app, origin='*')\n",
            r"Error: The app cannot be loaded\. \S+broken\.py, line 4:\n    CORS\(app, origin='\*'\)\n"
            r"TypeError: CORS\(\): 'origin' is not an option here; did you mean 'origins'\?\n",
            id="an option that does not exist",
        ),
        pytest.param(
            "import this_is_not\n",
            r"Error: The app cannot be loaded\. \S+broken\.py, line 1:\n    import this_is_not\nModuleNotFoundError",
            id="an import that fails",
        ),
        pytest.param("x = 1\n", r"(?s).*Error: Failed to find Flask application", id="no app"),
        pytest.param(
            "1 / 0\n",
            r"Error: The app cannot be loaded\. \S+broken\.py, line 1:\n    1 / 0\nZeroDivisionError",
            id="any other",
        ),
        pytest.param(
            "raise OSError('\\udcff\\x1b')\n",
            r"Error: The app cannot be loaded\. \S+broken\.py, line 1:\n    raise .*\nOSError: \\udcff\\x1b\n",
            id="letters that no terminal takes",
        ),
    ],
)
@pytest.mark.parametrize("command", [*COMMANDS, ["check"]], ids=["routes", "explain", "check"])
def test_an_app_that_cannot_be_loaded_is_a_message(
    source: str, message: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    result = Flask(__name__).test_cli_runner().invoke(cors, command, obj=ScriptInfo(app_import_path="broken"))
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert re.match(message, result.output)


def test_an_error_that_is_in_this_package_alone_is_told_with_its_own_line() -> None:
    with pytest.raises(ValueError, match="origins=5") as caught:
        CORS(origins=5)  # type: ignore[arg-type]
    told = cli._told(caught.value.with_traceback(caught.tb.tb_next))
    last = caught.traceback[-1]
    assert told.startswith(f"{last.path}, line {last.lineno + 1}:\n    {str(last.statement).strip()}")
    assert told.endswith(f"\nValueError: {caught.value}")


# Odd apps -------------------------------------------------------------------------------------------------------------


class Nothing(MethodView):
    """A view of no method."""


@pytest.mark.parametrize("command", [*COMMANDS, ["check"]], ids=["routes", "explain", "check"])
@pytest.mark.parametrize(
    ("how", "code"),
    [
        pytest.param({}, "", id="an app with nothing"),
        pytest.param({}, "CORS(app, resources=['/a', '/b'])", id="no routes"),
        pytest.param({}, "CORS(app, resources=[])\nCORS(app, resources={})", id="no resources"),
        pytest.param(
            {"host_matching": True},
            "app.add_url_rule('/<x>', 'x', str, host='<h>.example')\nCORS(app, resources='/a/')",
            id="routes by host",
        ),
        pytest.param(
            {"subdomain_matching": True},
            "app.config['SERVER_NAME'] = 'shop.example:81'\n"
            "app.add_url_rule('/', 'x', str, subdomain='<who>')\nCORS(app)",
            id="routes by subdomain",
        ),
        pytest.param(
            {"subdomain_matching": True}, "app.add_url_rule('/', 'x', str, subdomain='a')", id="subdomains of nothing"
        ),
        pytest.param({}, "app.config['SERVER_NAME'] = '[::1]:5000'\nCORS(app)", id="a server with a number for a name"),
        pytest.param({}, "app.config['TRUSTED_HOSTS'] = ['x.example']\nCORS(app)", id="hosts that are not trusted"),
        pytest.param(
            {},
            "inner, outer = Blueprint('inner', 'x', url_prefix='/<int:n>'), Blueprint('outer', 'x', url_prefix='/o')\n"
            "CORS(inner, resources='/o/1')\ninner.add_url_rule('/', 'x', str)\nouter.register_blueprint(inner)\n"
            "app.register_blueprint(outer)\napp.register_blueprint(outer, name='again', url_prefix='/again')\n"
            "CORS(inner, resources='/late')",
            id="a blueprint in a blueprint, twice",
        ),
        pytest.param({}, "CORS(Blueprint('lonely', 'x'))", id="a blueprint of no app"),
        pytest.param(
            {}, "app.add_url_rule('/', view_func=Nothing.as_view('x'))\nCORS(app)", id="a class without methods"
        ),
        pytest.param(
            {},
            "app.add_url_rule('/', 'x', str, methods=[])\napp.url_map.add(Rule('/', methods=[]))\nCORS(app)",
            id="rules without methods",
        ),
        pytest.param(
            {},
            "app.url_map.add(Rule('/ws', endpoint='ws', websocket=True))\n"
            "app.url_map.add(Rule('/old', endpoint='ws', redirect_to='/'))\n"
            "app.url_map.add(Rule('/built', endpoint='ws', build_only=True))\nCORS(app, resources='/built')",
            id="rules of Werkzeug's",
        ),
        pytest.param(
            {},
            "app.add_url_rule('/', 'x', str, defaults={'p': ''})\napp.add_url_rule('/<path:p>', 'x')\n"
            "CORS(app, resources={'/a/*': {}, 'b': {'origins': []}})",
            id="a rule for everything",
        ),
        pytest.param({}, "CORS(app, origins=[fail, functools.partial(fail)])", id="functions that fail"),
        pytest.param({}, "CORS(app, origins=lambda _: request.path == '/')", id="a function that needs a request"),
        pytest.param(
            {},
            "app.config.update(CORS_ORIGINS='https://a.example, x', CORS_MAX_AGE='600', CORS_RESOURCES='/a, /b',\n"
            "CORS_HEADERS='', CORS_ALLOW_ORIGINS='1', CORS_METHOD=None)\nCORS(app)",
            id="options from the environment",
        ),
    ],
)
def test_an_odd_app_gets_an_ordinary_report(how: dict[str, Any], code: str, command: list[str]) -> None:
    app = Flask("odd", static_folder=None, **how)
    app.logger.disabled = True
    exec(code, {**globals(), "app": app})  # noqa: S102 - as a program would have it
    assert run(app, *command).exit_code in (0, 1)


# routes ---------------------------------------------------------------------------------------------------------------


TABLE = """\
Rule                                      Methods    Policy of                Origins                                                Credentials
----------------------------------------  ---------  -----------------------  -----------------------------------------------------  -----------
/things/<int:id>                          GET, HEAD  @cross_origin            nobody                                                 no
/things/<int:id>                          POST       CORS(app), r"/things"    *                                                      no
/docs/<any(old, new):which> as /docs/old  GET, HEAD  none                     -                                                      -
/docs/<any(old, new):which> as /docs/new  GET, HEAD  CORS(app), r"/docs/new"  *                                                      no
/own                                      OPTIONS    none                     -                                                      -
/shop/cart                                GET, HEAD  CORS(shop)               https://a.example, re.compile(r"https://b[.]example")  yes
/late                                     GET, HEAD  CORS(late)               https://0.example, https://1.example, and 7 more       no
/any                                      GET        none                     -                                                      -
"""  # noqa: E501


def test_routes_show_where_each_policy_comes_from() -> None:
    app = Flask(__name__, static_folder=None)
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    CORS(shop, origins=["https://a.example", re.compile("https://b[.]example")], supports_credentials=True)
    shop.add_url_rule("/cart", "cart", lambda: "")
    late = Blueprint("late", __name__)
    late.add_url_rule("/late", "late", lambda: "")

    class Things(MethodView):
        @cross_origin(origins=[])
        def get(self) -> str:
            return ""

        def post(self) -> str:
            return ""

    app.add_url_rule("/things/<int:id>", view_func=Things.as_view("things"))
    app.add_url_rule("/docs/<any(old, new):which>", "docs", lambda which: which)
    app.add_url_rule("/own", "own", lambda: "", methods=["OPTIONS"], provide_automatic_options=False)
    app.register_blueprint(shop)
    app.register_blueprint(late)
    app.url_map.add(Rule("/any", endpoint="any"))
    CORS(late, origins=[f"https://{n}.example" for n in range(9)])
    CORS(app, resources=["/things", "/docs/new"])
    assert run(app, "routes").output == TABLE


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(0, "nobody", id="none"),
        pytest.param(4, "https://0.example, https://1.example, https://2.example, https://3.example", id="a few"),
        pytest.param(5, "https://0.example, https://1.example, and 3 more", id="many"),
    ],
)
def test_routes_show_a_few_origins(count: int, shown: str) -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", "index", lambda: "")
    CORS(app, origins=[f"https://{n}.example" for n in range(count)])
    assert run(app, "routes").output.splitlines()[-1] == f"/     GET, HEAD  CORS(app)  {shown:7}  no"


def test_only_this_package_hears_that_the_app_starts() -> None:
    app = build("CORS(app)")

    def start(_: Flask, **__: object) -> None:
        raise AssertionError("no request is made")

    with request_started.connected_to(start, app):
        assert run(app, "routes").exit_code == 0


def test_routes_warn() -> None:
    with pytest.warns(CORSWarning, match="can never match"):
        app = build("CORS(app, origins='app.example')")
    output = run(app, "routes").output
    assert output.count("\nwarning: CORS(app): 'app.example' can never match") == 1


def test_routes_show_letters_that_no_terminal_takes_as_they_are_written() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/\x1b[31m", "red", lambda: "")
    with pytest.warns(CORSWarning, match="can never match"):
        CORS(app, origins="caf\udce9")  # as an environment variable in another encoding is read
    lines = run(app, "routes").output.splitlines()
    assert lines[2].split() == ["/\\x1b[31m", "GET,", "HEAD", "CORS(app)", "caf\\udce9", "no"]


def test_routes_as_json_hold_everything() -> None:
    row = next(
        row
        for row in as_json(build(f"CORS(app, resources='/api/', origins=['{PAGE}', refuse], max_age=60)"), "routes")
        if row["rule"] == "/api/items"
    )
    assert row == {
        "rule": "/api/items",
        "endpoint": "items",
        "methods": ["GET", "HEAD", "PATCH", "POST", "PROPFIND", "PUT"],
        "path": "/api/items",
        "warnings": [],
        "policy": {
            "from": 'CORS(app), r"/api/"',
            "pattern": "/api/",
            "origins": ["https://app.example", "refuse"],
            "methods": None,
            "headers": [],
            "expose_headers": [],
            "supports_credentials": False,
            "max_age": 60,
            "send_wildcard": True,
            "always_send": True,
            "automatic_options": True,
            "vary_header": True,
        },
    }


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        pytest.param("/", ["/"], id="a constant"),
        pytest.param("/<name>", ["/1", "/a"], id="a text"),
        pytest.param("/<int(fixed_digits=4):n>/x", ["/1/x", "/2026/x"], id="a number with arguments"),
        pytest.param("/<path:p>", ["/a", "/a/b"], id="a path"),
        pytest.param("/<any(a, 'X', c):x>-<float:y>", ["/a-1.5", "/X-1.5", "/c-1.5"], id="a choice"),
        pytest.param(
            "/<custom:x>/<uuid:y>",
            [f"/{x}/00000000-0000-4000-8000-000000000000" for x in "1a"],
            id="a converter of the app's",
        ),
    ],
)
def test_paths_are_made_up_for_a_rule(rule: str, paths: list[str]) -> None:
    assert sample_paths(rule) == paths


# check ----------------------------------------------------------------------------------------------------------------


def login_required(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def decorated_view(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return decorated_view


def token_required(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return checked


def found(code: str, **config: Any) -> list[tuple[str, str, str]]:
    """What ``flask cors check`` says about an app that *code* sets up, warnings of the set-up aside."""
    with warnings.catch_warnings(action="ignore", category=CORSWarning):
        app = build(code, **config)
        result = as_json(app, "check")
    assert run(app, "check").exit_code == int(any(one["level"] == "error" for one in result))
    return [(one["level"], one["message"], one["write"]) for one in result]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("CORS(app)", id="everything for everyone"),
        pytest.param("CORS(app, origins='https://a.example', supports_credentials=True)", id="credentials for one"),
        pytest.param(
            "CORS(app, resources=['/api/', '/files/public/'], max_age=600)",
            id="patterns that are right, as far as can be told",
        ),
        pytest.param("CORS(app, resources='/api-')", id="a beginning on purpose"),
        pytest.param("CORS(app, resources=['/api', '/api-internal'])", id="a beginning, beside the longer one"),
        pytest.param(
            "CORS(app, resources=['/api/', '(?P<at>/files)/public/'])", id="a group that may match a variable part"
        ),
        pytest.param(
            "CORS(app, resources=['/api/', re.compile(' /files /public', re.X)])",
            id="a pattern with blanks that may match a variable part",
        ),
        pytest.param(
            "app.add_url_rule('/two/<x>/<y>', 'two', lambda x, y: '')\nCORS(app, resources=['/api/', '/two/b/c'])",
            id="a pattern that may match two variable parts",
        ),
        pytest.param(
            "CORS(app, resources='/api/items$')\n@cross_origin(origins=[])", id="a decorator that closes a view"
        ),
        pytest.param("CORS(app, origins=re.compile('(?i)APP://.*'))", id="a pattern with a flag"),
        pytest.param("CORS(app, origins=re.compile('app://.*'))", id="a pattern for another scheme"),
        pytest.param("CORS(app, origins=re.compile('https[:]//a[.]example'))", id="a pattern with an odd colon"),
        pytest.param("CORS(app, origins=re.compile('nul[l]'))", id="a pattern for sandboxed pages"),
    ],
)
def test_nothing_is_said_of_what_is_right(code: str) -> None:
    assert found(code) == []


@pytest.mark.parametrize(
    ("code", "level", "message", "write"),
    [
        pytest.param(
            "",
            "warning",
            "The app has neither CORS nor @cross_origin: pages of other origins can read nothing.",
            'CORS(app, origins="https://app.example")',
            id="nothing",
        ),
        pytest.param(
            "app.before_request(lambda: None)\n@cross_origin()",
            "warning",
            "Without CORS on the app, the functions of before_request meet the preflights of decorated views "
            "first, and may refuse them.",
            "CORS(app, resources=[])",
            id="decorators alone, with a login perhaps",
        ),
        pytest.param(
            "CORS(app, resources='api/')",
            "error",
            'CORS(app), r"api/" matches no route.',
            'CORS(app, resources=r"/api/")',
            id="no slash",
        ),
        pytest.param(
            "CORS(app, resources=['/apy/items', '/old'])",
            "error",
            'CORS(app), r"/apy/items" matches no route.',
            'CORS(app, resources=[r"/api/items", r"/old"])',
            id="a slip of the pen",
        ),
        pytest.param(
            "CORS(app, resources='/api/items/<n>')",
            "error",
            'CORS(app), r"/api/items/<n>" matches no route.',
            'CORS(app, resources=r"/api/items/[^/]+")',
            id="a rule of Flask's for a pattern",
        ),
        pytest.param(
            "CORS(app, resources='/files/P<n>')",
            "error",
            'CORS(app), r"/files/P<n>" matches no route.',
            'CORS(app, resources=r"/files/")',
            id="a rule of Flask's that looks a little like a named group",
        ),
        pytest.param(
            "CORS(app, resources=['/old', '/zzzzzzzzz'])",
            "error",
            'CORS(app), r"/zzzzzzzzz" matches no route.',
            'CORS(app, resources=r"/old")',
            id="a pattern like nothing at all",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_RESOURCES'] = {'api/': {'headers': 'A'}}",
            "error",
            'CORS(app), r"api/" matches no route.',
            'app.config["CORS_RESOURCES"] = {r"/api/": {"headers": "A"}}',
            id="no slash, in the config",
        ),
        pytest.param(
            "CORS(app, resources='/api/*')",
            "warning",
            'CORS(app), r"/api/*" also covers /api-internal: a regular expression matches all that begins like it.',
            'CORS(app, resources=r"/api/")',
            id="a glob",
        ),
        pytest.param(
            "CORS(app, resources={'^/api': {'max_age': 1}})",
            "warning",
            'CORS(app), r"^/api" also covers /api-internal: a regular expression matches all that begins like it.',
            'CORS(app, resources={r"/api/": {"max_age": 1}})',
            id="a beginning",
        ),
        pytest.param(
            "app.add_url_rule('/api', view_func=lambda: '', endpoint='root')\nCORS(app, resources='/api.*')",
            "warning",
            'CORS(app), r"/api.*" also covers /api-internal: a regular expression matches all that begins like it.',
            'CORS(app, resources=r"/api(/|$)")',
            id="a beginning that is a route itself",
        ),
        pytest.param(
            "CORS(app, resources=['/api/items', '/api/'])",
            "warning",
            'CORS(app), r"/api/" decides for no route: CORS(app), r"/api/items" comes first. Remove it.',
            'CORS(app, resources=r"/api/items")',
            id="a pattern in the shadow of a more precise one",
        ),
        pytest.param(
            "CORS(app)\nCORS(app)",
            "warning",
            "CORS(app) no. 1 decides for no route: CORS(app) no. 2 comes first. Remove it.",
            "",
            id="CORS twice",
        ),
        pytest.param(
            "CORS(app, resources='/old', headers='A')\nCORS(app, resources='/api/', max_age=700)",
            "warning",
            "CORS(app) no. 2: max_age=700 is cut down by browsers: Safari to 600 seconds.",
            'CORS(app, resources=r"/api/", max_age=600)',
            id="a long max_age in the second CORS",
        ),
        pytest.param(
            "CORS(app, max_age=7201)",
            "warning",
            "CORS(app): max_age=7201 is cut down by browsers: Chromium to 7200, Safari to 600 seconds.",
            "CORS(app, max_age=7200)",
            id="a long max_age",
        ),
        pytest.param(
            "CORS(app, headers=['A', 'Cookie'])",
            "warning",
            "CORS(app): Cookie in headers has no effect: the browser sets it, and no page can.",
            'CORS(app, headers="A")',
            id="a forbidden request header",
        ),
        pytest.param(
            "CORS(app, headers='Access-Control-Allow-Origin')",
            "warning",
            "CORS(app): Access-Control-Allow-Origin in headers has no effect: it is a header of the answer, and "
            "no page sends it.",
            "CORS(app, headers=[])",
            id="a header of the answer",
        ),
        pytest.param(
            "CORS(app, expose_headers='Set-Cookie, A')",
            "warning",
            "CORS(app): Set-Cookie in expose_headers has no effect: browsers show it to no page.",
            'CORS(app, expose_headers="A")',
            id="cookies exposed",
        ),
        pytest.param(
            "CORS(app, expose_headers='set-cookie2')",
            "warning",
            "CORS(app): set-cookie2 in expose_headers has no effect: browsers show it to no page.",
            "CORS(app, expose_headers=[])",
            id="cookies of another kind exposed",
        ),
        pytest.param(
            "@cross_origin(methods=['TRACE', 'PUT'])",
            "warning",
            "@cross_origin: TRACE in methods has no effect: browsers let no page use it.",
            '@cross_origin(methods="PUT")',
            id="a forbidden method",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True, expose_headers='*')",
            "error",
            'CORS(app): with credentials, "*" in expose_headers exposes nothing: list the names.',
            'CORS(app, origins="https://a.example", expose_headers="X-Total-Count", supports_credentials=True)',
            id="everything exposed, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True, headers='*')",
            "warning",
            'CORS(app): with credentials, "*" in headers is no wildcard to browsers, so whatever they ask for is '
            "allowed.",
            'CORS(app, origins="https://a.example", headers="Content-Type", supports_credentials=True)',
            id="all headers, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True, methods='*')",
            "warning",
            'CORS(app): with credentials, "*" in methods is no wildcard to browsers, so whatever they ask for is '
            "allowed.",
            'CORS(app, origins="https://a.example", methods=["GET", "POST"], supports_credentials=True)',
            id="all methods, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='a.example')",
            "error",
            "CORS(app): 'a.example' can never match: an origin has a scheme; write 'https://a.example'.",
            'CORS(app, origins="https://a.example")',
            id="no scheme",
        ),
        pytest.param(
            "CORS(app, origins=['//a.example', re.compile(r'https://b\\.example')])",
            "error",
            "CORS(app): '//a.example' can never match: an origin has a scheme; write 'https://a.example'.",
            r'CORS(app, origins=["https://a.example", re.compile(r"https://b\.example")])',
            id="slashes and no scheme, beside a pattern",
        ),
        pytest.param(
            "CORS(app, origins='a.example/')",
            "error",
            "CORS(app): 'a.example/' can never match: an origin has a scheme; write 'https://a.example'.",
            'CORS(app, origins="https://a.example")',
            id="no scheme, and a slash at the end",
        ),
        pytest.param(
            "CORS(app, origins=['https://a.example/x', 'https://b.example'])",
            "error",
            "CORS(app): 'https://a.example/x' can never match: an origin is scheme, host and port, with no path "
            "or user; write for example 'https://app.example'.",
            'CORS(app, origins=["https://a.example", "https://b.example"])',
            id="a path",
        ),
        pytest.param(
            "CORS(app, origins=r'https://.*\\.a\\.example')",
            "error",
            r"CORS(app): 'https://.*\\.a\\.example' can never match: a regular expression as text is not taken "
            r"for one; write re.compile(...) around it.",
            'CORS(app, origins="https://*.a.example")',
            id="a regular expression as text",
        ),
        pytest.param(
            "CORS(app, origins='null')",
            "warning",
            "CORS(app): 'null' is the origin of every sandboxed page, of anybody; remove it.",
            'CORS(app, origins="https://app.example")',
            id="null",
        ),
        pytest.param(
            "CORS(app, origins='HTTPS://A.EXAMPLE.MX/')",
            "warning",
            "CORS(app): 'HTTPS://A.EXAMPLE.MX/' was corrected to 'https://a.example.mx', as browsers send it; write "
            "that.",
            'CORS(app, origins="https://a.example.mx")',
            id="not as browsers write it",
        ),
        pytest.param(
            "CORS(app, origins='https://*.A.example')",
            "warning",
            "CORS(app): 'https://*.A.example' was corrected to 'https://*.a.example', as browsers send it; write that.",
            'CORS(app, origins="https://*.a.example")',
            id="a wildcard that is not as browsers write it",
        ),
        pytest.param(
            r"CORS(app, origins=re.compile(r'a\.example'))",
            "error",
            r'CORS(app): re.compile(r"a\.example") can never match: an origin begins with its scheme and ends '
            r"with host or port.",
            'CORS(app, origins="https://a.example")',
            id="a pattern without scheme",
        ),
        pytest.param(
            r"CORS(app, origins=r'^https://a\.example/$')",
            "error",
            r'CORS(app): "^https://a\\.example/$" can never match: an origin begins with its scheme and ends with '
            r"host or port.",
            'CORS(app, origins="https://a.example")',
            id="a pattern with a slash at its end",
        ),
        pytest.param(
            "CORS(app, origins=['http://a.example', re.compile(r'http:..b')], supports_credentials=True)",
            "warning",
            "CORS(app): 'http://a.example' with credentials: whoever is on the network path can speak for it; "
            "write https.",
            'CORS(app, origins=["https://a.example", re.compile(r"http:..b")], supports_credentials=True)',
            id="plain http, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://*.com', supports_credentials=True)",
            "warning",
            "CORS(app): 'https://*.com' with credentials: anyone can register a name there; list the domains "
            "that are yours.",
            'CORS(app, origins="https://app.example", supports_credentials=True)',
            id="a wildcard over everybody's domains, with credentials",
        ),
    ],
)
def test_a_mistake_is_found_with_the_line_to_write(code: str, level: str, message: str, write: str) -> None:
    assert found(code) == [(level, message, write)]
    if write:
        kept = code.rpartition("\n")[0] if write.startswith(("app.config", 'CORS(app, resources=r"/api(')) else ""
        assert message not in [one for _, one, _ in found(f"{kept}\n{write}")]


@pytest.mark.parametrize(
    ("code", "key", "right", "level"),
    [
        pytest.param("CORS(app)", "CORS_ORIGIN", "CORS_ORIGINS", "error", id="a slip, and nothing else says it"),
        pytest.param("CORS(app)", "CORS_ALLOWED_ORIGINS", "CORS_ORIGINS", "error", id="another library's name"),
        pytest.param("CORS(app)", "CORS_ALLOWED_METHOD", "CORS_METHODS", "error", id="such a name, and a slip"),
        pytest.param("CORS(app)", "CORS_ALLOW_CREDENTIALS", "CORS_SUPPORTS_CREDENTIALS", "error", id="a header's name"),
        pytest.param("CORS(app, origins=[])", "CORS_ORIGIN", "CORS_ORIGINS", "warning", id="given by keyword as well"),
        pytest.param(
            "@cross_origin(origins=[])", "CORS_ORIGIN", "CORS_ORIGINS", "warning", id="given to a decorator as well"
        ),
        pytest.param(
            "app.config['CORS_MAX_AGE'] = 5\nCORS(app)",
            "CORS_MAXAGE",
            "CORS_MAX_AGE",
            "warning",
            id="given in the config as well",
        ),
    ],
)
def test_a_misspelt_config_key_is_found(code: str, key: str, right: str, level: str) -> None:
    message = f"app.config['{key}'] is no option of Flask-Cors, so it has no effect by itself: {right} is."
    assert found(code, **{key: "x"}) == [(level, message, f'app.config["{right}"] = "x"')]


@pytest.mark.parametrize("key", ["CORS_ORIGINS", "CORS_THEME", "MY_CORS_ORIGIN"])
def test_other_config_keys_are_nobodys_affair(key: str) -> None:
    assert found("CORS(app)", **{key: "https://a.example"}) == []


KEPT = "@cross_origin keeps credentials from /api/items, which CORS(app) supports."


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True)\n@cross_origin()",
            {
                "@cross_origin opens /api/items to everyone, which CORS(app) does not.": '@cross_origin(origins="https://a.example")',
                KEPT: '@cross_origin(origins="https://a.example", supports_credentials=True)',
            },
            id="wider, and without credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', "
            "supports_credentials=True)\n@cross_origin(origins='https://b.example')",
            {KEPT: '@cross_origin(origins="https://b.example", supports_credentials=True)'},
            id="without credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example')\n@cross_origin(origins='https://b.example', "
            "supports_credentials=True)",
            {},
            id="another origin, with credentials",
        ),
    ],
)
def test_a_decorator_that_takes_back_what_the_extension_says_is_found(code: str, messages: dict[str, str]) -> None:
    both = {message.replace("items", "items/<int:number>"): line for message, line in messages.items()}
    assert {message: line for _, message, line in found(code)} == {**messages, **both}


def theme() -> Response:
    response = Response()
    response.set_cookie("theme", "dark")
    return response


def an_app_with_logins(**options: Any) -> Flask:
    app = Flask(__name__, static_folder=None)
    CORS(app, **options)

    @login_required
    def mine() -> str:
        return ""

    class Profile(MethodView):
        def get(self) -> str:
            return str(session.get("name"))

        @login_required
        def post(self) -> str:
            return str(request.cookies)

    app.add_url_rule("/mine", "mine", mine)
    app.add_url_rule("/user", "user", lambda: str(current_user))
    app.add_url_rule("/profile", view_func=Profile.as_view("profile"))
    app.add_url_rule("/theme", "theme", theme)
    app.add_url_rule("/built-in", "built-in", str)
    app.add_url_rule("/missing", "no such view")
    return app


current_user = LocalProxy(lambda: "nobody")


def test_views_that_seem_to_need_cookies_under_a_policy_for_everyone_are_found() -> None:
    [finding] = as_json(an_app_with_logins(), "check")
    assert finding == {
        "level": "warning",
        "message": 'CORS(app) says "*", but /mine, /profile, /theme, /user '
        "(cookies, current_user, login_required, session, set_cookie) seem to depend on cookies: "
        'with "*", browsers show no page an answer to a request with cookies.',
        "write": 'CORS(app, origins="https://app.example", supports_credentials=True)',
    }
    assert as_json(an_app_with_logins(origins=PAGE, supports_credentials=True), "check") == []
    each = as_json(an_app_with_logins(resources=["/mine", "/[tu]"]), "check")
    assert [one["message"].partition(" to ")[0] for one in each] == [
        'CORS(app), r"/mine" says "*", but /mine (login_required) seems',
        'CORS(app), r"/[tu]" says "*", but /theme, /user (current_user, set_cookie) seem',
    ]


def test_findings_come_in_the_order_of_the_options_errors_first() -> None:
    each = found("CORS(app, headers='Via', methods='TRACE', max_age=700, resources='api/')")
    named = [re.findall("matches|Via|TRACE|max_age", message)[0] for _, message, _ in each]
    assert named == ["matches", "Via", "TRACE", "max_age"]


@pytest.mark.parametrize(
    ("headers", "messages"),
    [
        pytest.param(
            "Content-Type",
            ["/mine (token_required) seems to need a token, but CORS(app) lets no page send one."],
            id="no header for it",
        ),
        pytest.param("Authorization", [], id="the usual header"),
        pytest.param("X-Api-Key", [], id="a header of the app's own"),
    ],
)
def test_views_that_seem_to_need_a_token_that_no_page_may_send_are_found(headers: str, messages: list[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/mine", "mine", token_required(lambda: "mine"))
    CORS(app, headers=headers)
    shown = as_json(app, "check")
    line = 'CORS(app, headers=["Content-Type", "Authorization"])'
    assert shown == [{"level": "warning", "message": message, "write": line} for message in messages]


def test_a_blueprint_is_checked_with_its_own_routes() -> None:
    app = Flask(__name__)
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/cart", "cart", lambda: "")
    app.add_url_rule("/cart", "cart", lambda: "")
    CORS(shop, resources="/cart")
    app.register_blueprint(shop)
    assert as_json(app, "check") == [
        {
            "level": "error",
            "message": 'CORS(shop), r"/cart" matches no route.',
            "write": 'CORS(shop, resources=r"/shop/cart")',
        }
    ]


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, ", ..."), (20, ", ...")])
def test_many_routes_are_not_all_listed(count: int, more: str) -> None:
    app = Flask(__name__)
    for number in range(count):
        app.add_url_rule(f"/api-{number:02}", f"view {number}", lambda: "")
    CORS(app, resources="/api")
    [finding] = as_json(app, "check")
    assert f"/api-00, /api-01, /api-02, /api-03, /api-04, /api-05, /api-06, /api-07{more}: " in finding["message"]


def test_a_line_that_is_folded_is_printed_in_lines() -> None:
    assert (
        run(build(f"CORS(app, max_age=700, origins='{LONG_ORIGIN}x')"), "check").output
        == f"""\
warning: CORS(app): max_age=700 is cut down by browsers: Safari to 600 seconds.
    CORS(
        app,
        origins="{LONG_ORIGIN}x",
        max_age=600,
    )

Errors: 0. Warnings: 1.
"""
    )


def test_json_is_indented_for_people() -> None:
    output = run(build("CORS(app, max_age=700)"), "check", "--json").output
    assert output == json.dumps(json.loads(output), indent=2) + "\n"


def test_check_prints_each_finding_with_its_line_and_counts_them() -> None:
    assert (
        run(build("CORS(app, resources='api/', max_age=700)"), "check").output
        == """\
error: CORS(app), r"api/" matches no route.
    CORS(app, resources=r"/api/", max_age=700)

warning: CORS(app): max_age=700 is cut down by browsers: Safari to 600 seconds.
    CORS(app, resources=r"api/", max_age=600)

Errors: 1. Warnings: 1.
"""
    )


# check: any pattern gets a report -------------------------------------------------------------------------------------


def reported(pattern: str, flags: int, *more: str) -> list[tuple[str, str]]:
    """What ``flask cors check`` says of a pattern in an app without variable rules, after asking all the commands."""
    app = Flask(__name__, static_folder=None)
    for rule in ("/", "/api/items", *more):
        app.add_url_rule(rule, rule, lambda: "")
    CORS(app, resources=re.compile(pattern, flags))
    for args in (["routes"], ["check"], ["explain", "/missing", "--origin", PAGE]):
        run(app, *args)
    return [(one["message"].rpartition(" ")[2], one["write"]) for one in as_json(app, "check")]


@pytest.mark.parametrize(
    ("pattern", "flags", "write"),
    [
        pytest.param("api/", 0, 'r"/api/"', id="no slash"),
        pytest.param("^api/", 0, 'r"/api/"', id="no slash after the start of the path"),
        pytest.param(r"api/\w+$", 0, r'r"/api/\w+$"', id="no slash, and a part that stretches"),
        pytest.param(r"api/\S+$", 0, r'r"/api/\S+$"', id="no slash, and a part that may be almost anything"),
        pytest.param("API/", re.I, "re.compile('/API/', re.IGNORECASE)", id="no slash, in a pattern with a flag"),
        pytest.param("api/", re.I | re.DEBUG, "re.compile('/api/', re.IGNORECASE)", id="a flag that prints"),
        pytest.param("api/<name>", 0, 'r"/api/[^/]+"', id="a rule of Flask's without slash"),
        pytest.param("/api/<name>*", 0, 'r"/api/[^/]+"', id="a rule of Flask's that is repeated"),
        pytest.param(" api/  # all", re.X, "[]", id="a pattern with comments"),
        pytest.param("/api/ <name> *", re.X, "[]", id="a rule of Flask's with blanks that mean nothing"),
        pytest.param("/b", 0, "[]", id="nothing like it but the root"),
        pytest.param("(?i)apy", 0, "[]", id="a flag inside"),
        pytest.param("(?x) /apy # all", 0, "[]", id="a flag inside, and a comment"),
        pytest.param("(?i:/apy)/", 0, "[]", id="a flag for a group"),
        pytest.param("(?P<v>/v1)/", 0, "[]", id="a named group"),
        pytest.param("(?P<v>/v1)(?P=v)/<name>", 0, "[]", id="a named group that comes again"),
        pytest.param(r"(/a)\1", 0, "[]", id="a back-reference"),
        pytest.param("(/b)?(?(1)c|d)", 0, "[]", id="a conditional group"),
        pytest.param("(?<!/)(?<=b)c", 0, "[]", id="a look behind"),
        pytest.param("(?>/b+)c++", 0, "[]", id="what gives nothing back"),
        pytest.param("[<name>]+", 0, "[]", id="a set that reads like a rule"),
        pytest.param(r"\<name\>", 0, "[]", id="brackets that stand for themselves"),
        pytest.param("<(name>)", 0, "[]", id="a group across a rule"),
        pytest.param("x|y", 0, "[]", id="a choice"),
        pytest.param("\x1b\ud800", 0, "[]", id="letters that no terminal takes"),
        pytest.param(r"(\w+/?)+\.json$", 0, "[]", id="a pattern that would take for ever with a slash before it"),
        pytest.param(
            "/api/(<name>/?)+[.]json$",
            0,
            'r"/api/items"',
            id="a pattern that would take for ever without its one converter",
        ),
        pytest.param(
            rf"/api/{'<n>' * 12}\.json", 0, "[]", id="a pattern that would take for ever without its converters"
        ),
    ],
)
def test_any_pattern_that_matches_no_route_gets_a_report(pattern: str, flags: int, write: str) -> None:
    long = f"/api/{'a' * 60}/b"  # where some patterns that could be made of these would never come to an end
    assert reported(pattern, flags, long) == [("route.", f"CORS(app, resources={write})")]


PARTS = ["/", "api", "items", "<n>", "<(n)>", "[<n>]", "[^(]", r"\<", r"\w", ".", "^", "$", "#", " ", "\n", '"', "\x1b"]
NAMED = ["(?P<v>a)", "(?P<v>a)?(?(v)b|c)", r"(a)\1", "(?<!a)", "(?=a)"]
AROUND = ["({})", "(?:{})+", "(?i:{})", "{}|b", "{}*", "{}{{2}}"]
parts = st.recursive(
    st.sampled_from(PARTS) | st.sampled_from(NAMED),
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds(lambda text, part: text.format(part), st.sampled_from(AROUND), inner)
    ),
    max_leaves=6,
)
patterns = st.builds("{}{}".format, st.sampled_from(["", "", "(?i)", "(?x)"]), parts)


def is_pattern(text: str, flags: int) -> bool:
    with suppress(re.error):
        return bool(re.compile(text, flags))
    return False


@given(patterns, st.sampled_from([0, 0, re.I, re.X, re.A | re.S | re.M]))
def test_a_report_on_any_pattern_holds_lines_that_can_be_written(pattern: str, flags: int) -> None:
    assume(is_pattern(pattern, flags))
    for _, line in reported(pattern, flags):
        exec(line, {"app": Flask(__name__), "CORS": CORS, "re": re})  # noqa: S102 - as a program would have it


# Lines of code, colours ----------------------------------------------------------------------------------------------


LONG_ORIGIN = f"https://{'a' * 58}"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        pytest.param(
            r"""CORS(app, max_age=700, resources=[re.compile('/api/'), re.compile('/OLD', re.I)])""",
            """CORS(app, resources=[r"/api/", re.compile('/OLD', re.IGNORECASE)], max_age=600)""",
            id="a compiled pattern",
        ),
        pytest.param(
            """CORS(app, max_age=700, resources=['/"?old'])""",
            """CORS(app, resources='/"?old', max_age=600)""",
            id="quotes in a pattern",
        ),
        pytest.param(
            """CORS(app, max_age=700, resources={'*': {'origins': '*'}})""",
            """CORS(app, resources={"*": {"origins": "*"}}, max_age=600)""",
            id="every path",
        ),
        pytest.param(
            "CORS(app, max_age=700, origins=re.compile('https://A', re.I))",
            "CORS(app, origins=re.compile('https://A', re.IGNORECASE), max_age=600)",
            id="a compiled origin",
        ),
        pytest.param(
            "CORS(app, max_age=700, vary_header=False)", "CORS(app, max_age=600, vary_header=False)", id="a switch"
        ),
        pytest.param(
            "CORS(app, max_age=700, origins=functools.partial(refuse))",
            "CORS(app, origins=partial(...), max_age=600)",
            id="what can be called and has no name",
        ),
        pytest.param(
            "CORS(app, max_age=700, origins=['https://b\u00fccher.example'])",
            'CORS(app, origins="https://b\u00fccher.example", max_age=600)',
            id="letters beyond ASCII",
        ),
        pytest.param(
            f"CORS(app, max_age=700, origins='{LONG_ORIGIN}')",
            f'CORS(app, origins="{LONG_ORIGIN}", max_age=600)',
            id="a line of a hundred letters",
        ),
        pytest.param(
            f"CORS(app, max_age=700, origins='{LONG_ORIGIN}x')",
            f'CORS(\n    app,\n    origins="{LONG_ORIGIN}x",\n    max_age=600,\n)',
            id="a line of a letter more",
        ),
        pytest.param(
            f"CORS(app, max_age=700, resources=re.compile('/old|{'x' * 300}', re.I | re.M))",
            f"CORS(\n    app,\n    resources=re.compile('/old|{'x' * 300}', re.IGNORECASE|re.MULTILINE),\n"
            "    max_age=600,\n)",
            id="a long pattern with flags",
        ),
    ],
)
def test_a_line_of_code_repeats_what_was_given(code: str, line: str) -> None:
    assert found(code)[-1][2] == line


@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param(["check"], ["33m\x1b[1mwarning"], id="warnings are yellow"),
        pytest.param(
            ["explain", "/", "--origin", "http://localhost"], ["32m\x1b[1mAllowed"], id="what is allowed is green"
        ),
        pytest.param(["explain", "/api/items", "--origin", PAGE], ["31m\x1b[1mBlocked"], id="what is blocked is red"),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    args: list[str], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build("CORS(app, resources='/old', max_age=700)")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.findall(r"\x1b\[(\d+m\x1b\[1m\w+)\x1b\[0m", run(app, *args, color=True).output) == words
    assert "\x1b[" not in run(app, *args).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run(app, *args, color=True).output


def test_the_module_offers_the_group() -> None:
    assert cli.__all__ == ["cors"]


def test_the_group_says_what_it_can_do() -> None:
    output = run(Flask(__name__), "--help").output
    assert "Show what browsers make of this app's CORS." in output
    assert re.findall(r"^  (check|explain|routes)  +\S", output, re.MULTILINE) == ["check", "explain", "routes"]


def test_a_pattern_for_both_schemes_is_no_mistake() -> None:
    app = Flask(__name__)
    CORS(app, origins=re.compile(r"https?://a\.example"))
    assert run(app, "check").output == "Errors: 0. Warnings: 0.\n"


@pytest.mark.parametrize("command", ["routes", "explain", "check"])
def test_each_command_says_for_whom_it_prints_json(command: str) -> None:
    assert re.search(r"  --json +Print JSON, for programs\.\n", run(Flask(__name__), command, "--help").output)
