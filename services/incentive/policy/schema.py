"""The schema of a policy file: its fields, the readings that this version computes, and the terms made of fields."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple, TypeVar, get_args

from services.incentive.policy.fields import (
    Day,
    DecimalText,
    ListOf,
    Mapped,
    MappedBy,
    MonthDay,
    Name,
    OneOf,
    Rate,
    ScalarField,
    TextValue,
    Whole,
    YuanValue,
    not_rising,
    text_at,
)
from services.incentive.policy.terms import (
    AllowanceReading,
    AtRate,
    DeclaredRewards,
    DeclaredTerms,
    Fixed,
    Grade,
    Grades,
    HighestOnlyReading,
    Interval,
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
    RewardLimit,
    RiskFlagTerms,
    RoundingReading,
    RuleTerms,
    ScopeReading,
    Steps,
    Texts,
    Tier,
    Tiers,
    VoucherLimitsReading,
    YearlyAtRate,
)
from services.incentive.policy.yaml_tree import FieldProblem, Scalar
from shared.events.fact_topics import AFTER_FIRST, LARGE_PURCHASE_FEN, REPEATED_FROM, SMALL_FIRST_FEN

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


def _readings(*known: str, needed: tuple[str, ...]) -> ListOf:
    item = Mapped(dict, {**_READING, "reading": OneOf(*known)}, check=_check_reading)
    return ListOf(item, unique="reading", noun=("读法", "reading"), needed=needed, required=bool(needed))


def _clause(number: str, reading: str, make: Callable[..., object] = dict, **values: ScalarField | Mapped) -> Mapped:
    """A general clause: its number in policy.md, the reading that the code computes, its values."""
    own = {"clause": OneOf(number), "article": TextValue(), "reading": OneOf(reading)}
    return Mapped(make, {**_READING, **own, **values}, check=_check_reading)


def _since_2(clause: Mapped) -> Mapped:
    """A clause that files of revision 1 do not have."""
    clause.required = False
    return clause


def _by_name(
    number: str, readings: Iterable[str], make: Callable[..., object], *, required: bool = True, **values: ListOf
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


class _General(NamedTuple):
    """The clauses that have values: G1 with its alternative, G7 in fen, the day of details 5, chosen readings.

    A file without a chosen reading keeps that of revision 1.
    """

    in_force: tuple[Interval, Interval]
    rounding: RoundingReading
    budget: int
    period_closing: date
    highest_only: _HighestOnly
    highest_only_scope: ScopeReading = "year"
    allowance: AllowanceReading = "persons"
    other_grants: OtherGrantsReading = "highest"
    limits: LimitsReading = "ceilings"
    voucher_limits: _VoucherLimits = _VoucherLimits("side_by_side", ())
    operators_ladder: LadderReading = "approvals"
    open_years: OpenYearsReading = "not_held"


def _chosen(*, reading: str) -> str:
    return reading


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
    "open_years": _by_name("G14", get_args(OpenYearsReading), _chosen, required=False),
    "budget": _clause("G7", "year_of_the_reward", lambda *, annual: annual, annual=YuanValue()),
    "budget_order": _since_2(_clause("G7", "order_of_approval")),
    "higher_policies": _since_2(_clause("G9", "higher_rules_prevail")),
    "district_grants": _since_2(_clause("G15", "may_be_added")),
    "higher_grants": _since_2(_clause("G15", "beside_this_policy")),
    "public_notice": _since_2(_clause("G13", "first_and_last_day_included", working_days=Whole())),
    "related_parties": _clause("G10", "flag_and_never_deny"),
    "period_closing": _clause(
        "细则5 / details 5", "provisional_until_the_day_is_over", lambda *, day: day, day=MonthDay()
    ),
}

# --- rules that events drive -----------------------------------------------------------------------------------


def _rule(
    terms: type, subject: str, earned: str, values: Mapping[str, ScalarField | ListOf], readings: tuple[str, ...]
) -> Mapped:
    own = {
        "rule": TextValue(),
        "article": TextValue(),
        "name": _TEXTS,
        "kind": Name(required=False),
        "subject": OneOf(subject),
        "earned": OneOf(earned),
    }
    return Mapped(terms, {**own, **values, "readings": _readings(*readings, needed=readings)})


_TIER: Final = Mapped(Tier, {"over": YuanValue("over_fen"), "amount": YuanValue("amount_fen")})
RULES: Final[Mapping[str, Mapped]] = {
    "first_listing": _rule(
        OnceFixed, "provider", "once", {"amount": YuanValue("amount_fen")}, ("one_for_all_products",)
    ),
    "first_purchase": _rule(
        OnceAtRate, "buyer", "once", {"rate": Rate(), "cap": YuanValue("cap_fen")}, ("any_kind_and_mode",)
    ),
    "annual_listed_trading": _rule(
        YearlyAtRate,
        "provider",
        "yearly",
        {"at_least": YuanValue("at_least_fen"), "rate": Rate(), "cap": YuanValue("cap_fen")},
        (
            "provider_receives",
            "at_least_means_ge",
            "listing_of_the_same_provider_before_the_trade",
            "part_of_the_year_in_force",
        ),
    ),
    "exchange_tiers": _rule(
        Tiers,
        "operator",
        "each_step_once",
        {"tiers": ListOf(_TIER, rising=("over", "amount"))},
        (
            "over_means_gt",
            "passed_by_a_trade_in_force_and_never_before",
            "less_what_was_earned_under_this_policy",
            "each_exchange_has_its_own",
        ),
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
# The readings that the code computes, each with the fields of rules that it applies to ("": any value).
_DECLARED_READINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "once_for_each_subject": {"earned": "once", "per": "subject"},
    "once_for_each_item": {"earned": "once", "per": "item"},
    "less_what_was_earned_under_this_policy": {"earned": "by_difference"},
    "minimum_before_limits": {"at_least": ""},
    "a_limit_of_its_own": {"limits": ""},  # of revision 1; now in general.voucher_limits
    "rate_for_each_year": {"earned": "yearly"},
    "calendar_years_from_the_first": {"years": ""},
}


def _check_declared_rule(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """A rule has one way to pay with its fields, none if it is recorded only; its readings apply to its fields."""
    yield from _way_problems(data)
    for reading in (text_at(item, "reading") for item in _items(data, "readings")):
        for name, value in _DECLARED_READINGS.get(reading, {}).items():
            if name not in data or (value and text_at(data, name) != value):
                problem = f"读法 {reading} 与 {name} 不符 / reading {reading} is not what {name} says"
                yield FieldProblem(("readings",), problem)
    if text_at(data, "earned") == "by_difference":
        for path, problem in not_rising(data.get("amounts"), ("amount",)):
            yield FieldProblem(("amounts", *path), problem)


def _way_problems(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    earned, ways = text_at(data, "earned"), [way for way in _WAYS if way in data]
    meaningless = {"at_most", "at_least", "years"}
    if earned == "recorded":
        meaningless |= {"limits", "pool"}
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
            **{name: rule[name] for name in ("rule", "article", "name", "subject", "earned", "per")},
            kind=rule.get("kind"),
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
    "earned": OneOf("once", "first", "yearly", "by_difference", "recorded"),
    "per": OneOf("subject", "item"),
    "measure": Mapped(lambda *, name, zh, en: Measure(name, Texts(zh, en)), {"name": Name(), **_WORDS}, required=False),
    "amount": YuanValue(required=False),
    "at_most": DecimalText(required=False),
    "amounts": ListOf(_GRADE, unique="grade", required=False),
    "steps": ListOf(_STEP, rising=("at_least", "amount"), required=False),
    "rate": Rate(required=False),
    "at_least": YuanValue(required=False),
    "years": Whole(required=False),
    "limits": ListOf(TextValue(), required=False),
    "pool": TextValue(required=False),
    "readings": _readings(*_DECLARED_READINGS, needed=()),
}
_LIMIT: Final = {
    "limit": Name(),
    "article": TextValue(),
    "says": _TEXTS,
    "per": OneOf("subject_year", "subject", "item"),
    "most": YuanValue("most_fen"),
}
_POOL: Final = {"pool": Name(), "article": TextValue(), "says": _TEXTS, "annual": YuanValue("annual_fen")}
_SECTION_READINGS: Final = ("limits_used_in_order_of_days", "the_day_it_was_earned_on")
_DECLARED: Final = {
    "readings": _readings(*_SECTION_READINGS, needed=_SECTION_READINGS),
    "limits": ListOf(Mapped(RewardLimit, _LIMIT), unique="limit", required=False),
    "pools": ListOf(Mapped(Pool, _POOL), unique="pool", required=False),
    "rules": ListOf(Mapped(dict, _DECLARED_RULE, check=_check_declared_rule), unique="rule", noun=_RULE),
}

# --- the file --------------------------------------------------------------------------------------------------


def _check_file(data: Mapping[str, object]) -> Iterator[FieldProblem]:
    """Neither reading of G1 begins before the document was issued; `together` names limits of the file."""
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
        budget_fen=general.budget,
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
        open_years=general.open_years,
        risk_flags=signs,
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
    },
    check=_check_file,
)
