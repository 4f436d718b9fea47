"""``python -m tests.transcripts``: rewrite every transcript from a real run.

With ``--check`` it only says what it would change.
"""

import argparse
import logging
import sys
from pathlib import Path

from .check import CallError
from .grammar import GrammarError
from .replay import PageError
from .rewrite import difference, rewritten
from .servers import ServerError

ROOT = Path(__file__).parents[2]


def sources() -> list[Path]:
    """List the files that may hold transcripts: the examples, the README and the manual's pages."""
    pages = (page for page in (ROOT / "docs").rglob("*.rst") if "_build" not in page.parts)
    found = [*(ROOT / "examples").glob("*.py"), *ROOT.glob("README.rst"), *pages]
    return [path.relative_to(ROOT) if Path.cwd() == ROOT else path for path in sorted(found)]


def main(arguments: list[str] | None = None) -> int:
    """Return 0 where all is well, 1 where ``--check`` finds a difference, 2 where a file cannot be run."""
    options = _options(arguments)
    try:
        changes = [_change(path, write=not options.check) for path in options.files or sources()]
    except (CallError, GrammarError, PageError, ServerError) as error:
        print(error, file=sys.stderr)
        return 2
    print("".join(changes), end="")
    print(f"{len(list(filter(None, changes)))} of {len(changes)} files differ from what is answered")
    return 1 if options.check and any(changes) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m tests.transcripts", description="Rewrite every transcript from a real run."
    )
    options.add_argument("--check", action="store_true", help="change no file; exit 1 if one would change")
    options.add_argument("files", nargs="*", type=Path, help="examples or pages (default: all of them)")
    return options.parse_args(arguments)


def _change(path: Path, write: bool) -> str:
    old, new = path.read_text(), rewritten(path)
    if write and new != old:
        path.write_text(new)
    return difference(path, old, new)


if __name__ == "__main__":
    logging.disable()  # a page may show what happens when a view fails
    sys.exit(main())
