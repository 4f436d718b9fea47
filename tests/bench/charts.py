"""Charts for the manual, as SVG: in its light and in its dark colours."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

Series = Mapping[str, Sequence[float]]


class Theme(NamedTuple):
    """Colours that can be read on the manual's background: of text, of the lines behind the data, and of the data."""

    text: str
    grid: str
    data: tuple[str, ...]


THEMES = {
    "light": Theme("#333333", "#d8d8d8", ("#7a7f87", "#1f6feb", "#bc4c00")),
    "dark": Theme("#cfd0d0", "#43464d", ("#9aa0a8", "#63a9f0", "#ed8f4e")),
}
_DASHES = ("7 4", "none", "2 3")  # of curves, which colours alone must not tell apart

_WIDTH = 720
_LEFT, _RIGHT, _TOP, _BOTTOM = 210, 84, 64, 48  # margins
_BAR, _GAP = 13, 12
_HIGH = 260  # the room for curves


def bars(title: str, labels: Sequence[str], series: Series, theme: Theme) -> str:
    """Draw a group of bars for each label, with one for each series."""
    scale = (_WIDTH - _LEFT - _RIGHT) / max(map(max, series.values()))
    group = _BAR * len(series) + _GAP
    drawn = [*_legend(title, series, theme)]
    for number, label in enumerate(labels):
        top = _TOP + number * group
        drawn.append(_text(_LEFT - 10, top + _BAR * len(series) / 2 + 4, label, theme, "end"))
        for row, (values, colour) in enumerate(zip(series.values(), theme.data, strict=True)):
            drawn += _bar(top + row * _BAR, values[number], scale, colour, theme)
    return _picture(title, _TOP + group * len(labels), drawn)


def _bar(top: float, value: float, scale: float, colour: str, theme: Theme) -> Iterator[str]:
    width = max(value * scale, 1)
    yield f'<rect x="{_LEFT}" y="{top:.0f}" width="{width:.1f}" height="{_BAR - 2}" fill="{colour}"/>'
    yield _text(_LEFT + width + 6, top + _BAR - 3, f"{value:.1f}", theme)


class _Axes(NamedTuple):
    """Two logarithmic axes: to the right up to a number, and upwards between two powers of ten."""

    right: float
    low: int
    high: int

    def x(self, number: float) -> float:
        return _RIGHT + math.log10(number) / math.log10(self.right) * (_WIDTH - 2 * _RIGHT)

    def y(self, value: float) -> float:
        return _TOP + (self.high - math.log10(value)) / (self.high - self.low) * _HIGH


def curves(title: str, across: str, numbers: Sequence[float], series: Series, theme: Theme) -> str:
    """Draw a curve over the *numbers* for each series."""
    least, most = min(map(min, series.values())), max(map(max, series.values()))
    axes = _Axes(numbers[-1], math.floor(math.log10(least)), math.ceil(math.log10(most)))
    drawn = [*_legend(title, series, theme), *_grid(axes, numbers, theme)]
    drawn.append(_text(_WIDTH / 2, _TOP + _HIGH + 40, across, theme, "middle"))
    for values, colour, dashes in zip(series.values(), theme.data, _DASHES, strict=True):
        points = " ".join(f"{axes.x(n):.1f},{axes.y(value):.1f}" for n, value in zip(numbers, values, strict=True))
        style = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"'
        drawn.append(f'<polyline points="{points}" {style}/>')
    return _picture(title, _TOP + _HIGH + _BOTTOM, drawn)


def _grid(axes: _Axes, numbers: Sequence[float], theme: Theme) -> Iterator[str]:
    for number in numbers:
        yield _line(axes.x(number), _TOP, axes.x(number), _TOP + _HIGH, theme)
        yield _text(axes.x(number), _TOP + _HIGH + 18, f"{number:,}", theme, "middle")
    for power in range(axes.low, axes.high + 1):
        y = axes.y(10**power)
        yield _line(_RIGHT, y, _WIDTH - _RIGHT, y, theme)
        yield _text(_RIGHT - 8, y + 4, f"{10**power:,} µs", theme, "end")


def _legend(title: str, names: Iterable[str], theme: Theme) -> Iterator[str]:
    yield _text(0, 16, title, theme, weight="bold")
    for number, (name, colour, dashes) in enumerate(zip(names, theme.data, _DASHES, strict=True)):
        x = number * 170
        style = f'stroke="{colour}" stroke-width="5" stroke-dasharray="{dashes}"'
        yield f'<line x1="{x}" y1="38" x2="{x + 26}" y2="38" {style}/>'
        yield _text(x + 34, 42, name, theme)


def _line(x1: float, y1: float, x2: float, y2: float, theme: Theme) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{theme.grid}"/>'


def _text(x: float, y: float, text: str, theme: Theme, anchor: str = "start", weight: str = "normal") -> str:
    style = f'fill="{theme.text}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _picture(title: str, height: float, drawn: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img"'
    font = 'font-family="system-ui, sans-serif" font-size="13"'
    return "\n".join([f"{head} {font}>", f"<title>{escape(title)}</title>", *drawn, "</svg>", ""])
