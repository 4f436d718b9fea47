"""The rules of ``flask cors check`` about what an app's code and config show: each finds its mistake, and no near miss."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_cors import CORSWarning, cross_origin
from flask_cors.cli.rules.slowness import is_exponential, is_quadratic
from flask_cors.lookalikes import find_lookalike
from flask_cors.origins import AllowedOrigins
from tests.programs import HEAD, Program, write

__all__ = ["write"]

Write = Callable[[str], Program]
EVIL = "which others may own."
SAFE = "CORS(app, origins='https://a.example', supports_credentials=True)\n"
LATER = "browsers send a preflight before each call of /items ({}), and keep its response for 5 seconds. max_age=600 lets them keep it for 10 minutes."  # noqa: E501
DECORATOR = "@cross_origin(origins='https://a.example', headers='X-Token', max_age=600)"
LOGIN = """
def {}(view):
    {}
    def checked(): return view() if {} else abort(401)
    return checked
"""
WRAPS = "@functools.wraps(view)"
BLUEPRINTS = """
for name in ('cart', 'orders', 'users'):
    one = Blueprint(name, __name__, url_prefix='/' + name)
    one.add_url_rule('/', name, str)
    if name != 'users': CORS(one, origins='https://a.example')
    {}
    app.register_blueprint(one)
