from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Counted")



@_attrs_define
class Counted:
    

    exchange: str
    amount: str
    """ 元 / yuan """
    trades: int





    def to_dict(self) -> dict[str, Any]:
        exchange = self.exchange

        amount = self.amount

        trades = self.trades


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "amount": amount,
            "trades": trades,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        exchange = d.pop("exchange")

        amount = d.pop("amount")

        trades = d.pop("trades")

        counted = cls(
            exchange=exchange,
            amount=amount,
            trades=trades,
        )

        return counted

