"""What real browsers print when they block a request is read; a browser with new words fails here first.

``PAGE`` stands for the page's own origin, ``API`` for the server's.
"""

import socket
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response, request

from flask_cors.cli.console import parse_console
from tests.browser.api import running
from tests.browser.page import Page, printed
from tests.transcripts.servers import HOST

# Each starts a request, and does not wait for its end.
APIS = {
    "fetch": "(url, init) => { fetch(url, init).catch(() => 0); }",
    "xhr": "url => { const xhr = new XMLHttpRequest(); xhr.open('GET', url); xhr.send(); }",
    "image": "url => { const image = new Image(); image.crossOrigin = 'anonymous'; image.src = url; }",
    "script": "url => { import(url).catch(() => 0); }",
    "font": "url => { new FontFace('tea', `url(${url})`).load().catch(() => 0); }",
    "stylesheet": """url => { document.head.append(Object.assign(document.createElement("link"),
        {rel: "stylesheet", crossOrigin: "anonymous", href: url})); }""",
    "video": "url => { Object.assign(document.createElement('video'), {crossOrigin: 'anonymous', src: url}); }",
    "eventsource": "url => { const source = new EventSource(url); source.onerror = () => source.close(); }",
    "policy": """url => { document.head.append(Object.assign(document.createElement("meta"),
        {httpEquiv: "Content-Security-Policy", content: "connect-src 'self'"})); fetch(url).catch(() => 0); }""",
}
JSON = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
COOKIES = {"credentials": "include"}
Answer = tuple[int, list[tuple[str, str]]]


def allow(origin: str, *more: tuple[str, str], status: int = 200) -> Answer:
    """Return a status and the headers of a response."""
    return status, [("Access-Control-Allow-Origin", origin), *more]


NOTHING: Answer = (200, [])
PAGES = allow("PAGE")


@dataclass(frozen=True)
class Case:
    """A request, the responses that it meets, and what the console tells of it; a second cause is Firefox's."""

    rule: str
    causes: str
    init: dict[str, Any] = field(default_factory=dict)
    preflight: Answer = PAGES
    actual: Answer = NOTHING
    told: dict[str, Any] = field(default_factory=dict)
    #: What Chromium alone tells.
    more: dict[str, Any] = field(default_factory=dict)
    api: str = "fetch"
    url: str = "API/thing"


METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
PUT, NO_CORS = {"method": "PUT"}, {"mode": "no-cors"}
PREFLIGHT, ACTUAL, CREDENTIALS = {"preflight": True}, {"preflight": False}, {"credentials": True}
# fmt: off
CASES = [
    Case("no header", "missing-allow-origin", more=ACTUAL),
    Case("no header of the preflight", "missing-allow-origin", JSON, NOTHING, told=PREFLIGHT),
    Case("no header after a redirect", "missing-allow-origin", url="API/moved", more={"redirected_from": "API/moved"}),
    Case("another origin", "origin-mismatch", actual=allow("https://a.example"), told={"value": "https://a.example"}),
    Case("two headers", "multiple-values", actual=allow("*", *PAGES[1])),
    Case("a list", "multiple-values", actual=allow("*, *"), told={"value": "*, *"}),
    Case("no origin", "invalid-value origin-mismatch", actual=allow("localhost"), told={"value": "localhost"}),
    Case("* with cookies", "wildcard-with-credentials", COOKIES, actual=allow("*"), told=CREDENTIALS),
    Case("cookies", "credentials-not-true", COOKIES, actual=PAGES, told=CREDENTIALS),
    Case("cookies, preflight", "credentials-not-true", {**JSON, **COOKIES}, told=CREDENTIALS | PREFLIGHT),
    Case("401", "preflight-status", JSON, allow("PAGE", status=401), told=PREFLIGHT),
    Case("308", "preflight-redirect", JSON, allow("PAGE", ("Location", "/"), status=308), told=PREFLIGHT),
    Case("a method", "method-not-allowed", PUT, allow("PAGE", (METHODS, "GET")), told=PREFLIGHT, more=PUT),
    Case("no methods", "invalid-allow-methods", PUT, allow("PAGE", (METHODS, "PUT DELETE")), told=PREFLIGHT),
    Case("a header", "header-not-allowed", JSON, told={"headers": ("content-type",), **PREFLIGHT}),
    Case("no headers", "invalid-allow-headers", JSON, allow("PAGE", (HEADERS, "X Y")), told=PREFLIGHT),
    Case("same-origin mode", "same-origin-only", {"mode": "same-origin"}, told={"origin": "PAGE"}),
    Case("CORP", "resource-policy", NO_CORS, actual=(200, [("Cross-Origin-Resource-Policy", "same-origin")])),
    Case("no scheme", "unsupported-scheme", url="localhost:5000/thing"),
    Case("no scheme for XMLHttpRequest", "unsupported-scheme", url="localhost:5000/thing", api="xhr"),
    Case("a server that is down", "connection-refused network-error", url="DOWN/thing"),
    Case("the page's own policy", "content-security-policy", api="policy"),
    *(Case(api, "missing-allow-origin", api=api, more={"api": api}) for api in ("xhr", "image", "script", "font")),
    *(Case(api, "missing-allow-origin", api=api) for api in ("stylesheet", "video", "eventsource")),
]
# fmt: on


@pytest.mark.parametrize("case", [pytest.param(case, id=case.rule) for case in CASES])
def test_what_the_console_prints_is_read(page: Page, case: Case) -> None:
    with socket.create_server((HOST, 0)) as listener:
        down = f"http://{HOST}:{listener.getsockname()[1]}"
    with running(server(case, page.origin)) as api:
        names = {"PAGE": page.origin, "API": api.url, "DOWN": down}
        page.browser.open(f"{page.origin}/")
        page.browser.console()
        page.browser.run(APIS[case.api], put(case.url, names), case.init)
        [message] = parse_console(printed(page.browser))
    is_chromium = page.browser.name == "Chromium"
    told = case.told | (case.more if is_chromium else {})
    expected = {name: put(value, names) for name, value in told.items()}
    expected["cause"] = case.causes.split()[0 if is_chromium else -1]
    expected["url"] = put(case.url, names).replace("/moved", "/thing")
    if "blocked by CORS policy" in message.text:
        expected["origin"] = page.origin
    assert {name: getattr(message, name) for name in expected} == expected


def server(case: Case, page: str) -> Flask:
    """Make a server with two responses, one for preflights; ``/moved`` redirects."""
    app = Flask("server")

    @app.before_request
    def respond() -> Response:
        status, headers = case.preflight if request.method == "OPTIONS" else case.actual
        if request.path == "/moved":
            status, headers = allow("PAGE", ("Location", "/thing"), status=302)
        response = Response("", status, mimetype="text/javascript")  # Firefox looks at the type of scripts first
        response.headers.extend((name, value.replace("PAGE", page)) for name, value in headers)
        return response

    return app


def put(value: Any, names: dict[str, str]) -> Any:
    """Put the addresses where a row has their names."""
    for name, address in names.items():
        value = value.replace(name, address) if isinstance(value, str) else value
    return value
