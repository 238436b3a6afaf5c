from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="TradeFact")



@_attrs_define
class TradeFact:
    

    fact: str
    counted: Any
    """ true, or the reason why it does not count """





    def to_dict(self) -> dict[str, Any]:
        fact = self.fact

        counted = self.counted


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "fact": fact,
            "counted": counted,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        fact = d.pop("fact")

        counted = d.pop("counted")

        trade_fact = cls(
            fact=fact,
            counted=counted,
        )

        return trade_fact