"""


def view(body: str, how: str = "'/items'", decorator: str = "@(lambda view: view)", name: str = "items") -> str:
    """A view that returns *body*."""
    return f"@app.route({how})\n{decorator}\ndef {name}(): return {body}\n"


PUT = view("''", "'/items', methods=['GET', 'PUT']")
JSON = view("request.json", "'/items', methods=['POST']")


def origins(value: str) -> str:
    return f"CORS(app, origins={value})\n"


@pytest.mark.parametrize(
    ("name", "code", "text", "near", "advice"),
    [
        # What is wider than it looks
        pytest.param(
            "pattern-allows-more",
            origins(r"re.compile(r'https://.*example\.com')"),
            rf'CORS(app): re.compile(r"https://.*example\.com") also allows https://evil-example.com, {EVIL}',
            origins(r"re.compile(r'https://([a-z0-9-]+\.)?example\.com')"),
            "",
            id="no boundary before the domain",
        ),
        pytest.param(
            "pattern-allows-more",
            origins("['https://a.example', re.compile('https://app.example.com')]"),
            f'CORS(app): re.compile(r"https://app.example.com") also allows https://appxexample.com, {EVIL}',
            origins("re.compile('https://app[.]example[.]com')"),
            "",
            id="a dot that is any letter",
        ),
        pytest.param(
            "pattern-allows-more",
            origins(r"r'^https://example\.com.*$'"),
            rf"""CORS(app): '^https://example\\.com.*$' also allows https://example.com.evil.net, {EVIL}""",
            origins(r"r'^https://example\.com(:\d+)?$'"),
            "",
            id="an open end",
        ),
        pytest.param(
            "pattern-allows-more",
            "CORS(app, origins=re.compile('.*example[.]com'), supports_credentials=True)\n",
            'CORS(app): re.compile(r".*example[.]com") also allows https://evil-evil-example.com, and with credentials, '
            f"{EVIL}",
            "CORS(app, origins=re.compile('.*[.]example[.]com'), supports_credentials=True)\n",
            "",
            id="no scheme, with credentials",
        ),
        pytest.param(
            "pattern-allows-more",
            origins("re.compile('https://example[.][a-z]+')"),
            f'CORS(app): re.compile(r"https://example[.][a-z]+") also allows https://example.evil, {EVIL}',
            origins(r"re.compile(r'https://(.+\.)?example\.(com|org)')"),
            r"(.+\.)?",
            id="any ending",
        ),
        pytest.param(
            "pattern-allows-more",
            origins("lambda origin: origin.endswith('example.com')"),
            f"CORS(app): <lambda> also allows https://evil-example.com, {EVIL}",
            origins("lambda origin: origin == 'https://example.com' or [][0]"),
            "==",
            id="a function that looks at the end",
        ),
        pytest.param(
            "pattern-allows-more",
            "NAMES = [re.compile('example'), 1]\n"
            + origins("['https://a.example', lambda origin: any(one.search(origin) for one in NAMES)]"),
            f"CORS(app): <lambda> also allows https://example.evil.net, {EVIL}",
            origins("lambda origin: bool(re.fullmatch('https://[a-z]+[.]example[.]com', origin))"),
            "re.fullmatch",
            id="a function that searches",
        ),
        pytest.param(
            "pattern-allows-more",
            origins("type('All', (), {'__call__': lambda self, origin: True})()"),
            f"CORS(app): All also allows https://evil.net, {EVIL}",
            origins("type('None_', (), {'__call__': lambda self, origin: False})()"),
            "",
            id="an object that allows everything",
        ),
        pytest.param(
            "pattern-allows-more",
            origins("'https://*.vercel.app'"),
            f'CORS(app): "https://*.vercel.app" also allows https://evil.vercel.app, {EVIL}',
            "CORS(app, origins='https://*.vercel.app', supports_credentials=True)\n",  # a risky origin
            "",
            id="a domain where anybody gets a name",
        ),
        pytest.param(
            "slow-pattern",
            "CORS(app, resources='/.*/x/.*/y')\n@app.get('/a/x/b/y')\ndef items(): return ''\n",
            'CORS(app): r"/.*/x/.*/y" can take quadratic time or worse: a long path can keep the app busy.',
            "CORS(app, resources='/[^/]*/x/[^/]*/y')\n@app.get('/a/x/b/y')\ndef items(): return ''\n",
            "[^/]*",
            id="two repeats for a path",
        ),
        pytest.param(
            "slow-pattern",
            origins(r"re.compile('https://([a-z]+[.]?)+example')"),
            'CORS(app): re.compile(r"https://([a-z]+[.]?)+example") can take exponential time: '
            "one long Origin can keep the app busy.",
            origins(r"re.compile('https://[a-z0-9.-]+[.]example|https://.*[.]a[.].*[.]b')"),
            "[a-z0-9.-]+",
            id="a repeated repeat for an origin",
        ),
        # What is left of development
        pytest.param(
            "development-origin",
            "CORS(app, origins=['https://a.example', 'HTTP://localhost:3000/'])\n" + view("''"),
            "CORS(app) allows http://localhost:3000 outside debug mode: whatever runs there may read responses.",
            'CORS(app, origins=["https://a.example", *(["HTTP://localhost:3000/"] if app.debug else [])])\n'
            + view("''"),
            'origins=["https://a.example", *(["HTTP://localhost:3000/"] if app.debug else [])]',
            id="a port of this computer",
        ),
        pytest.param(
            "development-origin",
            "CORS(app, origins=re.compile('http://192[.]168[.].*'), supports_credentials=True)\n" + view("''"),
            'CORS(app) allows re.compile(r"http://192[.]168[.].*") outside debug mode: '
            "whatever runs there may read responses, with the cookies of the user.",
            "CORS(app, origins=re.compile('http://192[.]168[.].*')) if app.debug else CORS(app)\n" + view("''"),
            "",
            id="addresses of the local network, with credentials",
        ),
        pytest.param(
            "development-origin",
            "app.config['CORS_ORIGINS'] = 'https://*.ngrok-free.app, https://a.test'\nCORS(app)\n" + view("''"),
            "CORS(app) allows https://*.ngrok-free.app, https://a.test outside debug mode: "
            "whatever runs there may read responses.",
            "CORS(app, origins=['capacitor://localhost', 'http://localhost', 'https://a.lan'])\n" + view("''"),
            "",
            id="a tunnel, in the config",
        ),
        pytest.param(
            "overridden-key",
            "app.config.from_prefixed_env()\nCORS(app, max_age=600)\n",
            "The environment variable FLASK_CORS_MAX_AGE has no effect: CORS(app) at PLACE gives max_age another value, "
            "and a keyword comes before the config.",
            "app.config.from_prefixed_env()\nCORS(app, max_age=60)\n",
            "",
            id="an environment variable that a keyword overrides",
        ),
        pytest.param(
            "overridden-key",
            "app.config['CORS_ALLOW_HEADERS'] = 'A'\nCORS(app, resources={'/': {'headers': 'B'}})\n",
            "CORS_ALLOW_HEADERS has no effect: CORS(app) at PLACE gives headers another value, "
            "and a keyword comes before the config.",
            "app.config['CORS_ALLOW_HEADERS'] = 'A'\nCORS(app, resources={'/a': {'headers': 'B'}, '/b': {}})\n",
            "",
            id="a key that each entry overrides",
        ),
        # Preflights
        pytest.param(
            "method-left-out",
            f"CORS(app, methods='GET')\n{PUT}",
            "CORS(app) lets no page call /items with PUT: methods leaves that out.",
            f"CORS(app, methods='PUT')\n{PUT}",
            "",
            id="a method that the policy leaves out",
        ),
        pytest.param(
            "json-without-content-type",
            f"CORS(app)\n{JSON}",
            "/items reads JSON, but CORS(app) lets no page send Content-Type: application/json.",
            f"CORS(app, headers='content-type')\n{JSON}",
            "",
            id="JSON that no page can send",
        ),
        pytest.param(
            "json-without-content-type",
            "import flask\nasked = request\nCORS(app)\n"
            + view("asked.get_json()", "'/items', methods=['POST']")
            + view("flask.request.json", "'/others', methods=['PUT']", name="others"),
            "/items, /others read JSON, but CORS(app) lets no page send Content-Type: application/json.",
            "CORS(app)\n" + view("request.get_json(force=True)", "'/items', methods=['POST']"),
            "",
            id="JSON read under other names",
        ),
        pytest.param(
            "preflight-each-call",
            f"CORS(app)\n{PUT}",
            f"CORS(app): {LATER.format('PUT')}",
            f"CORS(app, max_age=0)\n{PUT}",
            "",
            id="a method of no form",
        ),
        pytest.param(
            "preflight-each-call",
            "CORS(app, headers='Authorization, Content-Type, Cookie')\n" + view("''"),
            f"CORS(app): {LATER.format('Authorization')}",
            "CORS(app, headers='Content-Type, Cookie')\n" + view("''", "'/items', methods=['GET', 'POST']"),
            "",
            id="a header of no form",
        ),
        pytest.param(
            "preflight-each-call",
            f"CORS(app, headers='*')\n{JSON}",
            f"CORS(app): {LATER.format('JSON')}",
            f"CORS(app, origins=[])\n{JSON}",
            "",
            id="JSON",
        ),
        # Names of headers
        pytest.param(
            "odd-header-name",
            "CORS(app, headers=['content_type', 'ContentType', 'X_Token'])\n",
            "CORS(app): ContentType, X_Token, content_type in headers is no header that browsers or servers know: "
            "write Content-Type for ContentType, X-Token for X_Token, Content-Type for content_type.",
            "CORS(app, headers=['content-type', 'api_key', 'X-Token'])\n",
            "",
            id="an underscore in place of a hyphen",
        ),
        pytest.param(
            "authorization-exposed",
            "CORS(app, expose_headers='Authorization, ETag')\n",
            "CORS(app): Authorization is a header of requests, and no view sends it back: expose_headers does nothing "
            "with it. Write it into headers, so that pages may send it.",
            "CORS(app, expose_headers='Authorization')\n" + view("'', 200, {'Authorization': 'a'}"),
            "",
            id="a request header that is exposed",
        ),
        pytest.param(
            "authorization-exposed",
            "CORS(app, headers='authorization', expose_headers='Authorization', max_age=60)\n",
            "CORS(app): Authorization is a header of requests, and no view sends it back: expose_headers does nothing "
            "with it.",
            "CORS(app, headers='Authorization')\n",
            "",
            id="a request header that is also exposed",
        ),
        pytest.param(
            "header-not-exposed",
            "CORS(app)\n" + view("'', 200, {'X-Total-Count': '7', 'X-Frame-Options': 'DENY', **{}}"),
            "CORS(app): no page can read X-Total-Count of /items: expose_headers does not list it.",
            "CORS(app, expose_headers='x-total-count')\n" + view("'', 200, {'X-Total-Count': '7'}"),
            "",
            id="a header that a view returns",
        ),
        pytest.param(
            "header-not-exposed",
            "from flask import make_response, send_file\n" + SAFE + "@app.get('/items')\ndef items():\n"
            "    response = make_response('', {'X-A': '1'})\n"
            "    response.headers['ETag'] = 'a'\n"
            "    response.headers.set('Link', 'b')\n"
            "    return send_file('x', as_attachment=True) if request.args else response\n",
            "CORS(app): no page can read Content-Disposition, ETag, Link, X-A of /items: expose_headers does not list it.",
            "from flask import send_file\n" + SAFE + "@app.get('/items')\ndef items():\n"
            "    session.headers['X-A'] = '1'\n"
            "    app.args['ETag'] = app.headers[1:] = app.headers[items] = 1\n"
            "    return send_file('x', as_attachment=False)\n",
            "",
            id="headers that a view sets in other ways",
        ),
        # Cookies
        pytest.param(
            "cookie-does-not-travel",
            "app.secret_key = 'x'\n" + SAFE + view("''"),
            "The session cookie has no SameSite. So browsers send it with calls of https://a.example only if the app is "
            "on the same site.",
            "app.secret_key = 'x'\n" + 'app.config["SESSION_COOKIE_SAMESITE"] = "Lax"\n' + SAFE + view("session['a']"),
            'app.config["SESSION_COOKIE_SAMESITE"] = "Lax"',
            id="a page that may be on another site",
        ),
        pytest.param(
            "cookie-does-not-travel",
            "app.config['SERVER_NAME'] = 'b.shop'\n" + SAFE + view("session['a']"),
            "The session cookie does not travel to https://a.example: on another site, browsers send only cookies with "
            "SameSite=None and Secure, and many, as Chromium's default profile, only those with Partitioned as well.",
            "app.config['SERVER_NAME'] = 'api.a.example'\n" + SAFE.replace("a.ex", "www.a.ex") + view("session['a']"),
            "",
            id="a page that is on another site",
        ),
        pytest.param(
            "cookie-does-not-travel",
            "app.config['SESSION_COOKIE_SAMESITE'] = 'None'\n" + SAFE + view("session['a']"),
            "The session cookie does not travel to https://a.example: on another site, browsers send only cookies with "
            "SameSite=None and Secure, and many, as Chromium's default profile, only those with Partitioned as well.",
            SAFE + view("''"),
            "",
            id="SameSite=None alone",
        ),
        # Where things stand
        pytest.param(
            "decorator-above-route",
            f"CORS(app, resources=[])\n{DECORATOR}\n# of the shop\n@app.get('/items')\n"
            "@app.get('/more')\ndef items(): return ''\n",
            "@cross_origin above the route of items() has no effect: Flask registers the view below it.",
            "CORS(app, resources=[])\n" + view("''", decorator=DECORATOR),
            "",
            id="a decorator above the route",
        ),
        pytest.param(
            "preflight-of-other-view",
            view("''") + view("''", "'/items', methods=['PUT']", DECORATOR, "put"),
            "Two views share /items, and preflights reach the one without @cross_origin. So pages get no permission for "
            "the other one.",
            view("''", decorator=DECORATOR) + view("''", "'/items', methods=['PUT']", DECORATOR, "put"),
            "",
            id="two views on one path",
        ),
        pytest.param(
            "login-above-decorator",
            LOGIN.format("login_required", WRAPS, "session") + view("''", decorator=f"@login_required\n{DECORATOR}"),
            "A decorator above @cross_origin meets the preflights of /items first. A preflight has no cookie and no "
            "token, so a login refuses it.",
            LOGIN.format("login_required", WRAPS, "request.method == 'OPTIONS' or session")
            + view("''", decorator=f"@login_required\n{DECORATOR}"),
            "",
            id="a login above the decorator",
        ),
        pytest.param(
            "login-above-decorator",
            LOGIN.format("timed", "", "1") + view("''", decorator=f"@timed\n{DECORATOR}"),
            "A decorator above @cross_origin meets the preflights of /items first. A preflight has no cookie and no "
            "token, so a login refuses it.",
            LOGIN.format("timed", WRAPS, "1") + view("''", decorator=f"@timed\n{DECORATOR}"),
            "",
            id="a decorator that hides the policy",
        ),
        pytest.param(
            "blueprint-left-out",
            BLUEPRINTS.format(""),
            "The blueprint 'users' has no CORS, and cart, orders have one: pages can read none of its routes.",
            BLUEPRINTS.format("if name == 'users': users = one; CORS(users, origins=[])"),
            "CORS(users, origins=[])",
            id="a blueprint among others",
        ),
    ],
)
def test_a_rule_finds_its_mistake_and_no_near_miss(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str, code: str, text: str, near: str, advice: str
) -> None:
    monkeypatch.setenv("FLASK_CORS_MAX_AGE", "60")
    written = write(HEAD + code)
    found = written.json("findings", "check")
    [finding] = [one for one in found if one["id"] == name]
    shown = re.sub(r"shop_\d+\.py:\d+", "PLACE", finding["text"])
    assert shown == text
    assert name not in [one["id"] for one in write(HEAD + near).json("findings", "check")]
    fix = finding["fix"]
    assert fix["diff"] or fix["text"]
    assert advice in fix["text"]
    if advice.strip(r"(.+\)?=*[^/]*"):
        assert advice in near, "what people are told to write is in no program that was tried"
    if fix["diff"]:
        later = patched(written, finding).json("findings", "check")
        assert {one["text"] for one in later} < {one["text"] for one in found}


