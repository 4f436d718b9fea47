"""The ``playground`` directive: a section for each scenario of the playground, with the picture of what happens.

No browser is needed: the shop of the playground really responds, and the model of a browser makes the call.
``tests/browser/test_playground.py`` compares its steps with those of real browsers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

import examples.playground
from examples.playground.rehearsal import ADDRESSES, draft_of, rehearse
from examples.playground.scenarios import SCENARIOS

PLAYGROUND = Path(examples.playground.__file__).parent
SECTION = """
.. _playground-{id}:

{number}. {name}
{line}

{story}

.. code-block:: python

   {mistake}

.. playground-picture:: {id}

The fix:

.. code-block:: python

   {fix}

{lesson}

Start the playground, and try it: ``{page}/#scenario={id}``
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
    """Draws a scenario."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the call, and draw it."""
        [scenario] = [scenario for scenario in SCENARIOS if scenario["id"] == self.arguments[0]]
        svg = rehearse(scenario)["drawing"]
        for part in ("title", "desc"):
            svg = svg.replace(f"conversation-{part}", f"{scenario['id']}-{part}")  # an id is on a page once
        return [nodes.figure("", nodes.raw("", svg, format="html"), classes=["conversation"])]


def section(scenario: dict[str, Any]) -> str:
    """Write the section of a scenario."""
    title = f"{scenario['number']}. {scenario['name']}"
    policies = {part: draft_of(scenario, part).python or "# no CORS(app)" for part in ("mistake", "fix")}
    texts = {name: scenario[name].replace("`", "``") for name in ("story", "lesson")}
    return SECTION.format(**{**scenario, **texts, **policies}, line="~" * len(title), page=ADDRESSES.page)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the two directives."""
    app.add_directive("playground", Scenarios)
    app.add_directive("playground-picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
