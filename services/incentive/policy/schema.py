"""The schema of a policy file: its fields, the readings that this version computes, and the terms made of fields."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar, get_args

from services.incentive.policy.fields import (
    Day,
    DecimalText,
    MappedBy,
    MonthDay,
    Name,
    OneOf,
    Rate,
    RisingList,
    Whole,
    YuanValue,
    not_rising,
)
from services.incentive.policy.readings import (
    ASKED_FIRST,
    DECLARED_FIELDS,
    DECLARED_QUESTIONS,
    EVENT_QUESTIONS,
    SECTION_QUESTIONS,
    Questions,
    fields_set,
    question_of,
)
from services.incentive.policy.statement_terms import KINDS, Remedy, StatementTerms
from services.incentive.policy.terms import (
    ACCIDENT_YEARS,
    EXPIRING_DAYS,
    AllowanceReading,
    AtRate,
    BudgetCountsReading,
    BudgetOrderReading,
    DeclaredRewards,
    DeclaredTerms,
    EligibilityDayReading,
    Fixed,
    Grade,
    Grades,
    HighestOnlyReading,
    Interval,
    ItemsReading,
    LadderReading,
    LimitsReading,
    Measure,
    MeasureStep,
    OnceAtRate,
    OnceFixed,
    OpenYearsReading,
    OtherGrantsReading,
    Policy,
    Pool,
    PublicNoticeReading,
    RecoveredReading,
    RewardLimit,
    RiskFlagTerms,
    RoundingReading,
    RuleTerms,
    ScopeReading,
    SecondPersonReading,
    Steps,
    StepsReading,
    Texts,
    Tier,
    Tiers,
    VoucherLimitsReading,
    YearlyAtRate,
)
from shared.events.fact_topics import AFTER_FIRST, LARGE_PURCHASE_FEN, REPEATED_FROM, SMALL_FIRST_FEN
from shared.yaml_files.fields import MISSING, ListOf, Mapped, ScalarField, TextValue, text_at
from shared.yaml_files.tree import FieldProblem, Scalar

_WORDS: Final = {"zh": TextValue(), "en": TextValue()}
_TEXTS: Final = Mapped(Texts, _WORDS)
_RULE: Final = ("规则", "rule")
_T = TypeVar("_T", OnceFixed, OnceAtRate, YearlyAtRate, Tiers)

# --- readings and general clauses ------------------------------------------------------------------------------


def _check_reading(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """L needs the law as `basis`; L and J need an `alternative`, T has none; a period ends after it begins.

    An alternative that has no name or values may say which data it `needs`.
    """
    mark = text_at(data, "mark")
    yield from _check_period(data)
    if mark == "L" and "basis" not in data:
        yield FieldProblem(("basis",), "标记 L 须写明法律依据 / mark L needs the law it rests on")
    if mark in ("L", "J") and "alternative" not in data:
        yield FieldProblem(("alternative",), "标记 L 或 J 须写明另一种读法 / marks L and J need the other reading")
    if "needs" in data and text_at(data, "alternative", "reading"):
        yield FieldProblem(("needs",), "另一种读法可以测算 / the alternative can be computed")
    yield from _repeated_readings(data)
    if mark == "T" and "alternative" in data:
        yield FieldProblem(("alternative",), "标记 T 没有另一种读法 / mark T has no other reading")
    if "needs" in data and "alternative" not in data:
        yield FieldProblem(("needs",), "没有另一种读法，无须数据 / there is no other reading that needs data")


def _repeated_readings(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """Report an alternative or another reading that is named before."""
    named = [text_at(data, "reading")]
    others = [
        (("others", place, "reading"), text_at(one, "reading")) for place, one in enumerate(_items(data, "others"))
    ]
    for path, name in [(("alternative", "reading"), text_at(data, "alternative", "reading")), *others]:
        if name and name in named:
            yield FieldProblem(path, "须为另一种读法 / must be another reading")
        named.append(name)


def _check_period(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    start, end = text_at(data, "from"), text_at(data, "until")
    if start and end and end <= start:
        yield FieldProblem(("until",), "须晚于 from / must be after from")


_READING: Final = {
    "mark": OneOf("T", "L", "J"),
    "basis": TextValue(required=False),
    "says": _TEXTS,
    "alternative": Mapped(Texts, _WORDS, required=False),
    "needs": Mapped(Texts, _WORDS, required=False),
}


def _readings(questions: Questions, *, needed: Collection[str] = ()) -> ListOf:
    """A list of readings, each of another question; those of revision 1 do not name their questions."""
    known = OneOf(*dict.fromkeys(chain.from_iterable(questions.values())))

    def check(data: Mapping[str, object]) -> Iterator[FieldProblem]:
        yield from _check_reading(data)
        question = text_at(data, "question") or question_of(questions, text_at(data, "reading"))
        others = (("others", place, "reading") for place in range(len(_items(data, "others"))))
        named = [text_at(one, "reading") for one in (data, data.get("alternative"), *_items(data, "others"))]
        for path, name in zip((("reading",), ("alternative", "reading"), *others), named, strict=True):
            if name in known.choices and name not in questions.get(question, ()):
                yield FieldProblem(path, f"不是问题 {question} 的读法 / is no reading of the question {question}")

    def make(*, reading: str, question: str = "") -> tuple[str, str]:
        return question or question_of(questions, reading), reading

    own = {
        "question": OneOf(*questions, required=False),
        "reading": known,
        "alternative": Mapped(dict, {**_WORDS, "reading": OneOf(*known.choices, required=False)}, required=False),
        "others": ListOf(Mapped(dict, {**_WORDS, "reading": known}), required=False),
    }
    return ListOf(
        Mapped(make, {**_READING, **own}, check=check),
        unique="question",
        noun=("问题", "question"),
        needed=needed,
        naming=lambda item: question_of(questions, text_at(item, "reading")),
        required=bool(needed),
    )


def _clause(number: str, reading: str, make: Callable[..., object] = dict, **values: ScalarField | Mapped) -> Mapped:
    """A general clause: its number in policy.md, the reading that the code computes, its values."""
    own = {"clause": OneOf(number), "article": TextValue(), "reading": OneOf(reading)}
    return Mapped(make, {**_READING, **own, **values}, check=_check_reading)


def _since_2(clause: Mapped) -> Mapped:
    """A clause that files of revision 1 do not have."""
    clause.required = False
    return clause


def _by_name(
    number: str,
    readings: Iterable[str],
    make: Callable[..., object],
    *,
    required: bool = True,
    **values: ScalarField | ListOf,
) -> Mapped:
    """A clause with several computable readings: the file chooses one, and may name an alternative and `others`."""
    other = Mapped(dict, {**_WORDS, "reading": OneOf(*readings)})
    own = {
        "clause": OneOf(number),
        "article": TextValue(),
        "reading": OneOf(*readings),
        "alternative": Mapped(dict, {**_WORDS, "reading": OneOf(*readings, required=False)}, required=False),
        "others": ListOf(other, required=False),
    }
    return Mapped(make, {**_READING, **own, **values}, check=_check_reading, required=required)


class _HighestOnly(NamedTuple):
    """The reading of G6, and the kinds that compete for one item under `same_matter`."""

    reading: HighestOnlyReading
    same_matter: tuple[str, ...]


def _make_highest_only(*, reading: str, same_matter: tuple[str, ...] = ()) -> _HighestOnly:
    """Make it from the file's fields; the only reading of revision 1 has another name there."""
    known = {name: name for name in get_args(HighestOnlyReading)} | {_ALL_REWARDS: "all_compete"}
    return _HighestOnly(known[reading], same_matter)


