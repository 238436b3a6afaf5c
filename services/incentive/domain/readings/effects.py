"""Effects of readings: the awards whose payable the alternative of one computable reading alone would change. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.entitlements import KnownFacts, compute_awards
from services.incentive.domain.facts import (
    AwardFact,
    Declaration,
    ExchangeTotal,
    FirstListing,
    FirstPurchase,
    ProviderTotal,
    named_exchanges,
)
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from services.incentive.domain.risk_flags import Peers
from services.incentive.policy.terms import Policy
from shared.whitelist import Whitelist

# All facts of subjects and exchanges whose awards depend on each other, by what they are about.
FactGroup = Mapping[str, KnownFacts]

# The field of Policy with the rule or rules by which a kind of fact earns.
_EARNS: Final = {
    FirstListing: "first_listing",
    FirstPurchase: "first_purchase",
    ProviderTotal: "annual_listed_trading",
    ExchangeTotal: "exchange_tiers",
    Declaration: "declared",
}
_ALL_RULES: Final = frozenset(_EARNS.values())
# Fields of Policy, and the rules that they concern alone.
_CONCERNS: Final = (
    *((("rules", rule), frozenset({rule})) for rule in _ALL_RULES - {"declared"}),
    (("declared", "limits_cut", "voucher_limits", "items"), frozenset({"declared"})),
    (("steps", "operators_ladder"), frozenset({"exchange_tiers", "declared"})),
)
# Fields of Policy that decide how a subject's awards compete with each other and with grants, and nothing else.
_COMPARING: Final = ("highest_only", "same_matter", "highest_only_scope", "allowance", "other_grants")
# Fields of Policy that decide which awards are earned and their ceilings, and nothing else.
_EARNING: Final = ("in_force", "in_force_alternative", "rounding")


class Due(NamedTuple):
    """The payable of an award, in fen: to whom, and in which year."""

    subject: str
    year: int
    payable_fen: int


class ReadingEffect(NamedTuple):
    """The change of one award by the alternative of one reading, which is named by its id.

    `before` and `after` are None where nothing is payable. `is_whole`: by all facts; `seen_by` are the exchanges by
    whose documents alone the alternative would change the award.
    """

    reading: str
    award_id: str
    about: str
    before: Due | None
    after: Due | None
    is_whole: bool
    seen_by: tuple[str, ...]


class Readings(NamedTuple):
    """The rulebook that effects are computed by: the policy, and the same under each alternative, by reading id.

    `concerns` are the rules without whose awards an alternative changes nothing, as fields of Policy, by reading id.
    `comparing` are the alternatives that change only how awards compete, `earning` those that change only what is
    earned; both by reading id.
    """

    policy: Policy
    alternatives: Mapping[str, Policy]
    concerns: Mapping[str, frozenset[str]]
    comparing: frozenset[str]
    earning: frozenset[str]
    exchanges: Whitelist


class PayableChange(NamedTuple):
    """The payable of an award by the reading in force and by its alternative; None where nothing is payable."""

    about: str
    before: Due | None
    after: Due | None


PayableChanges = dict[tuple[str, str], PayableChange]  # by reading and award_id
_Payables = dict[str, tuple[str, Due]]  # the subject or exchange of an award (`about`) and its payable, by award_id


def readings_of(policy: Policy, exchanges: Whitelist) -> Readings:
    """Prepare a policy for `reading_effects`, without red flags and readings that change no payable."""
    bare = _of_payables(policy)
    changing = {one: other for one, other in policy.alternatives.items() if _of_payables(other) != bare}
    plain = {one: _without_flags(other) for one, other in changing.items()}
    concerns = {one: _concerned(bare, _of_payables(other)) for one, other in changing.items()}
    comparing, earning = (
        frozenset(one for one, other in changing.items() if _differs_by(fields, bare, _of_payables(other)))
        for fields in (_COMPARING, _EARNING)
    )
    return Readings(_without_flags(policy), plain, concerns, comparing, earning, exchanges)


def _concerned(policy: Policy, other: Policy) -> frozenset[str]:
    """The rules that an alternative concerns; all if it may concern any."""
    return next((rules for fields, rules in _CONCERNS if _differs_by(fields, policy, other)), _ALL_RULES)


def _differs_by(fields: Iterable[str], policy: Policy, other: Policy) -> bool:
    """Return True if two policies are the same but for these fields."""
    return msgspec.structs.replace(other, **{field: getattr(policy, field) for field in fields}) == policy


def reading_effects(groups: Sequence[FactGroup], readings: Readings, inputs: PayableInputs) -> list[ReadingEffect]:
    """The effects of all computable readings on the awards of these groups, by reading and award_id.

    `inputs` need no days of declared rewards. Raises CutDatesError.
    """
    earning = [found for group in groups if (found := visible_facts(group, None))]
    changes = changed_payables(earning, readings, inputs)
    whole = set(changes)
    granted = {subject for subject, _ in inputs.grants}
    seen: dict[tuple[str, str], list[str]] = {}
    for viewer in _viewers(earning):
        own = [(group, visible_facts(group, viewer)) for group in earning]
        alike = {about for group, part in own if part == group and granted.isdisjoint(group) for about in group}
        narrower = [part for group, part in own if part and not (part == group and granted.isdisjoint(group))]
        seen_alone = changed_payables(narrower, readings, as_seen(inputs))
        for key in [*(key for key in whole if changes[key].about in alike), *seen_alone]:
            seen.setdefault(key, []).append(viewer)
        changes = seen_alone | changes
    return [
        ReadingEffect(reading, award_id, one.about, one.before, one.after, (reading, award_id) in whole, viewers)
        for (reading, award_id), one in sorted(changes.items())
        for viewers in [tuple(seen.get((reading, award_id), ()))]
    ]


def as_seen(inputs: PayableInputs) -> PayableInputs:
    """The inputs of what an exchange may know: without grants under other policies."""
    return msgspec.structs.replace(inputs, grants={})


def _without_flags(policy: Policy) -> Policy:
    return msgspec.structs.replace(policy, risk_flags=())


def _of_payables(policy: Policy) -> Policy:
    """The policy without what decides holds, deadlines, budgets and second persons alone, and the file's values."""
    return msgspec.structs.replace(
        policy,
        values=(),
        budget_counts="year_of_the_reward",
        budget_order="order_of_application",
        open_years="held",
        recovered_money="stays_used",
        second_person="no_second_person",
        public_notice="first_and_last_day_included",
        eligibility_day="present",
    )


