"""Conversations between a page, its browser and servers, drawn as SVG.

``drawing`` makes the picture. ``directive`` is for the manual: it makes the calls, and draws them where a page has
``.. conversation::``. The drawing does not need Sphinx, so the playground in ``examples`` draws with it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    from .directive import set_up

    return set_up(app)
