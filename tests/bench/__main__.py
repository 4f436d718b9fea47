"""``python -m tests.bench``: print what the extension costs, beside the same by hand and beside Flask-Cors 6.

Everybody who answers a case's requests has a process of their own, in which bare Flask answers them too, in turns. In
every round each process has its time, in another order, so that whatever slows the machine down slows all of them. Of
two processes one is luckier than the other with its place in memory: so all can be started several times. The table
shows medians. What a second bare app seems to add is noise: a difference of that size means nothing.
"""

import argparse
import itertools
import json
import platform
import random
import statistics
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

from tests.bench import footprint, instructions, places
from tests.bench.cases import CASES, PREFLIGHTS
from tests.bench.processes import FOREIGN, ROOT, Pair, working

_ROUNDS = 10
WHO = ("bare", "noise", "by hand", "ours", "6.0.5", "one")
_ROLES = {"noise": "bare", "by hand": "by hand", "ours": "extended", "6.0.5": "foreign"}

Times = dict[str, float]  # by who answers, CPU microseconds: of bare Flask the whole, of others what they add


def measure(name: str, starts: int) -> Times:
    """Time everybody, in so many processes of theirs."""
    pairs: dict[str, list[Pair]] = {}
    for _ in range(starts):
        with ExitStack() as stack:
            workers = {who: stack.enter_context(working(*job)) for who, job in jobs(name).items()}
            agree(name, {who: worker.granted() for who, worker in workers.items()})
            for who in (who for _ in range(_ROUNDS) for who in random.sample(list(workers), len(workers))):
                pairs.setdefault(who, []).extend(workers[who].time())
    return added(pairs)


def jobs(name: str) -> dict[str, tuple[str, str]]:
    """Say who answers the requests of which case, and in which role."""
    mine = {who: (name, role) for who, role in _ROLES.items()}
    against = CASES[name].against
    return {**mine, "one": (against, "extended")} if against else mine


def agree(name: str, granted: Mapping[str, str]) -> None:
    """Refuse to compare those who do not let in the same origin."""
    if len({granted[who] for who in ("by hand", "ours", "6.0.5")}) > 1:
        raise SystemExit(f"{name}: {granted}")


def added(pairs: Mapping[str, list[Pair]]) -> Times:
    """Return what each adds to bare Flask, compared one by one."""
    bare = statistics.median(bare for some in pairs.values() for bare, _ in some)
    more = {who: statistics.median(mine - bare for bare, mine in some) for who, some in pairs.items()}
    return {"bare": bare, **more}


def ratio(name: str, times: Times) -> float:
    """Compare with what is written by hand; of a preflight, the whole with bare Flask's own answer."""
    if name in PREFLIGHTS:
        return (times["bare"] + times["ours"]) / times["bare"]
    return times["ours"] / times["by hand"]


def table(known: dict[str, Times], starts: int) -> Iterator[str]:
    """Lay out the times of every case as soon as they are *known*."""
    heads = "".join(f"{head:>9}" for head in (*WHO[:-1], "ratio", "to one"))
    yield f"{'CPU time added to bare Flask, in µs':50}{heads}"
    for name in CASES:
        known[name] = measure(name, starts)
        yield line(name, known[name])


def line(name: str, times: Times) -> str:
    """Lay out a line of the table."""
    columns = "".join(f"{times[who]:9.1f}" for who in WHO[:-1])
    to_one = f"{times['ours'] / times['one']:9.2f}" if "one" in times else ""
    return f"{name:50}{columns}{ratio(name, times):9.2f}{to_one}"


def others() -> Iterator[tuple[str, float]]:
    """Measure what is no request's cost, and the requests of a whole server."""
    yield from footprint.figures()
    rates = subprocess.check_output([FOREIGN, "-m", "tests.bench.whole"], cwd=ROOT)
    yield from json.loads(rates).items()


def machine() -> dict[str, str]:
    """Say where this is measured."""
    versions = {name: metadata.version(name) for name in ("Flask", "Werkzeug")}
    return {"processor": _processor(), "Python": platform.python_version(), **versions}


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().split("\n") if information.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def main() -> None:
    """Measure, print the tables, and keep the figures where that is asked for."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the extension costs.")
    options.add_argument("--starts", type=int, default=1, help="how many processes everybody has (default: 1)")
    options.add_argument("--save", type=Path, metavar="FILE", help="keep the figures in this file, as JSON")
    given = options.parse_args()
    times: dict[str, Times] = {}
    counts: dict[str, instructions.Figures] = {}
    rest: dict[str, float] = {}
    print(", ".join(map(" ".join, machine().items())))
    for text in itertools.chain(table(times, given.starts), [""], instructions.table(counts), [""]):
        print(text, flush=True)
    for name, figure in others():
        rest[name] = figure
        print(f"{name:75}{figure:12,.6g}", flush=True)
    if given.save:
        stands = dict(places.figures())
        figures = {"machine": machine(), "times": times, "instructions": counts, "places": stands, "others": rest}
        given.save.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
