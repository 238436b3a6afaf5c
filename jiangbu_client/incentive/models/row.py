from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.field_fault import FieldFault





T = TypeVar("T", bound="Row")



@_attrs_define
class Row:
    

    line: int
    award_id: None | str
    ceiling: None | str
    """ 元 / yuan """
    payable: None | str
    """ 元 / yuan """
    suppressed_by: None | str
    errors: list[FieldFault]





    def to_dict(self) -> dict[str, Any]:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        line = self.line

        award_id: None | str
        award_id = self.award_id

        ceiling: None | str
        ceiling = self.ceiling

        payable: None | str
        payable = self.payable

        suppressed_by: None | str
        suppressed_by = self.suppressed_by

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "line": line,
            "award_id": award_id,
            "ceiling": ceiling,
            "payable": payable,
            "suppressed_by": suppressed_by,
            "errors": errors,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        d = dict(src_dict)
        line = d.pop("line")

        def _parse_award_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        award_id = _parse_award_id(d.pop("award_id"))


        def _parse_ceiling(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ceiling = _parse_ceiling(d.pop("ceiling"))


        def _parse_payable(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        payable = _parse_payable(d.pop("payable"))


        def _parse_suppressed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        suppressed_by = _parse_suppressed_by(d.pop("suppressed_by"))


        errors = []
        _errors = d.pop("errors")
        for errors_item_data in (_errors):
            errors_item = FieldFault.from_dict(errors_item_data)



            errors.append(errors_item)


        row = cls(
            line=line,
            award_id=award_id,
            ceiling=ceiling,
            payable=payable,
            suppressed_by=suppressed_by,
            errors=errors,
        )

        return row

