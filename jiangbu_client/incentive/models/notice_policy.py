from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="NoticePolicy")



@_attrs_define
class NoticePolicy:
    

    id: str
    document_no: str
    title: str
    revision: int





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        document_no = self.document_no

        title = self.title

        revision = self.revision


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "document_no": document_no,
            "title": title,
            "revision": revision,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        document_no = d.pop("document_no")

        title = d.pop("title")

        revision = d.pop("revision")

        notice_policy = cls(
            id=id,
            document_no=document_no,
            title=title,
            revision=revision,
        )

        return notice_policy