class _VoucherLimits(NamedTuple):
    """The reading of (十四) under G11, and the limits that are one under `together`."""

    reading: VoucherLimitsReading
    together: tuple[str, ...]


class _PublicNotice(NamedTuple):
    """The reading of G13, and the least number of working days; 0 in files that name none."""

    reading: PublicNoticeReading
    working_days: int


class _EligibilityDay(NamedTuple):
    """The reading of G8, how many years back accidents are looked at, and from when on an end is near."""

    reading: EligibilityDayReading = "present"
    accident_years: int = ACCIDENT_YEARS
    expiring_days: int = EXPIRING_DAYS


def _make_eligibility(*, reading: str, **values: int) -> _EligibilityDay:
    """Make it from the file's fields; the only reading of revision 2 was computed as things stand now."""
    known = {name: name for name in get_args(EligibilityDayReading)} | {_ELIGIBLE_NOW: "present"}
    return _EligibilityDay(known[reading], **values)


class _Budget(NamedTuple):
    """The budget of a year in fen, and the reading of G7 by which awards count in a year."""

    annual: int
    reading: BudgetCountsReading


class _SecondPerson(NamedTuple):
    """The reading by which another person confirms a table of declarations, and the sum in fen above which."""

    reading: SecondPersonReading = "no_second_person"
    above: int | None = None


