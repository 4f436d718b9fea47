"""The site behind the cache: every policy, on views of every kind. All responses may be stored for an hour."""

import os
from typing import Any, Never

from flask import Flask, Response, abort, request

from flask_cors import CORS, cross_origin
from tests.caches.policies import POLICIES

FORGETS_VARY = "FLASK_CORS_TESTS_FORGETS_VARY"  # plants the mistake that caches punish


def plain() -> str:
    return "plain"


def refused() -> Never:
    abort(403)


def by_language() -> Response:
    return Response(request.headers.get("Accept-Language", "none"), headers={"Vary": "Accept-Language"})


def site(**mistake: Any) -> Flask:
    """Make the site, with a *mistake* among the options of every policy, or without."""
    app = Flask(__name__)
    options = {name: policy.options | mistake for name, policy in POLICIES.items()}
    CORS(app, resources={f"/{name}/": its for name, its in options.items()})
    for name, its in options.items():
        for view in (plain, refused, by_language):
            app.add_url_rule(f"/{name}/{view.__name__}", f"{name} {view.__name__}", view)
        app.add_url_rule(f"/decorated/{name}", f"{name} decorated", cross_origin(**its)(plain))
    app.add_url_rule("/send", "send", lambda: Response(headers=[*request.args.items(multi=True)]))
    app.after_request(storable)
    return app


def storable(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "public, max-age=3600")
    return response


application = site(vary_header=False) if os.environ.get(FORGETS_VARY) else site()
