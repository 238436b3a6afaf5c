"""The terms of a policy file: periods, rates, caps, thresholds, and readings of the text. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final, Literal, Self

import msgspec

from services.incentive.policy.readings import DECLARED_QUESTIONS, DECLARED_READINGS, EVENT_QUESTIONS
from services.incentive.policy.statement_terms import StatementTerms
from shared.values.times import day_start

RuleName = Literal["first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers"]

_PERIOD: Final = "general.in_force"
# The readings that a policy file chooses by name; with_alternative() swaps one for another.
HighestOnlyReading = Literal["kinds_compete", "all_compete", "same_matter"]
ScopeReading = Literal["year", "whole_life"]
AllowanceReading = Literal["persons", "employers"]
OtherGrantsReading = Literal["same_matter", "all_of_year", "highest"]
LimitsReading = Literal["payables", "ceilings"]
LadderReading = Literal["operator", "exchange", "approvals"]
StepsReading = Literal["ceilings", "payables", "approved"]
OpenYearsReading = Literal["held", "not_held"]
PublicNoticeReading = Literal["first_and_last_day_included", "day_of_posting_not_counted"]
VoucherLimitsReading = Literal["side_by_side", "together"]
RoundingReading = Literal["down_to_the_fen_once_at_the_end", "half_up_to_the_fen", "down_to_the_yuan"]
EligibilityDayReading = Literal["application", "day_earned", "present"]
ItemsReading = Literal["whoever_declares", "each_subject"]
SecondPersonReading = Literal["above_a_sum", "no_second_person"]
RecoveredReading = Literal["stays_used", "frees_room"]
BudgetCountsReading = Literal["year_of_the_reward", "year_of_approval", "year_of_payment"]
BudgetOrderReading = Literal[
    "order_of_application", "order_of_earning", "smallest_first", "greatest_first", "in_proportion", "order_of_approval"
]
# The field of Policy that holds the reading of a clause, by the clause's path.
_BY_NAME: Final = {
    "general.rounding": "rounding",
    "general.highest_only": "highest_only",
    "general.highest_only_scope": "highest_only_scope",
    "general.allowance": "allowance",
    "general.other_grants": "other_grants",
    "general.limits": "limits_cut",
    "general.voucher_limits": "voucher_limits",
    "general.operators_ladder": "operators_ladder",
    "general.steps": "steps",
    "general.open_years": "open_years",
    "general.items": "items",
    "general.eligibility_day": "eligibility_day",
    "general.public_notice": "public_notice",
    "general.budget": "budget_counts",
    "general.budget_order": "budget_order",
    "general.recovered_money": "recovered_money",
    "general.second_person": "second_person",
}
Readings = tuple[tuple[str, str], ...]  # questions that the text leaves open, each with its reading
# Values that applied before the policy file had them: the text says three years; a month is time to verify again.
ACCIDENT_YEARS: Final = 3
EXPIRING_DAYS: Final = 30
NO_KIND: Final = "none"  # the kind of rewards that neither compete nor are suppressed
MEASURE_PATTERN: Final = r"[0-9]{1,6}(\.[0-9]{1,6})?"  # a measured value that is no amount, such as 1.25


class Interval(msgspec.Struct, frozen=True):
    """Half-open [start, end) of whole days in Shanghai: `start_on` is the first day, `end_on` the first day after."""

    start_on: date
    end_on: date

    @property
    def start(self) -> datetime:
        return day_start(self.start_on)

    @property
    def end(self) -> datetime:
        """The first instant after the interval."""
        return day_start(self.end_on)

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.start <= instant < self.end

    def limits_in(self, zone: tzinfo | None) -> tuple[datetime, datetime]:
        """Return start and end in a time zone: instants with the same `tzinfo` are compared ten times as fast."""
        return _day_start_in(self.start_on, zone), _day_start_in(self.end_on, zone)


@lru_cache(maxsize=1 << 10)
def _day_start_in(day: date, zone: tzinfo | None) -> datetime:
    return day_start(day).astimezone(zone)


class Texts(msgspec.Struct, frozen=True):
    """A text for people, in Chinese and English."""

    zh: str
    en: str

    def __add__(self, other: "Texts") -> "Texts":
        return Texts(self.zh + other.zh, self.en + other.en)


class OtherReading(msgspec.Struct, frozen=True):
    """A further alternative of a reading, which the file can choose by its name."""

    reading: str
    says: Texts


class Reading(msgspec.Struct, frozen=True):
    """The reading of a passage: `mark` T (the text says so), L (other law says so) or J (our judgement).

    `id` is "<clause or rule>/<reading>", `path` its place in the file, `article` and `basis` are what it rests on,
    `alternative` is the other possible reading (None if the mark is T), `needs` the data without which the alternative
    cannot be computed, `others` are further alternatives that can be.
    """

    id: str
    path: str
    clause: str
    article: str
    basis: str | None
    mark: Literal["T", "L", "J"]
    reading: str
    says: Texts
    alternative: Texts | None
    needs: Texts | None = None
    others: tuple[OtherReading, ...] = ()

    def id_of(self, other: OtherReading) -> str:
        """The id of a further alternative."""
        return f"{self.id}:{other.reading}"


def _chosen(readings: Readings, question: str, reading: str) -> Readings:
    return tuple((known, reading if known == question else one) for known, one in readings)


class _EventRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that events drive. Rules of one `kind` do not compete with each other (G6); None: a kind of its own.

    `readings` are pairs of a question and the reading that the file names.
    """

    rule: RuleName
    article: str
    name: Texts
    kind: str | None = None
    readings: Readings = ()

    def reading(self, question: str) -> str:
        """The reading of a question; that of revision 1 if the file does not ask the question. Raises KeyError."""
        return dict(self.readings).get(question) or EVENT_QUESTIONS[self.rule][question][0]

    def with_reading(self, question: str, reading: str) -> Self:
        """The rule with another reading of a question."""
        return msgspec.structs.replace(self, readings=_chosen(self.readings, question, reading))


