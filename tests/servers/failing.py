"""An app whose parts fail where the query string says so, with sessions in Redis. It counts contexts and teardowns."""

import json
import os
import sys
from typing import Any, Never

from flask import Flask, Request, Response, g
from flask.sessions import SecureCookieSession, SessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.routing import BaseConverter
from werkzeug.serving import run_simple

from flask_cors import CORS

REDIS = "FLASK_CORS_TESTS_REDIS"  # the port of the session store


class Sessions(SessionInterface):
    """Sessions in Redis, under the name that the cookie holds; it asks Redis on every request."""

    store = Redis(port=int(os.environ.get(REDIS, 0)), retry=Retry(NoBackoff(), 1))

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002
        stored = self.store.get(request.cookies.get("session", "nobody"))
        return SecureCookieSession(json.loads(stored or "{}"))

    def save_session(self, app: Flask, session: Any, response: Response) -> None:  # noqa: ARG002
        if session.modified:
            self.store.set("ann", json.dumps(session))
            response.set_cookie("session", "ann")


class CountingFlask(Flask):
    contexts = teardowns = 0
    failing = ""  # what fails during this request

    def request_context(self, environ: Any) -> Any:
        self.contexts += 1
        self.failing = environ["QUERY_STRING"]
        return super().request_context(environ)


def raise_error(*values: object) -> Never:
    raise RuntimeError(values)


def fail(place: str) -> Any:
    """Fail if the query string names *place*."""

    def failing(*values: Any) -> Any:
        if app.failing == place:
            raise RuntimeError(place)
        return values[0] if place == "after" else None

    return failing


def is_friend(origin: str) -> bool:
    fail("origins")(origin)
    return origin.endswith(".example")


app = CountingFlask(__name__)
app.session_interface = Sessions()
USER = UserMixin()
USER.id = "ann"
LoginManager(app).user_loader(lambda _: USER)
# An app answers a preflight itself where a function is in `origins`. The middleware answers it everywhere else.
CORS(app, resources={"/app/": {"origins": is_friend}, "/": {"origins": "https://a.example"}}, supports_credentials=True)
app.url_value_preprocessor(fail("values"))
app.before_request(fail("before"))
app.after_request(fail("after"))
app.teardown_request(fail("teardown"))
app.teardown_appcontext(fail("teardown-appcontext"))
app.url_map.converters["failing"] = type("FailingConverter", (BaseConverter,), {"to_python": raise_error})


@app.teardown_appcontext
def count(_: object) -> None:
    app.teardowns += 1


def visit() -> dict[str, Any]:
    """Show what is left of other requests, and leave something."""
    left = {"g": sorted(g), "user": current_user.get_id(), "open": app.contexts - app.teardowns}
    g.visitor = "left behind"
    return left


for root in ("", "/app"):
    for path in ("/visit", "/converter/<failing:_>", "/number/<int:_>"):
        app.add_url_rule(root + path, view_func=visit, methods=["GET", "PUT"], endpoint=root + path.partition("<")[0])
    app.add_url_rule(f"{root}/redirect", f"{root} redirect", redirect_to=raise_error, methods=["GET", "PUT"])
app.add_url_rule("/login", "login", lambda: str(login_user(USER)), methods=["POST"])

if __name__ == "__main__":
    host, port = sys.argv[1].split(":")
    run_simple(host, int(port), app, threaded=False)
