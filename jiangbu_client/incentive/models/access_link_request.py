from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime






T = TypeVar("T", bound="AccessLinkRequest")



@_attrs_define
class AccessLinkRequest:
    

    until: datetime.date | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        until: str | Unset = UNSET
        if not isinstance(self.until, Unset):
            until = self.until.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if until is not UNSET:
            field_dict["until"] = until

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _until = d.pop("until", UNSET)
        until: datetime.date | Unset
        if isinstance(_until,  Unset):
            until = UNSET
        else:
            until = datetime.date.fromisoformat(_until)




        access_link_request = cls(
            until=until,
        )

        return access_link_request

