"""The readings that the job knows, beside those that the policy file can choose. It needs no PySpark."""

from __future__ import annotations

from jiangbu_spark.policy import UncomputedError, policy_of, read_tree
from jiangbu_spark.readings import OF_NO_AMOUNT, alternatives

from shared.settings import POLICY_FILE
from tests.support.reading_cases import alternatives as known_alternatives
from tests.support.reading_cases import tree_by

# Those that need other steps: whole life, limits on ceilings, steps less payables.
UNCOMPUTED = {
    "highest_only_scope=whole_life", "limits=ceilings", "steps=payables", "steps=approved",
}  # fmt: skip


def test_alternatives_are_those_that_the_file_can_choose() -> None:
    of_no_amount = {f"general.{clause}" for clause in OF_NO_AMOUNT}
    expected = [tree_by(name) for name in known_alternatives() if name.partition("=")[0] not in of_no_amount]
    found = dict(alternatives(read_tree(POLICY_FILE.read_text("utf-8"))))
    assert len(found) == len(expected)
    assert all(tree in expected for tree in found.values())
    assert "rounding=down_to_the_yuan" in found
    assert "exchange_tiers.exceeding=over_means_ge" in found


def test_an_alternative_is_computed_or_refused_by_name() -> None:
    refused = {}
    for name, tree in alternatives(read_tree(POLICY_FILE.read_text("utf-8"))):
        try:
            policy_of(tree)
        except UncomputedError as error:
            refused[name] = str(error)
    assert refused.keys() == UNCOMPUTED
    assert all(name.partition("=")[2] in why for name, why in refused.items())
