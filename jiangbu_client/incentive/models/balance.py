from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Balance")



@_attrs_define
class Balance:
    

    account: str
    debit: str
    """ 元 / yuan """
    credit: str
    """ 元 / yuan """
    balance: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        account = self.account

        debit = self.debit

        credit = self.credit

        balance = self.balance


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "account": account,
            "debit": debit,
            "credit": credit,
            "balance": balance,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        account = d.pop("account")

        debit = d.pop("debit")

        credit = d.pop("credit")

        balance = d.pop("balance")

        balance = cls(
            account=account,
            debit=debit,
            credit=credit,
            balance=balance,
        )

        return balance

