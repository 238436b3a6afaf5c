"""The tables of the listing service."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text

from shared.register.tables import RegisterTables, document_columns

metadata = MetaData()
register = RegisterTables(metadata)


def _columns() -> list[Column[object]]:
    return [
        Column("exchange", Text(collation="C"), primary_key=True),
        Column("number", Text(collation="C"), primary_key=True),
        *document_columns(),
        Column("status", Text(collation="C"), nullable=False),
        Column("provider", Integer, nullable=False),
        Column("listed_at", DateTime(timezone=True), nullable=False),
        Column("mirrored", Boolean, nullable=False),
        Column("counted", Boolean, nullable=False),
    ]


listing = Table("listing", metadata, *_columns())
listing_past = Table("listing_past", metadata, *_columns(), Column("replaced_by", BigInteger))
first_listing = Table(
    "first_listing",
    metadata,
    Column("party", Integer, primary_key=True),
    Column("exchange", Text(collation="C"), nullable=False),
    Column("number", Text(collation="C"), nullable=False),
    Column("listed_at", DateTime(timezone=True), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
