from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="SettledWhitelist")



@_attrs_define
class SettledWhitelist:
    

    sha256: str





    def to_dict(self) -> dict[str, Any]:
        sha256 = self.sha256


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "sha256": sha256,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sha256 = d.pop("sha256")

        settled_whitelist = cls(
            sha256=sha256,
        )

        return settled_whitelist

