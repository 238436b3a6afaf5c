from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="Difference")



@_attrs_define
class Difference:
    

    field: str
    refused: None | str
    registered: None | str





    def to_dict(self) -> dict[str, Any]:
        field = self.field

        refused: None | str
        refused = self.refused

        registered: None | str
        registered = self.registered


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "field": field,
            "refused": refused,
            "registered": registered,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = d.pop("field")

        def _parse_refused(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        refused = _parse_refused(d.pop("refused"))


        def _parse_registered(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        registered = _parse_registered(d.pop("registered"))


        difference = cls(
            field=field,
            refused=refused,
            registered=registered,
        )

        return difference

