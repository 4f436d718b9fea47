"""``flask cors check`` and ``flask cors routes``: each rule finds its mistake, and its fix mends it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask, session
from flask.cli import ScriptInfo
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from werkzeug.local import LocalProxy

from flask_cors import CORS
from flask_cors.cli import cors
from flask_cors.cli.check import RULES
from flask_cors.cli.console import WORDINGS
from flask_cors.cli.rules.logins import uses_cookies
from flask_cors.cli.site import sample_paths
from flask_cors.cli.source import SourceFile, as_path
from flask_cors.cli.writing import resources_text
from tests.programs import HEAD, PAGE, Program, program, write
from tests.transcripts.pages import application

__all__ = ["write"]

Write = Callable[[str], Program]
ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "docs" / "reference" / "command"


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


MESSAGE = (
    "Access to fetch at 'http://127.0.0.1:5000{}' from origin 'https://app.example' has been blocked by CORS policy: "
)
BLOCKED = {
    "origin": MESSAGE.format("/cart") + "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
    "not-covered": MESSAGE.format("/checkout")
    + "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
    "header": MESSAGE.format("/stock")
    + "Request header field content-type is not allowed by Access-Control-Allow-Headers in preflight response.",
    "method": MESSAGE.format("/prices")
    + "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.",
    "credentials": MESSAGE.format("/stock")
    + "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the "
    "request's credentials mode is 'include'.",
    "login": MESSAGE.format("/orders")
    + "Response to preflight request doesn't pass access control check: It does not have HTTP ok status.",
    "redirect": MESSAGE.format("/moved")
    + "No 'Access-Control-Allow-Origin' header is present on the requested resource.",
    "hidden": "/stock",
}
HOW_TO = ROOT / "docs" / "how-to"


def shown(name: str) -> str:
    """What a terminal shows, from the prompt on."""
    example, args = SHOWN[name]
    typed = " ".join(f'"{arg}"' if " " in arg else arg for arg in args)
    app = application(ROOT / "examples" / f"{example}_example.py")
    result = CliRunner().invoke(cors, args, obj=ScriptInfo(create_app=lambda: app))
    return f"$ flask --app examples/{example}_example.py cors {typed}\n{result.output}"


def blocked(name: str) -> str:
    """What a terminal shows of a message, without the message."""
    app = application(HOW_TO / "blocked" / "shop.py")
    info = ScriptInfo(create_app=lambda: app)
    args = [] if " " in BLOCKED[name] else ["--origin", PAGE]
    return CliRunner().invoke(cors, ["explain", BLOCKED[name], *args], obj=info).output


@pytest.mark.parametrize("name", SHOWN)
def test_the_manual_shows_what_the_examples_print(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert (GOLDEN / f"{name}.txt").read_text() == shown(name)


@pytest.mark.parametrize("name", BLOCKED)
def test_the_manual_shows_what_is_said_of_a_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOW_TO / "blocked")
    assert (HOW_TO / "blocked" / f"{name}.txt").read_text() == blocked(name)


def test_the_manual_includes_every_output_and_no_other() -> None:
    page = (GOLDEN.parent / "command.rst").read_text()
    assert re.findall(r"literalinclude:: command/(\S+)\.txt", page) == list(SHOWN)
    assert {path.stem for path in GOLDEN.iterdir()} == set(SHOWN)
    page = (HOW_TO / "blocked-by-cors-policy.rst").read_text()
    assert re.findall(r"literalinclude:: blocked/(\S+)\.txt", page) == list(BLOCKED)


def test_the_manual_contains_every_message_of_every_browser() -> None:
    page = " ".join((HOW_TO / "blocked-by-cors-policy.rst").read_text().split())
    assert not set(page) & set("\u2018\u2019\u201c\u201d")
    for wording in WORDINGS:
        pieces = re.split(r"\{\w+\}|\[|\]", wording.template)
        missing = [piece for piece in pieces if " ".join(piece.split()) not in page]
        assert not missing, wording.template


# check ----------------------------------------------------------------------------------------------------------------


def lines_of(fix: Any) -> list[str]:
    diff = fix["diff"].split("\n") if fix else []
    return [line[1:].strip() for line in diff if line.startswith("+") and not line.startswith("+++")]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("CORS(app)", id="everything for everyone"),
        pytest.param("CORS(app, origins='https://a.example', supports_credentials=True)", id="credentials for one"),
        pytest.param("CORS(app, resources=['/api/', '/files/public/'], max_age=600)", id="patterns that are right"),
        pytest.param("CORS(app, resources='/api-')", id="a beginning on purpose"),
        pytest.param("CORS(app, resources=['/api', '/api-internal'])", id="a beginning, beside the longer one"),
        pytest.param("CORS(app, resources=['/api/', '(?P<at>/files)/public/'])", id="a group, and a variable part"),
        pytest.param("CORS(app, resources=['/api/', re.compile(' /files /public', re.X)])", id="blanks in a pattern"),
        pytest.param("CORS(app, resources='/api/items$')\n@cross_origin(origins=[])", id="a decorator that closes"),
        pytest.param("CORS(app, origins=re.compile('(?i)APP://.*'))", id="a pattern with a flag"),
        pytest.param("CORS(app, origins=re.compile('app://.*'))", id="a pattern for another scheme"),
        pytest.param("CORS(app, origins=re.compile('https?://a[.]example'))", id="a pattern for both schemes"),
        pytest.param("CORS(app, origins=re.compile('nul[l]'))", id="a pattern for sandboxed pages"),
        pytest.param("app.config['MY_CORS_ORIGIN'] = 'x'\nCORS(app)", id="another key of the config"),
        pytest.param("app.config['CORS_ORIGIN'] = 'x'\nCORS(app, origins=[])", id="a key for an option that is given"),
    ],
)
def test_nothing_is_said_of_what_is_right(write: Write, code: str) -> None:
    assert write(program(f"{code}\n")).check() == []


@pytest.mark.parametrize(
    ("code", "name", "text", "line"),
    [
        pytest.param("", "no-cors", "neither CORS nor", 'CORS(app, origins="https://app.example")', id="nothing"),
        pytest.param(
            "app.before_request(lambda: None)\n@cross_origin()",
            "decorators-alone",
            "meet the preflights of decorated views first",
            "CORS(app, resources=[])",
            id="decorators alone, with a login perhaps",
        ),
        pytest.param(
            "app.config['CORS_ALLOWED_ORIGINS'] = 'https://a.example'\nCORS(app)",
            "misspelt-key",
            "did you mean 'CORS_ORIGINS'?",
            "app.config[\"CORS_ORIGINS\"] = 'https://a.example'",
            id="another library's name for a key",
        ),
        pytest.param(
            "app.config.update(CORS_ORIGIN='https://a.example')\nCORS(app)",
            "misspelt-key",
            "did you mean 'CORS_ORIGINS'?",
            "app.config.update(CORS_ORIGINS='https://a.example')",
            id="a slip in a key",
        ),
        pytest.param(
            "CORS(app, resources='api/')",
            "unused-pattern",
            'CORS(app), r"api/" matches no route.',
            'CORS(app, resources=r"/api/")',
            id="no slash",
        ),
        pytest.param(
            "CORS(app, resources=['/apy/items', '/old'])",
            "unused-pattern",
            'r"/apy/items" matches no route.',
            "CORS(app, resources=[r\"/api/items\", '/old'])",
            id="a slip of the pen",
        ),
        pytest.param(
            "CORS(app, resources='/api/items/<n>')",
            "unused-pattern",
            "matches no route.",
            'CORS(app, resources=r"/api/items/[^/]+")',
            id="a rule of Flask's for a pattern",
        ),
        pytest.param(
            "CORS(app, resources=['/old', '/zzzzzzzzz'])",
            "unused-pattern",
            "matches no route.",
            "CORS(app, resources=['/old'])",
            id="a pattern like nothing at all",
        ),
        pytest.param(
            "CORS(app)\napp.config['CORS_RESOURCES'] = {'api/': {'headers': 'A'}}",
            "unused-pattern",
            "matches no route.",
            "app.config['CORS_RESOURCES'] = {r\"/api/\": {'headers': 'A'}}",
            id="no slash, in the config",
        ),
        pytest.param(
            "CORS(app, resources={'^/api': {'max_age': 1}})",
            "stray-pattern",
            'CORS(app), r"^/api" also covers /api-internal',
            "CORS(app, resources={r\"/api/\": {'max_age': 1}})",
            id="a beginning",
        ),
        pytest.param(
            "app.add_url_rule('/api', view_func=lambda: '', endpoint='root')\nCORS(app, resources='/api.*')",
            "stray-pattern",
            "also covers /api-internal",
            'CORS(app, resources=r"/api(/|$)")',
            id="a beginning that is a route itself",
        ),
        pytest.param(
            "CORS(app, resources=['/api/items', '/api/'])",
            "shadowed-pattern",
            'r"/api/" decides for no route: CORS(app), r"/api/items" at ',
            "CORS(app, resources=['/api/items'])",
            id="a pattern in the shadow of a more precise one",
        ),
        pytest.param("CORS(app)\nCORS(app)", "shadowed-pattern", "comes first", "", id="CORS twice"),
        pytest.param(
            "CORS(app, headers=['A', 'Cookie'])",
            "useless-name",
            "Cookie in headers has no effect: the browser sets it",
            'CORS(app, headers="A")',
            id="a forbidden request header",
        ),
        pytest.param(
            "CORS(app, resources=['/api/', '/old'], headers=['A', 'Access-Control-Allow-Origin'])",
            "useless-name",
            "it is a header of responses",
            "CORS(app, resources=['/api/', '/old'], headers=\"A\")",
            id="a header of responses, for two patterns",
        ),
        pytest.param(
            "CORS(app, expose_headers='Set-Cookie, A')",
            "useless-name",
            "browsers show it to no page",
            'CORS(app, expose_headers="A")',
            id="cookies exposed",
        ),
        pytest.param(
            "@cross_origin(methods=['TRACE', 'PUT'])",
            "useless-name",
            "@cross_origin: TRACE in methods has no effect",
            '@cross_origin(methods="PUT")',
            id="a forbidden method",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True, expose_headers='*')",
            "wildcard-exposes-nothing",
            "exposes nothing",
            "CORS(app, origins='https://a.example', supports_credentials=True, expose_headers=\"X-Total-Count\")",
            id="everything exposed, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True, headers='*')",
            "wildcard-is-a-name",
            '"*" in headers is a name',
            "CORS(app, origins='https://a.example', supports_credentials=True, headers=\"Content-Type\")",
            id="all headers, with credentials",
        ),
        pytest.param(
            "CORS(app, origins=['a.example', re.compile('https://b[.]example')])",
            "doubtful-origin",
            "'a.example' can never match",
            "CORS(app, origins=[\"https://a.example\", re.compile('https://b[.]example')])",
            id="no scheme, beside a pattern",
        ),
        pytest.param(
            "CORS(app, origins=['https://a.example', ''])",
            "doubtful-origin",
            "is empty and matches no origin",
            'CORS(app, origins="https://a.example")',
            id="an empty entry",
        ),
        pytest.param(
            "CORS(app, origins=['https://shop-*-team.vercel.app'])",
            "doubtful-origin",
            "a string is not a pattern",
            r'CORS(app, origins=[re.compile(r"https://shop-[^.:/]*-team\.vercel\.app")])',
            id="a glob",
        ),
        pytest.param("CORS(app, origins='null')", "doubtful-origin", "every sandboxed page", "", id="null"),
        pytest.param(
            "CORS(app, origins='HTTPS://A.EXAMPLE.MX/')",
            "doubtful-origin",
            "is corrected to 'https://a.example.mx'",
            'CORS(app, origins="https://a.example.mx")',
            id="not as browsers write it",
        ),
        pytest.param(
            r"CORS(app, origins=re.compile(r'a\.example'))",
            "doubtful-origin",
            "an origin begins with its scheme",
            r'CORS(app, origins=re.compile(r"https://a\.example"))',
            id="a pattern without scheme",
        ),
        pytest.param(
            "CORS(app, origins='^https://a[.]example/$')",
            "doubtful-origin",
            "ends with host or port",
            'CORS(app, origins="^https://a[.]example$")',
            id="a pattern with a slash at its end",
        ),
        pytest.param(
            "CORS(app, origins=['http://a.example'], supports_credentials=True)",
            "risky-origin",
            "others on the network can change it",
            'CORS(app, origins=["https://a.example"], supports_credentials=True)',
            id="plain http, with credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://*.com', supports_credentials=True)",
            "risky-origin",
            "anyone can get a name below 'com'",
            "",
            id="everybody's domains, with credentials",
        ),
        pytest.param(
            "CORS(app, max_age=7300)", "max-age-capped", "Chromium to 7200", "CORS(app, max_age=7200)", id="max_age"
        ),
        pytest.param("@cross_origin(supports_credentials=True)", "wrong-options", "this cannot be", "", id="options"),
        pytest.param(
            "CORS(app)\napp.config['CORS_MAX_AGE'] = 'x'", "wrong-options", "CORS_MAX_AGE='x'", "", id="config"
        ),
    ],
)
def test_a_rule_finds_a_mistake_and_the_fix_mends_it(write: Write, code: str, name: str, text: str, line: str) -> None:
    written = write(program(code if "@cross" in code else f"{code}\n"))
    [finding] = [one for one in written.check() if one["id"] != "no-cors" or name == "no-cors"]
    assert finding["id"] == name
    assert text in finding["text"]
    assert line in ("", *lines_of(finding["fix"]))
    assert bool(line) == bool(lines_of(finding["fix"]))
    if line:
        written.apply(finding["fix"])
        assert text not in [one["text"] for one in written.check()]


def test_findings_have_their_place_and_their_routes(write: Write) -> None:
    written = write(program("CORS(app, resources='/api/*')\n"))
    [finding] = written.check()
    assert [*finding] == ["id", "level", "text", "file", "line", "routes", "fix"]
    assert (finding["level"], finding["line"], finding["routes"]) == ("warning", 6, ["/api-internal"])
    assert Path(finding["file"]).parent == written.folder


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True)\n@cross_origin()",
            [
                ("decorator-opens-more", '@cross_origin(origins="https://a.example")'),
                (
                    "decorator-drops-credentials",
                    '@cross_origin(supports_credentials=True, origins="https://a.example")',
                ),
            ],
            id="wider, and without credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example', supports_credentials=True)\n@cross_origin(origins='https://b.example')",
            [
                (
                    "decorator-drops-credentials",
                    "@cross_origin(origins='https://b.example', supports_credentials=True)",
                )
            ],
            id="without credentials",
        ),
        pytest.param(
            "CORS(app, origins='https://a.example')\n"
            "@cross_origin(origins='https://b.example', supports_credentials=True)",
            [],
            id="another origin, with credentials",
        ),
    ],
)
def test_a_decorator_that_takes_back_what_the_extension_says_is_found(
    write: Write, code: str, found: list[tuple[str, str]]
) -> None:
    checked = {(one["id"], *lines_of(one["fix"])) for one in write(program(code)).check()}
    assert checked == set(found)


LOGINS = """
def login_required(view):
    @functools.wraps(view)
    def decorated_view(*args, **kwargs): return view(*args, **kwargs)
    return decorated_view
