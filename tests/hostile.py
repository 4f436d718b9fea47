"""Requests that no browser sends, as bytes on a socket; an app that receives them; and a judge of the responses.

In a request, ``<path>`` is the path of a guarded view, ``<friend>`` an origin that its policy allows.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import h11
from flask import Flask
from werkzeug.datastructures import Headers

from flask_cors import CORS, cross_origin
from tests.helpers import A, a_view
from tests.sites import SENT_ORIGIN, Result, assert_valid

HOST = "127.0.0.1"
SECONDS = 30.0  # that an answer may take, also on a busy computer
MUCH = 64_000  # bytes; the servers that are tried here have a limit between this and 65,536 for one line
BOUND = 20_000  # bytes of an answer: two lists of 64 names of 128 letters, and a little more

# Policies ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guard:
    """A policy, and which origins it is documented to allow."""

    friend: str
    allows: Callable[[str], bool]
    options: dict[str, Any]


def fails(_: str) -> bool:
    raise LookupError("no such table")


ANY_ORIGIN = re.compile(SENT_ORIGIN)
OURS = "https://ours.example"
BESIDE = {"methods": "PUT", "headers": "X-Token", "expose_headers": "X-Total", "max_age": 600}
REPEATED = {"methods": "*", "headers": "*", "supports_credentials": True}

GUARDS = {
    "/everyone": Guard(A, "*".__eq__, BESIDE),
    "/named": Guard(A, lambda origin: origin == "*" or bool(ANY_ORIGIN.fullmatch(origin)), {"send_wildcard": False}),
    "/exact": Guard(A, A.__eq__, {"origins": A, **BESIDE}),
    "/several": Guard(A, {A, "https://b.example"}.__contains__, {"origins": [A, "https://b.example"]}),
    "/wildcard": Guard(
        "https://x.a.example",
        lambda origin: bool(re.fullmatch(r"https://([a-z0-9_~%-]+\.)+a\.example|http://localhost(:[0-9]+)?", origin)),
        {"origins": ["https://*.a.example", "http://localhost:*"]},
    ),
    "/pattern": Guard(  # nothing with white space, a control character or a letter beyond ASCII is an origin
        "https://p1.example",
        {f"https://p{digit}.example" for digit in range(10)}.__contains__,
        {"origins": re.compile(r"(?s)https://p\d\.example|.*[^!-~].*")},
    ),
    "/function": Guard(OURS, OURS.__eq__, {"origins": OURS.__eq__}),
    "/failing": Guard(A, set[str]().__contains__, {"origins": fails}),
    "/credentials": Guard(A, A.__eq__, {"origins": A, **REPEATED}),
    "/decorated": Guard(A, A.__eq__, {"origins": A, **REPEATED}),
}


def hostile_app(guards: Mapping[str, Guard] = GUARDS) -> Flask:
    app = Flask(__name__, static_folder=None)
    CORS(app, resources={path: guard.options for path, guard in guards.items() if path != "/decorated"})
    for path, guard in guards.items():
        view = cross_origin(**guard.options)(a_view) if path == "/decorated" else a_view
        app.add_url_rule(path, path, view, methods=["GET", "POST"])
        app.add_url_rule(f"{path}/folder/", f"{path}/folder", view)
    return app


# Requests ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """A request as bytes. One that is *cut* short ends where the connection does."""

    raw: bytes
    cut: bool = False

    def to(self, path: str) -> Call:
        """Make it a request to the guarded view at *path*."""
        friend = GUARDS[path].friend
        return Call(self.raw.replace(b"<path>", path.encode()).replace(b"<friend>", friend.encode()), self.cut)

    @property
    def lawful(self) -> bool:
        """Whether HTTP allows it (RFC 9112), so that there is no reason to refuse it but its size."""
        head = rb"[A-Z]{1,20} /[!-~]* HTTP/1\.1\r\nHost: a\.test\r\n([A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n"
        return not self.cut and re.fullmatch(head, self.raw) is not None

    @property
    def has_a_version(self) -> bool:
        """Whether it is HTTP/1 at all: to a line without a version, the answer has no head."""
        return re.match(rb"[^\r\n]* HTTP/1\.[01]\r?\n", self.raw) is not None

    @property
    def origins(self) -> set[str]:
        """All that a server may take for the value of ``Origin``, however it ends lines."""
        lines = re.split(r"[\r\n]+", self.raw.decode("latin-1"))
        return {value.strip() for name, _, value in (line.partition(":") for line in lines) if name == "Origin"}


def call(*lines: bytes, method: bytes = b"OPTIONS", target: bytes = b"<path>", version: bytes = b"HTTP/1.1") -> Call:
    start = b" ".join([method, target, version])
    return Call(b"\r\n".join([start, b"Host: a.test", b"Connection: close", *lines, b"", b""]))


ORIGIN = b"Origin: <friend>"
METHOD = b"Access-Control-Request-Method: PUT"
NAMES = b"Access-Control-Request-Headers: x-token"
PREFLIGHT = (METHOD, NAMES)

#: What a header's value may be made into. FORGED is what an attacker wants to see at the beginning of a line.
VALUES = {
    "bad UTF-8": b"<value>\xff\xfe\xc3\x28", "an overlong slash": b"<value>\xc0\xaf.evil.test",
    "a NUL": b"<value>\x00FORGED", "a carriage return": b"<value>\rFORGED: 1", "a line feed": b"<value>\nFORGED: 1",
    "a header behind it": b"<value>\r\nFORGED: 1", "a folded line": b"<value>\r\n FORGED",
    "a body behind it": b"<value>\r\n\r\nFORGED: 1\r\nSet-Cookie: a=b",
    "a terminal's line up": b"<value>\x1b[A\x1b[2KFORGED", "an encoded line break": b"<value>%0d%0aFORGED:%201",
    "an escaped line break": rb"<value>\r\nFORGED", "a format string": b"<value>%s%n%(name)s{0}",
    "markup": b"<value><script>alert(1)</script>", "what is no token": b'<value> @(){}[]"/;=?\\',
    "another host behind it": b"<value>.evil.test", "another origin behind it": b"<value> https://evil.test",
    "300 letters behind it": b"<value>" + b"a" * 300, "64 kB of letters": b"<value>" + b"a" * MUCH,
    "nothing": b"", "blanks": b" \t ", "a wildcard": b"*", "null": b"null", "itself twice": b"<value>, <value>",
    "a Cyrillic letter": "https://a.\N{CYRILLIC SMALL LETTER IE}xample".encode(),
    "64 kB of commas": b"," * MUCH, "64 kB of blanks": b"<value>" + b" " * MUCH + b"<value>",
    "32,000 subdomains": b"https://" + b"a." * (MUCH // 2) + b"example",
    "10,000 names": b",".join(b"%x" % number for number in range(10_000)),
    "64 names of 128 letters": b",".join(b"%0128x" % number for number in range(64)),
}  # fmt: skip


TARGETS = {
    "bad UTF-8": b"<path>\xff\xfe", "bad UTF-8, encoded": b"<path>%ff%fe%c3%28",
    "an encoded line break": b"<path>%0d%0aFORGED:%201",
    "an encoded second answer": b"<path>%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aFORGED:%201",
    "an encoded line feed": b"<path>%0aFORGED", "an encoded NUL": b"<path>%00FORGED", "a NUL": b"<path>\x00FORGED",
    "a carriage return": b"<path>\rFORGED", "a line feed": b"<path>\nFORGED",
    "a percent sign that encodes nothing": b"<path>%zz%",
    "a slash that is missing, and a line break": b"<path>/folder?%0d%0aFORGED:%201",
    "a whole URL": b"http://evil.test<path>", "two slashes": b"//evil.test<path>", "a star": b"*",
    "30 kB of letters": b"<path>/" + b"a" * 30_000, "30 kB of slashes": b"<path>" + b"/" * 30_000,
}  # fmt: skip


EVIL = b"Origin: https://evil.test"
WHOLE = call(ORIGIN, *PREFLIGHT).raw

STRANGE = {
    "a listed Origin, then another": call(ORIGIN, EVIL, *PREFLIGHT),
    "another Origin, then a listed one": call(EVIL, ORIGIN, *PREFLIGHT),
    "a listed Origin twice": call(ORIGIN, ORIGIN, *PREFLIGHT),
    "Origin 90 times": call(*[ORIGIN] * 90),
    "Origin with an underscore": call(EVIL, b"Access_Control_Request_Method: PUT", b"_Origin: <friend>"),
    "Origin with a blank before the colon": call(EVIL, b"Origin : <friend>", *PREFLIGHT),
    "the requested method twice": call(ORIGIN, METHOD, METHOD, NAMES),
    "the requested headers 90 times": call(ORIGIN, METHOD, *[NAMES] * 90),
    "64 headers of 1,000 commas": call(ORIGIN, METHOD, *[b"Access-Control-Request-Headers: " + b"," * 1000] * 64),
    "10,000 header lines": call(ORIGIN, *PREFLIGHT, *(b"X-%d:" % number for number in range(10_000))),
    "a method of 64 kB": call(ORIGIN, *PREFLIGHT, method=b"M" * MUCH),
    "a method in lower case": call(ORIGIN, *PREFLIGHT, method=b"options"),
    "a method that is no token": call(ORIGIN, *PREFLIGHT, method=b"OPT(IONS"),
    "a method with bad UTF-8": call(ORIGIN, *PREFLIGHT, method=b"OPTIONS\xff"),
    "a version that does not exist": call(ORIGIN, *PREFLIGHT, version=b"HTTP/9.9"),
    "no version": Call(b"OPTIONS <path>\r\n" + WHOLE.partition(b"\r\n")[2]),
    "a Host that no URL has": Call(WHOLE.replace(b"a.test", b"[").replace(b"<path>", b"<path>/folder")),
    "a Host with a path": Call(WHOLE.replace(b"a.test", b"a/b?c#d@e").replace(b"<path>", b"<path>/folder")),
    "a Host with a NUL": Call(WHOLE.replace(b"a.test", b"a\x00b")),
    "two Hosts": Call(WHOLE.replace(b"Host", b"Host: b.test\r\nHost").replace(b"<path>", b"<path>/folder")),
    "no Host": Call(WHOLE.replace(b"Host: a.test\r\n", b"").replace(b"<path>", b"<path>/folder")),
    "line feeds instead of line ends": Call(WHOLE.replace(b"\r\n", b"\n"), cut=True),
    "carriage returns instead of line ends": Call(WHOLE.replace(b"\r\n", b"\r"), cut=True),
    "64 kB of zero bytes": Call(b"\x00" * MUCH, cut=True),
    "64 kB of line ends behind": Call(WHOLE + b"\r\n" * (MUCH // 2), cut=True),
    "nothing at all": Call(b"", cut=True),
    "half an Origin": Call(WHOLE[: WHOLE.index(b"iend>")], cut=True),
    "no empty line at the end": Call(WHOLE[:-2], cut=True),
    "half a body": Call(WHOLE.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\nhalf"), cut=True),
}

CALLS = dict(STRANGE)
for each in (ORIGIN, METHOD, NAMES):
    name = each.partition(b": ")[0]
    others = [other for other in (ORIGIN, METHOD, NAMES) if other is not each]
    for what, value in VALUES.items():
        value = value.replace(b"<value>", each.partition(b": ")[2])
        CALLS[f"{name.decode()}: {what}"] = call(*others, name + b": " + value)
for method in (b"OPTIONS", b"GET"):
    for what, target in TARGETS.items():
        CALLS[f"{method.decode()} with a path with {what}"] = call(ORIGIN, *PREFLIGHT, method=method, target=target)
ORDINARY = call(ORIGIN, *PREFLIGHT)


# Answers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """All that came back before the connection ended, and how long that took."""

    data: bytes
    seconds: float

    @property
    def status(self) -> int:
        """The status; 0 without one, for example if the server has only closed the connection."""
        found = re.match(rb"HTTP/1\.[01] ([0-9]{3}) ", self.data)
        return int(found[1]) if found else 0


def send(port: int, request: Call) -> Answer:
    started = time.monotonic()
    with closing(socket.create_connection((HOST, port), timeout=SECONDS)) as connection:
        with suppress(OSError):  # a server may refuse what it has not read to the end
            connection.sendall(request.raw)
            if request.cut:
                connection.shutdown(socket.SHUT_WR)
        data = b"".join(_received(connection, started + SECONDS))
    return Answer(data, time.monotonic() - started)


def _received(connection: socket.socket, end: float) -> Iterator[bytes]:
    with suppress(OSError):  # how long it took is judged
        while time.monotonic() < end and (data := connection.recv(1 << 16)):
            yield data


def head(data: bytes) -> tuple[int, list[tuple[str, str]]]:
    """The status and headers of the one answer that *data* is, in which h11 finds nothing to complain about.

    :raises h11.ProtocolError: if there is something.
    """
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=len(data))
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a.test")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    answer = connection.next_event()
    while not isinstance(connection.next_event(), h11.EndOfMessage):
        pass
    if connection.trailing_data[0] or not isinstance(answer, h11.Response):
        raise h11.RemoteProtocolError("there is more than one answer")
    return answer.status_code, [(name.decode(), value.decode("latin-1")) for name, value in answer.headers]


# The judge -----------------------------------------------------------------------------------------------------------

USUAL = {200, 308, 404, 405}
REFUSALS = {400, 408, 413, 414, 431, 501, 505}  # of the server, before the app sees anything


def complaints(path: str, request: Call, answer: Answer, log: str) -> Iterator[str]:
    """All that is wrong with the *answer* to a request to *path*, and with what was logged meanwhile."""
    if answer.seconds >= SECONDS:
        yield f"it took {answer.seconds:.1f} s"
    if len(answer.data) > BOUND + 8 * len(request.raw):  # an error page may repeat the request, escaped
        yield f"the answer is {len(answer.data)} bytes long"
    if answer.data and (request.has_a_version or answer.status):
        yield from _wrong_in_the_answer(GUARDS[path], request, answer.data)
    if log.count("CORS: ") > 1:
        yield "more than one line was logged"
    yield from wrong_in_a_log(log)


def _wrong_in_the_answer(guard: Guard, request: Call, data: bytes) -> Iterator[str]:
    try:
        status, headers = head(data)
    except h11.ProtocolError as error:
        yield f"the answer is not valid: {error}"
        return
    if status not in USUAL | REFUSALS:
        yield f"the status is {status}"
    ours = [(name, value) for name, value in headers if name == "vary" or name.startswith("access-control-")]
    try:
        assert_valid(Result("", b"", Headers(ours)))
    except AssertionError as error:
        yield f"these headers are not valid: {error}"
    if sum(map(len, chain(*ours))) > BOUND:
        yield "the headers are too long"
    yield from wrong_in_the_grant(guard, request.origins, dict(ours))
    if any(name in {"forged", "set-cookie"} for name, _ in headers):
        yield "a header was forged"


def wrong_in_the_grant(guard: Guard, origins: set[str], found: dict[str, str]) -> Iterator[str]:
    """What is wrong with the grant to a request with one of these *origins*."""
    granted = found.get("access-control-allow-origin")
    without_origin = [one for one in ("*", guard.options.get("origins")) if isinstance(one, str)]
    if granted is not None and granted not in {*filter(guard.allows, [*origins, *without_origin])}:
        yield f"{granted[:99]!r} is allowed"


def wrong_in_a_log(log: str) -> Iterator[str]:
    """What is wrong with a server's log: an exception that no function in ``origins`` has raised, or a forgery."""
    if log.count("Traceback (most") > log.count("CORS: the function in origins failed"):
        yield f"an exception was logged:\n{log[-2000:]}"
    if any(line.startswith("FORGED") for line in re.split(r"[\r\n]", log)):
        yield "a line of the log was forged"


Log = Callable[[], str]  # what was logged since it was last asked


@dataclass
class Attack:
    """All hostile requests to one server."""

    port: int
    limit: int  # bytes of a request that the server has no reason to refuse
    log: Log

    def complaints(self, request: Call) -> list[str]:
        """Send a request to every guarded view; say what was wrong, and where."""
        self.log()  # what came late belongs to others
        return [f"{path}: {found}" for path in GUARDS for found in self._complaints(path, request.to(path))]

    def _complaints(self, path: str, request: Call) -> Iterator[str]:
        answer = send(self.port, request)
        if request.lawful and len(request.raw) <= self.limit and answer.status not in USUAL:
            yield f"it was refused: {answer.data[:99]!r}"
        yield from complaints(path, request, answer, self.log())

    def denied_friends(self) -> list[str]:
        """Name the guarded views that do not allow their friends."""
        friends = {path: "*" if path == "/everyone" else guard.friend for path, guard in GUARDS.items()}
        line = "\r\nAccess-Control-Allow-Origin: {}\r\n"
        responses = {path: send(self.port, ORDINARY.to(path)).data.decode("latin-1") for path in GUARDS}
        return [path for path, friend in friends.items() if line.format(friend) not in responses[path]]
