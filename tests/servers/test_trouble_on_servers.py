"""Redirects, errors, files, streams and their preflights, from every server, at every place."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import flask_cors
from tests.helpers import ALL_METHODS, DENIED
from tests.servers import trouble
from tests.servers.rule import is_of_server
from tests.servers.start import HOST, ROOT, SECONDS, SETTINGS, Setting
from tests.tables import table

ALLOWED, OTHER = "https://app.example", "https://other.example"
ACTUAL = {"Access-Control-Allow-Origin": ALLOWED, "Access-Control-Allow-Headers": "X-Token", "Vary": "Origin"}
ACTUAL |= {"Access-Control-Expose-Headers": "X-Total", "Access-Control-Max-Age": "600"}
PREFLIGHT = ACTUAL | ALL_METHODS

Headers = dict[str, str]
Response = tuple[int, list[tuple[str, str]], bytes]


@pytest.fixture(scope="module", params=SETTINGS, ids=str)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[Setting, str]]:
    with request.param.serves("trouble") as port:
        yield request.param, f"http://{HOST}:{port}{request.param.prefix}"


def fetch(url: str, method: str, path: str, headers: Headers) -> Response:
    parts = urlsplit(url + path)
    with closing(HTTPConnection(parts.netloc, timeout=SECONDS)) as connection:
        connection.request(method, parts.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()


def of_the_app(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers without those of the server: in one spelling, since proxies write `Etag`, and sorted."""
    written = [(name.title(), value) for name, value in headers if not is_of_server(name, value)]
    # Werkzeug lists a set of methods, so another process may have another order.
    return sorted((n, ", ".join(sorted(value.split(", "))) if n == "Allow" else value) for n, value in written)


def preflight(method: str, origin: str = ALLOWED) -> Headers:
    return {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-token"}


@table(
    "method, path, headers, status, cors",
    ("redirect where a slash is missing", "GET", "/folder", {"Origin": ALLOWED}, 308, ACTUAL),
    ("unknown URL", "GET", "/no/where", {"Origin": ALLOWED}, 404, ACTUAL),
    ("preflight before a server error", "OPTIONS", "/broken", preflight("GET"), 200, PREFLIGHT),
    ("server error", "GET", "/broken", {"Origin": ALLOWED}, 500, ACTUAL),
    ("server error, another origin", "GET", "/broken", {"Origin": OTHER}, 500, DENIED),
    ("missing method", "PUT", "/folder/", {"Origin": ALLOWED}, 405, ACTUAL),
    ("preflight before a login", "OPTIONS", "/private", preflight("GET"), 200, PREFLIGHT),
    ("preflight, another origin", "OPTIONS", "/private", preflight("GET", OTHER), 200, DENIED),
    ("OPTIONS that meets the login", "OPTIONS", "/private", {"Origin": ALLOWED}, 401, PREFLIGHT),
    ("login", "GET", "/private", {"Origin": ALLOWED}, 401, ACTUAL),
    ("file", "GET", "/file", {"Origin": ALLOWED}, 200, ACTUAL),
    ("file, its headers only", "HEAD", "/file", {"Origin": ALLOWED}, 200, ACTUAL),
    ("stream", "GET", "/stream", {"Origin": ALLOWED}, 200, ACTUAL),
    ("no origin", "GET", "/folder/", {}, 200, ACTUAL),
)
def test_the_page_receives_what_the_app_has_sent(
    served: tuple[Setting, str], method: str, path: str, headers: Headers, status: int, cors: Headers
) -> None:
    _, url = served
    found_status, all_headers, body = fetch(url, method, path, headers)
    ours = {name: value for name, value in all_headers if name == "Vary" or name.startswith("Access-Control-")}
    assert (found_status, ours) == (status, cors)
    with trouble.app.test_client().open(path, method=method, headers=headers, base_url=f"{url}/") as direct:
        assert (of_the_app(all_headers), body) == (of_the_app(list(direct.headers)), direct.get_data())


def test_the_server_is_the_one_meant_and_serves_the_flask_cors_of_this_checkout(served: tuple[Setting, str]) -> None:
    setting, url = served
    _, headers, body = fetch(url, "GET", "/package", {})
    assert Path(body.decode()) == Path(flask_cors.__file__) == ROOT / "flask_cors" / "__init__.py"
    # The proxy names itself where the server behind it does not.
    assert dict(headers).get("Server") in {setting.server.signature, "waitress" if "proxy" in setting.place else None}
