"""Documents of events (listings and trades) as plain values.

`==` is the contract's "same content": known fields by value after defaults. Money is fen and times are instants in UTC,
so `1.5` equals `1.50`, and one instant written in two zones is equal. The industry of a product is not compared.
"""

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec
from msgspec.structs import replace

from shared.values.parties import Party

ListingStatus = Literal["listed", "withdrawn", "annulled"]
TradeStatus = Literal["completed", "cancelled"]
TradeMode = Literal["listed", "negotiated", "auction"]
ProductKind = Literal["dataset", "api", "report", "service", "model", "other"]
# Sections of GB/T 4754-2017.
Industry = Literal[
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T"
]  # fmt: skip

LISTING_STATUSES: Final[tuple[str, ...]] = get_args(ListingStatus)
TRADE_STATUSES: Final[tuple[str, ...]] = get_args(TradeStatus)
TRADE_MODES: Final[tuple[str, ...]] = get_args(TradeMode)
PRODUCT_KINDS: Final[tuple[str, ...]] = get_args(ProductKind)
INDUSTRIES: Final[tuple[str, ...]] = get_args(Industry)
NOT_STATED: Final = "unknown"  # stands for a product's kind or industry where a document states none

MAX_REVISION: Final = 2**31 - 1
MAX_AMOUNT_FEN: Final = 10_000_000_000 * 100  # 100亿 yuan
MAX_NAME_LENGTH: Final = 200
MAX_CERTIFICATE_LENGTH: Final = 128


class Product(msgspec.Struct, frozen=True, gc=False, eq=False, omit_defaults=True):
    """The product that is listed or traded; `industry` is no part of a document's content."""

    no: str
    name: str
    kind: ProductKind
    industry: Industry | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Product):
            return NotImplemented
        return (self.no, self.name, self.kind) == (other.no, other.name, other.kind)

    def __hash__(self) -> int:
        return hash((self.no, self.name, self.kind))


class Listing(msgspec.Struct, frozen=True, gc=False):
    """One revision of a listing (挂牌)."""

    listing_no: str
    revision: int
    status: ListingStatus
    product: Product
    provider: Party
    listed_at: datetime
    origin_exchange: str | None
    certificate_no: str | None


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One revision of a trade (交易)."""

    trade_no: str
    revision: int
    status: TradeStatus
    mode: TradeMode
    listing_no: str | None
    product: Product | None
    provider: Party
    buyer: Party
    amount_fen: int
    refunded_fen: int
    currency: Literal["CNY"]
    completed_at: datetime
    origin_exchange: str | None
    certificate_no: str | None


Document = Listing | Trade


def without_industry(document: Document) -> Document:
    """Return the document without what `==` does not compare."""
    product = document.product
    if product is None or product.industry is None:
        return document
    return replace(document, product=replace(product, industry=None))
