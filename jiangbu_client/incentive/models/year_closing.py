from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.year_closing_status import YearClosingStatus
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.document import Document





T = TypeVar("T", bound="YearClosing")



@_attrs_define
class YearClosing:
    

    year_closing_id: str
    reason: str
    year: int
    status: YearClosingStatus
    documents: list[Document]
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.document import Document # noqa: PLC0415
        year_closing_id = self.year_closing_id

        reason = self.reason

        year = self.year

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
            "year_closing_id": year_closing_id,
            "reason": reason,
            "year": year,
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
        year_closing_id = d.pop("year_closing_id")

        reason = d.pop("reason")

        year = d.pop("year")

        status = YearClosingStatus(d.pop("status"))




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

        year_closing = cls(
            year_closing_id=year_closing_id,
            reason=reason,
            year=year,
            status=status,
            documents=documents,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return year_closing

