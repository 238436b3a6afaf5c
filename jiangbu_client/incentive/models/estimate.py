from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Estimate")



@_attrs_define
class Estimate:
    

    amount: str
    """ 元 / yuan """
    low: str
    """ 元 / yuan """
    high: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        amount = self.amount

        low = self.low

        high = self.high


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "low": low,
            "high": high,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        amount = d.pop("amount")

        low = d.pop("low")

        high = d.pop("high")

        estimate = cls(
            amount=amount,
            low=low,
            high=high,
        )

        return estimate

