"""The tables that both registers have, and their first form as SQL for the first migration of each.

A register numbers what it accepts by `seq`: from 0, without gaps, in commit order. `register_head` says which comes
next; whoever holds its row is the register's one writer.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from shared.kafka.positions import CREATE_POSITION, position_table
from shared.postgres.row_security import EVERY_ROW, OF_VIEWER, shown
from shared.process.run_record import worker_run_table
from shared.translog.tables import log_tables

# Outcomes of a record in `intake_day`, beside the reasons for which it was refused.
ACCEPTED, DUPLICATE = "accepted", "duplicate"

CREATE_REGISTER_TABLES = (
    CREATE_POSITION,
    """
    CREATE TABLE register_head (
        one             boolean PRIMARY KEY DEFAULT true CHECK (one),
        register        text NOT NULL,
        generation      integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
        next_seq        bigint NOT NULL DEFAULT 0 CHECK (next_seq >= 0),
        settings_digest text
    )
    """,
    """
    CREATE TABLE settings_entry (
        seq         bigint PRIMARY KEY,
        digest      text NOT NULL,
        content     jsonb NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE party (
        id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        scheme text COLLATE "C" NOT NULL,
        code   text COLLATE "C" NOT NULL,
        name   text NOT NULL,
        UNIQUE (scheme, code)
    )
    """,
    """
    CREATE TABLE quarantine (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        exchange    text COLLATE "C" NOT NULL,
        topic       text COLLATE "C" NOT NULL,
        partition   integer NOT NULL,
        "offset"    bigint NOT NULL,
        record_at   timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        reason      text COLLATE "C" NOT NULL,
        errors      jsonb NOT NULL,
        headers     jsonb NOT NULL,
        value       bytea,
        value_size  integer
    )
    """,
    "CREATE INDEX quarantine_by_exchange ON quarantine (exchange, id)",
    """
    CREATE TABLE intake_day (
        exchange   text COLLATE "C" NOT NULL,
        day        date NOT NULL,
        outcome    text COLLATE "C" NOT NULL,
        records    bigint NOT NULL,
        amount_fen numeric(30) NOT NULL,
        PRIMARY KEY (exchange, day, outcome)
    )
    """,
    """
    CREATE TABLE outbox (
        id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic    text NOT NULL,
        key      text NOT NULL,
        dirty_at timestamptz NOT NULL
    )
    """,
)

GRANT_REGISTER_TABLES = (
    "GRANT SELECT, INSERT, UPDATE ON position, intake_day, party TO {role}",
    "GRANT SELECT, INSERT, UPDATE ON register_head TO {role}",
    "GRANT SELECT, INSERT ON settings_entry, quarantine TO {role}",
    "GRANT SELECT, INSERT, DELETE ON outbox TO {role}",
)
# Parties are no one's: an exchange looks one up by what it knows it by, and is not shown its name.
SHOW_REGISTER_TABLES = (
    *shown("quarantine", OF_VIEWER),
    *shown("intake_day", OF_VIEWER),
    *shown("party", EVERY_ROW, ("id", "scheme", "code")),
)


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
