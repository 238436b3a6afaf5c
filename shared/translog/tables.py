"""The tables of a log, and what PostgreSQL holds them to: they only grow, without gaps, with what is numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

from shared.postgres.row_security import EVERY_ROW, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG_TABLES = ("log_hash", "log_key", "log_checkpoint")

CREATE_LOG_TABLES = (
    """
    CREATE TABLE log_hash (
        level  smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
        first  bigint NOT NULL CHECK (first >= 0),
        hashes bytea NOT NULL CHECK (octet_length(hashes) > 0 AND octet_length(hashes) %% 32 = 0),
        PRIMARY KEY (level, first)
    )
    """,
    # Hashes hardly compress, and are read in parts.
    "ALTER TABLE log_hash ALTER hashes SET STORAGE EXTERNAL",
    """
    CREATE TABLE log_key (
        id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        vkey text COLLATE "C" NOT NULL UNIQUE
    )
    """,
    """
    CREATE TABLE log_checkpoint (
        id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        size      bigint NOT NULL CHECK (size >= 0),
        peaks     bytea NOT NULL CHECK (octet_length(peaks) = 32 * bit_count(int8send(size))),
        key_id    integer NOT NULL REFERENCES log_key,
        signed_at timestamptz NOT NULL,
        note      text NOT NULL
    )
    """,
    """
    CREATE FUNCTION log_hash_follows() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF NEW.first <> coalesce((SELECT first + octet_length(hashes) / 32 FROM log_hash
                                  WHERE level = NEW.level ORDER BY first DESC LIMIT 1), 0) THEN
            RAISE EXCEPTION 'hashes of a level follow each other' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER log_hash_follows BEFORE INSERT ON log_hash FOR EACH ROW EXECUTE FUNCTION log_hash_follows()",
    """
    CREATE FUNCTION log_checkpoint_follows() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF NEW.size < (SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1) THEN
            RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER log_checkpoint_follows BEFORE INSERT ON log_checkpoint
    FOR EACH ROW EXECUTE FUNCTION log_checkpoint_follows()
    """,
    """
    CREATE FUNCTION log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a log only grows' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    *(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION log_stays()"
        for table in LOG_TABLES
    ),
)
CREATE_COSIGNATURES = (
    """
    CREATE TABLE log_cosignature (
        checkpoint_id bigint NOT NULL REFERENCES log_checkpoint,
        vkey          text COLLATE "C" NOT NULL,
        line          text NOT NULL,
        PRIMARY KEY (checkpoint_id, vkey)
    )
    """,
    "GRANT SELECT, INSERT ON log_cosignature TO {role}",
)
GRANT_LOG_TABLES = (f"GRANT SELECT, INSERT ON {', '.join(LOG_TABLES)} TO {{role}}",)
# Hashes of all that is numbered are for every key: what a proof needs of others is no more than these.
SHOW_LOG_TABLES = tuple(
    statement for table in (*LOG_TABLES, "log_cosignature") for statement in shown(table, EVERY_ROW)
)


def log_is_whole(numbered: str, heads: Sequence[str]) -> tuple[str, ...]:
    """Statements by which nothing is committed that is numbered and not in the log.

    `numbered`: the query that says how many are; `heads`: what is written whenever one is, as `UPDATE ON table`.
    """
    function = f"""
    CREATE FUNCTION log_is_whole() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        numbered bigint := ({numbered});
        logged bigint := coalesce((SELECT size FROM log_checkpoint ORDER BY id DESC LIMIT 1), 0);
    BEGIN
        IF numbered <> logged THEN
            RAISE EXCEPTION '%% entries are numbered, and %% are in the log', numbered, logged
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'log_is_whole';
        END IF;
        RETURN NULL;
    END $$
    """
    trigger = (
        "CREATE CONSTRAINT TRIGGER log_is_whole AFTER {} DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION log_is_whole()"
    )
    return (function, *(trigger.format(head) for head in heads))


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
