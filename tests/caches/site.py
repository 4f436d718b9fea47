"""The site behind the cache: every kind of policy, on views of every kind. All responses may be stored for an hour."""

import os
import re
from typing import Any, Never

from flask import Flask, Response, abort, request

from flask_cors import CORS, cross_origin

FORGETS_VARY = "FLASK_CORS_TESTS_FORGETS_VARY"  # plants the mistake that caches punish
A, B, SUB = "https://a.example", "https://b.example", "https://x.a.example"
POLICIES: dict[str, dict[str, Any]] = {
    "any": {},
    "any-with-more": {"expose_headers": "X-Total", "max_age": 60},
    "any-without-vary": {"vary_header": False},
    "any-if-sent": {"always_send": False},
    "any-by-name": {"send_wildcard": False},
    "any-by-name-if-sent": {"send_wildcard": False, "always_send": False},
    "none": {"origins": []},
    "one": {"origins": A},
    "one-if-sent": {"origins": A, "always_send": False},
    "several": {"origins": [A, B]},
    "subdomains": {"origins": "https://*.a.example"},
    "pattern": {"origins": re.compile(r"https://[ab]\.example")},
    "function": {"origins": lambda origin: origin == B},
    "credentials": {"origins": [A, SUB], "supports_credentials": True},
}
VARIES = POLICIES.keys() - {"any", "any-with-more", "any-without-vary", "none"}  # by Origin, as the manual says


def plain() -> str:
    return "plain"


def refused() -> Never:
    abort(403)


def by_language() -> Response:
    return Response(request.headers.get("Accept-Language", "none"), headers={"Vary": "Accept-Language"})


def make_site(**mistake: Any) -> Flask:
    """Make the site, with a *mistake* among the options of every policy, or without."""
    app = Flask(__name__)
    policies = {name: options | mistake for name, options in POLICIES.items()}
    CORS(app, resources={f"/{name}/": options for name, options in policies.items()})
    for name, options in policies.items():
        for view in (plain, refused, by_language):
            app.add_url_rule(f"/{name}/{view.__name__}", f"{name} {view.__name__}", view)
        app.add_url_rule(f"/decorated/{name}", f"{name} decorated", cross_origin(**options)(plain))
    app.after_request(storable)
    return app


def storable(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "public, max-age=3600")
    return response


application = make_site(vary_header=False) if os.environ.get(FORGETS_VARY) else make_site()
