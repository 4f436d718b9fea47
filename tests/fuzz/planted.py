"""Targets with mistakes that a fuzzer has to find."""

import re
from dataclasses import replace

from tests.fuzz.targets import OPTIONS, REQUESTS, Requests
from tests.hostile import GUARDS, hostile_app


def _seems_ours(origin: str) -> bool:
    return "//ours.example" in origin


def _compiles_anything(data: bytes) -> None:
    for option in data.decode(errors="replace").split("\x1e"):
        if option.startswith("resources="):
            re.compile(option)


def _matches_for_ever(data: bytes) -> None:
    re.fullmatch(rb"(?:origins=[a-z]+:(.+)+!|.*)" if b"*" in data else b"", data)


_LAX = {**GUARDS, "/function": replace(GUARDS["/function"], options={"origins": _seems_ours})}

LETS_IN_WHAT_BEGINS_ALIKE = replace(REQUESTS, function=Requests(hostile_app(_LAX)))
COMPILES_ANYTHING = replace(OPTIONS, function=_compiles_anything)
MATCHES_FOR_EVER = replace(OPTIONS, function=_matches_for_ever)
