from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="NotCounted")



@_attrs_define
class NotCounted:
    

    exchange: str
    amount: str
    """ 元 / yuan """
    trades: int
    reason: str





    def to_dict(self) -> dict[str, Any]:
        exchange = self.exchange

        amount = self.amount

        trades = self.trades

        reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "amount": amount,
            "trades": trades,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        exchange = d.pop("exchange")

        amount = d.pop("amount")

        trades = d.pop("trades")

        reason = d.pop("reason")

        not_counted = cls(
            exchange=exchange,
            amount=amount,
            trades=trades,
            reason=reason,
        )

        return not_counted

