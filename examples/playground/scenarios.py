"""Ten mistakes that people really make, and their fixes: what the page shows, the tests run, and the manual draws.

What ``fix`` and ``more`` leave out stays as it is in the mistake. ``more`` is the second half of a story: its call goes
to the same address. ``{page}`` and ``{other-page}`` stand for the origins of pages; each start has other ports. Code in
the texts is between backticks. ``id`` is part of links, so it never changes.

Each fix is what ``flask cors explain`` advises; where it is not, ``why_not`` says why.
"""

from __future__ import annotations

from typing import Any, Required, TypedDict


class Scenario(TypedDict, total=False):
    """One mistake: what the fields hold, what the visitor should look at, and what changes with the fix."""

    id: Required[str]
    number: int
    name: Required[str]
    story: Required[str]
    options: Required[dict[str, Any] | None]
    front: str
    call: Required[dict[str, Any]]
    more: dict[str, Any] | None
    fix: Required[dict[str, Any]]
    lesson: Required[str]
    why_not: str


_CALL: dict[str, Any] = {
    "from": "127.0.0.1",
    "method": "GET",
    "path": "/orders",
    "headers": [],
    "body": None,
    "credentials": "same-origin",
}
GET: dict[str, Any] = {}
JSON = {"method": "POST", "headers": [["Content-Type", "application/json"]], "body": '{"tea": 3}'}
PUT = {"method": "PUT", "path": "/orders/7"}
TOKEN = {"headers": [["Authorization", "Bearer tea"]]}

