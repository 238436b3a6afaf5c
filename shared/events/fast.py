"""Fast path: decode the plain form of a valid event, and return None for anything else.

It may accept only what the schemas accept, with equal values; None means "decode by the schemas", not "invalid".
msgspec checks types, words, ranges and lengths while it parses; the other checks are below. A property test compares
the two paths.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.events.documents import (
    MAX_AMOUNT_FEN,
    MAX_CERTIFICATE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_REVISION,
    Document,
    Listing,
    ListingStatus,
    Product,
    Trade,
    TradeMode,
    TradeStatus,
)
from shared.values.money import parse_yuan
from shared.values.parties import IdScheme, Party, id_fault, is_number, is_uscc
from shared.values.times import parse_time

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
_Certificate = Annotated[str, Meta(max_length=MAX_CERTIFICATE_LENGTH)]
_Revision = Annotated[int, Meta(ge=1, le=MAX_REVISION)]
# `is_number` checks it later; the length limit rejects absurd texts early.
_Number = Annotated[str, Meta(min_length=1, max_length=64)]

_TYPE_HEADERS: Final = {
    "listing": b"cn.kunming.data-exchange.listing.v1",
    "trade": b"cn.kunming.data-exchange.trade.v1",
}
_DAY: Final = timedelta(hours=24)
_NOTHING_REFUNDED: Final = frozenset({"0", "0.00"})


class _Party(msgspec.Struct, gc=False):
    id: _Number
    name: _Name
    id_scheme: IdScheme = "uscc"


class _Listing(msgspec.Struct, gc=False):
    listing_no: _Number
    revision: _Revision
    status: ListingStatus
    product: Product
    provider: _Party
    listed_at: str
    origin_exchange: _Name | None = None
    certificate_no: _Certificate | None = None


class _Trade(msgspec.Struct, gc=False):
    trade_no: _Number
    revision: _Revision
    status: TradeStatus
    mode: TradeMode
    provider: _Party
    buyer: _Party
    amount: str
    currency: Literal["CNY"]
    completed_at: str
    listing_no: _Number | None = None
    product: Product | None = None
    refunded: str = "0"
    origin_exchange: _Name | None = None
    certificate_no: _Certificate | None = None


class _Event(msgspec.Struct, gc=False, kw_only=True):
    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1)]
    source: str
    time: str
    data_base64: UnsetType = UNSET


class _ListingEvent(_Event, gc=False):
    type: Literal["cn.kunming.data-exchange.listing.v1"]
    data: _Listing


class _TradeEvent(_Event, gc=False):
    type: Literal["cn.kunming.data-exchange.trade.v1"]
    data: _Trade


_decode_listing: Final = msgspec.json.Decoder(_Listing).decode
_decode_trade: Final = msgspec.json.Decoder(_Trade).decode
_decode_listing_event: Final = msgspec.json.Decoder(_ListingEvent).decode
_decode_trade_event: Final = msgspec.json.Decoder(_TradeEvent).decode


def structured(kind: Literal["listing", "trade"], exchange: str, value: bytes) -> Document | None:
    """Decode a structured event nested at most MAX_NESTING levels, or return None."""
    if _may_have_nul(value):
        return None
    try:
        value.decode()  # msgspec does not validate strings that it skips
        if kind == "trade":
            trade_event = _decode_trade_event(value)
            if trade_event.source != "/exchanges/" + exchange:
                return None
            return _trade(trade_event.data, trade_event.time)
        listing_event = _decode_listing_event(value)
        if listing_event.source != "/exchanges/" + exchange:
            return None
        return _listing(listing_event.data, listing_event.time)
    except ValueError:  # raised by msgspec, UTF-8, times or amounts
        return None


def binary(
    kind: Literal["listing", "trade"], exchange: str, value: bytes, headers: dict[str, bytes]
) -> Document | None:
    """Decode a binary event nested at most MAX_NESTING levels, or return None. `headers` has the last of each name."""
    if _may_have_nul(value) or headers["ce_specversion"] != b"1.0" or headers.get("ce_type") != _TYPE_HEADERS[kind]:
        return None
    event_id, time = headers.get("ce_id"), headers.get("ce_time")
    if not event_id or b"\0" in event_id or not time or headers.get("ce_source") != b"/exchanges/" + exchange.encode():
        return None
    try:
        event_id.decode()
        value.decode()
        if kind == "trade":
            return _trade(_decode_trade(value), time.decode())
        return _listing(_decode_listing(value), time.decode())
    except ValueError:
        return None


def _may_have_nul(value: bytes) -> bool:
    r"""Return True if the JSON may contain U+0000, which can only be written `\u0000`. Errs on the safe side."""
    return b"\\" in value and b"\\u0000" in value  # most values have no backslash, which is the faster search


def _listing(data: _Listing, time: str) -> Listing | None:
    parse_time(time)
    provider = _party(data.provider)
    if provider is None or not is_number(data.listing_no) or not _good(data.product):
        return None
    return Listing(
        data.listing_no,
        data.revision,
        data.status,
        data.product,
        provider,
        parse_time(data.listed_at),
        data.origin_exchange,
        data.certificate_no,
    )


def _trade(data: _Trade, time: str) -> Trade | None:
    provider, buyer = _party(data.provider), _party(data.buyer)
    if provider is None or buyer is None or (provider.id == buyer.id and provider.id_scheme == buyer.id_scheme):
        return None
    if data.listing_no is None:
        if data.mode == "listed":
            return None
    elif not is_number(data.listing_no):
        return None
    if not is_number(data.trade_no) or not (data.product is None or _good(data.product)):
        return None
    amount_fen = parse_yuan(data.amount)
    refunded_fen = 0 if data.refunded in _NOTHING_REFUNDED else parse_yuan(data.refunded)
    completed_at = parse_time(data.completed_at)
    if not 0 < amount_fen <= MAX_AMOUNT_FEN or refunded_fen > amount_fen or completed_at - parse_time(time) > _DAY:
        return None
    return Trade(
        data.trade_no,
        data.revision,
        data.status,
        data.mode,
        data.listing_no,
        data.product,
        provider,
        buyer,
        amount_fen,
        refunded_fen,
        data.currency,
        completed_at,
        data.origin_exchange,
        data.certificate_no,
    )


def _party(party: _Party) -> Party | None:
    if party.id_scheme == "uscc":
        if not is_uscc(party.id):
            return None
    elif id_fault(party.id_scheme, party.id) is not None:
        return None
    return Party(party.id_scheme, party.id, party.name)


def _good(product: Product) -> bool:
    return 0 < len(product.no) <= MAX_NAME_LENGTH and 0 < len(product.name) <= MAX_NAME_LENGTH
