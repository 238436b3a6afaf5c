from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="AccountRequest")



@_attrs_define
class AccountRequest:
    

    bank: str
    account: str
    name: str
    documents: list[Document]





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        bank = self.bank

        account = self.account

        name = self.name

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "bank": bank,
            "account": account,
            "name": name,
            "documents": documents,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        bank = d.pop("bank")

        account = d.pop("account")

        name = d.pop("name")

        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        account_request = cls(
            bank=bank,
            account=account,
            name=name,
            documents=documents,
        )

        return account_request

