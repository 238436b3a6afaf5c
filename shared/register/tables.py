"""Tables of both registers.

A register numbers what it accepts by `seq`: from 0, without gaps, in commit order. `register_head` says which comes
next; whoever holds its row is the register's one writer.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.kafka.positions import position_table
from shared.process.run_record import worker_run_table
from shared.service_log.tables import log_tables

# Outcomes of a record in `intake_day`, beside the reasons for which it was refused.
ACCEPTED, DUPLICATE = "accepted", "duplicate"


class RegisterTables:
    """The shared tables, declared in a service's own metadata."""

    def __init__(self, metadata: MetaData) -> None:
        self.position = position_table(metadata)
        self.worker_run = worker_run_table(metadata)
        self.log_hash, self.log_key, self.log_checkpoint, self.log_cosignature = log_tables(metadata)
        self.register_head = Table(
            "register_head",
            metadata,
            Column("one", Boolean, primary_key=True),
            Column("register", Text, nullable=False),
            Column("generation", Integer, nullable=False),
            Column("next_seq", BigInteger, nullable=False),
            Column("settings_digest", Text),
        )
        self.settings_entry = Table(
            "settings_entry",
            metadata,
            Column("seq", BigInteger, primary_key=True),
            Column("digest", Text, nullable=False),
            Column("content", JSONB, nullable=False),
            Column("recorded_at", DateTime(timezone=True), nullable=False),
        )
        self.party = Table(
            "party",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("scheme", Text(collation="C"), nullable=False),
            Column("code", Text(collation="C"), nullable=False),
            Column("name", Text, nullable=False),
        )
        self.quarantine = Table(
            "quarantine",
            metadata,
            Column("id", BigInteger, primary_key=True),
            Column("exchange", Text(collation="C"), nullable=False),
            Column("topic", Text(collation="C"), nullable=False),
            Column("partition", Integer, nullable=False),
            Column("offset", BigInteger, nullable=False),
            Column("record_at", DateTime(timezone=True), nullable=False),
            Column("received_at", DateTime(timezone=True), nullable=False),
            Column("reason", Text(collation="C"), nullable=False),
            Column("errors", JSONB, nullable=False),
            Column("headers", JSONB, nullable=False),
            Column("value", LargeBinary),
            Column("value_size", Integer),
        )
        self.intake_day = Table(
            "intake_day",
            metadata,
            Column("exchange", Text(collation="C"), primary_key=True),
            Column("day", Date, primary_key=True),
            Column("outcome", Text(collation="C"), primary_key=True),
            Column("records", BigInteger, nullable=False),
            Column("amount_fen", Numeric(30, 0), nullable=False),
        )
        self.outbox = Table(
            "outbox",
            metadata,
            Column("id", BigInteger, primary_key=True),
            Column("topic", Text, nullable=False),
            Column("key", Text, nullable=False),
            Column("dirty_at", DateTime(timezone=True), nullable=False),
        )


def document_columns() -> list[Column[object]]:
    """What each accepted revision keeps of itself, whatever its kind: who, where from, and the record's own bytes."""
    return [
        Column("seq", BigInteger, nullable=False),
        Column("revision", Integer, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("record_at", DateTime(timezone=True), nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("binary_mode", Boolean, nullable=False),
        Column("headers", LargeBinary),
        Column("value", LargeBinary, nullable=False),
    ]
