from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="SearchHit")



@_attrs_define
class SearchHit:
    

    type_: str
    id: str
    name: None | str
    exchange: None | str
    path: str





    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        id = self.id

        name: None | str
        name = self.name

        exchange: None | str
        exchange = self.exchange

        path = self.path


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
            "id": id,
            "name": name,
            "exchange": exchange,
            "path": path,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = d.pop("type")

        id = d.pop("id")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))


        def _parse_exchange(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exchange = _parse_exchange(d.pop("exchange"))


        path = d.pop("path")

        search_hit = cls(
            type_=type_,
            id=id,
            name=name,
            exchange=exchange,
            path=path,
        )

        return search_hit

