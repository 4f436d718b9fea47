"""An app whose answers are rarely 200: what must reach the page with its headers, whatever server is in front."""

from collections.abc import Iterator

from flask import Flask, Response, abort, request, send_file

import flask_cors
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins="https://app.example", headers="X-Token", expose_headers="X-Total", max_age=600)


@app.before_request
def login() -> None:
    if request.path == "/private" and "Authorization" not in request.headers:
        abort(401)


@app.get("/private")
def private() -> str:
    return "for those who log in"


@app.get("/folder/")
def folder() -> str:
    return "what is in the folder"


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("this view is broken on purpose")


@app.get("/file")
def file() -> Response:
    return send_file(__file__, mimetype="text/plain")


@app.get("/stream")
def stream() -> Response:
    def pieces() -> Iterator[str]:
        yield from ("one ", "two ", "three")

    return Response(pieces(), mimetype="text/plain")


@app.get("/package")
def package() -> str:
    return flask_cors.__file__
