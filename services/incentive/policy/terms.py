"""What a policy file holds, as values: periods, rates, caps, thresholds, and how the text is read. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

import msgspec

from shared.values.times import day_start, shanghai_date

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


class RiskFlagTerms(msgspec.Struct, frozen=True):
    """What a person should look at (G10), and from which numbers on: amounts in fen, shares, how many, days."""

    flag: str
    article: str
    name: Texts
    says: Texts
    numbers: Mapping[str, int | Decimal]

    def whole(self, name: str) -> int:
        """An amount in fen, a number of something, or days."""
        return int(self.numbers[name])

    def share_of(self, name: str, fen: int) -> int:
        """That share of an amount, up to the next fen: what is at least it has the share."""
        numerator, denominator = self.numbers[name].as_integer_ratio()
        return -(-fen * numerator // denominator)


# --- what no event drives: rewards that a person declares ------------------------------------------------------


class Measure(msgspec.Struct, frozen=True):
    """What is declared of the matter: its name in the declaration, and what people call it."""

    name: str
    says: Texts


class Fixed(msgspec.Struct, frozen=True):
    """One amount, whatever is declared; where `at_most` is given, only up to that measured value (不高于)."""

    amount_fen: int
    at_most: Decimal | None


class Grade(msgspec.Struct, frozen=True):
    """One of several grades of a matter, by its name in the declaration, with what it is worth."""

    grade: str
    says: Texts
    amount_fen: int


class Grades(msgspec.Struct, frozen=True):
    """An amount by grade. Where rewards go by difference, grades stand from the lowest to the highest."""

    grades: tuple[Grade, ...]


class MeasureStep(msgspec.Struct, frozen=True):
    """An amount for a measured sum of at least (达到) a threshold."""

    at_least_fen: int
    amount_fen: int


class Steps(msgspec.Struct, frozen=True):
    """Steps of a measured sum, lowest first."""

    steps: tuple[MeasureStep, ...]


class AtRate(msgspec.Struct, frozen=True):
    """A rate of a measured sum; what comes to less than `at_least_fen` (None: no such limit) is nothing."""

    rate: Decimal
    at_least_fen: int | None


class RewardLimit(msgspec.Struct, frozen=True):
    """The most that all declared rewards under it yield together, for each subject and year, subject, or matter."""

    limit: str
    article: str
    says: Texts
    per: Literal["subject_year", "subject", "item"]
    most_fen: int


class Pool(msgspec.Struct, frozen=True):
    """A yearly sum that is set apart for the rules that name it, within the budget (G7)."""

    pool: str
    article: str
    says: Texts
    annual_fen: int


class DeclaredTerms(msgspec.Struct, frozen=True):
    """A reward that the bureau declares.

    `earned`: `once` for each subject or item (`per`), `first` the same over the whole known life, `yearly` once a
    year, `by_difference` each step once, less what was earned before; `recorded` is worth nothing, as the text names
    no amount. `years`: over how many calendar years from the first that earns (None: no limit).
    """

    rule: str
    article: str
    name: Texts
    subject: Literal["entity", "operator"]
    earned: Literal["once", "first", "yearly", "by_difference", "recorded"]
    per: Literal["subject", "item"]
    measure: Measure | None
    amount: Fixed | Grades | Steps | AtRate | None
    years: int | None
    limits: tuple[RewardLimit, ...]
    pool: Pool | None


class DeclaredRewards(msgspec.Struct, frozen=True):
    """The section `declared` of a policy file; empty for a file that has none."""

    rules: tuple[DeclaredTerms, ...] = ()
    limits: tuple[RewardLimit, ...] = ()
    pools: tuple[Pool, ...] = ()

    def find(self, rule: str) -> DeclaredTerms | None:
        """Terms of a declared rule by its name."""
        return next((terms for terms in self.rules if terms.rule == rule), None)


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
    declared: DeclaredRewards
    readings: tuple[Reading, ...]
    values: tuple[PolicyValue, ...]
    digest: str
    risk_flags: tuple[RiskFlagTerms, ...] = ()

    @property
    def rule_order(self) -> tuple[str, ...]:
        """Names of all rules in the file's order: those that events drive, then those that are declared."""
        return tuple(terms.rule for terms in (*self.rules, *self.declared.rules))

    @property
    def cut_dates(self) -> tuple[date, ...]:
        """The dates at which totals must be cut for this policy to be computed, in order."""
        spans = (self.in_force, self.in_force_alternative)
        return tuple(sorted({day for span in spans for day in (span.start_on, span.end_on)}))

    @property
    def alternatives(self) -> tuple[Reading, ...]:
        """The readings that are no plain text: each with what else could be read."""
        return tuple(reading for reading in self.readings if reading.alternative is not None)

    def terms(self, rule: str) -> RuleTerms | DeclaredTerms:
        """Terms of a rule by its name. Raises KeyError."""
        for terms in (*self.rules, *self.declared.rules):
            if terms.rule == rule:
                return terms
        raise KeyError(rule)

    def period_closed(self, year: int, now: datetime) -> bool:
        """Whether the rewards of `year` are no longer provisional: the closing day of the next year is over."""
        return shanghai_date(now) > date(year + 1, self.closes_month, self.closes_day)
