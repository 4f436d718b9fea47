"""A request is read as the network panels of browsers copy it; nothing else is taken for one, and no text breaks it."""

import json
import re
import shlex
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.cli.copied import MAX_LENGTH, CopiedRequest, origin_of, parse_copied
from tests.tables import table

URL = "https://api.example/users?page=1&size=2"
PAGE = "http://localhost:3000"
HEADERS = (("accept", "*/*"), ("content-type", "application/json"), ("origin", PAGE), ("referer", f"{PAGE}/"))
BODY = '{"name":"O\'Hara \U0001f600!\\n"}'
COOKIE = (("Cookie", "user=ann"),)
GET: dict[str, Any] = {"url": URL}
POST: dict[str, Any] = {"url": URL, "method": "POST", "body": BODY.encode()}
SENT = {**POST, "headers": HEADERS, "referrer": f"{PAGE}/"}
BASH = f"""curl --url '{URL}' \\
  -H 'accept: */*' \\
  -H 'content-type: application/json' \\
  -H 'origin: {PAGE}' \\
  -H 'referer: {PAGE}/' \\
  --data-raw $'{{"name":"O\\'Hara \\ud83d\\ude00\\u0021\\\\n"}}'"""
CMD = f"""curl --url ^"{URL.replace("&", "^&")}^" ^
  -H ^"accept: */*^" ^
  -b ^"user=ann^" ^
  --data-raw ^"^{{^\\^"name^\\^":^\\^"100^% of^

a^^b^\\^"^}}^" """
# fmt: off
FETCH = {
    "headers": {"accept": "*/*", "content-type": "application/json"}, "referrer": f"{PAGE}/", "body": BODY,
    "method": "POST", "mode": "cors", "credentials": "include",
}
# fmt: on
FETCHED = {**POST, "headers": HEADERS[:2], "referrer": f"{PAGE}/", "mode": "cors", "credentials": "include"}

# fmt: off
READ: list[tuple[str, str, dict[str, Any]]] = [
    ("cURL (bash) of Chromium", BASH, SENT),
    ("the first of several", f"{BASH} ;\ncurl 'https://other.example/' ;", SENT),
    ("after a prompt", f"$ {BASH}", SENT),
    ("cookies of Chromium mean credentials", f"curl '{URL}' -b 'user=ann' -H 'sec-fetch-mode: cors' --compressed",
     {**GET, "credentials": "include", "mode": "cors", "headers": (*COOKIE, ("sec-fetch-mode", "cors"))}),
    ("cURL (cmd)", CMD,
     {**POST, "credentials": "include", "body": b'{"name":"100% of\na^b"}', "headers": (("accept", "*/*"), *COOKIE)}),
    ("cURL (cmd) of 2021", f'curl "{URL}" ^\n  -H "x-token: 1"', {**GET, "headers": (("x-token", "1"),)}),
    ("cURL of Firefox", f"curl '{URL}' --compressed -X PUT -H 'Origin: {PAGE}' -H 'Cookie: user=ann' --data-raw 'tea'",
     {**GET, "method": "PUT", "credentials": "include", "body": b"tea", "headers": (("Origin", PAGE), *COOKIE)}),
    ("cURL of Safari", f"curl '{URL}' \\\n-X 'DELETE' \\\n-H 'Origin: {PAGE}' \\\n--data-binary ''",
     {**GET, "method": "DELETE", "headers": (("Origin", PAGE),), "body": b""}),
    ("a pseudo-header of HTTP/2 and an empty value", f"curl '{URL}' -H ':authority: api.example' -H 'x-token;'",
     {**GET, "headers": (("authority", "api.example"), ("x-token", ""))}),
    ("what people write", f'curl -sSL -XPATCH --url "{URL}" -u ann:tea -A "tea \\"pot\\"" -d a=1 -d b=2\\&',
     {**GET, "method": "PATCH", "body": b"a=1&b=2&",
      "headers": (("Authorization", "Basic YW5uOnRlYQ=="), ("User-Agent", 'tea "pot"'))}),
    ("HEAD", f"curl -I '{URL}'", {**GET, "method": "HEAD"}),
    ("a query by GET", f"curl -G -d a=1 '{URL}'", {**GET, "body": b"a=1"}),
    ("JSON of curl", f"curl --json {{}} '{URL}'",
     {**POST, "body": b"{}", "headers": (("Content-Type", "application/json"), ("Accept", "application/json"))}),
    ("a form", f"curl -e {PAGE} -F a=1 '{URL}'",
     {**POST, "body": None, "referrer": PAGE, "headers": (("Referer", PAGE), ("Content-Type", "multipart/form-data"))}),
    ("fetch of Chromium", f"fetch({json.dumps(URL)}, {json.dumps(FETCH, indent=2)});", FETCHED),
    ("fetch of Firefox", f"await fetch({json.dumps(URL)}, {json.dumps(FETCH, indent=4)});", FETCHED),
    ("fetch (Node.js), and headers as pairs", f'fetch("{URL}", {{"headers": [["Cookie", "user=ann"]], "body": null}});',
     {**GET, "headers": COOKIE, "credentials": "include"}),
    ("fetch without options", f'fetch("{URL}", );', GET),
]
# fmt: on
REFUSED = [
    ("a quote that is not closed", "curl 'https://api.example/", "quote"),
    ("an option that is not known", "curl --frobnicate https://api.example/", "'frobnicate'"),
    ("a body in a file", "curl -d @users.json https://api.example/", "from a file"),
    ("no URL", "curl -s -S", "no URL"),
    ("more words than a browser copies", "curl " + "a " * 5000, "words"),
    ("more text than a browser copies", "curl '" + "a" * MAX_LENGTH + "'", "longer than"),
    ("fetch with a variable", "fetch(url, {method: 'POST'})", "Copy as fetch"),
    ("fetch with options that are no JSON", 'fetch("https://api.example/", {method: "POST"})', "Copy as fetch"),
    ("fetch with a list", 'fetch("https://api.example/", [])', "Copy as fetch"),
    ("fetch nested deeply", "fetch(" + "[" * 100_000, "Copy as fetch"),
    ("fetch with headers that are none", 'fetch("https://api.example/", {"headers": {"a": 1}})', '"headers"'),
    ("fetch with a method that is none", 'fetch("https://api.example/", {"method": 1})', '"method"'),
    ("PowerShell", "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession", "PowerShell"),
]


