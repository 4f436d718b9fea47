"""The manual is complete and builds, and what it says of an option is true.

Each checker is a function of plain text, so that each is shown a text that is wrong, too.
"""

import doctest
import importlib
import inspect
import pkgutil
import re
import shutil
import subprocess
import sys
import textwrap
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from flask import Flask

import flask_cors.browser
import flask_cors.pytest_plugin
import flask_cors.testing
from flask_cors import CORS, cross_origin, options
from tests.helpers import A, B, CORSHeaders, a_view, cors_headers, fetch, make_app, preflight
from tests.tables import table, words
from tests.transcripts.__main__ import sources

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONFIG = (DOCS / "reference" / "config.rst").read_text()
ON_THE_WIRE = (DOCS / "reference" / "on-the-wire.rst").read_text()
MIGRATION = (DOCS / "how-to" / "migrate.rst").read_text()

PUBLIC_MODULES = (flask_cors, flask_cors.testing, flask_cors.browser, flask_cors.pytest_plugin)

#: The options of the manual of 1.7.2: what the project promised to begin with.
PROMISED = {*words("origins methods headers expose_headers supports_credentials max_age resources send_wildcard")}
PROMISED |= {"always_send", "automatic_options", "vary_header"}
#: The names of later releases: the page on migration explains them.
LATER = {"allow_headers", "intercept_exceptions"}

Values = dict[str, Any]
Facts = Mapping[str, str]  # of an option: the name of each fact, and its text


def in_signature(function: Callable[..., Any]) -> set[str]:
    [options] = get_args(get_type_hints(function)["options"])
    return {*get_type_hints(options)}


def on_the_wire(page: str) -> set[str]:
    """Find the options that have a section of a page with an app that is given them, and its response."""
    _, *parts = re.split(r"^(\w+)\n-+\n", page, flags=re.MULTILINE)
    complete = r"(?s)CORS\(app, [^\n]*\b{}=.*\n   HTTP/1\.1 "
    return {name for name, text in zip(parts[::2], parts[1::2], strict=True) if re.search(complete.format(name), text)}


def test_no_option_is_missing_from_signatures_and_transcripts() -> None:
    assert in_signature(CORS.__init__) == in_signature(CORS.init_app) == PROMISED | LATER
    assert in_signature(cross_origin) == (PROMISED | LATER) - {"resources"}
    assert on_the_wire(ON_THE_WIRE) == PROMISED
    assert [on_the_wire(ON_THE_WIRE.replace(part, "")) for part in ("-", "CORS(app", "HTTP/1.1")] == [set()] * 3
    assert set(re.findall(r"\w+", MIGRATION)) >= LATER


Built = tuple[Path, subprocess.CompletedProcess[str]]
PLANTED = ":orphan:\n\n- :class:`flask.Flask`\n- :class:`flask.Flasque`\n- :doc:`nowhere`\n- :py:data:`CORS_ORIGIN`\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the manual as ``make docs`` does, with a page of broken references beside it."""
    pytest.importorskip("furo", reason="the manual is built where its theme is installed: .ci/requirements.txt")
    folder = tmp_path_factory.mktemp("manual")
    source, html = folder / "docs", folder / "html"
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("_build"))
    for path in ROOT.iterdir():  # what the pages include
        if path.name != "docs":
            (folder / path.name).symlink_to(path)
    (source / "planted.rst").write_text(PLANTED)
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-b", "html"]
    return html, subprocess.run([*command, "-c", DOCS, source, html], capture_output=True, text=True, check=False)


def test_the_manual_builds_is_complete_and_loads_nothing_from_elsewhere(built: Built) -> None:
    """Only the page with broken references turns it red."""
    html, done = built
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert [re.sub(r".*/planted.rst:(\d+): .*", r"\1", line) for line in warnings] == ["4", "5", "6"], done.stderr
    assert done.returncode == 1

    title = f"Flask-Cors Documentation, Release {flask_cors.__version__}"
    assert re.search(f"<title>{title}</title>.*<h1>{title}<a", (html / "index.html").read_text(), re.DOTALL)
    files = [path for path in html.rglob("*") if path.suffix in {".html", ".css"}]
    assert len(files) > len(list(DOCS.rglob("*.rst")))
    assert {path.name: found for path in files if (found := remote(path.read_text()))} == {}
    lists = {"404", "changelog", "genindex", "index", "planted", "search"}
    texts = {path.stem: path.read_text() for path in html.rglob("*.html") if path.stem not in lists}
    assert [page for page, text in texts.items() if 'class="admonition seealso"' not in text] == []

    options_page = (html / "reference" / "options.html").read_text()
    assert {*re.findall(r'id="flask_cors\.options\.(?:CORS)?Options\.(\w+)"', options_page)} == PROMISED