class _General(NamedTuple):
    """The clauses that have values: G1 with its alternative, G7, the day of details 5, chosen readings.

    A file without a chosen reading keeps that of revision 1.
    """

    in_force: tuple[Interval, Interval]
    rounding: RoundingReading
    budget: _Budget
    period_closing: date
    highest_only: _HighestOnly
    highest_only_scope: ScopeReading = "year"
    allowance: AllowanceReading = "persons"
    other_grants: OtherGrantsReading = "highest"
    limits: LimitsReading = "ceilings"
    voucher_limits: _VoucherLimits = _VoucherLimits("side_by_side", ())
    operators_ladder: LadderReading = "approvals"
    steps: StepsReading = "ceilings"
    open_years: OpenYearsReading = "not_held"
    items: ItemsReading = "each_subject"
    eligibility_day: _EligibilityDay = _EligibilityDay()
    public_notice: _PublicNotice = _PublicNotice("first_and_last_day_included", 0)
    recovered_money: RecoveredReading = "frees_room"
    second_person: _SecondPerson = _SecondPerson()
    budget_order: BudgetOrderReading = "order_of_approval"


def _chosen(*, reading: str) -> str:
    return reading


_MOST_NOTICE_DAYS: Final = 250  # about a year
_ELIGIBLE_NOW: Final = "day_of_application"
_ALL_REWARDS: Final = "one_subject_one_year_all_rewards"
_PERIOD: Final = {"from": Day("start_on"), "until": Day("end_on")}
_GENERAL: Final = {
    "in_force": _clause(
        "G1",
        "through_the_day_of_the_same_date",
        lambda *, start_on, end_on, alternative: (Interval(start_on, end_on), alternative),
        **_PERIOD,
        alternative=Mapped(Interval, {**_PERIOD, **_WORDS}, check=_check_period, required=False),
    ),
    "first": _clause("G2", "whole_known_life"),
    "attribution": _clause("G3", "completed_at_and_listed_at"),
    "base": _clause("G4", "net_of_refunds_in_the_original_year"),
    "rounding": _by_name("G5", get_args(RoundingReading), _chosen),
    "highest_only": _by_name(
        "G6",
        (*get_args(HighestOnlyReading), _ALL_REWARDS),
        _make_highest_only,
        same_matter=ListOf(Name(), required=False),
    ),
    "highest_only_scope": _by_name("G6", get_args(ScopeReading), _chosen, required=False),
    "allowance": _by_name("G6", get_args(AllowanceReading), _chosen, required=False),
    "other_grants": _by_name("G6", get_args(OtherGrantsReading), _chosen, required=False),
    "limits": _by_name("G11", get_args(LimitsReading), _chosen, required=False),
    "voucher_limits": _by_name(
        "G11", get_args(VoucherLimitsReading), _VoucherLimits, required=False, together=ListOf(Name())
    ),
    "operators_ladder": _by_name("G11", get_args(LadderReading), _chosen, required=False),
    "steps": _by_name("G12", get_args(StepsReading), _chosen, required=False),
    "open_years": _by_name("G14", get_args(OpenYearsReading), _chosen, required=False),
    "items": _by_name("G11", get_args(ItemsReading), _chosen, required=False),
    "second_person": _by_name("G7", get_args(SecondPersonReading), _SecondPerson, required=False, above=YuanValue()),
    "recovered_money": _by_name("G7", get_args(RecoveredReading), _chosen, required=False),
    "budget": _by_name("G7", get_args(BudgetCountsReading), _Budget, annual=YuanValue()),
    "budget_order": _by_name("G7", get_args(BudgetOrderReading), _chosen, required=False),
    "higher_policies": _since_2(_clause("G9", "higher_rules_prevail")),
    "district_grants": _since_2(_clause("G15", "may_be_added")),
    "higher_grants": _since_2(_clause("G15", "beside_this_policy")),
    "subjects": _since_2(_clause("G8", "entities_with_a_code")),
    "eligibility_day": _by_name(
        "G8",
        ("application", "day_earned", _ELIGIBLE_NOW),
        _make_eligibility,
        required=False,
        accident_years=Whole(required=False),
        expiring_days=Whole(required=False),
    ),
    "corrections": _since_2(_clause("细则6 / details 6", "no_time_bar")),
    "public_notice": _by_name(
        "G13", get_args(PublicNoticeReading), _PublicNotice, required=False, working_days=Whole(most=_MOST_NOTICE_DAYS)
    ),
    "related_parties": _clause("G10", "flag_and_never_deny"),
    "period_closing": _clause(
        "细则5 / details 5", "provisional_until_the_day_is_over", lambda *, day: day, day=MonthDay()
    ),
}

