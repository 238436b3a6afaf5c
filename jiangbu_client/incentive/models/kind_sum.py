from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="KindSum")



@_attrs_define
class KindSum:
    

    kind: None | str
    amount: str
    """ 元 / yuan """
    trades: int





    def to_dict(self) -> dict[str, Any]:
        kind: None | str
        kind = self.kind

        amount = self.amount

        trades = self.trades


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "kind": kind,
            "amount": amount,
            "trades": trades,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_kind(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        kind = _parse_kind(d.pop("kind"))


        amount = d.pop("amount")

        trades = d.pop("trades")

        kind_sum = cls(
            kind=kind,
            amount=amount,
            trades=trades,
        )

        return kind_sum

