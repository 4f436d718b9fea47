"""A request is read as the network panels of browsers copy it; nothing else is taken for one, and no text breaks it."""

import re
import shlex
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors.cli.copied import MAX_LENGTH, CopiedRequest, origin_of, parse_copied
from tests.tables import blocks, table

URL = "https://api.example/users?page=1&size=2"
PAGE = "http://localhost:3000"


def told(request: CopiedRequest) -> list[str]:
    more = [f"{name}={value}" for name in ("credentials", "mode", "referrer") if (value := getattr(request, name))]
    head = " ".join([request.method, request.url, *more])
    body = [] if request.body is None else ["", *request.body.decode().split("\n")]
    return [f"= {line}".rstrip() for line in (head, *map(": ".join, request.headers), *body)]


@table("lines", *((sentence, lines) for sentence, _, lines in blocks("copied.txt")))
def test_a_copied_request_is_read(lines: list[str]) -> None:
    lines = [line.replace("URL", URL).replace("PAGE", PAGE) for line in lines]
    request = parse_copied("\n " + "\n".join(line for line in lines if line[:1] != "=") + "\n")
    assert request is not None
    assert told(request) == [line for line in lines if line[:1] == "="]


@table(
    "text, words",
    ("a quote that is not closed", "curl 'https://api.example/", "quote"),
    ("an option that is not known", "curl --frobnicate https://api.example/", "'frobnicate'"),
    ("a body in a file", "curl -d @users.json https://api.example/", "from a file"),
    ("no URL", "curl -s -S", "no URL"),
    ("more words than a browser copies", "curl " + "a " * 5000, "words"),
    ("more text than a browser copies", "curl '" + "a" * MAX_LENGTH + "'", "longer than"),
    ("fetch with a variable", "fetch(url, {method: 'POST'})", "Copy as fetch"),
    ("fetch with a list", 'fetch("https://api.example/", [])', "Copy as fetch"),
    ("fetch nested deeply", "fetch(" + "[" * 100_000, "Copy as fetch"),
    ("fetch with headers that are none", 'fetch("https://api.example/", {"headers": {"a": 1}})', '"headers"'),
    ("fetch with a method that is none", 'fetch("https://api.example/", {"method": 1})', '"method"'),
    ("PowerShell", "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession", "PowerShell"),
)
def test_a_request_that_cannot_be_read_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_copied(text)


def test_other_text_is_no_request_and_a_url_that_is_not_of_http_has_no_origin() -> None:
    texts = ["", "https://api.example/", "curling is a sport", "prefetch('x')", "Access to fetch at"]
    assert [*map(parse_copied, texts)] == [None] * len(texts)
    urls = ["", None, "file:///users.html", "http://[::1", "http://a:b/", "http:///", "about:client"]
    assert [*map(origin_of, urls)] == [None] * len(urls)


def test_the_origin_and_the_headers_of_the_page_are_told_by_the_headers() -> None:
    assert CopiedRequest(url=URL, referrer="https://page.example:443/cart").origin == "https://page.example"
    assert CopiedRequest(url=URL, headers=(("ORIGIN", "null"),), referrer=PAGE).origin == "null"
    assert CopiedRequest(url=URL).origin is None
    assert origin_of("http://[::1]:5000/users") == "http://[::1]:5000"
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


@given(st.sampled_from(["curl ", 'curl ^"', "fetch(", 'fetch("a", ']), st.lists(st.sampled_from(PIECES)), st.text())
def test_arbitrary_text_is_read_or_refused_with_a_sentence(start: str, pieces: list[str], rest: str) -> None:
    sentence = "It is read."
    try:
        parse_copied(start + "".join(pieces) + rest)
    except ValueError as error:
        sentence = str(error)
    assert re.fullmatch(r".+\.", sentence)


@pytest.mark.parametrize("text", ["curl " + "'" * 500_000, 'curl ^"' + "^" * 500_000, 'fetch("' + "\\" * 500_000])
def test_the_work_grows_with_the_length_of_the_text(text: str) -> None:
    start = time.process_time()
    with suppress(ValueError):
        parse_copied(text)
    assert time.process_time() - start < 5
