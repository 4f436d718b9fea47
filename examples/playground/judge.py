"""What the standard says about the recorded messages, and what to change: both are those of ``flask cors explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .addresses import Addresses

if TYPE_CHECKING:
    from .runs import Recorded, Run


class Page:
    """The model of a browser's page, fed with recorded responses."""


def judge(run: Run, addresses: Addresses) -> dict[str, Any]:
    """Judge the last call of a run."""
    return {
        "wire": [wire_of(one, addresses) for one in run.messages],
        "model": None,
        "steps": [],
        "drawing": None,
        "change": None,
        "orders": run.book.changes,
        "left_over": 0,
    }


def wire_of(one: Recorded, addresses: Addresses) -> dict[str, Any]:
    """Return a message as the page shows it."""
    return {
        "kind": one.kind,
        "method": one.method,
        "target": one.url.split("/", 3)[3].join(["/", ""]),
        "request": one.headers,
        "body": one.body.decode("utf-8", "replace"),
        "status": one.response.status,
        "response": one.response.headers,
        "content": one.response.body.decode("utf-8", "replace"),
        "by": "shop" if one.url.startswith(addresses.shop) else "other",
    }
