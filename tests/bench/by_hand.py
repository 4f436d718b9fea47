"""The same headers, written by hand: what a good programmer writes who needs this one policy and nothing else."""

import re
from collections.abc import Container, Mapping

from flask import Flask, Response, request


def everyone(app: Flask) -> None:
    """Allow every origin."""

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def everyone_at(app: Flask) -> None:
    """Allow every origin at one view, on its errors too."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == "thing":
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def one(app: Flask, origin: str) -> None:
    """Allow one origin, which may be named to everybody."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.headers.get("Origin") in (None, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def several(app: Flask, origins: Container[str | None]) -> None:
    """Allow several origins; each is told only of itself."""

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def several_at(app: Flask, origins: Container[str | None], beside: Mapping[str, str]) -> None:
    """Allow several origins at one view, with more headers."""

    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == "thing":
            origin = request.headers.get("Origin")
            if origin in origins:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.extend(beside)
            response.headers.add("Vary", "Origin")
        return response


def origins_like(app: Flask, pattern: str) -> None:
    """Allow origins that match a pattern."""
    matches = re.compile(pattern).fullmatch

    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin and matches(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def paths_like(app: Flask, pattern: str) -> None:
    """Allow every origin on paths that match a pattern."""
    matches = re.compile(pattern).match

    @app.after_request
    def allow(response: Response) -> Response:
        if matches(request.path):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def preflights(app: Flask, headers: Mapping[str, str]) -> None:
    """Answer preflights before a login can refuse them."""

    @app.before_request
    def answer() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(headers=headers, mimetype="text/html")
        return None
