"""Law 7, spellings of a path: the policy is that of the view that Flask calls, whatever bytes led there.

Here a path is written as it stands in the request line, and handed to the app as servers hand it on: decoded once.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import unquote, unquote_plus, unquote_to_bytes, urlsplit

import pytest
from flask import Blueprint, Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from flask_cors import CORS, cross_origin
from tests.entries import on_the_wire
from tests.helpers import a_view
from tests.sites import App, Result, call
from tests.tables import words

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


def with_views() -> Flask:
    """Make an app whose views have policies of their own: decorations, and blueprints around one view each."""
    app = App()
    CORS(app, origins=ELSEWHERE)
    for number, path in enumerate(PATHS):
        blueprint = Blueprint(f"blueprint{number}", __name__)
        view = partial(origin_of, path)
        if number % 2:
            CORS(blueprint, origins=origin_of(path))
        else:
            view = cross_origin(origins=origin_of(path))(view)
        blueprint.add_url_rule(path, "view", view)
        app.register_blueprint(blueprint)
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


def with_resources() -> Flask:
    """Make an app whose paths have policies: that of the longest of them that the path begins with."""

    def policy_by_path() -> str:
        return origin_of(max((path for path in PATHS if request.path.startswith(path)), key=len))

    app = App()
    CORS(app, resources={re.escape(path): {"origins": origin_of(path)} for path in PATHS})
    for path in PATHS:
        app.add_url_rule(path, path, policy_by_path)
    app.register_error_handler(404, lambda _: (policy_by_path(), 404))
    return app


def with_converters() -> Flask:
    """Make an app whose decorated views share paths, so that the router has to choose."""
    app = App()
    CORS(app, origins=ELSEWHERE)
    rules = "/admin /<name> /<name>/ /<name>/<int:number> /admin/<name> /<path:rest>/users /file/<float:x>"
    for number, rule in enumerate(rules.split()):
        origin = f"https://rule{number}.example"
        app.add_url_rule(rule, rule, cross_origin(origins=origin)(lambda origin=origin, **_: origin))
    app.register_error_handler(404, lambda _: (ELSEWHERE, 404))
    return app


APPS = {"views": with_views(), "resources": with_resources(), "converters": with_converters()}


def environ(path: str, root: str) -> dict[str, str]:
    return {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "SCRIPT_NAME": on_the_wire(root)}


# Each policy sends its name to requests without an origin, too.
def policy_sent(result: Result) -> str | None:
    return result.headers.get("Access-Control-Allow-Origin")


def assert_policy_of_the_view(app: Flask, path: str, root: str = "") -> None:
    first = last = call(app, environ(path, root))
    for _ in range(3):
        if last.status[:3] == "308":
            led = unquote_to_bytes(urlsplit(last.headers["Location"]).path).decode("latin-1")
            last = call(app, {**environ(path, root), "PATH_INFO": led.removeprefix(on_the_wire(root))})
    assert last.status[:3] in {"200", "404"}
    origin = last.data.decode()
    assert policy_sent(first) == policy_sent(last) == origin
    for sent in (origin, "https://unlisted.example"):
        preflight = call(app, {**environ(path, root), **PREFLIGHT, "HTTP_ORIGIN": sent})
        assert (preflight.status, preflight.data) == ("200 OK", b"")
        assert policy_sent(preflight) == (origin if sent == origin else None)


#: How a path is written in a request line. It is decoded once. Werkzeug merges slashes, and adds one at the end.
SPELLINGS = words("""
/admin /%61dmin /%2561dmin /Admin /ADMIN /admin%2Fusers /admin%2fusers /admin%252Fusers /admin%25252Fusers /./admin
/public/../admin /public/%2e%2e/admin /public/..%2Fadmin /public/..;/admin /public/;/admin /admin;users /admin;
/admin+users /admin%2Busers /admin%20users /admin%2520users /admin%3Fusers /admin%23 /admin% /admin%00 /a%00b /admin%0A
/admin%0D%0AOrigin:x /caf%C3%A9 /cafe%CC%81 /cafe /%EF%AC%81le /file /%C7%85 /%C7%84 /%C7%86 /%FF /%C0%AFadmin
/%E2%88%95admin //admin ///admin %2Fadmin admin /admin//users /admin/users// /public /twice%252Fdecoded
""")


@pytest.mark.parametrize("name", APPS)
@pytest.mark.parametrize("root", ["", "/a b", "/\u00fc"])
def test_a_path_leads_to_the_policy_of_the_view(name: str, root: str) -> None:
    for written in ["", "/admin users", *SPELLINGS]:
        assert_policy_of_the_view(APPS[name], written, root)


PIECES = ["//", " ", "twice", "decoded", *re.findall(r"%(?:25)*\w\w|[a-z]+|[^%]", "".join(SPELLINGS), re.IGNORECASE)]
written_paths = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces)),
    st.lists(st.sampled_from([*PATHS, *SPELLINGS]), max_size=3).map("".join),
    st.binary(max_size=8).map(lambda raw: "/" + "".join(f"%{byte:02X}" for byte in raw)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: f"/{text}"),
)


@pytest.mark.parametrize("name", APPS)
@given(path=written_paths, root=st.sampled_from(["", "/mount", "/a b", "/\u00fc/+"]))
def test_any_path_leads_to_the_policy_of_the_view(name: str, path: str, root: str) -> None:
    assert_policy_of_the_view(APPS[name], path, root)


def careless(reads: Callable[[str], str]) -> Any:
    """Make an app that Flask routes as ever, and whose policies go by a path that is read otherwise."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        read = reads(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))
        _, _, wrong = run_wsgi_app(APPS["views"], {**environ, "PATH_INFO": on_the_wire(read)})
        body, status, headers = run_wsgi_app(APPS["views"], environ)
        headers.setlist("Access-Control-Allow-Origin", wrong.getlist("Access-Control-Allow-Origin"))
        start_response(status, headers.to_wsgi_list())
        return body

    return app


