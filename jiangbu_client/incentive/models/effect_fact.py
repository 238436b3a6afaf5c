from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.place import Place





T = TypeVar("T", bound="EffectFact")



@_attrs_define
class EffectFact:
    

    fact: str
    generation: int
    seq: int
    counted: Any
    """ true, or the reason why it does not count """
    document: Place





    def to_dict(self) -> dict[str, Any]:
        from ..models.place import Place # noqa: PLC0415
        fact = self.fact

        generation = self.generation

        seq = self.seq

        counted = self.counted

        document = self.document.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "fact": fact,
            "generation": generation,
            "seq": seq,
            "counted": counted,
            "document": document,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.place import Place # noqa: PLC0415
        d = dict(src_dict)
        fact = d.pop("fact")

        generation = d.pop("generation")

        seq = d.pop("seq")

        counted = d.pop("counted")

        document = Place.from_dict(d.pop("document"))




        effect_fact = cls(
            fact=fact,
            generation=generation,
            seq=seq,
            counted=counted,
            document=document,
        )

        return effect_fact

