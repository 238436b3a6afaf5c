from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Revision")



@_attrs_define
class Revision:
    

    seq: int
    revision: int
    status: str
    is_state: bool
    topic: str
    partition: int
    offset: int
    value_sha256: str
    content_mode: str
    headers_sha256: None | str
    received_at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        seq = self.seq

        revision = self.revision

        status = self.status

        is_state = self.is_state

        topic = self.topic

        partition = self.partition

        offset = self.offset

        value_sha256 = self.value_sha256

        content_mode = self.content_mode

        headers_sha256: None | str
        headers_sha256 = self.headers_sha256

        received_at = self.received_at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "seq": seq,
            "revision": revision,
            "status": status,
            "is_state": is_state,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "value_sha256": value_sha256,
            "content_mode": content_mode,
            "headers_sha256": headers_sha256,
            "received_at": received_at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq = d.pop("seq")

        revision = d.pop("revision")

        status = d.pop("status")

        is_state = d.pop("is_state")

        topic = d.pop("topic")

        partition = d.pop("partition")

        offset = d.pop("offset")

        value_sha256 = d.pop("value_sha256")

        content_mode = d.pop("content_mode")

        def _parse_headers_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        headers_sha256 = _parse_headers_sha256(d.pop("headers_sha256"))


        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))




        revision = cls(
            seq=seq,
            revision=revision,
            status=status,
            is_state=is_state,
            topic=topic,
            partition=partition,
            offset=offset,
            value_sha256=value_sha256,
            content_mode=content_mode,
            headers_sha256=headers_sha256,
            received_at=received_at,
        )

        return revision

