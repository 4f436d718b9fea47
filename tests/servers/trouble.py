"""An app whose responses are rarely 200: pages must get them with their headers, whatever server is in front."""

from typing import Never

from flask import Flask, Response, abort, request, send_file

import flask_cors
from flask_cors import CORS

app = Flask(__name__)
CORS(app, origins="https://app.example", headers="X-Token", expose_headers="X-Total", max_age=600)


@app.before_request
def login() -> None:
    if request.path == "/private":
        abort(401)


@app.get("/broken")
def broken() -> Never:
    raise RuntimeError("this view is broken on purpose")


app.add_url_rule("/private", "private", lambda: "for those who log in")
app.add_url_rule("/folder/", "folder", lambda: "what is in the folder", methods=["GET"])
app.add_url_rule("/file", "file", lambda: send_file(__file__, mimetype="text/plain"))
app.add_url_rule("/stream", "stream", lambda: Response(iter(["one ", "two ", "three"]), mimetype="text/plain"))
app.add_url_rule("/package", "package", lambda: flask_cors.__file__)
