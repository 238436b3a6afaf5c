from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.subject_id_scheme import SubjectIdScheme






T = TypeVar("T", bound="Subject")



@_attrs_define
class Subject:
    

    id_scheme: SubjectIdScheme
    id: str
    name: str





    def to_dict(self) -> dict[str, Any]:
        id_scheme = self.id_scheme.value

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
        id_scheme = SubjectIdScheme(d.pop("id_scheme"))




        id = d.pop("id")

        name = d.pop("name")

        subject = cls(
            id_scheme=id_scheme,
            id=id,
            name=name,
        )

        return subject

