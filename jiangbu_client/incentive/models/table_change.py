from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="TableChange")



@_attrs_define
class TableChange:
    

    line: int | None
    field: str
    before: Any
    after: Any





    def to_dict(self) -> dict[str, Any]:
        line: int | None
        line = self.line

        field = self.field

        before = self.before

        after = self.after


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "line": line,
            "field": field,
            "before": before,
            "after": after,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_line(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        line = _parse_line(d.pop("line"))


        field = d.pop("field")

        before = d.pop("before")

        after = d.pop("after")

        table_change = cls(
            line=line,
            field=field,
            before=before,
            after=after,
        )

        return table_change

