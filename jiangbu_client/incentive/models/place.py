from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Place")



@_attrs_define
class Place:
    

    revision: int
    seq: int
    topic: str
    partition: int
    offset: int





    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        seq = self.seq

        topic = self.topic

        partition = self.partition

        offset = self.offset


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "revision": revision,
            "seq": seq,
            "topic": topic,
            "partition": partition,
            "offset": offset,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        seq = d.pop("seq")

        topic = d.pop("topic")

        partition = d.pop("partition")

        offset = d.pop("offset")

        place = cls(
            revision=revision,
            seq=seq,
            topic=topic,
            partition=partition,
            offset=offset,
        )

        return place

