from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="OtherGrantRequest")



@_attrs_define
class OtherGrantRequest:
    

    name: str
    department: str
    document_no: str
    year: int
    amount: str
    granted_on: datetime.date
    documents: list[Document]
    rules: list[str] | None | Unset = UNSET
    awards: list[str] | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        name = self.name

        department = self.department

        document_no = self.document_no

        year = self.year

        amount = self.amount

        granted_on = self.granted_on.isoformat()

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        rules: list[str] | None | Unset
        if isinstance(self.rules, Unset):
            rules = UNSET
        elif isinstance(self.rules, list):
            rules = self.rules


        else:
            rules = self.rules

        awards: list[str] | None | Unset
        if isinstance(self.awards, Unset):
            awards = UNSET
        elif isinstance(self.awards, list):
            awards = self.awards


        else:
            awards = self.awards


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "name": name,
            "department": department,
            "document_no": document_no,
            "year": year,
            "amount": amount,
            "granted_on": granted_on,
            "documents": documents,
        })
        if rules is not UNSET:
            field_dict["rules"] = rules
        if awards is not UNSET:
            field_dict["awards"] = awards

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        name = d.pop("name")

        department = d.pop("department")

        document_no = d.pop("document_no")

        year = d.pop("year")

        amount = d.pop("amount")

        granted_on = datetime.date.fromisoformat(d.pop("granted_on"))




        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        def _parse_rules(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                rules_type_0 = cast(list[str], data)

                return rules_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        rules = _parse_rules(d.pop("rules", UNSET))


        def _parse_awards(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                awards_type_0 = cast(list[str], data)

                return awards_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        awards = _parse_awards(d.pop("awards", UNSET))


        other_grant_request = cls(
            name=name,
            department=department,
            document_no=document_no,
            year=year,
            amount=amount,
            granted_on=granted_on,
            documents=documents,
            rules=rules,
            awards=awards,
        )

        return other_grant_request

