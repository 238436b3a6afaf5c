"""What a policy file holds, as values: periods, rates, caps, thresholds, and how the text is read. Pure."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from shared.times import day_start, shanghai_date

RuleName = Literal["first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"]


class Interval(msgspec.Struct, frozen=True):
    """Half-open [start, end) of whole days in Shanghai: `start_on` is the first day, `end_on` the first day after."""

    start_on: date
    end_on: date

    @property
    def start(self) -> datetime:
        """The first instant within."""
        return day_start(self.start_on)

    @property
    def end(self) -> datetime:
        """The first instant after."""
        return day_start(self.end_on)

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.start <= instant < self.end


class Texts(msgspec.Struct, frozen=True):
    """The same for people, in Chinese and in English."""

    zh: str
    en: str


class Reading(msgspec.Struct, frozen=True):
    """How a place of the text is read: `mark` T (the text says so), L (other law says so) or J (our judgement).

    `path` is where it stands in the file, `article` or `basis` what it rests on, `alternative` what else could be
    read; the alternative is None where the mark is T.
    """

    path: str
    clause: str
    article: str
    basis: str | None
    mark: Literal["T", "L", "J"]
    reading: str
    says: Texts
    alternative: Texts | None


class OnceFixed(msgspec.Struct, frozen=True):
    """A fixed amount, once (一次性奖励)."""

    rule: RuleName
    article: str
    name: Texts
    amount_fen: int


class OnceAtRate(msgspec.Struct, frozen=True):
    """A rate of one amount up to a cap, once."""

    rule: RuleName
    article: str
    name: Texts
    rate: Decimal
    cap_fen: int


class YearlyAtRate(msgspec.Struct, frozen=True):
    """A rate of a year's total up to a cap, if the total is at least a threshold (达到)."""

    rule: RuleName
    article: str
    name: Texts
    at_least_fen: int
    rate: Decimal
    cap_fen: int


class Tier(msgspec.Struct, frozen=True):
    """An amount for a total over (超过, more than) a threshold."""

    over_fen: int
    amount_fen: int


class Tiers(msgspec.Struct, frozen=True):
    """Steps that are earned once each, by difference (晋级补差); lowest first."""

    rule: RuleName
    article: str
    name: Texts
    tiers: tuple[Tier, ...]


RuleTerms = OnceFixed | OnceAtRate | YearlyAtRate | Tiers


class PolicyValue(msgspec.Struct, frozen=True):
    """One value of a policy file, for people and for comparison."""

    path: str
    article: str
    value: str


class Policy(msgspec.Struct, frozen=True):
    """A policy file. `rules` stand in the file's order, which decides ties under G6.

    `in_force_alternative` is the other reading of G1; awards that it would change are flagged. `values` are all
    values of the file in its order; `digest` is the SHA-256 of the file's bytes in hex.
    """

    id: str
    revision: int
    document_no: str
    title: Texts
    issued: date
    in_force: Interval
    in_force_alternative: Interval
    closes_month: int
    closes_day: int
    budget_fen: int
    first_listing: OnceFixed
    first_purchase: OnceAtRate
    annual_listed_trading: YearlyAtRate
    exchange_tiers: Tiers
    rules: tuple[RuleTerms, ...]
    readings: tuple[Reading, ...]
    values: tuple[PolicyValue, ...]
    digest: str

    @property
    def rule_order(self) -> tuple[str, ...]:
        """Names of the rules in the file's order."""
        return tuple(terms.rule for terms in self.rules)

    @property
    def cut_dates(self) -> tuple[date, ...]:
        """The dates at which totals must be cut for this policy to be computed, in order."""
        spans = (self.in_force, self.in_force_alternative)
        return tuple(sorted({day for span in spans for day in (span.start_on, span.end_on)}))

    @property
    def alternatives(self) -> tuple[Reading, ...]:
        """The readings that are no plain text: each with what else could be read."""
        return tuple(reading for reading in self.readings if reading.alternative is not None)

    def terms(self, rule: str) -> RuleTerms:
        """Terms of a rule by its name. Raises KeyError."""
        for terms in self.rules:
            if terms.rule == rule:
                return terms
        raise KeyError(rule)

    def period_closed(self, year: int, now: datetime) -> bool:
        """Whether the rewards of `year` are no longer provisional: the closing day of the next year is over."""
        return shanghai_date(now) > date(year + 1, self.closes_month, self.closes_day)
