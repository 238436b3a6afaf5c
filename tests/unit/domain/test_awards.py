"""Awards: by a rule, and withdrawn to zero."""

from decimal import Decimal

import msgspec
import pytest

from services.incentive.domain.awards import Award, EvidenceItem, award_of, zero_out
from services.incentive.domain.facts import FactRef
from shared.values.parties import Party
from tests.support.incentive.totals import POLICY

FACT = "facts.annual-total.v1/r1/provider/uscc:A/2026"
OTHER = "facts.annual-total.v1/r2/provider/uscc:A/2026"
EVIDENCE = (EvidenceItem(FactRef(FACT, 1, 7), ("kmdex", "dcdex")),)
PARTY = Party("uscc", "A", "虚构")


def earned() -> Award:
    return award_of(
        POLICY,
        POLICY.annual_listed_trading,
        PARTY,
        "annual_listed_trading/uscc:A/2026",
        exchange=None,
        year=2026,
        base_fen=50_000,
        rate=Decimal("0.02"),
        cap_fen=50_000_000,
        ceiling_fen=1_000,
        changed=True,
        evidence=EVIDENCE,
    )


def test_an_award_has_what_was_earned_and_nothing_payable_yet() -> None:
    expected = Award(
        award_id="annual_listed_trading/uscc:A/2026",
        about="uscc:A",
        rule="annual_listed_trading",
        article="(四) 3",
        policy_id=POLICY.id,
        policy_revision=POLICY.revision,
        subject="uscc:A",
        subject_name="虚构",
        exchange=None,
        year=2026,
        base_fen=50_000,
        rate=Decimal("0.02"),
        cap_fen=50_000_000,
        ceiling_fen=1_000,
        payable_fen=0,
        suppressed_by=None,
        flags=("last_day",),
        evidence=EVIDENCE,
    )
    assert earned() == expected


@pytest.mark.parametrize(
    ("rule", "about"), [("first_listing", "uscc:A"), ("exchange_tiers", "exchange/kmdex"), ("ai_model", "uscc:A")]
)
def test_an_award_is_about_whose_facts_it_follows_from(rule: str, about: str) -> None:
    award = award_of(POLICY, POLICY.terms(rule), PARTY, "id", exchange="kmdex", year=2026, evidence=EVIDENCE)
    assert (award.about, award.rule, award.flags, award.ceiling_fen) == (about, rule, (), 0)


def test_its_exchanges_are_those_of_all_its_evidence_each_once_in_order() -> None:
    one = earned()
    assert one.exchanges == ("dcdex", "kmdex")
    more = (*one.evidence, EvidenceItem(FactRef(OTHER, 1, 1), ("aadex", "kmdex", "zzdex")))
    assert msgspec.structs.replace(one, evidence=more).exchanges == ("aadex", "dcdex", "kmdex", "zzdex")
    assert msgspec.structs.replace(one, evidence=()).exchanges == ()


def test_what_is_no_longer_earned_stays_with_amounts_of_zero_and_newer_evidence() -> None:
    before = msgspec.structs.replace(earned(), policy_revision=0, payable_fen=1_000)
    newest = FactRef(FACT, 1, 9)
    kept = EvidenceItem(FactRef(OTHER, 1, 3), ("kmdex",))
    two = msgspec.structs.replace(before, suppressed_by="x", evidence=(*before.evidence, kept))
    assert zero_out(two, POLICY, {FACT: newest}) == msgspec.structs.replace(
        before,
        policy_revision=POLICY.revision,
        base_fen=0,
        ceiling_fen=0,
        payable_fen=0,
        flags=(),
        evidence=(EvidenceItem(newest, ("kmdex", "dcdex")), kept),
    )
