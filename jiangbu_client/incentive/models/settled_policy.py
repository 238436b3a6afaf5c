from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="SettledPolicy")



@_attrs_define
class SettledPolicy:
    

    id: str
    sha256: str
    revision: int





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        sha256 = self.sha256

        revision = self.revision


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "sha256": sha256,
            "revision": revision,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        sha256 = d.pop("sha256")

        revision = d.pop("revision")

        settled_policy = cls(
            id=id,
            sha256=sha256,
            revision=revision,
        )

        return settled_policy

