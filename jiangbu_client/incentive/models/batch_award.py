from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast






T = TypeVar("T", bound="BatchAward")



@_attrs_define
class BatchAward:
    

    award_id: str
    amount: None | str | Unset = UNSET
    voucher_no: None | str | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        award_id = self.award_id

        amount: None | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        voucher_no: None | str | Unset
        if isinstance(self.voucher_no, Unset):
            voucher_no = UNSET
        else:
            voucher_no = self.voucher_no


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
        })
        if amount is not UNSET:
            field_dict["amount"] = amount
        if voucher_no is not UNSET:
            field_dict["voucher_no"] = voucher_no

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        award_id = d.pop("award_id")

        def _parse_amount(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))


        def _parse_voucher_no(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        voucher_no = _parse_voucher_no(d.pop("voucher_no", UNSET))


        batch_award = cls(
            award_id=award_id,
            amount=amount,
            voucher_no=voucher_no,
        )

        return batch_award

