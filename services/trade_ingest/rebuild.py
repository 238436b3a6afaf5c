"""The register of trades worked out anew: what `trade-ingest rebuild` compares and mends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from services.trade_ingest.consumer import TRADES
from services.trade_ingest.fact_topic_comparison import compare_fact_topic
from services.trade_ingest.firsts import FIRST_PURCHASES
from services.trade_ingest.intake import buckets_of
from services.trade_ingest.listing_facts import decode_fact
from services.trade_ingest.totals_store import compare_totals
from shared.events.fact_topics import FIRST_PURCHASE
from shared.register.firsts import compare_firsts
from shared.register.rebuild.command import RebuildSpec
from shared.register.rebuild.versioned_table import UNSAID, VersionedTable
from shared.register.stored_documents import stored_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from shared.register.intake import RegisterContext
    from shared.register.publish.outbox import DirtyKey
    from shared.register.rebuild.report import RebuildReport
    from shared.values.parties import Party
    from shared.whitelist import Whitelist


def _read_trade(
    exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist
) -> tuple[tuple[Any, ...], tuple[Party, ...]]:
    event = stored_event("trade", exchange, value, headers)
    document: Any = event.document
    return (
        document.trade_no,
        document.revision,
        event.content_mode == "binary",
        document.amount_fen,
        document.refunded_fen,
        document.completed_at,
        document.status == "completed",
        document.mode == "listed",
        document.origin_exchange is not None,
        exchanges.counts(exchange, document.completed_at),
        document.listing_no,
    ), (document.provider, document.buyer)


_TRADES = VersionedTable(
    table="trade",
    number="number",
    version="d.revision",
    keeps_late=True,
    columns={
        "number": "d.number",
        "revision": "d.revision",
        "binary_mode": "d.binary_mode",
        "amount_fen": "d.amount_fen",
        "refunded_fen": "d.refunded_fen",
        "completed_at": "d.completed_at",
        "completed": "d.completed",
        "listed": "d.listed",
        "mirrored": "d.mirrored",
        "counted": "d.counted",
        "listing_no": "d.listing_no",
        "provider": "p.scheme || ':' || p.code",
        "buyer": "b.scheme || ':' || b.code",
    },
    parties=("provider", "buyer"),
    joins="LEFT JOIN party p ON p.id = d.provider LEFT JOIN party b ON b.id = d.buyer",
    headers="d.headers",
    read=_read_trade,
)


def _read_fact(
    exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist
) -> tuple[tuple[Any, ...], tuple[Party | None, ...]]:
    del exchange, headers, exchanges  # a fact says all of itself, and whether it counts
    # One that no longer exists says neither provider nor instant.
    fact = decode_fact(value)
    return (
        fact.exchange,
        fact.listing_no,
        fact.generation,
        fact.seq,
        UNSAID if fact.listed_at is None else fact.listed_at,
        fact.proves,
    ), (fact.provider,)


_FACTS = VersionedTable(
    table="listing_fact",
    number="listing_no",
    version="d.generation * CAST(1e19 AS numeric) + d.fact_seq",
    keeps_late=False,
    columns={
        "exchange": "d.exchange",
        "listing_no": "d.listing_no",
        "generation": "d.generation",
        "fact_seq": "d.fact_seq",
        "listed_at": "d.listed_at",
        "proves": "d.proves",
        "provider": "p.scheme || ':' || p.code",
    },
    parties=("provider",),
    joins="LEFT JOIN party p ON p.id = d.provider",
    headers="CAST(NULL AS bytea)",
    read=_read_fact,
)


def _derive(connection: Connection, register: RegisterContext, report: RebuildReport) -> None:
    for what, table in (("状态 / states", "trade"), ("挂牌事实 / listing facts", "listing_fact")):
        report.compared(what, connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
    compare_firsts(connection, FIRST_PURCHASES, report)
    compare_totals(connection, buckets_of(register), report)


def _facts_of_mended(connection: Connection, mended: str) -> Iterable[DirtyKey]:
    """The first purchase that a trade is; totals that change are found by themselves."""
    rows = connection.execute(
        text(
            f"""
            SELECT p.scheme, p.code
            FROM {mended} m JOIN first_purchase f ON f.seq = m.seq JOIN party p ON p.id = f.party
            WHERE m.stands
            """
        )
    )
    return [(FIRST_PURCHASE, f"{row.scheme}:{row.code}") for row in rows]


TRADES_REBUILD = RebuildSpec(
    service="trade-ingest",
    kind=TRADES,
    document="trade",
    documents=_TRADES,
    others=(_FACTS,),
    views=("trade_category",),
    amount="amount_fen",
    derive=_derive,
    facts_of_mended=_facts_of_mended,
    compare_topics=compare_fact_topic,
)
