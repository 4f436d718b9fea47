"""Rules about the app as a whole: what its set-up lacks, or cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..finding import EXAMPLE, Finding
from ..site import Place, Site
from ..writing import Fix, Writer
from .logins import needs_of_views
from .placement import decorator_above_route


def wrong_options(site: Site) -> Iterator[Finding]:
    """Options that are wrong together: then no origin is allowed."""
    for layer, error in site.errors:
        key = re.search(r"CORS_([A-Z_]+)", error)
        place = Writer(site).config_place(key[1].lower()) if key else None
        yield Finding("wrong-options", "error", error, layer.place if layer else place)


def misspelt_key(site: Site) -> Iterator[Finding]:
    """Keys of the config that resemble a setting, and are not one."""
    for text in site.misspelt_keys():
        [wrong, right] = re.findall(r"'(CORS_\w+)'", text)
        writer = Writer(site)
        writer.rename_key(wrong, right)
        place = writer.config_place(wrong.removeprefix("CORS_").lower())
        text = f"{text[0].upper()}{text[1:]}"
        fix = writer.fix(f"Write {right!r}.")
        if writer.plan.is_contradictory:
            fix = Fix(text=f"Write {right!r}, and list the origins that may read: with credentials, not all may.")
        yield Finding("misspelt-key", "error", text, place, fix=fix)


def no_cors(site: Site) -> Iterator[Finding]:
    """An app that has neither ``CORS`` nor a decorator."""
    has_none = not site.layers and not any(item.is_decorated for item in site.routes)
    if has_none and not any(decorator_above_route(site)):
        writer = Writer(site)
        writer.add_cors({"origins": (EXAMPLE,), **needs_of_views(site)})
        text = "The app has neither CORS nor @cross_origin: pages of other origins can read nothing."
        fix = writer.fix(f"In place of {EXAMPLE}, write the origin of your pages.")
        yield Finding("no-cors", "warning", text, _made_at(site), fix=fix)


def decorators_alone(site: Site) -> Iterator[Finding]:
    """Decorators without ``CORS`` on an app that has functions before a request."""
    routes = tuple(dict.fromkeys(item.rule.rule for item in site.routes if item.is_decorated))
    if routes and not site.is_installed and any(site.app.before_request_funcs.values()):
        writer = Writer(site)
        writer.add_cors({"resources": ()})
        text = (
            "Without CORS on the app, the functions of before_request get the preflights of decorated views first, "
            "and may deny them."
        )
        yield Finding("decorators-alone", "warning", text, _made_at(site), routes, writer.fix())


def _made_at(site: Site) -> Place | None:
    made = site.made_at()
    return Place(made[0].file, made[1].lineno) if made else None
