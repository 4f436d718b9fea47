r"""Flask-Cors, in detail: options by configuration, options by keyword, and a view with a policy of its own.

``python examples/complicated_example.py`` runs it. In another terminal HTTPie's ``http`` makes the calls that
the views show below; ``PORT=5001`` before the command moves it to another port.
"""

import os
import sys
from pathlib import Path

from flask import Flask, Response, jsonify

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone's own flask_cors, installed or not

from flask_cors import CORS, cross_origin

app = Flask(__name__)

# Every option can be set in the application's configuration, under its name in capitals.
app.config["CORS_HEADERS"] = "Content-Type"
app.config["CORS_RESOURCES"] = {r"/api/*": {"origins": "*"}}

CORS(app)  # cors: ignore[shadowed-pattern]

# The same by keyword. An application needs one of the two; where both match a path, this later one decides.
CORS(app, resources={r"/api/*": {"origins": "*"}}, headers="Content-Type")


@app.route("/")
def hello_world() -> str:
    r"""Greet the visitor.

    The path matches no resource. No header allows pages of other origins to read the response::

        $ http GET http://127.0.0.1:5000/ Origin:https://app.example
        HTTP/1.1 200 OK
        Connection: close
        Content-Length: 35
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:33 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        This view is not exposed over CORS.
    """
    return "This view is not exposed over CORS."


@app.route("/api/v1/users/")
def list_users() -> Response:
    r"""List the users.

    The path matches ``/api/*``, so pages of every origin may read the response::

        $ http GET http://127.0.0.1:5000/api/v1/users/
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:33 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }
    """
    return jsonify(success=True)


@app.route("/api/v1/users/create", methods=["POST"])
@cross_origin(origins="http://foo.com")
def create_user() -> Response:
    r"""Create a user.

    The path matches ``/api/*`` too, but the decorator's policy replaces it: only pages of ``http://foo.com`` may read
    the response. The configured ``CORS_HEADERS`` counts for the decorator as well::

        $ http POST http://127.0.0.1:5000/api/v1/users/create
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: http://foo.com
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:34 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7
        Vary: Origin

        {
            "success": true
        }

    The preflight allows a page of ``http://foo.com`` to post JSON::

        $ http OPTIONS http://127.0.0.1:5000/api/v1/users/create Origin:http://foo.com \
            Access-Control-Request-Method:POST Access-Control-Request-Headers:content-type
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY
        Access-Control-Allow-Origin: http://foo.com
        Connection: close
        Content-Length: 0
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:34 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7
        Vary: Origin

    It denies a page of another origin, so the browser never sends the actual request::

        $ http OPTIONS http://127.0.0.1:5000/api/v1/users/create Origin:https://app.example \
            Access-Control-Request-Method:POST Access-Control-Request-Headers:content-type
        HTTP/1.1 200 OK
        Connection: close
        Content-Length: 0
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:35 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7
        Vary: Origin

    That page can post a form without a preflight, but it cannot read the response::

        $ http --form POST http://127.0.0.1:5000/api/v1/users/create Origin:https://app.example name=Ada
        HTTP/1.1 200 OK
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:35 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7
        Vary: Origin

        {
            "success": true
        }
    """
    return jsonify(success=True)


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))
