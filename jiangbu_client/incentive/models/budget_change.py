from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="BudgetChange")



@_attrs_define
class BudgetChange:
    

    year: int
    before: str
    """ 元 / yuan """
    after: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        year = self.year

        before = self.before

        after = self.after


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "year": year,
            "before": before,
            "after": after,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        year = d.pop("year")

        before = d.pop("before")

        after = d.pop("after")

        budget_change = cls(
            year=year,
            before=before,
            after=after,
        )

        return budget_change

