"""``flask cors``: what an app's configuration means to a browser, on the command line.

``flask cors routes`` shows which policy covers which route, ``flask cors explain`` names the cause where a browser
blocks a call, and the change that corrects it, and ``flask cors check`` looks for mistakes in the whole configuration,
in a deployment, or in what has changed.

==================  ==================================================================================
``commands``        the commands and their options
``question``        what goes in: a URL, a console message (``console``), a copied request (``copied``)
``site``            reading the app; the only module here that touches the extension's state
``ask``             calls of the app in this process, or of a server
``explain``         one call: its facts (``case``), the table of ``causes``, those of a ``deployment``, the ``notes``
``check``           the table of ``rules``, which are modules by topic (``finding``: what each yields)
``ignoring``        comments that silence findings
``readers``         who may read what, before a change and after it
``deployed``        the table of routes, tried at a server; its ``faults``
``against``         the table of routes, compared with how it was
``routes``          the table of routes
``needs``           what a policy lacks for a call
``plan``            what is to change, and the policies that this makes
``starting``        an app that does not start, and the change with which it does
``unbound``         a ``CORS`` that the app never gets
``advice``          what to write instead of a wrong setting; the extension loads it only where one is wrong
``lookalikes``      origins of other owners that a pattern allows too
``writing``         writing a plan, where each setting is written (``source`` edits the files)
``output``          text and JSON
==================  ==================================================================================
"""

from __future__ import annotations

import os

import click


class _CommandsOnDemand(click.Group):
    """A group that loads its commands when one is needed: every other command of ``flask`` loads this package too."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        return ["check", "explain", "routes"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click gives it
        from .commands import COMMANDS

        return COMMANDS.get(cmd_name)


@click.group("cors", cls=_CommandsOnDemand)
@click.pass_context
def cors(context: click.Context) -> None:
    """Show what browsers make of this app's CORS."""
    if os.environ.get("NO_COLOR"):
        context.color = False


__all__ = ["cors"]
