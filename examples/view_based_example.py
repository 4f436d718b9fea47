r"""Flask-Cors, view by view: a decorator opens the views that carry it, and no others.

``python examples/view_based_example.py`` runs it. In another terminal HTTPie's ``http`` makes the calls that
the views show below; ``PORT=5001`` before the command moves it to another port.
"""

import os
import sys
from pathlib import Path

from flask import Flask, Response, jsonify

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone's own flask_cors, installed or not

from flask_cors import cross_origin

app = Flask(__name__)


@app.route("/", methods=["GET"])
@cross_origin()
def hello_world() -> str:
    r"""Greet the visitor.

    Without options the decorator opens the view to every origin::

        $ http GET http://127.0.0.1:5000/
        HTTP/1.1 200 OK
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 193
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:39 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        <h1>Hello CORS!</h1> Read about the protocol in the
        <a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch standard</a>,
        or check out how to <a href="/user/create">create a user</a>.
    """
    return """<h1>Hello CORS!</h1> Read about the protocol in the
<a href="https://fetch.spec.whatwg.org/#http-cors-protocol">Fetch standard</a>,
or check out how to <a href="/user/create">create a user</a>."""


@app.route("/user/create", methods=["GET", "POST"])
@cross_origin(headers=["Content-Type"])
def cross_origin_json_post() -> Response:
    r"""Create a user.

    Pages of every origin may post here, and may send Content-Type, which JSON needs::

        $ http POST http://127.0.0.1:5000/user/create
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:39 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }

    The preflight that a browser sends before it posts JSON::

        $ http OPTIONS http://127.0.0.1:5000/user/create Origin:https://app.example \
            Access-Control-Request-Method:POST Access-Control-Request-Headers:content-type
        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Methods: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY
        Access-Control-Allow-Origin: *
        Allow: HEAD, OPTIONS, POST, GET
        Connection: close
        Content-Length: 0
        Content-Type: text/html; charset=utf-8
        Date: Sun, 22 Nov 2026 18:38:39 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

    The actual request that it then sends, shown together with the response::

        $ http --verbose POST http://127.0.0.1:5000/user/create Origin:https://app.example name=Ada
        POST /user/create HTTP/1.1
        Accept: application/json, */*;q=0.5
        Accept-Encoding: gzip, deflate
        Connection: keep-alive
        Content-Length: 15
        Content-Type: application/json
        Host: 127.0.0.1:5000
        Origin: https://app.example
        User-Agent: HTTPie/3.2.4

        {
            "name": "Ada"
        }

        HTTP/1.1 200 OK
        Access-Control-Allow-Headers: Content-Type
        Access-Control-Allow-Origin: *
        Connection: close
        Content-Length: 22
        Content-Type: application/json
        Date: Sun, 22 Nov 2026 18:38:40 GMT
        Server: Werkzeug/3.1.9 Python/3.11.7

        {
            "success": true
        }
    """
    return jsonify(success=True)


if __name__ == "__main__":
    app.run(debug=True, port=int(os.environ.get("PORT", "5000")))
