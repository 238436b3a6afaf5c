"""Entitlements of one subject or exchange, computed from all its facts."""

from services.incentive.domain.entitlements import (
    NO_FACTS,
    KnownFacts,
    compute_awards,
    exchange_facts,
    known_facts,
    subject_facts,
)
from services.incentive.domain.facts import BuyerMeasures, FirstListing, FirstPurchase, Listed, Purchased
from services.incentive.domain.risk_flags import Peers
from shared.values.parties import Party
from shared.values.times import parse_time
from tests.support.incentive.declarations import OTHER, declared
from tests.support.incentive.totals import OPERATED, P1, POLICY, bucket, provided, served

AT = parse_time("2026-03-01T10:00:00+08:00")
RENAMED = Party(P1.id_scheme, P1.id, "虚构改名")
LISTING = FirstListing(P1, Listed("kmdex", "L1", 1, AT), generation=1, seq=7, register="r1")
PURCHASE = FirstPurchase(RENAMED, Purchased("kmdex", "T1", 1, AT, 100_000, 0, P1), generation=1, seq=9, register="r1")
MEASURES = BuyerMeasures(P1.subject, None, None, generation=1, seq=9, register="r1")
TOTALS = [provided(year, {"kmdex": [bucket(f"{year}-03-01", "10000000")]}) for year in (2026, 2027)]
SERVED = [served(year, bucket(f"{year}-03-01", "100000000.01")) for year in (2026, 2027)]
DECLARED = declared("ai_model", "M", "2026-06-01", party=P1)
OTHERS = declared("ai_model", "M", "2026-05-01", party=OTHER)


def test_the_newest_fact_that_can_earn_gives_the_name() -> None:
    found = known_facts([(2, PURCHASE), (1, LISTING), (3, MEASURES)])
    assert found == ((PURCHASE, LISTING, MEASURES), PURCHASE, ())
    assert known_facts([(2, PURCHASE), (3, LISTING)]).newest == LISTING
    assert known_facts([(3, MEASURES)]).newest is None
    assert known_facts([]) == NO_FACTS


def test_facts_of_a_subject_are_kept_by_kind_and_totals_by_year() -> None:
    facts = [LISTING, *TOTALS, PURCHASE, MEASURES, DECLARED, TOTALS[0]]
    found = subject_facts(KnownFacts(tuple(facts), PURCHASE, (DECLARED, OTHERS)))
    assert (found.first_listing, found.first_purchase, found.declared) == ((LISTING,), (PURCHASE,), (DECLARED,))
    assert found.linked == found.declared_together == (DECLARED, OTHERS)
    assert subject_facts(KnownFacts(tuple(facts), PURCHASE)).declared_together == (DECLARED,)
    assert found.totals == {2026: [TOTALS[0], TOTALS[0]], 2027: [TOTALS[1]]}
    assert exchange_facts([*SERVED, LISTING, SERVED[1]], OPERATED).totals == {
        2026: [SERVED[0]],
        2027: [SERVED[1], SERVED[1]],
    }


def test_a_subject_earns_by_events_and_by_declarations_under_its_newest_name() -> None:
    facts = known_facts(enumerate([LISTING, TOTALS[0], DECLARED, PURCHASE]))
    earned = compute_awards(facts, POLICY, OPERATED, Peers())
    assert [one.rule for one in earned] == ["first_listing", "first_purchase", "annual_listed_trading", "ai_model"]
    assert {(one.subject, one.subject_name) for one in earned} == {(RENAMED.subject, RENAMED.name)}
    own = declared("ai_model", "M", "2026-06-01", party=P1)
    groups = {P1.subject: (own, OTHERS), OTHER.subject: (own, OTHERS)}
    linked = known_facts(enumerate([LISTING, own])).with_linked(P1.subject, groups)
    assert linked.linked is groups[P1.subject], "one tuple for all of a group"
    assert [one.rule for one in compute_awards(linked, POLICY, OPERATED, Peers())] == ["first_listing"]


def test_an_exchange_earns_by_its_totals() -> None:
    earned = compute_awards(known_facts(enumerate(SERVED)), POLICY, OPERATED, Peers())
    assert [(one.award_id, one.year) for one in earned] == [("exchange_tiers/kmdex/2026", 2026)]


def test_measures_alone_earn_nothing() -> None:
    assert compute_awards(known_facts([(1, MEASURES)]), POLICY, OPERATED, Peers()) == []
