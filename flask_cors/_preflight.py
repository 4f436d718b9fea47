"""Preflights: which of them are answered before anything else can, and by which policy."""

from __future__ import annotations

from flask import Flask, Request
from flask.views import MethodView, View
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter, Rule

from ._bridge import find_policy, read
from ._coverage import Policies, adapter_of
from .policy import Policy

ANSWERS_OPTIONS = "cors_answers_options"  # the attribute of a decorated view whose wrapper answers OPTIONS


def answered_by(app: Flask, policies: Policies, asked: Request) -> Policy | None:
    """The policy that answers this request before a login, a redirect, a 404 or a 405 can.

    ``None`` lets Flask go its usual way: this is no preflight, or it is not to be answered for the view.
    """
    if not read(asked).is_preflight:
        return None
    adapter = adapter_of(app, asked)
    if adapter is not None and _some_declare_options(app, policies) and _leads_to_such(app, adapter):
        return None
    policy = find_policy(app, policies, asked, adapter)
    return policy if policy is not None and policy.automatic_options else None


def _some_declare_options(app: Flask, policies: Policies) -> bool:
    """Whether any route does. Few apps have one; in the others a preflight has one route less to look up."""
    count = len(app.view_functions)
    if policies.declared[0] != count:
        policies.declared = count, any(_declares_options(app, rule) for rule in app.url_map.iter_rules())
    return policies.declared[1]


def _leads_to_such(app: Flask, adapter: MapAdapter) -> bool:
    try:
        return _declares_options(app, adapter.match(return_rule=True)[0])
    except HTTPException:
        return False


def _declares_options(app: Flask, rule: Rule) -> bool:
    """Whether a rule leads ``OPTIONS`` to a view whose author has written it for that."""
    if getattr(rule, "provide_automatic_options", False) or "OPTIONS" not in (rule.methods or ()):
        return False
    view = app.view_functions.get(rule.endpoint)
    return not getattr(view, ANSWERS_OPTIONS, False) or class_has_options(view)


def class_has_options(view: object) -> bool:
    """Whether a view is a class with a method for ``OPTIONS``."""
    view_class = getattr(view, "view_class", View)
    return issubclass(view_class, MethodView) and hasattr(view_class, "options")
