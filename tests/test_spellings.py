"""Spellings of a path: the policy is that of the view that Flask calls, whatever bytes led there.

Here a path is written as it stands in the request line, and handed to the app as servers hand it on: decoded once.
"""

import re
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from flask import Blueprint, Flask, request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_cors import CORS, cross_origin
from tests.helpers import a_view, an_app, ask, leave, preflight

# Paths as they are once decoded: each is a route, a resource, and the name of a policy of its own.
PATHS = [
    *("/", "/admin", "/Admin", "/admin/users", "/admin/users/", "/admin users", "/admin+users", "/admin;users"),
    *("/admin%2Fusers", "/admin%20users", "/admin.users", "/caf\u00e9", "/cafe\u0301", "/cafe", "/\ufb01le", "/file"),
    *("/public/", "/public/..", "/public/../admin", "/public/;/admin", "/\u01c5", "/\u01c4", "/a\x00b", "/\ufffd"),
    *("/twice%2Fdecoded/", "/twice/decoded/"),
]
ELSEWHERE = "https://elsewhere.example"


def origin_of(path: str) -> str:
    return f"https://policy{PATHS.index(path)}.example"


# Each origin's policy says its name to requests without an origin, too. So what is said is the name of the policy.
def name_of_policy(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


def decorated() -> Flask:
    """Make an app whose views have policies of their own."""
    app = an_app()
    CORS(app, origins=ELSEWHERE)
    for path in PATHS:
        view = cross_origin(origins=origin_of(path))(lambda path=path: origin_of(path))
        app.add_url_rule(path, path, view)
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


def with_resources() -> Flask:
    """Make an app whose paths have policies: that of the longest of them that the path begins with."""
    app = an_app()
    CORS(app, resources={re.escape(path): {"origins": origin_of(path)} for path in PATHS})
    for path in PATHS:
        app.add_url_rule(path, path, policy_by_path)
    app.register_error_handler(404, lambda _: (policy_by_path(), 404))
    return app


def policy_by_path() -> str:
    return origin_of(max((path for path in PATHS if request.path.startswith(path)), key=len))


def with_everything() -> Flask:
    """Make an app that has a view for every path, beside decorated ones."""
    app = decorated()
    app.add_url_rule("/<path:_>", "rest", lambda _: ELSEWHERE)
    return app


APPS = {"decorated views": decorated(), "resources": with_resources(), "a view for every path": with_everything()}


def environ(path: str, root: str = "") -> dict[str, str]:
    decoded = unquote_to_bytes(path.encode()).decode("latin-1")
    return {"PATH_INFO": decoded, "SCRIPT_NAME": root.encode().decode("latin-1")}


def call(client: FlaskClient, path: str, root: str = "") -> TestResponse:
    return ask(client, "/", environ_overrides=environ(path, root))


def may_leave(client: FlaskClient, path: str, root: str, origin: str) -> bool:
    response = preflight(client, "/", origin, environ_overrides=environ(path, root))
    return leave(response).get("Access-Control-Allow-Origin") == origin


def redirected(response: TestResponse, root: str) -> str:
    """Tell where the answer leads, as written in the next request line, without what the server takes off it."""
    decoded = unquote_to_bytes(urlsplit(response.headers["Location"]).path).decode("latin-1")
    below = decoded.removeprefix(root.encode().decode("latin-1"))
    return below.replace("%", "%25").encode("latin-1").decode()


def assert_that_the_policy_is_that_of_the_view(app: Flask, path: str, root: str = "") -> str | None:
    client = app.test_client()
    first = last = call(client, path, root)
    for _ in range(3):
        if last.status_code == 308:
            last = call(client, redirected(last, root), root)
    assert last.status_code in {200, 404}
    assert name_of_policy(first) == name_of_policy(last) == last.text
    assert may_leave(client, path, root, last.text)
    assert not may_leave(client, path, root, "https://unlisted.example")
    return name_of_policy(first)


@pytest.mark.parametrize(
    ("written", "view"),
    [
        pytest.param("/admin", "/admin", id="plainly"),
        pytest.param("/%61dmin", "/admin", id="with a letter encoded"),
        pytest.param("/%2561dmin", None, id="with a letter encoded twice"),
        pytest.param("/Admin", "/Admin", id="with a capital"),
        pytest.param("/ADMIN", None, id="in capitals"),
        pytest.param("/admin%2Fusers", "/admin/users", id="with the slash encoded"),
        pytest.param("/admin%2fusers", "/admin/users", id="with the slash encoded in lower case"),
        pytest.param("/admin%252Fusers", "/admin%2Fusers", id="with the slash encoded twice"),
        pytest.param("/admin%25252Fusers", None, id="with the slash encoded three times"),
        pytest.param("/twice%252Fdecoded", "/twice%2Fdecoded/", id="with the slash encoded twice and none behind"),
        pytest.param("//admin", "/admin", id="with two slashes in front"),
        pytest.param("///admin", "/admin", id="with three slashes in front"),
        pytest.param("%2Fadmin", "/admin", id="with the first slash encoded"),
        pytest.param("admin", "/admin", id="without the first slash"),
        pytest.param("", "/", id="as nothing at all"),
        pytest.param("/admin//users", "/admin/users", id="with two slashes inside"),
        pytest.param("/admin/users//", "/admin/users/", id="with two slashes behind"),
        pytest.param("/public", "/public/", id="without the last slash"),
        pytest.param("/./admin", None, id="with a dot for a segment"),
        pytest.param("/public/../admin", "/public/../admin", id="with two dots for a segment"),
        pytest.param("/public/%2e%2e/admin", "/public/../admin", id="with two encoded dots for a segment"),
        pytest.param("/public/..%2Fadmin", "/public/../admin", id="with two dots and an encoded slash"),
        pytest.param("/public/..;/admin", None, id="with two dots and a semicolon"),
        pytest.param("/public/;/admin", "/public/;/admin", id="with a semicolon for a segment"),
        pytest.param("/admin;users", "/admin;users", id="with a parameter"),
        pytest.param("/admin;", None, id="with an empty parameter"),
        pytest.param("/admin+users", "/admin+users", id="with a plus"),
        pytest.param("/admin%2Busers", "/admin+users", id="with an encoded plus"),
        pytest.param("/admin%20users", "/admin users", id="with an encoded space"),
        pytest.param("/admin users", "/admin users", id="with a space"),
        pytest.param("/admin%2520users", "/admin%20users", id="with a space encoded twice"),
        pytest.param("/admin%3Fusers", None, id="with an encoded question mark"),
        pytest.param("/admin%23", None, id="with an encoded hash"),
        pytest.param("/admin%", None, id="with a lonely percent sign"),
        pytest.param("/admin%00", None, id="with a zero byte"),
        pytest.param("/a%00b", "/a\x00b", id="with a zero byte that belongs there"),
        pytest.param("/admin%0A", None, id="with a line break"),
        pytest.param("/admin%0D%0AOrigin:x", None, id="with a header in it"),
        pytest.param("/caf%C3%A9", "/caf\u00e9", id="with an accent"),
        pytest.param("/cafe%CC%81", "/cafe\u0301", id="with an accent of its own"),
        pytest.param("/cafe", "/cafe", id="without the accent"),
        pytest.param("/%EF%AC%81le", "/\ufb01le", id="with a ligature"),
        pytest.param("/file", "/file", id="without the ligature"),
        pytest.param("/%C7%85", "/\u01c5", id="in title case"),
        pytest.param("/%C7%84", "/\u01c4", id="in upper case"),
        pytest.param("/%C7%86", None, id="in lower case"),
        pytest.param("/%FF", "/\ufffd", id="in bytes that are no text"),
        pytest.param("/%C0%AFadmin", None, id="with a slash that is too long"),
        pytest.param("/%E2%88%95admin", None, id="with something like a slash"),
    ],
)
@pytest.mark.parametrize("root", ["", "/mount", "/a b", "/\u00fc"])
def test_a_path_leads_to_the_policy_of_the_view(written: str, view: str | None, root: str) -> None:
    expected = ELSEWHERE if view is None else origin_of(view)
    assert assert_that_the_policy_is_that_of_the_view(APPS["decorated views"], written, root) == expected
    assert_that_the_policy_is_that_of_the_view(APPS["resources"], written, root)
    assert_that_the_policy_is_that_of_the_view(APPS["a view for every path"], written, root)


PIECES = [
    *("twice", "decoded"),
    *("admin", "Admin", "users", "public", "caf\u00e9", "cafe", "file", "a", "b", "/", "//", ".", "..", ";", "+", " "),
    *("%2F", "%2f", "%252F", "%2e", "%20", "%2520", "%00", "%0A", "%FF", "%C3%A9", "%CC%81", "%25", "%3F", "%61"),
]
written_paths = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces)),
    st.lists(st.sampled_from([*PATHS, "/", "%2F"]), max_size=3).map("".join),
    st.binary(max_size=8).map(lambda raw: "/" + "".join(f"%{byte:02X}" for byte in raw)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: f"/{text}"),
)


