from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.eligibility_row import EligibilityRow





T = TypeVar("T", bound="EligibilityTable")



@_attrs_define
class EligibilityTable:
    

    written: bool
    faulty: int
    rows: list[EligibilityRow]
    held: list[str]
    released: list[str]
    not_eligible: list[str]





    def to_dict(self) -> dict[str, Any]:
        from ..models.eligibility_row import EligibilityRow # noqa: PLC0415
        written = self.written

        faulty = self.faulty

        rows = []
        for rows_item_data in self.rows:
            rows_item = rows_item_data.to_dict()
            rows.append(rows_item)



        held = self.held



        released = self.released



        not_eligible = self.not_eligible




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "written": written,
            "faulty": faulty,
            "rows": rows,
            "held": held,
            "released": released,
            "not_eligible": not_eligible,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.eligibility_row import EligibilityRow # noqa: PLC0415
        d = dict(src_dict)
        written = d.pop("written")

        faulty = d.pop("faulty")

        rows = []
        _rows = d.pop("rows")
        for rows_item_data in (_rows):
            rows_item = EligibilityRow.from_dict(rows_item_data)



            rows.append(rows_item)


        held = cast(list[str], d.pop("held"))


        released = cast(list[str], d.pop("released"))


        not_eligible = cast(list[str], d.pop("not_eligible"))


        eligibility_table = cls(
            written=written,
            faulty=faulty,
            rows=rows,
            held=held,
            released=released,
            not_eligible=not_eligible,
        )

        return eligibility_table

