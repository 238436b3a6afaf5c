from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.trade_fact import TradeFact





T = TypeVar("T", bound="TradeFacts")



@_attrs_define
class TradeFacts:
    

    generation: int
    facts: list[TradeFact]





    def to_dict(self) -> dict[str, Any]:
        from ..models.trade_fact import TradeFact # noqa: PLC0415
        generation = self.generation

        facts = []
        for facts_item_data in self.facts:
            facts_item = facts_item_data.to_dict()
            facts.append(facts_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "generation": generation,
            "facts": facts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.trade_fact import TradeFact # noqa: PLC0415
        d = dict(src_dict)
        generation = d.pop("generation")

        facts = []
        _facts = d.pop("facts")
        for facts_item_data in (_facts):
            facts_item = TradeFact.from_dict(facts_item_data)



            facts.append(facts_item)


        trade_facts = cls(
            generation=generation,
            facts=facts,
        )

        return trade_facts

