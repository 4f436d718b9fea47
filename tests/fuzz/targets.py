"""What is fuzzed: functions that take any bytes, and raise an exception when a law is broken."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import BufferingHandler
from typing import Any

from flask import Flask

from flask_cors import CORS
from flask_cors.options import CORSOptions
from tests.helpers import A, a_view, make_app
from tests.hostile import EVIL, GUARDS, VALUES, Guard, hostile_app, wrong_in_the_grant
from tests.sites import Result, assert_valid, assert_varies, call


@dataclass(frozen=True)
class Target:
    """A function, what stands between the parts of its input, inputs to begin with, and words to change them with."""

    function: Callable[[bytes], None]
    separator: bytes
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]


# What an app responds -------------------------------------------------------------------------------------------------

HEADERS = ("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
HEADER = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+:(?![ \t])[\t -~\x80-\xff]*(?<![ \t])")


def send(app: Flask, method: str, path: str, headers: dict[str, str]) -> Result:
    """Send a request without a server and without a client, which might mend what is broken; judge the response."""
    result = call(app, {"REQUEST_METHOD": method, "PATH_INFO": path, **headers})
    assert result.status[:3] in {"200", "308", "404", "405"}, f"the status is {result.status}, after {result.error}"
    invalid = [header for header in result.headers if not HEADER.fullmatch(":".join(header))]
    assert not invalid, f"these are no valid headers: {invalid}"
    assert_valid(result)
    return result


# Requests ------------------------------------------------------------------------------------------------------------

# What covers no guarded path allows whom any of them allows.
ANYWHERE = Guard("", lambda origin: any(guard.allows(origin) for guard in GUARDS.values()), {"origins": A})
PLACES = {**GUARDS, "": ANYWHERE}


class Requests:
    """The target whose input is a request, with ``|`` between place, method, the rest of the path, and three headers.

    A header that is left out, or empty, is not sent.
    """

    def __init__(self, app: Flask) -> None:
        self.logged = BufferingHandler(1000)
        app.logger.handlers[:] = [self.logged]
        app.testing = True  # exceptions come through
        self.app = app

    def __call__(self, data: bytes) -> None:
        place, method, path, *values = [*data.decode("latin-1").split("|", 5), "", "", ""][:6]
        place = place if place in PLACES else ""
        headers = {name: value for name, value in zip(HEADERS, values, strict=False) if value}
        # OPTIONS with Origin may ask for another method, so that another policy decides. No cache keeps the responses.
        known = method.upper()  # as Flask reads it
        friend = PLACES[place].friend
        other = EVIL.partition(b" ")[2].decode() if headers.get("HTTP_ORIGIN") == friend else friend
        response = self.judge(place, method, path, headers)
        response_to_other = self.judge(place, method, path, {**headers, "HTTP_ORIGIN": other})
        if known != "OPTIONS" or "HTTP_ORIGIN" in headers:
            assert_varies(response, response_to_other, known)

    def judge(self, place: str, method: str, path: str, headers: dict[str, str]) -> Result:
        """Send a request, and judge the grant and what is logged."""
        result = send(self.app, method, place + path, headers)
        found = {name.lower(): value for name, value in result.cors.items()}
        complaints = [*wrong_in_the_grant(PLACES[place], {headers.get("HTTP_ORIGIN", "")}, found)]
        assert not complaints, complaints
        lines = [record.getMessage() for record in self.logged.buffer]
        self.logged.buffer.clear()
        assert len(lines) <= 1, lines
        assert all(map(str.isprintable, lines)), lines
        return result


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
    *(VALUES["10,000 names"], VALUES["64 kB of letters"]),
)
REQUESTS = Target(Requests(hostile_app()), b"|", SEEDS, WORDS)


# Options -------------------------------------------------------------------------------------------------------------


def _value(name: str, text: str) -> tuple[str, Any]:
    """Read one option: a list where its name ends in ``[]``, a dict of patterns where it ends in ``{}``, or text."""
    if name.endswith("[]"):
        return name[:-2], text.split(",")
    if name.endswith("{}"):
        return name[:-2], {pattern: {"origins": "http://a"} for pattern in text.split(",")}
    return name, {"True": True, "False": False}.get(text, text)


def options(data: bytes) -> None:
    """Set up an app with any options, in its config too, and send it a request: options are refused, or do no harm."""
    if b"^" in data and b"supports_credentials" in data:
        return  # whether a pattern is "everyone" in disguise is tried at set-up, and may take a bad one for ever
    pairs = (option.partition("=")[::2] for option in data.decode(errors="surrogateescape").split("\x1e"))
    given = dict(_value(*pair) for pair in pairs if pair[0] not in {"app", "self"})
    with warnings.catch_warnings(action="ignore"):
        try:
            _try_out(given)
        except (ValueError, TypeError) as refusal:
            if not any(name in str(refusal).lower() for name in CORSOptions.__optional_keys__):  # else it is no refusal
                raise


def _try_out(given: dict[str, Any]) -> None:
    app = make_app()
    app.add_url_rule("/", view_func=a_view)
    config = {name: value for name, value in given.items() if name.startswith("CORS_")}
    app.config.update(config)
    CORS(app, **{name: value for name, value in given.items() if name not in config})
    send(app, "OPTIONS", "/", {"HTTP_ORIGIN": "http://a"})


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
