from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="IndustrySum")



@_attrs_define
class IndustrySum:
    

    industry: None | str
    amount: str
    """ 元 / yuan """
    trades: int





    def to_dict(self) -> dict[str, Any]:
        industry: None | str
        industry = self.industry

        amount = self.amount

        trades = self.trades


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "industry": industry,
            "amount": amount,
            "trades": trades,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_industry(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        industry = _parse_industry(d.pop("industry"))


        amount = d.pop("amount")

        trades = d.pop("trades")

        industry_sum = cls(
            industry=industry,
            amount=amount,
            trades=trades,
        )

        return industry_sum

