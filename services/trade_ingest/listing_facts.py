"""Listing facts: which listings prove listed trades (挂牌交易), and what moves in the totals when that changes.

Only facts of the listing register with the same id are applied: others belong to other exchanges or, while a register
is split, to the same ones under their own numbering.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from services.trade_ingest.totals import BucketCalendar, Deltas, MovedTrades, Proof, Sums
from services.trade_ingest.totals_store import BUCKET_AT, starts_array, sums_of_trades
from shared.kafka.handler import Record
from shared.postgres.query import execute, fetch, microseconds, pg_array
from shared.register.parties import Entity
from shared.register.revisions import Key
from shared.register.stored_documents import key_arrays
from shared.values.json_types import Json
from shared.values.parties import IdScheme, Party


class FactValue(msgspec.Struct, gc=False):
    """The fields of a value of facts.listing.v1 that trades need.

    For a listing that no longer exists, provider, status and instant are None.
    """

    generation: int
    seq: int
    exchange: str
    listing_no: str
    provider: Party | None
    status: str | None
    # Not limited to the years of documents: theirs are as written, and 2099 in another zone may be 2100 in Shanghai.
    listed_at: Annotated[datetime, msgspec.Meta(tz=True)] | None
    counted: bool

    @property
    def proves(self) -> bool:
        """True if the listing can prove a listed trade: it exists, counts and is not annulled."""
        return self.counted and self.status not in ("annulled", None)


# Raises ValueError for an invalid value.
decode_fact = msgspec.json.Decoder(FactValue).decode


class ListingFact(msgspec.Struct, gc=False, frozen=True):
    """A fact of facts.listing.v1 as received, with the register from its key."""

    register: str
    value: FactValue
    record: Record

    @property
    def key(self) -> Key:
        return (self.value.exchange, self.value.listing_no)

    @property
    def version(self) -> tuple[int, int]:
        return (self.value.generation, self.value.seq)


class NewerFact(NamedTuple):
    """A fact to apply, with the provider and the instant that the register stores for the listing."""

    fact: ListingFact
    provider: Party
    listed_at: datetime


def read_listing_fact(record: Record) -> ListingFact:
    """Decode a fact. It was written by our own service, so an invalid one is a bug and raises."""
    register = (record.key or b"").decode().partition("/")[0]
    return ListingFact(register, decode_fact(record.value or b""), record)


def newest(facts: Iterable[ListingFact]) -> dict[Key, ListingFact]:
    """Return the fact with the greatest version of each listing."""
    found: dict[Key, ListingFact] = {}
    for fact in facts:
        known = found.get(fact.key)
        if known is None or fact.version > known.version:
            found[fact.key] = fact
    return found


class _StoredFact(NamedTuple):
    """The stored fact of a listing, and the provider that it names."""

    exchange: str
    listing_no: str
    register: str
    generation: int
    fact_seq: int
    listed_at: datetime
    scheme: IdScheme
    code: str
    name: str


def newer_than_stored(connection: Connection, facts: dict[Key, ListingFact]) -> list[NewerFact]:
    """Return the facts that are newer than the stored ones.

    A listing that no longer exists keeps its stored provider and instant and proves nothing. One that the register
    never knew is skipped.
    """
    rows = fetch(connection, _STORED, _StoredFact, **key_arrays(facts))
    stored = {(row.exchange, row.listing_no): row for row in rows}
    newer = []
    for key, fact in facts.items():
        known = stored.get(key)
        if known is not None and known.register == fact.register and (known.generation, known.fact_seq) >= fact.version:
            continue
        if fact.value.provider is not None and fact.value.listed_at is not None:
            newer.append(NewerFact(fact, fact.value.provider, fact.value.listed_at))
        elif known is not None:
            newer.append(NewerFact(fact, Party(known.scheme, known.code, known.name), known.listed_at))
    return newer


def apply_listing_facts(
    connection: Connection,
    facts: Sequence[NewerFact],
    ids: dict[Entity, int],
    first_seq: int,
    deltas: Deltas,
    buckets: BucketCalendar,
    now: datetime,
) -> int:
    """Store facts as entries from `first_seq` and add what they move to `deltas`; return the next seq."""
    if not facts:
        return first_seq
    parameters = _parameters(facts, ids, first_seq, now)
    for row in fetch(connection, _MOVED, tuple[Any, ...], **parameters, starts=starts_array(buckets)):
        provider, exchange, bucket_us, fits, last_us, *sums = row
        deltas.move(MovedTrades(provider, exchange, bucket_us, fits, last_us, Sums(*sums)))
    execute(connection, _SET_ASIDE, **parameters)
    execute(connection, _STORE, **parameters)
    return first_seq + len(facts)


def load_proofs(connection: Connection, keys: set[Key]) -> dict[Key, Proof]:
    if not keys:
        return {}
    rows = fetch(connection, _PROOFS, tuple[str, str, int, int, bool], **key_arrays(keys))
    return {row[:2]: Proof(*row[2:]) for row in rows}


_STORED = """
    SELECT f.exchange, f.listing_no, f.register, f.generation, f.fact_seq, f.listed_at, p.scheme, p.code, p.name
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, listing_no)
    JOIN listing_fact f ON f.exchange = k.exchange AND f.listing_no = k.listing_no
    JOIN party p ON p.id = f.provider
    """

_PROOFS = f"""
    SELECT k.exchange, k.listing_no, f.provider, {microseconds("f.listed_at")}, f.proves
    FROM unnest(CAST(%(exchanges)s AS text[]), CAST(%(numbers)s AS text[])) AS k(exchange, listing_no)
    CROSS JOIN LATERAL (
        SELECT provider, listed_at, proves FROM listing_fact
        WHERE exchange = k.exchange AND listing_no = k.listing_no LIMIT 1
    ) f
