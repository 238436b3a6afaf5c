from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Pool")



@_attrs_define
class Pool:
    

    article: str
    budget: str
    """ 元 / yuan """
    approved: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        article = self.article

        budget = self.budget

        approved = self.approved


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "article": article,
            "budget": budget,
            "approved": approved,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        article = d.pop("article")

        budget = d.pop("budget")

        approved = d.pop("approved")

        pool = cls(
            article=article,
            budget=budget,
            approved=approved,
        )

        return pool