def test_the_index_has_each_name_option_key_header_command_and_message(built: Built) -> None:
    page = (built[0] / "genindex.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    wanted = {"flask cors explain (command)", "can never match", "The page is blocked"}
    wanted |= {f"{name} (option)" for name in PROMISED}
    wanted |= {f"CORS_{name.upper()} (config key)" for name in PROMISED | LATER}
    wanted |= {f"{name} (header)" for name in headers_in("all of them")}
    assert {word for word in wanted if word not in text} == set()
    assert "built-in" not in text
    names = {f"{module.__name__}.{name}" for module in PUBLIC_MODULES for name in module.__all__}
    missing = names - {*re.findall(r'href="[^"#]+#(flask_cors[\w.]+)"', page)}
    assert {name for name in missing if not re.search("ACL_|__version__", name)} == set()  # these have a table


def facts(docstring: str | None) -> dict[str, Facts]:
    """Find what a docstring says of each option: its default, its header, its example and its danger."""
    _, *parts = re.split(r"^\.\. attribute:: (\w+)\n", inspect.cleandoc(docstring or ""), flags=re.MULTILINE)
    found = (re.findall(r"^    (\w+): (.+)$", text, re.MULTILINE) for text in parts[1::2])
    return {name: dict(said) for name, said in zip(parts[::2], found, strict=True)}


REFERENCE = facts(options.Options.__doc__) | facts(options.CORSOptions.__doc__)


def headers_in(text: str) -> set[str]:
    """Find the headers that a text names; *all of them* are those that other texts name."""
    texts = [said["Header"] for said in REFERENCE.values()] if text.startswith("all of them") else [text]
    return {name for text in texts for name in re.findall(r"``([\w-]+)``", text)}


def written(example: str) -> Values:
    """Evaluate options that are written as in a call."""
    given: Values = eval(f"dict({example.strip('`')})", {"timedelta": timedelta})  # noqa: S307 - this project's own
    return given


@cache
def everything() -> Values:
    """Put all examples together that add something to a response, so that there is all that an option may change."""
    examples = [written(said["Example"]) for name, said in REFERENCE.items() if name != "resources"]
    return {name: value for example in examples for name, value in example.items() if value is not False}


PAGE = "https://app.example"  # the examples allow it
PATH = "/public/"  # the example of resources covers it, and changes nothing there


def by_keyword(given: Values) -> Flask:
    app = make_app()
    CORS(app, **given)
    return app


def by_decorator(given: Values) -> Flask:
    app = make_app()
    app.add_url_rule(PATH, view_func=cross_origin(**without("resources", given))(a_view))
    return app


def told(given: Values) -> list[CORSHeaders]:
    """Return the headers for a page, for another program, and for a preflight, however the options are given."""
    clients = [way(given).test_client() for way in (by_keyword, by_decorator)]
    calls = ((fetch(client, PATH, PAGE), fetch(client, PATH), preflight(client, PATH, PAGE)) for client in clients)
    return [cors_headers(response) for three in calls for response in three]


def changed(option: str, value: object, beside: Values) -> set[str]:
    """Name the headers that an option changes by a value, beside other options."""
    pairs = zip(told(without(option, beside)), told({**beside, option: value}), strict=True)
    return {name for one, other in pairs for name, _ in one.items() ^ other.items()}


def without(option: str, given: Values) -> Values:
    return {name: value for name, value in given.items() if name != option}


def untrue(option: str, said: Facts) -> Iterator[str]:
    """Say which example is refused or does not change the headers that it should, and which default is another one."""
    try:
        example, named = written(said["Example"]), headers_in(said["Header"])
        # Credentials, of which everything has some, need origins.
        situations = [example] if option == "origins" else [example, everything()]
        changes = set().union(*(changed(option, example[option], beside) for beside in situations))
        if changes != named:
            yield f"{option}: {said['Example']} changes {sorted(changes)}, not {said['Header']}"
        if not all(is_default(said["Default"], option, named, beside) for beside in situations):
            yield f"{option}: the default is not {said['Default']}"
    except Exception as error:
        yield f"{option}: {said['Example']}, or the default {said['Default']}: {error!r}"


def is_default(text: str, option: str, headers: set[str], beside: Values) -> bool:
    """Whether it makes no difference to give the default; or if it is none, whether there are no such headers."""
    if headers and re.match("none|not given", text):
        sent = {answer[name] for answer in told(without(option, beside)) for name in headers & answer.keys()}
        return sent == set(re.findall(r"``(\w+(?:, \w+)+)``", text))
    value = "*" if text.endswith("every path") else literal_eval(text.split("``")[1])
    return not changed(option, value, beside)


def test_the_reference_the_config_keys_and_the_page_on_migration_tell_the_truth_about_each_option() -> None:
    key = r'^\.\. [\w-]+:: CORS_(\w+)\n(?:(?: .*)?\n)*?   Default: (.+)\.\n(?:(?: .*)?\n)*?.*\.config\["CORS_\1"\] = '
    config = {name.lower(): text for name, text in re.findall(key, CONFIG, re.MULTILINE)}
    migrated = dict(re.findall(r"^``(\w+)``.* is (\S+) by default$", MIGRATION, re.MULTILINE))
    assert REFERENCE.keys() == config.keys() - LATER == PROMISED
    assert all(said.keys() >= {"Default", "Header", "Example", "Danger"} for said in REFERENCE.values())
    assert migrated.keys() == {"headers", "send_wildcard"}
    stated = [(name, text.replace("empty", "none")) for name, text in [*config.items(), *migrated.items()]]
    pages = [(name, {**REFERENCE[name], "Default": text}) for name, text in stated if name in PROMISED]
    assert [lie for option, said in [*REFERENCE.items(), *pages] for lie in untrue(option, said)] == []


@table(
    "option, fact, lie",
    ("a default that matters only beside other options", "vary_header", "Default", "``False``"),
    ("a default that matters only to decorators", "automatic_options", "Default", "``False``"),
    ("a default, where there is none", "max_age", "Default", "``0``"),
    ("a list too short", "methods", "Default", "none; then ``DELETE, GET, HEAD, OPTIONS, POST, PUT``"),
    ("no resources", "resources", "Default", "none"),
    ("no header, where there is one", "vary_header", "Header", "none"),
    ("one header, where it is all of them", "always_send", "Header", "``Access-Control-Allow-Origin``"),
    ("all headers, where it is one", "max_age", "Header", "all of them"),
    ("an example that is warned of", "origins", "Example", '``origins="app.example"``'),
    ("an example without effect", "always_send", "Example", "``always_send=True``"),
    ("an example that is no Python", "methods", "Example", '``methods="PUT``'),
)
def test_a_lie_about_an_option_is_reported(option: str, fact: str, lie: str) -> None:
    report, *_ = untrue(option, {**REFERENCE[option], fact: lie})
    assert report.startswith(f"{option}: ")
    assert lie in report


def rows(page: str) -> dict[str, list[str]]:
    """Find the rows of the tables of a page by their first cell."""
    found = re.findall(r"^   \* - (.+)\n((?:     - .+\n)+)", page, re.MULTILINE)
    return {first: re.findall("     - (.+)", others) for first, others in found}


SEVERAL = "several, wildcards, patterns, functions"
POLICIES: list[tuple[str, Values]] = [
    ("``*``", {}),
    ("``*``, no ``send_wildcard``", {"send_wildcard": False}),
    ("one exact origin", {"origins": PAGE}),
    *((SEVERAL, {"origins": given}) for given in ([PAGE, A], f"{PAGE}:*", re.compile(re.escape(PAGE)), PAGE.__eq__)),
    ("``[]``, no origin", {"origins": []}),
]


def row(given: Values) -> list[str]:
    """Write the row that describes a policy: a listed origin, another, none, and ``Vary``."""
    sent = [told_to_three({**given, "always_send": always}) for always in (True, False)]
    (listed, another, nobody), (_, _, unsent) = ([allowed(headers) for headers in three] for three in sent)
    vary = "".join("yes" if all("Vary" in headers for headers in three) else "no" for three in sent)
    return [
        "\N{EN DASH}" if listed == "nothing" else listed,
        another if another == "nothing" else "\N{EN DASH}",
        nobody if nobody == unsent else f"{nobody}, if ``always_send``",
        {"yesyes": "always", "noyes": "only without ``always_send``", "nono": "never"}[vary],
    ]


def told_to_three(given: Values) -> list[CORSHeaders]:
    client = by_keyword(given).test_client()
    return [cors_headers(fetch(client, PATH, origin)) for origin in (PAGE, B, None)]


def allowed(headers: CORSHeaders) -> str:
    value = headers.get("Access-Control-Allow-Origin", "nothing")
    return {"*": "``*``", PAGE: "that origin", B: "that origin"}.get(value, value)


def test_the_decision_table_is_what_is_decided() -> None:
    found = rows((DOCS / "reference" / "responses.rst").read_text())
    for policy, given in POLICIES:
        assert found[policy][:4] == row(given), policy


def test_the_table_of_options_has_the_facts_of_their_descriptions() -> None:
    table = rows((DOCS / "reference" / "options.rst").read_text())
    cells = {re.sub(r".*\.(\w+)`", r"\1", first): others[1:3] for first, others in table.items() if "`" in first}
    short = {name: [said[fact].partition(";")[0] for fact in ("Default", "Header")] for name, said in REFERENCE.items()}
    assert cells == short


def test_the_page_of_names_has_each_that_is_exported_and_its_value() -> None:
    table = rows((DOCS / "reference" / "names.rst").read_text())
    assert table.keys() - {"name"} == {f"``{name}``" for name in flask_cors.__all__}
    for name in [name for name in flask_cors.__all__ if name.startswith("ACL_")]:
        assert table[f"``{name}``"] == [f'``"{getattr(flask_cors, name)}"``']


#: Keywords of others; and the key that is an example of a misspelt one.
FOREIGN = {"bytes", "cors_allowed_origins", "decorators", "minutes", "name", "CORS_ORIGIN"}
TEXTS = [ROOT / "CHANGELOG.rst", *(ROOT / "flask_cors").glob("*.py"), *(ROOT / path for path in sources())]
TEXTS.remove(DOCS / "reference" / "messages.rst")  # it names what is wrong


def misnamed(text: str) -> set[str]:
    """Find what is written like a keyword or a config key, in the code within a sentence, and is no option."""
    code = "\n".join(re.findall(r"``([^`\n]+)``", text))
    named = set(re.findall(r"\w*CORS_[A-Z_]+|(?<![\w:?])[a-z_]+(?==[^=])", code)) - FOREIGN
    return {name for name in named if re.sub("^(FLASK_)?CORS_", "", name).lower() not in PROMISED | LATER}


def test_no_sentence_names_an_option_that_there_is_not() -> None:
    found = {str(path.relative_to(ROOT)): misnamed(path.read_text()) for path in TEXTS}
    assert len(found) > 40
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert misnamed("Write ``CORS(app, origins=[])``, or ``CORS_ORIGINS``; ``a == b``, x=1") == set()
    wrong = {"origin", "CORS_HEADER", "FLASK_CORS_HEADER"}
    assert misnamed("``CORS(app, origin=[])``, ``CORS_HEADER``, ``FLASK_CORS_HEADER=X``") == wrong


@pytest.mark.parametrize("documented", [flask_cors, CORS, cross_origin])
def test_the_code_in_a_docstring_runs(documented: Any) -> None:
    [code] = re.findall(r"::\n\n((?:    .*\n|\n)+)", inspect.cleandoc(documented.__doc__))
    names = {"__name__": __name__, "Flask": Flask, "CORS": CORS, "cross_origin": cross_origin, "app": make_app()}
    exec(textwrap.dedent(code), names)  # noqa: S102 - this project's own


MODULES = [importlib.import_module(one.name) for one in pkgutil.walk_packages(flask_cors.__path__, "flask_cors.")]


def wrong_examples(name: str, documented: object, names: Values | None = None) -> list[str]:
    """Run the ``>>>`` of docstrings, with the names of their module or with others; return the names that fail."""
    found = doctest.DocTestFinder().find(documented, name, globs=names)
    return [one.name for one in found if doctest.DocTestRunner().run(one, out=lambda _: None).failed]


def test_the_examples_in_docstrings_run_and_those_of_public_names_need_no_other_name() -> None:
    assert [wrong for module in MODULES for wrong in wrong_examples(module.__name__, module)] == []
    public = [(module, {name: getattr(module, name) for name in module.__all__}) for module in PUBLIC_MODULES]
    found = [(name, value, names) for module, names in public for name, value in names.items() if callable(value)]
    assert [name for name, value, names in found if wrong_examples(name, value, names)] == []


def test_an_example_that_needs_a_name_that_is_not_public_is_noticed() -> None:
    def planted() -> None:
        """Show a name.

        >>> PUBLIC_MODULES[0].__name__
        'flask_cors'
        """

    assert [wrong_examples("planted", planted), wrong_examples("planted", planted, {})] == [[], ["planted"]]


def test_the_manual_of_another_flask_cors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flask_cors.py").write_text("__version__ = '6.0.5'\n")
    program = "import flask_cors, runpy, sys; runpy.run_path(sys.argv[1])"
    command = [sys.executable, "-c", program, str(DOCS / "conf.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "RuntimeError: the manual would describe" in done.stderr


def remote(text: str) -> list[str]:
    """List what a browser fetches from another server to show a page, or a style; not what a reader may click on."""
    fetched = r"(?:<(?!a\b)[a-z]+\s[^>]*?\b(?:src|srcset|data|poster|href)=|url\(|@import\s)[\"']?"
    return re.findall(rf"{fetched}((?:https?:)?//[^\"')\s]+)", text)


def test_what_would_be_loaded_from_elsewhere_is_noticed() -> None:
    page = '<script src="https://a.example/"></script><link rel="stylesheet" href="//b.example/"><a href="https://c/">'
    assert remote(page + '<img src="http://d.example/">') == ["https://a.example/", "//b.example/", "http://d.example/"]
    style = "@import 'https://a.example/'; @font-face { src: url(\"https://b.example/\"); }"
    assert remote(style) == ["https://a.example/", "https://b.example/"]
