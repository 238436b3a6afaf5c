"""Holds (暂缓), which block an award's approval and payment and change no amount (policy.md, G7 to G9, G14). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.incentive.policy.terms import Texts

UNVERIFIED: Final = "unverified"
VERIFIED: Final = "verified"
FAILED: Final = "failed"
BUDGET: Final = "budget"
RULE_SUSPENDED: Final = "rule_suspended"
PERIOD_OPEN: Final = "period_open"
ASSESSMENT: Final = "assessment"
OBJECTION: Final = "objection"
BY_HAND: Final = ("manual", OBJECTION)
KINDS: Final = ("eligibility", BUDGET, RULE_SUSPENDED, PERIOD_OPEN, ASSESSMENT, *BY_HAND)  # in the contract's order
HOLD_NAMES: Final[Mapping[str, Texts]] = {
    "eligibility": Texts("资格未核实", "Eligibility not verified"),
    "budget": Texts("预算不足", "Over the budget"),
    "rule_suspended": Texts("规则暂停", "Rule suspended"),
    "period_open": Texts("年度未结", "Year open"),
    "assessment": Texts("金额待评定", "Not assessed yet"),
    "manual": Texts("人工暂缓", "Manual hold"),
    "objection": Texts("异议处理中", "Objection"),
}
OUTCOMES: Final = ("upheld", "partly", "dismissed")  # of an objection, when its hold is released


class Period(NamedTuple):
    """A half-open period; None leaves a side open."""

    start: datetime | None
    end: datetime | None

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.overlaps(Period(instant, instant + timedelta(microseconds=1)))

    def overlaps(self, other: "Period") -> bool:
        """Return True if the two have an instant in common."""
        return _before(self.start, other.end) and _before(other.start, self.end)


class YearAct(NamedTuple):
    """An act of the bureau that closes a year or reopens it, and when it was recorded."""

    at: datetime
    closes: bool


def is_year_closed(acts: Sequence[YearAct], closes_at: datetime, now: datetime) -> bool:
    """Return True if a year is closed now (G14): by the last of its acts, or because its closing day has passed since.

    `acts` are those of the year in order; `closes_at` is the instant at which its closing day is over.
    """
    if not acts or acts[-1].at < closes_at <= now:
        return closes_at <= now
    return acts[-1].closes


def _before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end


class Verification(NamedTuple):
    """A record of a subject's eligibility (G8), valid for a period."""

    status: str
    valid: Period


def holds(
    *,
    status: str,
    is_over_budget: bool,
    earned: Period,
    suspensions: Iterable[Period],
    is_year_open: bool,
    lacks_assessment: bool,
    by_hand: Iterable[str],
) -> tuple[str, ...]:
    """The holds of an award, in the contract's order.

    `status` is its subject's eligibility; `is_over_budget`: it is behind the line of a budget (G7); `earned` the period
    in which it was earned; `suspensions` those of its rule that are not lifted; `is_year_open`: its amount is a total
    of an open year (G14); `lacks_assessment`: its rule asks for an amount that the bureau assesses, and there is none;
    `by_hand` the kinds of holds that persons placed and nobody released.
    """
    placed = set(by_hand)
    conditions = {
        "eligibility": status != VERIFIED,
        BUDGET: is_over_budget,
        RULE_SUSPENDED: any(earned.overlaps(suspended) for suspended in suspensions),
        PERIOD_OPEN: is_year_open,
        ASSESSMENT: lacks_assessment,
        **{kind: kind in placed for kind in BY_HAND},
    }
    return tuple(kind for kind, is_held in conditions.items() if is_held)
