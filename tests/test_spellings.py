"""Law 7, spellings of a path: the policy is that of the view that Flask calls, whatever bytes led there.

Here a path is written as it stands in the request line, and handed to the app as servers hand it on: decoded once.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, unquote_plus, unquote_to_bytes, urlsplit

import pytest
from flask import Blueprint, Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from flask_cors import CORS, cross_origin
from tests.helpers import a_view, an_app
from tests.sites import Result, call

# Paths as they are once decoded: each is a route, a resource, and the name of a policy of its own.
PATHS = [
    *("/", "/admin", "/Admin", "/admin/users", "/admin/users/", "/admin users", "/admin+users", "/admin;users"),
    *("/admin%2Fusers", "/admin%20users", "/admin.users", "/caf\u00e9", "/cafe\u0301", "/cafe", "/\ufb01le", "/file"),
    *("/public/", "/public/..", "/public/../admin", "/public/;/admin", "/\u01c5", "/\u01c4", "/a\x00b", "/\ufffd"),
    *("/twice%2Fdecoded/", "/twice/decoded/"),
]
ELSEWHERE = "https://elsewhere.example"


PREFLIGHT = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}


def origin_of(path: str) -> str:
    return f"https://policy{PATHS.index(path)}.example"


def decorated(*, every_path: bool = False) -> Flask:
    """Make an app whose views have policies of their own, with a view for every other path or without."""
    app = an_app()
    CORS(app, origins=ELSEWHERE)
    for path in PATHS:
        app.add_url_rule(path, path, cross_origin(origins=origin_of(path))(lambda path=path: origin_of(path)))
    if every_path:
        app.add_url_rule("/<path:_>", "rest", lambda _: ELSEWHERE)
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


def with_resources() -> Flask:
    """Make an app whose paths have policies: that of the longest of them that the path begins with."""

    def policy_by_path() -> str:
        return origin_of(max((path for path in PATHS if request.path.startswith(path)), key=len))

    app = an_app()
    CORS(app, resources={re.escape(path): {"origins": origin_of(path)} for path in PATHS})
    for path in PATHS:
        app.add_url_rule(path, path, policy_by_path)
    app.register_error_handler(404, lambda _: (policy_by_path(), 404))
    return app


def with_blueprints() -> Flask:
    """Make an app whose views are each in a blueprint that has a policy."""
    app = an_app()
    CORS(app, origins=ELSEWHERE)
    for number, path in enumerate(PATHS):
        blueprint = Blueprint(f"blueprint{number}", __name__)
        CORS(blueprint, origins=origin_of(path))
        blueprint.add_url_rule(path, "view", lambda path=path: origin_of(path))
        app.register_blueprint(blueprint)
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


RULES = ["/admin", "/<name>", "/<name>/", "/<name>/<int:number>", "/admin/<name>", "/<path:rest>/users"]
RULES += ["/file/<float:x>"]


def with_converters() -> Flask:
    """Make an app whose decorated views share paths, so that the router has to choose."""
    app = an_app()
    CORS(app, origins=ELSEWHERE)
    for number, rule in enumerate(RULES):
        origin = f"https://rule{number}.example"
        app.add_url_rule(rule, rule, cross_origin(origins=origin)(lambda origin=origin, **_: origin))
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


APPS = {
    "decorated views": decorated(),
    "blueprints": with_blueprints(),
    "resources": with_resources(),
    "a view for every path": decorated(every_path=True),
    "converters": with_converters(),
}


def environ(path: str, root: str) -> dict[str, str]:
    return {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "SCRIPT_NAME": root.encode().decode("latin-1")}


def redirected(result: Result, root: str) -> str:
    """Return where the response leads, as written in the next request line, without what the server takes off it."""
    decoded = unquote_to_bytes(urlsplit(result.headers["Location"]).path).decode("latin-1")
    below = decoded.removeprefix(root.encode().decode("latin-1"))
    return below.replace("%", "%25").encode("latin-1").decode()


# Each policy sends its name to requests without an origin, too.
def policy_sent(result: Result) -> str | None:
    return result.headers.get("Access-Control-Allow-Origin")


def assert_policy_of_the_view(app: Flask, path: str, root: str = "") -> str | None:
    first = last = call(app, environ(path, root))
    for _ in range(3):
        if last.status[:3] == "308":
            last = call(app, environ(redirected(last, root), root))
    assert last.status[:3] in {"200", "404"}
    origin = last.data.decode()
    assert policy_sent(first) == policy_sent(last) == origin
    for sent in (origin, "https://unlisted.example"):
        preflight = call(app, {**environ(path, root), **PREFLIGHT, "HTTP_ORIGIN": sent})
        assert (preflight.status, preflight.data) == ("200 OK", b"")
        assert policy_sent(preflight) == (origin if sent == origin else None)
    return policy_sent(first)


# How a path is written, and the path whose view that reaches, if any.
SPELLINGS: dict[str, tuple[str, str | None]] = {
    "plainly": ("/admin", "/admin"),
    "with a letter encoded": ("/%61dmin", "/admin"),
    "with a letter encoded twice": ("/%2561dmin", None),
    "with a capital": ("/Admin", "/Admin"),
    "in capitals": ("/ADMIN", None),
    "with the slash encoded": ("/admin%2Fusers", "/admin/users"),
    "with the slash encoded in lower case": ("/admin%2fusers", "/admin/users"),
    "with the slash encoded twice": ("/admin%252Fusers", "/admin%2Fusers"),
    "with the slash encoded three times": ("/admin%25252Fusers", None),
    "with the slash encoded twice and none behind": ("/twice%252Fdecoded", "/twice%2Fdecoded/"),
    "with two slashes in front": ("//admin", "/admin"),
    "with three slashes in front": ("///admin", "/admin"),
    "with the first slash encoded": ("%2Fadmin", "/admin"),
    "without the first slash": ("admin", "/admin"),
    "as nothing at all": ("", "/"),
    "with two slashes inside": ("/admin//users", "/admin/users"),
    "with two slashes behind": ("/admin/users//", "/admin/users/"),
    "without the last slash": ("/public", "/public/"),
    "with a dot for a segment": ("/./admin", None),
    "with two dots for a segment": ("/public/../admin", "/public/../admin"),
    "with two encoded dots for a segment": ("/public/%2e%2e/admin", "/public/../admin"),
    "with two dots and an encoded slash": ("/public/..%2Fadmin", "/public/../admin"),
    "with two dots and a semicolon": ("/public/..;/admin", None),
    "with a semicolon for a segment": ("/public/;/admin", "/public/;/admin"),
    "with a parameter": ("/admin;users", "/admin;users"),
    "with an empty parameter": ("/admin;", None),
    "with a plus": ("/admin+users", "/admin+users"),
    "with an encoded plus": ("/admin%2Busers", "/admin+users"),
    "with an encoded space": ("/admin%20users", "/admin users"),
    "with a space": ("/admin users", "/admin users"),
    "with a space encoded twice": ("/admin%2520users", "/admin%20users"),
    "with an encoded question mark": ("/admin%3Fusers", None),
    "with an encoded hash": ("/admin%23", None),
    "with a lonely percent sign": ("/admin%", None),
    "with a zero byte": ("/admin%00", None),
    "with a zero byte that belongs there": ("/a%00b", "/a\x00b"),
    "with a line break": ("/admin%0A", None),
    "with a header in it": ("/admin%0D%0AOrigin:x", None),
    "with an accent": ("/caf%C3%A9", "/caf\u00e9"),
    "with an accent of its own": ("/cafe%CC%81", "/cafe\u0301"),
    "without the accent": ("/cafe", "/cafe"),
    "with a ligature": ("/%EF%AC%81le", "/\ufb01le"),
    "without the ligature": ("/file", "/file"),
    "in title case": ("/%C7%85", "/\u01c5"),
    "in upper case": ("/%C7%84", "/\u01c4"),
    "in lower case": ("/%C7%86", None),
    "in bytes that are no text": ("/%FF", "/\ufffd"),
    "with a slash that is too long": ("/%C0%AFadmin", None),
    "with something like a slash": ("/%E2%88%95admin", None),
}


@pytest.mark.parametrize("name", APPS)
@pytest.mark.parametrize(("written", "view"), SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("root", ["", "/mount", "/a b", "/\u00fc"])
def test_a_path_leads_to_the_policy_of_the_view(name: str, written: str, view: str | None, root: str) -> None:
    found = assert_policy_of_the_view(APPS[name], written, root)
    if name in {"decorated views", "blueprints"}:
        assert found == (ELSEWHERE if view is None else origin_of(view))


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
    """Law 7."""
    assert_policy_of_the_view(APPS[name], path, root)


def careless(reads: Callable[[str], str]) -> Flask:
    """Make an app that Flask routes as ever, and whose policies go by a path that is read otherwise."""
    app = decorated()
    honest = app.wsgi_app

    def wsgi_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        read = reads(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))
        _, _, wrong = run_wsgi_app(honest, {**environ, "PATH_INFO": read.encode().decode("latin-1")})
        body, status, headers = run_wsgi_app(honest, environ)
        headers.setlist("Access-Control-Allow-Origin", wrong.getlist("Access-Control-Allow-Origin"))
        start_response(status, headers.to_wsgi_list())
        return body

    app.wsgi_app = wsgi_app  # type: ignore[method-assign]
    return app


def wrong_rows(app: Flask) -> list[str]:
    return [name for name, row in SPELLINGS.items() if not has_right_policy(app, *row)]


def has_right_policy(app: Flask, written: str, view: str | None) -> bool:
    try:
        found = assert_policy_of_the_view(app, written)
    except AssertionError:
        return False
    return found == (ELSEWHERE if view is None else origin_of(view))


@pytest.mark.parametrize(
    ("reads", "caught"),
    [
        pytest.param(unquote, "with the slash encoded twice", id="decoded a second time"),
        pytest.param(unquote_plus, "with a plus", id="with a plus for a space"),
        pytest.param(str.lower, "with a capital", id="in small letters"),
        pytest.param(str.upper, "in title case", id="in capitals"),
        pytest.param(posixpath.normpath, "with two dots for a segment", id="with dots resolved"),
        pytest.param(lambda path: path.rstrip("/"), "with two slashes behind", id="without the last slash"),
        pytest.param(lambda path: path.partition(";")[0], "with a parameter", id="without parameters"),
        pytest.param(lambda path: path.partition("\0")[0], "with a zero byte that belongs there", id="to a zero byte"),
        pytest.param(lambda path: unicodedata.normalize("NFC", path), "with an accent of its own", id="in form NFC"),
        pytest.param(lambda path: unicodedata.normalize("NFD", path), "with an accent", id="in form NFD"),
        pytest.param(lambda path: unicodedata.normalize("NFKC", path), "with a ligature", id="in form NFKC"),
        pytest.param(lambda path: path.encode().decode("latin-1"), "with an accent", id="in Latin-1"),
    ],
)
def test_an_app_that_reads_paths_otherwise_is_caught(reads: Callable[[str], str], caught: str) -> None:
    assert caught in wrong_rows(careless(reads))


def test_an_app_that_reads_paths_as_flask_does_is_not_caught() -> None:
    assert wrong_rows(careless(str)) == []


BELOW = ["/api/nowhere", "/%61pi/nowhere", "/api%2Fnowhere", "//api/nowhere", "/api", "/api/../nowhere"]
BESIDE = ["/API/nowhere", "/api%252Fnowhere", "/apiary", "/./api/nowhere", "/nowhere/api/", "/api%0A"]


@pytest.mark.parametrize("written", [*BELOW, *BESIDE])
@pytest.mark.parametrize("root", ["", "/api"])
def test_what_is_missing_is_below_a_prefix_by_its_decoded_path(written: str, root: str) -> None:
    app, blueprint = an_app(), Blueprint("api", __name__, url_prefix="/api")
    CORS(app, origins=ELSEWHERE)
    CORS(blueprint, origins=origin_of("/"))
    blueprint.add_url_rule("/users", view_func=a_view)
    app.register_blueprint(blueprint)
    assert policy_sent(call(app, environ(written, root))) == (origin_of("/") if written in BELOW else ELSEWHERE)