def _viewers(groups: Iterable[FactGroup]) -> list[str]:
    facts = (fact for group in groups for known in group.values() for fact in known.of)
    return sorted({name for fact in facts for name in named_exchanges(fact)})


def visible_facts(group: FactGroup, viewer: str | None) -> FactGroup:
    """The facts of a group that can earn something and name no other exchange (None: all that can).

    An exchange is shown only effects that are computed from these, so they reveal nothing of others. A declaration
    for an entity names no exchange, so no exchange sees it.
    """
    found = {}
    for about, known in group.items():
        facts = [
            fact
            for fact in known.of
            if isinstance(fact, AwardFact)
            and (
                named_exchanges(fact) == {viewer}
                if viewer is not None
                else named_exchanges(fact) or isinstance(fact, Declaration)
            )
        ]
        if facts:
            found[about] = KnownFacts(tuple(facts), facts[-1], known.linked if viewer is None else ())
    return found


def changed_payables(groups: Iterable[FactGroup], readings: Readings, inputs: PayableInputs) -> PayableChanges:
    """The awards of these groups whose payable the alternative of a reading alone would change."""
    by_rules: dict[frozenset[str], list[KnownFacts]] = {}
    for group in groups:
        by_rules.setdefault(_rules_of(group), []).extend(group.values())
    declared = (fact for known in by_rules.values() for one in known for fact in one.of)
    days = {fact.award_id: fact.earned_on for fact in declared if isinstance(fact, Declaration)}
    inputs = msgspec.structs.replace(inputs, days=days)
    found: PayableChanges = {}
    for rules, known in by_rules.items():
        concerning = [one for one, concerned in readings.concerns.items() if not rules.isdisjoint(concerned)]
        for reading, before, after in _by_alternatives(known, concerning, readings, inputs):
            found |= {(reading, award_id): change for award_id, change in _compared(before, after)}
    return found


def _by_alternatives(
    known: Sequence[KnownFacts], concerning: Iterable[str], readings: Readings, inputs: PayableInputs
) -> Iterator[tuple[str, _Payables, _Payables]]:
    """The payables that each of these alternatives may change: reading id, before and after.

    Skips payables that cannot differ: most subjects have one award, which competes with nothing.
    """
    awards = _awards(known, readings.policy, readings.exchanges)
    before = _payables(awards, readings.policy, inputs)
    competing = _competing(awards, inputs)
    before_competing = {award.award_id: before[award.award_id] for award in competing if award.award_id in before}
    for reading in concerning:
        policy = readings.alternatives[reading]
        if reading in readings.comparing:
            yield reading, before_competing, _payables(competing, policy, inputs)
            continue
        earned = _awards(known, policy, readings.exchanges)
        if reading not in readings.earning or earned != awards:
            yield reading, before, _payables(earned, policy, inputs)


def _competing(awards: Sequence[Award], inputs: PayableInputs) -> list[Award]:
    """The awards of subjects that have several, or grants under other policies."""
    count = Counter(award.subject for award in awards)
    granted = {subject for subject, _ in inputs.grants}
    return [award for award in awards if count[award.subject] > 1 or award.subject in granted]


def _rules_of(group: FactGroup) -> frozenset[str]:
    """The rules by which the facts of a group can earn, as fields of Policy."""
    kinds = {type(fact) for known in group.values() for fact in known.of}
    return frozenset(rule for kind, rule in _EARNS.items() if kind in kinds)


def _compared(before: _Payables, after: _Payables) -> Iterator[tuple[str, PayableChange]]:
    for award_id in before.keys() | after.keys():
        (about, was), (other_about, would) = (one.get(award_id, ("", None)) for one in (before, after))
        if was != would:
            yield award_id, PayableChange(about or other_about, was, would)


def _awards(known: Iterable[KnownFacts], policy: Policy, exchanges: Whitelist) -> list[Award]:
    return [award for one in known for award in compute_awards(one, policy, exchanges, Peers())]


def _payables(awards: Iterable[Award], policy: Policy, inputs: PayableInputs) -> _Payables:
    """The payables above zero."""
    return {
        award.award_id: (award.about, Due(award.subject, award.year, award.payable_fen))
        for award in with_payables(awards, policy, inputs)
        if award.payable_fen > 0
    }
