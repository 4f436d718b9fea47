"""Policies of every kind, and which origin may read a response: what a cache must not mix up.

What stands here beside the options is what they are documented to mean, written without the code under test.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Origin = str | None
Headers = dict[str, str]

A, B, SUB = "https://a.example", "https://b.example", "https://x.a.example"
ORIGINS: list[Origin] = [A, B, SUB, "https://evil.example", "https://a.example.evil.example", "https://b.exampl", None]


def among(*origins: Origin) -> Callable[[Origin], Origin]:
    return lambda origin: origin if origin in origins else None


@dataclass(frozen=True)
class Policy:
    """Options, the origin that the response to each origin allows, and the other headers then."""

    options: dict[str, Any]
    allows: Callable[[Origin], Origin]
    others: Headers = field(default_factory=dict)
    varies: bool = True

    def headers(self, origin: Origin) -> Headers:
        """Return the CORS headers of a response to *origin*, preflights aside."""
        allowed = self.allows(origin)
        return {} if allowed is None else {"Access-Control-Allow-Origin": allowed, **self.others}


EXPOSED = {"Access-Control-Expose-Headers": "X-Total", "Access-Control-Max-Age": "60"}
CREDENTIALS = {"Access-Control-Allow-Credentials": "true"}
POLICIES = {
    "any": Policy({}, lambda _: "*", varies=False),
    "any-with-more": Policy({"expose_headers": "X-Total", "max_age": 60}, lambda _: "*", EXPOSED, varies=False),
    "any-without-vary": Policy({"vary_header": False}, lambda _: "*", varies=False),
    "any-if-sent": Policy({"always_send": False}, lambda origin: "*" if origin else None),
    "any-by-name": Policy({"send_wildcard": False}, lambda origin: origin or "*"),
    "any-by-name-if-sent": Policy({"send_wildcard": False, "always_send": False}, lambda origin: origin),
    "none": Policy({"origins": []}, lambda _: None, varies=False),
    "one": Policy({"origins": A}, lambda origin: among(A)(origin or A)),
    "one-if-sent": Policy({"origins": A, "always_send": False}, among(A)),
    "several": Policy({"origins": [A, B]}, among(A, B)),
    "subdomains": Policy({"origins": "https://*.a.example"}, among(SUB)),
    "pattern": Policy({"origins": re.compile(r"https://[ab]\.example")}, among(A, B)),
    "function": Policy({"origins": lambda origin: origin == B}, among(B)),
    "credentials": Policy({"origins": [A, SUB], "supports_credentials": True}, among(A, SUB), CREDENTIALS),
}
