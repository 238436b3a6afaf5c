"""Selection of the register entries that an extract about some parties, exchanges and documents needs.

Every accepted revision of a matching document is selected, so that its history is complete; for a listed trade also
every applied fact of its listing; and all settings entries.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from shared.events.decode import Kind
from shared.postgres.query import copy_in, execute, stream_chunks
from shared.register.evidence import ROWS_AT_ONCE

_TABLES = (
    'CREATE TEMPORARY TABLE wanted (about text COLLATE "C") ON COMMIT DROP',
    'CREATE TEMPORARY TABLE named (exchange text COLLATE "C", number text COLLATE "C") ON COMMIT DROP',
    "CREATE TEMPORARY TABLE chosen (seq bigint) ON COMMIT DROP",
)
_PARTY = "(SELECT id FROM party JOIN wanted ON about = concat(scheme, ':', code))"
_CONCERNS = {
    "listing": f"""
        d.provider IN {_PARTY}
        OR concat('listing/', d.exchange, '/', d.number) IN (SELECT about FROM wanted)
    """,
    "trade": f"""
        d.provider IN {_PARTY} OR d.buyer IN {_PARTY} OR concat('exchange/', d.exchange) IN (SELECT about FROM wanted)
    """,
}


def _versions(kind: Kind, columns: str) -> str:
    """Return the SQL of every accepted revision below %(until)s."""
    tables = " UNION ALL ".join(f"SELECT {columns} FROM {table}" for table in (kind, f"{kind}_past"))
    return f"(SELECT * FROM ({tables}) v WHERE seq < %(until)s)"


def _statements(kind: Kind) -> Iterator[str]:
    parties = "provider, buyer" if kind == "trade" else "provider"
    yield f"""
        INSERT INTO named SELECT DISTINCT d.exchange, d.number
        FROM {_versions(kind, f"seq, exchange, number, {parties}")} d
        WHERE ({_CONCERNS[kind]}) AND (CAST(%(exchange)s AS text) IS NULL OR d.exchange = %(exchange)s)
    """
    yield f"""
        INSERT INTO chosen SELECT d.seq
        FROM {_versions(kind, "seq, exchange, number")} d JOIN named USING (exchange, number)
    """
    if kind == "trade":
        yield f"""
            INSERT INTO chosen SELECT f.seq
            FROM (SELECT seq, exchange, listing_no FROM listing_fact UNION ALL
                  SELECT seq, exchange, listing_no FROM listing_fact_past) f
            WHERE f.seq < %(until)s AND (f.exchange, f.listing_no) IN (
                SELECT d.exchange, d.listing_no FROM {_versions(kind, "seq, exchange, number, listing_no, listed")} d
                JOIN named USING (exchange, number) WHERE d.listed
            )
        """
    yield "INSERT INTO chosen SELECT seq FROM settings_entry WHERE seq < %(until)s"


def select_entries(
    connection: Connection, kind: Kind, wanted: Iterable[str], until: int, exchange: str | None
) -> Iterator[list[int]]:
    """Return the seqs below `until` of the wanted entries, in order, in chunks.

    `wanted`: `<scheme>:<id>` of parties, `exchange/<id>`, `listing/<exchange>/<number>`. `exchange` limits the
    selection to documents of one exchange. The work is done in temporary tables, as there may be very many.
    """
    for statement in _TABLES:
        execute(connection, statement)
    copy_in(connection, "COPY wanted FROM STDIN", ((about,) for about in wanted))
    execute(connection, "ANALYZE wanted")
    for statement in _statements(kind):
        execute(connection, statement, until=until, exchange=exchange)
    in_order = "SELECT seq FROM chosen ORDER BY seq"
    chunks = stream_chunks(connection, in_order, tuple[int], ROWS_AT_ONCE)
    return ([seq for (seq,) in chunk] for chunk in chunks)
