"""Selection of the register entries that an extract about some parties, exchanges and documents needs.

Every accepted revision of a matching document is selected, so that its history is complete; for a listed trade also
every applied fact of its listing; and all settings entries.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection

from shared.disk_rows import DiskRows, in_chunks
from shared.events.decode import Kind
from shared.postgres.query import fetch, fetch_values, pg_array, pg_arrays, stream
from shared.register.evidence import ROWS_AT_ONCE

_CHUNK: Final = 5000
_LISTING: Final = "listing/"
_EXCHANGE: Final = "exchange/"
_PARTIES: Final = """
    SELECT id FROM party JOIN unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS w(scheme, code)
    USING (scheme, code)
"""
_PARTY_COLUMNS: Final = {"listing": ("provider",), "trade": ("provider", "buyer")}
_KEYS: Final = """
    unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, number)
"""
_LISTINGS: Final = """
    SELECT f.seq FROM (SELECT seq, exchange, listing_no FROM listing_fact UNION ALL
                       SELECT seq, exchange, listing_no FROM listing_fact_past) f
    JOIN unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, listing_no)
    USING (exchange, listing_no) WHERE f.seq < %(until)s
"""
_SETTINGS: Final = "SELECT seq FROM settings_entry WHERE seq < %(until)s"


def select_entries(
    connection: Connection, kind: Kind, wanted: Iterable[str], until: int, exchange: str | None
) -> Iterator[list[int]]:
    """Return the seqs below `until` of the wanted entries, in order, in chunks.

    `wanted`: `<scheme>:<id>` of parties, `exchange/<id>`, `listing/<exchange>/<number>`. `exchange` limits the
    selection to documents of one exchange. There may be very many: the parties take 4 bytes each in memory, the rest is
    in files.
    """
    documents = _documents(connection, kind, wanted, until, exchange)
    chosen = DiskRows[tuple[int, ...]](1)
    listings = DiskRows[tuple[str, ...]](2)
    for keys in documents.chunks(_CHUNK):
        parameters = {**pg_arrays(keys, "exchanges", "numbers"), "until": until}
        versions = f"{_versions(kind, 'seq, exchange, number')} d JOIN {_KEYS} USING (exchange, number)"
        chosen.extend(fetch(connection, f"SELECT seq FROM {versions}", tuple[int, ...], **parameters))
        if kind == "trade":
            trades = f"{_versions(kind, 'seq, exchange, number, listing_no, listed')} d JOIN {_KEYS}"
            listed = f"SELECT DISTINCT exchange, listing_no FROM {trades} USING (exchange, number) WHERE listed"
            listings.extend(fetch(connection, listed, tuple[str, ...], **parameters))
    for keys in listings.chunks(_CHUNK):
        parameters = {**pg_arrays(keys, "exchanges", "numbers"), "until": until}
        chosen.extend(fetch(connection, _LISTINGS, tuple[int, ...], **parameters))
    chosen.extend(fetch(connection, _SETTINGS, tuple[int, ...], until=until))
    return ([seq for (seq,) in chunk] for chunk in chosen.chunks(ROWS_AT_ONCE))


def _documents(
    connection: Connection, kind: Kind, wanted: Iterable[str], until: int, exchange: str | None
) -> DiskRows[tuple[str, ...]]:
    """Return exchange and number of the documents that are wanted themselves, or by their parties or exchange."""
    found = DiskRows[tuple[str, ...]](2)
    parties, exchanges = array("i"), []
    for chunk in in_chunks(wanted, _CHUNK):
        named = [about.removeprefix(_LISTING).partition("/")[::2] for about in chunk if about.startswith(_LISTING)]
        if kind == "listing":
            found.extend(key for key in named if exchange in (None, key[0]))
        else:
            exchanges += [about.removeprefix(_EXCHANGE) for about in chunk if about.startswith(_EXCHANGE)]
        codes = [about.partition(":")[::2] for about in chunk if not about.startswith((_LISTING, _EXCHANGE))]
        parties.extend(fetch_values(connection, _PARTIES, int, **pg_arrays(codes, "schemes", "codes")))
    columns = _PARTY_COLUMNS[kind]
    is_concerned = " OR ".join(f"{column} = ANY(CAST(%(parties)s AS integer[]))" for column in columns)
    statement = f"""
        SELECT exchange, number FROM {_versions(kind, ", ".join(("seq", "exchange", "number", *columns)))} d
        WHERE ({is_concerned} OR exchange = ANY(CAST(%(exchanges)s AS text[])))
          AND (CAST(%(exchange)s AS text) IS NULL OR exchange = %(exchange)s)
    """
    asked = {"parties": pg_array(parties), "exchanges": pg_array(exchanges), "exchange": exchange, "until": until}
    found.extend(stream(connection, statement, tuple[str, ...], **asked))
    return found


def _versions(kind: Kind, columns: str) -> str:
    """Return the SQL of every accepted revision below %(until)s."""
    tables = " UNION ALL ".join(f"SELECT {columns} FROM {table}" for table in (kind, f"{kind}_past"))
    return f"(SELECT * FROM ({tables}) v WHERE seq < %(until)s)"
