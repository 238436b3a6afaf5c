from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.fact_ref import FactRef





T = TypeVar("T", bound="Cause")



@_attrs_define
class Cause:
    

    facts: list[FactRef]
    text: str





    def to_dict(self) -> dict[str, Any]:
        from ..models.fact_ref import FactRef # noqa: PLC0415
        facts = []
        for facts_item_data in self.facts:
            facts_item = facts_item_data.to_dict()
            facts.append(facts_item)



        text = self.text


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "facts": facts,
            "text": text,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.fact_ref import FactRef # noqa: PLC0415
        d = dict(src_dict)
        facts = []
        _facts = d.pop("facts")
        for facts_item_data in (_facts):
            facts_item = FactRef.from_dict(facts_item_data)



            facts.append(facts_item)


        text = d.pop("text")

        cause = cls(
            facts=facts,
            text=text,
        )

        return cause