# --- rules that events drive -----------------------------------------------------------------------------------


def _rule(rule: str, terms: type, subject: str, earned: str, values: Mapping[str, ScalarField | ListOf]) -> Mapped:
    own = {
        "rule": OneOf(rule),
        "article": TextValue(),
        "name": _TEXTS,
        "kind": Name(required=False),
        "subject": OneOf(subject),
        "earned": OneOf(earned),
    }
    readings = _readings(EVENT_QUESTIONS[rule], needed=ASKED_FIRST[rule])
    return Mapped(terms, {**own, **values, "readings": readings})


_TIER: Final = Mapped(Tier, {"over": YuanValue("over_fen"), "amount": YuanValue("amount_fen")})
RULES: Final[Mapping[str, Mapped]] = {
    "first_listing": _rule("first_listing", OnceFixed, "provider", "once", {"amount": YuanValue("amount_fen")}),
    "first_purchase": _rule(
        "first_purchase", OnceAtRate, "buyer", "once", {"rate": Rate(), "cap": YuanValue("cap_fen")}
    ),
    "annual_listed_trading": _rule(
        "annual_listed_trading",
        YearlyAtRate,
        "provider",
        "yearly",
        {"at_least": YuanValue("at_least_fen"), "rate": Rate(), "cap": YuanValue("cap_fen")},
    ),
    "exchange_tiers": _rule(
        "exchange_tiers", Tiers, "operator", "each_step_once", {"tiers": RisingList(_TIER, rising=("over", "amount"))}
    ),
}

# --- red flags -------------------------------------------------------------------------------------------------

