"""Declared rewards, limits, acts and other grants on Spark against the verifier, over random histories in one pass."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from devset.expected import policy_tree
from services.incentive.domain.facts import declaration_value
from services.incentive.verifier.payables import CompetingAward, MunicipalGrant
from services.incentive.verifier.payables import payables as verified_payables
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.rules import declared_awards
from shared.settings import POLICY_FILE
from shared.values.parties import Party
from tests.support.incentive.declarations import DAYS, RULES, SHARED_RULES, assessed, declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

    from services.incentive.domain.facts import Declaration
    from services.incentive.verifier.payables import OtherGrants

HISTORIES, LIVES = 120, 250
MEASURES = {
    **RULES,
    "contest": ("prize", ["provincial_third", "national_first"]),
    "data_circulation_facility": (None, []),
    "talent_living_allowance": (None, []),
}
POLICY = PolicyValues(policy_tree())


def history(number: int, rng: random.Random) -> list[Declaration]:
    """The declarations of three subjects, which often share items."""
    parties = [Party("uscc", f"H{number:05d}-{one}", "虚构") for one in range(3)]
    found: dict[str, Declaration] = {}
    for seq in range(1, rng.randint(2, 16)):
        rule = rng.choice(SHARED_RULES if number % 2 else sorted(MEASURES))
        name, values = MEASURES[rule]
        measure = {name: rng.choice(values)} if name else {}
        item, party = f"{rng.choice('ABa')}{number}", rng.choice(parties)
        one = declared(rule, item, rng.choice(DAYS), seq=seq, party=party, withdrawn=rng.random() < 0.1, **measure)
        one = assessed(one, rng.choice([None] * 5 + [1, 1_000_000, 30_000_000]))
        found[one.ref.fact] = one
    return list(found.values())


def verified_ceilings(told: list[Declaration]) -> Iterator[tuple[str, int]]:
    facts = [
        {"topic": "declared", "fact": one.ref.fact, "generation": 1, "seq": one.seq,
         "value": json.loads(declaration_value(one))}
        for one in told
    ]  # fmt: skip
    for subject in {one.party.subject for one in told}:
        for award in declared_awards(subject, facts, POLICY):
            yield award["award_id"], award["ceiling"]


def test_ceilings_of_declarations(spark: SparkSession) -> None:
    from jiangbu_spark.archive import DECLARATIONS  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.declared import declared_ceilings  # noqa: PLC0415
    from jiangbu_spark.policy import read_policy  # noqa: PLC0415

    rng = random.Random(24)
    histories = [history(number, rng) for number in range(HISTORIES)]
    rows = [
        (number, one.key, one.seq, None, declaration_value(one))
        for number, one in enumerate(one for told in histories for one in told)
    ]
    policy = read_policy(POLICY_FILE.read_text("utf-8"))
    found = declared_ceilings(spark.createDataFrame(rows, DECLARATIONS), policy)
    expected = dict(award for told in histories for award in verified_ceilings(told))
    assert len(expected) > HISTORIES
    assert {row.award_id: row.ceiling_fen for row in found.collect()} == expected


Life = tuple[list[CompetingAward], dict[tuple[str, int], list[MunicipalGrant]]]


def life(number: int, rng: random.Random) -> Life:
    """The awards of a subject over the years, some approved, some set aside, and grants of others."""
    subject, awards, grants = f"uscc:L{number:05d}", [], dict[tuple[str, int], list[MunicipalGrant]]()
    rules = rng.sample(["ai_model", "standards", "loan_interest", "compute_voucher", "compute_voucher_overseas",
                        "data_services", "talent_living_allowance", "cluster_recognition", "first_listing",
                        "first_purchase", "annual_listed_trading", "exchange_tiers"], rng.randint(1, 4))  # fmt: skip
    for turn in range(rng.randint(1, 9)):
        rule, year = rng.choice(rules), rng.randint(2025, 2028)
        day = "" if rule in POLICY.rules else f"{year}-{rng.choice(('10-16', '11-01', '12-31'))}"
        ceiling = rng.choice([1, 2_000_000, 20_000_000, 30_000_000, 100_000_000])
        if rule == "exchange_tiers":
            award_id = f"{rule}/x{number}-{turn % 2}/{year}"
        else:
            award_id = f"{rule}/{subject}" + ("" if rule.startswith("first") else f"/{year}" + f"/i{turn}" * bool(day))
        standing = rng.choice([0, 0, 0, ceiling, ceiling // 2, 7 * ceiling])
        cap = rng.choice([ceiling, 2 * ceiling]) if rule == "exchange_tiers" else ceiling
        awards.append(CompetingAward(award_id, rule, ceiling, (subject, year), cap, day, standing, rng.random() < 0.15))
    awards = list({one.award_id: one for one in awards}.values())
    for turn in range(rng.choice([0, 0, 1, 3])):
        year = rng.randint(2025, 2028)
        named = [one.award_id for one in awards if rng.random() < 0.3]
        grants.setdefault((subject, year), []).append(
            MunicipalGrant(f"other_grant/{number}-{turn}", rng.choice([1, 3_000_000, 90_000_000]), "2026-01-01",
                           rng.sample(rules, rng.randint(0, len(rules))), named)
        )  # fmt: skip
    return awards, grants


def claim(one: CompetingAward, ranks: dict[str, Any]) -> tuple[Any, ...]:
    """The columns of a claim."""
    rule = ranks[one.rule]
    return (
        one.award_id, one.rule, rule.rank, rule.kind, one.subject_year[0], one.subject_year[1], one.day, one.item,
        one.cap, one.ceiling, one.standing, one.is_aside,
    )  # fmt: skip


@pytest.mark.parametrize("reading", ["kinds_compete", "all_compete"])
def test_payables_under_acts_and_grants(spark: SparkSession, reading: str) -> None:
    from jiangbu_spark.payables import payables  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.policy import read_policy  # noqa: PLC0415

    rng = random.Random(7)
    lives = [life(number, rng) for number in range(LIVES)]
    text = POLICY_FILE.read_text("utf-8").replace("reading: kinds_compete", f"reading: {reading}")
    policy = read_policy(text)
    rules = {**policy.rules, **policy.declared}
    claims = spark.createDataFrame(
        [claim(one, rules) for awards, _ in lives for one in awards],
        "award_id STRING, rule STRING, rule_rank INT, kind STRING, subject STRING, year INT, day STRING, item STRING,"
        " cap_fen BIGINT, ceiling_fen BIGINT, standing_fen BIGINT, is_aside BOOLEAN",
    )
    given: OtherGrants = {whose: some for _, grants in lives for whose, some in grants.items()}
    rows = [
        (*whose, one.name, one.amount, one.day, list(one.rules), list(one.awards))
        for whose, some in given.items()
        for one in some
    ]
    named = "rules ARRAY<STRING>, awards ARRAY<STRING>"
    grants = spark.createDataFrame(
        rows, f"subject STRING, year INT, name STRING, amount_fen BIGINT, day STRING, {named}"
    )
    tree = policy_tree()
    tree["general"]["highest_only"]["reading"] = reading
    expected = verified_payables([one for awards, _ in lives for one in awards], PolicyValues(tree), given)
    found = {row.award_id: (row.payable_fen, row.suppressed_by) for row in payables(claims, policy, grants).collect()}
    assert {name: one for name, one in found.items() if one != expected[name]} == {}
    assert found.keys() == expected.keys()
