"""The facts that a trade was evidence of: in which revision, at which seqs, and whether it counted."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import Connection

from services.trade_ingest.evidence import scope_of
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE
from shared.postgres.query import fetch, fetch_values
from shared.register.evidence import documents_as_of
from shared.register.head import Head, read_head
from shared.values.times import shanghai_year

_COLUMNS = 'seq, revision, partition, "offset", completed_at, provider, buyer, listed, listing_no'
# Revisions that were once current: one that arrived late is evidence of nothing.
_REVISIONS = f"""
    SELECT d.*, p.scheme AS provider_scheme, p.code AS provider_code, b.scheme AS buyer_scheme, b.code AS buyer_code
    FROM (
        SELECT {_COLUMNS}, NULL AS replaced_by FROM trade WHERE exchange = %(exchange)s AND number = %(number)s
        UNION ALL
        SELECT {_COLUMNS}, replaced_by FROM trade_past
        WHERE exchange = %(exchange)s AND number = %(number)s AND replaced_by IS NOT NULL
    ) d JOIN party p ON p.id = d.provider JOIN party b ON b.id = d.buyer ORDER BY d.seq
"""
# Entries that can change whether an unchanged trade counts.
_TURNS = """
    SELECT seq FROM (
        SELECT seq FROM settings_entry
        UNION ALL
        SELECT seq FROM listing_fact WHERE exchange = %(exchange)s AND listing_no = %(listing_no)s
        UNION ALL
        SELECT seq FROM listing_fact_past WHERE exchange = %(exchange)s AND listing_no = %(listing_no)s
    ) e WHERE seq > %(after)s AND seq < %(before)s ORDER BY seq
"""


class CurrentRevision(NamedTuple):
    """A revision of the trade that was once current, with the seq of its replacement."""

    seq: int
    revision: int
    partition: int
    offset: int
    completed_at: datetime
    provider: int
    buyer: int
    listed: bool
    listing_no: str | None
    replaced_by: int | None
    provider_scheme: str
    provider_code: str
    buyer_scheme: str
    buyer_code: str


class FactSpan(NamedTuple):
    """A fact at each seq from `from_seq` to `until_seq`, both included; None: open."""

    fact: str
    revision: CurrentRevision
    from_seq: int
    until_seq: int | None
    counted: bool | str


def trade_facts(connection: Connection, exchange: str, number: str) -> list[FactSpan]:
    """Return everything that the trade was evidence of, in order of its revisions; nothing for an unknown trade.

    For a first purchase, `counted` True means that the trade may be the first; the fact itself names the first.
    """
    head = read_head(connection)
    return [
        span
        for revision in fetch(connection, _REVISIONS, CurrentRevision, exchange=exchange, number=number)
        for topic, key in _facts_of(exchange, revision)
        for span in _merged(_spans(connection, head, revision, (exchange, number), (topic, key)))
    ]


def _facts_of(exchange: str, revision: CurrentRevision) -> Iterator[tuple[str, str]]:
    year = shanghai_year(revision.completed_at)
    yield ANNUAL_TOTAL, f"exchange/{exchange}/{year}"
    if revision.provider_scheme == "uscc":
        yield ANNUAL_TOTAL, f"provider/uscc:{revision.provider_code}/{year}"
    if revision.buyer_scheme == "uscc":
        yield FIRST_PURCHASE, f"uscc:{revision.buyer_code}"


def _spans(
    connection: Connection, head: Head, revision: CurrentRevision, trade: tuple[str, str], named: tuple[str, str]
) -> Iterator[FactSpan]:
    topic, key = named
    scope = scope_of(topic, key.split("/"))
    if scope is None:
        raise ValueError(f"{topic}/{key} is not a fact of trades")
    own = scope._replace(
        where=f"{scope.where} AND d.exchange = %(of_exchange)s AND d.number = %(of_number)s",
        parameters={**scope.parameters, "of_exchange": trade[0], "of_number": trade[1]},
        takes_least=False,
    )
    turns = _turns(connection, head, revision, trade[0])
    for after, until_seq in zip((revision.seq, *turns), (*turns, revision.replaced_by), strict=True):
        (document,) = documents_as_of(connection, own, after + 1)
        counted = True if document.reason is None else document.reason
        yield FactSpan(f"{topic}/{head.register}/{key}", revision, after + 1, until_seq, counted)


def _turns(connection: Connection, head: Head, revision: CurrentRevision, exchange: str) -> Sequence[int]:
    return fetch_values(
        connection,
        _TURNS,
        int,
        exchange=exchange,
        listing_no=revision.listing_no if revision.listed else None,
        after=revision.seq,
        before=head.next_seq if revision.replaced_by is None else revision.replaced_by,
    )


def _merged(spans: Iterator[FactSpan]) -> Iterator[FactSpan]:
    """Merge neighbours with the same `counted`."""
    for _, same in groupby(spans, key=attrgetter("counted")):
        first, *others = same
        yield first._replace(until_seq=others[-1].until_seq) if others else first
