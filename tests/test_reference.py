"""The manual is complete and builds: every option is in the types, the reference, the config keys and the tests.

What is looked for are functions of plain texts, so that each is shown a text that lacks something, too.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import flask_cors
from flask_cors import CORS, cross_origin

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

#: The options of the manual of 1.7.2, which are all that the project promised to begin with.
PROMISED = frozenset(
    {
        "origins",
        "methods",
        "headers",
        "expose_headers",
        "supports_credentials",
        "max_age",
        "send_wildcard",
        "always_send",
        "automatic_options",
        "vary_header",
        "resources",
    }
)
#: What programs written for later releases give: the manual says so where it speaks of moving from those.
LATER = frozenset({"allow_headers", "intercept_exceptions"})
FACTS = ("Type", "Default", "Header", "Example", "Danger")

Options = frozenset[str]


# Where options are found


def in_signature(function: Callable[..., Any]) -> Options:
    [options] = get_args(get_type_hints(function)["options"])
    return frozenset(get_type_hints(options))


def as_keys(page: str) -> Options:
    """Find the config keys that a page describes with their default and an example."""
    entries = re.findall(r"^\.\. py:data:: CORS_(\w+)\n((?:(?: .*)?\n)*)", page, re.MULTILINE)
    complete = (key for key, text in entries if "Default: " in text and f'.config["CORS_{key}"] = ' in text)
    return frozenset(key.lower() for key in complete)


def described(html: str) -> Mapping[str, str]:
    """Find the options that a built page describes, each with its text."""
    _, *entries = re.split(r'<dt class="sig sig-object py" id="flask_cors\.options\.(?:CORS)?Options\.', html)
    return {entry.partition('"')[0]: re.sub(r"<[^>]*>", "", entry.partition(">")[2]) for entry in entries}


def with_facts(html: str) -> Options:
    """Find the options of which a built page says all that a reader looks for."""
    texts = described(html)
    return frozenset(name for name in texts if all(re.search(rf"{fact}:\s+\S", texts[name]) for fact in FACTS))


def on_the_wire(page: str) -> Options:
    """Find the options that have a section of a page with an app that is given them, and its answer."""
    _, *parts = re.split(r"^(\w+)\n-+\n", page, flags=re.MULTILINE)
    sections = zip(parts[::2], parts[1::2], strict=True)
    answered = ((name, text) for name, text in sections if "\n   HTTP/1.1 " in text)
    return frozenset(name for name, text in answered if re.search(rf"CORS\(app, .*\b{name}=", text))


def mentioned(names: Iterable[str], texts: Iterable[str]) -> Options:
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(name for name in names if name in words)


def gaps(places: Mapping[str, Options], known: Options = PROMISED) -> list[str]:
    """Say which option is missing where; an option is whatever is promised, or found in any of the places."""
    everything = known.union(*places.values()) - LATER
    return sorted(f"{name} is missing from {place}" for place in places for name in everything - places[place])


# Whether any is missing


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the manual as ``make docs`` does."""
    target = tmp_path_factory.mktemp("html")
    done = sphinx(DOCS, target)
    assert done.returncode == 0, done.stderr
    return target


