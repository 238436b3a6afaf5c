"""Explanations of rules that give a subject nothing in a year, with a code (contract, section 4). Pure.

A reader who may not see all exchanges (`visible`) learns nothing from an answer that its own documents do not say.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from services.incentive.domain.declared_rules import DeclaredOutcome, Why, declared_outcomes
from services.incentive.domain.event_readings import exceeds
from services.incentive.domain.event_rules import ExchangeFacts, SubjectFacts, TierYear, tier_years
from services.incentive.domain.explanations.award import (
    explanation_json,
    head_text,
    not_counted_texts,
    provisional_text,
)
from services.incentive.domain.explanations.declared import declaration_text, explain_outcome
from services.incentive.domain.explanations.events import (
    First,
    explain_annual,
    explain_tiers,
    first_text,
    predecessor_text,
)
from services.incentive.domain.explanations.wording import (
    NO_TEXT,
    NOT_IN_FORCE,
    ExplanationDraft,
    Visible,
    date_text,
    day_of,
    is_visible,
    joined,
    percent,
    phrase,
    sentences,
    step_json,
    yuan,
)
from services.incentive.domain.facts import Declaration, Purchased
from services.incentive.policy.terms import DeclaredTerms, Policy, Texts, Tiers
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.values.times import shanghai_date, shanghai_year

Code = Literal[
    "not_an_enterprise",
    "not_operator",
    "no_document",
    "annulled",
    "before_policy",
    "after_policy",
    "not_first",
    "refunded",
    "too_small",
    "below_threshold",
    "not_counted",
    "mirrored",
    "passed_before",
    "not_declared",
    "withdrawn",
    "recorded",
    "not_measured",
    "over_at_most",
    "over_years",
    "limit_used_up",
    "item_used_up",
]
# The closed set of codes, with their labels.
CODES: Final[Mapping[Code, Texts]] = {
    "not_an_enterprise": Texts("没有统一社会信用代码", "no unified social credit code"),
    "not_operator": Texts("年末不是运营主体", "not an operator on the last day of the year"),
    "no_document": Texts("当年没有相应的挂牌或交易", "no such listing or trade in the year"),
    "annulled": Texts("原首次已作废或取消", "the first was annulled or cancelled"),
    "before_policy": Texts("早于政策施行日", "before the policy"),
    "after_policy": Texts("晚于政策有效期", "after the policy"),
    "not_first": Texts("不是首次", "not the first"),
    "refunded": Texts("已全额退款", "refunded in full"),
    "too_small": Texts("算得的金额不足", "the amount is too small"),
    "below_threshold": Texts("未达到门槛", "below the threshold"),
    "not_counted": Texts("交易不计入", "the trades do not count"),
    "mirrored": Texts("互认自其他交易场所", "mirrored from another exchange"),
    "passed_before": Texts("此前已达到该档", "passed before"),
    "not_declared": Texts("没有申报", "not declared"),
    "withdrawn": Texts("申报已撤回", "the declaration was withdrawn"),
    "recorded": Texts("条款没有金额", "the article names no amount"),
    "not_measured": Texts("计量与政策文件不符", "not the measure of the policy file"),
    "over_at_most": Texts("高于政策的上限值", "above the value that the policy allows"),
    "over_years": Texts("已超过最长年限", "beyond the maximum number of years"),
    "limit_used_up": Texts("限额已用完", "the limit is used up"),
    "item_used_up": Texts("事项的金额已全部计入在先的主体", "the item's whole amount counts for earlier subjects"),
}
# The code of a declaration that earns nothing, unless the policy was not in force.
DECLARED_CODES: Final[Mapping[Why, Code]] = {
    "recorded": "recorded",
    "not_measured": "not_measured",
    "over_at_most": "over_at_most",
    "below_steps": "below_threshold",
    "below_minimum": "too_small",
    "not_the_first": "not_first",
    "no_higher_step": "passed_before",
    "over_years": "over_years",
    "limit_used_up": "limit_used_up",
    "item_used_up": "item_used_up",
}
_ENTERPRISES_ALONE: Final = Texts(
    "只奖励有统一社会信用代码的主体；境外主体和自然人的交易只计入交易场所的合计。",
    "Only entities with a unified social credit code are rewarded; trades of others count for exchanges' totals alone.",
)
_LAST_DAY: Final = Texts("{year}年12月31日", "On 31 December {year}")
_LAST_LISTED_DAY: Final = Texts("{year}年在册的最后一日", "On the last day of {year} on the whitelist")
_NOT_KNOWN: Final = Texts(
    "本交易场所没有涉及该主体的挂牌、交易或申报。",
    "No listing, trade or declaration of your exchange names this subject.",
)


class Asked(msgspec.Struct, frozen=True):
    """The question: a rule, a subject (`<scheme>:<id>`) and a year; `is_closed`: the year is closed (details 5)."""

    rule: str
    subject: str
    year: int
    is_closed: bool


class KnownOfSubject(msgspec.Struct, frozen=True):
    """The facts about a subject; those of the exchanges that it operates on the year's last day; its earlier firsts.

    `earlier` are the documents that were the first of the rule that is asked about at some time. `awards` are the ids
    of the awards that are explained by themselves. `name` is the subject's, if the reader may know it.
    """

    facts: SubjectFacts
    operated: Mapping[str, ExchangeFacts] = {}
    earlier: Sequence[First] = ()
    awards: frozenset[str] = frozenset()
    name: str | None = None


class WhyNot(msgspec.Struct, frozen=True):
    """An answer: its code, its text, and the figures behind it."""

    code: Code
    text: Texts
    draft: ExplanationDraft = msgspec.field(default_factory=lambda: ExplanationDraft(NO_TEXT))


def why_nothing(asked: Asked, known: KnownOfSubject | None, policy: Policy, visible: Visible = None) -> list[Json]:
    """Explanations without `transactions` for what a rule does not give; `known` None: the reader sees no document.

    One for the rule, or one for each exchange or declaration without an award; none if an award answers for all.
    """
    name = None if known is None else known.name
    return [_explanation(asked, name, one, policy) for one in _answers(asked, known, policy, visible)]


def _explanation(asked: Asked, name: str | None, found: WhyNot, policy: Policy) -> Json:
    text = sentences([found.text, *([] if asked.is_closed else [provisional_text(asked.year)])])
    head = head_text(asked.rule, (asked.subject, name), asked.year, policy)
    why_not = {"code": found.code, "text": msgspec.structs.asdict(found.text)}
    return {**explanation_json(None, policy.terms(asked.rule).article, head + text, found.draft), "why_not": why_not}


def _answers(asked: Asked, known: KnownOfSubject | None, policy: Policy, visible: Visible) -> list[WhyNot]:
    if not asked.subject.startswith("uscc:"):
        return [WhyNot("not_an_enterprise", _ENTERPRISES_ALONE)]
    if known is None:
        return [WhyNot("no_document", _NOT_KNOWN)]
    terms = policy.terms(asked.rule)
    if isinstance(terms, DeclaredTerms):
        return _declared(asked, known, terms, policy, visible)
    if isinstance(terms, Tiers):
        return _all_tiers(asked, known, policy, visible)
    awards = {f"{asked.rule}/{asked.subject}", f"{asked.rule}/{asked.subject}/{asked.year}"}
    return [] if awards & known.awards else [_of_events(asked, known, policy, visible)]


def _of_events(asked: Asked, known: KnownOfSubject, policy: Policy, visible: Visible) -> WhyNot:
    """Answer for (四) 1 to 3."""
    if asked.rule == policy.annual_listed_trading.rule:
        return _annual(asked, known.facts, policy, visible)
    if asked.rule == policy.first_listing.rule:
        listed = known.facts.listed
        gone = predecessor_text(listed, known.facts.first_listing, known.earlier, visible)
        return _first(asked, listed, gone, policy, visible)
    purchased = known.facts.purchased
    gone = predecessor_text(purchased, known.facts.first_purchase, known.earlier, visible)
    return _first(asked, purchased, gone, policy, visible)


# --- firsts ----------------------------------------------------------------------------------------------------


def _first(asked: Asked, first: First | None, gone: Texts, policy: Policy, visible: Visible) -> WhyNot:
    """Answer for (四) 1 and 2; `gone` names a predecessor that does not count.

    A first that the reader may not see counts as none, like one that does not exist.
    """
    seen = first if first is not None and is_visible(first.exchange, visible) else None
    if seen is None:
        nothing = _no_first(asked, policy, visible)
        return WhyNot("no_document" if gone == NO_TEXT else "annulled", gone + nothing)
    what = first_text(seen)
    named = phrase("首次为{what}。", "The first is {what}. ", what=what)
    year, first_year = asked.year, shanghai_year(seen.at)
    if year < first_year:
        text = phrase("{year}年没有计为首次的记录。", "Nothing of {year} is the first.", year=year)
        return WhyNot("no_document", gone + named + text)
    if (outside := _outside(shanghai_date(seen.at), policy)) is not None:
        taken = Texts("虽不予奖励，已占用“首次”。", " It earns nothing and still counts as the first.")
        return WhyNot(outside[0], gone + named + outside[1] + taken)
    if year > first_year:
        text = phrase(
            "一次性奖励属于{first_year}年度，{year}年的不是首次。",
            "The one-time reward belongs to {first_year}; nothing of {year} is the first.",
            first_year=first_year,
            year=year,
        )
        return WhyNot("not_first", gone + named + text)
    return _worth_nothing(seen, gone + named, policy)


def _no_first(asked: Asked, policy: Policy, visible: Visible) -> Texts:
    is_listing = asked.rule == policy.first_listing.rule
    what = Texts("首次挂牌", "first listing") if is_listing else Texts("首单购买", "first purchase")
    return phrase(
        "{whose}没有计为该主体{what}的记录（作废、取消、互认和不在名录期内的不计）。",
        "No document{whose} counts as the subject's {what} (annulled, cancelled and mirrored ones do not, nor those "
        "outside the exchange's time on the whitelist).",
        whose=Texts("目前", "") if visible is None else Texts("本交易场所", " of your exchange"),
        what=what,
    )


def _worth_nothing(first: First, said: Texts, policy: Policy) -> WhyNot:
    """A first in force without a reward: nothing is left of its amount, or less than a fen of the reward."""
    if isinstance(first, Purchased) and first.net_fen == 0:
        text = phrase(
            "其金额{amount}已全额退款。", "Its {amount} were refunded in full.", amount=yuan(first.amount_fen)
        )
        return WhyNot("refunded", said + text)
    rate = percent(policy.first_purchase.rate)
    net = yuan(first.net_fen if isinstance(first, Purchased) else 0)
    text = phrase("净额{net}按{rate}计算不足一分。", "{rate} of its {net} net are less than a fen.", net=net, rate=rate)
    return WhyNot("too_small", said + text)


def _outside(day: date, policy: Policy) -> tuple[Code, Texts] | None:
    """The code and sentence for a day outside the policy period; None if the policy was in force."""
    if day < policy.in_force.start_on:
        text = phrase(
            "早于政策施行日{start}。",
            "That is before the policy, which is in force from {start} on.",
            start=date_text(policy.in_force.start_on),
        )
        return "before_policy", text
    if day >= policy.in_force.end_on:
        last = policy.in_force.end_on - timedelta(days=1)
        text = phrase(
            "晚于政策有效期末日{last}。",
            "That is after the policy, whose last day is {last}.",
            last=date_text(last),
        )
        return "after_policy", text
    return None


def _year_outside(year: int, policy: Policy) -> WhyNot | None:
    """The answer for a year of which no day is in force; None if the policy was in force on some day."""
    outside = _outside(date(year, 12, 31), policy) if year < policy.in_force.start_on.year else None
    if year > policy.in_force.start_on.year:
        outside = _outside(date(year, 1, 1), policy)
    if outside is None:
        return None
    whole = phrase("{year}年全年不在政策有效期内：", "No day of {year} is within the policy: ", year=year)
    return WhyNot(outside[0], whole + outside[1])


# --- totals ----------------------------------------------------------------------------------------------------


def _annual(asked: Asked, facts: SubjectFacts, policy: Policy, visible: Visible) -> WhyNot:
    """Answer for (四) 3. A reader sees that other exchanges are part of the total, but none of their sums."""
    if (outside := _year_outside(asked.year, policy)) is not None:
        return outside
    draft = explain_annual(asked.year, facts, policy)
    counted = [part for part in draft.counted if is_visible(part["exchange"], visible)]
    not_counted = [part for part in draft.not_counted if is_visible(part["exchange"], visible)]
    seen = ExplanationDraft(draft.reason, counted=counted, not_counted=not_counted)
    if counted and len(counted) == len(draft.counted):
        seen.steps, seen.next = draft.steps, draft.next
        return WhyNot("below_threshold", sentences([draft.reason, *not_counted_texts(seen)]), seen)
    if counted:
        text = phrase(
            "本交易场所{year}年计入{own}；合计还涉及其他交易场所，不在此显示，未达到门槛{least}。",
            "Your exchange counts {own} in {year}; others are part of the total, which is not shown here and is below "
            "the threshold of {least}.",
            year=asked.year,
            own=yuan(sum(parse_yuan(part["amount"]) for part in counted)),
            least=yuan(policy.annual_listed_trading.at_least_fen),
        )
        return WhyNot("below_threshold", sentences([text, *not_counted_texts(seen)]), seen)
    return _nothing_counted(asked, seen, policy, visible)


def _nothing_counted(asked: Asked, seen: ExplanationDraft, policy: Policy, visible: Visible) -> WhyNot:
    nothing = phrase(
        "{whose}{year}年没有计入的挂牌交易。",
        "No listed trade{whose} counts in {year}.",
        whose=NO_TEXT if visible is None else Texts("本交易场所", " of your exchange"),
        year=asked.year,
    )
    reasons = {part["reason"] for part in seen.not_counted}
    code: Code = "not_counted" if reasons else "no_document"
    if reasons == {"mirrored"}:
        code = "mirrored"
    if reasons == {NOT_IN_FORCE}:
        code = "before_policy" if asked.year == policy.in_force.start_on.year else "after_policy"
    return WhyNot(code, sentences([nothing, *not_counted_texts(seen)]), seen)


def _all_tiers(asked: Asked, known: KnownOfSubject, policy: Policy, visible: Visible) -> list[WhyNot]:
    """Answer for (六) 2, for each exchange that the subject operates on the year's last day."""
    seen = {exchange: facts for exchange, facts in known.operated.items() if is_visible(exchange, visible)}
    if not seen:
        return [_not_operator(asked, policy, visible)]
    without = (exchange for exchange in seen if f"{asked.rule}/{exchange}/{asked.year}" not in known.awards)
    return [_tiers(asked, exchange, seen[exchange], policy) for exchange in without]


