"""The same headers, written by hand: what a good programmer writes who needs this one policy and nothing else."""

from collections.abc import Callable, Collection, Mapping

from flask import Flask, Response, request


def everyone(app: Flask) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def everyone_at_one_view(app: Flask) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == "thing":
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def everyone_on_paths(app: Flask, matches: Callable[[str], object]) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        if matches(request.path):
            response.headers["Access-Control-Allow-Origin"] = "*"
        return response


def one_origin(app: Flask, allowed: str) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        if request.headers.get("Origin") in (None, allowed):
            response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers.add("Vary", "Origin")
        return response


def several_origins(app: Flask, is_allowed: Callable[[str], object]) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin and is_allowed(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
        response.headers.add("Vary", "Origin")
        return response


def six_options(app: Flask, allowed: Collection[str | None], more: Mapping[str, str]) -> None:
    @app.after_request
    def allow(response: Response) -> Response:
        if request.endpoint == "thing":
            origin = request.headers.get("Origin")
            if origin in allowed:
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.extend(more)
            response.headers.add("Vary", "Origin")
        return response


def preflights(app: Flask, headers: Mapping[str, str]) -> None:
    @app.before_request
    def answer() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(headers=headers, mimetype="text/html")
        return None
