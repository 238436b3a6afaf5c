from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.place import Place





T = TypeVar("T", bound="TradeFact")



@_attrs_define
class TradeFact:
    

    fact: str
    from_: int
    until: int | None
    counted: Any
    """ true, or the reason why it does not count """
    document: Place





    def to_dict(self) -> dict[str, Any]:
        from ..models.place import Place # noqa: PLC0415
        fact = self.fact

        from_ = self.from_

        until: int | None
        until = self.until

        counted = self.counted

        document = self.document.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "fact": fact,
            "from": from_,
            "until": until,
            "counted": counted,
            "document": document,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.place import Place # noqa: PLC0415
        d = dict(src_dict)
        fact = d.pop("fact")

        from_ = d.pop("from")

        def _parse_until(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        until = _parse_until(d.pop("until"))


        counted = d.pop("counted")

        document = Place.from_dict(d.pop("document"))




        trade_fact = cls(
            fact=fact,
            from_=from_,
            until=until,
            counted=counted,
            document=document,
        )

        return trade_fact