def patched(written: Program, finding: Any) -> Program:
    """Apply the diff of a finding, as people do."""
    file = written.folder / re.findall(r"^\+\+\+ (\S+)", finding["fix"]["diff"], re.MULTILINE)[0]
    command = ["patch", "-p0", "--fuzz=0", str(file)]
    subprocess.run(command, input=f"{finding['fix']['diff']}\n", text=True, check=True, capture_output=True)
    return Program(written.folder, file.read_text())


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(BLUEPRINTS.format("CORS(app)"), id="the app has CORS"),
        pytest.param(BLUEPRINTS.replace("users", "admin").format(""), id="a blueprint for no page"),
        pytest.param(
            "from flask import render_template\n" + BLUEPRINTS.replace("str", "lambda: render_template('a')"),
            id="pages",
        ),
    ],
)
def test_a_blueprint_may_be_left_out(write: Write, code: str) -> None:
    assert "blueprint-left-out" not in [
        one["id"] for one in write(HEAD + code.replace("{}", "")).json("findings", "check")
    ]


def test_an_origin_of_development_may_be_allowed_in_debug_mode(write: Write) -> None:
    result = write(HEAD + origins("'http://localhost:3000'") + view("''")).run("check", env={"FLASK_DEBUG": "1"})
    assert "development-origin" not in result.output


