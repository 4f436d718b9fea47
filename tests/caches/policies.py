"""Policies of every kind, and by whom an answer may be read: what a cache must not mix up.

What is written here beside the options is what they are documented to mean; the code under test has no say in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Origin = str | None
Headers = dict[str, str]

A, B, SUB = "https://a.example", "https://b.example", "https://x.a.example"
ORIGINS: list[Origin] = [A, B, SUB, "https://evil.example", "https://a.example.evil.example", "https://b.exampl", None]


def is_b(origin: str) -> bool:
    return origin == B


def among(*origins: Origin) -> Callable[[Origin], Origin]:
    return lambda origin: origin if origin in origins else None


@dataclass(frozen=True)
class Policy:
    """Options, the origin that each origin's answer must name, and what else must stand there then."""

    options: dict[str, Any]
    allows: Callable[[Origin], Origin]
    beside: Headers = field(default_factory=dict)
    varies: bool = True

    def told(self, origin: Origin) -> Headers:
        """The headers of CORS in an answer to *origin*, preflights aside."""
        allowed = self.allows(origin)
        return {} if allowed is None else {"Access-Control-Allow-Origin": allowed, **self.beside}


POLICIES = {
    "everyone": Policy({}, lambda _: "*", varies=False),
    "everyone-saying-more": Policy(
        {"expose_headers": "X-Total", "max_age": 60},
        lambda _: "*",
        beside={"Access-Control-Expose-Headers": "X-Total", "Access-Control-Max-Age": "60"},
        varies=False,
    ),
    "everyone-without-vary": Policy({"vary_header": False}, lambda _: "*", varies=False),
    "everyone-if-asked": Policy({"always_send": False}, lambda origin: "*" if origin else None),
    "everyone-by-name": Policy({"send_wildcard": False}, lambda origin: origin or "*"),
    "everyone-by-name-if-asked": Policy({"send_wildcard": False, "always_send": False}, lambda origin: origin),
    "nobody": Policy({"origins": []}, lambda _: None, varies=False),
    "one": Policy({"origins": A}, lambda origin: among(A)(origin or A)),
    "one-if-asked": Policy({"origins": A, "always_send": False}, among(A)),
    "several": Policy({"origins": [A, B]}, among(A, B)),
    "subdomains": Policy({"origins": "https://*.a.example"}, among(SUB)),
    "pattern": Policy({"origins": re.compile(r"https://[ab]\.example")}, among(A, B)),
    "function": Policy({"origins": is_b}, among(B)),
    "credentials": Policy(
        {"origins": [A, SUB], "supports_credentials": True},
        among(A, SUB),
        beside={"Access-Control-Allow-Credentials": "true"},
    ),
}
