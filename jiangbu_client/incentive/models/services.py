from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.remedy import Remedy
  from ..models.service import Service





T = TypeVar("T", bound="Services")



@_attrs_define
class Services:
    

    items: list[Service]
    remedies: list[Remedy]





    def to_dict(self) -> dict[str, Any]:
        from ..models.remedy import Remedy # noqa: PLC0415
        from ..models.service import Service # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)



        remedies = []
        for remedies_item_data in self.remedies:
            remedies_item = remedies_item_data.to_dict()
            remedies.append(remedies_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
            "remedies": remedies,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.remedy import Remedy # noqa: PLC0415
        from ..models.service import Service # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = Service.from_dict(items_item_data)



            items.append(items_item)


        remedies = []
        _remedies = d.pop("remedies")
        for remedies_item_data in (_remedies):
            remedies_item = Remedy.from_dict(remedies_item_data)



            remedies.append(remedies_item)


        services = cls(
            items=items,
            remedies=remedies,
        )

        return services

