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





T = TypeVar("T", bound="ListedGrant")



@_attrs_define
class ListedGrant:
    

    id: str
    other_grant_id: str
    subject: str
    name: str
    amount: str
    """ 元 / yuan """
    year: int
    department: None | str
    document_no: None | str
    granted_on: None | str
    rules: list[str]
    awards: list[str]
    documents: list[Document]
    in_force: bool
    withdrawn_at: datetime.datetime | None
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        id = self.id

        other_grant_id = self.other_grant_id

        subject = self.subject

        name = self.name

        amount = self.amount

        year = self.year

        department: None | str
        department = self.department

        document_no: None | str
        document_no = self.document_no

        granted_on: None | str
        granted_on = self.granted_on

        rules = self.rules



        awards = self.awards



        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        in_force = self.in_force

        withdrawn_at: None | str
        if isinstance(self.withdrawn_at, datetime.datetime):
            withdrawn_at = self.withdrawn_at.isoformat()
        else:
            withdrawn_at = self.withdrawn_at

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "other_grant_id": other_grant_id,
            "subject": subject,
            "name": name,
            "amount": amount,
            "year": year,
            "department": department,
            "document_no": document_no,
            "granted_on": granted_on,
            "rules": rules,
            "awards": awards,
            "documents": documents,
            "in_force": in_force,
            "withdrawn_at": withdrawn_at,
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

        other_grant_id = d.pop("other_grant_id")

        subject = d.pop("subject")

        name = d.pop("name")

        amount = d.pop("amount")

        year = d.pop("year")

        def _parse_department(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        department = _parse_department(d.pop("department"))


        def _parse_document_no(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        document_no = _parse_document_no(d.pop("document_no"))


        def _parse_granted_on(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        granted_on = _parse_granted_on(d.pop("granted_on"))


        rules = cast(list[str], d.pop("rules"))


        awards = cast(list[str], d.pop("awards"))


        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        in_force = d.pop("in_force")

        def _parse_withdrawn_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                withdrawn_at_type_0 = datetime.datetime.fromisoformat(data)



                return withdrawn_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        withdrawn_at = _parse_withdrawn_at(d.pop("withdrawn_at"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        listed_grant = cls(
            id=id,
            other_grant_id=other_grant_id,
            subject=subject,
            name=name,
            amount=amount,
            year=year,
            department=department,
            document_no=document_no,
            granted_on=granted_on,
            rules=rules,
            awards=awards,
            documents=documents,
            in_force=in_force,
            withdrawn_at=withdrawn_at,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return listed_grant

