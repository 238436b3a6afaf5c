from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.field_fault import FieldFault





T = TypeVar("T", bound="EligibilityRow")



@_attrs_define
class EligibilityRow:
    

    line: int
    subject: str
    errors: list[FieldFault]





    def to_dict(self) -> dict[str, Any]:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        line = self.line

        subject = self.subject

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "line": line,
            "subject": subject,
            "errors": errors,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        d = dict(src_dict)
        line = d.pop("line")

        subject = d.pop("subject")

        errors = []
        _errors = d.pop("errors")
        for errors_item_data in (_errors):
            errors_item = FieldFault.from_dict(errors_item_data)



            errors.append(errors_item)


        eligibility_row = cls(
            line=line,
            subject=subject,
            errors=errors,
        )

        return eligibility_row