# The numbers of each flag. A flag needs a measure of trade-ingest (shared/events/fact_topics.py).
_NUMBERS: Final[Mapping[str, Mapping[str, ScalarField]]] = {
    "late_burst": {"over_by": Rate(), "december": Rate()},
    "round_trip": {"sold": YuanValue(), "back": Rate()},
    "same_amount": {"trades": Whole(least=REPEATED_FROM), "buyers": Whole(), "share": Rate()},
    "small_first": {
        "first_below": YuanValue(most=SMALL_FIRST_FEN),
        "later": YuanValue(least=LARGE_PURCHASE_FEN),
        "days": Whole(most=AFTER_FIRST.days),
    },
    "own_exchange": {"share": Rate()},
    "split_purchases": {"near": Rate(), "purchases": Whole(), "days": Whole()},
    "related_parties": {"share": Rate()},
}
RISK_FLAGS: Final = tuple(_NUMBERS)


def _risk_flag(flag: str) -> Mapped:
    own = {"sign": OneOf(flag, attribute="flag"), "clause": OneOf("G10"), "article": TextValue()}
    return Mapped(RiskFlagTerms, {**own, "name": _TEXTS, "says": _TEXTS, "numbers": Mapped(dict, _NUMBERS[flag])})


# --- rewards that a person declares ----------------------------------------------------------------------------

# The ways to pay. Each needs a measure or not (None: with `at_most`), and has optional fields and values of `earned`.
_WAYS: Final[Mapping[str, tuple[bool | None, tuple[str, ...], tuple[str, ...]]]] = {
    "amount": (None, ("at_most",), ("once", "first")),
    "amounts": (True, (), ("once", "first", "by_difference")),
    "steps": (True, (), ("by_difference",)),
    "rate": (True, ("at_least", "years"), ("once", "yearly")),
}


def _chosen_of(rule: object) -> list[tuple[str, str]]:
    """The questions that a declared rule of the file answers, each with its reading; without faulty ones."""
    named = [(text_at(item, "question"), text_at(item, "reading")) for item in _items(rule, "readings")]
    pairs = [(question or question_of(DECLARED_QUESTIONS, reading), reading) for question, reading in named]
    return [(question, reading) for question, reading in pairs if reading in DECLARED_QUESTIONS.get(question, ())]


def _field_of(rule: object, name: str) -> str:
    """The text of a declared rule's field, or the value that a reading sets; empty if there is none."""
    return text_at(rule, name) or fields_set(_chosen_of(rule)).get(name, "")


