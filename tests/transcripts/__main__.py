"""``python -m tests.transcripts``: write the real responses into the examples and the manual."""

import logging
import sys
from pathlib import Path

from flask import Flask

from .calls import over_http
from .check import CallError, merged
from .grammar import GrammarError, Transcript
from .pages import replay

ROOT = Path(__file__).parents[2]


def sources() -> list[Path]:
    """List the files that may hold transcripts: the examples, the README and the manual's pages."""
    pages = (page for page in (ROOT / "docs").rglob("*.rst") if "_build" not in page.parts)
    found = [*(ROOT / "examples").glob("*.py"), *ROOT.glob("README.rst"), *pages]
    return [path.relative_to(ROOT) if Path.cwd() == ROOT else path for path in sorted(found)]


def main(files: list[Path]) -> int:
    """Rewrite the files; return 0, or 1 where one of them cannot be run."""
    changed = 0
    try:
        for path in files:
            before, text = path.read_text(), rewritten(path)
            path.write_text(text)
            changed += text != before
    except (CallError, GrammarError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{changed} of {len(files)} files changed")
    return 0


def rewritten(path: Path) -> str:
    """Return the text of a file with every transcript as a real call shows it.

    A line that is equal to the comparison stays as it is, so that a second run changes nothing.
    """
    responses: list[tuple[Transcript, list[str]]] = []
    with over_http() as call:

        def record(transcript: Transcript, app: Flask) -> str | None:
            try:
                response = call(app, transcript.command)
            except CallError as error:
                return str(error)
            responses.append((transcript, merged(transcript.response, response)))
            return None

        if reports := replay(path, record)[1]:
            raise CallError("\n".join(reports))
    text = path.read_text()
    for transcript, response in reversed(responses):
        text = text[: transcript.start] + transcript.text(response) + text[transcript.end :]
    return text


if __name__ == "__main__":
    logging.disable()  # a page may show what happens when a view fails
    sys.exit(main([Path(name) for name in sys.argv[1:]] or sources()))
