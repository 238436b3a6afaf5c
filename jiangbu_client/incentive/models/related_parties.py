from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.related_parties_status import RelatedPartiesStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="RelatedParties")



@_attrs_define
class RelatedParties:
    

    related_party_id: str
    reason: str
    subjects: list[str]
    status: RelatedPartiesStatus
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        related_party_id = self.related_party_id

        reason = self.reason

        subjects = self.subjects



        status = self.status.value

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
            "related_party_id": related_party_id,
            "reason": reason,
            "subjects": subjects,
            "status": status,
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
        related_party_id = d.pop("related_party_id")

        reason = d.pop("reason")

        subjects = cast(list[str], d.pop("subjects"))


        status = RelatedPartiesStatus(d.pop("status"))




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

        related_parties = cls(
            related_party_id=related_party_id,
            reason=reason,
            subjects=subjects,
            status=status,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return related_parties

