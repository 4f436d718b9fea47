"""What the project promises about itself: its names, its version, its size and shape, and what the packages hold."""

import ast
import importlib
import io
import os
import re
import runpy
import statistics
import subprocess
import sys
import tarfile
import tokenize
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import flask_cors
from tests.tables import table

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "flask_cors"

# The core, a module a line; each can import those before it, and no other. The pure ones know no framework.
PURE = ["origins", "policy", "resources", "options"]
CORE = [*PURE, "_routes", "_state", "_middleware", "decorator", "extension", "__init__"]
NOT_CORE = {"browser", "testing", "pytest_plugin", "cli"}

SOURCES = {path.relative_to(PACKAGE).as_posix(): path.read_text() for path in PACKAGE.rglob("*.py")}

MOST_TOKENS, MOST_TOKENS_A_LINE = 8_850, 8.5  # 8,000 are the aim
LONGEST_BODY, MEDIAN_BODY = 30, 6

TOP_LEVEL = {
    *("flask_cors", "docs", "examples", "tests", ".ci", ".gitignore", "Makefile", "MANIFEST.in", "LICENSE"),
    *("CHANGELOG.rst", "CONTRIBUTING.rst", "README.rst", "SECURITY.rst", "pyproject.toml", "setup.py"),
}
# What `make` and Python leave in a checkout; only consulted where git cannot tell.
LEFT_BEHIND = re.compile(
    r"\.venv(-ecosystem|-foreign)?|\.tox|build|dist|mutants|_build|__pycache__"
    r"|\..*_cache|\.hypothesis|\.coverage.*|.*\.egg-info"
)
GENERATED = re.compile(r"PKG-INFO|setup\.cfg|[^/]*\.egg-info/.*")

# A directory of one person's machine; and the hosts that packages are fetched from, which concern the installer alone.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b")

# What the next Flask calls with a context as well, and what makes a context: the core needs none of it.
OF_FLASKS_OWN = re.compile(
    r"make_default_options_response|(full_)?dispatch_request|(pre)?process_re\w+|(handle|log)_(user_|http_)?exception"
    r"|finalize_request|do_teardown_\w+|(test_)?(app|request)_(context|ctx)|(App|Request)Context|push|pop_context"
)


# Names and version ---------------------------------------------------------------------------------------------------


def test_the_package_under_test_is_the_one_beside_the_tests() -> None:
    assert Path(flask_cors.__file__).resolve() == PACKAGE / "__init__.py"


