"""``python -m tests.mutants.trial``: try the mutants of one module, and write what became of them, a line each."""

import json
import sys
from pathlib import Path
from typing import TextIO

import pytest

import flask_cors

from .listed import PACKAGE
from .making import Mutant, mutants
from .running import OPTIONS, Trial

FIRST = {
    "policy": ["policy"],
    "origins": ["origins"],
    "resources": ["resources"],
    "options": ["options", "origins"],
    "_coverage": ["blueprints", "decorator", "extension"],
    "_bridge": ["callables", "extension", "decorator"],
    "_preflight": ["preflight", "extension"],
    "_door": ["door", "preflight", "extension"],
    "extension": ["extension", "blueprints"],
    "decorator": ["decorator", "preflight"],
    "browser": ["browser_model"],
    "testing": ["testing"],
    "pytest_plugin": ["testing"],
    "cli": ["cli"],
}
CORE = tuple(FIRST)[:10]
_MORE = (
    "policy",
    "resources",
    "options",
    "origins",
    "door",
    "preflight",
    "extension",
    "decorator",
    "blueprints",
    "errors",
    "callables",
)


def main(module: str, output: TextIO) -> int:
    """Try the mutants of a module on its own tests; and what then is left, if it is of the core, on those of all."""
    if Path(flask_cors.__file__).parent != PACKAGE.resolve():
        sys.exit(f"{flask_cors.__file__} is not the package to mutate")

    def tell(mutant: Mutant, outcome: str) -> None:
        output.write(json.dumps([*mutant.change, outcome]) + "\n")
        output.flush()

    more = [name for name in _MORE if name not in FIRST[module]] if module in CORE else []
    trial = Trial(mutants(PACKAGE / f"{module}.py"), _files(more), tell)
    return pytest.main([*OPTIONS, *_files(FIRST[module])], plugins=[trial])


def _files(names: list[str]) -> list[str]:
    return [f"tests/test_{name}.py" for name in names]


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w") as opened:
        sys.exit(main(sys.argv[1], opened))
