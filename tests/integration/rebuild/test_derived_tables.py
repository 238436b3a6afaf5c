"""`rebuild --verify` finds each row of a derived table that is missing, changed or foreign.

Tables are taken from the catalog: each whose rows may be changed is derived or named here as state of its own, so a new
table must be one or the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.incentive.commands.price_readings import price_readings
from services.incentive.rebuild.command import repair_all, verify_all
from tests.support.incentive.bureau import DOCUMENTS, Bureau
from tests.support.incentive.ledger import LOG, LedgerDatabase, first_listing, ledger_database, provider_total, subject
from tests.support.incentive.ledger import rulebook as project_rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase

# Each with its key, by which a difference names the row.
DERIVED: Final = {
    "award_current": ("award_id",),
    "award_round": ("award_id",),
    "document_named": ("sha256",),
    "fact_current": ("topic", "key"),
    "known_to": ("exchange", "about"),
    "participant": ("exchange", "year", "rule", "subject"),
    "priced_ledger": (),
    "reading_effect": ("award_id", "reading"),
    "reading_year": ("reading", "year"),
    "search_entry": ("reader", "is_inner", "entry", "number"),
    "subject_name": ("subject",),
}
OWN_STATE: Final = {
    "objection_sender": "who objected within the hour, for limits",
    "alembic_version": "the schema's version",
    "award_outbox": "versions of awards that wait to be sent",
    "budget_state": "a random value for each state of the claims on budgets",
    "compared_ledger": "up to which state of the ledger awards were compared",
    "extract": "requests, kept for a week",
    "extract_piece": "the bytes of extracts, kept for a week",
    "kept_file": "bytes that uploads brought; those that no act names are removed",
    "kept_file_piece": "the same",
    "log_cosignature": "signatures of witnesses over checkpoints",
    "page_session": "who is signed in",
    "position": "where reading of the topics goes on",
    "published_award": "versions that others know, which must never be counted again",
    "public_objection": "objections received, before anybody acts on them",
    "upload": "tables that exchanges sent, their content until it is confirmed",
    "upload_mapping": "which column is which field, by exchange",
    "upload_record": "events made of rows of tables, and where Kafka has them",
    "worker_run": "attempts of background programs",
}
MOST_ROWS: Final = 12  # of a table, each damaged by itself
# Tables without a trigger that refuses both UPDATE (16) and DELETE (8).
_CHANGEABLE: Final = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm') AND NOT EXISTS (
        SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND p.proname IN ('refuse_change', 'log_stays') AND t.tgtype & 24 = 24)
    ORDER BY c.relname
"""
_COLUMNS: Final = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = :table AND is_generated = 'NEVER' AND is_identity = 'NO'
    ORDER BY ordinal_position
