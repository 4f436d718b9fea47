"""The same headers, written by hand: what the extension is measured against.

Each is what a good programmer writes who needs this one policy and nothing else. ``Vary`` is added in the cheapest way
that keeps what a view has put there. What the extension does beside, and these do not, is in the manual, with the
figures.
"""

import re
from collections.abc import Collection, Mapping

from flask import Flask, Response, request


def everyone(app: Flask) -> None:
    """The two lines that everybody writes first."""

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def everyone_at(app: Flask, endpoint: str) -> None:
    """One view for everyone, on its errors too, which a decorator around the view would miss."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == endpoint:
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def one(app: Flask, origin: str) -> None:
    """One origin, which may be named to everybody."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.headers.get("Origin") in (None, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def several(app: Flask, origins: Collection[str]) -> None:
    """Several origins, of which each is told only of itself."""

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def several_at(app: Flask, endpoint: str, origins: Collection[str], beside: Mapping[str, str]) -> None:
    """One view for several origins, with more to say to them."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == endpoint:
            origin = request.headers.get("Origin")
            if origin in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.extend(beside)
            response.headers.add("Vary", "Origin")
        return response


def origins_like(app: Flask, *patterns: str) -> None:
    """Origins that match a regular expression, made of all there are."""
    pattern = re.compile("|".join(patterns))

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin and pattern.fullmatch(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def paths_like(app: Flask, *patterns: str) -> None:
    """Everyone, on paths that match a regular expression, made of all there are."""
    pattern = re.compile("|".join(patterns))

    @app.after_request
    def allow(response: Response) -> Response:
        if pattern.match(request.path):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def preflights(app: Flask, leave: Mapping[str, str]) -> None:
    """Preflights, answered before a login can refuse them."""

    @app.before_request
    def answer() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(headers=leave, mimetype="text/html")
        return None
