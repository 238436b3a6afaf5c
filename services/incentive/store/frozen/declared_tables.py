"""Tables of declarations that wait for another person, in the ledger's database: their files, their states, lists."""

from datetime import datetime
from typing import Final, Literal, NamedTuple

from sqlalchemy import Connection

from services.incentive.domain.workflow import Actor
from shared.postgres.query import execute, fetch_one, fetch_value, where
from shared.postgres.sorted_rows import Sorts, SqlRows, column
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

TableState = Literal["pending", "confirmed", "discarded"]
STATES: Final[tuple[TableState, ...]] = ("pending", "confirmed", "discarded")
_TABLES: Final = """
    SELECT t.id, CASE WHEN c.id IS NOT NULL THEN 'confirmed' WHEN d.id IS NOT NULL THEN 'discarded' ELSE 'pending' END
               AS state,
           t.sha256, t.rows, t.added_fen, t.above_fen, a.name, a.person, a.recorded_at, a.seq,
           ended.name AS ended_name, ended.person AS ended_person, ended.recorded_at AS ended_at, d.reason
    FROM declared_table t JOIN act a ON a.id = t.id
    LEFT JOIN declared_table_confirmation c ON c.declared_table_id = t.id
    LEFT JOIN declared_table_discard d ON d.declared_table_id = t.id
    LEFT JOIN act ended ON ended.id = coalesce(c.id, d.id)
"""


class SentTable(NamedTuple):
    """A table of declarations with its state, who sent it, and who confirmed or discarded it."""

    id: str
    state: TableState
    sha256: str
    rows: int
    added_fen: int
    above_fen: int
    name: str
    person: str
    recorded_at: datetime
    seq: int
    ended_name: str | None
    ended_person: str | None
    ended_at: datetime | None
    reason: str | None

    @property
    def sender(self) -> Actor:
        return Actor(self.name, self.person)


_SEQ: Final = column("seq", int)
TABLE_SORTS: Final[Sorts] = {
    "transaction": (_SEQ,),
    "at": (column("recorded_at", datetime), _SEQ),
    "rows": (column("rows", int), _SEQ),
    "added": (column("added_fen", int), _SEQ),
}


def keep_file(connection: Connection, sha256: str, content: bytes) -> None:
    """Keep the file of a table, once."""
    statement = "INSERT INTO declared_table_file VALUES (%(sha256)s, %(content)s) ON CONFLICT DO NOTHING"
    execute(connection, statement, sha256=sha256, content=content)


def load_file(connection: Connection, sha256: str) -> bytes:
    """Return the file of a table."""
    statement = "SELECT content FROM declared_table_file WHERE sha256 = %(sha256)s"
    return fetch_value(connection, statement, bytes, sha256=sha256)


def find_table(connection: Connection, table_id: str) -> SentTable | None:
    return fetch_one(connection, f"SELECT * FROM ({_TABLES}) one WHERE one.id = %(id)s", SentTable, id=table_id)


def find_pending(connection: Connection, sha256: str) -> SentTable | None:
    """The pending table with these bytes."""
    statement = f"SELECT * FROM ({_TABLES}) one WHERE one.sha256 = %(sha256)s AND one.state = 'pending'"
    return fetch_one(connection, statement, SentTable, sha256=sha256)


def load_preview(connection: Connection, table_id: str) -> Json:
    """Return the preview of a table at the time when it was sent."""
    statement = "SELECT previewed FROM declared_table WHERE id = %(id)s"
    found: Json = fetch_value(connection, statement, dict, id=table_id)
    return found


def find_tables(connection: Connection, state: TableState | None) -> SqlRows[SentTable]:
    """Open the tables of a state (None: of all)."""
    select = f"SELECT * FROM ({_TABLES}) one {where(None if state is None else 'one.state = %(state)s')}"
    return SqlRows(connection, select, SentTable, {"state": state}, lambda rows: map(sent_table_json, rows))


def sent_table_json(table: SentTable) -> Json:
    """A table as the API's list shows it."""
    return {
        "id": table.id,
        "declared_table_id": table.id,
        "state": table.state,
        "sha256": table.sha256,
        "rows": table.rows,
        "added": format_yuan(table.added_fen),
        "above": format_yuan(table.above_fen),
        "by": table.name,
        "person": table.person,
        "at": format_time(table.recorded_at),
        "transaction": table.seq,
        "ended_by": table.ended_name,
        "ended_person": table.ended_person,
        "ended_at": None if table.ended_at is None else format_time(table.ended_at),
        "reason": table.reason,
    }