"""
# Another value, by type; of text, one that no check refuses.
_OTHER: Final = {
    "ARRAY": "ARRAY['dcdex', 'kmdex', 'x']",
    "bigint": "{0} + 1",
    "boolean": "NOT {0}",
    "integer": "{0} + 1",
    "jsonb": "'[]'",
    "numeric": "{0} / 2",
    "smallint": "{0} + 1",
    "text": "{0} || 'x'",
    "timestamp with time zone": "{0} + interval '1 day'",
}


@pytest.fixture(scope="module")
def database(postgres: FreshDatabase) -> Iterator[LedgerDatabase]:
    """A ledger with awards of two subjects, one approved in part and applied for again, whose readings are priced."""
    with ledger_database(postgres) as found:
        bureau = Bureau(found.service, project_rulebook())
        bureau.begin()
        bureau.take(first_listing(1, "2028-10-15", seq=1))
        bureau.take(provider_total(1, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=2))
        award_id = bureau.purchase(2, seq=3)
        bureau.approved(award_id, "100000.00")
        bureau.done(award_id, "apply")
        voucher = {"rule": "compute_voucher", "measure": {"settled": "600000.00"}, "earned_on": "2026-03-01"}
        for item in ("V-1", "V-2"):
            entry = {**voucher, "subject": subject(3), "item": item, "documents": DOCUMENTS}
            status, answer = bureau.post("/v1/declared", entry)
            assert status == 200, answer
        assert price_readings(found.service) is not None
        assert differences(found) == []
        yield found


def differences(database: LedgerDatabase, *statements: str) -> list[str]:
    """What is reported after the owner, with triggers disabled, has run the statements; nothing is kept of them."""
    said: list[str] = []
    with database.owner.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        for table in DERIVED if statements else ():
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount == 1, statement
        verify_all(connection, project_rulebook(), None, said.append)
        connection.rollback()
    return said


def rows(database: LedgerDatabase, table: str) -> list[dict[str, Any]]:
    with database.owner.connect() as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]


def where(table: str, row: dict[str, Any]) -> str:
    return " AND ".join(f"{name} = '{row[name]}'" for name in DERIVED[table]) or "true"


def named(table: str, row: dict[str, Any]) -> str:
    """The begin of a difference of a row; those of search entries are counted by subject."""
    if table == "search_entry":
        return table
    return " ".join([table, *(str(row[name]) for name in DERIVED[table])])


def test_every_table_that_may_change_is_derived_or_has_a_reason(database: LedgerDatabase) -> None:
    with database.owner.connect() as connection:
        found = list(connection.execute(text(_CHANGEABLE)).scalars())
    assert found == sorted([*DERIVED, *OWN_STATE])


@pytest.mark.parametrize("table", DERIVED)
def test_each_missing_row_is_found(database: LedgerDatabase, table: str) -> None:
    there = rows(database, table)
    assert there
    for row in there[:MOST_ROWS]:
        said = differences(database, f"DELETE FROM {table} WHERE {where(table, row)}")
        found = (line for line in said if line.startswith(named(table, row)))
        assert any(": stored none; expected " in line for line in found), (row, said)


@pytest.mark.parametrize("table", DERIVED)
def test_a_changed_column_is_found(database: LedgerDatabase, table: str) -> None:
    """Each column of the first row in which it has a value, unless the database refuses the change."""
    found = rows(database, table)
    with database.owner.connect() as connection:
        columns = list(connection.execute(text(_COLUMNS), {"table": table}))
    changed = 0
    for name, kind in columns:
        row = next((one for one in found if one[name] is not None), None)
        if row is None:
            continue
        other = _OTHER[kind].format(name)
        try:
            said = differences(database, f"UPDATE {table} SET {name} = {other} WHERE {where(table, row)}")
        except IntegrityError:
            continue
        assert any(line.startswith((table, f"award {row.get('award_id')}:")) for line in said), (name, said)
        changed += 1
    assert changed, columns


@pytest.mark.parametrize("table", [name for name, key in DERIVED.items() if key])
def test_a_foreign_row_is_found(database: LedgerDatabase, table: str) -> None:
    """A row with another key, else like one that is there."""
    (row, *_), key = rows(database, table), DERIVED[table][-1]
    with database.owner.connect() as connection:
        names = [one.column_name for one in connection.execute(text(_COLUMNS), {"table": table})]
    other = f"{key} + 50" if isinstance(row[key], int) else f"{key} || '9'"
    values = ", ".join(other if name == key else name for name in names)
    into = f"INSERT INTO {table} ({', '.join(names)})"
    said = differences(database, f"{into} SELECT {values} FROM {table} WHERE {where(table, row)}")
    foreign = str(row[key] + 50 if isinstance(row[key], int) else f"{row[key]}9")
    assert any(foreign in line for line in said)


def test_a_repair_empties_a_wrong_price_list(database: LedgerDatabase) -> None:
    def state(connection: Connection) -> list[int]:
        return [connection.execute(text(f"SELECT count(*) FROM {one}")).scalar_one() for one in tables]

    tables = ("priced_ledger", "reading_effect", "reading_year")
    with database.service.begin() as connection:
        connection.execute(text("UPDATE reading_year SET awards = awards + 1"))
    said: list[str] = []
    with database.service.begin() as connection:
        result = repair_all(connection, project_rulebook(), LOG, None, said.append, lambda: bureau_time(connection))
        assert state(connection) == [0, 0, 0]
    assert result.is_right
    assert all(line.startswith("reading_year ") for line in said)
    assert price_readings(database.service) is not None
    assert differences(database) == []


def bureau_time(connection: Connection) -> Any:
    return connection.execute(text("SELECT max(posted_at) FROM ledger_transaction")).scalar_one()
