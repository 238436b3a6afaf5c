from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.batch_decisions_action import BatchDecisionsAction
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.decision import Decision





T = TypeVar("T", bound="BatchDecisions")



@_attrs_define
class BatchDecisions:
    

    items: list[Decision]
    next_cursor: None | str
    count: int
    batch_id: str
    amount: str
    """ 元 / yuan """
    by: str
    person: str
    action: BatchDecisionsAction
    at: datetime.datetime





    def to_dict(self) -> dict[str, Any]:
        from ..models.decision import Decision # noqa: PLC0415
        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)



        next_cursor: None | str
        next_cursor = self.next_cursor

        count = self.count

        batch_id = self.batch_id

        amount = self.amount

        by = self.by

        person = self.person

        action = self.action.value

        at = self.at.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "items": items,
            "next_cursor": next_cursor,
            "count": count,
            "batch_id": batch_id,
            "amount": amount,
            "by": by,
            "person": person,
            "action": action,
            "at": at,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.decision import Decision # noqa: PLC0415
        d = dict(src_dict)
        items = []
        _items = d.pop("items")
        for items_item_data in (_items):
            items_item = Decision.from_dict(items_item_data)



            items.append(items_item)


        def _parse_next_cursor(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_cursor = _parse_next_cursor(d.pop("next_cursor"))


        count = d.pop("count")

        batch_id = d.pop("batch_id")

        amount = d.pop("amount")

        by = d.pop("by")

        person = d.pop("person")

        action = BatchDecisionsAction(d.pop("action"))




        at = datetime.datetime.fromisoformat(d.pop("at"))




        batch_decisions = cls(
            items=items,
            next_cursor=next_cursor,
            count=count,
            batch_id=batch_id,
            amount=amount,
            by=by,
            person=person,
            action=action,
            at=at,
        )

        return batch_decisions

