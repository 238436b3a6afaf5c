from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.crossing import Crossing





T = TypeVar("T", bound="OutlookTier")



@_attrs_define
class OutlookTier:
    

    over: str
    """ 元 / yuan """
    reward: str
    """ 元 / yuan """
    missing: str
    """ 元 / yuan """
    reached: bool
    per_day: None | str
    """ 元 / yuan """
    expected: Crossing | None





    def to_dict(self) -> dict[str, Any]:
        from ..models.crossing import Crossing # noqa: PLC0415
        over = self.over

        reward = self.reward

        missing = self.missing

        reached = self.reached

        per_day: None | str
        per_day = self.per_day

        expected: dict[str, Any] | None
        if isinstance(self.expected, Crossing):
            expected = self.expected.to_dict()
        else:
            expected = self.expected


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "over": over,
            "reward": reward,
            "missing": missing,
            "reached": reached,
            "per_day": per_day,
            "expected": expected,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.crossing import Crossing # noqa: PLC0415
        d = dict(src_dict)
        over = d.pop("over")

        reward = d.pop("reward")

        missing = d.pop("missing")

        reached = d.pop("reached")

        def _parse_per_day(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        per_day = _parse_per_day(d.pop("per_day"))


        def _parse_expected(data: object) -> Crossing | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                expected_type_0 = Crossing.from_dict(data)



                return expected_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Crossing | None, data)

        expected = _parse_expected(d.pop("expected"))


        outlook_tier = cls(
            over=over,
            reward=reward,
            missing=missing,
            reached=reached,
            per_day=per_day,
            expected=expected,
        )

        return outlook_tier

