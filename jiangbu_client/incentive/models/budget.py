from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.pool import Pool





T = TypeVar("T", bound="Budget")



@_attrs_define
class Budget:
    

    year: int
    budget: str
    """ 元 / yuan """
    payable: str
    """ 元 / yuan """
    approved: str
    """ 元 / yuan """
    paid: str
    """ 元 / yuan """
    returned: str
    """ 元 / yuan """
    available: str
    """ 元 / yuan """
    exceeded: bool
    held: list[str]
    pools: list[Pool]





    def to_dict(self) -> dict[str, Any]:
        from ..models.pool import Pool # noqa: PLC0415
        year = self.year

        budget = self.budget

        payable = self.payable

        approved = self.approved

        paid = self.paid

        returned = self.returned

        available = self.available

        exceeded = self.exceeded

        held = self.held



        pools = []
        for pools_item_data in self.pools:
            pools_item = pools_item_data.to_dict()
            pools.append(pools_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "year": year,
            "budget": budget,
            "payable": payable,
            "approved": approved,
            "paid": paid,
            "returned": returned,
            "available": available,
            "exceeded": exceeded,
            "held": held,
            "pools": pools,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pool import Pool # noqa: PLC0415
        d = dict(src_dict)
        year = d.pop("year")

        budget = d.pop("budget")

        payable = d.pop("payable")

        approved = d.pop("approved")

        paid = d.pop("paid")

        returned = d.pop("returned")

        available = d.pop("available")

        exceeded = d.pop("exceeded")

        held = cast(list[str], d.pop("held"))


        pools = []
        _pools = d.pop("pools")
        for pools_item_data in (_pools):
            pools_item = Pool.from_dict(pools_item_data)



            pools.append(pools_item)


        budget = cls(
            year=year,
            budget=budget,
            payable=payable,
            approved=approved,
            paid=paid,
            returned=returned,
            available=available,
            exceeded=exceeded,
            held=held,
            pools=pools,
        )

        return budget

