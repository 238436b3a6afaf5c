"""The awards and prices of an archive by one policy or many: what the command and the notebook both run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jiangbu_spark.policy import ComputedPolicy, CountedExchange, UncomputedError, policy_of, read_tree, read_whitelist
from jiangbu_spark.prices import affected, prices
from jiangbu_spark.readings import alternatives, texts_of
from jiangbu_spark.recompute import awards_of, kept_facts, states_of
from jiangbu_spark.report import Report
from jiangbu_spark.session import fit_shuffles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

    from jiangbu_spark.archive import ParquetArchive

IN_FORCE = "in_force"
RECORDS_OF_A_FACT = 20  # at least, as each company has many documents


class TermsError(Exception):
    """The files that are named cannot be computed together."""


@dataclass(frozen=True)
class Terms:
    """The policies by name, the first one first, and the whitelist.

    `uncomputed`: alternatives that the job cannot compute, with the reason; `texts`: what policies are in Chinese.
    """

    policies: Mapping[str, ComputedPolicy]
    uncomputed: Mapping[str, str]
    texts: Mapping[str, str]
    whitelist: Sequence[CountedExchange]


def read_terms(
    archive: ParquetArchive, policies: Sequence[Path] = (), whitelist: Path | None = None, *,
    with_alternatives: bool = False,
) -> Terms:  # fmt: skip
    """The files that are named; for those that are not, what the ledger put in force last.

    TermsError for two policies of one name, UncomputedError for a policy that the job does not compute.
    """
    in_force = ("", "") if policies and whitelist else archive.settings_in_force()
    trees = {path.stem: read_tree(path.read_text("utf-8")) for path in policies} or {IN_FORCE: read_tree(in_force[0])}
    if policies and len(trees) < len(policies):
        raise TermsError("--policy: 文件重名 / two files of one name")
    computed = {name: policy_of(tree) for name, tree in trees.items()}
    uncomputed: dict[str, str] = {}
    for name, tree in alternatives(next(iter(trees.values()))) if with_alternatives else ():
        try:
            computed[name] = policy_of(tree)
        except UncomputedError as error:
            uncomputed[name] = str(error)
    listed = read_whitelist(whitelist.read_text("utf-8") if whitelist else in_force[1])
    texts = texts_of(next(iter(trees.values()))) | {IN_FORCE: "台账最后启用的政策"}
    return Terms(computed, uncomputed, texts, listed)


def awards_by_terms(archive: ParquetArchive, accepted: Mapping[str, DataFrame], terms: Terms) -> DataFrame:
    """The awards as `awards_of` returns them, kept for what follows. `accepted`: documents by kind."""
    fit_shuffles(archive.spark, archive.rows)
    policies = list(terms.policies.values())
    facts = kept_facts(states_of(accepted), terms.whitelist, policies)
    fit_shuffles(archive.spark, archive.rows // RECORDS_OF_A_FACT)
    return awards_of(facts, archive, policies, terms.whitelist).persist()


def report_of(awards: DataFrame, terms: Terms, differences: int | None = None) -> Report:
    """The report of these awards. `differences`: to a ledger, None where nothing was compared."""
    names = list(terms.policies)
    return Report(
        {name: policy.revision for name, policy in terms.policies.items()},
        prices(awards, names),
        affected(awards, names),
        terms.uncomputed,
        differences,
    )
