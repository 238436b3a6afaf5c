"""Declared rewards, limits, acts and other grants on Spark against the verifier, over random histories in one pass."""

from __future__ import annotations

import json
import random
from functools import reduce
from typing import TYPE_CHECKING, Any

from devset.expected import policy_tree
from services.incentive.domain.facts import declaration_value
from services.incentive.verifier.payables import CompetingAward, MunicipalGrant
from services.incentive.verifier.payables import payables as verified_payables
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.rules import declared_awards
from shared.values.parties import Party
from tests.support.incentive.declarations import DAYS, RULES, SHARED_RULES, assessed, declared
from tests.support.reading_cases import IN_FORCE, tree_by

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
CEILING_READINGS = (
    IN_FORCE, "general.items", "declared.rules.revenue_growth.readings.history",
    "declared.rules.revenue_growth.readings.history=steps_before_the_policy_are_ignored",
)  # fmt: skip
PAYABLE_READINGS = (
    (IN_FORCE,), ("general.highest_only",), ("general.highest_only=same_matter",), ("general.other_grants",),
    ("general.other_grants=highest",), ("general.voucher_limits",), ("general.operators_ladder",),
    ("declared.rules.data_services.readings.assessments=each_by_itself",),
    ("declared.rules.compute_voucher.readings.minimum",),
    ("general.highest_only=same_matter", "general.other_grants=highest"),
)  # fmt: skip


def tree_by_all(readings: tuple[str, ...]) -> dict[str, Any]:
    """The policy file with each of these readings, which are of different clauses."""
    tree = tree_by(readings[0])
    for name in readings[1:]:
        clause = name.removeprefix("general.").partition("=")[0]
        tree["general"][clause] = tree_by(name)["general"][clause]
    return tree


def history(number: int, rng: random.Random) -> list[Declaration]:
    """The declarations of three subjects, which often share items."""
    parties = [Party("uscc", f"H{number:05d}-{one}", "虚构") for one in range(3)]
    found: dict[str, Declaration] = {}
    for seq in range(1, rng.randint(2, 16)):
        rule = rng.choice(SHARED_RULES if number % 2 else sorted(MEASURES)) if number % 5 else "revenue_growth"
        name, values = MEASURES[rule]
        measure = {name: rng.choice(values)} if name else {}
        item, party = f"{rng.choice('ABa')}{number}", rng.choice(parties)
        one = declared(rule, item, rng.choice(DAYS), seq=seq, party=party, withdrawn=rng.random() < 0.1, **measure)
        one = assessed(one, rng.choice([None] * 5 + [1, 1_000_000, 30_000_000]))
        found[one.ref.fact] = one
    return list(found.values())


def verified_ceilings(told: list[Declaration], policy: PolicyValues) -> Iterator[tuple[str, int]]:
    facts = [
        {"topic": "declared", "fact": one.ref.fact, "generation": 1, "seq": one.seq,
         "value": json.loads(declaration_value(one))}
        for one in told
    ]  # fmt: skip
    for subject in {one.party.subject for one in told}:
        for award in declared_awards(subject, facts, policy):
            yield award["award_id"], award["ceiling"]


def test_ceilings_of_declarations_by_each_reading(spark: SparkSession) -> None:
    from jiangbu_spark.archive import DECLARATIONS  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.declared import declared_ceilings  # noqa: PLC0415
    from jiangbu_spark.policy import policy_of  # noqa: PLC0415

    rng = random.Random(24)
    histories = [history(number, rng) for number in range(HISTORIES)]
    rows = [
        (number, one.key, one.seq, None, declaration_value(one))
        for number, one in enumerate(one for told in histories for one in told)
    ]
    declarations = spark.createDataFrame(rows, DECLARATIONS)
    frames = [
        declared_ceilings(declarations, policy_of(tree_by(reading))).selectExpr(
            f"'{reading}' AS reading", "award_id", "ceiling_fen"
        )
        for reading in CEILING_READINGS
    ]
    found: dict[str, dict[str, int]] = {reading: {} for reading in CEILING_READINGS}
    for row in reduce(lambda one, other: one.unionByName(other), frames).collect():
        found[row.reading][row.award_id] = row.ceiling_fen
    for reading in CEILING_READINGS:
        policy = PolicyValues(tree_by(reading))
        expected = dict(award for told in histories for award in verified_ceilings(told, policy))
        assert len(expected) > HISTORIES
        assert found[reading] == expected, reading
    assert len({tuple(sorted(one.items())) for one in found.values()}) == len(CEILING_READINGS)


