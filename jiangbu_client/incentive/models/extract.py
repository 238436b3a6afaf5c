from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.extract_state import ExtractState
from typing import cast
import datetime






T = TypeVar("T", bound="Extract")



@_attrs_define
class Extract:
    

    id: str
    state: ExtractState
    progress: float
    log_size: int
    requested_at: datetime.datetime
    expires_at: datetime.datetime | None
    bytes_: int | None
    sha256: None | str
    reason: None | str





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        state = self.state.value

        progress = self.progress

        log_size = self.log_size

        requested_at = self.requested_at.isoformat()

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        bytes_: int | None
        bytes_ = self.bytes_

        sha256: None | str
        sha256 = self.sha256

        reason: None | str
        reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "state": state,
            "progress": progress,
            "log_size": log_size,
            "requested_at": requested_at,
            "expires_at": expires_at,
            "bytes": bytes_,
            "sha256": sha256,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        state = ExtractState(d.pop("state"))




        progress = d.pop("progress")

        log_size = d.pop("log_size")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))




        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)



                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))


        def _parse_bytes_(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        bytes_ = _parse_bytes_(d.pop("bytes"))


        def _parse_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sha256 = _parse_sha256(d.pop("sha256"))


        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))


        extract = cls(
            id=id,
            state=state,
            progress=progress,
            log_size=log_size,
            requested_at=requested_at,
            expires_at=expires_at,
            bytes_=bytes_,
            sha256=sha256,
            reason=reason,
        )

        return extract

