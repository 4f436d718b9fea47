"""What the project promises about itself: its names, its version, its size and shape, and what the packages hold."""

import ast
import importlib
import io
import re
import runpy
import statistics
import subprocess
import sys
import tarfile
import tokenize
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

import flask_cors
from tests.tables import table

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "flask_cors"

# The core, a module a line; each can import those before it, and no other. The pure ones know no framework.
PURE = ["origins", "policy", "resources", "options"]
CORE = [*PURE, "_decorations", "_routes", "_state", "_middleware", "decorator", "extension", "__init__"]
NOT_CORE = {"browser", "testing", "pytest_plugin", "cli"}

SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}

MOST_TOKENS, MOST_TOKENS_A_LINE = 9_146, 8.5  # 8,000 are the aim
LONGEST_BODY, MEDIAN_BODY = 30, 6

TOP_LEVEL = {
    *("flask_cors", "docs", "examples", "tests", ".ci", ".gitignore", "Makefile", "MANIFEST.in", "LICENSE"),
    *("CHANGELOG.rst", "CONTRIBUTING.rst", "README.rst", "SECURITY.rst", "pyproject.toml", "setup.py"),
}
# What `make` and Python leave in a checkout; only consulted where git cannot tell.
LEFT_BEHIND = re.compile(r"\.venv.*|\.tox|build|dist|mutants|_build|__pycache__|\..*_cache|\.(hyp|cov).*|.*\.egg-info")
GENERATED = re.compile(r"PKG-INFO|setup\.cfg|[^/]*\.egg-info/.*")

# A directory of one person's machine; and the hosts that packages are fetched from, which concern the installer alone.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b")

# What the next Flask calls with a context as well, and what makes a context: the core needs none of it.
OF_FLASKS_OWN = re.compile(
    r"make_default_options_response|(full_)?dispatch_request|(pre)?process_re\w+|(handle|log)_(user_|http_)?exception"
    r"|finalize_request|do_teardown_\w+|(test_)?(app|request)_(context|ctx)|(App|Request)Context|push|pop_context"
)


def test_the_package_under_test_is_the_one_beside_the_tests() -> None:
    assert Path(flask_cors.__file__).resolve() == PACKAGE / "__init__.py"


def test_the_public_names_are_these() -> None:
    headers = {f"ACL_{name}" for name in ("ORIGIN", "METHODS", "HEADERS", "EXPOSE_HEADERS", "CREDENTIALS", "MAX_AGE")}
    promised = {"CORS", "cross_origin", "current_policy", "CORSWarning", "__version__", *headers}
    assert promised <= {*flask_cors.__all__}
    for name in ("", ".browser", ".testing"):
        module = importlib.import_module(f"flask_cors{name}")
        assert [exported for exported in module.__all__ if not hasattr(module, exported)] == []


def test_the_version_is_1_7_2_in_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())  # the manual's configuration adds to it
    manual = runpy.run_path(str(ROOT / "docs/conf.py"))
    newest, *_ = re.findall(r"^(\S+).*\n-+$", (ROOT / "CHANGELOG.rst").read_text(), re.MULTILINE)
    places = [flask_cors.__version__, metadata.version("Flask-Cors"), newest, manual["version"], manual["release"]]
    assert places == ["1.7.2"] * 5


def test_in_the_core_imports_point_one_way_and_a_pure_module_imports_no_framework() -> None:
    assert {Path(name).stem for name in SOURCES if "/" not in name} - NOT_CORE == {*CORE}
    where_something_is_wrong = {".cli", ".cli.advice", ".cli.denied"}
    for number, module in enumerate(CORE):
        found = {*imports(SOURCES[f"{module}.py"])}
        known = {f".{name}" for name in CORE[:number]} | where_something_is_wrong
        assert {name for name in found if name.startswith(".")} <= known
        assert module not in PURE or not found & {"flask", "werkzeug", "jinja2", "blinker", "markupsafe"}


def test_the_core_calls_no_method_of_flask_that_takes_a_context_and_makes_no_context() -> None:
    nodes = [node for module in CORE for node in ast.walk(ast.parse(SOURCES[f"{module}.py"]))]
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert "create_url_adapter" in named
    assert {*filter(OF_FLASKS_OWN.fullmatch, named)} == set()


def test_the_core_is_small_and_not_dense() -> None:
    sizes = {module: (tokens(SOURCES[f"{module}.py"]), code_lines(SOURCES[f"{module}.py"])) for module in CORE}
    total, lines = (sum(size) for size in zip(*sizes.values(), strict=True))
    assert total <= MOST_TOKENS, sizes
    assert total / lines <= MOST_TOKENS_A_LINE, sizes


