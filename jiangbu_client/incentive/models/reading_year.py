from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="ReadingYear")



@_attrs_define
class ReadingYear:
    

    year: int
    awards: int
    subjects: int
    payable_before: str
    """ 元 / yuan """
    payable_after: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        year = self.year

        awards = self.awards

        subjects = self.subjects

        payable_before = self.payable_before

        payable_after = self.payable_after


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "year": year,
            "awards": awards,
            "subjects": subjects,
            "payable_before": payable_before,
            "payable_after": payable_after,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        year = d.pop("year")

        awards = d.pop("awards")

        subjects = d.pop("subjects")

        payable_before = d.pop("payable_before")

        payable_after = d.pop("payable_after")

        reading_year = cls(
            year=year,
            awards=awards,
            subjects=subjects,
            payable_before=payable_before,
            payable_after=payable_after,
        )

        return reading_year

