from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Suspension")



@_attrs_define
class Suspension:
    

    id: str
    suspension_id: str
    rule: str
    reason: str
    from_: datetime.datetime | None
    until: datetime.datetime | None
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        suspension_id = self.suspension_id

        rule = self.rule

        reason = self.reason

        from_: None | str
        if isinstance(self.from_, datetime.datetime):
            from_ = self.from_.isoformat()
        else:
            from_ = self.from_

        until: None | str
        if isinstance(self.until, datetime.datetime):
            until = self.until.isoformat()
        else:
            until = self.until

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "suspension_id": suspension_id,
            "rule": rule,
            "reason": reason,
            "from": from_,
            "until": until,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        suspension_id = d.pop("suspension_id")

        rule = d.pop("rule")

        reason = d.pop("reason")

        def _parse_from_(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_type_0 = datetime.datetime.fromisoformat(data)



                return from_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        from_ = _parse_from_(d.pop("from"))


        def _parse_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.datetime.fromisoformat(data)



                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        until = _parse_until(d.pop("until"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        suspension = cls(
            id=id,
            suspension_id=suspension_id,
            rule=rule,
            reason=reason,
            from_=from_,
            until=until,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return suspension

