from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Calendar")



@_attrs_define
class Calendar:
    

    end: datetime.date
    days_off: list[str]
    workdays: list[str]
    unknown: list[str]





    def to_dict(self) -> dict[str, Any]:
        end = self.end.isoformat()

        days_off = self.days_off



        workdays = self.workdays



        unknown = self.unknown




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "end": end,
            "days_off": days_off,
            "workdays": workdays,
            "unknown": unknown,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        end = datetime.date.fromisoformat(d.pop("end"))




        days_off = cast(list[str], d.pop("days_off"))


        workdays = cast(list[str], d.pop("workdays"))


        unknown = cast(list[str], d.pop("unknown"))


        calendar = cls(
            end=end,
            days_off=days_off,
            workdays=workdays,
            unknown=unknown,
        )

        return calendar

