from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.release_outcome_type_1 import ReleaseOutcomeType1
from ..models.release_outcome_type_2_type_1 import ReleaseOutcomeType2Type1
from ..models.release_outcome_type_3_type_1 import ReleaseOutcomeType3Type1
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="Release")



@_attrs_define
class Release:
    

    release_id: str
    hold_id: str
    reason: None | str
    outcome: None | ReleaseOutcomeType1 | ReleaseOutcomeType2Type1 | ReleaseOutcomeType3Type1
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        release_id = self.release_id

        hold_id = self.hold_id

        reason: None | str
        reason = self.reason

        outcome: None | str
        if isinstance(self.outcome, ReleaseOutcomeType1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ReleaseOutcomeType2Type1):
            outcome = self.outcome.value
        elif isinstance(self.outcome, ReleaseOutcomeType3Type1):
            outcome = self.outcome.value
        else:
            outcome = self.outcome

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "release_id": release_id,
            "hold_id": hold_id,
            "reason": reason,
            "outcome": outcome,
            "documents": documents,
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
        release_id = d.pop("release_id")

        hold_id = d.pop("hold_id")

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))


        def _parse_outcome(data: object) -> None | ReleaseOutcomeType1 | ReleaseOutcomeType2Type1 | ReleaseOutcomeType3Type1:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_1 = ReleaseOutcomeType1(data)



                return outcome_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_2_type_1 = ReleaseOutcomeType2Type1(data)



                return outcome_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                outcome_type_3_type_1 = ReleaseOutcomeType3Type1(data)



                return outcome_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReleaseOutcomeType1 | ReleaseOutcomeType2Type1 | ReleaseOutcomeType3Type1, data)

        outcome = _parse_outcome(d.pop("outcome"))


        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        release = cls(
            release_id=release_id,
            hold_id=hold_id,
            reason=reason,
            outcome=outcome,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return release

