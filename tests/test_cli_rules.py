"""The rules of ``flask cors check`` about code and config: each finds its mistake, and no near miss."""

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
from tests.tables import lines, table

__all__ = ["write"]

Write = Callable[[str], Program]
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
TWO_VIEWS = (
    "Two views share /items, and preflights reach the one without @cross_origin. So pages get no permission for "
    "the other one."
)
LOGIN_FIRST = (
    "A decorator above @cross_origin gets the preflights of /items first. A preflight has no cookie and no "
    "token, so a login denies it."
)
LOST = (
    "The session cookie does not travel to https://a.example: on another site, browsers send only cookies with "
    "SameSite=None and Secure, and many, as Chromium's default profile, only those with Partitioned as well."
)
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


ENTRIES = r"""
re.compile(r'https://.*example\.com')      https://evil-example.com       re.compile(r'https://([a-z0-9-]+\.)?example\.com')
re.compile('https://app.example.com')      https://appxexample.com        re.compile('https://app[.]example[.]com')
r'^https://example\.com.*$'                https://example.com.evil.net   r'^https://example\.com(:\d+)?$'
re.compile('.*example[.]com')              https://evil-evil-example.com  re.compile('.*[.]example[.]com')
re.compile('https://example[.][a-z]+')     https://example.evil           re.compile(r'https://«(.+\.)?»example\.(com|org)')
lambda page: page.endswith('example.com')  https://evil-example.com       lambda page: page «==» 'https://a' or [][0]
functools.cache(lambda a: NAME.search(a) is not None)  https://example.evil.net  lambda a: «re.fullmatch»('a', a)
lambda page: page.endswith(NAMES)          https://evil-example.com       lambda page: page in NAMES
Everything()                               https://evil.net               lambda page: page in NAMES
'https://*.vercel.app'                     https://evil.vercel.app        'https://*.example.com'
"""
CLASSES = """
NAME, NAMES = re.compile('example'), ('example.com',)
class Everything:
    def __call__(self, origin): return True
"""


@lines("entry, origin, near", ENTRIES)
def test_an_entry_shows_an_origin_of_another_owner(write: Write, entry: str, origin: str, near: str) -> None:
    code = CLASSES + "CORS(app, origins=[{}, 'https://a.example'])\n"
    finding = only_finding(write, "pattern-allows-more", code.format(entry), code.format(near))
    assert finding["text"].endswith(f" also allows {origin}: others may own that.")


def test_an_entry_shows_an_origin_with_credentials(write: Write) -> None:
    code = "CORS(app, origins={}, supports_credentials=True)\n"
    near = "'https://*.vercel.app'"  # a risky origin, and found as that
    finding = only_finding(write, "pattern-allows-more", code.format("'^https://.*a.example'"), code.format(near))
    assert " also allows https://evil-a.example, and with credentials: others may own that." in finding["text"]


