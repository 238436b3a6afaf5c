from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.estimate import Estimate





T = TypeVar("T", bound="OutlookMonth")



@_attrs_define
class OutlookMonth:
    

    until: datetime.date
    is_over: bool
    total: str
    """ 元 / yuan """
    last_year: str
    """ 元 / yuan """
    expected: Estimate | None





    def to_dict(self) -> dict[str, Any]:
        from ..models.estimate import Estimate # noqa: PLC0415
        until = self.until.isoformat()

        is_over = self.is_over

        total = self.total

        last_year = self.last_year

        expected: dict[str, Any] | None
        if isinstance(self.expected, Estimate):
            expected = self.expected.to_dict()
        else:
            expected = self.expected


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "until": until,
            "is_over": is_over,
            "total": total,
            "last_year": last_year,
            "expected": expected,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.estimate import Estimate # noqa: PLC0415
        d = dict(src_dict)
        until = datetime.date.fromisoformat(d.pop("until"))




        is_over = d.pop("is_over")

        total = d.pop("total")

        last_year = d.pop("last_year")

        def _parse_expected(data: object) -> Estimate | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                expected_type_0 = Estimate.from_dict(data)



                return expected_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Estimate | None, data)

        expected = _parse_expected(d.pop("expected"))


        outlook_month = cls(
            until=until,
            is_over=is_over,
            total=total,
            last_year=last_year,
            expected=expected,
        )

        return outlook_month