def sphinx(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("furo", reason="the manual is built where its theme is installed: .ci/requirements.txt")
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-b", "html"]
    places = ["-c", DOCS, "-d", target / ".doctrees", source, target]
    return subprocess.run([*command, *map(str, places)], capture_output=True, text=True, check=False)


def test_no_option_is_missing_from_signature_reference_config_keys_and_tests(built: Path) -> None:
    tests = (path.read_text() for path in ROOT.glob("tests/test_*.py") if path != Path(__file__))
    places = {
        "the signature of CORS": in_signature(CORS.__init__),
        "the signature of init_app": in_signature(CORS.init_app),
        "the signature of cross_origin": in_signature(cross_origin) | {"resources"},
        "docs/reference/options.rst": with_facts((built / "reference" / "options.html").read_text()),
        "docs/reference/config.rst": as_keys((DOCS / "reference" / "config.rst").read_text()),
        "docs/reference/on-the-wire.rst": on_the_wire((DOCS / "reference" / "on-the-wire.rst").read_text()),
    }
    places["the tests"] = mentioned(PROMISED.union(*places.values()), tests)
    assert gaps(places) == []


def test_the_names_of_later_releases_are_taken_and_explained() -> None:
    assert in_signature(CORS.__init__) >= LATER
    assert as_keys((DOCS / "reference" / "config.rst").read_text()) >= LATER
    assert mentioned(LATER, [(DOCS / "how-to" / "migrate.rst").read_text()]) == LATER


def test_resources_is_for_cors_alone() -> None:
    assert in_signature(CORS.__init__) - in_signature(cross_origin) == {"resources"}


# Whether a missing one is noticed


def test_an_option_that_one_place_lacks_is_reported() -> None:
    places = {"the signature": PROMISED, "the reference": PROMISED - {"max_age"}}
    assert gaps(places) == ["max_age is missing from the reference"]


def test_an_option_that_one_place_adds_is_reported_for_the_others() -> None:
    places = {"the signature": PROMISED | {"allow_cookies"}, "the reference": PROMISED}
    assert gaps(places) == ["allow_cookies is missing from the reference"]


def test_an_option_that_all_places_lack_is_reported() -> None:
    assert gaps({"the signature": PROMISED - {"origins"}}) == ["origins is missing from the signature"]


def test_an_option_is_not_mentioned_by_a_longer_word() -> None:
    assert mentioned(["headers", "max_age"], ["expose_headers", "CORS(max_age=1)"]) == {"max_age"}


CONFIG_PAGE = """\
.. py:data:: CORS_MAX_AGE

   How long.

   Default: not given.

   .. code-block:: python

      app.config["CORS_MAX_AGE"] = 600

Prose.
"""


def test_a_config_key_is_described_with_default_and_example() -> None:
    assert as_keys(CONFIG_PAGE) == {"max_age"}


@pytest.mark.parametrize("lacking", ["py:data:: ", "Default: ", '.config["CORS_MAX_AGE"]'])
def test_a_config_key_without_one_of_them_is_missing(lacking: str) -> None:
    assert as_keys(CONFIG_PAGE.replace(lacking, "")) == frozenset()


@pytest.mark.parametrize("fact", FACTS)
def test_an_option_without_one_of_its_facts_is_missing(fact: str, built: Path) -> None:
    html = (built / "reference" / "options.html").read_text()
    entry = html.index('id="flask_cors.options.Options.headers"')
    assert with_facts(html) - with_facts(html[:entry] + html[entry:].replace(f"{fact}:", "", 1)) == {"headers"}


WIRE_PAGE = """\
max_age
-------

.. code-block:: python

   CORS(app, max_age=600)

.. code-block:: console

   $ http GET http://127.0.0.1:5000/
   HTTP/1.1 200 OK
"""


def test_an_option_is_shown_on_the_wire_by_an_app_and_its_answer() -> None:
    assert on_the_wire(WIRE_PAGE) == {"max_age"}


@pytest.mark.parametrize("lacking", ["-------\n", "max_age=600", "HTTP/1.1 200 OK"])
def test_an_option_without_one_of_them_is_not_shown(lacking: str) -> None:
    assert on_the_wire(WIRE_PAGE.replace(lacking, "")) == frozenset()


# The build


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("See :class:`flask.Flask`.", 0, id="a reference that resolves"),
        pytest.param("See :class:`flask.Flasque`.", 1, id="a misspelt name of Flask"),
        pytest.param("See :doc:`nowhere`.", 1, id="a page that does not exist"),
        pytest.param("See :py:data:`CORS_ORIGIN`.", 1, id="a config key that does not exist"),
    ],
)
def test_a_broken_reference_turns_the_build_red(text: str, code: int, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.rst").write_text(f"A page\n======\n\n{text}\n")
    done = sphinx(source, tmp_path / "html")
    assert done.returncode == code, done.stderr
    assert ("WARNING" in done.stderr) == bool(code)


def test_the_manual_has_the_title_of_the_release(built: Path) -> None:
    title = f"Flask-Cors Documentation, Release {flask_cors.__version__}"
    front = (built / "index.html").read_text()
    assert f"<title>{title}</title>" in front
    assert f"<h1>{title}<a" in front


def test_the_manual_of_another_flask_cors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flask_cors.py").write_text("__version__ = '6.0.5'\n")
    program = "import flask_cors, runpy, sys; runpy.run_path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, DOCS / "conf.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "RuntimeError: the manual would describe" in done.stderr


# Nothing is loaded from elsewhere


class Loaded(HTMLParser):
    """Collect what a browser fetches by itself to show a page: not what it follows when a reader clicks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fetched = {"src", "srcset", "data", "poster"} | ({"href"} if tag in {"link", "image", "use"} else set())
        self.addresses += [value for name, value in attrs if name in fetched and value]


def remote(path: Path) -> list[str]:
    """List what the browser would fetch from another server to show a file."""
    text = path.read_text()
    in_styles = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", text)
    addresses = in_styles + (Loaded(text).addresses if path.suffix == ".html" else [])
    return [f"{path.name}: {address}" for address in addresses if re.match(r"(https?:)?//", address)]


def test_no_page_loads_anything_from_elsewhere(built: Path) -> None:
    files = [path for path in built.rglob("*") if path.suffix in {".html", ".css"}]
    assert len(files) > len(list(DOCS.rglob("*.rst")))
    assert [found for path in files for found in remote(path)] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("page.html", '<script src="https://cdn.example/a.js"></script>', id="script"),
        pytest.param("page.html", '<link rel="stylesheet" href="//cdn.example/a.css">', id="style"),
        pytest.param("page.html", '<img src="http://cdn.example/a.png">', id="image"),
        pytest.param("page.html", "<style>@import 'https://cdn.example/a.css';</style>", id="import"),
        pytest.param("style.css", '@font-face { src: url("https://cdn.example/a.woff2"); }', id="font"),
    ],
)
def test_what_would_be_loaded_from_elsewhere_is_noticed(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert len(remote(tmp_path / name)) == 1


def test_a_link_to_elsewhere_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a href="https://fetch.spec.whatwg.org/">Fetch</a>')
    assert remote(tmp_path / "page.html") == []
