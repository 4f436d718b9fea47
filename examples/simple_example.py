r"""Flask-Cors, the simple way: one line opens a part of an application to other origins.

``python examples/simple_example.py`` runs it. In another terminal HTTPie's ``http`` makes the calls that
the views show below; ``PORT=5001`` before the command moves it to another port.
"""

import os
import sys
from pathlib import Path

from flask import Flask, Response, jsonify

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone's own flask_cors, installed or not

from flask_cors import CORS

app = Flask(__name__)

# Everything under /api is open to every origin. A page may also send Content-Type, which it needs for JSON.
CORS(app, resources=r"/api/*", headers="Content-Type")


@app.route("/")
def hello_world() -> str:
    r"""Greet the visitor.

    The path lies outside ``/api``. No header allows pages of other origins to read the response::

        $ http GET http://127.0.0.1:5000/ Origin:https://app.example
        HTTP/1.1 200 OK
        Connection: close
        Content-Length: 196
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:36 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        <h1>Hello CORS!</h1> Read about the protocol in the
        <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch standard</a>,
        or check out how to <a href="/api/v1/users/">list the users</a>.
    """
    return """<h1>Hello CORS!</h1> Read about the protocol in the
<a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch standard</a>,
or check out how to <a href="/api/v1/users/">list the users</a>."""


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
        Date: Sun, 22 Nov 2026 18:38:36 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }

    A call from a page of another origin gets the same::

        $ http GET http://127.0.0.1:5000/api/v1/users/ Origin:https://app.example
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:37 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }
    """
    return jsonify(success=True)


@app.route("/api/v1/users/create", methods=["POST"])
def create_user() -> Response:
    r"""Create a user.

    The path matches ``/api/*``, so a page of any origin may post to it::

        $ http POST http://127.0.0.1:5000/api/v1/users/create
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:37 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }

    Before a browser posts JSON it sends a preflight. Flask-Cors responds to that::

        $ http OPTIONS http://127.0.0.1:5000/api/v1/users/create Origin:https://app.example \
            Access-Control-Request-Method:POST Access-Control-Request-Headers:content-type
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 0
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:38 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

    Then the browser sends the actual request::

        $ http POST http://127.0.0.1:5000/api/v1/users/create Origin:https://app.example name=Ada
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:38 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }
    """
    return jsonify(success=True)


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))
