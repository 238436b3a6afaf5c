from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.batch_action import BatchAction
from typing import cast
import datetime






T = TypeVar("T", bound="Batch")



@_attrs_define
class Batch:
    

    batch_id: str
    amount: str
    """ 元 / yuan """
    by: str
    person: str
    action: BatchAction
    count: int
    at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        batch_id = self.batch_id

        amount = self.amount

        by = self.by

        person = self.person

        action = self.action.value

        count = self.count

        at = self.at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "batch_id": batch_id,
            "amount": amount,
            "by": by,
            "person": person,
            "action": action,
            "count": count,
            "at": at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        batch_id = d.pop("batch_id")

        amount = d.pop("amount")

        by = d.pop("by")

        person = d.pop("person")

        action = BatchAction(d.pop("action"))




        count = d.pop("count")

        at = datetime.datetime.fromisoformat(d.pop("at"))




        batch = cls(
            batch_id=batch_id,
            amount=amount,
            by=by,
            person=person,
            action=action,
            count=count,
            at=at,
        )

        return batch

