"""Tables of a transparency log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

LOG_TABLES = ("log_hash", "log_key", "log_checkpoint")


def log_tables(metadata: MetaData) -> tuple[Table, ...]:
    """The tables as each service declares them."""
    hashes = Table(
        "log_hash",
        metadata,
        Column("level", SmallInteger, primary_key=True),
        Column("first", BigInteger, primary_key=True),
        Column("hashes", LargeBinary, nullable=False),
    )
    keys = Table(
        "log_key",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("vkey", Text(collation="C"), nullable=False, unique=True),
    )
    checkpoints = Table(
        "log_checkpoint",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("size", BigInteger, nullable=False),
        Column("peaks", LargeBinary, nullable=False),
        Column("key_id", Integer, ForeignKey(keys.c.id), nullable=False),
        Column("signed_at", DateTime(timezone=True), nullable=False),
        Column("note", Text, nullable=False),
    )
    cosignatures = Table(
        "log_cosignature",
        metadata,
        Column("checkpoint_id", BigInteger, ForeignKey(checkpoints.c.id), primary_key=True),
        Column("vkey", Text(collation="C"), primary_key=True),
        Column("line", Text, nullable=False),
    )
    return hashes, keys, checkpoints, cosignatures
