"""``python -m tests.bench``: print what a request costs, beside the same by hand and beside Flask-Cors 6.0.5.

Each of the four answers in a process of its own. The processes take turns, A B C D A B C D, so that whatever slows the
machine slows all of them. Each figure is the median of its turns; ``TURNS`` in the environment says how many.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from statistics import median

from tests.bench.measuring import instructions_added
from tests.bench.scenarios import SCENARIOS, WHO

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ROOT / ".venv-foreign" / "bin" / "python"  # has Flask-Cors 6.0.5
TURNS = int(os.environ.get("TURNS", "7"))
IMPORT = "import flask, time; start = time.process_time(); import flask_cors; print(time.process_time() - start)"
WORK = """
import flask_cors, json, sys  # `python -c` finds that of the checkout; `python -P -c`, that which is installed
sys.path.append(".")
from tests.bench.measuring import SCENARIOS, answer, seconds
scenario = SCENARIOS[sys.argv[1]]
app = scenario.app(sys.argv[2])
allowed = dict(answer(app, scenario.requests[0])).get("Access-Control-Allow-Origin")
print(json.dumps([seconds(app, scenario.requests) * 1e6, allowed, flask_cors.__version__]))
"""
MANY = [("100,000 origins", "one origin, listed", 1.3), ("1,000 wildcards", "1 wildcard", 1.3)]
MANY += [("200 resource patterns", "resources, path matches", 3)]
HEAD = ["CPU time of a request, in µs", "bare", "by hand", "here", "6.0.5", "here/6.0.5", "here/by hand"]

Figures = dict[str, float]


def turn(name: str, who: str) -> tuple[float, str]:
    """Let one process answer; return the microseconds of a request, and the origin that it allows."""
    python = [FOREIGN, "-P"] if who == "6.0.5" else [sys.executable]
    micros, allowed, version = json.loads(subprocess.check_output([*python, "-c", WORK, name, who], cwd=ROOT))
    if (version == "6.0.5") != (who == "6.0.5"):
        raise SystemExit(f"{who}: measured Flask-Cors {version}")
    return micros, allowed


def times_added(name: str) -> Figures:
    """Time the four in turns; refuse to compare those that do not allow the same origin."""
    rounds: list[Figures] = []
    for _ in range(TURNS):
        micros, allowed = zip(*(turn(name, who) for who in WHO), strict=True)
        if len({*allowed[1:]}) > 1:
            raise SystemExit(f"{name}: the allowed origins differ: {allowed}")
        rounds.append(dict(zip(WHO, [micros[0], *(each - micros[0] for each in micros[1:])], strict=True)))
    return {who: median(each[who] for each in rounds) for who in WHO}


def import_added() -> float:
    """Return the milliseconds of the import after Flask's own; the first import compiles, and does not count."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", IMPORT]
    outputs = [subprocess.check_output(command, cwd=ROOT, env=environment) for _ in range(2 * TURNS + 1)]
    return median(map(float, outputs[1:])) * 1e3


def table(times: dict[str, Figures], ratios: dict[str, tuple[float, float]]) -> Iterator[str]:
    """Lay out a table, as the manual has it."""
    rows = [HEAD]
    for name, figures in times.items():
        compared = ["", ""] if name == "preflight" else [f"{ratio:.2f}" for ratio in ratios[name]]
        rows.append([name, *(f"{figures[who]:,.1f}" for who in WHO), *compared])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [f"{row[0]:{widths[0]}}  " + "  ".join(map(str.rjust, row[1:], widths[1:])) for row in rows]
    yield from (rule, lines[0], rule, *map(str.rstrip, lines[1:]), rule)


def limits(times: dict[str, Figures], ratios: dict[str, tuple[float, float]]) -> Iterator[tuple[str, float, float]]:
    """Say what is limited, the figure that was measured, and the limit."""
    for name, (to_foreign, to_hand) in ratios.items():
        if name not in ("1 wildcard", "preflight"):
            yield f"{name}: time added, to Flask-Cors 6.0.5", to_foreign, 0.3
            yield f"{name}: instructions added, to the same by hand", to_hand, 2.5
    here = {name: figures["here"] for name, figures in times.items()}
    for many, one, limit in MANY:
        yield f"{many}: time added, to one", here[many] / here[one], limit
    whole = 1 + here["preflight"] / times["preflight"]["bare"]
    yield "preflight: the whole time, to bare Flask's own OPTIONS", whole, 0.35
    yield "import: milliseconds after Flask's own", import_added(), 3


def main() -> int:
    """Measure, print the table and the limits, and say whether all limits are met."""
    print(f"Python {platform.python_version()}, Flask {metadata.version('flask')}, {TURNS} turns", flush=True)
    times, ratios = {}, {}
    for name, scenario in SCENARIOS.items():
        times[name], counts = times_added(name), instructions_added(scenario)
        ratios[name] = times[name]["here"] / times[name]["6.0.5"], counts["here"] / counts["by hand"]
    print("", *table(times, ratios), "", sep="\n")
    found = [(figure <= limit, text, figure, limit) for text, figure, limit in limits(times, ratios)]
    for is_met, text, figure, limit in found:
        print(f"{'met' if is_met else 'NOT MET'}: {text}: {figure:.2f}, at most {limit}")
    return not all(is_met for is_met, *_ in found)


if __name__ == "__main__":
    sys.exit(main())
