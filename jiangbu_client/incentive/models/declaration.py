from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.declaration_measure import DeclarationMeasure
  from ..models.document import Document
  from ..models.subject import Subject





T = TypeVar("T", bound="Declaration")



@_attrs_define
class Declaration:
    

    award_id: str
    rule: str
    item: str
    by: str
    fact: str
    person: None | str
    subject: Subject
    earned_on: datetime.date
    measure: DeclarationMeasure
    assessed: None | str
    documents: list[Document]
    withdrawn: bool
    at: datetime.datetime
    seq: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.declaration_measure import DeclarationMeasure # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        from ..models.subject import Subject # noqa: PLC0415
        award_id = self.award_id

        rule = self.rule

        item = self.item

        by = self.by

        fact = self.fact

        person: None | str
        person = self.person

        subject = self.subject.to_dict()

        earned_on = self.earned_on.isoformat()

        measure = self.measure.to_dict()

        assessed: None | str
        assessed = self.assessed

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        withdrawn = self.withdrawn

        at = self.at.isoformat()

        seq = self.seq


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
            "rule": rule,
            "item": item,
            "by": by,
            "fact": fact,
            "person": person,
            "subject": subject,
            "earned_on": earned_on,
            "measure": measure,
            "assessed": assessed,
            "documents": documents,
            "withdrawn": withdrawn,
            "at": at,
            "seq": seq,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.declaration_measure import DeclarationMeasure # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        from ..models.subject import Subject # noqa: PLC0415
        d = dict(src_dict)
        award_id = d.pop("award_id")

        rule = d.pop("rule")

        item = d.pop("item")

        by = d.pop("by")

        fact = d.pop("fact")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        subject = Subject.from_dict(d.pop("subject"))




        earned_on = datetime.date.fromisoformat(d.pop("earned_on"))




        measure = DeclarationMeasure.from_dict(d.pop("measure"))




        def _parse_assessed(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        assessed = _parse_assessed(d.pop("assessed"))


        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        withdrawn = d.pop("withdrawn")

        at = datetime.datetime.fromisoformat(d.pop("at"))




        seq = d.pop("seq")

        declaration = cls(
            award_id=award_id,
            rule=rule,
            item=item,
            by=by,
            fact=fact,
            person=person,
            subject=subject,
            earned_on=earned_on,
            measure=measure,
            assessed=assessed,
            documents=documents,
            withdrawn=withdrawn,
            at=at,
            seq=seq,
        )

        return declaration