def test_functions_are_short() -> None:
    bodies = {f"{path}: {name}": size for path, text in SOURCES.items() for name, size in bodies_of(text)}
    assert {name: size for name, size in bodies.items() if size > LONGEST_BODY} == {}
    assert statistics.median(bodies.values()) <= MEDIAN_BODY


def imports(text: str) -> Iterator[str]:
    """Yield what a module imports, wherever it does: ``flask`` for a package, ``.policy`` for a module of this one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield from (f".{node.module or alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0].replace("flask_cors", ".absolute")


def tokens(text: str) -> int:
    """Count the tokens, comments, string literals and line breaks aside. From Python 3.12 on, f-strings have parts."""
    not_counted = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.STRING}
    depth = count = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        depth += tokenize.tok_name[token.type] == "FSTRING_START"
        count += not depth and token.type not in not_counted
        depth -= tokenize.tok_name[token.type] == "FSTRING_END"
    return count


def code_lines(text: str) -> int:
    """Count the lines that hold code: not blank, no comment, no docstring."""
    expressions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Expr)]
    bare = [node for node in expressions if isinstance(node.value, ast.Constant)]
    documentation = {line for node in bare for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    lines = enumerate(text.splitlines(), 1)
    return sum(number not in documentation and re.match(r"\s*[^\s#]", line) is not None for number, line in lines)


def bodies_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield each function, and the lines of its body, docstring aside."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None and len(node.body) > 1
            yield node.name, (node.end_lineno or 0) + 1 - node.body[documented].lineno


def test_size_is_counted_without_comments_docstrings_and_blank_lines() -> None:
    text = '"""A\nmodule."""\n\n# a comment\nx = 1  # code\n\ndef f():\n  """Do."""\n  return (\n    x\n  )\n'
    assert (code_lines(text), tokens(text), [*bodies_of(text)]) == (5, 13, [("f", 3)])


def project_files() -> list[str]:
    """List the files that belong to the project: those that git knows or would add, or all that were not made here."""
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in names if name and (ROOT / name).is_file())
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(map(LEFT_BEHIND.fullmatch, path.parts)))


FILES = project_files()


def own(names: Iterable[str]) -> set[str]:
    return {name for name in names if not GENERATED.fullmatch(name)}


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    assert {name.partition("/")[0] for name in own(FILES)} <= TOP_LEVEL


@table(
    "pattern, planted", ("a directory", MACHINE_PATH, "'/ro" + "ot/.venv'"), ("a registry", REGISTRY, "py" + "pi.org/x")
)
def test_no_file_names(pattern: re.Pattern[str], planted: str) -> None:
    assert pattern.search(planted)
    found = {name: match[0] for name in FILES if (match := pattern.search((ROOT / name).read_text("utf-8", "replace")))}
    assert found == {}


@pytest.mark.parametrize("flask", ["flask.txt", "flask-oldest.txt"])
def test_every_package_that_is_installed_to_develop_this_one_has_an_exact_version(flask: str) -> None:
    texts = [(ROOT / ".ci" / name).read_text() for name in ("constraints.txt", flask)]
    pinned = {canonicalize_name(name) for text in texts for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    assert {canonicalize_name(one.name) for one in metadata.distributions()} - pinned == {"pip", "flask-cors"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from a copy of the project, and the wheel from that sdist, without a network."""
    copy = tmp_path_factory.mktemp("project")
    for name in FILES:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--no-isolation"]
    result = subprocess.run(command, cwd=copy, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return copy / "dist"


def test_the_sdist_holds_the_project_and_the_wheel_the_package_and_an_index_would_accept_both(built: Path) -> None:
    with tarfile.open(built / "flask_cors-1.7.2.tar.gz") as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    assert own(names) == own(FILES) - {".gitignore"}
    with zipfile.ZipFile(built / "flask_cors-1.7.2-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {n for n in names if ".dist-info/" not in n} == {n for n in FILES if n.startswith("flask_cors/")}
    assert {"flask_cors/py.typed", "flask_cors-1.7.2.dist-info/licenses/LICENSE"} <= names
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *built.iterdir()], check=True)


def test_the_installed_wheel_serves_an_app(built: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path)]
    subprocess.run([*pip, *map(str, built.glob("*.whl"))], check=True)
    app = "import flask_cors; from flask import Flask; app = Flask('app'); flask_cors.CORS(app); "
    app += "print(flask_cors.__file__, app.test_client().get('/').headers['Access-Control-Allow-Origin'])"
    output = subprocess.check_output([sys.executable, "-c", app], cwd=tmp_path, text=True)
    assert output == f"{tmp_path / 'flask_cors/__init__.py'} *\n"
