"""Compare recomputed awards and documents with a ledger: its database, or an extract."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from jiangbu_spark.sql import fen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame, SparkSession

AWARDS = "award_id STRING, subject STRING, year INT, ceiling_fen BIGINT, payable_fen BIGINT, suppressed_by STRING"
ACCOUNTS = "account STRING, balance_fen BIGINT"
DOCUMENTS = (
    "kind STRING, exchange STRING, number STRING, revision INT, topic STRING, partition INT, offset BIGINT,"
    " value_sha256 STRING"
)
COMPARED = ("subject", "year", "ceiling_fen", "payable_fen", "suppressed_by")
_AWARDS = (
    "SELECT award_id, subject, year, ceiling_fen, payable_fen, suppressed_by FROM award_current WHERE ceiling_fen > 0"
)
_ACCOUNTS = """
    SELECT account, sum(credit_fen - debit_fen) FROM ledger_entry WHERE account LIKE 'entitlement:%' GROUP BY account
    HAVING sum(credit_fen - debit_fen) <> 0
"""


@dataclass(frozen=True)
class Ledger:
    """The content of a ledger: its awards over zero, the balances of entitlements, and the documents behind them.

    `documents` is None where the ledger does not name all of them, as extracts of whole registers do.
    """

    awards: DataFrame
    accounts: DataFrame
    documents: DataFrame | None


def is_database(source: str) -> bool:
    """True for a PostgreSQL URL, false for the path of an extract."""
    return source.startswith(("postgresql://", "postgres://"))


def read_ledger(spark: SparkSession, source: str, folder: Path) -> Ledger:
    """Read a PostgreSQL URL or the path of an extract through files in an empty folder."""
    if not is_database(source):
        return _read_extract(spark, Path(source), folder)
    copy_ledger(source, folder)
    return read_copy(spark, folder)


def copy_ledger(url: str, folder: Path) -> None:
    """Copy what is compared from the database of a ledger into files in a folder."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for name, query in (("awards", _AWARDS), ("accounts", _ACCOUNTS)):
            with (folder / name).open("wb") as file, connection.cursor().copy(f"COPY ({query}) TO STDOUT CSV") as rows:
                for block in rows:
                    file.write(block)


def read_copy(spark: SparkSession, folder: Path) -> Ledger:
    """The ledger that `copy_ledger` copied into a folder."""
    awards, accounts = (
        spark.read.schema(schema).csv(str(folder / name))
        for name, schema in (("awards", AWARDS), ("accounts", ACCOUNTS))
    )
    return Ledger(awards, accounts, None)


def _read_extract(spark: SparkSession, path: Path, folder: Path) -> Ledger:
    with zipfile.ZipFile(path) as extract:
        entries = [name for name in extract.namelist() if name.startswith("evidence/") and name.endswith(".ndjson")]
        extract.extractall(folder, ["awards.ndjson", "balances.json", "manifest.json", *entries])
    subject = "concat(subject.id_scheme, ':', subject.id)"
    awards = (
        spark.read.schema(
            "award_id STRING, subject STRUCT<id_scheme: STRING, id: STRING>, year INT, ceiling STRING, payable STRING,"
            " suppressed_by STRING"
        )
        .json(str(folder / "awards.ndjson"))
        .selectExpr(
            "award_id", f"{subject} AS subject", "year", f"{fen('ceiling')} AS ceiling_fen",
            f"{fen('payable')} AS payable_fen", "suppressed_by",
        )
        .where("ceiling_fen > 0")
    )  # fmt: skip
    accounts = (
        spark.read.schema("items ARRAY<STRUCT<account: STRING, credit: STRING, debit: STRING>>")
        .json(str(folder / "balances.json"), multiLine=True)
        .selectExpr("explode(items) AS item")
        .selectExpr("item.account", f"{fen('item.credit')} - {fen('item.debit')} AS balance_fen")
        .where("account LIKE 'entitlement:%' AND balance_fen <> 0")
    )
    request = json.loads((folder / "manifest.json").read_text("utf-8"))["request"]
    whole = request.get("evidence") == "registers" and entries
    return Ledger(awards, accounts, _entries(spark, folder) if whole else None)


def _entries(spark: SparkSession, folder: Path) -> DataFrame:
    schema = f"entry STRUCT<{', '.join(': '.join(column.strip().split(' ')) for column in DOCUMENTS.split(','))}>"
    return (
        spark.read.schema(schema)
        .json(str(folder / "evidence" / "*.ndjson"))
        .selectExpr("entry.*")
        .where("kind IN ('listing', 'trade')")
    )


def award_differences(awards: DataFrame, ledger: Ledger) -> DataFrame:
    """The differences: award or account, field, the ledger's value and the recomputed one; NULL for no such award."""
    both = awards.selectExpr("award_id", f"struct({', '.join(COMPARED)}) AS ours").join(
        ledger.awards.selectExpr("award_id", f"struct({', '.join(COMPARED)}) AS theirs"), "award_id", "full"
    )
    fields = ", ".join(
        f"struct('{name}' AS field, CAST(theirs.{name} AS STRING) AS ledger, CAST(ours.{name} AS STRING) AS recomputed)"
        for name in COMPARED
    )
    of_awards = both.selectExpr("award_id", f"explode(array({fields})) AS one").selectExpr("award_id", "one.*")
    balances = awards.selectExpr(
        "concat('entitlement:', subject, ':', award_id, ':', CAST(year AS STRING)) AS award_id", "ceiling_fen AS ours"
    ).join(ledger.accounts.selectExpr("account AS award_id", "balance_fen AS theirs"), "award_id", "full")
    of_accounts = balances.selectExpr(
        "award_id", "'balance' AS field", "CAST(theirs AS STRING) AS ledger", "CAST(ours AS STRING) AS recomputed"
    )
    return of_awards.unionByName(of_accounts).where("NOT ledger <=> recomputed")


def document_differences(accepted: DataFrame, ledger_documents: DataFrame) -> DataFrame:
    """Documents that the archive or the register has alone, or with other bytes: which, and where."""
    place = ["kind", "exchange", "number", "revision", "topic", "partition", "offset"]
    ours, theirs = (one.select(*place, "value_sha256") for one in (accepted, ledger_documents))
    return (
        ours.withColumnRenamed("value_sha256", "archive")
        .join(theirs.withColumnRenamed("value_sha256", "register"), place, "full")
        .where("NOT archive <=> register")
    )


def lines_of(differences: DataFrame, most: int) -> Iterator[str]:
    """The first differences as lines for a person."""
    for row in differences.orderBy(*differences.columns).limit(most).toLocalIterator():
        yield ", ".join(f"{name} {value}" for name, value in row.asDict().items())
