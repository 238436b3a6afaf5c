from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Partition")



@_attrs_define
class Partition:
    

    topic: str
    partition: int
    next_offset: int
    end_offset: int
    stable_offset: int





    def to_dict(self) -> dict[str, Any]:
        topic = self.topic

        partition = self.partition

        next_offset = self.next_offset

        end_offset = self.end_offset

        stable_offset = self.stable_offset


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "topic": topic,
            "partition": partition,
            "next_offset": next_offset,
            "end_offset": end_offset,
            "stable_offset": stable_offset,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        topic = d.pop("topic")

        partition = d.pop("partition")

        next_offset = d.pop("next_offset")

        end_offset = d.pop("end_offset")

        stable_offset = d.pop("stable_offset")

        partition = cls(
            topic=topic,
            partition=partition,
            next_offset=next_offset,
            end_offset=end_offset,
            stable_offset=stable_offset,
        )

        return partition

