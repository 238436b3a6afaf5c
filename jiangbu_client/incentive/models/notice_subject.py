from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="NoticeSubject")



@_attrs_define
class NoticeSubject:
    

    id_scheme: str
    id: str
    name: str





    def to_dict(self) -> dict[str, Any]:
        id_scheme = self.id_scheme

        id = self.id

        name = self.name


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id_scheme": id_scheme,
            "id": id,
            "name": name,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id_scheme = d.pop("id_scheme")

        id = d.pop("id")

        name = d.pop("name")

        notice_subject = cls(
            id_scheme=id_scheme,
            id=id,
            name=name,
        )

        return notice_subject