# Lookalikes -----------------------------------------------------------------------------------------------------------

domains = st.from_regex(r"[a-z][a-z0-9]{1,9}\.(com|org|example|co\.uk)", fullmatch=True)
RIGHT = ["https://{}", r"https://([a-z0-9-]+\.)?{}", r"^https?://(.+\.)*{}(:\d+)?$", r"\Ahttps://(?:[^.]+\.){{,2}}{}\Z"]
WRONG = ["https://.*{}", r"https?://(\w|-)+{}", "https://{}.*", "(https://)?.+{}", r"^https://(www\.)?{}\S*$"]


@given(domains, st.sampled_from(RIGHT))
def test_a_pattern_that_is_right_allows_no_lookalike(domain: str, template: str) -> None:
    assert lookalike_of(template.format(re.escape(domain))) == ""


@given(domains, st.sampled_from(WRONG))
def test_a_pattern_that_is_wrong_allows_a_lookalike(domain: str, template: str) -> None:
    found = lookalike_of(template.format(re.escape(domain)))
    assert found
    assert not re.fullmatch(rf"https?://(.+\.)?{re.escape(domain)}", found)


@given(
    st.lists(
        st.sampled_from([*r"\.|()[]*+?{}^$:/-", "https://", "a", "example", "com", r"\.", r"\d", "(?:"]), max_size=12
    )
)
def test_a_lookalike_is_always_an_origin_that_the_pattern_allows(parts: list[str]) -> None:
    try:
        pattern = re.compile("".join(parts))
    except (re.error, FutureWarning):
        assume(False)
    found = lookalike_of(pattern.pattern)
    assert not found or pattern.fullmatch(found)


