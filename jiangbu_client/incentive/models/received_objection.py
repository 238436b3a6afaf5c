from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="ReceivedObjection")



@_attrs_define
class ReceivedObjection:
    

    objection_id: str
    award_id: str
    received_at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        objection_id = self.objection_id

        award_id = self.award_id

        received_at = self.received_at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "objection_id": objection_id,
            "award_id": award_id,
            "received_at": received_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        objection_id = d.pop("objection_id")

        award_id = d.pop("award_id")

        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))




        received_objection = cls(
            objection_id=objection_id,
            award_id=award_id,
            received_at=received_at,
        )

        return received_objection

