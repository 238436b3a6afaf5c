from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="PolicyRef")



@_attrs_define
class PolicyRef:
    

    id: str
    revision: int





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        revision = self.revision


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "revision": revision,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        revision = d.pop("revision")

        policy_ref = cls(
            id=id,
            revision=revision,
        )

        return policy_ref