def _not_operator(asked: Asked, policy: Policy, visible: Visible) -> WhyNot:
    is_last_listed = policy.exchange_tiers.reading("delisting") == "operator_of_the_last_listed_day"
    day = _LAST_LISTED_DAY if is_last_listed else _LAST_DAY
    text = phrase(
        "{day}，该主体不是{whose}的运营主体。",
        "{day} the subject is not the operator of {whose}.",
        day=phrase(day.zh, day.en, year=asked.year),
        whose=Texts("名录内任何交易场所", "any exchange on the whitelist")
        if visible is None
        else Texts("本交易场所", "your exchange"),
    )
    return WhyNot("not_operator", text)


def _tiers(asked: Asked, exchange: str, facts: ExchangeFacts, policy: Policy) -> WhyNot:
    if (outside := _year_outside(asked.year, policy)) is not None:
        return outside
    draft = explain_tiers(exchange, asked.year, facts, policy)
    years = tier_years(exchange, facts, policy, policy.in_force)
    state = next((one for one in years if one.year == asked.year), None)
    if state is None or state.base_fen == 0:
        return WhyNot("no_document", sentences([draft.reason, *not_counted_texts(draft)]), draft)
    passed = _passed(state, years, policy)
    code: Code = "below_threshold" if passed == NO_TEXT else "passed_before"
    return WhyNot(code, sentences([draft.reason, passed, *not_counted_texts(draft)]), draft)


