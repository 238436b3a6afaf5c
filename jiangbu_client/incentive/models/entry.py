from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Entry")



@_attrs_define
class Entry:
    

    account: str
    debit: str
    """ 元 / yuan """
    credit: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        account = self.account

        debit = self.debit

        credit = self.credit


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "account": account,
            "debit": debit,
            "credit": credit,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        account = d.pop("account")

        debit = d.pop("debit")

        credit = d.pop("credit")

        entry = cls(
            account=account,
            debit=debit,
            credit=credit,
        )

        return entry