def token_required(view):
    @functools.wraps(view)
    def checked(*args, **kwargs): return view(*args, **kwargs)
    return checked
@app.get("/me")
{decorator}
def me(): return {body}
"""


@pytest.mark.parametrize(
    ("decorator", "body", "name", "line"),
    [
        pytest.param(
            "@login_required",
            "''",
            "cookies-under-wildcard",
            'CORS(app, origins="https://app.example", supports_credentials=True)',
            id="a decorator for a login",
        ),
        pytest.param("@token_required", "''", "token-not-allowed", 'CORS(app, headers="Authorization")', id="a token"),
        pytest.param(
            "@(lambda view: view)",
            "session['a']",
            "cookies-under-wildcard",
            'CORS(app, origins="https://app.example", supports_credentials=True)',
            id="the session",
        ),
        pytest.param("@(lambda view: view)", "''", "", "", id="nothing"),
    ],
)
def test_views_that_know_their_visitors_are_found(
    write: Write, decorator: str, body: str, name: str, line: str
) -> None:
    written = write(program(f"{LOGINS.format(decorator=decorator, body=body)}CORS(app)\n"))
    checked = written.check()
    assert [(one["id"], one["routes"], lines_of(one["fix"])) for one in checked] == (
        [(name, ["/me"], [line])] if name else []
    )


def test_cookies_are_told_by_names() -> None:
    current_user: Any = LocalProxy(lambda: None)
    namespace: dict[str, Any] = {"current_user": current_user, "session": session, "app": 1}
    exec("def view(): session, current_user, app.cookies, app.set_cookie, app.x", namespace)  # noqa: S102
    assert sorted(uses_cookies(namespace["view"])) == ["cookies", "current_user", "session", "set_cookie"]


def test_each_rule_is_a_function_with_a_docstring() -> None:
    assert all(rule.__doc__ for rule in RULES)


def test_check_prints_each_finding_with_its_place_and_counts_them(write: Write) -> None:
    result = write(program("CORS(app, resources='api/', max_age=700)\n")).run("check")
    assert re.sub(r"shop_\d+", "shop", result.output) == (
        'shop.py:6: error[unused-pattern]\n    CORS(app), r"api/" matches no route.\n    shop.py:6\n'
        "    - CORS(app, resources='api/', max_age=700)\n"
        '    + CORS(app, resources=r"/api/", max_age=700)\n\n'
        "shop.py:6: warning[max-age-capped]\n"
        "    CORS(app): max_age=700 is cut down by browsers: Safari to 600 seconds.\n    shop.py:6\n"
        "    - CORS(app, resources='api/', max_age=700)\n"
        "    + CORS(app, resources='api/', max_age=600)\n\n"
        "Errors: 1. Warnings: 1.\n"
    )
    assert result.exit_code == 1
    assert write(program("CORS(app)\n")).run("check").exit_code == 0


# Any pattern gets a report --------------------------------------------------------------------------------------------

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
    try:
        return bool(re.compile(text, flags))
    except re.error:
        return False


@settings(max_examples=40)
@given(patterns, st.sampled_from([0, 0, re.I, re.X, re.A | re.S | re.M]))
def test_any_pattern_gets_a_report_and_can_be_written(pattern: str, flags: int) -> None:
    assume(is_pattern(pattern, flags))
    app = Flask(__name__, static_folder=None)
    for rule in ("/", "/api/items", f"/api/{'a' * 60}/b"):  # where some guesses would never come to an end
        app.add_url_rule(rule, rule, lambda: "")
    CORS(app, resources=re.compile(pattern, flags))
    for args in (["routes"], ["check"], ["explain", "/missing", "--origin", PAGE]):
        assert CliRunner().invoke(cors, args, obj=ScriptInfo(create_app=lambda: app)).exit_code in (0, 1)
    compiled = re.compile(pattern, flags)
    written = eval(as_path(compiled), {"re": re})  # noqa: S307 - as a program would have it
    assert re.compile(written) == compiled or written == "*"


def test_resources_are_written_as_they_are_given() -> None:
    entries: list[Any] = [(re.compile("/a"), {}), (re.compile("/b", re.I), {})]
    assert resources_text(entries) == '[r"/a", re.compile(r"/b", re.IGNORECASE)]'
    assert resources_text([(re.compile('/"?old'), {})]) == "'/\"?old'"
    assert resources_text([(re.compile(""), {"max_age": 5})]) == '{"*": {"max_age": 5}}'


def test_edits_leave_all_else_as_it_is() -> None:
    text = "# \u00fc\ncall(a, b=[1,  2],\n     c='\u00e4')  # why\n"
    file = SourceFile("x.py", text)
    call = file.find_call(2, {"call"})
    assert call is not None
    file.set_argument(call, "c", '"x"')
    file.set_argument(call, "d", "5")
    assert file.changed_text == '# \u00fc\ncall(a, b=[1,  2],\n     c="x", d=5)  # why\n'


# routes ---------------------------------------------------------------------------------------------------------------

ROUTES = f"""{HEAD}
from flask.views import MethodView
shop = Blueprint("shop", __name__, url_prefix="/shop")
CORS(shop, origins=["https://a.example", re.compile("https://b[.]example")], supports_credentials=True)
shop.add_url_rule("/cart", "cart", str)
class Things(MethodView):
    @cross_origin(origins=[])
    def get(self, id): return ""
    def post(self, id): return ""
