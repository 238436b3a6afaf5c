from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.trade_detail_currency import TradeDetailCurrency
from ..models.trade_detail_mode import TradeDetailMode
from ..models.trade_detail_status import TradeDetailStatus
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.party import Party
  from ..models.product import Product
  from ..models.revision import Revision





T = TypeVar("T", bound="TradeDetail")



@_attrs_define
class TradeDetail:
    

    trade_no: str
    revision: int
    status: TradeDetailStatus
    mode: TradeDetailMode
    provider: Party
    buyer: Party
    amount: str
    currency: TradeDetailCurrency
    completed_at: datetime.datetime
    exchange: str
    seq: int
    counted: bool
    revisions: list[Revision]
    listing_no: None | str | Unset = UNSET
    product: None | Product | Unset = UNSET
    refunded: str | Unset = '0.00'
    origin_exchange: None | str | Unset = UNSET
    """ 互认的外部交易场所名称；null 表示非互认 / the outside exchange that it mirrors, null if none """
    certificate_no: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.party import Party # noqa: PLC0415
        from ..models.product import Product # noqa: PLC0415
        from ..models.revision import Revision # noqa: PLC0415
        trade_no = self.trade_no

        revision = self.revision

        status = self.status.value

        mode = self.mode.value

        provider = self.provider.to_dict()

        buyer = self.buyer.to_dict()

        amount = self.amount

        currency = self.currency.value

        completed_at = self.completed_at.isoformat()

        exchange = self.exchange

        seq = self.seq

        counted = self.counted

        revisions = []
        for revisions_item_data in self.revisions:
            revisions_item = revisions_item_data.to_dict()
            revisions.append(revisions_item)



        listing_no: None | str | Unset
        if isinstance(self.listing_no, Unset):
            listing_no = UNSET
        else:
            listing_no = self.listing_no

        product: dict[str, Any] | None | Unset
        if isinstance(self.product, Unset):
            product = UNSET
        elif isinstance(self.product, Product):
            product = self.product.to_dict()
        else:
            product = self.product

        refunded = self.refunded

        origin_exchange: None | str | Unset
        if isinstance(self.origin_exchange, Unset):
            origin_exchange = UNSET
        else:
            origin_exchange = self.origin_exchange

        certificate_no: None | str | Unset
        if isinstance(self.certificate_no, Unset):
            certificate_no = UNSET
        else:
            certificate_no = self.certificate_no


        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "trade_no": trade_no,
            "revision": revision,
            "status": status,
            "mode": mode,
            "provider": provider,
            "buyer": buyer,
            "amount": amount,
            "currency": currency,
            "completed_at": completed_at,
            "exchange": exchange,
            "seq": seq,
            "counted": counted,
            "revisions": revisions,
        })
        if listing_no is not UNSET:
            field_dict["listing_no"] = listing_no
        if product is not UNSET:
            field_dict["product"] = product
        if refunded is not UNSET:
            field_dict["refunded"] = refunded
        if origin_exchange is not UNSET:
            field_dict["origin_exchange"] = origin_exchange
        if certificate_no is not UNSET:
            field_dict["certificate_no"] = certificate_no

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.party import Party # noqa: PLC0415
        from ..models.product import Product # noqa: PLC0415
        from ..models.revision import Revision # noqa: PLC0415
        d = dict(src_dict)
        trade_no = d.pop("trade_no")

        revision = d.pop("revision")

        status = TradeDetailStatus(d.pop("status"))




        mode = TradeDetailMode(d.pop("mode"))




        provider = Party.from_dict(d.pop("provider"))




        buyer = Party.from_dict(d.pop("buyer"))




        amount = d.pop("amount")

        currency = TradeDetailCurrency(d.pop("currency"))




        completed_at = datetime.datetime.fromisoformat(d.pop("completed_at"))




        exchange = d.pop("exchange")

        seq = d.pop("seq")

        counted = d.pop("counted")

        revisions = []
        _revisions = d.pop("revisions")
        for revisions_item_data in (_revisions):
            revisions_item = Revision.from_dict(revisions_item_data)



            revisions.append(revisions_item)


        def _parse_listing_no(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        listing_no = _parse_listing_no(d.pop("listing_no", UNSET))


        def _parse_product(data: object) -> None | Product | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                product_type_0 = Product.from_dict(data)



                return product_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Product | Unset, data)

        product = _parse_product(d.pop("product", UNSET))


        refunded = d.pop("refunded", UNSET)

        def _parse_origin_exchange(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        origin_exchange = _parse_origin_exchange(d.pop("origin_exchange", UNSET))


        def _parse_certificate_no(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        certificate_no = _parse_certificate_no(d.pop("certificate_no", UNSET))


        trade_detail = cls(
            trade_no=trade_no,
            revision=revision,
            status=status,
            mode=mode,
            provider=provider,
            buyer=buyer,
            amount=amount,
            currency=currency,
            completed_at=completed_at,
            exchange=exchange,
            seq=seq,
            counted=counted,
            revisions=revisions,
            listing_no=listing_no,
            product=product,
            refunded=refunded,
            origin_exchange=origin_exchange,
            certificate_no=certificate_no,
        )


        trade_detail.additional_properties = d
        return trade_detail

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
