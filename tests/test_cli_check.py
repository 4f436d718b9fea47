"""``flask cors check`` and ``flask cors routes``: each rule finds its mistake, and its fix mends it."""

import json
import re
import warnings
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
from flask_cors.cli.check import IDS, RULES
from flask_cors.cli.console import WORDINGS
from flask_cors.cli.needs import allows
from flask_cors.cli.rules.logins import uses_cookies
from flask_cors.cli.site import Site, sample_paths
from flask_cors.cli.source import SourceFile, as_path
from flask_cors.cli.writing import resources_text
from tests.programs import HEAD, PAGE, Program, apply_diff, program, write
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


LOGINS = """
def login_required(view):
    @functools.wraps(view)
    def decorated_view(*args, **kwargs): return view(*args, **kwargs)
    return decorated_view
def token_required(view):
    @functools.wraps(view)
    def checked(*args, **kwargs): return view(*args, **kwargs)
    return checked
"""
LOGIN = f"{LOGINS}@app.get('/me')\n@login_required\ndef me(): return ''\n"
TOKEN = f"{LOGINS}@app.get('/me')\n@token_required\ndef me(): return ''\n"
SESSION = "@app.get('/me')\ndef me(): return session['a']\n"
A = "origins='https://a.example'"
B = "origins='https://b.example'"
WITH = f"{A}, supports_credentials=True"

