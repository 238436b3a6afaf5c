from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="TradeNo")



@_attrs_define
class TradeNo:
    

    exchange: str
    trade_no: str





    def to_dict(self) -> dict[str, Any]:
        exchange = self.exchange

        trade_no = self.trade_no


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "trade_no": trade_no,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        exchange = d.pop("exchange")

        trade_no = d.pop("trade_no")

        trade_no = cls(
            exchange=exchange,
            trade_no=trade_no,
        )

        return trade_no

