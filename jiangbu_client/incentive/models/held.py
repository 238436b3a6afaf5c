from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.held_kind import HeldKind
from ..models.held_outcome_type_1 import HeldOutcomeType1
from ..models.held_outcome_type_2_type_1 import HeldOutcomeType2Type1
from ..models.held_outcome_type_3_type_1 import HeldOutcomeType3Type1
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="Held")



@_attrs_define
class Held:
    

    id: str
    hold_id: str
    award_id: str
    reason: str
    kind: HeldKind
    objected_by: None | str
    received_on: None | str
    objection_id: None | str
    documents: list[Document]
    released_at: datetime.datetime | None
    outcome: HeldOutcomeType1 | HeldOutcomeType2Type1 | HeldOutcomeType3Type1 | None
    answer: None | str
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        id = self.id

        hold_id = self.hold_id

        award_id = self.award_id

        reason = self.reason

        kind = self.kind.value

        objected_by: None | str
        objected_by = self.objected_by

        received_on: None | str
        received_on = self.received_on

        objection_id: None | str
        objection_id = self.objection_id

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        released_at: None | str
        if isinstance(self.released_at, datetime.datetime):
            released_at = self.released_at.isoformat()
        else:
            released_at = self.released_at

        outcome: None | str
        if isinstance(self.outcome, HeldOutcomeType1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, HeldOutcomeType2Type1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, HeldOutcomeType3Type1):
            outcome = self.outcome.value
        else:
            outcome = self.outcome

        answer: None | str
        answer = self.answer

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "hold_id": hold_id,
            "award_id": award_id,
            "reason": reason,
            "kind": kind,
            "objected_by": objected_by,
            "received_on": received_on,
            "objection_id": objection_id,
            "documents": documents,
            "released_at": released_at,
            "outcome": outcome,
            "answer": answer,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        id = d.pop("id")

        hold_id = d.pop("hold_id")

        award_id = d.pop("award_id")

        reason = d.pop("reason")

        kind = HeldKind(d.pop("kind"))




        def _parse_objected_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        objected_by = _parse_objected_by(d.pop("objected_by"))


        def _parse_received_on(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        received_on = _parse_received_on(d.pop("received_on"))


        def _parse_objection_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        objection_id = _parse_objection_id(d.pop("objection_id"))


        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        def _parse_released_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                released_at_type_0 = datetime.datetime.fromisoformat(data)



                return released_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        released_at = _parse_released_at(d.pop("released_at"))


        def _parse_outcome(data: object) -> HeldOutcomeType1 | HeldOutcomeType2Type1 | HeldOutcomeType3Type1 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_1 = HeldOutcomeType1(data)



                return outcome_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_2_type_1 = HeldOutcomeType2Type1(data)



                return outcome_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_3_type_1 = HeldOutcomeType3Type1(data)



                return outcome_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HeldOutcomeType1 | HeldOutcomeType2Type1 | HeldOutcomeType3Type1 | None, data)

        outcome = _parse_outcome(d.pop("outcome"))


        def _parse_answer(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        answer = _parse_answer(d.pop("answer"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        held = cls(
            id=id,
            hold_id=hold_id,
            award_id=award_id,
            reason=reason,
            kind=kind,
            objected_by=objected_by,
            received_on=received_on,
            objection_id=objection_id,
            documents=documents,
            released_at=released_at,
            outcome=outcome,
            answer=answer,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return held

