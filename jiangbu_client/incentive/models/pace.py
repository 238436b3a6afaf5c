from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="Pace")



@_attrs_define
class Pace:
    

    on: datetime.date | None
    amount: str
    """ 元 / yuan """
    from_: datetime.date
    until: datetime.date





    def to_dict(self) -> dict[str, Any]:
        on: None | str
        if isinstance(self.on, datetime.date):
            on = self.on.isoformat()
        else:
            on = self.on

        amount = self.amount

        from_ = self.from_.isoformat()

        until = self.until.isoformat()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "on": on,
            "amount": amount,
            "from": from_,
            "until": until,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        def _parse_on(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                on_type_0 = datetime.date.fromisoformat(data)



                return on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        on = _parse_on(d.pop("on"))


        amount = d.pop("amount")

        from_ = datetime.date.fromisoformat(d.pop("from"))




        until = datetime.date.fromisoformat(d.pop("until"))




        pace = cls(
            on=on,
            amount=amount,
            from_=from_,
            until=until,
        )

        return pace

