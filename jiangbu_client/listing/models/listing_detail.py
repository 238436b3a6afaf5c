from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.listing_detail_status import ListingDetailStatus
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.party import Party
  from ..models.product import Product
  from ..models.revision import Revision





T = TypeVar("T", bound="ListingDetail")



@_attrs_define
class ListingDetail:
    

    listing_no: str
    revision: int
    status: ListingDetailStatus
    product: Product
    provider: Party
    listed_at: datetime.datetime
    exchange: str
    seq: int
    counted: bool
    revisions: list[Revision]
    origin_exchange: None | str | Unset = UNSET
    """ 互认的外部交易场所名称；null 表示非互认 / the outside exchange that it mirrors, null if none """
    certificate_no: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        from ..models.party import Party # noqa: PLC0415
        from ..models.product import Product # noqa: PLC0415
        from ..models.revision import Revision # noqa: PLC0415
        listing_no = self.listing_no

        revision = self.revision

        status = self.status.value

        product = self.product.to_dict()

        provider = self.provider.to_dict()

        listed_at = self.listed_at.isoformat()

        exchange = self.exchange

        seq = self.seq

        counted = self.counted

        revisions = []
        for revisions_item_data in self.revisions:
            revisions_item = revisions_item_data.to_dict()
            revisions.append(revisions_item)



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
            "listing_no": listing_no,
            "revision": revision,
            "status": status,
            "product": product,
            "provider": provider,
            "listed_at": listed_at,
            "exchange": exchange,
            "seq": seq,
            "counted": counted,
            "revisions": revisions,
        })
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
        listing_no = d.pop("listing_no")

        revision = d.pop("revision")

        status = ListingDetailStatus(d.pop("status"))




        product = Product.from_dict(d.pop("product"))




        provider = Party.from_dict(d.pop("provider"))




        listed_at = datetime.datetime.fromisoformat(d.pop("listed_at"))




        exchange = d.pop("exchange")

        seq = d.pop("seq")

        counted = d.pop("counted")

        revisions = []
        _revisions = d.pop("revisions")
        for revisions_item_data in (_revisions):
            revisions_item = Revision.from_dict(revisions_item_data)



            revisions.append(revisions_item)


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


        listing_detail = cls(
            listing_no=listing_no,
            revision=revision,
            status=status,
            product=product,
            provider=provider,
            listed_at=listed_at,
            exchange=exchange,
            seq=seq,
            counted=counted,
            revisions=revisions,
            origin_exchange=origin_exchange,
            certificate_no=certificate_no,
        )


        listing_detail.additional_properties = d
        return listing_detail

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
