"""The kind and industry of a trade's product, as the register keeps them."""

from typing import Final

from sqlalchemy import Connection

from shared.events.documents import NOT_STATED, Trade
from shared.postgres.query import execute, fetch, pg_arrays
from shared.register.stored_documents import stored_document

_BATCH: Final = 5_000  # documents at once in memory


def product_of(trade: Trade) -> tuple[str, str]:
    """Return the kind and the industry of a trade's product, NOT_STATED for what it does not state."""
    product = trade.product
    return (NOT_STATED, NOT_STATED) if product is None else (product.kind, product.industry or NOT_STATED)


def fill_products(connection: Connection) -> None:
    """Read the products of documents that were stored before the register kept them."""
    for table in ("trade", "trade_past"):
        last = -1
        while rows := fetch(
            connection,
            f"""
            SELECT seq, exchange, value, headers FROM {table}
            WHERE seq > %(last)s AND product_kind IS NULL ORDER BY seq LIMIT {_BATCH}
            """,
            tuple[int, str, bytes, bytes | None],
            last=last,
        ):
            last = rows[-1][0]
            found = ((seq, *_stored_product(exchange, value, headers)) for seq, exchange, value, headers in rows)
            execute(
                connection,
                f"""
                UPDATE {table} t SET product_kind = n.product_kind, industry = n.industry
                FROM unnest(CAST(%(seqs)s AS bigint[]), CAST(%(kinds)s AS text[]), CAST(%(industries)s AS text[]))
                     AS n(seq, product_kind, industry)
                WHERE t.seq = n.seq
                """,
                **pg_arrays(found, "seqs", "kinds", "industries"),
            )


def _stored_product(exchange: str, value: bytes, headers: bytes | None) -> tuple[str, str]:
    document = stored_document("trade", exchange, value, headers)
    if not isinstance(document, Trade):
        raise TypeError(f"a stored trade of {exchange} is a {type(document).__name__}")
    return product_of(document)
