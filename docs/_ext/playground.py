"""The ``playground`` directive: a section for each scenario of the playground, with the picture of what happens.

No browser is needed: the shop of the playground really responds, and the model of a browser makes the call.
``tests/browser/test_playground.py`` compares its steps with those of real browsers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import examples.playground
from examples.playground.rehearsal import ADDRESSES, Part, draft_of, rehearse
from examples.playground.scenarios import SCENARIOS

PLAYGROUND = Path(examples.playground.__file__).parent
SECTION = """
.. _playground-{id}:

{number}. {name}
{line}

{parts}
The fix:

.. code-block:: python

   {fix}

{lesson}

Start the playground, and try it: ``{page}/#scenario={id}``
"""
PART = """{story}

.. code-block:: python

   {python}

.. playground-picture:: {id} {part}
"""


class Scenarios(SphinxDirective):
    """Writes a section for each scenario."""

    def run(self) -> list[nodes.Node]:
        """Parse the sections as if they were on the page."""
        for path in [Path(__file__), *PLAYGROUND.glob("*.py")]:
            self.env.note_dependency(str(path))
        lines = [line for scenario in SCENARIOS for line in section(scenario).split("\n")]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Picture(SphinxDirective):
    """Draws a part of a scenario."""

    required_arguments = 2
    arguments: list[Any]

    def run(self) -> list[nodes.Node]:
        """Make the call, and draw it."""
        name, part = self.arguments
        [scenario] = [scenario for scenario in SCENARIOS if scenario["id"] == name]
        svg = rehearse(scenario, part)["drawing"]
        for element in ("title", "desc"):
            svg = svg.replace(f"conversation-{element}", f"{name}-{part}-{element}")  # an id is on a page once
        return [nodes.figure("", nodes.raw("", svg, format="html"), classes=["conversation"])]


def section(scenario: Any) -> str:
    """Write the section of a scenario."""
    title = f"{scenario['number']}. {scenario['name']}"
    return SECTION.format(
        id=scenario["id"],
        number=scenario["number"],
        name=scenario["name"],
        line="~" * len(title),
        parts="\n".join(write_part(scenario, part, story) for part, story in stories(scenario)),
        fix=draft_of(scenario, "fix").python,
        lesson=as_rst(scenario["lesson"]),
        page=ADDRESSES.page,
    )


def stories(scenario: Any) -> Iterator[tuple[Part, str]]:
    """Yield the parts that are drawn, with their stories."""
    yield "mistake", scenario["story"]
    if scenario["more"]:
        yield "more", scenario["more"]["story"]


def write_part(scenario: Any, part: Part, story: str) -> str:
    """Write a part: its story, the policy, and the picture."""
    python = draft_of(scenario, part).python or "# no CORS(app)"
    return PART.format(story=as_rst(story), python=python, id=scenario["id"], part=part)


def as_rst(text: str) -> str:
    """Write code between double backticks."""
    return text.replace("`", "``")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the two directives."""
    app.add_directive("playground", Scenarios)
    app.add_directive("playground-picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
