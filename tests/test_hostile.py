"""Hostile bytes on a socket to Werkzeug's own server; patterns and functions see only valid origins."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from logging.handlers import BufferingHandler
from typing import Any
from unittest import mock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_cors import CORS
from tests import hostile
from tests.helpers import DENIED, make_app
from tests.hostile import ANY_ORIGIN as ORIGIN
from tests.hostile import CALLS, EVIL, MUCH, SECONDS, Answer, Attack, Call, Log, call
from tests.sites import call as call_app
from tests.tables import examples, table
from tests.transcripts.servers import serving


@contextmanager
def served(application: WSGIApplication) -> Iterator[tuple[int, Log]]:
    """Serve *application* on a free port; yield that, and what is logged."""
    handler = BufferingHandler(10**6)

    def log() -> str:
        records = handler.buffer[:]
        handler.flush()
        return "\n".join(map(handler.format, records))

    logging.getLogger().addHandler(handler)
    with serving(application) as port:
        yield port, log
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def werkzeug() -> Iterator[Attack]:
    with served(hostile.hostile_app()) as (port, log):
        yield Attack(port, MUCH + 500, log)


@pytest.mark.parametrize("name", CALLS)
def test_a_hostile_request_does_no_harm(werkzeug: Attack, name: str) -> None:
    assert werkzeug.complaints(CALLS[name]) == []


def test_guarded_views_allow_their_friends_unless_their_function_fails(werkzeug: Attack) -> None:
    assert werkzeug.denied_friends() == ["/failing"]


def test_most_hostile_requests_are_lawful_and_reach_the_app() -> None:
    assert len([name for name, request in CALLS.items() if request.to("/exact").lawful]) > 70
    assert len(CALLS) > 140


# The judge -----------------------------------------------------------------------------------------------------------

Headers = list[tuple[str, str]]
ALLOW = "Access-Control-Allow-"
A_HEADER, CREDENTIALS = (f"{ALLOW}Origin", "https://a.example"), (f"{ALLOW}Credentials", "true")


def leaky(*headers: tuple[str, str], status: str = "200 OK", body: bytes = b"", logs: Iterable[str] = ()) -> Any:
    """Make an app that sends these headers; a value in capitals is the name of a part of the request to repeat."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        for text in logs:
            logging.getLogger("leaky").warning("%s%s", text, environ["PATH_INFO"])
        repeated = [(name, environ.get(value, value)) for name, value in headers]
        start_response(status, [("Content-Length", str(len(body))), *repeated])
        return [body]

    return application


def crashing(*_: object) -> list[bytes]:
    raise RuntimeError("on purpose")


ECHO_ORIGIN = leaky((f"{ALLOW}Origin", "HTTP_ORIGIN"))
ECHO_NAMES = leaky((f"{ALLOW}Headers", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
ECHO_RAW = leaky(("X-Names", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
ECHO_PATH = leaky(("X-Path", "PATH_INFO"))
ANYONE = leaky((f"{ALLOW}Origin", "*"), CREDENTIALS)
NAMES, BY_PATH = "Access-Control-Request-Headers: ", "GET with a path with an encoded "
TWO_ORIGINS = CALLS["Origin: another origin behind it"]
EMPTY = call()


@table(
    "application, path, request_, complaint",
    ("everyone is allowed", ECHO_ORIGIN, "/exact", call(EVIL), "'https://evil.test' is allowed"),
    ("a list is allowed", ECHO_ORIGIN, "/several", TWO_ORIGINS, "'https://a.example https://evil.test' is allowed"),
    ("no origin is allowed", leaky(A_HEADER), "/several", EMPTY, "'https://a.example' is allowed"),
    ("a header twice", leaky(A_HEADER, A_HEADER), "/exact", EMPTY, "these headers are not valid"),
    ("credentials for everyone", ANYONE, "/everyone", EMPTY, "these headers are not valid"),
    ("a header without a grant", leaky(CREDENTIALS), "/exact", EMPTY, "a denied origin learns nothing"),
    ("invalid names", ECHO_NAMES, "/exact", CALLS[NAMES + "what is no token"], "these headers are not valid"),
    ("names without bound", ECHO_NAMES, "/exact", CALLS[NAMES + "64 kB of letters"], "the headers are too long"),
    ("a NUL is repeated", ECHO_RAW, "/exact", CALLS[NAMES + "a NUL"], "the answer is not valid"),
    ("a second answer", ECHO_PATH, "/exact", CALLS[BY_PATH + "second answer"], "there is more than one answer"),
    ("a forged header", ECHO_PATH, "/exact", CALLS[BY_PATH + "line break"], "a header was forged"),
    ("the answer is very long", leaky(body=b"." * (hostile.BOUND * 3)), "/exact", EMPTY, "bytes long"),
    ("an error of the server", leaky(status="500 Oh"), "/exact", EMPTY, "the status is 500"),
    ("an exception", crashing, "/exact", EMPTY, "an exception was logged"),
    ("the path is logged raw", leaky(logs=[""]), "/exact", CALLS[BY_PATH + "line feed"], "was forged"),
    ("two lines", leaky(logs=["CORS: a", "CORS: b"]), "/exact", EMPTY, "more than one line was logged"),
    ("a refusal", leaky(status="400 No"), "/exact", hostile.ORDINARY, "it was refused: b'HTTP/1.1 400"),
)
def test_the_judge_complains(application: WSGIApplication, path: str, request_: Call, complaint: str) -> None:
    with served(application) as (port, log):
        found = Attack(port, MUCH, log).complaints(request_)
    assert any(one.startswith(f"{path}: ") and complaint in one for one in found)


def test_the_judge_complains_about_a_late_answer_and_one_without_a_head() -> None:
    assert list(hostile.complaints("/exact", Call(b""), Answer(b"", SECONDS), "")) == [f"it took {SECONDS} s"]
    [complaint] = hostile.complaints("/exact", hostile.STRANGE["two Hosts"], Answer(b"the body", 0), "")
    assert "not valid" in complaint


# What patterns and functions see -------------------------------------------------------------------------------------

LONGEST = "https://" + "a" * 292
LETTERS = st.characters(codec="latin-1")
app = make_app()
app.add_url_rule("/<_>", view_func=lambda _: "text")
FUNCTION = mock.Mock(return_value=True)
CORS(app, resources={"/function": {"origins": FUNCTION}, "/pattern": {"origins": re.compile("(?s).*")}})


@examples(LONGEST, LONGEST + "a", "https://a.example\n", "https://" + "a" * 1_000_000)
@given(st.text(LETTERS, max_size=40) | st.from_regex(ORIGIN) | st.from_regex(r"\Ahttps?://", alphabet=LETTERS))
def test_patterns_and_functions_see_only_origins(text: str) -> None:
    FUNCTION.reset_mock()
    responses = [call_app(app, {"PATH_INFO": path, "HTTP_ORIGIN": text}) for path in ("/function", "/pattern")]
    assert responses[0].cors == responses[1].cors
    seen = [call.args[0] for call in FUNCTION.call_args_list]
    assert all(ORIGIN.fullmatch(origin) and len(origin) <= len(LONGEST) for origin in seen)
    assert seen == ([] if responses[0].cors == DENIED else [text])
    assert text != LONGEST or responses[0].cors == {"Access-Control-Allow-Origin": LONGEST, "Vary": "Origin"}
