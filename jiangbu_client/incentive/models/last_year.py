from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="LastYear")



@_attrs_define
class LastYear:
    

    year: int
    on: datetime.date
    by_then: str
    """ 元 / yuan """
    is_estimate: bool
    total: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        year = self.year

        on = self.on.isoformat()

        by_then = self.by_then

        is_estimate = self.is_estimate

        total = self.total


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "year": year,
            "on": on,
            "by_then": by_then,
            "is_estimate": is_estimate,
            "total": total,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        year = d.pop("year")

        on = datetime.date.fromisoformat(d.pop("on"))




        by_then = d.pop("by_then")

        is_estimate = d.pop("is_estimate")

        total = d.pop("total")

        last_year = cls(
            year=year,
            on=on,
            by_then=by_then,
            is_estimate=is_estimate,
            total=total,
        )

        return last_year

