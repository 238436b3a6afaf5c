from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.sent_table_state import SentTableState
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.table import Table





T = TypeVar("T", bound="SentTable")



@_attrs_define
class SentTable:
    

    id: str
    declared_table_id: str
    state: SentTableState
    sha256: str
    added: str
    """ 元 / yuan """
    above: str
    """ 元 / yuan """
    rows: int
    ended_by: None | str
    ended_person: None | str
    reason: None | str
    ended_at: datetime.datetime | None
    previewed: Table
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.table import Table # noqa: PLC0415
        id = self.id

        declared_table_id = self.declared_table_id

        state = self.state.value

        sha256 = self.sha256

        added = self.added

        above = self.above

        rows = self.rows

        ended_by: None | str
        ended_by = self.ended_by

        ended_person: None | str
        ended_person = self.ended_person

        reason: None | str
        reason = self.reason

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        previewed = self.previewed.to_dict()

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "declared_table_id": declared_table_id,
            "state": state,
            "sha256": sha256,
            "added": added,
            "above": above,
            "rows": rows,
            "ended_by": ended_by,
            "ended_person": ended_person,
            "reason": reason,
            "ended_at": ended_at,
            "previewed": previewed,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.table import Table # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        declared_table_id = d.pop("declared_table_id")

        state = SentTableState(d.pop("state"))




        sha256 = d.pop("sha256")

        added = d.pop("added")

        above = d.pop("above")

        rows = d.pop("rows")

        def _parse_ended_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ended_by = _parse_ended_by(d.pop("ended_by"))


        def _parse_ended_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ended_person = _parse_ended_person(d.pop("ended_person"))


        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))


        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)



                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))


        previewed = Table.from_dict(d.pop("previewed"))




        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        sent_table = cls(
            id=id,
            declared_table_id=declared_table_id,
            state=state,
            sha256=sha256,
            added=added,
            above=above,
            rows=rows,
            ended_by=ended_by,
            ended_person=ended_person,
            reason=reason,
            ended_at=ended_at,
            previewed=previewed,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return sent_table

