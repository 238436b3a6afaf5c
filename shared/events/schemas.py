"""Validation rules of documents as marshmallow schemas, the source of error messages and OpenAPI.

They load the JSON of a document into values for `shared.events.documents`, and dump documents as the API shows them.
Checks that need more than the document (the event's time) or have a reason of their own (`same_party`) are in `decode`.
"""

from typing import Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validates_schema

from shared.events.documents import (
    INDUSTRIES,
    LISTING_STATUSES,
    MAX_AMOUNT_FEN,
    MAX_CERTIFICATE_LENGTH,
    MAX_NAME_LENGTH,
    PRODUCT_KINDS,
    TRADE_MODES,
    TRADE_STATUSES,
    Listing,
    Product,
    Trade,
)
from shared.events.fields import NOT_NULL, NOT_OBJECT, REQUIRED, Choice, Messages, Number, Revision, Text, Time, Yuan
from shared.values.json_types import Json
from shared.values.parties import ID_SCHEMES, Party, id_fault

_NESTED_MESSAGES: Final[Messages] = {"required": REQUIRED, "null": NOT_NULL, "type": NOT_OBJECT}


class _DocumentSchema(Schema):
    error_messages = {"type": NOT_OBJECT}  # noqa: RUF012 - declared so by marshmallow

    class Meta:
        unknown = EXCLUDE


class AttributesSchema(_DocumentSchema):
    """The attributes of a CloudEvent that the contract requires."""

    specversion = Choice(("1.0",), required=True)
    id = Text(required=True, min_length=1)
    source = Text(required=True, min_length=1)
    type = Text(required=True, min_length=1)
    time = Time(required=True)


class PartySchema(_DocumentSchema):
    """A party: a legal entity by its USCC (default), an overseas one, or a natural person under a pseudonym."""

    id_scheme = Choice(ID_SCHEMES, load_default="uscc")
    id = Text(required=True)
    name = Text(required=True, min_length=1, max_length=MAX_NAME_LENGTH)

    @validates_schema(skip_on_field_errors=True)
    def check_id(self, data: Json, **_: object) -> None:
        fault = id_fault(data["id_scheme"], data["id"])
        if fault is not None:
            raise ValidationError(fault, "id")

    @post_load
    def make(self, data: Json, **_: object) -> Party:
        return Party(**data)


class ProductSchema(_DocumentSchema):
    """The product that is listed or traded."""

    # The exchange's own product code, in any form; nothing is looked up by it.
    no = Text(required=True, min_length=1, max_length=MAX_NAME_LENGTH)
    name = Text(required=True, min_length=1, max_length=MAX_NAME_LENGTH)
    kind = Choice(PRODUCT_KINDS, required=True)
    industry = Choice(
        INDUSTRIES,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "国民经济行业门类（GB/T 4754），null 表示未填写 / section of GB/T 4754, null if not stated"
        },
    )

    @post_load
    def make(self, data: Json, **_: object) -> Product:
        return Product(**data)


def _party() -> fields.Nested:
    return fields.Nested(PartySchema, required=True, error_messages=_NESTED_MESSAGES)


def _origin_exchange() -> Text:
    said = "互认的外部交易场所名称；null 表示非互认 / the outside exchange that it mirrors, null if none"
    metadata = {"description": said}
    return Text(load_default=None, allow_none=True, min_length=1, max_length=MAX_NAME_LENGTH, metadata=metadata)


def _certificate_no() -> Text:
    return Text(load_default=None, allow_none=True, max_length=MAX_CERTIFICATE_LENGTH)


class ListingSchema(_DocumentSchema):
    """A listing (挂牌), whole."""

    listing_no = Number(required=True)
    revision = Revision(required=True)
    status = Choice(LISTING_STATUSES, required=True)
    product = fields.Nested(ProductSchema, required=True, error_messages=_NESTED_MESSAGES)
    provider = _party()
    listed_at = Time(required=True)
    origin_exchange = _origin_exchange()
    certificate_no = _certificate_no()

    @post_load
    def make(self, data: Json, **_: object) -> Listing:
        return Listing(**data)


class TradeSchema(_DocumentSchema):
    """A trade (交易), whole."""

    trade_no = Number(required=True)
    revision = Revision(required=True)
    status = Choice(TRADE_STATUSES, required=True)
    mode = Choice(TRADE_MODES, required=True)
    listing_no = Number(load_default=None, allow_none=True)
    product = fields.Nested(ProductSchema, load_default=None, allow_none=True, error_messages=_NESTED_MESSAGES)
    provider = _party()
    buyer = _party()
    amount = Yuan(attribute="amount_fen", required=True, positive=True, up_to_fen=MAX_AMOUNT_FEN)
    refunded = Yuan(attribute="refunded_fen", load_default=0)
    currency = Choice(("CNY",), required=True)
    completed_at = Time(required=True)
    origin_exchange = _origin_exchange()
    certificate_no = _certificate_no()

    @validates_schema(skip_on_field_errors=False)
    def check_listing_no(self, data: Json, **_: object) -> None:
        if data.get("mode") == "listed" and data.get("listing_no", "") is None:
            raise ValidationError("mode 为 listed 时必填 / is required when mode is listed", "listing_no")

    @validates_schema(skip_on_field_errors=False)
    def check_refunded(self, data: Json, **_: object) -> None:
        amount_fen = data.get("amount_fen")
        if amount_fen is not None and data.get("refunded_fen", 0) > amount_fen:
            raise ValidationError("不得超过 amount / must be at most amount", "refunded")

    @post_load
    def make(self, data: Json, **_: object) -> Trade:
        return Trade(**data)
