"""``flask cors check`` and ``flask cors routes``: each rule finds its mistake, and its fix mends it."""

import gc
import json
import os
import re
import shlex
import warnings
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from runpy import run_path
from textwrap import dedent
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flask_cors.cli.check import IDS, RULES
from flask_cors.cli.console import WORDINGS
from flask_cors.cli.needs import allows
from flask_cors.cli.site import Site, sample_paths
from flask_cors.cli.source import SourceFile, as_path
from tests.programs import HEAD, PAGE, WITHOUT, Program, Write, apply_diff, program, run_cors, write
from tests.tables import blocks, lines, table
from tests.test_cli_rules import TESTED
from tests.transcripts.pages import application, parse

__all__ = ["write"]

ROOT = Path(__file__).parents[1]
VIEWS = program("").removeprefix(HEAD)


# The outputs in the manual --------------------------------------------------------------------------------------------

GOLDEN, HOW_TO = ROOT / "docs" / "reference" / "command", ROOT / "docs" / "how-to"
SHOWN = sorted(path.stem for path in GOLDEN.iterdir())
NOT_PRESENT = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
FIELD = "Request header field content-type is not allowed by Access-Control-Allow-Headers in preflight response."
METHOD = "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
STATUS = "Response to preflight request doesn't pass access control check: It does not have HTTP ok status."
STAR = "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the "
STAR += "request's credentials mode is 'include'."
ACCESS = f"Access to fetch at 'http://127.0.0.1:5000%s' from origin '{PAGE}' has been blocked by CORS policy: %s"
BLOCKED = {
    "origin": [ACCESS % ("/cart", NOT_PRESENT)],
    "not-covered": [ACCESS % ("/checkout", NOT_PRESENT)],
    "header": [ACCESS % ("/stock", FIELD)],
    "method": [ACCESS % ("/prices", METHOD)],
    "credentials": [ACCESS % ("/stock", STAR)],
    "login": [ACCESS % ("/orders", STATUS)],
    "redirect": [ACCESS % ("/moved", NOT_PRESENT)],
    "hidden": ["/stock", "--origin", PAGE],
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_manual_shows_what_the_examples_print(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    typed, output = (GOLDEN / f"{name}.txt").read_text().split("\n", 1)
    example, _, *args = shlex.split(typed.removeprefix("$ flask --app "))
    assert run_cors(application(ROOT / example), *args).output == output


@pytest.mark.parametrize("name", BLOCKED)
def test_the_manual_shows_what_is_said_of_a_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HOW_TO / "blocked")
    output = run_cors(application(Path("shop.py").absolute()), "explain", *BLOCKED[name]).output
    assert Path(f"{name}.txt").read_text() == output


def test_the_manual_includes_every_output_and_every_message_of_every_browser() -> None:
    page = (GOLDEN.parent / "command.rst").read_text()
    assert sorted(re.findall(r"literalinclude:: command/(\S+)\.txt", page)) == SHOWN
    page = " ".join((HOW_TO / "blocked-by-cors-policy.rst").read_text().split())
    assert re.findall(r"literalinclude:: blocked/(\S+)\.txt", page) == list(BLOCKED)
    assert not set(page) & set("\u2018\u2019\u201c\u201d")
    pieces = (piece for wording in WORDINGS for piece in re.split(r"\{\w+\}|\[|\]", wording.template))
    assert [piece for piece in pieces if " ".join(piece.split()) not in page] == []


# check ----------------------------------------------------------------------------------------------------------------

BLOCKS = blocks("mistakes.txt")
SHORT = {name: "\n".join(block) for kind, name, block in BLOCKS if kind == "short"}
TEXTS = {name: "".join(block) for kind, name, block in BLOCKS if kind == "text"}


def cases(negated: str) -> Iterator[Any]:
    """The programs of a file: below ``# ids: a sentence`` the code, and what a diff of all fixes adds, or removes."""
    for names, sentence, block in BLOCKS:
        code = "\n".join(SHORT.get(line, line) for line in block if line[:2] not in ("+ ", "- "))
        if names not in ("short", "text") and names.startswith("not ") == bool(negated):
            changed = [line for line in block if line[:2] in ("+ ", "- ")]
            yield pytest.param(names.removeprefix("not ").split(", "), code, changed, id=sentence)


MISTAKES, RIGHT = list(cases("")), list(cases("not"))


def text_of(code: str) -> str:
    return program(code if "@cross" in code.rpartition("\n")[2] else f"{code}\n")


def readers(written: Program, candidates: set[str]) -> set[tuple[str, str, bool]]:
    """Which origins may read which rules, with cookies or not."""
    app = written.app()
    with app.app_context(), warnings.catch_warnings(action="ignore"):
        covers = {(item.rule.rule, item.cover.policy) for item in Site(app).routes if item.cover}
    allowed = {(one, rule, policy) for rule, policy in covers for one in candidates if allows(policy, one)}
    return {(one, rule, cookies) for one, rule, policy in allowed for cookies in {False, policy.supports_credentials}}


def diff_of(fix: Any) -> str:
    return fix["diff"] if fix else ""


def check_fixes(written: Program) -> Any:
    """Apply each fix alone, then all of them: only what it says is opened, and nothing is left of what has a diff."""
    report, before = written.json(None, "check", *WITHOUT), written.text
    fixes = [one["fix"] or {"diff": "", "text": ""} for one in [*report["findings"], report]]
    changed = [Program(written.folder, apply_diff(before, fix["diff"])) for fix in fixes]
    texts = "\n".join([before, *(after.text for after in changed)])
    named = {"null", "https://foreign.example", *re.findall(r"\w+://[\w.-]+\w", texts)}
    could_read = readers(written, named)
    for fix, after in zip(fixes, changed, strict=True):
        opened = readers(after, named) - could_read
        assert ("This opens" in fix["text"]) >= bool(opened), opened
        assert (", with cookies" in fix["text"]) >= any(cookies for _, _, cookies in opened), opened
    left = [one["id"] for one in report["findings"] if not diff_of(one["fix"])]
    assert [one["id"] for one in changed[-1].check()] == left
    return report


@pytest.mark.parametrize(("names", "code", "lines"), MISTAKES)
def test_a_mistake_is_found_and_the_fix_leaves_nothing(
    write: Write, names: list[str], code: str, lines: list[str]
) -> None:
    report = check_fixes(write(text_of(code)))
    found = [one for one in report["findings"] if one["id"] != "no-cors" or names == ["no-cors"]]
    assert list(dict.fromkeys(one["id"] for one in found)) == names
    assert len(found) == len({(one["id"], one["text"], one["line"]) for one in found})
    assert all(TEXTS[one["id"]] in one["text"] for one in found)
    changed = re.findall(r"^([+-]) *(.*)", "\n".join(diff_of(report["fix"]).split("\n")[2:]), re.MULTILINE)
    only_new = "- " not in "".join(lines)[:2]
    assert [f"{sign} {line}" for sign, line in changed if sign == "+" or not only_new] == lines


@pytest.mark.parametrize(("names", "code", "lines"), RIGHT)
def test_nothing_is_said_of_what_is_right(write: Write, names: list[str], code: str, lines: list[str]) -> None:
    assert ({*names} <= {*IDS}, lines, write(text_of(code)).check()) == (True, [], [])


EXAMPLES = re.compile(r"^([a-z-]+)\n-+\n.*?^.. code-block:: text\n\n(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(EXAMPLES.findall((GOLDEN.parent / "findings.rst").read_text()))


def test_each_id_has_a_mistake_a_near_miss_and_a_section_of_the_manual() -> None:
    found, missed = ({name for row in rows for name in row.values[0]} for rows in (MISTAKES, RIGHT))
    assert found == missed == {*IDS} - TESTED == {*TEXTS}
    assert [*SECTIONS] == sorted(IDS)
    assert all(rule.__doc__ for rule in RULES)


@pytest.mark.parametrize("name", SECTIONS)
def test_the_manual_shows_a_mistake_and_what_to_write(write: Write, name: str) -> None:
    lines = dedent(SECTIONS[name]).split("\n")
    before, after = ("\n".join(line[2:] for line in lines if line[:1] != sign) for sign in "+-")
    views, without = ("", ()) if name in WITHOUT[1].split(",") else (VIEWS, WITHOUT)
    found, left = (write(f"{HEAD}{text}\n{views}").json("findings", "check", *without) for text in (before, after))
    assert ({one["id"] for one in found}, left) == ({name}, [])


def test_findings_have_their_place_and_their_routes_and_json_is_indented_for_people(write: Write) -> None:
    written = write(program("CORS(app, resources='/api/*')\n"))
    output = written.run("check", *WITHOUT, "--json").output
    [finding] = json.loads(output)["findings"]
    assert output == json.dumps(json.loads(output), indent=2) + "\n"
    assert [*finding] == ["id", "level", "text", "file", "line", "routes", "fix"]
    assert (finding["level"], finding["line"], finding["routes"]) == ("warning", 6, ["/api-internal"])
    assert Path(finding["file"]).parent == written.folder


@table(
    "name, value, found, new",
    ("JSON", "HEADERS", '["A", "Host"]', "useless-name", {"FLASK_CORS_HEADERS": '["A"]'}),
    ("a slip in a name", "HEADER", "A", "misspelt-key", {"FLASK_CORS_HEADERS": "A"}),
)
def test_what_the_environment_sets_is_set_there(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str, value: str, found: str, new: dict[str, str]
) -> None:
    monkeypatch.setenv(f"FLASK_CORS_{name}", value)
    [finding] = write(text_of("app.config.from_prefixed_env()\nCORS(app)")).check()
    assert (finding["id"], finding["fix"]["diff"], finding["fix"]["environment"]) == (found, "", new)


def test_cookies_are_told_by_names(write: Write) -> None:
    code = "from werkzeug.local import LocalProxy\ncurrent_user = other = LocalProxy(str)\nCORS(app)\n@app.get('/me')\n"
    code += "def me(): session, current_user, other, app.cookies, app.set_cookie, app.x\n"
    told = "/me (cookies, current_user, session, set_cookie) seems to depend on cookies"
    assert told in write(program(code)).check()[0]["text"]


TWO = "CORS(app, resources='api/', max_age=7300)\n"
PRINTED = """\
shop.py:6: error[unused-pattern]
    CORS(app), r"api/" matches no route.
    Write r"/api/", if you mean that. This opens /api/items/<int:number>, /api/items to every origin.
    shop.py:6
    - CORS(app, resources='api/', max_age=7300)
    + CORS(app, resources=r"/api/", max_age=7300)

shop.py:6: warning[max-age-capped]
    CORS(app): browsers reduce max_age=7300: Chromium to 7200, Safari to 600 seconds.
    shop.py:6
    - CORS(app, resources='api/', max_age=7300)
    + CORS(app, resources='api/', max_age=7200)

Checked 9 routes and 1 policy: 1 error, 1 warning.
"""
SLIP = "is not the id of a finding. Did you mean max-age-capped?\n"
IGNORE_BOTH = ["--ignore=max-age-capped", "--ignore=unused-pattern"]


@table(
    "code, args, end, exit_code",
    ("everything", TWO, [], PRINTED, 1),
    ("only some", TWO, ["--select", "max-age-capped"], "and 1 policy: 1 warning.\n", 0),
    ("warnings fail", TWO, ["--select", "max-age-capped", "--strict"], ": 1 warning.\n", 1),
    ("without some", TWO, ["--ignore", "max-age-capped,no-cors"], ": 1 error.\n", 1),
    ("without all", TWO, IGNORE_BOTH, "Checked 9 routes and 1 policy: no problems.\n", 0),
    ("a slip", TWO, ["--ignore", "max-age-caped"], SLIP, 2),
    ("no id", TWO, ["--select", ","], "'' is not the id", 2),
    ("one patch", TWO, ["--diff"], '+CORS(app, resources=r"/api/", max_age=7200)\n ', 1),
    ("an empty patch", "CORS(app)\n", ["--strict", "--diff"], "", 0),
)
def test_check_prints_what_is_wanted(write: Write, code: str, args: list[str], end: str, exit_code: int) -> None:
    result = write(program(code)).run("check", *WITHOUT, *args)
    output = re.sub(r"shop_\d+", "shop", result.output)
    assert output == end if end == PRINTED else end in output
    assert result.exit_code == exit_code


@table("found, lines", *blocks("silenced.txt"))
def test_a_comment_silences_a_finding(write: Write, found: str, lines: list[str]) -> None:
    assert [one["id"] for one in check_fixes(write(text_of("\n".join(lines))))["findings"]] == found.split()


#: The pages of the manual whose apps have mistakes on purpose, or only a part of their routes.
SHOWN_MISTAKES = {
    "credentials": {"wildcard-is-a-name", "cookies-under-wildcard"},
    "environment": {"wrong-options", "overridden-key"},
    "resources": {"stray-pattern"},
    "with-other-extensions": {"unused-pattern"},
    "config": {"unused-pattern"},
    "findings": {"max-age-capped"},
    "first-page": {"development-origin", "json-without-content-type", "cookies-not-supported"},
    "origins": {"development-origin"},
}
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.rst") if "Flask(__name__)" in path.read_text())


def apps_of(path: Path) -> list[Flask]:
    """The app of an example, or those of a page."""
    if path.suffix == ".py":
        return [application(path)]
    document = parse(path, evaluate=lambda _: None)
    namespace, found = document.namespace, []
    namespace["__name__"] = "page"
    for example in document:
        example.evaluate()
        found.append(namespace.get("app"))
    return list({id(app): app for app in found if isinstance(app, Flask)}.values())


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a page leaves its database open
@pytest.mark.parametrize("path", [*(ROOT / "examples").glob("*.py"), *PAGES], ids=lambda path: path.stem)
def test_the_examples_and_the_apps_of_the_manual_are_clean(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # otherwise the command reads all modules of this project
    mistakes: set[str] = set()
    with warnings.catch_warnings(action="ignore"), patch.dict(os.environ):
        for app in apps_of(path):
            result = run_cors(app, "check", "--strict", "--json", "--ignore", "no-cors")
            found = {one["id"] for one in json.loads(result.output)["findings"] if one["level"] != "note"}
            assert result.exit_code == bool(found)
            mistakes |= found
        gc.collect()  # so that no other test gets the warning
    assert mistakes == SHOWN_MISTAKES.get(path.stem, set())


# Any pattern gets a report --------------------------------------------------------------------------------------------

PARTS = ["/", "api", "items", "<n>", "<(n)>", "[<n>]", "[^(]", r"\<", r"\w", ".", "^", "$", "#", " ", "\n", '"', "\x1b"]
PARTS += [
    "(?P<v>a)",
    "(?P<v>a)?(?(v)b|c)",
    r"(a)\1",
    "(?<!a)",
    "(?=a)",
    "(a",
    "(?:a",
    "(?i:a",
    ")",
    ")+",
    "|b",
    "*",
    "{2}",
]
patterns = st.lists(st.sampled_from(PARTS), min_size=1, max_size=8).map("".join)
# The command reads the file of the call, which is short, and not all modules of this project.
ANY_PATTERN = f"""{HEAD}
for rule in ("/", "/api/items", "/api/{"a" * 60}/b"):  # where some guesses would never come to an end
    app.add_url_rule(rule, rule, lambda: "")
CORS(app, resources=PATTERN)
"""


@settings(max_examples=15)
@given(patterns, st.sampled_from([0, 0, re.I, re.X, re.A | re.S | re.M]))
def test_any_pattern_gets_a_report_and_can_be_written(
    tmp_path_factory: pytest.TempPathFactory, pattern: str, flags: int
) -> None:
    try:
        compiled = re.compile(pattern, flags)
    except re.error:
        assume(False)
    file = tmp_path_factory.getbasetemp() / "any_pattern.py"
    file.write_text(ANY_PATTERN)
    with chdir(file.parent):
        app = run_path(str(file), {"PATTERN": compiled})["app"]
        for args in (["routes"], ["check"], ["explain", "/missing", "--origin", PAGE]):
            assert run_cors(app, *args).exit_code in (0, 1)
    written = eval(as_path(compiled), {"re": re})  # noqa: S307 - as a program would have it
    assert re.compile(written) == compiled or written == "*"


def test_edits_leave_all_else_as_it_is() -> None:
    file = SourceFile("x.py", "# \u00fc\ncall(a, b=[1,  2],\n     c='\u00e4')  # why\n")
    call = file.find_call(2, {"call"})
    assert call is not None
    for name, value in [("c", '"x"'), ("d", "5"), ("c", '"y"')]:  # of two that overlap, the first counts
        file.set_argument(call, name, value)
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
/things/<int:id>                          GET, HEAD  @cross_origin            shop.py:12  no origin                                              no
/things/<int:id>                          POST       CORS(app), r"/things"    shop.py:19  *                                                      no
/docs/<any(old, new):which> as /docs/old  GET, HEAD  none                     -           -                                                      -
/docs/<any(old, new):which> as /docs/new  GET, HEAD  CORS(app), r"/docs/new"  shop.py:19  *                                                      no
/shop/cart                                GET, HEAD  CORS(shop)               shop.py:9   https://a.example, re.compile(r"https://b[.]example")  yes
/many                                     GET, HEAD  @cross_origin            shop.py:18  https://0.example, https://1.example, and 7 more       no
"""  # noqa: E501


def test_routes_show_where_each_policy_comes_from(write: Write) -> None:
    output = re.sub(r"shop_\d+", "shop", write(ROUTES).run("routes").output)
    assert re.sub(" +|--+", " ", output) == re.sub(
        " +|--+", " ", TABLE
    )  # the width of a column depends on the file's name


@table(
    "code, shown",
    ("a warning", "CORS(app, origins='app.example')", "\nwarning: CORS(app): 'app.example' can never match"),
    ("letters that no terminal takes as they are", "app.add_url_rule('/\\x1b[31m', 'red', str)", "/\\x1b[31m"),
)
def test_routes_show(write: Write, code: str, shown: str) -> None:
    output = write(program(f"{code}\n")).run("routes").output
    assert (output.count(shown), "\x1b" in output) == (1, False)


def test_routes_as_json_hold_everything(write: Write) -> None:
    code = f"CORS(app, resources='/api/', origins=['{PAGE}', lambda origin: False], max_age=60)\n"
    row = next(row for row in write(program(code)).json("routes", "routes") if row["rule"] == "/api/items")
    policy = row.pop("policy")
    methods = ["GET", "HEAD", "PATCH", "POST", "PROPFIND", "PUT"]
    path = {"path": "/api/items", "paths": ["/api/items"]}
    assert row == {"rule": "/api/items", "endpoint": "items", "methods": methods, "warnings": [], **path}
    assert (policy.pop("from"), policy.pop("line")) == ('CORS(app), r"/api/"', 6)
    assert (policy["pattern"], policy["origins"], policy["max_age"]) == ("/api/", [PAGE, "<lambda>"], 60)
    assert {"methods", "headers", "expose_headers", "supports_credentials", "vary_header"} <= {*policy}


@lines(
    "rule, paths",
    """
    /<name>                        /1 /a
    /<int(fixed_digits=4):n>/x     /1/x /2026/x
    /<any(a, 'X', c):x>-<float:y>  /a-1.5 /X-1.5 /c-1.5
    """,
)
def test_paths_are_made_up_for_a_rule(rule: str, paths: str) -> None:
    assert sample_paths(rule) == paths.split()
