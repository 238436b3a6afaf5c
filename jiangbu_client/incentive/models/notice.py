from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Notice")



@_attrs_define
class Notice:
    

    from_: datetime.date
    until: datetime.date
    where: None | str





    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_.isoformat()

        until = self.until.isoformat()

        where: None | str
        where = self.where


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "from": from_,
            "until": until,
            "where": where,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        from_ = datetime.date.fromisoformat(d.pop("from"))




        until = datetime.date.fromisoformat(d.pop("until"))




        def _parse_where(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        where = _parse_where(d.pop("where"))


        notice = cls(
            from_=from_,
            until=until,
            where=where,
        )

        return notice

