"""`jiangbu-spark`: recompute every award from an archive, by one policy or many, and compare with a ledger."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pyspark import StorageLevel

from jiangbu_spark.archive import ArchiveError, ParquetArchive
from jiangbu_spark.compare import award_differences, document_differences, is_database, lines_of, read_ledger
from jiangbu_spark.documents import registered
from jiangbu_spark.policy import UncomputedError, policy_of, read_tree, read_whitelist
from jiangbu_spark.prices import affected, prices, write_prices
from jiangbu_spark.readings import alternatives
from jiangbu_spark.recompute import accepted_of, awards_by, awards_of, kept_facts, states_of, write_awards
from jiangbu_spark.report import Report
from jiangbu_spark.session import open_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy, CountedExchange

SHOWN = 50  # differences of each kind
IN_FORCE = "in_force"
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@dataclass(frozen=True)
class Terms:
    """The policies by name, the first one first; the alternatives that the job cannot compute; the whitelist."""

    policies: Mapping[str, ComputedPolicy]
    uncomputed: Mapping[str, str]
    whitelist: Sequence[CountedExchange]


@click.group(help="奖补全量复算。 / Recompute the whole history of jiangbu on Apache Spark.")
def main() -> None:
    pass


@main.command(
    help="由存档复算全部奖补，并可与台账比对。 / Recompute every award of an archive, and compare with a ledger."
    " Exits with 1 if anything differs."
)
@click.option("--archive", "place", required=True, metavar="DIR", help="jiangbu archive --to DIR")
@click.option(
    "--policy", "policies", type=FILE, multiple=True,
    help="policy file; several times: all in one pass, compared with the first; default: the last that the archived"
    " ledger put in force",
)  # fmt: skip
@click.option("--alternatives", "with_alternatives", is_flag=True, help="also each alternative reading of the first")
@click.option("--whitelist", type=FILE, help="exchanges.yaml; default as for --policy")
@click.option("--master", default="local[*]", show_default=True, help="Spark master")
@click.option("--memory", default="2g", show_default=True, help="of the driver, which in local mode does all the work")
@click.option("--to", metavar="DIR", help="write the awards as Parquet, what they cost as Parquet and CSV")
@click.option("--against", metavar="URL|ZIP", help="PostgreSQL URL of a ledger, or an extract, for the first policy")
@click.option("--json", "is_json", is_flag=True, help="the report as one line of JSON")
def recompute(  # noqa: PLR0913, PLR0917 - the options
    place: str, policies: tuple[Path, ...], with_alternatives: bool, whitelist: Path | None, master: str, memory: str,
    to: str | None, against: str | None, is_json: bool,
) -> None:  # fmt: skip
    spark = open_session(master, memory)
    try:
        archive = ParquetArchive(spark, place)
        settings = _settings(archive, policies, whitelist, with_alternatives=with_alternatives)
        accepted = accepted_of(archive.records())
        if against is not None and not is_database(against):  # an extract may name every document: they are read twice
            accepted = {kind: table.persist(StorageLevel.DISK_ONLY) for kind, table in accepted.items()}
        awards = _awards(archive, accepted, settings).persist()
        if to is not None:
            write_awards(awards, list(settings.policies), f"{to}/awards")
        differences = None if against is None else _compare(accepted, awards_by(awards, 0), against)
        report = _report(awards, settings, differences)
        if to is not None:
            write_prices(spark, report.prices, to)
    except (ArchiveError, UncomputedError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        spark.stop()
    for line in [json.dumps(report.as_json(), ensure_ascii=False)] if is_json else report.lines():
        click.echo(line)
    sys.exit(1 if differences else 0)


def _settings(
    archive: ParquetArchive, policies: Sequence[Path], whitelist: Path | None, *, with_alternatives: bool
) -> Terms:
    """The files that are named; for those that are not, what the ledger put in force last."""
    in_force = ("", "") if policies and whitelist else archive.settings_in_force()
    trees = {path.stem: read_tree(path.read_text("utf-8")) for path in policies} or {IN_FORCE: read_tree(in_force[0])}
    if policies and len(trees) < len(policies):
        raise click.ClickException("--policy: 文件重名 / two files of one name")
    computed = {name: policy_of(tree) for name, tree in trees.items()}
    uncomputed: dict[str, str] = {}
    for name, tree in alternatives(next(iter(trees.values()))) if with_alternatives else ():
        try:
            computed[name] = policy_of(tree)
        except UncomputedError as error:
            uncomputed[name] = str(error)
    return Terms(computed, uncomputed, read_whitelist(whitelist.read_text("utf-8") if whitelist else in_force[1]))


def _awards(archive: ParquetArchive, accepted: Mapping[str, DataFrame], settings: Terms) -> DataFrame:
    policies = list(settings.policies.values())
    facts = kept_facts(states_of(accepted), settings.whitelist, policies)
    return awards_of(facts, archive, policies, settings.whitelist)


def _report(awards: DataFrame, settings: Terms, differences: int | None) -> Report:
    names = list(settings.policies)
    return Report(
        {name: policy.revision for name, policy in settings.policies.items()},
        prices(awards, names),
        affected(awards, names),
        settings.uncomputed,
        differences,
    )


def _compare(accepted: Mapping[str, DataFrame], awards: DataFrame, against: str) -> int:
    """Print what differs, and return how much."""
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        ledger = read_ledger(awards.sparkSession, against, Path(folder))
        differences = [award_differences(awards, ledger)]
        if ledger.documents is not None:
            differences.append(document_differences(registered(accepted), ledger.documents))
        for table in differences:
            found += table.persist().count()
            for line in lines_of(table, SHOWN):
                click.echo(line, err=True)
    return found


if __name__ == "__main__":
    main()
