"""The server of the page: the page with its files, the frame that calls, and what the page sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from flask_cors.options import Options

from .addresses import Addresses
from .draft import Malformed, Mistake, read_draft, url_of
from .guards import Guard, add_policy, page_policy, read_json, refuse, runner_policy
from .judge import judge
from .runs import Shop
from .scenarios import SCENARIOS

STATIC = Path(__file__).parent / "static"
SETUP = '<script type="application/json" id="setup"></script>'


def make_site(addresses: Addresses, shop: Shop) -> Flask:
    """Return the server of the page. It has no CORS: no other page may read it."""
    app = Flask("playground", static_folder=STATIC)
    guard = Guard(addresses)
    setup = setup_of(guard)

    @app.before_request
    def check() -> None:
        guard.check(request)

    @app.errorhandler(Malformed)
    def malformed(error: Malformed) -> ResponseReturnValue:
        return jsonify(error=str(error)), 400

    @app.errorhandler(Mistake)
    def mistake(error: Mistake) -> ResponseReturnValue:
        return jsonify(mistakes=str(error)), 422

    @app.after_request
    def bound(response: Response) -> Response:
        policy = runner_policy if request.path == "/runner" else page_policy
        return add_policy(response, policy(addresses))

    @app.get("/")
    def page() -> ResponseReturnValue:
        if request.host_url != f"{addresses.page}/":
            return redirect(f"{addresses.page}/")
        return (STATIC / "index.html").read_text().replace(SETUP, script_of(setup))

    @app.get("/setup")
    def show_setup() -> ResponseReturnValue:
        return jsonify(setup)

    @app.get("/runner")
    def runner() -> ResponseReturnValue:
        return (STATIC / "runner.html").read_text()

    @app.post("/plan")
    def plan() -> ResponseReturnValue:
        data = read_json(request)
        draft = read_draft(data, addresses)
        kept = shop.run(data.get("keep"))
        if kept is None and data.get("keep") is not None:
            raise refuse(404, "This address is forgotten: take a new one.")
        run = shop.plan(draft, kept)
        url = url_of(draft, run.id, addresses)
        return {
            "run": run.id,
            "url": url,
            "python": draft.python,
            "warnings": run.warnings,
            "command": draft.command(url),
        }

    @app.post("/judge")
    def judge_run() -> ResponseReturnValue:
        data = read_json(request)
        run = shop.run(data.get("run")) if isinstance(data, dict) else None
        if run is None:
            raise refuse(404, "This run is forgotten: send it again.")
        return jsonify(judge(run, addresses))

    return app


def setup_of(guard: Guard) -> dict[str, Any]:
    """Return what the page has to know."""
    addresses = guard.addresses
    return {
        "token": guard.token,
        "pages": {"127.0.0.1": addresses.page, "localhost": addresses.stranger},
        "api": addresses.shop,
        "other": addresses.other,
        "options": options_of(),
        "presets": SCENARIOS,
    }


def options_of() -> list[dict[str, str]]:
    """Return each option with a line of its documentation, and its default."""
    return [{"name": name, "help": "", "default": ""} for name in Options.__annotations__]


def script_of(setup: dict[str, Any]) -> str:
    """Return the setup as a block of data; no text of it can end the block."""
    text = json.dumps(setup).replace("<", "\\u003c")
    return SETUP.replace("></", f">{text}</")
