"""Redirects, errors, files, streams and their preflights, from every server, at every place."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

import flask_cors
from tests.servers import trouble
from tests.servers.rule import is_the_servers_own
from tests.servers.settings import SETTINGS, Setting
from tests.servers.start import HOST, ROOT, SECONDS

ALLOWED, OTHER = "https://app.example", "https://other.example"

ACTUAL = {
    "Access-Control-Allow-Headers": "X-Token",
    "Access-Control-Allow-Origin": ALLOWED,
    "Access-Control-Expose-Headers": "X-Total",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}
PREFLIGHT = ACTUAL | {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}
REFUSED = {"Vary": "Origin"}

Headers = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An answer without the server's own headers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def cors(self) -> Headers:
        return {name: value for name, value in self.headers if name == "Vary" or name.startswith("Access-Control-")}


@dataclass(frozen=True)
class Served:
    """Where an app is served."""

    port: int
    prefix: str

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}{self.prefix}"

    def answer(self, method: str, path: str, headers: Headers) -> Answer:
        """The server's answer to a call."""
        with closing(HTTPConnection(HOST, self.port, timeout=SECONDS)) as connection:
            connection.request(method, self.prefix + path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, _of_the_app(answer.getheaders()), answer.read())

    def expected(self, method: str, path: str, headers: Headers) -> Answer:
        """The app's own answer to the same call, without any server."""
        client = trouble.app.test_client()
        with client.open(path, method=method, headers=headers, base_url=f"{self.url}/") as answer:
            return Answer(answer.status_code, _of_the_app(list(answer.headers)), answer.get_data())


def _of_the_app(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # The proxy spells names its own way (`Etag`); upper and lower case are the same in names.
    written = [(name.title(), value) for name, value in headers if not is_the_servers_own(name, value)]
    return sorted((name, _in_order(value) if name == "Allow" else value) for name, value in written)


def _in_order(methods: str) -> str:
    # Werkzeug lists a set, so another process may have another order.
    return ", ".join(sorted(methods.split(", ")))


@pytest.fixture(scope="module", params=SETTINGS, ids=str)
def setting(request: pytest.FixtureRequest) -> Setting:
    chosen: Setting = request.param
    return chosen


@pytest.fixture(scope="module")
def served(setting: Setting) -> Iterator[Served]:
    with setting.serves() as port:
        yield Served(port, setting.prefix)


def preflight(method: str, origin: str = ALLOWED) -> Headers:
    return {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-token"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "cors"),
    [
        pytest.param("OPTIONS", "/folder", preflight("GET"), 200, PREFLIGHT, id="preflight where a slash is missing"),
        pytest.param("GET", "/folder", {"Origin": ALLOWED}, 308, ACTUAL, id="redirect where a slash is missing"),
        pytest.param("OPTIONS", "/no/where", preflight("GET"), 200, PREFLIGHT, id="preflight on an unknown URL"),
        pytest.param("GET", "/no/where", {"Origin": ALLOWED}, 404, ACTUAL, id="unknown URL"),
        pytest.param("OPTIONS", "/broken", preflight("GET"), 200, PREFLIGHT, id="preflight before a server error"),
        pytest.param("GET", "/broken", {"Origin": ALLOWED}, 500, ACTUAL, id="server error"),
        pytest.param("GET", "/broken", {"Origin": OTHER}, 500, REFUSED, id="server error, another origin"),
        pytest.param("OPTIONS", "/folder/", preflight("PUT"), 200, PREFLIGHT, id="preflight for a missing method"),
        pytest.param("PUT", "/folder/", {"Origin": ALLOWED}, 405, ACTUAL, id="missing method"),
        pytest.param("OPTIONS", "/private", preflight("GET"), 200, PREFLIGHT, id="preflight before a login"),
        pytest.param("OPTIONS", "/private", preflight("GET", OTHER), 200, REFUSED, id="preflight, another origin"),
        pytest.param("OPTIONS", "/private", {"Origin": ALLOWED}, 401, PREFLIGHT, id="OPTIONS that meets the login"),
        pytest.param("GET", "/private", {"Origin": ALLOWED}, 401, ACTUAL, id="login"),
        pytest.param("GET", "/file", {"Origin": ALLOWED}, 200, ACTUAL, id="file"),
        pytest.param("HEAD", "/file", {"Origin": ALLOWED}, 200, ACTUAL, id="file, its headers only"),
        pytest.param("GET", "/stream", {"Origin": ALLOWED}, 200, ACTUAL, id="stream"),
        pytest.param("GET", "/folder/", {}, 200, ACTUAL, id="no origin"),
    ],
)
def test_what_goes_wrong_reaches_the_page_as_the_app_has_said_it(
    served: Served, method: str, path: str, headers: Headers, status: int, cors: Headers
) -> None:
    answer = served.answer(method, path, headers)
    assert (answer.status, answer.cors) == (status, cors)
    assert answer == served.expected(method, path, headers)


def test_a_redirect_stays_below_the_prefix(served: Served) -> None:
    headers = dict(served.answer("GET", "/folder", {"Origin": ALLOWED}).headers)
    assert headers["Location"] == f"{served.url}/folder/"


def test_the_server_is_the_one_meant_and_serves_the_flask_cors_of_this_checkout(
    setting: Setting, served: Served
) -> None:
    with closing(HTTPConnection(HOST, served.port, timeout=SECONDS)) as connection:
        connection.request("GET", f"{served.prefix}/package")
        answer = connection.getresponse()
        assert Path(answer.read().decode()) == Path(flask_cors.__file__) == ROOT / "flask_cors" / "__init__.py"
    assert answer.getheader("Server") == (setting.server.signature or served_by_the_proxy(setting))


def served_by_the_proxy(setting: Setting) -> str | None:
    """What the proxy says where the server behind it does not say what it is."""
    return "waitress" if setting.place == "behind a proxy" else None