def _passed(state: TierYear, years: Iterable[TierYear], policy: Policy) -> Texts:
    """A sentence on when the highest tier below the total was first passed; empty if no tier is below it."""
    terms = policy.exchange_tiers
    over = [tier for tier in terms.tiers if exceeds(state.base_fen, tier, terms)]
    if not over:
        return NO_TEXT
    tier = over[-1]
    earlier = next((one for one in years if one.year < state.year and exceeds(one.total_fen, tier, terms)), None)
    if earlier is not None:
        return phrase(
            "超过{over}一档已于{year}年越过（当年合计{total}）。",
            "The tier over {over} was passed in {year} already (total {total}).",
            over=yuan(tier.over_fen),
            year=earlier.year,
            total=yuan(earlier.total_fen),
        )
    return phrase(
        "超过{over}一档在政策施行日{start}之前已越过（当时累计{before}）。",
        "The tier over {over} was passed before the policy, which is in force from {start} on (total until then "
        "{before}).",
        over=yuan(tier.over_fen),
        start=date_text(policy.in_force.start_on),
        before=yuan(state.before_fen),
    )


# --- declared rewards ------------------------------------------------------------------------------------------


def _declared(
    asked: Asked, known: KnownOfSubject, terms: DeclaredTerms, policy: Policy, visible: Visible
) -> list[WhyNot]:
    """Answer for a declared rule: for each declaration of the year without an award, or that there is none."""
    own = [one for one in known.facts.declared if one.rule == terms.rule and is_visible(one.exchange, visible)]
    of_year = [one for one in own if one.earned_on.year == asked.year]
    if not of_year:
        if terms.subject == "operator" and not any(is_visible(exchange, visible) for exchange in known.operated):
            return [_not_operator(asked, policy, visible)]
        return [_not_declared(asked, own, visible)]
    outcomes = {
        outcome.declaration.award_id: outcome
        for outcome in declared_outcomes(known.facts.declared_together, policy, policy.in_force)
    }
    found = [(one, outcomes.get(one.award_id)) for one in of_year if one.award_id not in known.awards]
    return [_declaration(one, outcome, policy, visible) for one, outcome in found if outcome is None or outcome.why]


