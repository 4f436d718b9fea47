"""``python -m tests.bench``: print what a request costs, beside the same by hand and beside Flask-Cors 6.0.5.

Each of the four answers in a process of its own. The processes take turns, A B C D A B C D, so that whatever slows the
machine slows all of them; each time is the median of its turns.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from tests.bench.instructions import added as instructions_added
from tests.bench.scenarios import SCENARIOS, WHO

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ROOT / ".venv-foreign" / "bin" / "python"  # has Flask-Cors 6.0.5
IMPORT = (
    "import flask, time; start = time.process_time(); import flask_cors; print((time.process_time() - start) * 1e3)"
)
# The checkout comes first on the path for `python -c`, and last for `python -P -c`, which finds what is installed.
WORK = "import flask_cors, sys; sys.path.append('.'); from tests.bench.worker import main; main(*sys.argv[1:])"

Figures = dict[str, float]


def turn(name: str, who: str) -> tuple[float, str]:
    """Let one process answer; return the microseconds of a request, and the origin that it allows."""
    python = [FOREIGN, "-P"] if who == "6.0.5" else [sys.executable]
    micros, allowed, version = json.loads(subprocess.check_output([*python, "-c", WORK, name, who], cwd=ROOT))
    if (version == "6.0.5") != (who == "6.0.5"):
        raise SystemExit(f"{who}: measured Flask-Cors {version}")
    return micros, allowed


def times_added(name: str, turns: int) -> Figures:
    """Time the four in turns; refuse to compare those that do not allow the same origin."""
    rounds: list[Figures] = []
    for _ in range(turns):
        found = {who: turn(name, who) for who in WHO}
        allowed = {who: origin for who, (_, origin) in found.items() if who != "bare"}
        if len({*allowed.values()}) > 1:
            raise SystemExit(f"{name}: the allowed origins differ: {allowed}")
        rounds.append({who: micros - (who != "bare") * found["bare"][0] for who, (micros, _) in found.items()})
    return {who: statistics.median(each[who] for each in rounds) for who in WHO}


def import_added(turns: int) -> float:
    """Return the milliseconds of the import after Flask's own; what is imported has been compiled before."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", IMPORT]
    outputs = [subprocess.check_output(command, cwd=ROOT, env=environment) for _ in range(turns + 1)]
    return statistics.median(float(output) for output in outputs[1:])


def row(name: str, times: Figures, counts: Figures) -> list[str]:
    """Lay out what is added; of a preflight, which is less than bare Flask, no ratios."""
    cells = [name, *(f"{times[who]:.1f}" for who in WHO)]
    if name == "preflight":
        return [*cells, "", ""]
    return [*cells, f"{times['here'] / times['6.0.5']:.2f}", f"{counts['here'] / counts['by hand']:.2f}"]


def table(rows: list[list[str]]) -> Iterator[str]:
    """Lay out a table as the manual has it."""
    head = ["CPU time, in µs", "bare Flask", "+ by hand", "+ here", "+ 6.0.5", "here / 6.0.5", "here / by hand"]
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]
    rule = "  ".join("=" * width for width in widths)
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *rows)]
    yield from (rule, texts[0].rstrip(), rule, *(text.rstrip() for text in texts[1:]), rule)


def limits(
    times: dict[str, Figures], counts: dict[str, Figures], import_ms: float
) -> Iterator[tuple[str, float, float]]:
    """Say what is limited, the figure that was measured, and the limit."""
    for name in times.keys() - {"preflight"}:
        yield f"{name}: time, to Flask-Cors 6.0.5", times[name]["here"] / times[name]["6.0.5"], 0.3
        yield f"{name}: instructions, to the same by hand", counts[name]["here"] / counts[name]["by hand"], 2.5
    here = {name: figures["here"] for name, figures in times.items()}
    yield "100,000 origins: time, to one", here["100,000 origins"] / here["one origin, listed"], 1.3
    yield "1,000 wildcards: time, to one", here["1,000 wildcards"] / here["one wildcard"], 1.3
    yield "200 resource patterns: time, to one", here["200 resource patterns"] / here["resources, path matches"], 3
    whole = times["preflight"]["bare"]
    yield "preflight: time, to bare Flask's own OPTIONS", (whole + here["preflight"]) / whole, 0.35
    yield "import: milliseconds after Flask's own", import_ms, 3


def main() -> int:
    """Measure, print the table and the limits, and say whether all limits are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the extension costs.")
    parser.add_argument("--turns", type=int, default=7, help="how many processes each of the four has (default: 7)")
    turns = parser.parse_args().turns
    times: dict[str, Figures] = {}
    for name in SCENARIOS:
        print(f"{len(times) + 1}/{len(SCENARIOS)} {name}", file=sys.stderr)
        times[name] = times_added(name, turns)
    counts = {name: instructions_added(scenario) for name, scenario in SCENARIOS.items()}
    print(f"Python {platform.python_version()}, Flask {metadata.version('flask')}, {platform.machine()}\n")
    print(*table([row(name, times[name], counts[name]) for name in SCENARIOS]), "", sep="\n")
    checked = [
        (figure <= limit, f"{text}: {figure:.2f}, at most {limit}")
        for text, figure, limit in limits(times, counts, import_added(2 * turns))
    ]
    print(*(f"{'met' if met else 'NOT MET'}: {text}" for met, text in checked), sep="\n")
    return not all(met for met, _ in checked)


if __name__ == "__main__":
    sys.exit(main())
