from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.why import Why





T = TypeVar("T", bound="Refused")



@_attrs_define
class Refused:
    

    award_id: str
    why: list[Why]





    def to_dict(self) -> dict[str, Any]:
        from ..models.why import Why # noqa: PLC0415
        award_id = self.award_id

        why = []
        for why_item_data in self.why:
            why_item = why_item_data.to_dict()
            why.append(why_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
            "why": why,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.why import Why # noqa: PLC0415
        d = dict(src_dict)
        award_id = d.pop("award_id")

        why = []
        _why = d.pop("why")
        for why_item_data in (_why):
            why_item = Why.from_dict(why_item_data)



            why.append(why_item)


        refused = cls(
            award_id=award_id,
            why=why,
        )

        return refused

