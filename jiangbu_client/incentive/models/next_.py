from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Next")



@_attrs_define
class Next:
    

    threshold: str
    """ 元 / yuan """
    missing: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        threshold = self.threshold

        missing = self.missing


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "threshold": threshold,
            "missing": missing,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        threshold = d.pop("threshold")

        missing = d.pop("missing")

        next_ = cls(
            threshold=threshold,
            missing=missing,
        )

        return next_

