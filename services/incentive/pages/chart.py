"""Geometry of the charts. Pure; templates draw them as SVG without inline styles, which the CSP forbids."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from shared.values.json_types import Json

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT, _TOP, _BOTTOM = 84, 14, 30
_STEPS: Final = (1, 2, 2.5, 5, 10)
_LINES: Final = 4


class Bar(NamedTuple):
    """The bar of a month: its rectangle, and the middle of its label."""

    label: str
    x: float
    y: float
    width: float
    height: float
    middle: float


class Line(NamedTuple):
    """A line of the grid, and the amount that it stands for."""

    y: float
    amount_fen: int


class BarChart(NamedTuple):
    """Bars over a grid."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    left: float
    right: float
    base: float


class Mark(NamedTuple):
    """The mark of a tier, at a percentage of the whole width."""

    percent: float
    is_reached: bool


def bar_chart(amounts_fen: Sequence[tuple[str, int]], at_least_fen: int = 0) -> BarChart:
    """Lay out bars of (label, amount in fen), from zero to a round figure above them and above `at_least_fen`."""
    highest = max((at_least_fen, *(amount for _, amount in amounts_fen)))
    step = round_step(highest)
    lines_over = max(1, -(-highest // step))
    top_fen, room = step * lines_over, HEIGHT - _TOP - _BOTTOM
    slot = (WIDTH - _LEFT) / max(1, len(amounts_fen))
    bars = []
    for place, (label, amount) in enumerate(amounts_fen):
        height = room * max(0, amount) / top_fen
        x = _LEFT + slot * place + slot * 0.18
        box = (x, HEIGHT - _BOTTOM - height, slot * 0.64, height, x + slot * 0.32)
        bars.append(Bar(label, *(round(length, 1) for length in box)))
    lines = [Line(round(HEIGHT - _BOTTOM - room * n / lines_over, 1), step * n) for n in range(lines_over + 1)]
    return BarChart(tuple(bars), tuple(lines), _LEFT, WIDTH, HEIGHT - _BOTTOM)


def round_step(highest_fen: int) -> int:
    """Return a round step, a few of which reach the highest amount."""
    least = max(100, -(-highest_fen // _LINES))
    power = 10 ** (len(str(least)) - 1)
    return next(int(power * step) for step in _STEPS if power * step >= least)


def tier_progress(total_fen: int, thresholds_fen: Sequence[int]) -> tuple[float, list[Mark]]:
    """Return how far a total has come through the thresholds, in percent, and their marks, which lie evenly.

    Half of the first threshold fills half of the first stretch; beyond the last one everything is filled.
    """
    count = len(thresholds_fen)
    marks = [Mark(round(100 * (n + 1) / count, 2), total_fen > over) for n, over in enumerate(thresholds_fen)]
    before = 0
    for place, over in enumerate(thresholds_fen):
        if total_fen <= over:
            return round(100 * (place + (total_fen - before) / (over - before)) / count, 2), marks
        before = over
    return 100.0, marks


def all_months(year: int, months: Sequence[Json]) -> list[Json]:
    """Return the months of a year in order, those without trades with 0.00."""
    known = {month["month"]: month for month in months}
    names = [f"{year}-{number:02d}" for number in range(1, 13)]
    return [known.get(name, {"month": name, "amount": "0.00", "trades": 0}) for name in names]
