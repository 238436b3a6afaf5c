"""Effects of readings: those that what-if gives for each alternative, and for an exchange nothing of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from services.incentive.commands.what_if import what_if
from services.incentive.domain.entitlements import compute_awards, known_facts
from services.incentive.domain.facts import Declaration, Fact, about_of, named_exchanges, parse_fact
from services.incentive.domain.payables.highest_only import PayableInputs
from services.incentive.domain.payables.other_grants import OtherGrant
from services.incentive.domain.readings.effects import Due, FactGroup, ReadingEffect, reading_effects, readings_of
from services.incentive.domain.risk_flags import Peers
from shared.whitelist import parse_whitelist
from tests.support.incentive.declarations import histories as declarations
from tests.support.incentive.ledger import (
    WHITELIST,
    exchange_total,
    first_listing,
    first_purchase,
    histories,
    provider_total,
    rulebook,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from services.incentive.policy.terms import Policy
    from tests.support.records import FakeRecord

RULEBOOK = rulebook()
READINGS = readings_of(RULEBOOK.policy, RULEBOOK.exchanges)
OPERATORS_OF = {f"uscc:{one.uscc}" for exchange in RULEBOOK.exchanges.listed for one in exchange.operators}


def parsed(records: Iterable[FakeRecord]) -> list[Fact]:
    """The newest fact of each key."""
    return list({(one.topic, one.key): parse_fact(one.topic, one.key.decode(), one.value) for one in records}.values())


def grouped(facts: Sequence[Fact]) -> FactGroup:
    abouts = sorted({about_of(fact) for fact in facts})
    return {about: known_facts([(1, fact) for fact in facts if about_of(fact) == about]) for about in abouts}


def dependent_groups(known: FactGroup, granted: Iterable[str]) -> list[FactGroup]:
    """The facts in groups: exchanges, their operators, those who declare or have grants, and each other subject."""
    joined = {
        about
        for about, one in known.items()
        if about.startswith("exchange/") or about in OPERATORS_OF or any(isinstance(f, Declaration) for f in one.of)
    }
    joined |= set(granted)
    alone = [{about: known[about]} for about in sorted(known.keys() - joined)]
    return [{about: one for about, one in known.items() if about in joined}, *alone]


def effects_of(facts: Sequence[Fact], inputs: PayableInputs = PayableInputs()) -> list[ReadingEffect]:  # noqa: B008
    return reading_effects([grouped(facts)], READINGS, inputs)


def seen_by(viewer: str, effects: Iterable[ReadingEffect]) -> set[tuple[str, str]]:
    return {(one.reading, one.award_id) for one in effects if viewer in one.seen_by}


@given(histories(), declarations(), st.randoms())
def test_they_are_what_what_if_gives_for_each_alternative(
    records: list[FakeRecord], declared: list[Declaration], rng: Random
) -> None:
    facts = [*parsed(records), *declared]
    known = grouped(facts)
    years, who = rng.sample([2025, 2026, 2027, 2028], 2), rng.sample(sorted(known), 1)
    inputs = PayableInputs(
        grants={
            (one, year): [OtherGrant("other_grant/1", 1_000_000, ("first_listing",))] for one in who for year in years
        }
    )
    effects = [one for one in reading_effects(dependent_groups(known, who), READINGS, inputs) if one.is_whole]
    for reading, other in RULEBOOK.policy.alternatives.items():
        cases = what_if(known.items(), RULEBOOK, other, inputs).cases
        assert {
            case.award_id: (case.before.payable_fen, case.after.payable_fen)
            for case in cases
            if case.before.payable_fen != case.after.payable_fen
        } == {
            one.award_id: (fen(one.before), fen(one.after))
            for one in effects
            if one.reading == reading and fen(one.before) != fen(one.after)
        }


# kmdex has another operator from March on, and may be off the whitelist before the end of the year.
OPERATORS = """
      - uscc: 91530100MAXKMDEX0C
        name: 虚构甲数据交易所运营有限公司 / Fictional Operator A
        from: 2019-01-01
        until: 2026-03-01
      - uscc: 91530100MAXDCDEX07
        name: 虚构乙数据交易中心运营有限公司 / Fictional Operator B
        from: 2026-03-01
        until: null
  - id: dcdex"""


@given(histories(), declarations(), st.sampled_from(["null", "2026-07-01"]))
def test_an_award_is_of_the_same_subject_and_year_by_every_reading(
    records: list[FakeRecord], declared: list[Declaration], until: str
) -> None:
    """So what was decided of an award, by its id, is decided of it by the alternative too."""
    text = WHITELIST.replace("until: null", f"until: {until}", 1)
    start, end = text.index("\n", text.index("operators:")), text.index("  - id: dcdex") + len("  - id: dcdex")
    exchanges = parse_whitelist(text[:start] + OPERATORS + text[end:])
    known = grouped([*parsed(records), *declared])

    def places(policy: Policy) -> dict[str, tuple[str, int]]:
        awards = (award for one in known.values() for award in compute_awards(one, policy, exchanges, Peers()))
        return {award.award_id: (award.subject, award.year) for award in awards}

    in_force = places(RULEBOOK.policy)
    for other in RULEBOOK.policy.alternatives.values():
        assert {one: place for one, place in places(other).items() if in_force.get(one, place) != place} == {}


def fen(due: Due | None) -> int:
    return 0 if due is None else due.payable_fen


@given(histories(), st.sampled_from(["kmdex", "dcdex"]))
def test_an_exchange_learns_the_same_whatever_others_have(records: list[FakeRecord], viewer: str) -> None:
    facts = parsed(records)
    own = [fact for fact in facts if named_exchanges(fact) <= {viewer}]
    assert seen_by(viewer, effects_of(facts)) == seen_by(viewer, effects_of(own))


def test_what_is_of_another_exchange_changes_what_is_so_and_not_what_is_seen() -> None:
    """A listing on the last day of the period, with and without a greater purchase on another exchange."""
    (last_day,) = (one.id for one in RULEBOOK.policy.readings if one.path == "general.in_force")
    listing, award_id = first_listing(1, "2028-10-15", seq=1), f"first_listing/{subject(1)}"
    purchase = first_purchase(1, "2028-03-01", "4000000.00", seq=2, exchange="dcdex")
    for records, is_whole in (([listing], True), ([listing, purchase], False)):
        (found,) = (one for one in effects_of(parsed(records)) if (one.reading, one.award_id) == (last_day, award_id))
        assert (found.is_whole, found.seen_by) == (is_whole, ("kmdex",))
        assert (fen(found.before), found.after) == (2_000_000, None)


def test_the_year_and_subject_are_those_of_the_payable() -> None:
    tiers = [
        exchange_total("kmdex", 2026, [("2026-05-01", "600000000.00")], seq=1),
        provider_total(1, 2026, {"kmdex": [("2026-05-01", "20000000.00")]}, seq=2),
    ]
    for one in effects_of(parsed(tiers)):
        for due in (one.before, one.after):
            assert due is None or (due.year, due.payable_fen > 0) == (2026, True)
    assert effects_of([]) == []