ROWS: list[tuple[str, ...]] = [
    (
        "two repeats for a path",
        "slow-pattern",
        "CORS(app, resources='/.*/x/.*/y')\n" + view("''", "'/a/x/b/y'"),
        'CORS(app): r"/.*/x/.*/y" can take quadratic time or worse: a long path can keep the app busy.',
        "CORS(app, resources='/«[^/]*»/x/[^/]*/y')\n" + view("''", "'/a/x/b/y'"),
    ),
    (
        "a repeated repeat for an origin",
        "slow-pattern",
        "CORS(app, origins=re.compile('https://([a-z]+[.]?)+example'))\n",
        (
            'CORS(app): re.compile(r"https://([a-z]+[.]?)+example") can take exponential time: '
            "one long Origin can keep the app busy."
        ),
        "CORS(app, origins=re.compile('https://«[a-z0-9.-]+»[.]example|https://.*[.]a[.].*[.]b'))\n",
    ),
    (
        "a port of this computer",
        "development-origin",
        "CORS(app, origins=['https://a.example', 'HTTP://localhost:3000/'])\n" + view("''"),
        "CORS(app) allows http://localhost:3000 outside debug mode: any page that runs there may read responses.",
        'CORS(app, «origins=["https://a.example", *(["HTTP://localhost:3000/"] if app.debug else [])]»)\n' + view("''"),
    ),
    (
        "addresses of the local network, with credentials",
        "development-origin",
        "CORS(app, origins=re.compile('http://192[.]168[.].*'), supports_credentials=True)\n" + view("''"),
        (
            'CORS(app) allows re.compile(r"http://192[.]168[.].*") outside debug mode: '
            "any page that runs there may read responses, with the cookies of the user."
        ),
        "CORS(app, origins=re.compile('http://192[.]168[.].*')) if app.debug else CORS(app)\n" + view("''"),
    ),
    (
        "a tunnel, in the config",
        "development-origin",
        "app.config['CORS_ORIGINS'] = 'https://*.ngrok-free.app, https://a.test'\nCORS(app)\n" + view("''"),
        (
            "CORS(app) allows https://*.ngrok-free.app, https://a.test outside debug mode: "
            "any page that runs there may read responses."
        ),
        "CORS(app, origins=['capacitor://localhost', 'http://localhost', 'https://a.lan'])\n" + view("''"),
    ),
    (
        "an environment variable that a keyword overrides",
        "overridden-key",
        "app.config.from_prefixed_env()\nCORS(app, max_age=600)\n",
        (
            "The environment variable FLASK_CORS_MAX_AGE has no effect: CORS(app) at PLACE gives max_age another "
            "value, and a keyword comes before the config."
        ),
        "app.config.from_prefixed_env()\nCORS(app, max_age=60)\n",
    ),
    (
        "a key that each entry overrides",
        "overridden-key",
        "app.config['CORS_ALLOW_HEADERS'] = 'A'\nCORS(app, resources={'/': {'headers': 'B'}})\n",
        (
            "CORS_ALLOW_HEADERS has no effect: CORS(app) at PLACE gives headers another value, "
            "and a keyword comes before the config."
        ),
        "app.config['CORS_ALLOW_HEADERS'] = 'A'\nCORS(app, resources={'/a': {'headers': 'B'}, '/b': {}})\n",
    ),
    # Preflights
    (
        "a method that the policy leaves out",
        "method-left-out",
        f"CORS(app, methods='GET')\n{PUT}",
        "CORS(app) does not allow PUT for /items: methods does not list it.",
        f"CORS(app, methods='PUT')\n{PUT}",
    ),
    (
        "JSON that no page can send",
        "json-without-content-type",
        f"CORS(app)\n{JSON}",
        "/items reads JSON, but CORS(app) does not allow Content-Type: application/json.",
        f"CORS(app, headers='content-type')\n{JSON}",
    ),
    (
        "JSON read under other names",
        "json-without-content-type",
        "import flask\nasked = request\nCORS(app)\n"
        + view("asked.get_json()", "'/items', methods=['POST']")
        + view("flask.request.json", "'/others', methods=['PUT']", name="others"),
        "/items, /others read JSON, but CORS(app) does not allow Content-Type: application/json.",
        "CORS(app)\n" + view("request.get_json(force=True)", "'/items', methods=['POST']"),
    ),
    (
        "a method of no form",
        "preflight-each-call",
        f"CORS(app)\n{PUT}",
        f"CORS(app): {LATER.format('PUT')}",
        f"CORS(app, max_age=0)\n{PUT}",
    ),
    (
        "a header of no form",
        "preflight-each-call",
        "CORS(app, headers='Authorization, Content-Type, Cookie')\n" + view("''"),
        f"CORS(app): {LATER.format('Authorization')}",
        "CORS(app, headers='Content-Type, Cookie')\n" + view("''", "'/items', methods=['GET', 'POST']"),
    ),
    (
        "JSON",
        "preflight-each-call",
        f"CORS(app, headers='*')\n{JSON}",
        f"CORS(app): {LATER.format('JSON')}",
        f"CORS(app, origins=[])\n{JSON}",
    ),
    # Names of headers
    (
        "an underscore in place of a hyphen",
        "odd-header-name",
        "CORS(app, headers=['content_type', 'ContentType', 'X_Token'])\n",
        (
            "CORS(app): ContentType, X_Token, content_type in headers is not a header that browsers or servers know: "
            "write Content-Type for ContentType, X-Token for X_Token, Content-Type for content_type."
        ),
        "CORS(app, headers=['content-type', 'api_key', 'X-Token'])\n",
    ),
    (
        "a request header that is exposed",
        "authorization-exposed",
        "CORS(app, expose_headers='Authorization, ETag')\n",
        (
            "CORS(app): Authorization is a header of requests, and no view sends it back: expose_headers does nothing "
            "with it. Write it into headers, so that pages may send it."
        ),
        "CORS(app, expose_headers='Authorization')\n" + view("'', 200, {'Authorization': 'a'}"),
    ),
    (
        "a request header that is also exposed",
        "authorization-exposed",
        "CORS(app, headers='authorization', expose_headers='Authorization', max_age=60)\n",
        (
            "CORS(app): Authorization is a header of requests, and no view sends it back: expose_headers does nothing "
            "with it."
        ),
        "CORS(app, headers='Authorization')\n",
    ),
    (
        "a header that a view returns",
        "header-not-exposed",
        "CORS(app)\n" + view("'', 200, {'X-Total-Count': '7', 'X-Frame-Options': 'DENY', **{}}"),
        "CORS(app): no page can read X-Total-Count of /items: expose_headers does not list it.",
        "CORS(app, expose_headers='x-total-count')\n" + view("'', 200, {'X-Total-Count': '7'}"),
    ),
    (
        "headers that a view sets in other ways",
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
    ),
    # Cookies
    (
        "a page that may be on another site",
        "cookie-does-not-travel",
        "app.secret_key = 'x'\n" + SAFE + view("''"),
        (
            "The session cookie has no SameSite. So browsers send it with calls of https://a.example only if the app "
            "is on the same site."
        ),
        "app.secret_key = 'x'\n" + '«app.config["SESSION_COOKIE_SAMESITE"] = "Lax"»\n' + SAFE + view("session['a']"),
    ),
    (
        "a page that is on another site",
        "cookie-does-not-travel",
        "app.config['SERVER_NAME'] = 'b.shop'\n" + SAFE + view("session['a']"),
        LOST,
        "app.config['SERVER_NAME'] = 'api.a.example'\n" + SAFE.replace("a.ex", "www.a.ex") + view("session['a']"),
    ),
    (
        "SameSite=None alone",
        "cookie-does-not-travel",
        "app.config['SESSION_COOKIE_SAMESITE'] = 'None'\n" + SAFE + view("session['a']"),
        LOST,
        SAFE + view("''"),
    ),
    # Where things stand
    (
        "a decorator above the route",
        "decorator-above-route",
        f"CORS(app, resources=[])\n{DECORATOR}\n# why\n@app.get('/a')\n@app.get('/b')\ndef items(): return ''\n",
        "@cross_origin above the route of items() has no effect: Flask registers the view below it.",
        "CORS(app, resources=[])\n" + view("''", decorator=DECORATOR),
    ),
    (
        "two views on one path",
        "preflight-of-other-view",
        view("''") + view("''", "'/items', methods=['PUT']", DECORATOR, "put"),
        TWO_VIEWS,
        view("''", decorator=DECORATOR) + view("''", "'/items', methods=['PUT']", DECORATOR, "put"),
    ),
    (
        "a decorator that leaves OPTIONS alone",
        "preflight-of-other-view",
        view("''") + view("''", "'/items', methods=['PUT']", DECORATOR, "put"),
        TWO_VIEWS,
        view("''") + view("''", "'/items', methods=['PUT']", "@cross_origin(automatic_options=False)", "put"),
    ),
    (
        "a login above the decorator",
        "login-above-decorator",
        LOGIN.format("login_required", WRAPS, "session") + view("''", decorator=f"@login_required\n{DECORATOR}"),
        LOGIN_FIRST,
        LOGIN.format("login_required", WRAPS, "request.method == 'OPTIONS' or session")
        + view("''", decorator=f"@login_required\n{DECORATOR}"),
    ),
    (
        "a decorator that hides the policy",
        "login-above-decorator",
        LOGIN.format("timed", "", "1") + view("''", decorator=f"@timed\n{DECORATOR}"),
        LOGIN_FIRST,
        LOGIN.format("timed", WRAPS, "1") + view("''", decorator=f"@timed\n{DECORATOR}"),
    ),
    (
        "a blueprint among others",
        "blueprint-left-out",
        BLUEPRINTS.format(""),
        "The blueprint 'users' has no CORS, and cart, orders have one: pages can read none of its routes.",
        BLUEPRINTS.format("if name == 'users': users = one; «CORS(users, origins=[])»"),
    ),
]
TESTED = {"pattern-allows-more", *(name for _, name, *_ in ROWS)}


