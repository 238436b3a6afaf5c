from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.texts import Texts





T = TypeVar("T", bound="UncountedSum")



@_attrs_define
class UncountedSum:
    

    reason: str
    amount: str
    """ 元 / yuan """
    trades: int
    text: Texts
    would_reach: bool





    def to_dict(self) -> dict[str, Any]:
        from ..models.texts import Texts # noqa: PLC0415
        reason = self.reason

        amount = self.amount

        trades = self.trades

        text = self.text.to_dict()

        would_reach = self.would_reach


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "reason": reason,
            "amount": amount,
            "trades": trades,
            "text": text,
            "would_reach": would_reach,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        reason = d.pop("reason")

        amount = d.pop("amount")

        trades = d.pop("trades")

        text = Texts.from_dict(d.pop("text"))




        would_reach = d.pop("would_reach")

        uncounted_sum = cls(
            reason=reason,
            amount=amount,
            trades=trades,
            text=text,
            would_reach=would_reach,
        )

        return uncounted_sum

