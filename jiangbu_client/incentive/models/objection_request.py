from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="ObjectionRequest")



@_attrs_define
class ObjectionRequest:
    

    award_id: str
    name: str
    contact: str
    reason: str





    def to_dict(self) -> dict[str, Any]:
        award_id = self.award_id

        name = self.name

        contact = self.contact

        reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
            "name": name,
            "contact": contact,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        award_id = d.pop("award_id")

        name = d.pop("name")

        contact = d.pop("contact")

        reason = d.pop("reason")

        objection_request = cls(
            award_id=award_id,
            name=name,
            contact=contact,
            reason=reason,
        )

        return objection_request

