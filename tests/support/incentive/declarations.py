"""Declarations and histories of them, for tests of the declared rules."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import strategies as st

from services.incentive.domain.facts import DECLARED, Declaration, DocumentRef, declaration_value
from services.incentive.policy.loader import load_policy
from services.incentive.verifier import rules as verifier_rules
from services.incentive.verifier.policy import PolicyValues
from shared.settings import POLICY_FILE
from shared.values.parties import Party

POLICY = load_policy(POLICY_FILE)
PARTY = Party("uscc", "91530100MA6000001X", "虚构实体")
OTHER = Party("uscc", "91530100MA6000002X", "另一虚构实体")
THIRD = Party("uscc", "91530100MA6000003X", "第三虚构实体")


def declared(
    rule: str,
    item: str,
    day: str,
    *,
    seq: int = 1,
    party: Party = PARTY,
    withdrawn: bool = False,
    exchange: str | None = None,
    **measure: str,
) -> Declaration:
    earned_on = date.fromisoformat(day)
    return Declaration(
        generation=1,
        seq=seq,
        party=party,
        rule=rule,
        item=item,
        earned_on=earned_on,
        measure=measure,
        exchange=exchange,
        documents=(DocumentRef("红头文件.pdf", "0" * 64),),
        withdrawn=withdrawn,
        declared_by="test",
        declared_at=datetime(2026, 6, 1, tzinfo=UTC),
    )


def assessed(one: Declaration, fen: int | None) -> Declaration:
    """Return the declaration with the amount that the bureau assessed."""
    return msgspec.structs.replace(one, assessed_fen=fen)


def second_reading(
    party: Party, declarations: list[Declaration], tree: Mapping[str, Any], readings: Mapping[str, str]
) -> dict[str, Any]:
    """Compute the verifier's awards of a party from declarations, by a policy tree with these readings of clauses."""
    changed = {name: {**tree["general"][name], "reading": reading} for name, reading in readings.items()}
    facts = [
        {"topic": DECLARED, "fact": one.ref.fact, "generation": 1, "seq": one.seq,
         "value": msgspec.json.decode(declaration_value(one))}
        for one in declarations
    ]  # fmt: skip
    policy = PolicyValues({**tree, "general": {**tree["general"], **changed}})
    return {one["award_id"]: one for one in verifier_rules.declared_awards(party.subject, facts, policy)}


RULES = {
    "computing_centre": ("pue", ["1.2", "1.3"]),
    "data_assets": (None, []),
    "data_services": (None, []),
    "outbound_transfer": (None, []),
    "startup_park": (None, []),
    "standards": ("role", ["international_led", "national_led", "industry_led"]),
    "ai_model": (None, []),
    "revenue_growth": ("revenue", ["99999999.99", "100000000", "500000000.00", "10000000000.00"]),
    "compute_voucher": ("settled", ["33333.33", "33333.34", "700000.01", "2000000"]),
    "compute_voucher_overseas": ("settled", ["700000.01", "2000000"]),
    "loan_interest": ("loan", ["0.49", "100", "50000000.00"]),
    "cluster_recognition": ("level", ["city", "province", "nation"]),
    "cluster_revenue": ("revenue", ["19999999999.99", "20000000000.00", "50000000000.00"]),
    "international_communications": (None, []),
}
_MORE_RULES = {
    "compute_voucher_overseas": RULES["compute_voucher"],
    "contest": ("prize", ["provincial_third", "national_first"]),
    "data_circulation_facility": (None, []),
    "talent_living_allowance": (None, []),
}
DAYS = ["2024-01-01", "2025-10-14", "2025-10-15", "2026-01-01", "2026-07-01", "2027-01-01", "2028-10-15", "2028-10-16"]


# Rules whose amount is the item's, whoever declares it, with two rules of one kind and one of no kind.
SHARED_RULES = ("cluster_recognition", "cluster_revenue", "compute_voucher", "compute_voucher_overseas", "contest",
                "data_circulation_facility", "standards", "startup_park", "talent_living_allowance")  # fmt: skip

_ASSESSED = st.sampled_from([None] * 5 + [1, 1_000_000, 30_000_000])


@st.composite
def shared_histories(draw: st.DrawFn) -> list[Declaration]:
    """Declarations of three subjects that often share items."""
    found: dict[str, Declaration] = {}
    for seq in range(1, draw(st.integers(2, 14))):
        rule = draw(st.sampled_from(SHARED_RULES))
        name, values = {**RULES, **_MORE_RULES}[rule]
        measure = {name: draw(st.sampled_from(values))} if name else {}
        day, item = draw(st.sampled_from(DAYS)), draw(st.sampled_from(["A", "B"]))
        party = draw(st.sampled_from([PARTY, OTHER, THIRD]))
        withdrawn = draw(st.sampled_from([False] * 7 + [True]))
        one = declared(rule, item, day, seq=seq, party=party, withdrawn=withdrawn, **measure)
        one = assessed(one, draw(_ASSESSED))
        found[one.ref.fact] = one
    return list(found.values())


@st.composite
def histories(draw: st.DrawFn) -> list[Declaration]:
    found: dict[str, Declaration] = {}
    for seq in range(1, draw(st.integers(2, 12))):
        rule = draw(st.sampled_from(sorted(RULES)))
        name, values = RULES[rule]
        measure = {name: draw(st.sampled_from(values))} if name else {}
        day, item = draw(st.sampled_from(DAYS)), draw(st.sampled_from(["A", "B", "a"]))
        one = declared(rule, item, day, seq=seq, withdrawn=draw(st.sampled_from([False] * 7 + [True])), **measure)
        one = assessed(one, draw(_ASSESSED))
        found[one.ref.fact] = one
    return list(found.values())
