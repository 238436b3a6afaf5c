from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.act_kind import ActKind
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.texts import Texts





T = TypeVar("T", bound="Act")



@_attrs_define
class Act:
    

    act_id: str
    kind: ActKind
    action: None | str
    by: str
    person: None | str
    at: datetime.datetime
    award_id: None | str
    subject: None | str
    year: int | None
    amount: str
    """ 元 / yuan """
    text: Texts
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.texts import Texts # noqa: PLC0415
        act_id = self.act_id

        kind = self.kind.value

        action: None | str
        action = self.action

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        award_id: None | str
        award_id = self.award_id

        subject: None | str
        subject = self.subject

        year: int | None
        year = self.year

        amount = self.amount

        text = self.text.to_dict()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "act_id": act_id,
            "kind": kind,
            "action": action,
            "by": by,
            "person": person,
            "at": at,
            "award_id": award_id,
            "subject": subject,
            "year": year,
            "amount": amount,
            "text": text,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        act_id = d.pop("act_id")

        kind = ActKind(d.pop("kind"))




        def _parse_action(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        action = _parse_action(d.pop("action"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        def _parse_award_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        award_id = _parse_award_id(d.pop("award_id"))


        def _parse_subject(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        subject = _parse_subject(d.pop("subject"))


        def _parse_year(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        year = _parse_year(d.pop("year"))


        amount = d.pop("amount")

        text = Texts.from_dict(d.pop("text"))




        transaction = d.pop("transaction")

        act = cls(
            act_id=act_id,
            kind=kind,
            action=action,
            by=by,
            person=person,
            at=at,
            award_id=award_id,
            subject=subject,
            year=year,
            amount=amount,
            text=text,
            transaction=transaction,
        )

        return act

