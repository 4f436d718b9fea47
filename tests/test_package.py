"""What the project promises about itself: its names, its version, its shape, and what the built packages hold."""

import ast
import graphlib
import importlib
import os
import re
import runpy
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import flask_cors

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "flask_cors"

# Each may import those before it, and nothing else of the package.
PURE = ["origins", "policy", "resources", "options"]
NOT_CORE = {
    "browser.py",
    "testing.py",
    "pytest_plugin.py",
    "denied.py",
}  # they are no part of deciding and applying a policy

LONGEST_FUNCTION = 30
LARGEST_CORE = 1040

TOP_LEVEL = {
    *("flask_cors", "docs", "examples", "tests", ".ci", ".gitignore", "Makefile", "MANIFEST.in", "LICENSE"),
    *("CHANGELOG.rst", "README.rst", "SECURITY.rst", "pyproject.toml", "setup.py"),
}
# What `make` and Python leave in a checkout; only consulted where git cannot tell.
LEFT_BEHIND = re.compile(
    r"\.venv(-ecosystem|-foreign)?|\.tox|build|dist|_build|__pycache__|\..*_cache|\.hypothesis|\.coverage.*|.*\.egg-info"
)
GENERATED = re.compile(r"PKG-INFO|setup\.cfg|[^/]*\.egg-info/.*")

# A directory of one person's machine; and the hosts that packages are fetched from, which are the installer's affair.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work)/[\w.-]")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b")


# The package under test ----------------------------------------------------------------------------------------------


def test_the_package_under_test_is_the_one_beside_the_tests() -> None:
    assert Path(flask_cors.__file__).resolve() == PACKAGE / "__init__.py"


@pytest.mark.parametrize("name", ["", ".browser", ".testing"])
def test_every_name_that_is_exported_is_there(name: str) -> None:
    module = importlib.import_module(f"flask_cors{name}")
    assert [exported for exported in module.__all__ if not hasattr(module, exported)] == []


def test_a_foreign_package_on_the_path_is_not_the_one_under_test(tmp_path: Path) -> None:
    foreign = tmp_path / "flask_cors"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise ImportError('this is the foreign one')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    name = test_the_package_under_test_is_the_one_beside_the_tests.__name__
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{name}"]
    subprocess.run(test, cwd=ROOT, env=environment, check=True, capture_output=True)

    elsewhere = [sys.executable, "-c", "import flask_cors"]
    outside = subprocess.run(elsewhere, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert "this is the foreign one" in outside.stderr, "the path had no effect, so the rest proves nothing"


def test_the_public_names_are_these() -> None:
    assert sorted(flask_cors.__all__) == [
        "ACL_CREDENTIALS",
        "ACL_EXPOSE_HEADERS",
        "ACL_HEADERS",
        "ACL_MAX_AGE",
        "ACL_METHODS",
        "ACL_ORIGIN",
        "CORS",
        "CORSWarning",
        "__version__",
        "cross_origin",
    ]
    assert all(hasattr(flask_cors, name) for name in flask_cors.__all__)


# One version ---------------------------------------------------------------------------------------------------------


def test_the_version_is_1_7_2_wherever_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())  # the manual's configuration adds to it
    manual = runpy.run_path(str(ROOT / "docs/conf.py"))

    assert flask_cors.__version__ == "1.7.2"
    assert metadata.version("Flask-Cors") == flask_cors.__version__
    assert newest_release((ROOT / "CHANGELOG.rst").read_text()) == flask_cors.__version__
    assert (manual["version"], manual["release"]) == (flask_cors.__version__, flask_cors.__version__)


def newest_release(changelog: str) -> str:
    found = re.search(r"^(\S+).*\n-+$", changelog, re.MULTILINE)
    assert found is not None, "the changelog has no release"
    return found[1]


def test_the_newest_release_is_the_first_of_the_changelog() -> None:
    assert newest_release("Changelog\n=========\n\n2.0 - some day\n--------------\n\n1.0\n---\n") == "2.0"


# The shape of the code -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PURE)
def test_a_module_that_decides_knows_no_framework(name: str) -> None:
    assert not {"flask", "werkzeug"} & set(imports((PACKAGE / f"{name}.py").read_text()))


@pytest.mark.parametrize("name", PURE)
def test_a_module_that_decides_imports_only_those_before_it(name: str) -> None:
    before = {f".{module}" for module in PURE[: PURE.index(name)]}
    of_the_package = {module for module in imports((PACKAGE / f"{name}.py").read_text()) if module.startswith(".")}
    assert of_the_package <= before


def test_the_imports_of_the_package_go_in_no_circle() -> None:
    assert len(in_order({path.stem: path.read_text() for path in PACKAGE.glob("*.py")})) >= len(PURE)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in sorted(PACKAGE.glob("*.py"))])
def test_no_function_is_too_long_to_be_seen_at_once(path: Path) -> None:
    assert too_long(path.read_text()) == []


def test_the_core_of_the_package_fits_a_sitting() -> None:
    sizes = {path.name: code_lines(path.read_text()) for path in PACKAGE.glob("*.py") if path.name not in NOT_CORE}
    assert sum(sizes.values()) <= LARGEST_CORE, sizes