def test_a_foreign_package_on_the_path_is_not_the_one_under_test(tmp_path: Path) -> None:
    (tmp_path / "flask_cors").mkdir()
    (tmp_path / "flask_cors" / "__init__.py").write_text("raise ImportError('this is the foreign one')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    name = test_the_package_under_test_is_the_one_beside_the_tests.__name__
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{name}"]
    subprocess.run(test, cwd=ROOT, env=environment, check=True, capture_output=True)
    elsewhere = [sys.executable, "-c", "import flask_cors"]
    outside = subprocess.run(elsewhere, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert "this is the foreign one" in outside.stderr, "the path had no effect, so the rest proves nothing"


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


# The size and shape of the code --------------------------------------------------------------------------------------


def test_the_core_is_these_modules() -> None:
    assert {Path(name).stem for name in SOURCES if "/" not in name} - NOT_CORE == {*CORE}


@pytest.mark.parametrize("module", CORE)
def test_imports_point_one_way_and_a_pure_module_imports_no_framework(module: str) -> None:
    found = {*imports(SOURCES[f"{module}.py"])}
    known = {f".{name}" for name in CORE[: CORE.index(module)]} | {
        ".cli",
        ".cli.advice",
        ".cli.denied",
    }  # where something is wrong
    assert {name for name in found if name.startswith(".")} <= known
    assert module not in PURE or not found & {"flask", "werkzeug", "jinja2", "blinker", "markupsafe"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_calls_no_method_of_flask_that_takes_a_context_and_makes_no_context(module: str) -> None:
    nodes = ast.walk(ast.parse(SOURCES[f"{module}.py"]))
    assert [node.attr for node in nodes if isinstance(node, ast.Attribute) and OF_FLASKS_OWN.fullmatch(node.attr)] == []


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
        elif isinstance(node, ast.ImportFrom) and node.level and not node.module:
            yield from (f".{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            root = (node.module or "").partition(".")
            yield f".{root[0]}" if node.level else f".{root[2]}" if root[0] == "flask_cors" else root[0]


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
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    owners = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented) and ast.get_docstring(node)]
    documentation = {line for owner in owners for line in lines_of(owner.body[0])}
    lines = enumerate(text.splitlines(), 1)
    return sum(number not in documentation and re.match(r"\s*[^\s#]", line) is not None for number, line in lines)


def bodies_of(text: str) -> Iterator[tuple[str, int]]:
    """Yield each function, and the lines of its body, docstring aside."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None and len(node.body) > 1
            yield node.name, lines_of(node).stop - node.body[documented].lineno


def lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def test_size_is_counted_without_comments_docstrings_and_blank_lines() -> None:
    text = '"""A\nmodule."""\n\n# a comment\nx = 1  # code\n\ndef f():\n  """Do."""\n  return (\n    x\n  )\n'
    assert (code_lines(text), tokens(text), [*bodies_of(text)]) == (5, 13, [("f", 3)])


# The files of the project, and what is built of them -----------------------------------------------------------------


def project_files() -> list[str]:
    """List the files that belong to the project: those that git knows or would add, or all that were not made here."""
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in names if name and (ROOT / name).is_file())
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(map(LEFT_BEHIND.fullmatch, path.parts)))


FILES = project_files()


def own(names: set[str]) -> set[str]:
    return {name for name in names if not GENERATED.fullmatch(name)}


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    assert {name.partition("/")[0] for name in own({*FILES})} <= TOP_LEVEL


@table(
    "pattern, planted", ("a directory", MACHINE_PATH, "'/ro" + "ot/.venv'"), ("a registry", REGISTRY, "py" + "pi.org/x")
)
def test_no_file_names(pattern: re.Pattern[str], planted: str) -> None:
    assert pattern.search(planted)
    found = {name: match[0] for name in FILES if (match := pattern.search((ROOT / name).read_text("utf-8", "replace")))}
    assert found == {}


def pins(*names: str) -> set[str]:
    """Read constraint files: the packages with an exact version."""
    lines = "\n".join((ROOT / ".ci" / name).read_text() for name in names).splitlines()
    return {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line and not line.startswith("#")}


def needed(names: list[str]) -> set[str]:
    """Follow the dependencies of what is installed here, whether or not they are themselves installed."""
    found: set[str] = set()
    while names:
        requirement = Requirement(names.pop())
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        try:
            wanted = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        extras = requirement.extras or {""}
        names += [str(r) for r in wanted if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return found


@pytest.mark.parametrize("flask", ["flask.txt", "flask-oldest.txt"])
def test_every_development_dependency_has_an_exact_version(flask: str) -> None:
    lines = [line for path in ROOT.glob("*/requirements.txt") for line in path.read_text().splitlines()]
    required = [line.partition(" #")[0] for line in lines if line and line[0] not in "#-"]
    assert len(required) > 10
    # pip comes with the environment; everything else needs a line in .ci/.
    assert needed(required) - pins("constraints.txt", flask) - {"pip"} == set()


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
    assert own(names) == own({*FILES}) - {".gitignore"}
    with zipfile.ZipFile(built / "flask_cors-1.7.2-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {n for n in names if ".dist-info/" not in n} == {n for n in FILES if n.startswith("flask_cors/")}
    assert {"flask_cors/py.typed", "flask_cors-1.7.2.dist-info/licenses/LICENSE"} <= names
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *built.iterdir()], check=True)


def test_the_installed_wheel_serves_an_app(built: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path)]
    subprocess.run([*pip, *map(str, built.glob("*.whl"))], check=True)
    app = (
        "from flask import Flask; from flask_cors import CORS; import flask_cors\n"
        "app = Flask('app'); CORS(app)\n"
        "print(flask_cors.__file__, app.test_client().get('/').headers['Access-Control-Allow-Origin'])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", app]
    result = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert result.stdout == f"{tmp_path / 'flask_cors/__init__.py'} *\n"
