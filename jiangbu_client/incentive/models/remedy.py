from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Remedy")



@_attrs_define
class Remedy:
    

    remedy: str
    name: str
    to: str
    basis: str
    days: int | None
    months: int | None
    until: datetime.date | None





    def to_dict(self) -> dict[str, Any]:
        remedy = self.remedy

        name = self.name

        to = self.to

        basis = self.basis

        days: int | None
        days = self.days

        months: int | None
        months = self.months

        until: None | str
        if isinstance(self.until, datetime.date):
            until = self.until.isoformat()
        else:
            until = self.until


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "remedy": remedy,
            "name": name,
            "to": to,
            "basis": basis,
            "days": days,
            "months": months,
            "until": until,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        remedy = d.pop("remedy")

        name = d.pop("name")

        to = d.pop("to")

        basis = d.pop("basis")

        def _parse_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        days = _parse_days(d.pop("days"))


        def _parse_months(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        months = _parse_months(d.pop("months"))


        def _parse_until(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.date.fromisoformat(data)



                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        until = _parse_until(d.pop("until"))


        remedy = cls(
            remedy=remedy,
            name=name,
            to=to,
            basis=basis,
            days=days,
            months=months,
            until=until,
        )

        return remedy

