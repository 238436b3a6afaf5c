from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="SuspensionRequest")



@_attrs_define
class SuspensionRequest:
    

    from_: str
    """ 2026-03-01, or RFC 3339 """
    reason: str
    until: None | str | Unset = UNSET
    """ 2026-03-01, or RFC 3339 """





    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_

        reason = self.reason

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        else:
            until = self.until


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "from": from_,
            "reason": reason,
        })
        if until is not UNSET:
            field_dict["until"] = until

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        from_ = d.pop("from")

        reason = d.pop("reason")

        def _parse_until(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        until = _parse_until(d.pop("until", UNSET))


        suspension_request = cls(
            from_=from_,
            reason=reason,
            until=until,
        )

        return suspension_request

