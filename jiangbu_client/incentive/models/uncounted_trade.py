from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="UncountedTrade")



@_attrs_define
class UncountedTrade:
    

    trade_no: str
    completed_at: datetime.datetime
    mode: str
    amount: str
    """ 元 / yuan """
    refunded: str
    """ 元 / yuan """
    listing_no: None | str
    reason: str





    def to_dict(self) -> dict[str, Any]:
        trade_no = self.trade_no

        completed_at = self.completed_at.isoformat()

        mode = self.mode

        amount = self.amount

        refunded = self.refunded

        listing_no: None | str
        listing_no = self.listing_no

        reason = self.reason


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "trade_no": trade_no,
            "completed_at": completed_at,
            "mode": mode,
            "amount": amount,
            "refunded": refunded,
            "listing_no": listing_no,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        trade_no = d.pop("trade_no")

        completed_at = datetime.datetime.fromisoformat(d.pop("completed_at"))




        mode = d.pop("mode")

        amount = d.pop("amount")

        refunded = d.pop("refunded")

        def _parse_listing_no(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        listing_no = _parse_listing_no(d.pop("listing_no"))


        reason = d.pop("reason")

        uncounted_trade = cls(
            trade_no=trade_no,
            completed_at=completed_at,
            mode=mode,
            amount=amount,
            refunded=refunded,
            listing_no=listing_no,
            reason=reason,
        )

        return uncounted_trade

