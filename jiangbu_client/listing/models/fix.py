from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Fix")



@_attrs_define
class Fix:
    

    zh: str
    en: str





    def to_dict(self) -> dict[str, Any]:
        zh = self.zh

        en = self.en


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "zh": zh,
            "en": en,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        zh = d.pop("zh")

        en = d.pop("en")

        fix = cls(
            zh=zh,
            en=en,
        )

        return fix

