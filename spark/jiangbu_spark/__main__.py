"""`jiangbu-spark`: recompute every award from an archive, by one policy or many, and compare with a ledger."""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException

from jiangbu_spark.archive import ArchiveError, ParquetArchive, has_few_records
from jiangbu_spark.compare import award_differences, document_differences, is_database, lines_of, read_ledger
from jiangbu_spark.documents import registered
from jiangbu_spark.kept import KeptError, kept_documents
from jiangbu_spark.policy import UncomputedError
from jiangbu_spark.prices import write_prices
from jiangbu_spark.recompute import accepted_of, awards_by, write_awards
from jiangbu_spark.session import FIRST_COMPILER, fit_shuffles, open_session
from jiangbu_spark.what_if import TermsError, awards_by_terms, read_terms, report_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

SHOWN = 50  # differences of each kind
FAILURES = (ArchiveError, KeptError, TermsError, UncomputedError)
FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


class NothingComputed(click.ClickException):
    """The awards could not be computed, so nothing is known of differences."""

    exit_code = 2


@click.group(help="奖补全量复算。 / Recompute the whole history of jiangbu on Apache Spark.")
def main() -> None:
    pass


@main.command(
    help="由存档复算全部奖补，并可与台账比对。 / Recompute every award of an archive, and compare with a ledger."
    " Exits with 1 if anything differs, with 2 if it cannot be computed."
)
@click.option("--archive", "place", required=True, metavar="DIR", help="jiangbu archive --to DIR")
@click.option(
    "--policy", "policies", type=FILE, multiple=True,
    help="policy file; several times: all in one pass, compared with the first; default: the last that the archived"
    " ledger put in force",
)  # fmt: skip
@click.option("--alternatives", "with_alternatives", is_flag=True, help="also each alternative reading of the first")
@click.option("--whitelist", type=FILE, help="exchanges.yaml; default as for --policy")
@click.option(
    "--documents", metavar="DIR",
    help="keep the documents of the archive's files in DIR, and read only new files the next time",
)  # fmt: skip
@click.option("--master", default="local[*]", show_default=True, help="Spark master")
@click.option("--memory", default="2g", show_default=True, help="of the driver, which in local mode does all the work")
@click.option("--to", metavar="DIR", help="write the awards as Parquet, what they cost as Parquet and CSV")
@click.option("--against", metavar="URL|ZIP", help="PostgreSQL URL of a ledger, or an extract, for the first policy")
@click.option("--json", "is_json", is_flag=True, help="the report as one line of JSON")
def recompute(  # noqa: PLR0913, PLR0917 - the options
    place: str, policies: tuple[Path, ...], with_alternatives: bool, whitelist: Path | None, documents: str | None,
    master: str, memory: str, to: str | None, against: str | None, is_json: bool,
) -> None:  # fmt: skip
    spark = open_session(master, memory, **(FIRST_COMPILER if has_few_records(place) else {}))
    try:
        archive = ParquetArchive(spark, place)
        terms = read_terms(archive, policies, whitelist, with_alternatives=with_alternatives)
        accepted = accepted_of(archive.records()) if documents is None else kept_documents(archive, documents)
        # An extract may name every document: they are read twice.
        if documents is None and against is not None and not is_database(against):
            accepted = {kind: table.persist(StorageLevel.DISK_ONLY) for kind, table in accepted.items()}
        awards = awards_by_terms(archive, accepted, terms)
        if to is not None:
            write_awards(awards, list(terms.policies), f"{to}/awards")
        differences = None if against is None else _compare(archive, accepted, awards_by(awards, 0), against)
        report = report_of(awards, terms, differences)
        if to is not None:
            write_prices(spark, report.prices, to)
    except (*FAILURES, OSError, Py4JError, PySparkException, psycopg.Error, zipfile.BadZipFile) as error:
        raise NothingComputed(str(error)) from error
    finally:
        spark.stop()
    for line in [json.dumps(report.as_json(), ensure_ascii=False)] if is_json else report.lines():
        click.echo(line)
    sys.exit(1 if differences else 0)


def _compare(archive: ParquetArchive, accepted: Mapping[str, DataFrame], awards: DataFrame, against: str) -> int:
    """Print what differs, and return how much."""
    found = 0
    fit_shuffles(archive.spark, archive.rows)
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
