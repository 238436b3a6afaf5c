"""`jiangbu-spark`: recompute every award from an archive, and compare with a ledger."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jiangbu_spark.archive import ArchiveError, ParquetArchive
from jiangbu_spark.compare import award_differences, document_differences, lines_of, read_ledger
from jiangbu_spark.documents import registered
from jiangbu_spark.policy import UncomputedError, read_policy, read_whitelist
from jiangbu_spark.recompute import Report, awards_of, persisted_facts, states_of, sums_by_rule
from jiangbu_spark.session import open_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from jiangbu_spark.policy import ComputedPolicy, CountedExchange

SHOWN = 50  # differences of each kind
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group(help="奖补全量复算。 / Recompute the whole history of jiangbu on Apache Spark.")
def main() -> None:
    pass


@main.command(
    help="由存档复算全部奖补，并可与台账比对。 / Recompute every award of an archive, and compare with a ledger."
    " Exits with 1 if anything differs."
)
@click.option("--archive", "place", required=True, metavar="DIR", help="jiangbu archive --to DIR")
@click.option("--policy", type=FILE, help="policy file; default: the last that the archived ledger put in force")
@click.option("--whitelist", type=FILE, help="exchanges.yaml; default as for --policy")
@click.option("--master", default="local[*]", show_default=True, help="Spark master")
@click.option("--memory", default="2g", show_default=True, help="of the driver, which in local mode does all the work")
@click.option("--to", metavar="DIR", help="write the awards as Parquet")
@click.option("--against", metavar="URL|ZIP", help="PostgreSQL URL of a ledger, or an extract")
@click.option("--json", "is_json", is_flag=True, help="the report as one line of JSON")
def recompute(  # noqa: PLR0913, PLR0917 - the options
    place: str, policy: Path | None, whitelist: Path | None, master: str, memory: str, to: str | None,
    against: str | None, is_json: bool,
) -> None:  # fmt: skip
    spark = open_session(master, memory)
    try:
        archive = ParquetArchive(spark, place)
        terms, exchanges = _settings(archive, policy, whitelist)
        facts = persisted_facts(states_of(archive.records()), exchanges, [terms])
        awards = awards_of(facts, archive, terms, exchanges).persist()
        if to is not None:
            awards.write.mode("overwrite").parquet(to)
        differences = 0 if against is None else _compare(archive, awards, against)
        _print(Report(terms.revision, sums_by_rule(awards), None if against is None else differences), is_json=is_json)
    except (ArchiveError, UncomputedError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        spark.stop()
    sys.exit(1 if differences else 0)


def _settings(
    archive: ParquetArchive, policy: Path | None, whitelist: Path | None
) -> tuple[ComputedPolicy, list[CountedExchange]]:
    """The files that are named; for those that are not, what the ledger put in force last."""
    in_force = ("", "") if policy and whitelist else archive.settings_in_force()
    return (
        read_policy(policy.read_text("utf-8") if policy else in_force[0]),
        read_whitelist(whitelist.read_text("utf-8") if whitelist else in_force[1]),
    )


def _compare(archive: ParquetArchive, awards: DataFrame, against: str) -> int:
    """Print what differs, and return how much."""
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        ledger = read_ledger(archive.spark, against, Path(folder))
        differences = [award_differences(awards, ledger)]
        if ledger.documents is not None:
            differences.append(document_differences(registered(archive.records()), ledger.documents))
        for table in differences:
            found += table.persist().count()
            for line in lines_of(table, SHOWN):
                click.echo(line, err=True)
    return found


def _print(report: Report, *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps(report._asdict(), ensure_ascii=False))
        return
    click.echo(report.policy)
    for rule, sums in report.rules.items():
        click.echo(f"{rule}: {sums['awards']}, {sums['ceiling']}, {sums['payable']}")
    if report.differences is not None:
        click.echo(f"差异 / differences: {report.differences}")


if __name__ == "__main__":
    main()
