from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset







T = TypeVar("T", bound="Tier")



@_attrs_define
class Tier:
    

    over: str
    """ 元 / yuan """
    reward: str
    """ 元 / yuan """
    missing: str
    """ 元 / yuan """
    reached: bool





    def to_dict(self) -> dict[str, Any]:
        over = self.over

        reward = self.reward

        missing = self.missing

        reached = self.reached


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "over": over,
            "reward": reward,
            "missing": missing,
            "reached": reached,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        over = d.pop("over")

        reward = d.pop("reward")

        missing = d.pop("missing")

        reached = d.pop("reached")

        tier = cls(
            over=over,
            reward=reward,
            missing=missing,
            reached=reached,
        )

        return tier

