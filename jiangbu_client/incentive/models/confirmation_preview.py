from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.budget_change import BudgetChange
  from ..models.row import Row
  from ..models.table_change import TableChange





T = TypeVar("T", bound="ConfirmationPreview")



@_attrs_define
class ConfirmationPreview:
    

    written: bool
    needs_second_person: bool
    faulty: int
    ceiling: str
    """ 元 / yuan """
    payable: str
    """ 元 / yuan """
    added: str
    """ 元 / yuan """
    above: None | str
    """ 元 / yuan """
    budget: list[BudgetChange] | None
    held: list[str] | None
    suppressed: list[str] | None
    over_approved: list[str] | None
    rows: list[Row]
    changed: list[TableChange]





    def to_dict(self) -> dict[str, Any]:
        from ..models.budget_change import BudgetChange # noqa: PLC0415
        from ..models.row import Row # noqa: PLC0415
        from ..models.table_change import TableChange # noqa: PLC0415
        written = self.written

        needs_second_person = self.needs_second_person

        faulty = self.faulty

        ceiling = self.ceiling

        payable = self.payable

        added = self.added

        above: None | str
        above = self.above

        budget: list[dict[str, Any]] | None
        if isinstance(self.budget, list):
            budget = []
            for budget_type_0_item_data in self.budget:
                budget_type_0_item = budget_type_0_item_data.to_dict()
                budget.append(budget_type_0_item)


        else:
            budget = self.budget

        held: list[str] | None
        if isinstance(self.held, list):
            held = self.held


        else:
            held = self.held

        suppressed: list[str] | None
        if isinstance(self.suppressed, list):
            suppressed = self.suppressed


        else:
            suppressed = self.suppressed

        over_approved: list[str] | None
        if isinstance(self.over_approved, list):
            over_approved = self.over_approved


        else:
            over_approved = self.over_approved

        rows = []
        for rows_item_data in self.rows:
            rows_item = rows_item_data.to_dict()
            rows.append(rows_item)



        changed = []
        for changed_item_data in self.changed:
            changed_item = changed_item_data.to_dict()
            changed.append(changed_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "written": written,
            "needs_second_person": needs_second_person,
            "faulty": faulty,
            "ceiling": ceiling,
            "payable": payable,
            "added": added,
            "above": above,
            "budget": budget,
            "held": held,
            "suppressed": suppressed,
            "over_approved": over_approved,
            "rows": rows,
            "changed": changed,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.budget_change import BudgetChange # noqa: PLC0415
        from ..models.row import Row # noqa: PLC0415
        from ..models.table_change import TableChange # noqa: PLC0415
        d = dict(src_dict)
        written = d.pop("written")

        needs_second_person = d.pop("needs_second_person")

        faulty = d.pop("faulty")

        ceiling = d.pop("ceiling")

        payable = d.pop("payable")

        added = d.pop("added")

        def _parse_above(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        above = _parse_above(d.pop("above"))


        def _parse_budget(data: object) -> list[BudgetChange] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                budget_type_0 = []
                _budget_type_0 = data
                for budget_type_0_item_data in (_budget_type_0):
                    budget_type_0_item = BudgetChange.from_dict(budget_type_0_item_data)



                    budget_type_0.append(budget_type_0_item)

                return budget_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[BudgetChange] | None, data)

        budget = _parse_budget(d.pop("budget"))


        def _parse_held(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                held_type_0 = cast(list[str], data)

                return held_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        held = _parse_held(d.pop("held"))


        def _parse_suppressed(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                suppressed_type_0 = cast(list[str], data)

                return suppressed_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        suppressed = _parse_suppressed(d.pop("suppressed"))


        def _parse_over_approved(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                over_approved_type_0 = cast(list[str], data)

                return over_approved_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        over_approved = _parse_over_approved(d.pop("over_approved"))


        rows = []
        _rows = d.pop("rows")
        for rows_item_data in (_rows):
            rows_item = Row.from_dict(rows_item_data)



            rows.append(rows_item)


        changed = []
        _changed = d.pop("changed")
        for changed_item_data in (_changed):
            changed_item = TableChange.from_dict(changed_item_data)



            changed.append(changed_item)


        confirmation_preview = cls(
            written=written,
            needs_second_person=needs_second_person,
            faulty=faulty,
            ceiling=ceiling,
            payable=payable,
            added=added,
            above=above,
            budget=budget,
            held=held,
            suppressed=suppressed,
            over_approved=over_approved,
            rows=rows,
            changed=changed,
        )

        return confirmation_preview

