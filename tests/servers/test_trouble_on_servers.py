"""Redirects, errors, files, streams and their preflights, from every server, at every place."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

import flask_cors
from tests.servers import trouble
from tests.servers.rule import is_of_server
from tests.servers.start import HOST, ROOT, SECONDS, SETTINGS, Setting

ALLOWED, OTHER = "https://app.example", "https://other.example"

ACTUAL = {
    "Access-Control-Allow-Headers": "X-Token",
    "Access-Control-Allow-Origin": ALLOWED,
    "Access-Control-Expose-Headers": "X-Total",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}
PREFLIGHT = ACTUAL | {"Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"}
DENIED = {"Vary": "Origin"}

Headers = dict[str, str]
Response = tuple[int, list[tuple[str, str]], bytes]


@pytest.fixture(scope="module", params=SETTINGS, ids=str)
def setting(request: pytest.FixtureRequest) -> Setting:
    chosen: Setting = request.param
    return chosen


@pytest.fixture(scope="module")
def port(setting: Setting) -> Iterator[int]:
    with setting.serves("trouble") as port:
        yield port


def fetch(port: int, method: str, path: str, headers: Headers) -> Response:
    """Return the response of the server."""
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, of_the_app(response.getheaders()), response.read()


def expected(url: str, method: str, path: str, headers: Headers) -> Response:
    """Return the app's own response to the same request, without any server."""
    with trouble.app.test_client().open(path, method=method, headers=headers, base_url=f"{url}/") as response:
        return response.status_code, of_the_app(list(response.headers)), response.get_data()


def of_the_app(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers without those of the server: in one spelling, since proxies write `Etag`, and sorted."""
    written = [(name.title(), value) for name, value in headers if not is_of_server(name, value)]
    # Werkzeug lists a set of methods, so another process may have another order.
    return sorted((n, ", ".join(sorted(value.split(", "))) if n == "Allow" else value) for n, value in written)


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
        pytest.param("GET", "/broken", {"Origin": OTHER}, 500, DENIED, id="server error, another origin"),
        pytest.param("OPTIONS", "/folder/", preflight("PUT"), 200, PREFLIGHT, id="preflight for a missing method"),
        pytest.param("PUT", "/folder/", {"Origin": ALLOWED}, 405, ACTUAL, id="missing method"),
        pytest.param("OPTIONS", "/private", preflight("GET"), 200, PREFLIGHT, id="preflight before a login"),
        pytest.param("OPTIONS", "/private", preflight("GET", OTHER), 200, DENIED, id="preflight, another origin"),
        pytest.param("OPTIONS", "/private", {"Origin": ALLOWED}, 401, PREFLIGHT, id="OPTIONS that meets the login"),
        pytest.param("GET", "/private", {"Origin": ALLOWED}, 401, ACTUAL, id="login"),
        pytest.param("GET", "/file", {"Origin": ALLOWED}, 200, ACTUAL, id="file"),
        pytest.param("HEAD", "/file", {"Origin": ALLOWED}, 200, ACTUAL, id="file, its headers only"),
        pytest.param("GET", "/stream", {"Origin": ALLOWED}, 200, ACTUAL, id="stream"),
        pytest.param("GET", "/folder/", {}, 200, ACTUAL, id="no origin"),
    ],
)
def test_the_page_receives_what_the_app_has_sent(
    setting: Setting, port: int, method: str, path: str, headers: Headers, status: int, cors: Headers
) -> None:
    response = fetch(port, method, setting.prefix + path, headers)
    found = {name: value for name, value in response[1] if name == "Vary" or name.startswith("Access-Control-")}
    assert (response[0], found) == (status, cors)
    assert response == expected(f"http://{HOST}:{port}{setting.prefix}", method, path, headers)


def test_the_server_is_the_one_meant_and_serves_the_flask_cors_of_this_checkout(setting: Setting, port: int) -> None:
    with closing(HTTPConnection(HOST, port, timeout=SECONDS)) as connection:
        connection.request("GET", f"{setting.prefix}/package")
        response = connection.getresponse()
        assert Path(response.read().decode()) == Path(flask_cors.__file__) == ROOT / "flask_cors" / "__init__.py"
    # The proxy names itself where the server behind it does not.
    assert response.getheader("Server") in {setting.server.signature, "waitress" if "proxy" in setting.place else None}
