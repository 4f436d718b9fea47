"""The shop: the app that gets the visitor's policy, and what may stand in front of its views."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from flask_cors import CORS

Front = Literal["", "login", "proxy"]


@dataclass
class Book:
    """The orders of one run, the last 50: it stays when the policy changes."""

    orders: deque[str] = field(default_factory=lambda: deque(["green tea", "cups"], maxlen=50))
    #: How many calls have changed something.
    changes: int = 0


def make_shop(book: Book, front: Front, moved_to: str) -> Flask:
    """Return the shop, without a policy; ``/moved`` leads to the server at *moved_to*."""
    app = Flask("shop", static_folder=None)
    if front == "login":
        app.before_request(login)
    app.add_url_rule("/orders", view_func=orders_view(book), methods=["GET", "POST"])
    app.add_url_rule("/orders/<int:number>", view_func=order_view(book), methods=["GET", "PUT", "PATCH", "DELETE"])
    app.add_url_rule("/me", view_func=me)
    app.add_url_rule("/moved", view_func=moved_view(moved_to))
    return app


def set_policy(app: Flask, options: dict[str, Any]) -> None:
    """Give the shop a policy.

    :raises TypeError: for an unknown option.
    :raises ValueError: for a value that breaks a rule.
    """
    CORS(app, **options)


def login() -> ResponseReturnValue | None:
    """Respond in place of the view, unless the request has ``Authorization``."""
    if "Authorization" not in request.headers:
        return jsonify(error="Log in first."), 401
    return None


def orders_view(book: Book) -> Callable[[], ResponseReturnValue]:
    """Return the view that lists the orders, with their number for a list in pages, and takes a new one."""

    def orders() -> ResponseReturnValue:
        if request.method == "POST":
            book.orders.append(request.get_data(as_text=True))
            book.changes += 1
            return jsonify(ordered=True, orders=len(book.orders)), 201
        response = jsonify([*book.orders])
        if "page" in request.args:
            response.headers["X-Total-Count"] = str(len(book.orders))
        return response

    return orders


def order_view(book: Book) -> Callable[[int], ResponseReturnValue]:
    """Return the view of one order."""

    def order(number: int) -> ResponseReturnValue:
        if request.method != "GET":
            book.changes += 1
        return jsonify(order=number, done=request.method)

    return order


def me() -> ResponseReturnValue:
    """Greet a customer by the cookie; a new one gets it."""
    name = request.cookies.get("user")
    response = jsonify(hello=name or "new customer")
    response.set_cookie("user", name or "customer-7", httponly=True, samesite="Lax")
    return response


def moved_view(server: str) -> Callable[[], ResponseReturnValue]:
    """Return the view that leads to another server."""

    def moved() -> ResponseReturnValue:
        return redirect(f"{server}/orders?run={request.args['run']}", 302)

    return moved
