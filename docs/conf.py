"""Build the manual of the flask_cors beside this directory, and of no other.

Nothing is fetched at build time: the few names of Flask and Python that the signatures mention are linked through
`EXTERNAL`, a table of exact names, so that a misspelt one is still a broken reference.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints, is_typeddict

from sphinx.util.typing import stringify_annotation

if TYPE_CHECKING:
    from docutils.nodes import Element, TextElement
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "docs" / "_ext")]

import flask_cors  # noqa: E402 - only importable after the line above

if Path(flask_cors.__file__).resolve().parent != CHECKOUT / "flask_cors":
    raise RuntimeError(f"the manual would describe {flask_cors.__file__}, not the package in {CHECKOUT}")

project = "Flask-Cors"
author = "the Flask-Cors contributors"
project_copyright = author
version = release = flask_cors.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.extlinks", "sphinx_copybutton", "notfound.extension"]
extensions += ["conversation", "highlighting", "playground"]
exclude_patterns = ["_build"]
nitpicky = True
smartquotes = False  # a message or an option is found by pasting it: quotes stay straight, and -- stays --

extlinks = {"fetch": ("https://fetch.spec.whatwg.org/#%s", "Fetch #%s")}
extlinks_detect_hardcoded_links = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_display_short_literal_types = True

html_theme = "furo"
html_title = f"{project} Documentation, Release {release}"
html_short_title = f"{project} {release}"
html_copy_source = False
html_domain_indices = False  # the index has all names
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}
html_static_path = ["_static"]
html_css_files = ["manual.css"]
templates_path = ["_templates"]
notfound_urls_prefix = "/"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_copy_empty_lines = False  # those of the output
copybutton_line_continuation_character = "\\"
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"

FLASK = "https://flask.palletsprojects.com/en/stable/api/#"
PYTHON = "https://docs.python.org/3/library/"
EXTERNAL = {
    "flask.Flask": f"{FLASK}flask.Flask",
    "flask.app.Flask": f"{FLASK}flask.Flask",
    "flask.Blueprint": f"{FLASK}flask.Blueprint",
    "flask.blueprints.Blueprint": f"{FLASK}flask.Blueprint",
    "flask.testing.FlaskClient": f"{FLASK}flask.testing.FlaskClient",
    "collections.abc.Callable": f"{PYTHON}collections.abc.html#collections.abc.Callable",
    "collections.abc.Iterable": f"{PYTHON}collections.abc.html#collections.abc.Iterable",
    "collections.abc.Mapping": f"{PYTHON}collections.abc.html#collections.abc.Mapping",
    "datetime.timedelta": f"{PYTHON}datetime.html#datetime.timedelta",
    "re.Pattern": f"{PYTHON}re.html#re.Pattern",
    "typing.Unpack": f"{PYTHON}typing.html#typing.Unpack",
    "UserWarning": f"{PYTHON}exceptions.html#UserWarning",
    "Exception": f"{PYTHON}exceptions.html#Exception",
    "RuntimeError": f"{PYTHON}exceptions.html#RuntimeError",
    "TypeError": f"{PYTHON}exceptions.html#TypeError",
    "ValueError": f"{PYTHON}exceptions.html#ValueError",
    "str": f"{PYTHON}stdtypes.html#str",
    "bool": f"{PYTHON}functions.html#bool",
    "int": f"{PYTHON}functions.html#int",
    "None": f"{PYTHON}constants.html#None",
}

# The side bar is longer than a screen where the how-to guides are open.
SHOW_CURRENT_PAGE = """addEventListener("load", () => {
  document.querySelector(".sidebar-tree .current-page > a")?.scrollIntoView({block: "nearest", behavior: "instant"});
});"""
ATTRIBUTE = re.compile(r"\.\. attribute:: (?P<name>\w+)")
FACT = re.compile(r"(?P<indent> +)(?P<fact>Default|Header|Example|Danger):")


def link_external(app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: TextElement) -> Element | None:
    """Link a name of Flask or Python to its own manual; leave every other missing name a broken reference."""
    from docutils import nodes

    uri = EXTERNAL.get(node["reftarget"])
    if node["refdomain"] != "py" or uri is None:
        return None
    return nodes.reference("", "", contnode, internal=False, refuri=uri)


def present_options(app: Sphinx, what: str, name: str, obj: Any, options: object, lines: list[str]) -> None:
    """Show what a TypedDict's docstring says of each option with its facts in bold, and its type among them."""
    if not is_typeddict(obj):
        return
    types = {option: stringify_annotation(hint) for option, hint in get_type_hints(obj).items()}
    option = ""
    for number, line in enumerate(lines):
        if found := ATTRIBUTE.match(line):
            option = found["name"]
        if found := FACT.match(line):
            lines[number] = f"{found['indent']}**{found['fact']}:**{line[found.end() :]}"
        if found and found["fact"] == "Default":
            shown = types[option].replace("collections.abc.", "")
            lines[number] = f"{found['indent']}**Type:** ``{shown}``\n\n{lines[number]}"
    lines[:] = "\n".join(lines).split("\n")


def setup(app: Sphinx) -> None:
    """Register what the two functions and the script above add, and the directive of a config key."""
    app.connect("missing-reference", link_external)
    app.connect("autodoc-process-docstring", present_options)
    app.add_js_file(None, body=SHOW_CURRENT_PAGE)
    app.add_object_type("config-key", "config-key", "single: %s (config key)")
