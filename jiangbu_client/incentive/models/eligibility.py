from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.eligibility_status import EligibilityStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document
  from ..models.eligibility_criteria import EligibilityCriteria





T = TypeVar("T", bound="Eligibility")



@_attrs_define
class Eligibility:
    

    eligibility_id: str
    subject: str
    status: EligibilityStatus
    kind_of_entity: None | str
    criteria: EligibilityCriteria
    reason: None | str
    from_: datetime.datetime | None
    until: datetime.datetime | None
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        from ..models.eligibility_criteria import EligibilityCriteria # noqa: PLC0415
        eligibility_id = self.eligibility_id

        subject = self.subject

        status = self.status.value

        kind_of_entity: None | str
        kind_of_entity = self.kind_of_entity

        criteria = self.criteria.to_dict()

        reason: None | str
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
            "eligibility_id": eligibility_id,
            "subject": subject,
            "status": status,
            "kind_of_entity": kind_of_entity,
            "criteria": criteria,
            "reason": reason,
            "from": from_,
            "until": until,
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
        from ..models.eligibility_criteria import EligibilityCriteria # noqa: PLC0415
        d = dict(src_dict)
        eligibility_id = d.pop("eligibility_id")

        subject = d.pop("subject")

        status = EligibilityStatus(d.pop("status"))




        def _parse_kind_of_entity(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        kind_of_entity = _parse_kind_of_entity(d.pop("kind_of_entity"))


        criteria = EligibilityCriteria.from_dict(d.pop("criteria"))




        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))


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

        eligibility = cls(
            eligibility_id=eligibility_id,
            subject=subject,
            status=status,
            kind_of_entity=kind_of_entity,
            criteria=criteria,
            reason=reason,
            from_=from_,
            until=until,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return eligibility

