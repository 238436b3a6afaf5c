from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.calendar import Calendar





T = TypeVar("T", bound="NoticePeriod")



@_attrs_define
class NoticePeriod:
    

    from_: str
    until: str
    where: str
    reading: str
    working_days: int
    calendar: Calendar





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar import Calendar # noqa: PLC0415
        from_ = self.from_

        until = self.until

        where = self.where

        reading = self.reading

        working_days = self.working_days

        calendar = self.calendar.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "from": from_,
            "until": until,
            "where": where,
            "reading": reading,
            "working_days": working_days,
            "calendar": calendar,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar import Calendar # noqa: PLC0415
        d = dict(src_dict)
        from_ = d.pop("from")

        until = d.pop("until")

        where = d.pop("where")

        reading = d.pop("reading")

        working_days = d.pop("working_days")

        calendar = Calendar.from_dict(d.pop("calendar"))




        notice_period = cls(
            from_=from_,
            until=until,
            where=where,
            reading=reading,
            working_days=working_days,
            calendar=calendar,
        )

        return notice_period