class OnceFixed(_EventRule, frozen=True):
    """A fixed amount, once (一次性奖励)."""

    amount_fen: int


class OnceAtRate(_EventRule, frozen=True):
    """A rate of one amount up to a cap, once."""

    rate: Decimal
    cap_fen: int


class YearlyAtRate(_EventRule, frozen=True):
    """A rate of a year's total up to a cap, if the total reaches (达到) a threshold."""

    at_least_fen: int
    rate: Decimal
    cap_fen: int


class Tier(msgspec.Struct, frozen=True):
    """An amount for a total that exceeds (超过) a threshold."""

    over_fen: int
    amount_fen: int


class Tiers(_EventRule, frozen=True):
    """Tiers that are earned once each, by step-up difference (晋级补差); lowest first."""

    tiers: tuple[Tier, ...]


RuleTerms = OnceFixed | OnceAtRate | YearlyAtRate | Tiers


class RiskFlagTerms(msgspec.Struct, frozen=True):
    """A red flag (G10) and its numbers: amounts in fen, shares, counts, days."""

    flag: str
    article: str
    name: Texts
    says: Texts
    numbers: Mapping[str, int | Decimal]

    def whole(self, name: str) -> int:
        """An amount in fen, a count, or days."""
        return int(self.numbers[name])

    def share_of(self, name: str, fen: int) -> int:
        """That share of an amount, rounded up to the fen."""
        numerator, denominator = self.numbers[name].as_integer_ratio()
        return -(-fen * numerator // denominator)


# --- rewards that a person declares, as no event drives them ---------------------------------------------------


class Measure(msgspec.Struct, frozen=True):
    """The measured value of a declaration: its name there, and its label."""

    name: str
    says: Texts


class Fixed(msgspec.Struct, frozen=True):
    """One amount; with `at_most`, only up to that measured value (不高于)."""

    amount_fen: int
    at_most: Decimal | None


class Grade(msgspec.Struct, frozen=True):
    """One of several grades, by its name in the declaration, with its amount."""

    grade: str
    says: Texts
    amount_fen: int


class Grades(msgspec.Struct, frozen=True):
    """An amount by grade, from the lowest to the highest if rewards go by difference."""

    grades: tuple[Grade, ...]


class MeasureStep(msgspec.Struct, frozen=True):
    """An amount for a measured sum that reaches (达到) a threshold."""

    at_least_fen: int
    amount_fen: int


class Steps(msgspec.Struct, frozen=True):
    """Steps of a measured sum, lowest first."""

    steps: tuple[MeasureStep, ...]


class AtRate(msgspec.Struct, frozen=True):
    """A rate of a measured sum; a result below `at_least_fen` (None: no minimum) earns nothing."""

    rate: Decimal
    at_least_fen: int | None


class RewardLimit(msgspec.Struct, frozen=True):
    """The most that all declared rewards under it yield together, by subject and year, subject, or item."""

    limit: str
    article: str
    says: Texts
    per: Literal["subject_year", "subject", "item"]
    most_fen: int


class Pool(msgspec.Struct, frozen=True):
    """A yearly sum set apart within the budget (G7) for the rules that name it."""

    pool: str
    article: str
    says: Texts
    annual_fen: int


class DeclaredTerms(msgspec.Struct, frozen=True):
    """A reward that the bureau declares.

    `earned` is `once` for each subject or item (`per`), `first` the same over the subject's whole known life, `yearly`
    once a year, `by_difference` each step once, less what was earned before, or `recorded` without an amount, as the
    text names none. `years` limits it to so many calendar years (None: no limit). `readings` are pairs of a question
    and the reading that the file names. `item` says what its item is if the amount of one is the item's (单个项目), not
    each subject's. `assessed` says whether the bureau assesses the amount (评定): it is `needed` before approval, or
    `possible` as the text names the most alone (None: the text names the sum).
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
    kind: str | None = None
    readings: Readings = ()
    item: Texts | None = None
    assessed: Literal["needed", "possible"] | None = None

    def reading(self, question: str) -> str:
        """The reading of a question; that of revision 1 if the file does not ask the question. Raises KeyError."""
        return dict(self.readings).get(question) or DECLARED_QUESTIONS[question][0]

    def with_reading(self, question: str, reading: str) -> "DeclaredTerms":
        """The rule with another reading of a question, and the fields that the reading sets."""
        chosen = _chosen(self.readings, question, reading)
        return msgspec.structs.replace(self, readings=chosen, **DECLARED_READINGS[question][reading])


class DeclaredRewards(msgspec.Struct, frozen=True):
    """The section `declared` of a policy file; empty if the file has none."""

    rules: tuple[DeclaredTerms, ...] = ()
    limits: tuple[RewardLimit, ...] = ()
    pools: tuple[Pool, ...] = ()

    def find(self, rule: str) -> DeclaredTerms | None:
        """Return the terms of a declared rule; None if there is no such rule."""
        return next((terms for terms in self.rules if terms.rule == rule), None)


class PolicyValue(msgspec.Struct, frozen=True):
    """One value of a policy file, for people and for comparison."""

    path: str
    article: str
    value: str


class Policy(msgspec.Struct, frozen=True, dict=True):
    """A policy file. Its order of `rules` decides ties under G6.

    `in_force_alternative` is the other reading of G1; awards that it would change are flagged. `closes_on` is a day of
    any year. `rounding`, `highest_only` (with the kinds of `same_matter`), `highest_only_scope`, `allowance`,
    `other_grants`, `limits_cut`, `voucher_limits` (with the limits that may be one), `operators_ladder`, `items`,
    `steps`, `open_years`, `public_notice` (of at least `notice_working_days`), `budget_counts`, `budget_order`,
    `recovered_money`, `second_person` and `eligibility_day` are the chosen readings of G5 to G8 and G11 to G14.
    `second_person_fen` is the sum above which another person confirms a table of declarations. `accident_years` is how
    far back accidents are looked at; a verification that ends within `expiring_days` is on the worklist. `statements`
    is None in files of revisions 1 and 2. `values` are all values of the file in its order; `digest` is the SHA-256 of
    the file's bytes in hex.
    """

    id: str
    revision: int
    document_no: str
    title: Texts
    issued: date
    in_force: Interval
    in_force_alternative: Interval
    closes_on: date
    budget_fen: int
    first_listing: OnceFixed
    first_purchase: OnceAtRate
    annual_listed_trading: YearlyAtRate
    exchange_tiers: Tiers
    rules: tuple[RuleTerms, ...]
    declared: DeclaredRewards
    rounding: RoundingReading
    highest_only: HighestOnlyReading
    same_matter: tuple[str, ...]
    highest_only_scope: ScopeReading
    allowance: AllowanceReading
    other_grants: OtherGrantsReading
    limits_cut: LimitsReading
    voucher_limits: VoucherLimitsReading
    limits_together: tuple[str, ...]
    operators_ladder: LadderReading
    steps: StepsReading
    open_years: OpenYearsReading
    items: ItemsReading
    public_notice: PublicNoticeReading
    notice_working_days: int
    recovered_money: RecoveredReading
    budget_counts: BudgetCountsReading
    budget_order: BudgetOrderReading
    risk_flags: tuple[RiskFlagTerms, ...]
    statements: StatementTerms | None = None
    eligibility_day: EligibilityDayReading = "present"
    accident_years: int = ACCIDENT_YEARS
    expiring_days: int = EXPIRING_DAYS
    second_person: SecondPersonReading = "no_second_person"
    second_person_fen: int | None = None
    readings: tuple[Reading, ...] = ()
    values: tuple[PolicyValue, ...] = ()
    digest: str = ""

    @property
    def confirmed_above_fen(self) -> int | None:
        """The sum in fen above which another person confirms a table of declarations; None: none is needed."""
        return self.second_person_fen if self.second_person == "above_a_sum" else None

    @cached_property
    def rule_order(self) -> tuple[str, ...]:
        """Names of all rules in the file's order: event-driven ones, then declared ones."""
        return tuple(terms.rule for terms in (*self.rules, *self.declared.rules))

    def kind_of(self, rule: str) -> str:
        """The kind of a rule (G6): its own name unless the file groups it with others."""
        return self._kinds.get(rule, rule)

    def rank_of(self, rule: str) -> int:
        """The place of a rule in the file; a rule that the file does not have comes last."""
        return self._ranks.get(rule, len(self._ranks))

    @cached_property
    def step_rules(self) -> tuple[str, ...]:
        """The rules whose steps are earned once each, by difference (晋级补差, G12)."""
        declared = (terms.rule for terms in self.declared.rules if terms.earned == "by_difference")
        return self.exchange_tiers.rule, *declared

    def ladder_of(self, rule: str, award_id: str) -> str | None:
        """The steps of which an award is one: its rule, and its exchange or item; None for other rewards."""
        if rule not in self.step_rules:
            return None
        parts, terms = award_id.split("/"), self.declared.find(rule)
        item = parts[1] if terms is None else "/".join(parts[3:]) if terms.per == "item" else ""
        return f"{rule}/{item}"

    def payable_limits(self, rule: str) -> tuple[RewardLimit, ...]:
        """The limits over several items that cut the payables of a rule (G11); those of an item cut its ceilings."""
        return self._payable_limits.get(rule, ())

    def ceiling_limits(self, terms: DeclaredTerms) -> tuple[RewardLimit, ...]:
        """The limits that cut the ceilings of a declared rule."""
        limits = self._limits.get(terms.rule, ())
        return tuple(limit for limit in limits if limit.per == "item" or self.limits_cut == "ceilings")

    def least_payable(self, rule: str) -> int:
        """The amount in fen below which nothing is paid of what a limit leaves to a rule; 0 if there is no such."""
        return self._least_payable.get(rule, 0)

    @cached_property
    def _least_payable(self) -> dict[str, int]:
        rules = [terms for terms in self.declared.rules if terms.reading("minimum") == "minimum_after_limits"]
        return {terms.rule: terms.amount.at_least_fen or 0 for terms in rules if isinstance(terms.amount, AtRate)}

    def limits_of(self, terms: DeclaredTerms) -> tuple[RewardLimit, ...]:
        """The limits of a declared rule; if vouchers are limited together, the greatest of their limits is of all."""
        if terms.reading("assessments") == "each_by_itself":
            return ()
        if self.voucher_limits == "side_by_side" or not any(one.limit in self.limits_together for one in terms.limits):
            return terms.limits
        shared = [one for one in self.declared.limits if one.limit in self.limits_together]
        return tuple(dict.fromkeys((*terms.limits, max(shared, key=lambda one: one.most_fen))))

    @cached_property
    def _limits(self) -> dict[str, tuple[RewardLimit, ...]]:
        return {terms.rule: self.limits_of(terms) for terms in self.declared.rules}

    @cached_property
    def item_rules(self) -> tuple[str, ...]:
        """The declared rules that say what their item is: by `whoever_declares`, their amount is the item's."""
        return tuple(terms.rule for terms in self.declared.rules if terms.item is not None)

    def shares_items(self, terms: DeclaredTerms) -> bool:
        """Return True if an item of a declared rule has one amount, whoever declares it (G11)."""
        return terms.item is not None and terms.per == "item" and self.items == "whoever_declares"

    @cached_property
    def _payable_limits(self) -> dict[str, tuple[RewardLimit, ...]]:
        if self.limits_cut == "ceilings":
            return {}
        return {rule: tuple(one for one in limits if one.per != "item") for rule, limits in self._limits.items()}

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {rule: place for place, rule in enumerate(self.rule_order)}

    @cached_property
    def _kinds(self) -> dict[str, str]:
        kinds = {terms.rule: terms.kind for terms in (*self.rules, *self.declared.rules) if terms.kind is not None}
        if self.allowance == "persons":
            return kinds
        return {rule: kind for rule, kind in kinds.items() if kind != NO_KIND}

    @cached_property
    def cut_dates(self) -> tuple[date, ...]:
        """The dates at which totals must be cut to compute this policy, in order."""
        spans = (self.in_force, self.in_force_alternative)
        return tuple(sorted({day for span in spans for day in (span.start_on, span.end_on)}))

    @property
    def computable_readings(self) -> tuple[Reading, ...]:
        """The readings whose alternative is given in values: G1, a period, and those that name another reading."""
        texts = {value.path: value.value for value in self.values}
        is_period_open = self.in_force != self.in_force_alternative
        return tuple(
            reading
            for reading in self.readings
            if (reading.path == _PERIOD and is_period_open) or f"{reading.path}.alternative.reading" in texts
        )

    @cached_property
    def alternatives(self) -> "Mapping[str, Policy]":
        """The policy under each alternative that can be computed, by the reading's id; further ones by their own."""
        made = [(one.id, self.with_alternative(one.path)) for one in self.computable_readings]
        for one in self.readings:
            made += [(one.id_of(other), self.with_reading(one.path, other.reading)) for other in one.others]
        return {reading_id: policy for reading_id, policy in made if policy is not None}

    def with_alternative(self, path: str) -> "Policy | None":
        """Swap a computable reading with its alternative; None if `path` names no computable reading.

        The result keeps the `digest` of the file that it was made from.
        """
        if path not in {reading.path for reading in self.computable_readings}:
            return None
        if path != _PERIOD:
            return self._swapped({f"{path}.reading": f"{path}.alternative.reading"}, path)
        other = self._swapped({f"{path}.{name}": f"{path}.alternative.{name}" for name in ("from", "until")})
        return msgspec.structs.replace(other, in_force=self.in_force_alternative, in_force_alternative=self.in_force)

    def with_reading(self, path: str, name: str) -> "Policy | None":
        """Swap a reading with the alternative or other one of that name; None if the file names no such one."""
        theirs = [
            value.path
            for value in self.values
            if value.path.startswith((f"{path}.alternative.", f"{path}.others[")) and value.value == name
        ]
        return self._swapped({f"{path}.reading": theirs[0]}, path) if theirs else None

    def _swapped(self, pairs: Mapping[str, str], by_name: str | None = None) -> "Policy":
        """Swap values, given by path, and choose the reading of the clause at the path `by_name` (None: of none)."""
        texts = {value.path: value.value for value in self.values}
        texts |= {one: texts[other] for pair in pairs.items() for one, other in (pair, pair[::-1])}
        values = tuple(msgspec.structs.replace(value, value=texts[value.path]) for value in self.values)
        changed = {} if by_name is None else self._with_reading(by_name, texts[f"{by_name}.reading"])
        return msgspec.structs.replace(self, **changed, values=values)

    def _with_reading(self, path: str, reading: str) -> dict[str, object]:
        """The fields that change with the reading at a path: of a general clause, or of a rule's question."""
        if path in _BY_NAME:
            return {_BY_NAME[path]: reading}
        owner, _, question = path.partition(".readings.")
        section, _, rule = owner.rpartition(".")
        if section == "rules":
            rules = [one.with_reading(question, reading) if one.rule == rule else one for one in self.rules]
            return {"rules": tuple(rules), **{str(one.rule): one for one in rules}}
        declared = (one.with_reading(question, reading) if one.rule == rule else one for one in self.declared.rules)
        return {"declared": msgspec.structs.replace(self.declared, rules=tuple(declared))}

    def terms(self, rule: str) -> RuleTerms | DeclaredTerms:
        """Return the terms of a rule. Raises KeyError."""
        for terms in (*self.rules, *self.declared.rules):
            if terms.rule == rule:
                return terms
        raise KeyError(rule)

    def closes_at(self, year: int) -> datetime:
        """The instant at which the closing day of a year is over (details 5)."""
        return day_start(self.closes_on.replace(year=year + 1) + timedelta(days=1))

    def holds_while_open(self, rule: str) -> bool:
        """Return True if awards by a rule, being totals of a year, are held while the year is open (G14)."""
        return self.open_years == "held" and rule in (self.annual_listed_trading.rule, self.exchange_tiers.rule)