def lookalike_of(pattern: str) -> str:
    return find_lookalike(pattern, AllowedOrigins.parse([re.compile(pattern)]).allow)


def test_a_pattern_that_allows_a_lookalike_with_credentials_gives_a_warning() -> None:
    pattern = re.compile(r"https://.*example\.com")
    with pytest.warns(CORSWarning, match=r"it allows 'https://evil-example\.com' too; write"):
        cross_origin(origins=pattern, supports_credentials=True)


# Slow patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "exponential", "quadratic"),
    [
        pytest.param("(a+)+b", True, True, id="a repeated repeat"),
        pytest.param("(a|aa)*b", True, True, id="two ways for one text"),
        pytest.param(r"([a-z0-9-]+\.?)*b", True, True, id="a separator that may be left out"),
        pytest.param(r"([a-z0-9-]+\.)*b", False, False, id="a separator"),
        pytest.param("(?:a|b)*?c", False, False, id="a choice"),
        pytest.param("a*b?a*c", False, True, id="two repeats of one letter"),
        pytest.param("(?i:A+)a+b", False, True, id="two repeats, without regard to case"),
        pytest.param("A+a+b", False, False, id="two repeats of two letters"),
        pytest.param("[^b]+(?=c)$a*b", False, True, id="a set, and conditions"),
        pytest.param("/.*/x/.*/y", False, True, id="two repeats, and an end"),
        pytest.param("/.*/x/.*", False, False, id="two repeats, of which the second takes the rest"),
        pytest.param(r"(.*)\1.*x", False, False, id="a reference, which is not understood"),
        pytest.param("a" * 500 + ".*.*b", False, False, id="a pattern that is too long"),
    ],
)
def test_slow_patterns_are_told_from_quick_ones(pattern: str, exponential: bool, quadratic: bool) -> None:
    assert (is_exponential(re.compile(pattern)), is_quadratic(re.compile(pattern))) == (exponential, quadratic)
