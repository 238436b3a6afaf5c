from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.budget_change import BudgetChange
  from ..models.refused import Refused





T = TypeVar("T", bound="BatchPreview")



@_attrs_define
class BatchPreview:
    

    count: int
    amount: str
    """ 元 / yuan """
    refused: list[Refused]
    budget: list[BudgetChange]
    held: list[str]
    suppressed: list[str]
    over_approved: list[str]





    def to_dict(self) -> dict[str, Any]:
        from ..models.budget_change import BudgetChange # noqa: PLC0415
        from ..models.refused import Refused # noqa: PLC0415
        count = self.count

        amount = self.amount

        refused = []
        for refused_item_data in self.refused:
            refused_item = refused_item_data.to_dict()
            refused.append(refused_item)



        budget = []
        for budget_item_data in self.budget:
            budget_item = budget_item_data.to_dict()
            budget.append(budget_item)



        held = self.held



        suppressed = self.suppressed



        over_approved = self.over_approved




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "count": count,
            "amount": amount,
            "refused": refused,
            "budget": budget,
            "held": held,
            "suppressed": suppressed,
            "over_approved": over_approved,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.budget_change import BudgetChange # noqa: PLC0415
        from ..models.refused import Refused # noqa: PLC0415
        d = dict(src_dict)
        count = d.pop("count")

        amount = d.pop("amount")

        refused = []
        _refused = d.pop("refused")
        for refused_item_data in (_refused):
            refused_item = Refused.from_dict(refused_item_data)



            refused.append(refused_item)


        budget = []
        _budget = d.pop("budget")
        for budget_item_data in (_budget):
            budget_item = BudgetChange.from_dict(budget_item_data)



            budget.append(budget_item)


        held = cast(list[str], d.pop("held"))


        suppressed = cast(list[str], d.pop("suppressed"))


        over_approved = cast(list[str], d.pop("over_approved"))


        batch_preview = cls(
            count=count,
            amount=amount,
            refused=refused,
            budget=budget,
            held=held,
            suppressed=suppressed,
            over_approved=over_approved,
        )

        return batch_preview

