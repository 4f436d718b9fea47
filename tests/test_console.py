"""What the consoles of browsers print is read: URL, origin, cause, and whatever else they tell."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.cli.console import CAUSES, MAX_LENGTH, WORDINGS, ConsoleMessage, Wording, parse_console
from tests.tables import table

URL = "http://127.0.0.1:5000/users"
PAGE = "http://localhost:3000"
ACCESS = f"Access to fetch at '{URL}' from origin '{PAGE}' has been blocked by CORS policy: "
CURLY = str.maketrans("'", "\u2019")
PREFLIGHT = "Response to preflight request doesn't pass access control check: "
MISSING = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
BLOCKED = f"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {URL}. "
FAILED = f"{BLOCKED}(Reason: CORS request did not succeed). Status code: (null)."
NOT_ALLOWED = f"Origin {PAGE} is not allowed by Access-Control-Allow-Origin. Status code: 200"
CHECKS = f"Fetch API cannot load {URL} due to access control checks."


def told(message: ConsoleMessage) -> dict[str, Any]:
    """Return what a message tells, without what it does not."""
    return {name: value for name, value in vars(message).items() if value not in (None, ()) and name != "text"}


@table("wording", *((f"{row.browser}: {row.template}", row) for row in WORDINGS))
def test_every_wording_is_read_from_its_example(wording: Wording) -> None:
    [message] = parse_console(f"some noise\n{wording.example}\nand more")
    assert (message.browser, message.cause) == (wording.browser, wording.cause)
    assert message.cause in CAUSES


def test_no_row_is_there_twice_and_every_cause_has_one_but_that_for_new_wordings() -> None:
    rows = [(row.browser, row.template, row.frames) for row in WORDINGS]
    assert len(set(rows)) == len(rows)
    assert {row.cause for row in WORDINGS} == set(CAUSES) - {"unknown"}


CHROMIUM = {"browser": "Chromium", "api": "fetch", "url": URL, "origin": PAGE, "preflight": False}
FIREFOX = {"browser": "Firefox", "url": URL}
SAFARI = {"browser": "Safari", "api": "fetch", "url": URL}
SAFARI_NOT_ALLOWED = {**SAFARI, "cause": "origin-not-allowed", "origin": PAGE, "status": 200}

ACAO = "CORS header 'Access-Control-Allow-Origin'"
# What a row shows, the lines of the console, and what they tell; where a line is wrapped does not matter.
# fmt: off
TOLD: list[tuple[str, list[str], list[dict[str, Any]]]] = [
    ("Chromium names the method and the status on the line below",
     [f"users.html:7 {ACCESS}{MISSING}", f"users.html:7  POST {URL} net::ERR_FAILED 404 (NOT FOUND)"],
     [{**CHROMIUM, "cause": "missing-allow-origin", "method": "POST", "status": 404}]),
    ("or on the line above",
     [f"users.html:7  PUT {URL} net::ERR_FAILED", f"users.html:7 {ACCESS}{MISSING}"],
     [{**CHROMIUM, "cause": "missing-allow-origin", "method": "PUT"}]),
    ("a preflight is told from the request itself", [ACCESS + PREFLIGHT + MISSING],
     [{**CHROMIUM, "cause": "missing-allow-origin", "preflight": True}]),
    ("the URL before a redirect is told", [ACCESS.replace(" from", f" (redirected from '{URL}/') from") + MISSING],
     [{**CHROMIUM, "cause": "missing-allow-origin", "redirected_from": f"{URL}/"}]),
    ("XMLHttpRequest with credentials",
     [ACCESS.replace("fetch", "XMLHttpRequest"), "The value of the 'Access-Control-Allow-Origin' header in the",
      "response must not be the wildcard '*' when the request's credentials mode is 'include'."],
     [{**CHROMIUM, "api": "xhr", "cause": "wildcard-with-credentials", "credentials": True}]),
    ("a header that is not allowed",
     [f"{ACCESS}Request header field x-token is not allowed by Access-Control-Allow-Headers in preflight response."],
     [{**CHROMIUM, "cause": "header-not-allowed", "headers": ("x-token",), "preflight": True}]),
    ("a URL without http://",
     [ACCESS.replace(URL, "localhost:5000/users"), "Cross origin requests are only supported for HTTP."],
     [{**CHROMIUM, "url": "localhost:5000/users", "cause": "unsupported-scheme"}]),
    ("Chromium in the words of 2016",
     [f"XMLHttpRequest cannot load {URL}. {PREFLIGHT}{MISSING}",
      f"Origin '{PAGE}' is therefore not allowed access. The response had HTTP status code 405."],
     [{**CHROMIUM, "api": "xhr", "cause": "missing-allow-origin", "preflight": True, "status": 405}]),
    ("a wording of tomorrow", [f"{ACCESS}The moon is not full."], [{**CHROMIUM, "cause": "unknown"}]),
    ("a server that is down, and the shortened URL of a console",
     ["127.0.0.1:5000/users:1   Failed to load resource: net::ERR_CONNECTION_REFUSED"],
     [{"browser": "Chromium", "url": URL, "cause": "connection-refused"}]),
    ("the file of the page itself is not the URL", ["users:1 Failed to load resource: net::ERR_CONNECTION_REFUSED"],
     [{"browser": "Chromium", "cause": "connection-refused"}]),
    ("mixed content tells the page",
     ["Mixed Content: The page at 'https://shop.example/cart' was loaded over HTTPS, but requested an insecure",
      f"XMLHttpRequest endpoint '{URL}'. This request has been blocked; the content must be served over HTTPS."],
     [{**CHROMIUM, "api": "xhr", "origin": "https://shop.example", "cause": "mixed-content"}]),
    ("a failed fetch without the line that tells why", ["Uncaught (in promise) TypeError: Failed to fetch", "at x:7"],
     [{"browser": "Chromium", "cause": "unexplained"}]),
    ("Firefox with typographic quotes", [f"{BLOCKED}(Reason: {ACAO} missing). Status code: 200.".translate(CURLY)],
     [{**FIREFOX, "cause": "missing-allow-origin", "status": 200}]),
    ("Firefox adds a line where a preflight failed", [f"{BLOCKED}(Reason: {ACAO} missing). Status code: 405.", FAILED],
     [{**FIREFOX, "cause": "missing-allow-origin", "status": 405, "preflight": True}]),
    ("after a redirect that line tells nothing of a preflight",
     [f"{BLOCKED}(Reason: {ACAO} missing). Status code: 302.", FAILED],
     [{**FIREFOX, "cause": "missing-allow-origin", "status": 302}]),
    ("Firefox prints three lines for the redirect of a preflight",
     [f"{BLOCKED}(Reason: CORS request external redirect not allowed).",
      f"{BLOCKED}(Reason: CORS preflight response did not succeed). Status code: 308.", FAILED],
     [{**FIREFOX, "cause": "preflight-redirect", "status": 308, "preflight": True}]),
    ("Firefox calls several values another value", [f"{BLOCKED}(Reason: {ACAO} does not match '*, *')."],
     [{**FIREFOX, "cause": "multiple-values", "value": "*, *"}]),
    ("a server that is down, in Firefox", [FAILED, FAILED], [{**FIREFOX, "cause": "network-error"}]),
    ("two requests in Safari, with the URL below the reason, and the reason once more",
     [f"[Error] {NOT_ALLOWED}", f"[Error] {CHECKS}", f"[Error] Failed to load resource: {NOT_ALLOWED} (users, line 0)",
      f"[Error] {NOT_ALLOWED}", f"[Error] {CHECKS}".replace("users", "cart")],
     [SAFARI_NOT_ALLOWED, {**SAFARI_NOT_ALLOWED, "url": URL.replace("users", "cart")}]),
    ("Safari calls the redirect of a preflight a wrong status",
     ["Preflight response is not successful. Status code: 308", CHECKS],
     [{**SAFARI, "cause": "preflight-redirect", "status": 308, "preflight": True}]),
    ("a redirect without headers in Safari",
     [f"Cross-origin redirection to {URL}/ denied by Cross-Origin Resource Sharing policy: {NOT_ALLOWED}", CHECKS],
     [{**SAFARI_NOT_ALLOWED, "cause": "redirect", "redirected_to": f"{URL}/"}]),
    ("Safari tells a blocked request three times",
     [f"[blocked] The page at https://shop.example/ requested insecure content from {URL}. This content was blocked",
      "and must be served over HTTPS.", "Not allowed to request resource", CHECKS],
     [{**SAFARI, "cause": "mixed-content", "origin": "https://shop.example", "preflight": False}]),
    ("other noise", ["Uncaught ReferenceError: fetchUsers is not defined", "    at users.html:7"], []),
]
# fmt: on


@table("lines, expected", *TOLD)
def test_a_console_is_read(lines: list[str], expected: list[dict[str, Any]]) -> None:
    assert [told(message) for message in parse_console("\n".join(lines))] == expected


def test_messages_are_read_however_they_are_wrapped() -> None:
    text = f"{ACCESS}{PREFLIGHT}{MISSING}"
    assert parse_console(text.replace(" ", "\r\n\t ")) == parse_console(text)


PIECES = [word for row in WORDINGS for word in row.example.split()] + ["\n", "\u2019", "'", '"', "\0", "\ud800"]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)))
def test_arbitrary_text_is_read_without_an_error(text: str) -> None:
    for message in parse_console(text):
        assert message.cause in CAUSES


@pytest.mark.parametrize(
    "piece", ["http://a ", "Failed to load resource: net::ERR_", "Access to a at '", "x" * 99, "' "]
)
def test_the_work_grows_with_the_length_of_the_text(piece: str) -> None:
    start = time.process_time()
    parse_console(piece * (MAX_LENGTH // 4 // len(piece)))
    assert time.process_time() - start < 5  # if it grew with the square, it would take minutes


def test_a_text_is_read_as_far_as_its_limit() -> None:
    text = f"{ACCESS}{MISSING}\n{NOT_ALLOWED}"
    assert len(parse_console(text)) == 2
    assert len(parse_console(text.replace("\n", "\n" * MAX_LENGTH))) == 1
