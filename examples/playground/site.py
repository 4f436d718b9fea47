"""The server of the page: the page with its files, the frame that calls, and what the page sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, redirect, request, send_file
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue

from .addresses import Addresses
from .draft import Malformed, Mistake, portable, read_draft, url_of
from .guards import Guard, add_policy, page_policy, read_object, refuse, runner_policy
from .judge import judge
from .options import offered_options
from .paste import read_paste
from .runs import Run, Shop
from .scenarios import SCENARIOS

STATIC = Path(__file__).parent / "static"
CONVERSATION = Path(__file__).parents[2] / "docs" / "_ext" / "conversation" / "static" / "conversation.css"
SETUP = '<script type="application/json" id="setup"></script>'

routes = Blueprint("site", __name__)


class InOrder(DefaultJSONProvider):
    """JSON with its names in the order of the program."""

    sort_keys = False


def make_site(addresses: Addresses, shop: Shop) -> Flask:
    """Return the server of the page. It has no CORS: no other page may read it."""
    app = Flask("playground", static_folder=STATIC)
    app.extensions["playground"] = Guard(addresses), shop
    app.json = InOrder(app)
    app.register_blueprint(routes)
    return app


def here() -> tuple[Guard, Shop]:
    """Return what this server was made with."""
    found: tuple[Guard, Shop] = current_app.extensions["playground"]
    return found


# -- Before and after ---------------------------------------------------------------------------------------


@routes.before_app_request
def check() -> None:
    """End what is not from the page itself."""
    here()[0].check(request)


@routes.after_app_request
def bound(response: Response) -> Response:
    """Bound what the page may load."""
    policy = runner_policy if request.path == "/runner" else page_policy
    return add_policy(response, policy(here()[0].addresses))


@routes.app_errorhandler(Malformed)
def malformed(error: Malformed) -> ResponseReturnValue:
    """Refuse what the page would not send."""
    return jsonify(error=str(error)), 400


@routes.app_errorhandler(Mistake)
def mistake(error: Mistake) -> ResponseReturnValue:
    """Tell the visitor what to put right."""
    return jsonify(mistakes=str(error)), 422


# -- The page and its files ---------------------------------------------------------------------------------


@routes.get("/")
def page() -> ResponseReturnValue:
    """Return the page, at one of its two hosts."""
    addresses = here()[0].addresses
    if request.host_url != f"{addresses.page}/":
        return redirect(f"{addresses.page}/", 302)
    return filled("index.html", setup_of(here()[0]))


@routes.get("/runner")
def runner() -> ResponseReturnValue:
    """Return the frame that calls the shop; it does not get the token."""
    addresses = here()[0].addresses
    return filled(
        "runner.html", {"pages": [addresses.page, addresses.other_page], "api": [addresses.shop, addresses.other]}
    )


@routes.get("/static/conversation.css")
def conversation() -> ResponseReturnValue:
    """Return the style of the manual's pictures: the drawing is the manual's own."""
    return send_file(CONVERSATION)


def filled(name: str, setup: dict[str, Any]) -> str:
    """Return a page with its block of data; no text of it can end the block."""
    text = json.dumps(setup).replace("<", "\\u003c")
    return (STATIC / name).read_text(encoding="utf-8").replace(SETUP, SETUP.replace("></", f">{text}</"))


def setup_of(guard: Guard) -> dict[str, Any]:
    """Return what the page has to know."""
    addresses = guard.addresses
    return {
        "token": guard.token,
        "pages": {"127.0.0.1": addresses.page, "localhost": addresses.other_page},
        "api": addresses.shop,
        "other": addresses.other,
        "options": offered_options(),
        "presets": SCENARIOS,
    }


# -- What the page sends ------------------------------------------------------------------------------------


@routes.post("/plan")
def plan() -> ResponseReturnValue:
    """Give the shop a policy, and return the URL to call."""
    guard, shop = here()
    data = read_object(request)
    draft = read_draft(data, guard.addresses)
    kept = None if data.get("keep") is None else run_of(data["keep"])
    run = shop.plan(draft, kept)
    url = url_of(draft, run.id, guard.addresses)
    texts = {"python": draft.python, "command": draft.command(guard.addresses)}
    return {
        "run": run.id,
        "url": url,
        "warnings": run.warnings,
        **texts,
        "portable": {name: portable(text, guard.addresses) for name, text in texts.items()},
    }


@routes.post("/judge")
def judge_run() -> ResponseReturnValue:
    """Judge what crossed the wire since the plan."""
    guard, shop = here()
    data = read_object(request)
    run, readable = run_of(data.get("run")), data.get("readable")
    with shop.lock:
        return jsonify(judge(run, guard.addresses, readable if isinstance(readable, bool) else None))


@routes.post("/paste")
def paste() -> ResponseReturnValue:
    """Read what the visitor has pasted."""
    text = read_object(request).get("text")
    if not isinstance(text, str):
        raise Malformed("text must be text.")
    guard, shop = here()
    with shop.lock:
        return read_paste(text, guard.addresses)


def run_of(name: object) -> Run:
    """Return a run by its name."""
    run = here()[1].run(name)
    if run is None:
        raise refuse(404, "This run is forgotten: send it again, at a new address.")
    return run
