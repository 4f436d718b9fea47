"""``flask cors explain``: it names the cause, and every fix that it prints lets the page in."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from flask_cors.cli import cors
from flask_cors.cli.output import VERSION
from tests.programs import HEAD, PAGE, Write, program, run_cors, write
from tests.tables import blocks, table

__all__ = ["write"]

AN_ORIGIN = "https://a.example"
ITEMS = "/api/items"
TOKEN = ["--header", "X-Token: 1"]
CALL = ["explain", ITEMS, "--origin", PAGE]
URL = f"http://127.0.0.1:5000{ITEMS}"
ACCESS = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
NO_HEADER = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


def explained(write: Write, code: str, *call: str, **how: Any) -> Any:
    return write(program(f"{code}\n")).explain(*call, **how)


# The fix, and that it works -------------------------------------------------------------------------------------------


# The file has a sentence and the call of a page; then the program: " " is a line that stays, "-" goes, "+" is new, and
# "*" is a line of code for which the fix knows no place.
@table("call, lines", *blocks("fixes.txt"))
def test_the_fix_lets_the_page_in(write: Write, call: str, lines: list[str]) -> None:
    written, call_of = write(program("".join(f"{line[2:]}\n" for line in lines if line[0] in " -"))), shlex.split(call)
    before = written.explain(*call_of)
    fix = before["cause"]["fix"]
    assert not before["allowed"]
    assert fix["code"].splitlines() == [line[2:] for line in lines if line[0] == "*"]
    changed = [line for line in fix["diff"].split("\n") if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    assert changed == [line[0] + line[2:] for line in lines if line[0] in "+-"]
    written.apply(fix)
    written.text += fix["code"]
    headers = [(name, value) for name, _, value in (one.partition(": ") for one in call_of[1:] if ": " in one)]
    mode: Any = "include" if "--credentials" in call else "same-origin"
    how: dict[str, Any] = {"method": "PUT" if "PUT" in call else "GET", "headers": headers, "credentials": mode}
    assert written.fetch(f"http://localhost{call_of[0]}", **how).allowed


@table(
    "code, line",
    ("without CORS", "", f'CORS(app, resources=r"/own$", origins="{PAGE}")'),
    ("under a decorator alone", "@cross_origin()", "CORS(app, resources=[])"),
    ("past a middleware", "app.wsgi_app = app.wsgi_app\nCORS(app)", "app.config.update(PROPAGATE_EXCEPTIONS=False)"),
)
def test_the_fix_takes_an_exception_from_the_debugger(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, line: str
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    set_up, at, decorator = code.partition("@")
    written = write(f"{HEAD}{set_up}\n@app.get('/own')\n{at}{decorator}\ndef own(): return 1 / 0\n")
    cause = written.explain("/own")["cause"]
    assert "division by zero. In debug mode the debugger responds, and no page" in cause["text"]
    assert written.apply(cause["fix"]) == [line]
    assert written.explain("/own")["allowed"]


FLASK, IMPORT = "from flask import Flask\n", "from flask_cors import CORS"
NEW_LINE = 'CORS(shop, resources=r"/$", origins="https://app.example")'
OF_MODULE = f"{FLASK}import flask_cors as f\nshop = Flask('')\nf.CORS(shop, headers='A')\n"
OTHER_APP = f"{HEAD}CORS(app, headers='A')\ndef create():\n    shop = Flask('')\n    return shop\napp = create()\n"
OTHER_ORIGINS = f"{HEAD}CORS(app, origins=[])\nshop = Flask('')\napp = shop\n"


@table(
    "source, lines",
    ("is missing", f"{FLASK}shop = Flask('shop')\n", [IMPORT, NEW_LINE]),
    ("is missing, as all are", "shop = __import__('flask').Flask('')\n", [IMPORT, NEW_LINE]),
    ("has another name", f"{FLASK}{IMPORT} as C\nshop = Flask('')\n", [NEW_LINE.replace("CORS", "C")]),
    ("is of the package", OF_MODULE, ['f.CORS(shop, headers=["A", "X-Token"])']),
    ("is used in a function", f"{FLASK}{IMPORT}\ndef make(): return Flask(__name__)\nshop = make()\n", [NEW_LINE]),
    ("is used for another app", OTHER_APP, ["CORS(shop, headers='A')"]),
    ("is used for another app, and allows nothing", OTHER_ORIGINS, [NEW_LINE]),
)
def test_a_program_where_the_import_of_cors(write: Write, source: str, lines: list[str]) -> None:
    written, token = write(source), TOKEN if "X-Token" in lines[-1] else []
    assert written.apply(written.explain("/", *token)["cause"]["fix"]) == lines
    assert written.explain("/", *token)["allowed"]


PREFIXED = "app.config.from_prefixed_env()\nCORS(app{})"
BY_NAMES = "raw = os.getenv('OWN', '')\nurls = [url.strip() for url in raw.split(',')]\nCORS(app, origins=urls)"
BY_HAND = "CORS(app, origins=os.environ['OWN'].split(','))"


@table(
    "code, variable, value, new",
    ("a JSON list", PREFIXED.format(""), "FLASK_CORS_ORIGINS", f'["{AN_ORIGIN}"]', f'["{AN_ORIGIN}", "{PAGE}"]'),
    ("its own", BY_HAND, "OWN", f"{AN_ORIGIN}, a://", f"{AN_ORIGIN}, a://, {PAGE}"),
    ("its own, of the config", PREFIXED.format(", origins=app.config['OWN']"), "FLASK_OWN", "a://", f"a://,{PAGE}"),
    ("its own, through variables", BY_NAMES, "OWN", f"{AN_ORIGIN}, ,a://", f"{AN_ORIGIN}, a://, {PAGE}"),
    ("its own, empty", BY_HAND, "OWN", "", PAGE),
    ("its own, in it", "app.config['CORS_ORIGINS'] = os.getenv('OWN')\nCORS(app)", "OWN", "a://", f"a://,{PAGE}"),
)
def test_an_environment_variable_gets_a_new_value(
    write: Write, monkeypatch: pytest.MonkeyPatch, code: str, variable: str, value: str, new: str
) -> None:
    monkeypatch.setenv(variable, value)
    written = write(program(f"{code}\n"))
    fix = written.explain(ITEMS)["cause"]["fix"]
    assert (fix["diff"], fix["environment"]) == ("", {variable: new})
    assert f"In the environment, set {variable}={new}\n" in written.run(*CALL).output
    monkeypatch.setenv(variable, new)
    assert written.explain(ITEMS)["allowed"]


def test_an_app_of_which_no_source_is_known_gets_lines_of_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # otherwise all of this project is searched
    output = run_cors(Flask("nowhere"), *CALL).output
    assert "  Fix      from flask_cors import CORS\n           CORS(app, resources=" in output


# Causes ---------------------------------------------------------------------------------------------------------------


# The file has a sentence and the call of a page; then the program, and after "=" the cause and what it tells to do.
@table("call, lines", *blocks("causes.txt"))
def test_a_cause_is_named_with_what_to_do(write: Write, call: str, lines: list[str]) -> None:
    *code, last = lines
    cause, _, says = last.removeprefix("= ").partition(": ")
    shown = explained(write, "\n".join(code), *shlex.split(call.replace("LONG", "a" * 4096)))
    text = f"{shown['cause']['text']} {shown['cause']['fix']['text']}"
    assert (shown["cause"]["id"], shown["allowed"]) == (cause, "The page can read the 500: CORS is not" in text)
    assert re.search(says, text)


def test_an_app_that_does_not_start_needs_no_origin_to_say_so(write: Write) -> None:
    message = f"GET {URL} net::ERR_CONNECTION_REFUSED"
    cause = explained(write, "CORS(app, supports_credentials=True)", message, origin=None)["cause"]
    assert (cause["id"], cause["line"], cause["fix"]["diff"]) == ("app-does-not-start", 6, "")
    assert "with --origin" in cause["fix"]["text"]


def test_cors_in_another_file_that_no_app_got(write: Write, tmp_path: Path) -> None:
    (tmp_path / "shop_parts.py").write_text("from flask_cors import CORS\ncors = CORS()\n")
    cause = explained(write, "import shop_parts", ITEMS)["cause"]
    text = "Below the line that makes the app, write cors.init_app(app)."
    assert (cause["id"], cause["fix"]["text"], cause["fix"]["diff"]) == ("cors-not-bound", text, "")


# What is allowed, and what else the page meets ------------------------------------------------------------------------


def notes(shown: Any) -> dict[str, Any]:
    assert shown["allowed"]
    return {note["id"]: note for note in shown["notes"]}


TRUSTED = f"app.secret_key = 'x'\nCORS(app, origins='{PAGE}', supports_credentials=True)\n@app.get('/in')\n"
ENTER = f"{TRUSTED}def enter(): session['a'] = 1; return ''"
SECURE = f"app.config['SESSION_COOKIE_SECURE'] = False\n{ENTER}"
BOTH_SETTINGS = 'app.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)'
EXPOSE, GLOB = "CORS(app, expose_headers=['ETag'])", "CORS(app, origins=['https://app.example/*'])"
REMOTE, LOCAL = ["https://api.test/in", "--credentials"], ["http://127.0.0.1/in", "--credentials"]


@table(
    "code, call, note, line",
    ("a hidden header", EXPOSE, [ITEMS], "hidden-headers", "CORS(app, expose_headers=['ETag', \"X-Total\"])"),
    ("a corrected origin", GLOB, [ITEMS], "origin-corrected", 'CORS(app, origins=["https://app.example"])'),
    ("a lost cookie", ENTER, REMOTE, "cookie-lost", BOTH_SETTINGS),
    ("a setting that loses it", SECURE, LOCAL, "cookie-lost", "app.config['SESSION_COOKIE_SECURE'] = True"),
)
def test_the_fix_of_a_note_leaves_nothing_to_note(
    write: Write, code: str, call: list[str], note: str, line: str
) -> None:
    written = write(program(f"{code}\n"))
    assert line in written.apply(notes(written.explain(*call))[note]["fix"])
    assert note not in notes(written.explain(*call))


def test_a_cookie_of_the_same_site_comes_back_and_another_than_the_session_is_noted_in_words(write: Write) -> None:
    assert "cookie-lost" not in notes(explained(write, ENTER, "https://api.app.example:8443/in", "--credentials"))
    other = f"{TRUSTED}def enter(): return '', {{'Set-Cookie': 'a=b'}}"
    note = notes(explained(write, other, *REMOTE))["cookie-lost"]
    assert note["fix"]["text"].startswith('Set it with samesite="None"')


@table(
    "call, note, text",
    ("nothing was sent", ITEMS, "nothing-was-sent", "Add --live"),
    ("a hidden header", ITEMS, "hidden-headers", "Hidden from the page: X-Total."),
    ("no route", "/missing", "status", "The app has no route for this URL, so the status is 404."),
    ("no such method", "/old --method POST", "status", "only for GET, HEAD"),
    ("a public page", URL, "local-network", "this computer"),
    ("the page's own origin", f"{PAGE}/api/items", "same-origin", "CORS plays no part"),
    ("a cookie", "/api/items --header 'Cookie: a=b'", "forbidden-header", "Browsers set Cookie"),
    ("browsers differ", "/api/items --header 'Accept: \xe4'", "browsers-differ", "Firefox"),
    ("an old message, and a method", f'"{ACCESS}{NO_HEADER}"', "nothing-was-sent", "add --method"),
    ("an old message", f'"{ACCESS}{NO_HEADER}"', "nothing-was-sent", "the app here is not the cause"),
)
def test_what_cors_does_not_decide_is_noted(write: Write, call: str, note: str, text: str) -> None:
    assert text in notes(explained(write, "CORS(app)", *shlex.split(call)))[note]["text"]


# What goes in ---------------------------------------------------------------------------------------------------------

PREFLIGHT = f"{ACCESS}Response to preflight request doesn't pass access control check: "
NO_METHOD = f"{ACCESS}Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
NO_TOKEN = "Request header field x-token is not allowed by Access-Control-Allow-Headers in preflight response."
CURL = f"curl '{URL}' -X 'PUT' -H 'Origin: {PAGE}' -H 'x-token: 1'"
FETCH = f'fetch("{URL}", {{"headers": {{"x-token": "1"}}, "referrer": "{PAGE}/", "method": "PUT"}});'
TWO_VIEWS = f"""@app.post({ITEMS!r})
@(cross_origin(origins={PAGE!r}))
def add(): return ''"""
A_TOKEN, JSON = [["x-token", "1"]], [["Content-Type", "application/json"]]


@table(
    "text, code, call, cause",
    ("no header", ACCESS + NO_HEADER, "", ("GET", []), "no-cors"),
    (
        "no header on a preflight",
        PREFLIGHT + NO_HEADER,
        "CORS(app, origins=[])",
        ("POST", JSON),
        "policy-lacks-origins",
    ),
    ("a method", NO_METHOD, "CORS(app, methods='GET')", ("PUT", []), "policy-lacks-methods"),
    ("a header", ACCESS + NO_TOKEN, "CORS(app)", ("GET", A_TOKEN), "policy-lacks-headers"),
    ("no header, of one of two methods", ACCESS + NO_HEADER, TWO_VIEWS, ("GET", []), "not-covered"),
    ("refused", f"POST {URL} net::ERR_CONNECTION_REFUSED", "CORS(app)", ("POST", []), "connection-refused"),
    ("cURL", CURL, "CORS(app)", ("PUT", A_TOKEN), "policy-lacks-headers"),
    ("fetch", FETCH, "CORS(app)", ("PUT", A_TOKEN), "policy-lacks-headers"),
)
def test_what_was_copied_is_enough(write: Write, text: str, code: str, call: tuple[str, Any], cause: str) -> None:
    written = write(program(f"{code}\n"))
    shown = written.explain(text, origin=None)
    assert (shown["call"]["method"], shown["call"]["headers"]) == call
    assert shown["cause"]["id"] == cause
    assert json.loads(written.run("explain", "-", "--json", input=text).output)["explanation"]["cause"]["id"] == cause


def test_options_add_what_a_message_does_not_say(write: Write) -> None:
    more = ["--header", "content-type", "--data", '{"a": 1}', "--credentials"]
    call = explained(write, "CORS(app, headers='Content-Type')", f"{ACCESS}{NO_HEADER}", *more, origin=None)["call"]
    assert (call["headers"], call["credentials"]) == ([["content-type", "application/json"]], True)


OF_PAGE = ["/", "--origin", PAGE]


@table(
    "args, message",
    ("no slash", ["api"], "'api' is not a path"),
    ("a URL that cannot be", ["http://[/", "--origin", PAGE], "'http://[/' is not a URL"),
    ("other words", ["nothing of the kind"], "a message of a browser's console"),
    ("half a command", ["curl 'http://a/"], "A quote in this curl command is not closed"),
    ("a message without its URL", ["TypeError: Failed to fetch"], "does not name the URL"),
    ("too much", ["/" + "a" * 1_000_001], "longer than 1,000,000"),
    ("no origin", ["/"], "Where is the page? Add --origin"),
    ("an origin without scheme", ["/", "--origin", "app.example"], "write it like"),
    ("a method that is none", [*OF_PAGE, "--method", "G T"], "'G T' is not a method"),
    ("a header that is none", [*OF_PAGE, "--header", "X Token: 1"], "is not a header"),
    ("beyond latin-1", [*OF_PAGE, "--header", "X: \u20ac"], "is not a header"),
    ("a path of no server", [*OF_PAGE, "--live"], "--live needs a whole URL"),
)
def test_what_is_no_question_gets_a_message_and_code_2(write: Write, args: list[str], message: str) -> None:
    result = write(program("CORS(app)\n")).run("explain", *args)
    assert result.exit_code == 2
    assert message in re.sub(r"\s+", " ", result.output)


# What comes out -------------------------------------------------------------------------------------------------------


def test_the_verdict_comes_first_and_the_requests_only_with_v(write: Write) -> None:
    written = write(program("CORS(app, origins='http://localhost:3000')\n"))
    result = written.run(*CALL, *TOKEN)
    assert re.sub(r"shop_\d+", "shop", result.output) == (
        "✗ BLOCKED  GET http://localhost/api/items  from https://app.example\n"
        "  Cause    The policy does not allow the origin https://app.example. "
        "The preflight response does not allow the header X-Token.\n"
        "  Policy   CORS(app)  shop.py:6\n"
        "  Fix      shop.py:6\n"
        "           - CORS(app, origins='http://localhost:3000')\n"
        '           + CORS(app, origins=["http://localhost:3000", "https://app.example"], headers="X-Token")\n'
        "  Why      Fetch standard, CORS check, step 2: https://fetch.spec.whatwg.org/#cors-check\n"
    )
    assert result.exit_code == 1
    assert written.run(*CALL, "-v").output.startswith("--- actual request to ")
    assert write(program("CORS(app)\n")).run(*CALL).exit_code == 0


def test_colour_is_for_terminals_that_want_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write(program("CORS(app)\n"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.findall(r"\x1b\[(3\dm)", written.run(*CALL, *TOKEN, color=True).output) == ["31m", "31m", "32m"]
    assert "\x1b[" not in written.run(*CALL, *TOKEN).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in written.run(*CALL, *TOKEN, color=True).output


def test_json_has_a_version_and_all_fields(write: Write) -> None:
    shown = json.loads(write(program("CORS(app)\n")).run(*CALL, *TOKEN, "--json").output)
    explanation = shown["explanation"]
    assert shown["version"] == VERSION
    assert " ".join(explanation) == "allowed live call cause step standard reason notes exchanges response"
    assert " ".join(explanation["cause"]) == "id text policy file line fix"
    assert " ".join(explanation["cause"]["fix"]) == "text diff environment headers code"
    [exchange] = explanation["exchanges"]
    assert (exchange["kind"], " ".join(exchange["request"])) == ("preflight", "method url headers credentials")


def test_text_fits_the_terminal(write: Write) -> None:
    """Letters that a terminal obeys are escaped, those that it lacks are replaced, and long causes are indented."""
    written = write(program(""))
    assert "\x1b" not in written.run("explain", "/a%1b", "--origin", PAGE, "--header", "A: \x1b[31m", "-v").output
    info = ScriptInfo(app_import_path=str(written.path()))
    assert CliRunner(charset="ascii").invoke(cors, CALL, obj=info).output.startswith("x BLOCKED")
    result = write(program("CORS(app, max_age='x', methods='G T')\n")).run(*CALL)
    assert re.search(r"\n           - max_age='x' must be .*\n.*  Place    shop_\d+\.py:6\n", result.output, re.DOTALL)


# Apps -----------------------------------------------------------------------------------------------------------------


@table(
    "config, url",
    ("a server's name", {"SERVER_NAME": "api.example:81"}, "http://api.example:81/api/items"),
    ("a scheme", {"PREFERRED_URL_SCHEME": "https"}, "https://localhost/api/items"),
    ("a root", {"APPLICATION_ROOT": "/shop"}, "http://localhost/shop/api/items"),
)
def test_a_path_is_one_of_the_app_wherever_that_is(write: Write, config: dict[str, str], url: str) -> None:
    shown = explained(write, f"app.config.update({config!r})\nCORS(app)", ITEMS, *TOKEN, origin="http://app.example")
    assert shown["exchanges"][0]["request"]["url"] == url


NOT_LOADED = r"Error: The app cannot be loaded\. \S+"


@pytest.mark.parametrize("command", ["routes", "check"])
@table(
    "source, message",
    ("a wrong option", f"{HEAD}CORS(app, origin='*')\n", rf"{NOT_LOADED}:6\nTypeError: CORS\(\): 'origin' is not"),
    ("an import", "import this_is_not\n", rf"{NOT_LOADED}:1\nModuleNotFoundError"),
    ("no app", "x = 1\n", r"(?s).*Error: Failed to find Flask application"),
    ("odd letters", "raise OSError('\\udcff\\x1b')\n", r"(?s).*\nOSError: \\udcff\\x1b\n"),
)
def test_an_app_that_cannot_be_loaded_is_a_message(write: Write, source: str, message: str, command: str) -> None:
    result = write(source).run(command)
    assert (result.exit_code, re.match(message, result.output) is not None) == (2, True)
    assert write(source).run(*CALL).exit_code in (1, 2)


@pytest.mark.parametrize("command", [["routes"], ["explain", "/", "--origin", PAGE], ["check"]], ids=lambda one: one[0])
@table("lines", *((sentence, lines) for sentence, _, lines in blocks("odd.txt")))
def test_an_odd_app_gets_an_ordinary_report(write: Write, lines: list[str], command: list[str]) -> None:
    assert write("\n".join([HEAD, *lines, ""])).run(*command).exit_code in (0, 1)
