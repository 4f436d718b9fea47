"""``flask cors explain``: it names the cause, and every fix that it prints lets the page in."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from flask_cors import CORS
from flask_cors.cli import cors
from flask_cors.cli.case import is_cross_site
from flask_cors.cli.causes import CAUSES
from flask_cors.cli.needs import Wanted, changes_for, is_meant
from flask_cors.cli.output import VERSION, cite
from flask_cors.policy import Policy
from tests.programs import HEAD, PAGE, Program, program, write

__all__ = ["write"]

Write = Callable[[str], Program]
PUT = ["--method", "PUT"]
TOKEN = ["--header", "X-Token: 1"]
URL = "http://127.0.0.1:5000"
ACCESS = f"Access to fetch at '{URL}/api/items' from origin '{PAGE}' has been blocked by CORS policy: "
NO_HEADER = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
PREFLIGHT = "Response to preflight request doesn't pass access control check: "


# The fix, and that it works -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "call", "lines"),
    [
        pytest.param(
            "", ["/api/items"], ['CORS(app, resources=r"/api/items$", origins="https://app.example")'], id="no CORS"
        ),
        pytest.param(
            'CORS(app, resources=r"/api/items$")',
            ["/api/items/7"],
            ['CORS(app, resources={r"/api/items$": {}, r"/api/items/[^/]+$": {"origins": "https://app.example"}})'],
            id="a path that no pattern matches",
        ),
        pytest.param(
            'CORS(app, resources=["/one", "/two"], origins=["https://app.example"])',
            ["/files/a/b", *TOKEN],
            [
                (
                    'CORS(app, resources={"/one": {}, "/two": {}, r"/files/.+$": {"headers": "X-Token"}}, '
                    'origins=["https://app.example"])'
                )
            ],
            id="a path that no pattern matches, where the origins are known",
        ),
        pytest.param(
            'CORS(app, resources={"/one": {}})',
            ["/api/items"],
            ['CORS(app, resources={"/one": {}, r"/api/items$": {"origins": "https://app.example"}})'],
            id="one more entry in a dict",
        ),
        pytest.param(
            "CORS(app, resources=[])",
            ["/api-internal", "--credentials"],
            [
                (
                    'CORS(app, resources={r"/api-internal$": {"origins": "https://app.example", '
                    '"supports_credentials": True}})'
                )
            ],
            id="an app that exposes nothing",
        ),
        pytest.param(
            'CORS(app)\napp.config["CORS_RESOURCES"] = "/one"',
            ["/api/items"],
            ['app.config["CORS_RESOURCES"] = {"/one": {}, r"/api/items$": {"origins": "https://app.example"}}'],
            id="a path that no pattern of the config matches",
        ),
        pytest.param(
            'CORS(app, origins="http://app.example")',
            ["/api/items"],
            ['CORS(app, origins=["http://app.example", "https://app.example"])'],
            id="another origin",
        ),
        pytest.param(
            'CORS(app, origins="https://a.example, https://b.example")',
            ["/api/items"],
            ['CORS(app, origins="https://a.example, https://b.example, https://app.example")'],
            id="another origin in a text with commas",
        ),
        pytest.param(
            'CORS(app, origins=re.compile("https://a[.]example"))',
            ["/api/items"],
            ['CORS(app, origins=[re.compile("https://a[.]example"), "https://app.example"])'],
            id="another origin beside a pattern",
        ),
        pytest.param(
            'CORS(app, origins=["app.example", "https://b.example"])',
            ["/api/items"],
            ['CORS(app, origins=["https://app.example", "https://b.example"])'],
            id="the origin without its scheme",
        ),
        pytest.param(
            'LIST = ["https://a.example"]\nCORS(app, origins=LIST)',
            ["/api/items"],
            ['LIST = ["https://a.example", "https://app.example"]'],
            id="a list in a variable",
        ),
        pytest.param(
            'OPTIONS = {"origins": ["https://a.example"]}\nCORS(app, **OPTIONS)',
            ["/api/items", *TOKEN],
            [
                'OPTIONS = {"origins": ["https://a.example", "https://app.example"]}',
                'CORS(app, **OPTIONS, headers="X-Token")',
            ],
            id="options in a dict",
        ),
        pytest.param(
            'app.config["MY_ORIGINS"] = ["https://a.example"]\nCORS(app, origins=app.config["MY_ORIGINS"])',
            ["/api/items"],
            ['app.config["MY_ORIGINS"] = ["https://a.example", "https://app.example"]'],
            id="a list in the config, read by hand",
        ),
        pytest.param(
            'app.config.update(CORS_ORIGINS=["https://a.example"])\nCORS(app)',
            ["/api/items"],
            ['app.config.update(CORS_ORIGINS=["https://a.example", "https://app.example"])'],
            id="a list in the config",
        ),
        pytest.param(
            'class Config:\n    CORS_HEADERS = ["A"]\napp.config.from_object(Config)\nCORS(app)',
            ["/api/items", *TOKEN],
            ['CORS_HEADERS = ["A", "X-Token"]'],
            id="a list in a class for the config",
        ),
        pytest.param(
            "CORS(app, origins=[f'https://{n}.example' for n in range(3)])",
            ["/api/items"],
            [
                (
                    'CORS(app, origins=["https://0.example", "https://1.example", "https://2.example", '
                    '"https://app.example"])'
                )
            ],
            id="a list that is computed",
        ),
        pytest.param(
            'def options(): return {"origins": "https://a.example", "resources": ["/api/"]}\nCORS(app, **options())',
            ["/api/items"],
            ['CORS(app, resources=r"/api/", origins=["https://a.example", "https://app.example"])'],
            id="options that cannot be seen",
        ),
        pytest.param(
            'cors = CORS(origins="https://a.example")\ncors.init_app(app)',
            ["/api/items"],
            ['cors = CORS(origins=["https://a.example", "https://app.example"])'],
            id="options of the constructor",
        ),
        pytest.param("CORS(app)", ["/api/items", *TOKEN], ['CORS(app, headers="X-Token")'], id="a header"),
        pytest.param(
            "CORS(app, allow_headers=['A', 'B'])",
            ["/api/items", *TOKEN],
            ["CORS(app, allow_headers=['A', 'B', \"X-Token\"])"],
            id="one more header, under its other name",
        ),
        pytest.param(
            "CORS(\n    app,\n    max_age=5,\n)",
            ["/api/items", "--header", "content-type"],
            ['max_age=5, headers="Content-Type",'],
            id="a call on several lines",
        ),
        pytest.param(
            "CORS(app, headers='*')",
            ["/api/items", "--header", "Authorization: x", *TOKEN],
            ['CORS(app, headers=["*", "Authorization"])'],
            id="the header that * does not cover",
        ),
        pytest.param(
            "CORS(app, headers='*')",
            ["/api/items", "--header", "Authorization: x", "--credentials"],
            ["CORS(app, headers='*', origins=\"https://app.example\", supports_credentials=True)"],
            id="credentials, where * is repeated as the names that are asked for",
        ),
        pytest.param(
            "CORS(app, methods='GET')", ["/api/items", *PUT], ['CORS(app, methods=["GET", "PUT"])'], id="a method"
        ),
        pytest.param(
            "@cross_origin()",
            ["/api/items", *PUT, *TOKEN, "--credentials"],
            ['@cross_origin(origins="https://app.example", headers="X-Token", supports_credentials=True)'],
            id="several at once, for a decorated view",
        ),
        pytest.param(
            "CORS(app, resources={'/api/': {'headers': 'A'}, '/b': {}}, methods='GET')",
            ["/api/items", *TOKEN, *PUT],
            [
                (
                    'CORS(app, resources={\'/api/\': {\'headers\': ["A", "X-Token"], "methods": ["GET", "PUT"]}, '
                    "'/b': {}}, methods='GET')"
                )
            ],
            id="options of one entry, so that no other path gets them",
        ),
        pytest.param(
            "CORS(app, resources=['/api/', '/b'], headers='A')",
            ["/api/items", *TOKEN],
            ["CORS(app, resources={'/api/': {\"headers\": [\"A\", \"X-Token\"]}, '/b': {}}, headers='A')"],
            id="one of two patterns",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_RESOURCES'] = {'/api/': {'headers': 'A'}}",
            ["/api/items", *TOKEN],
            ["app.config['CORS_RESOURCES'] = {'/api/': {'headers': [\"A\", \"X-Token\"]}}"],
            id="options of a pattern in the config",
        ),
        pytest.param(
            "app.before_request(lambda: abort(401))\n@cross_origin(headers='A')",
            ["/api/items", *TOKEN],
            ["CORS(app, resources=[])", '@cross_origin(headers=["A", "X-Token"])'],
            id="a login that refuses the preflight of a decorated view",
        ),
        pytest.param(
            "app.before_request(lambda: abort(401) if request.method == 'OPTIONS' else None)\n"
            "CORS(app, automatic_options=False)",
            ["/api/items", *PUT],
            ["CORS(app, automatic_options=True)"],
            id="a login that refuses the preflight where it is left to Flask",
        ),
        pytest.param(
            "bp = Blueprint('other', __name__)\n@bp.get('/bp')\ndef view(): return ''\n"
            "CORS(bp, origins='https://a.example')\napp.register_blueprint(bp)",
            ["/bp"],
            [
                "CORS(bp, origins=['https://a.example', \"https://app.example\"])".replace(
                    "'https://a.example'", '"https://a.example"'
                )
            ],
            id="a blueprint by the name that the program has for it",
        ),
    ],
)
def test_the_fix_lets_the_page_in(write: Write, code: str, call: list[str], lines: list[str]) -> None:
    written = write(program(f"{code}\n"))
    before = written.explain(*call)
    assert not before["allowed"]
    assert written.apply(before["cause"]["fix"]) == lines
    assert written.explain(*call)["allowed"]
    _, target, *_ = ["", *call]
    headers = [(name, value.strip()) for name, _, value in (one.partition(":") for one in call if ": " in one)]
    method = "PUT" if "PUT" in call else "GET"
    mode: Any = "include" if "--credentials" in call else "same-origin"
    assert written.fetch(f"http://localhost{target}", method=method, headers=headers, credentials=mode).allowed


def test_the_import_is_written_where_it_is_missing(write: Write) -> None:
    written = write(
        "import os\nfrom flask import Flask\n\nshop = Flask(__name__)\n\n\n@shop.get('/')\ndef index(): return ''\n"
    )
    assert written.apply(written.explain("/")["cause"]["fix"]) == [
        "from flask_cors import CORS",
        'CORS(shop, resources=r"/$", origins="https://app.example")',
    ]
    assert written.explain("/")["allowed"]


def test_an_import_under_another_name_is_used(write: Write) -> None:
    written = write("from flask import Flask\nfrom flask_cors import CORS as Cors\napp = Flask(__name__)\n")
    assert written.apply(written.explain("/")["cause"]["fix"]) == [
        'Cors(app, resources=r"/$", origins="https://app.example")'
    ]
    written = write(
        "from flask import Flask\nimport flask_cors\napp = Flask(__name__)\nflask_cors.CORS(app, headers='A')\n"
    )
    assert written.apply(written.explain("/", *TOKEN)["cause"]["fix"]) == [
        'flask_cors.CORS(app, headers=["A", "X-Token"])'
    ]


@pytest.mark.parametrize(
    ("code", "variable", "value", "new"),
    [
        pytest.param(
            "app.config.from_prefixed_env()\nCORS(app)",
            "FLASK_CORS_ORIGINS",
            "https://a.example",
            "https://a.example,https://app.example",
            id="a setting of Flask's",
        ),
        pytest.param(
            "app.config.from_prefixed_env()\nCORS(app)",
            "FLASK_CORS_ORIGINS",
            '["https://a.example"]',
            '["https://a.example", "https://app.example"]',
            id="a JSON list",
        ),
        pytest.param(
            'CORS(app, origins=os.environ["ALLOWED"].split(","))',
            "ALLOWED",
            "https://a.example, https://b.example",
            "https://a.example, https://b.example, https://app.example",
            id="a variable of the program's own",
        ),
        pytest.param(
            'app.config["CORS_ORIGINS"] = os.getenv("ALLOWED")\nCORS(app)',
            "ALLOWED",
            "https://a.example",
            "https://a.example,https://app.example",
            id="such a variable in the config",
        ),
    ],
)
def test_an_environment_variable_gets_a_new_value(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, variable: str, value: str, new: str
) -> None:
    monkeypatch.setenv(variable, value)
    written = write(program(code + "\n"))
    fix = written.explain("/api/items")["cause"]["fix"]
    assert (fix["diff"], fix["environment"]) == ("", {variable: new})
    monkeypatch.setenv(variable, new)
    assert written.explain("/api/items")["allowed"]


# Causes that no option mends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "call", "cause", "text"),
    [
        pytest.param(
            "CORS(app)",
            ["localhost:5000/api/items"],
            "url-without-scheme",
            "http://localhost:5000/api/items",
            id="no http://",
        ),
        pytest.param(
            "CORS(app)",
            ["http://api.example/api/items"],
            "mixed-content",
            "https://api.example/api/items",
            id="http from https",
        ),
        pytest.param("CORS(app)", ["http://localhost:6000/api/items"], "unsafe-port", "another port", id="a port"),
        pytest.param(
            f"CORS(app, origins='{PAGE}')",
            ["/old"],
            "redirect",
            "https://other.example/api/items itself",
            id="a redirect",
        ),
        pytest.param(
            "CORS(app)\napp.before_request(lambda: redirect('/login?x'))",
            ["/api/items", "--method", "HEAD", "--header", "A"],
            "policy-lacks-headers",
            "",
            id="a redirect that the preflight does not meet",
        ),
        pytest.param("CORS(app)", ["/nowhere"], "redirect", "ftp://x", id="a redirect to no server"),
        pytest.param(
            "CORS(app, headers='Content-Type')",
            ["/api/items", "--header", "content-type", "--header", "Access-Control-Allow-Origin: *"],
            "page-sends-response-header",
            "remove Access-Control-Allow-Origin from",
            id="a header of responses on the request",
        ),
        pytest.param(
            "CORS(app)", ["/api/items", "--method", "patch"], "page-spells-method", "write 'PATCH'", id="patch"
        ),
        pytest.param(
            "CORS(app)", ["/api/items", "--method", "TRACE"], "page-makes-no-call", "Change the call", id="TRACE"
        ),
        pytest.param(
            "CORS(app)", ["http://a:b@localhost/api/items"], "page-makes-no-call", "Change the call", id="a password"
        ),
        pytest.param(
            "CORS(app, resources='/files/')",
            ["/files/" + "a" * 4096],
            "path-too-long",
            "shorter path",
            id="a long path",
        ),
        pytest.param(
            "CORS(app)",
            ["/options", *PUT],
            "view-handles-options",
            "take OPTIONS out",
            id="a view that refuses OPTIONS",
        ),
        pytest.param(
            "CORS(app, origins=lambda origin: False)", ["/api/items"], "function-denies", "return True", id="a function"
        ),
        pytest.param(
            "CORS(app, origins=lambda origin: 1 / 0)",
            ["/api/items"],
            "function-denies",
            "return True",
            id="a failing one",
        ),
        pytest.param("", ["/fails"], "app-failed", "Mend the app there", id="a view that fails, without headers"),
        pytest.param(
            "app.wsgi_app = (lambda inner: type('Cache', (), {'__call__': lambda self, environ, start: "
            "start('200 OK', []) or []})())(app.wsgi_app)\nCORS(app)",
            ["/api/items"],
            "middleware",
            "Give Cache the headers",
            id="a middleware",
        ),
        pytest.param(
            "app.extensions['socketio'] = 1\napp.wsgi_app = lambda _, start: start('400 NO', []) or []\nCORS(app)",
            ["/socket.io/?EIO=4"],
            "socketio",
            "cors_allowed_origins",
            id="Flask-SocketIO",
        ),
    ],
)
def test_where_no_option_helps_the_cause_is_named_all_the_same(
    write: Write, code: str, call: list[str], cause: str, text: str
) -> None:
    shown = write(program(f"{code}\n")).explain(*call)
    assert (shown["allowed"], shown["cause"]["id"]) == (False, cause)
    assert text in shown["cause"]["fix"]["text"]


def test_the_null_origin_is_not_allowed(write: Write) -> None:
    for code in ("CORS(app, origins='https://a.example')", "CORS(app, resources=[])"):
        shown = write(program(f"{code}\n")).explain("/api/items", origin="null")
        assert (shown["cause"]["id"], shown["cause"]["fix"]["diff"]) == ("origin-null", "")


def test_an_error_of_a_view_is_named_with_its_line(write: Write) -> None:
    shown = write(program("CORS(app)\n")).explain("/fails")
    assert (shown["allowed"], shown["response"]["status"]) == (True, 500)
    assert re.match(
        r"The app raised ZeroDivisionError at shop_\d+\.py:\d+: division by zero\. ", shown["cause"]["text"]
    )


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "@app.teardown_request\ndef fail(_): raise RuntimeError('on purpose')\n", id="a function that cleans up"
        ),
        pytest.param(
            "def fail(environ, start): raise RuntimeError('on purpose')\napp.wsgi_app = fail\n", id="a middleware"
        ),
    ],
)
def test_an_app_that_gives_no_response_at_all_is_a_cause(write: Write, code: str) -> None:
    cause = write(program(f"CORS(app)\n{code}")).explain("/api/items")["cause"]
    # The next Flask puts what fails in a teardown into a group.
    raised = r"The app raised (RuntimeError at shop_\d+\.py:\d: on purpose\.|ExceptionGroup: .* teardown)"
    assert re.match(raised, cause["text"])
    assert cause["id"] == "app-failed"


def test_a_function_before_the_request_is_named(write: Write) -> None:
    code = "@app.before_request\ndef authorize():\n    return 'no', 401\n@cross_origin(headers='A')"
    cause = write(program(code)).explain("/api/items", "--header", "A")["cause"]
    assert re.search(
        r"the before_request function authorize at shop_\d+\.py:6, because there is no CORS", cause["text"]
    )
    assert cause["policy"]["line"] == cause["line"]


def test_options_that_are_wrong_together_are_named_with_their_line(write: Write) -> None:
    written = write(program("CORS(app)\n@cross_origin(supports_credentials=True)"))
    shown = written.explain("/api/items", "--credentials")
    assert shown["cause"]["id"] == "wrong-options"
    assert "@cross_origin of items" in shown["cause"]["text"]
    assert written.apply(shown["cause"]["fix"]) == [
        '@cross_origin(supports_credentials=True, origins="https://app.example")'
    ]
    assert written.explain("/api/items", "--credentials")["allowed"]
    assert written.explain("/api-internal")["allowed"]


def test_an_app_that_does_not_start_is_a_cause(write: Write) -> None:
    written = write(program("CORS(app, supports_credentials=True)\n"))
    cause = written.explain("/api/items", "--credentials")["cause"]
    assert (cause["id"], cause["line"]) == ("app-does-not-start", 6)
    assert written.apply(cause["fix"]) == ['CORS(app, supports_credentials=True, origins="https://app.example")']
    assert written.explain("/api/items", "--credentials")["allowed"]


def test_a_wrong_config_is_a_cause(write: Write) -> None:
    shown = write(program("CORS(app)\napp.config['CORS_MAX_AGE'] = 'long'\n")).explain("/api/items")
    assert shown["cause"]["text"].startswith("The options of the app's config are wrong, so that no origin is allowed")


def test_a_cors_on_another_app_is_named(write: Write) -> None:
    factory = "def create_app():\n    shop = Flask(__name__)\n    return shop\napp = create_app()\n"
    written = write(f"{HEAD}CORS(app, headers='A')\n{factory}")
    cause = written.explain("/")["cause"]
    assert re.match(
        r"CORS was given another Flask object, made at .*:5\. The app that runs is made at .*:8\.", cause["text"]
    )
    assert written.apply(cause["fix"]) == ["CORS(shop, headers='A')"]
    assert written.explain("/")["allowed"]


def test_each_cause_is_a_function_with_a_docstring() -> None:
    assert all(cause.__doc__ for cause in CAUSES)
    assert len({cause.__name__ for cause in CAUSES}) == len(CAUSES)


# What is allowed, and what else the page meets ------------------------------------------------------------------------


def notes(shown: Any) -> dict[str, Any]:
    assert shown["allowed"]
    return {note["id"]: note for note in shown["notes"]}


def test_hidden_headers_are_exposed_by_the_fix(write: Write) -> None:
    written = write(program("CORS(app, expose_headers=['ETag'])\n"))
    note = notes(written.explain("/api/items"))["hidden-headers"]
    assert note["text"] == "Hidden from the page: X-Total."
    assert written.apply(note["fix"]) == ["CORS(app, expose_headers=['ETag', \"X-Total\"])"]
    response = written.fetch("http://localhost/api/items").response
    assert response is not None
    assert ("X-Total", "7") in response.headers


def test_a_cookie_that_will_not_come_back_is_noted(write: Write) -> None:
    code = f"app.secret_key = 'x'\nCORS(app, origins='{PAGE}', supports_credentials=True)\n@app.get('/in')\n"
    written = write(program(f"{code}def enter(): session['a'] = 1; return ''\n"))
    note = notes(written.explain("https://api.test/in", "--credentials"))["cookie-lost"]
    lines = written.apply(note["fix"])
    assert lines == ['app.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)']
    assert "cookie-lost" not in notes(written.explain("https://api.test/in", "--credentials"))
    assert "cookie-lost" not in notes(written.explain("https://api.app.example/in", "--credentials"))


@pytest.mark.parametrize(
    ("call", "note", "text"),
    [
        pytest.param(["/api/items"], "nothing-was-sent", "Add --live", id="nothing was sent"),
        pytest.param(["/missing"], "status", "The app has no route for this URL, so the status is 404.", id="no route"),
        pytest.param(["/old", "--method", "POST"], "status", "only for GET, HEAD", id="no such method"),
        pytest.param(["http://127.0.0.1:5000/api/items"], "local-network", "this computer", id="a public page"),
        pytest.param([f"{PAGE}/api/items"], "same-origin", "CORS plays no part", id="the page's own origin"),
        pytest.param(
            ["/api/items", "--header", "Cookie: a=b"], "forbidden-header", "Browsers keep Cookie", id="a cookie"
        ),
        pytest.param(["/api/items", "--header", "Accept: \xe4"], "browsers-differ", "Firefox", id="browsers differ"),
    ],
)
def test_what_cors_does_not_decide_is_noted(write: Write, call: list[str], note: str, text: str) -> None:
    assert text in notes(write(program("CORS(app)\n")).explain(*call))[note]["text"]


def test_a_corrected_origin_is_noted_with_what_to_write(write: Write) -> None:
    written = write(program("CORS(app, origins=['https://app.example/*'])\n"))
    note = notes(written.explain("/api/items"))["origin-corrected"]
    assert written.apply(note["fix"]) == ['CORS(app, origins=["https://app.example"])']


def test_an_endless_stream_is_judged_at_its_headers(write: Write) -> None:
    code = (
        "def events():\n    while True: yield 'data: 1\\n\\n'\n"
        "@app.get('/events')\ndef stream(): return events(), {'Content-Type': 'text/event-stream'}\n"
    )
    written = write(program(f"CORS(app)\n{code}"))
    assert written.explain("/events")["allowed"]
    assert written.fetch("http://localhost/events").allowed
    assert written.fetch("http://localhost/events", credentials="include").reason is not None


# What goes in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "call", "cause"),
    [
        pytest.param(f"{ACCESS}{NO_HEADER}", "", ("GET", []), "no-cors", id="no header"),
        pytest.param(
            f"{ACCESS}{PREFLIGHT}{NO_HEADER}",
            "CORS(app, origins=[])",
            ("POST", [["Content-Type", "application/json"]]),
            "policy-lacks-origins",
            id="no header on a preflight",
        ),
        pytest.param(
            f"{ACCESS}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.",
            "CORS(app, methods='GET')",
            ("PUT", []),
            "policy-lacks-methods",
            id="a method",
        ),
        pytest.param(
            ACCESS
            + "Request header field x-token is not allowed by Access-Control-Allow-Headers in preflight response.",
            "CORS(app)",
            ("GET", [["x-token", "1"]]),
            "policy-lacks-headers",
            id="a header",
        ),
        pytest.param(
            f"POST {URL}/api/items net::ERR_CONNECTION_REFUSED",
            "CORS(app)",
            ("POST", []),
            "connection-refused",
            id="refused",
        ),
        pytest.param(
            f"curl '{URL}/api/items' -X 'PUT' -H 'Origin: {PAGE}' -H 'x-token: 1'",
            "CORS(app)",
            ("PUT", [["x-token", "1"]]),
            "policy-lacks-headers",
            id="cURL",
        ),
        pytest.param(
            f'fetch("{URL}/api/items", {{"headers": {{"x-token": "1"}}, "referrer": "{PAGE}/", "method": "PUT"}});',
            "CORS(app)",
            ("PUT", [["x-token", "1"]]),
            "policy-lacks-headers",
            id="fetch",
        ),
    ],
)
def test_what_was_copied_is_enough(write: Write, text: str, code: str, call: tuple[str, Any], cause: str) -> None:
    written = write(program(f"{code}\n"))
    shown = written.explain(text, origin=None)
    assert (shown["call"]["method"], shown["call"]["headers"]) == call
    assert shown["cause"]["id"] == cause
    piped = CliRunner().invoke(
        cors, ["explain", "-", "--json"], input=text, obj=ScriptInfo(app_import_path=str(written.path()))
    )
    assert json.loads(piped.output)["explanation"]["cause"]["id"] == cause


def test_a_message_that_the_app_does_not_confirm_is_said_to_be_of_another(write: Write) -> None:
    shown = write(program("CORS(app)\n")).explain(f"{ACCESS}{NO_HEADER}", origin=None)
    assert "the app here is not the cause" in notes(shown)["nothing-was-sent"]["text"]


def test_options_add_what_a_message_does_not_say(write: Write) -> None:
    shown = write(program("CORS(app, headers='Content-Type')\n")).explain(
        f"{ACCESS}{NO_HEADER}", "--header", "content-type", "--data", '{"a": 1}', "--credentials", origin=None
    )
    assert shown["call"]["headers"] == [["content-type", "application/json"]]
    assert shown["call"]["credentials"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["api"], "'api' is neither a path", id="no slash"),
        pytest.param(["ftp://a/", "--origin", PAGE], "'ftp://a/' is neither a path", id="another scheme"),
        pytest.param(["http://[/", "--origin", PAGE], "'http://[/' is not a URL", id="a URL that cannot be"),
        pytest.param(["nothing of the kind"], "no message of a browser's console", id="other words"),
        pytest.param(["curl"], "'curl' is neither a path", id="curl alone"),
        pytest.param(["curl 'http://a/"], "A quote in this curl command is not closed", id="half a command"),
        pytest.param(["TypeError: Failed to fetch"], "does not name the URL", id="a message without its URL"),
        pytest.param(["/" + "a" * 1_000_001], "longer than 1,000,000", id="too much"),
        pytest.param(["/"], "Where is the page? Add --origin", id="no origin"),
        pytest.param(["/", "--origin", "app.example"], "write it like", id="an origin without scheme"),
        pytest.param(["/", "--origin", PAGE, "--method", "G T"], "'G T' is not a method", id="a method that is none"),
        pytest.param(["/", "--origin", PAGE, "--header", "X Token: 1"], "is not a header", id="a header that is none"),
        pytest.param(["/", "--origin", PAGE, "--header", "X: \u20ac"], "is not a header", id="beyond latin-1"),
        pytest.param(["/", "--origin", PAGE, "--live"], "--live needs a whole URL", id="a path of no server"),
    ],
)
def test_what_cannot_be_asked_gets_a_message_and_code_2(write: Write, args: list[str], message: str) -> None:
    result = write(program("CORS(app)\n")).run("explain", *args)
    assert result.exit_code == 2
    assert message in re.sub(r"\s+", " ", result.output)


# What comes out -------------------------------------------------------------------------------------------------------


def test_the_verdict_comes_first_and_the_conversation_only_when_asked(write: Write) -> None:
    written = write(program("CORS(app, origins='http://localhost:3000')\n"))
    result = written.run("explain", "/api/items", "--origin", PAGE, *TOKEN)
    assert re.sub(r"shop_\d+", "shop", result.output) == (
        "✗ BLOCKED  GET http://localhost/api/items  from https://app.example\n"
        "  Cause    The policy does not allow the origin https://app.example. "
        "The preflight response does not allow the header x-token.\n"
        "  Policy   CORS(app)  shop.py:6\n"
        "  Fix      shop.py:6\n"
        "           - CORS(app, origins='http://localhost:3000')\n"
        '           + CORS(app, origins=["http://localhost:3000", "https://app.example"], headers="X-Token")\n'
        "  Why      Fetch standard, CORS check, step 2: https://fetch.spec.whatwg.org/#cors-check\n"
    )
    assert result.exit_code == 1
    assert written.run("explain", "/api/items", "--origin", PAGE, "-v").output.startswith("--- actual request to ")


def test_the_exit_code_tells_allowed_from_blocked(write: Write) -> None:
    assert write(program("CORS(app)\n")).run("explain", "/api/items", "--origin", PAGE).exit_code == 0
    assert write(program("")).run("explain", "/api/items", "--origin", PAGE).exit_code == 1


def test_colour_is_for_terminals_that_want_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["explain", "/api/items", "--origin", PAGE, *TOKEN]
    written = write(program("CORS(app)\n"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = written.run(*call, color=True).output
    assert re.findall(r"\x1b\[(3\dm)", output) == ["31m", "31m", "32m"]
    assert "\x1b[" not in written.run(*call).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in written.run(*call, color=True).output


def test_json_has_a_version_and_all_fields(write: Write) -> None:
    shown = json.loads(
        write(program("CORS(app)\n")).run("explain", "/api/items", "--origin", PAGE, *TOKEN, "--json").output
    )
    assert shown["version"] == VERSION
    explanation = shown["explanation"]
    assert [*explanation] == [
        *("allowed", "live", "call", "cause", "step", "standard", "reason", "notes", "exchanges", "response")
    ]
    assert [*explanation["cause"]] == ["id", "text", "policy", "file", "line", "fix"]
    assert [*explanation["cause"]["fix"]] == ["text", "diff", "environment", "headers", "code"]
    [exchange] = explanation["exchanges"]
    assert (exchange["kind"], [*exchange["request"]]) == ("preflight", ["method", "url", "headers", "credentials"])


def test_a_step_is_cited_where_the_standard_has_it() -> None:
    assert cite("#http-redirect-fetch step 6").endswith("step 6: https://fetch.spec.whatwg.org/#http-redirect-fetch")
    assert cite("") == cite("#requestcredentials") == ""


def test_letters_that_a_terminal_obeys_are_shown_as_they_are_written(write: Write) -> None:
    result = write(program("")).run("explain", "/a%1b", "--origin", PAGE, "--header", "A: \x1b[31m", "-v")
    assert "\x1b" not in result.output


# Apps -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "url"),
    [
        pytest.param({}, "http://localhost/api/items", id="nothing configured"),
        pytest.param({"SERVER_NAME": "api.example:81"}, "http://api.example:81/api/items", id="a server's name"),
        pytest.param({"PREFERRED_URL_SCHEME": "https"}, "https://localhost/api/items", id="a scheme"),
        pytest.param({"APPLICATION_ROOT": "/shop"}, "http://localhost/shop/api/items", id="a root"),
    ],
)
def test_a_path_is_one_of_the_app_wherever_that_is(write: Write, config: dict[str, str], url: str) -> None:
    shown = write(program(f"app.config.update({config!r})\nCORS(app)\n")).explain(
        "/api/items", *TOKEN, origin="http://app.example"
    )
    assert shown["exchanges"][0]["request"]["url"] == url


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "from flask import Flask\nfrom flask_cors import CORS\napp = Flask(__name__)\nCORS(app, origin='*')\n",
            r"Error: The app cannot be loaded\. shop_\d+\.py:4\nTypeError: CORS\(\): 'origin' is not an option here",
            id="an option that does not exist",
        ),
        pytest.param(
            "import this_is_not\n", r"Error: The app cannot be loaded\. \S+:1\nModuleNotFoundError", id="import"
        ),
        pytest.param("x = 1\n", r"(?s).*Error: Failed to find Flask application", id="no app"),
        pytest.param("raise OSError('\\udcff\\x1b')\n", r"(?s).*\nOSError: \\udcff\\x1b\n", id="odd letters"),
    ],
)
@pytest.mark.parametrize("command", ["routes", "check"])
def test_an_app_that_cannot_be_loaded_is_a_message(write: Write, source: str, message: str, command: str) -> None:
    result = write(source).run(command)
    assert result.exit_code == 2
    assert re.match(message, result.output)


@pytest.mark.parametrize("command", [["routes"], ["explain", "/", "--origin", PAGE], ["check"]], ids=lambda one: one[0])
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="an app with nothing"),
        pytest.param("CORS(app, resources=[])\nCORS(app, resources={})", id="no resources"),
        pytest.param("app.config['SERVER_NAME'] = '[::1]:5000'\nCORS(app)", id="a server with a number for a name"),
        pytest.param("app.config['TRUSTED_HOSTS'] = ['x.example']\nCORS(app)", id="hosts that are not trusted"),
        pytest.param("CORS(Blueprint('lonely', 'x'))", id="a blueprint of no app"),
        pytest.param(
            "from werkzeug.routing import Rule\napp.url_map.add(Rule('/ws', endpoint='ws', websocket=True))\n"
            "app.url_map.add(Rule('/old', endpoint='ws', redirect_to='/'))\n"
            "app.url_map.add(Rule('/built', endpoint='ws', build_only=True))\nCORS(app, resources='/built')",
            id="rules of Werkzeug's",
        ),
        pytest.param(
            "app.add_url_rule('/', 'x', str, methods=[])\napp.add_url_rule('/<path:p>', 'y', str, defaults={'q': ''})\n"
            "CORS(app, resources={'/a/*': {}, 'b': {'origins': []}})",
            id="a rule without methods, and one for everything",
        ),
        pytest.param("CORS(app, origins=[functools.partial(int)])", id="a function without a name"),
        pytest.param("exec('CORS(app, origins=\"https://a.example\")')", id="a call in no file"),
        pytest.param(
            "app.config.update(CORS_ORIGINS='https://a.example, x', CORS_MAX_AGE='600', CORS_RESOURCES='/')\nCORS(app)",
            id="options as an environment has them",
        ),
    ],
)
def test_an_odd_app_gets_an_ordinary_report(write: Write, code: str, command: list[str]) -> None:
    assert write(f"{HEAD}{code}\n").run(*command).exit_code in (0, 1)


def test_the_group_says_what_it_can_do() -> None:
    output = CliRunner().invoke(cors, ["--help"]).output
    assert re.findall(r"^  (check|explain|routes)  +\S", output, re.MULTILINE) == ["check", "explain", "routes"]


def test_a_function_that_reads_the_request_is_asked_in_one(write: Write) -> None:
    code = "CORS(app, origins=lambda origin: request.path != '/api/items')\n"
    cause = write(program(code)).explain("/api/items")["cause"]
    assert re.search(r"<lambda> at shop_\d+\.py:6, returned False for 'https://app\.example'", cause["text"])


# Where the source does not tell --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "call", "lines"),
    [
        pytest.param(
            "exec('CORS(app, origins=\"https://a.example\")')",
            ["/api/items"],
            ['CORS(app, origins=["https://a.example", "https://app.example"])'],
            id="a call in no file",
        ),
        pytest.param(
            'exec(\'CORS(app, resources="/one", origins="https://app.example")\')',
            ["/api/items"],
            [
                'CORS(app, resources=["/one", r"/api/items$"], origins="https://app.example")'.replace(
                    '"/one"', 'r"/one"'
                )
            ],
            id="resources in no file",
        ),
        pytest.param(
            "def resources(): return {'resources': ['/one']}\nCORS(app, origins='https://app.example', **resources())",
            ["/api/items"],
            ['CORS(app, resources=[r"/one", r"/api/items$"], origins="https://app.example")'],
            id="resources that cannot be seen",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_ORI' + 'GINS'] = ['https://a.example']",
            ["/api/items"],
            ['app.config["CORS_ORIGINS"] = ["https://a.example", "https://app.example"]'],
            id="a setting that cannot be seen",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_RES' + 'OURCES'] = '/one'",
            ["/api/items"],
            ['app.config["CORS_RESOURCES"] = {r"/one": {}, r"/api/items$": {"origins": "https://app.example"}}'],
            id="resources of the config that cannot be seen",
        ),
        pytest.param(
            "def make(): return Flask(__name__)\napp = make()",
            ["/"],
            ['CORS(app, resources=r"/$", origins="https://app.example")'],
            id="an app that is made in no statement of its own",
        ),
        pytest.param(
            "app.config['CORS_ORIGINS'] = list(('https://a.example',))\nCORS(app)",
            ["/api/items"],
            ['app.config["CORS_ORIGINS"] = ["https://a.example", "https://app.example"]'],
            id="a setting that is computed",
        ),
        pytest.param(
            "app.config['MY'] = ['https://a.example']\nCORS(app, origins=app.config.get('MY'))",
            ["/api/items"],
            ["app.config['MY'] = ['https://a.example', \"https://app.example\"]"],
            id="a setting that is got",
        ),
        pytest.param(
            "OWN = dict(origins='https://a.example')\nPATHS = {'/api/': OWN}\nCORS(app, resources=PATHS)",
            ["/api/items"],
            ['CORS(app, resources={r"/api/": {"origins": ["https://a.example", "https://app.example"]}})'],
            id="a dict that is no display",
        ),
        pytest.param(
            "OWN = {'origins': 'https://a.example'}\nCORS(app, resources={'/api/': OWN})",
            ["/api/items"],
            ['OWN = {\'origins\': ["https://a.example", "https://app.example"]}'],
            id="a dict of an entry in a variable",
        ),
    ],
)
def test_what_cannot_be_seen_in_the_source_is_written_whole(
    write: Write, code: str, call: list[str], lines: list[str]
) -> None:
    written = write(program(f"{code}\n") if "make()" not in code else f"{HEAD}{code}\n")
    fix = written.explain(*call)["cause"]["fix"]
    assert (fix["code"].split("\n") if fix["code"] else written.apply(fix)) == lines


@pytest.mark.parametrize(
    ("code", "call", "cause", "text"),
    [
        pytest.param(
            "@app.get('/slash/')\n@cross_origin(origins='https://app.example')\ndef slash(): return ''\n",
            ["/slash"],
            "redirect",
            "In the page, ask for http://localhost/slash/.",
            id="a slash, with a decorator alone",
        ),
        pytest.param(
            "@app.get('/slash/')\ndef slash(): return ''\n",
            ["/slash"],
            "redirect",
            "In the page, ask for http://localhost/slash/.",
            id="a slash, without CORS",
        ),
        pytest.param(
            "app.wsgi_app = lambda environ, start: start('200 OK', []) or []\nCORS(app, resources='/one')\n",
            ["/api/items"],
            "not-covered",
            "",
            id="a middleware, on a path without policy",
        ),
        pytest.param(
            "app.config['CORS_ORIGINS'] = 'https://a.example'\nCORS(app, supports_credentials=True)\n"
            "app.config['CORS_ORIGINS'] = '*'\n",
            ["/api/items", "--credentials"],
            "wrong-options",
            "",
            id="a config that changes",
        ),
        pytest.param("", ["/moved"], "redirect", "ask for http://localhost/api/items itself", id="another path"),
        pytest.param(
            "@app.before_request\ndef guard():\n    if request.path == '/api/items': return redirect('/login')\n",
            ["/api/items"],
            "redirect",
            "Answer 401 to a fetch",
            id="a login of the app itself",
        ),
        pytest.param(
            "@app.after_request\ndef spoil(response):\n    response.headers['Access-Control-Allow-Origin'] = 'x'\n"
            "    return response\napp.wsgi_app = (lambda inner: lambda environ, start: inner(environ, lambda status, "
            "headers, *_: start(status, [('Access-Control-Allow-Origin', 'x')])))(app.wsgi_app)\nCORS(app)\n",
            ["/api/items"],
            "other-code",
            "Look for Access-Control-",
            id="other code",
        ),
        pytest.param("1 / 0\n", ["/api/items"], "app-does-not-start", "Correct what the message names", id="an error"),
    ],
)
def test_other_causes_are_named_too(write: Write, code: str, call: list[str], cause: str, text: str) -> None:
    shown = write(f"{HEAD}{code}" if "/slash/" in code else program(code)).explain(*call)
    assert shown["cause"]["id"] == cause
    assert text in shown["cause"]["fix"]["text"]


def test_an_app_that_does_not_start_needs_no_origin_to_say_so(write: Write) -> None:
    message = f"GET {URL}/api/items net::ERR_CONNECTION_REFUSED"
    cause = write(program("CORS(app, supports_credentials=True)\n")).explain(message, origin=None)["cause"]
    assert (cause["id"], cause["fix"]["diff"]) == ("app-does-not-start", "")
    assert "with --origin" in cause["fix"]["text"]


def test_an_environment_variable_is_shown(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED", "https://a.example")
    output = write(program("CORS(app, origins=os.environ['ALLOWED'])\n")).run("explain", "/api/items", "--origin", PAGE)
    assert "In the environment, set ALLOWED=https://a.example,https://app.example\n" in output.output


def test_a_variable_that_is_read_by_hand_from_the_config(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_MY_ORIGINS", "https://a.example")
    written = write(program("app.config.from_prefixed_env()\nCORS(app, origins=app.config['MY_ORIGINS'])\n"))
    fix = written.explain("/api/items")["cause"]["fix"]
    assert fix["environment"] == {"FLASK_MY_ORIGINS": "https://a.example,https://app.example"}


def test_an_app_of_which_no_source_is_known_gets_lines_of_code() -> None:
    app = Flask("nowhere")
    app.secret_key = "x"
    app.add_url_rule("/in", "enter", lambda: ("", {"Set-Cookie": "session=1"}))
    call = ["explain", "/in", "--origin", PAGE, "--credentials", "--json"]
    info = ScriptInfo(create_app=lambda: app)
    fix = json.loads(CliRunner().invoke(cors, call, obj=info).output)["explanation"]["cause"]["fix"]
    assert fix["code"].startswith("from flask_cors import CORS\nCORS(app, resources=")
    CORS(app, origins=PAGE, supports_credentials=True)
    [_, note] = json.loads(CliRunner().invoke(cors, call, obj=ScriptInfo(create_app=lambda: app)).output)[
        "explanation"
    ]["notes"]
    assert note["fix"]["code"].startswith("app.config.update(SESSION_COOKIE_SAMESITE=")


def test_a_program_without_imports_gets_one(write: Write) -> None:
    written = write("app = __import__('flask').Flask(__name__)\n")
    assert written.apply(written.explain("/")["cause"]["fix"])[0] == "from flask_cors import CORS"
    assert written.explain("/")["allowed"]


def test_a_policy_of_another_app_that_would_not_allow_the_page_is_not_copied(write: Write) -> None:
    written = write(f"{HEAD}CORS(app, origins=[])\nshop = Flask(__name__)\napp = shop\n")
    lines = written.apply(written.explain("/")["cause"]["fix"])
    assert lines == ['CORS(shop, resources=r"/$", origins="https://app.example")']


def test_what_a_terminal_cannot_show_is_a_letter(write: Write) -> None:
    info = ScriptInfo(app_import_path=str(write(program("")).path()))
    result = CliRunner(charset="ascii").invoke(cors, ["explain", "/api/items", "--origin", PAGE], obj=info)
    assert result.output.startswith("x BLOCKED")


def test_a_cause_of_several_lines_is_indented(write: Write) -> None:
    result = write(program("CORS(app, max_age='x', methods='G T')\n")).run("explain", "/", "--origin", PAGE)
    assert re.search(r"\n           - max_age='x' must be .*\n.*  Place    shop_\d+\.py:6\n", result.output, re.DOTALL)


def test_no_app_and_no_server_leave_nothing_to_ask(write: Write) -> None:
    assert write("x = 1\n").run("explain", "/", "--origin", PAGE).exit_code == 2


def test_null_is_never_allowed_with_credentials() -> None:
    assert changes_for(Policy(), Wanted("null", "GET", (), True), {}) == {}
    assert not is_meant("*[", PAGE)
    assert is_cross_site("http://127.0.0.1:1", "http://localhost:1")
    assert not is_cross_site("http://127.0.0.1:1", "http://127.0.0.1:2")


def test_another_cookie_than_the_session_is_noted_in_words(write: Write) -> None:
    code = f"CORS(app, origins='{PAGE}', supports_credentials=True)\n@app.get('/in')\n"
    written = write(program(f"{code}def enter(): return '', {{'Set-Cookie': 'a=b'}}\n"))
    note = notes(written.explain("https://api.test/in", "--credentials"))["cookie-lost"]
    assert note["fix"]["text"].startswith('Set it with samesite="None"')
    assert "cookie-lost" not in notes(written.explain("https://app.example:8443/in", "--credentials"))


def test_a_cookie_setting_is_changed_where_it_is_written(write: Write) -> None:
    code = f"app.secret_key = 'x'\nCORS(app, origins='{PAGE}', supports_credentials=True)\n"
    code = f"app.config['SESSION_COOKIE_SECURE'] = False\n{code}"
    written = write(program(f"{code}@app.get('/in')\ndef enter(): session['a'] = 1; return ''\n"))
    note = notes(written.explain("http://127.0.0.1/in", "--credentials"))["cookie-lost"]
    assert "app.config['SESSION_COOKIE_SECURE'] = True" in written.apply(note["fix"])
