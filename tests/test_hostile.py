"""Hostile bytes on a socket to Werkzeug's own server; and that no pattern and no function is fed what is no origin."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server
from werkzeug.test import Client

from flask_cors import CORS
from tests.helpers import REFUSED, a_view, an_app, ask, cors_headers
from tests.hostile import (
    BOUND,
    CALLS,
    EVIL,
    GUARDS,
    HOST,
    MUCH,
    ORDINARY,
    SECONDS,
    STRANGE,
    Answer,
    Attack,
    Call,
    Log,
    TookTooLong,
    call,
    complaints,
    hostile_app,
    time_limit,
)


class Collected(logging.Handler):
    """What is logged, as a log file would have it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def new(self) -> str:
        self.lines, lines = [], self.lines
        return "\n".join(lines)


@contextmanager
def served(application: WSGIApplication) -> Iterator[tuple[int, Log]]:
    """Serve *application* on a free port; yield that, and what is logged."""
    collected = Collected()
    logging.getLogger().addHandler(collected)
    server = make_server(HOST, 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield server.port, collected.new
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        logging.getLogger().removeHandler(collected)


@pytest.fixture(scope="module")
def werkzeug(pytestconfig: pytest.Config) -> Iterator[Attack]:
    with served(hostile_app()) as (port, log):
        attack = Attack("Werkzeug", port, MUCH + 500, log)
        pytestconfig.pluginmanager.register(attack)
        yield attack


@pytest.mark.parametrize("name", CALLS)
def test_a_hostile_request_does_no_harm(werkzeug: Attack, name: str) -> None:
    assert werkzeug.complaints(name, CALLS[name]) == []


@pytest.mark.parametrize("path", GUARDS)
def test_a_guarded_view_lets_its_friend_in_unless_its_function_fails(werkzeug: Attack, path: str) -> None:
    assert werkzeug.lets_its_friend_in(path) == (path != "/failing")


def test_most_hostile_requests_are_lawful_and_reach_the_app() -> None:
    lawful = [name for name, asked in CALLS.items() if asked.to("/exact").lawful]
    assert len(lawful) > 70
    assert len(CALLS) > 150


# The judge -----------------------------------------------------------------------------------------------------------

Headers = list[tuple[str, str]]
Leak = Callable[[WSGIEnvironment], Headers]


def leaky(leak: Leak, status: str = "200 OK", body: bytes = b"") -> WSGIApplication:
    """An app whose headers *leak* makes up."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(status, [("Content-Length", str(len(body))), *leak(environ)])
        return [body]

    return application


def says(*headers: tuple[str, str]) -> Leak:
    return lambda _: list(headers)


def repeats(name: str, key: str) -> Leak:
    return lambda environ: [(name, environ[key])]


def logs(*texts: str) -> Leak:
    def leak(environ: WSGIEnvironment) -> Headers:
        for text in texts:
            logging.getLogger("leaky").warning("%s%s", text, environ["PATH_INFO"])
        return []

    return leak


def crashes(_: WSGIEnvironment) -> Headers:
    raise RuntimeError("on purpose")


ALLOW_ORIGIN = ("Access-Control-Allow-Origin", "https://a.example")
ALLOW_CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
ALLOW_HEADERS = "Access-Control-Allow-Headers"

BY_PATH = "GET with a path with an encoded {}"


@pytest.mark.parametrize(
    ("application", "path", "asked", "complaint"),
    [
        pytest.param(
            leaky(repeats("Access-Control-Allow-Origin", "HTTP_ORIGIN")),
            *("/exact", call(EVIL), "'https://evil.test' is let in"),
            id="everyone is let in",
        ),
        pytest.param(
            leaky(repeats("Access-Control-Allow-Origin", "HTTP_ORIGIN")),
            *("/several", CALLS["Origin: another origin behind it"], "'https://a.example https://evil.test' is let in"),
            id="a list is let in",
        ),
        pytest.param(
            leaky(says(ALLOW_ORIGIN)), "/several", call(), "'https://a.example' is let in", id="nobody is let in"
        ),
        pytest.param(
            leaky(says(ALLOW_ORIGIN, ALLOW_ORIGIN)), "/exact", call(), "a header is there twice", id="a header twice"
        ),
        pytest.param(
            leaky(says(("Access-Control-Allow-Origin", "*"), ALLOW_CREDENTIALS)),
            *("/everyone", call(), "credentials are granted to everyone"),
            id="credentials for everyone",
        ),
        pytest.param(
            leaky(says(ALLOW_CREDENTIALS)),
            *("/exact", call(), "something is said to who is not let in"),
            id="a header without a grant",
        ),
        pytest.param(
            leaky(repeats(ALLOW_HEADERS, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
            *("/exact", CALLS["Access-Control-Request-Headers: what is no token"], "no list of tokens"),
            id="names that are none are repeated",
        ),
        pytest.param(
            leaky(repeats(ALLOW_HEADERS, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
            *("/exact", CALLS["Access-Control-Request-Headers: 64 kB of letters"], "the headers are too long"),
            id="names are repeated without bound",
        ),
        pytest.param(
            leaky(repeats("X-Asked", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
            *("/exact", CALLS["Access-Control-Request-Headers: a NUL"], "the answer is not valid"),
            id="a NUL is repeated",
        ),
        pytest.param(
            leaky(repeats("X-Path", "PATH_INFO")),
            *("/exact", CALLS[BY_PATH.format("second answer")], "there is more than one answer"),
            id="a second answer",
        ),
        pytest.param(
            leaky(repeats("X-Path", "PATH_INFO")),
            *("/exact", CALLS[BY_PATH.format("line break")], "a header was forged"),
            id="a forged header",
        ),
        pytest.param(
            leaky(says(), body=b"." * (BOUND * 3)), "/exact", call(), "bytes long", id="the answer is very long"
        ),
        pytest.param(leaky(says(), "500 Oh"), "/exact", call(), "the status is 500", id="an error of the server"),
        pytest.param(leaky(crashes), "/exact", call(), "an exception was logged", id="an exception"),
        pytest.param(
            leaky(logs("")), "/exact", CALLS[BY_PATH.format("line feed")], "was forged", id="the path is logged raw"
        ),
        pytest.param(
            leaky(logs("CORS: a", "CORS: b")), "/exact", call(), "more than one line was logged", id="two lines"
        ),
        pytest.param(leaky(says(), "400 No"), "/exact", ORDINARY, "it was refused: b'HTTP/1.1 400", id="a refusal"),
    ],
)
def test_the_judge_complains(application: WSGIApplication, path: str, asked: Call, complaint: str) -> None:
    with served(application) as (port, log):
        found = Attack("leaky", port, MUCH, log).complaints("planted", asked)
    assert any(one.startswith(f"{path}: ") and complaint in one for one in found)


def test_the_judge_complains_about_an_answer_that_is_late() -> None:
    assert list(complaints("/exact", Call(b""), Answer(b"", SECONDS), "")) == [f"it took {SECONDS} s"]


def test_the_judge_complains_about_an_answer_without_a_head() -> None:
    [complaint] = complaints("/exact", STRANGE["two Hosts"], Answer(b"the body", 0), "")
    assert "not valid" in complaint


# What no pattern and no function is fed ------------------------------------------------------------------------------

IS_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://([a-z0-9_~%-]+(\.[a-z0-9_~%-]+)*\.?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
LONGEST = 300

NO_ORIGINS = {
    "one letter too long": "https://" + "a" * 293,
    "a capital": "https://A.example",
    "a capital in the scheme": "Https://a.example",
    "a line feed behind": "https://a.example\n",
    "a line feed before": "\nhttps://a.example",
    "a blank behind": "https://a.example ",
    "a NUL behind": "https://a.example\x00",
    "a path": "https://a.example/",
    "a query": "https://a.example?",
    "a user": "https://user@a.example",
    "two origins": "https://a.example, https://b.example",
    "bad UTF-8": "https://a\xff.example",
    "a Cyrillic letter": "https://\N{CYRILLIC SMALL LETTER A}.example".encode().decode("latin-1"),
    "an ideographic full stop": "https://a\N{IDEOGRAPHIC FULL STOP}example".encode().decode("latin-1"),
    "an empty label": "https://a..example",
    "an empty port": "https://a.example:",
    "a port that is too high": "https://a.example:65536",
    "no host": "https://",
    "no scheme": "//a.example",
    "letters that explode": "https://" + "a" * 40 + "!",
    "a megabyte of letters that explode": "https://" + "a" * 1_000_000,
    "null in capitals": "NULL",
    "nothing": "",
}


def client_of(origins: Any) -> Client:
    app = an_app()
    CORS(app, origins=origins)
    app.add_url_rule("/", view_func=a_view)
    return app.test_client()


def granted(client: Client, origin: str) -> dict[str, str]:
    return cors_headers(ask(client, "/", environ_overrides={"HTTP_ORIGIN": origin}))


@pytest.mark.parametrize("text", NO_ORIGINS.values(), ids=NO_ORIGINS.keys())
def test_what_is_no_origin_is_fed_to_nothing(text: str) -> None:
    fed: list[str] = []
    assert granted(client_of([fed.append]), text) == REFUSED
    assert fed == []
    assert granted(client_of(re.compile("(?s).*")), text) == REFUSED
    with time_limit(SECONDS):
        assert granted(client_of(re.compile("https://(a+)+")), text) == REFUSED


LETTERS = st.characters(codec="latin-1")


@given(st.text(LETTERS, max_size=40) | st.from_regex(IS_ORIGIN) | st.from_regex(r"\Ahttps?://", alphabet=LETTERS))
def test_only_origins_are_fed_to_patterns_and_functions(text: str) -> None:
    fed: list[str] = []

    def admits(origin: str) -> bool:
        fed.append(origin)
        return True

    by_function = granted(client_of(admits), text)
    assert by_function == granted(client_of(re.compile("(?s).*")), text)
    assert all(IS_ORIGIN.fullmatch(origin) and len(origin) <= LONGEST for origin in fed)
    assert fed == ([] if by_function == REFUSED else [text])


def test_an_origin_of_the_greatest_length_is_fed() -> None:
    longest = NO_ORIGINS["one letter too long"][:-1]
    assert len(longest) == LONGEST
    assert granted(client_of(re.compile("https://a+")), longest)["Access-Control-Allow-Origin"] == longest


def test_a_time_limit_ends_a_pattern_that_explodes() -> None:
    with pytest.raises(TookTooLong), time_limit(0.1):
        re.fullmatch("(a+)+", "a" * 40 + "!")