#: Ways to read a path that are wrong, and a path that shows it.
MISTAKES: list[tuple[str, Callable[[str], str]]] = [
    ("/admin%252Fusers", unquote),
    ("/admin+users", unquote_plus),
    ("/Admin", str.lower),
    ("/public/../admin", posixpath.normpath),
    ("/admin;users", lambda path: path.partition(";")[0]),
    ("/a%00b", lambda path: path.partition("\0")[0]),
    ("/cafe%CC%81", lambda path: unicodedata.normalize("NFC", path)),
    ("/%EF%AC%81le", lambda path: unicodedata.normalize("NFKC", path)),
    ("/caf%C3%A9", lambda path: path.encode().decode("latin-1")),
]


@pytest.mark.parametrize(("path", "reads"), MISTAKES)
def test_an_app_that_reads_paths_otherwise_is_caught(path: str, reads: Callable[[str], str]) -> None:
    assert_policy_of_the_view(careless(str), path)
    with pytest.raises(AssertionError):
        assert_policy_of_the_view(careless(reads), path)


def test_what_is_missing_is_below_a_prefix_by_its_decoded_path() -> None:
    below = ["/api/nowhere", "/%61pi/nowhere", "/api%2Fnowhere", "//api/nowhere", "/api", "/api/../nowhere"]
    beside = ["/API/nowhere", "/api%252Fnowhere", "/apiary", "/./api/nowhere", "/nowhere/api/", "/api%0A"]
    app, blueprint = App(), Blueprint("api", __name__, url_prefix="/api")
    CORS(app, origins=ELSEWHERE)
    CORS(blueprint, origins=origin_of("/"))
    blueprint.add_url_rule("/users", view_func=a_view)
    app.register_blueprint(blueprint)
    for root in ("", "/api"):
        found = {path: policy_sent(call(app, environ(path, root))) for path in below + beside}
        assert found == dict.fromkeys(below, origin_of("/")) | dict.fromkeys(beside, ELSEWHERE)