"""

_NEW = """
    unnest(CAST(%(exchanges)s AS text[]), CAST(%(listing_nos)s AS text[]), CAST(%(registers)s AS text[]),
           CAST(%(generations)s AS int[]), CAST(%(fact_seqs)s AS bigint[]), CAST(%(seqs)s AS bigint[]),
           CAST(%(topics)s AS text[]), CAST(%(partitions)s AS int[]), CAST(%(offsets)s AS bigint[]),
           CAST(%(received_ats)s AS timestamptz[]),
           CAST(%(providers)s AS int[]), CAST(%(listed_ats)s AS timestamptz[]), CAST(%(proves)s AS boolean[]),
           CAST(%(values)s AS bytea[]))
    AS n(exchange, listing_no, register, generation, fact_seq, seq, topic, partition, "offset", received_at, provider,
         listed_at, proves, value)
"""

_MOVED = f"""
    SELECT t.provider, t.exchange, {microseconds("t.bucket_at")}, t.fits, {microseconds("max(t.completed_at)")},
           {sums_of_trades("t.net_fen")}
    FROM (
        SELECT t.provider, t.exchange, {BUCKET_AT}, t.completed_at, t.record_at,
               t.amount_fen - t.refunded_fen AS net_fen, t.refunded_fen,
               coalesce(o.proves AND o.provider = t.provider AND o.listed_at <= t.completed_at, false) AS fitted,
               n.proves AND n.provider = t.provider AND n.listed_at <= t.completed_at AS fits
        FROM {_NEW}
        LEFT JOIN listing_fact o ON o.exchange = n.exchange AND o.listing_no = n.listing_no
        JOIN trade t ON t.exchange = n.exchange AND t.listing_no = n.listing_no AND t.listed
        JOIN party p ON p.id = t.provider AND p.scheme = 'uscc'
        WHERE t.completed AND NOT t.mirrored AND t.counted
          AND (o.proves, o.provider, o.listed_at) IS DISTINCT FROM (n.proves, n.provider, n.listed_at)
    ) t
    WHERE t.fitted <> t.fits
    GROUP BY t.provider, t.exchange, t.bucket_at, t.fits
    """

_SET_ASIDE = f"""
    WITH gone AS (
        DELETE FROM listing_fact o USING {_NEW}
        WHERE o.exchange = n.exchange AND o.listing_no = n.listing_no RETURNING o.*, n.seq AS replaced_by
    )
    INSERT INTO listing_fact_past SELECT * FROM gone
    """

_STORE = f"INSERT INTO listing_fact SELECT * FROM {_NEW}"


def _parameters(newer: Sequence[NewerFact], ids: dict[Entity, int], first_seq: int, now: datetime) -> Json:
    facts = [item.fact for item in newer]
    return {
        "exchanges": pg_array(fact.value.exchange for fact in facts),
        "listing_nos": pg_array(fact.value.listing_no for fact in facts),
        "registers": pg_array(fact.register for fact in facts),
        "generations": pg_array(fact.value.generation for fact in facts),
        "fact_seqs": pg_array(fact.value.seq for fact in facts),
        "seqs": pg_array(range(first_seq, first_seq + len(facts))),
        "topics": pg_array(fact.record.topic for fact in facts),
        "partitions": pg_array(fact.record.partition for fact in facts),
        "offsets": pg_array(fact.record.offset for fact in facts),
        "received_ats": pg_array([now] * len(facts)),
        "providers": pg_array(ids[item.provider.id_scheme, item.provider.id] for item in newer),
        "listed_ats": pg_array(item.listed_at for item in newer),
        "proves": pg_array(fact.value.proves for fact in facts),
        "values": pg_array(fact.record.value for fact in facts),
    }
