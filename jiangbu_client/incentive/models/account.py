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





T = TypeVar("T", bound="Account")



@_attrs_define
class Account:
    

    id: str
    account_id: str
    subject: str
    bank: str
    account: str
    account_sha256: str
    name: str
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        id = self.id

        account_id = self.account_id

        subject = self.subject

        bank = self.bank

        account = self.account

        account_sha256 = self.account_sha256

        name = self.name

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
            "account_id": account_id,
            "subject": subject,
            "bank": bank,
            "account": account,
            "account_sha256": account_sha256,
            "name": name,
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

        account_id = d.pop("account_id")

        subject = d.pop("subject")

        bank = d.pop("bank")

        account = d.pop("account")

        account_sha256 = d.pop("account_sha256")

        name = d.pop("name")

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

        account = cls(
            id=id,
            account_id=account_id,
            subject=subject,
            bank=bank,
            account=account,
            account_sha256=account_sha256,
            name=name,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return account

