"""What is fuzzed: functions that take any bytes, and raise an exception when a law is broken."""

from __future__ import annotations

import io
import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from flask_cors import CORS
from tests.hostile import EVIL, GUARDS, VALUES, A, Guard, a_view, hostile_app, wrong_in_the_grant, wrong_in_the_headers


class Broken(Exception):
    """A law is broken; the message says how."""


@dataclass(frozen=True)
class Target:
    """A function, what stands between the parts of its input, inputs to begin with, and words to change them with."""

    function: Callable[[bytes], None]
    separator: bytes
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]


# What an app answers -------------------------------------------------------------------------------------------------

HEADERS = ("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
VALUE = re.compile(r"(?![ \t])[\t -~\x80-\xff]*(?<![ \t])")
NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """An answer of an app: its status, all headers with their names in lower case, and its body."""

    status: int
    headers: Headers
    body: bytes

    @property
    def cors(self) -> Headers:
        return [(name, value) for name, value in self.headers if name == "vary" or name.startswith("access-control-")]

    def for_others(self, method: str) -> object:
        """What a cache could hand to somebody else. Answers to ``OPTIONS`` are in none (RFC 9110, section 9.3.7)."""
        headers = [(name, value) for name, value in self.headers if name != "vary"]
        return set(headers) & set(self.cors) if method == "OPTIONS" else (self.status, self.body, headers)

    @property
    def varies(self) -> bool:
        return any(name == "vary" and "Origin" in value.split(", ") for name, value in self.headers)


def ask(app: Flask, method: str, path: str, headers: dict[str, str]) -> Answer:
    """Let *app* answer, without a server and without a client, which might mend what is broken."""
    said: list[Any] = []
    address = {"SERVER_NAME": "a.test", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "a.test"}
    wsgi = {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.version": (1, 0)}
    environ = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, **address, **wsgi, **headers}

    def start_response(status: str, found: Headers, _: object = None) -> Any:
        said.extend((status, found))

    body = app.wsgi_app(environ, start_response)
    return Answer(int(said[0][:3]), [(name.lower(), value) for name, value in said[1]], b"".join(body))


def check(complaints: Iterable[str]) -> None:
    for complaint in complaints:
        raise Broken(complaint)


def wrong_in(answer: Answer) -> Iterator[str]:
    """What is wrong with an answer, whatever was asked."""
    if answer.status not in {200, 308, 404, 405}:
        yield f"the status is {answer.status}"
    for name, value in answer.headers:
        if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            yield f"{name}: {value!r} is no valid header"
    yield from wrong_in_the_headers(answer.cors)


# Requests ------------------------------------------------------------------------------------------------------------

# What covers no guarded path lets in whom any of them does.
ANYWHERE = Guard("", lambda origin: any(guard.allows(origin) for guard in GUARDS.values()), {"origins": A})
PLACES = {**GUARDS, "": ANYWHERE}


class Logged(logging.Handler):
    """What was logged since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def wrong(self) -> Iterator[str]:
        self.lines, lines = [], self.lines
        if len(lines) > 1 or not all(map(str.isprintable, lines)):
            yield f"this was logged: {lines!r}"


class Requests:
    """The target whose input is a request, with ``|`` between place, method, the rest of the path, and three headers.

    A header that is left out, or empty, is not sent.
    """

    def __init__(self, app: Flask) -> None:
        self.logged = Logged()
        app.logger.handlers[:] = [self.logged]
        app.testing = True  # exceptions come through
        self.app = app

    def __call__(self, data: bytes) -> None:
        place, method, path, *values = [*data.decode("latin-1").split("|", 5), "", "", ""][:6]
        place = place if place in PLACES else ""
        headers = {name: value for name, value in zip(HEADERS, values, strict=False) if value}
        answer = self.answer(place, method, path, headers)
        other = self.answer(place, method, path, {**headers, "HTTP_ORIGIN": self.another(place, headers)})
        # OPTIONS with Origin may ask for another method, so that another policy decides. No cache keeps the answers.
        same_question = method != "OPTIONS" or "HTTP_ORIGIN" in headers
        differ = answer.for_others(method) != other.for_others(method)
        if same_question and differ and not (answer.varies and other.varies):
            raise Broken("the answer depends on Origin, and does not say so")

    def answer(self, place: str, method: str, path: str, headers: dict[str, str]) -> Answer:
        """Ask, and judge the answer."""
        answer = ask(self.app, method, place + path, headers)
        check(wrong_in(answer))
        check(wrong_in_the_grant(PLACES[place], {headers.get("HTTP_ORIGIN", "")}, dict(answer.cors)))
        check(self.logged.wrong())
        return answer

    def another(self, place: str, headers: dict[str, str]) -> str:
        friend = PLACES[place].friend
        return EVIL.partition(b" ")[2].decode() if headers.get("HTTP_ORIGIN") == friend else friend


SEEDS = (
    *(f"{path}|OPTIONS||{guard.friend}|PUT|x-token".encode() for path, guard in GUARDS.items()),
    *(f"{path}|GET||{guard.friend}".encode() for path, guard in GUARDS.items()),
    b"/exact|GET|/folder|https://a.example",
    b"/credentials|OPTIONS||https://a.example|PATCH|x-token, content-type",
    b"/everyone|POST|/missing|null",
    b"|OPTIONS|/|https://a.example:8443|GET",
    b"",
)
WORDS = (
    *(path.encode() for path in PLACES),
    *(b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"|", b"/", b"/folder", b"%2f", b"%", b"//", b"\\"),
    *(b"https://", b"http://", b"a.example", b"x.a.example", b"p1.example", b"ours.example", b"localhost", b"null"),
    *(b".evil.test", b"@evil.test", b":8443", b":443", b":", b".", b"-", b"a", b"A", b"1", b"#", b"?", b"a" * 300),
    *(b"*", b", ", b",", b" ", b"\t", b"\n", b"\r\n", b"\x00", b"\x85", b"\xff", b"FORGED", b"x-token," * 100),
    *(VALUES["10,000 names"](b""), VALUES["64 kB of letters"](b"")),
)
REQUESTS = Target(Requests(hostile_app()), b"|", SEEDS, WORDS)


# Options -------------------------------------------------------------------------------------------------------------

# What a refusal names, so that nothing else is taken for one.
NAMED = (
    *("origins", "methods", "headers", "max_age", "resources", "supports_credentials", "send_wildcard", "always_send"),
    *("automatic_options", "vary_header", "intercept_exceptions"),
)


def _value(name: str, text: str) -> tuple[str, Any]:
    """Read one option: a list where its name ends in ``[]``, a dict of patterns where it ends in ``{}``, or text."""
    if name.endswith("[]"):
        return name[:-2], text.split(",")
    if name.endswith("{}"):
        return name[:-2], {pattern: {"origins": "http://a"} for pattern in text.split(",")}
    return name, {"True": True, "False": False}.get(text, text)


def options(data: bytes) -> None:
    """Set up an app with any options, in its config too, and let it answer: options are refused, or do no harm."""
    if b"^" in data and b"supports_credentials" in data:
        return  # whether a pattern is "everyone" in disguise is tried at set-up, and may take a bad one for ever
    pairs = (option.partition("=")[::2] for option in data.decode(errors="surrogateescape").split("\x1e"))
    given = dict(_value(*pair) for pair in pairs if pair[0] not in {"app", "self"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = _answer_with(given)
        except (ValueError, TypeError) as refusal:
            if not any(name in str(refusal).lower() for name in NAMED):
                raise
            return
    check(wrong_in(answer))
    found = dict(answer.cors)
    if found.get("access-control-allow-origin") == "*" and "access-control-allow-credentials" in found:
        raise Broken("credentials are granted to everyone")


def _answer_with(given: dict[str, Any]) -> Answer:
    app = Flask("options", static_folder=None)
    app.testing = True
    app.add_url_rule("/", view_func=a_view)
    config = {name: value for name, value in given.items() if name.startswith("CORS_")}
    app.config.update(config)
    CORS(app, **{name: value for name, value in given.items() if name not in config})
    return ask(app, "OPTIONS", "/", {"HTTP_ORIGIN": "http://a"})


OPTIONS = Target(
    options,
    b"\x1e",
    (
        b"origins=http://a, https://*.b.example:8443, http://localhost:*",
        b"origins[]=https://a.example,^https://[a-z]+[.]b[.]example$,*",
        b"origins=http://a\x1esupports_credentials=True\x1eheaders=*\x1emethods=*",
        "origins=https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/".encode(),
        b"methods=get, PATCH\x1eheaders=Content-Type, X-Token\x1eexpose_headers[]=X-Total,ETag\x1emax_age=600",
        b"resources=/api/\x1eorigins=*\x1esend_wildcard=False\x1ealways_send=False",
        rb"resources{}=/api/v\d+/,^/users|/x(?#y),*",
        b"CORS_ORIGINS=http://a\x1eCORS_RESOURCES=/a\x1eCORS_MAX_AGE=9\x1eCORS_ORIGIN=x",
        b"allow_headers=X\x1evary_header=False\x1eautomatic_options=False\x1eintercept_exceptions=True",
    ),
    (
        *(b"origins", b"methods", b"headers", b"expose_headers", b"max_age", b"resources", b"supports_credentials"),
        *(b"send_wildcard", b"always_send", b"automatic_options", b"vary_header", b"allow_headers", b"CORS_", b"\x1e"),
        *(b"=", b"[]=", b"{}=", b"True", b"False", b",", b"*", b"^", b"$", b"(", b")", b"[", b"]", b"{", b"}", b"+"),
        *(b"?", b"|", b"\\", b"(?:", b"(?#", b"(?x)", b"(?P<a>", b"(?i:", b"\\Z", b"http://", b"://*.", b":*", b"null"),
        *(b"xn--", "\N{LATIN SMALL LETTER SHARP S}".encode(), "\N{FULLWIDTH FULL STOP}".encode(), b"\xff", b"\x00"),
        *(b"600", "\N{SUPERSCRIPT TWO}".encode()),
    ),
)
