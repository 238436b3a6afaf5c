from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.balance import Balance





T = TypeVar("T", bound="BalancePage")



@_attrs_define
class BalancePage:
    

    items: list[Balance]
    next_cursor: None | str
    as_of: datetime.datetime
    size: int
    count: int | Unset = UNSET
    """ the number of all items, with count=true """





    def to_dict(self) -> dict[str, Any]:
        from ..models.balance import Balance # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)



        next_cursor: None | str
        next_cursor = self.next_cursor

        as_of = self.as_of.isoformat()

        size = self.size

        count = self.count


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
            "next_cursor": next_cursor,
            "as_of": as_of,
            "size": size,
        })
        if count is not UNSET:
            field_dict["count"] = count

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.balance import Balance # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = Balance.from_dict(items_item_data)



            items.append(items_item)


        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))


        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))




        size = d.pop("size")

        count = d.pop("count", UNSET)

        balance_page = cls(
            items=items,
            next_cursor=next_cursor,
            as_of=as_of,
            size=size,
            count=count,
        )

        return balance_page

