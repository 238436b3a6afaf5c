from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.reason_count import ReasonCount





T = TypeVar("T", bound="QuarantineCounts")



@_attrs_define
class QuarantineCounts:
    

    items: list[ReasonCount]
    open_: int
    corrected: int
    unidentified: int
    documents: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.reason_count import ReasonCount # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)



        open_ = self.open_

        corrected = self.corrected

        unidentified = self.unidentified

        documents = self.documents


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
            "open": open_,
            "corrected": corrected,
            "unidentified": unidentified,
            "documents": documents,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reason_count import ReasonCount # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = ReasonCount.from_dict(items_item_data)



            items.append(items_item)


        open_ = d.pop("open")

        corrected = d.pop("corrected")

        unidentified = d.pop("unidentified")

        documents = d.pop("documents")

        quarantine_counts = cls(
            items=items,
            open_=open_,
            corrected=corrected,
            unidentified=unidentified,
            documents=documents,
        )

        return quarantine_counts