def _not_declared(asked: Asked, own: Sequence[Declaration], visible: Visible) -> WhyNot:
    text = phrase(
        "该主体{year}年没有{whose}申报。",
        "Nothing{whose} is declared of the subject in {year}.",
        year=asked.year,
        whose=NO_TEXT if visible is None else Texts("您可见的", " that you may see"),
    )
    others = [one for one in own if not one.withdrawn]
    if not others:
        return WhyNot("not_declared", text)
    elsewhere = phrase(
        "其他年度已申报：{others}。",
        "Declared of other years: {others}.",
        others=joined(map(declaration_text, sorted(others, key=lambda one: (one.earned_on, one.item)))),
    )
    return WhyNot("not_declared", sentences([text, elsewhere]))


def _declaration(one: Declaration, outcome: DeclaredOutcome | None, policy: Policy, visible: Visible) -> WhyNot:
    if outcome is None:
        text = phrase(
            "{what}的申报已于{day}撤回。",
            "The declaration of {what} was withdrawn on {day}.",
            what=declaration_text(one),
            day=day_of(one.declared_at),
        )
        return WhyNot("withdrawn", text)
    # Earlier declarations of the subject that an exchange may not see are not named.
    before = tuple(earlier for earlier in outcome.before if is_visible(earlier.exchange, visible))
    outcome = msgspec.structs.replace(outcome, before=before)
    draft = explain_outcome(outcome, policy)
    if not draft.steps and outcome.worth.base_fen:
        draft.steps = [step_json("base", outcome.worth.base_fen, draft.reason)]
    code = None if outcome.why is None else DECLARED_CODES.get(outcome.why)
    if code is not None:
        return WhyNot(code, sentences([draft.reason, *not_counted_texts(draft)]), draft)
    outside, text = _outside(one.earned_on, policy) or ("recorded", NO_TEXT)
    return WhyNot(outside, sentences([draft.reason, text]), draft)
