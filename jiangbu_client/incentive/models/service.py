from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="Service")



@_attrs_define
class Service:
    

    id: str
    service_id: str
    statement: str
    award_id: str
    way: str
    to: str
    served_on: datetime.date
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        id = self.id

        service_id = self.service_id

        statement = self.statement

        award_id = self.award_id

        way = self.way

        to = self.to

        served_on = self.served_on.isoformat()

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
            "id": id,
            "service_id": service_id,
            "statement": statement,
            "award_id": award_id,
            "way": way,
            "to": to,
            "served_on": served_on,
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
        id = d.pop("id")

        service_id = d.pop("service_id")

        statement = d.pop("statement")

        award_id = d.pop("award_id")

        way = d.pop("way")

        to = d.pop("to")

        served_on = datetime.date.fromisoformat(d.pop("served_on"))




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

        service = cls(
            id=id,
            service_id=service_id,
            statement=statement,
            award_id=award_id,
            way=way,
            to=to,
            served_on=served_on,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return service