@pytest.mark.parametrize("name", APPS)
@given(path=written_paths, root=st.sampled_from(["", "/mount", "/a b", "/\u00fc/+"]))
def test_any_path_leads_to_the_policy_of_the_view(name: str, path: str, root: str) -> None:
    assert_that_the_policy_is_that_of_the_view(APPS[name], path, root)


@pytest.mark.parametrize(
    ("written", "inside"),
    [
        ("/api/nowhere", True),
        ("/%61pi/nowhere", True),
        ("/api%2Fnowhere", True),
        ("//api/nowhere", True),
        ("/api", True),
        ("/api/../nowhere", True),
        ("/API/nowhere", False),
        ("/api%252Fnowhere", False),
        ("/apiary", False),
        ("/./api/nowhere", False),
        ("/nowhere/api/", False),
        ("/api%0A", False),
    ],
)
@pytest.mark.parametrize("root", ["", "/api"])
def test_what_is_missing_is_below_a_prefix_by_its_decoded_path(written: str, inside: bool, root: str) -> None:
    app, blueprint = an_app(), Blueprint("api", __name__, url_prefix="/api")
    CORS(app, origins=ELSEWHERE)
    CORS(blueprint, origins=origin_of("/"))
    blueprint.add_url_rule("/users", view_func=a_view)
    app.register_blueprint(blueprint)
    assert name_of_policy(call(app.test_client(), written, root)) == (origin_of("/") if inside else ELSEWHERE)
