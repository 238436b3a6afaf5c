from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.effect import Effect
  from ..models.trade_fact import TradeFact





T = TypeVar("T", bound="EffectPage")



@_attrs_define
class EffectPage:
    

    items: list[Effect]
    next_cursor: None | str
    exchange: str
    trade_no: str
    facts: list[TradeFact]
    count: int | Unset = UNSET
    """ the number of all items, with count=true """





    def to_dict(self) -> dict[str, Any]:
        from ..models.effect import Effect # noqa: PLC0415
        from ..models.trade_fact import TradeFact # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)



        next_cursor: None | str
        next_cursor = self.next_cursor

        exchange = self.exchange

        trade_no = self.trade_no

        facts = []
        for facts_item_data in self.facts:
            facts_item = facts_item_data.to_dict()
            facts.append(facts_item)



        count = self.count


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
            "next_cursor": next_cursor,
            "exchange": exchange,
            "trade_no": trade_no,
            "facts": facts,
        })
        if count is not UNSET:
            field_dict["count"] = count

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.effect import Effect # noqa: PLC0415
        from ..models.trade_fact import TradeFact # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = Effect.from_dict(items_item_data)



            items.append(items_item)


        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))


        exchange = d.pop("exchange")

        trade_no = d.pop("trade_no")

        facts = []
        _facts = d.pop("facts")
        for facts_item_data in (_facts):
            facts_item = TradeFact.from_dict(facts_item_data)



            facts.append(facts_item)


        count = d.pop("count", UNSET)

        effect_page = cls(
            items=items,
            next_cursor=next_cursor,
            exchange=exchange,
            trade_no=trade_no,
            facts=facts,
            count=count,
        )

        return effect_page

