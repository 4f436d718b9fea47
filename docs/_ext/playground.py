"""The ``playground`` directive: a section for each scenario of the playground, with the picture of what happens.

No browser is needed: the shop of the playground really responds, and the model of a browser makes the call.
``tests/browser/test_playground.py`` compares its steps with those of real browsers.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from examples.playground.rehearsal import ADDRESSES, draft_of, rehearse
from examples.playground.scenarios import SCENARIOS

SECTION = """
.. _playground-{id}:

{number}. {name}
{line}

{story}

.. code-block:: python

   {mistake}

.. code-block:: javascript

   {call}

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
        lines = [line for scenario in SCENARIOS for line in section(scenario).split("\n")]
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class Picture(SphinxDirective):
    """Draws a scenario."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the call, and draw it."""
        [scenario] = [scenario for scenario in SCENARIOS if scenario["id"] == self.arguments[0]]
        svg = rehearse(scenario)["drawing"].replace("conversation-", f"{scenario['id']}-")
        return [nodes.figure("", nodes.raw("", svg, format="html"), classes=["conversation"])]


def section(scenario: dict[str, Any]) -> str:
    """Write the section of a scenario."""
    title = f"{scenario['number']}. {scenario['name']}"
    mistake, fix = (draft_of(scenario, part) for part in ("mistake", "fix"))
    texts = {name: ADDRESSES.fill(scenario[name]) for name in ("story", "lesson")}
    given = {**scenario, **texts, "line": "~" * len(title), "page": ADDRESSES.page}
    return SECTION.format(**given, mistake=mistake.python or "# no CORS(app)", fix=fix.python, call="")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the two directives."""
    app.add_directive("playground", Scenarios)
    app.add_directive("playground-picture", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