PAID_RULES = (
    "ai_model", "ai_scenario", "standards", "loan_interest", "compute_voucher", "compute_voucher_overseas",
    "data_services", "talent_living_allowance", "cluster_recognition", "first_listing", "first_purchase",
    "annual_listed_trading", "exchange_tiers",
)  # fmt: skip
Life = tuple[list[CompetingAward], dict[tuple[str, int], list[MunicipalGrant]]]


def life(number: int, rng: random.Random) -> Life:
    """The awards of a subject over the years, some approved, some set aside, and grants of others."""
    subject, awards, grants = f"uscc:L{number:05d}", [], dict[tuple[str, int], list[MunicipalGrant]]()
    rules = rng.sample(PAID_RULES, rng.randint(1, 4))
    for turn in range(rng.randint(1, 9)):
        rule, year = rng.choice(rules), rng.randint(2025, 2028)
        day = "" if rule in POLICY.rules else f"{year}-{rng.choice(('10-16', '11-01', '12-31'))}"
        ceiling = rng.choice([1, 2_000_000, 20_000_000, 30_000_000, 100_000_000])
        if rule == "exchange_tiers":
            award_id = f"{rule}/x{number}-{turn % 2}/{year}"
        else:
            award_id = f"{rule}/{subject}" + (
                "" if rule.startswith("first") else f"/{year}" + f"/i{turn % 4}" * bool(day)
            )
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


def small_rest() -> Life:
    """Two vouchers, of which the later has been approved in part, and the limit leaves less than the minimum of it."""
    whose, rule = ("uscc:L99999", 2026), "compute_voucher"
    found = [
        CompetingAward(f"{rule}/{whose[0]}/2026/{item}", rule, ceiling, whose, ceiling, day, standing, is_aside=False)
        for item, ceiling, day, standing in (
            ("V1", 28_500_000, "2026-03-01", 28_500_000), ("V2", 2_000_000, "2026-06-01", 1_000_000),
        )
    ]  # fmt: skip
    return found, {}


def claim(one: CompetingAward, ranks: dict[str, Any]) -> tuple[Any, ...]:
    """The columns of a claim."""
    rule = ranks[one.rule]
    return (
        one.award_id, one.rule, rule.rank, rule.kind, one.subject_year[0], one.subject_year[1], one.day, one.item,
        one.cap, one.ceiling, one.standing, one.is_aside,
    )  # fmt: skip


def test_payables_under_acts_and_grants_by_each_reading(spark: SparkSession) -> None:
    from jiangbu_spark.ceilings import in_worlds  # noqa: PLC0415 - it needs PySpark
    from jiangbu_spark.payables import payables  # noqa: PLC0415
    from jiangbu_spark.policy import policy_of  # noqa: PLC0415

    rng = random.Random(7)
    lives = [*(life(number, rng) for number in range(LIVES)), small_rest()]
    trees = [tree_by_all(readings) for readings in PAYABLE_READINGS]
    policies = [policy_of(tree) for tree in trees]
    rules = {**policies[0].rules, **policies[0].declared}
    claims = spark.createDataFrame(
        [(*claim(one, rules), list(range(len(policies)))) for awards, _ in lives for one in awards],
        "award_id STRING, rule STRING, rule_rank INT, kind STRING, subject STRING, year INT, day STRING, item STRING,"
        " cap_fen BIGINT, ceiling_fen BIGINT, standing_fen BIGINT, is_aside BOOLEAN, policies ARRAY<INT>",
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
    found: list[dict[str, tuple[int, str | None]]] = [{} for _ in policies]
    for row in payables(in_worlds(claims, policies), policies, grants).collect():
        for place in row.policies:
            found[place][row.award_id] = (row.payable_fen, row.suppressed_by)
    awards = [one for some, _ in lives for one in some]
    for place, tree in enumerate(trees):
        expected = verified_payables(awards, PolicyValues(tree), given)
        assert {name: one for name, one in found[place].items() if one != expected[name]} == {}, PAYABLE_READINGS[place]
        assert found[place].keys() == expected.keys()
    assert len({tuple(sorted(one.items())) for one in found}) == len(policies)
