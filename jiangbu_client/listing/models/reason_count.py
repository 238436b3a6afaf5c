from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reason_count_reason import ReasonCountReason






T = TypeVar("T", bound="ReasonCount")



@_attrs_define
class ReasonCount:
    

    reason: ReasonCountReason
    open_: int
    corrected: int
    unidentified: int
    documents: int





    def to_dict(self) -> dict[str, Any]:
        reason = self.reason.value

        open_ = self.open_

        corrected = self.corrected

        unidentified = self.unidentified

        documents = self.documents


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "reason": reason,
            "open": open_,
            "corrected": corrected,
            "unidentified": unidentified,
            "documents": documents,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reason = ReasonCountReason(d.pop("reason"))




        open_ = d.pop("open")

        corrected = d.pop("corrected")

        unidentified = d.pop("unidentified")

        documents = d.pop("documents")

        reason_count = cls(
            reason=reason,
            open_=open_,
            corrected=corrected,
            unidentified=unidentified,
            documents=documents,
        )

        return reason_count