#: Programs with one mistake: what is found, and a line of the fix.
MISTAKES = [
    pytest.param("", "no-cors", "neither CORS nor", 'CORS(app, origins="https://app.example")', id="nothing"),
    pytest.param(
        SESSION,
        "no-cors",
        "neither",
        'CORS(app, origins="https://app.example", supports_credentials=True)',
        id="nothing, but a session",
    ),
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
        "CORS(app, resources='api/*')",
        "unused-pattern",
        'r"api/*" matches no route.',
        'CORS(app, resources=r"/api/")',
        id="no slash, and a star",
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
        "CORS(app, resources={'/zzzzzzzzz': {}, '/yyyyyyyyy': {},\n    '/old': {'max_age': 1},  # why\n})",
        "unused-pattern",
        "matches no route.",
        "CORS(app, resources={'/old': {'max_age': 1},  # why",
        id="two patterns like nothing at all",
    ),
    pytest.param(
        "CORS(app, resources=['api/items', '/api/items'])",
        "unused-pattern",
        "matches no route.",
        "CORS(app, resources=['/api/items'])",
        id="no slash, beside the pattern that has it",
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
    pytest.param("CORS(app, resources='/ap')", "stray-pattern", "also covers /api-internal", "", id="half a name"),
    pytest.param(
        "CORS(app, resources=['/api/items', '/api/'])",
        "shadowed-pattern",
        'r"/api/" decides for no route: CORS(app), r"/api/items" at ',
        "CORS(app, resources=['/api/items'])",
        id="a pattern in the shadow of a more precise one",
    ),
    pytest.param(
        "CORS(app, max_age=1)\nCORS(app)", "shadowed-pattern", "comes first", "-CORS(app, max_age=1)", id="CORS twice"
    ),
    pytest.param("if app:\n    CORS(app)\nCORS(app)", "shadowed-pattern", "comes first", "", id="the only line"),
    pytest.param(
        f"CORS(app, resources='/api/items', {A})\nCORS(app)",
        "shadowed-pattern",
        "comes first",
        "-CORS(app)",
        id="the open CORS last, so that it decides",
    ),
    pytest.param(f"CORS(app, {A})\nCORS(app)", "shadowed-pattern", "comes first", "", id="the closed one first"),
    pytest.param(
        f"CORS(app, resources={{'/api/items': {{}}, '/api/': {{{A.replace('origins=', repr('origins') + ': ')}}}}})",
        "shadowed-pattern",
        "comes first",
        "",
        id="a closed pattern in the shadow of an open one",
    ),
    pytest.param(
        "CORS(app, headers=['A', 'Cookie', 'Host'])",
        "useless-name",
        "Cookie in headers has no effect: the browser sets it",
        'CORS(app, headers="A")',
        id="forbidden request headers",
    ),
    pytest.param(
        "CORS(app, resources=['/api/', '/old'], headers=['A', 'Access-Control-Allow-Origin'])",
        "useless-name",
        "it is a header of responses",
        "CORS(app, resources=['/api/', '/old'], headers=\"A\")",
        id="a header of responses, for two patterns",
    ),
    pytest.param(
        "CORS(app, resources={'/api/': {'headers': 'A, Host'}, '/old': {'headers': 'A, Host'}})",
        "useless-name",
        'CORS(app), r"/api/": Host in headers',
        "CORS(app, resources={'/api/': {'headers': \"A\"}, '/old': {'headers': \"A\"}})",
        id="the same in two patterns",
    ),
    pytest.param(
        "HEADERS = ['A', 'B', 'Host']\napp.config['CORS_HEADERS'] = HEADERS\nCORS(app)\n@cross_origin()",
        "useless-name",
        "CORS_HEADERS: Host in headers",
        'HEADERS = ["A", "B"]',
        id="the same in the config, for two policies",
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
        f"CORS(app, {WITH}, expose_headers='*')",
        "wildcard-exposes-nothing",
        "exposes nothing",
        f'CORS(app, {WITH}, expose_headers="X-Total-Count")',
        id="everything exposed, with credentials",
    ),
    pytest.param(
        f"CORS(app, {WITH}, headers='*')",
        "wildcard-is-a-name",
        '"*" in headers is a name',
        f'CORS(app, {WITH}, headers="Content-Type")',
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
        "app.config['CORS_ORIGINS'] = 'HTTPS://A.EXAMPLE.MX/,b.example'\nCORS(app)",
        "doubtful-origin",
        "is corrected to 'https://a.example.mx'",
        "app.config['CORS_ORIGINS'] = \"https://a.example.mx, https://b.example\"",
        id="two in the config",
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
    pytest.param("CORS(app)\napp.config['CORS_MAX_AGE'] = 'x'", "wrong-options", "CORS_MAX_AGE='x'", "", id="config"),
    pytest.param(
        f"{LOGIN}CORS(app, headers='*')",
        "cookies-under-wildcard",
        "/me (login_required) seems to depend on cookies",
        'CORS(app, headers="Content-Type", origins="https://app.example", supports_credentials=True)',
        id="a decorator for a login",
    ),
    pytest.param(
        f"{SESSION}app.config['CORS_ORIGINS'] = '*'\nCORS(app)",
        "cookies-under-wildcard",
        "/me (session) seems to depend on cookies",
        "app.config.update(CORS_SUPPORTS_CREDENTIALS=True)",
        id="the session, under a config",
    ),
    pytest.param(
        f"{SESSION}CORS(app, origins=['http://a.example', 'https://b.example'], expose_headers='*')",
        "cookies-not-supported",
        "does not support credentials",
        'CORS(app, origins=["https://a.example", \'https://b.example\'], expose_headers="X-Total-Count", '
        "supports_credentials=True)",
        id="the session, where origins are listed",
    ),
    pytest.param(f"{TOKEN}CORS(app)", "token-not-allowed", "", 'CORS(app, headers="Authorization")', id="a token"),
    pytest.param(
        f"{TOKEN}CORS(app, headers='*', {A})",
        "token-not-allowed",
        "allows no page to send one",
        f'CORS(app, headers=["*", "Authorization"], {A})',
        id="a token, where origins are listed",
    ),
    pytest.param(
        f"CORS(app, {A})\n@cross_origin()",
        "decorator-opens-more",
        "opens /api/items, /api/items/<int:number> to every origin",
        '@cross_origin(origins="https://a.example")',
        id="a decorator for every origin",
    ),
    pytest.param(
        "CORS(app, origins=lambda origin: False)\n@cross_origin()",
        "decorator-opens-more",
        "opens /api/items, /api/items/<int:number> to every origin",
        "",
        id="a decorator for every origin, where a function decides",
    ),
    pytest.param(
        f"CORS(app, {WITH})\n@cross_origin({B})",
        "decorator-drops-credentials",
        "keeps credentials from",
        f"@cross_origin({B}, supports_credentials=True)",
        id="a decorator without credentials",
    ),
    pytest.param(
        "CORS(app)  # cors: ignore[max-age-caped]", "unused-ignore", "mean max-age-capped?", "CORS(app)", id="a comment"
    ),
]
#: Programs that have no mistake, but nearly.
RIGHT = [
    pytest.param("no-cors", "CORS(app, resources=[])", id="nothing exposed on purpose"),
    pytest.param("decorators-alone", "app.before_request(lambda: None)\nCORS(app)\n@cross_origin()", id="CORS, too"),
    pytest.param("misspelt-key", "app.config['MY_CORS_ORIGIN'] = 'x'\nCORS(app)", id="another key of the config"),
    pytest.param(
        "misspelt-key", "app.config['CORS_ORIGIN'] = 'x'\nCORS(app, origins=[])", id="an option that is given"
    ),
    pytest.param("unused-pattern", "CORS(app, resources=['/api/', '/files/public/'])", id="patterns that are right"),
    pytest.param("unused-pattern", "CORS(app, resources='(?P<at>/files)/public/')", id="a group and a variable part"),
    pytest.param(
        "unused-pattern", "CORS(app, resources=re.compile(' /files /public', re.X))", id="blanks in a pattern"
    ),
    pytest.param("stray-pattern", "CORS(app, resources='/api-')", id="a beginning on purpose"),
    pytest.param("stray-pattern", "CORS(app, resources=['/api', '/api-internal'])", id="beside the longer one"),
    pytest.param("shadowed-pattern", "CORS(app)\nCORS(app, resources='/api/')", id="the more precise CORS last"),
    pytest.param("useless-name", "CORS(app, headers='X-Cookie', methods='PUT', expose_headers='ETag')", id="names"),
    pytest.param("wildcard-exposes-nothing", "CORS(app, expose_headers='*')", id="everything exposed"),
    pytest.param("wildcard-is-a-name", "CORS(app, headers='*', methods='*')", id="all headers"),
    pytest.param("doubtful-origin", "CORS(app, origins=re.compile('(?i)APP://.*'))", id="a pattern with a flag"),
    pytest.param("doubtful-origin", "CORS(app, origins=re.compile('app://.*'))", id="a pattern for another scheme"),
    pytest.param("doubtful-origin", "CORS(app, origins=re.compile('https?://a[.]example'))", id="for both schemes"),
    pytest.param("doubtful-origin", "CORS(app, origins=re.compile('nul[l]'))", id="a pattern for sandboxed pages"),
    pytest.param("risky-origin", "CORS(app, origins='http://a.example')", id="plain http"),
    pytest.param("max-age-capped", "CORS(app, max_age=7200)", id="the most that browsers allow"),
    pytest.param("wrong-options", f"CORS(app, {WITH})", id="credentials for one"),
    pytest.param("cookies-under-wildcard", f"{TOKEN}CORS(app, headers='X-Api-Key')", id="a token that is allowed"),
    pytest.param("cookies-not-supported", f"{SESSION}CORS(app, {WITH})", id="cookies that are allowed"),
    pytest.param("token-not-allowed", f"{TOKEN}CORS(app, {WITH}, headers='Authorization')", id="a token"),
    pytest.param("decorator-opens-more", f"CORS(app, {A})\n@cross_origin(origins=[])", id="a decorator that closes"),
    pytest.param(
        "decorator-drops-credentials", f"CORS(app, {A})\n@cross_origin({WITH})", id="a decorator with credentials"
    ),
    pytest.param("unused-ignore", "CORS(app, max_age=7300)  # cors: ignore[max-age-capped]", id="a comment"),
]
#: Programs with several mistakes, whose fixes meet.
SEVERAL = [
    pytest.param(
        f"CORS(app, {WITH})\n@cross_origin()",
        ["decorator-opens-more", "decorator-drops-credentials"],
        ['@cross_origin(origins="https://a.example", supports_credentials=True)'],
        id="a decorator that is wider, and without credentials",
    ),
    pytest.param(
        f"CORS(app, {WITH}, headers=['*', 'Cookie'], max_age=10000, expose_headers='*')",
        ["wildcard-exposes-nothing", "useless-name", "wildcard-is-a-name", "max-age-capped"],
        [f'CORS(app, {WITH}, headers="Content-Type", max_age=7200, expose_headers="X-Total-Count")'],
        id="one call with many mistakes",
    ),
    pytest.param(
        "CORS(app, origins=['HTTP://A.example/', 'b.example'], supports_credentials=True)",
        ["doubtful-origin", "risky-origin"],
        ['CORS(app, origins=["https://a.example", "https://b.example"], supports_credentials=True)'],
        id="an origin that is corrected, and risky",
    ),
    pytest.param(
        "CORS(app, resources={'api/': {'max_age': 7300}, '/zzzzzz': {}, '/api-': {}}, headers=['A', 'Host'])",
        ["unused-pattern", "unused-pattern", "useless-name", "max-age-capped"],
        ["CORS(app, resources={r\"/api/\": {'max_age': 7200}, '/api-': {}}, headers=\"A\")"],
        id="patterns and their options",
    ),
    pytest.param(
        f"CORS(app, resources='/api/items', {A}, max_age=7300)\nCORS(app, headers=['A', 'Host'])",
        ["useless-name", "max-age-capped", "shadowed-pattern"],
        ['CORS(app, headers="A")', f"CORS(app, resources='/api/items', {A}, max_age=7200)"],
        id="two calls in the wrong order",
    ),
    pytest.param(
        "def options(): return {'headers': ['A', 'Host'], 'max_age': 7300}\nCORS(app, **options())",
        ["useless-name", "max-age-capped"],
        ['CORS(app, headers="A", max_age=7200)'],
        id="options that cannot be seen",
    ),
    pytest.param(
        f"{TOKEN}{SESSION.replace('me', 'you')}CORS(app)",
        ["cookies-under-wildcard", "token-not-allowed"],
        ['CORS(app, origins="https://app.example", supports_credentials=True, headers="Authorization")'],
        id="a login and a token",
    ),
]


def text_of(code: str) -> str:
    return program(code if "@cross" in code.rpartition("\n")[2] else f"{code}\n")


def readers(written: Program, candidates: set[str]) -> set[tuple[str, str, bool]]:
    """Which origins may read which rules, with cookies or not."""
    app = written.app()
    with app.app_context(), warnings.catch_warnings(action="ignore"):
        covers = {(item.rule.rule, item.cover.policy) for item in Site(app).routes if item.cover}
    allowed = {(one, rule, policy) for rule, policy in covers for one in candidates if allows(policy, one)}
    return {(one, rule, cookies) for one, rule, policy in allowed for cookies in {False, policy.supports_credentials}}


def check_fixes(written: Program, new: list[str] | None = None) -> list[str]:
    """Apply each fix alone, then all of them: only what it says is opened, and nothing is left of what has a diff."""
    report, before = written.json(None, "check"), written.text
    for finding in [*report["findings"], report]:
        fix = finding["fix"] or {"diff": "", "text": ""}
        after = Program(written.folder, apply_diff(before, fix["diff"]))
        named = {"null", "https://foreign.example", *re.findall(r"\w+://[\w.-]+\w", before + after.text)}
        opened = readers(after, named) - readers(written, named)
        assert ("This opens" in fix["text"]) >= bool(opened), opened
        assert (", with cookies" in fix["text"]) >= any(cookies for _, _, cookies in opened), opened
    left = [one for one in report["findings"] if not (one["fix"] and one["fix"]["diff"])]
    assert [one["id"] for one in after.check()] == [one["id"] for one in left]
    assert new is None or lines_of(report["fix"]) == new
    return [one["id"] for one in report["findings"]]


@pytest.mark.parametrize(("code", "name", "text", "line"), MISTAKES)
def test_a_rule_finds_a_mistake_and_its_fix_leaves_nothing(
    write: Write, code: str, name: str, text: str, line: str
) -> None:
    written = write(text_of(code))
    found = [one for one in written.check() if one["id"] != "no-cors" or name == "no-cors"]
    assert {one["id"] for one in found} == {name}
    assert text in found[0]["text"]
    diff = found[-1]["fix"]["diff"].split("\n") if found[-1]["fix"] else []
    assert line in {"", *lines_of(written.json(None, "check")["fix"]), *diff}
    assert bool(line) == bool("".join(diff))
    check_fixes(written)


@pytest.mark.parametrize(("code", "names", "lines"), SEVERAL)
def test_all_fixes_of_a_run_are_one_change(write: Write, code: str, names: list[str], lines: list[str]) -> None:
    assert check_fixes(write(text_of(code)), lines) == names


@pytest.mark.parametrize(("name", "code"), RIGHT)
def test_nothing_is_said_of_what_is_right(write: Write, name: str, code: str) -> None:
    assert name in IDS
    assert write(text_of(code)).check() == []


def test_each_id_has_a_mistake_a_near_miss_and_a_section_of_the_manual() -> None:
    page = (GOLDEN.parent / "findings.rst").read_text()
    assert re.findall(r"^([a-z-]+)\n~+$", page, re.MULTILINE) == sorted(IDS)
    assert {row.values[1] for row in MISTAKES} == {row.values[0] for row in RIGHT} == {*IDS}
    assert all(rule.__doc__ for rule in RULES)


def test_findings_have_their_place_and_their_routes(write: Write) -> None:
    written = write(program("CORS(app, resources='/api/*')\n"))
    [finding] = written.check()
    assert [*finding] == ["id", "level", "text", "file", "line", "routes", "fix"]
    assert (finding["level"], finding["line"], finding["routes"]) == ("warning", 6, ["/api-internal"])
    assert Path(finding["file"]).parent == written.folder


@pytest.mark.parametrize(
    ("value", "new"),
    [
        pytest.param("A,Host", {"FLASK_CORS_HEADERS": "A"}, id="a list with commas"),
        pytest.param('["A", "Host"]', {"FLASK_CORS_HEADERS": '["A"]'}, id="JSON"),
    ],
)
def test_what_the_environment_sets_is_set_there(
    write: Write, monkeypatch: pytest.MonkeyPatch, value: str, new: dict[str, str]
) -> None:
    monkeypatch.setenv("FLASK_CORS_HEADERS", value)
    [finding] = write(text_of("app.config.from_prefixed_env()\nCORS(app)")).check()
    assert (finding["id"], finding["fix"]["diff"], finding["fix"]["environment"]) == ("useless-name", "", new)


def test_cookies_are_told_by_names() -> None:
    current_user: Any = LocalProxy(lambda: None)
    namespace: dict[str, Any] = {"current_user": current_user, "session": session, "app": 1}
    exec("def view(): session, current_user, app.cookies, app.set_cookie, app.x", namespace)  # noqa: S102
    assert sorted(uses_cookies(namespace["view"])) == ["cookies", "current_user", "session", "set_cookie"]


TWO = "CORS(app, resources='api/', max_age=7300)\n"
PRINTED = """\
shop.py:6: error[unused-pattern]
    CORS(app), r"api/" matches no route.
    Write r"/api/", if that is meant. This opens /api/items/<int:number>, /api/items to every origin.
    shop.py:6
    - CORS(app, resources='api/', max_age=7300)
    + CORS(app, resources=r"/api/", max_age=7300)

shop.py:6: warning[max-age-capped]
    CORS(app): max_age=7300 is cut down by browsers: Chromium to 7200, Safari to 600 seconds.
    shop.py:6
    - CORS(app, resources='api/', max_age=7300)
    + CORS(app, resources='api/', max_age=7200)

Checked 9 routes and 1 policy: 1 error, 1 warning.
"""


@pytest.mark.parametrize(
    ("code", "args", "end", "exit_code"),
    [
        pytest.param(TWO, [], PRINTED, 1, id="everything"),
        pytest.param(TWO, ["--select", "max-age-capped"], "and 1 policy: 1 warning.\n", 0, id="only some"),
        pytest.param(TWO, ["--select", "max-age-capped", "--strict"], ": 1 warning.\n", 1, id="warnings fail"),
        pytest.param(TWO, ["--ignore", "max-age-capped,no-cors"], ": 1 error.\n", 1, id="without some"),
        pytest.param(
            TWO,
            ["--ignore=max-age-capped", "--ignore=unused-pattern"],
            "Checked 9 routes and 1 policy: no problems.\n",
            0,
            id="without all",
        ),
        pytest.param(
            TWO, ["--ignore", "max-age-caped"], "is no id of a finding. Did you mean max-age-capped?\n", 2, id="a slip"
        ),
        pytest.param(TWO, ["--select", ","], "'' is no id", 2, id="no id"),
        pytest.param(TWO, ["--diff"], '+CORS(app, resources=r"/api/", max_age=7200)\n ', 1, id="one patch"),
        pytest.param("CORS(app)\n", ["--strict", "--diff"], "", 0, id="an empty patch"),
    ],
)
def test_check_prints_what_is_wanted(write: Write, code: str, args: list[str], end: str, exit_code: int) -> None:
    result = write(program(code)).run("check", *args)
    output = re.sub(r"shop_\d+", "shop", result.output)
    assert output == end if end == PRINTED else end in output
    assert result.exit_code == exit_code


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("CORS(\n    app,\n    max_age=7300,  # cors: ignore[max-age-capped]\n)", [], id="in the call"),
        pytest.param(
            "AGE = 7300  # cors: ignore[max-age-capped]\nCORS(app, max_age=AGE)", [], id="at what is to change"
        ),
        pytest.param(
            "CORS(app, max_age=7300, headers='Host')  # why # cors: ignore[max-age-capped, useless-name] # more",
            [],
            id="two ids, between other comments",
        ),
        pytest.param(
            "CORS(app, max_age=7300)  # cors: ignore[no-cors]", ["max-age-capped", "unused-ignore"], id="other"
        ),
        pytest.param(
            "CORS(app, max_age=7300)  # cors: ignore[no-cors, max-age-capped]", ["unused-ignore"], id="one of two"
        ),
        pytest.param("TEXT = '# cors: ignore[no-cors]'\nCORS(app)", [], id="a text is no comment"),
        pytest.param(
            "CORS(app)\n@app.get('/me')  # cors: ignore[cookies-under-wildcard]\ndef me(): return session['a']",
            [],
            id="view",
        ),
    ],
)
def test_a_comment_silences_a_finding(write: Write, code: str, found: list[str]) -> None:
    assert check_fixes(write(text_of(code))) == found


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