@table("name, code, text, near", *ROWS)
def test_a_rule_finds_its_mistake_and_no_near_miss(write: Write, name: str, code: str, text: str, near: str) -> None:
    finding = only_finding(write, name, code, near)
    assert re.sub(r"shop_\d+\.py:\d+", "PLACE", finding["text"]) == text


def only_finding(write: Write, name: str, code: str, near: str) -> Any:
    """Return the only finding of a rule: *near* has none, and its diff mends it. What it says to write is in «»."""
    written = write(HEAD + code)
    found = written.json("findings", "check")
    [finding] = [one for one in found if one["id"] == name]
    assert name not in [one["id"] for one in write(HEAD + re.sub("[«»]", "", near)).json("findings", "check")]
    fix = finding["fix"]
    assert all(advice in fix["text"] for advice in re.findall("«(.*?)»", near))
    assert fix["diff"] or fix["text"]
    if fix["diff"]:
        later = patched(written, finding).json("findings", "check")
        assert {one["text"] for one in later} < {one["text"] for one in found}
    return finding


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_CORS_MAX_AGE", "60")


def patched(written: Program, finding: Any) -> Program:
    """Apply the diff of a finding, as people do."""
    file = written.folder / re.findall(r"^\+\+\+ (\S+)", finding["fix"]["diff"], re.MULTILINE)[0]
    command = ["patch", "-p0", "--fuzz=0", str(file)]
    subprocess.run(command, input=f"{finding['fix']['diff']}\n", text=True, check=True, capture_output=True)
    return Program(written.folder, file.read_text())


