"""An app that triggers the common error messages."""

from flask import Flask, redirect, request

from flask_cors import CORS, cross_origin

app = Flask(__name__)
CORS(app, resources={r"/cart": {"origins": "https://shop.example"}, r"/stock": {}})


@app.before_request
def login():
    if request.path == "/orders" and "Authorization" not in request.headers:
        return {"error": "login"}, 401


@app.get("/cart")
def cart():
    return {"tea": 3}


@app.route("/stock", methods=["GET", "PUT"])
def stock():
    return {"tea": 300}, {"X-Total-Count": "1"}


@app.put("/prices")
@cross_origin(methods=["GET"])
def prices():
    return {"tea": 3}


@app.get("/orders")
@cross_origin(headers="Authorization", automatic_options=False)
def orders():
    return []


@app.get("/moved")
@cross_origin(origins="https://app.example")
def moved():
    return redirect("https://other.example/cart", 302)
