"""``python -m tests.bench.pages``: write the tables and charts of the manual's page on speed, from the figures kept.

``make bench-docs`` measures these figures anew before.
"""

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.__main__ import Times
from tests.bench.cases import CASES, PREFLIGHTS, named
from tests.bench.charts import THEMES, Series, Theme, bars, curves

DOCS = Path(__file__).resolve().parents[2] / "docs"
FIGURES = DOCS / "explanation" / "speed" / "figures.json"

WHO = {"by hand": "by hand", "ours": "Flask-Cors here", "6.0.5": "Flask-Cors 6.0.5"}
FEW = (
    *("CORS(app)", "CORS(app), no Origin", "1 origin, listed", "1 origin, not listed"),
    *("resources, path matches", "resources, path does not", "@cross_origin()", "@cross_origin(six options)"),
)
GROWTH = {  # what is counted, which request is measured, and the counts
    "origins": ("origin", "listed", (1, 10, 1_000, 100_000)),
    "patterns": ("plain pattern", "last matches", (1, 100, 10_000)),
}

Row = Sequence[object]
Figure = TypeVar("Figure")
_RATIOS = ("here to by hand", "here to one")


def files(figures: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Make every file: where it belongs, and what is in it."""
    for name, rows in (("time", times), ("instructions", instructions), ("places", places), ("others", others)):
        yield FIGURES.with_name(f"{name}.csv"), _csv(rows(figures))
    yield FIGURES.with_name("machine.txt"), machine(figures)
    for shade, theme in THEMES.items():
        for name, chart in charts(figures["times"], theme):
            yield DOCS / "_static" / f"speed-{name}-{shade}.svg", chart


def _csv(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def times(figures: Mapping[str, Any]) -> Iterator[Row]:
    """Say in microseconds what each adds to bare Flask."""
    yield "", *WHO.values(), *_RATIOS
    for name, mine in _but_preflight(figures["times"]):
        yield (
            name,
            *(f"{mine[who]:.1f}" for who in WHO),
            _of(mine["ours"], mine["by hand"]),
            _of(mine["ours"], mine.get("one")),
        )


def instructions(figures: Mapping[str, Any]) -> Iterator[Row]:
    """Say how many instructions of Python each adds to bare Flask."""
    added: dict[str, tuple[float, float]] = {
        name: (by_hand[0], ours[0]) for name, (_, by_hand, ours) in figures["instructions"].items()
    }
    yield "", *list(WHO.values())[:2], *_RATIOS
    for name, (by_hand, ours) in _but_preflight(added):
        one = added.get(CASES[name].against or "", (None, None))[1]
        yield name, round(by_hand), round(ours), _of(ours, by_hand), _of(ours, one)


def _but_preflight(figures: Mapping[str, Figure]) -> Iterator[tuple[str, Figure]]:
    """All but what is to be compared as a whole."""
    return ((name, figure) for name, figure in figures.items() if name not in PREFLIGHTS)


def _of(value: float, other: float | None) -> str:
    return "" if other is None else f"{value / other:.2f}"


def places(figures: Mapping[str, Any]) -> Iterator[Row]:
    """Say what an empty function costs, wherever it can stand."""
    yield "where", "instructions", "calls"
    yield from ((name, round(instructions), round(calls)) for name, (instructions, calls) in figures["places"].items())


def others(figures: Mapping[str, Any]) -> Iterator[Row]:
    """Say what no table has a place for."""
    for case, (who, name) in itertools.product(PREFLIGHTS, WHO.items()):
        preflight: Times = figures["times"][case]
        share = 1 + preflight[who] / preflight["bare"]
        yield f"CPU time of a {case}, as a multiple of bare Flask's own answer to it: {name}", f"{share:.2f}"
    for name, figure in figures["others"].items():
        yield name, f"{figure:,.2f}" if figure < 100 else f"{figure:,.0f}"


def machine(figures: Mapping[str, Any]) -> str:
    """Say where this was measured, and how well."""
    measured: dict[str, Times] = figures["times"]
    noise = sorted(abs(mine["noise"]) for mine in measured.values())
    processor, *versions = figures["machine"].items()
    software = ", ".join(f"{name} {version}" for name, version in versions)
    return "\n".join(
        [
            f"Processor: {processor[1]}. Software: {software}.",
            f"Bare Flask takes {measured[FEW[0]]['bare']:.0f} µs for the first of these requests.",
            f"A second bare app differed from it by {noise[len(noise) // 2]:.1f} µs in the median of the cases,",
            f"and by {noise[-1]:.1f} µs at most: what is less than that is noise.",
            "",
        ]
    )


def charts(measured: Mapping[str, Times], theme: Theme) -> Iterator[tuple[str, str]]:
    """Draw every chart."""
    yield "few", bars("CPU time added to a request, in µs", FEW, _series(measured, FEW), theme)
    for plural, (noun, which, counts) in GROWTH.items():
        series = _series(measured, [f"{named(count, noun)}, {which}" for count in counts])
        yield (
            plural,
            curves(f"CPU time added to a request, by number of {plural}", f"number of {plural}", counts, series, theme),
        )


def _series(measured: Mapping[str, Times], names: Iterable[str]) -> Series:
    least = 0.1  # what is less is noise, and has no logarithm
    return {shown: [max(measured[name][who], least) for name in names] for who, shown in WHO.items()}


def main() -> None:
    """Write every file."""
    for path, text in files(json.loads(FIGURES.read_text())):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
