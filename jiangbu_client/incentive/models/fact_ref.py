from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="FactRef")



@_attrs_define
class FactRef:
    

    fact: str
    generation: int
    seq: int





    def to_dict(self) -> dict[str, Any]:
        fact = self.fact

        generation = self.generation

        seq = self.seq


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "fact": fact,
            "generation": generation,
            "seq": seq,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        fact = d.pop("fact")

        generation = d.pop("generation")

        seq = d.pop("seq")

        fact_ref = cls(
            fact=fact,
            generation=generation,
            seq=seq,
        )

        return fact_ref

