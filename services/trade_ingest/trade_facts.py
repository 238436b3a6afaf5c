"""The facts that a trade was evidence of: in which revision, at which seqs, and whether it counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from services.trade_ingest.evidence import scope_of
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE
from shared.register.evidence import documents_as_of
from shared.register.head import read_head
from shared.values.times import shanghai_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

    from shared.register.head import Head

_COLUMNS = 'seq, revision, partition, "offset", completed_at, provider, buyer, listed, listing_no'
# Revisions that were once current: one that arrived late is evidence of nothing.
_REVISIONS = text(f"""
    SELECT d.*, p.scheme AS provider_scheme, p.code AS provider_code, b.scheme AS buyer_scheme, b.code AS buyer_code
    FROM (
        SELECT {_COLUMNS}, NULL AS replaced_by FROM trade WHERE exchange = :exchange AND number = :number
        UNION ALL
        SELECT {_COLUMNS}, replaced_by FROM trade_past
        WHERE exchange = :exchange AND number = :number AND replaced_by IS NOT NULL
    ) d JOIN party p ON p.id = d.provider JOIN party b ON b.id = d.buyer ORDER BY d.seq
""")
# Entries that can change whether an unchanged trade counts.
_TURNS = text("""
    SELECT seq FROM (
        SELECT seq FROM settings_entry
        UNION ALL
        SELECT seq FROM listing_fact WHERE exchange = :exchange AND listing_no = :listing_no
        UNION ALL
        SELECT seq FROM listing_fact_past WHERE exchange = :exchange AND listing_no = :listing_no
    ) e WHERE seq > :after AND seq < :before ORDER BY seq
""")


class FactSpan(NamedTuple):
    """A fact at each seq from `from_seq` to `until_seq`, both included; None: open."""

    fact: str
    revision: Row[Any]
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
        for revision in connection.execute(_REVISIONS, {"exchange": exchange, "number": number}).all()
        for topic, key in _facts_of(exchange, revision)
        for span in _merged(_spans(connection, head, revision, (exchange, number), (topic, key)))
    ]


def _facts_of(exchange: str, revision: Row[Any]) -> Iterator[tuple[str, str]]:
    year = shanghai_year(revision.completed_at)
    yield ANNUAL_TOTAL, f"exchange/{exchange}/{year}"
    if revision.provider_scheme == "uscc":
        yield ANNUAL_TOTAL, f"provider/uscc:{revision.provider_code}/{year}"
    if revision.buyer_scheme == "uscc":
        yield FIRST_PURCHASE, f"uscc:{revision.buyer_code}"


def _spans(
    connection: Connection, head: Head, revision: Row[Any], trade: tuple[str, str], named: tuple[str, str]
) -> Iterator[FactSpan]:
    topic, key = named
    scope = scope_of(topic, key.split("/"))
    if scope is None:
        raise ValueError(f"{topic}/{key} is not a fact of trades")
    own = scope._replace(
        where=f"{scope.where} AND d.exchange = :of_exchange AND d.number = :of_number",
        parameters={**scope.parameters, "of_exchange": trade[0], "of_number": trade[1]},
        takes_least=False,
    )
    turns = _turns(connection, head, revision, trade[0])
    for after, until_seq in zip((revision.seq, *turns), (*turns, revision.replaced_by), strict=True):
        (document,) = documents_as_of(connection, own, after + 1)
        counted = True if document.reason is None else document.reason
        yield FactSpan(f"{topic}/{head.register}/{key}", revision, after + 1, until_seq, counted)


def _turns(connection: Connection, head: Head, revision: Row[Any], exchange: str) -> Sequence[int]:
    return list(
        connection.execute(
            _TURNS,
            {
                "exchange": exchange,
                "listing_no": revision.listing_no if revision.listed else None,
                "after": revision.seq,
                "before": head.next_seq if revision.replaced_by is None else revision.replaced_by,
            },
        ).scalars()
    )


def _merged(spans: Iterator[FactSpan]) -> Iterator[FactSpan]:
    """Merge neighbours with the same `counted`."""
    open_span: FactSpan | None = None
    for span in spans:
        if open_span is not None and open_span.counted == span.counted:
            open_span = open_span._replace(until_seq=span.until_seq)
            continue
        if open_span is not None:
            yield open_span
        open_span = span
    if open_span is not None:
        yield open_span
