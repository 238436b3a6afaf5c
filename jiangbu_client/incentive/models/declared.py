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
  from ..models.declared_measure_type_0 import DeclaredMeasureType0
  from ..models.document import Document





T = TypeVar("T", bound="Declared")



@_attrs_define
class Declared:
    

    rule: str
    subject: str
    item: str
    earned_on: datetime.date
    measure: DeclaredMeasureType0 | None | Unset = UNSET
    assessed: None | str | Unset = UNSET
    documents: list[Document] | Unset = UNSET
    name: str | Unset = UNSET
    withdrawn: bool | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.declared_measure_type_0 import DeclaredMeasureType0 # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        rule = self.rule

        subject = self.subject

        item = self.item

        earned_on = self.earned_on.isoformat()

        measure: dict[str, Any] | None | Unset
        if isinstance(self.measure, Unset):
            measure = UNSET
        elif isinstance(self.measure, DeclaredMeasureType0):
            measure = self.measure.to_dict()
        else:
            measure = self.measure

        assessed: None | str | Unset
        if isinstance(self.assessed, Unset):
            assessed = UNSET
        else:
            assessed = self.assessed

        documents: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.documents, Unset):
            documents = []
            for documents_item_data in self.documents:
                documents_item = documents_item_data.to_dict()
                documents.append(documents_item)



        name = self.name

        withdrawn = self.withdrawn


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "rule": rule,
            "subject": subject,
            "item": item,
            "earned_on": earned_on,
        })
        if measure is not UNSET:
            field_dict["measure"] = measure
        if assessed is not UNSET:
            field_dict["assessed"] = assessed
        if documents is not UNSET:
            field_dict["documents"] = documents
        if name is not UNSET:
            field_dict["name"] = name
        if withdrawn is not UNSET:
            field_dict["withdrawn"] = withdrawn

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.declared_measure_type_0 import DeclaredMeasureType0 # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        d = dict(src_dict)
        rule = d.pop("rule")

        subject = d.pop("subject")

        item = d.pop("item")

        earned_on = datetime.date.fromisoformat(d.pop("earned_on"))




        def _parse_measure(data: object) -> DeclaredMeasureType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                measure_type_0 = DeclaredMeasureType0.from_dict(data)



                return measure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DeclaredMeasureType0 | None | Unset, data)

        measure = _parse_measure(d.pop("measure", UNSET))


        def _parse_assessed(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        assessed = _parse_assessed(d.pop("assessed", UNSET))


        _documents = d.pop("documents", UNSET)
        documents: list[Document] | Unset = UNSET
        if _documents is not UNSET:
            documents = []
            for documents_item_data in _documents:
                documents_item = Document.from_dict(documents_item_data)



                documents.append(documents_item)


        name = d.pop("name", UNSET)

        withdrawn = d.pop("withdrawn", UNSET)

        declared = cls(
            rule=rule,
            subject=subject,
            item=item,
            earned_on=earned_on,
            measure=measure,
            assessed=assessed,
            documents=documents,
            name=name,
            withdrawn=withdrawn,
        )

        return declared

