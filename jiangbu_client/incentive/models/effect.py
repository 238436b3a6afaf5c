from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.effect_fact import EffectFact





T = TypeVar("T", bound="Effect")



@_attrs_define
class Effect:
    

    seq: int
    posted_at: datetime.datetime
    award_id: str
    amount: str
    """ 元 / yuan """
    facts: list[EffectFact]





    def to_dict(self) -> dict[str, Any]:
        from ..models.effect_fact import EffectFact # noqa: PLC0415
        seq = self.seq

        posted_at = self.posted_at.isoformat()

        award_id = self.award_id

        amount = self.amount

        facts = []
        for facts_item_data in self.facts:
            facts_item = facts_item_data.to_dict()
            facts.append(facts_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "seq": seq,
            "posted_at": posted_at,
            "award_id": award_id,
            "amount": amount,
            "facts": facts,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.effect_fact import EffectFact # noqa: PLC0415
        d = dict(src_dict)
        seq = d.pop("seq")

        posted_at = datetime.datetime.fromisoformat(d.pop("posted_at"))




        award_id = d.pop("award_id")

        amount = d.pop("amount")

        facts = []
        _facts = d.pop("facts")
        for facts_item_data in (_facts):
            facts_item = EffectFact.from_dict(facts_item_data)



            facts.append(facts_item)


        effect = cls(
            seq=seq,
            posted_at=posted_at,
            award_id=award_id,
            amount=amount,
            facts=facts,
        )

        return effect

