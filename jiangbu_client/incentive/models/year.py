from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.year_closing import YearClosing





T = TypeVar("T", bound="Year")



@_attrs_define
class Year:
    

    year: int
    closed: bool
    closing_day: datetime.date
    acts: list[YearClosing]





    def to_dict(self) -> dict[str, Any]:
        from ..models.year_closing import YearClosing # noqa: PLC0415
        year = self.year

        closed = self.closed

        closing_day = self.closing_day.isoformat()

        acts = []
        for acts_item_data in self.acts:
            acts_item = acts_item_data.to_dict()
            acts.append(acts_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "year": year,
            "closed": closed,
            "closing_day": closing_day,
            "acts": acts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.year_closing import YearClosing # noqa: PLC0415
        d = dict(src_dict)
        year = d.pop("year")

        closed = d.pop("closed")

        closing_day = datetime.date.fromisoformat(d.pop("closing_day"))




        acts = []
        _acts = d.pop("acts")
        for acts_item_data in (_acts):
            acts_item = YearClosing.from_dict(acts_item_data)



            acts.append(acts_item)


        year = cls(
            year=year,
            closed=closed,
            closing_day=closing_day,
            acts=acts,
        )

        return year