def imports(source: str) -> Iterator[str]:
    """Yield what a module imports, wherever it does: ``flask`` for a package, ``.policy`` for a module of this one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level and not node.module:
            yield from (f".{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            root = (node.module or "").partition(".")
            yield f".{root[0]}" if node.level else f".{root[2]}" if root[0] == "flask_cors" else root[0]


def in_order(sources: dict[str, str]) -> list[str]:
    """Sort modules so that each comes after those that it imports; a circle is an error."""
    graph = {name: {module[1:] for module in imports(text) if module[0] == "."} for name, text in sources.items()}
    return list(graphlib.TopologicalSorter(graph).static_order())


def is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is a text alone: what describes a module, class, function, or the field above it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def too_long(source: str) -> list[str]:
    """Name the functions with too long a body, docstring aside."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [function.name for function in functions if body_lines(function) > LONGEST_FUNCTION]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from the first statement to the last."""
    statements = [statement for statement in function.body if not is_docstring(statement)]
    return lines_of(statements[-1]).stop - statements[0].lineno if statements else 0


def lines_of(statement: ast.stmt) -> range:
    """Return the lines that a statement takes."""
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def code_lines(source: str) -> int:
    """Count the lines that hold code: not blank, no comment, no docstring."""
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    documentation = {line for s in filter(is_docstring, statements) for line in lines_of(s)}
    lines = enumerate(source.splitlines(), 1)
    return sum(number not in documentation and re.match(r"\s*[^\s#]", line) is not None for number, line in lines)


@pytest.mark.parametrize(
    "source",
    [
        "import flask",
        "import flask.views",
        "from flask import request",
        "from flask.views import View",
        "def late():\n    from flask import request",
    ],
)
def test_an_import_of_the_framework_is_found_wherever_it_is(source: str) -> None:
    assert list(imports(source)) == ["flask"]


@pytest.mark.parametrize("source", ["from .a import x", "from . import a", "from flask_cors.a import x"])
def test_an_import_within_the_package_is_found_however_it_is_written(source: str) -> None:
    assert list(imports(source)) == [".a"]


def test_a_circle_of_imports_is_found() -> None:
    with pytest.raises(graphlib.CycleError):
        in_order({"a": "from .b import x", "b": "from . import c", "c": "def late():\n    from .a import y"})


def test_a_function_with_a_line_too_many_is_found_and_its_docstring_is_free() -> None:
    header = 'async def f():\n    """Say it\n    at length."""\n'
    assert too_long(header + "    x = 1\n" * LONGEST_FUNCTION) == []
    assert too_long(header + "    x = 1\n" * (LONGEST_FUNCTION + 1)) == ["f"]


def test_comments_docstrings_and_blank_lines_are_no_code() -> None:
    source = """
        '''A
        module.'''

        # a comment
        x = 1  # code, with a comment behind
        '''A field's meaning.'''

        def f():
            '''Do.'''
            return x
        """
    assert code_lines(textwrap.dedent(source)) == 3


# The files of the project --------------------------------------------------------------------------------------------


def project_files() -> list[str]:
    """List the files that belong to the project: those that git knows or would add, or all that were not made here."""
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in names if name and (ROOT / name).is_file())
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(map(LEFT_BEHIND.fullmatch, path.parts)))


FILES = project_files()


def test_nothing_lies_at_the_top_that_does_not_belong_there() -> None:
    assert {name.partition("/")[0] for name in FILES if not GENERATED.fullmatch(name)} <= TOP_LEVEL


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["a machine's directory", "a package registry"])
def test_no_file_names(pattern: re.Pattern[str]) -> None:
    found = {name: match[0] for name in FILES if (match := pattern.search((ROOT / name).read_text("utf-8", "replace")))}
    assert found == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param(MACHINE_PATH, "see /ho" + "me/ann/flask", id="a home directory"),
        pytest.param(MACHINE_PATH, "'/ro" + "ot/.venv'", id="the home directory of root"),
        pytest.param(REGISTRY, "https://py" + "pi.org/simple", id="a package index"),
    ],
)
def test_what_no_file_may_name_is_found(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def pins(*names: str) -> dict[str, str]:
    """Read constraint files: the exact version of each package."""
    lines = "\n".join((ROOT / ".ci" / name).read_text() for name in names).splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def needed(names: list[str]) -> set[str]:
    """Follow the dependencies of what is installed here, whether or not they are themselves installed."""
    found: set[str] = set()
    while names:
        requirement = Requirement(names.pop())
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        extras = requirement.extras or {""}
        try:
            wanted = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue
        names += [str(r) for r in wanted if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return found


@pytest.mark.parametrize("flask", ["flask.txt", "flask-oldest.txt"])
def test_every_development_dependency_has_an_exact_version(flask: str) -> None:
    lines = [line for path in ROOT.glob("*/requirements.txt") for line in path.read_text().splitlines()]
    asked = [line.partition(" #")[0] for line in lines if line and line[0] not in "#-"]
    assert len(asked) > 10
    unpinned = needed(asked) - set(pins("constraints.txt", flask))
    assert unpinned - {"pip"} == set(), "pip comes with the environment; everything else needs a line in .ci/"


# What is built -------------------------------------------------------------------------------------------------------


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


def test_the_sdist_holds_every_file_of_the_project(built: Path) -> None:
    with tarfile.open(built / "flask_cors-1.7.2.tar.gz") as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}
    assert drop_generated(names) == drop_generated(set(FILES)) - {".gitignore"}


def drop_generated(names: set[str]) -> set[str]:
    return {name for name in names if not GENERATED.fullmatch(name)}


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built / "flask_cors-1.7.2-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {n for n in names if ".dist-info/" not in n} == {n for n in FILES if n.startswith("flask_cors/")}
    assert {"flask_cors/py.typed", "flask_cors-1.7.2.dist-info/licenses/LICENSE"} <= names


def test_an_index_would_accept_both(built: Path) -> None:
    twine = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built.iterdir())]
    result = subprocess.run(twine, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


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
