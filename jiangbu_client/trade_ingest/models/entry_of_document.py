from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="EntryOfDocument")



@_attrs_define
class EntryOfDocument:
    

    seq: int
    revision: int
    received_at: str





    def to_dict(self) -> dict[str, Any]:
        seq = self.seq

        revision = self.revision

        received_at = self.received_at


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "seq": seq,
            "revision": revision,
            "received_at": received_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq = d.pop("seq")

        revision = d.pop("revision")

        received_at = d.pop("received_at")

        entry_of_document = cls(
            seq=seq,
            revision=revision,
            received_at=received_at,
        )

        return entry_of_document