@table("text, expected", *READ)
def test_a_copied_request_is_read(text: str, expected: dict[str, Any]) -> None:
    assert parse_copied(f"\n {text}\n") == CopiedRequest(**expected)


@table("text, words", *REFUSED)
def test_a_request_that_cannot_be_read_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_copied(text)


def test_other_text_is_no_request() -> None:
    texts = ["", "https://api.example/", "curling is a sport", "prefetch('x')", "Access to fetch at"]
    assert [*map(parse_copied, texts)] == [None] * len(texts)


def test_the_origin_is_told_by_the_headers() -> None:
    request = CopiedRequest(url=URL, referrer="https://page.example:443/cart")
    assert request.origin == "https://page.example"
    assert CopiedRequest(url=URL, headers=(("ORIGIN", "null"),), referrer=PAGE).origin == "null"
    assert CopiedRequest(url=URL).origin is None
    assert origin_of("http://[::1]:5000/users") == "http://[::1]:5000"


def test_a_url_that_is_not_of_http_has_no_origin() -> None:
    urls = ["", None, "file:///users.html", "http://[::1", "http://a:b/", "http:///", "about:client"]
    assert [*map(origin_of, urls)] == [None] * len(urls)


def test_headers_that_the_browser_adds_are_not_those_of_the_page() -> None:
    added = ("Cookie", "sec-ch-ua", "Cache-Control", "PRAGMA", "user-agent", "authority", "Accept-Language")
    headers = tuple((name, "1") for name in (*added, "X-Token", "Authorization"))
    assert CopiedRequest(url=URL, headers=headers).page_headers == (("X-Token", "1"), ("Authorization", "1"))


def test_a_copied_preflight_tells_the_request_that_it_is_for() -> None:
    asked = (("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "content-type, x-token"))
    actual = CopiedRequest(url=URL, method="OPTIONS", headers=asked).actual()
    assert (actual.method, actual.page_headers) == ("PUT", (("content-type", ""), ("x-token", "")))
    assert actual.actual() == actual


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_body_is_read_as_bash_would(body: str) -> None:
    request = parse_copied(f"curl https://api.example/ --data-raw {shlex.quote(body)}")
    assert request is not None
    assert request.body == body.encode()


PIECES = [*"'\"\\^\n a{[,\ud800", "$'", '^"', "-H ", "-d ", "--", ": ", '"a"', "\\u00"]


def refusal(text: str) -> str:
    """Return why a text is refused, or nothing."""
    try:
        parse_copied(text)
    except ValueError as error:
        return str(error)
    return ""


@given(st.sampled_from(["curl ", 'curl ^"', "fetch(", 'fetch("a", ']), st.lists(st.sampled_from(PIECES)), st.text())
def test_arbitrary_text_is_read_or_refused_with_a_sentence(start: str, pieces: list[str], rest: str) -> None:
    assert re.fullmatch(r"(?:.+\.)?", refusal(start + "".join(pieces) + rest))


@pytest.mark.parametrize("text", ["curl " + "'" * 500_000, 'curl ^"' + "^" * 500_000, 'fetch("' + "\\" * 500_000])
def test_the_work_grows_with_the_length_of_the_text(text: str) -> None:
    start = time.process_time()
    refusal(text)
    assert time.process_time() - start < 5