@table(
    "code",
    ("the app has CORS", BLUEPRINTS.format("CORS(app)")),
    ("a blueprint for no page", BLUEPRINTS.replace("users", "admin").format("")),
    (
        "pages",
        "from flask import render_template\n" + BLUEPRINTS.format("").replace("str", "lambda: render_template('')"),
    ),
)
def test_a_blueprint_may_be_left_out(write: Write, code: str) -> None:
    assert "blueprint-left-out" not in write(HEAD + code).run("check").output


def test_an_origin_of_development_may_be_allowed_in_debug_mode(write: Write) -> None:
    result = write(HEAD + "CORS(app, origins='http://localhost:3000')\n" + view("''")).run(
        "check", env={"FLASK_DEBUG": "1"}
    )
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


PARTS = [*r"\.|()[]*+?{}^$:/-", "https://", "a", "example", "com", r"\.", r"\d", "(?:"]


@given(st.lists(st.sampled_from(PARTS), max_size=12))
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
    with pytest.warns(CORSWarning, match=r"it allows 'https://evil-example\.com' too; write"):
        cross_origin(origins=r"^https://.*example\.com", supports_credentials=True)


# Slow patterns --------------------------------------------------------------------------------------------------------


@lines(
    "pattern, slowness",
    r"""
    (a+)+b                 exponential, quadratic
    (a|aa)*b               exponential, quadratic
    ([a-z0-9-]+\.?)*b      exponential, quadratic
    ([a-z0-9-]+\.)*b
    (?:a|b)*?c|A+a+b
    a*b?a*c                quadratic
    (?i:A+)a+b             quadratic
    [^b]+(?=c)$a*b         quadratic
    /.*/x/.*/y             quadratic
    /.*/x/.*
    (.*)\1.*x
    """,
    ("a pattern that is too long", "a" * 500 + ".*.*b", ""),
    ("a pattern with too many ways", f"({'|'.join(f'[a-z]+{number}' for number in range(40))})*y", ""),
)
def test_slow_patterns_are_told_from_quick_ones(pattern: str, slowness: str) -> None:
    compiled = re.compile(pattern)
    assert (is_exponential(compiled), is_quadratic(compiled)) == ("exp" in slowness, "quadratic" in slowness)
