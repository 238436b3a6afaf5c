"""The parts of a trade register that `trade-ingest rebuild` compares and repairs."""

from functools import partial
from typing import Any

from sqlalchemy import Connection

from services.trade_ingest.busy_sellers import compare_busy_sellers
from services.trade_ingest.fact_topic_comparison import compare_fact_topic
from services.trade_ingest.listing_facts import decode_fact
from services.trade_ingest.products import product_of
from services.trade_ingest.register import TRADES
from services.trade_ingest.totals_store import buckets_of, compare_totals
from shared.register.context import RegisterContext
from shared.register.rebuild.command import RebuildSpec, run_rebuild
from shared.register.rebuild.report import RebuildReport
from shared.register.rebuild.versioned_table import UNDETERMINED, VersionedTable
from shared.register.stored_documents import stored_event
from shared.whitelist import Whitelist


def _decode_trade(exchange: str, value: bytes, headers: bytes | None, exchanges: Whitelist) -> tuple[object, ...]:
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
        *product_of(document),
        document.provider,
        document.buyer,
    )


def _decode_fact(_exchange: str, value: bytes, _headers: bytes | None, _exchanges: Whitelist) -> tuple[object, ...]:
    fact = decode_fact(value)
    # The fact of a listing that no longer exists has neither provider nor instant.
    listed_at, provider = (UNDETERMINED if part is None else part for part in (fact.listed_at, fact.provider))
    return fact.exchange, fact.listing_no, fact.generation, fact.seq, listed_at, fact.proves, provider


def _compare_sums(connection: Connection, register: RegisterContext, report: RebuildReport) -> None:
    compare_totals(connection, buckets_of(register), report)
    compare_busy_sellers(connection, report)


TRADES_REBUILD = RebuildSpec(
    kind=TRADES,
    documents=VersionedTable(
        table="trade",
        title="状态 / states",
        number="number",
        columns=(
            "number",
            "revision",
            "binary_mode",
            "amount_fen",
            "refunded_fen",
            "completed_at",
            "completed",
            "listed",
            "mirrored",
            "counted",
            "listing_no",
            "product_kind",
            "industry",
        ),
        parties=("provider", "buyer"),
        decode=_decode_trade,
    ),
    facts=VersionedTable(
        table="listing_fact",
        title="挂牌事实 / listing facts",
        number="listing_no",
        columns=("exchange", "listing_no", "generation", "fact_seq", "listed_at", "proves"),
        parties=("provider",),
        decode=_decode_fact,
        version="d.generation * CAST(1e19 AS numeric) + d.fact_seq",
        keeps_late=False,
        has_headers=False,
    ),
    views=("trade_category",),
    amount="amount_fen",
    compare_totals=_compare_sums,
    compare_fact_topic=compare_fact_topic,
)

rebuild = partial(run_rebuild, TRADES_REBUILD)