_WRITTEN: list[Scenario] = [
    {
        "id": "no-policy",
        "name": "No policy",
        "story": "A page of your shop fetches the list of orders. The server has another port than the page, so it is "
        "another origin. The server has no CORS policy.",
        "options": None,
        "call": GET,
        "fix": {"options": {"origins": "{page}"}},
        "why_not": "The advice covers this path only, with resources; the fix covers every path.",
        "lesson": "The browser sends the request to another origin, and the server responds. The page may read the "
        "response only if a header of it names the page's origin. `CORS(app, origins=...)` adds that header.",
    },
    {
        "id": "port",
        "name": "The port counts, too",
        "story": "Now the app has a policy, and the policy lists the page's host. The address of the page has a port. "
        "The policy has none.",
        "options": {"origins": "http://127.0.0.1"},
        "call": GET,
        "fix": {"options": {"origins": ["http://127.0.0.1", "{page}"]}},
        "lesson": "An origin is scheme, host and port, and the browser compares the whole of it. Copy it from the "
        "address bar, up to the first slash after the host.",
    },
    {
        "id": "json",
        "name": "JSON needs a preflight",
        "story": "The page places an order as JSON. No form can send JSON, so the browser sends a preflight first: "
        "an OPTIONS request, which learns what the server allows. The policy allows the page, but not the header "
        "`Content-Type`.",
        "options": {"origins": "{page}"},
        "call": JSON,
        "fix": {"options": {"origins": "{page}", "headers": "Content-Type"}},
        "lesson": "The browser sends a preflight before a request that no form could send. If the preflight fails, the "
        "request is never sent. The option `headers` lists the request headers that a page may set.",
    },
    {
        "id": "method",
        "name": "PUT is not on the list",
        "story": "The page changes an order with PUT. No form can send PUT, so there is a preflight again. The policy "
        "lists one method, GET.",
        "options": {"origins": "{page}", "methods": "GET"},
        "call": PUT,
        "fix": {"options": {"origins": "{page}", "methods": "GET, PUT"}},
        "lesson": "The option `methods` lists what a preflight allows. GET, HEAD and POST are always allowed; "
        "every other method must be on the list. Without the option, all methods are.",
    },
    {
        "id": "cookies",
        "name": "Cookies and the star",
        "story": "The page wants cookies sent and stored: `credentials: include`. The policy allows every origin with "
        "a star.",
        "options": {"origins": "*"},
        "call": {"path": "/me", "credentials": "include"},
        "fix": {"options": {"origins": "{page}", "supports_credentials": True}},
        "lesson": "With cookies, the star does not count: otherwise every page on the web could read what is meant for "
        "your visitor. Name the origin, and set `supports_credentials`.",
    },
    {
        "id": "hidden-header",
        "name": "A header that the page cannot see",
        "story": "This call works, and something is missing. The server sends the header `X-Total-Count`. Send the "
        "call, and look for that header on both sides: on the wire, and in the page.",
        "options": {"origins": "{page}"},
        "call": {"path": "/orders?page=1"},
        "fix": {"options": {"origins": "{page}", "expose_headers": "X-Total-Count"}},
        "lesson": "A page reads the status, the body, and seven common headers of a response. The option "
        "`expose_headers` lists what else it may read.",
    },
    {
        "id": "login",
        "name": "A login stops the preflight",
        "story": "A login denies every request without `Authorization`. A preflight never has that header. "
        "`automatic_options=False` leaves preflights to the app, so the login denies them, too.",
        "options": {"origins": "{page}", "headers": "Authorization", "automatic_options": False},
        "front": "login",
        "call": TOKEN,
        "fix": {"options": {"origins": "{page}", "headers": "Authorization"}},
        "lesson": "A preflight has no cookies and no `Authorization`, so nothing may demand them of it. Without "
        "`automatic_options=False`, the extension responds to preflights before the login sees them.",
    },
    {
        "id": "authorization",
        "name": "The star and Authorization",
        "story": "The policy allows all request headers with a star, and the page sends `Authorization`. Your browser "
        "probably allows this. Look at the side of the standard.",
        "options": {"origins": "{page}", "headers": "*"},
        "call": TOKEN,
        "fix": {"options": {"origins": "{page}", "headers": "*, Authorization"}},
        "lesson": "In the standard, the star does not include `Authorization`. Browsers do not follow that yet, and "
        "may do so in any release. Name the header, and the call works today and then.",
    },
    {
        "id": "cached-preflight",
        "name": "A permission is cached",
        "story": "The page changes an order with PUT, and the policy allows PUT. `max_age=600` lets the browser cache "
        "that permission for ten minutes. Send the call: there is a preflight, and then the PUT.",
        "options": {"origins": "{page}", "methods": "PUT", "max_age": 600},
        "call": PUT,
        "more": {
            "story": "Now you change the policy: it allows DELETE, and no longer PUT. Send the same PUT to the same "
            "address. The browser sends no second preflight, so it does not learn of the change.",
            "options": {"origins": "{page}", "methods": "DELETE", "max_age": 600},
        },
        "fix": {"options": {"origins": "{page}", "methods": "PUT", "max_age": 0}, "new_address": True},
        "why_not": "The call is allowed, so there is nothing to advise.",
        "lesson": "A server cannot take a cached permission back: it ends when its time is over. With `max_age=0`, "
        "each PUT has a preflight of its own, and a change of the policy counts at once. Raise `max_age` when the "
        "policy no longer changes.",
    },
    {
        "id": "done-anyway",
        "name": "Blocked, and done all the same",
        "story": "The page places an order as plain text, as a form could. For such a request, the browser "
        "sends no preflight. The policy allows another origin only. Send it, and look at the number of orders.",
        "options": {"origins": "https://other.example"},
        "call": {"method": "POST", "body": "3 cups of tea"},
        "fix": {"options": {"origins": ["https://other.example", "{page}"]}},
        "lesson": "CORS decides who may read a response. It does not decide who may send a request. A server that "
        "changes data also needs protection against forged requests, such as a token or SameSite cookies.",
    },
]


def _complete(number: int, written: Scenario) -> dict[str, Any]:
    """Number a scenario, and fill in what it leaves out."""
    return {"front": "", "more": None, **written, "number": number, "call": {**_CALL, **written["call"]}}


SCENARIOS = [_complete(number, written) for number, written in enumerate(_WRITTEN, 1)]
