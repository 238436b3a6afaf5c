"""The tables of the trade-ingest service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, MetaData, Table, Text

from shared.register.tables import RegisterTables, document_columns

metadata = MetaData()
register = RegisterTables(metadata)


def _trade_columns() -> list[Column[object]]:
    return [
        Column("exchange", Text(collation="C"), primary_key=True),
        Column("number", Text(collation="C"), primary_key=True),
        *document_columns(),
        Column("amount_fen", BigInteger, nullable=False),
        Column("refunded_fen", BigInteger, nullable=False),
        Column("completed_at", DateTime(timezone=True), nullable=False),
        Column("provider", Integer, nullable=False),
        Column("buyer", Integer, nullable=False),
        Column("completed", Boolean, nullable=False),
        Column("listed", Boolean, nullable=False),
        Column("mirrored", Boolean, nullable=False),
        Column("counted", Boolean, nullable=False),
        Column("listing_no", Text(collation="C")),
    ]


def _listing_fact_columns() -> list[Column[object]]:
    return [
        Column("exchange", Text(collation="C"), nullable=False),
        Column("listing_no", Text(collation="C"), nullable=False),
        Column("register", Text(collation="C"), nullable=False),
        Column("generation", Integer, nullable=False),
        Column("fact_seq", BigInteger, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("topic", Text(collation="C"), nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("provider", Integer, nullable=False),
        Column("listed_at", DateTime(timezone=True), nullable=False),
        Column("proves", Boolean, nullable=False),
        Column("value", LargeBinary, nullable=False),
    ]


trade = Table("trade", metadata, *_trade_columns())
trade_past = Table("trade_past", metadata, *_trade_columns(), Column("replaced_by", BigInteger))
listing_fact = Table("listing_fact", metadata, *_listing_fact_columns())
listing_fact_past = Table(
    "listing_fact_past", metadata, *_listing_fact_columns(), Column("replaced_by", BigInteger, nullable=False)
)
first_purchase = Table(
    "first_purchase",
    metadata,
    Column("party", Integer, primary_key=True),
    Column("exchange", Text(collation="C"), nullable=False),
    Column("number", Text(collation="C"), nullable=False),
    Column("completed_at", DateTime(timezone=True), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
exchange_total = Table(
    "exchange_total",
    metadata,
    Column("exchange", Text(collation="C"), primary_key=True),
    Column("bucket_at", DateTime(timezone=True), primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("trades", BigInteger, nullable=False),
    Column("last_completed_at", DateTime(timezone=True), nullable=False),
)
provider_total = Table(
    "provider_total",
    metadata,
    Column("provider", Integer, primary_key=True),
    Column("bucket_at", DateTime(timezone=True), primary_key=True),
    Column("exchange", Text(collation="C"), primary_key=True),
    Column("category", Text(collation="C"), primary_key=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("trades", BigInteger, nullable=False),
    Column("last_completed_at", DateTime(timezone=True), nullable=False),
)
