from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="File")



@_attrs_define
class File:
    

    sha256: str
    name: str
    media_type: str
    bytes_: int
    by: str
    person: str
    at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        sha256 = self.sha256

        name = self.name

        media_type = self.media_type

        bytes_ = self.bytes_

        by = self.by

        person = self.person

        at = self.at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "sha256": sha256,
            "name": name,
            "media_type": media_type,
            "bytes": bytes_,
            "by": by,
            "person": person,
            "at": at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sha256 = d.pop("sha256")

        name = d.pop("name")

        media_type = d.pop("media_type")

        bytes_ = d.pop("bytes")

        by = d.pop("by")

        person = d.pop("person")

        at = datetime.datetime.fromisoformat(d.pop("at"))




        file = cls(
            sha256=sha256,
            name=name,
            media_type=media_type,
            bytes_=bytes_,
            by=by,
            person=person,
            at=at,
        )

        return file

