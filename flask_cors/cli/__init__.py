"""``flask cors``: what an app's configuration means to a browser, on the command line.

``flask cors routes`` shows which policy covers which route, ``flask cors explain`` names the cause where a browser
blocks a call, and the change that mends it, and ``flask cors check`` looks for mistakes in the whole configuration.

==================  ==================================================================================
``commands``        the commands and their options
``question``        what goes in: a URL, a console message (``console``), a copied request (``copied``)
``site``            reading the app; the only module here that touches the extension's state
``ask``             asking the app in this process, or a server
``explain``         one call: its facts (``case``), the table of ``causes``, those of a ``deployment``, the ``notes``
``check``           the table of rules
``routes``          the table of routes
``needs``           what a policy lacks for a call
``writing``         changes of a policy, where each setting is written (``source`` edits the files)
``output``          text and JSON
==================  ==================================================================================
"""

from .commands import cors

__all__ = ["cors"]
