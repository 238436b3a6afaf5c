"""Items that several subjects declare: by example, against the verifier, and by properties."""

import tracemalloc

import msgspec
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.domain.declared_rules import (
    DeclaredOutcome,
    declared_awards,
    declared_outcomes,
    group_by_items,
    sharing_subjects,
)
from services.incentive.domain.entitlements import known_facts
from services.incentive.domain.explanations.declared import explain_declared
from services.incentive.domain.facts import Declaration
from services.incentive.policy.terms import Policy
from shared.settings import POLICY_FILE
from shared.values.parties import Party
from tests.support.incentive.declarations import OTHER, PARTY, POLICY, THIRD, declared, second_reading, shared_histories

TREE = yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader)  # noqa: S506 - strings only
WAN = 10_000 * 100
EACH = POLICY.with_alternative("general.items")
assert EACH is not None
PARTIES = (PARTY, OTHER, THIRD)


def outcomes(*declarations: Declaration, policy: Policy = POLICY) -> list[DeclaredOutcome]:
    return declared_outcomes(declarations, policy, policy.in_force)


def shares(*declarations: Declaration, policy: Policy = POLICY) -> dict[str, list[int]]:
    """Return the ceilings of each subject in 万元, in the order in which they are taken."""
    found: dict[str, list[int]] = {}
    for one in outcomes(*declarations, policy=policy):
        found.setdefault(one.declaration.party.id[-2], []).append(one.ceiling_fen // WAN)
    return found


def test_a_project_brings_its_amount_once_whoever_declares_it():
    first = declared("data_circulation_facility", "P", "2026-03-01")
    second = declared("data_circulation_facility", "P", "2026-04-01", party=OTHER)
    for both in ((first, second), (second, first)):
        assert [(one.ceiling_fen // WAN, one.why) for one in outcomes(*both)] == [(500, None), (0, "item_used_up")]
    assert outcomes(first, second)[1].before == (first,)
    other_item = declared("data_circulation_facility", "Q", "2026-04-01", party=OTHER)
    assert shares(first, other_item) == {"1": [500], "2": [500]}
    assert shares(first, second, policy=EACH) == {"1": [500], "2": [500]}


def test_the_order_is_by_day_rule_item_and_subject_over_all_years():
    same_day = [declared("ai_scenario", "S", "2026-03-01", party=party) for party in (OTHER, PARTY)]
    assert [one.declaration.party for one in outcomes(*same_day)] == [PARTY, OTHER]
    assert shares(*same_day) == {"1": [100], "2": [0]}
    years = declared("ai_scenario", "S", "2027-01-01"), declared("ai_scenario", "S", "2026-12-31", party=OTHER)
    assert shares(*years) == {"2": [100], "1": [0]}
    voucher = declared("compute_voucher", "C", "2026-03-01", party=OTHER, settled="300000.00")
    overseas = declared("compute_voucher_overseas", "C", "2026-03-01", settled="300000.00")
    assert shares(overseas, voucher) == {"2": [9], "1": [0]}


def test_a_second_subject_gets_what_the_first_left():
    took_part = declared("standards", "S", "2026-03-01", role="international_took_part")
    led = declared("standards", "S", "2026-04-01", party=OTHER, role="international_led")
    found = outcomes(took_part, led)
    assert [(one.ceiling_fen // WAN, one.had_fen // WAN) for one in found] == [(10, 0), (20, 10)]
    assert found[1].before == (took_part,)
    (award,) = declared_awards(OTHER, [took_part, led], POLICY)
    assert (award.ceiling_fen, award.cap_fen) == (20 * WAN, 30 * WAN)
    assert [one.ref.fact for one in award.evidence] == [led.ref.fact, took_part.ref.fact]
    assert declared_awards(OTHER, [took_part], POLICY) == []
    told = explain_declared(led.award_id, [led, took_part], POLICY)
    assert [(one["step"], one["value"]) for one in told.steps] == [
        ("base", "0.00"),
        ("cap", "300000.00"),
        ("item", "200000.00"),
    ]
    assert told.steps[-1]["text"] == {
        "zh": "该标准的金额不论由哪个主体申报只计一次，在先的虚构实体（91530100MA6000001X）的"
        "事项S（2026年3月1日取得）测算上限100,000.00元，余200,000.00元。",
        "en": "The amount is the standard's, whoever declares it: S of 2026-03-01 by 91530100MA6000001X came before"
        " with 100,000.00 yuan, so 200,000.00 yuan are left.",
    }


def test_whoever_gets_nothing_is_told_who_had_it():
    first = declared("data_circulation_facility", "P", "2026-03-01")
    second = declared("data_circulation_facility", "P", "2026-04-01", party=OTHER)
    told = explain_declared(second.award_id, [first, second], POLICY)
    assert told.reason.zh == (
        "事项P（2026年4月1日取得）。该事项的金额已全部计入在先的主体："
        "虚构实体（91530100MA6000001X）的事项P（2026年3月1日取得）。"
    )
    assert (told.steps[-1]["step"], told.steps[-1]["value"]) == ("item", "0.00")


def test_a_cluster_may_change_its_operator():
    cluster = [
        declared("cluster_recognition", "C", "2026-01-01", level="province"),
        declared("cluster_recognition", "C", "2027-01-01", party=OTHER, level="nation"),
        declared("cluster_revenue", "C", "2027-12-31", party=OTHER, revenue="50000000000.00"),
        declared("cluster_recognition", "C", "2027-12-31", party=THIRD, level="nation"),
    ]
    assert shares(*cluster) == {"1": [100], "2": [100, 300], "3": [0]}
    before = declared("cluster_recognition", "C", "2024-01-01", level="province")
    assert shares(before, *cluster[1:2]) == {"1": [0], "2": [200]}
    assert shares(before, declared("cluster_recognition", "C", "2026-01-01", party=OTHER, level="city"))["2"] == [0]


def test_the_person_is_the_same_whoever_employs():
    assert shares(
        declared("talent_living_allowance", "T", "2026-03-01"),
        declared("talent_living_allowance", "T", "2027-03-01", party=OTHER),
    ) == {"1": [5], "2": [0]}


def test_items_that_belong_to_their_subject_are_not_shared():
    park = declared("startup_park", "P", "2026-03-01"), declared("startup_park", "P", "2026-04-01", party=OTHER)
    assert shares(*park) == {"1": [50], "2": [50]}
    services = [declared("data_services", "2026", "2026-03-01", party=party) for party in PARTIES]
    assert shares(*services) == {"1": [50], "2": [50], "3": [50]}
    assert group_by_items(services, POLICY.item_rules) == {}
    loans = [
        declared("loan_interest", "L", f"{year}-01-01", party=party, loan="100.00")
        for year, party in ((2026, PARTY), (2028, OTHER), (2028, PARTY))
    ]
    assert [one.why for one in outcomes(*loans)] == [None, None, None]


def test_subjects_that_share_items_are_together_directly_or_through_others():
    assert sharing_subjects([("a", "1"), ("b", "1"), ("b", "2"), ("c", "2"), ("d", "3")]) == dict.fromkeys(
        "abc", frozenset("abc")
    )
    own = declared("ai_scenario", "S", "2026-03-01")
    gone = declared("public_data_scenario", "S", "2026-03-01", party=OTHER, withdrawn=True)
    more = declared("startup_park", "X", "2026-03-01", party=OTHER)
    alone = declared("ai_scenario", "T", "2026-03-01", party=THIRD)
    groups = group_by_items([own, gone, more, alone], POLICY.item_rules)
    assert groups == dict.fromkeys((PARTY.subject, OTHER.subject), (own, gone, more))


def test_a_group_of_many_subjects_takes_memory_in_proportion_to_their_number():
    many = [declared("standards", "S", "2026-03-01", party=Party("uscc", f"X{one:05}", "虚构")) for one in range(1_000)]
    tracemalloc.start()
    groups = group_by_items(many, POLICY.item_rules)
    known = [known_facts([(1, one)]).with_linked(one.party.subject, groups) for one in many]
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {id(one.linked) for one in known} == {id(groups[many[0].party.subject])}
    assert len(known[0].linked) == len(many)
    assert peak_bytes < 4 << 20  # 0.5 MB; a neighbour or a declaration kept for each pair takes 8 bytes a million times


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a reading of items, with one of limits."""
    return msgspec.structs.replace(
        POLICY,
        items=draw(st.sampled_from(["whoever_declares", "each_subject"])),
        limits_cut=draw(st.sampled_from(["payables", "ceilings"])),
    )


@given(shared_histories(), policies(), st.randoms())
def test_verify_comes_to_the_same_in_whatever_order(declarations, policy, rng):
    groups = group_by_items(declarations, policy.item_rules)
    for party in PARTIES:
        own = [one for one in declarations if one.party == party]
        together = list(groups.get(party.subject, own))
        expected = second_reading(party, declarations, TREE, {"items": policy.items, "limits": policy.limits_cut})
        rng.shuffle(together)
        awards = {award.award_id: award for award in declared_awards(party, together, policy)}
        assert set(awards) == set(expected)
        for award_id, award in awards.items():
            other = expected[award_id]
            assert (award.base_fen, award.ceiling_fen, award.cap_fen) == (other["base"], other["ceiling"], other["cap"])
            assert [one.ref.fact for one in award.evidence] == [one["fact"] for one in other["evidence"]]
            assert list(award.flags) == other["flags"]


@given(shared_histories())
def test_an_item_never_brings_more_than_its_greatest_amount(declarations):
    brought: dict[tuple[str, str], int] = {}
    most: dict[tuple[str, str], int] = {}
    for one in outcomes(*declarations):
        if not POLICY.shares_items(one.terms) or one.terms.earned != "once":
            continue
        kind = POLICY.kind_of(one.terms.rule)
        key = (one.terms.rule if kind == "none" else kind, one.declaration.item)
        brought[key] = brought.get(key, 0) + one.ceiling_fen
        most[key] = max(most.get(key, 0), one.worth.amount_fen)
    assert all(fen <= most[key] for key, fen in brought.items())


@given(shared_histories())
def test_whoever_shares_nothing_earns_what_it_would_alone(declarations):
    groups = group_by_items(declarations, POLICY.item_rules)
    for party in PARTIES:
        if party.subject not in groups:
            own = [one for one in declarations if one.party == party]
            assert declared_awards(party, declarations, POLICY) == declared_awards(party, own, POLICY)
