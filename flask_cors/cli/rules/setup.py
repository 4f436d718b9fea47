"""Rules about the app as a whole: what its set-up lacks, or cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..finding import EXAMPLE, Finding
from ..site import Site
from ..writing import Writer


def wrong_options(site: Site) -> Iterator[Finding]:
    """Options that are wrong together: then no origin is allowed."""
    for layer, error in site.errors:
        yield Finding("wrong-options", "error", error, layer.place if layer else None)


def misspelt_key(site: Site) -> Iterator[Finding]:
    """Keys of the config that resemble a setting, and are none."""
    for text in site.misspelt_keys():
        [wrong, right] = re.findall(r"'(CORS_\w+)'", text)
        writer = Writer(site)
        writer.rename_key(wrong, right)
        yield Finding("misspelt-key", "error", f"{text[0].upper()}{text[1:]}", fix=writer.fix(f"Write {right!r}."))


def no_cors(site: Site) -> Iterator[Finding]:
    """An app that has neither ``CORS`` nor a decorator."""
    if not site.layers and not any(item.is_decorated for item in site.routes):
        writer = Writer(site)
        writer.add_cors({"origins": (EXAMPLE,)})
        text = "The app has neither CORS nor @cross_origin: pages of other origins can read nothing."
        yield Finding("no-cors", "warning", text, fix=writer.fix())


def decorators_alone(site: Site) -> Iterator[Finding]:
    """Decorators without ``CORS`` on an app that has functions before a request."""
    routes = tuple(item.rule.rule for item in site.routes if item.is_decorated)
    if routes and not site.is_installed and any(site.app.before_request_funcs.values()):
        writer = Writer(site)
        writer.add_cors({"resources": ()})
        text = (
            "Without CORS on the app, the functions of before_request meet the preflights of decorated views first, "
            "and may refuse them."
        )
        yield Finding("decorators-alone", "warning", text, None, routes, writer.fix())