def _check_declared_rule(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """A rule has one way to pay with its fields, none if it is recorded only; its readings apply to its fields."""
    yield from _way_problems(data)
    if "item" in data and text_at(data, "per") == "subject":
        yield FieldProblem(("item",), "per: subject 没有事项 / per: subject has no item")
    chosen = _chosen_of(data)
    for name in ("earned", "per"):
        if not _field_of(data, name) and name not in data:
            yield FieldProblem((name,), MISSING)
    for question, reading in chosen:
        needed = fields_set([(question, reading)])
        if question in DECLARED_FIELDS:
            needed |= [DECLARED_FIELDS[question]]
        for name, value in needed.items():
            is_there = name in data or question not in DECLARED_FIELDS
            if not is_there or (value and _field_of(data, name) != value):
                problem = f"读法 {reading} 与 {name} 不符 / reading {reading} is not what {name} says"
                yield FieldProblem(("readings",), problem)
    if _field_of(data, "earned") == "by_difference":
        for path, problem in not_rising(data.get("amounts"), ("amount",)):
            yield FieldProblem(("amounts", *path), problem)


def _way_problems(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    earned, ways = _field_of(data, "earned"), [way for way in _WAYS if way in data]
    meaningless = {"at_most", "at_least", "years"}
    if earned == "recorded":
        meaningless |= {"limits", "pool", "item", "assessed"}
        if ways:
            yield FieldProblem(("earned",), "只作记录的没有金额 / a rule that is recorded only has no amount")
    elif len(ways) != 1:
        yield FieldProblem(("amount",), f"须有且只有一个 / must have exactly one of {', '.join(_WAYS)}")
        return
    else:
        is_measured, accompanying, known = _WAYS[ways[0]]
        meaningless -= set(accompanying)
        if earned not in known:
            yield FieldProblem(("earned",), f"{ways[0]} 只能是 / {ways[0]} goes with {', '.join(known)} only")
        if (("at_most" in data) if is_measured is None else is_measured) != ("measure" in data):
            problem = "没有可计量的 / nothing is measured" if "measure" in data else "须有计量 / needs a measure"
            yield FieldProblem(("measure",), problem)
    for name in meaningless & data.keys():
        yield FieldProblem((name,), "在此没有意义 / has no meaning here")


def _check_declared(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """Rules name existing limits and pools; each is named by some rule, and the rules of a limit are of one kind."""
    kinds: dict[str, str] = {}
    limits, pools = ([text_at(one, name) for one in _items(data, f"{name}s")] for name in ("limit", "pool"))
    per_subject = {text_at(one, "limit") for one in _items(data, "limits") if text_at(one, "per") != "item"}
    used = set[str]()
    for index, rule in enumerate(_items(data, "rules")):
        if text_at(rule, "rule") in RULES:
            yield FieldProblem(("rules", index, "rule"), "重复的规则 / repeated rule")
        for place, limit in enumerate(_items(rule, "limits")):
            name = limit.text if isinstance(limit, Scalar) else ""
            used.add(name)
            kind = text_at(rule, "kind") or text_at(rule, "rule")
            if name in per_subject and kinds.setdefault(name, kind) != kind:
                yield FieldProblem(("rules", index, "kind"), "同一限额的规则须同类 / one limit is of one kind")
            if name not in limits:
                yield FieldProblem(("rules", index, "limits", place), "没有此限额 / there is no such limit")
        pool = text_at(rule, "pool")
        used.add(pool)
        if pool and pool not in pools:
            yield FieldProblem(("rules", index, "pool"), "没有此额度 / there is no such pool")
    for names, zh, en in ((limits, "限额", "limit"), (pools, "额度", "pool")):
        for name in names:
            if name not in used:
                yield FieldProblem((f"{en}s",), f"没有规则使用{zh} {name} / no rule names the {en} {name}")


def _items(data: object, name: str) -> list[object]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


_Rule = Mapping[str, Any]  # its fields


def _make_declared(
    *, rules: Iterable[_Rule], limits: tuple[RewardLimit, ...] = (), pools: tuple[Pool, ...] = ()
) -> DeclaredRewards:
    """The section's terms, with the limits and pools that its rules name."""
    known_limits, known_pools = {one.limit: one for one in limits}, {one.pool: one for one in pools}
    made = tuple(
        DeclaredTerms(
            **{name: rule[name] for name in ("rule", "article", "name", "subject")},
            **{name: rule[name] for name in ("earned", "per") if name in rule} | fields_set(rule.get("readings", ())),
            kind=rule.get("kind"),
            readings=rule.get("readings", ()),
            item=rule.get("item"),
            assessed=rule.get("assessed"),
            measure=rule.get("measure"),
            amount=_declared_amount(rule),
            years=rule.get("years"),
            limits=tuple(known_limits[name] for name in rule.get("limits", ())),
            pool=known_pools[rule["pool"]] if "pool" in rule else None,
        )
        for rule in rules
    )
    return DeclaredRewards(made, limits, pools)


def _declared_amount(rule: _Rule) -> Fixed | Grades | Steps | AtRate | None:
    if "amount" in rule:
        return Fixed(rule["amount"], rule.get("at_most"))
    if "amounts" in rule:
        return Grades(rule["amounts"])
    if "steps" in rule:
        return Steps(rule["steps"])
    return AtRate(rule["rate"], rule.get("at_least")) if "rate" in rule else None


_GRADE: Final = Mapped(
    lambda *, grade, zh, en, amount: Grade(grade, Texts(zh, en), amount),
    {"grade": Name(), **_WORDS, "amount": YuanValue()},
)
_STEP: Final = Mapped(MeasureStep, {"at_least": YuanValue("at_least_fen"), "amount": YuanValue("amount_fen")})
_DECLARED_RULE: Final = {
    "rule": Name(),
    "article": TextValue(),
    "name": _TEXTS,
    "kind": Name(required=False),
    "subject": OneOf("entity", "operator"),
    "earned": OneOf("once", "first", "yearly", "by_difference", "recorded", required=False),
    "per": OneOf("subject", "item", required=False),
    "item": Mapped(Texts, _WORDS, required=False),
    "assessed": OneOf("needed", "possible", required=False),
    "measure": Mapped(lambda *, name, zh, en: Measure(name, Texts(zh, en)), {"name": Name(), **_WORDS}, required=False),
    "amount": YuanValue(required=False),
    "at_most": DecimalText(required=False),
    "amounts": ListOf(_GRADE, unique="grade", required=False),
    "steps": RisingList(_STEP, rising=("at_least", "amount"), required=False),
    "rate": Rate(required=False),
    "at_least": YuanValue(required=False),
    "years": Whole(required=False),
    "limits": ListOf(TextValue(), required=False),
    "pool": TextValue(required=False),
    "readings": _readings(DECLARED_QUESTIONS),
}
_LIMIT: Final = {
    "limit": Name(),
    "article": TextValue(),
    "says": _TEXTS,
    "per": OneOf("subject_year", "subject", "item"),
    "most": YuanValue("most_fen"),
}
_POOL: Final = {"pool": Name(), "article": TextValue(), "says": _TEXTS, "annual": YuanValue("annual_fen")}
_DECLARED: Final = {
    "readings": _readings(SECTION_QUESTIONS, needed=SECTION_QUESTIONS),
    "limits": ListOf(Mapped(RewardLimit, _LIMIT), unique="limit", required=False),
    "pools": ListOf(Mapped(Pool, _POOL), unique="pool", required=False),
    "rules": ListOf(Mapped(dict, _DECLARED_RULE, check=_check_declared_rule), unique="rule", noun=_RULE),
}

# --- statements ------------------------------------------------------------------------------------------------


def _check_remedy(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    yield from _check_reading(data)
    if ("days" in data) is ("months" in data):
        yield FieldProblem(("days",), "须有 days 或 months 之一 / must have one of days and months")


def _make_remedy(
    *, remedy: str, name: str, to: str, basis: str, days: int | None = None, months: int | None = None
) -> Remedy:
    return Remedy(remedy, name, to, days, months, basis)


_REMEDY: Final = {
    **_READING,
    "remedy": Name(),
    "reading": OneOf("from_the_day_after_service"),
    "name": TextValue(),
    "to": TextValue(),
    "days": Whole(required=False),
    "months": Whole(required=False),
    "basis": TextValue(),
}
_STATEMENTS: Final = Mapped(
    StatementTerms,
    {
        **_READING,
        "article": TextValue(),
        "reading": OneOf("by_usual_practice"),
        "authority": TextValue(),
        "prefix": TextValue(),
        "contact": TextValue(),
        "posts": Mapped(dict, {kind: TextValue() for kind in KINDS}),
        "remedies": ListOf(Mapped(_make_remedy, _REMEDY, check=_check_remedy), unique="remedy"),
    },
    check=_check_reading,
    required=False,
)

# --- the file --------------------------------------------------------------------------------------------------

_FIRST_REVISION: Final = "1"  # its file asks fewer questions


def _check_file(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """Neither reading of G1 begins before the document was issued; `together` names limits of the file.

    From revision 2 on every question is answered.
    """
    for path in (("general", "in_force"), ("general", "in_force", "alternative")):
        if "" < text_at(data, *path, "from") < text_at(data, "issued"):
            yield FieldProblem((*path, "from"), "不得早于 issued / must not be before issued")
    limits = {text_at(one, "limit") for one in _items(data.get("declared"), "limits")}
    path = ("general", "voucher_limits", "together")
    general = data.get("general")
    clause = general.get("voucher_limits") if isinstance(general, dict) else None
    for place, limit in enumerate(_items(clause, "together") if "declared" in data else ()):
        if not isinstance(limit, Scalar) or limit.text not in limits:
            yield FieldProblem((*path, place), "没有此限额 / there is no such limit")
    for place, rule in enumerate(_items(data, "rules") if text_at(data, "revision") != _FIRST_REVISION else ()):
        name = text_at(rule, "rule")
        answered = {text_at(item, "question") for item in _items(rule, "readings")}
        for question in EVENT_QUESTIONS.get(name, {}).keys() - answered - set(ASKED_FIRST.get(name, ())):
            problem = f"缺少问题 {question} 的读法 / the reading of the question {question} is missing"
            yield FieldProblem(("rules", place, "readings"), problem)


def _make_policy(  # noqa: PLR0913 - the file's fields
    *,
    policy_id: str,
    revision: int,
    document_no: str,
    title: Texts,
    issued: date,
    general: _General,
    rules: tuple[RuleTerms, ...],
    declared: DeclaredRewards | None = None,
    signs: tuple[RiskFlagTerms, ...] = (),
    statements: StatementTerms | None = None,
) -> Policy:
    in_force, in_force_alternative = general.in_force
    return Policy(
        id=policy_id,
        revision=revision,
        document_no=document_no,
        title=title,
        issued=issued,
        in_force=in_force,
        in_force_alternative=in_force_alternative,
        closes_on=general.period_closing,
        budget_fen=general.budget.annual,
        first_listing=_only(rules, OnceFixed),
        first_purchase=_only(rules, OnceAtRate),
        annual_listed_trading=_only(rules, YearlyAtRate),
        exchange_tiers=_only(rules, Tiers),
        rules=rules,
        declared=declared or DeclaredRewards(),
        rounding=general.rounding,
        highest_only=general.highest_only.reading,
        same_matter=general.highest_only.same_matter,
        highest_only_scope=general.highest_only_scope,
        allowance=general.allowance,
        other_grants=general.other_grants,
        limits_cut=general.limits,
        voucher_limits=general.voucher_limits.reading,
        limits_together=general.voucher_limits.together,
        operators_ladder=general.operators_ladder,
        steps=general.steps,
        open_years=general.open_years,
        items=general.items,
        public_notice=general.public_notice.reading,
        notice_working_days=general.public_notice.working_days,
        recovered_money=general.recovered_money,
        second_person=general.second_person.reading,
        second_person_fen=general.second_person.above,
        budget_counts=general.budget.reading,
        budget_order=general.budget_order,
        risk_flags=signs,
        statements=statements,
        eligibility_day=general.eligibility_day.reading,
        accident_years=general.eligibility_day.accident_years,
        expiring_days=general.eligibility_day.expiring_days,
    )


def _only(rules: Iterable[object], kind: type[_T]) -> _T:
    return next(terms for terms in rules if isinstance(terms, kind))


POLICY: Final = Mapped(
    _make_policy,
    {
        "id": TextValue("policy_id"),
        "revision": Whole(),
        "document_no": TextValue(),
        "title": _TEXTS,
        "issued": Day(),
        "general": Mapped(_General, _GENERAL),
        "rules": ListOf(MappedBy("rule", RULES), unique="rule", noun=_RULE, needed=RULES),
        "declared": Mapped(_make_declared, _DECLARED, check=_check_declared, required=False),
        "signs": ListOf(
            MappedBy("sign", {flag: _risk_flag(flag) for flag in RISK_FLAGS}),
            unique="sign",
            noun=("核查线索", "red flag"),
            required=False,
        ),
        "statements": _STATEMENTS,
    },
    check=_check_file,
)