app.add_url_rule("/things/<int:id>", view_func=Things.as_view("things"))
app.add_url_rule("/docs/<any(old, new):which>", "docs", str)
app.register_blueprint(shop)
app.add_url_rule("/many", "many", cross_origin(origins=[f"https://{{n}}.example" for n in range(9)])(str))
CORS(app, resources=["/things", "/docs/new"])
"""
TABLE = """\
Rule                                      Methods    Policy of                Written at  Origins                                                Credentials
----------------------------------------  ---------  -----------------------  ----------  -----------------------------------------------------  -----------
/things/<int:id>                          GET, HEAD  @cross_origin            shop.py:12  nobody                                                 no
/things/<int:id>                          POST       CORS(app), r"/things"    shop.py:19  *                                                      no
/docs/<any(old, new):which> as /docs/old  GET, HEAD  none                     -           -                                                      -
/docs/<any(old, new):which> as /docs/new  GET, HEAD  CORS(app), r"/docs/new"  shop.py:19  *                                                      no
/shop/cart                                GET, HEAD  CORS(shop)               shop.py:9   https://a.example, re.compile(r"https://b[.]example")  yes
/many                                     GET, HEAD  @cross_origin            shop.py:18  https://0.example, https://1.example, and 7 more       no
"""  # noqa: E501


def test_routes_show_where_each_policy_comes_from(write: Write) -> None:
    output = write(ROUTES).run("routes").output
    assert re.sub(r" +", " ", re.sub(r"shop_\d+|-{2,}", "shop", output)) == re.sub(
        r" +", " ", re.sub(r"-{2,}", "shop", TABLE)
    )


def test_routes_warn(write: Write) -> None:
    output = write(program("CORS(app, origins='app.example')\n")).run("routes").output
    assert output.count("\nwarning: CORS(app): 'app.example' can never match") == 1


def test_routes_show_letters_that_no_terminal_takes_as_they_are_written(write: Write) -> None:
    output = write(f"{HEAD}app.add_url_rule('/\\x1b[31m', 'red', str)\n").run("routes").output
    assert "/\\x1b[31m" in output
    assert "\x1b" not in output


def test_routes_as_json_hold_everything(write: Write) -> None:
    code = f"CORS(app, resources='/api/', origins=['{PAGE}', lambda origin: False], max_age=60)\n"
    row = next(row for row in write(program(code)).json("routes", "routes") if row["rule"] == "/api/items")
    policy = row.pop("policy")
    assert row == {
        "rule": "/api/items",
        "endpoint": "items",
        "methods": ["GET", "HEAD", "PATCH", "POST", "PROPFIND", "PUT"],
        "path": "/api/items",
        "warnings": [],
    }
    assert (policy.pop("from"), policy.pop("line")) == ('CORS(app), r"/api/"', 6)
    assert (policy["pattern"], policy["origins"], policy["max_age"]) == ("/api/", [PAGE, "<lambda>"], 60)
    assert {"methods", "headers", "expose_headers", "supports_credentials", "vary_header"} <= {*policy}


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        pytest.param("/", ["/"], id="a constant"),
        pytest.param("/<name>", ["/1", "/a"], id="a text"),
        pytest.param("/<int(fixed_digits=4):n>/x", ["/1/x", "/2026/x"], id="a number with arguments"),
        pytest.param("/<path:p>", ["/a", "/a/b"], id="a path"),
        pytest.param("/<any(a, 'X', c):x>-<float:y>", ["/a-1.5", "/X-1.5", "/c-1.5"], id="a choice"),
    ],
)
def test_paths_are_made_up_for_a_rule(rule: str, paths: list[str]) -> None:
    assert sample_paths(rule) == paths


def test_json_is_indented_for_people(write: Write) -> None:
    output = write(program("CORS(app, max_age=700)\n")).run("check", "--json").output
    assert output == json.dumps(json.loads(output), indent=2) + "\n"
