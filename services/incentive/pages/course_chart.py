"""Geometry of the chart of a year's course: curves by the day of the year, against amounts. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from services.incentive.pages.chart import Line, round_step
from shared.values.json_types import Json
from shared.values.money import parse_yuan

WIDTH: Final = 720
HEIGHT: Final = 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 12, 22, 30
_LINES: Final = 4

Curve = Literal["registered", "last_year", "ahead", "expected"]


class Dot(NamedTuple):
    """A point of a curve: its place, the day, and the total by then; of an expected one the range too."""

    curve: Curve
    x: float
    y: float
    on: str
    total: str
    low: str | None = None
    high: str | None = None


class TierLine(NamedTuple):
    """The threshold of a tier, at its height."""

    y: float
    over: str


class MonthLabel(NamedTuple):
    """The middle of a month."""

    x: float
    number: int


class CourseChart(NamedTuple):
    """Curves as the points of SVG polylines, empty where there is none; `band` is the range of the forecast."""

    lines: tuple[Line, ...]
    months: tuple[MonthLabel, ...]
    tiers: tuple[TierLine, ...]
    registered: str
    last_year: str
    ahead: str
    expected: str
    band: str
    dots: tuple[Dot, ...]
    today_x: float | None
    left: float
    right: float
    base: float
    top: float


class _Scale(NamedTuple):
    """Places of days and amounts on the chart."""

    year: int
    top_fen: int

    def x(self, day: date) -> float:
        """The end of a day."""
        first, last = date(self.year, 1, 1), date(self.year, 12, 31)
        share = ((day - first).days + 1) / ((last - first).days + 1)
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * share, 1)

    def y(self, fen: int) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * max(0, fen) / self.top_fen, 1)

    def dot(self, curve: Curve, on: str, total: str, low: str | None = None, high: str | None = None) -> Dot:
        return Dot(curve, self.x(date.fromisoformat(on)), self.y(parse_yuan(total)), on, total, low, high)


def course_chart(outlook: Json) -> CourseChart:
    """Lay out the answer of the API. The scale has room for the next tier; higher ones are left out."""
    year, months = outlook["year"], outlook["months"]
    shown = [outlook["total"], *(month["last_year"] for month in months)]
    shown += [month["expected"]["high"] for month in months if month["expected"]]
    highest = max(map(parse_yuan, shown))
    tiers = [parse_yuan(tier["over"]) for tier in outlook["tiers"]]
    highest = min((over for over in tiers if over >= highest), default=highest)
    step = round_step(highest)
    scale = _Scale(year, step * max(1, -(-highest // step)))
    registered, ahead, expected = _curves(outlook, scale)
    last_year = [scale.dot("last_year", month["until"], month["last_year"]) for month in months]
    start = (scale.x(date(year - 1, 12, 31)), scale.y(0))
    return CourseChart(
        lines=tuple(Line(scale.y(step * n), step * n) for n in range(scale.top_fen // step + 1)),
        months=tuple(MonthLabel(scale.x(date(year, number, 15)), number) for number in range(1, 13)),
        tiers=tuple(
            TierLine(scale.y(over), tier["over"])
            for tier, over in zip(outlook["tiers"], tiers, strict=True)
            if over <= scale.top_fen
        ),
        registered=_points([start, *_places(registered)]),
        last_year=_points([start, *_places(last_year)]) if outlook["last_year"] else "",
        ahead=_points(_places([registered[-1], *ahead])) if ahead and registered else "",
        expected=_points(_places([registered[-1], *expected])) if expected else "",
        band=_band(registered[-1], expected, scale) if expected else "",
        dots=(
            *(last_year if outlook["last_year"] else ()),
            *registered,
            *(dot for dot in ahead if dot.total != outlook["by_today"]),
            *expected,
        ),
        today_x=scale.x(date.fromisoformat(outlook["on"])) if outlook["days_left"] and registered else None,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        base=HEIGHT - _BOTTOM,
        top=_TOP,
    )


def _curves(outlook: Json, scale: _Scale) -> tuple[list[Dot], list[Dot], list[Dot]]:
    """The totals of months that are over and of today; then what is registered ahead of today; and what is expected."""
    months, on = outlook["months"], outlook["on"]
    registered = [scale.dot("registered", one["until"], one["total"]) for one in months if one["is_over"]]
    if on.startswith(f"{outlook['year']}-") and not (registered and registered[-1].on == on):
        registered.append(scale.dot("registered", on, outlook["by_today"]))
    later = [one for one in months if not one["is_over"]]
    ahead = [scale.dot("ahead", one["until"], one["total"]) for one in later] if "ahead" in outlook else []
    expected = [
        scale.dot("expected", one["until"], one["expected"]["amount"], one["expected"]["low"], one["expected"]["high"])
        for one in later
        if one["expected"]
    ]
    return registered, ahead, expected


def _places(dots: Iterable[Dot]) -> list[tuple[float, float]]:
    return [(dot.x, dot.y) for dot in dots]


def _band(today: Dot, expected: Sequence[Dot], scale: _Scale) -> str:
    """The outline of the range: along its upper edge, and back along the lower one."""
    upper = [(dot.x, scale.y(parse_yuan(dot.high or dot.total))) for dot in expected]
    lower = [(dot.x, scale.y(parse_yuan(dot.low or dot.total))) for dot in expected]
    return _points([(today.x, today.y), *upper, *reversed(lower)])


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)
