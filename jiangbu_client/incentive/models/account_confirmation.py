from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="AccountConfirmation")



@_attrs_define
class AccountConfirmation:
    

    account_confirmation_id: str
    account_id: str
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        account_confirmation_id = self.account_confirmation_id

        account_id = self.account_id

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "account_confirmation_id": account_confirmation_id,
            "account_id": account_id,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        account_confirmation_id = d.pop("account_confirmation_id")

        account_id = d.pop("account_id")

        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        account_confirmation = cls(
            account_confirmation_id=account_confirmation_id,
            account_id=account_id,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return account_confirmation

