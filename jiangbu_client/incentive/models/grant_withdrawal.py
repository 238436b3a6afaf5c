from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="GrantWithdrawal")



@_attrs_define
class GrantWithdrawal:
    

    grant_withdrawal_id: str
    other_grant_id: str
    reason: str
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        grant_withdrawal_id = self.grant_withdrawal_id

        other_grant_id = self.other_grant_id

        reason = self.reason

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "grant_withdrawal_id": grant_withdrawal_id,
            "other_grant_id": other_grant_id,
            "reason": reason,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        grant_withdrawal_id = d.pop("grant_withdrawal_id")

        other_grant_id = d.pop("other_grant_id")

        reason = d.pop("reason")

        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        grant_withdrawal = cls(
            grant_withdrawal_id=grant_withdrawal_id,
            other_grant_id=other_grant_id,
            reason=reason,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return grant_withdrawal

